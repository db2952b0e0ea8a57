//! Whether the parts of a record agree with each other: what a review should look at, and what may not be kept.

use naqsha_model::{
    Adjacent, Basis, Category, Code, Country, Details, Location, Precision, RecordStage, RouteRole,
    Status,
};

use crate::draft::Draft;

/// Notes what does not agree; [`Code::P604`] rejects, the others ask for a review.
pub(crate) fn check(
    draft: &mut Draft,
    stage: RecordStage,
    category: Category,
    location: &Location,
) {
    if draft.names_a_victim && is_sensitive(draft, category) {
        draft.note(Code::P604);
    }
    let nothing = Details::default();
    let details = draft.details.as_deref().unwrap_or(&nothing);
    let code = match category {
        Category::HumanTrafficking => trafficking(details),
        Category::Adjacent(Adjacent::Smuggling) if !crosses_a_border(details, location) => {
            Some(Code::C803)
        }
        _ => None,
    };
    if let Some(code) = code {
        draft.note(code);
    }
    if stage == RecordStage::Complaint && draft.status.is_some_and(is_a_case) {
        draft.note(Code::C805);
    }
}

/// Trafficking and sexual offences, where a name in a text is likely to be the victim's (PPC 376-A, PTPA).
fn is_sensitive(draft: &Draft, category: Category) -> bool {
    const SEXUAL: [&str; 4] = ["0301", "0302", "02041", "0204"];
    category == Category::HumanTrafficking
        || draft
            .offences
            .iter()
            .any(|offence| SEXUAL.iter().any(|code| offence.iccs.starts_with(code)))
}

/// Trafficking needs an act, a purpose, and means; of a minor no means are needed.
fn trafficking(details: &Details) -> Option<Code> {
    let modus = &details.modus;
    let means = !modus.control_means.is_empty();
    if modus.exploitation.is_empty() && modus.tip_act.is_empty() && !means {
        Some(Code::C801)
    } else if details.victims.has_minor() && !means {
        Some(Code::C802)
    } else {
        None
    }
}

fn crosses_a_border(details: &Details, location: &Location) -> bool {
    let foreign = |country: Option<Country>| country.is_some_and(|c| c != Country::PAKISTAN);
    matches!(location.basis, Basis::BorderPoint | Basis::Abroad)
        || details.place.border_point.is_some()
        || foreign(details.place.country)
        || details.route.iter().any(|node| {
            node.role == RouteRole::Crossing || node.border_point.is_some() || foreign(node.country)
        })
}

/// Whether a status belongs to a registered case.
const fn is_a_case(status: Status) -> bool {
    !matches!(
        status,
        Status::Complaint
            | Status::Verification
            | Status::Inquiry
            | Status::Transferred
            | Status::ClosedNoCase
    )
}

/// A civil-society report is kept to the district and without its words about the place: a shelter is never found.
pub(crate) fn coarsen(location: Location) -> Location {
    let mut coarse = Location::area(location.precision().max(Precision::District));
    coarse.basis = location.basis;
    coarse.district = location.district;
    coarse
}

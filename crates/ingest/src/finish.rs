//! A draft to an incident: category, time, place and identity decided, contradictions noted.

use naqsha_model::{
    Adjacent, Agency, CaseReference, Category, Code, ContentDigest, Day, Details, Grading,
    Handling, Incident, Location, NaturalKey, Occurred, Provenance, Province, RecordStage,
};

use crate::canonical::Canonical;
use crate::consistency;
use crate::draft::{Draft, Moment};
use crate::law;
use crate::locate::Locator;
use crate::profile::{CategoryRule, Profile};
use crate::reference::Reference;
use crate::settings::Settings;

/// Crime outside the mapped categories.
const OTHER: Category = Category::Adjacent(Adjacent::Other);

/// Finishes the drafts of one file.
pub(crate) struct Finisher<'a> {
    profile: &'a Profile,
    settings: &'a Settings,
    reference: &'a Reference,
    locator: Locator<'a>,
    agency: Agency,
    category: Option<Category>,
    canonical: Canonical,
}

impl<'a> Finisher<'a> {
    pub(crate) fn new(
        profile: &'a Profile,
        settings: &'a Settings,
        reference: &'a Reference,
        category: Option<Category>,
    ) -> Self {
        let agency = settings
            .agency
            .clone()
            .unwrap_or_else(|| profile.agency().clone());
        Self {
            profile,
            settings,
            reference,
            locator: Locator::new(profile, reference),
            agency,
            category,
            canonical: Canonical::default(),
        }
    }

    /// Another of the same kind, for another thread.
    pub(crate) fn another(&self) -> Self {
        Self {
            profile: self.profile,
            settings: self.settings,
            locator: Locator::new(self.profile, self.reference),
            reference: self.reference,
            agency: self.agency.clone(),
            category: self.category,
            canonical: Canonical::default(),
        }
    }

    /// Makes an incident of row `row`, or `None` where a code of the draft rejects or skips it.
    pub(crate) fn finish(&mut self, row: u64, draft: &mut Draft) -> Option<Incident> {
        let occurred = self.occurred(draft);
        let reported = draft
            .reported
            .and_then(|moment| self.to_occurred(&moment, draft));
        check_order(draft);
        law::check(draft, self.law_province(draft), self.reference);
        let category = self.category(draft);
        let location = self.location(draft);
        if let Some(category) = category
            && !self.profile.is_open_data()
        {
            consistency::check(draft, self.profile.stage(), category, &location);
        }
        let registered = self.registered(draft);
        if draft.is_rejected() || draft.is_skipped() {
            return None;
        }
        let category = category?;
        if let Some(details) = &mut draft.details {
            details.linked.retain(|link| link.category != category);
        }
        draft.codes.sort_unstable();
        let mut incident = Incident {
            agency: self.agency.clone(),
            unit: draft.unit.take(),
            stage: self.profile.stage(),
            category,
            offences: std::mem::take(&mut draft.offences),
            case: case(draft),
            occurred,
            reported,
            location,
            seizures: std::mem::take(&mut draft.seizures),
            detection: draft.detection.unwrap_or(self.profile.detection),
            handling: self.handling(draft, reported.or(occurred)),
            grading: draft.grading.unwrap_or(Grading::UNJUDGED),
            description: draft.description.take(),
            status: draft.status,
            details: details(draft, registered),
            received_at: self.settings.received_at,
            natural_key: None,
            content: ContentDigest(0),
            provenance: Provenance {
                row,
                warnings: draft.codes.clone(),
            },
        };
        incident.natural_key = self.natural_key(&incident, draft);
        // A case of several lines is digested again, when all of them are known.
        if incident.natural_key.is_some() {
            incident.content = self.content(&incident);
        }
        Some(incident)
    }

    fn location(&mut self, draft: &mut Draft) -> Location {
        let location = self.locator.locate(draft);
        if self.profile.stage() == RecordStage::NgoReport {
            consistency::coarsen(location)
        } else {
            location
        }
    }

    fn registered(&self, draft: &mut Draft) -> Option<Occurred> {
        let moment = draft.registered?;
        self.to_occurred(&moment, draft)
    }

    /// What the row says of its handling, else the profile; an embargo counts from the last day it may have been reported.
    fn handling(&self, draft: &mut Draft, reported: Option<Occurred>) -> Handling {
        let mut handling = self.profile.handling.clone();
        if let Some(code) = draft.handling {
            handling.code = code;
        }
        handling.releasable_to.append(&mut draft.releasable_to);
        let embargo = self.profile.public_embargo_days();
        if embargo > 0 {
            let from = reported.map(|time| time.days.last().0);
            handling.public_embargo_until = from.map(|day| Day(day.saturating_add(embargo)));
        }
        handling
    }

    /// The province whose acts hold for a record: none for agencies of the federation, and where it is not known.
    fn law_province(&self, draft: &Draft) -> Option<Province> {
        if self.reference.is_federal(self.agency.as_str()) {
            return None;
        }
        let stated = draft
            .details
            .as_ref()
            .and_then(|details| details.place.province);
        stated.or_else(|| {
            let district = self.reference.districts.get(draft.district_id?);
            Province::parse(&district.province).ok()
        })
    }

    fn to_occurred(&self, moment: &Moment, draft: &mut Draft) -> Option<Occurred> {
        if moment.first > self.settings.today {
            draft.note(Code::E302);
        }
        match Occurred::between(moment.first, moment.last, moment.precision) {
            Ok(days) => Some(Occurred {
                start: moment.start,
                end: moment.end,
                ..days
            }),
            Err(_range) => {
                draft.note(Code::E301);
                None
            }
        }
    }

    fn occurred(&self, draft: &mut Draft) -> Option<Occurred> {
        let mut moment = draft.occurred?;
        if let Some(end) = draft.occurred_end {
            (moment.last, moment.end) = (end.last, end.start);
            if moment.last < moment.first {
                draft.note(Code::E303);
                return None;
            }
        }
        if let Some(precision) = draft.occurred_precision {
            moment.precision = precision;
        }
        self.to_occurred(&moment, draft)
    }

    fn category(&self, draft: &mut Draft) -> Option<Category> {
        if let Some(category) = draft.category.or(self.category) {
            return Some(category);
        }
        match (self.profile.category, draft.cited) {
            (CategoryRule::Constant(stated), cited) => {
                if cited.is_some_and(|cited| cited != stated && cited != OTHER) {
                    draft.note(Code::W205);
                }
                Some(stated)
            }
            (CategoryRule::FromSections, Some(OTHER)) => {
                draft.note(Code::I901);
                None
            }
            (CategoryRule::FromSections, Some(cited)) => Some(cited),
            (CategoryRule::FromSections | CategoryRule::FromField, _) => {
                if draft.codes.is_empty() {
                    draft.note(Code::E101);
                }
                None
            }
        }
    }

    /// The key of a row's case, whether or not the row can be taken.
    pub(crate) fn case_key(&self, draft: &Draft) -> Option<NaturalKey> {
        let (number, year) = draft.number.as_ref()?;
        let year = year.or_else(|| case_year(draft));
        Some(self.key_of_case(draft.station.as_deref(), year, number))
    }

    fn key_of_case(&self, station: Option<&str>, year: Option<i16>, number: &str) -> NaturalKey {
        let year = year.map(|year| year.to_string()).unwrap_or_default();
        NaturalKey::of(&[
            self.agency.as_str(),
            station.unwrap_or_default(),
            &year,
            number,
        ])
    }

    fn natural_key(&self, incident: &Incident, draft: &Draft) -> Option<NaturalKey> {
        if let Some(id) = &draft.source_id {
            return Some(NaturalKey::of(&[self.agency.as_str(), "id", id]));
        }
        let case = incident.case.as_ref()?;
        Some(self.key_of_case(case.station.as_deref(), case.year, &case.number))
    }

    /// Digests the normalised fields.
    pub(crate) fn content(&mut self, incident: &Incident) -> ContentDigest {
        self.canonical.digest(incident)
    }

    /// Digests what every line of a case repeats: neither the goods nor the persons of the line.
    pub(crate) fn head_of_case(&mut self, incident: &Incident) -> ContentDigest {
        self.canonical.digest_head(incident)
    }
}

/// The rare parts; none where there is nothing in them.
fn details(draft: &mut Draft, registered: Option<Occurred>) -> Option<Box<Details>> {
    if registered.is_some() {
        draft.details().registered = registered;
    }
    let mut details = draft.details.take()?;
    let linkage = &mut details.linkage;
    for keys in [
        &mut linkage.person_keys,
        &mut linkage.vehicle_keys,
        &mut linkage.account_keys,
    ] {
        keys.sort_unstable();
    }
    (*details != Details::default()).then_some(details)
}

fn check_order(draft: &mut Draft) {
    let (Some(occurred), Some(reported)) = (draft.occurred, draft.reported) else {
        return;
    };
    let before = match (reported.start, occurred.start) {
        (Some(reported), Some(occurred)) => reported < occurred,
        _ => reported.last < occurred.first,
    };
    if before {
        draft.note(Code::E303);
    }
    let lag = reported
        .first
        .since(occurred.last)
        .map_or(0, |span| span.get_days());
    if lag > 730 {
        draft.note(Code::W306);
    }
}

fn case(draft: &mut Draft) -> Option<CaseReference> {
    let (number, year) = draft.number.take()?;
    let year = year.or_else(|| case_year(draft));
    Some(CaseReference {
        number,
        year,
        station: draft.station.take(),
    })
}

/// FIR numbers restart every year: a number without one belongs to the year it was reported in.
fn case_year(draft: &Draft) -> Option<i16> {
    draft
        .reported
        .or(draft.occurred)
        .map(|moment| moment.first.year())
}

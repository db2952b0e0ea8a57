//! Where a row's incident happened: what the row states, weighed against the reference data; never a guess.
//!
//! A coordinate goes before a crossing point named in its own column, that before distance and bearing from a police
//! station whose position is known, that before a place named in words, that before the stated district. Where two of them
//! contradict each other the row says so (W407), and what it states outright holds.

mod named;
mod names;
mod point;
mod repeated;

use naqsha_model::{Basis, Code, Country, Location, Precision, Province};

use crate::draft::Draft;
use crate::profile::Profile;
use crate::reference::{BoundaryLevel, DistrictId, Reference, Scope};
use names::Names;
pub(crate) use repeated::RepeatedPoints;

#[cfg(test)]
pub(crate) use point::{Reading, set_right};

/// Decides the places of the rows of one file.
pub(crate) struct Locator<'a> {
    profile: &'a Profile,
    reference: &'a Reference,
    names: Names<'a>,
}

impl<'a> Locator<'a> {
    pub(crate) fn new(profile: &'a Profile, reference: &'a Reference) -> Self {
        Self {
            profile,
            reference,
            names: Names::new(reference),
        }
    }

    /// Decides the place; what is contradictory or ambiguous is noted in the draft.
    pub(crate) fn locate(&mut self, draft: &mut Draft) -> Location {
        let mut location = match (draft.longitude, draft.latitude) {
            (Some(lon), Some(lat)) => self.point(lon, lat, draft),
            (None, None) => self.without_point(draft),
            // Half a coordinate says that the file is damaged, not that the place is unknown.
            _ => {
                draft.note(Code::E401);
                Location::area(Precision::None)
            }
        };
        if is_foreign(draft) && draft.basis != Some(Basis::BorderPoint) {
            location.basis = Basis::Abroad;
        } else if location.basis == Basis::Unknown {
            location.basis = draft.basis.unwrap_or(Basis::Unknown);
        }
        location.district = draft.district.take();
        location.place_text = draft.place_text.take();
        let nowhere = location.point().is_none() && location.precision() == Precision::None;
        if nowhere && location.district.is_none() {
            location.basis = Basis::Unknown;
        }
        location
    }

    /// What the row says of the area beside a name.
    fn scope(&self, draft: &Draft) -> Scope<'a> {
        let province = draft
            .details
            .as_ref()
            .and_then(|details| details.place.province);
        Scope {
            district: draft.district_id,
            province: province.and_then(|province| self.reference.provinces.find(province.code())),
        }
    }

    /// Takes a district that the row does not state, but that follows from what it states.
    fn follow(&self, district: DistrictId, draft: &mut Draft) {
        let found = self.reference.districts.get(district);
        draft.district_id = Some(district);
        draft.district = Some(found.name.clone());
        let place = &mut draft.details().place;
        place.province = Province::parse(&found.province).ok();
        place.district_code.clone_from(&found.code);
        place.vintage = Some(crate::reference::DISTRICT_VINTAGE.to_owned());
    }

    fn has_district_boundaries(&self) -> bool {
        self.reference.boundaries(BoundaryLevel::District).is_some()
    }
}

/// Whether the row states a country that is not Pakistan.
fn is_foreign(draft: &Draft) -> bool {
    let country = draft
        .details
        .as_ref()
        .and_then(|details| details.place.country);
    country.is_some_and(|country| country != Country::PAKISTAN)
}

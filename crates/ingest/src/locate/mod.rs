//! Where a row's incident happened: what the row states, weighed against the reference data; never a guess.

use naqsha_model::{Basis, Code, Location, LocationMethod, Metres, Point, Precision};

use crate::draft::Draft;
use crate::profile::Profile;
use crate::reference::{Found, Reference, Scope};

/// Decides the places of the rows of one file.
pub(crate) struct Locator<'a> {
    profile: &'a Profile,
    reference: &'a Reference,
}

impl<'a> Locator<'a> {
    pub(crate) const fn new(profile: &'a Profile, reference: &'a Reference) -> Self {
        Self { profile, reference }
    }

    /// Decides the place; what is contradictory or ambiguous is noted in the draft.
    pub(crate) fn locate(&self, draft: &mut Draft) -> Location {
        let stated = draft.precision;
        let mut location = match (draft.longitude, draft.latitude) {
            (Some(lon), Some(lat)) => self.point(lon, lat, draft),
            (None, None) => self.named_place(stated, draft),
            // Half a coordinate says that the file is damaged, not that the place is unknown.
            _ => {
                draft.note(Code::E401);
                Location::area(Precision::None)
            }
        };
        location.basis = draft.basis.unwrap_or(Basis::Unknown);
        location.district = draft.district.take();
        location.place_text = draft.place_text.take();
        if location.point().is_none()
            && location.precision() == Precision::None
            && location.district.is_none()
        {
            location.basis = Basis::Unknown;
        }
        location
    }

    /// A place known by its name: a town's centre with the town's size as uncertainty, else the district, else nothing.
    fn named_place(&self, stated: Option<Precision>, draft: &mut Draft) -> Location {
        let area = if draft.district.is_some() {
            Precision::District
        } else {
            Precision::None
        };
        let unplaced =
            || Location::area(stated.filter(|p| *p >= Precision::District).unwrap_or(area));
        let Some(text) = draft
            .place_text
            .as_deref()
            .filter(|_| !self.profile.is_open_data())
        else {
            return unplaced();
        };
        let scope = Scope {
            district: draft.district_id,
            province: None,
        };
        let (found, by_sound) =
            self.reference
                .gazetteer
                .find_within(text, scope, &self.reference.districts);
        match found {
            Found::One(place) => {
                if by_sound {
                    draft.note(Code::W409);
                }
                draft.note(Code::W403);
                let mut location =
                    Location::at_point(place.point, place.uncertainty(), Precision::Locality);
                location.method = LocationMethod::Gazetteer;
                location
            }
            // The district is still sure; without one the clerk has to say which place is meant.
            Found::Ambiguous if draft.district.is_some() => {
                draft.note(Code::W403);
                unplaced()
            }
            Found::Ambiguous => {
                draft.note(Code::E406);
                unplaced()
            }
            // The column says the district, the words only hint at a place: the column holds.
            Found::Elsewhere if draft.district.is_some() => {
                draft.note(Code::W407);
                unplaced()
            }
            Found::Nothing | Found::Elsewhere => unplaced(),
        }
    }

    fn point(&self, lon: f64, lat: f64, draft: &mut Draft) -> Location {
        let precision = draft.precision.unwrap_or(Precision::Point);
        let Ok(point) = Point::new(lon, lat) else {
            draft.note(Code::E401);
            return Location::area(Precision::None);
        };
        if lon.abs() < 1e-9 && lat.abs() < 1e-9 {
            // (0, 0) is how software writes "unknown".
            draft.note(Code::W408);
            return Location::area(Precision::None);
        }
        if !self.profile.is_open_data() && !in_pakistan(point) {
            draft.note(Code::E401);
        }
        let uncertainty = draft
            .uncertainty
            .unwrap_or_else(|| Metres::new(100.0).expect("100 is a length"));
        Location::at_point(point, uncertainty, precision)
    }
}

/// A box around Pakistan with its territories: enough to tell a wrong country or a swapped axis, never drawn.
fn in_pakistan(point: Point) -> bool {
    (60.5..=78.0).contains(&point.lon()) && (23.0..=37.5).contains(&point.lat())
}

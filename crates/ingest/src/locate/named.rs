//! A place without a coordinate: a crossing point, distance and bearing from a station, a name in words, a district.

use geo::{Destination as _, Geodesic};
use naqsha_model::{
    Basis, Code, Location, LocationMethod, Metres, Offset, Point, Precision, Province,
};

use super::names::Named;
use super::{Locator, is_foreign};
use crate::draft::Draft;
use crate::reference::{BorderPoint, Found, StationKind};

/// How far a bearing in one of eight words may be off, as a share of the distance: sin 22.5°.
const BEARING_ERROR: f64 = 0.382_683_432_365_089_8;

/// Farther from its station than this nothing is in its area: the number is wrong, or not kilometres.
const FARTHEST_KM: f64 = 200.0;

impl Locator<'_> {
    /// The place of a row without a usable coordinate.
    pub(super) fn without_point(&mut self, draft: &mut Draft) -> Location {
        if let Some(location) = self.stated_crossing(draft) {
            return location;
        }
        if is_foreign(draft) {
            let coarse = draft.precision.filter(|p| *p >= Precision::Country);
            return Location::area(coarse.unwrap_or(Precision::Country));
        }
        let named = self.named_place(draft);
        match self.offset_place(draft) {
            Some(offset) if finer(&offset, &named) => offset,
            _ => named,
        }
    }

    /// A crossing point named in a column of its own.
    fn stated_crossing(&self, draft: &mut Draft) -> Option<Location> {
        let stated = draft.details.as_ref()?.place.border_point.as_deref()?;
        let Some(point) = self.reference.border_points.find(stated) else {
            draft.note(Code::E104);
            return None;
        };
        let mut location = self.crossing(point, draft);
        location.basis = Basis::BorderPoint;
        Some(location)
    }

    fn crossing(&self, point: &BorderPoint, draft: &mut Draft) -> Location {
        match (draft.district_id, point.district) {
            (None, Some(district)) => self.follow(district, draft),
            (Some(stated), Some(of_point))
                if !self.reference.districts.contains(stated, of_point) =>
            {
                draft.note(Code::W407);
            }
            _ => {}
        }
        draft.details().place.border_point = Some(point.id.clone());
        let Some((at, metres)) = point.site else {
            return Location::area(area(draft));
        };
        let mut location = Location::at_point(at, metres, Precision::Locality);
        location.method = LocationMethod::Gazetteer;
        location
    }

    /// A place known by its name: a town's centre with the town's size as uncertainty, else the district, else nothing.
    fn named_place(&mut self, draft: &mut Draft) -> Location {
        let coarse = draft.precision.filter(|p| *p >= Precision::District);
        let Some(text) = draft
            .place_text
            .as_deref()
            .filter(|_| !self.profile.is_open_data())
        else {
            return self.by_area(coarse, draft);
        };
        let Named {
            crossing,
            found,
            by_sound,
        } = self.names.find(text, self.scope(draft));
        if let Some(point) = crossing {
            let mut location = self.crossing(point, draft);
            if draft.basis.is_none() {
                location.basis = Basis::BorderPoint;
            }
            return location;
        }
        match found {
            Found::One(place) => {
                draft.note(Code::W403);
                if by_sound {
                    draft.note(Code::W409);
                }
                let (point, uncertainty, district) =
                    (place.point, place.uncertainty(), place.district);
                if let (None, Some(district)) = (draft.district_id, district) {
                    self.follow(district, draft);
                }
                let mut location = Location::at_point(point, uncertainty, Precision::Locality);
                location.method = LocationMethod::Gazetteer;
                location
            }
            // The district is still sure; without one the clerk has to say which place is meant.
            Found::Ambiguous if draft.district.is_some() => {
                draft.note(Code::W403);
                self.by_area(coarse, draft)
            }
            Found::Ambiguous => {
                draft.note(Code::E406);
                self.by_area(coarse, draft)
            }
            // The column says the district, the words only hint at a place: the column holds.
            Found::Elsewhere => {
                draft.note(Code::W407);
                self.by_area(coarse, draft)
            }
            Found::Nothing => self.by_area(coarse, draft),
        }
    }

    /// The stated district; else the area of the station that registered the case, which is no place of occurrence.
    fn by_area(&self, coarse: Option<Precision>, draft: &mut Draft) -> Location {
        if let Some(precision) = coarse {
            return Location::area(precision);
        }
        let registered = draft
            .named_station
            .as_ref()
            .and_then(|named| named.registered);
        let Some(station) = registered.map(|id| self.reference.stations.get(id)) else {
            return Location::area(area(draft));
        };
        if area(draft) != Precision::None {
            return Location::area(area(draft));
        }
        let mut location = match (station.kind, station.district, station.province.as_deref()) {
            (StationKind::Territorial, Some(district), _) => {
                self.follow(district, draft);
                Location::area(Precision::District)
            }
            // A circle covers a division or more: of the place only the province is known.
            (_, _, Some(province)) => {
                draft.details().place.province = Province::parse(province).ok();
                Location::area(Precision::Province)
            }
            _ => return Location::area(Precision::None),
        };
        location.basis = Basis::RegisteringStation;
        location
    }

    /// Distance and bearing from a station whose position is known (column 4 of the FIR form).
    fn offset_place(&self, draft: &Draft) -> Option<Location> {
        let Offset {
            km,
            bearing: Some(bearing),
        } = draft.details.as_ref()?.place.offset?
        else {
            return None;
        };
        if !(0.0..=FARTHEST_KM).contains(&km) {
            return None;
        }
        let (station, station_m) = self.station_site(draft)?;
        let from = geo::Point::new(station.lon(), station.lat());
        let to = Geodesic.destination(from, bearing.degrees(), km * 1000.0);
        let point = Point::new(to.x(), to.y()).ok()?;
        let uncertainty = station_m.get().hypot(BEARING_ERROR * km * 1000.0);
        let uncertainty = Metres::new(uncertainty).ok()?;
        let mut location = Location::at_point(point, uncertainty, Precision::Locality);
        location.method = LocationMethod::DistanceBearing;
        Some(location)
    }

    /// Where a station stands: a deployer's table says so, or it has exactly the name of one place in the stated district.
    fn station_site(&self, draft: &Draft) -> Option<(Point, Metres)> {
        let named = draft.named_station.as_ref()?;
        if let Some(station) = named.registered.map(|id| self.reference.stations.get(id)) {
            return match station.kind {
                StationKind::Territorial => station.site,
                StationKind::Circle => None,
            };
        }
        draft.district_id?;
        let place = self.reference.gazetteer.exactly(
            &named.name,
            self.scope(draft),
            &self.reference.districts,
        )?;
        Some((place.point, place.uncertainty()))
    }
}

/// How finely the stated area alone tells the place.
fn area(draft: &Draft) -> Precision {
    let place = draft.details.as_ref().map(|details| &details.place);
    if draft.district.is_some() {
        Precision::District
    } else if place.is_some_and(|place| place.province.is_some()) {
        Precision::Province
    } else {
        Precision::None
    }
}

fn finer(a: &Location, b: &Location) -> bool {
    match (a.uncertainty(), b.uncertainty()) {
        (Some(a), Some(b)) => a < b,
        (Some(_), None) => true,
        (None, _) => false,
    }
}

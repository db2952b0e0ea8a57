//! A coordinate: is it on the ground it claims, the right way round, and finer than what it was made from?

use naqsha_model::{Basis, Code, Location, LocationMethod, Metres, Point, Precision, Province};

use super::{Locator, is_foreign};
use crate::draft::Draft;
use crate::reference::BoundaryLevel;

/// What a coordinate is, the axes set right.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Reading {
    /// As it stands.
    Kept(Point),
    /// Latitude and longitude were exchanged (W402).
    Swapped(Point),
    /// Neither way round in Pakistan, or not on the globe (E401).
    Outside,
}

/// Sets the axes right. Longitudes of Pakistan are no latitudes of it, so a pair is in it at most one way round; where the
/// stated district is known by its polygon, `in_district` must say yes as well.
pub(crate) fn set_right(lon: f64, lat: f64, in_district: impl Fn(Point) -> bool) -> Reading {
    if let Some(point) = Point::new(lon, lat)
        .ok()
        .filter(|point| in_pakistan(*point))
    {
        return Reading::Kept(point);
    }
    match Point::new(lat, lon) {
        Ok(swapped) if in_pakistan(swapped) && in_district(swapped) => Reading::Swapped(swapped),
        _ => Reading::Outside,
    }
}

impl Locator<'_> {
    pub(super) fn point(&mut self, lon: f64, lat: f64, draft: &mut Draft) -> Location {
        if lon.abs() < 1e-9 && lat.abs() < 1e-9 {
            // (0, 0) is how software writes "unknown".
            draft.note(Code::W408);
            return self.without_point(draft);
        }
        let point = if self.profile.is_open_data() || is_foreign(draft) {
            Point::new(lon, lat).ok()
        } else {
            match set_right(lon, lat, |point| {
                self.fits_district(point, draft) != Some(false)
            }) {
                Reading::Kept(point) => Some(point),
                Reading::Swapped(point) => {
                    draft.note(Code::W402);
                    Some(point)
                }
                Reading::Outside => None,
            }
        };
        let Some(point) = point else {
            draft.note(Code::E401);
            return Location::area(Precision::None);
        };
        if !is_foreign(draft) {
            self.compare_with_district(point, draft);
        }
        if self.profile.is_open_data() {
            return stated(point, draft);
        }
        self.lowered(point, draft)
            .unwrap_or_else(|| stated(point, draft))
    }

    /// Whether a point lies in the stated district, where there are polygons to tell.
    fn fits_district(&self, point: Point, draft: &Draft) -> Option<bool> {
        let stated = draft.district_id?;
        let boundaries = self.reference.boundaries(BoundaryLevel::District)?;
        let found = boundaries.district_at(point);
        Some(found.is_some_and(|found| self.reference.districts.contains(stated, found)))
    }

    /// W407 where the point is not in the stated district; the district of the point where none is stated. A point that
    /// stands for a province says nothing of its district, one that stands for a country nothing at all.
    fn compare_with_district(&self, point: Point, draft: &mut Draft) {
        match draft.precision {
            Some(Precision::Country | Precision::None) => return,
            Some(Precision::Province) => return self.compare_with_province(point, draft),
            _ => {}
        }
        match self.fits_district(point, draft) {
            Some(false) => draft.note(Code::W407),
            Some(true) => {}
            None if draft.district.is_none() && self.has_district_boundaries() => {
                let boundaries = self.reference.boundaries(BoundaryLevel::District);
                if let Some(found) = boundaries.and_then(|held| held.district_at(point)) {
                    self.follow(found, draft);
                }
            }
            None => self.compare_with_province(point, draft),
        }
    }

    /// The same by the polygons of provinces, where those of districts do not tell.
    fn compare_with_province(&self, point: Point, draft: &mut Draft) {
        let boundaries = self.reference.boundaries(BoundaryLevel::Province);
        let Some(found) = boundaries.and_then(|held| held.province_at(point)) else {
            return;
        };
        let found = Province::parse(found).ok();
        let stated = draft
            .details
            .as_ref()
            .and_then(|details| details.place.province);
        if stated.is_none() {
            draft.details().place.province = found;
        } else if stated != found {
            draft.note(Code::W407);
        }
    }

    /// A point that a table made, not a survey: the centre of a place or of a district (W403).
    fn lowered(&self, point: Point, draft: &mut Draft) -> Option<Location> {
        let district = self.reference.boundaries(BoundaryLevel::District);
        if district.is_some_and(|district| district.is_centroid(point)) {
            draft.note(Code::W403);
            let mut location = Location::area(Precision::District);
            location.method = LocationMethod::AdminCentroid;
            return Some(location);
        }
        if self.reference.stations.stands_at(point) {
            draft.note(Code::W403);
            let precision = draft
                .precision
                .unwrap_or(Precision::StationArea)
                .max(Precision::StationArea);
            let area = worth(Precision::StationArea);
            let uncertainty = draft
                .uncertainty
                .filter(|stated| *stated > area)
                .unwrap_or(area);
            let mut location = Location::at_point(point, uncertainty, precision);
            location.method = LocationMethod::StationCentroid;
            location.basis = Basis::RegisteringStation;
            return Some(location);
        }
        let place = self.reference.gazetteer.centred_at(point)?;
        let (uncertainty, precision) = (
            place.uncertainty(),
            draft.precision.unwrap_or(Precision::Point),
        );
        if draft
            .uncertainty
            .is_some_and(|stated| stated >= uncertainty)
            || precision > Precision::Locality
        {
            return None;
        }
        draft.note(Code::W403);
        let mut location = Location::at_point(point, uncertainty, Precision::Locality);
        location.method = LocationMethod::Gazetteer;
        Some(location)
    }
}

/// A point as the row states it; without a stated uncertainty, what its precision is worth.
fn stated(point: Point, draft: &Draft) -> Location {
    let precision = draft.precision.unwrap_or(Precision::Point);
    let uncertainty = draft.uncertainty.unwrap_or_else(|| worth(precision));
    Location::at_point(point, uncertainty, precision)
}

/// The uncertainty of a precision that comes without one.
fn worth(precision: Precision) -> Metres {
    let metres = match precision {
        Precision::Point | Precision::Street => 100.0,
        Precision::Locality => 2_000.0,
        Precision::StationArea => 10_000.0,
        _ => 25_000.0,
    };
    Metres::new(metres).expect("a length")
}

/// A box around Pakistan with its territories: enough to tell a wrong country or a swapped axis, never drawn.
fn in_pakistan(point: Point) -> bool {
    (60.5..=78.0).contains(&point.lon()) && (23.0..=37.5).contains(&point.lat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_are_exchanged_only_where_the_other_way_round_fits() {
        let anywhere = |_: Point| true;
        let lahore = Point::new(74.3587, 31.5204).unwrap();
        assert_eq!(set_right(74.3587, 31.5204, anywhere), Reading::Kept(lahore));
        assert_eq!(
            set_right(31.5204, 74.3587, anywhere),
            Reading::Swapped(lahore)
        );
        assert_eq!(
            set_right(31.5204, 74.3587, |_| false),
            Reading::Outside,
            "not in the stated district"
        );
        assert_eq!(set_right(51.5, 25.3, anywhere), Reading::Outside, "Doha");
        assert_eq!(set_right(f64::NAN, 31.0, anywhere), Reading::Outside);
    }
}

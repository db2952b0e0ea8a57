//! Positions of districts and crossing points, for what names them and has no position of its own.

use std::collections::BTreeMap;

use geo::{Distance as _, Geodesic};
use naqsha_model::{Metres, Point};

use super::district::District;
use super::{DistrictId, Place, Reference};

/// A district reaches at least so far from its middle: its largest towns alone do not tell.
const LEAST_M: f64 = 30_000.0;

impl Reference {
    /// The middle of each district's places of the gazetteer, and how far the farthest of them reaches: at least 30 km.
    /// Districts without such a place are left out.
    pub fn district_sites(&self) -> Vec<(String, Point, Metres)> {
        let mut places: BTreeMap<DistrictId, Vec<&Place>> = BTreeMap::new();
        for place in self.gazetteer.places() {
            if let Some(district) = place.district {
                places.entry(district).or_default().push(place);
            }
        }
        let site = |(district, places): (DistrictId, Vec<&Place>)| {
            let (middle, metres) = middle(&places)?;
            Some((self.districts.get(district).name.clone(), middle, metres))
        };
        places.into_iter().filter_map(site).collect()
    }

    /// Name, code and code of the province of every district of the vintage.
    pub fn listed_districts(&self) -> Vec<(String, String, String)> {
        let listed = |district: &District| {
            let code = district.code.clone()?;
            Some((district.name.clone(), code, district.province.clone()))
        };
        self.districts.all().iter().filter_map(listed).collect()
    }

    /// The crossing points whose position is known, by id.
    pub fn crossing_sites(&self) -> Vec<(String, Point, Metres)> {
        let all = self.border_points.all().iter();
        all.filter_map(|point| {
            let (at, metres) = point.site?;
            Some((point.id.clone(), at, metres))
        })
        .collect()
    }
}

fn middle(places: &[&Place]) -> Option<(Point, Metres)> {
    #[expect(clippy::cast_precision_loss, reason = "a district has few places")]
    let count = places.len() as f64;
    let mean = |value: fn(Point) -> f64| {
        places.iter().map(|place| value(place.point)).sum::<f64>() / count
    };
    let middle = Point::new(mean(Point::lon), mean(Point::lat)).ok()?;
    let position = |point: Point| geo::Point::new(point.lon(), point.lat());
    let farthest = places.iter().fold(LEAST_M, |farthest, place| {
        let metres = Geodesic.distance(position(middle), position(place.point));
        farthest.max(metres + place.uncertainty().get())
    });
    Some((middle, Metres::new(farthest).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn districts_lie_among_their_places() {
        let reference = Reference::embedded();
        let sites = reference.district_sites();
        assert!(sites.len() > 140, "{}", sites.len());
        let lahore = sites.iter().find(|site| site.0 == "Lahore").unwrap();
        assert!((lahore.1.lon() - 74.35).abs() < 0.2 && (lahore.1.lat() - 31.5).abs() < 0.2);
        assert!(sites.iter().all(|site| site.2.get() >= LEAST_M));
        let listed = reference.listed_districts();
        assert_eq!(listed.len(), 160, "as many as the table has current ones");
        let named = |name: &str| listed.iter().find(|of| of.0 == name).unwrap();
        assert_eq!(named("Lahore").2, named("Kasur").2);
        let crossings = reference.crossing_sites();
        assert!(crossings.iter().any(|site| site.0 == "torkham"));
    }
}

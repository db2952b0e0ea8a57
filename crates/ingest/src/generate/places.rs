//! Where synthetic incidents happen: towns by population, and planted areas.

use naqsha_model::Point;

use super::draw::Draw;
use crate::reference::{Found, Gazetteer, Place};

/// A planted area: the towns within a radius of one of them.
pub(super) struct Plant {
    pub(super) name: &'static str,
    around: &'static str,
    radius_km: f64,
}

pub(super) const fn plant(name: &'static str, around: &'static str, radius_km: f64) -> Plant {
    Plant {
        name,
        around,
        radius_km,
    }
}

/// Share of the incidents in planted areas.
const PLANTED: f64 = 0.35;

/// Towns to draw from.
pub(super) struct Towns<'a> {
    all: Vec<&'a Place>,
    /// Running sums of the weights of `all`.
    weights: Vec<f64>,
    planted: Vec<(&'static str, Vec<&'a Place>)>,
}

impl<'a> Towns<'a> {
    /// Towns whose name alone finds them, in the divisions given (all where none is given).
    pub(super) fn new(gazetteer: &'a Gazetteer, divisions: &[&str], plants: &[Plant]) -> Self {
        let known = |place: &&Place| matches!(gazetteer.find(&place.name), Found::One(found) if found.point == place.point);
        let within =
            |place: &&Place| divisions.is_empty() || divisions.contains(&place.admin1.as_str());
        // A row states the district beside the town: they must not contradict each other.
        let sure = |place: &&Place| divisions.is_empty() || place.district.is_some();
        let towns: Vec<&Place> = gazetteer
            .places()
            .iter()
            .filter(within)
            .filter(sure)
            .filter(known)
            .collect();
        let mut sum = 0.0;
        let weights = towns
            .iter()
            .map(|place| {
                sum += weight(place);
                sum
            })
            .collect();
        let planted = plants
            .iter()
            .map(|plant| (plant.name, area(&towns, plant)))
            .filter(|(_, area)| !area.is_empty())
            .collect();
        Self {
            all: towns,
            weights,
            planted,
        }
    }

    /// A town and the planted area it was drawn for, if any.
    pub(super) fn draw(&self, draw: &mut Draw) -> Option<(&'a Place, &'static str)> {
        if draw.unit() < PLANTED
            && let Some((name, area)) = self.planted.get(draw.below(self.planted.len()))
        {
            return area
                .get(draw.below(area.len()))
                .map(|&place| (place, *name));
        }
        let at = draw.unit() * self.weights.last().copied().unwrap_or_default();
        let index = self.weights.partition_point(|&sum| sum <= at);
        self.all.get(index).map(|&place| (place, ""))
    }
}

/// Large towns report more, but less than in proportion.
fn weight(place: &Place) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "populations are far below 2^52")]
    let population = place.population as f64;
    population.max(5_000.0).powf(0.75)
}

fn area<'a>(towns: &[&'a Place], plant: &Plant) -> Vec<&'a Place> {
    let Some(centre) = towns.iter().find(|place| place.name == plant.around) else {
        return Vec::new();
    };
    towns
        .iter()
        .copied()
        .filter(|place| distance_km(place.point, centre.point) <= plant.radius_km)
        .collect()
}

/// Great-circle distance on the authalic sphere of H3.
pub(super) fn distance_km(a: Point, b: Point) -> f64 {
    a.to_lat_lng().distance_km(b.to_lat_lng())
}

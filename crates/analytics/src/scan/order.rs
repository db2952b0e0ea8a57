//! Places in the order of their distance from one of them, without measuring each: a distance along the ellipsoid takes some
//! microseconds, and a scan asks for the square of its places of them.

use crate::neighbours::{Metric, Points};

/// WGS 84: the equator's radius in metres, and the square of the eccentricity.
const RADIUS_M: f64 = 6_378_137.0;
const ECCENTRICITY_SQUARED: f64 = 0.006_694_379_990_141_317;

/// A radius between the least and the greatest curvature of the ellipsoid, which differ from it by at most 0.6 %.
const MIDDLE_RADIUS_M: f64 = 6_371_008.8;

/// Chords up to this length say how long the way along the ellipsoid is.
const LONGEST_M: f64 = 3_000_000.0;

/// Places that can be put in order around each of them.
pub(super) struct Order<'a> {
    points: Points<'a>,
    metric: Metric,
    /// In metres from the middle of the earth; none where distances are cheap.
    places: Option<Vec<[f64; 3]>>,
}

impl<'a> Order<'a> {
    pub(super) fn new(points: Points<'a>, metric: Metric) -> Self {
        let places = match points {
            Points::Planar(_) => None,
            Points::LonLat(list) => Some(list.iter().map(on_ellipsoid).collect()),
        };
        Self {
            points,
            metric,
            places,
        }
    }

    /// Every place with its distance from the centre, ascending; equally distant ones in the order of their numbers.
    ///
    /// A distance is exact wherever another is so close to it that the order depends on it; others are right to a few
    /// millionths.
    pub(super) fn around(&self, centre: usize) -> Vec<(f64, u32)> {
        let numbers = (0..self.points.len()).zip(0_u32..);
        let exact = |place: usize| self.points.apart(self.metric, centre, place);
        let Some(places) = &self.places else {
            let mut order: Vec<_> = numbers
                .map(|(place, number)| (exact(place), number))
                .collect();
            sort(&mut order);
            return order;
        };
        let guessed = |(place, number): (usize, u32)| {
            let chord = chord(places[centre], places[place]);
            let distance = if chord > LONGEST_M {
                exact(place)
            } else {
                along(chord)
            };
            (distance, number)
        };
        let mut order: Vec<_> = numbers.map(guessed).collect();
        sort(&mut order);
        let mut start = 0;
        while start < order.len() {
            let mut end = start + 1;
            while end < order.len() && may_be_nearer(order[end].0, order[end - 1].0) {
                end += 1;
            }
            if end > start + 1 {
                let run = &mut order[start..end];
                for place in run.iter_mut() {
                    place.0 = exact(place.1 as usize);
                }
                sort(run);
            }
            start = end;
        }
        order
    }
}

fn sort(order: &mut [(f64, u32)]) {
    order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
}

fn on_ellipsoid(&[longitude, latitude]: &[f64; 2]) -> [f64; 3] {
    let (sin_x, cos_x) = longitude.to_radians().sin_cos();
    let (sin_y, cos_y) = latitude.to_radians().sin_cos();
    let normal = RADIUS_M / (1.0 - ECCENTRICITY_SQUARED * sin_y * sin_y).sqrt();
    let up = normal * (1.0 - ECCENTRICITY_SQUARED) * sin_y;
    [normal * cos_y * cos_x, normal * cos_y * sin_x, up]
}

fn chord(from: [f64; 3], to: [f64; 3]) -> f64 {
    let square = |axis: usize| (from[axis] - to[axis]) * (from[axis] - to[axis]);
    (square(0) + square(1) + square(2)).sqrt()
}

/// About how long the way along the ellipsoid is between the ends of a chord.
fn along(chord: f64) -> f64 {
    2.0 * MIDDLE_RADIUS_M * (chord / (2.0 * MIDDLE_RADIUS_M)).min(1.0).asin()
}

/// How far such a length may be off: it is longer than its chord by some c²/24r² of itself, for radii of curvature that differ
/// from the middle one by 0.6 % at most, so their squares by 1.2 %; doubled, and a micrometre for rounding.
fn slack(distance: f64) -> f64 {
    let angle = distance / MIDDLE_RADIUS_M;
    distance * angle * angle / 24.0 * 0.024 + 1e-6
}

/// Whether of two guessed distances, the second the smaller one, the first may be the smaller one in truth, or equal.
fn may_be_nearer(first: f64, second: f64) -> bool {
    first - slack(first) <= second + slack(second)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draws::Draws;

    fn scattered(west: f64, south: f64, side: f64) -> Vec<[f64; 2]> {
        let mut draws = Draws::new(5, 1);
        let mut place = || [west + side * draws.unit(), south + side * draws.unit()];
        let mut places: Vec<[f64; 2]> = (0..180).map(|_| place()).collect();
        // One twice, and four around it at equal distances to the east and to the west.
        places.push(places[3]);
        let [lon, lat] = places[3];
        places.extend([
            [lon + 0.1, lat],
            [lon - 0.1, lat],
            [lon + 0.2, lat],
            [lon - 0.2, lat],
        ]);
        places
    }

    #[test]
    fn the_order_is_that_of_distances_along_the_ellipsoid() {
        for (west, south, side) in [
            (74.0, 31.0, 0.5),
            (61.0, 24.0, 16.0),
            (-5.0, -60.0, 60.0),
            (10.0, 70.0, 19.0),
        ] {
            let places = scattered(west, south, side);
            let points = Points::LonLat(&places);
            let order = Order::new(points, Metric::Straight);
            for centre in 0..places.len() {
                let exact = |place: u32| points.apart(Metric::Straight, centre, place as usize);
                let mut expected: Vec<(f64, u32)> =
                    (0..185).map(|place| (exact(place), place)).collect();
                sort(&mut expected);
                let found = order.around(centre);
                for (found, expected) in found.iter().zip(&expected) {
                    assert_eq!(found.1, expected.1, "around {centre} from {west}, {south}");
                    assert!(
                        (found.0 - expected.0).abs() <= slack(expected.0),
                        "{found:?} {expected:?}"
                    );
                }
            }
        }
    }
}

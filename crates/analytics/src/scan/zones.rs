//! Circles: which places they hold, from each place outwards.

use rayon::prelude::*;

use super::ScanError;
use super::order::Order;
use crate::neighbours::{Metric, Points};

/// The most places that all circles may list together: a limit on memory (4 bytes each).
const LIST_LIMIT: usize = 200_000_000;

/// Distances that differ by less than this share of themselves are equal.
const TIE: f64 = 1e-9;

/// The circles around one place, each holding the one before it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Circles {
    /// Places from the centre outwards, as far as the largest circle reaches.
    pub(super) places: Vec<u32>,
    /// How many of them each circle holds. Places at equal distance enter together.
    pub(super) ends: Vec<u32>,
    /// The radius of each circle, right to some millionths: the distance of its farthest place.
    pub(super) radii: Vec<f64>,
}

/// The circles around every place that hold at most a share of all weight.
pub(super) fn circles(
    points: Points<'_>,
    metric: Metric,
    weights: &[f64],
    share: f64,
) -> Result<Vec<Circles>, ScanError> {
    points.check().map_err(ScanError::Points)?;
    let limit = weights.iter().sum::<f64>() * share;
    // Judged before anything is listed: a circle of the share holds about that many places.
    if points.len().saturating_mul(points.len()) / 2 > LIST_LIMIT {
        return Err(ScanError::TooManyPlaces(points.len()));
    }
    let order = Order::new(points, metric);
    Ok((0..points.len())
        .into_par_iter()
        .map(|centre| around(&order.around(centre), weights, limit))
        .collect())
}

fn around(order: &[(f64, u32)], weights: &[f64], limit: f64) -> Circles {
    let mut circles = Circles {
        places: Vec::new(),
        ends: Vec::new(),
        radii: Vec::new(),
    };
    let mut weight = 0.0;
    for group in order.chunk_by(|a, b| b.0 - a.0 <= TIE * b.0) {
        weight += group
            .iter()
            .map(|place| weights[place.1 as usize])
            .sum::<f64>();
        if weight > limit * (1.0 + 1e-12) {
            break;
        }
        circles.places.extend(group.iter().map(|place| place.1));
        circles
            .ends
            .push(u32::try_from(circles.places.len()).unwrap_or(u32::MAX));
        circles.radii.push(group[group.len() - 1].0);
    }
    circles
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_at_equal_distance_enter_together() {
        let cross = [[0.0, 0.0], [1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, 3.0]];
        let points = Points::Planar(&cross);
        let all = circles(points, Metric::Straight, &[1.0; 5], 0.8).unwrap();
        assert_eq!(
            (&all[0].ends, &all[0].radii),
            (&vec![1, 4], &vec![0.0, 1.0])
        );
        let half = circles(points, Metric::Straight, &[1.0; 5], 0.5).unwrap();
        assert_eq!(half[0].ends, [1]);
        assert_eq!(half[4].places, [4, 3]);
    }
}

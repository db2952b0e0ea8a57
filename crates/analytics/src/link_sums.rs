//! Sums of a graph's weights, and of products along its links. It knows nothing of any one statistic.

use crate::error::MapError;
use crate::neighbours::{Neighbours, WeightStyle};
use crate::reason::Reason;

/// Sums over all links that the moments need (Cliff & Ord 1981).
pub(crate) struct LinkSums {
    /// Σ w.
    pub(crate) s0: f64,
    /// Σ (wᵢⱼ + wⱼᵢ)² / 2.
    pub(crate) s1: f64,
    /// Σᵢ (Σⱼ wᵢⱼ + Σⱼ wⱼᵢ)².
    pub(crate) s2: f64,
}

impl LinkSums {
    /// # Errors
    /// [`Reason::Isolated`] for a graph without links.
    pub(crate) fn new(neighbours: &Neighbours, factors: &[f64]) -> Result<Self, MapError> {
        let units = neighbours.len();
        let (mut s0, mut s1) = (0.0, 0.0);
        let mut both = vec![0.0; units];
        for from in 0..units {
            for (to, weight) in neighbours.weighted(from) {
                let weight = weight * factors[from];
                s0 += weight;
                both[from] += weight;
                both[to] += weight;
                s1 += match reverse(neighbours, from, to) {
                    // Each direction of a mutual pair is met once as itself.
                    Some(back) => (weight + back * factors[to]).powi(2) / 2.0,
                    None => weight * weight,
                };
            }
        }
        if s0 > 0.0 {
            Ok(Self {
                s0,
                s1,
                s2: both.iter().map(|sum| sum * sum).sum(),
            })
        } else {
            Err(MapError::Undefined(Reason::Isolated))
        }
    }
}

/// What each row's weights are multiplied by.
pub(crate) fn row_factors(neighbours: &Neighbours, style: WeightStyle) -> Vec<f64> {
    let factor = |unit| match style {
        WeightStyle::AsGiven => 1.0,
        WeightStyle::RowStandardised if neighbours.connected(unit).is_err() => 1.0,
        WeightStyle::RowStandardised => 1.0 / neighbours.row_sum(unit),
    };
    (0..neighbours.len()).map(factor).collect()
}

/// Σᵢⱼ wᵢⱼ xᵢ yⱼ, in the order of the links.
pub(crate) fn cross(x: &[f64], y: &[f64], neighbours: &Neighbours, factors: &[f64]) -> f64 {
    let lag = |unit| {
        neighbours
            .weighted(unit)
            .map(|(other, weight)| weight * y[other])
            .sum::<f64>()
    };
    x.iter()
        .enumerate()
        .map(|(unit, own)| own * factors[unit] * lag(unit))
        .sum()
}

/// The weight of the link in the other direction.
fn reverse(neighbours: &Neighbours, from: usize, to: usize) -> Option<f64> {
    let target = u32::try_from(from).ok()?;
    let at = neighbours.of(to).binary_search(&target).ok()?;
    Some(neighbours.weights_of(to).map_or(1.0, |weights| weights[at]))
}

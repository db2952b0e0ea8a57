//! Getis and Ord's general G: do high values, or low ones, lie together?

use crate::deviations::deviations;
use crate::error::MapError;
use crate::link_sums::{LinkSums, cross, row_factors};
use crate::neighbours::{Neighbours, WeightStyle};
use crate::normal::two_sided;
use crate::reason::Reason;

/// General G with its moments under shuffling.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GeneralG {
    /// G = Σᵢⱼ wᵢⱼ yᵢ yⱼ / Σᵢ≠ⱼ yᵢ yⱼ.
    pub statistic: f64,
    /// S0 / (n (n − 1)).
    pub expected: f64,
    /// Variance if the values are shuffled over the places.
    pub variance: f64,
}

impl GeneralG {
    /// Standard deviations above expectation: positive where high values lie together, negative where low ones do.
    pub fn z(&self) -> f64 {
        (self.statistic - self.expected) / self.variance.sqrt()
    }

    /// The two-sided p of z.
    pub fn p(&self) -> f64 {
        two_sided(self.z())
    }
}

/// General G of a map of values that are not negative. Binary weights (as given) are usual.
///
/// *Edge cases*: a graph without links is [`Reason::Isolated`]; equal values, fewer than two places above zero (every
/// product is then zero), or fewer than four places are [`Reason::InsufficientVariation`].
///
/// *Cost*: O(m log k) for m links.
///
/// # Errors
/// [`MapError`]: lengths differ, a value is negative or not finite, or the statistic does not exist.
///
/// # References
/// Getis & Ord 1992, <https://doi.org/10.1111/j.1538-4632.1992.tb00261.x>, equations 10 to 12.
///
/// ```
/// use naqsha_analytics::{Neighbours, WeightStyle, general_g};
/// let links = [(0, 1), (1, 2), (2, 3)].map(|(a, b)| [(a, b, 1.0), (b, a, 1.0)]);
/// let row = Neighbours::from_links(4, links.as_flattened())?;
/// let found = general_g(&[0.0, 0.0, 3.0, 3.0], &row, WeightStyle::AsGiven)?;
/// assert_eq!((found.statistic, found.expected), (1.0, 0.5)); // every product of two places is beside each other
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn general_g(
    values: &[f64],
    neighbours: &Neighbours,
    style: WeightStyle,
) -> Result<GeneralG, MapError> {
    MapError::check(values, neighbours.len(), |value| {
        value.is_finite() && value >= 0.0
    })?;
    deviations(values, neighbours.len())?;
    let flat = MapError::Undefined(Reason::InsufficientVariation);
    let above_zero = values.iter().filter(|value| **value > 0.0).count();
    if values.len() < 4 || above_zero < 2 {
        return Err(flat);
    }
    let factors = row_factors(neighbours, style);
    let sums = LinkSums::new(neighbours, &factors)?;
    #[expect(
        clippy::cast_precision_loss,
        reason = "numbers of places are far below 2^53"
    )]
    let n = values.len() as f64;
    // G does not change with the unit of the values; around 1 their fourth powers stay in range.
    let mean = values.iter().sum::<f64>() / n;
    let scaled: Vec<f64> = values.iter().map(|value| value / mean).collect();
    let power = |exponent| scaled.iter().map(|value| value.powi(exponent)).sum::<f64>();
    let (m1, m2, m3, m4) = (power(1), power(2), power(3), power(4));
    let LinkSums { s0, s1, s2 } = sums;
    let b0 = (n * n - 3.0 * n + 3.0) * s1 - n * s2 + 3.0 * s0 * s0;
    let b1 = -((n * n - n) * s1 - 2.0 * n * s2 + 6.0 * s0 * s0);
    let b2 = -(2.0 * n * s1 - (n + 3.0) * s2 + 6.0 * s0 * s0);
    let b3 = 4.0 * (n - 1.0) * s1 - 2.0 * (n + 1.0) * s2 + 8.0 * s0 * s0;
    let b4 = s1 - s2 + s0 * s0;
    let products = m1 * m1 - m2;
    let expected = s0 / (n * (n - 1.0));
    let square = (b0 * m2 * m2 + b1 * m4 + b2 * m1 * m1 * m2 + b3 * m1 * m3 + b4 * m1.powi(4))
        / (products * products * n * (n - 1.0) * (n - 2.0) * (n - 3.0));
    let variance = square - expected * expected;
    // On a complete graph with equal weights G is the same for every arrangement.
    if variance <= 1e-13 * expected * expected {
        return Err(flat);
    }
    Ok(GeneralG {
        statistic: cross(&scaled, &scaled, neighbours, &factors) / products,
        expected,
        variance,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_those_of_all_arrangements() {
        let links = [
            (0, 1, 1.0),
            (1, 0, 1.0),
            (1, 2, 2.0),
            (2, 4, 1.0),
            (3, 0, 0.5),
        ];
        let graph = Neighbours::from_links(5, &links).unwrap();
        let values = [1.0, 5.0, 2.0, 0.0, 7.0];
        let mut all = Vec::new();
        arrangements(&mut values.to_vec(), 0, &mut |values| {
            let found = general_g(values, &graph, WeightStyle::AsGiven).unwrap();
            all.push(found.statistic);
        });
        assert_eq!(all.len(), 120);
        let mean = all.iter().sum::<f64>() / 120.0;
        let variance = all.iter().map(|g| (g - mean).powi(2)).sum::<f64>() / 120.0;
        let found = general_g(&values, &graph, WeightStyle::AsGiven).unwrap();
        assert!((found.expected - mean).abs() < 1e-14);
        assert!((found.variance - variance).abs() < 1e-14);
    }

    fn arrangements(values: &mut Vec<f64>, from: usize, visit: &mut impl FnMut(&[f64])) {
        if from == values.len() {
            return visit(values);
        }
        for at in from..values.len() {
            values.swap(from, at);
            arrangements(values, from + 1, visit);
            values.swap(from, at);
        }
    }

    #[test]
    fn what_cannot_vary_has_a_reason_and_negative_values_are_refused() {
        let graph = Neighbours::from_links(4, &[(0, 1, 1.0)]).unwrap();
        let g = |values: &[f64]| general_g(values, &graph, WeightStyle::AsGiven).unwrap_err();
        let flat = MapError::Undefined(Reason::InsufficientVariation);
        assert_eq!(g(&[1.0; 4]), flat);
        assert_eq!(g(&[0.0, 0.0, 9.0, 0.0]), flat);
        assert_eq!(g(&[1.0, 2.0, -1.0, 0.0]), MapError::OutOfRange(2));
    }
}

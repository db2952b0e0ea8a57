//! Geary's C: do neighbours differ less than any two places do?

use crate::deviations::deviations;
use crate::error::MapError;
use crate::link_sums::{LinkSums, row_factors};
use crate::neighbours::{Neighbours, WeightStyle};
use crate::normal::two_sided;
use crate::reason::Reason;

/// Geary's C with its moments under two nulls. Its expectation is 1; below 1 neighbours are alike.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Geary {
    /// C = (n − 1) Σᵢⱼ wᵢⱼ (yᵢ − yⱼ)² / (2 S0 Σz²).
    pub statistic: f64,
    /// Variance if the values are normal.
    pub variance_norm: f64,
    /// Variance if the values are shuffled over the places.
    pub variance_rand: f64,
}

impl Geary {
    /// The expectation under both nulls.
    pub const EXPECTED: f64 = 1.0;

    /// Standard deviations above 1 under normality.
    pub fn z_norm(&self) -> f64 {
        (self.statistic - Self::EXPECTED) / self.variance_norm.sqrt()
    }

    /// Standard deviations above 1 under randomisation.
    pub fn z_rand(&self) -> f64 {
        (self.statistic - Self::EXPECTED) / self.variance_rand.sqrt()
    }

    /// The two-sided p under normality.
    pub fn p_norm(&self) -> f64 {
        two_sided(self.z_norm())
    }

    /// The two-sided p under randomisation.
    pub fn p_rand(&self) -> f64 {
        two_sided(self.z_rand())
    }
}

/// Geary's C of a map.
///
/// *Edge cases*: as [`moran`](crate::moran). *Cost*: O(m log k) for m links.
///
/// # Errors
/// [`MapError`]: lengths differ, a value is not finite, or the statistic does not exist.
///
/// # References
/// Geary 1954, <https://doi.org/10.2307/2986645>; Cliff & Ord 1981, *Spatial Processes*, ch. 2.
///
/// ```
/// use naqsha_analytics::{Neighbours, WeightStyle, geary};
/// let links = [(0, 1), (1, 2), (2, 3)].map(|(a, b)| [(a, b, 1.0), (b, a, 1.0)]);
/// let row = Neighbours::from_links(4, links.as_flattened())?;
/// let found = geary(&[1.0, 2.0, 3.0, 4.0], &row, WeightStyle::AsGiven)?;
/// assert!((found.statistic - 0.3).abs() < 1e-15); // 3 · 6 / (2 · 6 · 5)
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn geary(
    values: &[f64],
    neighbours: &Neighbours,
    style: WeightStyle,
) -> Result<Geary, MapError> {
    let deviations = deviations(values, neighbours.len())?;
    let flat = MapError::Undefined(Reason::InsufficientVariation);
    if values.len() < 4 {
        return Err(flat);
    }
    let factors = row_factors(neighbours, style);
    let LinkSums { s0, s1, s2 } = LinkSums::new(neighbours, &factors)?;
    #[expect(
        clippy::cast_precision_loss,
        reason = "numbers of places are far below 2^53"
    )]
    let n = values.len() as f64;
    let squares: f64 = deviations.iter().map(|d| d * d).sum();
    let kurtosis = n * deviations.iter().map(|d| d.powi(4)).sum::<f64>() / (squares * squares);
    let difference = |unit: usize| {
        let own = deviations[unit];
        let row: f64 = neighbours
            .weighted(unit)
            .map(|(other, weight)| weight * (own - deviations[other]).powi(2))
            .sum();
        factors[unit] * row
    };
    let differences: f64 = (0..values.len()).map(difference).sum();
    let s02 = s0 * s0;
    let variance_norm = ((2.0 * s1 + s2) * (n - 1.0) - 4.0 * s02) / (2.0 * (n + 1.0) * s02);
    let variance_rand = ((n - 1.0) * s1 * (n * n - 3.0 * n + 3.0 - (n - 1.0) * kurtosis)
        - 0.25 * (n - 1.0) * s2 * (n * n + 3.0 * n - 6.0 - (n * n - n + 2.0) * kurtosis)
        + s02 * (n * n - 3.0 - (n - 1.0).powi(2) * kurtosis))
        / (n * (n - 2.0) * (n - 3.0) * s02);
    // On a complete graph with equal weights C is the same for every arrangement.
    if variance_rand <= 1e-14 || variance_norm <= 1e-14 {
        return Err(flat);
    }
    Ok(Geary {
        statistic: (n - 1.0) * differences / (2.0 * s0 * squares),
        variance_norm,
        variance_rand,
    })
}

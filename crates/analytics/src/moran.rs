//! Global Moran's I: is there any clustering on the map at all?

use std::num::NonZeroU32;

use rayon::prelude::*;

use crate::deviations::{deviations, scores};
use crate::draws::Draws;
use crate::error::MapError;
use crate::link_sums::{LinkSums, cross, row_factors};
use crate::neighbours::{Neighbours, WeightStyle};
use crate::normal::two_sided;
use crate::reason::Reason;

/// How many shuffles give the permutation p, and from which seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sampling {
    /// The number of shuffles.
    pub permutations: NonZeroU32,
    /// What they are drawn from.
    pub seed: u64,
}

/// Moran's I with its moments under two nulls, and its p-values (two-sided).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moran {
    /// I.
    pub statistic: f64,
    /// Its expectation: −1 / (n − 1); 0 for two variables.
    pub expected: f64,
    /// Variance if the values are normal; `None` for two variables, where the shuffle is the only null used.
    pub variance_norm: Option<f64>,
    /// Variance if the values are shuffled over the places.
    pub variance_rand: f64,
    /// The share of shuffles at least as extreme, doubled: min(1, 2·min(upper, lower)), each (1 + #) / (1 + R).
    pub p_perm: Option<f64>,
}

impl Moran {
    /// Standard deviations above expectation under normality.
    pub fn z_norm(&self) -> Option<f64> {
        self.variance_norm
            .map(|variance| (self.statistic - self.expected) / variance.sqrt())
    }

    /// Standard deviations above expectation under randomisation.
    pub fn z_rand(&self) -> f64 {
        (self.statistic - self.expected) / self.variance_rand.sqrt()
    }

    /// The two-sided p under normality.
    pub fn p_norm(&self) -> Option<f64> {
        self.z_norm().map(two_sided)
    }

    /// The two-sided p under randomisation.
    pub fn p_rand(&self) -> f64 {
        two_sided(self.z_rand())
    }
}

/// Global Moran's I.
///
/// *Edge cases*: a graph without links is [`Reason::Isolated`]; equal values, or fewer than four places, are
/// [`Reason::InsufficientVariation`]. Places without neighbours count in n, as in `PySAL`.
///
/// *Cost*: O(m log k) for m links; each shuffle O(n + m), in parallel, the same at any thread count.
///
/// # Errors
/// [`MapError`]: lengths differ, a value is not finite, or the statistic does not exist.
///
/// # References
/// Moran 1950, <https://doi.org/10.1093/biomet/37.1-2.17>; Cliff & Ord 1981, *Spatial Processes*, ch. 2.
///
/// ```
/// use naqsha_analytics::{Neighbours, WeightStyle, moran};
/// let links = [(0, 1), (1, 2), (2, 3)].map(|(a, b)| [(a, b, 1.0), (b, a, 1.0)]);
/// let row = Neighbours::from_links(4, links.as_flattened())?;
/// let found = moran(&[1.0, 2.0, 3.0, 4.0], &row, WeightStyle::AsGiven, None)?;
/// assert!((found.statistic - 1.0 / 3.0).abs() < 1e-15);
/// assert_eq!(found.expected, -1.0 / 3.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn moran(
    values: &[f64],
    neighbours: &Neighbours,
    style: WeightStyle,
    sampling: Option<Sampling>,
) -> Result<Moran, MapError> {
    let deviations = deviations(values, neighbours.len())?;
    if values.len() < 4 {
        return Err(MapError::Undefined(Reason::InsufficientVariation));
    }
    let factors = row_factors(neighbours, style);
    let sums = LinkSums::new(neighbours, &factors)?;
    let squares: f64 = deviations.iter().map(|d| d * d).sum();
    #[expect(
        clippy::cast_precision_loss,
        reason = "numbers of places are far below 2^53"
    )]
    let n = values.len() as f64;
    let factor = n / sums.s0 / squares;
    let statistic = cross(&deviations, &deviations, neighbours, &factors) * factor;
    let kurtosis = n * deviations.iter().map(|d| d.powi(4)).sum::<f64>() / (squares * squares);
    let expected = -1.0 / (n - 1.0);
    let p_perm = sampling.map(|sampling| {
        permutation_p(&deviations, statistic, sampling, |shuffled| {
            cross(shuffled, shuffled, neighbours, &factors) * factor
        })
    });
    let variance_rand = variance_rand(&sums, n, kurtosis);
    // On a complete graph with equal weights I is the same for every arrangement.
    if variance_rand <= 1e-14 {
        return Err(MapError::Undefined(Reason::InsufficientVariation));
    }
    Ok(Moran {
        statistic,
        expected,
        variance_norm: Some(variance_norm(&sums, n)),
        variance_rand,
        p_perm,
    })
}

/// Bivariate Moran's I: does the first variable go with the second one nearby? Σᵢⱼ wᵢⱼ zxᵢ zyⱼ / S0.
///
/// The null shuffles the second variable over the places: expectation 0, and the variance that follows exactly,
/// Σⱼ(aⱼ − ā)² n / (n − 1) / S0² with aⱼ = Σᵢ wᵢⱼ zxᵢ. A value's own place is not excluded, so this is not a
/// measure of correlation at the same place.
///
/// # Errors
/// As [`moran`].
///
/// # References
/// Czaplewski & Reich 1993, USDA Forest Service RM-309; Lee 2001, <https://doi.org/10.1007/s101090100064>.
pub fn bivariate_moran(
    first: &[f64],
    second: &[f64],
    neighbours: &Neighbours,
    style: WeightStyle,
    sampling: Option<Sampling>,
) -> Result<Moran, MapError> {
    let (x, y) = (
        scores(deviations(first, neighbours.len())?),
        scores(deviations(second, neighbours.len())?),
    );
    let factors = row_factors(neighbours, style);
    let s0 = LinkSums::new(neighbours, &factors)?.s0;
    let statistic = cross(&x, &y, neighbours, &factors) / s0;
    let mut received = vec![0.0; x.len()];
    for unit in 0..x.len() {
        for (other, weight) in neighbours.weighted(unit) {
            received[other] += weight * factors[unit] * x[unit];
        }
    }
    #[expect(
        clippy::cast_precision_loss,
        reason = "numbers of places are far below 2^53"
    )]
    let n = x.len() as f64;
    let mean = received.iter().sum::<f64>() / n;
    let variance_rand =
        received.iter().map(|a| (a - mean).powi(2)).sum::<f64>() * n / (n - 1.0) / (s0 * s0);
    if variance_rand <= 1e-14 {
        return Err(MapError::Undefined(Reason::InsufficientVariation));
    }
    let p_perm = sampling.map(|sampling| {
        permutation_p(&y, statistic, sampling, |shuffled| {
            cross(&x, shuffled, neighbours, &factors) / s0
        })
    });
    Ok(Moran {
        statistic,
        expected: 0.0,
        variance_norm: None,
        variance_rand,
        p_perm,
    })
}

/// Rates standardised by their own variance, for [`moran`] on rates of unequal populations.
///
/// (rᵢ − m) / √vᵢ with rᵢ = eᵢ/bᵢ, m = Σe/Σb, vᵢ = a + m/bᵢ, a = s² − m/b̄; where vᵢ is negative, m/bᵢ stands for it.
///
/// # Errors
/// Lists that differ in length, events or populations that are negative or not finite; [`Reason::NoDenominator`] where
/// a population is zero, [`Reason::InsufficientVariation`] where there are no events.
///
/// # References
/// Assunção & Reis 1999, <https://doi.org/10.1002/(SICI)1097-0258(19990830)18:16%3C2147::AID-SIM179%3E3.0.CO;2-I>.
pub fn standardised_rates(events: &[f64], populations: &[f64]) -> Result<Vec<f64>, MapError> {
    if events.len() != populations.len() {
        return Err(MapError::LengthMismatch {
            values: populations.len(),
            units: events.len(),
        });
    }
    let valid = |value: &f64| value.is_finite() && *value >= 0.0;
    if let Some(at) = (0..events.len()).find(|at| !valid(&events[*at]) || !valid(&populations[*at]))
    {
        return Err(MapError::OutOfRange(at));
    }
    if populations.contains(&0.0) {
        return Err(MapError::Undefined(Reason::NoDenominator));
    }
    let (all_events, all_people) = (events.iter().sum::<f64>(), populations.iter().sum::<f64>());
    if all_events == 0.0 {
        return Err(MapError::Undefined(Reason::InsufficientVariation));
    }
    let mean = all_events / all_people;
    let pairs = || events.iter().zip(populations);
    let spread = pairs()
        .map(|(e, b)| b * (e / b - mean).powi(2))
        .sum::<f64>()
        / all_people;
    #[expect(
        clippy::cast_precision_loss,
        reason = "numbers of places are far below 2^53"
    )]
    let between = spread - mean / (all_people / events.len() as f64);
    let variance = |b: f64| {
        if between + mean / b < 0.0 {
            mean / b
        } else {
            between + mean / b
        }
    };
    Ok(pairs()
        .map(|(e, b)| (e / b - mean) / variance(*b).sqrt())
        .collect())
}

/// Sums closer than this count as equal: the order of addition must not decide a tie.
const TIE: f64 = 1e-12;

fn permutation_p(
    values: &[f64],
    observed: f64,
    sampling: Sampling,
    statistic: impl Fn(&[f64]) -> f64 + Sync,
) -> f64 {
    let tie = TIE * (1.0 + observed.abs());
    let permutations = sampling.permutations.get();
    let counts = (0..permutations)
        .into_par_iter()
        .map_init(
            || values.to_vec(),
            |shuffled, permutation| {
                shuffled.copy_from_slice(values);
                Draws::new(sampling.seed, u64::from(permutation)).shuffle(shuffled);
                let found = statistic(shuffled);
                (
                    u32::from(found >= observed - tie),
                    u32::from(found <= observed + tie),
                )
            },
        )
        .reduce(|| (0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
    let extreme = f64::from(counts.0.min(counts.1)) + 1.0;
    (2.0 * extreme / (f64::from(permutations) + 1.0)).min(1.0)
}

/// The variance of I where the values are normal (Cliff & Ord 1981).
fn variance_norm(sums: &LinkSums, n: f64) -> f64 {
    let s02 = sums.s0 * sums.s0;
    (n * n * sums.s1 - n * sums.s2 + 3.0 * s02) / (s02 * (n * n - 1.0)) - 1.0 / (n - 1.0).powi(2)
}

/// The variance of I where the values are shuffled over the places (Cliff & Ord 1981).
fn variance_rand(sums: &LinkSums, n: f64, kurtosis: f64) -> f64 {
    let s02 = sums.s0 * sums.s0;
    let spread = n * ((n * n - 3.0 * n + 3.0) * sums.s1 - n * sums.s2 + 3.0 * s02);
    let peaked = kurtosis * ((n * n - n) * sums.s1 - 2.0 * n * sums.s2 + 6.0 * s02);
    (spread - peaked) / ((n - 1.0) * (n - 2.0) * (n - 3.0) * s02) - 1.0 / (n - 1.0).powi(2)
}

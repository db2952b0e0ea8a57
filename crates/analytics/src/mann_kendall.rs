//! The Mann–Kendall test: does a series rise or fall? It knows the order of its values, not their dates.

use crate::error::MapError;
use crate::normal::two_sided;
use crate::reason::Reason;

/// How the variance of S is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Autocorrelation {
    /// The values are independent under the null.
    Ignored,
    /// Corrected for correlation over time (Hamed & Rao 1998): the ranks of the detrended values, at the lags where
    /// their correlation leaves ±1.96/√n.
    HamedRao,
}

/// A trend and its test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trend {
    /// Pairs that rise minus pairs that fall.
    pub s: f64,
    /// The variance of S without a trend, corrected for ties.
    pub var_s: f64,
    /// S in standard deviations, with the continuity correction: S − 1, 0 or S + 1.
    pub z: f64,
    /// S over the number of pairs.
    pub tau: f64,
}

impl Trend {
    /// The two-sided p of z.
    pub fn p(&self) -> f64 {
        two_sided(self.z)
    }
}

/// Tests a series in time order for a monotone trend.
///
/// The slope is apart ([`median_slope`]), for it costs more than the test.
///
/// *Edge cases*: fewer than three values, or equal ones, are [`Reason::InsufficientVariation`]; so is a correction
/// that leaves no variance (strong alternation). *Cost*: O(n²).
///
/// # Errors
/// [`MapError`]: a value is not finite, or the test does not exist.
///
/// # References
/// Mann 1945, <https://doi.org/10.2307/1907187>; Kendall 1975, *Rank Correlation Methods*; Hamed & Rao 1998,
/// <https://doi.org/10.1016/S0022-1694(97)00125-X>; Sen 1968, <https://doi.org/10.1080/01621459.1968.10480934>.
///
/// ```
/// use naqsha_analytics::{Autocorrelation, mann_kendall};
/// let trend = mann_kendall(&[1.0, 3.0, 2.0, 5.0, 4.0, 7.0, 6.0, 8.0, 9.0, 8.0], Autocorrelation::Ignored)?;
/// assert_eq!((trend.s, trend.var_s, trend.tau), (36.0, 124.0, 0.8)); // pymannkendall
/// # Ok::<(), naqsha_analytics::MapError>(())
/// ```
pub fn mann_kendall(values: &[f64], correction: Autocorrelation) -> Result<Trend, MapError> {
    MapError::check(values, values.len(), f64::is_finite)?;
    let flat = MapError::Undefined(Reason::InsufficientVariation);
    let n = length(values);
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let groups = ties(&sorted);
    if n < 3.0 || groups.len() < 2 {
        return Err(flat);
    }
    let score = |of: f64| of * (of - 1.0) * (2.0 * of + 5.0);
    let tied: f64 = groups.iter().map(|many| score(*many)).sum();
    let mut var_s = (score(n) - tied) / 18.0;
    if correction == Autocorrelation::HamedRao {
        var_s *= inflation(values, median_slope(values));
    }
    if var_s <= 0.0 {
        return Err(flat);
    }
    let s = rises(values);
    Ok(Trend {
        s,
        var_s,
        z: (s - f64::from(u8::from(s > 0.0)) + f64::from(u8::from(s < 0.0))) / var_s.sqrt(),
        tau: s / (n * (n - 1.0) / 2.0),
    })
}

#[expect(
    clippy::cast_precision_loss,
    reason = "lengths of series are far below 2^53"
)]
fn length<T>(list: &[T]) -> f64 {
    list.len() as f64
}

/// How many values share each distinct value of a sorted list.
#[expect(clippy::float_cmp, reason = "equal values are the question")]
fn ties(sorted: &[f64]) -> Vec<f64> {
    sorted.chunk_by(|a, b| a == b).map(length).collect()
}

/// Pairs that rise minus pairs that fall.
fn rises(values: &[f64]) -> f64 {
    let mut s = 0_i64;
    for (at, from) in values.iter().enumerate() {
        // Whole numbers, added in parts: a processor compares several at once.
        for later in values[at + 1..].chunks(PART) {
            let sign = |to: &f64| i32::from(to > from) - i32::from(to < from);
            s += i64::from(later.iter().map(sign).sum::<i32>());
        }
    }
    #[expect(
        clippy::cast_precision_loss,
        reason = "numbers of pairs are far below 2^53"
    )]
    let s = s as f64;
    s
}

/// How many signs are added up before they go into the whole.
const PART: usize = 1 << 20;

/// The median of (yⱼ − yᵢ) / (j − i) over all pairs: by how much a series rises a step.
///
/// *Edge cases*: fewer than two values have the slope 0. *Cost*: O(n²).
///
/// # References
/// Theil 1950; Sen 1968, <https://doi.org/10.1080/01621459.1968.10480934>.
///
/// ```
/// assert_eq!(naqsha_analytics::median_slope(&[1.0, 2.0, 9.0, 4.0]), 1.0);
/// ```
pub fn median_slope(values: &[f64]) -> f64 {
    if values.len() < 2 {
        return 0.0;
    }
    let mut slopes = Vec::with_capacity(values.len() * (values.len() - 1) / 2);
    for (at, from) in values.iter().enumerate() {
        let mut steps = 0.0;
        for to in &values[at + 1..] {
            steps += 1.0;
            slopes.push((to - from) / steps);
        }
    }
    let (upper, is_even) = (slopes.len() / 2, slopes.len().is_multiple_of(2));
    let (below, &mut middle, _) = slopes.select_nth_unstable_by(upper, f64::total_cmp);
    let lower = below.iter().copied().max_by(f64::total_cmp);
    match lower {
        Some(lower) if is_even => f64::midpoint(lower, middle),
        _ => middle,
    }
}

/// The standard normal quantile of 0.975.
const SIGNIFICANT: f64 = 1.959_963_984_540_054;

/// By how much correlation between the steps changes the variance of S: 1 + 2 Σ (n−k)(n−k−1)(n−k−2) ρₖ / n(n−1)(n−2).
fn inflation(values: &[f64], slope: f64) -> f64 {
    let n = length(values);
    let mut step = 0.0;
    let detrended: Vec<f64> = values
        .iter()
        .map(|value| {
            step += 1.0;
            value - slope * step
        })
        .collect();
    let ranks = ranks(&detrended);
    let mean = ranks.iter().sum::<f64>() / n;
    let deviations: Vec<f64> = ranks.iter().map(|rank| rank - mean).collect();
    let squares: f64 = deviations.iter().map(|d| d * d).sum();
    if squares <= 0.0 {
        return 1.0;
    }
    let bound = SIGNIFICANT / n.sqrt();
    let (mut sum, mut left) = (0.0, n);
    for lag in 1..values.len() {
        left -= 1.0;
        let products: f64 = deviations
            .iter()
            .zip(&deviations[lag..])
            .map(|(a, b)| a * b)
            .sum();
        let correlation = products / squares;
        if correlation.abs() > bound {
            sum += left * (left - 1.0) * (left - 2.0) * correlation;
        }
    }
    1.0 + 2.0 * sum / (n * (n - 1.0) * (n - 2.0))
}

/// Ranks from 1; equal values share the mean of theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    values
        .iter()
        .map(|value| {
            let below = sorted.partition_point(|other| other < value);
            let up_to = sorted.partition_point(|other| other <= value);
            f64::midpoint(length(&sorted[..below]) + 1.0, length(&sorted[..up_to]))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trend(values: &[f64]) -> Trend {
        mann_kendall(values, Autocorrelation::Ignored).unwrap()
    }

    #[test]
    fn the_published_sequence_has_its_values() {
        let found = trend(&[1.0, 3.0, 2.0, 5.0, 4.0, 7.0, 6.0, 8.0, 9.0, 8.0]);
        // pymannkendall 1.4.3.
        assert!((found.z - 3.143_092_785).abs() < 1e-9);
        assert!((found.p() - 0.001_671_728).abs() < 1e-9);
        let slope = median_slope(&[1.0, 3.0, 2.0, 5.0, 4.0, 7.0, 6.0, 8.0, 9.0, 8.0]);
        assert!((slope - 0.857_142_857).abs() < 1e-9);
    }

    /// R's Kendall, as printed with sfdep: ten values without ties, by S.
    #[test]
    fn p_of_ten_values_is_that_of_kendall_at_every_s() {
        for (swaps, s, p) in [
            (11, 23.0, 0.049_097_981_6),
            (17, 11.0, 0.371_093_369_6),
            (20, 5.0, 0.720_514_787_1),
            (22, 1.0, 1.0),
        ] {
            // Each swap of neighbours in the sorted list takes 2 from S = 45.
            let mut values: Vec<f64> = (0..10).map(f64::from).collect();
            let mut left = swaps;
            'sorting: for _ in 0..10 {
                for at in 0..9 {
                    if left == 0 {
                        break 'sorting;
                    }
                    if values[at] < values[at + 1] {
                        values.swap(at, at + 1);
                        left -= 1;
                    }
                }
            }
            let found = trend(&values);
            assert_eq!((found.s.to_bits(), found.var_s), (f64::to_bits(s), 125.0));
            assert!((found.p() - p).abs() < 1e-9, "S {s}: {}", found.p());
        }
    }

    #[test]
    fn a_falling_series_mirrors_a_rising_one() {
        let rising = [1.0, 2.0, 2.0, 4.0, 3.0];
        let falling: Vec<f64> = rising.iter().map(|value| -value).collect();
        let (up, down) = (trend(&rising), trend(&falling));
        assert_eq!((up.s, up.z), (-down.s, -down.z));
        let slopes = [median_slope(&rising), -median_slope(&falling)];
        assert_eq!(slopes[0].to_bits(), slopes[1].to_bits());
    }

    #[test]
    fn short_and_equal_series_have_a_reason() {
        let flat = MapError::Undefined(Reason::InsufficientVariation);
        for values in [&[1.0, 2.0][..], &[3.0; 8], &[]] {
            assert_eq!(mann_kendall(values, Autocorrelation::HamedRao), Err(flat));
        }
        assert_eq!(
            mann_kendall(&[1.0, f64::NAN], Autocorrelation::Ignored),
            Err(MapError::OutOfRange(1))
        );
    }
}

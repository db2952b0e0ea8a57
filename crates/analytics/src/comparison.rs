//! Two periods compared, place by place: did more happen, or less, than chance would have it?
//!
//! It knows counts and how long each period was, not which periods they are.

use rayon::prelude::*;

use crate::binomial::Binomial;
use crate::fdr::Tail;

/// Counts that cannot be compared.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum ComparisonError {
    /// The lists differ in length.
    #[error("{before} counts before and {after} after")]
    LengthMismatch {
        /// How many before.
        before: usize,
        /// How many after.
        after: usize,
    },
    /// The exposure ratio is not above zero.
    #[error("{0} is not a ratio of exposures: it is finite and above zero")]
    InvalidExposure(f64),
}

/// What became of one place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    /// The rate after over the rate before; `None` where nothing happened before.
    pub ratio: Option<f64>,
    /// What would have happened after, of all that did in both periods, if the rate had stayed.
    pub expected: f64,
    /// The probability of at least as much after, given what happened in both periods, if the rate stayed.
    pub p_upper: f64,
    /// The probability of at most as much.
    pub p_lower: f64,
}

impl Comparison {
    /// min(1, 2·min(upper, lower)).
    pub fn p_two_sided(&self) -> f64 {
        (2.0 * self.p_upper.min(self.p_lower)).min(1.0)
    }

    /// Upper where there was more than expected.
    pub fn tail(&self) -> Tail {
        match self.p_upper.total_cmp(&self.p_lower) {
            std::cmp::Ordering::Less => Tail::Upper,
            std::cmp::Ordering::Greater => Tail::Lower,
            std::cmp::Ordering::Equal => Tail::Neither,
        }
    }
}

/// Compares the counts of two periods, place by place, in the order of the places.
///
/// Counts are Poisson. Given b + a events in both periods, those after are binomial with the probability R/(1 + R) if the
/// rate stayed, R being the exposure after over that before (days of the periods, or whatever the counts grow with). Nothing
/// is approximated. The two-sided p is twice the smaller tail; R's `poisson.test` adds up what is less probable instead.
///
/// *Edge cases*: where nothing happened in either period p is 1: such a place is data, and counts among the tests. *Cost*:
/// O(√(b + a)) a place.
///
/// # Errors
/// [`ComparisonError`].
///
/// # References
/// Przyborowski & Wilenski 1940, <https://doi.org/10.1093/biomet/31.3-4.313>; Fay 2010,
/// <https://doi.org/10.32614/RJ-2010-008>.
///
/// ```
/// use naqsha_analytics::compare_periods;
/// let rows = compare_periods(&[0, 4], &[3, 4], 1.0)?;
/// assert_eq!((rows[0].p_upper, rows[0].ratio), (0.125, None)); // three heads of three
/// assert_eq!((rows[1].p_two_sided(), rows[1].ratio), (1.0, Some(1.0)));
/// # Ok::<(), naqsha_analytics::ComparisonError>(())
/// ```
pub fn compare_periods(
    before: &[u32],
    after: &[u32],
    exposure_ratio: f64,
) -> Result<Vec<Comparison>, ComparisonError> {
    if before.len() != after.len() {
        return Err(ComparisonError::LengthMismatch {
            before: before.len(),
            after: after.len(),
        });
    }
    if !(exposure_ratio.is_finite() && exposure_ratio > 0.0) {
        return Err(ComparisonError::InvalidExposure(exposure_ratio));
    }
    let pairs = before.par_iter().zip(after).with_min_len(CHUNK);
    Ok(pairs
        .map(|(before, after)| compare(*before, *after, exposure_ratio))
        .collect())
}

/// Places in one piece of parallel work.
const CHUNK: usize = 8_192;

fn compare(before: u32, after: u32, exposure_ratio: f64) -> Comparison {
    let all = u64::from(before) + u64::from(after);
    // 1/(1 + 1/R) keeps the digits of a large R, whose share before is small.
    let law = Binomial::new(
        all,
        exposure_ratio / (1.0 + exposure_ratio),
        1.0 / (1.0 + exposure_ratio),
    );
    let after = u64::from(after);
    Comparison {
        ratio: (before > 0).then(|| {
            f64::from(u32::try_from(after).unwrap_or(u32::MAX)) / f64::from(before) / exposure_ratio
        }),
        expected: law.mean(),
        p_upper: law.upper(after),
        p_lower: law.lower(after),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_longer_period_is_expected_to_hold_more() {
        // Twice as long and twice as much: nothing changed.
        let rows = compare_periods(&[10], &[20], 2.0).unwrap();
        assert_eq!(rows[0].ratio, Some(1.0));
        assert!((rows[0].expected - 20.0).abs() < 1e-12);
        assert!(rows[0].p_two_sided() > 0.9);
        let even = compare_periods(&[10], &[20], 1.0).unwrap();
        assert!(even[0].p_upper < 0.05 && even[0].tail() == Tail::Upper);
    }

    #[test]
    fn turned_round_the_tails_change_places() {
        for (before, after, ratio) in [(3, 9, 1.0), (0, 5, 0.5), (40, 2, 1.25), (0, 0, 3.0)] {
            let there = compare_periods(&[before], &[after], ratio).unwrap()[0];
            let back = compare_periods(&[after], &[before], 1.0 / ratio).unwrap()[0];
            assert!((there.p_upper - back.p_lower).abs() < 1e-13);
            assert!((there.p_lower - back.p_upper).abs() < 1e-13);
        }
    }

    #[test]
    fn nothing_in_either_period_is_no_evidence() {
        let row = compare_periods(&[0], &[0], 1.0).unwrap()[0];
        assert_eq!((row.p_upper, row.p_lower, row.ratio), (1.0, 1.0, None));
        assert_eq!((row.p_two_sided(), row.tail()), (1.0, Tail::Neither));
    }

    #[test]
    fn lists_of_two_lengths_and_impossible_ratios_are_refused() {
        assert_eq!(
            compare_periods(&[1], &[], 1.0),
            Err(ComparisonError::LengthMismatch {
                before: 1,
                after: 0
            })
        );
        for ratio in [0.0, -1.0, f64::INFINITY, f64::NAN] {
            assert!(compare_periods(&[1], &[1], ratio).is_err(), "{ratio}");
        }
    }
}

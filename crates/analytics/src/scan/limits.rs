//! Which zones cannot have a higher ratio than one that is known: a look into a table instead of two logarithms.

use rayon::prelude::*;

use super::clusters::FEWEST_CASES;
use super::likelihood;

/// How far the ratios of two tables lie apart, and how many tables there are. Above the last one more zones than needed
/// are looked at closely, and nothing else.
const STEP: f64 = 0.5;
const LEVELS: u32 = 48;

/// Newton's steps after which an expectation is taken as it is; four to six settle.
const NEWTON: u32 = 60;

/// For ratios in steps, by number of cases in a zone, how large its expectation is where the ratio is reached.
pub(super) struct Limits(Vec<Vec<u64>>);

impl Limits {
    /// Tables for maps of so many cases. *Cost*: O(C) logarithms for C cases, some hundred each.
    pub(super) fn new(all: u64) -> Self {
        let level = |level: u32| products(f64::from(level) * STEP, all);
        Self((0..LEVELS).into_par_iter().map(level).collect())
    }

    /// By number of cases: a zone whose expectation times all cases is at least this has no ratio above the given one.
    /// It rises with the cases.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a ratio is not negative; beyond the last table that one is taken"
    )]
    pub(super) fn above(&self, ratio: f64) -> &[u64] {
        let level = (ratio / STEP) as usize;
        &self.0[level.min(self.0.len() - 1)]
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "numbers of cases, and their squares, are far below 2^53"
)]
fn products(ratio: f64, all: u64) -> Vec<u64> {
    let total = all as f64;
    let mut expected = 0.0_f64;
    let of = |cases: u64| {
        if cases < FEWEST_CASES {
            return 0;
        }
        expected = expectation(cases as f64, ratio, total, expected);
        // Beyond rounding: a zone too many is looked at closely, none too few.
        (expected * total) as u64 + 2
    };
    (0..=all).map(of).collect()
}

/// The expectation below the cases at which they have the ratio; `from` is one at which they have at least that.
fn expectation(cases: f64, ratio: f64, all: f64, from: f64) -> f64 {
    if ratio <= 0.0 {
        return cases;
    }
    // c ln(c/e) − c is at most the ratio.
    let mut at = from.max(cases * (-ratio / cases - 1.0).exp());
    // The ratio falls as the expectation rises, and is convex: from the left Newton's steps do not pass the root.
    for _ in 0..NEWTON {
        let over = likelihood::poisson(cases, at, all) - ratio;
        let slope = (all - cases) / (all - at) - cases / at;
        let next = (at - over / slope).min(cases);
        if next <= at {
            break;
        }
        at = next;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    fn a_zone_at_the_limit_has_the_ratio_and_one_two_below_it_more() {
        for all in [5_u64, 40, 3_000] {
            let limits = Limits::new(all);
            let ratio = |cases: u64, product: u64| {
                likelihood::poisson(cases as f64, product as f64 / all as f64, all as f64)
            };
            for known in [0.0, 0.7, 3.2, 9.0, 23.4, 60.0] {
                let of = limits.above(known);
                assert!(of.is_sorted() && of.len() as u64 == all + 1);
                let level = (known / STEP).floor().min(f64::from(LEVELS - 1)) * STEP;
                for cases in (2..=all).step_by(7) {
                    let limit = of[usize::try_from(cases).unwrap()];
                    assert!(ratio(cases, limit) <= level, "{all} {known} {cases}");
                    if limit > 3 && limit - 3 < cases * all {
                        assert!(ratio(cases, limit - 3) >= level, "{all} {known} {cases}");
                    }
                }
            }
        }
    }
}

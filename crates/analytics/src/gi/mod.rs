//! Local Getis–Ord statistics: which places have neighbourhoods too high or too low for chance.
//!
//! This file holds the shape of the question and of the answer; the laws of the null live in `lag`.

pub(crate) mod moments;

use rayon::prelude::*;

use crate::error::LocalError;
use crate::fdr::Tail;
use crate::lag::{Null, Tails};
use crate::neighbours::{Neighbours, WeightStyle};
use crate::reason::Reason;
use moments::Moments;

/// Whether a place belongs to its own neighbourhood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Own {
    /// Gi*: the place counts, with the largest weight of its row (1 where links have no weights).
    #[default]
    Included,
    /// Gi: the place does not count.
    Excluded,
}

/// What to compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GiOptions {
    /// Gi* or Gi.
    pub own: Own,
    /// How weights enter. Row standardisation scales the statistic and its expectation, never z or p.
    pub style: WeightStyle,
    /// Where p-values come from.
    pub null: Null,
}

/// The statistic of one place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gi {
    /// The share of the map's total found in the neighbourhood: Σ w y / Σ y (Getis & Ord 1992).
    pub statistic: f64,
    /// Its expectation without structure: W / n for Gi*, W / (n − 1) for Gi.
    pub expected: f64,
    /// Standard deviations above expectation (Ord & Getis 1995, with S1 = Σ w²).
    pub z: f64,
    /// The probability of a neighbourhood at least as high. Exact: P(S ≥ observed); sampled: (1 + #) / (1 + R).
    pub p_upper: f64,
    /// The probability of a neighbourhood at least as low.
    pub p_lower: f64,
}

impl Gi {
    /// min(1, 2·min(upper, lower)).
    pub fn p_two_sided(&self) -> f64 {
        (2.0 * self.p_upper.min(self.p_lower)).min(1.0)
    }

    /// The side of the smaller p.
    pub fn tail(&self) -> Tail {
        match self.p_upper.total_cmp(&self.p_lower) {
            std::cmp::Ordering::Less => Tail::Upper,
            std::cmp::Ordering::Greater => Tail::Lower,
            std::cmp::Ordering::Equal => Tail::Neither,
        }
    }
}

/// One place of the answer, in the order of the values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GiRow {
    /// How many neighbours were used, without the place itself.
    pub neighbours: u32,
    /// The statistic, or why there is none.
    pub outcome: Result<Gi, Reason>,
}

impl GiRow {
    /// The p-value of a high neighbourhood, where there is one.
    pub fn p_upper(&self) -> Option<f64> {
        self.outcome.ok().map(|gi| gi.p_upper)
    }

    /// The two-sided p-value, where there is one.
    pub fn p_two_sided(&self) -> Option<f64> {
        self.outcome.ok().map(|gi| gi.p_two_sided())
    }
}

/// Gi* of every place, with weights as they are.
///
/// [`gi`] with [`Own::Included`] and [`WeightStyle::AsGiven`].
///
/// # Errors
/// As [`gi`].
pub fn gi_star(
    values: &[f64],
    neighbours: &Neighbours,
    null: Null,
) -> Result<Vec<GiRow>, LocalError> {
    gi(
        values,
        neighbours,
        GiOptions {
            own: Own::Included,
            style: WeightStyle::AsGiven,
            null,
        },
    )
}

/// The local Getis–Ord statistic of every place, in the order of the values.
///
/// Zeros are data. The result for a place depends on the values, the weights and the seed, not on thread count; with
/// the exact null it does not depend on the order of the places either. Own values, including those of isolated
/// places, stay in the multiset that the others are drawn from.
///
/// *Edge cases*: a place without neighbours is [`Reason::Isolated`]; where all values (for Gi: all others) are equal,
/// where the sum that the statistic divides by is zero, or where the neighbourhood is the whole map, the reason is
/// [`Reason::InsufficientVariation`].
///
/// *Cost*: one pass over the links, plus the null. Exact: O(D log D · k² · smax) for D distinct values, independent of
/// the number of places. Monte-Carlo with equal weights: O(R·k) per distinct k; else O(R·k) per place.
///
/// # Errors
/// [`LocalError`]: lengths differ, values are not finite, or the exact null is asked for where it does not exist
/// (see [`requires_sampling`](crate::requires_sampling)).
///
/// # References
/// Getis & Ord 1992, <https://doi.org/10.1111/j.1538-4632.1992.tb00261.x>; Ord & Getis 1995,
/// <https://doi.org/10.1111/j.1538-4632.1995.tb00912.x>.
pub fn gi(
    values: &[f64],
    neighbours: &Neighbours,
    options: GiOptions,
) -> Result<Vec<GiRow>, LocalError> {
    LocalError::check(values, neighbours.len())?;
    let (moments, tails) = rayon::join(
        || Moments::new(values),
        || Tails::new(values, neighbours, options.null),
    );
    let tails = tails?;
    let row = |unit: usize| GiRow {
        neighbours: u32::try_from(neighbours.degree(unit)).unwrap_or(u32::MAX),
        outcome: moments
            .standardise(values, neighbours, unit, (options, tails.sum(unit)))
            .map(|standard| {
                let (p_upper, p_lower) = tails.of(unit, standard.z);
                Gi {
                    statistic: standard.statistic,
                    expected: standard.expected,
                    z: standard.z,
                    p_upper,
                    p_lower,
                }
            }),
    };
    Ok((0..values.len())
        .into_par_iter()
        .with_min_len(CHUNK)
        .map(row)
        .collect())
}

/// Rows of consecutive places in one piece of parallel work.
const CHUNK: usize = 8_192;

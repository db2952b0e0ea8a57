//! The law of a neighbourhood sum when the other values are shuffled around a place: exact, sampled or approximated.
//!
//! It knows which values are drawn and how many, not which statistic they make: Gi*, Gi and local Moran's I rise with
//! the same sum and share its tails.

pub(crate) mod exact;
mod monte_carlo;

use std::num::NonZeroU32;

use crate::error::LocalError;
use crate::neighbours::Neighbours;
use crate::normal::{lower_tail, upper_tail};

/// What chance is taken to be.
///
/// All three condition on the place's own value, as is usual: the others are shuffled around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Null {
    /// The full permutation law, computed: for non-negative integers and rows of equal weights.
    Exact,
    /// A sample of that law: for any values and weights.
    MonteCarlo {
        /// How many permutations are drawn.
        permutations: NonZeroU32,
        /// What they are drawn from.
        seed: u64,
    },
    /// The normal approximation of z. Flags far too many places on sparse counts; for comparison with other tools.
    Normal,
}

/// Why the exact null does not serve here, or `None` where it does: then nothing needs to be sampled.
pub fn requires_sampling(values: &[f64], neighbours: &Neighbours) -> Option<LocalError> {
    exact::Counts::new(values, neighbours).err()
}

/// P(S ≥ observed) and P(S ≤ observed) for the sum S of every place's neighbours, without the place itself.
pub(crate) enum Tails {
    Exact(exact::Law),
    Sampled(Vec<(f64, f64)>),
    Normal,
}

impl Tails {
    /// Prepares the law that a null asks for.
    ///
    /// # Errors
    /// The exact law is asked for where it does not exist.
    pub(crate) fn new(
        values: &[f64],
        neighbours: &Neighbours,
        null: Null,
    ) -> Result<Self, LocalError> {
        Ok(match null {
            Null::Exact => {
                let counts = exact::Counts::new(values, neighbours)?;
                Self::Exact(exact::Law::new(&counts, neighbours))
            }
            Null::MonteCarlo { permutations, seed } => {
                Self::Sampled(monte_carlo::tails(values, neighbours, permutations, seed))
            }
            Null::Normal => Self::Normal,
        })
    }

    /// The sum of a unit's neighbours, where the law has added it up exactly: counts do not round.
    pub(crate) fn sum(&self, unit: usize) -> Option<u32> {
        match self {
            Self::Exact(law) => Some(law.sum(unit)),
            Self::Sampled(_) | Self::Normal => None,
        }
    }

    /// The tails of a unit with neighbours, whose sum lies `z` standard deviations above expectation.
    pub(crate) fn of(&self, unit: usize, z: f64) -> (f64, f64) {
        match self {
            Self::Exact(law) => law.tails(unit),
            Self::Sampled(tails) => tails[unit],
            Self::Normal => (upper_tail(z), lower_tail(z)),
        }
    }
}

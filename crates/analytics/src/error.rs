//! Questions that cannot be put: one kind for statistics of places, one for statistics of a whole map.

use crate::reason::Reason;

/// A question about each place that cannot be put.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum LocalError {
    /// Values and graph differ in length.
    #[error("{values} values for a graph of {units} units")]
    LengthMismatch {
        /// How many values.
        values: usize,
        /// How many units.
        units: usize,
    },
    /// A value is NaN or infinite.
    #[error("value {0} is not a finite number")]
    NotFinite(usize),
    /// The exact law needs counts.
    #[error("the exact null needs non-negative integers; value {unit} is {value}")]
    NotACount {
        /// Which unit.
        unit: usize,
        /// Its value.
        value: f64,
    },
    /// The exact law needs exchangeable neighbours.
    #[error("the exact null needs equal weights in every row; those of unit {0} differ")]
    UnequalWeights(usize),
    /// The exact law would need too large a table.
    #[error(
        "the exact null needs neighbourhood sums of at most {limit}; here they reach {largest}"
    )]
    SupportTooLarge {
        /// A neighbourhood sum that is possible, at least.
        largest: u64,
        /// The limit.
        limit: u64,
    },
}

impl LocalError {
    /// Checks that there is one finite value a unit.
    pub(crate) fn check(values: &[f64], units: usize) -> Result<(), Self> {
        if values.len() != units {
            return Err(Self::LengthMismatch {
                values: values.len(),
                units,
            });
        }
        match values.iter().position(|value| !value.is_finite()) {
            Some(at) => Err(Self::NotFinite(at)),
            None => Ok(()),
        }
    }
}

/// Why a statistic of a whole map was not computed.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum MapError {
    /// Lists and graph differ in length.
    #[error("{values} values for {units} units")]
    LengthMismatch {
        /// How many values.
        values: usize,
        /// How many units.
        units: usize,
    },
    /// A value is NaN or infinite, or negative or no 0 or 1 where that is asked for.
    #[error("value {0} is not a finite number in range")]
    OutOfRange(usize),
    /// The statistic does not exist for these values.
    #[error("the statistic does not exist: {}", .0.code())]
    Undefined(Reason),
}

impl MapError {
    /// Checks that there is one value a unit, each one valid.
    pub(crate) fn check(
        values: &[f64],
        units: usize,
        valid: impl Fn(f64) -> bool,
    ) -> Result<(), Self> {
        if values.len() != units {
            return Err(Self::LengthMismatch {
                values: values.len(),
                units,
            });
        }
        match values.iter().position(|value| !valid(*value)) {
            Some(at) => Err(Self::OutOfRange(at)),
            None => Ok(()),
        }
    }
}

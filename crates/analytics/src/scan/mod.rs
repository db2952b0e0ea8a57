//! Scan statistics: which circle on the map, or which stretch of time in it, holds more cases than chance would put?
//!
//! This file holds the shape of the question and of the answer; `spatial` and `space_time` hold the two scans, `search`
//! what makes the second one quick.

mod clusters;
mod likelihood;
mod limits;
mod order;
mod search;
mod significance;
mod space_time;
mod spatial;
#[cfg(test)]
mod tests;
mod zones;

use crate::moran::Sampling;
use crate::neighbours::{Metric, NeighboursError};
use crate::reason::Reason;
pub use space_time::{Case, Look, Period, space_time_scan};
pub use spatial::{SpatialModel, spatial_scan};

/// How a map is scanned.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScanOptions {
    /// How the distance of places is measured.
    pub metric: Metric,
    /// The largest share of all (population, cases and controls, or cases) that a circle may hold: up to 0.5 is usual.
    pub max_share: f64,
    /// The random maps that p is read from.
    pub sampling: Sampling,
}

/// A circle, or a stretch of time in one, with more cases than expected.
#[derive(Debug, Clone, PartialEq)]
pub struct Cluster {
    /// Its places from the centre outwards.
    pub places: Vec<u32>,
    /// The distance of the farthest place from the first: metres for longitude and latitude.
    pub radius: f64,
    /// First and last unit of time, both included, where time was scanned.
    pub window: Option<[i64; 2]>,
    /// Cases in it.
    pub observed: u64,
    /// Cases expected in it.
    pub expected: f64,
    /// Risk inside over risk outside: (c/e) / ((C − c)/(C − e)); `None` where all cases are inside.
    pub relative_risk: Option<f64>,
    /// The log likelihood ratio.
    pub llr: f64,
    /// (1 + random maps whose largest ratio is at least this one) / (1 + R). Conservative for all but the first cluster.
    pub p: f64,
    /// The upper tail of the Gumbel law of the random maps' largest ratios: tells small p apart. `None` where those do
    /// not vary.
    pub p_gumbel: Option<f64>,
}

/// Why a map was not scanned.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ScanError {
    /// Places and numbers differ in length.
    #[error("{places} places and {values} numbers")]
    LengthMismatch {
        /// How many places.
        places: usize,
        /// How many numbers.
        values: usize,
    },
    /// A place is out of range.
    #[error("places")]
    Points(#[source] NeighboursError),
    /// More places than circles can be listed for.
    #[error("circles around {0} places would not fit in memory")]
    TooManyPlaces(usize),
    /// The largest share is not above 0 and at most 1.
    #[error("{0} is not a share above 0 and at most 1")]
    InvalidShare(f64),
    /// A population is negative or not finite.
    #[error("the population of place {0} is not a finite number of at least zero")]
    InvalidPopulation(usize),
    /// A place has cases, but nobody lives there.
    #[error("place {0} has cases but no population")]
    NoPopulation(usize),
    /// A period ends before it starts.
    #[error("the period ends before it starts")]
    EmptyPeriod,
    /// A case names a place that does not exist, or lies outside the period.
    #[error("case {0} lies outside the places or the period")]
    CaseOutside(usize),
    /// There is nothing to scan.
    #[error("the statistic does not exist: {}", .0.code())]
    Undefined(Reason),
}

impl ScanOptions {
    fn check(&self) -> Result<(), ScanError> {
        if self.max_share > 0.0 && self.max_share <= 1.0 {
            Ok(())
        } else {
            Err(ScanError::InvalidShare(self.max_share))
        }
    }
}

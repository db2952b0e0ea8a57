//! The Knox test and near repeats: are events that are close in space close in time more often than by chance?
//!
//! This file holds the question and the answer; `bands` says what is close, `near` finds the pairs close in space, `shuffles`
//! counts them by time, `local` counts around each event, `repeats` at each place.

mod bands;
mod local;
mod near;
mod repeats;
mod shuffles;
#[cfg(test)]
mod tests;

use crate::moran::Sampling;
use crate::neighbours::{Metric, NeighboursError, Points};
use crate::reason::Reason;
pub use bands::{Bands, BandsError, Closed};
pub use local::{LocalKnox, local_knox};
use near::NearPairs;
pub use repeats::{Dated, NearRepeats, RepeatedPlace, RepeatsError, near_repeats};
use shuffles::Table;

/// The most pairs within the largest finite distance: a limit on memory (8 bytes each).
const PAIR_LIMIT: usize = 100_000_000;

/// What is close, and how it is measured.
#[derive(Debug, Clone, Copy)]
pub struct Closeness<'a> {
    /// The measure of distance.
    pub metric: Metric,
    /// Bands of distance: metres for longitude and latitude, else the unit of the points.
    pub space: &'a Bands,
    /// Bands of time, in the unit of the times.
    pub time: &'a Bands,
}

/// Pairs of events by band of distance (rows) and of time (columns).
#[derive(Debug, Clone, PartialEq)]
pub struct Knox {
    /// How many pairs there are.
    pub observed: Vec<Vec<u64>>,
    /// The mean under the shuffle, exactly: pairs of the row × pairs of the column / all pairs.
    pub expected: Vec<Vec<f64>>,
    /// (1 + shuffles with at least as many pairs) / (1 + R).
    pub p_upper: Vec<Vec<f64>>,
}

/// Why no table was made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum KnoxError {
    /// Events and times differ in number.
    #[error("{points} places and {times} times")]
    LengthMismatch {
        /// How many places.
        points: usize,
        /// How many times.
        times: usize,
    },
    /// A time is not finite.
    #[error("the time of event {0} is not a finite number")]
    InvalidTime(usize),
    /// A place is out of range, or there are too many.
    #[error("places")]
    Points(#[source] NeighboursError),
    /// Too many pairs within the largest finite distance.
    #[error("{0} pairs lie within the largest finite distance; the limit is {PAIR_LIMIT}")]
    TooManyPairs(usize),
    /// Counts around each event have one band of distance and one of time, both with an end.
    #[error("counts around each event need one band of distance and one of time, each with an end")]
    NotOneBand,
    /// There is nothing to pair.
    #[error("the statistic does not exist: {}", .0.code())]
    Undefined(Reason),
}

/// Counts pairs of events in bands of distance and time, against shuffles of the times over the places.
///
/// Each pair counts once. Only pairs within the largest finite distance are looked at: a last band without an end is
/// what is left of all pairs, which the shuffle does not change.
///
/// *Edge cases*: fewer than two events are [`Reason::InsufficientVariation`]. Events at one place and time are pairs
/// at distance 0. Where all times are equal every p is 1.
///
/// *Cost*: O((n + pairs) log n) and O(R·(n + pairs)) for R shuffles, in parallel; the same at any thread count. The
/// answer depends on the order of the events through the shuffles only.
///
/// # Errors
/// [`KnoxError`].
///
/// # References
/// Knox 1964, <https://doi.org/10.2307/2985220>; Ratcliffe & Rengert 2008, <https://doi.org/10.1057/palgrave.sj.8350068>.
///
/// ```
/// use naqsha_analytics::{Bands, Closed, Closeness, Metric, Points, Sampling, knox};
/// use std::num::NonZeroU32;
/// let places = [[0.0, 0.0], [1.0, 0.0], [50.0, 0.0], [51.0, 0.0]];
/// let space = Bands::new(vec![0.0, 10.0, f64::INFINITY], Closed::Left)?;
/// let time = Bands::new(vec![0.0, 7.0], Closed::Left)?;
/// let close = Closeness { metric: Metric::Straight, space: &space, time: &time };
/// let sampling = Sampling { permutations: NonZeroU32::new(99).ok_or("zero")?, seed: 1 };
/// let found = knox(Points::Planar(&places), &[1.0, 2.0, 30.0, 31.0], close, sampling)?;
/// assert_eq!((found.observed[0][0], found.observed[1][0]), (2, 0));
/// assert!((found.expected[0][0] - 2.0 * 2.0 / 6.0).abs() < 1e-15);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn knox(
    points: Points<'_>,
    times: &[f64],
    close: Closeness<'_>,
    sampling: Sampling,
) -> Result<Knox, KnoxError> {
    check(points, times)?;
    let pairs = NearPairs::new(points, close)?;
    let columns = columns(times, close.time);
    let table = Table {
        pairs: &pairs,
        space: close.space,
        time: close.time,
        columns: &columns,
    };
    let (observed, extreme) = table.test(times, sampling);
    let margins = Margins {
        events: times.len() as u64,
        pairs: &pairs,
        columns: &columns,
        close,
    };
    Ok(margins.answer(&observed, &extreme, sampling))
}

fn check(points: Points<'_>, times: &[f64]) -> Result<(), KnoxError> {
    if points.len() != times.len() {
        return Err(KnoxError::LengthMismatch {
            points: points.len(),
            times: times.len(),
        });
    }
    if let Some(at) = times.iter().position(|time| !time.is_finite()) {
        return Err(KnoxError::InvalidTime(at));
    }
    if points.len() < 2 {
        return Err(KnoxError::Undefined(Reason::InsufficientVariation));
    }
    Ok(())
}

/// All pairs by band of time, from the sorted times.
fn columns(times: &[f64], bands: &Bands) -> Vec<u64> {
    let mut sorted = times.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    // The slot of a difference rises with the later time, so each slot of an event's followers is one run; and it falls as the
    // event comes later, so that no run ends before that of the event before.
    let mut counts = vec![0_u64; bands.count() + 2];
    let mut ends = vec![0; counts.len()];
    for (at, time) in sorted.iter().enumerate() {
        let mut start = at + 1;
        for (slot, (count, end)) in counts.iter_mut().zip(&mut ends).enumerate() {
            *end = start.max(*end);
            let further = sorted[*end..].iter();
            *end += further
                .take_while(|later| bands.slot(*later - time) <= slot)
                .count();
            *count += (*end - start) as u64;
            start = *end;
        }
    }
    counts[1..=bands.count()].to_vec()
}

/// What the answer is made of beside the counts.
struct Margins<'a> {
    events: u64,
    pairs: &'a NearPairs,
    columns: &'a [u64],
    close: Closeness<'a>,
}

impl Margins<'_> {
    #[expect(
        clippy::cast_precision_loss,
        reason = "numbers of pairs are far below 2^53"
    )]
    fn answer(&self, observed: &[u64], extreme: &[u32], sampling: Sampling) -> Knox {
        let all = self.all_pairs() as f64;
        let columns = self.close.time.count();
        let inside: u64 = self.pairs.by_slot.iter().map(|of| of.len() as u64).sum();
        let in_row = |row: usize| match self.pairs.by_slot.get(row + 1) {
            Some(_) if row + 1 == self.close.space.count() && self.close.space.endless() => {
                self.all_pairs() - inside
            }
            Some(pairs) => pairs.len() as u64,
            None => 0,
        };
        let expected = |row: usize| {
            let in_row = in_row(row) as f64;
            self.columns
                .iter()
                .map(|column| in_row * *column as f64 / all)
                .collect()
        };
        let runs = f64::from(sampling.permutations.get()) + 1.0;
        Knox {
            observed: observed
                .chunks_exact(columns)
                .map(<[u64]>::to_vec)
                .collect(),
            expected: (0..self.close.space.count()).map(expected).collect(),
            p_upper: extreme
                .chunks_exact(columns)
                .map(|row| {
                    row.iter()
                        .map(|above| (f64::from(*above) + 1.0) / runs)
                        .collect()
                })
                .collect(),
        }
    }

    fn all_pairs(&self) -> u64 {
        self.events * (self.events - 1) / 2
    }
}

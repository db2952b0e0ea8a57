//! The Knox test and near repeats: are events that are close in space close in time more often than by chance?
//!
//! This file holds the question, the pairs and the shuffles; `bands` says what is close, `local` counts around each
//! event, `repeats` at each place.

mod bands;
mod local;
mod repeats;
#[cfg(test)]
mod tests;

use rayon::prelude::*;

use crate::draws::Draws;
use crate::moran::Sampling;
use crate::neighbours::{Metric, NeighboursError, Points, Space};
use crate::reason::Reason;
pub use bands::{Bands, BandsError, Closed};
pub use local::{LocalKnox, local_knox};
pub use repeats::{Dated, NearRepeats, RepeatedPlace, RepeatsError, near_repeats};

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
    let table = Table {
        events: times.len() as u64,
        pairs: pairs(points, close)?,
        columns: columns(times, close.time),
        close,
    };
    let observed = table.count(times);
    let extreme = (0..sampling.permutations.get())
        .into_par_iter()
        .map_init(
            || times.to_vec(),
            |shuffled, draw| {
                shuffled.copy_from_slice(times);
                Draws::new(sampling.seed, u64::from(draw)).shuffle(shuffled);
                let counts = table.count(shuffled);
                let above = |(found, seen): (&u64, &u64)| u32::from(found >= seen);
                counts
                    .iter()
                    .zip(&observed)
                    .map(above)
                    .collect::<Vec<u32>>()
            },
        )
        .reduce(
            || vec![0; observed.len()],
            |a, b| a.iter().zip(&b).map(|(a, b)| a + b).collect(),
        );
    Ok(table.answer(&observed, &extreme, sampling))
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

/// Unordered pairs within the largest finite distance, by slot of distance: below the first band, then band by band.
fn pairs(points: Points<'_>, close: Closeness<'_>) -> Result<Vec<Vec<[u32; 2]>>, KnoxError> {
    let space = Space::new(points).map_err(KnoxError::Points)?;
    let limit = close.space.reach();
    let reach = space.reach(limit);
    let later = |unit: usize| {
        space
            .near(unit, reach)
            .filter(move |other| *other as usize > unit)
    };
    let candidates: usize = (0..points.len())
        .into_par_iter()
        .map(|unit| later(unit).count())
        .sum();
    if candidates > PAIR_LIMIT {
        return Err(KnoxError::TooManyPairs(candidates));
    }
    let slots = close.space.count() + 1;
    let slot = |unit: usize, other: u32| {
        close
            .space
            .slot(points.apart(close.metric, unit, other as usize))
    };
    let found: Vec<Vec<(usize, [u32; 2])>> = (0..points.len())
        .into_par_iter()
        .map(|unit| {
            let number = u32::try_from(unit).unwrap_or(u32::MAX);
            later(unit)
                .map(|other| (slot(unit, other), [number, other]))
                .collect()
        })
        .collect();
    let mut by_slot = vec![Vec::new(); slots];
    for (slot, pair) in found.into_iter().flatten() {
        // Beyond the last finite edge a pair is either in no band or among what is left.
        let beyond = slot >= slots || (slot + 1 == slots && close.space.endless());
        if !beyond {
            by_slot[slot].push(pair);
        }
    }
    Ok(by_slot)
}

/// All pairs by band of time, from the sorted times.
fn columns(times: &[f64], bands: &Bands) -> Vec<u64> {
    let mut sorted = times.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    // The slot of a difference rises with the later time, so each slot of an event's followers is one run.
    let mut counts = vec![0_u64; bands.count() + 2];
    for (at, time) in sorted.iter().enumerate() {
        let followers = &sorted[at + 1..];
        let mut start = 0;
        for (slot, count) in counts.iter_mut().enumerate() {
            let end = followers.partition_point(|later| bands.slot(later - time) <= slot);
            *count += (end - start) as u64;
            start = end;
        }
    }
    counts[1..=bands.count()].to_vec()
}

struct Table<'a> {
    events: u64,
    pairs: Vec<Vec<[u32; 2]>>,
    columns: Vec<u64>,
    close: Closeness<'a>,
}

impl Table<'_> {
    /// Pairs by band, row after row.
    fn count(&self, times: &[f64]) -> Vec<u64> {
        let (rows, columns) = (self.close.space.count(), self.close.time.count());
        let mut counts = vec![0; rows * columns];
        let mut left = self.columns.clone();
        for (slot, pairs) in self.pairs.iter().enumerate() {
            let mut row = vec![0_u64; columns + 2];
            for [a, b] in pairs {
                let apart = (times[*a as usize] - times[*b as usize]).abs();
                row[self.close.time.slot(apart)] += 1;
            }
            let row = &row[1..=columns];
            for (left, count) in left.iter_mut().zip(row) {
                *left -= count;
            }
            if slot > 0 {
                counts[(slot - 1) * columns..slot * columns].copy_from_slice(row);
            }
        }
        if self.close.space.endless() {
            counts[(rows - 1) * columns..].copy_from_slice(&left);
        }
        counts
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "numbers of pairs are far below 2^53"
    )]
    fn answer(&self, observed: &[u64], extreme: &[u32], sampling: Sampling) -> Knox {
        let all = self.all_pairs() as f64;
        let columns = self.close.time.count();
        let inside: u64 = self.pairs.iter().map(|pairs| pairs.len() as u64).sum();
        let in_row = |row: usize| match self.pairs.get(row + 1) {
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

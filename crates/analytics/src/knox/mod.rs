//! The Knox test and near repeats: are events that are close in space close in time more often than by chance?
//!
//! This file holds the question, the pairs and the shuffles; `bands` says what is close, `local` counts around each
//! event, `repeats` at each place.

mod bands;
mod local;
mod repeats;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicUsize, Ordering};

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
    let (observed, extreme) = match Whole::of(times, close.time) {
        Some(whole) => table.test(&whole.offsets, |a, b| whole.slot(a, b), sampling),
        None => table.test(times, |a, b| close.time.slot((a - b).abs()), sampling),
    };
    Ok(table.answer(&observed, &extreme, sampling))
}

/// Times that are whole numbers not far apart, as days are: two bytes each, and the slot of a difference from a list.
struct Whole {
    offsets: Vec<u16>,
    slots: Vec<u16>,
}

impl Whole {
    fn of(times: &[f64], bands: &Bands) -> Option<Self> {
        let first = times.iter().copied().fold(f64::INFINITY, f64::min);
        let offset = |time: &f64| {
            let offset = time - first;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "checked on the next line"
            )]
            let whole = offset as u16;
            // Differences of these are exact, so they are in the bands that the times' own are in.
            (f64::from(whole).total_cmp(&offset).is_eq() && time.fract() == 0.0).then_some(whole)
        };
        let offsets: Vec<u16> = times.iter().map(offset).collect::<Option<_>>()?;
        let span = offsets.iter().copied().max()?;
        let slot = |apart: u16| u16::try_from(bands.slot(f64::from(apart))).ok();
        let slots = (0..=span).map(slot).collect::<Option<_>>()?;
        Some(Self { offsets, slots })
    }

    fn slot(&self, a: u16, b: u16) -> usize {
        usize::from(self.slots[usize::from(a.abs_diff(b))])
    }
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
    let slots = close.space.count() + 1;
    let slot = |unit: usize, other: u32| {
        close
            .space
            .slot(points.apart(close.metric, unit, other as usize))
    };
    let count = AtomicUsize::new(0);
    let found: Vec<Vec<(usize, [u32; 2])>> = (0..points.len())
        .into_par_iter()
        .map(|unit| {
            // Once there are too many the rest is counted, to be told, and not kept.
            let number = u32::try_from(unit).unwrap_or(u32::MAX);
            let mut found = Vec::new();
            if count.load(Ordering::Relaxed) <= PAIR_LIMIT {
                found.extend(later(unit).map(|other| (slot(unit, other), [number, other])));
                count.fetch_add(found.len(), Ordering::Relaxed);
            } else {
                count.fetch_add(later(unit).count(), Ordering::Relaxed);
            }
            found
        })
        .collect();
    let candidates = count.into_inner();
    if candidates > PAIR_LIMIT {
        return Err(KnoxError::TooManyPairs(candidates));
    }
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
    /// Pairs by band, and how many shuffles have at least as many.
    fn test<T: Copy + Send + Sync>(
        &self,
        times: &[T],
        slot: impl Fn(T, T) -> usize + Sync,
        sampling: Sampling,
    ) -> (Vec<u64>, Vec<u32>) {
        let observed = self.count(times, &slot);
        let extreme = (0..sampling.permutations.get())
            .into_par_iter()
            .map_init(
                || times.to_vec(),
                |shuffled, draw| {
                    shuffled.copy_from_slice(times);
                    Draws::new(sampling.seed, u64::from(draw)).shuffle(shuffled);
                    let counts = self.count(shuffled, &slot);
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
        (observed, extreme)
    }

    /// Pairs by band, row after row.
    fn count<T: Copy>(&self, times: &[T], slot_of: impl Fn(T, T) -> usize) -> Vec<u64> {
        let (rows, columns) = (self.close.space.count(), self.close.time.count());
        let mut counts = vec![0; rows * columns];
        let mut left = self.columns.clone();
        for (slot, pairs) in self.pairs.iter().enumerate() {
            let slot_of = |[a, b]: [u32; 2]| slot_of(times[a as usize], times[b as usize]);
            // Two sums in turn: most pairs have one slot, and adding to what was just added to takes time.
            let (mut row, mut other) = (vec![0_u64; columns + 2], vec![0_u64; columns + 2]);
            let mut twos = pairs.chunks_exact(2);
            for two in &mut twos {
                row[slot_of(two[0])] += 1;
                other[slot_of(two[1])] += 1;
            }
            for &pair in twos.remainder() {
                row[slot_of(pair)] += 1;
            }
            for (sum, other) in row.iter_mut().zip(other) {
                *sum += other;
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

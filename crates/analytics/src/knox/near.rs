//! Pairs of events near in space, each once: found in a grid of squares as wide as what is near.
//!
//! It knows places and distances, not times.

use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use super::{Closeness, KnoxError, PAIR_LIMIT};
use crate::neighbours::Points;

/// Squares along an axis, at most: three of their numbers fit into one key, with room beside the outermost.
const SQUARES: f64 = 1_048_576.0;

/// Bits of a key for each axis.
const BITS: u32 = 21;

/// Events whose neighbours are looked for as one piece of parallel work.
const CHUNK: usize = 2_048;

/// The rows of squares that hold what is near and comes later, beside the event's own: steps in z and in y.
const LATER_ROWS: [(i64, i64); 4] = [(0, 1), (1, -1), (1, 0), (1, 1)];

/// Where those rows begin for the event looked at last. Keys rise from event to event, and so does this.
type Starts = [Option<usize>; LATER_ROWS.len()];

/// Unordered pairs within the largest finite distance.
pub(super) struct NearPairs {
    /// The events, square by square. Pairs number them by their position here: what is near in space is near in memory.
    pub(super) order: Vec<u32>,
    /// By slot of distance: below the first band, then band by band.
    pub(super) by_slot: Vec<Vec<[u32; 2]>>,
}

impl NearPairs {
    /// # Errors
    /// Coordinates out of range, or more pairs than [`PAIR_LIMIT`].
    pub(super) fn new(points: Points<'_>, close: Closeness<'_>) -> Result<Self, KnoxError> {
        points.check().map_err(KnoxError::Points)?;
        let grid = Grid::new(&points.places(), points.reach(close.space.reach()));
        let slots = close.space.count() + 1;
        let slot = |a: u32, b: u32| {
            let (a, b) = (grid.order[a as usize], grid.order[b as usize]);
            let apart = points.apart(close.metric, a.min(b) as usize, a.max(b) as usize);
            let slot = close.space.slot(apart);
            // Beyond the last finite edge a pair is either in no band or among what is left.
            let beyond = slot >= slots || (slot + 1 == slots && close.space.endless());
            (!beyond).then_some(slot)
        };
        let count = AtomicUsize::new(0);
        let of_chunk = |chunk: usize| {
            let mut found = vec![Vec::new(); slots];
            let mut starts = Starts::default();
            for event in chunk * CHUNK..((chunk + 1) * CHUNK).min(grid.order.len()) {
                // Once there are too many the rest is counted, to be told, and not kept.
                let kept = count.load(Ordering::Relaxed) <= PAIR_LIMIT;
                let pairs = grid.later(event, &mut starts, |a, b| {
                    if let (true, Some(slot)) = (kept, slot(a, b)) {
                        found[slot].push([a, b]);
                    }
                });
                count.fetch_add(pairs, Ordering::Relaxed);
            }
            found
        };
        let chunks: Vec<Vec<Vec<[u32; 2]>>> = (0..grid.order.len().div_ceil(CHUNK))
            .into_par_iter()
            .map(of_chunk)
            .collect();
        let candidates = count.into_inner();
        if candidates > PAIR_LIMIT {
            return Err(KnoxError::TooManyPairs(candidates));
        }
        let of_slot = |slot: usize| {
            let parts = chunks.iter().map(|chunk| chunk[slot].as_slice());
            parts.collect::<Vec<_>>().concat()
        };
        Ok(Self {
            by_slot: (0..slots).map(of_slot).collect(),
            order: grid.order,
        })
    }
}

/// Events sorted by square.
struct Grid {
    /// The square of each, ascending: z, y and x in one number.
    keys: Vec<u64>,
    places: Vec<[f64; 3]>,
    order: Vec<u32>,
    reach: f64,
}

impl Grid {
    fn new(places: &[[f64; 3]], reach: f64) -> Self {
        let end = |axis: usize, side: fn(f64, f64) -> f64| {
            places.iter().map(|place| place[axis]).reduce(side)
        };
        let corner = [0, 1, 2].map(|axis| end(axis, f64::min).unwrap_or(0.0));
        let extent = [0, 1, 2].map(|axis| end(axis, f64::max).unwrap_or(0.0) - corner[axis]);
        let widest = extent.into_iter().fold(0.0, f64::max);
        // A little wider than the reach, so that rounding puts no two places near each other two squares apart.
        let side = (reach * (1.0 + 1e-6)).max(widest / SQUARES);
        let side = if side > 0.0 { side } else { 1.0 };
        let mut sorted: Vec<(u64, u32)> = places
            .par_iter()
            .zip(0_u32..u32::MAX)
            .map(|(place, event)| (key(place, &corner, side), event))
            .collect();
        sorted.par_sort_unstable();
        let order: Vec<u32> = sorted.iter().map(|(_, event)| *event).collect();
        Self {
            keys: sorted.into_iter().map(|(key, _)| key).collect(),
            places: order.iter().map(|event| places[*event as usize]).collect(),
            order,
            reach,
        }
    }

    /// Tells every pair of an event and a near one that comes after it; how many there were.
    fn later(&self, event: usize, starts: &mut Starts, mut tell: impl FnMut(u32, u32)) -> usize {
        let (mut pairs, reach_squared) = (0, self.reach * self.reach);
        let mut look = |from: usize, last: u64| {
            for other in from..self.keys.len() {
                if self.keys[other] > last {
                    break;
                }
                if squared(self.places[event], self.places[other]) <= reach_squared {
                    pairs += 1;
                    tell(number(event), number(other));
                }
            }
        };
        let key = self.keys[event];
        look(event + 1, key + 1);
        for ((z, y), start) in LATER_ROWS.into_iter().zip(starts) {
            let middle = key.saturating_add_signed((z << (2 * BITS)) + (y << BITS));
            let from = self.first(*start, middle - 1);
            *start = Some(from);
            look(from, middle + 1);
        }
        pairs
    }

    /// The first event of a square or a later one, looked for from where the last one was found.
    fn first(&self, from: Option<usize>, key: u64) -> usize {
        let Some(from) = from else {
            return self.keys.partition_point(|other| *other < key);
        };
        let passed = self.keys[from..].iter().take_while(|other| **other < key);
        from + passed.count()
    }
}

/// Numbers from 1 along each axis: there is a square before the first and one behind the last.
fn key(place: &[f64; 3], corner: &[f64; 3], side: f64) -> u64 {
    [2, 1, 0].into_iter().fold(0, |key, axis| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "at most SQUARES and not negative"
        )]
        let along = ((place[axis] - corner[axis]) / side) as u64 + 1;
        key << BITS | along
    })
}

fn squared(from: [f64; 3], to: [f64; 3]) -> f64 {
    let [x, y, z] = [from[0] - to[0], from[1] - to[1], from[2] - to[2]];
    x * x + y * y + z * z
}

/// Events are at most `u32::MAX`, which was checked.
fn number(event: usize) -> u32 {
    u32::try_from(event).unwrap_or(u32::MAX)
}

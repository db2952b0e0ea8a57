//! Counts of pairs by band, of the times as they are and of many shuffles side by side.
//!
//! A pair's distance stays as it is under a shuffle, so only differences of time are looked at. Several shuffles lie side by
//! side for each event: one look at a pair compares all of them.

use std::array::from_fn;

use rayon::prelude::*;

use super::bands::Bands;
use super::near::NearPairs;
use crate::draws::Draws;
use crate::moran::Sampling;

/// Shuffles side by side: as many times of two bytes as a processor compares at once.
const LANES: usize = 8;

/// Pairs that a sum of two bytes can count.
const COUNTED_AT_ONCE: usize = u16::MAX as usize;

/// A time whose difference from another is compared with a bound.
trait Time: Copy + PartialOrd + Send + Sync {
    fn apart(self, other: Self) -> Self;
}

/// Whole numbers not far apart, as days are.
impl Time for u16 {
    fn apart(self, other: Self) -> Self {
        self.abs_diff(other)
    }
}

impl Time for f64 {
    fn apart(self, other: Self) -> Self {
        (self - other).abs()
    }
}

/// Which differences reach an edge of the bands of time.
#[derive(Debug, Clone, Copy)]
enum Edge<T> {
    All,
    From(T),
    None,
}

/// What is counted: pairs by band of distance, row after row, and band of time.
pub(super) struct Table<'a> {
    pub(super) pairs: &'a NearPairs,
    pub(super) space: &'a Bands,
    pub(super) time: &'a Bands,
    /// All pairs by band of time.
    pub(super) columns: &'a [u64],
}

impl Table<'_> {
    /// Pairs by band, and how many shuffles of the times have at least as many.
    pub(super) fn test(&self, times: &[f64], sampling: Sampling) -> (Vec<u64>, Vec<u32>) {
        match whole(times) {
            Some(days) => self.run(&days, &self.edges(whole_edge), sampling),
            None => self.run(times, &self.edges(edge), sampling),
        }
    }

    fn edges<T>(&self, edge: impl Fn(f64) -> Edge<T>) -> Vec<Edge<T>> {
        self.time.least().map(edge).collect()
    }

    fn run<T: Time>(
        &self,
        times: &[T],
        edges: &[Edge<T>],
        sampling: Sampling,
    ) -> (Vec<u64>, Vec<u32>) {
        let in_order: Vec<T> = self
            .pairs
            .order
            .iter()
            .map(|event| times[*event as usize])
            .collect();
        let alone: Vec<[T; 1]> = in_order.iter().map(|time| [*time]).collect();
        let observed = self.count(&alone, edges);
        let observed: Vec<u64> = observed.into_iter().map(|[count]| count).collect();
        let draws = sampling.permutations.get();
        let lanes = u32::try_from(LANES).unwrap_or(1);
        let extreme = (0..draws.div_ceil(lanes))
            .into_par_iter()
            .map_init(
                || {
                    // The last block may fill some lanes only: in the others too are times, of which counts are possible.
                    let rows = in_order.iter().map(|time| [*time; LANES]);
                    (times.to_vec(), rows.collect::<Vec<_>>())
                },
                |(shuffled, rows), block| {
                    let first = block * lanes;
                    let many = lanes.min(draws - first);
                    for (lane, draw) in (first..first + many).enumerate() {
                        shuffled.copy_from_slice(times);
                        Draws::new(sampling.seed, u64::from(draw)).shuffle(shuffled);
                        for (row, event) in rows.iter_mut().zip(&self.pairs.order) {
                            row[lane] = shuffled[*event as usize];
                        }
                    }
                    let extreme = |(found, seen): (&[u64; LANES], &u64)| {
                        let above = found[..many as usize].iter().filter(|count| *count >= seen);
                        u32::try_from(above.count()).unwrap_or(lanes)
                    };
                    let counts = self.count(rows, edges);
                    counts
                        .iter()
                        .zip(&observed)
                        .map(extreme)
                        .collect::<Vec<u32>>()
                },
            )
            .reduce(
                || vec![0; observed.len()],
                |a, b| a.iter().zip(&b).map(|(a, b)| a + b).collect(),
            );
        (observed, extreme)
    }

    /// Pairs by band, of every lane.
    fn count<T: Time, const N: usize>(&self, rows: &[[T; N]], edges: &[Edge<T>]) -> Vec<[u64; N]> {
        let columns = self.time.count();
        let mut counts = vec![[0; N]; self.space.count() * columns];
        let mut left: Vec<[u64; N]> = self.columns.iter().map(|column| [*column; N]).collect();
        for (slot, pairs) in self.pairs.by_slot.iter().enumerate() {
            let reaching: Vec<[u64; N]> = edges
                .iter()
                .map(|edge| match edge {
                    Edge::All => [pairs.len() as u64; N],
                    Edge::From(least) => reaching(rows, pairs, *least),
                    Edge::None => [0; N],
                })
                .collect();
            for (column, edges) in reaching.windows(2).enumerate() {
                let mut row = edges[0];
                for (count, beyond) in row.iter_mut().zip(edges[1]) {
                    *count -= beyond;
                }
                for (left, count) in left[column].iter_mut().zip(row) {
                    *left -= count;
                }
                if slot > 0 {
                    counts[(slot - 1) * columns + column] = row;
                }
            }
        }
        if self.space.endless() {
            let last = counts.len() - columns;
            counts[last..].copy_from_slice(&left);
        }
        counts
    }
}

/// How many pairs are at least so far apart in time, of every lane.
fn reaching<T: Time, const N: usize>(rows: &[[T; N]], pairs: &[[u32; 2]], least: T) -> [u64; N] {
    let mut sums = [0; N];
    for pairs in pairs.chunks(COUNTED_AT_ONCE) {
        let counts = reaching_of_few(rows, pairs, least);
        sums = from_fn(|lane| sums[lane] + u64::from(counts[lane]));
    }
    sums
}

/// The same of at most [`COUNTED_AT_ONCE`] pairs.
///
/// Lanes are compared in one step of the processor where the compiler sees nothing but this: with the wider sums above in sight
/// it takes two lanes at a time.
#[inline(never)]
fn reaching_of_few<T: Time, const N: usize>(
    rows: &[[T; N]],
    pairs: &[[u32; 2]],
    least: T,
) -> [u16; N] {
    let mut counts = [0; N];
    for [a, b] in pairs {
        let (a, b) = (&rows[*a as usize], &rows[*b as usize]);
        counts = from_fn(|lane| counts[lane] + u16::from(a[lane].apart(b[lane]) >= least));
    }
    counts
}

/// The times as whole numbers from the first on, where they are whole and less than 2¹⁶ apart.
fn whole(times: &[f64]) -> Option<Vec<u16>> {
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
    times.iter().map(offset).collect()
}

fn edge(least: f64) -> Edge<f64> {
    if least > 0.0 {
        Edge::From(least)
    } else {
        Edge::All
    }
}

/// A whole number reaches an edge from the next whole number on.
fn whole_edge(least: f64) -> Edge<u16> {
    let least = least.ceil();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and 65,535"
    )]
    match least {
        none if none > f64::from(u16::MAX) => Edge::None,
        some if some > 0.0 => Edge::From(some as u16),
        _ => Edge::All,
    }
}

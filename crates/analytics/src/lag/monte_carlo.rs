//! A sample of the permutation law, for values and weights that have no exact one.
//!
//! Places with the same number of neighbours k share R draws of k + 1 ranks from all n. For a place whose own rank
//! is among the first k, the last one takes its seat: what remains is a uniform ordered draw of k from the other
//! n − 1, for every place, with exactly R draws each. Ranks are positions in the sorted values, so neither the
//! order of the places nor the number of threads changes a digit.

use std::num::NonZeroU32;

use rayon::prelude::*;

use crate::draws::Draws;
use crate::neighbours::Neighbours;

/// Sums closer than this share of their scale count as equal: the order of addition must not decide a tie.
const TIE: f64 = 1e-12;

/// P(S ≥ observed) and P(S ≤ observed) of every unit, each (1 + #) / (1 + R); (1, 1) for units without neighbours.
pub(super) fn tails(
    values: &[f64],
    neighbours: &Neighbours,
    permutations: NonZeroU32,
    seed: u64,
) -> Vec<(f64, f64)> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let mut by_degree: Vec<Vec<u32>> = vec![Vec::new(); neighbours.max_degree() + 1];
    for (unit, number) in (0..neighbours.len()).zip(0_u32..) {
        by_degree[neighbours.degree(unit)].push(number);
    }
    let mut tails = vec![(1.0, 1.0); values.len()];
    for (k, units) in by_degree
        .iter()
        .enumerate()
        .skip(1)
        .filter(|(_, units)| !units.is_empty())
    {
        let sample = Sample::draw(&sorted, k, permutations, seed);
        let found: Vec<(f64, f64)> = units
            .par_iter()
            .map(|unit| sample.tails(values, neighbours, *unit as usize))
            .collect();
        for (unit, pair) in units.iter().zip(found) {
            tails[*unit as usize] = pair;
        }
    }
    tails
}

/// R draws of k + 1 distinct ranks.
struct Sample<'a> {
    sorted: &'a [f64],
    k: usize,
    permutations: u32,
    /// Draw after draw, k + 1 ranks each; the last is the substitute.
    ranks: Vec<u32>,
    /// Sums of the first k of every draw, ascending.
    sums: Vec<f64>,
    /// Where each rank occurs among the first k of a draw: (rank, draw), sorted.
    seats: Vec<(u32, u32)>,
    /// The largest absolute value, the scale of rounding.
    scale: f64,
}

impl<'a> Sample<'a> {
    fn draw(sorted: &'a [f64], k: usize, permutations: NonZeroU32, seed: u64) -> Self {
        let permutations = permutations.get();
        let bound = u32::try_from(sorted.len()).unwrap_or(u32::MAX);
        let mut draws = Draws::new(seed, k as u64);
        let mut taken = vec![0_u32; sorted.len()];
        let mut ranks = Vec::with_capacity((k + 1) * permutations as usize);
        for draw in 1..=permutations {
            for _ in 0..=k {
                // k neighbours and the place itself are distinct, so k + 1 ≤ n and a free rank exists.
                let rank = loop {
                    let rank = draws.below(bound);
                    if taken[rank as usize] != draw {
                        break rank;
                    }
                };
                taken[rank as usize] = draw;
                ranks.push(rank);
            }
        }
        let first = |draw: &[u32]| draw[..k].iter().map(|rank| sorted[*rank as usize]).sum();
        let mut sums: Vec<f64> = ranks.chunks_exact(k + 1).map(first).collect();
        sums.sort_unstable_by(f64::total_cmp);
        let mut seats: Vec<(u32, u32)> = ranks
            .chunks_exact(k + 1)
            .zip(0_u32..)
            .flat_map(|(draw, number)| draw[..k].iter().map(move |rank| (*rank, number)))
            .collect();
        seats.sort_unstable();
        let scale = sorted
            .iter()
            .fold(0.0_f64, |scale, value| scale.max(value.abs()));
        Self {
            sorted,
            k,
            permutations,
            ranks,
            sums,
            seats,
            scale,
        }
    }

    fn tails(&self, values: &[f64], neighbours: &Neighbours, unit: usize) -> (f64, f64) {
        // Places with equal values are exchangeable: all of them take the first rank of their value.
        let own = self
            .sorted
            .partition_point(|value| value.total_cmp(&values[unit]).is_lt());
        let own = u32::try_from(own).unwrap_or(u32::MAX);
        let (above, below) = match neighbours.common_weight(unit) {
            Some(_) => {
                let observed = neighbours
                    .of(unit)
                    .iter()
                    .map(|other| values[*other as usize])
                    .sum();
                self.equal(own, observed)
            }
            None => self.unequal(own, values, neighbours, unit),
        };
        let all = f64::from(self.permutations) + 1.0;
        (f64::from(above + 1) / all, f64::from(below + 1) / all)
    }

    /// Counts of draws at least as high and at least as low, where only the sum of the draw matters.
    fn equal(&self, own: u32, observed: f64) -> (u32, u32) {
        let tie = TIE * self.scale * f64::from(u32::try_from(self.k).unwrap_or(u32::MAX));
        let count = |part: usize| u32::try_from(part).unwrap_or(u32::MAX);
        let mut above =
            self.permutations - count(self.sums.partition_point(|sum| *sum < observed - tie));
        let mut below = count(self.sums.partition_point(|sum| *sum <= observed + tie));
        let start = self.seats.partition_point(|seat| seat.0 < own);
        for (_, number) in self.seats[start..].iter().take_while(|seat| seat.0 == own) {
            let draw = self.draw_of(*number);
            let sum: f64 = draw[..self.k].iter().map(|rank| self.value(*rank)).sum();
            let replaced = draw[..self.k]
                .iter()
                .map(|rank| self.value(if *rank == own { draw[self.k] } else { *rank }));
            let instead: f64 = replaced.sum();
            above = above + u32::from(instead >= observed - tie) - u32::from(sum >= observed - tie);
            below = below + u32::from(instead <= observed + tie) - u32::from(sum <= observed + tie);
        }
        (above, below)
    }

    /// The same where each seat has its own weight; weights are seated from heavy to light, whatever the links' order.
    fn unequal(
        &self,
        own: u32,
        values: &[f64],
        neighbours: &Neighbours,
        unit: usize,
    ) -> (u32, u32) {
        let mut weights: Vec<f64> = neighbours.weighted(unit).map(|link| link.1).collect();
        weights.sort_unstable_by(|a, b| b.total_cmp(a));
        let observed: f64 = neighbours
            .weighted(unit)
            .map(|(other, weight)| weight * values[other])
            .sum();
        let tie = TIE * self.scale * weights.iter().sum::<f64>();
        let (mut above, mut below) = (0, 0);
        for draw in self.ranks.chunks_exact(self.k + 1) {
            let (seats, substitute) = draw.split_at(self.k);
            let mut sum = 0.0;
            for (rank, weight) in seats.iter().zip(&weights) {
                let rank = if *rank == own { substitute[0] } else { *rank };
                sum += weight * self.value(rank);
            }
            above += u32::from(sum >= observed - tie);
            below += u32::from(sum <= observed + tie);
        }
        (above, below)
    }

    fn draw_of(&self, number: u32) -> &[u32] {
        let width = self.k + 1;
        &self.ranks[number as usize * width..][..width]
    }

    fn value(&self, rank: u32) -> f64 {
        self.sorted[rank as usize]
    }
}

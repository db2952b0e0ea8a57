//! Gi* of counts over steps, without a graph of every step.
//!
//! A step's neighbours are its place's at that step and the one before, and the place itself at the one before. Sums over places
//! are therefore taken for all steps at once, and two of them added. The law of a sum depends on the own value, the number of
//! neighbours and the sum alone: of millions of steps there are some thousands of outcomes, and each is judged once.

use rayon::prelude::*;

use super::{Emerging, Levels, Step, Steps, significant};
use crate::error::LocalError;
use crate::fdr::fdr_of_tallies;
use crate::gi::moments::{Moments, Neighbourhood};
use crate::gi::{Gi, Own};
use crate::lag::exact::{Counts, Law};
use crate::neighbours::Neighbours;
use crate::reason::Reason;

/// About how many steps are added up as one piece of parallel work.
const CHUNK: usize = 65_536;

/// The steps of every place of a map.
pub(super) struct Cube {
    law: Law,
    counts: Counts,
    steps: usize,
    scores: Scores,
}

/// What is said of an outcome.
#[derive(Debug, Clone, Copy)]
struct Judged {
    q: f64,
    step: Step,
}

impl Cube {
    /// The counts of `steps` steps of each unit of a graph without weights, one unit after the other.
    ///
    /// # Errors
    /// As the exact law of [`gi_star`](crate::gi_star).
    pub(super) fn new(
        values: &[f64],
        neighbours: &Neighbours,
        steps: usize,
    ) -> Result<Self, LocalError> {
        LocalError::check(values, neighbours.len() * steps)?;
        let most = match neighbours.max_degree() {
            0 => 0,
            degree => 2 * degree + 1,
        };
        let counts = Counts::of(values, most)?;
        let places = (CHUNK / steps).max(1);
        let (moments, law) = rayon::join(
            || Moments::new(values),
            || {
                Law::of_sums(&counts, places * steps, |first, sums, degrees| {
                    let places = sums
                        .chunks_exact_mut(steps)
                        .zip(degrees.chunks_exact_mut(steps));
                    for (unit, (sums, degrees)) in (first / steps..).zip(places) {
                        add(counts.values(), neighbours.of(unit), unit, (sums, degrees));
                    }
                })
            },
        );
        let scores = Scores::new(&moments, &law, &counts);
        Ok(Self {
            law,
            counts,
            steps,
            scores,
        })
    }

    /// The two-sided p of every step, where it has one.
    pub(super) fn p_values(&self) -> Vec<Option<f64>> {
        let of_outcomes: Vec<f64> = self.law.outcomes().map(two_sided).collect();
        (0..self.counts.values().len())
            .into_par_iter()
            .map(|bin| self.z(bin).ok().map(|_| of_outcomes[self.law.outcome(bin)]))
            .collect()
    }

    /// What became of every place.
    pub(super) fn places(&self, levels: Levels) -> Vec<Result<Emerging, Reason>> {
        let judged = self.judge(levels);
        let place = |unit: usize| {
            let bins = unit * self.steps..(unit + 1) * self.steps;
            let mut of_place = Steps::with_capacity(self.steps);
            for bin in bins {
                let z = self.z(bin)?;
                let Judged { q, step } = judged[self.law.outcome(bin)];
                of_place.push(z, q, step);
            }
            Ok(of_place.named(levels))
        };
        (0..self.counts.values().len() / self.steps)
            .into_par_iter()
            .map(place)
            .collect()
    }

    /// Every outcome, judged among all steps that have one.
    fn judge(&self, levels: Levels) -> Vec<Judged> {
        let tails: Vec<(f64, f64)> = self.law.outcomes().collect();
        let p_values: Vec<f64> = tails.iter().copied().map(two_sided).collect();
        let none = || vec![0_u64; tails.len()];
        let tests = (0..self.counts.values().len())
            .into_par_iter()
            .with_min_len(CHUNK)
            .fold(none, |mut tests, bin| {
                if self.z(bin).is_ok() {
                    tests[self.law.outcome(bin)] += 1;
                }
                tests
            })
            .reduce(none, |mut tests, more| {
                for (sum, more) in tests.iter_mut().zip(more) {
                    *sum += more;
                }
                tests
            });
        let q_values = fdr_of_tallies(&p_values, &tests);
        let judge = |(tails, q): (&(f64, f64), f64)| Judged {
            q,
            step: significant(gi(*tails).tail(), q, levels),
        };
        tails.iter().zip(q_values).map(judge).collect()
    }

    /// How far a step's sum is from its expectation, or why that cannot be told.
    fn z(&self, bin: usize) -> Result<f64, Reason> {
        let sum = self.law.sum(bin) + self.counts.values()[bin];
        self.scores.of(self.law.degree(bin), sum)
    }
}

/// The sums and numbers of neighbours of a unit's steps.
fn add(counts: &[u32], row: &[u32], unit: usize, (sums, degrees): (&mut [u32], &mut [u32])) {
    let steps = sums.len();
    let of = |unit: usize| &counts[unit * steps..(unit + 1) * steps];
    for other in row {
        for (sum, count) in sums.iter_mut().zip(of(*other as usize)) {
            *sum += count;
        }
    }
    if row.is_empty() {
        return;
    }
    // From the last step down, so that each still finds the one before as it was.
    for step in (1..steps).rev() {
        sums[step] += sums[step - 1] + of(unit)[step - 1];
    }
    let degree = u32::try_from(row.len()).unwrap_or(u32::MAX);
    degrees[0] = degree;
    degrees[1..].fill(2 * degree + 1);
}

/// The z of every number of neighbours and sum, own value included, that may occur.
struct Scores {
    by_degree: Vec<Result<Vec<f64>, Reason>>,
}

impl Scores {
    fn new(moments: &Moments, law: &Law, counts: &Counts) -> Self {
        let of_degree = |(degree, highest): (u32, Option<u32>)| {
            // A place has no neighbours, or there is none with so many.
            let highest = highest.ok_or(Reason::Isolated)?;
            let weights = f64::from(degree) + 1.0;
            let of_sum = |sum: u32| {
                let hood = Neighbourhood {
                    weights,
                    squares: weights,
                    lag: f64::from(sum),
                };
                moments.of(hood, 0.0, Own::Included).map(|found| found.z)
            };
            (0..=highest).map(of_sum).collect()
        };
        Self {
            by_degree: (0..).zip(law.highest(counts)).map(of_degree).collect(),
        }
    }

    fn of(&self, degree: usize, sum: u32) -> Result<f64, Reason> {
        self.by_degree[degree]
            .as_ref()
            .map(|scores| scores[sum as usize])
            .map_err(|reason| *reason)
    }
}

fn gi((p_upper, p_lower): (f64, f64)) -> Gi {
    Gi {
        statistic: 0.0,
        expected: 0.0,
        z: 0.0,
        p_upper,
        p_lower,
    }
}

fn two_sided(tails: (f64, f64)) -> f64 {
    gi(tails).p_two_sided()
}

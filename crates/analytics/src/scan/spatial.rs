//! The purely spatial scan: cases beside a population, or beside controls.

use rayon::prelude::*;

use super::clusters::{Candidate, FEWEST_CASES, apart, judged};
use super::significance::Maxima;
use super::zones::{Circles, circles};
use super::{Cluster, ScanError, ScanOptions, likelihood};
use crate::draws::Draws;
use crate::neighbours::Points;
use crate::reason::Reason;

/// What cases are compared with.
#[derive(Debug, Clone, Copy)]
pub enum SpatialModel<'a> {
    /// Cases are rare among a population at risk, and expected in proportion to it.
    Poisson {
        /// Cases of each place.
        cases: &'a [u32],
        /// People of each place, or another measure of exposure.
        population: &'a [f64],
    },
    /// Cases and controls are all there are.
    Bernoulli {
        /// Cases of each place.
        cases: &'a [u32],
        /// Controls of each place.
        controls: &'a [u32],
    },
}

/// The clusters of a map, from the highest likelihood ratio down; they share no place.
///
/// Zones are circles around each place that hold at most [`ScanOptions::max_share`] of the population (of cases and
/// controls); places at equal distance enter together. Only zones with at least two cases, and more than expected,
/// are clusters. Random maps have the same number of cases: put on the population at random (Poisson), or dealt among
/// cases and controls (Bernoulli).
///
/// *Edge cases*: no case, or nobody to compare with, is [`Reason::InsufficientVariation`]. A place with cases and
/// without population is refused.
///
/// *Cost*: O(n² log n) for the zones of n places, O(R·(n·z + C log n)) for R random maps, z places in the largest zone
/// and C cases; in parallel, the same at any thread count.
///
/// # Errors
/// [`ScanError`].
///
/// # References
/// Kulldorff 1997, <https://doi.org/10.1080/03610929708831995>.
///
/// ```
/// use naqsha_analytics::{Metric, Points, Sampling, ScanOptions, SpatialModel, spatial_scan};
/// use std::num::NonZeroU32;
/// let places = [[0.0, 0.0], [1.0, 0.0], [10.0, 0.0], [11.0, 0.0]];
/// let model = SpatialModel::Poisson { cases: &[9, 8, 1, 2], population: &[100.0; 4] };
/// let sampling = Sampling { permutations: NonZeroU32::new(99).ok_or("zero")?, seed: 1 };
/// let options = ScanOptions { metric: Metric::Straight, max_share: 0.5, sampling };
/// let found = spatial_scan(Points::Planar(&places), model, options)?;
/// assert_eq!((&found[0].places, found[0].observed, found[0].expected), (&vec![0, 1], 17, 10.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn spatial_scan(
    points: Points<'_>,
    model: SpatialModel<'_>,
    options: ScanOptions,
) -> Result<Vec<Cluster>, ScanError> {
    options.check()?;
    let map = Map::new(points, model)?;
    let circles = circles(points, options.metric, &map.weights, options.max_share)?;
    let best = |centre: usize, allowed: usize| map.best(&circles[centre], allowed);
    let chosen = apart(&circles, best);
    let maxima = (0..options.sampling.permutations.get())
        .into_par_iter()
        .map_init(
            || map.scratch(),
            |scratch, draw| {
                let mut draws = Draws::new(options.sampling.seed, u64::from(draw));
                map.largest(&circles, scratch, &mut draws)
            },
        )
        .collect();
    Ok(judged(
        &circles,
        chosen,
        &Maxima::new(maxima),
        (map.all_cases, |from, to| {
            points.apart(options.metric, from, to)
        }),
    ))
}

struct Map<'a> {
    cases: &'a [u32],
    /// Population, or cases and controls.
    weights: Vec<f64>,
    chance: Chance,
    all_cases: f64,
    all: f64,
}

/// How cases fall on a random map.
enum Chance {
    /// The population up to and including each place.
    Poisson(Vec<f64>),
    /// The place of every case and control.
    Bernoulli(Vec<u32>),
}

/// What one random map needs.
struct Scratch {
    cases: Vec<u32>,
    people: Vec<u32>,
    /// The smallest weight of a zone for each number of cases in it: of equal numbers it has the highest ratio.
    lightest: Vec<f64>,
}

impl<'a> Map<'a> {
    #[expect(
        clippy::cast_precision_loss,
        reason = "numbers of cases are far below 2^53"
    )]
    fn new(points: Points<'_>, model: SpatialModel<'a>) -> Result<Self, ScanError> {
        let length = |values: usize| {
            if values == points.len() {
                Ok(())
            } else {
                Err(ScanError::LengthMismatch {
                    places: points.len(),
                    values,
                })
            }
        };
        let (cases, weights, chance) = match model {
            SpatialModel::Poisson { cases, population } => {
                length(cases.len())?;
                length(population.len())?;
                let valid = |people: &f64| people.is_finite() && *people >= 0.0;
                if let Some(at) = population.iter().position(|people| !valid(people)) {
                    return Err(ScanError::InvalidPopulation(at));
                }
                if let Some(at) =
                    (0..cases.len()).find(|at| cases[*at] > 0 && population[*at] <= 0.0)
                {
                    return Err(ScanError::NoPopulation(at));
                }
                let mut sum = 0.0;
                let up_to = population.iter().map(|people| {
                    sum += people;
                    sum
                });
                (cases, population.to_vec(), Chance::Poisson(up_to.collect()))
            }
            SpatialModel::Bernoulli { cases, controls } => {
                length(cases.len())?;
                length(controls.len())?;
                let here = |(place, (cases, controls)): (u32, (&u32, &u32))| {
                    std::iter::repeat_n(place, *cases as usize + *controls as usize)
                };
                let pairs = || cases.iter().zip(controls);
                (
                    cases,
                    pairs()
                        .map(|(a, b)| f64::from(*a) + f64::from(*b))
                        .collect(),
                    Chance::Bernoulli((0..).zip(pairs()).flat_map(here).collect()),
                )
            }
        };
        let all_cases = cases.iter().map(|cases| u64::from(*cases)).sum::<u64>() as f64;
        let all: f64 = weights.iter().sum();
        let nothing_beside = matches!(chance, Chance::Bernoulli(_)) && all_cases >= all;
        if all_cases <= 0.0 || nothing_beside {
            return Err(ScanError::Undefined(Reason::InsufficientVariation));
        }
        Ok(Self {
            cases,
            weights,
            chance,
            all_cases,
            all,
        })
    }

    fn ratio(&self, cases: f64, weight: f64) -> f64 {
        match self.chance {
            Chance::Poisson(_) => {
                likelihood::poisson(cases, weight * self.all_cases / self.all, self.all_cases)
            }
            Chance::Bernoulli(_) => likelihood::bernoulli(cases, weight, self.all_cases, self.all),
        }
    }

    /// Cases and weight of each circle around a place.
    fn sums<'b>(
        &'b self,
        around: &'b Circles,
        cases: &'b [u32],
    ) -> impl Iterator<Item = (u64, f64)> + 'b {
        let (mut count, mut weight, mut start) = (0_u64, 0.0, 0);
        around.ends.iter().map(move |end| {
            for place in &around.places[start..*end as usize] {
                count += u64::from(cases[*place as usize]);
                weight += self.weights[*place as usize];
            }
            start = *end as usize;
            (count, weight)
        })
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "numbers of cases are far below 2^53"
    )]
    fn best(&self, around: &Circles, allowed: usize) -> Option<Candidate> {
        let mut best: Option<Candidate> = None;
        for (circle, (observed, weight)) in self.sums(around, self.cases).take(allowed).enumerate()
        {
            let ratio = self.ratio(observed as f64, weight);
            if observed >= FEWEST_CASES && Candidate::replaced_by(best.as_ref(), ratio) {
                best = Some(Candidate {
                    ratio,
                    circle,
                    window: None,
                    observed,
                    expected: weight * self.all_cases / self.all,
                });
            }
        }
        best
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the number of cases is a sum of integers"
    )]
    fn scratch(&self) -> Scratch {
        Scratch {
            cases: vec![0; self.cases.len()],
            people: match &self.chance {
                Chance::Poisson(_) => Vec::new(),
                Chance::Bernoulli(people) => people.clone(),
            },
            lightest: vec![f64::INFINITY; self.all_cases as usize + 1],
        }
    }

    /// The largest ratio on a random map.
    fn largest(&self, circles: &[Circles], scratch: &mut Scratch, draws: &mut Draws) -> f64 {
        scratch.cases.fill(0);
        scratch.lightest.fill(f64::INFINITY);
        let cases = scratch.lightest.len() - 1;
        match &self.chance {
            Chance::Poisson(up_to) => {
                for _ in 0..cases {
                    let at = draws.unit() * self.all;
                    let place = up_to.partition_point(|sum| *sum <= at);
                    scratch.cases[place.min(up_to.len() - 1)] += 1;
                }
            }
            Chance::Bernoulli(people) => {
                scratch.people.copy_from_slice(people);
                for drawn in 0..cases {
                    let rest = u32::try_from(people.len() - drawn).unwrap_or(u32::MAX);
                    scratch
                        .people
                        .swap(drawn, drawn + draws.below(rest) as usize);
                    scratch.cases[scratch.people[drawn] as usize] += 1;
                }
            }
        }
        for around in circles {
            for (count, weight) in self.sums(around, &scratch.cases) {
                // Counts of a zone are at most all cases, which index the list.
                let lightest = &mut scratch.lightest[usize::try_from(count).unwrap_or(cases)];
                *lightest = lightest.min(weight);
            }
        }
        let mut count = 0.0;
        let mut largest = 0.0_f64;
        for (cases, weight) in scratch.lightest.iter().enumerate() {
            if cases as u64 >= FEWEST_CASES && weight.is_finite() {
                largest = largest.max(self.ratio(count, *weight));
            }
            count += 1.0;
        }
        largest
    }
}

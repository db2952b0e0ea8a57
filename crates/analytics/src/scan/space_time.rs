//! The space-time permutation scan: cases alone, without a population.

use rayon::prelude::*;

use super::clusters::{Candidate, FEWEST_CASES, apart, judged};
use super::significance::Maxima;
use super::zones::{Circles, circles};
use super::{Cluster, ScanError, ScanOptions, likelihood};
use crate::draws::Draws;
use crate::neighbours::Points;
use crate::reason::Reason;

/// A case: its place, by position in the list of points, and its unit of time (a day, for instance).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Case {
    /// Which place.
    pub place: u32,
    /// When.
    pub time: i64,
}

/// The units of time that are studied, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// The first.
    pub start: i64,
    /// The last.
    pub end: i64,
}

/// Which stretches of time may be clusters. None is longer than half the period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Those that last until the end of the period: what is going on now?
    Prospective,
    /// Any.
    Retrospective,
}

/// The clusters in space and time, from the highest likelihood ratio down; they share no place.
///
/// Expected is what place and time alone predict: cases of the circle × cases of the window / all cases. So no
/// population is needed, and neither busy places nor busy times are clusters. Circles hold at most
/// [`ScanOptions::max_share`] of the cases; places at equal distance enter together. Windows begin (and, looking back,
/// end) at a time that has a case: others hold the same cases. Random maps shuffle the times over the cases.
///
/// *Edge cases*: without cases, [`Reason::InsufficientVariation`]. *Cost*: O(n² log n) for the circles of n places,
/// O(R·n·z·w) for R random maps, z places in the largest circle and w windows; the same at any thread count.
///
/// # Errors
/// [`ScanError`].
///
/// # References
/// Kulldorff et al. 2005, <https://doi.org/10.1371/journal.pmed.0020059>.
pub fn space_time_scan(
    points: Points<'_>,
    cases: &[Case],
    period: Period,
    look: Look,
    options: ScanOptions,
) -> Result<Vec<Cluster>, ScanError> {
    options.check()?;
    let cube = Cube::new(points, cases, period, look)?;
    let circles = circles(points, options.metric, &cube.weights, options.max_share)?;
    let best = |centre: usize, allowed: usize| cube.best(&circles[centre], allowed);
    let chosen = apart(&circles, best);
    let maxima = (0..options.sampling.permutations.get())
        .into_par_iter()
        .map_init(
            || (cube.times.clone(), vec![u64::MAX; cube.times.len() + 1]),
            |(times, smallest), draw| {
                times.copy_from_slice(&cube.times);
                Draws::new(options.sampling.seed, u64::from(draw)).shuffle(times);
                cube.largest(&circles, times, smallest)
            },
        )
        .collect();
    Ok(judged(&circles, chosen, &Maxima::new(maxima), cube.all))
}

struct Cube {
    /// Distinct times, ascending.
    instants: Vec<i64>,
    /// The time of every case as a position among the distinct ones; cases are in order of place.
    times: Vec<u32>,
    /// Where the cases of each place start; one more than places.
    starts: Vec<usize>,
    /// Cases of each place.
    weights: Vec<f64>,
    windows: Vec<Window>,
    period: Period,
    look: Look,
    all: f64,
}

/// Consecutive distinct times.
#[derive(Debug, Clone, Copy)]
struct Window {
    first: usize,
    last: usize,
    cases: u64,
}

/// Cases of a growing circle, by window.
struct Tally {
    /// By distinct time, where windows have two ends.
    counts: Vec<u64>,
    in_window: Vec<u64>,
}

impl Tally {
    fn new(cube: &Cube) -> Self {
        Self {
            counts: vec![0; cube.instants.len()],
            in_window: vec![0; cube.windows.len()],
        }
    }

    /// Adds a case; how many windows, from the first, may hold it.
    fn enter(&mut self, cube: &Cube, time: usize) -> usize {
        match cube.look {
            // Windows are in the order of their start and all last to the end: those that began hold the case.
            Look::Prospective => {
                let begun = cube.windows.partition_point(|window| window.first <= time);
                for cases in &mut self.in_window[..begun] {
                    *cases += 1;
                }
                begun
            }
            Look::Retrospective => {
                self.counts[time] += 1;
                self.in_window.len()
            }
        }
    }

    /// Sums the cases of windows with two ends.
    fn settle(&mut self, cube: &Cube) {
        if cube.look == Look::Prospective {
            return;
        }
        let mut first = usize::MAX;
        let mut last = 0;
        let mut sum = 0;
        // Windows of one start follow each other, each one time longer than the one before.
        for (window, cases) in cube.windows.iter().zip(&mut self.in_window) {
            if window.first == first {
                sum += self.counts[last + 1..=window.last].iter().sum::<u64>();
            } else {
                sum = self.counts[window.first..=window.last].iter().sum();
            }
            (first, last, *cases) = (window.first, window.last, sum);
        }
    }
}

impl Cube {
    #[expect(
        clippy::cast_precision_loss,
        reason = "numbers of cases are far below 2^53"
    )]
    fn new(
        points: Points<'_>,
        cases: &[Case],
        period: Period,
        look: Look,
    ) -> Result<Self, ScanError> {
        if period.end < period.start {
            return Err(ScanError::EmptyPeriod);
        }
        let inside = |case: &Case| {
            (case.place as usize) < points.len() && (period.start..=period.end).contains(&case.time)
        };
        if let Some(at) = cases.iter().position(|case| !inside(case)) {
            return Err(ScanError::CaseOutside(at));
        }
        if cases.is_empty() {
            return Err(ScanError::Undefined(Reason::InsufficientVariation));
        }
        let mut sorted = cases.to_vec();
        sorted.sort_unstable();
        let mut instants: Vec<i64> = sorted.iter().map(|case| case.time).collect();
        instants.sort_unstable();
        let mut tally = vec![0_u64; 0];
        let mut distinct = Vec::new();
        for same in instants.chunk_by(|a, b| a == b) {
            distinct.push(same[0]);
            tally.push(same.len() as u64);
        }
        let position = |time: i64| {
            u32::try_from(distinct.partition_point(|instant| *instant < time)).unwrap_or(u32::MAX)
        };
        let mut starts = vec![0; points.len() + 1];
        for case in &sorted {
            starts[case.place as usize + 1] += 1;
        }
        for place in 0..points.len() {
            starts[place + 1] += starts[place];
        }
        Ok(Self {
            times: sorted.iter().map(|case| position(case.time)).collect(),
            weights: starts
                .windows(2)
                .map(|pair| (pair[1] - pair[0]) as f64)
                .collect(),
            starts,
            windows: windows(&distinct, &tally, period, look),
            instants: distinct,
            period,
            look,
            all: cases.len() as f64,
        })
    }

    /// Visits the circles around a place, up to a number, and every window: circle, window, cases in both, and cases of
    /// the circle × cases of the window.
    ///
    /// A window to which a circle adds no case is passed over: the circle before held the same and expected less.
    fn visit(
        &self,
        around: &Circles,
        allowed: usize,
        times: &[u32],
        mut found: impl FnMut(usize, &Window, u64, u64),
    ) {
        let mut tally = Tally::new(self);
        let (mut start, mut inside) = (0, 0_u64);
        for (circle, end) in around.ends.iter().take(allowed).enumerate() {
            let mut changed = 0;
            for place in &around.places[start..*end as usize] {
                let cases = self.starts[*place as usize]..self.starts[*place as usize + 1];
                inside += cases.len() as u64;
                for time in &times[cases] {
                    changed = tally.enter(self, *time as usize).max(changed);
                }
            }
            start = *end as usize;
            if changed > 0 {
                tally.settle(self);
                for (window, cases) in self.windows[..changed].iter().zip(&tally.in_window) {
                    found(circle, window, *cases, inside * window.cases);
                }
            }
        }
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "numbers of cases are far below 2^53"
    )]
    fn best(&self, around: &Circles, allowed: usize) -> Option<Candidate> {
        let mut best: Option<Candidate> = None;
        self.visit(
            around,
            allowed,
            &self.times,
            |circle, window, observed, product| {
                let expected = product as f64 / self.all;
                let ratio = likelihood::poisson(observed as f64, expected, self.all);
                if observed >= FEWEST_CASES && Candidate::replaced_by(best.as_ref(), ratio) {
                    best = Some(Candidate {
                        ratio,
                        circle,
                        window: Some(self.named(window)),
                        observed,
                        expected,
                    });
                }
            },
        );
        best
    }

    fn named(&self, window: &Window) -> [i64; 2] {
        let last = match self.look {
            Look::Prospective => self.period.end,
            Look::Retrospective => self.instants[window.last],
        };
        [self.instants[window.first], last]
    }

    /// The largest ratio with other times.
    #[expect(
        clippy::cast_precision_loss,
        reason = "numbers of cases are far below 2^53"
    )]
    fn largest(&self, circles: &[Circles], times: &[u32], smallest: &mut [u64]) -> f64 {
        // Of zones with equal numbers of cases the one with the smallest expectation has the highest ratio.
        smallest.fill(u64::MAX);
        for around in circles {
            self.visit(around, usize::MAX, times, |_, _, cases, product| {
                let smallest = &mut smallest[usize::try_from(cases).unwrap_or(0)];
                *smallest = product.min(*smallest);
            });
        }
        smallest
            .iter()
            .enumerate()
            .filter(|(cases, product)| *cases as u64 >= FEWEST_CASES && **product < u64::MAX)
            .map(|(cases, product)| {
                likelihood::poisson(cases as f64, *product as f64 / self.all, self.all)
            })
            .fold(0.0, f64::max)
    }
}

/// The stretches of time between cases that are at most half the period long.
fn windows(instants: &[i64], tally: &[u64], period: Period, look: Look) -> Vec<Window> {
    let longest = (period.end - period.start + 1) / 2;
    let mut windows = Vec::new();
    for first in 0..instants.len() {
        let mut cases = 0;
        for last in first..instants.len() {
            cases += tally[last];
            let end = match look {
                Look::Prospective if last + 1 < instants.len() => continue,
                Look::Prospective => period.end,
                Look::Retrospective => instants[last],
            };
            if end - instants[first] < longest {
                windows.push(Window { first, last, cases });
            }
        }
    }
    windows
}

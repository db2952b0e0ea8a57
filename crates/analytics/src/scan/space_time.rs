//! The space-time permutation scan: cases alone, without a population.

use rayon::prelude::*;

use super::clusters::{Candidate, apart, judged};
use super::limits::Limits;
use super::search::{Calendar, Cases, Hit, Known, Scratch, Walk};
use super::significance::Maxima;
use super::zones::circles;
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
/// *Edge cases*: without cases, [`Reason::InsufficientVariation`]; without a time that a window of half the period can
/// hold, no cluster. *Cost*: O(n² log n) for the circles of n places; for each of R random maps at most O(n·log(C)·w) for C
/// cases and w windows (of T distinct times T/2 looking ahead, 3T²/8 looking back), of which those are passed over that
/// cannot hold the highest ratio. The same at any thread count.
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
    let walks: Vec<Walk> = circles
        .par_iter()
        .map(|around| Walk::new(around, &cube.starts))
        .collect();
    let best = |centre: usize, allowed: usize| cube.best(&walks[centre], allowed);
    let chosen = apart(&circles, best);
    let maxima = (0..options.sampling.permutations.get())
        .into_par_iter()
        .map_init(
            || (cube.times.clone(), Scratch::default()),
            |(times, scratch), draw| {
                times.copy_from_slice(&cube.times);
                Draws::new(options.sampling.seed, u64::from(draw)).shuffle(times);
                cube.largest(&walks, times, scratch)
            },
        )
        .collect();
    let distance = |from, to| points.apart(options.metric, from, to);
    let maxima = Maxima::new(maxima);
    Ok(judged(&circles, chosen, &maxima, (cube.all, distance)))
}

/// Cases by place and time, with the question that is put to them.
struct Cube {
    /// Distinct times, ascending.
    instants: Vec<i64>,
    /// The time of every case as a position among the distinct ones; cases are in order of place.
    times: Vec<u32>,
    /// Where the cases of each place start; one more than places.
    starts: Vec<usize>,
    /// Cases of each place.
    weights: Vec<f64>,
    calendar: Calendar,
    limits: Limits,
    period: Period,
    all: f64,
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
        let mut distinct = instants.clone();
        distinct.dedup();
        let calendar = calendar(&distinct, &instants, period, look);
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
            calendar,
            limits: Limits::new(cases.len() as u64),
            instants: distinct,
            period,
            all: cases.len() as f64,
        })
    }

    fn cases<'a>(&'a self, times: &'a [u32]) -> Cases<'a> {
        Cases {
            calendar: &self.calendar,
            starts: &self.starts,
            times,
        }
    }

    /// The ratio of a zone and its expectation.
    #[expect(
        clippy::cast_precision_loss,
        reason = "numbers of cases are far below 2^53"
    )]
    fn judge(&self, hit: Hit) -> (f64, f64) {
        let expected = hit.product as f64 / self.all;
        (
            likelihood::poisson(hit.cases as f64, expected, self.all),
            expected,
        )
    }

    /// The zone with the highest ratio of the first circles around a place.
    fn best(&self, walk: &Walk, circles: usize) -> Option<Candidate> {
        let mut best: Option<Candidate> = None;
        let cases = self.cases(&self.times);
        let found = |hit: Hit| {
            let (ratio, expected) = self.judge(hit);
            if Candidate::replaced_by(best.as_ref(), ratio) {
                best = Some(Candidate {
                    ratio,
                    circle: hit.circle,
                    window: Some(self.named(hit.times)),
                    observed: hit.cases,
                    expected,
                });
            }
            self.limits.above(best.map_or(0.0, |best| best.ratio))
        };
        let limits = self.limits.above(0.0);
        let mut known = Known { limits, found };
        walk.search(&cases, circles, &mut known, &mut Scratch::default());
        best
    }

    fn named(&self, [first, last]: [usize; 2]) -> [i64; 2] {
        let last = if self.calendar.is_open {
            self.period.end
        } else {
            self.instants[last]
        };
        [self.instants[first], last]
    }

    /// The largest ratio with other times.
    fn largest(&self, walks: &[Walk], times: &[u32], scratch: &mut Scratch) -> f64 {
        let mut largest = 0.0_f64;
        let cases = self.cases(times);
        let found = |hit: Hit| {
            largest = largest.max(self.judge(hit).0);
            self.limits.above(largest)
        };
        let limits = self.limits.above(0.0);
        let mut known = Known { limits, found };
        for walk in walks {
            walk.search(&cases, usize::MAX, &mut known, scratch);
        }
        largest
    }
}

/// The stretches of time between cases that are at most half the period long.
fn calendar(distinct: &[i64], all: &[i64], period: Period, look: Look) -> Calendar {
    let longest = (period.end - period.start + 1) / 2;
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let up_to = |time: &i64| number(all.partition_point(|other| other <= time));
    let last_end = |first: &i64| {
        let ends = distinct.partition_point(|last| last - first < longest);
        let open = period.end - first < longest;
        match look {
            Look::Prospective => open.then(|| number(distinct.len() - 1)),
            Look::Retrospective => {
                let last = ends.checked_sub(1).filter(|last| distinct[*last] >= *first);
                last.map(number)
            }
        }
    };
    let up_to: Vec<u32> = distinct.iter().map(up_to).collect();
    let to_end = |first: &i64| (all.len() - all.partition_point(|other| other < first)) as u64;
    let last_end: Vec<Option<u32>> = distinct.iter().map(last_end).collect();
    Calendar {
        up_to,
        to_end: distinct.iter().map(to_end).collect(),
        first_start: last_end.iter().take_while(|end| end.is_none()).count(),
        last_end,
        is_open: look == Look::Prospective,
    }
}

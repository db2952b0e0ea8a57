//! Which events may have set off which: pairs that are near in space and follow each other in time.

use std::f64::consts::PI;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use super::{ForecastError, Happening};
use crate::kde::distance_squared;

/// The most events that the self-exciting model learns from: their distances are all looked at.
const EVENT_LIMIT: usize = 10_000;

/// The most pairs: each step of the fit goes over all of them.
const PAIR_LIMIT: usize = 2_000_000;

/// The widths of the background's kernels, as parts of the bandwidth.
pub(super) const WIDTHS: [f64; 4] = [1.0, 1.0 / 2.0, 1.0 / 4.0, 1.0 / 8.0];

/// A degree of latitude is at least so many metres.
const DEGREE_M: f64 = 110_500.0;

/// For each event, in the order of time: the events before it that may have set it off, and the background around it.
#[derive(Debug)]
pub(super) struct Pairs {
    /// Where the pairs of each event begin, and the end.
    starts: Vec<usize>,
    /// Days from the earlier to the later event, and the square of their distance in km².
    apart: Vec<[f64; 2]>,
    /// Densities of the other events at each event, per km²: normal kernels of several widths, each 1 in all.
    pub(super) around: Vec<[f64; WIDTHS.len()]>,
}

/// How far pairs are looked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reach {
    /// Days between the events.
    pub(super) days: f64,
    /// Metres between them.
    pub(super) metres: f64,
    /// Standard deviation of the background's widest kernel, in metres; each is cut off at five.
    pub(super) bandwidth_m: f64,
}

impl Pairs {
    /// Finds the pairs of events, which are in the order of time.
    pub(super) fn find(events: &[Happening], reach: Reach) -> Result<Self, ForecastError> {
        if events.len() > EVENT_LIMIT {
            return Err(ForecastError::TooMany {
                what: "events",
                limit: EVENT_LIMIT,
            });
        }
        let mut north: Vec<usize> = (0..events.len()).collect();
        north.sort_unstable_by(|a, b| events[*a].at[1].total_cmp(&events[*b].at[1]).then(a.cmp(b)));
        let found = AtomicUsize::new(0);
        let one = |at: usize| {
            let row = Row::of(at, events, &north, reach);
            let all = found.fetch_add(row.apart.len(), Ordering::Relaxed) + row.apart.len();
            if all > PAIR_LIMIT {
                return Err(ForecastError::TooMany {
                    what: "pairs of events near each other",
                    limit: PAIR_LIMIT,
                });
            }
            Ok(row)
        };
        let rows: Vec<Row> = (0..events.len())
            .into_par_iter()
            .map(one)
            .collect::<Result<_, _>>()?;
        let mut starts = vec![0];
        starts.extend(rows.iter().scan(0, |end, row| {
            *end += row.apart.len();
            Some(*end)
        }));
        Ok(Self {
            starts,
            around: rows.iter().map(|row| row.around).collect(),
            apart: rows.into_iter().flat_map(|row| row.apart).collect(),
        })
    }

    /// Days and squared kilometres to each event that may have set off the one at `at`.
    pub(super) fn before(&self, at: usize) -> &[[f64; 2]] {
        &self.apart[self.starts[at]..self.starts[at + 1]]
    }

    /// How many pairs there are.
    pub(super) fn len(&self) -> usize {
        self.apart.len()
    }
}

struct Row {
    apart: Vec<[f64; 2]>,
    around: [f64; WIDTHS.len()],
}

impl Row {
    fn of(at: usize, events: &[Happening], north: &[usize], reach: Reach) -> Self {
        let own = events[at];
        let wide = 5.0 * reach.bandwidth_m;
        let farthest = reach.metres.max(wide);
        let degrees = farthest / DEGREE_M;
        let from = north.partition_point(|other| events[*other].at[1] < own.at[1] - degrees);
        let to = north.partition_point(|other| events[*other].at[1] <= own.at[1] + degrees);
        let variances = WIDTHS.map(|part| (part * reach.bandwidth_m).powi(2));
        let mut row = Self {
            apart: Vec::new(),
            around: [0.0; WIDTHS.len()],
        };
        let mut later: Vec<(usize, [f64; 2])> = Vec::new();
        for &other in north[from..to].iter().filter(|other| **other != at) {
            let event = events[other];
            let square = distance_squared(own.at, event.at, farthest);
            for (sum, variance) in row.around.iter_mut().zip(variances) {
                if square <= 25.0 * variance {
                    *sum += (-square / (2.0 * variance)).exp();
                }
            }
            let days = own.day - event.day;
            if square <= reach.metres * reach.metres && days > 0.0 && days <= reach.days {
                later.push((other, [days, square / 1e6]));
            }
        }
        later.sort_unstable_by_key(|pair| pair.0);
        row.apart = later.into_iter().map(|pair| pair.1).collect();
        #[expect(
            clippy::cast_precision_loss,
            reason = "numbers of events are far below 2^53"
        )]
        let others = events.len() as f64 - 1.0;
        for (sum, variance) in row.around.iter_mut().zip(variances) {
            *sum /= others * 2.0 * PI * variance / 1e6;
        }
        row
    }
}

//! `naqsha stats knox --local`: one row an event.

use naqsha_analytics::{Closeness, KnoxError, LocalKnox, Method, Reason, fdr, local_knox};
use serde::Serialize;

use super::{Events, Names};
use crate::stats::StatsError;
use crate::stats::graph::Coordinates;
use crate::stats::table::ranks;

/// The answer: p is the upper tail, q its Benjamini-Hochberg value over the events that have one.
#[derive(Debug, Serialize)]
pub(in crate::stats) struct Answer {
    n: usize,
    fdr: &'static str,
    tested: usize,
    rows: Vec<Row>,
}

/// An event: how many others are near it in space and time, in space, in time.
#[derive(Debug, Serialize)]
struct Row {
    #[serde(flatten)]
    event: Event,
    nst: u32,
    ns: u32,
    nt: u32,
    p: Option<f64>,
    q: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
enum Event {
    Id(String),
    Event(usize),
}

pub(super) fn answer(
    events: &Events,
    coordinates: Coordinates,
    close: Closeness<'_>,
) -> Result<Answer, StatsError> {
    let n = events.times.len();
    let found = match local_knox(coordinates.points(&events.places), &events.times, close) {
        Ok(found) => found,
        // An event alone: nothing varies.
        Err(KnoxError::Undefined(reason)) => vec![untested(reason); n],
        Err(error @ KnoxError::NotOneBand) => return Err(StatsError::Usage(error.to_string())),
        Err(error) => return Err(StatsError::Statistic(error.into())),
    };
    let p_values: Vec<Option<f64>> = found.iter().map(|row| row.p_upper.ok()).collect();
    let q_values = fdr(&p_values, Method::BenjaminiHochberg)
        .map_err(|error| StatsError::Statistic(error.into()))?;
    let (order, names) = events.names.told();
    Ok(Answer {
        n,
        fdr: "bh",
        tested: p_values.iter().flatten().count(),
        rows: order
            .into_iter()
            .map(|at| row(names[at].clone(), found[at], q_values[at]))
            .collect(),
    })
}

fn row(event: Event, found: LocalKnox, q: Option<f64>) -> Row {
    Row {
        event,
        nst: found.near_both,
        ns: found.near_space,
        nt: found.near_time,
        p: found.p_upper.ok(),
        q,
        reason: found.p_upper.err().map(Reason::code),
    }
}

const fn untested(reason: Reason) -> LocalKnox {
    LocalKnox {
        near_both: 0,
        near_space: 0,
        near_time: 0,
        p_upper: Err(reason),
    }
}

impl Names {
    /// The events in the order of the answer, and what each is called.
    fn told(&self) -> (Vec<usize>, Vec<Event>) {
        match self {
            Self::Given(ids) => (ranks(ids), ids.iter().cloned().map(Event::Id).collect()),
            Self::Position(at) => {
                let mut order: Vec<usize> = (0..at.len()).collect();
                order.sort_unstable_by_key(|&event| at[event]);
                (order, at.iter().copied().map(Event::Event).collect())
            }
        }
    }
}

//! `naqsha stats losh`.

use clap::Args;
use naqsha_analytics::{Losh, Reason, losh};
use serde::Serialize;

use super::StatsError;
use super::graph::GraphArgs;

/// Arguments of `stats losh`.
#[derive(Debug, Args)]
pub(super) struct LoshArgs {
    #[command(flatten)]
    graph: GraphArgs,
    /// The column to analyse.
    #[arg(long)]
    column: String,
}

/// The answer: one row an id.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    rows: Vec<Row>,
}

/// p is the upper tail of chi-square.
#[derive(Debug, Serialize)]
struct Row {
    id: String,
    h: Option<f64>,
    variance: Option<f64>,
    p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

pub(super) fn answer(args: &LoshArgs) -> Result<Answer, StatsError> {
    let units = args.graph.units(&[&args.column])?;
    let found = losh(&units.columns[0], &units.neighbours)
        .map_err(|error| StatsError::Statistic(error.into()))?;
    Ok(Answer {
        rows: units
            .ids
            .into_iter()
            .zip(found)
            .map(|(id, found)| row(id, found))
            .collect(),
    })
}

fn row(id: String, found: Result<Losh, Reason>) -> Row {
    let losh = found.ok();
    Row {
        id,
        h: losh.map(|losh| losh.statistic),
        variance: losh.map(|losh| losh.variance),
        p: losh.map(|losh| losh.p_upper),
        reason: found.err().map(Reason::code),
    }
}

//! `naqsha stats join-count`.

use clap::Args;
use naqsha_analytics::{Reason, join_count};
use serde::Serialize;

use super::StatsError;
use super::graph::GraphArgs;

/// Arguments of `stats join-count`.
#[derive(Debug, Args)]
pub(super) struct JoinCountArgs {
    #[command(flatten)]
    graph: GraphArgs,
    /// The column to analyse: 0 or 1.
    #[arg(long)]
    column: String,
}

/// The answer: every p is two-sided.
#[derive(Debug, Default, Serialize)]
pub(super) struct Answer {
    n: usize,
    bb: Option<f64>,
    ww: Option<f64>,
    bw: Option<f64>,
    j: Option<f64>,
    chi2: Option<f64>,
    chi2_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

pub(super) fn answer(args: &JoinCountArgs) -> Result<Answer, StatsError> {
    let units = args.graph.units(&[&args.column])?;
    let empty = Answer {
        n: units.ids.len(),
        ..Answer::default()
    };
    Ok(match join_count(&units.columns[0], &units.neighbours) {
        Ok(found) => Answer {
            bb: Some(found.bb),
            ww: Some(found.ww),
            bw: Some(found.bw),
            j: Some(found.j),
            chi2: found.independence.ok().map(|test| test.statistic),
            chi2_p: found.independence.ok().map(|test| test.p),
            reason: found.independence.err().map(Reason::code),
            ..empty
        },
        Err(error) => Answer {
            reason: Some(units.reason(error, "values must be 0 or 1")?.code()),
            ..empty
        },
    })
}

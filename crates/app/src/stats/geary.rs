//! `naqsha stats geary`.

use clap::Args;
use naqsha_analytics::{Geary, geary};
use serde::Serialize;

use super::StatsError;
use super::graph::GraphArgs;

/// Arguments of `stats geary`.
#[derive(Debug, Args)]
pub(super) struct GearyArgs {
    #[command(flatten)]
    graph: GraphArgs,
    /// The column to analyse.
    #[arg(long)]
    column: String,
}

/// The answer: every p is two-sided.
#[derive(Debug, Default, Serialize)]
pub(super) struct Answer {
    n: usize,
    statistic: Option<f64>,
    expected: Option<f64>,
    variance_norm: Option<f64>,
    variance_rand: Option<f64>,
    z_norm: Option<f64>,
    z_rand: Option<f64>,
    p_norm: Option<f64>,
    p_rand: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

pub(super) fn answer(args: &GearyArgs) -> Result<Answer, StatsError> {
    let units = args.graph.units(&[&args.column])?;
    let empty = Answer {
        n: units.ids.len(),
        ..Answer::default()
    };
    Ok(
        match geary(&units.columns[0], &units.neighbours, args.graph.style()) {
            Ok(found) => Answer {
                statistic: Some(found.statistic),
                expected: Some(Geary::EXPECTED),
                variance_norm: Some(found.variance_norm),
                variance_rand: Some(found.variance_rand),
                z_norm: Some(found.z_norm()),
                z_rand: Some(found.z_rand()),
                p_norm: Some(found.p_norm()),
                p_rand: Some(found.p_rand()),
                ..empty
            },
            Err(error) => Answer {
                reason: Some(units.reason(error, "values must be finite")?.code()),
                ..empty
            },
        },
    )
}

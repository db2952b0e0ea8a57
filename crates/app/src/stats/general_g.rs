//! `naqsha stats general-g`.

use clap::Args;
use naqsha_analytics::general_g;
use serde::Serialize;

use super::StatsError;
use super::graph::GraphArgs;

/// Arguments of `stats general-g`.
#[derive(Debug, Args)]
pub(super) struct GeneralGArgs {
    #[command(flatten)]
    graph: GraphArgs,
    /// The column to analyse; its values must not be negative.
    #[arg(long)]
    column: String,
}

/// The answer: every p is two-sided.
#[derive(Debug, Default, Serialize)]
pub(super) struct Answer {
    n: usize,
    statistic: Option<f64>,
    expected: Option<f64>,
    variance: Option<f64>,
    z: Option<f64>,
    p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

pub(super) fn answer(args: &GeneralGArgs) -> Result<Answer, StatsError> {
    let units = args.graph.units(&[&args.column])?;
    let empty = Answer {
        n: units.ids.len(),
        ..Answer::default()
    };
    Ok(
        match general_g(&units.columns[0], &units.neighbours, args.graph.style()) {
            Ok(found) => Answer {
                statistic: Some(found.statistic),
                expected: Some(found.expected),
                variance: Some(found.variance),
                z: Some(found.z()),
                p: Some(found.p()),
                ..empty
            },
            Err(error) => Answer {
                reason: Some(units.reason(error, "values must not be negative")?.code()),
                ..empty
            },
        },
    )
}

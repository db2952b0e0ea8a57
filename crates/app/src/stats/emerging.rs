//! `naqsha stats emerging`.

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::Args;
use naqsha_analytics::{Emerging, EmergingError, Levels, LocalError, Null, Reason, emerging};
use serde::Serialize;

use super::StatsError;
use super::graph::NeighbourArgs;
use super::series::Series;

/// Arguments of `stats emerging`.
#[derive(Debug, Args)]
pub(super) struct EmergingArgs {
    /// CSV with columns `id`, `step` and `value`: at least ten steps, each with a row for every id.
    #[arg(long, value_name = "S.csv")]
    series: PathBuf,
    #[command(flatten)]
    neighbours: NeighbourArgs,
    /// Permutations where values have no exact law (not counts, or unequal weights).
    #[arg(long, default_value = "9999")]
    permutations: NonZeroU32,
    /// Seed of the permutations.
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

/// Steps, and trends, are significant at this level.
const LEVELS: Levels = Levels {
    step: 0.05,
    trend: 0.05,
};

/// The answer: one row an id.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    null: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    permutations: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u64>,
    steps: Vec<String>,
    rows: Vec<Row>,
}

/// `trend_p` is two-sided.
#[derive(Debug, Serialize)]
struct Row {
    id: String,
    class: Option<&'static str>,
    z_series: Option<Vec<f64>>,
    trend_z: Option<f64>,
    trend_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

pub(super) fn answer(args: &EmergingArgs) -> Result<Answer, StatsError> {
    let mut steps = Vec::new();
    let units = args.neighbours.units(&args.series, |coordinates| {
        let series = Series::read(&args.series, coordinates)?;
        steps = series.steps;
        Ok(series.table)
    })?;
    // One column a step becomes the steps of one place after another.
    let values: Vec<f64> = (0..units.ids.len())
        .flat_map(|unit| units.columns.iter().map(move |column| column[unit]))
        .collect();
    let run = |null| emerging(&values, &units.neighbours, null, LEVELS);
    let sampled = Null::MonteCarlo {
        permutations: args.permutations,
        seed: args.seed,
    };
    let (found, exact) = match run(Null::Exact) {
        Err(EmergingError::Step(
            LocalError::NotACount { .. }
            | LocalError::UnequalWeights(_)
            | LocalError::SupportTooLarge { .. },
        )) => (run(sampled), false),
        found => (found, true),
    };
    let found = found.map_err(|error| match error {
        EmergingError::TooFewSteps(_) => StatsError::Usage(error.to_string()),
        EmergingError::Step(error) => StatsError::Statistic(error.into()),
    })?;
    Ok(Answer {
        null: if exact { "exact" } else { "mc" },
        permutations: (!exact).then(|| args.permutations.get()),
        seed: (!exact).then_some(args.seed),
        steps,
        rows: units
            .ids
            .into_iter()
            .zip(found)
            .map(|(id, found)| row(id, found))
            .collect(),
    })
}

fn row(id: String, found: Result<Emerging, Reason>) -> Row {
    let (found, reason) = match found {
        Ok(found) => (Some(found), None),
        Err(reason) => (None, Some(reason.code())),
    };
    let trend = found.as_ref().and_then(|found| found.trend);
    Row {
        id,
        class: found.as_ref().map(|found| found.pattern.code()),
        z_series: found.map(|found| found.z),
        trend_z: trend.map(|trend| trend.z),
        trend_p: trend.map(|trend| trend.p()),
        reason,
    }
}

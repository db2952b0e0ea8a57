//! `naqsha stats corridors`.

use std::path::PathBuf;

use clap::Args;
use naqsha_analytics::{CorridorError, corridors};
use serde::Serialize;

use super::StatsError;
use super::graph::{NeighbourArgs, Units};
use super::table::Table;

/// Arguments of `stats corridors`.
#[derive(Debug, Args)]
pub(super) struct CorridorsArgs {
    /// CSV with an `id` column and what it costs to enter each place. Places that are not listed cannot be entered.
    #[arg(long, value_name = "V.csv")]
    values: PathBuf,
    #[command(flatten)]
    neighbours: NeighbourArgs,
    /// The column of the costs, at least zero.
    #[arg(long)]
    column: String,
    /// The place to start from.
    #[arg(long, value_name = "ID")]
    from: String,
    /// The place to reach.
    #[arg(long, value_name = "ID")]
    to: String,
    /// How many paths.
    #[arg(long, value_name = "K", default_value_t = 1)]
    paths: usize,
}

/// The answer: paths from the cheapest on; fewer than asked for where there are no more.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    n: usize,
    found: usize,
    rows: Vec<Row>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct Row {
    rank: usize,
    cost: f64,
    steps: usize,
    path: Vec<String>,
}

pub(super) fn answer(args: &CorridorsArgs) -> Result<Answer, StatsError> {
    let units = args.neighbours.units(&args.values, |coordinates| {
        Table::read(
            &args.values,
            &[coordinates, &[args.column.as_str()]].concat(),
        )
    })?;
    let weighs = |unit| units.neighbours.weights_of(unit).is_some();
    if (0..units.ids.len()).any(weighs) {
        return Err(StatsError::Usage(
            "corridors cost what their places cost: weights of links must be 1".to_owned(),
        ));
    }
    let (from, to) = (place(&units, &args.from)?, place(&units, &args.to)?);
    let found = corridors(&units.columns[0], &units.neighbours, from, to, args.paths);
    let found = found.map_err(|error| match error {
        CorridorError::TooManyPaths(_) => StatsError::Usage(format!("--paths: {error}")),
        CorridorError::InvalidCost(at) => StatsError::Statistic(
            format!(
                "costs must not be negative; id `{}` is not so",
                units.ids[at]
            )
            .into(),
        ),
        error => StatsError::Statistic(error.into()),
    })?;
    let rows = (1..).zip(&found).map(|(rank, path)| Row {
        rank,
        cost: path.cost,
        steps: path.places.len() - 1,
        path: path
            .places
            .iter()
            .map(|&at| units.ids[at].clone())
            .collect(),
    });
    Ok(Answer {
        n: units.ids.len(),
        found: found.len(),
        rows: rows.collect(),
        reason: (found.is_empty() && args.paths > 0).then_some("not_connected"),
    })
}

fn place(units: &Units, id: &str) -> Result<usize, StatsError> {
    let known = units.ids.iter().position(|known| known == id);
    known.ok_or_else(|| StatsError::Usage(format!("`{id}` is not an id of the values")))
}

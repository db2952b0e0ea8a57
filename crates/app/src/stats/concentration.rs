//! `naqsha stats concentration`.

use std::path::PathBuf;

use clap::Args;
use naqsha_analytics::concentration;
use serde::Serialize;

use super::StatsError;
use super::graph::Units;
use super::table::Table;

/// Arguments of `stats concentration`.
#[derive(Debug, Args)]
pub(super) struct ConcentrationArgs {
    /// CSV with an `id` column and the values, zeros included.
    #[arg(long, value_name = "V.csv")]
    values: PathBuf,
    /// The column to analyse; its values must not be negative.
    #[arg(long)]
    column: String,
}

/// The answer; `lorenz` is a list of [share of places, share of events].
#[derive(Debug, Default, Serialize)]
pub(super) struct Answer {
    n: usize,
    gini: Option<f64>,
    generalized_gini: Option<f64>,
    lorenz: Option<Vec<[f64; 2]>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

pub(super) fn answer(args: &ConcentrationArgs) -> Result<Answer, StatsError> {
    let units = Units::apart(Table::read(&args.values, &[&args.column])?)?;
    let empty = Answer {
        n: units.ids.len(),
        ..Answer::default()
    };
    Ok(match concentration(&units.columns[0]) {
        Ok(found) => Answer {
            gini: Some(found.gini),
            generalized_gini: Some(found.generalized_gini),
            lorenz: Some(found.lorenz),
            ..empty
        },
        Err(error) => Answer {
            reason: Some(units.reason(error, "values must not be negative")?.code()),
            ..empty
        },
    })
}

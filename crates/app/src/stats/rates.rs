//! `naqsha stats rates`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use naqsha_analytics::{Rate, Reason, rates};
use serde::Serialize;

use super::StatsError;
use super::graph::{NeighbourArgs, Units};
use super::table::Table;

/// Arguments of `stats rates`.
#[derive(Debug, Args)]
pub(super) struct RatesArgs {
    /// CSV with an `id` column, events and populations.
    #[arg(long, value_name = "V.csv")]
    values: PathBuf,
    /// The column of events.
    #[arg(long, value_name = "C")]
    events: String,
    /// The column of populations.
    #[arg(long, value_name = "C")]
    population: String,
    /// What is computed.
    #[arg(long, default_value = "raw")]
    method: MethodName,
    /// Surroundings, for local-eb.
    #[command(flatten)]
    neighbours: NeighbourArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum MethodName {
    /// Events per head.
    Raw,
    /// Drawn towards the rate of the whole map (Marshall 1991).
    Eb,
    /// Drawn towards the rate of the place and its neighbours.
    LocalEb,
    /// Events over those expected from the rate of the whole map.
    Excess,
}

/// The answer: one row an id.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    method: &'static str,
    rows: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Row {
    id: String,
    value: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

pub(super) fn answer(args: &RatesArgs) -> Result<Answer, StatsError> {
    let columns = [args.events.as_str(), args.population.as_str()];
    let units = if args.method == MethodName::LocalEb {
        args.neighbours.units(&args.values, |coordinates| {
            Table::read(&args.values, &[coordinates, &columns].concat())
        })?
    } else if args.neighbours.given() {
        return Err(StatsError::Usage(
            "neighbours are for --method local-eb".to_owned(),
        ));
    } else {
        Units::apart(Table::read(&args.values, &columns)?)?
    };
    let (rate, method) = match args.method {
        MethodName::Raw => (Rate::Raw, "raw"),
        MethodName::Eb => (Rate::EmpiricalBayes, "eb"),
        MethodName::LocalEb => (Rate::LocalEmpiricalBayes(&units.neighbours), "local-eb"),
        MethodName::Excess => (Rate::Excess, "excess"),
    };
    let found = rates(&units.columns[0], &units.columns[1], rate)
        .map_err(|error| units.refused(error, "events and populations must not be negative"))?;
    Ok(Answer {
        method,
        rows: units
            .ids
            .into_iter()
            .zip(found)
            .map(|(id, value)| Row {
                id,
                value: value.ok(),
                reason: value.err().map(Reason::code),
            })
            .collect(),
    })
}

//! `naqsha stats pai`.

use std::collections::HashMap;
use std::path::PathBuf;

use clap::Args;
use naqsha_analytics::{Forecast, forecast_accuracy};
use serde::Serialize;

use super::StatsError;
use super::graph::Units;
use super::table::Table;

/// Arguments of `stats pai`.
#[derive(Debug, Args)]
pub(super) struct PaiArgs {
    /// CSV with columns `id`, `score` and `area`.
    #[arg(long, value_name = "F.csv")]
    forecast: PathBuf,
    /// CSV with columns `id` and `n`; an id of the forecast that is absent had none.
    #[arg(long, value_name = "O.csv")]
    outcome: PathBuf,
    /// The share of the area that is judged, above 0 and at most 1.
    #[arg(long, default_value_t = 0.2)]
    share: f64,
}

/// The answer; `curve` is a list of [share of the area, hit rate].
#[derive(Debug, Default, Serialize)]
pub(super) struct Answer {
    n: usize,
    share: f64,
    pai: Option<f64>,
    pei: Option<f64>,
    hit_rate: Option<f64>,
    curve: Option<Vec<[f64; 2]>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

pub(super) fn answer(args: &PaiArgs) -> Result<Answer, StatsError> {
    if !(args.share > 0.0 && args.share <= 1.0) {
        return Err(StatsError::Usage(format!(
            "--share {} is not above 0 and at most 1",
            args.share
        )));
    }
    let units = Units::apart(Table::read(&args.forecast, &["score", "area"])?)?;
    let outcome = Table::read(&args.outcome, &["n"])?;
    let places: HashMap<&str, usize> = units.ids.iter().map(String::as_str).zip(0..).collect();
    let mut outcomes = vec![0.0; units.ids.len()];
    for (id, n) in outcome.ids.iter().zip(&outcome.columns[0]) {
        let place = places.get(id.as_str()).ok_or_else(|| StatsError::File {
            path: args.outcome.display().to_string(),
            problem: format!("`{id}` is not an id of the forecast"),
        })?;
        outcomes[*place] = *n;
    }
    let forecast = Forecast {
        scores: &units.columns[0],
        areas: &units.columns[1],
        outcomes: &outcomes,
    };
    let empty = Answer {
        n: units.ids.len(),
        share: args.share,
        ..Answer::default()
    };
    let demand = "areas must be above zero and outcomes not negative";
    Ok(match forecast_accuracy(forecast, args.share) {
        Ok(found) => Answer {
            pai: Some(found.pai),
            pei: Some(found.pei),
            hit_rate: Some(found.hit_rate),
            curve: Some(found.curve),
            ..empty
        },
        Err(error) => Answer {
            reason: Some(units.reason(error, demand)?.code()),
            ..empty
        },
    })
}

//! `naqsha stats mann-kendall`.

use std::path::PathBuf;

use clap::Args;
use naqsha_analytics::{Autocorrelation, MapError, mann_kendall, median_slope};
use serde::Serialize;

use super::StatsError;
use super::table::{Csv, number};

/// Arguments of `stats mann-kendall`.
#[derive(Debug, Args)]
pub(super) struct MannKendallArgs {
    /// CSV with rows in time order; no `id` is needed.
    #[arg(long, value_name = "V.csv")]
    values: PathBuf,
    /// The column to analyse.
    #[arg(long)]
    column: String,
    /// Correct the variance for autocorrelation (Hamed & Rao 1998).
    #[arg(long)]
    hamed_rao: bool,
}

/// The answer: p is two-sided, the slope is per row.
#[derive(Debug, Default, Serialize)]
pub(super) struct Answer {
    n: usize,
    s: Option<f64>,
    var_s: Option<f64>,
    z: Option<f64>,
    p: Option<f64>,
    tau: Option<f64>,
    slope: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

pub(super) fn answer(args: &MannKendallArgs) -> Result<Answer, StatsError> {
    let csv = Csv::open(&args.values)?;
    let column = csv.column(&args.column)?;
    let mut values = Vec::new();
    csv.each(|row| {
        values.push(number(row, column, &args.column)?);
        Ok(())
    })?;
    let correction = if args.hamed_rao {
        Autocorrelation::HamedRao
    } else {
        Autocorrelation::Ignored
    };
    let empty = Answer {
        n: values.len(),
        ..Answer::default()
    };
    match mann_kendall(&values, correction) {
        Ok(trend) => Ok(Answer {
            s: Some(trend.s),
            var_s: Some(trend.var_s),
            z: Some(trend.z),
            p: Some(trend.p()),
            tau: Some(trend.tau),
            slope: Some(median_slope(&values)),
            ..empty
        }),
        Err(MapError::Undefined(reason)) => Ok(Answer {
            reason: Some(reason.code()),
            ..empty
        }),
        Err(error) => Err(StatsError::Statistic(error.into())),
    }
}

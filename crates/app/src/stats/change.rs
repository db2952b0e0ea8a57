//! `naqsha stats change`.

use std::path::PathBuf;

use clap::Args;
use naqsha_analytics::{Comparison, Method, Tail, compare_periods, fdr};
use serde::Serialize;

use super::StatsError;
use super::table::Table;

/// Arguments of `stats change`.
#[derive(Debug, Args)]
pub(super) struct ChangeArgs {
    /// CSV with an `id` column and counts of two periods.
    #[arg(long, value_name = "V.csv")]
    values: PathBuf,
    /// The column of counts before.
    #[arg(long, value_name = "C")]
    before: String,
    /// The column of counts after.
    #[arg(long, value_name = "C")]
    after: String,
    /// The exposure after over that before: days of the periods, people, patrols.
    #[arg(long, value_name = "R", default_value_t = 1.0)]
    exposure_ratio: f64,
}

/// A place rose or fell where its q is at most this.
const ALPHA: f64 = 0.05;

/// The answer: one row an id.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    exposure_ratio: f64,
    alpha: f64,
    rows: Vec<Row>,
}

/// `ratio` is of the rates; null where nothing happened before. `q` is of `p_two_sided`.
#[derive(Debug, Serialize)]
struct Row {
    id: String,
    before: u32,
    after: u32,
    ratio: Option<f64>,
    p_upper: f64,
    p_lower: f64,
    p_two_sided: f64,
    q: f64,
    class: &'static str,
}

pub(super) fn answer(args: &ChangeArgs) -> Result<Answer, StatsError> {
    let table = Table::read(&args.values, &[&args.before, &args.after])?;
    let count = |column: &[f64]| -> Result<Vec<u32>, StatsError> {
        let counts = table.ids.iter().zip(column);
        let counts = counts.map(|(id, value)| {
            whole(*value).ok_or_else(|| StatsError::File {
                path: args.values.display().to_string(),
                problem: format!("id `{id}` has {value}, which is not a count"),
            })
        });
        counts.collect()
    };
    let (before, after) = (count(&table.columns[0])?, count(&table.columns[1])?);
    let found = compare_periods(&before, &after, args.exposure_ratio)
        .map_err(|error| StatsError::Usage(format!("--exposure-ratio: {error}")))?;
    let p: Vec<Option<f64>> = found.iter().map(|of| Some(of.p_two_sided())).collect();
    let q =
        fdr(&p, Method::BenjaminiHochberg).map_err(|error| StatsError::Statistic(error.into()))?;
    let counts = before.into_iter().zip(after);
    let rows = table.ids.into_iter().zip(counts).zip(found.iter().zip(q));
    Ok(Answer {
        exposure_ratio: args.exposure_ratio,
        alpha: ALPHA,
        rows: rows
            .map(|((id, (before, after)), (found, q))| Row {
                id,
                before,
                after,
                ratio: found.ratio,
                p_upper: found.p_upper,
                p_lower: found.p_lower,
                p_two_sided: found.p_two_sided(),
                q: q.unwrap_or(1.0),
                class: class(*found, q.unwrap_or(1.0)),
            })
            .collect(),
    })
}

fn class(found: Comparison, q: f64) -> &'static str {
    match found.tail() {
        Tail::Upper if q <= ALPHA => "increase",
        Tail::Lower if q <= ALPHA => "decrease",
        Tail::Upper | Tail::Lower | Tail::Neither => "not_significant",
    }
}

/// A count that is written as a number.
fn whole(value: f64) -> Option<u32> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole and in range"
    )]
    let count = value as u32;
    (f64::from(count).to_bits() == (value + 0.0).to_bits()).then_some(count)
}

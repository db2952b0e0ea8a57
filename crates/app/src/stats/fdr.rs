//! `naqsha stats fdr`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use naqsha_analytics::{Method, fdr};
use serde::Serialize;

use super::StatsError;
use super::table::{Csv, number, text};

/// Arguments of `stats fdr`.
#[derive(Debug, Args)]
pub(super) struct FdrArgs {
    /// CSV with a column `p`; an empty p was not tested.
    #[arg(long, value_name = "P.csv")]
    p: PathBuf,
    /// bh (Benjamini-Hochberg) or by (Benjamini-Yekutieli).
    #[arg(long, default_value = "bh")]
    method: MethodName,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum MethodName {
    /// Benjamini & Hochberg 1995.
    Bh,
    /// Benjamini & Yekutieli 2001.
    By,
}

/// The answer: q in the order of the rows.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    method: &'static str,
    tested: usize,
    q: Vec<Option<f64>>,
}

pub(super) fn answer(args: &FdrArgs) -> Result<Answer, StatsError> {
    let csv = Csv::open(&args.p)?;
    let column = csv.column("p")?;
    let mut p_values = Vec::new();
    csv.each(|row| {
        let tested = !text(row, column)?.is_empty();
        p_values.push(tested.then(|| number(row, column, "p")).transpose()?);
        Ok(())
    })?;
    let (method, name) = match args.method {
        MethodName::Bh => (Method::BenjaminiHochberg, "bh"),
        MethodName::By => (Method::BenjaminiYekutieli, "by"),
    };
    let q = fdr(&p_values, method).map_err(|error| StatsError::Statistic(error.into()))?;
    Ok(Answer {
        method: name,
        tested: q.iter().flatten().count(),
        q,
    })
}

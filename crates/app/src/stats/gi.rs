//! `naqsha stats gi`.

use std::num::NonZeroU32;

use clap::{Args, ValueEnum};
use naqsha_analytics::{GiOptions, GiRow, Method, Null, Own, bin, fdr, gi, requires_sampling};
use serde::Serialize;

use super::StatsError;
use super::graph::GraphArgs;

/// Arguments of `stats gi`.
#[derive(Debug, Args)]
pub(super) struct GiArgs {
    #[command(flatten)]
    graph: GraphArgs,
    /// The column to analyse.
    #[arg(long)]
    column: String,
    /// Include each row in its own neighbourhood (Gi*).
    #[arg(long)]
    star: bool,
    /// Where p comes from (default: exact for non-negative integers with equal weights per row, else mc).
    #[arg(long)]
    null: Option<NullName>,
    /// Permutations of the mc null.
    #[arg(long, default_value = "9999")]
    permutations: NonZeroU32,
    /// Seed of the mc null.
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum NullName {
    /// The full permutation law.
    Exact,
    /// A sample of it.
    Mc,
    /// The normal approximation.
    Normal,
}

/// The answer: one row an id.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    statistic: &'static str,
    null: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    permutations: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u64>,
    fdr: &'static str,
    tested: usize,
    rows: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Row {
    id: String,
    neighbours: u32,
    statistic: Option<f64>,
    expected: Option<f64>,
    z: Option<f64>,
    p_upper: Option<f64>,
    p_lower: Option<f64>,
    p_two_sided: Option<f64>,
    q: Option<f64>,
    bin: Option<i8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

pub(super) fn answer(args: &GiArgs) -> Result<Answer, StatsError> {
    let units = args.graph.units(&[&args.column])?;
    let values = &units.columns[0];
    let sampled = Null::MonteCarlo {
        permutations: args.permutations,
        seed: args.seed,
    };
    let null = match (args.null, requires_sampling(values, &units.neighbours)) {
        (Some(NullName::Normal), _) => Null::Normal,
        (Some(NullName::Mc), _) | (None, Some(_)) => sampled,
        (Some(NullName::Exact) | None, None) => Null::Exact,
        (Some(NullName::Exact), Some(why)) => {
            return Err(StatsError::Usage(format!("--null exact: {why}")));
        }
    };
    let own = if args.star {
        Own::Included
    } else {
        Own::Excluded
    };
    let options = GiOptions {
        own,
        style: args.graph.style(),
        null,
    };
    let found = gi(values, &units.neighbours, options)
        .map_err(|error| StatsError::Statistic(error.into()))?;
    let p_values: Vec<Option<f64>> = found.iter().map(GiRow::p_two_sided).collect();
    let q_values = fdr(&p_values, Method::BenjaminiHochberg)
        .map_err(|error| StatsError::Statistic(error.into()))?;
    let (name, permutations, seed) = match null {
        Null::Exact => ("exact", None, None),
        Null::MonteCarlo { permutations, seed } => ("mc", Some(permutations.get()), Some(seed)),
        Null::Normal => ("normal", None, None),
    };
    Ok(Answer {
        statistic: if args.star { "gi_star" } else { "gi" },
        null: name,
        permutations,
        seed,
        fdr: "bh",
        tested: p_values.iter().flatten().count(),
        rows: units
            .ids
            .into_iter()
            .zip(found.iter().zip(q_values))
            .map(|(id, (found, q))| row(id, found, q))
            .collect(),
    })
}

fn row(id: String, found: &GiRow, q: Option<f64>) -> Row {
    let gi = found.outcome.ok();
    Row {
        id,
        neighbours: found.neighbours,
        statistic: gi.map(|gi| gi.statistic),
        expected: gi.map(|gi| gi.expected),
        z: gi.map(|gi| gi.z),
        p_upper: gi.map(|gi| gi.p_upper),
        p_lower: gi.map(|gi| gi.p_lower),
        p_two_sided: found.p_two_sided(),
        q,
        bin: gi.zip(q).map(|(gi, q)| bin(q, gi.tail())),
        reason: found.outcome.err().map(naqsha_analytics::Reason::code),
    }
}

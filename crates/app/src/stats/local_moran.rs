//! `naqsha stats local-moran`.

use std::num::NonZeroU32;

use clap::{Args, ValueEnum};
use naqsha_analytics::{LocalMoranRow, Method, Null, Reason, fdr, local_moran, requires_sampling};
use serde::Serialize;

use super::StatsError;
use super::graph::GraphArgs;

/// Arguments of `stats local-moran`.
#[derive(Debug, Args)]
pub(super) struct LocalMoranArgs {
    #[command(flatten)]
    graph: GraphArgs,
    /// The column to analyse.
    #[arg(long)]
    column: String,
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
}

/// The answer: one row an id.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
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
    i: Option<f64>,
    expected: Option<f64>,
    variance: Option<f64>,
    z: Option<f64>,
    p_two_sided: Option<f64>,
    q: Option<f64>,
    quadrant: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

pub(super) fn answer(args: &LocalMoranArgs) -> Result<Answer, StatsError> {
    let units = args.graph.units(&[&args.column])?;
    let values = &units.columns[0];
    let (permutations, seed) = (args.permutations, args.seed);
    let (null, name) = match (args.null, requires_sampling(values, &units.neighbours)) {
        (Some(NullName::Mc), _) | (None, Some(_)) => {
            (Null::MonteCarlo { permutations, seed }, "mc")
        }
        (Some(NullName::Exact) | None, None) => (Null::Exact, "exact"),
        (Some(NullName::Exact), Some(why)) => {
            return Err(StatsError::Usage(format!("--null exact: {why}")));
        }
    };
    let found = local_moran(values, &units.neighbours, args.graph.style(), null)
        .map_err(|error| StatsError::Statistic(error.into()))?;
    let p_values: Vec<Option<f64>> = found
        .iter()
        .map(|row| row.outcome.ok().map(|test| test.p_two_sided))
        .collect();
    let q_values = fdr(&p_values, Method::BenjaminiHochberg)
        .map_err(|error| StatsError::Statistic(error.into()))?;
    let sampled = name == "mc";
    Ok(Answer {
        null: name,
        permutations: sampled.then(|| permutations.get()),
        seed: sampled.then_some(seed),
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

fn row(id: String, found: &LocalMoranRow, q: Option<f64>) -> Row {
    let test = found.outcome.ok();
    Row {
        id,
        neighbours: found.neighbours,
        i: found.statistic,
        expected: found.expected,
        variance: found.variance,
        z: test.map(|test| test.z),
        p_two_sided: test.map(|test| test.p_two_sided),
        q,
        quadrant: test.map(|test| test.quadrant.code()),
        reason: found.outcome.err().map(Reason::code),
    }
}

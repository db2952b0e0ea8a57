//! `naqsha stats moran`.

use std::num::NonZeroU32;

use clap::Args;
use naqsha_analytics::{MapError, Moran, Sampling, bivariate_moran, moran, standardised_rates};
use serde::Serialize;

use super::StatsError;
use super::graph::{GraphArgs, Units};

/// Arguments of `stats moran`.
#[derive(Debug, Args)]
pub(super) struct MoranArgs {
    #[command(flatten)]
    graph: GraphArgs,
    /// The column to analyse.
    #[arg(long)]
    column: String,
    /// Population column: analyse the rates, standardised by their variance (Assunção & Reis 1999).
    #[arg(long, value_name = "POP", conflicts_with = "second")]
    rate_base: Option<String>,
    /// Second column: does the first go with this one nearby?
    #[arg(long, value_name = "C2")]
    second: Option<String>,
    /// Shuffles for `p_perm`; 0 for none.
    #[arg(long, default_value_t = 9_999)]
    permutations: u32,
    /// Seed of the shuffles.
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

/// The answer: every p is two-sided.
#[derive(Debug, Default, Serialize)]
pub(super) struct Answer {
    n: usize,
    statistic: Option<f64>,
    expected: Option<f64>,
    variance_norm: Option<f64>,
    variance_rand: Option<f64>,
    z_norm: Option<f64>,
    z_rand: Option<f64>,
    p_norm: Option<f64>,
    p_rand: Option<f64>,
    p_perm: Option<f64>,
    permutations: u32,
    seed: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

pub(super) fn answer(args: &MoranArgs) -> Result<Answer, StatsError> {
    let companion = args.rate_base.as_ref().or(args.second.as_ref());
    let columns: Vec<&str> = std::iter::once(&args.column)
        .chain(companion)
        .map(String::as_str)
        .collect();
    let units = args.graph.units(&columns)?;
    let empty = Answer {
        n: units.ids.len(),
        permutations: args.permutations,
        seed: args.seed,
        ..Answer::default()
    };
    match compute(args, &units) {
        Ok(found) => Ok(Answer {
            statistic: Some(found.statistic),
            expected: Some(found.expected),
            variance_norm: found.variance_norm,
            variance_rand: Some(found.variance_rand),
            z_norm: found.z_norm(),
            z_rand: Some(found.z_rand()),
            p_norm: found.p_norm(),
            p_rand: Some(found.p_rand()),
            p_perm: found.p_perm,
            ..empty
        }),
        Err(error) => {
            let demand = "events and populations must not be negative";
            Ok(Answer {
                reason: Some(units.reason(error, demand)?.code()),
                ..empty
            })
        }
    }
}

fn compute(args: &MoranArgs, units: &Units) -> Result<Moran, MapError> {
    let sampling = NonZeroU32::new(args.permutations).map(|permutations| Sampling {
        permutations,
        seed: args.seed,
    });
    let (graph, style) = (&units.neighbours, args.graph.style());
    let first = &units.columns[0];
    match units.columns.get(1) {
        Some(second) if args.second.is_some() => {
            bivariate_moran(first, second, graph, style, sampling)
        }
        Some(population) => moran(
            &standardised_rates(first, population)?,
            graph,
            style,
            sampling,
        ),
        None => moran(first, graph, style, sampling),
    }
}

//! `naqsha stats join-count`: of one column the joins of the whole map, of two those around each place.

use clap::{Args, ValueEnum};
use naqsha_analytics::{
    BivariateJoins, JoinCase, Method, Reason, bivariate_join_counts, fdr, join_count,
};
use serde::Serialize;

use super::StatsError;
use super::graph::{GraphArgs, Units};

/// Arguments of `stats join-count`.
#[derive(Debug, Args)]
pub(super) struct JoinCountArgs {
    #[command(flatten)]
    graph: GraphArgs,
    /// The column to analyse: 0 or 1.
    #[arg(long)]
    column: String,
    /// Second column, 0 or 1: which places of the first are beside places of this one?
    #[arg(long, value_name = "C2")]
    second: Option<String>,
    /// Which places of the two columns are counted.
    #[arg(long, value_enum, default_value = "apart", requires = "second")]
    case: CaseName,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum CaseName {
    /// Places of the first alone, beside places of the second alone.
    Apart,
    /// Places of both, beside others of both.
    Together,
}

/// The answer to what was asked.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Answer {
    Whole(Whole),
    Local(Local),
}

/// Joins around each place: p is the upper tail, q its Benjamini-Hochberg value over the places of the case.
#[derive(Debug, Serialize)]
pub(super) struct Local {
    n: usize,
    case: &'static str,
    joins: u64,
    fdr: &'static str,
    tested: usize,
    rows: Vec<Row>,
}

/// A place; one that is not of the case has no joins.
#[derive(Debug, Serialize)]
struct Row {
    id: String,
    joins: Option<u32>,
    p: Option<f64>,
    q: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

/// Joins of the whole map: every p is two-sided.
#[derive(Debug, Default, Serialize)]
pub(super) struct Whole {
    n: usize,
    bb: Option<f64>,
    ww: Option<f64>,
    bw: Option<f64>,
    j: Option<f64>,
    chi2: Option<f64>,
    chi2_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

pub(super) fn answer(args: &JoinCountArgs) -> Result<Answer, StatsError> {
    if let Some(second) = &args.second {
        let units = args.graph.units(&[&args.column, second])?;
        return local(args.case, units).map(Answer::Local);
    }
    let units = args.graph.units(&[&args.column])?;
    let empty = Whole {
        n: units.ids.len(),
        ..Whole::default()
    };
    Ok(Answer::Whole(
        match join_count(&units.columns[0], &units.neighbours) {
            Ok(found) => Whole {
                bb: Some(found.bb),
                ww: Some(found.ww),
                bw: Some(found.bw),
                j: Some(found.j),
                chi2: found.independence.ok().map(|test| test.statistic),
                chi2_p: found.independence.ok().map(|test| test.p),
                reason: found.independence.err().map(Reason::code),
                ..empty
            },
            Err(error) => Whole {
                reason: Some(units.reason(error, "values must be 0 or 1")?.code()),
                ..empty
            },
        },
    ))
}

fn local(case: CaseName, units: Units) -> Result<Local, StatsError> {
    let (case, name) = match case {
        CaseName::Apart => (JoinCase::Apart, "apart"),
        CaseName::Together => (JoinCase::Together, "together"),
    };
    let (x, z) = (&units.columns[0], &units.columns[1]);
    let found = match bivariate_join_counts(x, z, &units.neighbours, case) {
        Ok(found) => found,
        Err(error) => {
            units.reason(error, "values must be 0 or 1")?;
            Vec::new()
        }
    };
    let p_of = |of: &Option<BivariateJoins>| of.and_then(|of| of.p_upper.ok());
    let p_values: Vec<Option<f64>> = found.iter().map(p_of).collect();
    let q_values = fdr(&p_values, Method::BenjaminiHochberg)
        .map_err(|error| StatsError::Statistic(error.into()))?;
    let row = |((id, of), q): ((String, &Option<BivariateJoins>), Option<f64>)| Row {
        id,
        joins: of.map(|of| of.joins),
        p: p_of(of),
        q,
        reason: of.and_then(|of| of.p_upper.err()).map(Reason::code),
    };
    Ok(Local {
        n: units.ids.len(),
        case: name,
        joins: found.iter().flatten().map(|of| u64::from(of.joins)).sum(),
        fdr: "bh",
        tested: p_values.iter().flatten().count(),
        rows: units
            .ids
            .into_iter()
            .zip(&found)
            .zip(q_values)
            .map(row)
            .collect(),
    })
}

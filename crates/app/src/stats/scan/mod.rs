//! `naqsha stats scan`: this file has the question and the answer, `tables` reads the files.

mod tables;

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use naqsha_analytics::{
    Cluster, Look, Period, Sampling, ScanError, ScanOptions, SpatialModel, space_time_scan,
    spatial_scan,
};
use serde::Serialize;
use serde_json::Value;

use super::StatsError;
use super::instant::{Clock, whole};
use super::metric::MetricName;
use tables::{Counts, Dated, Places, populations};

/// Arguments of `stats scan`.
#[derive(Debug, Args)]
pub(super) struct ScanArgs {
    /// What cases are compared with.
    #[arg(long)]
    model: ModelName,
    /// CSV with columns `id` and `cases`; also `controls` for bernoulli, `time` for stp. Rows of one id add up.
    #[arg(long, value_name = "F")]
    cases: PathBuf,
    /// CSV with columns `id` and `x`, `y` or `lon`, `lat`.
    #[arg(long, value_name = "F")]
    coords: PathBuf,
    /// CSV with columns `id` and `population`, for poisson.
    #[arg(long, value_name = "F")]
    population: Option<PathBuf>,
    /// The largest share of all that a circle may hold.
    #[arg(long, value_name = "SHARE", default_value_t = 0.5)]
    max_share: f64,
    /// How distance is measured.
    #[arg(long)]
    metric: Option<MetricName>,
    /// Look only for clusters that last until the end of the period (stp).
    #[arg(long)]
    prospective: bool,
    /// First and last unit of time that are studied (stp); default: those of the cases.
    #[arg(long, value_name = "START,END", value_delimiter = ',', num_args = 1)]
    period: Vec<String>,
    /// Random maps.
    #[arg(long, default_value = "999")]
    permutations: NonZeroU32,
    /// Seed of the random maps.
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ModelName {
    /// Cases among a population.
    Poisson,
    /// Cases among cases and controls.
    Bernoulli,
    /// Cases in space and time, among themselves (space-time permutation).
    Stp,
}

/// The answer; p is that of the largest ratio anywhere.
#[derive(Debug, Default, Serialize)]
pub(super) struct Answer {
    model: &'static str,
    places: usize,
    cases: u64,
    permutations: u32,
    seed: u64,
    clusters: Vec<Row>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

/// `recurrence_interval` is in analyses, one a unit of time: only a prospective scan is repeated.
#[derive(Debug, Serialize)]
struct Row {
    ids: Vec<String>,
    radius: f64,
    start: Option<Value>,
    end: Option<Value>,
    observed: u64,
    expected: f64,
    relative_risk: Option<f64>,
    llr: f64,
    p: f64,
    p_gumbel: Option<f64>,
    recurrence_interval: Option<f64>,
}

pub(super) fn answer(args: &ScanArgs) -> Result<Answer, StatsError> {
    check(args)?;
    let places = Places::read(&args.coords)?;
    let (coordinates, metric) = MetricName::of(args.metric, places.coordinates)?;
    let points = coordinates.points(&places.positions);
    let options = ScanOptions {
        metric,
        max_share: args.max_share,
        sampling: Sampling {
            permutations: args.permutations,
            seed: args.seed,
        },
    };
    let (model, cases, clock, found) = match args.model {
        ModelName::Poisson => {
            let cases = Counts::read(&args.cases, &places, None)?.cases;
            let population = populations(args.population.as_deref(), &places)?;
            let model = SpatialModel::Poisson {
                cases: &cases,
                population: &population,
            };
            let found = spatial_scan(points, model, options);
            ("poisson", total(&cases), None, found)
        }
        ModelName::Bernoulli => {
            let Counts { cases, controls } = Counts::read(&args.cases, &places, Some("controls"))?;
            let model = SpatialModel::Bernoulli {
                cases: &cases,
                controls: &controls,
            };
            let found = spatial_scan(points, model, options);
            ("bernoulli", total(&cases), None, found)
        }
        ModelName::Stp => {
            let dated = Dated::read(&args.cases, &places)?;
            let period = period(args, &dated)?;
            let look = if args.prospective {
                Look::Prospective
            } else {
                Look::Retrospective
            };
            let found = space_time_scan(points, &dated.cases, period, look, options);
            ("stp", dated.cases.len() as u64, Some(dated.clock), found)
        }
    };
    let empty = Answer {
        model,
        places: places.ids.len(),
        cases,
        permutations: args.permutations.get(),
        seed: args.seed,
        ..Answer::default()
    };
    match found {
        Ok(clusters) => Ok(Answer {
            clusters: clusters
                .iter()
                .map(|cluster| row(cluster, &places.ids, clock, args.prospective))
                .collect(),
            ..empty
        }),
        Err(ScanError::Undefined(reason)) => Ok(Answer {
            reason: Some(reason.code()),
            ..empty
        }),
        Err(error) => Err(refused(error, &places.ids)),
    }
}

/// Arguments that do not fit each other.
fn check(args: &ScanArgs) -> Result<(), StatsError> {
    let stp = args.model == ModelName::Stp;
    let problem = match args.model {
        ModelName::Poisson if args.population.is_none() => "--model poisson needs --population",
        ModelName::Bernoulli | ModelName::Stp if args.population.is_some() => {
            "--population is for --model poisson"
        }
        ModelName::Poisson | ModelName::Bernoulli if args.prospective => {
            "--prospective is for --model stp"
        }
        ModelName::Poisson | ModelName::Bernoulli if !args.period.is_empty() => {
            "--period is for --model stp"
        }
        _ if stp && !(args.period.is_empty() || args.period.len() == 2) => "--period is START,END",
        _ => return Ok(()),
    };
    Err(StatsError::Usage(problem.to_owned()))
}

fn period(args: &ScanArgs, dated: &Dated) -> Result<Period, StatsError> {
    let usage = StatsError::Usage;
    if let [start, end] = &args.period[..] {
        let (start, first) = whole(start).map_err(usage)?;
        let (end, second) = whole(end).map_err(usage)?;
        Clock::common([first, second, dated.clock])?;
        return Ok(Period { start, end });
    }
    let times = || dated.cases.iter().map(|case| case.time);
    Ok(Period {
        start: times().min().unwrap_or(0),
        end: times().max().unwrap_or(0),
    })
}

fn total(cases: &[u32]) -> u64 {
    cases.iter().map(|cases| u64::from(*cases)).sum()
}

fn row(cluster: &Cluster, ids: &[String], clock: Option<Clock>, prospective: bool) -> Row {
    let time = |end: usize| Some(clock?.written(cluster.window?[end]));
    Row {
        ids: cluster
            .places
            .iter()
            .map(|place| ids[*place as usize].clone())
            .collect(),
        radius: cluster.radius,
        start: time(0),
        end: time(1),
        observed: cluster.observed,
        expected: cluster.expected,
        relative_risk: cluster.relative_risk,
        llr: cluster.llr,
        p: cluster.p,
        p_gumbel: cluster.p_gumbel,
        recurrence_interval: prospective.then(|| 1.0 / cluster.p),
    }
}

/// The library counts; the user knows ids.
fn refused(error: ScanError, ids: &[String]) -> StatsError {
    match error {
        ScanError::InvalidShare(_) => StatsError::Usage(format!("--max-share: {error}")),
        ScanError::EmptyPeriod => StatsError::Usage(format!("--period: {error}")),
        ScanError::CaseOutside(_) => {
            StatsError::Usage("--period: some cases lie outside of it".to_owned())
        }
        ScanError::NoPopulation(at) => {
            StatsError::Statistic(format!("id `{}` has cases but no population", ids[at]).into())
        }
        ScanError::InvalidPopulation(at) => {
            StatsError::Statistic(format!("the population of id `{}` is negative", ids[at]).into())
        }
        other => StatsError::Statistic(other.into()),
    }
}

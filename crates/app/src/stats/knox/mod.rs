//! `naqsha stats knox`: the table of pairs, or with `--local` the events one by one.

mod local;

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::Args;
use naqsha_analytics::{Bands, Closed, Closeness, Knox, KnoxError, Sampling, knox};
use serde::Serialize;

use super::StatsError;
use super::graph::Coordinates;
use super::instant::{Clock, instant};
use super::metric::MetricName;
use super::table::{Csv, number, ranks, text};

/// Arguments of `stats knox`.
#[derive(Debug, Args)]
pub(super) struct KnoxArgs {
    /// CSV of events with columns `x`, `y` (or `lon`, `lat`) and `t`: a number, or a date that counts in days.
    #[arg(long, value_name = "E.csv")]
    events: PathBuf,
    /// Edges of the bands of distance, ascending; the last may be `inf`.
    #[arg(long, value_name = "EDGES", value_delimiter = ',', required = true)]
    space_bands: Vec<f64>,
    /// Edges of the bands of time, ascending; the last may be `inf`.
    #[arg(long, value_name = "EDGES", value_delimiter = ',', required = true)]
    time_bands: Vec<f64>,
    /// Bands are (a, b], the first one [a, b], instead of [a, b).
    #[arg(long)]
    closed: bool,
    /// One row an event instead of a table of pairs: how many others are near it, with the exact p. Needs one band of
    /// distance and one of time.
    #[arg(long)]
    local: bool,
    /// How distance is measured.
    #[arg(long)]
    metric: Option<MetricName>,
    /// Shuffles of the times.
    #[arg(long, default_value = "999")]
    permutations: NonZeroU32,
    /// Seed of the shuffles.
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

/// The answer to what was asked.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Answer {
    Table(Table),
    Local(local::Answer),
}

/// The table: rows are bands of distance, columns bands of time. p is the upper tail.
#[derive(Debug, Default, Serialize)]
pub(super) struct Table {
    n: usize,
    permutations: u32,
    seed: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    statistic: Option<u64>,
    observed: Option<Vec<Vec<u64>>>,
    expected: Option<Vec<Vec<f64>>>,
    ratio: Option<Vec<Vec<Option<f64>>>>,
    p: Option<Vec<Vec<f64>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

/// Events in the order of place and time, so that the order of the file does not matter.
struct Events {
    coordinates: Coordinates,
    places: Vec<[f64; 2]>,
    times: Vec<f64>,
    names: Names,
}

/// What events are called: by a column `id`, or by their position in the file, from 0. One for each of the places.
enum Names {
    Given(Vec<String>),
    Position(Vec<usize>),
}

pub(super) fn answer(args: &KnoxArgs) -> Result<Answer, StatsError> {
    let closed = if args.closed {
        Closed::Right
    } else {
        Closed::Left
    };
    let bands = |name: &str, edges: &[f64]| {
        Bands::new(edges.to_vec(), closed)
            .map_err(|error| StatsError::Usage(format!("{name}: {error}")))
    };
    let space = bands("--space-bands", &args.space_bands)?;
    let time = bands("--time-bands", &args.time_bands)?;
    let events = Events::read(args)?;
    let (coordinates, metric) = MetricName::of(args.metric, events.coordinates)?;
    let close = Closeness {
        metric,
        space: &space,
        time: &time,
    };
    if args.local {
        return local::answer(&events, coordinates, close).map(Answer::Local);
    }
    table(args, &events, coordinates, close).map(Answer::Table)
}

fn table(
    args: &KnoxArgs,
    events: &Events,
    coordinates: Coordinates,
    close: Closeness<'_>,
) -> Result<Table, StatsError> {
    let sampling = Sampling {
        permutations: args.permutations,
        seed: args.seed,
    };
    let empty = Table {
        n: events.times.len(),
        permutations: args.permutations.get(),
        seed: args.seed,
        ..Table::default()
    };
    let points = coordinates.points(&events.places);
    match knox(points, &events.times, close, sampling) {
        Ok(found) => Ok(Table {
            statistic: only(&found.observed),
            ratio: Some(ratios(&found)),
            observed: Some(found.observed),
            expected: Some(found.expected),
            p: Some(found.p_upper),
            ..empty
        }),
        Err(KnoxError::Undefined(reason)) => Ok(Table {
            reason: Some(reason.code()),
            ..empty
        }),
        Err(error) => Err(StatsError::Statistic(error.into())),
    }
}

/// The count of the only band, where there is one of each kind.
fn only(observed: &[Vec<u64>]) -> Option<u64> {
    match observed {
        [row] => match row[..] {
            [only] => Some(only),
            _ => None,
        },
        _ => None,
    }
}

/// Observed over expected; none where nothing is expected.
fn ratios(found: &Knox) -> Vec<Vec<Option<f64>>> {
    #[expect(
        clippy::cast_precision_loss,
        reason = "numbers of pairs are far below 2^53"
    )]
    let ratio =
        |(observed, expected): (&u64, &f64)| (*expected > 0.0).then(|| *observed as f64 / expected);
    let rows = found.observed.iter().zip(&found.expected);
    rows.map(|(observed, expected)| observed.iter().zip(expected).map(ratio).collect())
        .collect()
}

impl Events {
    fn read(args: &KnoxArgs) -> Result<Self, StatsError> {
        let csv = Csv::open(&args.events)?;
        let file = csv.name();
        let coordinates = Coordinates::of(&csv)?;
        let [x_name, y_name] = coordinates.names();
        let (x, y, t) = (csv.column(x_name)?, csv.column(y_name)?, csv.column("t")?);
        let id = csv.find("id").filter(|_| args.local);
        let (mut places, mut times, mut ids) = (Vec::new(), Vec::new(), Vec::new());
        let mut clocks = Vec::new();
        csv.each(|row| {
            places.push([number(row, x, x_name)?, number(row, y, y_name)?]);
            let (time, clock) = instant(text(row, t)?)?;
            times.push(time);
            clocks.push(clock);
            if let Some(id) = id {
                ids.push(text(row, id)?.to_owned());
            }
            Ok(())
        })?;
        Clock::common(clocks)?;
        let mut order: Vec<usize> = (0..times.len()).collect();
        order.sort_unstable_by(|&a, &b| {
            let ([ax, ay], [bx, by]) = (places[a], places[b]);
            ax.total_cmp(&bx)
                .then(ay.total_cmp(&by))
                .then(times[a].total_cmp(&times[b]))
        });
        let names = if id.is_some() {
            once_each(&file, &ids)?;
            Names::Given(order.iter().map(|&at| ids[at].clone()).collect())
        } else {
            Names::Position(order.clone())
        };
        Ok(Self {
            coordinates,
            places: order.iter().map(|&at| places[at]).collect(),
            times: order.iter().map(|&at| times[at]).collect(),
            names,
        })
    }
}

/// # Errors
/// An id is empty or occurs twice.
fn once_each(path: &str, ids: &[String]) -> Result<(), StatsError> {
    let file = |problem: String| StatsError::File {
        path: path.to_owned(),
        problem,
    };
    if ids.iter().any(String::is_empty) {
        return Err(file("an id is empty".to_owned()));
    }
    let order = ranks(ids);
    match order.windows(2).find(|pair| ids[pair[0]] == ids[pair[1]]) {
        Some(pair) => Err(file(format!("the id `{}` occurs twice", ids[pair[0]]))),
        None => Ok(()),
    }
}

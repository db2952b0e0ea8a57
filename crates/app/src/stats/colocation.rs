//! `naqsha stats colocation`.

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::Args;
use naqsha_analytics::{
    Colocation, Method, Neighbours, NeighboursError, Reason, Sampling, colocation, fdr,
};
use serde::Serialize;

use super::StatsError;
use super::graph::Coordinates;
use super::table::{Csv, number, text};

/// Arguments of `stats colocation`.
#[derive(Debug, Args)]
pub(super) struct ColocationArgs {
    /// CSV of events with columns `x`, `y` (or `lon`, `lat`) and `type`.
    #[arg(long, value_name = "E.csv")]
    events: PathBuf,
    #[command(flatten)]
    around: Around,
    /// Shuffles of the types.
    #[arg(long, default_value = "999")]
    permutations: NonZeroU32,
    /// Seed of the shuffles.
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Around {
    /// The K nearest events.
    #[arg(long, value_name = "K")]
    knn: Option<usize>,
    /// All events at most D away: coordinate units for columns `x`, `y`; metres for `lon`, `lat`.
    #[arg(long, value_name = "D")]
    distance_band: Option<f64>,
}

/// The answer: every ordered pair of types, in their order. p is the upper tail, q its Benjamini-Hochberg value over
/// the pairs.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    n: usize,
    permutations: u32,
    seed: u64,
    fdr: &'static str,
    tested: usize,
    pairs: Vec<Pair>,
}

#[derive(Debug, Serialize)]
struct Pair {
    a: String,
    b: String,
    clq: Option<f64>,
    p: Option<f64>,
    q: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

/// Events in the order of place and type, so that the order of the file does not matter.
struct Events {
    coordinates: Coordinates,
    places: Vec<[f64; 2]>,
    /// Position in `types`.
    kinds: Vec<u32>,
    /// Distinct types, ascending.
    types: Vec<String>,
}

pub(super) fn answer(args: &ColocationArgs) -> Result<Answer, StatsError> {
    let events = Events::read(args)?;
    let graph = events.graph(&args.around)?;
    let sampling = Sampling {
        permutations: args.permutations,
        seed: args.seed,
    };
    let found = colocation(&events.kinds, &graph, sampling)
        .map_err(|error| StatsError::Statistic(error.into()))?;
    let found: Vec<Result<Colocation, Reason>> = found.into_iter().flatten().collect();
    let p_values: Vec<Option<f64>> = found
        .iter()
        .map(|pair| pair.ok().map(|pair| pair.p_upper))
        .collect();
    let q_values = fdr(&p_values, Method::BenjaminiHochberg)
        .map_err(|error| StatsError::Statistic(error.into()))?;
    let names = events
        .types
        .iter()
        .flat_map(|a| events.types.iter().map(move |b| (a.clone(), b.clone())));
    Ok(Answer {
        n: events.kinds.len(),
        permutations: args.permutations.get(),
        seed: args.seed,
        fdr: "bh",
        tested: p_values.iter().flatten().count(),
        pairs: names
            .zip(found.iter().zip(q_values))
            .map(|((a, b), (found, q))| Pair {
                a,
                b,
                clq: found.ok().map(|pair| pair.quotient),
                p: found.ok().map(|pair| pair.p_upper),
                q,
                reason: found.err().map(Reason::code),
            })
            .collect(),
    })
}

impl Events {
    fn read(args: &ColocationArgs) -> Result<Self, StatsError> {
        let csv = Csv::open(&args.events)?;
        let coordinates = Coordinates::of(&csv)?;
        let [x_name, y_name] = coordinates.names();
        let (x, y, kind) = (
            csv.column(x_name)?,
            csv.column(y_name)?,
            csv.column("type")?,
        );
        let mut events: Vec<([f64; 2], String)> = Vec::new();
        csv.each(|row| {
            let kind = text(row, kind)?;
            if kind.is_empty() {
                return Err("the type is empty".to_owned());
            }
            let place = [number(row, x, x_name)?, number(row, y, y_name)?];
            events.push((place, kind.to_owned()));
            Ok(())
        })?;
        events.sort_unstable_by(|(a, a_kind), (b, b_kind)| {
            a[0].total_cmp(&b[0])
                .then(a[1].total_cmp(&b[1]))
                .then_with(|| a_kind.cmp(b_kind))
        });
        let mut types: Vec<String> = events.iter().map(|event| event.1.clone()).collect();
        types.sort_unstable();
        types.dedup();
        let number_of = |kind: &String| {
            u32::try_from(types.partition_point(|other| other < kind)).unwrap_or(u32::MAX)
        };
        Ok(Self {
            coordinates,
            kinds: events.iter().map(|event| number_of(&event.1)).collect(),
            places: events.into_iter().map(|event| event.0).collect(),
            types,
        })
    }

    fn graph(&self, around: &Around) -> Result<Neighbours, StatsError> {
        let points = self.coordinates.points(&self.places);
        let graph = match (around.knn, around.distance_band) {
            (Some(k), _) => Neighbours::k_nearest(points, k),
            (None, Some(distance)) => Neighbours::within_distance(points, distance),
            (None, None) => {
                return Err(StatsError::Usage(
                    "give one of --knn and --distance-band".to_owned(),
                ));
            }
        };
        graph.map_err(|error| match error {
            NeighboursError::InvalidDistance(_) => StatsError::Usage(error.to_string()),
            other => StatsError::Graph(other),
        })
    }
}

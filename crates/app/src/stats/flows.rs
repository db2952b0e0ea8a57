//! `naqsha stats flows`.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use clap::{Args, ValueEnum};
use h3o::{CellIndex, Resolution};
use naqsha_analytics::{Ends, Flow, Flows, Sampling, WeightStyle, flow_moran};
use serde::Serialize;

use super::StatsError;
use super::graph::NeighbourArgs;
use super::table::{Csv, Table, number, ranks, text};

/// Arguments of `stats flows`.
#[derive(Debug, Args)]
pub(super) struct FlowsArgs {
    /// CSV with columns `from`, `to` and `n`; pairs that occur twice are added.
    #[arg(long, value_name = "F.csv")]
    flows: PathBuf,
    /// Ids are H3 cells: add up their parents at this resolution.
    #[arg(long, value_name = "R")]
    parent: Option<u8>,
    /// The K largest rows only, largest first.
    #[arg(long, value_name = "K")]
    top: Option<usize>,
    /// What each two places exchange on balance, instead of both directions.
    #[arg(long)]
    net: bool,
    /// CSV with an `id` column: the places between which flows are possible. With one of the neighbour options, gives Moran's
    /// I of the flows.
    #[arg(long, value_name = "P.csv")]
    places: Option<PathBuf>,
    #[command(flatten)]
    neighbours: NeighbourArgs,
    /// Divide the weights of each pair's links by their sum.
    #[arg(long)]
    row_standardise: bool,
    /// Which flows are neighbours: those whose ends both are, or those that share one end.
    #[arg(long, value_enum, default_value = "both")]
    ends: EndsName,
    /// Shuffles for `p_perm`; 0 for none.
    #[arg(long, default_value_t = 999)]
    permutations: u32,
    /// Seed of the shuffles.
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum EndsName {
    /// Origins are neighbours, and destinations are.
    Both,
    /// One end is the same, the other ones are neighbours.
    One,
}

/// The answer: `n` is what goes between different places, `within` what stays in one.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    n: f64,
    within: f64,
    pairs: usize,
    /// Rows that `--top` left out, and how much they carry.
    left_out: LeftOut,
    rows: Vec<Row>,
    places: Vec<Place>,
    #[serde(skip_serializing_if = "Option::is_none")]
    moran: Option<Moran>,
}

#[derive(Debug, Serialize)]
struct LeftOut {
    rows: usize,
    n: f64,
}

#[derive(Debug, Serialize)]
struct Row {
    from: String,
    to: String,
    n: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    gross: Option<f64>,
}

#[derive(Debug, Serialize)]
struct Place {
    id: String,
    sent: f64,
    received: f64,
    net: f64,
    within: f64,
}

#[derive(Debug, Default, Serialize)]
struct Moran {
    pairs: usize,
    statistic: Option<f64>,
    expected: Option<f64>,
    variance_rand: Option<f64>,
    z_rand: Option<f64>,
    p_rand: Option<f64>,
    p_perm: Option<f64>,
    permutations: u32,
    seed: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

/// Flows over named places; places are numbered in the order of the names.
struct Named {
    names: Vec<String>,
    flows: Flows<usize>,
}

pub(super) fn answer(args: &FlowsArgs) -> Result<Answer, StatsError> {
    if args.places.is_some() != args.neighbours.given() {
        return Err(StatsError::Usage(
            "--places and a way to say who neighbours whom go together".to_owned(),
        ));
    }
    let mut named = Named::read(&args.flows)?;
    if let Some(parent) = args.parent {
        let resolution = Resolution::try_from(parent)
            .map_err(|error| StatsError::Usage(format!("--parent: {error}")))?;
        named = named.parents(resolution, &args.flows)?;
    }
    let mut rows = if args.net {
        named.net_rows()
    } else {
        named.rows()
    };
    let mut left_out = LeftOut { rows: 0, n: 0.0 };
    if let Some(top) = args.top {
        // Stable: rows of one size stay in the order of the ids.
        rows.sort_by(|a, b| b.n.total_cmp(&a.n));
        let rest = rows.split_off(top.min(rows.len()));
        left_out.rows = rest.len();
        left_out.n = rest.iter().map(|row| row.n).sum();
    }
    let moran = match &args.places {
        Some(places) => Some(named.moran(args, places)?),
        None => None,
    };
    Ok(Answer {
        n: named.flows.between().iter().map(|flow| flow.n).sum(),
        within: named.flows.within().iter().map(|entry| entry.1).sum(),
        pairs: named.flows.between().len(),
        left_out,
        rows,
        places: named.strengths(),
        moran,
    })
}

impl Named {
    fn read(path: &Path) -> Result<Self, StatsError> {
        let csv = Csv::open(path)?;
        let (from, to, n) = (csv.column("from")?, csv.column("to")?, csv.column("n")?);
        let mut list: Vec<(String, String, f64)> = Vec::new();
        csv.each(|row| {
            let (from, to) = (text(row, from)?, text(row, to)?);
            if from.is_empty() || to.is_empty() {
                return Err("the id of a place is empty".to_owned());
            }
            let n = number(row, n, "n")?;
            if n < 0.0 {
                return Err(format!("`{n}` in column `n` is negative"));
            }
            list.push((from.to_owned(), to.to_owned(), n));
            Ok(())
        })?;
        let mut names: Vec<String> = list
            .iter()
            .flat_map(|(from, to, _)| [from.clone(), to.clone()])
            .collect();
        names.sort_unstable();
        names.dedup();
        let order = ranks(&names);
        let names: Vec<String> = order
            .iter()
            .map(|at| std::mem::take(&mut names[*at]))
            .collect();
        let numbers: HashMap<&str, usize> = names.iter().map(String::as_str).zip(0..).collect();
        let list = list.iter().map(|(from, to, n)| Flow {
            from: numbers[from.as_str()],
            to: numbers[to.as_str()],
            n: *n,
        });
        let flows =
            Flows::new(list.collect()).map_err(|error| StatsError::Statistic(error.into()))?;
        Ok(Self { names, flows })
    }

    /// The flows between the parents of the cells.
    fn parents(&self, resolution: Resolution, path: &Path) -> Result<Self, StatsError> {
        let file = |problem| StatsError::File {
            path: path.display().to_string(),
            problem,
        };
        let parent = |name: &String| {
            let cell = CellIndex::from_str(name)
                .map_err(|error| file(format!("`{name}` is not an H3 cell: {error}")))?;
            cell.parent(resolution)
                .ok_or_else(|| file(format!("`{name}` is coarser than resolution {resolution}")))
        };
        let parents: Vec<CellIndex> = self.names.iter().map(parent).collect::<Result<_, _>>()?;
        let mut cells = parents.clone();
        cells.sort_unstable();
        cells.dedup();
        let number = |place: usize| cells.partition_point(|cell| *cell < parents[place]);
        Ok(Self {
            flows: self.flows.grouped(number),
            names: cells.iter().map(ToString::to_string).collect(),
        })
    }

    fn rows(&self) -> Vec<Row> {
        let row = |flow: &Flow<usize>| Row {
            from: self.names[flow.from].clone(),
            to: self.names[flow.to].clone(),
            n: flow.n,
            gross: None,
        };
        self.flows.between().iter().map(row).collect()
    }

    fn net_rows(&self) -> Vec<Row> {
        let exchanges = self.flows.exchanges().into_iter();
        exchanges
            .map(|exchange| Row {
                from: self.names[exchange.from].clone(),
                to: self.names[exchange.to].clone(),
                n: exchange.net,
                gross: Some(exchange.gross),
            })
            .collect()
    }

    fn strengths(&self) -> Vec<Place> {
        let strengths = self.flows.strengths().into_iter();
        strengths
            .map(|strength| Place {
                id: self.names[strength.place].clone(),
                sent: strength.sent,
                received: strength.received,
                net: strength.sent - strength.received,
                within: strength.within,
            })
            .collect()
    }

    fn moran(&self, args: &FlowsArgs, places: &Path) -> Result<Moran, StatsError> {
        let units = args
            .neighbours
            .units(places, |coordinates| Table::read(places, coordinates))?;
        let numbers: HashMap<&str, usize> = units.ids.iter().map(String::as_str).zip(0..).collect();
        let place = |name: &String| {
            let unknown = || StatsError::File {
                path: args.flows.display().to_string(),
                problem: format!("`{name}` is not an id of the places"),
            };
            numbers.get(name.as_str()).copied().ok_or_else(unknown)
        };
        let places: Vec<usize> = self.names.iter().map(place).collect::<Result<_, _>>()?;
        let flows = self.flows.grouped(|name| places[name]);
        let ends = match args.ends {
            EndsName::Both => Ends::Both,
            EndsName::One => Ends::One,
        };
        let style = if args.row_standardise {
            WeightStyle::RowStandardised
        } else {
            WeightStyle::AsGiven
        };
        let sampling = NonZeroU32::new(args.permutations).map(|permutations| Sampling {
            permutations,
            seed: args.seed,
        });
        let count = units.ids.len();
        let empty = Moran {
            pairs: count * (count - 1),
            permutations: args.permutations,
            seed: args.seed,
            ..Moran::default()
        };
        match flow_moran(&flows, &units.neighbours, ends, style, sampling) {
            Ok(found) => Ok(Moran {
                statistic: Some(found.statistic),
                expected: Some(found.expected),
                variance_rand: Some(found.variance_rand),
                z_rand: Some(found.z_rand()),
                p_rand: Some(found.p_rand()),
                p_perm: found.p_perm,
                ..empty
            }),
            Err(error) => match error.reason() {
                Some(reason) => Ok(Moran {
                    reason: Some(reason.code()),
                    ..empty
                }),
                None => Err(StatsError::Statistic(error.into())),
            },
        }
    }
}

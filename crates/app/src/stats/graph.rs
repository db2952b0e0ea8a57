//! The neighbours that the arguments ask for, over the rows of a table.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use clap::Args;
use h3o::CellIndex;
use naqsha_analytics::{MapError, Neighbours, NeighboursError, Points, Reason, WeightStyle};

use super::StatsError;
use super::table::{Csv, Table, number, text};

/// The values and who neighbours whom.
#[derive(Debug, Args)]
pub(super) struct GraphArgs {
    /// CSV with an `id` column and the values.
    #[arg(long, value_name = "V.csv")]
    values: PathBuf,
    #[command(flatten)]
    neighbours: NeighbourArgs,
    /// Divide the weights of each row by their sum (W style); default: as given, 1 where there are none.
    #[arg(long)]
    row_standardise: bool,
}

/// Who neighbours whom: exactly one way to say it.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(super) struct NeighbourArgs {
    /// CSV with columns `from`, `to` and `weight`.
    #[arg(long, value_name = "N.csv")]
    neighbours: Option<PathBuf>,
    /// Ids are H3 cells; neighbours are those within K cells, among the ids given.
    #[arg(long, value_name = "K")]
    h3_ring: Option<u32>,
    /// All points at most D away: coordinate units for columns `x`, `y`; metres for `lon`, `lat`.
    #[arg(long, value_name = "D")]
    distance_band: Option<f64>,
    /// The K nearest points, by columns `x`, `y` or `lon`, `lat`.
    #[arg(long, value_name = "K")]
    knn: Option<usize>,
}

/// A table in its final order, with the graph over its rows.
pub(super) struct Units {
    pub(super) ids: Vec<String>,
    /// The asked columns, in the order they were asked for.
    pub(super) columns: Vec<Vec<f64>>,
    pub(super) neighbours: Neighbours,
}

/// The columns that hold places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coordinates {
    Planar,
    LonLat,
}

impl GraphArgs {
    pub(super) fn style(&self) -> WeightStyle {
        if self.row_standardise {
            WeightStyle::RowStandardised
        } else {
            WeightStyle::AsGiven
        }
    }

    /// Reads the named columns and builds the graph.
    pub(super) fn units(&self, columns: &[&str]) -> Result<Units, StatsError> {
        self.neighbours.units(&self.values, |coordinates| {
            Table::read(&self.values, &[coordinates, columns].concat())
        })
    }
}

impl NeighbourArgs {
    /// Whether any were asked for.
    pub(super) fn given(&self) -> bool {
        self.neighbours.is_some()
            || self.h3_ring.is_some()
            || self.distance_band.is_some()
            || self.knn.is_some()
    }

    /// Reads a table and builds the graph over its rows.
    ///
    /// `read` is given the names of the coordinate columns that the graph needs, and puts them first.
    pub(super) fn units(
        &self,
        path: &Path,
        read: impl FnOnce(&[&str]) -> Result<Table, StatsError>,
    ) -> Result<Units, StatsError> {
        match (&self.neighbours, self.h3_ring, self.distance_band, self.knn) {
            (Some(list), ..) => {
                let table = read(&[])?;
                let neighbours = links(list, &table.ids)?;
                Ok(Units {
                    ids: table.ids,
                    columns: table.columns,
                    neighbours,
                })
            }
            (None, Some(k), ..) => rings(path, read(&[])?, k),
            (None, None, Some(distance), _) => points(path, read, |points| {
                Neighbours::within_distance(points, distance)
            }),
            (None, None, None, Some(k)) => {
                points(path, read, |points| Neighbours::k_nearest(points, k))
            }
            (None, None, None, None) => Err(StatsError::Usage(
                "give one of --neighbours, --h3-ring, --distance-band and --knn".to_owned(),
            )),
        }
    }
}

fn rings(path: &Path, table: Table, k: u32) -> Result<Units, StatsError> {
    let file = |problem| StatsError::File {
        path: path.display().to_string(),
        problem,
    };
    let mut order = Vec::with_capacity(table.ids.len());
    for (at, id) in table.ids.iter().enumerate() {
        let cell = CellIndex::from_str(id)
            .map_err(|error| file(format!("`{id}` is not an H3 cell: {error}")))?;
        order.push((cell, at));
    }
    order.sort_unstable();
    if let Some(pair) = order.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        return Err(file(format!("the cell `{}` occurs twice", pair[0].0)));
    }
    let (cells, order): (Vec<CellIndex>, Vec<usize>) = order.into_iter().unzip();
    let neighbours = Neighbours::from_grid_disk(&cells, k).map_err(StatsError::Graph)?;
    let table = table.arranged(&order);
    Ok(Units {
        ids: table.ids,
        columns: table.columns,
        neighbours,
    })
}

fn points(
    path: &Path,
    read: impl FnOnce(&[&str]) -> Result<Table, StatsError>,
    search: impl FnOnce(Points<'_>) -> Result<Neighbours, NeighboursError>,
) -> Result<Units, StatsError> {
    let kind = Coordinates::of(&Csv::open(path)?)?;
    let mut table = read(&kind.names())?;
    let values = table.columns.split_off(2);
    let places: Vec<[f64; 2]> = table.columns[0]
        .iter()
        .zip(&table.columns[1])
        .map(|(x, y)| [*x, *y])
        .collect();
    let neighbours = search(kind.points(&places)).map_err(|error| match error {
        NeighboursError::InvalidDistance(_) => StatsError::Usage(error.to_string()),
        NeighboursError::InvalidPoint(at) => StatsError::File {
            path: path.display().to_string(),
            problem: format!("the coordinates of id `{}` are out of range", table.ids[at]),
        },
        other => StatsError::Graph(other),
    })?;
    Ok(Units {
        ids: table.ids,
        columns: values,
        neighbours,
    })
}

impl Coordinates {
    /// The pair of columns that a file has.
    pub(super) fn of(csv: &Csv) -> Result<Self, StatsError> {
        let has = |kind: Self| kind.names().iter().all(|name| csv.find(name).is_some());
        match (has(Self::Planar), has(Self::LonLat)) {
            (true, false) => Ok(Self::Planar),
            (false, true) => Ok(Self::LonLat),
            (true, true) => Err(StatsError::Usage(format!(
                "{} has both x, y and lon, lat: keep one pair",
                csv.name()
            ))),
            (false, false) => Err(StatsError::Usage(format!(
                "{} has neither x, y nor lon, lat",
                csv.name()
            ))),
        }
    }

    pub(super) const fn names(self) -> [&'static str; 2] {
        match self {
            Self::Planar => ["x", "y"],
            Self::LonLat => ["lon", "lat"],
        }
    }

    pub(super) const fn points(self, places: &[[f64; 2]]) -> Points<'_> {
        match self {
            Self::Planar => Points::Planar(places),
            Self::LonLat => Points::LonLat(places),
        }
    }
}

impl Units {
    /// Rows that are nobody's neighbours.
    pub(super) fn apart(table: Table) -> Result<Self, StatsError> {
        Ok(Self {
            neighbours: Neighbours::from_links(table.ids.len(), &[]).map_err(StatsError::Graph)?,
            ids: table.ids,
            columns: table.columns,
        })
    }

    /// Why a statistic of the whole map does not exist.
    ///
    /// # Errors
    /// The values were refused: `demand` says what they must be.
    pub(super) fn reason(&self, error: MapError, demand: &str) -> Result<Reason, StatsError> {
        match error {
            MapError::Undefined(reason) => Ok(reason),
            error => Err(self.refused(error, demand)),
        }
    }

    /// What is wrong with the values, by id.
    pub(super) fn refused(&self, error: MapError, demand: &str) -> StatsError {
        match error {
            MapError::OutOfRange(at) => {
                StatsError::Statistic(format!("{demand}; id `{}` is not so", self.ids[at]).into())
            }
            error => StatsError::Statistic(error.into()),
        }
    }
}

fn links(path: &Path, ids: &[String]) -> Result<Neighbours, StatsError> {
    let units: HashMap<&str, u32> = ids.iter().map(String::as_str).zip(0..).collect();
    let csv = Csv::open(path)?;
    let (from, to, weight) = (
        csv.column("from")?,
        csv.column("to")?,
        csv.column("weight")?,
    );
    let mut links = Vec::new();
    csv.each(|row| {
        let unit = |column| {
            let id = text(row, column)?;
            units
                .get(id)
                .copied()
                .ok_or_else(|| format!("`{id}` is not an id of the values"))
        };
        links.push((unit(from)?, unit(to)?, number(row, weight, "weight")?));
        Ok(())
    })?;
    Neighbours::from_links(ids.len(), &links).map_err(|error| {
        // The library counts; the user knows ids and lines.
        let id = |unit: u32| &ids[unit as usize];
        let problem = match error {
            NeighboursError::DuplicateLink { from, to } => {
                format!("the pair `{}`, `{}` occurs twice", id(from), id(to))
            }
            NeighboursError::SelfLink { unit, .. } => format!("`{}` is linked to itself", id(unit)),
            NeighboursError::InvalidWeight { link, weight } => {
                format!(
                    "the weight {weight} from `{}` to `{}` is negative",
                    id(links[link].0),
                    id(links[link].1)
                )
            }
            other => other.to_string(),
        };
        StatsError::File {
            path: path.display().to_string(),
            problem,
        }
    })
}

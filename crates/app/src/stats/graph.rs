//! The neighbours that the arguments ask for, over the rows of a table.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use clap::Args;
use h3o::CellIndex;
use naqsha_analytics::{Neighbours, NeighboursError, Points, WeightStyle};

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

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct NeighbourArgs {
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
#[derive(Debug, Clone, Copy)]
enum Coordinates {
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
        let asked = &self.neighbours;
        match (
            &asked.neighbours,
            asked.h3_ring,
            asked.distance_band,
            asked.knn,
        ) {
            (Some(path), ..) => {
                let table = Table::read(&self.values, columns)?;
                let neighbours = links(path, &table.ids)?;
                Ok(Units {
                    ids: table.ids,
                    columns: table.columns,
                    neighbours,
                })
            }
            (None, Some(k), ..) => self.rings(columns, k),
            (None, None, Some(distance), _) => self.points(columns, |points| {
                Neighbours::within_distance(points, distance)
            }),
            (None, None, None, Some(k)) => {
                self.points(columns, |points| Neighbours::k_nearest(points, k))
            }
            (None, None, None, None) => Err(StatsError::Usage("no neighbours given".to_owned())),
        }
    }

    fn rings(&self, columns: &[&str], k: u32) -> Result<Units, StatsError> {
        let table = Table::read(&self.values, columns)?;
        let file = |problem| StatsError::File {
            path: self.values.display().to_string(),
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
        &self,
        columns: &[&str],
        search: impl FnOnce(Points<'_>) -> Result<Neighbours, NeighboursError>,
    ) -> Result<Units, StatsError> {
        let kind = self.coordinates()?;
        let names = match kind {
            Coordinates::Planar => ["x", "y"],
            Coordinates::LonLat => ["lon", "lat"],
        };
        let mut table = Table::read(&self.values, &[&names[..], columns].concat())?;
        let values = table.columns.split_off(2);
        let places: Vec<[f64; 2]> = table.columns[0]
            .iter()
            .zip(&table.columns[1])
            .map(|(x, y)| [*x, *y])
            .collect();
        let neighbours = search(match kind {
            Coordinates::Planar => Points::Planar(&places),
            Coordinates::LonLat => Points::LonLat(&places),
        });
        let neighbours = neighbours.map_err(|error| match error {
            NeighboursError::InvalidDistance(_) => StatsError::Usage(error.to_string()),
            NeighboursError::InvalidPoint(at) => StatsError::File {
                path: self.values.display().to_string(),
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

    fn coordinates(&self) -> Result<Coordinates, StatsError> {
        let csv = Csv::open(&self.values)?;
        let has = |names: [&str; 2]| names.iter().all(|name| csv.find(name).is_some());
        match (has(["x", "y"]), has(["lon", "lat"])) {
            (true, false) => Ok(Coordinates::Planar),
            (false, true) => Ok(Coordinates::LonLat),
            (true, true) => Err(StatsError::Usage(
                "the values have both x, y and lon, lat: keep one pair".to_owned(),
            )),
            (false, false) => Err(StatsError::Usage(
                "the values have neither x, y nor lon, lat".to_owned(),
            )),
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

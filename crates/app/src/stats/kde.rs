//! `naqsha stats kde`.

use std::path::PathBuf;

use clap::Args;
use h3o::Resolution;
use naqsha_analytics::{Extent, KdeError, kde};
use serde::Serialize;

use super::StatsError;
use super::table::{Csv, number};

/// Arguments of `stats kde`.
#[derive(Debug, Args)]
pub(super) struct KdeArgs {
    /// CSV of events with columns `lon` and `lat`.
    #[arg(long, value_name = "E.csv")]
    events: PathBuf,
    /// How far an event reaches, in metres.
    #[arg(long, value_name = "M")]
    bandwidth: f64,
    /// The H3 resolution, 0 to 15.
    #[arg(long, value_name = "R")]
    resolution: u8,
}

/// The answer: the cells with a density, ascending.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    n: usize,
    kernel: &'static str,
    bandwidth_m: f64,
    resolution: u8,
    /// Σ density × area of the cells: `n` within 1 %.
    integral: f64,
    rows: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Row {
    cell: String,
    density_per_km2: f64,
}

pub(super) fn answer(args: &KdeArgs) -> Result<Answer, StatsError> {
    let resolution = Resolution::try_from(args.resolution)
        .map_err(|error| StatsError::Usage(format!("--resolution: {error}")))?;
    let csv = Csv::open(&args.events)?;
    let (lon, lat) = (csv.column("lon")?, csv.column("lat")?);
    let mut events: Vec<[f64; 2]> = Vec::new();
    csv.each(|row| {
        events.push([number(row, lon, "lon")?, number(row, lat, "lat")?]);
        Ok(())
    })?;
    // The order of the sum must not depend on that of the file.
    events.sort_unstable_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
    let cells =
        kde(&events, args.bandwidth, resolution, Extent::Everywhere).map_err(
            |error| match error {
                KdeError::InvalidBandwidth(_)
                | KdeError::TooFine { .. }
                | KdeError::TooCoarse(_) => StatsError::Usage(format!("--bandwidth: {error}")),
                KdeError::Points(_) => StatsError::File {
                    path: args.events.display().to_string(),
                    problem: "some coordinates are out of range".to_owned(),
                },
            },
        )?;
    Ok(Answer {
        n: events.len(),
        kernel: "quartic",
        bandwidth_m: args.bandwidth,
        resolution: args.resolution,
        integral: cells
            .iter()
            .map(|(cell, density)| density * cell.area_km2())
            .sum(),
        rows: cells
            .into_iter()
            .map(|(cell, density_per_km2)| Row {
                cell: cell.to_string(),
                density_per_km2,
            })
            .collect(),
    })
}

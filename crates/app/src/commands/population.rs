//! `naqsha population`: how many people live where.

use std::path::PathBuf;

use clap::Subcommand;
use h3o::Resolution;

use super::{Context, print_line};
use crate::boundaries::is_vintage;
use crate::exit::Usage;
use crate::population::{Entry, import, list};

#[derive(Debug, Subcommand)]
pub(crate) enum PopulationCommand {
    /// Check a table and keep it: `h3,population`, or `lon,lat,population` (summed to cells), or `district,population` (spread
    /// over the district's cells by area, and said to be modelled; boundaries are to be imported first).
    Import {
        /// CSV file, UTF-8.
        file: PathBuf,
        /// Of which time it is, such as 2023: letters, digits, `.` and `-`. The last one by name is used.
        #[arg(long, value_name = "V")]
        vintage: String,
        /// Resolution of the cells that points are summed to and districts spread over: no rate is finer. 7 suits points a
        /// kilometre apart, 9 points a hundred metres apart.
        #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u8).range(3..=9))]
        resolution: u8,
    },
    /// The populations there are.
    List,
}

pub(super) fn run(context: &Context, command: &PopulationCommand) -> anyhow::Result<()> {
    match command {
        PopulationCommand::List => {
            let entries = list(&context.data)?;
            let used = entries.len().saturating_sub(1);
            entries
                .iter()
                .enumerate()
                .try_for_each(|(at, entry)| say(context, entry, at == used))
        }
        PopulationCommand::Import {
            file,
            vintage,
            resolution,
        } => {
            if !is_vintage(vintage) {
                let detail = format!("--vintage {vintage:?} is not letters, digits, `.` and `-`");
                return Err(Usage(detail).into());
            }
            let resolution = Resolution::try_from(*resolution)?;
            let entry = import(&context.data, file, vintage, resolution)?;
            let last = list(&context.data)?.pop();
            let used = last.is_some_and(|last| last.vintage == entry.vintage);
            say(context, &entry, used)
        }
    }
}

fn say(context: &Context, entry: &Entry, used: bool) -> anyhow::Result<()> {
    if context.json {
        let mut object = serde_json::to_value(entry)?;
        object["used"] = used.into();
        return print_line(&object.to_string());
    }
    let Entry {
        vintage,
        resolution,
        cells,
        people,
        sha256,
        ..
    } = entry;
    let modelled = if entry.modelled {
        ", modelled: districts spread by area"
    } else {
        ""
    };
    let unused = if used { "" } else { ", a later one is used" };
    print_line(&format!(
        "{vintage}: {people} people in {cells} cells at resolution {resolution}{modelled}{unused}, sha256 {sha256}"
    ))
}

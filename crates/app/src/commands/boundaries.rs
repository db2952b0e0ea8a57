//! `naqsha boundaries`: the deployment's own boundaries.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use naqsha_ingest::BoundaryLevel;
use serde_json::json;

use super::{Context, print_line};
use crate::boundaries::{Brought, Entry, import, is_vintage, list};
use crate::exit::Usage;

#[derive(Debug, Subcommand)]
pub(crate) enum BoundariesCommand {
    /// Check the polygons of a GeoJSON file and keep them.
    Import {
        /// GeoJSON `FeatureCollection` of polygons, longitude and latitude.
        file: PathBuf,
        /// Which units they are.
        #[arg(long)]
        level: Level,
        /// The property that names a unit.
        #[arg(long, value_name = "F")]
        name_field: String,
        /// The property that has its OCHA code of the vintage 2023.
        #[arg(long, value_name = "F")]
        code_field: Option<String>,
        /// How they may be drawn: `none`, `sop-official`, `un-neutral`.
        #[arg(long, value_name = "PROFILE")]
        depiction: Depiction,
        /// Of which time they are, such as 2023: letters, digits, `.` and `-`.
        #[arg(long, value_name = "V")]
        vintage: String,
    },
    /// The boundaries there are.
    List,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Level {
    Province,
    Division,
    District,
    Tehsil,
}

impl From<Level> for BoundaryLevel {
    fn from(level: Level) -> Self {
        match level {
            Level::Province => Self::Province,
            Level::Division => Self::Division,
            Level::District => Self::District,
            Level::Tehsil => Self::Tehsil,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Depiction {
    /// Never drawn: cells only.
    None,
    /// As supplied and vetted by the Survey of Pakistan.
    SopOfficial,
    /// Dotted Line of Control, for use outside Pakistan.
    UnNeutral,
}

impl Depiction {
    const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::SopOfficial => "sop-official",
            Self::UnNeutral => "un-neutral",
        }
    }
}

pub(super) fn run(context: &Context, command: &BoundariesCommand) -> anyhow::Result<()> {
    match command {
        BoundariesCommand::List => list(&context.data)?
            .iter()
            .try_for_each(|entry| say(context, entry, &[])),
        BoundariesCommand::Import {
            file,
            level,
            name_field,
            code_field,
            depiction,
            vintage,
        } => {
            if !is_vintage(vintage) {
                let detail = format!("--vintage {vintage:?} is not letters, digits, `.` and `-`");
                return Err(Usage(detail).into());
            }
            let brought = Brought {
                level: (*level).into(),
                name_field,
                code_field: code_field.as_deref(),
                depiction: depiction.as_str(),
                vintage,
            };
            let (entry, unknown) = import(&context.data, file, &brought)?;
            say(context, &entry, &unknown)
        }
    }
}

fn say(context: &Context, entry: &Entry, unknown: &[String]) -> anyhow::Result<()> {
    if context.json {
        let object = json!({
            "level": entry.level, "vintage": entry.vintage, "depiction": entry.depiction, "file": entry.file,
            "sha256": entry.sha256, "units": entry.units, "unknown_names": unknown,
        });
        return print_line(&object.to_string());
    }
    print_line(&format!(
        "{} {}: {} units, depiction {}, sha256 {}",
        entry.level, entry.vintage, entry.units, entry.depiction, entry.sha256
    ))?;
    if !unknown.is_empty() {
        print_line(&format!(
            "  not in the table of districts, so they decide nothing: {}",
            unknown.join(", ")
        ))?;
    }
    Ok(())
}

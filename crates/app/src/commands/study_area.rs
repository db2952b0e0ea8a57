//! `naqsha study-area`: named analysis areas.

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::{Value, json};

use super::{Context, print_line};
use crate::reference;

#[derive(Debug, Subcommand)]
pub(crate) enum StudyAreaCommand {
    /// The areas there are.
    List,
    /// Keep the polygons of a GeoJSON file under a name.
    Add {
        /// Name of lower-case letters, digits and hyphens.
        name: String,
        /// GeoJSON file of polygons, longitude and latitude.
        file: PathBuf,
    },
}

pub(super) fn run(context: &Context, command: &StudyAreaCommand) -> anyhow::Result<()> {
    if let StudyAreaCommand::Add { name, file } = command {
        reference::add_study_area(&context.data, name, file)?;
    }
    let areas = reference::study_areas(&context.data)?;
    if context.json {
        let areas: Vec<Value> = areas
            .iter()
            .map(|area| {
                json!({
                    "name": area.name,
                    "title": area.title,
                    "hash": area.hash(),
                    "resolution": u8::from(area.default_resolution),
                    "bbox": area.extent(),
                })
            })
            .collect();
        return print_line(&json!({ "study_areas": areas }).to_string());
    }
    for area in areas.iter() {
        print_line(&format!(
            "{:<20} {}  (resolution {})",
            area.name, area.title, area.default_resolution
        ))?;
    }
    Ok(())
}

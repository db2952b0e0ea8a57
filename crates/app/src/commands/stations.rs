//! `naqsha stations`: the deployment's own table of police stations.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Subcommand;

use super::{Context, print_line};
use crate::{brought, deployment};

#[derive(Debug, Subcommand)]
pub(crate) enum StationsCommand {
    /// Check a CSV of stations and keep it in place of the one before: columns agency, name, and any of id, urdu, aliases,
    /// kind, district, lat, lon, `uncertainty_m`.
    Import {
        /// CSV file, UTF-8.
        file: PathBuf,
    },
}

pub(super) fn run(context: &Context, command: &StationsCommand) -> anyhow::Result<()> {
    let StationsCommand::Import { file } = command;
    let text =
        std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    let count = deployment::check_stations(&text).with_context(|| file.display().to_string())?;
    brought::replace(&context.data.join(deployment::STATIONS), &text)?;
    if context.json {
        return print_line(&serde_json::json!({ "stations": count }).to_string());
    }
    print_line(&format!("{count} stations"))
}

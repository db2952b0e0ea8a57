//! `cargo xtask schemas`: the published schemas, written from the types.

use std::fs;
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::workspace::Workspace;

/// Writes `schemas/incident.schema.json`; a test of `crates/record` fails while it differs from the types.
pub(crate) fn write(workspace: &Workspace) -> Result<ExitCode> {
    let path = workspace.path("schemas/incident.schema.json");
    let text =
        serde_json::to_string_pretty(&naqsha_record::schema()).context("the schema is JSON")?;
    fs::write(&path, text + "\n").with_context(|| format!("writing {}", path.display()))?;
    println!("wrote {}", path.display());
    Ok(ExitCode::SUCCESS)
}

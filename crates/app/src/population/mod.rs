//! The population that a deployment brought, in `DATA/population/`: one table of cells a vintage, and a manifest.

mod fault;
mod spread;
mod table;

use std::path::Path;

use anyhow::Context as _;
use h3o::Resolution;
use naqsha_ingest::{Reference, digest};
use naqsha_layers::Population;
use serde::{Deserialize, Serialize};

use crate::brought;
use fault::Fault;

const FOLDER: &str = "population";
const MANIFEST: &str = "population.toml";

/// What the rows of a brought table are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// One number a cell.
    Cells,
    /// One number a point, summed to cells.
    Points,
    /// One number a district, spread over its cells by area.
    Districts,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    #[serde(default)]
    population: Vec<Entry>,
}

/// One population as the manifest has it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    pub(crate) vintage: String,
    /// What the rows of the brought table were.
    pub(crate) from: Kind,
    /// Whether larger areas were spread over their cells.
    pub(crate) modelled: bool,
    pub(crate) resolution: u8,
    pub(crate) cells: usize,
    pub(crate) people: f64,
    pub(crate) file: String,
    pub(crate) sha256: String,
    /// Of the table as it was brought.
    pub(crate) source_sha256: String,
}

/// Checks a table and keeps what it says of cells, in place of an earlier one of the same vintage.
pub(crate) fn import(
    data: &Path,
    file: &Path,
    vintage: &str,
    resolution: Resolution,
) -> anyhow::Result<Entry> {
    let text =
        std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    let reference = crate::boundaries::add_to(Reference::embedded(), data)?;
    let (kind, people) =
        table::read(&text, resolution, &reference).with_context(|| file.display().to_string())?;
    let population = Population::new(vintage, kind == Kind::Districts, people)
        .map_err(Fault::from)
        .with_context(|| file.display().to_string())?;
    let kept = table::written(&population);
    let entry = Entry {
        vintage: vintage.to_owned(),
        from: kind,
        modelled: population.is_modelled(),
        resolution: population.resolution().into(),
        cells: population.cells().len(),
        people: population.people().get(),
        file: format!("population-{vintage}.csv"),
        sha256: digest(kept.as_bytes())?.to_string(),
        source_sha256: digest(text.as_bytes())?.to_string(),
    };
    let mut manifest = manifest(data)?;
    manifest.population.retain(|held| held.file != entry.file);
    manifest.population.push(entry.clone());
    manifest
        .population
        .sort_by(|a, b| a.vintage.cmp(&b.vintage));
    let listed = (MANIFEST, &manifest);
    brought::keep(&data.join(FOLDER), (&entry.file, &kept), listed)?;
    Ok(entry)
}

/// Every population that was brought, by vintage: the last one is used.
pub(crate) fn list(data: &Path) -> anyhow::Result<Vec<Entry>> {
    Ok(manifest(data)?.population)
}

/// The population of the latest vintage; `None` where none was brought.
pub(crate) fn latest(data: &Path) -> anyhow::Result<Option<Population>> {
    let Some(entry) = list(data)?.pop() else {
        return Ok(None);
    };
    let path = data.join(FOLDER).join(&entry.file);
    let text = brought::read(&path, &entry.sha256, "table")?;
    let resolution = Resolution::try_from(entry.resolution)?;
    let (_, people) = table::read(&text, resolution, &Reference::embedded())
        .with_context(|| path.display().to_string())?;
    Ok(Some(Population::new(
        &entry.vintage,
        entry.modelled,
        people,
    )?))
}

fn manifest(data: &Path) -> anyhow::Result<Manifest> {
    brought::listed(&data.join(FOLDER).join(MANIFEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_vintage_is_used_and_a_changed_table_is_noticed() {
        let data = tempfile::tempdir().unwrap();
        let file = data.path().join("in.csv");
        assert_eq!(latest(data.path()).unwrap(), None);
        for (vintage, people) in [("2023", "7.5"), ("2017", "5"), ("2023", "8.25")] {
            let rows = format!("h3,population\n873daad11ffffff,{people}\n");
            std::fs::write(&file, rows).unwrap();
            import(data.path(), &file, vintage, Resolution::Seven).unwrap();
        }
        let vintages: Vec<_> = list(data.path()).unwrap();
        let vintages: Vec<_> = vintages
            .iter()
            .map(|entry| entry.vintage.as_str())
            .collect();
        assert_eq!(vintages, ["2017", "2023"]);
        let used = latest(data.path()).unwrap().unwrap();
        assert_eq!((used.vintage(), used.people().get()), ("2023", 8.25));
        let kept = data.path().join("population/population-2023.csv");
        std::fs::write(kept, "h3,population\n873daad11ffffff,9\n").unwrap();
        let error = latest(data.path()).unwrap_err().to_string();
        assert!(
            error.contains("population-2023.csv is not the table"),
            "{error}"
        );
    }
}

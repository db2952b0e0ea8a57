//! Boundaries that a deployment brought, in `DATA/boundaries/`: one file for each level and vintage, and a manifest.
//!
//! They say in which district a point lies. Nothing is drawn from them by default; the manifest keeps under which depiction
//! they were given, because a map of Pakistan may only be published in a vetted one.

use std::path::Path;

use anyhow::Context as _;
use naqsha_ingest::{Boundaries, BoundaryLevel, Reference, digest};
use serde::{Deserialize, Serialize};

use crate::brought;

const FOLDER: &str = "boundaries";
const MANIFEST: &str = "boundaries.toml";

/// What is said of the boundaries when they are brought.
#[derive(Debug)]
pub(crate) struct Brought<'a> {
    pub(crate) level: BoundaryLevel,
    pub(crate) name_field: &'a str,
    pub(crate) code_field: Option<&'a str>,
    pub(crate) depiction: &'a str,
    pub(crate) vintage: &'a str,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    #[serde(default)]
    boundaries: Vec<Entry>,
}

/// One file of boundaries as the manifest has it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    pub(crate) level: String,
    pub(crate) vintage: String,
    pub(crate) depiction: String,
    pub(crate) file: String,
    pub(crate) sha256: String,
    pub(crate) units: usize,
    name_field: String,
    code_field: Option<String>,
}

/// Whether a word can say of which time something is: it is part of a file's name.
pub(crate) fn is_vintage(word: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'.' || b == b'-';
    !word.is_empty() && word.len() <= 32 && word.bytes().all(plain)
}

/// Checks a GeoJSON file and keeps it; answers with its entry and the names that the district table does not know.
pub(crate) fn import(
    data: &Path,
    file: &Path,
    brought: &Brought<'_>,
) -> anyhow::Result<(Entry, Vec<String>)> {
    let text =
        std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    let boundaries = Boundaries::parse(
        &text,
        brought.level,
        brought.name_field,
        brought.code_field,
        &Reference::embedded(),
    )
    .with_context(|| file.display().to_string())?;
    let entry = Entry {
        level: brought.level.as_str().to_owned(),
        vintage: brought.vintage.to_owned(),
        depiction: brought.depiction.to_owned(),
        file: format!("{}-{}.geojson", brought.level.as_str(), brought.vintage),
        sha256: digest(text.as_bytes())?.to_string(),
        units: boundaries.len(),
        name_field: brought.name_field.to_owned(),
        code_field: brought.code_field.map(str::to_owned),
    };
    let mut manifest = manifest(data)?;
    manifest.boundaries.retain(|held| held.file != entry.file);
    manifest.boundaries.push(entry.clone());
    manifest.boundaries.sort_by(|a, b| a.file.cmp(&b.file));
    let listed = (MANIFEST, &manifest);
    brought::keep(&data.join(FOLDER), (&entry.file, &text), listed)?;
    Ok((
        entry,
        boundaries.unknown_names().map(str::to_owned).collect(),
    ))
}

/// All boundaries that were brought, by level and vintage.
pub(crate) fn list(data: &Path) -> anyhow::Result<Vec<Entry>> {
    Ok(manifest(data)?.boundaries)
}

/// Adds to the reference data the boundaries of each level that have the latest vintage.
pub(crate) fn add_to(mut reference: Reference, data: &Path) -> anyhow::Result<Reference> {
    let entries = manifest(data)?.boundaries;
    for level in BoundaryLevel::ALL {
        let of_level = entries.iter().filter(|entry| entry.level == level.as_str());
        let Some(entry) = of_level.max_by(|a, b| a.vintage.cmp(&b.vintage)) else {
            continue;
        };
        let path = data.join(FOLDER).join(&entry.file);
        let text = brought::read(&path, &entry.sha256, "file")?;
        let code_field = entry.code_field.as_deref();
        let boundaries = Boundaries::parse(&text, level, &entry.name_field, code_field, &reference)
            .with_context(|| path.display().to_string())?;
        reference = reference.with_boundaries(boundaries);
    }
    Ok(reference)
}

fn manifest(data: &Path) -> anyhow::Result<Manifest> {
    brought::listed(&data.join(FOLDER).join(MANIFEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SQUARES: &str = r#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"d":"Lahore"},
        "geometry":{"type":"Polygon","coordinates":[[[74,31],[75,31],[75,32],[74,32],[74,31]]]}}]}"#;

    fn brought(vintage: &str) -> Brought<'_> {
        Brought {
            level: BoundaryLevel::District,
            name_field: "d",
            code_field: None,
            depiction: "none",
            vintage,
        }
    }

    #[test]
    fn boundaries_are_kept_by_level_and_vintage_and_a_changed_file_is_noticed() {
        let data = tempfile::tempdir().unwrap();
        let file = data.path().join("in.geojson");
        std::fs::write(&file, SQUARES).unwrap();
        for vintage in ["2017", "2023", "2023"] {
            let (entry, unknown) = import(data.path(), &file, &brought(vintage)).unwrap();
            assert_eq!((entry.units, unknown.len()), (1, 0));
        }
        assert_eq!(list(data.path()).unwrap().len(), 2);
        add_to(Reference::embedded(), data.path()).unwrap();
        std::fs::write(data.path().join("boundaries/district-2023.geojson"), "{}").unwrap();
        let error = add_to(Reference::embedded(), data.path())
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("district-2023.geojson is not the file"),
            "{error}"
        );
    }
}

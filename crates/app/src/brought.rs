//! Files that a deployment brought: each whole, in a folder of the data beside a manifest that has its digest.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use naqsha_ingest::digest;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What a manifest lists; nothing where there is none.
pub(crate) fn listed<M: Default + DeserializeOwned>(manifest: &Path) -> anyhow::Result<M> {
    if !manifest.exists() {
        return Ok(M::default());
    }
    let text = std::fs::read_to_string(manifest)
        .with_context(|| format!("reading {}", manifest.display()))?;
    toml::from_str(&text).with_context(|| format!("reading {}", manifest.display()))
}

/// Keeps a file, then the manifest that lists it, in one folder.
pub(crate) fn keep(
    folder: &Path,
    (file, text): (&str, &str),
    (manifest, listed): (&str, &impl Serialize),
) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
    replace(&folder.join(file), text)?;
    let listed = toml::to_string(listed).context("writing the manifest")?;
    replace(&folder.join(manifest), &listed)
}

/// The text of a file, if it is the one that was brought; `what` it is, for who reads that it is not.
pub(crate) fn read(path: &Path, sha256: &str, what: &str) -> anyhow::Result<String> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    if digest(text.as_bytes())?.to_string() != sha256 {
        bail!(
            "{} is not the {what} that was imported (its digest differs from the manifest's)",
            path.display()
        );
    }
    Ok(text)
}

/// Writes a file whole or not at all.
pub(crate) fn replace(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut partial = PathBuf::from(path).into_os_string();
    partial.push(".partial");
    std::fs::write(&partial, text).with_context(|| format!("writing {}", path.display()))?;
    std::fs::rename(&partial, path).with_context(|| format!("renaming to {}", path.display()))
}

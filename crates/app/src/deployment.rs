//! What a deployment adds to the program: its secret for keyed hashes, its list of proscribed organisations, its police
//! stations and boundaries.

use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use anyhow::{Context as _, anyhow, bail};
use naqsha_ingest::{LinkageSecret, Reference};
use naqsha_store::CheckpointKey;
use tempfile::NamedTempFile;

use crate::boundaries;

/// 64 hexadecimal digits, readable by the owner only. Lost, no new record links to an old one; leaked, the keys of all
/// identity numbers can be computed.
pub(crate) const SECRET: &str = "linkage.secret";
/// 64 hexadecimal digits, readable by the owner only: what the key is made of that signs checkpoints of the audit log.
pub(crate) const CHECKPOINT_SECRET: &str = "audit.secret";
/// `name,code`, one organisation a line: names come in, codes are kept.
const PROSCRIBED: &str = "proscribed.csv";
/// The deployment's police stations.
pub(crate) const STATIONS: &str = "stations.csv";

/// The deployment's secret; made the first time it is asked for.
pub(crate) fn linkage_secret(data: &Path) -> anyhow::Result<LinkageSecret> {
    secret(&data.join(SECRET)).map(LinkageSecret::new)
}

/// The key that signs checkpoints of the audit log; made the first time it is asked for.
pub(crate) fn checkpoint_key(data: &Path) -> anyhow::Result<CheckpointKey> {
    let seed = secret(&data.join(CHECKPOINT_SECRET))?;
    Ok(CheckpointKey::from_seed(&seed))
}

/// That key, where it was made.
pub(crate) fn known_checkpoint_key(data: &Path) -> anyhow::Result<Option<CheckpointKey>> {
    let is_made = data.join(CHECKPOINT_SECRET).exists();
    is_made.then(|| checkpoint_key(data)).transpose()
}

fn secret(path: &Path) -> anyhow::Result<[u8; 32]> {
    let text = match std::fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => make_secret(path)?,
        text => text.with_context(|| format!("reading {}", path.display()))?,
    };
    parse(text.trim()).ok_or_else(|| anyhow!("{} is not 64 hexadecimal digits", path.display()))
}

/// A secret for looking only: what it makes is not kept.
pub(crate) const fn throwaway_secret() -> LinkageSecret {
    LinkageSecret::new([0; 32])
}

fn make_secret(path: &Path) -> anyhow::Result<String> {
    use std::fmt::Write as _;
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)
        .map_err(|error| anyhow!("asking the system for random bytes: {error}"))?;
    let mut text = String::with_capacity(65);
    for byte in bytes {
        write!(text, "{byte:02x}").context("writing to a string")?;
    }
    text.push('\n');
    let making = || format!("making {}", path.display());
    // Under another name until all of it is there; for its owner only, as scratch files are.
    let folder = path.parent().filter(|folder| folder.is_dir());
    let mut file = NamedTempFile::new_in(folder.unwrap_or(Path::new("."))).with_context(making)?;
    file.write_all(text.as_bytes()).with_context(making)?;
    file.as_file().sync_all().with_context(making)?;
    match file.persist_noclobber(path) {
        // Another program made one at the same moment.
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => {
            return std::fs::read_to_string(path).with_context(making);
        }
        kept => kept.with_context(making)?,
    };
    // Keys are only worth what the secret's survival is: its name has to be on the disk too.
    if let Some(folder) = folder {
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .with_context(making)?;
    }
    Ok(text)
}

fn parse(hex: &str) -> Option<[u8; 32]> {
    if hex.len() != 64 || !hex.is_ascii() {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

/// How many stations a table has.
pub(crate) fn check_stations(table: &str) -> anyhow::Result<usize> {
    Reference::embedded().with_stations(table)?;
    let rows = csv::Reader::from_reader(table.as_bytes()).into_records();
    Ok(rows.count())
}

/// Boundaries first: the station table names districts, not places.
fn located(reference: Reference, data: &Path) -> anyhow::Result<Reference> {
    let reference = boundaries::add_to(reference, data)?;
    let path = data.join(STATIONS);
    if !path.exists() {
        return Ok(reference);
    }
    let table =
        std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    reference
        .with_stations(&table)
        .with_context(|| path.display().to_string())
}

/// The reference data that ships with the program, with what the deployment adds to it.
pub(crate) fn reference(data: &Path) -> anyhow::Result<Reference> {
    let reference = located(Reference::embedded(), data)?;
    let path = data.join(PROSCRIBED);
    if !path.exists() {
        return Ok(reference);
    }
    let text =
        std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    let mut list = Vec::new();
    for (number, line) in text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
    {
        match line.rsplit_once(',') {
            Some((name, code)) if !code.trim().is_empty() => list.push((name.trim(), code.trim())),
            _ => bail!("{}: line {} is not NAME,CODE", path.display(), number + 1),
        }
    }
    Ok(reference.with_proscribed(list))
}

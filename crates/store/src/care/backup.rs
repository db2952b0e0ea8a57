//! A copy of a store at one version, taken while it is used.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use super::{INVENTORY, INVENTORY_FORMAT};
use crate::audit::AUDIT_FOLDER;
use crate::contents::Contents;
use crate::files::{Files, to_bytes};
use crate::files_folder::{self, file_error, sync_folder};
use crate::ledger::Ledger;
use crate::store::{LEDGER, blocking, files_of, is_own, ledger_of};
use crate::{Places, Store, StoreError};

/// A finished backup: what its inventory says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// Layout of the inventory.
    pub(super) inventory: u32,
    /// Version of the data.
    pub version: u64,
    /// Batches in its ledger.
    pub batches: u64,
    /// Every file of it, by path; the inventory itself is not among them.
    pub files: Vec<CopiedFile>,
}

/// One file of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopiedFile {
    /// Relative to the folder, with `/`.
    pub path: String,
    /// Its length.
    pub bytes: u64,
    /// 64 hexadecimal digits.
    pub sha256: String,
}

impl Backup {
    /// Bytes of all its files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }
}

impl Store {
    /// Copies a store into a new folder: the ledger as of one moment, the files that it names, and whatever else the
    /// deployment keeps beside them (its secret, its boundaries). Objects of a bucket are files in it, so it is a store by
    /// itself.
    ///
    /// Batches may be committed meanwhile; they are in it whole or not at all. Each file is verified on the way and
    /// synced. The inventory comes last, so a backup that was cut short is told from a whole one.
    ///
    /// # Errors
    /// [`StoreError::OnServer`]; [`StoreError::Exists`] where the new folder has something in it, [`StoreError::Damaged`] where a file of the store
    /// is damaged: what was copied stays, without an inventory. Where something cannot be read or written.
    pub async fn backup(dir: &Path, places: &Places, out: &Path) -> Result<Backup, StoreError> {
        let ledger = ledger_of(dir, &places.ledger).await?;
        if matches!(ledger, Ledger::Postgres(..)) {
            return Err(StoreError::OnServer);
        }
        let files = files_of(dir, places).await?;
        let target = out.to_owned();
        blocking(move || make_empty(&target)).await?;
        // Before the ledger: they must not know of records that it does not have.
        let from = files.folder().to_owned();
        let checkpoints = blocking(move || checkpoints(&from)).await?;
        let copied = out.join(LEDGER);
        ledger.copy_to(&copied).await?;
        let contents = Ledger::in_file(&copied, false)
            .await?
            .into_contents()
            .await?;
        let to = out.to_owned();
        blocking(move || copy(&files, &to, &contents, checkpoints)).await
    }
}

/// Makes a folder, or takes one that is empty.
pub(super) fn make_empty(folder: &Path) -> Result<(), StoreError> {
    fs::create_dir_all(folder).map_err(file_error("make", folder))?;
    let mut entries = fs::read_dir(folder).map_err(file_error("list", folder))?;
    if entries.next().is_some() {
        return Err(StoreError::Exists(folder.to_owned()));
    }
    files_folder::make(folder)
}

/// Files in the folder of the audit log's checkpoints, where there is one.
fn checkpoints(folder: &Path) -> Result<Vec<(PathBuf, Vec<u8>)>, StoreError> {
    let within = Path::new(AUDIT_FOLDER);
    if !folder.join(within).is_dir() {
        return Ok(Vec::new());
    }
    let read = |path: PathBuf| {
        let source = folder.join(&path);
        let bytes = fs::read(&source).map_err(file_error("read", &source))?;
        Ok((path, bytes))
    };
    beside(folder, within)?.into_iter().map(read).collect()
}

fn copy(
    files: &Files,
    to: &Path,
    contents: &Contents,
    checkpoints: Vec<(PathBuf, Vec<u8>)>,
) -> Result<Backup, StoreError> {
    let from = files.folder();
    let mut copied = vec![inventoried(to, Path::new(LEDGER))?];
    for file in &contents.files {
        let bytes = files.verified(file);
        let bytes = bytes.map_err(|unread| files.error(file, unread))?;
        copied.push(write_synced(to, &file.path(), &bytes)?);
    }
    files_folder::sync_files_folder(to)?;
    let kept = beside(from, Path::new(""))?;
    let kept = kept
        .into_iter()
        .filter(|path| !path.starts_with(AUDIT_FOLDER));
    let kept = kept.map(|path| {
        let source = from.join(&path);
        let bytes = fs::read(&source).map_err(file_error("read", &source))?;
        Ok((path, bytes))
    });
    for file in checkpoints.into_iter().map(Ok).chain(kept) {
        let (path, bytes) = file?;
        let source = from.join(&path);
        copied.push(write_synced(to, &path, &bytes)?);
        let mode = fs::metadata(&source).map_err(file_error("read", &source))?;
        let target = to.join(&path);
        fs::set_permissions(&target, mode.permissions()).map_err(file_error("protect", &target))?;
    }
    copied.sort_by(|left, right| left.path.cmp(&right.path));
    let backup = Backup {
        inventory: INVENTORY_FORMAT,
        version: contents.version,
        batches: contents.batches.len() as u64,
        files: copied,
    };
    let mut text = serde_json::to_string_pretty(&backup).expect("texts and numbers");
    text.push('\n');
    write_synced(to, Path::new(INVENTORY), text.as_bytes())?;
    sync_folder(to)?;
    Ok(backup)
}

/// What a deployment keeps in the folder that is not the store's own, in order.
fn beside(folder: &Path, within: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let here = folder.join(within);
    let mut found = Vec::new();
    for entry in fs::read_dir(&here).map_err(file_error("list", &here))? {
        let entry = entry.map_err(file_error("list", &here))?;
        let path = within.join(entry.file_name());
        if is_own(&path) {
            continue;
        }
        let kind = entry.file_type().map_err(file_error("read", &here))?;
        if kind.is_dir() {
            found.extend(beside(folder, &path)?);
        } else if kind.is_file() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Writes a file anew and syncs it.
pub(super) fn write_synced(
    folder: &Path,
    path: &Path,
    bytes: &[u8],
) -> Result<CopiedFile, StoreError> {
    let target = folder.join(path);
    if let Some(parent) = target.parent() {
        fs::create_dir_all(parent).map_err(file_error("make", parent))?;
    }
    let write = || -> std::io::Result<()> {
        let mut file = File::create_new(&target)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(file_error("write", &target))?;
    Ok(copied_file(path, bytes))
}

fn inventoried(folder: &Path, path: &Path) -> Result<CopiedFile, StoreError> {
    let target = folder.join(path);
    let bytes = fs::read(&target).map_err(file_error("read", &target))?;
    // It was opened since it was copied, which may have touched its header.
    File::open(&target)
        .and_then(|file| file.sync_all())
        .map_err(file_error("sync", &target))?;
    Ok(copied_file(path, &bytes))
}

pub(super) fn copied_file(path: &Path, bytes: &[u8]) -> CopiedFile {
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    let sha256 = naqsha_model::BatchDigest::new(to_bytes(digest(&SHA256, bytes)));
    CopiedFile {
        path: parts.join("/"),
        bytes: bytes.len() as u64,
        sha256: sha256.to_string(),
    }
}

/// Reads the inventory of a backup.
pub(super) fn inventory(folder: &Path) -> Result<Backup, StoreError> {
    let path = folder.join(INVENTORY);
    let text = fs::read(&path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => StoreError::NoBackup(folder.to_owned()),
        _ => file_error("read", &path)(error),
    })?;
    let damaged = |reason: String| StoreError::Damaged {
        path: PathBuf::from(INVENTORY),
        reason,
    };
    let backup: Backup =
        serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))?;
    if backup.inventory > INVENTORY_FORMAT {
        return Err(StoreError::NewerFormat {
            min_reader: backup.inventory,
            supported: INVENTORY_FORMAT,
        });
    }
    Ok(backup)
}

/// The bytes of a file of a backup, where they are those that the inventory says.
pub(super) fn verified(folder: &Path, file: &CopiedFile) -> Result<Vec<u8>, StoreError> {
    let path: PathBuf = file.path.split('/').collect();
    let damaged = |reason: String| StoreError::Damaged {
        path: path.clone(),
        reason,
    };
    let bytes = fs::read(folder.join(&path)).map_err(|error| damaged(error.to_string()))?;
    if copied_file(&path, &bytes) == *file {
        Ok(bytes)
    } else {
        Err(damaged(
            "its length or SHA-256 is not the one recorded".to_owned(),
        ))
    }
}

//! A quick look at a store: what it holds, and what can be seen without reading files.

use std::fs;
use std::path::{Path, PathBuf};

use crate::contents::Contents;
use crate::files::{Files, Unread};
use crate::files_folder::file_error;
use crate::folder_lock::FolderLock;
use crate::ledger::FORMAT;
use crate::store::{blocking, files_of, ledger_of};
use crate::{Places, Store, StoreError};

/// How a store is, without reading its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// Format of the store.
    pub format: u32,
    /// Version of the data.
    pub version: u64,
    /// Batches in the ledger.
    pub batches: u64,
    /// Files that they name.
    pub files: u64,
    /// Bytes of those files, as the ledger states them.
    pub bytes: u64,
    /// Files that are missing or have another length.
    pub misfits: Vec<PathBuf>,
    /// Files that no batch names.
    pub unnamed: Vec<PathBuf>,
    /// Ledgers of older formats, kept when this one was brought to its format.
    pub older_ledgers: Vec<PathBuf>,
    /// Whether some program writes a batch now.
    pub is_writing: bool,
}

impl Store {
    /// Looks at a store. Cost: one look at each file's length, or a list of the bucket's objects.
    ///
    /// # Errors
    /// [`StoreError::Missing`], [`StoreError::NewerFormat`]; where the ledger, the folder or the bucket cannot be read.
    pub async fn condition(dir: &Path, places: &Places) -> Result<Condition, StoreError> {
        let ledger = ledger_of(dir, &places.ledger).await?;
        let files = files_of(dir, places).await?;
        let contents = ledger.into_contents().await?;
        blocking(move || condition(&files, &contents)).await
    }
}

fn condition(files: &Files, contents: &Contents) -> Result<Condition, StoreError> {
    files.look()?;
    let mut misfits = Vec::new();
    for file in &contents.files {
        match files.fits(file) {
            Ok(()) => {}
            Err(Unread::Damaged(_)) => misfits.push(files.name(file)),
            Err(Unread::Away(error)) => return Err(error),
        }
    }
    let folder = files.folder();
    Ok(Condition {
        format: FORMAT,
        version: contents.version,
        batches: contents.batches.len() as u64,
        files: contents.files.len() as u64,
        bytes: contents.files.iter().map(|file| file.bytes).sum(),
        misfits,
        unnamed: files.unnamed(contents.files.iter())?,
        older_ledgers: older_ledgers(folder)?,
        is_writing: matches!(FolderLock::take(folder), Err(StoreError::Busy)),
    })
}

fn older_ledgers(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(file_error("list", folder))? {
        let name = entry.map_err(file_error("list", folder))?.file_name();
        if name.to_string_lossy().starts_with("ledger.format-") {
            found.push(PathBuf::from(name));
        }
    }
    found.sort();
    Ok(found)
}

//! A quick look at a store: what it holds, and what can be seen without reading files.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::files::{self, FileRecord, file_error};
use crate::ledger::FORMAT;
use crate::store::{blocking, ledger_of, lock};
use crate::{LedgerAt, Store, StoreError};

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
    /// Looks at a store. Cost: one look at each file's length.
    ///
    /// # Errors
    /// [`StoreError::Missing`], [`StoreError::NewerFormat`]; where the ledger or the folder cannot be read.
    pub async fn condition(dir: &Path, ledger: &LedgerAt) -> Result<Condition, StoreError> {
        let contents = ledger_of(dir, ledger).await?.into_contents().await?;
        let folder = dir.to_owned();
        blocking(move || {
            let named: HashSet<PathBuf> = contents.files.iter().map(FileRecord::path).collect();
            let misfit = |file: &&FileRecord| files::fits(&folder, file).is_err();
            Ok(Condition {
                format: FORMAT,
                version: contents.version,
                batches: contents.batches.len() as u64,
                files: contents.files.len() as u64,
                bytes: contents.files.iter().map(|file| file.bytes).sum(),
                misfits: contents
                    .files
                    .iter()
                    .filter(misfit)
                    .map(FileRecord::path)
                    .collect(),
                unnamed: files::unnamed(&folder, &named)?,
                older_ledgers: older_ledgers(&folder)?,
                is_writing: matches!(lock(&folder), Err(StoreError::Busy)),
            })
        })
        .await
    }
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

//! Reads everything that the ledger names, also what no question has asked for in years.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::contents::Contents;
use crate::files::{FileRecord, Files, Unread};
use crate::store::{blocking, files_of, ledger_of};
use crate::{DamagedFile, Places, Store, StoreError};

/// What a scrub found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scrub {
    /// Batches in the ledger: live, held and withdrawn ones.
    pub batches: u64,
    /// Files that they name.
    pub files: u64,
    /// Bytes of those files, as the ledger states them.
    pub bytes: u64,
    /// Records in those files.
    pub rows: u64,
    /// Files that are missing or differ from their digest.
    pub damaged: Vec<DamagedFile>,
    /// What the database says is wrong with the ledger itself.
    pub ledger: Vec<String>,
    /// Files that no batch names: what a batch that was cut short left, removed when the next one begins.
    pub unnamed: Vec<PathBuf>,
}

impl Scrub {
    /// Whether everything is as it was written.
    pub fn is_whole(&self) -> bool {
        self.damaged.is_empty() && self.ledger.is_empty()
    }
}

impl Store {
    /// Reads every file of every batch and compares it with its digest, and has the database check the ledger.
    ///
    /// Nothing is written, and no index is made: memory is that of one file a thread. Cost: reading and digesting all
    /// files (about 400 MB/s a core without SHA instructions).
    ///
    /// # Errors
    /// [`StoreError::Missing`], [`StoreError::NewerFormat`]; where the ledger, the folder or the bucket cannot be read at
    /// all.
    pub async fn scrub(dir: &Path, places: &Places) -> Result<Scrub, StoreError> {
        let ledger = ledger_of(dir, &places.ledger).await?;
        let files = files_of(dir, places).await?;
        let wrong = ledger.check().await?;
        let contents = ledger.contents().await?;
        blocking(move || scrub(&files, &contents, wrong)).await
    }
}

fn scrub(files: &Files, contents: &Contents, ledger: Vec<String>) -> Result<Scrub, StoreError> {
    let damaged = |file: &FileRecord| match files.verified(file).err()? {
        Unread::Damaged(reason) => Some(Ok(DamagedFile {
            path: files.name(file),
            batch: file.batch,
            rows: file.rows,
            reason,
        })),
        Unread::Away(error) => Some(Err(error)),
    };
    let damaged = || contents.files.par_iter().filter_map(damaged).collect();
    let damaged: Result<_, StoreError> = files.in_parallel(damaged);
    Ok(Scrub {
        batches: contents.batches.len() as u64,
        files: contents.files.len() as u64,
        bytes: contents.files.iter().map(|file| file.bytes).sum(),
        rows: contents.files.iter().map(|file| file.rows).sum(),
        damaged: damaged?,
        ledger,
        unnamed: files.unnamed(contents.files.iter())?,
    })
}

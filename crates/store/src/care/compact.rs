//! Gives back what a store does not need: files that no batch names, indexes of such files, free pages of the ledger.
//!
//! Batch files themselves are as few as they can be: all parts of a batch but its last are full (`BatchWriter`), and one file
//! never mixes batches, so there is nothing to be merged.

use std::fs;
use std::path::Path;

use crate::files_folder::{amount, file_error};
use crate::folder_lock::FolderLock;
use crate::index::persisted;
use crate::keys;
use crate::store::{LEDGER, blocking, files_of, ledger_of};
use crate::{Amount, Places, Store, StoreError};

/// What a compaction removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Compaction {
    /// Files that no batch named.
    pub files: Amount,
    /// Kept indexes of files that no batch names, or that were never finished.
    pub indexes: Amount,
    /// Bytes by which the ledger in the folder became smaller. A server's is its administrator's.
    pub ledger_bytes: u64,
}

impl Compaction {
    /// All bytes that were freed.
    pub fn freed_bytes(&self) -> u64 {
        self.files.bytes + self.indexes.bytes + self.ledger_bytes
    }
}

impl Store {
    /// Removes what no version of the store needs, and makes the ledger as small as it can be. Every answer, of earlier
    /// versions too, stays as it is: nothing that the ledger names is touched.
    ///
    /// Cut short at any moment, the store is whole, and this can be repeated. The ledger's file is written anew, which takes
    /// as much free space as it has bytes. Cost: a look at each file, and writing the ledger once.
    ///
    /// # Errors
    /// [`StoreError::Busy`] while a batch is being written; where something cannot be read or removed.
    pub async fn compact(dir: &Path, places: &Places) -> Result<Compaction, StoreError> {
        let ledger = ledger_of(dir, &places.ledger).await?;
        let files = files_of(dir, places).await?;
        let folder = dir.to_owned();
        let locked = blocking(move || FolderLock::take(&folder)).await?;
        let _lock = ledger.lock(locked).await?;
        let contents = ledger.contents().await?;
        let mut compaction = blocking(move || {
            let index = || amount(&files.folder().join(persisted::FOLDER));
            let before = (files.amount()?, index()?);
            files.sweep(contents.files.iter())?;
            persisted::sweep(files.folder(), contents.files.iter());
            keys::sweep(files.folder(), &contents);
            Ok(Compaction {
                files: before.0.less(files.amount()?),
                indexes: before.1.less(index()?),
                ledger_bytes: 0,
            })
        })
        .await?;
        let before = ledger_bytes(dir)?;
        ledger.vacuum().await?;
        compaction.ledger_bytes = before.saturating_sub(ledger_bytes(dir)?);
        Ok(compaction)
    }
}

impl Store {
    /// Free space in bytes that [`Store::compact`] needs in the folder: the ledger's length and a fifth more.
    ///
    /// # Errors
    /// Where the ledger cannot be looked at.
    pub fn compaction_bytes(dir: &Path) -> Result<u64, StoreError> {
        let bytes = ledger_bytes(dir)?;
        Ok(bytes + bytes / 5)
    }
}

/// Length of the ledger with its journal, 0 where it is on a server.
fn ledger_bytes(folder: &Path) -> Result<u64, StoreError> {
    let mut bytes = 0;
    for name in [LEDGER.to_owned(), format!("{LEDGER}-wal")] {
        let path = folder.join(name);
        if path.exists() {
            let found = fs::metadata(&path).map_err(file_error("read", &path))?;
            bytes += found.len();
        }
    }
    Ok(bytes)
}

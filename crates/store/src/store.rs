//! The store: a folder with a ledger and Parquet files, and the snapshot made of them.

use std::path::Path;
use std::sync::Arc;

use naqsha_model::BatchDigest;

use crate::{BatchHeader, BatchRecord, BatchWriter, Snapshot, StoreError};

/// A store of incidents. Clones share it.
#[derive(Debug, Clone)]
pub struct Store {}

impl Store {
    /// Makes an empty store in a folder, which is made where it is absent.
    ///
    /// # Errors
    /// [`StoreError::Exists`] where there is one.
    #[expect(clippy::unused_async, reason = "signature first")]
    pub async fn create(_dir: &Path) -> Result<Self, StoreError> {
        todo!()
    }

    /// Opens a store: verifies every live file and rebuilds the index.
    ///
    /// # Errors
    /// [`StoreError::Missing`] and [`StoreError::NewerFormat`].
    #[expect(clippy::unused_async, reason = "signature first")]
    pub async fn open(_dir: &Path) -> Result<Self, StoreError> {
        todo!()
    }

    /// The newest version. Cheap; what it answers never changes.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        todo!()
    }

    /// The batch with these bytes, live or held.
    pub fn find_batch(&self, _digest: &BatchDigest) -> Option<BatchRecord> {
        todo!()
    }

    /// Begins a batch. One at a time over all programs that use the folder.
    ///
    /// # Errors
    /// [`StoreError::Busy`], [`StoreError::Received`], [`StoreError::CannotRevise`].
    #[expect(clippy::unused_async, reason = "signature first")]
    pub async fn begin(&self, _header: BatchHeader) -> Result<BatchWriter, StoreError> {
        todo!()
    }
}

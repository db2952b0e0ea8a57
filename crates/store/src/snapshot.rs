//! One version of the store.

use std::path::PathBuf;

use naqsha_model::{BatchDigest, DayRange, IncidentId};

use crate::{BatchRecord, Cube, CubeQuery, Filter, Page, StoreError, StoredIncident};

/// A file of a live batch that is missing or differs from its digest, and is not served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DamagedFile {
    /// The file, relative to the store.
    pub path: PathBuf,
    /// Its batch.
    pub batch: BatchDigest,
    /// Incidents it held.
    pub rows: u64,
    /// What is wrong with it.
    pub reason: String,
}

/// One version of the store, unchanged while it is held.
#[derive(Debug)]
pub struct Snapshot {}

impl Snapshot {
    /// The version: 0 for an empty store, one more with each live batch.
    pub fn version(&self) -> u64 {
        todo!()
    }

    /// The live batches, in order of commit.
    pub fn batches(&self) -> &[BatchRecord] {
        todo!()
    }

    /// Files of live batches that are not served. Where there are any, counts are too small.
    pub fn damaged(&self) -> &[DamagedFile] {
        todo!()
    }

    /// Number of incidents served.
    pub fn live(&self) -> u64 {
        todo!()
    }

    /// First and last day of the incidents served, `None` where none has a time.
    pub fn extent_days(&self) -> Option<DayRange> {
        todo!()
    }

    /// Counts per cell.
    pub fn cube(&self, _query: &CubeQuery<'_>) -> Cube {
        todo!()
    }

    /// Number of records that pass a filter.
    pub fn count(&self, _filter: &Filter<'_>) -> u64 {
        todo!()
    }

    /// A page of the records that pass a filter, in an order that is stable for a version.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where a damaged file may hold such records.
    pub fn rows(
        &self,
        _filter: &Filter<'_>,
        _offset: u64,
        _limit: usize,
    ) -> Result<Page, StoreError> {
        todo!()
    }

    /// One incident, `None` where no live batch has it.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where a damaged file may hold it.
    pub fn incident(&self, _id: IncidentId) -> Result<Option<StoredIncident>, StoreError> {
        todo!()
    }
}

//! Keeps batches of incidents: the ledger, the immutable Parquet files, and the H3 index in memory.
//!
//! A [`Store`] takes batches through a [`BatchWriter`] and answers questions through a [`Snapshot`], which is one
//! version of the store: all of a batch is in it or nothing. Counts per cell are exact integers.
//! The layout on disk is described in `docs/store-format.md`.
//!
//! This crate knows nothing of the bureaus' file formats, of statistics, of `GeoJSON` or HTTP, and reads no clock.
//!
//! ```no_run
//! use naqsha_store::{CubeQuery, Filter, Store};
//!
//! # async fn example() -> Result<(), naqsha_store::StoreError> {
//! let store = Store::open(std::path::Path::new("naqsha-data")).await?;
//! let resolution = h3o::Resolution::Seven;
//! let cube = store.snapshot().cube(&CubeQuery { resolution, filter: Filter::default(), counted_bases: None });
//! let counted: u64 = cube.counts.iter().map(|&count| u64::from(count)).sum();
//! assert_eq!(cube.matched, counted + cube.excluded.total());
//! # Ok(())
//! # }
//! ```

#![warn(clippy::indexing_slicing)]

mod access;
mod area;
mod audit;
mod batch;
mod care;
mod cells;
mod changes;
mod cluster;
mod columns;
mod contents;
mod cube;
mod days;
mod error;
mod event;
mod files;
mod files_at;
mod files_bucket;
mod files_folder;
mod files_id;
mod folder_lock;
mod groups;
mod hidden;
mod index;
mod keys;
mod known;
mod ledger;
mod ledger_access;
mod ledger_at;
mod ledger_audit;
mod ledger_postgres;
mod ledger_read;
mod ledger_receipts;
mod ledger_rows;
mod ledger_sqlite;
mod ledger_statement;
mod ledger_write;
mod manifest;
mod merged;
mod merging;
mod months;
mod named;
mod occurrences;
mod older;
mod operations;
mod own;
mod packed;
mod parquet;
mod past;
mod query;
mod receipt;
mod records;
mod released;
mod reported;
mod rows;
mod scan;
mod seal;
mod seized;
mod selection;
mod snapshot;
mod stops;
mod store;
mod text;
mod visibility;
mod writer;

pub use access::{AccessKey, AccessKeys, KeyState, KnownKey};
pub use audit::{
    AUDIT_FOLDER, AuditCheck, AuditFault, AuditHead, AuditRecord, AuditUnknown, By,
    CHECKPOINT_RECORDS, CHECKPOINT_SECONDS, Checkpoint, CheckpointKey, Checkpoints, KeptRecord,
};
pub use batch::{
    BatchHeader, BatchRecord, BatchState, BatchTotals, Committed, OnChange, Repeat, RepeatKind,
};
pub use care::{Backup, Compaction, Condition, CopiedFile, Scrub};
pub use changes::{Change, ChangePlace, Changes};
pub use cluster::{Cluster, ClusterLink, Decision};
pub use error::StoreError;
pub use event::{Act, Changed, Event, Operation, Selection};
pub use files::Amount;
pub use files_at::{FilesAt, FilesAtError, Places, S3Url};
pub use groups::{Group, GroupCells, GroupQuery, GroupedBy};
pub use ledger_at::{LedgerAt, LedgerAtError, PostgresUrl};
pub use manifest::{Manifest, NilReturn};
pub use occurrences::Occurrence;
pub use query::{
    Area, Cube, CubeQuery, Excluded, Filter, MonthCount, NamedCount, Page, Reach, Reader, Reported,
    StoredIncident, Whose,
};
pub use receipt::{Answer, KeptReceipt, Receipt, Received, Reply};
pub use records::RecordPlace;
pub use snapshot::{DamagedFile, Snapshot};
pub use store::{STAGED, Store};
pub use writer::BatchWriter;

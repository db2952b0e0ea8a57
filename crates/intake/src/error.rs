//! Why a file was not taken.

use std::io;

use naqsha_ingest::IngestError;
use naqsha_store::StoreError;

use crate::watch::is_given_up;

/// Why a file was not taken. Nothing of it is stored, unless said otherwise.
#[derive(Debug, thiserror::Error)]
pub enum TakeError {
    /// The file cannot be opened.
    #[error("opening the file")]
    Open(#[source] io::Error),
    /// The file cannot be read.
    #[error("reading")]
    Read(#[source] io::Error),
    /// Its bytes are not what they should be, or the settings do not fit.
    #[error("the file was not taken")]
    Ingest(#[source] IngestError),
    /// The store failed.
    #[error("the batch was not taken")]
    Store(#[from] StoreError),
    /// Somebody wrote to it meanwhile.
    #[error("the file changed while it was read; nothing was stored")]
    Changed,
    /// Somebody wrote to it after its batch was committed.
    #[error(
        "the file changed after it was read: the report may be about other rows than were stored"
    )]
    ChangedSince,
    /// Whoever watches gave it up.
    #[error("the file was given up")]
    GivenUp,
    /// The program ends.
    #[error("the program ends")]
    Interrupted,
}

impl From<IngestError> for TakeError {
    fn from(error: IngestError) -> Self {
        match error {
            IngestError::Read(read) if is_given_up(&read) => Self::GivenUp,
            other => Self::Ingest(other),
        }
    }
}

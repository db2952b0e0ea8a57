//! What ends an ingestion: a file refused as a whole, wrong settings, a source or a sink that failed.

use std::error::Error;

use naqsha_model::Code;

/// A file refused as a whole: nothing of it is accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct Refusal {
    /// The batch code.
    pub code: Code,
    /// What was found, without any value of a data row.
    pub detail: String,
    /// The headers concerned, as the file spells them.
    pub columns: Vec<String>,
}

impl Refusal {
    /// A refusal that names no column; inside an `io::Error` it refuses the file that is being read.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            columns: Vec::new(),
        }
    }

    pub(crate) fn of_columns(code: Code, detail: impl Into<String>, columns: Vec<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            columns,
        }
    }
}

/// Why an ingestion ended without a result.
///
/// Chunks that the sink took before the error belong to no batch: the caller drops them.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The file was refused.
    #[error("the file was refused")]
    Refused(#[from] Refusal),
    /// The settings do not fit the profile.
    #[error("the settings do not fit the profile: {0}")]
    Settings(String),
    /// The source could not be read.
    #[error("the file could not be read")]
    Read(#[source] std::io::Error),
    /// The report could not be written.
    #[error("the report could not be written")]
    Write(#[source] std::io::Error),
    /// The sink failed.
    #[error("the accepted records could not be handed on")]
    Sink(#[source] Box<dyn Error + Send + Sync>),
}

impl IngestError {
    /// The code of a refused file, else `None`.
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Refused(refusal) => Some(refusal.code),
            Self::Settings(_) | Self::Read(_) | Self::Write(_) | Self::Sink(_) => None,
        }
    }
}

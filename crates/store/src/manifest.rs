//! What a bureau states about a file, or about a period for which it has none.

use jiff::Timestamp;
use naqsha_model::{Agency, DayRange};

/// What is stated about a file beside the file itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manifest {
    /// The days it is about.
    pub period: Option<DayRange>,
    /// Data rows.
    pub rows: Option<u64>,
    /// Incidents by category or set of categories, each under its code, each once.
    pub control_totals: Vec<(String, u64)>,
    /// Who sent it.
    pub uploader: Option<String>,
    /// Who approved it.
    pub approver: Option<String>,
}

/// An agency's statement that a period has nothing to report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NilReturn {
    /// Who states it.
    pub agency: Agency,
    /// Name of the profile, without its version, whose records there are none of.
    pub profile: String,
    /// The days.
    pub period: DayRange,
    /// When it was received.
    pub received_at: Timestamp,
    /// Who sent it.
    pub uploader: String,
    /// Who approved it.
    pub approver: Option<String>,
}

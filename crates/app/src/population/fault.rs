//! What is wrong with a table of population: a stable code, the line, and the reason.

use naqsha_layers::PopulationError;

/// Codes of what can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Code {
    /// The columns are none of the three kinds of table.
    N101,
    /// Not an H3 cell.
    N102,
    /// Cells of several resolutions, or coarser than any question.
    N103,
    /// Not a number of people: negative, not finite, not a number, or more than the Earth has.
    N104,
    /// A cell or a district is there twice.
    N105,
    /// Not a position in degrees.
    N106,
    /// The district table knows no such district, or several.
    N107,
    /// No boundary was imported for the district.
    N108,
    /// No rows, or nobody lives in any.
    N109,
}

/// Why a table of population was not taken.
#[derive(Debug, thiserror::Error)]
#[error("{code:?}: {}{reason}", line.map(|line| format!("line {line}: ")).unwrap_or_default())]
pub(super) struct Fault {
    code: Code,
    line: Option<u64>,
    reason: String,
}

impl Fault {
    /// Of the table as a whole.
    pub(super) fn of_table(code: Code, reason: impl Into<String>) -> Self {
        Self {
            code,
            line: None,
            reason: reason.into(),
        }
    }

    /// Of one line of it.
    pub(super) fn at(line: u64, code: Code, reason: impl Into<String>) -> Self {
        Self {
            line: Some(line),
            ..Self::of_table(code, reason)
        }
    }
}

impl From<PopulationError> for Fault {
    fn from(error: PopulationError) -> Self {
        let code = match error {
            PopulationError::Nobody => Code::N109,
            PopulationError::Mixed(..) | PopulationError::TooCoarse(_) => Code::N103,
            PopulationError::TooMany => Code::N104,
        };
        Self::of_table(code, error.to_string())
    }
}

//! The clock, read in this one place and handed on as an argument.

use jiff::Timestamp;

/// The present instant.
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

//! Parsers of single values: text of one cell in, a value or a code out. None of them panics or guesses.

pub(crate) mod date;
pub(crate) mod fir_number;
pub(crate) mod moment;
pub(crate) mod number;
pub(crate) mod redact;
pub(crate) mod section;
pub(crate) mod time;

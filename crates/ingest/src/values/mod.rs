//! Parsers of single values: text of one cell in, a value or a code out. None of them panics or guesses.

pub(crate) mod date;
pub(crate) mod moment;
pub(crate) mod redact;
pub(crate) mod time;

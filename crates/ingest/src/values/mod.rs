//! Parsers of single values: text of one cell in, a value or a code out. None of them panics or guesses.

pub(crate) mod cited;
pub(crate) mod date;
pub(crate) mod date_range;
pub(crate) mod fir_number;
mod hijri;
pub(crate) mod moment;
pub(crate) mod number;
mod plain;
pub(crate) mod position;
pub(crate) mod redact;
pub(crate) mod section;
pub(crate) mod time;
pub(crate) mod utm;

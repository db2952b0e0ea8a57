//! Many files in one index: rows in the order of their cells, whatever file they are of, and a calendar of them.
//!
//! Costs 8 bytes a row and 8 a distinct cell; the calendar 4 bytes a row more, or 8 where it has several days or no time.
//! A file's rows keep their order, so the
//! n-th row of a file here is the n-th of the file, and nothing needs to say which it is.

mod build;
mod calendar;
mod cells;
mod count;
mod gone;
mod groups;
mod occurrences;
mod sums;

use std::ops::Range;
use std::sync::Arc;

use h3o::Resolution;
use naqsha_model::BatchDigest;

pub(crate) use build::Input;
pub(crate) use gone::{State, View};

use crate::index::Kind;
use calendar::Calendar;
use cells::Cells;

/// A file by its batch and its number in it.
pub(crate) type FileKey = (BatchDigest, u32);

/// Several files in memory.
#[derive(Debug)]
pub(crate) struct Merged {
    /// In the order of the numbers in [`Columns::part`].
    pub files: Vec<FileKey>,
    pub kinds: Vec<MergedKind>,
    /// Whether all kinds are invented, or none; `None` where some are.
    pub synthetic: Option<bool>,
    pub columns: Columns,
    /// By stored resolution, ascending; rows without a cell first.
    pub segments: Vec<Segment>,
    calendar: Calendar,
}

/// A kind of record, with what its batch says of all its records.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct MergedKind {
    pub kind: Kind,
    pub synthetic: bool,
    pub study_area: Option<Arc<str>>,
}

/// The rows; the columns run in parallel.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    pub first_day: Vec<u16>,
    pub last_day: Vec<u16>,
    /// Positions in [`Merged::kinds`].
    pub kind: Vec<u16>,
    /// Positions in [`Merged::files`].
    pub part: Vec<u16>,
}

/// The rows of one stored resolution, or those without a cell, and their distinct cells.
#[derive(Debug)]
pub(crate) struct Segment {
    pub resolution: Option<Resolution>,
    pub rows: Range<usize>,
    pub cells: Cells,
}

impl Segment {
    /// The first row of an entry; behind the last entry, the end of the rows.
    pub(crate) fn first_row(&self, entry: usize) -> usize {
        self.cells.start(entry).unwrap_or(self.rows.end)
    }
}

impl Merged {
    pub(crate) fn rows(&self) -> usize {
        self.columns.kind.len()
    }

    /// Memory in bytes, without its constant part.
    pub(crate) fn bytes(&self) -> usize {
        let cells: usize = self.segments.iter().map(|of| of.cells.len()).sum();
        8 * self.rows() + 8 * cells + self.calendar.bytes()
    }
}

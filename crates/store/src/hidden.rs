//! The rows of a file that are not current, as one bit a row.

use naqsha_model::DayRange;
use polars_core::prelude::DataFrame;

use crate::files::{self, FileRecord, Files, Unread};
use crate::index::{Rows, day_range};
use crate::rows::Unreadable;

/// Name of the column that says which row of the bureau's file a record stood in.
pub(crate) const ROW_COLUMN: &str = "row";

/// Rows of a file that are not seen: one bit a row of the file, and eight bytes a hidden row.
#[derive(Debug)]
pub(crate) struct Hidden {
    /// The rows of the bureau's file it was made for, ascending; the file may lack some of them.
    asked: Box<[u64]>,
    bits: Box<[u64]>,
    /// Hidden rows of this file.
    pub count: u64,
    /// First and last day of the rows that are seen and have a time.
    pub days: Option<DayRange>,
}

impl Hidden {
    /// The mask of a file. `at` gives the bureau's row of each position, `asked` is ascending.
    pub(crate) fn new(at: &[u64], asked: &[u64], rows: &Rows) -> Self {
        let mut bits = vec![0_u64; at.len().div_ceil(64)];
        let mut count = 0;
        for (position, row) in at.iter().enumerate() {
            if asked.binary_search(row).is_ok()
                && let Some(word) = bits.get_mut(position / 64)
            {
                *word |= 1 << (position % 64);
                count += 1;
            }
        }
        let mut hidden = Self {
            asked: asked.into(),
            bits: bits.into(),
            count,
            days: None,
        };
        let seen = (0..at.len()).filter(|&position| !hidden.hides(position));
        let days = files::hull(seen.filter_map(|position| day_range(rows, position)));
        hidden.days = days;
        hidden
    }

    /// Whether it was made for these rows.
    pub(crate) fn is_for(&self, asked: &[u64]) -> bool {
        *self.asked == *asked
    }

    /// Whether the row at a position of the file is hidden.
    pub(crate) fn hides(&self, position: usize) -> bool {
        self.bits
            .get(position / 64)
            .is_some_and(|word| word >> (position % 64) & 1 == 1)
    }

    /// Memory in bytes, without its constant part.
    pub(crate) fn bytes(&self) -> usize {
        8 * (self.asked.len() + self.bits.len())
    }
}

/// The bureau's row of each position of a frame that has the column.
pub(crate) fn source_rows(frame: &DataFrame) -> Result<Vec<u64>, Unreadable> {
    let rows = frame
        .column(ROW_COLUMN)
        .and_then(|column| column.i64())
        .map_err(|error| error.to_string())?;
    rows.iter()
        .map(|row| row.map(i64::cast_unsigned))
        .collect::<Option<_>>()
        .ok_or_else(|| "a record has no row".to_owned())
}

/// The bureau's row of each position of a file.
pub(crate) fn read_source_rows(files: &Files, file: &FileRecord) -> Result<Vec<u64>, Unread> {
    let bytes = files.verified(file)?;
    let frame = files::read_columns(&bytes, &[ROW_COLUMN]).map_err(|error| error.to_string())?;
    Ok(source_rows(&frame)?)
}

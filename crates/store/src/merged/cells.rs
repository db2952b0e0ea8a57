//! Distinct cells of one resolution with their first rows, in eight bytes each.
//!
//! All cells of a resolution have the same upper 12 bits, and at resolution 9 or coarser the lower 18 bits are ones. So 30 bits
//! of a cell say nothing, and hold the row.

use std::ops::Range;

use crate::cells::OFFSET_BITS;

/// Where the upper bits of a cell begin.
const UPPER_BITS: u32 = 52;

/// The bits that tell one cell of a resolution from another.
const CELL: u64 = (1 << UPPER_BITS) - (1 << OFFSET_BITS);

/// Rows that a first row can be one of.
pub(super) const MOST_ROWS: usize = 1 << (64 - UPPER_BITS + OFFSET_BITS);

/// Cells, ascending; the one of rows without a cell is zero.
#[derive(Debug, Default)]
pub(crate) struct Cells {
    /// The bits that all cells share.
    shared: u64,
    packed: Vec<u64>,
}

impl Cells {
    pub(super) fn push(&mut self, cell: u64, first_row: u32) {
        let row = u64::from(first_row);
        self.shared = cell & !CELL;
        self.packed
            .push(row >> OFFSET_BITS << UPPER_BITS | cell & CELL | row & ((1 << OFFSET_BITS) - 1));
    }

    pub(super) fn shrink_to_fit(&mut self) {
        self.packed.shrink_to_fit();
    }

    pub(crate) fn len(&self) -> usize {
        self.packed.len()
    }

    /// The cell of an entry; zero behind the last.
    pub(crate) fn cell(&self, entry: usize) -> u64 {
        let packed = self.packed.get(entry);
        packed.map_or(0, |&packed| packed & CELL | self.shared)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = u64> + '_ {
        self.within(0..self.len()).map(|(cell, _)| cell)
    }

    /// Cells of some entries with their first rows.
    pub(crate) fn within(&self, entries: Range<usize>) -> impl Iterator<Item = (u64, usize)> + '_ {
        let packed = self.packed.get(entries).unwrap_or_default().iter();
        packed.map(|&packed| (packed & CELL | self.shared, row_of(packed)))
    }

    /// The first of some entries whose first row is not before this one.
    pub(crate) fn at_row(&self, entries: Range<usize>, row: usize) -> usize {
        let packed = self.packed.get(entries.clone()).unwrap_or_default();
        entries.start + packed.partition_point(|&packed| row_of(packed) < row)
    }

    /// The first row of an entry.
    pub(crate) fn start(&self, entry: usize) -> Option<usize> {
        self.packed.get(entry).map(|&packed| row_of(packed))
    }
}

#[expect(clippy::cast_possible_truncation, reason = "30 bits")]
const fn row_of(packed: u64) -> usize {
    (packed >> UPPER_BITS << OFFSET_BITS | packed & ((1 << OFFSET_BITS) - 1)) as usize
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test that cannot go on fails")]
mod tests {
    use super::*;
    use h3o::{CellIndex, Resolution};

    #[test]
    fn a_cell_and_any_row_are_kept() {
        for resolution in (0..=9).map(|r| Resolution::try_from(r).unwrap()) {
            let (mut cells, mut expected) = (Cells::default(), Vec::new());
            let rows = [
                0,
                1,
                262_143,
                262_144,
                u32::try_from(MOST_ROWS).unwrap() - 1,
            ];
            for (pentagon, row) in resolution.pentagons().zip(rows) {
                cells.push(pentagon.into(), row);
                expected.push((u64::from(pentagon), row as usize));
            }
            for (entry, &(cell, row)) in expected.iter().enumerate() {
                assert_eq!((cells.cell(entry), cells.start(entry)), (cell, Some(row)));
                assert!(CellIndex::try_from(cells.cell(entry)).is_ok());
            }
            assert!(cells.iter().eq(expected.iter().map(|pair| pair.0)));
            assert_eq!(cells.start(cells.len()), None);
            assert!(cells.within(1..4).eq(expected[1..4].iter().copied()));
            assert_eq!(cells.at_row(1..5, 262_144), 3);
        }
        let mut nowhere = Cells::default();
        nowhere.push(0, 7);
        assert_eq!((nowhere.cell(0), nowhere.start(0)), (0, Some(7)));
    }
}

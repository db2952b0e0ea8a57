//! Features by whole numbers, for clients that know no other names: which number a feature has, and which feature a number.
//!
//! - A **cell** has its index without mode, resolution and unused digits, plus one. The features of a layer are of one
//!   resolution, so that no two share a number; it depends on nothing but the cell, and stays below 2³¹ up to resolution 8.
//! - A **record** has its row in its bureau's file after all rows of the batches committed before. Batches are never taken
//!   out of the ledger, and a revision keeps the record's first row, so that a number is the record's for good.
//! - A **flow**, whose two cells are more than a number holds, and what has a name have their position in the layer's answer, plus one: the same
//!   for one version of the data and one question.

use h3o::{CellIndex, Resolution};
use naqsha_model::{BatchDigest, IncidentId};

use super::Catalogue;
use crate::page::Answer;
use crate::table::Keys;

/// Bits of a cell's index that are digits, three for each resolution down to 15.
const DIGIT_BITS: u32 = 45;

/// The numbers of features, as long as the batches are the same.
#[derive(Debug, Clone)]
pub struct Numbering {
    /// Rows in all earlier batches, and the batch, in order of commit.
    batches: Vec<(u64, BatchDigest, u64)>,
}

impl Catalogue {
    /// Numbers of features now.
    pub fn numbering(&self) -> Numbering {
        let mut before = 0;
        let batches = self.store.batches().into_iter().map(|batch| {
            let received = u64::try_from(batch.received_at.as_millisecond()).unwrap_or(0);
            let placed = (before, batch.digest, received);
            // Skipped rows are numbered too, whether or not they are among those read.
            before += batch.totals.rows + batch.totals.skipped;
            placed
        });
        Numbering {
            batches: batches.collect(),
        }
    }
}

impl Numbering {
    /// The number of a row of an answer, from 1; `None` for a record of a batch that came since.
    pub fn number(&self, answer: &Answer, row: usize) -> Option<u64> {
        match &answer.table.keys {
            Keys::Cells(cells) => Some(of_cell(*cells.get(row)?)),
            Keys::Incidents(ids) => self.of_record(*ids.get(row)?),
            Keys::Flows(_) | Keys::Named(_) => u64::try_from(row).ok().map(|row| row + 1),
        }
    }

    /// The record with a number, which may have been withdrawn or rejected.
    pub fn record(&self, number: u64) -> Option<IncidentId> {
        let after = self
            .batches
            .partition_point(|&(before, ..)| before < number);
        let (before, digest, received) = self.batches.get(after.checked_sub(1)?)?;
        Some(IncidentId::new(*received, digest, number - before))
    }

    /// The row of a table with a number, but for one of records.
    pub fn row(&self, answer: &Answer, number: u64) -> Option<u32> {
        match &answer.table.keys {
            Keys::Cells(cells) => {
                let resolution = cells.first()?.resolution();
                let at = cells.binary_search(&cell_of(number, resolution)?).ok()?;
                u32::try_from(at).ok()
            }
            Keys::Flows(_) | Keys::Named(_) => {
                let row = number.checked_sub(1)?;
                (row < answer.table.len() as u64).then(|| u32::try_from(row).ok())?
            }
            Keys::Incidents(_) => None,
        }
    }

    fn of_record(&self, id: IncidentId) -> Option<u64> {
        let of_batch = |(_, digest, received): &&(u64, BatchDigest, u64)| {
            IncidentId::new(*received, digest, id.row()) == id
        };
        let (before, ..) = self.batches.iter().find(of_batch)?;
        Some(before + id.row())
    }
}

fn of_cell(cell: CellIndex) -> u64 {
    let below = u64::from(cell) & ((1 << (DIGIT_BITS + 7)) - 1);
    (below >> unused_bits(cell.resolution())) + 1
}

fn cell_of(number: u64, resolution: Resolution) -> Option<CellIndex> {
    const CELL_MODE: u64 = 1 << 59;
    let unused = unused_bits(resolution);
    let digits = number.checked_sub(1)?;
    if digits >> (DIGIT_BITS + 7 - unused) != 0 {
        return None;
    }
    let filled = digits << unused | ((1 << unused) - 1);
    let bits = CELL_MODE | u64::from(u8::from(resolution)) << 52 | filled;
    CellIndex::try_from(bits).ok()
}

const fn unused_bits(resolution: Resolution) -> u32 {
    3 * (15 - resolution as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_cell_has_a_number_of_its_own_and_is_found_by_it() {
        for resolution in [Resolution::Zero, Resolution::Two] {
            let cells: Vec<CellIndex> = CellIndex::base_cells()
                .flat_map(|base| base.children(resolution))
                .collect();
            let numbers: BTreeSet<u64> = cells.iter().copied().map(of_cell).collect();
            assert_eq!(numbers.len(), cells.len());
            assert!(
                cells
                    .iter()
                    .all(|&cell| cell_of(of_cell(cell), resolution) == Some(cell))
            );
        }
        assert_eq!(cell_of(0, Resolution::Five), None);
        assert_eq!(cell_of(u64::MAX, Resolution::Five), None);
        assert_eq!(cell_of(8, Resolution::One), None, "no digit is seven");
    }

    #[test]
    fn numbers_of_cells_fit_what_old_clients_read_up_to_resolution_8() {
        let last = CellIndex::base_cells().last().unwrap();
        for (resolution, below) in [
            (Resolution::Eight, 1 << 31),
            (Resolution::Nine, 1_u64 << 34),
        ] {
            let greatest = last.children(resolution).last().unwrap();
            assert!(
                (below / 2..below).contains(&of_cell(greatest)),
                "{}",
                of_cell(greatest)
            );
        }
    }

    #[test]
    fn records_go_by_batch_and_row() {
        let digest = |byte| BatchDigest::new([byte; 32]);
        let numbering = Numbering {
            batches: vec![
                (0, digest(1), 5),
                (10, digest(2), 7),
                (10, digest(3), 8),
                (12, digest(4), 9),
            ],
        };
        for (received, byte, row, number) in
            [(5, 1, 1, 1), (5, 1, 10, 10), (8, 3, 1, 11), (9, 4, 3, 15)]
        {
            let id = IncidentId::new(received, &digest(byte), row);
            assert_eq!(numbering.of_record(id), Some(number));
            assert_eq!(numbering.record(number), Some(id));
        }
        assert_eq!(numbering.record(0), None);
        assert_eq!(numbering.of_record(IncidentId::new(1, &digest(9), 1)), None);
    }
}

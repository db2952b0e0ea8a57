//! Records of a merged index by group.
#![expect(
    clippy::indexing_slicing,
    reason = "positions come from the index itself"
)]

use rayon::prelude::*;

use super::View;
use super::count::{Chunk, each_run};
use crate::cells;
use crate::groups::{Grouping, Groups};
use crate::scan::{COUNTED, Scan};

impl View {
    /// The rows that pass, by group.
    pub(crate) fn groups(&self, scan: &Scan<'_>, grouping: &Grouping<'_>) -> Groups {
        let asked = self.asked(scan);
        let kinds = &self.merged.kinds;
        let labels: Vec<u32> = kinds.iter().map(|of| grouping.label(&of.kind)).collect();
        let columns = &self.merged.columns;
        let of = grouping.query.cells;
        // The chunks of a resolution finer than asked end where a cell of the answer does.
        let coarse = |cell: u64| match (of, cells::resolution(cell)) {
            (Some(of), Some(stored)) => cells::parent(cell, of.resolution.min(stored)),
            _ => cell,
        };
        let count = |chunk: &Chunk<'_>| {
            let mut groups = Groups::default();
            let rows = chunk.rows();
            let verdicts = asked.verdicts(rows.clone());
            let mut add = |cell: u64, of_cell: std::ops::Range<usize>| {
                for row in of_cell.filter(|row| verdicts[row - rows.start] == COUNTED) {
                    let kind = usize::from(columns.kind[row]);
                    let days = (columns.first_day[row], columns.last_day[row]);
                    let synthetic = kinds[kind].synthetic;
                    grouping.add(&mut groups, (cell, labels[kind]), days, synthetic);
                }
            };
            match of {
                None => add(0, rows.clone()),
                Some(of) if chunk.of.resolution >= Some(of.resolution) => {
                    each_run(
                        chunk.of,
                        &chunk.entries,
                        of.resolution,
                        |cell, _, of_cell| {
                            if let Some(cell) = of.counted(cell) {
                                add(cell, of_cell);
                            }
                        },
                    );
                }
                Some(_) => {}
            }
            groups
        };
        let chunks = asked.chunks(scan, coarse);
        let counted = chunks.par_iter().map(count);
        counted.reduce(Groups::default, Groups::plus)
    }
}

//! Records of a merged index by cell and days.
#![expect(
    clippy::indexing_slicing,
    reason = "positions come from the index itself"
)]

use h3o::Resolution;
use rayon::prelude::*;

use super::View;
use super::count::{Chunk, each_run};
use crate::cells;
use crate::occurrences::{Counted, Run};
use crate::scan::{COUNTED, Scan};

impl View {
    /// The rows that count, by cell and days. A cell may come several times.
    pub(crate) fn occurrences(&self, scan: &Scan<'_>, resolution: Resolution) -> Counted {
        let asked = self.asked(scan);
        let coarse = |cell: u64| match cells::resolution(cell) {
            Some(stored) => cells::parent(cell, resolution.min(stored)),
            None => cell,
        };
        let columns = &self.merged.columns;
        let count = |chunk: &Chunk<'_>| {
            let (mut counted, mut run) = (Counted::new(), Run::default());
            let rows = chunk.rows();
            let verdicts = asked.verdicts(rows.clone());
            each_run(chunk.of, &chunk.entries, resolution, |cell, _, of_cell| {
                for row in of_cell.filter(|row| verdicts[row - rows.start] == COUNTED) {
                    let days = (columns.first_day[row], columns.last_day[row]);
                    run.add(days, columns.kind[row]);
                }
                let kind = |kind: u16| self.merged.kinds.get(usize::from(kind)).map(|of| &of.kind);
                run.end(cell, kind, &mut counted);
            });
            counted
        };
        let chunks = asked.chunks(scan, coarse);
        let finer = chunks
            .par_iter()
            .filter(|chunk| chunk.of.resolution >= Some(resolution));
        finer.flat_map_iter(count).collect()
    }
}

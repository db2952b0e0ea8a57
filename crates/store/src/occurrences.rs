//! Records by cell and days: what is asked where the order of events matters, and not only their number.

use std::sync::Arc;

use h3o::{CellIndex, Resolution};
use naqsha_model::{Category, Day, DayRange};
use rayon::prelude::*;

use crate::Snapshot;
use crate::cells;
use crate::index::{Held, Index, Kind, Part};
use crate::merged::View;
use crate::query::CubeQuery;
use crate::scan::{Passing, Scan};

/// Records of one category and agency in one cell, of the same days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occurrence {
    /// The cell, at the resolution that was asked.
    pub cell: CellIndex,
    /// First and last day, `None` without a time.
    pub days: Option<DayRange>,
    /// The category.
    pub category: Category,
    /// Who sent them.
    pub agency: Arc<str>,
    /// How many, at least 1.
    pub count: u32,
}

/// An occurrence in the order of the answer: by cell, then days, category and agency.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    cell: u64,
    days: (u16, u16),
    category: u8,
    agency: Arc<str>,
}

/// Records of each key.
pub(crate) type Counted = Vec<(Key, u32)>;

/// The rows of one cell being counted: days and kind, several times where several are alike.
#[derive(Debug, Default)]
pub(crate) struct Run(Vec<((u16, u16), u16)>);

impl Run {
    pub(crate) fn add(&mut self, days: (u16, u16), kind: u16) {
        self.0.push((days, kind));
    }

    /// Ends the run: what it holds is of this cell, and `kind` tells its kinds.
    pub(crate) fn end<'k>(
        &mut self,
        cell: u64,
        kind: impl Fn(u16) -> Option<&'k Kind>,
        counted: &mut Counted,
    ) {
        self.0.sort_unstable();
        for same in self.0.chunk_by(|a, b| a == b) {
            let Some((&(days, number), count)) = same.first().zip(u32::try_from(same.len()).ok())
            else {
                continue;
            };
            if let Some(kind) = kind(number) {
                let key = Key {
                    cell,
                    days,
                    category: kind.category.index(),
                    agency: Arc::clone(&kind.agency),
                };
                counted.push((key, count));
            }
        }
        self.0.clear();
    }
}

impl Snapshot {
    /// The records that [`Snapshot::cube`] counts in cells, by cell, days, category and agency, in that order.
    ///
    /// Cost: O(records of the filter's area), and a sort of what differs; over all threads of rayon's pool.
    pub fn occurrences(&self, query: &CubeQuery<'_>) -> Vec<Occurrence> {
        let scan = Scan::new(&query.filter, query.counted_bases.as_deref());
        let resolution = query.resolution;
        let apart = self.parts().par_iter().filter_map(|part| match &part.held {
            Held::Apart(index) => Some(of_part(part, index, &scan, resolution)),
            Held::Merged => None,
        });
        let mut counted: Counted = apart.flatten_iter().collect();
        let views: &[Arc<View>] = self.views();
        for view in views {
            counted.extend(view.occurrences(&scan, resolution));
        }
        counted.par_sort_unstable();
        let mut told: Vec<Occurrence> = Vec::new();
        let mut last: Option<Key> = None;
        for (key, count) in counted {
            match told.last_mut() {
                Some(same) if last.as_ref() == Some(&key) => same.count += count,
                _ => told.extend(key.told(count)),
            }
            last = Some(key);
        }
        told
    }
}

impl Key {
    fn told(&self, count: u32) -> Option<Occurrence> {
        let (first, last) = self.days;
        let has_time = DayRange::ALL.first().0 != first || DayRange::ALL.last().0 != last;
        let days = DayRange::new(Day(first), Day(last)).ok();
        Some(Occurrence {
            cell: CellIndex::try_from(self.cell).ok()?,
            days: days.filter(|_| has_time),
            category: Category::from_index(self.category)?,
            agency: Arc::clone(&self.agency),
            count,
        })
    }
}

fn of_part(part: &Part, index: &Index, scan: &Scan<'_>, resolution: Resolution) -> Counted {
    let passing: Passing = scan.passing(index, part.hidden.as_deref());
    let (mut counted, mut run) = (Counted::new(), Run::default());
    let finer = |segment: &&crate::index::Segment| segment.resolution >= Some(resolution);
    for segment in index.segments.iter().filter(finer) {
        for (cell, rows) in segment.runs(|entry| cells::parent(entry, resolution)) {
            let columns = [
                &index.rows.first_day,
                &index.rows.last_day,
                &index.rows.kind,
            ];
            let [first, last, kind] =
                columns.map(|column| column.get(rows.clone()).unwrap_or_default());
            for (row, ((&first, &last), &kind)) in rows.zip(first.iter().zip(last).zip(kind)) {
                if passing.counts(row) {
                    run.add((first, last), kind);
                }
            }
            run.end(
                cell,
                |kind| index.kinds.get(usize::from(kind)),
                &mut counted,
            );
        }
    }
    counted
}

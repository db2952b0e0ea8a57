//! Counts per cell: a linear pass over each part's distinct cells, then the sum of the parts.

use std::collections::{BTreeMap, HashMap};

use foldhash::fast::RandomState;
use h3o::{CellIndex, Resolution};
use rayon::prelude::*;

use crate::cells;
use crate::index::Part;
use crate::query::{Cube, CubeQuery};
use crate::scan::{Passing, Scan, Tally};

/// A cell, its count, and whether a record of it is invented.
type Counted = (u64, u32, bool);

/// Counts of one or more parts, ascending by cell.
#[derive(Default)]
struct Counts {
    cells: Vec<Counted>,
    coarse: Vec<Counted>,
    unlocated: BTreeMap<Option<String>, u64>,
    uncounted: u64,
}

/// Up to here cells are so few that all parts have the same ones, and a table of them is smaller than a cache: adding to it
/// beats merging lists, of which there are as many as parts. Beyond, the lists differ, and merging them is the faster way.
const TABLED: Resolution = Resolution::Seven;

/// Counts of one or more parts, by cell.
#[derive(Default)]
struct Table {
    cells: HashMap<u64, (u32, bool), RandomState>,
    /// All but the cells.
    rest: Counts,
}

impl Table {
    fn and(mut self, mut counts: Counts) -> Self {
        for (cell, count, synthetic) in std::mem::take(&mut counts.cells) {
            self.add(cell, count, synthetic);
        }
        self.rest = self.rest.merge(counts);
        self
    }

    fn with(mut self, other: Self) -> Self {
        if self.cells.len() < other.cells.len() {
            return other.with(self);
        }
        for (cell, (count, synthetic)) in other.cells {
            self.add(cell, count, synthetic);
        }
        self.rest = self.rest.merge(other.rest);
        self
    }

    fn add(&mut self, cell: u64, count: u32, synthetic: bool) {
        let (sum, any) = self.cells.entry(cell).or_default();
        *sum += count;
        *any |= synthetic;
    }
}

impl From<Table> for Counts {
    fn from(table: Table) -> Self {
        let cells = table.cells.into_iter();
        let mut cells: Vec<Counted> = cells
            .map(|(cell, (count, synthetic))| (cell, count, synthetic))
            .collect();
        cells.sort_unstable_by_key(|&(cell, ..)| cell);
        Self {
            cells,
            ..table.rest
        }
    }
}

/// The cube of all parts. The order of merging does not matter, as all of it is sums of integers.
pub(crate) fn cube<'p>(parts: &[std::sync::Arc<Part>], query: &'p CubeQuery<'p>) -> Cube {
    let scan = Scan::new(&query.filter, query.counted_bases.as_deref());
    let of_part = |part: &std::sync::Arc<Part>| count(part, &scan.passing(part), query.resolution);
    let each = parts.par_iter().map(of_part);
    let counts = if query.resolution <= TABLED {
        let sums = each.fold(Table::default, Table::and);
        Counts::from(sums.reduce(Table::default, Table::with))
    } else {
        each.reduce(Counts::default, Counts::merge)
    };
    let mut cube = Cube::default();
    for (cell, count, synthetic) in counts.cells {
        cube.matched += u64::from(count);
        cube.cells.extend(CellIndex::try_from(cell));
        cube.counts.push(count);
        cube.synthetic.push(synthetic);
    }
    for (cell, count, _synthetic) in counts.coarse {
        cube.excluded.too_coarse += u64::from(count);
        cube.coarse
            .extend(CellIndex::try_from(cell).map(|cell| (cell, count)));
    }
    cube.excluded.no_location = counts.unlocated.values().sum();
    cube.unlocated = counts.unlocated;
    cube.excluded.basis = counts.uncounted;
    cube.matched += cube.excluded.total();
    cube
}

fn count(part: &Part, passing: &Passing, resolution: Resolution) -> Counts {
    let mut counts = Counts::default();
    for segment in &part.index.segments {
        let Some(stored) = segment.resolution else {
            let Tally { counted, uncounted } = passing.tally(segment.rows.clone());
            if counted + uncounted > 0 {
                let area = part.batch.study_area.clone();
                *counts.unlocated.entry(area).or_default() += counted + uncounted;
            }
            continue;
        };
        let runs = segment.runs(|entry| cells::parent(entry, resolution.min(stored)));
        let counted = runs.filter_map(|(cell, rows)| {
            let Tally { counted, uncounted } = passing.tally(rows);
            counts.uncounted += uncounted;
            let counted = u32::try_from(counted).expect("a part has fewer than 2^18 rows");
            (counted > 0).then_some((cell, counted, part.batch.synthetic))
        });
        let counted = counted.collect();
        let known = if stored >= resolution {
            &mut counts.cells
        } else {
            &mut counts.coarse
        };
        *known = merge(std::mem::take(known), counted);
    }
    counts
}

impl Counts {
    fn merge(mut self, other: Self) -> Self {
        for (area, count) in other.unlocated {
            *self.unlocated.entry(area).or_default() += count;
        }
        Self {
            cells: merge(self.cells, other.cells),
            coarse: merge(self.coarse, other.coarse),
            unlocated: self.unlocated,
            uncounted: self.uncounted + other.uncounted,
        }
    }
}

fn merge(left: Vec<Counted>, right: Vec<Counted>) -> Vec<Counted> {
    if left.is_empty() || right.is_empty() {
        return if left.is_empty() { right } else { left };
    }
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(&(left_cell, ..)), Some(&(right_cell, ..))) = (left.peek(), right.peek()) {
        let first = if left_cell <= right_cell {
            left.next()
        } else {
            right.next()
        };
        let equal = if left_cell == right_cell {
            right.next()
        } else {
            None
        };
        merged.extend(first.map(|(cell, count, synthetic)| match equal {
            Some((_, more, also)) => (cell, count + more, synthetic | also),
            None => (cell, count, synthetic),
        }));
    }
    merged.extend(left);
    merged.extend(right);
    merged
}

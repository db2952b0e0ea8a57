//! Counts per cell: a linear pass over each part's distinct cells, then a merge of the sorted results.

use std::collections::BTreeMap;

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

/// The cube of all parts. The order of merging does not matter, as all of it is sums of integers.
pub(crate) fn cube<'p>(parts: &[std::sync::Arc<Part>], query: &'p CubeQuery<'p>) -> Cube {
    let scan = Scan::new(&query.filter, query.counted_bases.as_deref());
    let counts = parts
        .par_iter()
        .map(|part| count(part, &scan.passing(part), query.resolution))
        .reduce(Counts::default, Counts::merge);
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

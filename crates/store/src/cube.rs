//! Counts per cell: a linear pass over each index's distinct cells, then a merge of the sorted results.

use std::collections::BTreeMap;
use std::sync::Arc;

use h3o::{CellIndex, Resolution};
use rayon::prelude::*;

use crate::cells;
use crate::index::{Held, Index, Part};
use crate::merged::View;
use crate::query::{Cube, CubeQuery};
use crate::scan::{Passing, Scan, Tally};

/// A cell, its count, and whether a record of it is invented.
pub(crate) type Counted = (u64, u32, bool);

/// Counts of one or more parts, ascending by cell.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub cells: Vec<Counted>,
    pub coarse: Vec<Counted>,
    pub unlocated: BTreeMap<Option<String>, u64>,
    pub uncounted: u64,
}

/// The cube of all parts. The order of merging does not matter, as all of it is sums of integers.
pub(crate) fn cube(parts: &[Arc<Part>], views: &[Arc<View>], query: &CubeQuery<'_>) -> Cube {
    let scan = Scan::new(&query.filter, query.counted_bases.as_deref());
    let apart = parts.par_iter().filter_map(|part| match &part.held {
        Held::Apart(index) => {
            let passing = scan.passing(index, part.hidden.as_deref());
            Some(count(part, index, &passing, query.resolution))
        }
        Held::Merged => None,
    });
    let apart = apart.reduce(Counts::default, Counts::merge);
    let merged = views.iter().map(|view| view.count(&scan, query.resolution));
    let counts = merged.fold(apart, Counts::merge);
    let cell = |&(cell, ..): &Counted| CellIndex::try_from(cell).expect("checked when read");
    let mut cube = Cube {
        cells: counts.cells.par_iter().map(cell).collect(),
        counts: counts.cells.par_iter().map(|cell| cell.1).collect(),
        synthetic: counts.cells.par_iter().map(|cell| cell.2).collect(),
        matched: counts.cells.iter().map(|cell| u64::from(cell.1)).sum(),
        ..Cube::default()
    };
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

fn count(part: &Part, index: &Index, passing: &Passing, resolution: Resolution) -> Counts {
    let mut counts = Counts::default();
    for segment in &index.segments {
        let Some(stored) = segment.resolution else {
            let Tally { counted, uncounted } = passing.tally(segment.rows.clone());
            let area: Option<Arc<str>> = part.batch.study_area.as_deref().map(Arc::from);
            counts.add_unlocated(area.as_ref(), counted + uncounted);
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
        let known = counts.known(stored, resolution);
        *known = merge(std::mem::take(known), counted);
    }
    counts
}

impl Counts {
    pub(crate) fn merge(mut self, other: Self) -> Self {
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

    pub(crate) fn add_unlocated(&mut self, area: Option<&Arc<str>>, count: u64) {
        if count > 0 {
            let area = area.map(ToString::to_string);
            *self.unlocated.entry(area).or_default() += count;
        }
    }

    /// Where cells of a stored resolution go.
    pub(crate) fn known(&mut self, stored: Resolution, asked: Resolution) -> &mut Vec<Counted> {
        if stored >= asked {
            &mut self.cells
        } else {
            &mut self.coarse
        }
    }

    /// Brings the cells in order, each once.
    pub(crate) fn order(&mut self) {
        for cells in [&mut self.cells, &mut self.coarse] {
            if !cells.is_sorted_by(|left, right| left.0 < right.0) {
                cells.sort_unstable();
                cells.dedup_by(|next, kept| {
                    let same = next.0 == kept.0;
                    if same {
                        kept.1 += next.1;
                        kept.2 |= next.2;
                    }
                    same
                });
            }
        }
    }
}

/// The sum of many counts of which most follow each other.
pub(crate) fn sum(many: Vec<Counts>) -> Counts {
    let cells = many.iter().map(|counts| counts.cells.len()).sum();
    let mut all = Counts {
        cells: Vec::with_capacity(cells),
        ..Counts::default()
    };
    for counts in many {
        all.cells.extend(counts.cells);
        all.coarse.extend(counts.coarse);
        all.uncounted += counts.uncounted;
        for (area, count) in counts.unlocated {
            *all.unlocated.entry(area).or_default() += count;
        }
    }
    all.order();
    all
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

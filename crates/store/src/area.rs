//! Which of many sorted cells an area contains, asked from coarse to fine.

use std::ops::Range;

use h3o::{CellIndex, Resolution};

use crate::cells;
use crate::query::{Area, Reach};

/// Resolutions between two questions: a region of 49 cells is taken, left or looked into.
const STEP: u8 = 2;

/// Ranges of `entries` whose cells the area contains, ascending. `cell` gives the cell of an entry, ascending and all at
/// the resolution `stored`.
pub(crate) fn contained(
    area: Area<'_>,
    stored: Resolution,
    entries: Range<usize>,
    cell: impl Fn(usize) -> u64,
) -> Vec<Range<usize>> {
    let mut search = Search {
        area,
        asked: stored.min(area.finest),
        cell,
        found: Vec::new(),
    };
    let first = area.reach.map_or(search.asked, |_| Resolution::One);
    search.look(first.min(search.asked), entries);
    search.found
}

struct Search<'a, C> {
    area: Area<'a>,
    asked: Resolution,
    cell: C,
    found: Vec<Range<usize>>,
}

impl<C: Fn(usize) -> u64> Search<'_, C> {
    /// Asks for each region of the entries at a resolution.
    fn look(&mut self, at: Resolution, entries: Range<usize>) {
        let mut from = entries.start;
        while from < entries.end {
            let region = cells::parent((self.cell)(from), at);
            let to = self.end(region, at, from..entries.end);
            match self.reach(region, at) {
                Reach::Nothing => {}
                Reach::All => self.take(from..to),
                Reach::Part => {
                    let finer = u8::from(at).saturating_add(STEP);
                    let finer = Resolution::try_from(finer).unwrap_or(self.asked);
                    self.look(finer.min(self.asked), from..to);
                }
            }
            from = to;
        }
    }

    /// A cell of the index is valid, and so is its parent.
    fn reach(&self, region: u64, at: Resolution) -> Reach {
        let Ok(region) = CellIndex::try_from(region) else {
            return Reach::Nothing;
        };
        match self.area.reach {
            Some(reach) if at < self.asked => reach(region),
            _ if (self.area.contains)(region) => Reach::All,
            _ => Reach::Nothing,
        }
    }

    /// The end of a region's entries: looked for in steps that double, as most regions are short.
    fn end(&self, region: u64, at: Resolution, within: Range<usize>) -> usize {
        let is_in = |entry: usize| cells::parent((self.cell)(entry), at) == region;
        let (mut low, mut step) = (within.start, 1);
        while low + step < within.end && is_in(low + step) {
            low += step;
            step *= 2;
        }
        let mut high = within.end.min(low + step);
        while low + 1 < high {
            let middle = low.midpoint(high);
            if is_in(middle) {
                low = middle;
            } else {
                high = middle;
            }
        }
        high
    }

    fn take(&mut self, entries: Range<usize>) {
        match self.found.last_mut() {
            Some(last) if last.end == entries.start => last.end = entries.end,
            _ => self.found.push(entries),
        }
    }
}

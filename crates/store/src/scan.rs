//! Which rows of a part pass a filter: one byte a row, decided column by column.
#![expect(
    clippy::indexing_slicing,
    clippy::needless_bitwise_bool,
    reason = "tables cover every value of their key; positions come from the part itself; no branch, no jump"
)]

use std::ops::Range;

use h3o::CellIndex;
use naqsha_model::{Basis, DayRange, RecordStage};

use crate::cells;
use crate::hidden::Hidden;
use crate::index::{Part, Rows, Segment, traits};
use crate::query::{Area, Filter};

/// The row does not pass.
const OUT: u8 = 0;
/// The row passes and counts.
const COUNTED: u8 = 1;
/// The row passes, but its basis is not one that counts.
const UNCOUNTED: u8 = 2;

/// A filter made ready for scanning.
#[derive(Debug)]
pub(crate) struct Scan<'q> {
    categories: [u8; 256],
    traits: [u8; 256],
    days: Option<DayRange>,
    agencies: Option<&'q [String]>,
    area: Option<Area<'q>>,
}

/// What a scan found of the rows of a part.
#[derive(Debug)]
pub(crate) enum Passing {
    /// All rows pass and count.
    All,
    /// A verdict for each row.
    Each(Vec<u8>),
}

/// Numbers of rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub counted: u64,
    pub uncounted: u64,
}

impl Passing {
    /// How many rows of a range pass.
    pub(crate) fn tally(&self, rows: Range<usize>) -> Tally {
        match self {
            Self::All => Tally {
                counted: rows.len() as u64,
                uncounted: 0,
            },
            Self::Each(verdicts) => {
                verdicts[rows]
                    .iter()
                    .fold(Tally::default(), |tally, &verdict| Tally {
                        counted: tally.counted + u64::from(verdict & COUNTED),
                        uncounted: tally.uncounted + u64::from(verdict >> 1),
                    })
            }
        }
    }

    /// Positions of the rows that pass, ascending, of a part of `rows` rows.
    pub(crate) fn positions(&self, rows: usize) -> impl Iterator<Item = usize> + '_ {
        (0..rows).filter(move |&row| match self {
            Self::All => true,
            Self::Each(verdicts) => verdicts[row] != OUT,
        })
    }
}

impl<'q> Scan<'q> {
    pub(crate) fn new(filter: &'q Filter<'q>, counted_bases: Option<&[Basis]>) -> Self {
        let mut categories = [OUT; 256];
        for category in filter.categories.iter() {
            categories[usize::from(category.index())] = COUNTED;
        }
        let mut table = [OUT; 256];
        for stage in RecordStage::ALL
            .iter()
            .filter(|stage| admits(filter.stages.as_deref(), stage))
        {
            for basis in Basis::ALL
                .iter()
                .filter(|basis| admits(filter.bases.as_deref(), basis))
            {
                let verdict = if admits(counted_bases, basis) {
                    COUNTED
                } else {
                    UNCOUNTED
                };
                table[usize::from(traits(stage.index(), basis.index()))] = verdict;
            }
        }
        let agencies = filter.agencies.as_deref();
        Self {
            categories,
            traits: table,
            days: filter.days,
            agencies,
            area: filter.area,
        }
    }

    /// The rows of a part that pass.
    pub(crate) fn passing(&self, part: &Part) -> Passing {
        let rows = &part.index.rows;
        let mut verdicts = Verdicts {
            rows: rows.category.len(),
            each: None,
        };
        if let Some(days) = self.days {
            verdicts.days(rows, days);
        }
        verdicts.table(&rows.category, &self.categories);
        verdicts.table(&rows.traits, &self.traits);
        if let Some(agencies) = self.agencies {
            verdicts.agencies(rows, agencies);
        }
        if let Some(area) = self.area {
            part.index
                .segments
                .iter()
                .for_each(|segment| verdicts.area(segment, area));
        }
        if let Some(hidden) = &part.hidden {
            verdicts.hide(hidden);
        }
        verdicts.each.map_or(Passing::All, Passing::Each)
    }
}

fn admits<T: PartialEq>(list: Option<&[T]>, member: &T) -> bool {
    list.is_none_or(|list| list.contains(member))
}

/// Verdicts under construction; none are written while every row passes.
struct Verdicts {
    rows: usize,
    each: Option<Vec<u8>>,
}

impl Verdicts {
    fn each(&mut self) -> &mut [u8] {
        self.each.get_or_insert_with(|| vec![COUNTED; self.rows])
    }

    fn days(&mut self, rows: &Rows, days: DayRange) {
        let (first, last) = (days.first().0, days.last().0);
        let outside = |(&starts, &ends): (&u16, &u16)| (starts > last) | (ends < first);
        if !rows
            .first_day
            .iter()
            .zip(&rows.last_day)
            .map(outside)
            .fold(false, |any, out| any | out)
        {
            return;
        }
        let spans = rows.first_day.iter().zip(&rows.last_day);
        for (verdict, (&starts, &ends)) in self.each().iter_mut().zip(spans) {
            *verdict *= u8::from((starts <= last) & (ends >= first));
        }
    }

    fn table(&mut self, keys: &[u8], table: &[u8; 256]) {
        if keys.iter().all(|&key| table[usize::from(key)] == COUNTED) {
            return;
        }
        for (verdict, &key) in self.each().iter_mut().zip(keys) {
            *verdict *= table[usize::from(key)];
        }
    }

    fn agencies(&mut self, rows: &Rows, admitted: &[String]) {
        let table: Vec<u8> = rows
            .agencies
            .iter()
            .map(|name| u8::from(admitted.contains(name)))
            .collect();
        if table.iter().all(|&admitted| admitted == COUNTED) {
            return;
        }
        if rows.agency.is_empty() {
            return self.each().fill(OUT);
        }
        for (verdict, &agency) in self.each().iter_mut().zip(&rows.agency) {
            *verdict *= table[usize::from(agency)];
        }
    }

    /// A row that is not current is out, whatever is asked.
    fn hide(&mut self, hidden: &Hidden) {
        if hidden.count > 0 {
            for (row, verdict) in self.each().iter_mut().enumerate() {
                *verdict *= u8::from(!hidden.hides(row));
            }
        }
    }

    /// A cell of the index is valid, and so is its parent.
    fn area(&mut self, segment: &Segment, area: Area<'_>) {
        let Some(resolution) = segment.resolution else {
            return;
        };
        let asked = resolution.min(area.finest);
        for (cell, rows) in segment.runs(|entry| cells::parent(entry, asked)) {
            if !CellIndex::try_from(cell).is_ok_and(area.contains) {
                self.each()[rows].fill(OUT);
            }
        }
    }
}

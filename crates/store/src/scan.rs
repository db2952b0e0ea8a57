//! Which rows pass a filter: decided once for each kind of record and each cell, then one byte a row.
#![expect(
    clippy::indexing_slicing,
    reason = "tables cover every value of their key; positions come from the part itself"
)]

use std::ops::Range;

use naqsha_model::Basis;

use crate::area::contained;
use crate::days::Days;
use crate::hidden::Hidden;
use crate::index::{Index, Kind, Segment};
use crate::query::{Area, Filter};

/// The row does not pass.
pub(crate) const OUT: u8 = 0;
/// The row passes and counts.
pub(crate) const COUNTED: u8 = 1;
/// The row passes, but its basis is not one that counts.
pub(crate) const UNCOUNTED: u8 = 2;

/// A filter made ready for scanning.
#[derive(Debug)]
pub(crate) struct Scan<'q> {
    filter: &'q Filter<'q>,
    counted_bases: Option<&'q [Basis]>,
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

impl Tally {
    /// Of rows with these verdicts.
    pub(crate) fn of(verdicts: &[u8]) -> Self {
        verdicts
            .iter()
            .fold(Self::default(), |tally, &verdict| Self {
                counted: tally.counted + u64::from(verdict & COUNTED),
                uncounted: tally.uncounted + u64::from(verdict >> 1),
            })
    }
}

impl Passing {
    /// How many rows of a range pass.
    pub(crate) fn tally(&self, rows: Range<usize>) -> Tally {
        match self {
            Self::All => Tally {
                counted: rows.len() as u64,
                uncounted: 0,
            },
            Self::Each(verdicts) => Tally::of(&verdicts[rows]),
        }
    }

    /// Whether a row passes and counts.
    pub(crate) fn counts(&self, row: usize) -> bool {
        match self {
            Self::All => true,
            Self::Each(verdicts) => verdicts[row] == COUNTED,
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
    pub(crate) fn new(filter: &'q Filter<'q>, counted_bases: Option<&'q [Basis]>) -> Self {
        Self {
            filter,
            counted_bases,
        }
    }

    pub(crate) fn days(&self) -> Option<Days> {
        let asked = self.filter.days?;
        Some(Days::new(asked, self.filter.only_within_days))
    }

    pub(crate) fn area(&self) -> Option<Area<'q>> {
        self.filter.area
    }

    /// Whether who reads may read records of a kind.
    pub(crate) fn reads(&self, kind: &Kind) -> bool {
        let reader = self.filter.reader.as_ref();
        reader.is_none_or(|reader| kind.is_read_by(reader))
    }

    /// What becomes of records of a kind whose days and place pass.
    pub(crate) fn verdict(&self, kind: &Kind) -> u8 {
        let Filter {
            categories,
            stages,
            agencies,
            bases,
            precisions,
            handlings,
            reader: _,
            days: _,
            only_within_days: _,
            area: _,
        } = self.filter;
        let passes = self.reads(kind)
            && categories.contains_index(kind.category.index())
            && admits(stages.as_deref(), &kind.stage)
            && admits(bases.as_deref(), &kind.basis)
            && admits(precisions.as_deref(), &kind.precision)
            && admits(handlings.as_deref(), &kind.handling)
            && agencies
                .as_deref()
                .is_none_or(|codes| codes.iter().any(|code| **code == *kind.agency));
        match passes {
            false => OUT,
            true if admits(self.counted_bases, &kind.basis) => COUNTED,
            true => UNCOUNTED,
        }
    }

    /// The rows of a part that pass.
    pub(crate) fn passing(&self, index: &Index, hidden: Option<&Hidden>) -> Passing {
        let rows = &index.rows;
        let mut verdicts = Verdicts {
            rows: rows.len(),
            each: None,
        };
        let table: Vec<u8> = index.kinds.iter().map(|kind| self.verdict(kind)).collect();
        if table.iter().any(|&verdict| verdict != COUNTED) {
            let verdict = |&kind: &u16| table[usize::from(kind)];
            verdicts.each = Some(rows.kind.iter().map(verdict).collect());
        }
        if let Some(days) = self.days() {
            verdicts.days(&rows.first_day, &rows.last_day, days);
        }
        if let Some(area) = self.filter.area {
            for segment in &index.segments {
                verdicts.area(segment, area);
            }
        }
        if let Some(hidden) = hidden {
            verdicts.hide(hidden);
        }
        verdicts.each.map_or(Passing::All, Passing::Each)
    }
}

fn admits<T: PartialEq>(list: Option<&[T]>, member: &T) -> bool {
    list.is_none_or(|list| list.contains(member))
}

/// Takes out the rows whose days `days` do not admit.
pub(crate) fn outside_days(verdicts: &mut [u8], first: &[u16], last: &[u16], days: Days) {
    for (verdict, (&starts, &ends)) in verdicts.iter_mut().zip(first.iter().zip(last)) {
        *verdict *= u8::from(days.admit(starts, ends));
    }
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

    fn days(&mut self, first: &[u16], last: &[u16], days: Days) {
        let outside = |(&starts, &ends): (&u16, &u16)| !days.admit(starts, ends);
        let spans = first.iter().zip(last).map(outside);
        if spans.fold(false, |any, out| any | out) {
            outside_days(self.each(), first, last, days);
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

    fn area(&mut self, segment: &Segment, area: Area<'_>) {
        let Some(resolution) = segment.resolution else {
            if !area.unlocated {
                self.each()[segment.rows.clone()].fill(OUT);
            }
            return;
        };
        let entries = 0..segment.entries.len();
        let mut out_from = segment.rows.start;
        let contained = contained(area, resolution, entries, |at| segment.entries[at]);
        for within in contained {
            let rows = segment.first_row(within.start)..segment.first_row(within.end);
            if out_from < rows.start {
                self.each()[out_from..rows.start].fill(OUT);
            }
            out_from = rows.end;
        }
        if out_from < segment.rows.end {
            self.each()[out_from..segment.rows.end].fill(OUT);
        }
    }
}

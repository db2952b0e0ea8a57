//! Questions to a merged index: counts per cell, per file and per month.
#![expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "tables cover every value of their key; positions come from the index itself; it has fewer than 2^32 rows"
)]

use std::ops::Range;
use std::sync::Arc;

use h3o::Resolution;
use naqsha_model::{Category, Day, DayRange};
use rayon::prelude::*;

use super::{FileKey, Segment, View};
use crate::area::contained;
use crate::cells;
use crate::cube::{Counts, sum};
use crate::days::Days;
use crate::index::ANY_DAY;
use crate::months::ByMonth;
use crate::scan::{COUNTED, OUT, Scan, Tally, outside_days};

/// Rows that are judged together, so that the verdicts stay in a processor's cache.
const CHUNK: usize = 1 << 15;

/// A question made ready for one index.
pub(super) struct Asked<'v> {
    pub(super) view: &'v View,
    /// Verdict of each kind.
    pub(super) table: Box<[u8; KINDS]>,
    pub(super) days: Option<Days>,
    /// Whether all rows pass that are of the area.
    pub(super) is_open: bool,
}

/// A verdict for each number of two bytes, so that no kind needs a look whether it is one.
const KINDS: usize = 1 << 16;

/// Entries of one stored resolution that are counted together.
pub(super) struct Chunk<'v> {
    pub(super) of: &'v Segment,
    pub(super) entries: Range<usize>,
}

impl View {
    /// Counts per cell, and what is in none.
    pub(crate) fn count(&self, scan: &Scan<'_>, resolution: Resolution) -> Counts {
        let asked = self.asked(scan);
        let by_calendar = match scan.area() {
            None => asked.by_calendar(resolution),
            Some(_) => None,
        };
        by_calendar.unwrap_or_else(|| asked.by_cell(scan, resolution))
    }

    /// Rows of each file that pass, in the order of the files.
    pub(crate) fn count_by_file(&self, scan: &Scan<'_>) -> Vec<u64> {
        let asked = self.asked(scan);
        let none = || vec![0_u64; self.merged.files.len()];
        let parts = &self.merged.columns.part;
        let add = |mut left: Vec<u64>, right: Vec<u64>| {
            left.iter_mut()
                .zip(right)
                .for_each(|(sum, more)| *sum += more);
            left
        };
        asked.each_passing(
            scan,
            none,
            |counts, row| counts[usize::from(parts[row])] += 1,
            add,
        )
    }

    /// Rows that pass, by category and month.
    pub(crate) fn count_by_month(&self, scan: &Scan<'_>) -> ByMonth {
        let asked = self.asked(scan);
        let kinds = self.merged.kinds.iter();
        let category: Vec<Category> = kinds.map(|of| of.kind.category).collect();
        let columns = &self.merged.columns;
        let tally = |counts: &mut ByMonth, row: usize| {
            let category = category[usize::from(columns.kind[row])];
            counts.add(category, columns.first_day[row], columns.last_day[row]);
        };
        asked.each_passing(scan, ByMonth::default, tally, ByMonth::plus)
    }

    /// First and last day of the rows of some files that pass and have a time.
    pub(crate) fn days(&self, scan: &Scan<'_>, of: impl Fn(FileKey) -> bool) -> Option<DayRange> {
        let asked = self.asked(scan);
        let wanted: Vec<bool> = self.merged.files.iter().map(|&file| of(file)).collect();
        let none = asked.table.iter().all(|&verdict| verdict == OUT);
        if none || !wanted.contains(&true) {
            return None;
        }
        let columns = &self.merged.columns;
        let widen = |span: &mut (u16, u16), row: usize| {
            let days = (columns.first_day[row], columns.last_day[row]);
            if days != ANY_DAY && wanted[usize::from(columns.part[row])] {
                *span = (span.0.min(days.0), span.1.max(days.1));
            }
        };
        let both = |left: (u16, u16), right: (u16, u16)| (left.0.min(right.0), left.1.max(right.1));
        let (first, last) = asked.each_passing(scan, || (u16::MAX, 0), widen, both);
        DayRange::new(Day(first), Day(last)).ok()
    }

    pub(super) fn asked(&self, scan: &Scan<'_>) -> Asked<'_> {
        let kinds = &self.merged.kinds;
        let table = vec![OUT; KINDS].into_boxed_slice();
        let mut table: Box<[u8; KINDS]> = table.try_into().expect("it has this length");
        for (verdict, of) in table.iter_mut().zip(kinds) {
            *verdict = scan.verdict(&of.kind);
        }
        let all = table[..kinds.len()]
            .iter()
            .all(|&verdict| verdict == COUNTED);
        Asked {
            view: self,
            is_open: all && scan.days().is_none() && self.gone.is_none(),
            table,
            days: scan.days(),
        }
    }
}

impl Chunk<'_> {
    pub(super) fn rows(&self) -> Range<usize> {
        self.of.first_row(self.entries.start)..self.of.first_row(self.entries.end)
    }
}

impl<'v> Asked<'v> {
    /// The entries of the area in chunks that do not part cells with the same `key`.
    pub(super) fn chunks(&self, scan: &Scan<'_>, key: impl Fn(u64) -> u64) -> Vec<Chunk<'v>> {
        let mut chunks = Vec::new();
        for of in &self.view.merged.segments {
            let all = 0..of.cells.len();
            let within = match (scan.area(), of.resolution) {
                (Some(area), Some(stored)) => contained(area, stored, all, |at| of.cells.cell(at)),
                (Some(area), None) if !area.unlocated => Vec::new(),
                _ => vec![all],
            };
            for range in within {
                let mut from = range.start;
                while from < range.end {
                    let row = of.first_row(from) + CHUNK;
                    let mut to = of.cells.at_row(from + 1..range.end, row);
                    let last = key(of.cells.cell(to - 1));
                    while to < range.end && key(of.cells.cell(to)) == last {
                        to += 1;
                    }
                    let entries = from..to;
                    chunks.push(Chunk { of, entries });
                    from = to;
                }
            }
        }
        chunks
    }

    /// The verdict of each row of a range.
    pub(super) fn verdicts(&self, rows: Range<usize>) -> Vec<u8> {
        if self.is_open {
            return vec![COUNTED; rows.len()];
        }
        let columns = &self.view.merged.columns;
        let kinds = columns.kind[rows.clone()].iter();
        let mut verdicts: Vec<u8> = kinds.map(|&kind| self.table[usize::from(kind)]).collect();
        if let Some(days) = self.days {
            let (first, last) = (&columns.first_day, &columns.last_day);
            outside_days(
                &mut verdicts,
                &first[rows.clone()],
                &last[rows.clone()],
                days,
            );
        }
        if let Some(gone) = &self.view.gone {
            for (verdict, row) in verdicts.iter_mut().zip(rows) {
                *verdict *= u8::from(!gone.is_gone(row));
            }
        }
        verdicts
    }

    /// Sums of the rows of the area that pass: one of each thread, where there are enough rows for several.
    fn each_passing<S: Send>(
        &self,
        scan: &Scan<'_>,
        none: impl Fn() -> S + Sync,
        add: impl Fn(&mut S, usize) + Sync,
        plus: impl Fn(S, S) -> S + Sync + Send,
    ) -> S {
        let chunks = self.chunks(scan, |cell| cell);
        let sum = |chunks: &[Chunk<'_>]| {
            let mut sum = none();
            for chunk in chunks {
                let rows = chunk.rows();
                let verdicts = self.verdicts(rows.clone());
                let passing = rows.zip(verdicts).filter(|&(_, verdict)| verdict != OUT);
                passing.for_each(|(row, _)| add(&mut sum, row));
            }
            sum
        };
        if chunks.len() <= rayon::current_num_threads() {
            return sum(&chunks);
        }
        let per_thread = chunks.len().div_ceil(rayon::current_num_threads());
        let sums = chunks.par_chunks(per_thread).map(sum);
        sums.reduce_with(plus).unwrap_or_else(none)
    }

    /// Counts by a look at each row of the area.
    fn by_cell(&self, scan: &Scan<'_>, resolution: Resolution) -> Counts {
        // The chunks of a resolution finer than asked end where a cell of the answer does.
        let coarse = |cell: u64| match cells::resolution(cell) {
            Some(stored) => cells::parent(cell, resolution.min(stored)),
            None => cell,
        };
        let chunks = self.chunks(scan, coarse);
        let counted: Vec<Counts> = chunks
            .par_iter()
            .map(|chunk| self.count_chunk(chunk, resolution))
            .collect();
        sum(counted)
    }

    fn count_chunk(&self, chunk: &Chunk<'_>, resolution: Resolution) -> Counts {
        let (mut counts, mut uncounted) = (Counts::default(), 0);
        let rows = chunk.rows();
        let Some(stored) = chunk.of.resolution else {
            let mut of_kind = vec![0; self.view.merged.kinds.len()];
            let verdicts = self.verdicts(rows.clone());
            for (row, verdict) in rows.zip(verdicts) {
                of_kind[self.kind(row)] += u64::from(verdict != OUT);
            }
            for (kind, count) in of_kind.into_iter().enumerate() {
                counts.add_unlocated(self.study_area(kind), count);
            }
            return counts;
        };
        let verdicts = (!self.is_open).then(|| self.verdicts(rows.clone()));
        let known = counts.known(stored, resolution);
        each_run(
            chunk.of,
            &chunk.entries,
            resolution.min(stored),
            |cell, _, run| {
                let tally = match &verdicts {
                    None => Tally {
                        counted: run.len() as u64,
                        uncounted: 0,
                    },
                    Some(each) => Tally::of(&each[run.start - rows.start..run.end - rows.start]),
                };
                uncounted += tally.uncounted;
                if tally.counted > 0 {
                    let synthetic = self.any_synthetic(run, rows.start, verdicts.as_deref());
                    known.push((cell, tally.counted as u32, synthetic));
                }
            },
        );
        counts.uncounted = uncounted;
        counts
    }

    pub(super) fn kind(&self, row: usize) -> usize {
        usize::from(self.view.merged.columns.kind[row])
    }

    pub(super) fn study_area(&self, kind: usize) -> Option<&Arc<str>> {
        self.view.merged.kinds[kind].study_area.as_ref()
    }

    /// Whether a counted row of a run is invented. Most indexes have only such, or none.
    fn any_synthetic(&self, run: Range<usize>, first: usize, verdicts: Option<&[u8]>) -> bool {
        let kinds = &self.view.merged.kinds;
        match self.view.merged.synthetic {
            Some(all) => all,
            None => run.into_iter().any(|row| {
                verdicts.is_none_or(|each| each[row - first] == COUNTED)
                    && kinds[self.kind(row)].synthetic
            }),
        }
    }
}

/// Calls for each run of entries that have one parent, with its entries and its rows.
pub(super) fn each_run(
    of: &Segment,
    entries: &Range<usize>,
    parent: Resolution,
    mut take: impl FnMut(u64, Range<usize>, Range<usize>),
) {
    let end = of.first_row(entries.end);
    let mut run: Option<(u64, usize, usize)> = None;
    for (entry, (cell, row)) in entries.clone().zip(of.cells.within(entries.clone())) {
        let cell = cells::parent(cell, parent);
        match run {
            Some((same, ..)) if same == cell => {}
            _ => {
                if let Some((before, from, first)) = run.replace((cell, entry, row)) {
                    take(before, from..entry, first..row);
                }
            }
        }
    }
    if let Some((last, from, first)) = run {
        take(last, from..entries.end, first..end);
    }
}

//! Questions to a merged index: counts per cell, per file and per month.
#![expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "tables cover every value of their key; positions come from the index itself; it has fewer than 2^32 rows"
)]

use std::ops::Range;
use std::sync::Arc;

use h3o::Resolution;
use naqsha_model::{Category, DayRange};
use rayon::prelude::*;

use super::calendar::FINEST;
use super::{Segment, View};
use crate::area::contained;
use crate::cells;
use crate::cube::{Counted, Counts, sum};
use crate::months::ByMonth;
use crate::scan::{COUNTED, OUT, Scan, Tally, UNCOUNTED, outside_days};

/// Rows that are judged together, so that the verdicts stay in a processor's cache.
const CHUNK: usize = 1 << 15;

/// Rows of the calendar that are worth a second thread.
const SHARED: usize = 1 << 17;

/// A question made ready for one index.
struct Asked<'v> {
    view: &'v View,
    /// Verdict of each kind.
    table: Vec<u8>,
    days: Option<DayRange>,
    /// Whether all rows pass that are of the area.
    is_open: bool,
}

/// Entries of one stored resolution that are counted together.
struct Chunk<'v> {
    of: &'v Segment,
    entries: Range<usize>,
}

impl View {
    /// Counts per cell, and what is in none.
    pub(crate) fn count(&self, scan: &Scan<'_>, resolution: Resolution) -> Counts {
        let asked = self.asked(scan);
        if scan.area().is_none() && resolution <= FINEST && asked.prefers_calendar() {
            asked.by_calendar(resolution)
        } else {
            asked.by_cell(scan, resolution)
        }
    }

    /// Rows of each file that pass, in the order of the files.
    pub(crate) fn count_by_file(&self, scan: &Scan<'_>) -> Vec<u64> {
        let asked = self.asked(scan);
        let chunks = asked.chunks(scan, |cell| cell);
        let none = || vec![0_u64; self.merged.files.len()];
        let tally = |mut counts: Vec<u64>, chunk: &Chunk<'_>| {
            let rows = chunk.rows();
            let parts = &self.merged.columns.part[rows.clone()];
            for (&part, verdict) in parts.iter().zip(asked.verdicts(rows)) {
                counts[usize::from(part)] += u64::from(verdict != OUT);
            }
            counts
        };
        let add = |mut left: Vec<u64>, right: Vec<u64>| {
            left.iter_mut()
                .zip(right)
                .for_each(|(sum, more)| *sum += more);
            left
        };
        chunks.par_iter().fold(none, tally).reduce(none, add)
    }

    /// Rows that pass, by category and month.
    pub(crate) fn count_by_month(&self, scan: &Scan<'_>) -> ByMonth {
        let asked = self.asked(scan);
        let chunks = asked.chunks(scan, |cell| cell);
        let kinds = self.merged.kinds.iter();
        let category: Vec<Category> = kinds.map(|of| of.kind.category).collect();
        let columns = &self.merged.columns;
        let tally = |mut counts: ByMonth, chunk: &Chunk<'_>| {
            let rows = chunk.rows();
            let verdicts = asked.verdicts(rows.clone());
            for (row, verdict) in rows.zip(verdicts) {
                if verdict != OUT {
                    let category = category[usize::from(columns.kind[row])];
                    counts.add(category, columns.first_day[row], columns.last_day[row]);
                }
            }
            counts
        };
        let chunks = chunks.par_iter().fold(ByMonth::default, tally);
        chunks.reduce(ByMonth::default, ByMonth::plus)
    }

    fn asked(&self, scan: &Scan<'_>) -> Asked<'_> {
        let kinds = &self.merged.kinds;
        let table: Vec<u8> = kinds.iter().map(|of| scan.verdict(&of.kind)).collect();
        let all = table.iter().all(|&verdict| verdict == COUNTED);
        Asked {
            view: self,
            is_open: all && scan.days().is_none() && self.gone.is_none(),
            table,
            days: scan.days(),
        }
    }
}

impl Chunk<'_> {
    fn rows(&self) -> Range<usize> {
        self.of.first_row(self.entries.start)..self.of.first_row(self.entries.end)
    }
}

impl<'v> Asked<'v> {
    /// The entries of the area in chunks that do not part cells with the same `key`.
    fn chunks(&self, scan: &Scan<'_>, key: impl Fn(u64) -> u64) -> Vec<Chunk<'v>> {
        let mut chunks = Vec::new();
        for of in &self.view.merged.segments {
            let all = 0..of.cells.len();
            let within = match (scan.area(), of.resolution) {
                (Some(area), Some(stored)) => contained(area, stored, all, |at| of.cells[at]),
                _ => vec![all],
            };
            for range in within {
                let mut from = range.start;
                while from < range.end {
                    let row = of.first_row(from) + CHUNK;
                    let starts = &of.starts[from + 1..range.end];
                    let mut to = from + 1 + starts.partition_point(|&start| (start as usize) < row);
                    let last = key(of.cells[to - 1]);
                    while to < range.end && key(of.cells[to]) == last {
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
    fn verdicts(&self, rows: Range<usize>) -> Vec<u8> {
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
        let mut counts = Counts::default();
        let rows = chunk.rows();
        let Some(stored) = chunk.of.resolution else {
            let verdicts = self.verdicts(rows.clone());
            for (row, verdict) in rows.zip(verdicts) {
                if verdict != OUT {
                    counts.add_unlocated(self.study_area(self.kind(row)), 1);
                }
            }
            return counts;
        };
        let verdicts = (!self.is_open).then(|| self.verdicts(rows.clone()));
        let at = resolution.min(stored);
        let known = if stored >= resolution {
            &mut counts.cells
        } else {
            &mut counts.coarse
        };
        let cells = &chunk.of.cells;
        let mut entry = chunk.entries.start;
        while entry < chunk.entries.end {
            let cell = cells::parent(cells[entry], at);
            let from = chunk.of.first_row(entry);
            entry += 1;
            while entry < chunk.entries.end && cells::parent(cells[entry], at) == cell {
                entry += 1;
            }
            let run = from..chunk.of.first_row(entry);
            let tally = match &verdicts {
                None => Tally {
                    counted: run.len() as u64,
                    uncounted: 0,
                },
                Some(each) => Tally::of(&each[run.start - rows.start..run.end - rows.start]),
            };
            counts.uncounted += tally.uncounted;
            if tally.counted > 0 {
                let synthetic = self.any_synthetic(run, rows.start, verdicts.as_deref());
                known.push((cell, tally.counted as u32, synthetic));
            }
        }
        counts
    }

    fn kind(&self, row: usize) -> usize {
        usize::from(self.view.merged.columns.kind[row])
    }

    fn study_area(&self, kind: usize) -> Option<&Arc<str>> {
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

    /// Whether the calendar has less to look at than the columns.
    fn prefers_calendar(&self) -> bool {
        let calendar = &self.view.merged.calendar;
        let gone = match &self.view.gone {
            None => 0,
            Some(gone) if gone.rows.is_some() => gone.count,
            Some(_) => return false,
        };
        let passing = calendar.kinds.iter().zip(&self.table);
        let looked_at = passing
            .filter(|&(_, &verdict)| verdict != OUT)
            .map(|(kind, _)| kind.within(self.days).len() + kind.ranged().len());
        looked_at.sum::<usize>() + gone <= self.view.merged.rows() / 2
    }

    /// Counts by the calendar: the rows of each kind that passes, less those that are gone.
    fn by_calendar(&self, resolution: Resolution) -> Counts {
        let tasks = self.tasks();
        let work: usize = tasks.iter().map(|task| task.places.len()).sum();
        let tally = |sums: Sums, task: &Task<'_>| sums.add(self, task);
        let none = || Sums::new(self);
        let mut sums = if work > SHARED {
            let per_thread = tasks.len().div_ceil(rayon::current_num_threads());
            let shares = tasks.par_chunks(per_thread);
            shares
                .map(|share| share.iter().fold(none(), tally))
                .reduce_with(Sums::plus)
                .unwrap_or_else(none)
        } else {
            tasks.iter().fold(none(), tally)
        };
        let gone = self.view.gone.as_ref().and_then(|gone| gone.rows.as_ref());
        for &(row, place) in gone.into_iter().flatten() {
            sums.take_off(self, row as usize, place);
        }
        sums.counts(self, resolution)
    }

    /// What is added up, in pieces of about the same size.
    fn tasks(&self) -> Vec<Task<'v>> {
        let mut tasks = Vec::new();
        let calendar = &self.view.merged.calendar;
        for (kind, of) in calendar.kinds.iter().enumerate() {
            if self.table[kind] != OUT {
                let places = of.within(self.days).chunks(CHUNK);
                tasks.extend(places.map(|places| Task { kind, places }));
                tasks.push(Task { kind, places: &[] });
            }
        }
        tasks
    }
}

/// Rows of one kind: some of a single day each, or, without any, those of several days.
struct Task<'v> {
    kind: usize,
    places: &'v [u32],
}

/// Sums by place; the last is for rows without a cell.
struct Sums {
    counted: Vec<u32>,
    /// Of these, those that are invented; empty where all or none are.
    invented: Vec<u32>,
    uncounted: i64,
    nowhere: Vec<i64>,
}

impl Sums {
    fn new(asked: &Asked<'_>) -> Self {
        let merged = &asked.view.merged;
        let places = merged.calendar.places.len() + 1;
        let mixed = merged.synthetic.is_none();
        Self {
            counted: vec![0; places],
            invented: vec![0; if mixed { places } else { 0 }],
            uncounted: 0,
            nowhere: vec![0; merged.kinds.len()],
        }
    }

    fn add(mut self, asked: &Asked<'_>, task: &Task<'_>) -> Self {
        let merged = &asked.view.merged;
        let nowhere = merged.calendar.nowhere() as usize;
        let ranged = if task.places.is_empty() {
            merged.calendar.kinds[task.kind].ranged()
        } else {
            &[]
        };
        let ranged = ranged.iter().filter(|row| row.meets(asked.days));
        if asked.table[task.kind] == UNCOUNTED {
            let places = task
                .places
                .iter()
                .copied()
                .chain(ranged.map(|row| row.place));
            let (mut all, mut without) = (0, 0);
            for place in places {
                all += 1;
                without += i64::from(place as usize == nowhere);
            }
            self.uncounted += all - without;
            self.nowhere[task.kind] += without;
            return self;
        }
        let before = self.counted[nowhere];
        for &place in task.places {
            self.counted[place as usize] += 1;
        }
        for row in ranged.clone() {
            self.counted[row.place as usize] += 1;
        }
        if !self.invented.is_empty() && merged.kinds[task.kind].synthetic {
            for place in task
                .places
                .iter()
                .copied()
                .chain(ranged.map(|row| row.place))
            {
                self.invented[place as usize] += 1;
            }
        }
        self.nowhere[task.kind] += i64::from(self.counted[nowhere] - before);
        self
    }

    /// Takes a row off that is not current.
    fn take_off(&mut self, asked: &Asked<'_>, row: usize, place: u32) {
        let merged = &asked.view.merged;
        let (kind, place) = (asked.kind(row), place as usize);
        let days = (merged.columns.first_day[row], merged.columns.last_day[row]);
        let meets = asked
            .days
            .is_none_or(|asked| days.0 <= asked.last().0 && days.1 >= asked.first().0);
        let verdict = asked.table[kind];
        if verdict == OUT || !meets {
            return;
        }
        if place == merged.calendar.nowhere() as usize {
            self.nowhere[kind] -= 1;
        } else if verdict == UNCOUNTED {
            self.uncounted -= 1;
        } else {
            self.counted[place] -= 1;
            if !self.invented.is_empty() && merged.kinds[kind].synthetic {
                self.invented[place] -= 1;
            }
        }
    }

    fn plus(mut self, other: Self) -> Self {
        let add = |left: &mut [u32], right: &[u32]| {
            left.iter_mut()
                .zip(right)
                .for_each(|(sum, more)| *sum += more);
        };
        add(&mut self.counted, &other.counted);
        add(&mut self.invented, &other.invented);
        self.uncounted += other.uncounted;
        for (sum, more) in self.nowhere.iter_mut().zip(other.nowhere) {
            *sum += more;
        }
        self
    }

    fn counts(self, asked: &Asked<'_>, resolution: Resolution) -> Counts {
        let merged = &asked.view.merged;
        let mut counts = Counts::default();
        for (place, &cell) in merged.calendar.places.iter().enumerate() {
            let count = self.counted[place];
            if count == 0 {
                continue;
            }
            let synthetic = match merged.synthetic {
                Some(all) => all,
                None => self.invented[place] > 0,
            };
            let stored = cells::resolution(cell);
            if stored.is_some_and(|stored| stored < resolution) {
                counts.coarse.push((cell, count, synthetic));
            } else {
                push(
                    &mut counts.cells,
                    (cells::parent(cell, resolution), count, synthetic),
                );
            }
        }
        // Places of several stored resolutions follow each other, so a parent may come again.
        counts.order();
        counts.uncounted = u64::try_from(self.uncounted).unwrap_or(0);
        for (kind, count) in self.nowhere.into_iter().enumerate() {
            let count = u64::try_from(count).unwrap_or(0);
            counts.add_unlocated(asked.study_area(kind), count);
        }
        counts
    }
}

/// Adds to the last cell where it is the same.
fn push(cells: &mut Vec<Counted>, (cell, count, synthetic): Counted) {
    match cells.last_mut() {
        Some(last) if last.0 == cell => {
            last.1 += count;
            last.2 |= synthetic;
        }
        _ => cells.push((cell, count, synthetic)),
    }
}

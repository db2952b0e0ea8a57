//! Counts by the calendar: the rows of each kind that passes, less those that are not current.
#![expect(
    clippy::indexing_slicing,
    reason = "positions come from the index itself"
)]

use h3o::Resolution;
use rayon::prelude::*;

use super::calendar::{Calendar, PLACE, Ranged, Spot, passes};
use super::count::{Asked, each_run};
use crate::cells;
use crate::cube::{Counted, Counts};
use crate::scan::{OUT, UNCOUNTED};

/// Rows that are added up as one task.
const TASK: usize = 1 << 15;

/// Rows that are worth a second thread, which has to be given sums of its own.
const SHARED: usize = 1 << 17;

/// Of so many rows one is looked at, or more: then a look at all rows, which lie in order, takes no longer. Sums by place stay in a
/// processor's cache, sums by cell do not.
const FEW: [usize; 2] = [2, 6];

/// What sums are kept for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Place,
    Entry,
}

impl By {
    fn of(resolution: Resolution) -> Self {
        if resolution <= PLACE {
            Self::Place
        } else {
            Self::Entry
        }
    }

    #[inline]
    fn number(self, calendar: &Calendar, spot: Spot) -> usize {
        match self {
            Self::Place => spot.place(),
            Self::Entry => calendar.entry(spot),
        }
    }
}

/// Rows of one kind: some of a single day each, or some of several days.
struct Task<'v> {
    kind: usize,
    spots: &'v [Spot],
    ranged: &'v [Ranged],
}

impl<'v> Asked<'v> {
    /// Counts by the calendar; `None` where it has no less to look at than the columns, or knows less.
    pub(super) fn by_calendar(&self, resolution: Resolution) -> Option<Counts> {
        if self.is_summed(resolution) {
            return Some(self.summed().by_place(self, resolution));
        }
        let gone = match &self.view.gone {
            None => &[][..],
            Some(gone) => gone.rows.as_deref()?,
        };
        if !self.is_alike() {
            return None;
        }
        let (tasks, by) = (self.tasks(), By::of(resolution));
        let rows = tasks.iter().map(|of| of.spots.len() + of.ranged.len());
        let rows = rows.sum::<usize>();
        let few = FEW[usize::from(by == By::Entry)];
        if (rows + gone.len()) * few > self.view.merged.rows() {
            return None;
        }
        let tally = |sums: Sums, task: &Task<'_>| sums.add(self, task);
        let mut sums = if rows > SHARED {
            let per_thread = tasks.len().div_ceil(rayon::current_num_threads());
            let shares = tasks.par_chunks(per_thread);
            shares
                .map(|share| share.iter().fold(Sums::new(self, by), tally))
                .reduce_with(Sums::plus)
                .unwrap_or_else(|| Sums::new(self, by))
        } else {
            tasks.iter().fold(Sums::new(self, by), tally)
        };
        for &(row, spot) in gone {
            sums.take_off(self, row as usize, spot);
        }
        Some(match by {
            By::Place => sums.by_place(self, resolution),
            By::Entry => sums.by_entry(self, resolution),
        })
    }

    /// The sums of all rows.
    fn summed(&self) -> Sums {
        let calendar = &self.view.merged.calendar;
        Sums {
            by: By::Place,
            counted: calendar.rows.clone(),
            invented: Vec::new(),
            uncounted: 0,
            nowhere: calendar.nowhere_rows.clone(),
        }
    }

    /// Whether all that is asked is summed up already.
    fn is_summed(&self, resolution: Resolution) -> bool {
        self.is_open && self.view.merged.synthetic.is_some() && resolution <= PLACE
    }

    /// Whether kinds that are one in the calendar are one to the question.
    fn is_alike(&self) -> bool {
        let merged = &self.view.merged;
        let under = |kind: usize| self.table[merged.calendar.under(kind)];
        (0..merged.kinds.len()).all(|kind| self.table[kind] == under(kind))
    }

    /// What is added up, in pieces of about the same size.
    fn tasks(&self) -> Vec<Task<'v>> {
        let mut tasks = Vec::new();
        for (kind, of) in self.view.merged.calendar.kinds.iter().enumerate() {
            if self.table[kind] != OUT {
                let single = of
                    .within(self.days)
                    .chunks(TASK)
                    .map(|spots| (spots, &[][..]));
                let ranged = of.ranged.chunks(TASK).map(|ranged| (&[][..], ranged));
                tasks.extend(single.chain(ranged).map(|(spots, ranged)| Task {
                    kind,
                    spots,
                    ranged,
                }));
            }
        }
        tasks
    }
}

/// Sums by place or by entry.
struct Sums {
    by: By,
    counted: Vec<u32>,
    /// Of these, those that are invented; empty where all or none are.
    invented: Vec<u32>,
    uncounted: i64,
    /// Rows without a cell, by kind.
    nowhere: Vec<i64>,
}

impl Sums {
    fn new(asked: &Asked<'_>, by: By) -> Self {
        let merged = &asked.view.merged;
        let numbers = match by {
            By::Place => merged.calendar.places.len(),
            By::Entry => merged.segments.iter().map(|of| of.cells.len()).sum(),
        };
        let mixed = merged.synthetic.is_none();
        Self {
            by,
            counted: vec![0; numbers],
            invented: vec![0; if mixed { numbers } else { 0 }],
            uncounted: 0,
            nowhere: vec![0; merged.kinds.len()],
        }
    }

    fn add(mut self, asked: &Asked<'_>, task: &Task<'_>) -> Self {
        let merged = &asked.view.merged;
        let ranged = task.ranged.iter().filter(|row| row.passes(asked.days));
        let spots = task.spots.iter().copied().chain(ranged.map(|row| row.spot));
        let (calendar, by) = (&merged.calendar, self.by);
        let nowhere = calendar.nowhere();
        let mut without = 0;
        if asked.table[task.kind] == UNCOUNTED {
            for spot in spots {
                let is_nowhere = i64::from(spot.place() == nowhere);
                without += is_nowhere;
                self.uncounted += 1 - is_nowhere;
            }
        } else {
            let invented = !self.invented.is_empty() && merged.kinds[task.kind].synthetic;
            for spot in spots {
                if spot.place() == nowhere {
                    without += 1;
                    continue;
                }
                let number = by.number(calendar, spot);
                self.counted[number] += 1;
                if invented {
                    self.invented[number] += 1;
                }
            }
        }
        self.nowhere[task.kind] += without;
        self
    }

    /// Takes a row off that is not current.
    fn take_off(&mut self, asked: &Asked<'_>, row: usize, spot: Spot) {
        let merged = &asked.view.merged;
        let (kind, columns) = (merged.calendar.under(asked.kind(row)), &merged.columns);
        let verdict = asked.table[kind];
        if verdict == OUT || !passes(columns.first_day[row], columns.last_day[row], asked.days) {
            return;
        }
        if spot.place() == merged.calendar.nowhere() {
            self.nowhere[kind] -= 1;
        } else if verdict == UNCOUNTED {
            self.uncounted -= 1;
        } else {
            let number = self.by.number(&merged.calendar, spot);
            self.counted[number] -= 1;
            if !self.invented.is_empty() && merged.kinds[kind].synthetic {
                self.invented[number] -= 1;
            }
        }
    }

    fn plus(mut self, other: Self) -> Self {
        let add = |left: &mut [u32], right: &[u32]| {
            for (sum, more) in left.iter_mut().zip(right) {
                *sum += more;
            }
        };
        add(&mut self.counted, &other.counted);
        add(&mut self.invented, &other.invented);
        self.uncounted += other.uncounted;
        for (sum, more) in self.nowhere.iter_mut().zip(other.nowhere) {
            *sum += more;
        }
        self
    }

    fn synthetic(&self, asked: &Asked<'_>, number: usize) -> bool {
        let of_all = asked.view.merged.synthetic;
        of_all.unwrap_or_else(|| self.invented[number] > 0)
    }

    fn by_place(self, asked: &Asked<'_>, resolution: Resolution) -> Counts {
        let mut counts = Counts::default();
        for (place, &cell) in asked.view.merged.calendar.places.iter().enumerate() {
            let count = self.counted[place];
            if count > 0 {
                let stored = cells::resolution(cell).unwrap_or(PLACE);
                let cell = cells::parent(cell, resolution.min(stored));
                let counted = (cell, count, self.synthetic(asked, place));
                push(counts.known(stored, resolution), counted);
            }
        }
        self.finish(asked, counts)
    }

    fn by_entry(self, asked: &Asked<'_>, resolution: Resolution) -> Counts {
        let (mut counts, mut first) = (Counts::default(), 0);
        for of in &asked.view.merged.segments {
            if let Some(stored) = of.resolution {
                let known = counts.known(stored, resolution);
                let entries = 0..of.cells.len();
                each_run(of, &entries, resolution.min(stored), |cell, run, _| {
                    let mut numbers = first + run.start..first + run.end;
                    let count = self.counted[numbers.clone()].iter().sum();
                    if count > 0 {
                        let synthetic = numbers.any(|number| self.synthetic(asked, number));
                        known.push((cell, count, synthetic));
                    }
                });
            }
            first += of.cells.len();
        }
        self.finish(asked, counts)
    }

    /// Adds what is in no cell, and brings the cells of several stored resolutions in one order.
    fn finish(self, asked: &Asked<'_>, mut counts: Counts) -> Counts {
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

//! The rows by kind and day, each with its place: what questions about a period are answered from, at the cost of the rows
//! that pass and not of all.
//!
//! Kinds that differ in their recipients alone are one here, so that the calendar is no larger however many lists of them
//! there are; a question that tells them apart looks at the rows.
#![expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "positions come from the calendar itself; a merged index has fewer than 2^32 rows"
)]

use std::ops::Range;

use h3o::Resolution;
use rayon::prelude::*;

use super::{Columns, Segment};
use crate::cells;
use crate::days::Days;

/// The resolution of places.
pub(super) const PLACE: Resolution = Resolution::Seven;

/// Bits of a [`Spot`] that say which cell of its place it is. A place has 49 cells at resolution 9, 7 at 8 and itself.
const CELL_BITS: u32 = 6;

/// Where the cells of each finer resolution begin among those of a place: of 9, of 8, of 7 or coarser.
const FIRST: [u32; 3] = [0, 49, 56];

/// A place and one of the cells in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spot(u32);

impl Spot {
    /// The number of the place.
    pub(super) const fn place(self) -> usize {
        (self.0 >> CELL_BITS) as usize
    }
}

/// Rows by kind and day.
#[derive(Debug)]
pub(crate) struct Calendar {
    /// Cells at [`PLACE`], and those of rows that are stored coarser, ascending. A row without a cell has the place behind
    /// the last.
    pub(super) places: Vec<u64>,
    /// For each place, the entries of its first cells at resolutions 9, 8 and 7 or coarser; entries are numbered through
    /// all segments.
    first_entries: Vec<[u32; 3]>,
    /// Rows of each place.
    pub(super) rows: Vec<u32>,
    /// Rows without a cell, by kind.
    pub(super) nowhere_rows: Vec<i64>,
    pub(super) kinds: Vec<KindDays>,
    /// For each kind the one that its rows are under.
    alike: Vec<u16>,
}

/// The rows of one kind.
#[derive(Debug, Default)]
pub(super) struct KindDays {
    /// Days on which a row of a single day lies, ascending, and where its rows begin in `spots`.
    days: Vec<(u16, u32)>,
    /// The rows of a single day, by day.
    spots: Vec<Spot>,
    /// The other rows: of several days, or of any.
    pub(super) ranged: Vec<Ranged>,
}

/// A row of several days.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ranged {
    pub(super) spot: Spot,
    first_day: u16,
    last_day: u16,
}

impl Ranged {
    pub(super) fn passes(self, days: Option<Days>) -> bool {
        passes(self.first_day, self.last_day, days)
    }
}

/// Whether a row of these days is asked for.
pub(super) fn passes(first_day: u16, last_day: u16, days: Option<Days>) -> bool {
    days.is_none_or(|days| days.admit(first_day, last_day))
}

impl Calendar {
    /// `None` where there are more places than a spot can name.
    /// `alike` has for each kind the first that differs from it in its recipients at most.
    pub(super) fn new(columns: &Columns, segments: &[Segment], alike: Vec<u16>) -> Option<Self> {
        let places = places(segments);
        if places.len() >= 1 << (u32::BITS - CELL_BITS) {
            return None;
        }
        let mut calendar = Self {
            first_entries: first_entries(segments, &places),
            rows: Vec::new(),
            nowhere_rows: Vec::new(),
            places,
            kinds: Vec::new(),
            alike,
        };
        let of = |row: usize| calendar.under(usize::from(columns.kind[row]));
        let (mut counts, mut nowhere) = (
            vec![0; calendar.places.len()],
            vec![0; calendar.alike.len()],
        );
        let mut kinds = days_of_kinds(columns, &calendar.alike);
        calendar.each_spot(segments, |spot, rows| {
            match counts.get_mut(spot.place()) {
                Some(count) => *count += rows.len() as u32,
                None => rows.clone().for_each(|row| nowhere[of(row)] += 1),
            }
            for row in rows {
                kinds[of(row)].add(spot, columns.first_day[row], columns.last_day[row]);
            }
        });
        (calendar.rows, calendar.nowhere_rows) = (counts, nowhere);
        calendar.kinds = kinds.into_par_iter().map(Filling::done).collect();
        Some(calendar)
    }

    /// The kind that the rows of a kind are under.
    pub(super) fn under(&self, kind: usize) -> usize {
        usize::from(self.alike[kind])
    }

    /// Memory in bytes, without its constant part.
    pub(super) fn bytes(&self) -> usize {
        let kind = |of: &KindDays| 8 * (of.days.len() + of.ranged.len()) + 4 * of.spots.len();
        24 * self.places.len() + self.kinds.iter().map(kind).sum::<usize>()
    }

    /// The place of rows without a cell.
    pub(super) fn nowhere(&self) -> usize {
        self.places.len()
    }

    /// The number of the entry of a spot that has a cell.
    pub(super) fn entry(&self, spot: Spot) -> usize {
        let cell = spot.0 & ((1 << CELL_BITS) - 1);
        let of = usize::from(cell >= FIRST[1]) + usize::from(cell >= FIRST[2]);
        (self.first_entries[spot.place()][of] + cell - FIRST[of]) as usize
    }

    /// Calls for each run of rows of one spot, in the order of the rows.
    pub(super) fn each_spot(&self, segments: &[Segment], mut call: impl FnMut(Spot, Range<usize>)) {
        let mut entry = 0_u32;
        for of in segments {
            let Some(stored) = of.resolution else {
                call(Spot((self.nowhere() as u32) << CELL_BITS), of.rows.clone());
                entry += 1;
                continue;
            };
            let finer = finer(stored);
            let mut place = 0;
            for (at, cell) in of.cells.iter().enumerate() {
                let wanted = place_of(cell, stored);
                while self.places[place] < wanted {
                    place += 1;
                }
                let nth = entry - self.first_entries[place][finer] + FIRST[finer];
                let spot = Spot((place as u32) << CELL_BITS | nth);
                call(spot, of.first_row(at)..of.first_row(at + 1));
                entry += 1;
            }
        }
    }
}

impl KindDays {
    /// The rows of a single day that is one of these, by day.
    pub(super) fn within(&self, days: Option<Days>) -> &[Spot] {
        let Some(days) = days.map(|days| days.asked) else {
            return &self.spots;
        };
        let start = |at: usize| {
            self.days
                .get(at)
                .map_or(self.spots.len(), |&(_, start)| start as usize)
        };
        let from = self.days.partition_point(|&(day, _)| day < days.first().0);
        let to = self.days.partition_point(|&(day, _)| day <= days.last().0);
        &self.spots[start(from)..start(to)]
    }
}

/// The rows of a kind while they are put in order.
#[derive(Default)]
struct Filling {
    /// The first day on which a row of a single day lies.
    first_day: u16,
    /// For each day from then on the place of its next row.
    next: Vec<u32>,
    spots: Vec<Spot>,
    ranged: Vec<Ranged>,
}

/// How many rows of a single day each kind has on each day, and so where they go.
fn days_of_kinds(columns: &Columns, alike: &[u16]) -> Vec<Filling> {
    let kinds = alike.len();
    let rows = || {
        let days = columns.first_day.iter().zip(&columns.last_day);
        let single = days.map(|(first, last)| (first == last).then_some(*first));
        single.zip(
            columns
                .kind
                .iter()
                .map(|&kind| usize::from(alike[usize::from(kind)])),
        )
    };
    let mut spans = vec![(u16::MAX, 0_u16); kinds];
    let mut ranged = vec![0_usize; kinds];
    for (day, kind) in rows() {
        match day {
            Some(day) => spans[kind] = (spans[kind].0.min(day), spans[kind].1.max(day)),
            None => ranged[kind] += 1,
        }
    }
    let empty = |(&(first, last), &ranged): (&(u16, u16), &usize)| Filling {
        first_day: first,
        next: vec![0; (usize::from(last) + 1).saturating_sub(usize::from(first))],
        spots: Vec::new(),
        ranged: Vec::with_capacity(ranged),
    };
    let mut filling: Vec<Filling> = spans.iter().zip(&ranged).map(empty).collect();
    for (day, kind) in rows() {
        if let Some(day) = day {
            let of = &mut filling[kind];
            of.next[usize::from(day - of.first_day)] += 1;
        }
    }
    for of in &mut filling {
        let mut start = 0;
        for next in &mut of.next {
            (*next, start) = (start, start + *next);
        }
        of.spots = vec![Spot(0); start as usize];
    }
    filling
}

impl Filling {
    fn add(&mut self, spot: Spot, first_day: u16, last_day: u16) {
        if first_day == last_day {
            let next = &mut self.next[usize::from(first_day - self.first_day)];
            self.spots[*next as usize] = spot;
            *next += 1;
        } else {
            self.ranged.push(Ranged {
                spot,
                first_day,
                last_day,
            });
        }
    }

    /// Once all are in, the next row of a day is the first of the day after.
    fn done(self) -> KindDays {
        let starts = [0].into_iter().chain(self.next.iter().copied());
        let ends = self.next.iter();
        let days = (self.first_day..=u16::MAX).zip(starts.zip(ends));
        let mut held: Vec<(u16, u32)> = days
            .filter(|&(_, (start, &end))| start < end)
            .map(|(day, (start, _))| (day, start))
            .collect();
        held.shrink_to_fit();
        KindDays {
            days: held,
            spots: self.spots,
            ranged: self.ranged,
        }
    }
}

/// The place of a cell.
fn place_of(cell: u64, stored: Resolution) -> u64 {
    cells::parent(cell, stored.min(PLACE))
}

/// Which of [`FIRST`] a stored resolution is of.
fn finer(stored: Resolution) -> usize {
    match stored {
        Resolution::Nine => 0,
        Resolution::Eight => 1,
        _ => 2,
    }
}

fn places(segments: &[Segment]) -> Vec<u64> {
    let mut places = Vec::new();
    for of in segments {
        if let Some(stored) = of.resolution {
            places.extend(of.cells.iter().map(|cell| place_of(cell, stored)));
            // Ascending, so that equal ones follow each other; those of two segments may be equal too.
            places.dedup();
        }
    }
    places.sort_unstable();
    places.dedup();
    places.shrink_to_fit();
    places
}

fn first_entries(segments: &[Segment], places: &[u64]) -> Vec<[u32; 3]> {
    let mut first = vec![[u32::MAX; 3]; places.len()];
    let mut entry = 0;
    for of in segments {
        let Some(stored) = of.resolution else {
            entry += 1;
            continue;
        };
        let mut place = 0;
        for cell in of.cells.iter() {
            while places[place] < place_of(cell, stored) {
                place += 1;
            }
            let first = &mut first[place][finer(stored)];
            *first = entry.min(*first);
            entry += 1;
        }
    }
    first
}

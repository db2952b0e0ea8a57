//! The rows by kind and day, each with its place at resolution 7: what national questions about a period are answered from,
//! at the cost of the rows that pass and not of all.
#![expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "positions come from the calendar itself; a merged index has fewer than 2^32 rows"
)]

use h3o::Resolution;
use naqsha_model::DayRange;
use rayon::prelude::*;

use super::{Columns, Segment};
use crate::cells;

/// The finest resolution that the calendar answers.
pub(crate) const FINEST: Resolution = Resolution::Seven;

/// Rows by kind and day.
#[derive(Debug)]
pub(crate) struct Calendar {
    /// Cells at [`FINEST`], and those of rows that are stored coarser, ascending. A row without a cell has the place behind
    /// the last.
    pub places: Vec<u64>,
    pub kinds: Vec<KindDays>,
}

/// The rows of one kind.
#[derive(Debug, Default)]
pub(crate) struct KindDays {
    /// Days on which a row of a single day lies, ascending, and where its rows begin in `places`.
    days: Vec<(u16, u32)>,
    /// Places of the rows of a single day, by day.
    places: Vec<u32>,
    /// The other rows: of several days, or of any.
    ranged: Vec<Ranged>,
}

/// A row of several days.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ranged {
    pub place: u32,
    pub first_day: u16,
    pub last_day: u16,
}

impl Ranged {
    pub(crate) fn meets(self, days: Option<DayRange>) -> bool {
        days.is_none_or(|days| self.first_day <= days.last().0 && self.last_day >= days.first().0)
    }
}

impl Calendar {
    pub(crate) fn new(columns: &Columns, segments: &[Segment], kinds: usize) -> Self {
        let places = places(segments);
        let mut waiting: Vec<Waiting> = (0..kinds).map(|_| Waiting::default()).collect();
        let mut counts = vec![0_u32; kinds];
        for &kind in &columns.kind {
            counts[usize::from(kind)] += 1;
        }
        for (waiting, &count) in waiting.iter_mut().zip(&counts) {
            waiting.days.reserve_exact(count as usize);
            waiting.places.reserve_exact(count as usize);
        }
        each_place(segments, &places, |place, rows| {
            for row in rows {
                let of = &mut waiting[usize::from(columns.kind[row])];
                let (first_day, last_day) = (columns.first_day[row], columns.last_day[row]);
                if first_day == last_day {
                    of.days.push(first_day);
                    of.places.push(place);
                } else {
                    of.ranged.push(Ranged {
                        place,
                        first_day,
                        last_day,
                    });
                }
            }
        });
        let kinds = waiting.into_par_iter().map(Waiting::by_day).collect();
        Self { places, kinds }
    }

    /// Memory in bytes, without its constant part.
    pub(crate) fn bytes(&self) -> usize {
        let kind = |of: &KindDays| 8 * (of.days.len() + of.ranged.len()) + 4 * of.places.len();
        8 * self.places.len() + self.kinds.iter().map(kind).sum::<usize>()
    }

    /// The place of rows without a cell.
    pub(crate) fn nowhere(&self) -> u32 {
        self.places.len() as u32
    }
}

impl KindDays {
    /// Places of the rows of a single day that is one of these, by day.
    pub(crate) fn within(&self, days: Option<DayRange>) -> &[u32] {
        let Some(days) = days else {
            return &self.places;
        };
        let start = |at: usize| {
            self.days
                .get(at)
                .map_or(self.places.len(), |&(_, start)| start as usize)
        };
        let from = self.days.partition_point(|&(day, _)| day < days.first().0);
        let to = self.days.partition_point(|&(day, _)| day <= days.last().0);
        &self.places[start(from)..start(to)]
    }

    /// The rows of several days, of which some may meet the days asked.
    pub(crate) fn ranged(&self) -> &[Ranged] {
        &self.ranged
    }
}

/// Rows of a kind in the order of their cells.
#[derive(Default)]
struct Waiting {
    days: Vec<u16>,
    places: Vec<u32>,
    ranged: Vec<Ranged>,
}

impl Waiting {
    /// The same rows by day and, within a day, still by place.
    fn by_day(mut self) -> KindDays {
        self.ranged.shrink_to_fit();
        let mut next = vec![0_u32; usize::from(u16::MAX) + 1];
        for &day in &self.days {
            next[usize::from(day)] += 1;
        }
        let (mut days, mut start) = (Vec::new(), 0);
        for (day, count) in (0..=u16::MAX).zip(&mut next) {
            if *count > 0 {
                days.push((day, start));
                (*count, start) = (start, start + *count);
            }
        }
        let mut places = vec![0; self.places.len()];
        for (&day, &place) in self.days.iter().zip(&self.places) {
            let at = &mut next[usize::from(day)];
            places[*at as usize] = place;
            *at += 1;
        }
        days.shrink_to_fit();
        KindDays {
            days,
            places,
            ranged: self.ranged,
        }
    }
}

/// The place of a cell.
fn place_of(cell: u64, stored: Resolution) -> u64 {
    cells::parent(cell, stored.min(FINEST))
}

fn places(segments: &[Segment]) -> Vec<u64> {
    let mut places = Vec::new();
    for of in segments {
        if let Some(stored) = of.resolution {
            let before = places.len();
            places.extend(of.cells.iter().map(|&cell| place_of(cell, stored)));
            // Sorted by themselves; those of the segments may be the same.
            places.dedup();
            debug_assert!(places[before..].is_sorted());
        }
    }
    places.sort_unstable();
    places.dedup();
    places.shrink_to_fit();
    places
}

/// Calls for each run of rows of one place with the number of the place, in the order of the rows.
pub(crate) fn each_place(
    segments: &[Segment],
    places: &[u64],
    mut call: impl FnMut(u32, std::ops::Range<usize>),
) {
    for of in segments {
        let Some(stored) = of.resolution else {
            call(places.len() as u32, of.rows.clone());
            continue;
        };
        let mut at = 0;
        for (entry, &cell) in of.cells.iter().enumerate() {
            let place = place_of(cell, stored);
            while places[at] < place {
                at += 1;
            }
            call(at as u32, of.first_row(entry)..of.first_row(entry + 1));
        }
    }
}

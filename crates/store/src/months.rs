//! Counts by category and month.

use std::sync::{Arc, LazyLock};

use naqsha_model::{Category, Day, DayRange};
use rayon::prelude::*;

use crate::index::{Held, Part};
use crate::query::MonthCount;
use crate::scan::Scan;
use crate::{Filter, Snapshot};

/// The month of each day, counted from that of day 0.
static MONTHS: LazyLock<Vec<u16>> = LazyLock::new(|| {
    let first = number(Day(0));
    let month = |day| u16::try_from(number(Day(day)) - first).unwrap_or(0);
    (0..=u16::MAX).map(month).collect()
});

/// Months since the year 0.
fn number(day: Day) -> i32 {
    let date = day.date();
    i32::from(date.year()) * 12 + i32::from(date.month()) - 1
}

/// The number of a day's month, counted from that of day 0.
pub(crate) fn number_of(day: Day) -> u16 {
    MONTHS.get(usize::from(day.0)).copied().unwrap_or_default()
}

/// Year and month of a month that is counted from that of day 0.
pub(crate) fn month_of(counted: u16) -> Option<(i16, i8)> {
    let number = number(Day(0)) + i32::from(counted);
    let year = i16::try_from(number.div_euclid(12)).ok()?;
    Some((year, i8::try_from(number.rem_euclid(12) + 1).ok()?))
}

/// Numbers of records by category and month.
pub(crate) struct ByMonth {
    /// For each category the months in order, and behind them the records without a time.
    counts: Vec<Vec<u64>>,
}

impl Default for ByMonth {
    fn default() -> Self {
        let months = MONTHS.last().map_or(0, |&last| usize::from(last) + 1);
        Self {
            counts: vec![vec![0; months + 1]; Category::COUNT],
        }
    }
}

impl ByMonth {
    /// Counts a record with these days.
    pub(crate) fn add(&mut self, category: Category, first_day: u16, last_day: u16) {
        let of = self.counts.get_mut(usize::from(category.index()));
        let is_any = DayRange::ALL.first().0 == first_day && DayRange::ALL.last().0 == last_day;
        let count = of.and_then(|of| match MONTHS.get(usize::from(first_day)) {
            Some(&month) if !is_any => of.get_mut(usize::from(month)),
            _ => of.last_mut(),
        });
        if let Some(count) = count {
            *count += 1;
        }
    }

    pub(crate) fn plus(mut self, other: Self) -> Self {
        for (sums, more) in self.counts.iter_mut().zip(other.counts) {
            for (sum, more) in sums.iter_mut().zip(more) {
                *sum += more;
            }
        }
        self
    }

    fn told(self) -> Vec<MonthCount> {
        let first = number(Day(0));
        let mut told = Vec::new();
        for (category, mut months) in (0..).zip(self.counts) {
            let timeless = months.pop();
            let with_time = (first..).zip(months).map(|(number, count)| {
                let year = i16::try_from(number.div_euclid(12)).unwrap_or(i16::MAX);
                let month = i8::try_from(number.rem_euclid(12) + 1).unwrap_or(1);
                (Some((year, month)), count)
            });
            let all = timeless.map(|count| (None, count)).into_iter();
            let Some(category) = Category::from_index(category) else {
                continue;
            };
            let held = all.chain(with_time).filter(|&(_, count)| count > 0);
            told.extend(held.map(|(month, count)| MonthCount {
                category,
                month,
                count,
            }));
        }
        told
    }
}

impl Snapshot {
    /// Records that pass a filter, by category and by the month of their first day, in that order; those without a time
    /// stand before all months.
    ///
    /// Cost: O(records of the filter's area), over all threads of rayon's pool.
    pub fn by_month(&self, filter: &Filter<'_>) -> Vec<MonthCount> {
        let scan = Scan::new(filter, None);
        let per_thread = self.parts().len().div_ceil(rayon::current_num_threads());
        let parts = self.parts().par_chunks(per_thread.max(1));
        let sum = |parts: &[Arc<Part>]| {
            let parts = parts.iter();
            parts.fold(ByMonth::default(), |counts, part| add(counts, &scan, part))
        };
        let apart = parts.map(sum).reduce(ByMonth::default, ByMonth::plus);
        let merged = self.views().iter();
        let merged = merged.map(|view| view.count_by_month(&scan));
        merged.fold(apart, ByMonth::plus).told()
    }
}

/// Adds the records of a part that has an index by itself.
fn add(mut counts: ByMonth, scan: &Scan<'_>, part: &Arc<Part>) -> ByMonth {
    if let Held::Apart(index) = &part.held {
        let passing = scan.passing(index, part.hidden.as_deref());
        let rows = &index.rows;
        for position in passing.positions(rows.len()) {
            let days = rows
                .first_day
                .get(position)
                .zip(rows.last_day.get(position));
            if let (Some(kind), Some((&first, &last))) = (index.kind(position), days) {
                counts.add(kind.category, first, last);
            }
        }
    }
    counts
}

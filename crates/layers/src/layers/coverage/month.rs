//! Civil months as numbers that follow each other.

use std::fmt;

use jiff::civil::Date;
use naqsha_model::{Day, DayRange};

/// A civil month: twelve times the year, and the months of the year before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Month(i32);

impl Month {
    pub(super) fn new((year, month): (i16, i8)) -> Self {
        Self(i32::from(year) * 12 + i32::from(month) - 1)
    }

    /// The month of a day.
    pub(super) fn of(day: Day) -> Self {
        let date = day.date();
        Self::new((date.year(), date.month()))
    }

    /// Reads `YYYY-MM`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (year, month) = text.split_once('-')?;
        let month: i8 = month.parse().ok()?;
        (1..=12).contains(&month).then_some(())?;
        Some(Self::new((year.parse().ok()?, month)))
    }

    pub(super) const fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// The month that lies so many before it.
    pub(super) fn before(self, months: u32) -> Self {
        Self(self.0 - i32::try_from(months).unwrap_or(i32::MAX))
    }

    /// From this one to another, both included.
    pub(super) fn to(self, last: Self) -> impl Iterator<Item = Self> + Clone {
        (self.0..=last.0).map(Self)
    }

    /// `None` beyond the years that a date can have.
    pub(super) fn first_day(self) -> Option<Date> {
        let year = i16::try_from(self.0.div_euclid(12)).ok()?;
        Date::new(year, i8::try_from(self.0.rem_euclid(12) + 1).ok()?, 1).ok()
    }

    /// The months all of whose days are in one of some ranges; ranges that follow each other count as one.
    pub(super) fn whole(mut ranges: Vec<DayRange>) -> Vec<Self> {
        ranges.sort_unstable_by_key(|range| (range.first(), range.last()));
        let mut joined: Vec<(Day, Day)> = Vec::new();
        for range in ranges {
            match joined.last_mut() {
                Some((_, last)) if u32::from(range.first().0) <= u32::from(last.0) + 1 => {
                    *last = (*last).max(range.last());
                }
                _ => joined.push((range.first(), range.last())),
            }
        }
        let months = joined.into_iter().flat_map(|(first, last)| {
            let is_whole = move |month: &Self| {
                let starts = month.first_day().is_some_and(|day| day >= first.date());
                let next = month.next().first_day();
                let ends = next.and_then(|day| day.yesterday().ok());
                starts && ends.is_some_and(|day| day <= last.date())
            };
            Self::of(first).to(Self::of(last)).filter(is_whole)
        });
        months.collect()
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:04}-{:02}",
            self.0.div_euclid(12),
            self.0.rem_euclid(12) + 1
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_month_is_stated_where_ranges_that_follow_each_other_hold_all_of_it() {
        let day = |month, day| Day::new(date(2024, month, day)).unwrap();
        let range = |from: (i8, i8), to: (i8, i8)| {
            DayRange::new(day(from.0, from.1), day(to.0, to.1)).unwrap()
        };
        let whole = |ranges: &[DayRange]| -> Vec<String> {
            let months = Month::whole(ranges.to_vec()).into_iter();
            months.map(|month| month.to_string()).collect()
        };
        let parts = [range((2, 16), (2, 29)), range((2, 1), (2, 15))];
        assert_eq!(whole(&parts), ["2024-02"]);
        assert_eq!(whole(&[range((2, 1), (2, 28))]), [""; 0]);
        assert_eq!(
            whole(&[range((11, 30), (12, 31)), range((1, 15), (3, 31))]),
            ["2024-02", "2024-03", "2024-12"]
        );
        let apart = [range((5, 1), (5, 14)), range((5, 16), (5, 31))];
        assert_eq!(whole(&apart), [""; 0]);
    }

    #[test]
    fn months_are_read_as_they_are_written() {
        let month = Month::parse("2024-02").unwrap();
        assert_eq!(month, Month::new((2024, 2)));
        assert_eq!(month.before(2).to_string(), "2023-12");
        for wrong in ["2024-13", "2024", "none", "2024-00"] {
            assert_eq!(Month::parse(wrong), None, "{wrong}");
        }
    }
}

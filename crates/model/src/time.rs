//! When an incident happened: civil days with their precision.
//!
//! A date without a time is a civil date, never "local midnight": that instant did not exist in Asia/Karachi on
//! 2002-04-07, 2008-06-01 and 2009-04-15.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use crate::coded::coded;

coded! {
    /// How finely a time is known.
    TimePrecision, "time precision" {
        /// To the minute.
        Minute = "minute",
        /// To the hour.
        Hour = "hour",
        /// To the day.
        Day = "day",
        /// To the month.
        Month = "month",
        /// To the quarter.
        Quarter = "quarter",
        /// To the year.
        Year = "year",
    }
}

/// A civil day, counted from 1900-01-01 (day 0) to 2079-06-06: two bytes in the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub u16);

/// A date before 1900 or after 2079-06-06, or a range that ends before it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} is outside 1900-01-01 to 2079-06-06, or its range ends before it starts")]
pub struct TimeOutOfRange(pub Date);

const EPOCH: Date = jiff::civil::date(1900, 1, 1);

impl Day {
    /// The day of a civil date.
    ///
    /// # Errors
    /// [`TimeOutOfRange`] outside 1900-01-01 to 2079-06-06.
    pub fn new(date: Date) -> Result<Self, TimeOutOfRange> {
        let days = date
            .since((jiff::Unit::Day, EPOCH))
            .map_err(|_span| TimeOutOfRange(date))?
            .get_days();
        u16::try_from(days)
            .map(Self)
            .map_err(|_range| TimeOutOfRange(date))
    }

    /// The civil date.
    pub fn date(self) -> Date {
        EPOCH.saturating_add(i32::from(self.0).days())
    }
}

/// First and last civil day, both inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DayRange {
    first: Day,
    last: Day,
}

impl DayRange {
    /// Every day there is.
    pub const ALL: Self = Self {
        first: Day(0),
        last: Day(u16::MAX),
    };

    /// Checks that the range does not end before it starts.
    ///
    /// # Errors
    /// [`TimeOutOfRange`] with the last day.
    pub fn new(first: Day, last: Day) -> Result<Self, TimeOutOfRange> {
        if first <= last {
            Ok(Self { first, last })
        } else {
            Err(TimeOutOfRange(last.date()))
        }
    }

    /// First day.
    pub const fn first(self) -> Day {
        self.first
    }

    /// Last day, inclusive.
    pub const fn last(self) -> Day {
        self.last
    }

    /// Whether the two ranges share a day.
    pub fn intersects(self, other: Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }
}

/// When an incident happened: the days it may have happened on, and the instants where the source gives them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Occurred {
    /// Days in the profile's zone.
    pub days: DayRange,
    /// How finely the source knows it.
    pub precision: TimePrecision,
    /// First instant, where the source gives a time.
    pub start: Option<Timestamp>,
    /// Last instant, where the source gives a time.
    pub end: Option<Timestamp>,
}

impl Occurred {
    /// A single day without a time.
    ///
    /// # Errors
    /// [`TimeOutOfRange`] outside the days there are.
    pub fn on(date: Date) -> Result<Self, TimeOutOfRange> {
        Self::between(date, date, TimePrecision::Day)
    }

    /// Any day from `first` to `last`, without a time.
    ///
    /// # Errors
    /// [`TimeOutOfRange`] outside the days there are, or if `last` is before `first`.
    pub fn between(
        first: Date,
        last: Date,
        precision: TimePrecision,
    ) -> Result<Self, TimeOutOfRange> {
        let days = DayRange::new(Day::new(first)?, Day::new(last)?)?;
        Ok(Self {
            days,
            precision,
            start: None,
            end: None,
        })
    }

    /// Any day of a month.
    ///
    /// # Errors
    /// [`TimeOutOfRange`] outside the days there are.
    pub fn in_month(first_of_month: Date) -> Result<Self, TimeOutOfRange> {
        Self::between(
            first_of_month.first_of_month(),
            first_of_month.last_of_month(),
            TimePrecision::Month,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn days_count_from_1900_and_read_back() {
        assert_eq!(Day::new(date(1900, 1, 1)), Ok(Day(0)));
        assert_eq!(Day(u16::MAX).date(), date(2079, 6, 6));
        assert!(Day::new(date(1899, 12, 31)).is_err());
        assert!(Day::new(date(2079, 6, 7)).is_err());
        let leap = date(2024, 2, 29);
        assert_eq!(Day::new(leap).unwrap().date(), leap);
    }

    #[test]
    fn a_month_spans_its_days() {
        let july = Occurred::in_month(date(2016, 7, 1)).unwrap();
        assert_eq!(july.days.last().date(), date(2016, 7, 31));
        let middle = Occurred::on(date(2016, 7, 15)).unwrap();
        assert!(july.days.intersects(middle.days));
    }

    #[test]
    fn a_range_does_not_end_before_it_starts() {
        assert!(DayRange::new(Day(2), Day(1)).is_err());
    }
}

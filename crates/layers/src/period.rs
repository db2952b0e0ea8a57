//! Civil steps of time: weeks from Monday, months, quarters and years, and which of them are complete.

use jiff::civil::Date;
use jiff::{Span, ToSpan};
use naqsha_model::{Day, DayRange};

/// Length of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Period {
    /// From Monday to Sunday.
    Week,
    /// A month of the civil calendar.
    Month,
    /// Three months, the first from January.
    Quarter,
    /// From January to December.
    Year,
}

impl Period {
    /// The code used in parameters and metadata.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
        }
    }

    /// The period of a code.
    pub fn parse(code: &str) -> Option<Self> {
        let all = [Self::Week, Self::Month, Self::Quarter, Self::Year];
        all.into_iter().find(|period| period.code() == code)
    }

    /// The first day of the step that a day lies in.
    pub(crate) fn start(self, day: Date) -> Date {
        match self {
            Self::Week => {
                day.saturating_sub(i32::from(day.weekday().to_monday_zero_offset()).days())
            }
            Self::Month => day.first_of_month(),
            Self::Quarter => {
                let into = (day.month() - 1) % 3;
                day.first_of_month()
                    .saturating_sub(i32::from(into).months())
            }
            Self::Year => day.first_of_year(),
        }
    }

    /// The first day of the step after the one that starts on a day.
    pub(crate) fn next(self, start: Date) -> Date {
        start.saturating_add(self.span())
    }

    /// The step that another one, given by its days, is compared with; none where there are no such days.
    pub(crate) fn before(self, step: DayRange, baseline: Baseline) -> Option<DayRange> {
        let start = step.first().date();
        let earlier = match (baseline, self) {
            (Baseline::Previous, _) => start.checked_sub(self.span()).ok()?,
            // Fifty-two weeks, so that it starts on a Monday.
            (Baseline::YearBefore, Self::Week) => start.checked_sub(52.weeks()).ok()?,
            (Baseline::YearBefore, _) => start.checked_sub(1.year()).ok()?,
        };
        let last = self.next(earlier).yesterday().ok()?;
        DayRange::new(Day::new(earlier).ok()?, Day::new(last).ok()?).ok()
    }

    fn span(self) -> Span {
        match self {
            Self::Week => 1.week(),
            Self::Month => 1.month(),
            Self::Quarter => 3.months(),
            Self::Year => 1.year(),
        }
    }
}

/// What the last step is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Baseline {
    /// The step before.
    Previous,
    /// The same step a year earlier.
    YearBefore,
}

impl Baseline {
    /// The code used in parameters and metadata.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Previous => "previous",
            Self::YearBefore => "year_before",
        }
    }

    pub(crate) fn parse(code: &str) -> Option<Self> {
        let all = [Self::Previous, Self::YearBefore];
        all.into_iter().find(|baseline| baseline.code() == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn compared(period: Period, start: Date, baseline: Baseline) -> String {
        let last = period.next(start).yesterday().unwrap();
        let step = DayRange::new(Day::new(start).unwrap(), Day::new(last).unwrap()).unwrap();
        let before = period.before(step, baseline).unwrap();
        format!("{}..{}", before.first().date(), before.last().date())
    }

    #[test]
    fn a_step_is_compared_with_the_one_before_or_the_same_one_of_the_year_before() {
        let march = date(2024, 3, 1);
        for (period, start, previous, year_before) in [
            (
                Period::Month,
                march,
                "2024-02-01..2024-02-29",
                "2023-03-01..2023-03-31",
            ),
            (
                Period::Week,
                date(2024, 3, 4),
                "2024-02-26..2024-03-03",
                "2023-03-06..2023-03-12",
            ),
            (
                Period::Quarter,
                date(2024, 1, 1),
                "2023-10-01..2023-12-31",
                "2023-01-01..2023-03-31",
            ),
            (
                Period::Year,
                date(2024, 1, 1),
                "2023-01-01..2023-12-31",
                "2023-01-01..2023-12-31",
            ),
        ] {
            assert_eq!(compared(period, start, Baseline::Previous), previous);
            assert_eq!(compared(period, start, Baseline::YearBefore), year_before);
        }
    }

    #[test]
    fn steps_start_where_the_calendar_has_it() {
        let day = date(2024, 8, 15);
        assert_eq!(Period::Week.start(day), date(2024, 8, 12));
        assert_eq!(Period::Quarter.start(day), date(2024, 7, 1));
        assert_eq!(Period::Year.start(day), date(2024, 1, 1));
        assert_eq!(Period::Month.next(date(2024, 1, 1)), date(2024, 2, 1));
    }
}

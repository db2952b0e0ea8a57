//! The complete civil steps that a question about time is answered over.

use jiff::ToSpan;
use jiff::civil::Date;
use naqsha_model::{Day, DayRange};

use crate::period::Period;

/// Complete steps that follow each other, and what is not among them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Steps {
    /// Their length.
    pub period: Period,
    /// First and last day of each, in time order.
    pub complete: Vec<DayRange>,
    /// Steps that hold days asked about but are cut off by what was asked, or by the days the data cover: not used.
    pub dropped: Vec<DayRange>,
    /// Steps that are used, since they were asked for, though the data cover them only in part.
    pub partly_covered: Vec<DayRange>,
}

impl Steps {
    /// The steps within the days asked about; an end that is left open is that of the days covered.
    ///
    /// A step without any covered day is not there at all: it would be zeros that nobody counted.
    pub(crate) fn of(period: Period, asked: Option<DayRange>, covered: Option<DayRange>) -> Self {
        let mut steps = Self {
            period,
            complete: Vec::new(),
            dropped: Vec::new(),
            partly_covered: Vec::new(),
        };
        let Some(covered) = covered else {
            return steps;
        };
        let asked = asked.unwrap_or(DayRange::ALL);
        let open = DayRange::ALL;
        let bound = |end: Day, open: Day, covered: Day| if end == open { covered } else { end };
        let from = bound(asked.first(), open.first(), covered.first());
        let to = bound(asked.last(), open.last(), covered.last());
        let end = to.min(covered.last()).date();
        let mut start = period.start(from.max(covered.first()).date());
        while start <= end {
            let next = period.next(start);
            let Some(step) = days(start, next) else {
                break;
            };
            if step.first() >= from && step.last() <= to {
                steps.complete.push(step);
                if step.first() < covered.first() || step.last() > covered.last() {
                    steps.partly_covered.push(step);
                }
            } else {
                steps.dropped.push(step);
            }
            start = next;
        }
        steps
    }

    /// How many there are and where they lie, for a refusal.
    pub(crate) fn in_words(&self) -> String {
        let code = self.period.code();
        match self.complete.as_slice() {
            [] => format!(
                "there is no complete {code} among the days that were asked about and that the data cover"
            ),
            [only] => format!("there is one {code}, from {}", only.first().date()),
            [first, .., last] => {
                let many = self.complete.len();
                let (first, last) = (first.first().date(), last.last().date());
                format!("there are {many} {code}s, from {first} to {last}")
            }
        }
    }
}

/// The days from one up to, but without, another.
fn days(from: Date, to: Date) -> Option<DayRange> {
    let last = to.checked_sub(1.day()).ok()?;
    DayRange::new(Day::new(from).ok()?, Day::new(last).ok()?).ok()
}

/// Whole days of a range.
pub(crate) fn length(days: DayRange) -> u32 {
    u32::from(days.last().0 - days.first().0) + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn range(from: Date, to: Date) -> DayRange {
        DayRange::new(Day::new(from).unwrap(), Day::new(to).unwrap()).unwrap()
    }

    fn told(steps: &[DayRange]) -> Vec<String> {
        let told = |days: &DayRange| format!("{}..{}", days.first().date(), days.last().date());
        steps.iter().map(told).collect()
    }

    #[test]
    fn steps_are_those_of_the_calendar() {
        // 2024-02-01 is a Thursday; the weeks of the ISO calendar start on January 29 and February 26.
        let asked = Some(range(date(2024, 2, 1), date(2024, 3, 3)));
        let covered = Some(range(date(2020, 1, 1), date(2024, 12, 31)));
        let weeks = Steps::of(Period::Week, asked, covered);
        assert_eq!(
            told(&weeks.complete),
            [
                "2024-02-05..2024-02-11",
                "2024-02-12..2024-02-18",
                "2024-02-19..2024-02-25",
                "2024-02-26..2024-03-03"
            ]
        );
        assert_eq!(told(&weeks.dropped), ["2024-01-29..2024-02-04"]);
        let months = Steps::of(Period::Month, asked, covered);
        assert_eq!(told(&months.complete), ["2024-02-01..2024-02-29"]);
        assert_eq!(told(&months.dropped), ["2024-03-01..2024-03-31"]);
        let years = Steps::of(Period::Year, None, covered);
        assert_eq!(years.complete.len(), 5);
        assert_eq!(length(years.complete[0]), 366);
        let quarters = Steps::of(
            Period::Quarter,
            Some(range(date(2023, 11, 15), date(2024, 6, 30))),
            covered,
        );
        assert_eq!(
            told(&quarters.complete),
            ["2024-01-01..2024-03-31", "2024-04-01..2024-06-30"]
        );
        assert_eq!(told(&quarters.dropped), ["2023-10-01..2023-12-31"]);
    }

    #[test]
    fn where_an_end_is_open_the_data_end_it_and_a_cut_step_is_dropped() {
        let covered = Some(range(date(2024, 1, 10), date(2024, 4, 29)));
        let open = Steps::of(Period::Month, None, covered);
        assert_eq!(
            told(&open.complete),
            ["2024-02-01..2024-02-29", "2024-03-01..2024-03-31"]
        );
        assert_eq!(
            told(&open.dropped),
            ["2024-01-01..2024-01-31", "2024-04-01..2024-04-30"]
        );
        // Asked for by name, they are used, and said to be covered in part; what lies beyond the data is not there.
        let named = Some(range(date(2023, 1, 1), date(2024, 12, 31)));
        let named = Steps::of(Period::Month, named, covered);
        assert_eq!(named.complete.len(), 4);
        assert_eq!(told(&named.partly_covered), told(&open.dropped));
        assert_eq!(named.dropped, []);
    }

    #[test]
    fn without_data_there_are_no_steps() {
        assert_eq!(Steps::of(Period::Month, None, None).complete, []);
        let asked = Some(range(date(2030, 1, 1), date(2030, 12, 31)));
        let covered = Some(range(date(2024, 1, 1), date(2024, 12, 31)));
        assert_eq!(Steps::of(Period::Month, asked, covered).complete, []);
    }

    #[test]
    fn the_last_day_there_is_ends_the_steps() {
        let steps = Steps::of(Period::Month, None, Some(DayRange::ALL));
        assert_eq!(
            steps.complete.last().unwrap().last().date(),
            date(2079, 5, 31)
        );
    }
}

//! Periods as people write them: a month, a day, a year, or two of them with two dots between.

use jiff::ToSpan as _;
use jiff::civil::Date;
use naqsha_model::{Day, DayRange};

/// A text that is no period.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a period such as 2024-01..2024-03 or 2024-01-05..2024-02-01")]
pub struct PeriodError(String);

/// Reads `2024-01..2024-03`, `2024-01`, `2024`, `2024-01-05..2024-02-01`; both ends belong to the period.
///
/// # Errors
/// [`PeriodError`] for anything else, and where the end lies before the beginning.
pub fn parse_period(text: &str) -> Result<DayRange, PeriodError> {
    let (from, to) = text.split_once("..").unwrap_or((text, text));
    let range = || {
        let (first, last) = (span(from)?.0, span(to)?.1);
        DayRange::new(Day::new(first).ok()?, Day::new(last).ok()?).ok()
    };
    range().ok_or_else(|| PeriodError(text.to_owned()))
}

/// First and last day of a year, a month or a day.
fn span(text: &str) -> Option<(Date, Date)> {
    let digits = |part: &str, length: usize| {
        (part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| part.parse::<i16>().ok())
            .flatten()
    };
    let mut parts = text.trim().split('-');
    let year = digits(parts.next()?, 4)?;
    let mut small = || {
        parts
            .next()
            .map(|part| digits(part, 2).and_then(|part| i8::try_from(part).ok()))
    };
    let (month, day) = (small(), small());
    if parts.next().is_some() {
        return None;
    }
    let first = Date::new(year, month.unwrap_or(Some(1))?, day.unwrap_or(Some(1))?).ok()?;
    let next = match (month, day) {
        (None, _) => first.checked_add(1.year()),
        (Some(_), None) => first.checked_add(1.month()),
        (Some(_), Some(_)) => return Some((first, first)),
    };
    Some((first, next.ok()?.yesterday().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(text: &str) -> (String, String) {
        let range = parse_period(text).unwrap();
        (
            range.first().date().to_string(),
            range.last().date().to_string(),
        )
    }

    #[test]
    fn years_months_and_days_are_read_and_both_ends_belong() {
        let expect = |text, first: &str, last: &str| {
            assert_eq!(days(text), (first.to_owned(), last.to_owned()), "{text}");
        };
        expect("2024-01..2024-03", "2024-01-01", "2024-03-31");
        expect("2024-02", "2024-02-01", "2024-02-29");
        expect("2023", "2023-01-01", "2023-12-31");
        expect("2024-01-05..2024-02-01", "2024-01-05", "2024-02-01");
        expect("2023-12..2024-01-15", "2023-12-01", "2024-01-15");
        expect("2024-12", "2024-12-01", "2024-12-31");
    }

    #[test]
    fn what_is_no_period_is_refused() {
        for text in [
            "",
            "..",
            "2024-13",
            "24-01",
            "2024-1",
            "2024-03..2024-01",
            "2024-01-32",
            "2024-01-01-01",
            "1800",
        ] {
            assert!(parse_period(text).is_err(), "{text}");
        }
    }
}

//! Ranges of days and what is coarser than a day: `between 12-03-24 and 14-03-24`, `Mar 2024`, `Q1 2024`, `2024`.

use jiff::ToSpan;
use jiff::civil::Date;
use naqsha_model::{Code, TimePrecision};

use crate::values::date::{
    DateRules, ReadDate, ReadDateTime, civil, month, month_name, number, ordered,
};
use crate::values::time::single;

/// What parts the two ends of a range, in a folded text.
const PARTS: [&str; 10] = [
    " to ", " till ", " until ", " upto ", " and ", " & ", " تا ", " سے ", " اور ", " - ",
];

/// Reads two moments with a word or a dash between them; none where the text is no such range.
///
/// The first may leave out what the second says: `12 to 14-03-2024`, `28 March to 2 April 2024`.
///
/// # Errors
/// E303 where the second is before the first.
pub(crate) fn range(
    text: &str,
    rules: DateRules,
) -> Result<Option<(ReadDateTime, ReadDateTime)>, Code> {
    for part in PARTS {
        let Some((from, to)) = text.split_once(part) else {
            continue;
        };
        let Ok(to) = single(to, rules) else {
            continue;
        };
        let Some(from) = complete(from, to.day.last, rules) else {
            continue;
        };
        return if from.day.first <= to.day.last {
            Ok(Some((from, to)))
        } else {
            Err(Code::E303)
        };
    }
    Ok(None)
}

/// The first end of a range, with month and year of the second where it has none.
fn complete(from: &str, to: Date, rules: DateRules) -> Option<ReadDateTime> {
    if let Ok(from) = single(from, rules) {
        return Some(from);
    }
    let words: Vec<&str> = from
        .split([' ', '-', '/', '.', ','])
        .filter(|word| !word.is_empty())
        .collect();
    let in_year = |day: &str, month: &str| {
        let same = ordered([day, month, &to.year().to_string()], rules).ok()?.0;
        Some(if same > to {
            same.saturating_sub(1.year())
        } else {
            same
        })
    };
    let day = match words.as_slice() {
        [.., day, name] if number(day).is_some() && month_name(name).is_some() => {
            in_year(day, name)?
        }
        [.., before, day] if number(day).is_some() && number(before).is_none() => {
            of_month(day, to)?
        }
        [day] => of_month(day, to)?,
        _ => return None,
    };
    Some(ReadDateTime::on(ReadDate {
        first: day,
        last: day,
        precision: TimePrecision::Day,
        remark: None,
    }))
}

fn of_month(day: &str, month: Date) -> Option<Date> {
    civil(month.year(), i16::from(month.month()), number(day)?).ok()
}

/// Every day from the first of one to the last of the other.
pub(crate) fn joined(from: ReadDate, to: ReadDate) -> ReadDate {
    ReadDate {
        first: from.first,
        last: to.last,
        precision: from.precision.max(to.precision),
        remark: from.remark.or(to.remark),
    }
}

/// Reads a month, a quarter or a year that fills the whole text, all with a year of four digits.
pub(crate) fn coarse(text: &str) -> Option<ReadDate> {
    let read = |first: Date, last: Date, precision| ReadDate {
        first,
        last,
        precision,
        remark: None,
    };
    if let Ok(first) = month(text) {
        return Some(read(first, first.last_of_month(), TimePrecision::Month));
    }
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower
        .split([' ', '-', '/', ',', '،'])
        .filter(|word| {
            !matches!(
                *word,
                "" | "of" | "year" | "سال" | "quarter" | "qtr" | "سہ" | "ماہی"
            )
        })
        .collect();
    let year = |text: &str| {
        let text = text.trim_end_matches('ء');
        (text.len() == 4).then(|| number(text)).flatten()
    };
    let quarter = |text: &str| match text {
        "q1" | "1st" | "first" | "پہلی" => Some(1),
        "q2" | "2nd" | "second" | "دوسری" => Some(4),
        "q3" | "3rd" | "third" | "تیسری" => Some(7),
        "q4" | "4th" | "fourth" | "چوتھی" => Some(10),
        _ => None,
    };
    match words.as_slice() {
        [one] => {
            let first = civil(year(one)?, 1, 1).ok()?;
            Some(read(first, first.last_of_year(), TimePrecision::Year))
        }
        [a, b] => {
            let (of, in_year) = quarter(a)
                .zip(year(b))
                .or_else(|| quarter(b).zip(year(a)))?;
            let first = civil(in_year, of, 1).ok()?;
            let last = first.saturating_add(2.months()).last_of_month();
            Some(read(first, last, TimePrecision::Quarter))
        }
        _ => None,
    }
}

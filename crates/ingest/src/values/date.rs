//! Dates and times as bureaus write them. The profile declares the order; month-first is never guessed.

use std::borrow::Cow;

use jiff::ToSpan;
use jiff::civil::{Date, Time};
use naqsha_model::{Code, TimePrecision};

use crate::text::{fold, is_letter};
use crate::values::date_range;
use crate::values::hijri::hijri;

/// Order of day, month and year in a profile's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// Day, month, year.
    Dmy,
    /// Month, day, year.
    Mdy,
    /// Year, month, day.
    Ymd,
}

/// How a profile's dates are read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DateRules {
    pub(crate) order: Order,
    /// Two-digit years above it belong to the 1900s.
    pub(crate) pivot: i16,
}

/// The civil days that a text names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ReadDate {
    pub(crate) first: Date,
    pub(crate) last: Date,
    pub(crate) precision: TimePrecision,
    /// What has to be said about it.
    pub(crate) remark: Option<Code>,
}

impl ReadDate {
    pub(crate) const fn on(date: Date, remark: Option<Code>) -> Self {
        Self {
            first: date,
            last: date,
            precision: TimePrecision::Day,
            remark,
        }
    }
}

/// A civil date with the times of day it may have been at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ReadDateTime {
    pub(crate) day: ReadDate,
    pub(crate) from: Option<Time>,
    pub(crate) to: Option<Time>,
    pub(crate) precision: TimePrecision,
    /// Offset in seconds, where the text states one.
    pub(crate) offset: Option<i32>,
}

impl ReadDateTime {
    /// A day without a time.
    pub(crate) const fn on(day: ReadDate) -> Self {
        Self {
            day,
            from: None,
            to: None,
            precision: day.precision,
            offset: None,
        }
    }

    /// A minute of a day.
    pub(crate) const fn to_the_minute(day: Date, time: Time) -> Self {
        Self {
            from: Some(time),
            precision: TimePrecision::Minute,
            ..Self::on(ReadDate::on(day, None))
        }
    }
}

const UNREADABLE: Code = Code::E301;

/// Reads a month: `2016-07`, `07/2016`, `Jul-2016`, `مارچ 2024`.
pub(crate) fn month(text: &str) -> Result<Date, Code> {
    let text = folded(text);
    let mut parts = text
        .split(['-', '/', '.', ' ', ',', '،'])
        .filter(|p| !p.is_empty());
    let (Some(a), Some(b), None) = (parts.next(), parts.next(), parts.next()) else {
        return Err(UNREADABLE);
    };
    let (year, month) = if a.len() == 4 && number(a).is_some() {
        (a, b)
    } else {
        (b, a)
    };
    let year = bare_year(year);
    if year.len() != 4 {
        return Err(UNREADABLE);
    }
    let month = number(month)
        .or_else(|| month_name(month))
        .ok_or(UNREADABLE)?;
    civil(number(year).ok_or(UNREADABLE)?, month, 1)
}

/// Reads a day, a range of days, a month, a quarter or a year in the profile's order; a time after a day is ignored.
///
/// ISO dates are read under any order; a month is never taken for a day.
pub(crate) fn date(text: &str, rules: DateRules) -> Result<ReadDate, Code> {
    let text = folded(text);
    match leading_date(&text, rules) {
        Ok((day, rest)) if rest.trim().is_empty() => Ok(day),
        Ok((day, rest)) => Ok(date_range::range(&text, rules)?
            .filter(|_| !rest.starts_with('T'))
            .map_or(day, |(from, to)| date_range::joined(from.day, to.day))),
        Err(code) => {
            if let Some((from, to)) = date_range::range(&text, rules)? {
                return Ok(date_range::joined(from.day, to.day));
            }
            date_range::coarse(&text).ok_or(code)
        }
    }
}

/// A trimmed text in one spelling; ASCII as it is.
pub(crate) fn folded(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    if text.is_ascii() {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(fold(text))
    }
}

/// Reads a day from a folded text and splits off what follows it.
pub(crate) fn leading_date(text: &str, rules: DateRules) -> Result<(ReadDate, &str), Code> {
    let text = without_lead(text.trim());
    if let Some(found) = excel_serial(text)? {
        return Ok(found);
    }
    if let Some(found) = hijri(text)? {
        return Ok((found, ""));
    }
    if let Some(found) = two_days(text, rules)? {
        return Ok(found);
    }
    if let Some((head, rest)) = text.split_at_checked(8)
        && (head.starts_with("19") || head.starts_with("20"))
        && head.bytes().all(|b| b.is_ascii_digit())
        && !rest.starts_with(|c: char| c.is_ascii_digit() || c == '.')
    {
        let part =
            |range: std::ops::Range<usize>| head.get(range).and_then(number).ok_or(UNREADABLE);
        let date = civil(part(0..4)?, part(4..6)?, part(6..8)?)?;
        return Ok((ReadDate::on(date, None), rest));
    }
    let (parts, rest) = three_parts(text).ok_or(UNREADABLE)?;
    let (date, remark) = ordered(parts, rules)?;
    Ok((ReadDate::on(date, remark), rest))
}

/// Day, month and year of three parts: a name is a month, four digits are a year, else the profile's order holds.
pub(crate) fn ordered(
    [a, b, c]: [&str; 3],
    rules: DateRules,
) -> Result<(Date, Option<Code>), Code> {
    let named = |text: &str| number(text).or_else(|| month_name(text)).ok_or(UNREADABLE);
    let (year, month, day) = if a.len() == 4 && number(a).is_some() {
        (a, named(b)?, c)
    } else if number(a).is_none() {
        (c, month_name(a).ok_or(UNREADABLE)?, b)
    } else if number(b).is_none() {
        (c, month_name(b).ok_or(UNREADABLE)?, a)
    } else {
        match rules.order {
            Order::Dmy => (c, named(b)?, a),
            Order::Mdy => (c, named(a)?, b),
            Order::Ymd => (a, named(b)?, c),
        }
    };
    let (year, remark) = full_year(year, rules.pivot)?;
    let date = civil(year, month, number(day).ok_or(UNREADABLE)?)?;
    Ok((date, remark))
}

/// `12/13-03-2024`: the night between two days, as police write it.
fn two_days(text: &str, rules: DateRules) -> Result<Option<(ReadDate, &str)>, Code> {
    let Some((first, rest)) = text.split_once(['/', '-', '&']) else {
        return Ok(None);
    };
    let separator = text.get(first.len()..).unwrap_or_default().chars().next();
    let (first, rest) = (first.trim(), rest.trim_start());
    let short = |part: &str| part.len() <= 2 && number(part).is_some();
    let Some((parts, after)) =
        three_parts(rest).filter(|(parts, _)| short(first) && short(parts[0]))
    else {
        return Ok(None);
    };
    // "12-03-11 10:30" is no range: in one, the second day, month and year stand together behind another separator.
    let inner = rest
        .trim_start_matches(|c: char| c.is_ascii_digit())
        .chars()
        .next();
    let together = rest
        .split(' ')
        .next()
        .is_some_and(|word| word.matches(['-', '/', '.']).count() == 2);
    if month_name(parts[1]).is_none()
        && (!together || inner == separator || rules.order != Order::Dmy)
    {
        return Ok(None);
    }
    let Ok((last, remark)) = ordered(parts, rules) else {
        return Ok(None);
    };
    let day = i8::try_from(number(first).unwrap_or_default()).map_err(|_range| UNREADABLE)?;
    let before = last.day() > day;
    // "31/01-02-2024" began in the month before.
    let month = if before {
        last
    } else {
        last.first_of_month().saturating_sub(1.day())
    };
    let first = Date::new(month.year(), month.month(), day).map_err(|_invalid| UNREADABLE)?;
    if last
        .since(first)
        .map_or(true, |span| span.get_days() > 7 && !before)
    {
        return Err(UNREADABLE);
    }
    let read = ReadDate {
        first,
        ..ReadDate::on(last, remark)
    };
    Ok(Some((read, after)))
}

/// Reads the digits of a year, with the pivot for two of them.
pub(crate) fn full_year(text: &str, pivot: i16) -> Result<(i16, Option<Code>), Code> {
    let year = number(text).ok_or(UNREADABLE)?;
    match text.len() {
        4 => Ok((year, None)),
        2 => Ok((
            if year > pivot {
                1900 + year
            } else {
                2000 + year
            },
            Some(Code::W309),
        )),
        _ => Err(UNREADABLE),
    }
}

fn three_parts(text: &str) -> Option<([&str; 3], &str)> {
    let mut rest = text;
    let mut parts = [""; 3];
    for (i, part) in parts.iter_mut().enumerate() {
        if i > 0 {
            rest = rest.trim_start_matches(['-', '/', '.', ',', ' ', '،', '۔', '\\']);
            rest = rest.strip_prefix("of ").unwrap_or(rest);
        }
        let letters = is_letter(rest.chars().next()?);
        let end = rest
            .find(|c: char| {
                if letters {
                    !is_letter(c)
                } else {
                    !c.is_ascii_digit()
                }
            })
            .unwrap_or(rest.len());
        let (head, tail) = rest.split_at(end);
        if head.is_empty() {
            return None;
        }
        (*part, rest) = (head, ordinal_stripped(tail));
    }
    rest = rest.strip_prefix('ء').unwrap_or(rest);
    // A digit or a separator right after the year means that it was no date.
    if rest.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '/')) {
        return None;
    }
    Some((parts, rest))
}

/// Takes the ending of `3rd` or `21st` away.
fn ordinal_stripped(text: &str) -> &str {
    ["st", "nd", "rd", "th"]
        .iter()
        .find_map(|ending| text.strip_prefix(ending))
        .filter(|rest| !rest.starts_with(is_letter))
        .unwrap_or(text)
}

/// A year without the sign for "of our era".
fn bare_year(text: &str) -> &str {
    text.trim_end_matches('ء')
}

/// Takes weekdays and words like "dated" or "between" off the front.
fn without_lead(text: &str) -> &str {
    const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    const WORDS: [&str; 26] = [
        "dated",
        "dt",
        "date",
        "on",
        "the",
        "between",
        "from",
        "night",
        "intervening",
        "of",
        "during",
        "مورخہ",
        "بتاریخ",
        "تاریخ",
        "مابین",
        "درمیان",
        "درمیانی",
        "شب",
        "بروز",
        "پیر",
        "سوموار",
        "منگل",
        "بدھ",
        "جمعرات",
        "جمعہ",
        "اتوار",
    ];
    let mut text = text;
    loop {
        let end = text.find(|c: char| !is_letter(c)).unwrap_or(text.len());
        let (word, rest) = text.split_at(end);
        if word.is_empty() || rest.is_empty() {
            return text;
        }
        let lower = word.to_lowercase();
        let weekday = DAYS.iter().any(|day| lower.starts_with(day))
            && (lower.len() <= 5 || lower.ends_with("ay"))
            && month_name(word).is_none();
        if !weekday && !WORDS.contains(&lower.as_str()) && lower != "ہفتہ" {
            return text;
        }
        text = rest.trim_start_matches([',', ' ', '.', '-', ':', '،']);
    }
}

/// A day number of a spreadsheet (1900 system), 1954 to 2064; what follows it is its fraction of a day.
fn excel_serial(text: &str) -> Result<Option<(ReadDate, &str)>, Code> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    if whole.len() != 5 || !digits(whole) || !digits(fraction) {
        return Ok(None);
    }
    let days: i32 = whole.parse().map_err(|_digits| UNREADABLE)?;
    if !(20_000..=60_000).contains(&days) {
        return Err(UNREADABLE);
    }
    let date = jiff::civil::date(1899, 12, 30).saturating_add(days.days());
    let rest = text.get(whole.len()..).unwrap_or_default();
    Ok(Some((ReadDate::on(date, Some(Code::W308)), rest)))
}

/// Number of a month from its English or Urdu name, full or cut to three letters or more.
pub(crate) fn month_name(text: &str) -> Option<i16> {
    const ENGLISH: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    // Spelt as `fold` leaves them.
    const URDU: [&str; 12] = [
        "جنوری",
        "فروری",
        "مارچ",
        "اپریل",
        "مئی",
        "جون",
        "جولائی",
        "اگست",
        "ستمبر",
        "اکتوبر",
        "نومبر",
        "دسمبر",
    ];
    if !text.starts_with(is_letter) {
        return None;
    }
    let name = fold(text);
    let position = ENGLISH.iter().position(|full| {
        *full == name
            || (name.len() == 3 && full.starts_with(&name))
            || (name == "sept" && *full == "september")
    });
    let position = position.or_else(|| {
        let short = name.chars().count() >= 3;
        URDU.iter()
            .position(|full| *full == name || (short && full.starts_with(&name)))
    })?;
    i16::try_from(position).ok().map(|i| i + 1)
}

/// A whole number of digits only.
pub(crate) fn number(text: &str) -> Option<i16> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        None
    } else {
        text.parse().ok()
    }
}

/// A date of the years that records can be from.
pub(crate) fn civil(year: i16, month: i16, day: i16) -> Result<Date, Code> {
    let small = |n: i16| i8::try_from(n).map_err(|_range| UNREADABLE);
    if !(1900..=2079).contains(&year) {
        return Err(UNREADABLE);
    }
    Date::new(year, small(month)?, small(day)?).map_err(|_invalid| UNREADABLE)
}

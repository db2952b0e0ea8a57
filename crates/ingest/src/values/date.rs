//! Dates and times as bureaus write them. The profile declares the order; month-first is never guessed.

use jiff::civil::{Date, Time};
use naqsha_model::{Code, TimePrecision};

use crate::text::{ascii_digits, fold};

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

/// A civil date as read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ReadDate {
    pub(crate) date: Date,
    /// What has to be said about it.
    pub(crate) remark: Option<Code>,
    /// Days before and after on which it may also have been.
    pub(crate) slack: i32,
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

const UNREADABLE: Code = Code::E301;

/// Reads a month: `2016-07`, `07/2016`, `Jul-2016`.
pub(crate) fn month(text: &str) -> Result<Date, Code> {
    let text = ascii_digits(text.trim());
    let mut parts = text.split(['-', '/', '.', ' ']).filter(|p| !p.is_empty());
    let (Some(a), Some(b), None) = (parts.next(), parts.next(), parts.next()) else {
        return Err(UNREADABLE);
    };
    let (year, month) = if a.len() == 4 { (a, b) } else { (b, a) };
    if year.len() != 4 {
        return Err(UNREADABLE);
    }
    let month = number(month)
        .or_else(|| month_name(month))
        .ok_or(UNREADABLE)?;
    civil(number(year).ok_or(UNREADABLE)?, month, 1)
}

/// Reads a date in the profile's order; ISO dates are read under any order, and a time after it is ignored.
pub(crate) fn date(text: &str, rules: DateRules) -> Result<ReadDate, Code> {
    let text = ascii_digits(text.trim());
    let (day, _rest) = leading_date(&text, rules)?;
    Ok(day)
}

/// Reads a date and splits off what follows it.
pub(crate) fn leading_date(text: &str, rules: DateRules) -> Result<(ReadDate, &str), Code> {
    let text = strip_weekday(text.trim());
    if let Some(found) = excel_serial(text)? {
        return Ok(found);
    }
    if let Some(found) = hijri(text)? {
        return Ok(found);
    }
    let (parts, rest) = three_parts(text).ok_or(UNREADABLE)?;
    let [a, b, c] = parts;
    let named = |text: &str| number(text).or_else(|| month_name(text)).ok_or(UNREADABLE);
    let (year, month, day) = if a.len() == 4 && number(a).is_some() {
        (a, number(b).or_else(|| month_name(b)).ok_or(UNREADABLE)?, c)
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
    Ok((
        ReadDate {
            date,
            remark,
            slack: 0,
        },
        rest,
    ))
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
            rest = rest.trim_start_matches(['-', '/', '.', ',', ' ']);
        }
        let letters = rest.chars().next()?.is_alphabetic();
        let end = rest
            .find(|c: char| {
                if letters {
                    !c.is_alphabetic()
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
    // A digit or a separator right after the year means that it was no date.
    if rest.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '/')) {
        return None;
    }
    Some((parts, rest))
}

/// Takes the ending of `3rd` or `21st` away.
fn ordinal_stripped(text: &str) -> &str {
    ["st ", "nd ", "rd ", "th "]
        .iter()
        .find_map(|ending| text.strip_prefix(ending))
        .unwrap_or(text)
}

fn strip_weekday(text: &str) -> &str {
    const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let end = text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(0);
    let (word, rest) = text.split_at(end);
    let lower = word.to_ascii_lowercase();
    // `Thursay` stands in a published list.
    if DAYS.iter().any(|day| lower.starts_with(day)) && (lower.len() == 3 || lower.ends_with("ay"))
    {
        rest.trim_start_matches([',', ' ', '.', '-'])
    } else {
        text
    }
}

/// A day number of a spreadsheet (1900 system), 1954 to 2064; the fraction of a day is ignored.
fn excel_serial(text: &str) -> Result<Option<(ReadDate, &'static str)>, Code> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    if whole.len() != 5 || !digits(whole) || !digits(fraction) {
        return Ok(None);
    }
    let days: i32 = whole.parse().map_err(|_digits| UNREADABLE)?;
    if !(20_000..=60_000).contains(&days) {
        return Err(UNREADABLE);
    }
    let date = jiff::civil::date(1899, 12, 30).saturating_add(jiff::Span::new().days(days));
    Ok(Some((
        ReadDate {
            date,
            remark: Some(Code::W308),
            slack: 0,
        },
        "",
    )))
}

/// Number of a month from its English or Urdu name, full or cut to three letters.
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
    if !text.starts_with(char::is_alphabetic) {
        return None;
    }
    let name = fold(text);
    let position = ENGLISH.iter().position(|full| {
        *full == name
            || (name.len() == 3 && full.starts_with(&name))
            || (name == "sept" && *full == "september")
    });
    let position = position.or_else(|| URDU.iter().position(|full| *full == name))?;
    i16::try_from(position).ok().map(|i| i + 1)
}

/// A date of the Islamic calendar named by its month, converted with the tabular calendar: a day of slack each way.
fn hijri(text: &str) -> Result<Option<(ReadDate, &str)>, Code> {
    const MONTHS: [&[&str]; 12] = [
        &["محرم", "muharram"],
        &["صفر", "safar"],
        &["ربیع الاول", "rabi ul awal"],
        &["ربیع الثانی", "rabi us sani"],
        &["جمادی الاول", "jamadi ul awal"],
        &["جمادی الثانی", "jamadi us sani"],
        &["رجب", "rajab"],
        &["شعبان", "shaban"],
        &["رمضان", "ramadan", "ramzan"],
        &["شوال", "shawwal"],
        &["ذوالقعدہ", "zilqad"],
        &["ذوالحجہ", "zilhaj"],
    ];
    if !text.contains(char::is_alphabetic) {
        return Ok(None);
    }
    let folded = fold(text);
    let found = MONTHS.iter().enumerate().find_map(|(i, names)| {
        names
            .iter()
            .find_map(|name| folded.split_once(name))
            .map(|(day, year)| (i, day.to_owned(), year.to_owned()))
    });
    let Some((index, day, year)) = found else {
        return Ok(None);
    };
    let day = number(day.trim())
        .filter(|d| (1..=30).contains(d))
        .ok_or(UNREADABLE)?;
    let year = number(
        year.trim()
            .trim_end_matches(['h', '.', 'ھ', 'ہ', 'a'])
            .trim(),
    )
    .ok_or(UNREADABLE)?;
    if !(1300..=1520).contains(&year) {
        return Err(UNREADABLE);
    }
    let month = i64::try_from(index).map_err(|_range| UNREADABLE)? + 1;
    let (year, day) = (i64::from(year), i64::from(day));
    // Fliegel & Van Flandern's form of the tabular calendar, epoch 16 July 622 (Julian day 1948440).
    let julian_day =
        (11 * year + 3) / 30 + 354 * year + 30 * month - (month - 1) / 2 + day + 1_948_440 - 385;
    let days = i32::try_from(julian_day - 2_415_019).map_err(|_range| UNREADABLE)?;
    let date = jiff::civil::date(1899, 12, 30).saturating_add(jiff::Span::new().days(days));
    Ok(Some((
        ReadDate {
            date,
            remark: Some(Code::W307),
            slack: 1,
        },
        "",
    )))
}

pub(crate) fn number(text: &str) -> Option<i16> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        None
    } else {
        text.parse().ok()
    }
}

fn civil(year: i16, month: i16, day: i16) -> Result<Date, Code> {
    let small = |n: i16| i8::try_from(n).map_err(|_range| UNREADABLE);
    if !(1900..=2079).contains(&year) {
        return Err(UNREADABLE);
    }
    Date::new(year, small(month)?, small(day)?).map_err(|_invalid| UNREADABLE)
}

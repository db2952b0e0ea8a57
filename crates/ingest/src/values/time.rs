//! Times of day beside a date: `22:30`, `2230 hrs`, `10.30 pm`, `رات 10/11 بجے`, ISO with an offset.

use jiff::civil::Time;
use naqsha_model::{Code, TimePrecision};

use crate::text::{ascii_digits, fold};
use crate::values::date::{DateRules, ReadDateTime, leading_date, number};

/// Reads a date and, where there is one, the time or range of hours after it.
pub(crate) fn date_time(text: &str, rules: DateRules) -> Result<ReadDateTime, Code> {
    let text = ascii_digits(text.trim());
    let (day, rest) = leading_date(&text, rules)?;
    let mut read = ReadDateTime {
        day,
        from: None,
        to: None,
        precision: TimePrecision::Day,
        offset: None,
    };
    let rest = rest.trim_start_matches([' ', 'T', ',']).trim();
    if !rest.is_empty() {
        time_of_day(rest, &mut read)?;
    }
    Ok(read)
}

const UNREADABLE: Code = Code::E301;

fn time_of_day(text: &str, read: &mut ReadDateTime) -> Result<(), Code> {
    let (text, offset) = split_offset(text)?;
    read.offset = offset;
    let folded = fold(text);
    let half = half_of_day(&folded);
    let digits: String = folded
        .chars()
        .map(|c| {
            if c.is_ascii_digit() || matches!(c, ':' | '/' | '.' | '-') {
                c
            } else {
                ' '
            }
        })
        .collect();
    let mut clocks = digits
        .split(' ')
        .filter(|part| part.bytes().any(|b| b.is_ascii_digit()));
    let (Some(clock), None) = (clocks.next(), clocks.next()) else {
        return Err(UNREADABLE);
    };
    let clock = clock.trim_matches(['/', '.', '-', ':']);
    let (from, to) = match clock.split_once(['/', '-']) {
        Some((from, to)) => (from, Some(to)),
        None => (clock, None),
    };
    let (time, precision) = clock_time(from, half)?;
    (read.from, read.precision) = (Some(time), precision);
    read.to = to
        .map(|to| clock_time(to, half).map(|(time, _)| time))
        .transpose()?;
    Ok(())
}

/// Splits `Z`, `+05:00` or `+0500` off an ISO time.
fn split_offset(text: &str) -> Result<(&str, Option<i32>), Code> {
    if let Some(text) = text.strip_suffix(['Z', 'z']) {
        return Ok((text, Some(0)));
    }
    let Some(at) = text.rfind(['+', '-']).filter(|_| text.contains(':')) else {
        return Ok((text, None));
    };
    let (clock, offset) = text.split_at(at);
    let sign = if offset.starts_with('-') { -1 } else { 1 };
    let digits: String = offset.chars().filter(char::is_ascii_digit).collect();
    if digits.len() != 4 || clock.trim().is_empty() {
        return Ok((text, None));
    }
    let hhmm: i32 = digits.parse().map_err(|_digits| UNREADABLE)?;
    Ok((clock, Some(sign * (hhmm / 100 * 3600 + hhmm % 100 * 60))))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Half {
    Morning,
    Afternoon,
    /// رات: before midnight from six on, after midnight up to five.
    Night,
}

fn half_of_day(folded: &str) -> Option<Half> {
    let word = |list: &[&str]| {
        folded
            .split(|c: char| !c.is_alphabetic())
            .any(|word| list.contains(&word))
    };
    if word(&["am", "صبح"]) {
        Some(Half::Morning)
    } else if word(&["pm", "دوپہر", "شام"]) {
        Some(Half::Afternoon)
    } else if word(&["رات", "شب", "night"]) {
        Some(Half::Night)
    } else {
        None
    }
}

fn clock_time(text: &str, half: Option<Half>) -> Result<(Time, TimePrecision), Code> {
    let mut parts = text.split([':', '.']);
    let first = parts.next().unwrap_or_default();
    let (hour, minute, precision) = match (parts.next(), first.len()) {
        (Some(minute), _) => (number(first), number(minute), TimePrecision::Minute),
        (None, 3 | 4) => (
            number(first).map(|n| n / 100),
            number(first).map(|n| n % 100),
            TimePrecision::Minute,
        ),
        (None, _) => (number(first), Some(0), TimePrecision::Hour),
    };
    let (Some(hour), Some(minute)) = (hour, minute) else {
        return Err(UNREADABLE);
    };
    let hour = match half {
        Some(Half::Afternoon) if hour < 12 => hour + 12,
        Some(Half::Night) if (6..12).contains(&hour) => hour + 12,
        Some(Half::Morning | Half::Night) if hour == 12 => 0,
        _ => hour,
    };
    let small = |n: i16| i8::try_from(n).map_err(|_range| UNREADABLE);
    let time = Time::new(small(hour)?, small(minute)?, 0, 0).map_err(|_invalid| UNREADABLE)?;
    Ok((time, precision))
}

//! Times of day beside a date: `22:30`, `2230 hrs`, `10.30 pm`, `رات 10/11 بجے`, ISO with an offset, a serial's fraction.

use jiff::civil::Time;
use naqsha_model::{Code, TimePrecision};

use crate::text::{fold, is_letter};
use crate::values::date::{DateRules, ReadDateTime, folded, leading_date, number};
use crate::values::date_range::range;

/// Reads a date with the time or range of hours after it, or two such moments as a range.
pub(crate) fn date_time(
    text: &str,
    rules: DateRules,
) -> Result<(ReadDateTime, Option<ReadDateTime>), Code> {
    let text = folded(text);
    match single(&text, rules) {
        Ok(read) => Ok((read, None)),
        Err(code) => match range(&text, rules)? {
            Some((from, to)) => Ok((from, Some(to))),
            None => crate::values::date_range::coarse(&text)
                .map(|day| (ReadDateTime::on(day), None))
                .ok_or(code),
        },
    }
}

/// Reads one date of a folded text and, where there is one, the time or range of hours after it.
pub(crate) fn single(text: &str, rules: DateRules) -> Result<ReadDateTime, Code> {
    let (day, rest) = leading_date(text, rules)?;
    let mut read = ReadDateTime::on(day);
    if rest.starts_with('.') && day.remark == Some(Code::W308) {
        read.from = Some(fraction(rest)?);
        read.precision = TimePrecision::Minute;
        return Ok(read);
    }
    let rest = rest.trim_start_matches([' ', ',', '،', ';', '@']).trim();
    let rest = rest
        .strip_prefix(['T', 't'])
        .filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        .unwrap_or(rest);
    if !rest.is_empty() {
        time_of_day(rest, &mut read)?;
    }
    Ok(read)
}

const UNREADABLE: Code = Code::E301;

/// The fraction of a day as a spreadsheet keeps a time, to the nearest minute.
fn fraction(text: &str) -> Result<Time, Code> {
    let day: f64 = fast_float2::parse(text.as_bytes()).map_err(|_number| UNREADABLE)?;
    let minutes = (day * 1440.0).round().min(1439.0);
    let part = |n: f64| number(&format!("{n}")).and_then(|n| i8::try_from(n).ok());
    let (hour, minute) = ((minutes / 60.0).floor(), minutes % 60.0);
    let (hour, minute) = part(hour).zip(part(minute)).ok_or(UNREADABLE)?;
    Time::new(hour, minute, 0, 0).map_err(|_range| UNREADABLE)
}

/// A clock as written, with the half of the day said beside it.
struct Clock<'t> {
    text: &'t str,
    half: Option<Half>,
}

fn time_of_day(text: &str, read: &mut ReadDateTime) -> Result<(), Code> {
    let (text, offset) = split_offset(text)?;
    read.offset = offset;
    let folded = fold(text);
    let said = clocks(&folded)?;
    let (first, second) = match said.clocks.as_slice() {
        // "in the evening": the day is known, the hour is not.
        [] => return Ok(()),
        [one] => (one, None),
        [from, to] if said.minutes => {
            let time = clock_time(
                &format!("{}:{}", from.text, to.text),
                from.half.or(said.half),
            )?;
            (read.from, read.precision) = (Some(time.0), TimePrecision::Minute);
            return Ok(());
        }
        [from, to] => (from, Some(to)),
        _ => return Err(UNREADABLE),
    };
    let own = first.half.or(said.half);
    let (mut time, precision) =
        clock_time(first.text, own.or_else(|| second.and_then(|to| to.half)))?;
    read.precision = precision;
    if let Some(to) = second {
        let (mut end, _) = clock_time(to.text, to.half.or(said.half).or(first.half))?;
        let night = said.half == Some(Half::Night);
        if end < time && own.is_none() && to.half.is_some() {
            // "11 to 1 pm" begins in the morning.
            time = clock_time(first.text, None)?.0;
        }
        if end < time && said.either && !night {
            (time, end) = (end, time);
        }
        read.to = Some(end);
    }
    read.from = Some(time);
    Ok(())
}

/// The clocks of a text and what is said about them.
#[derive(Default)]
struct Said<'t> {
    clocks: Vec<Clock<'t>>,
    /// Half of the day said before the first clock.
    half: Option<Half>,
    /// A stroke between the clocks: one or the other.
    either: bool,
    /// The second number is minutes of the first.
    minutes: bool,
}

fn clocks(folded: &str) -> Result<Said<'_>, Code> {
    let mut said = Said::default();
    let mut rest = folded;
    while let Some(c) = rest.chars().next() {
        if c.is_ascii_digit() {
            let end = rest
                .find(|c: char| !c.is_ascii_digit() && !matches!(c, ':' | '.'))
                .unwrap_or(rest.len());
            let (clock, tail) = rest.split_at(end);
            said.clocks.push(Clock {
                text: clock.trim_end_matches([':', '.']),
                half: None,
            });
            rest = tail;
        } else if is_letter(c) {
            let end = rest
                .find(|c: char| !is_letter(c) && c != '.')
                .unwrap_or(rest.len());
            let (word, tail) = rest.split_at(end);
            word_of_time(word.replace('.', "").as_str(), &mut said)?;
            rest = tail;
        } else {
            match c {
                '/' => said.either = true,
                ' ' | '-' | ',' | '،' | '.' | '(' | ')' | ':' | '\'' | '~' | '&' | '۔' => {}
                _ => return Err(UNREADABLE),
            }
            rest = rest.get(c.len_utf8()..).unwrap_or_default();
        }
    }
    Ok(said)
}

fn word_of_time(word: &str, said: &mut Said<'_>) -> Result<(), Code> {
    let half = match word {
        "am" | "morning" | "صبح" | "فجر" => Some(Half::Morning),
        "pm" | "evening" | "afternoon" | "شام" | "عصر" => Some(Half::Afternoon),
        "noon" | "day" | "دن" | "دوپہر" | "ظہر" | "پہر" => Some(Half::Day),
        "night" | "رات" | "شب" | "عشاء" => Some(Half::Night),
        _ => None,
    };
    if let Some(half) = half {
        match said.clocks.last_mut() {
            Some(clock) => clock.half = Some(half),
            None => said.half = Some(half),
        }
        return Ok(());
    }
    match word {
        "منٹ" | "minutes" | "min" | "mins" => said.minutes = said.clocks.len() == 2,
        "hrs" | "hours" | "hour" | "hr" | "h" | "بجے" | "بج" | "کر" | "بوقت" | "وقت" | "at"
        | "about" | "approx" | "approximately" | "around" | "to" | "and" | "or" | "between"
        | "from" | "till" | "in" | "the" | "تا" | "سے" | "اور" | "یا" | "کے" | "کو" | "قریب"
        | "قریبا" | "تقریبا" | "درمیان" | "مابین" | "oclock" | "o" | "clock" | "pst" | "pkt"
        | "local" | "time" | "سہ" | "mid" | "late" | "early" | "unknown" | "نامعلوم" => {}
        _ => return Err(UNREADABLE),
    }
    Ok(())
}

/// Splits `Z`, `+05:00` or `+0500` off an ISO time.
fn split_offset(text: &str) -> Result<(&str, Option<i32>), Code> {
    if let Some(text) = text.strip_suffix(['Z', 'z']) {
        return Ok((text, Some(0)));
    }
    let signed = text.rfind(['+', '-']).filter(|_| text.contains(':'));
    let Some((clock, offset)) = signed.and_then(|at| text.split_at_checked(at)) else {
        return Ok((text, None));
    };
    let sign = if offset.starts_with('-') { -1 } else { 1 };
    let digits: String = offset.chars().filter(char::is_ascii_digit).collect();
    // "10:00-11:00" is a range of hours: an offset stands behind seconds or has a plus.
    let range = sign < 0 && clock.matches(':').count() < 2;
    let plain = offset
        .chars()
        .skip(1)
        .all(|c| c.is_ascii_digit() || c == ':');
    if digits.len() != 4 || clock.trim().is_empty() || range || !plain {
        return Ok((text, None));
    }
    let hhmm: i32 = digits.parse().map_err(|_digits| UNREADABLE)?;
    Ok((clock, Some(sign * (hhmm / 100 * 3600 + hhmm % 100 * 60))))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Half {
    Morning,
    Afternoon,
    /// دن، دوپہر: noon is twelve, one to five are after it.
    Day,
    /// رات: before midnight from six on, after midnight up to five.
    Night,
}

fn clock_time(text: &str, half: Option<Half>) -> Result<(Time, TimePrecision), Code> {
    let mut parts = text.split([':', '.']);
    let first = parts.next().unwrap_or_default();
    let (hour, minute, precision) = match (parts.next(), first.len()) {
        (Some(minute), 1 | 2) => (number(first), number(minute), TimePrecision::Minute),
        (None, 3 | 4) => (
            number(first).map(|n| n / 100),
            number(first).map(|n| n % 100),
            TimePrecision::Minute,
        ),
        (None, 1 | 2) => (number(first), Some(0), TimePrecision::Hour),
        _ => return Err(UNREADABLE),
    };
    if parts
        .next()
        .is_some_and(|seconds| number(seconds).is_none_or(|n| n > 59))
    {
        return Err(UNREADABLE);
    }
    let (Some(hour), Some(minute)) = (hour, minute) else {
        return Err(UNREADABLE);
    };
    let hour = match half {
        Some(Half::Afternoon) if hour < 12 => hour + 12,
        Some(Half::Day) if (1..=5).contains(&hour) => hour + 12,
        Some(Half::Night) if (6..12).contains(&hour) => hour + 12,
        Some(Half::Morning | Half::Night) if hour == 12 => 0,
        _ => hour,
    };
    // "2400 hrs" is the last minute of its day, not the first of the next.
    let (hour, minute) = if (hour, minute) == (24, 0) {
        (23, 59)
    } else {
        (hour, minute)
    };
    let small = |n: i16| i8::try_from(n).map_err(|_range| UNREADABLE);
    let time = Time::new(small(hour)?, small(minute)?, 0, 0).map_err(|_invalid| UNREADABLE)?;
    Ok((time, precision))
}

//! Positions as records hold them: one cell of decimal degrees, degrees with minutes and seconds, WKT, or UTM metres.

use std::borrow::Cow;

use naqsha_model::{Code, Point};

use crate::text::ascii_digits;
use crate::values::utm;

/// A position as written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Position {
    /// Degrees north; out of range where a file has its axes swapped.
    pub(crate) lat: f64,
    /// Degrees east.
    pub(crate) lon: f64,
    /// Whether letters, labels or the notation itself say which is which; else latitude is taken to come first.
    pub(crate) stated: bool,
}

impl Position {
    /// The point as written, if there is one on earth.
    pub(crate) fn point(&self) -> Option<Point> {
        Point::new(self.lon, self.lat).ok()
    }

    /// The point with its axes exchanged; none where the text says which is which.
    pub(crate) fn swapped(&self) -> Option<Point> {
        if self.stated {
            None
        } else {
            Point::new(self.lat, self.lon).ok()
        }
    }
}

const UNREADABLE: Code = Code::E501;

/// Reads a position from one cell; E501 where it is none, E401 where neither order of its axes is on earth.
pub(crate) fn position(text: &str) -> Result<Position, Code> {
    let text = ascii_digits(text.trim());
    let found = if let Some(inner) = well_known_text(&text) {
        let (lon, lat) = inner?;
        Position {
            lat,
            lon,
            stated: true,
        }
    } else if let Some(point) = utm::point(&text) {
        let point = point?;
        Position {
            lat: point.lat(),
            lon: point.lon(),
            stated: true,
        }
    } else {
        from_angles(&text)?
    };
    if found.point().is_none() && found.swapped().is_none() {
        return Err(Code::E401);
    }
    Ok(found)
}

/// Reads one coordinate of a column of its own: decimal with point or comma, or degrees, minutes and seconds.
///
/// One comma without a point is decimal in any profile; `decimal_comma` lets points part thousands of metres.
pub(crate) fn coordinate(text: &str, decimal_comma: bool) -> Result<f64, Code> {
    if let Ok(degrees) = fast_float2::parse::<f64, _>(text.as_bytes()) {
        return if degrees.is_finite() {
            Ok(degrees)
        } else {
            Err(UNREADABLE)
        };
    }
    let text = ascii_digits(text.trim());
    // A column of its own has no second number that the comma could part.
    let one = text.matches(',').count() == 1;
    let text = if decimal_comma && one {
        Cow::Owned(text.replace('.', ""))
    } else {
        text
    };
    let comma = one && !text.contains('.');
    match angles(&text, comma)?.as_slice() {
        [angle] => angle.degrees(),
        _ => Err(UNREADABLE),
    }
}

/// The two numbers of `POINT (lon lat)`, also with a reference system before it or a height behind them.
fn well_known_text(text: &str) -> Option<Result<(f64, f64), Code>> {
    let upper = text.to_ascii_uppercase();
    let body = upper
        .strip_prefix("SRID=4326;")
        .unwrap_or(&upper)
        .trim_start()
        .strip_prefix("POINT")?;
    let body = body.trim_start().trim_start_matches(['Z', 'M']).trim();
    let inner = body
        .strip_prefix('(')
        .and_then(|body| body.strip_suffix(')'));
    let numbers = inner.map(|inner| {
        inner
            .split_whitespace()
            .map(|number| fast_float2::parse::<f64, _>(number.as_bytes()))
            .collect::<Result<Vec<f64>, _>>()
    });
    Some(match numbers {
        Some(Ok(numbers)) => match numbers.as_slice() {
            [lon, lat] | [lon, lat, _] if lon.is_finite() && lat.is_finite() => Ok((*lon, *lat)),
            _ => Err(UNREADABLE),
        },
        _ => Err(UNREADABLE),
    })
}

fn from_angles(text: &str) -> Result<Position, Code> {
    // A pin shared from a map carries the position behind its query.
    let text = ["?q=", "&q=", "geo:", "ll="]
        .iter()
        .find_map(|sign| text.split_once(sign).map(|(_, rest)| rest))
        .unwrap_or(text);
    let read = angles(text, decimal_comma(text))?;
    let (a, b) = match read.as_slice() {
        [a, b] => (*a, *b),
        // No mark parts them: as many numbers for one as for the other.
        [all] if all.axis.is_none() => all.halves().ok_or(UNREADABLE)?,
        _ => return Err(UNREADABLE),
    };
    let (first, second) = (a.degrees()?, b.degrees()?);
    let longitude_first = match (a.axis, b.axis) {
        (Some(a), Some(b)) if a == b => return Err(UNREADABLE),
        (Some(Axis::Lon), _) | (None, Some(Axis::Lat)) => true,
        _ => false,
    };
    let (lat, lon) = if longitude_first {
        (second, first)
    } else {
        (first, second)
    };
    Ok(Position {
        lat,
        lon,
        stated: a.axis.is_some() || b.axis.is_some(),
    })
}

/// Whether the commas of a text are decimal: no point between digits, and more than one number each side of them.
fn decimal_comma(text: &str) -> bool {
    let bytes = text.as_bytes();
    let tight = |mark: u8| {
        bytes
            .windows(3)
            .filter(|w| matches!(w, [a, m, b] if a.is_ascii_digit() && *m == mark && b.is_ascii_digit()))
            .count()
    };
    let parted = text.contains(';') || text.trim().contains(' ');
    tight(b'.') == 0 && (tight(b',') >= 2 || (tight(b',') == 1 && parted && !text.contains(", ")))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Axis {
    Lat,
    Lon,
}

/// Degrees, minutes, seconds as far as written.
#[derive(Debug, Clone, Copy, Default)]
struct Angle {
    parts: [f64; 6],
    count: usize,
    axis: Option<Axis>,
    /// South or west.
    reversed: bool,
    negative: bool,
    /// Whether a degree sign was read.
    marked: bool,
}

impl Angle {
    fn degrees(&self) -> Result<f64, Code> {
        let (last, before) = match self.parts.get(..self.count).and_then(<[f64]>::split_last) {
            Some((last, before)) if self.count <= 3 => (last, before),
            _ => return Err(UNREADABLE),
        };
        let whole = before.iter().all(|part| part.fract() == 0.0);
        let sixty = self
            .parts
            .iter()
            .take(self.count)
            .skip(1)
            .all(|part| *part < 60.0);
        if !whole || !sixty || (self.negative && self.reversed) {
            return Err(UNREADABLE);
        }
        let degrees = before
            .iter()
            .rev()
            .fold(*last, |sum, part| sum / 60.0 + part);
        Ok(if self.negative || self.reversed {
            -degrees
        } else {
            degrees
        })
    }

    /// `31 31 13 74 21 31` is two angles.
    fn halves(&self) -> Option<(Self, Self)> {
        let half = self.count / 2;
        if !matches!(self.count, 2 | 4 | 6) {
            return None;
        }
        let of = |from: usize| {
            let mut angle = Self {
                count: half,
                negative: self.negative && from == 0,
                ..Self::default()
            };
            for (to, part) in angle
                .parts
                .iter_mut()
                .zip(self.parts.iter().skip(from).take(half))
            {
                *to = *part;
            }
            angle
        };
        Some((of(0), of(half)))
    }
}

/// What stands between the numbers.
enum Sign {
    Number(f64),
    Minus,
    Degree,
    /// Minutes, seconds, or a colon or dash that stands for their sign.
    Part,
    Hemisphere(Axis, bool),
    Label(Axis),
    Separator,
}

fn angles(text: &str, decimal_comma: bool) -> Result<Vec<Angle>, Code> {
    let mut angles: Vec<Angle> = Vec::with_capacity(2);
    let mut angle = Angle::default();
    let mut rest = text;
    let mut negative = false;
    while !rest.is_empty() {
        let read = text.get(..text.len() - rest.len()).unwrap_or_default();
        let (sign, tail) = next(
            rest,
            decimal_comma,
            read.ends_with(|c: char| c.is_ascii_digit()),
        )?;
        rest = tail;
        let Some(sign) = sign else {
            continue;
        };
        let starts = match sign {
            Sign::Separator | Sign::Label(_) | Sign::Minus => angle.count > 0,
            Sign::Hemisphere(..) => angle.count > 0 && angle.axis.is_some(),
            Sign::Degree => angle.marked && angle.count > 1,
            Sign::Number(_) | Sign::Part => false,
        };
        if starts {
            // A second degree sign belongs to the number just read.
            let moved = matches!(sign, Sign::Degree).then(|| {
                angle.count -= 1;
                angle.parts.get(angle.count).copied().unwrap_or_default()
            });
            angles.push(std::mem::take(&mut angle));
            if let Some(number) = moved {
                (angle.parts, angle.count) = ([number, 0.0, 0.0, 0.0, 0.0, 0.0], 1);
            }
        }
        match sign {
            Sign::Number(number) => {
                *angle.parts.get_mut(angle.count).ok_or(UNREADABLE)? = number;
                angle.count += 1;
                angle.negative |= std::mem::take(&mut negative);
            }
            Sign::Minus => negative = true,
            Sign::Degree => angle.marked = true,
            Sign::Label(axis) => angle.axis = Some(axis),
            Sign::Hemisphere(axis, reversed) => {
                if angle.axis.is_some_and(|of| of != axis) {
                    return Err(UNREADABLE);
                }
                (angle.axis, angle.reversed) = (Some(axis), reversed);
                if angle.count > 0 {
                    angles.push(std::mem::take(&mut angle));
                }
            }
            Sign::Part | Sign::Separator => {}
        }
    }
    if angle.count > 0 {
        angles.push(angle);
    }
    Ok(angles)
}

/// The next sign of a text and what follows it; none for spaces and brackets.
///
/// A dash `behind_digit` and before another parts degrees and minutes; elsewhere it is a minus or parts the two angles.
fn next(text: &str, decimal_comma: bool, behind_digit: bool) -> Result<(Option<Sign>, &str), Code> {
    let c = text.chars().next().ok_or(UNREADABLE)?;
    let tail = text.get(c.len_utf8()..).unwrap_or_default();
    if c.is_ascii_digit() {
        return number(text, decimal_comma);
    }
    // The ordinal sign that keyboards offer for degrees is a letter.
    if c.is_alphabetic() && c != 'º' {
        let end = text
            .find(|c: char| !c.is_alphabetic())
            .unwrap_or(text.len());
        let (word, tail) = text.split_at(end);
        return Ok((word_sign(&word.to_lowercase())?, tail));
    }
    let sign = match c {
        '(' | ')' | '[' | ']' | '.' | '=' => None,
        _ if c.is_whitespace() => None,
        '°' | 'º' | '˚' => Some(Sign::Degree),
        '\'' | '"' | '′' | '″' | '’' | '‘' | '”' | '“' | '´' | '`' | ':' => {
            Some(Sign::Part)
        }
        ',' | ';' | '/' | '،' | '؛' | '|' => Some(Sign::Separator),
        '+' => None,
        '-' if behind_digit && tail.starts_with(|c: char| c.is_ascii_digit()) => Some(Sign::Part),
        '-' if tail.starts_with(' ') => Some(Sign::Separator),
        '-' => Some(Sign::Minus),
        _ => return Err(UNREADABLE),
    };
    Ok((sign, tail))
}

fn number(text: &str, decimal_comma: bool) -> Result<(Option<Sign>, &str), Code> {
    let digits = |text: &str| {
        text.find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len())
    };
    let whole = digits(text);
    let mark = if decimal_comma { ',' } else { '.' };
    let after = text.get(whole..).unwrap_or_default();
    let fraction = after.strip_prefix(mark).map_or(0, digits);
    let end = if fraction > 0 {
        whole + 1 + fraction
    } else {
        whole
    };
    let (number, tail) = text.split_at(end);
    let value = fast_float2::parse::<f64, _>(number.replace(',', ".").as_bytes())
        .ok()
        .filter(|n| n.is_finite())
        .ok_or(UNREADABLE)?;
    Ok((Some(Sign::Number(value)), tail))
}

fn word_sign(word: &str) -> Result<Option<Sign>, Code> {
    Ok(Some(match word {
        "n" | "north" | "شمال" => Sign::Hemisphere(Axis::Lat, false),
        "s" | "south" | "جنوب" => Sign::Hemisphere(Axis::Lat, true),
        "e" | "east" | "مشرق" => Sign::Hemisphere(Axis::Lon, false),
        "w" | "west" | "مغرب" => Sign::Hemisphere(Axis::Lon, true),
        "lat" | "latitude" | "عرض" => Sign::Label(Axis::Lat),
        "lon" | "long" | "lng" | "longitude" | "طول" => Sign::Label(Axis::Lon),
        "deg" | "degree" | "degrees" | "d" | "درجہ" => Sign::Degree,
        "min" | "minutes" | "sec" | "seconds" | "m" | "منٹ" | "سیکنڈ" => Sign::Part,
        "بلد" | "البلد" | "and" | "اور" => return Ok(None),
        _ => return Err(UNREADABLE),
    }))
}

#[cfg(test)]
mod tests;

//! Values of a row: numbers, texts, instants and truths, each null where the row has none.

use std::borrow::Cow;
use std::cmp::Ordering;

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::{Arithmetic, Comparison};
use crate::table::{LayerTable, Values};

/// A row of a table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'a> {
    pub(super) table: &'a LayerTable,
    pub(super) row: usize,
}

impl<'a> Row<'a> {
    fn values(self, column: usize) -> Option<&'a Values> {
        self.table.columns.get(column).map(|column| &column.values)
    }
}

#[derive(Debug, Clone)]
pub(super) enum Number {
    Literal(f64),
    Column(usize),
    Combined(Arithmetic, Box<Self>, Box<Self>),
}

impl Number {
    pub(super) fn of(&self, row: Row<'_>) -> Option<f64> {
        match self {
            Self::Literal(number) => Some(*number),
            Self::Column(column) => match row.values(*column)? {
                #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
                Values::Integers(values) => values[row.row].map(|value| value as f64),
                Values::Numbers(values) => values[row.row],
                _ => None,
            },
            Self::Combined(how, left, right) => how.of(left.of(row)?, right.of(row)?),
        }
    }
}

impl Arithmetic {
    /// Null where there is no finite result.
    fn of(self, left: f64, right: f64) -> Option<f64> {
        let result = match self {
            Self::Add => left + right,
            Self::Subtract => left - right,
            Self::Multiply => left * right,
            Self::Divide => left / right,
            Self::WholeDivide => (left / right).trunc(),
            Self::Remainder => left % right,
            Self::Power => left.powf(right),
        };
        result.is_finite().then_some(result)
    }
}

#[derive(Debug, Clone)]
pub(super) enum Text {
    Literal(String),
    Column(usize),
    CaseInsensitive(Box<Self>),
    AccentInsensitive(Box<Self>),
}

impl Text {
    pub(super) fn of<'a>(&'a self, row: Row<'a>) -> Option<Cow<'a, str>> {
        match self {
            Self::Literal(text) => Some(text.into()),
            Self::Column(column) => match row.values(*column)? {
                Values::Texts(values) => values[row.row].as_deref().map(Into::into),
                Values::Choices(values) => values[row.row].map(Into::into),
                Values::Cells(values) => values[row.row].map(|cell| cell.to_string().into()),
                _ => None,
            },
            Self::CaseInsensitive(text) => Some(case_folded(&text.of(row)?).into()),
            Self::AccentInsensitive(text) => Some(without_accents(&text.of(row)?).into()),
        }
    }
}

/// Lower case of upper case, so that texts that differ only in case are equal (`ß` and `SS` too).
pub(super) fn case_folded(text: &str) -> String {
    text.to_uppercase().to_lowercase()
}

/// Without marks that combine with the letter before: accents of Latin letters, vowel signs of Arabic ones.
pub(super) fn without_accents(text: &str) -> String {
    text.nfd()
        .filter(|&char| !is_combining_mark(char))
        .nfc()
        .collect()
}

/// In nanoseconds since 1970.
#[derive(Debug, Clone)]
pub(super) enum Instant {
    Literal(i128),
    /// The first instant of a day.
    Column(usize),
    /// No end before it, or none after it.
    Open {
        start: bool,
    },
}

impl Instant {
    pub(super) fn of(&self, row: Row<'_>) -> Option<i128> {
        match self {
            Self::Literal(instant) => Some(*instant),
            Self::Open { start: true } => Some(i128::MIN),
            Self::Open { start: false } => Some(i128::MAX),
            Self::Column(column) => match row.values(*column)? {
                Values::Texts(values) => {
                    first_instant(values[row.row].as_deref()?.parse::<Date>().ok()?)
                }
                _ => None,
            },
        }
    }
}

/// The first instant of a day in UTC; none where a day lies beyond what an instant can hold.
pub(super) fn first_instant(day: Date) -> Option<i128> {
    let first = TimeZone::UTC.to_timestamp(day.to_datetime(Time::midnight()));
    first.ok().map(Timestamp::as_nanosecond)
}

/// The instant that a text writes as a date or as RFC 3339.
pub(super) fn instant_of(text: &str) -> Option<i128> {
    if text.len() == 10 {
        return first_instant(text.parse().ok()?);
    }
    text.parse::<Timestamp>().ok().map(Timestamp::as_nanosecond)
}

#[derive(Debug, Clone)]
pub(super) enum Truth {
    Literal(bool),
    Column(usize),
}

impl Truth {
    pub(super) fn of(&self, row: Row<'_>) -> Option<bool> {
        match self {
            Self::Literal(truth) => Some(*truth),
            Self::Column(column) => match row.values(*column)? {
                Values::Booleans(values) => values.get(row.row).copied(),
                _ => None,
            },
        }
    }
}

impl Comparison {
    /// Whether two values in this order compare as asked.
    pub(super) const fn admits(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::Greater => order.is_gt(),
            Self::LessOrEqual => order.is_le(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_accents_fold() {
        assert_eq!(case_folded("STRASSE"), case_folded("straße"));
        assert_eq!(case_folded("Lahore"), "lahore");
        assert_eq!(without_accents("Zürich Ħ é"), "Zurich Ħ e");
        assert_eq!(without_accents("لَاہَور"), "لاہور");
    }

    #[test]
    fn what_is_not_finite_is_null() {
        assert_eq!(Arithmetic::Divide.of(1.0, 0.0), None);
        assert_eq!(Arithmetic::Remainder.of(1.0, 0.0), None);
        assert_eq!(Arithmetic::WholeDivide.of(-7.0, 2.0), Some(-3.0));
        assert_eq!(Arithmetic::Remainder.of(-7.0, 2.0), Some(-1.0));
        assert_eq!(Arithmetic::Power.of(10.0, 400.0), None);
    }
}

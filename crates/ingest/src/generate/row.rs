//! A generated row: what stands in its cells, and the truth about it.

use jiff::civil::Date;
use naqsha_model::{Category, Code, Point, TimePrecision};

use crate::outcome::Outcome;
use crate::reference::Place;

/// What a cell holds; delimited text writes all of it as text.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    Text(String),
    /// A number that a spreadsheet keeps as a number.
    Number(f64),
    /// A day that a spreadsheet keeps as a date.
    Day(Date),
}

impl Cell {
    /// The cell in a text file: dates day first.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Day(day) => super::notation::dmy(*day),
        }
    }
}

/// Personal data planted in a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Private {
    pub(super) column: &'static str,
    /// Exactly as it stands in the cell.
    pub(super) text: String,
}

/// What must become of a row.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Truth {
    /// Accepted stands for warned as well.
    pub(super) outcome: Outcome,
    /// Codes that the row must get; it may get others.
    pub(super) codes: Vec<Code>,
    pub(super) category: Option<Category>,
    /// The day it happened, or the day it was reported where the bureau does not say when it happened.
    pub(super) day: Option<Date>,
    pub(super) precision: TimePrecision,
    pub(super) district: String,
    pub(super) place: String,
    pub(super) point: Option<Point>,
    /// The planted area it was drawn for, if any.
    pub(super) planted: &'static str,
    /// What was done to the row, in words joined by `+`.
    pub(super) mess: String,
    pub(super) private: Vec<Private>,
}

impl Truth {
    /// The truth about a row that is no record: blank, or a total.
    pub(super) fn no_record(mess: &str, codes: Vec<Code>) -> Self {
        Self {
            outcome: Outcome::Skipped,
            codes,
            category: None,
            day: None,
            precision: TimePrecision::Day,
            district: String::new(),
            place: String::new(),
            point: None,
            planted: "",
            mess: mess.to_owned(),
            private: Vec::new(),
        }
    }

    /// Adds what was done.
    pub(super) fn messed(&mut self, name: &str) {
        if !self.mess.is_empty() {
            self.mess.push('+');
        }
        self.mess.push_str(name);
    }

    /// Says that the row must get a code.
    pub(super) fn expect(&mut self, code: Code) {
        if !self.codes.contains(&code) {
            self.codes.push(code);
        }
    }
}

/// One generated row.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    pub(super) cells: Vec<Cell>,
    pub(super) truth: Truth,
}

impl Row {
    pub(super) fn set(&mut self, column: usize, cell: Cell) {
        if let Some(slot) = self.cells.get_mut(column) {
            *slot = cell;
        }
    }

    pub(super) fn text(&self, column: usize) -> String {
        self.cells.get(column).map(Cell::text).unwrap_or_default()
    }
}

/// The rows of one incident, clean, with what they say.
pub(super) struct Case<'a> {
    pub(super) rows: Vec<Row>,
    pub(super) place: &'a Place,
    /// What stands in the column of the day, without its time of day.
    pub(super) day: Date,
    /// Number within the station and year.
    pub(super) number: u32,
    /// Year of the number.
    pub(super) year: i16,
}

/// Text cells from words.
pub(super) fn texts<const N: usize>(cells: [&str; N]) -> Vec<Cell> {
    cells
        .into_iter()
        .map(|text| Cell::Text(text.to_owned()))
        .collect()
}

//! One row on its way to an incident: cells read field by field, remarks gathered, nothing decided yet.

use csv::StringRecord;
use jiff::Timestamp;
use jiff::civil::Date;
use naqsha_model::{
    Basis, Category, Code, Details, DetectionMode, Grading, HandlingCode, Metres, Offence,
    Precision, Seizure, Severity, Status, TimePrecision, Unit,
};

use crate::recall::Recalled;
use crate::reference::{DistrictId, NamedStation};

/// The days and instants a cell names.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Moment {
    pub(crate) first: Date,
    pub(crate) last: Date,
    pub(crate) precision: TimePrecision,
    pub(crate) start: Option<Timestamp>,
    pub(crate) end: Option<Timestamp>,
}

/// What one row says.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub(crate) codes: Vec<Code>,
    /// Which column a code was raised for, where it was one.
    pub(crate) blamed: Vec<(Code, usize)>,
    /// Corrected values by column, for the report.
    pub(crate) fixed: Vec<(usize, String)>,
    /// Columns of kept text in which personal data was found.
    pub(crate) redacted: Vec<usize>,
    /// Whether a kept text said who the victim is, before it was redacted.
    pub(crate) names_a_victim: bool,
    pub(crate) number: Option<(String, Option<i16>)>,
    /// What the case is counted under in its agency: the station's key.
    pub(crate) station: Option<String>,
    /// The station as the row writes it, until the district beside it is known: column and text.
    pub(crate) written_station: Option<(usize, String)>,
    pub(crate) named_station: Option<NamedStation>,
    pub(crate) source_id: Option<String>,
    pub(crate) unit: Option<String>,
    pub(crate) occurred: Option<Moment>,
    pub(crate) occurred_end: Option<Moment>,
    pub(crate) occurred_precision: Option<TimePrecision>,
    pub(crate) reported: Option<Moment>,
    pub(crate) registered: Option<Moment>,
    pub(crate) longitude: Option<f64>,
    pub(crate) latitude: Option<f64>,
    /// Easting and northing, until they are degrees.
    pub(crate) x: Option<f64>,
    pub(crate) y: Option<f64>,
    pub(crate) uncertainty: Option<Metres>,
    pub(crate) precision: Option<Precision>,
    pub(crate) basis: Option<Basis>,
    pub(crate) district: Option<String>,
    pub(crate) district_id: Option<DistrictId>,
    pub(crate) place_text: Option<String>,
    pub(crate) category: Option<Category>,
    pub(crate) offences: Vec<Offence>,
    /// For each offence whether the source leaves open which act it means.
    pub(crate) undated: Vec<bool>,
    /// Column of the sections.
    pub(crate) law_column: Option<usize>,
    /// The category that the sections give.
    pub(crate) cited: Option<Category>,
    pub(crate) description: Option<String>,
    pub(crate) status: Option<Status>,
    pub(crate) details: Option<Box<Details>>,
    pub(crate) detection: Option<DetectionMode>,
    pub(crate) grading: Option<Grading>,
    pub(crate) seizures: Vec<Seizure>,
    /// Column and text of the quantity, where it is a field of its own.
    pub(crate) line_amount: Option<(usize, String)>,
    pub(crate) line_unit: Option<Unit>,
    pub(crate) handling: Option<HandlingCode>,
    pub(crate) releasable_to: Vec<String>,
    /// What earlier rows had; all that stays from row to row.
    recalled: Option<Box<Recalled>>,
}

impl Draft {
    /// Notes a code once.
    pub(crate) fn note(&mut self, code: Code) {
        if !self.codes.contains(&code) {
            self.codes.push(code);
        }
    }

    /// The rare parts, to be filled in.
    pub(crate) fn details(&mut self) -> &mut Details {
        self.details.get_or_insert_default()
    }

    /// What earlier rows had.
    pub(crate) fn recalled(&mut self) -> &mut Recalled {
        self.recalled.get_or_insert_default()
    }

    /// Notes a code for a column.
    pub(crate) fn blame(&mut self, code: Code, column: usize) {
        self.note(code);
        if !self.blamed.contains(&(code, column)) {
            self.blamed.push((code, column));
        }
    }

    /// Whether a code rejects the row.
    pub(crate) fn is_rejected(&self) -> bool {
        self.codes
            .iter()
            .any(|code| code.severity() == Severity::Reject)
    }

    /// Whether a code says that the row is none of this service's records.
    pub(crate) fn is_skipped(&self) -> bool {
        self.codes
            .iter()
            .any(|code| code.severity() == Severity::Skip)
    }

    /// Empties the draft for the next row, keeping its memory.
    pub(crate) fn clear(&mut self) {
        *self = Self {
            codes: emptied(&mut self.codes),
            blamed: emptied(&mut self.blamed),
            fixed: emptied(&mut self.fixed),
            redacted: emptied(&mut self.redacted),
            recalled: self.recalled.take(),
            ..Self::default()
        };
    }
}

fn emptied<T>(list: &mut Vec<T>) -> Vec<T> {
    let mut list = std::mem::take(list);
    list.clear();
    list
}

/// A row whose every cell is blank, as spreadsheets leave behind.
pub(crate) fn is_blank(record: &StringRecord) -> bool {
    record.iter().all(|cell| cell.trim().is_empty())
}

/// A row of HXL tags: every cell that is not blank starts with `#` and a letter.
pub(crate) fn is_hxl(record: &StringRecord) -> bool {
    let tag = |cell: &str| {
        cell.strip_prefix('#')
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic()))
    };
    let mut cells = record
        .iter()
        .map(str::trim)
        .filter(|cell| !cell.is_empty())
        .peekable();
    cells.peek().is_some() && cells.all(tag)
}

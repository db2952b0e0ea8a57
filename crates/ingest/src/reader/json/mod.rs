//! JSON with a record at a time: GeoJSON collections, features one after another, objects one after another.
//!
//! Nothing but the record being read is held. The header is what the members of the first records are called; a member
//! that appears later is refused, as a column that nobody has seen.

mod columns;
mod feature;
mod value;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, Read};
use std::rc::Rc;

use csv::StringRecord;
use naqsha_model::Code;
use struson::reader::{JsonReader as _, JsonStreamReader, ReaderError, ReaderSettings, ValueType};

use super::Reader;
use crate::error::{IngestError, Refusal};
use crate::limits::{HEADER_BYTES, HEADER_ROWS, JSON_DEPTH, Limits};
use crate::source::{Format, Text, read_error};
use columns::Columns;

/// A text that is told where its records end while a parser reads it. Record separators (RFC 8142) become white space.
#[derive(Clone)]
struct Shared<'a>(Rc<RefCell<Text<'a>>>);

impl Read for Shared<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        const RECORD_SEPARATOR: u8 = 0x1e;
        let n = self.0.borrow_mut().read(buffer)?;
        let fresh = buffer.get_mut(..n).unwrap_or_default();
        // Inside a string it is no JSON, and a line end neither.
        fresh
            .iter_mut()
            .filter(|byte| **byte == RECORD_SEPARATOR)
            .for_each(|byte| *byte = b'\n');
        Ok(n)
    }
}

type Parser<'a> = JsonStreamReader<Shared<'a>>;

/// What a record is, and what stands around them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    Collection,
    Features,
    Objects,
}

/// Rows of JSON records.
pub(super) struct Json<'a> {
    parser: Option<Parser<'a>>,
    text: Shared<'a>,
    style: Style,
    columns: Columns,
    header: StringRecord,
    /// Rows read for the header.
    ahead: VecDeque<StringRecord>,
    /// Records read.
    records: u64,
}

/// Opens a text up to its first data row.
pub(super) fn open(
    text: Text<'_>,
    format: Format,
    limits: Limits,
) -> Result<Json<'_>, IngestError> {
    let text = Shared(Rc::new(RefCell::new(text)));
    let style = match format {
        Format::GeoJson => Style::Collection,
        Format::GeoJsonSeq => Style::Features,
        _ => Style::Objects,
    };
    let settings = ReaderSettings {
        allow_multiple_top_level: style != Style::Collection,
        max_nesting_depth: Some(JSON_DEPTH),
        // Digits are kept as they are written; nothing is computed with them here.
        restrict_number_values: false,
        track_path: false,
        ..ReaderSettings::default()
    };
    let mut json = Json {
        parser: Some(JsonStreamReader::new_custom(text.clone(), settings)),
        text,
        style,
        columns: Columns::new(limits.columns),
        header: StringRecord::new(),
        ahead: VecDeque::new(),
        records: 0,
    };
    json.learn()?;
    if json.ahead.is_empty() {
        return Err(Refusal::new(Code::B906, "the file holds no record").into());
    }
    Ok(json)
}

impl Json<'_> {
    /// Reads the first records for the names of their members.
    fn learn(&mut self) -> Result<(), IngestError> {
        let mut bytes = 0;
        while self.ahead.len() < HEADER_ROWS && bytes < HEADER_BYTES {
            let mut row = StringRecord::new();
            if !self.record(&mut row)? {
                break;
            }
            bytes += row.as_slice().len();
            self.ahead.push_back(row);
        }
        self.columns.close();
        self.header = StringRecord::from(self.columns.names());
        Ok(())
    }

    fn record(&mut self, row: &mut StringRecord) -> Result<bool, IngestError> {
        let Some(mut parser) = self.parser.take() else {
            return Ok(false);
        };
        let found = self
            .find(&mut parser)
            .map_err(|fault| self.explained(fault))?;
        if !found {
            parser
                .consume_trailing_whitespace()
                .map_err(|error| self.explained(error.into()))?;
            return Ok(false);
        }
        self.records += 1;
        self.columns.begin();
        let read = match self.style {
            Style::Objects => value::object(&mut parser, &mut self.columns),
            Style::Collection | Style::Features => feature::read(&mut parser, &mut self.columns),
        };
        read.map_err(|fault| self.explained(fault))?;
        self.columns.end(row);
        self.text.0.borrow_mut().record_ended();
        self.parser = Some(parser);
        Ok(true)
    }

    /// Goes to the next record; `false` at the end.
    fn find(&mut self, parser: &mut Parser<'_>) -> Result<bool, Fault> {
        let found = match (self.style, self.records) {
            (Style::Collection, 0) => feature::find_collection(parser)? && parser.has_next()?,
            (_, 0) => {
                parser.peek()?;
                true
            }
            (_, _) => parser.has_next()?,
        };
        if !found && self.style == Style::Collection {
            feature::end_collection(parser)?;
        }
        if found && parser.peek()? != ValueType::Object {
            return Err(Fault::Refused(Refusal::new(
                Code::B908,
                "a record is no JSON object",
            )));
        }
        Ok(found)
    }

    fn explained(&self, fault: Fault) -> IngestError {
        match fault {
            Fault::Refused(refusal) => refusal.into(),
            Fault::Json(error) => self.parse_error(error),
        }
    }

    /// What the parser says, without any value of the file.
    fn parse_error(&self, error: ReaderError) -> IngestError {
        let record = self.records.max(1);
        let detail = match error {
            ReaderError::IoError { error, .. } if error.kind() == io::ErrorKind::InvalidData => {
                let detail = format!("the text is not UTF-8 (near record {record})");
                return Refusal::new(Code::B901, detail).into();
            }
            ReaderError::IoError { error, .. } => return read_error(error),
            ReaderError::SyntaxError(syntax) => format!("{}", syntax.kind),
            ReaderError::MaxNestingDepthExceeded { .. } => {
                let detail = format!("record {record} is nested deeper than {JSON_DEPTH}");
                return Refusal::new(Code::B909, detail).into();
            }
            ReaderError::UnexpectedValueType {
                expected, actual, ..
            } => format!("{actual} where {expected} is expected"),
            // What else the parser may find names values of the file.
            _ => "it is built otherwise".to_owned(),
        };
        Refusal::new(
            Code::B908,
            format!("record {record} is not JSON as it should be: {detail}"),
        )
        .into()
    }
}

/// What ends the reading of a record.
enum Fault {
    Refused(Refusal),
    Json(ReaderError),
}

impl From<ReaderError> for Fault {
    fn from(error: ReaderError) -> Self {
        Self::Json(error)
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Reader for Json<'_> {
    fn header(&self) -> &StringRecord {
        &self.header
    }

    fn next(&mut self, spare: StringRecord) -> Result<Option<StringRecord>, IngestError> {
        let mut row = spare;
        if let Some(mut ahead) = self.ahead.pop_front() {
            // Members that were first met later are blank in it.
            (ahead.len()..self.header.len()).for_each(|_| ahead.push_field(""));
            return Ok(Some(ahead));
        }
        Ok(self.record(&mut row)?.then_some(row))
    }

    fn explain(&mut self, refusal: Refusal) -> Refusal {
        self.text
            .0
            .borrow_mut()
            .damage_further_on()
            .unwrap_or(refusal)
    }
}

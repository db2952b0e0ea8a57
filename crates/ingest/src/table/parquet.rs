//! Parquet: flat columns row by row, values as text. What is nested is one cell of its own notation.

use std::fmt::Write as _;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use naqsha_model::Code;
use parquet::basic::{LogicalType, TimeUnit};
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, FileReader as _, Length, SerializedFileReader};
use parquet::record::Field;

use super::workbook::number;
use super::{TableRequest, TakeRow};
use crate::error::{IngestError, Refusal};

/// Reads every row.
pub(super) fn read(
    source: impl Read + Seek + Send + 'static,
    request: &TableRequest,
    rows: &mut dyn TakeRow,
) -> Result<(), IngestError> {
    let file = SerializedFileReader::new(Chunks::new(source)?).map_err(damaged)?;
    let schema = file.metadata().file_metadata().schema_descr().root_schema();
    let columns = schema.get_fields();
    if columns.len() > request.columns {
        let detail = format!("{} columns, more than {}", columns.len(), request.columns);
        return Err(Refusal::new(Code::B909, detail).into());
    }
    let names: Vec<String> = columns
        .iter()
        .map(|column| column.name().to_owned())
        .collect();
    rows.header(&names)?;
    let kinds: Vec<Option<&LogicalType>> = columns
        .iter()
        .map(|column| column.get_basic_info().logical_type_ref())
        .collect();
    let mut cells = vec![String::new(); names.len()];
    for row in file.get_row_iter(None).map_err(damaged)? {
        let row = row.map_err(damaged)?;
        cells.iter_mut().for_each(String::clear);
        for (i, (_, field)) in row.get_column_iter().enumerate() {
            if let Some(cell) = cells.get_mut(i) {
                text(field, kinds.get(i).copied().flatten(), cell);
                if cell.len() > request.field_bytes {
                    let detail = format!("a value of more than {} bytes", request.field_bytes);
                    let columns = names.get(i).cloned().into_iter().collect();
                    return Err(Refusal::of_columns(Code::B909, detail, columns).into());
                }
            }
        }
        rows.row(&cells)?;
    }
    Ok(())
}

/// Appends what a value says; writing to a string does not fail.
fn text(field: &Field, kind: Option<&LogicalType>, cell: &mut String) {
    const MILLI: i128 = 1_000_000;
    const MICRO: i128 = 1_000;
    match (field, kind) {
        (Field::Null, _) => {}
        (Field::Str(text), _) => cell.push_str(text),
        (Field::Bytes(bytes), _) => match std::str::from_utf8(bytes.data()) {
            Ok(text) => cell.push_str(text),
            // Binary has no text; a profile drops such a column.
            Err(_binary) => bytes
                .data()
                .iter()
                .for_each(|byte| push(cell, format_args!("{byte:02x}"))),
        },
        (Field::Bool(value), _) => cell.push_str(if *value { "true" } else { "false" }),
        (Field::Double(value), _) => cell.push_str(&number(*value)),
        (Field::Float(value), _) => push(cell, format_args!("{value}")),
        (Field::Date(days), _) => push_date(cell, *days),
        (Field::Long(value), Some(LogicalType::Timestamp(kind))) => {
            push_moment(
                cell,
                i128::from(*value) * nanoseconds(kind.unit),
                kind.is_adjusted_to_u_t_c,
            );
        }
        (Field::TimestampMillis(value), Some(LogicalType::Timestamp(kind))) => {
            push_moment(cell, i128::from(*value) * MILLI, kind.is_adjusted_to_u_t_c);
        }
        (Field::TimestampMicros(value), Some(LogicalType::Timestamp(kind))) => {
            push_moment(cell, i128::from(*value) * MICRO, kind.is_adjusted_to_u_t_c);
        }
        // Without a logical type (INT96 among them) nothing says that the clock is UTC's.
        (Field::TimestampMillis(value), _) => push_moment(cell, i128::from(*value) * MILLI, false),
        (Field::TimestampMicros(value), _) => push_moment(cell, i128::from(*value) * MICRO, false),
        (Field::TimeMillis(value), _) => push_time(cell, i128::from(*value) * MILLI),
        (Field::TimeMicros(value), _) => push_time(cell, i128::from(*value) * MICRO),
        (Field::Long(value), Some(LogicalType::Time(kind))) => {
            push_time(cell, i128::from(*value) * nanoseconds(kind.unit));
        }
        (other, _) => push(cell, format_args!("{other}")),
    }
}

fn push(cell: &mut String, text: std::fmt::Arguments<'_>) {
    let written = cell.write_fmt(text);
    debug_assert!(written.is_ok(), "writing to a string does not fail");
}

const fn nanoseconds(unit: TimeUnit) -> i128 {
    match unit {
        TimeUnit::MILLIS => 1_000_000,
        TimeUnit::MICROS => 1_000,
        TimeUnit::NANOS => 1,
    }
}

fn push_date(cell: &mut String, days: i32) {
    let epoch = Date::constant(1970, 1, 1);
    let span = jiff::Span::new().try_days(days);
    match span.and_then(|span| epoch.checked_add(span)) {
        Ok(date) => push(cell, format_args!("{date}")),
        Err(_beyond) => push(cell, format_args!("{days}")),
    }
}

/// A day, with a time where it is not midnight, and `Z` where the clock is UTC's.
fn push_moment(cell: &mut String, nanoseconds: i128, is_utc: bool) {
    let Ok(moment) = Timestamp::from_nanosecond(nanoseconds) else {
        push(cell, format_args!("{nanoseconds}"));
        return;
    };
    let moment = jiff::tz::TimeZone::UTC.to_datetime(moment);
    if is_utc {
        push(cell, format_args!("{moment}Z"));
    } else if moment.time() == Time::midnight() {
        push(cell, format_args!("{}", moment.date()));
    } else {
        push(cell, format_args!("{moment}"));
    }
}

fn push_time(cell: &mut String, nanoseconds: i128) {
    match Timestamp::from_nanosecond(nanoseconds) {
        Ok(moment) => push(
            cell,
            format_args!("{}", jiff::tz::TimeZone::UTC.to_datetime(moment).time()),
        ),
        Err(_beyond) => push(cell, format_args!("{nanoseconds}")),
    }
}

fn damaged(error: ParquetError) -> IngestError {
    match error {
        // Decompressors call damage an I/O error too; only the source's own is one.
        ParquetError::External(error) => {
            let source = error
                .downcast::<io::Error>()
                .map(|error| error.downcast::<Unread>());
            match source {
                Ok(Ok(Unread(error))) => IngestError::Read(error),
                _ => Refusal::new(Code::B908, "the Parquet file is damaged or cut short").into(),
            }
        }
        ParquetError::NYI(what) => Refusal::new(
            Code::B908,
            format!("the Parquet file uses what is not read here: {what}"),
        )
        .into(),
        _ => Refusal::new(Code::B908, "the Parquet file is damaged or cut short").into(),
    }
}

/// The source could not be read: no fault of the file.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct Unread(io::Error);

/// A source that is read from many places at once.
struct Chunks<R> {
    source: Arc<Mutex<R>>,
    length: u64,
}

impl<R: Read + Seek> Chunks<R> {
    fn new(mut source: R) -> Result<Self, IngestError> {
        let length = source.seek(SeekFrom::End(0)).map_err(IngestError::Read)?;
        Ok(Self {
            source: Arc::new(Mutex::new(source)),
            length,
        })
    }

    fn section(&self, at: u64) -> Section<R> {
        Section {
            source: Arc::clone(&self.source),
            at,
        }
    }
}

/// A source from one place on.
struct Section<R> {
    source: Arc<Mutex<R>>,
    at: u64,
}

impl<R: Read + Seek> Read for Section<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut source = self.source.lock().unwrap_or_else(PoisonError::into_inner);
        let read = source.seek(SeekFrom::Start(self.at));
        let read = read.and_then(|_at| source.read(buffer));
        let n = read.map_err(|error| match error.kind() {
            // Whoever reads tries again.
            io::ErrorKind::Interrupted => error,
            _ => io::Error::other(Unread(error)),
        })?;
        self.at += n as u64;
        Ok(n)
    }
}

impl<R: Send> Length for Chunks<R> {
    fn len(&self) -> u64 {
        self.length
    }
}

impl<R: Read + Seek + Send> ChunkReader for Chunks<R> {
    type T = BufReader<Section<R>>;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        Ok(BufReader::new(self.section(start)))
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        let mut bytes = Vec::new();
        let read = self
            .section(start)
            .take(length as u64)
            .read_to_end(&mut bytes)?;
        if read == length {
            Ok(bytes.into())
        } else {
            Err(ParquetError::EOF("a part is cut short".to_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use parquet::basic::TimestampType;

    use super::*;

    fn said(field: &Field, kind: Option<&LogicalType>) -> String {
        let mut cell = String::new();
        text(field, kind, &mut cell);
        cell
    }

    #[test]
    fn values_read_as_text() {
        assert_eq!(said(&Field::Date(19_849), None), "2024-05-06");
        assert_eq!(said(&Field::Double(604.0), None), "604");
        assert_eq!(said(&Field::Null, None), "");
        assert_eq!(said(&Field::Date(i32::MAX), None), i32::MAX.to_string());
    }

    #[test]
    fn clocks_are_utc_only_where_the_file_says_so() {
        for (is_utc, nanoseconds, expected) in [
            (false, 1_715_005_800_000_000_000, "2024-05-06T14:30:00"),
            (true, 1_715_005_800_000_000_000, "2024-05-06T14:30:00Z"),
            (false, 1_714_953_600_000_000_000, "2024-05-06"),
        ] {
            let kind = LogicalType::Timestamp(TimestampType {
                is_adjusted_to_u_t_c: is_utc,
                unit: TimeUnit::NANOS,
            });
            assert_eq!(said(&Field::Long(nanoseconds), Some(&kind)), expected);
        }
        assert_eq!(
            said(&Field::TimestampMillis(1_715_005_800_000), None),
            "2024-05-06T14:30:00"
        );
    }
}

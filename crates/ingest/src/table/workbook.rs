//! XLSX: sheets chosen, cells to text as a person reads them in the sheet, dates in ISO.

use std::io::{BufReader, Read, Seek};

use calamine::{DataRef, ExcelDateTime, Reader as _, SheetType, SheetVisible, Xlsx, XlsxError};
use naqsha_model::Code;

use super::sheet::{Merged, Merges, Sheet};
use super::{SheetName, TableRequest, TakeRow, guard};
use crate::error::{IngestError, Refusal};
use crate::source::read_error;

/// Numbers from which on a spreadsheet has lost digits: it keeps fifteen.
const INEXACT: f64 = 1e15;

/// Reads the sheets that are asked for.
pub(super) fn read(
    source: impl Read + Seek,
    request: &TableRequest,
    rows: &mut dyn TakeRow,
) -> Result<(), IngestError> {
    let mut source = BufReader::new(source);
    guard::check(&mut source).map_err(read_error)?;
    source.rewind().map_err(IngestError::Read)?;
    let mut book = Xlsx::new(source).map_err(damaged)?;
    let mut header = None;
    for name in chosen(&mut book, &request.sheets)? {
        let merges = book.merge_cells_by_sheet_name(&name).map_err(damaged)?;
        let merges = merges.into_iter().map(|region| Merged {
            rows: (region.start.0, region.end.0),
            columns: (region.start.1, region.end.1),
        });
        let merges = Merges::new(merges.collect());
        let mut sheet = Sheet::new(request, merges, &mut header, rows);
        let mut cells = book.worksheet_cells_reader(&name).map_err(damaged)?;
        while let Some(cell) = cells.next_cell().map_err(damaged)? {
            let (row, column) = cell.get_position();
            sheet.cell(row, column, text(cell.get_value()))?;
        }
        sheet.end()?;
    }
    match header {
        Some(_) => Ok(()),
        None => Err(Refusal::new(Code::B906, "the sheet holds no cell").into()),
    }
}

/// Names of the sheets to read: those asked for, else the only one that holds cells.
fn chosen(
    book: &mut Xlsx<impl Read + Seek>,
    wanted: &[SheetName],
) -> Result<Vec<String>, IngestError> {
    let all: Vec<_> = book
        .sheets_metadata()
        .iter()
        .filter(|sheet| sheet.typ == SheetType::WorkSheet)
        .map(|sheet| (sheet.name.clone(), sheet.visible == SheetVisible::Visible))
        .collect();
    let find = |wanted: &SheetName| {
        let found = match wanted {
            SheetName::Position(position) => all.get(*position),
            SheetName::Name(name) => all.iter().find(|(own, _)| own.trim() == name.trim()),
        };
        let missing = || {
            let what = match wanted {
                SheetName::Position(position) => format!("{position}"),
                SheetName::Name(name) => format!("{name:?}"),
            };
            Refusal::new(
                Code::B908,
                format!("the workbook has no sheet {what}, as the profile asks"),
            )
        };
        found.map(|(name, _)| name.clone()).ok_or_else(missing)
    };
    if !wanted.is_empty() {
        return Ok(wanted.iter().map(find).collect::<Result<_, _>>()?);
    }
    let mut filled = Vec::new();
    for (name, _) in all.iter().filter(|(_, visible)| *visible) {
        if holds_cells(book, name)? {
            filled.push(name.clone());
        }
    }
    if filled.len() > 1 {
        let detail = format!(
            "the workbook has {} sheets with cells: name those that are meant in the profile (sheet, sheets)",
            filled.len()
        );
        return Err(Refusal::new(Code::B908, detail).into());
    }
    Ok(filled)
}

fn holds_cells(book: &mut Xlsx<impl Read + Seek>, name: &str) -> Result<bool, IngestError> {
    let mut cells = book.worksheet_cells_reader(name).map_err(damaged)?;
    while let Some(cell) = cells.next_cell().map_err(damaged)? {
        if *cell.get_value() != DataRef::Empty {
            return Ok(true);
        }
    }
    Ok(false)
}

fn damaged(error: XlsxError) -> IngestError {
    match error {
        XlsxError::Io(error) => read_error(error),
        other => Refusal::new(Code::B908, format!("the workbook is damaged: {other}")).into(),
    }
}

/// What a cell says.
fn text(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Empty => String::new(),
        DataRef::Int(n) => n.to_string(),
        DataRef::Float(n) => number(*n),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            text.clone()
        }
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(true) => "TRUE".to_owned(),
        DataRef::Bool(false) => "FALSE".to_owned(),
        DataRef::DateTime(moment) => date_time(*moment),
        DataRef::Error(error) => error.to_string(),
    }
}

/// All digits where there are all; the form of lost digits (3.52E+16) where there are not.
pub(super) fn number(n: f64) -> String {
    if n.abs() < INEXACT {
        return n.to_string();
    }
    let scientific = format!("{n:E}");
    match scientific.split_once('E') {
        Some((mantissa, exponent)) => format!("{mantissa}E+{exponent}"),
        None => scientific,
    }
}

/// A day, a time of day, both, or hours without a day.
fn date_time(moment: ExcelDateTime) -> String {
    let serial = moment.as_f64();
    if moment.is_duration() || !(0.0..DAYS_TO_9999).contains(&serial) {
        return match serial {
            hours if moment.is_duration() && (0.0..DAYS_TO_9999).contains(&hours) => elapsed(hours),
            other => number(other),
        };
    }
    let (year, month, day, hour, minute, second, milli) = moment.to_ymd_hms_milli();
    let time = match milli {
        0 => format!("{hour:02}:{minute:02}:{second:02}"),
        _ => format!("{hour:02}:{minute:02}:{second:02}.{milli:03}"),
    };
    if serial < 1.0 {
        return time;
    }
    let date = format!("{year:04}-{month:02}-{day:02}");
    if (hour, minute, second, milli) == (0, 0, 0, 0) {
        date
    } else {
        format!("{date}T{time}")
    }
}

/// Days from a workbook's epoch to the year 10000.
const DAYS_TO_9999: f64 = 2_958_466.0;

fn elapsed(days: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and 3,000,000 days"
    )]
    let seconds = (days * 86_400.0).round() as u64;
    format!(
        "{}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

#[cfg(test)]
mod tests {
    use calamine::ExcelDateTimeType;

    use super::*;

    #[test]
    fn numbers_read_as_in_the_sheet() {
        for (n, expected) in [
            (604.0, "604"),
            (-1.550_626, "-1.550626"),
            (3_520_212_345_671.0, "3520212345671"),
            (35_202_123_456_712_344.0, "3.5202123456712344E+16"),
            (0.1, "0.1"),
            (1e-7, "0.0000001"),
        ] {
            assert_eq!(number(n), expected);
        }
    }

    #[test]
    fn serials_are_days_times_and_hours() {
        let at = |serial: f64, kind| date_time(ExcelDateTime::new(serial, kind, false));
        let day = ExcelDateTimeType::DateTime;
        assert_eq!(at(45_418.0, day), "2024-05-06");
        assert_eq!(at(45_418.604_166_666_664, day), "2024-05-06T14:30:00");
        assert_eq!(at(0.604_166_666_666_666_6, day), "14:30:00");
        assert_eq!(at(1.5, ExcelDateTimeType::TimeDelta), "36:00:00");
        assert_eq!(at(-3.0, day), "-3");
        assert_eq!(at(1e300, day), number(1e300));
    }
}

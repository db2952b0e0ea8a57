//! One generated file: delimited text in one of several dresses, or a workbook.

use std::borrow::Cow;
use std::io::{self, Write};

use encoding_rs::Encoding;
use naqsha_model::BatchDigest;
use ring::digest::{Context, SHA256};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, XlsxError};

use super::bureau::{Kind, Medium};
use super::row::{Cell, Row};
use crate::source;

/// Hashes what it passes on.
pub(super) struct Hashed {
    out: Box<dyn Write + Send>,
    hasher: Context,
}

impl Hashed {
    pub(super) fn new(out: Box<dyn Write + Send>) -> Self {
        Self {
            out,
            hasher: Context::new(&SHA256),
        }
    }

    /// Flushes, and tells the digest of all that was written.
    pub(super) fn finish(mut self) -> io::Result<BatchDigest> {
        self.out.flush()?;
        Ok(source::batch_digest(self.hasher))
    }
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.out.write(bytes)?;
        self.hasher.update(bytes.get(..n).unwrap_or_default());
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// A file being written.
pub(super) enum File {
    Text(Box<csv::Writer<Hashed>>, Option<&'static Encoding>),
    Sheet(Box<Sheet>),
}

/// A workbook with one sheet, held until it is written.
pub(super) struct Sheet {
    workbook: Workbook,
    day_format: Format,
    row: u32,
    out: Hashed,
}

/// How the numbered file of a bureau is dressed: the first is plain, where files are clean all are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dress {
    pub(super) legacy: Option<&'static Encoding>,
    semicolon: bool,
    mark: bool,
}

impl Dress {
    pub(super) const fn of(kind: Kind, number: usize, clean: bool) -> Self {
        let legacy = match kind.medium() {
            Medium::Text(legacy) if !clean && number % 3 == 2 => legacy,
            _ => None,
        };
        Self {
            legacy,
            semicolon: !clean && number.is_multiple_of(3),
            mark: !clean && number.is_multiple_of(4),
        }
    }
}

impl File {
    /// Starts a file up to its header.
    pub(super) fn start(kind: Kind, dress: Dress, out: Hashed) -> io::Result<Self> {
        let header = kind.columns().header;
        match kind.medium() {
            Medium::Text(_) => Self::start_text(header, dress, out),
            Medium::Sheet(name, banner) => Sheet::start(name, banner, header, out)
                .map(|sheet| Self::Sheet(Box::new(sheet)))
                .map_err(io::Error::other),
        }
    }

    fn start_text(header: &[&str], dress: Dress, mut out: Hashed) -> io::Result<Self> {
        if dress.mark && dress.legacy.is_none() {
            out.write_all("\u{feff}".as_bytes())?;
        }
        let delimiter = if dress.semicolon { b';' } else { b',' };
        let writer = csv::WriterBuilder::new()
            .delimiter(delimiter)
            .from_writer(out);
        let mut file = Self::Text(Box::new(writer), dress.legacy);
        let cells: Vec<Cell> = header
            .iter()
            .map(|&name| Cell::Text(name.to_owned()))
            .collect();
        file.write(&cells)?;
        Ok(file)
    }

    /// Writes the cells of one row.
    pub(super) fn write(&mut self, cells: &[Cell]) -> io::Result<()> {
        match self {
            Self::Text(writer, legacy) => {
                for cell in cells {
                    let text = cell.text();
                    let bytes = match legacy {
                        Some(encoding) => Cow::Owned(encoding.encode(&text).0.into_owned()),
                        None => Cow::Borrowed(text.as_bytes()),
                    };
                    writer.write_field(&bytes).map_err(io::Error::other)?;
                }
                writer.write_record(None::<&[u8]>).map_err(io::Error::other)
            }
            Self::Sheet(sheet) => sheet.write(cells).map_err(io::Error::other),
        }
    }

    /// Ends the file and tells its digest.
    pub(super) fn finish(self) -> io::Result<BatchDigest> {
        match self {
            Self::Text(writer, _) => writer
                .into_inner()
                .map_err(|error| io::Error::other(error.to_string()))?
                .finish(),
            Self::Sheet(sheet) => sheet.finish(),
        }
    }
}

impl Sheet {
    fn start(name: &str, banner: &[&str], header: &[&str], out: Hashed) -> Result<Self, XlsxError> {
        let mut workbook = Workbook::new();
        // A fixed day: the same seed gives the same bytes.
        let properties = DocProperties::new()
            .set_title("Synthetic data made by naqsha generate")
            .set_creation_datetime(&ExcelDateTime::from_ymd(2026, 1, 1)?);
        workbook.set_properties(&properties);
        let sheet = workbook.add_worksheet().set_name(name)?;
        let last = u16::try_from(header.len().saturating_sub(1)).unwrap_or(u16::MAX);
        let mut row = 0;
        for line in banner {
            sheet.merge_range(row, 0, row, last, line, &Format::new())?;
            row += 1;
        }
        for (column, name) in (0_u16..).zip(header) {
            sheet.write_string(row, column, *name)?;
        }
        Ok(Self {
            workbook,
            day_format: Format::new().set_num_format("dd-mm-yyyy"),
            row: row + 1,
            out,
        })
    }

    fn write(&mut self, cells: &[Cell]) -> Result<(), XlsxError> {
        let sheet = self.workbook.worksheet_from_index(0)?;
        for (column, cell) in (0_u16..).zip(cells) {
            match cell {
                Cell::Text(text) if text.is_empty() => {}
                Cell::Text(text) => {
                    sheet.write_string(self.row, column, text)?;
                }
                Cell::Number(number) => {
                    sheet.write_number(self.row, column, *number)?;
                }
                Cell::Day(day) => {
                    let year = u16::try_from(day.year()).unwrap_or(1900);
                    let [month, day] = [day.month(), day.day()].map(i8::unsigned_abs);
                    let day = ExcelDateTime::from_ymd(year, month, day)?;
                    sheet.write_datetime_with_format(self.row, column, &day, &self.day_format)?;
                }
            }
        }
        self.row += 1;
        Ok(())
    }

    fn finish(mut self) -> io::Result<BatchDigest> {
        self.workbook
            .save_to_writer(&mut self.out)
            .map_err(io::Error::other)?;
        self.out.finish()
    }
}

/// A row as a legacy encoding can hold it: its letters, ASCII digits; what it lacks is left out.
///
/// The truth about personal data is changed alike, since that is what stands in the file then.
pub(super) fn in_legacy(row: &mut Row, encoding: &'static Encoding) {
    let rewrite = |text: &mut String| {
        if text.is_ascii() || !encoding.encode(text).2 {
            return;
        }
        let replaced = text.chars().filter_map(|c| legacy_letter(c, encoding));
        *text = replaced.collect();
    };
    for cell in &mut row.cells {
        if let Cell::Text(text) = cell {
            rewrite(text);
        }
    }
    for private in &mut row.truth.private {
        rewrite(&mut private.text);
    }
}

fn legacy_letter(c: char, encoding: &'static Encoding) -> Option<char> {
    let c = match c {
        'ی' => 'ي',
        '۔' | '٫' => '.',
        c => crate::text::ascii_digit(c),
    };
    let mut buffer = [0; 4];
    (!encoding.encode(c.encode_utf8(&mut buffer)).2).then_some(c)
}

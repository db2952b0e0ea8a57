//! A file's bytes to rows of text cells with their positions: one [`Reader`] a format. Knows nothing of profiles.

mod aggregate;
mod delimited;
mod framed;
mod header;
mod json;

use csv::StringRecord;
use encoding_rs::Encoding;
use naqsha_model::Code;

use crate::error::{IngestError, Refusal};
use crate::limits::{Limits, PACKED_TABLE_BYTES};
use crate::settings::Settings;
use crate::source::{self, Format, Opened, ReadSeek, Text, read_error, recognise};
use crate::table::{Holder, SheetName, TableFile, TableRequest};

pub(crate) use aggregate::is_total;
pub(crate) use header::join;

/// What a profile says about the shape of its files.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    /// The format, or `None` where the content decides.
    pub(crate) format: Option<Format>,
    /// The separator, or `None` where the header line shows it.
    pub(crate) delimiter: Option<u8>,
    /// What text that is not UTF-8 is read as.
    pub(crate) legacy: Option<&'static Encoding>,
    /// Rows above the header.
    pub(crate) skip: usize,
    /// Rows of the header, `None` for one, or as many as a sheet's merged cells show.
    pub(crate) header_rows: Option<usize>,
    /// Which sheets of a workbook, one after another; none means the only one that holds cells.
    pub(crate) sheets: Vec<SheetName>,
    /// Which member of an archive holds the rows, where it holds several.
    pub(crate) member: Option<String>,
}

/// Rows of one format.
pub(crate) trait Reader {
    /// The header, as the file spells it.
    fn header(&self) -> &StringRecord;

    /// The separator, where the format has one.
    fn delimiter(&self) -> Option<u8> {
        None
    }

    /// Reads the next row, in the memory of `spare`; `None` at the end.
    fn next(&mut self, spare: StringRecord) -> Result<Option<StringRecord>, IngestError>;

    /// A better explanation of a refusal: what is damaged reads as nonsense before the damage is reached.
    fn explain(&mut self, refusal: Refusal) -> Refusal {
        refusal
    }
}

/// Rows of one file, in order and numbered, each as wide as the header.
pub(crate) struct Rows<'a> {
    reader: Box<dyn Reader + 'a>,
    spare: Option<StringRecord>,
    limits: Limits,
    number: u64,
}

/// Opens a file up to its first data row.
pub(crate) fn open<'a>(
    source: &'a mut dyn ReadSeek,
    layout: &Layout,
    settings: &'a Settings,
) -> Result<Rows<'a>, IngestError> {
    let limits = settings.limits;
    let reader = reader(source, layout, settings)?;
    check_header(reader.header(), &limits)?;
    Ok(Rows {
        reader,
        spare: None,
        limits,
        number: 0,
    })
}

fn reader<'a>(
    source: &'a mut dyn ReadSeek,
    layout: &Layout,
    settings: &Settings,
) -> Result<Box<dyn Reader + 'a>, IngestError> {
    let limits = settings.limits;
    let opened = source::unpack(source, layout.member.as_deref(), limits).map_err(read_error)?;
    let mut bytes = match opened {
        Opened::Table(format, source) => {
            return table(TableFile::AsReceived(source), format, layout, settings);
        }
        Opened::Stream(bytes) => bytes,
    };
    if let Some(format) = bytes.table_inside().map_err(read_error)? {
        bytes.cap(PACKED_TABLE_BYTES);
        return table(TableFile::Packed(&mut bytes), format, layout, settings);
    }
    let text = Text::open(bytes, limits).map_err(read_error)?;
    let format = recognise(text.head())?;
    declared(layout, format)?;
    match format {
        Format::Delimited => Ok(Box::new(delimited::open(text, layout, limits)?)),
        Format::GeoJson | Format::GeoJsonSeq | Format::NdJson => {
            Ok(Box::new(json::open(text, format, limits)?))
        }
        Format::Workbook | Format::Parquet => Err(unread(format).into()),
    }
}

/// A workbook or a Parquet file: read elsewhere, in capped memory.
fn table<'a>(
    file: TableFile<'_>,
    format: Format,
    layout: &Layout,
    settings: &Settings,
) -> Result<Box<dyn Reader + 'a>, IngestError> {
    declared(layout, format)?;
    let holder = match format {
        Format::Parquet => Holder::Parquet,
        _ => Holder::Workbook,
    };
    let request = TableRequest {
        sheets: layout.sheets.clone(),
        skip: layout.skip,
        header_rows: layout.header_rows,
        ..TableRequest::new(holder, &settings.limits)
    };
    let tables = settings.tables.as_ref().ok_or_else(|| unread(format))?;
    let frames = tables.open(file, &request)?;
    Ok(Box::new(framed::open(frames, &settings.limits)?))
}

fn unread(format: Format) -> Refusal {
    let detail = format!(
        "{} is not read here: export the table as CSV",
        format.name()
    );
    Refusal::new(Code::B908, detail)
}

/// Refuses a file that is not in the format that the profile names; features one after another are JSON objects too.
fn declared(layout: &Layout, found: Format) -> Result<(), Refusal> {
    match layout.format {
        Some(Format::NdJson) if found == Format::GeoJsonSeq => Ok(()),
        Some(declared) if declared != found => Err(Refusal::new(
            Code::B908,
            format!(
                "the file is {}, the profile reads {}",
                found.name(),
                declared.name()
            ),
        )),
        _ => Ok(()),
    }
}

fn check_header(header: &StringRecord, limits: &Limits) -> Result<(), Refusal> {
    if header.len() > limits.columns {
        let detail = format!("{} columns, more than {}", header.len(), limits.columns);
        return Err(Refusal::new(Code::B909, detail));
    }
    let is_binary = |name: &str| name.chars().any(|c| c.is_control() && !c.is_whitespace());
    if header.iter().any(is_binary) {
        return Err(Refusal::new(
            Code::B908,
            "the header holds control characters: not a table of text",
        ));
    }
    match aggregate::columns(header) {
        Some(columns) => Err(Refusal::of_columns(
            Code::B910,
            format!(
                "each row counts incidents of a period: {}",
                columns.join(", ")
            ),
            columns,
        )),
        None => Ok(()),
    }
}

impl Rows<'_> {
    /// The header, as the file spells it.
    pub(crate) fn header(&self) -> &StringRecord {
        self.reader.header()
    }

    /// The separator found, where the format has one.
    pub(crate) fn delimiter(&self) -> Option<u8> {
        self.reader.delimiter()
    }

    /// 1-based number of the data row read last.
    pub(crate) const fn number(&self) -> u64 {
        self.number
    }

    /// Reads the next data row; the caller gives it back by [`Self::recycle`].
    pub(crate) fn next(&mut self) -> Result<Option<StringRecord>, IngestError> {
        let spare = self.spare.take().unwrap_or_default();
        let Some(mut row) = self.reader.next(spare)? else {
            return Ok(None);
        };
        self.number += 1;
        let width = self.reader.header().len();
        if row.len() != width {
            fit(&mut row, width, self.number)?;
        }
        if row.as_slice().len() > self.limits.field_bytes {
            self.check_fields(&row)?;
        }
        Ok(Some(row))
    }

    fn check_fields(&self, row: &StringRecord) -> Result<(), Refusal> {
        let limit = self.limits.field_bytes;
        let Some(i) = row.iter().position(|field| field.len() > limit) else {
            return Ok(());
        };
        let detail = format!(
            "data row {}: a field of more than {limit} bytes",
            self.number
        );
        let column = self.header().get(i).unwrap_or_default().to_owned();
        Err(Refusal::of_columns(Code::B909, detail, vec![column]))
    }

    /// Damage of the compression, which explains a text that makes no sense better than the text does.
    pub(crate) fn explain(&mut self, error: IngestError) -> IngestError {
        match error {
            IngestError::Refused(refusal) if matches!(refusal.code, Code::B908 | Code::B901) => {
                self.reader.explain(refusal).into()
            }
            _ => error,
        }
    }

    /// Takes a row back, so that its memory is used again.
    pub(crate) fn recycle(&mut self, row: StringRecord) {
        self.spare = Some(row);
    }
}

/// Makes a row as wide as the header, where what is missing or too much is blank at its end.
///
/// Spreadsheets leave out blank cells at the end of rows, or write too many. A line broken in the middle by a line end
/// without quotes looks alike, but leaves at least one piece with half of the cells or fewer: there the file is refused.
fn fit(row: &mut StringRecord, width: usize, number: u64) -> Result<(), Refusal> {
    let cells = row.len();
    let only_blank_beyond = row.iter().skip(width).all(|cell| cell.trim().is_empty());
    if cells > width && only_blank_beyond {
        row.truncate(width);
        return Ok(());
    }
    if cells < width && cells * 2 > width + 1 {
        (cells..width).for_each(|_| row.push_field(""));
        return Ok(());
    }
    let blank = row.iter().all(|cell| cell.trim().is_empty());
    if blank {
        row.clear();
        (0..width).for_each(|_| row.push_field(""));
        return Ok(());
    }
    let detail = format!("data row {number} has {cells} cells where the header has {width}");
    Err(Refusal::new(Code::B908, detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fitted(cells: &[&str], width: usize) -> Option<Vec<String>> {
        let mut row = StringRecord::from(cells.to_vec());
        fit(&mut row, width, 1).ok()?;
        Some(row.iter().map(str::to_owned).collect())
    }

    #[test]
    fn only_blank_cells_at_the_end_are_added_or_taken_away() {
        assert_eq!(
            fitted(&["a", "b", "", " "], 2),
            Some(vec!["a".to_owned(), "b".to_owned()])
        );
        assert_eq!(fitted(&["a", "b", "c"], 2), None);
        assert_eq!(fitted(&["a", "b", "c"], 4).map(|row| row.len()), Some(4));
        assert_eq!(
            fitted(&[" "], 12).map(|row| row.len()),
            Some(12),
            "a line of one space"
        );
    }

    #[test]
    fn a_line_broken_anywhere_leaves_a_piece_that_does_not_fit() {
        for width in 2..40 {
            for first in 1..=width {
                // The broken cell counts on both sides.
                let second = width + 1 - first;
                let piece = |cells: usize| fitted(&vec!["x"; cells], width).is_some();
                let whole = first == width || second == width;
                assert!(
                    !(piece(first) && piece(second))
                        || whole && second.min(first) == 1 && width == 1
                );
            }
        }
    }
}

//! Delimited text: delimiter, quotes, encoding.

use csv::{ByteRecord, ReaderBuilder, StringRecord};
use encoding_rs::Encoding;
use naqsha_model::Code;

use super::{Layout, Reader, join};
use crate::error::{IngestError, Refusal};
use crate::limits::Limits;
use crate::source::{BUFFER, Text, read_error, too_long};

enum Script {
    /// Nothing but ASCII so far.
    Ascii,
    /// UTF-8 beyond ASCII was seen.
    Utf8,
    /// Text that is not UTF-8 was seen.
    Legacy(&'static Encoding),
}

/// Rows of delimited text.
pub(super) struct Delimited<'a> {
    reader: csv::Reader<Text<'a>>,
    header: StringRecord,
    script: Script,
    legacy: Option<&'static Encoding>,
    limits: Limits,
    /// Records read, those above the header among them.
    records: u64,
    delimiter: u8,
    /// Whether the last field of the last record holds a line end.
    open_ended: bool,
}

/// Opens a text up to its first data row.
pub(super) fn open<'a>(
    text: Text<'a>,
    layout: &Layout,
    limits: Limits,
) -> Result<Delimited<'a>, IngestError> {
    let delimiter = layout
        .delimiter
        .unwrap_or_else(|| sniff(text.head(), layout.skip));
    let reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .buffer_capacity(BUFFER)
        .from_reader(text);
    let mut rows = Delimited {
        reader,
        header: StringRecord::new(),
        script: Script::Ascii,
        legacy: layout.legacy,
        limits,
        records: 0,
        delimiter,
        open_ended: false,
    };
    for _ in 0..layout.skip {
        rows.advance(StringRecord::new())?;
    }
    rows.read_header(layout.header_rows.unwrap_or(1))?;
    Ok(rows)
}

/// The separator that stands most often in the header line, outside quotes; a comma where none does.
fn sniff(head: &[u8], skip: usize) -> u8 {
    let line = head
        .split(|&b| b == b'\n')
        .filter(|l| !l.is_empty())
        .nth(skip)
        .unwrap_or_default();
    let count = |separator: u8| {
        let mut quoted = false;
        line.iter()
            .filter(|&&b| {
                quoted ^= b == b'"';
                b == separator && !quoted
            })
            .count()
    };
    [b',', b';', b'\t', b'|']
        .into_iter()
        .rev()
        .max_by_key(|&separator| count(separator))
        .unwrap_or(b',')
}

impl Reader for Delimited<'_> {
    fn header(&self) -> &StringRecord {
        &self.header
    }

    fn delimiter(&self) -> Option<u8> {
        Some(self.delimiter)
    }

    fn next(&mut self, spare: StringRecord) -> Result<Option<StringRecord>, IngestError> {
        self.advance(spare)
    }

    fn explain(&mut self, refusal: Refusal) -> Refusal {
        self.reader.get_mut().damage_further_on().unwrap_or(refusal)
    }
}

impl Delimited<'_> {
    fn read_header(&mut self, rows: usize) -> Result<(), IngestError> {
        let mut stacked = Vec::with_capacity(rows);
        for _ in 0..rows {
            let Some(row) = self.advance(StringRecord::new())? else {
                return Err(Refusal::new(Code::B906, "the file has no header").into());
            };
            stacked.push(row);
        }
        self.header = join(&stacked);
        Ok(())
    }

    fn advance(&mut self, spare: StringRecord) -> Result<Option<StringRecord>, IngestError> {
        let mut record = spare.into_byte_record();
        let more = self
            .reader
            .read_byte_record(&mut record)
            .map_err(csv_error)?;
        self.reader.get_mut().record_ended();
        if !more {
            if self.open_ended && self.reader.get_ref().last_byte() != b'"' {
                return Err(Refusal::new(Code::B908, "the file ends inside a quoted field").into());
            }
            return Ok(None);
        }
        self.records += 1;
        if record.as_slice().len() > self.limits.record_bytes {
            return Err(read_error(too_long(&self.limits)));
        }
        // A line end inside the last field means that it was quoted: then the file must end with the closing quote.
        self.open_ended = record
            .iter()
            .next_back()
            .is_some_and(|last| last.contains(&b'\n'));
        self.decode(record).map(Some)
    }

    fn decode(&mut self, record: ByteRecord) -> Result<StringRecord, IngestError> {
        if let Script::Legacy(encoding) = self.script {
            return self.decode_legacy(&record, encoding);
        }
        match StringRecord::from_byte_record(record) {
            Ok(text) => {
                if matches!(self.script, Script::Ascii) && !text.as_slice().is_ascii() {
                    self.script = Script::Utf8;
                }
                Ok(text)
            }
            Err(error) => match (self.legacy, &self.script) {
                (Some(encoding), Script::Ascii) => {
                    self.script = Script::Legacy(encoding);
                    self.decode_legacy(&error.into_byte_record(), encoding)
                }
                _ => Err(self.unreadable()),
            },
        }
    }

    fn decode_legacy(
        &self,
        record: &ByteRecord,
        encoding: &'static Encoding,
    ) -> Result<StringRecord, IngestError> {
        let mut text = StringRecord::with_capacity(record.as_slice().len(), record.len());
        for field in record {
            let (field, malformed) = encoding.decode_without_bom_handling(field);
            if malformed {
                return Err(self.unreadable());
            }
            text.push_field(&field);
        }
        Ok(text)
    }

    fn unreadable(&self) -> IngestError {
        let detail = match (&self.script, self.legacy) {
            (Script::Utf8, Some(_)) => "mixes UTF-8 with another encoding",
            (Script::Legacy(_), _) => "holds bytes that its encoding does not have",
            _ => "is not UTF-8",
        };
        Refusal::new(
            Code::B901,
            format!("the text {detail} (near row {} of the file)", self.records),
        )
        .into()
    }
}

fn csv_error(error: csv::Error) -> IngestError {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => read_error(error),
        other => Refusal::new(Code::B908, format!("not delimited text: {other:?}")).into(),
    }
}

//! Delimited text to rows of text cells: delimiter, quotes, encoding, limits. Knows nothing of profiles.

use csv::{ByteRecord, ReaderBuilder, StringRecord};
use encoding_rs::Encoding;
use naqsha_model::Code;

use crate::error::{IngestError, Refusal};
use crate::limits::Limits;
use crate::source::Text;
use crate::source::{BUFFER, BufferedText, peek, read_error, too_long};

/// What a profile says about the shape of its files.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    /// The separator, or `None` where the header line shows it.
    pub(crate) delimiter: Option<u8>,
    /// What text that is not UTF-8 is read as.
    pub(crate) legacy: Option<&'static Encoding>,
    /// Lines above the header.
    pub(crate) skip: usize,
}

enum Script {
    /// Nothing but ASCII so far.
    Ascii,
    /// UTF-8 beyond ASCII was seen.
    Utf8,
    /// Text that is not UTF-8 was seen.
    Legacy(&'static Encoding),
}

/// Rows of one file, in order.
pub(crate) struct Rows<T: BufferedText> {
    reader: csv::Reader<T>,
    header: StringRecord,
    record: Option<ByteRecord>,
    script: Script,
    legacy: Option<&'static Encoding>,
    limits: Limits,
    number: u64,
    delimiter: u8,
    /// Whether the last field of the last record holds a line end.
    open_ended: bool,
}

/// Opens a file up to its first data row.
pub(crate) fn open<R: std::io::Read>(
    source: R,
    layout: &Layout,
    limits: Limits,
) -> Result<Rows<impl BufferedText>, IngestError> {
    let text = Text::open(source, limits).map_err(read_error)?;
    let (head, text) = peek(text).map_err(read_error)?;
    let delimiter = layout
        .delimiter
        .unwrap_or_else(|| sniff(&head, layout.skip));
    let reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .buffer_capacity(BUFFER)
        .from_reader(text);
    let mut rows = Rows {
        reader,
        header: StringRecord::new(),
        record: Some(ByteRecord::new()),
        script: Script::Ascii,
        legacy: layout.legacy,
        limits,
        number: 0,
        delimiter,
        open_ended: false,
    };
    for _ in 0..layout.skip {
        rows.advance()?;
    }
    rows.read_header()?;
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
    [b',', b';', b'\t']
        .into_iter()
        .rev()
        .max_by_key(|&separator| count(separator))
        .unwrap_or(b',')
}

impl<T: BufferedText> Rows<T> {
    /// The header, as the file spells it.
    pub(crate) const fn header(&self) -> &StringRecord {
        &self.header
    }

    /// The separator found.
    pub(crate) const fn delimiter(&self) -> u8 {
        self.delimiter
    }

    /// 1-based number of the data row read last.
    pub(crate) const fn number(&self) -> u64 {
        self.number
    }

    fn read_header(&mut self) -> Result<(), IngestError> {
        let Some(header) = self.advance()? else {
            return Err(Refusal::new(Code::B906, "the file has no header").into());
        };
        if header.len() > self.limits.columns {
            let detail = format!(
                "{} columns, more than {}",
                header.len(),
                self.limits.columns
            );
            return Err(Refusal::new(Code::B909, detail).into());
        }
        if header
            .iter()
            .any(|name| name.chars().any(|c| c.is_control() && !c.is_whitespace()))
        {
            return Err(Refusal::new(
                Code::B908,
                "the header holds control characters: not delimited text",
            )
            .into());
        }
        self.header = header;
        Ok(())
    }

    /// Reads the next data row; the caller gives it back by [`Self::recycle`].
    pub(crate) fn next(&mut self) -> Result<Option<StringRecord>, IngestError> {
        let Some(record) = self.advance()? else {
            return Ok(None);
        };
        self.number += 1;
        if record.len() != self.header.len() {
            let detail = format!(
                "data row {} has {} cells where the header has {}",
                self.number,
                record.len(),
                self.header.len()
            );
            return Err(Refusal::new(Code::B908, detail).into());
        }
        if record.as_slice().len() > self.limits.field_bytes
            && let Some(i) = record
                .iter()
                .position(|field| field.len() > self.limits.field_bytes)
        {
            let detail = format!(
                "data row {}: a field of more than {} bytes",
                self.number, self.limits.field_bytes
            );
            let column = self.header.get(i).unwrap_or_default().to_owned();
            return Err(Refusal::of_columns(Code::B909, detail, vec![column]).into());
        }
        Ok(Some(record))
    }

    /// Damage of the compression, which explains a text that makes no sense better than the text does.
    pub(crate) fn explain(&mut self, error: IngestError) -> IngestError {
        match &error {
            IngestError::Refused(refusal) if matches!(refusal.code, Code::B908 | Code::B901) => {
                self.reader
                    .get_mut()
                    .compression_fault()
                    .map_or(error, IngestError::Refused)
            }
            _ => error,
        }
    }

    /// Takes a row back, so that its memory is used again.
    pub(crate) fn recycle(&mut self, record: StringRecord) {
        self.record = Some(record.into_byte_record());
    }

    fn advance(&mut self) -> Result<Option<StringRecord>, IngestError> {
        let mut record = self.record.take().unwrap_or_default();
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
            format!("the text {detail} (near data row {})", self.number + 1),
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

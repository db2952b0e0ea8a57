//! Rows that another process reads out of a workbook or a Parquet file. Nothing of what it says is trusted.

use std::io::{BufReader, Read};

use csv::StringRecord;
use naqsha_model::Code;

use super::Reader;
use crate::error::{IngestError, Refusal};
use crate::limits::Limits;
use crate::source::read_error;
use crate::table::frame::{Bounds, FrameError, Kind, read};

/// Bytes taken at a time.
const BLOCK: usize = 64 * 1024;

/// Rows of frames.
pub(super) struct Framed {
    source: BufReader<Box<dyn Read>>,
    bounds: Bounds,
    header: StringRecord,
    buffer: Vec<u8>,
    ended: bool,
}

/// Opens a stream of frames up to its first data row.
pub(super) fn open(source: Box<dyn Read>, limits: &Limits) -> Result<Framed, IngestError> {
    let mut framed = Framed {
        source: BufReader::with_capacity(BLOCK, source),
        bounds: Bounds {
            cells: limits.columns,
            cell_bytes: limits.field_bytes,
        },
        header: StringRecord::new(),
        buffer: Vec::new(),
        ended: false,
    };
    let mut header = StringRecord::new();
    match framed.frame(&mut header)? {
        Kind::Header => {
            framed.header = header;
            Ok(framed)
        }
        Kind::End | Kind::Row | Kind::Refused => {
            Err(Refusal::new(Code::B906, "the file has no header").into())
        }
    }
}

/// What is said of frames that make no sense.
const NO_TABLE: &str = "what was read from the file is no table";

impl Framed {
    fn frame(&mut self, cells: &mut StringRecord) -> Result<Kind, IngestError> {
        match read(&mut self.source, self.bounds, cells, &mut self.buffer) {
            Ok(Kind::Refused) => Err(refusal(cells).into()),
            Ok(kind) => Ok(kind),
            Err(FrameError::Io(error)) => Err(read_error(error)),
            Err(FrameError::Ended) => Err(Refusal::new(
                Code::B909,
                "reading the file was ended: it needs more memory or time than it may have",
            )
            .into()),
            Err(FrameError::Broken) => Err(Refusal::new(Code::B908, NO_TABLE).into()),
        }
    }
}

/// The refusal that the reading process states; one without a known code and a reason is no table.
fn refusal(cells: &StringRecord) -> Refusal {
    let code = cells.get(0).and_then(|code| Code::parse(code).ok());
    let detail = cells.get(1).filter(|detail| !detail.is_empty());
    match (code, detail) {
        (Some(code), Some(detail)) => {
            let columns = cells.iter().skip(2).map(str::to_owned).collect();
            Refusal::of_columns(code, detail, columns)
        }
        _ => Refusal::new(Code::B908, NO_TABLE),
    }
}

impl Reader for Framed {
    fn header(&self) -> &StringRecord {
        &self.header
    }

    fn next(&mut self, spare: StringRecord) -> Result<Option<StringRecord>, IngestError> {
        let mut row = spare;
        if self.ended {
            return Ok(None);
        }
        match self.frame(&mut row)? {
            Kind::Row => Ok(Some(row)),
            Kind::End => {
                self.ended = true;
                // What the process says at its very end may be a failure.
                let mut rest = [0];
                self.source.read(&mut rest).map_err(read_error)?;
                Ok(None)
            }
            Kind::Header | Kind::Refused => Err(Refusal::new(Code::B908, NO_TABLE).into()),
        }
    }
}

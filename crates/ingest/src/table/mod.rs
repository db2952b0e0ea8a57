//! Formats that cannot be read in bounded memory: workbooks and Parquet. They are read elsewhere, by
//! [`write_table`], in a process whose memory is capped, and their rows come back as frames.
//!
//! This crate starts no process: the caller passes in a [`Tables`] that opens the stream of frames.

pub(crate) mod frame;
mod guard;
mod parquet;
mod sheet;
mod workbook;

use std::fmt;
use std::io::{self, BufWriter, Read, Seek, Write};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;

use naqsha_model::Code;
use serde::{Deserialize, Serialize};

use crate::error::{IngestError, Refusal};
use crate::limits::Limits;
use crate::source::{ReadSeek, read_error};
use frame::Kind;

/// Which sheet of a workbook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum SheetName {
    /// Its position among the worksheets, from 0.
    Position(usize),
    Name(String),
}

/// What holds the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Holder {
    Workbook,
    Parquet,
}

/// What is to be read out of a workbook or a Parquet file: everything the reading process is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableRequest {
    pub(crate) holder: Holder,
    /// The sheets, one after another; none means the only one that holds cells.
    pub(crate) sheets: Vec<SheetName>,
    /// Rows above the header.
    pub(crate) skip: usize,
    /// Rows of the header, `None` where merged cells show it.
    pub(crate) header_rows: Option<usize>,
    pub(crate) columns: usize,
    pub(crate) field_bytes: usize,
}

/// Where the bytes of a table are.
pub enum TableFile<'a> {
    /// The file as it was received.
    AsReceived(&'a mut (dyn ReadSeek + 'a)),
    /// Inside a compressed file or an archive.
    Packed(&'a mut (dyn Read + 'a)),
}

impl fmt::Debug for TableFile<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AsReceived(_) => "AsReceived",
            Self::Packed(_) => "Packed",
        })
    }
}

type Open = dyn Fn(TableFile<'_>, &TableRequest) -> io::Result<Box<dyn Read>> + Send + Sync;

/// Opens what [`write_table`] writes about a file, from wherever that runs.
///
/// An error that carries a [`Refusal`](crate::Refusal) refuses the file; so does one that the stream gives later.
#[derive(Clone)]
pub struct Tables(Arc<Open>);

impl Tables {
    /// Tables opened by a function.
    pub fn new(
        open: impl Fn(TableFile<'_>, &TableRequest) -> io::Result<Box<dyn Read>> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(open))
    }

    pub(crate) fn open(
        &self,
        file: TableFile<'_>,
        request: &TableRequest,
    ) -> Result<Box<dyn Read>, IngestError> {
        (self.0)(file, request).map_err(read_error)
    }
}

impl fmt::Debug for Tables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tables")
    }
}

impl TableRequest {
    pub(crate) fn new(holder: Holder, limits: &Limits) -> Self {
        Self {
            holder,
            sheets: Vec::new(),
            skip: 0,
            header_rows: None,
            columns: limits.columns,
            field_bytes: limits.field_bytes,
        }
    }
}

/// Takes a table's rows: first the header, then the rest.
pub(crate) trait TakeRow {
    fn header(&mut self, cells: &[String]) -> Result<(), IngestError>;
    fn row(&mut self, cells: &[String]) -> Result<(), IngestError>;
}

/// Reads a table and writes its rows as frames, refusals among them.
///
/// Runs in a process of its own, whose memory and processor time are capped: a workbook of half a megabyte may take
/// hundreds to read.
///
/// # Errors
/// Whatever reading `source` and writing `out` give.
pub fn write_table(
    source: impl Read + Seek + Send + 'static,
    request: &TableRequest,
    out: impl Write,
) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(BLOCK, out);
    let mut frames = Frames(&mut out);
    // The crates that read these formats panic on some damage (a cell named `AWORKSHEET1`): their panic is an answer
    // about the file, and the frames written until then are whole, for none is written while they read.
    let done = panic::catch_unwind(AssertUnwindSafe(|| match request.holder {
        Holder::Workbook => workbook::read(source, request, &mut frames),
        Holder::Parquet => parquet::read(source, request, &mut frames),
    }))
    .unwrap_or_else(|_panic| Err(Refusal::new(Code::B908, "the file is damaged").into()));
    match done {
        Ok(()) => frame::write(&mut out, Kind::End, [].into_iter())?,
        Err(IngestError::Refused(refusal)) => {
            let columns = refusal.columns.iter().map(String::as_str);
            let cells: Vec<&str> = [refusal.code.code(), &refusal.detail]
                .into_iter()
                .chain(columns)
                .collect();
            frame::write(&mut out, Kind::Refused, cells.into_iter())?;
        }
        Err(IngestError::Read(error) | IngestError::Write(error)) => return Err(error),
        Err(other) => return Err(io::Error::other(other)),
    }
    out.flush()
}

/// Bytes written at a time.
const BLOCK: usize = 64 * 1024;

struct Frames<W>(W);

impl<W: Write> TakeRow for Frames<W> {
    fn header(&mut self, cells: &[String]) -> Result<(), IngestError> {
        frame::write(&mut self.0, Kind::Header, cells.iter().map(String::as_str))
            .map_err(IngestError::Write)
    }

    fn row(&mut self, cells: &[String]) -> Result<(), IngestError> {
        frame::write(&mut self.0, Kind::Row, cells.iter().map(String::as_str))
            .map_err(IngestError::Write)
    }
}

//! One writer for every format of rows: `GeoJSON` as a collection or one after another, CSV, `FlatGeobuf`, Arrow, `GeoParquet`.
//!
//! The service, its downloads and `naqsha export` write through it, page after page of one answer, so that they cannot
//! say different things.

use std::io::Write;
use std::path::Path;

use naqsha_formats::{ArrowWriter, Crs, FlatGeobufWriter, FormatError, ParquetWriter};
use naqsha_layers::Answer;
use tempfile::SpooledTempFile;

use crate::csv::{BYTE_ORDER_MARK, write_csv_head, write_csv_rows};
use crate::geojson::{
    COLLECTION_TAIL, Framing, write_collection_head, write_members, write_sequence,
};
use crate::metadata::metadata;

/// Bytes of features that wait in memory for the index before them; more wait in a file without a name.
const SPOOLED: usize = 32 << 20;

/// A format of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileFormat {
    /// GeoJSON feature collection (RFC 7946) of every feature that matches.
    GeoJson,
    /// GeoJSON text sequence (RFC 8142).
    GeoJsonSequence,
    /// A GeoJSON feature a line.
    NdJson,
    /// CSV with the position of a row, without its shape.
    Csv,
    /// The same with the mark by which Excel knows UTF-8.
    CsvWithMark,
    /// `FlatGeobuf` with its index.
    FlatGeobuf,
    /// Arrow IPC stream.
    Arrow,
    /// `GeoParquet` 1.1.
    GeoParquet,
}

/// Writes the answers of one question, page after page.
#[derive(Debug)]
pub struct TableWriter<W: Write + Send> {
    crs: Crs,
    rows: Rows<W>,
}

#[derive(Debug)]
enum Rows<W: Write + Send> {
    Collection {
        begun: bool,
        out: W,
    },
    Features(Framing, W),
    Csv(W),
    FlatGeobuf {
        gathered: FlatGeobufWriter<SpooledTempFile>,
        notes: String,
        out: W,
    },
    Arrow(ArrowWriter<W>),
    GeoParquet(Box<ParquetWriter<W>>),
}

impl<W: Write + Send> TableWriter<W> {
    /// Begins a file of answers such as this one, which is not written yet. What does not fit into memory waits in
    /// `spool`, else where the system keeps such files.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn begin(
        format: FileFormat,
        answer: &Answer,
        crs: Crs,
        spool: Option<&Path>,
        mut out: W,
    ) -> Result<Self, FormatError> {
        let notes = || metadata(answer).to_string();
        let rows = match format {
            FileFormat::GeoJson => {
                write_collection_head(answer, &[], crs, answer.matched, &mut out)?;
                Rows::Collection { begun: false, out }
            }
            FileFormat::GeoJsonSequence => Rows::Features(Framing::Separated, out),
            FileFormat::NdJson => Rows::Features(Framing::Lines, out),
            FileFormat::Csv | FileFormat::CsvWithMark => {
                if format == FileFormat::CsvWithMark {
                    out.write_all(BYTE_ORDER_MARK)?;
                }
                write_csv_head(answer, crs, &mut out)?;
                Rows::Csv(out)
            }
            FileFormat::FlatGeobuf => {
                let spool = match spool {
                    Some(folder) => tempfile::spooled_tempfile_in(SPOOLED, folder),
                    None => tempfile::spooled_tempfile(SPOOLED),
                };
                Rows::FlatGeobuf {
                    gathered: FlatGeobufWriter::new(answer, crs, spool),
                    notes: notes(),
                    out,
                }
            }
            FileFormat::Arrow => Rows::Arrow(ArrowWriter::new(answer, crs, &notes(), out)?),
            FileFormat::GeoParquet => {
                Rows::GeoParquet(Box::new(ParquetWriter::new(answer, crs, &notes(), out)?))
            }
        };
        Ok(Self { crs, rows })
    }

    /// Writes the rows of an answer.
    ///
    /// # Errors
    /// Those of the output.
    pub fn write(&mut self, answer: &Answer) -> Result<(), FormatError> {
        match &mut self.rows {
            Rows::Collection { begun, out } => {
                write_members(answer, self.crs, !*begun, out)?;
                *begun |= !answer.rows.is_empty();
            }
            Rows::Features(framing, out) => write_sequence(answer, *framing, self.crs, out)?,
            Rows::Csv(out) => write_csv_rows(answer, self.crs, out)?,
            Rows::FlatGeobuf { gathered, .. } => gathered.write(answer)?,
            Rows::Arrow(writer) => writer.write(answer)?,
            Rows::GeoParquet(writer) => writer.write(answer)?,
        }
        Ok(())
    }

    /// Writes what comes last and gives the output back; without it most formats are not whole.
    ///
    /// # Errors
    /// Those of the output.
    pub fn finish(self) -> Result<W, FormatError> {
        let mut out = match self.rows {
            Rows::Collection { mut out, .. } => {
                out.write_all(COLLECTION_TAIL)?;
                out
            }
            Rows::Features(_, out) | Rows::Csv(out) => out,
            Rows::FlatGeobuf {
                gathered,
                notes,
                mut out,
            } => {
                gathered.finish(&notes, &mut out)?;
                out
            }
            Rows::Arrow(writer) => writer.finish()?,
            Rows::GeoParquet(writer) => writer.finish()?,
        };
        out.flush()?;
        Ok(out)
    }
}

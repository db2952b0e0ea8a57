//! Frames as the bytes of a Parquet file, and back. It knows nothing of where they are kept.

use std::io::{self, Cursor, Write};

use polars_core::prelude::{DataFrame, PolarsError, PolarsResult};
use polars_io::SerReader as _;
use polars_io::parquet::read::ParquetReader;
use polars_io::parquet::write::{ParquetCompression, ParquetWriter};
use polars_utils::compression::ZstdLevel;
use ring::digest::{Context, SHA256};

use crate::files::{ROW_GROUP, to_bytes};

/// Why a frame was not written.
#[derive(Debug)]
pub(crate) enum Unwritten {
    /// What it was written to took no more. The writer of Parquet tells such an error in words alone.
    Io(io::Error),
    Format(PolarsError),
}

/// Writes a frame as Parquet; gives the digest and the length of what was written.
pub(crate) fn encode<W: Write>(
    frame: &mut DataFrame,
    out: W,
) -> Result<(W, [u8; 32], u64), Unwritten> {
    let mut digesting = Digesting {
        inner: out,
        sha256: Context::new(&SHA256),
        bytes: 0,
        failed: None,
    };
    let written = ParquetWriter::new(&mut digesting)
        .with_compression(ParquetCompression::Zstd(ZstdLevel::try_new(1).ok()))
        .with_row_group_size(Some(ROW_GROUP))
        .finish(frame);
    if let Some(error) = digesting.failed {
        return Err(Unwritten::Io(error));
    }
    written.map_err(Unwritten::Format)?;
    let sha256 = to_bytes(digesting.sha256.finish());
    Ok((digesting.inner, sha256, digesting.bytes))
}

/// Reads columns of verified bytes, those that are there: one of which no row has a value is not.
pub(crate) fn read_columns(bytes: &[u8], columns: &[&str]) -> PolarsResult<DataFrame> {
    present(bytes, columns)?.set_rechunk(true).finish()
}

/// Reads columns of some rows of verified bytes: `count` from `first` on.
pub(crate) fn read_slice(
    bytes: &[u8],
    columns: &[&str],
    first: usize,
    count: usize,
) -> PolarsResult<DataFrame> {
    present(bytes, columns)?
        .with_slice(Some((first, count)))
        .set_rechunk(true)
        .finish()
}

/// A reader of those of some columns that are there.
fn present<'b>(bytes: &'b [u8], columns: &[&str]) -> PolarsResult<ParquetReader<Cursor<&'b [u8]>>> {
    let mut reader = ParquetReader::new(Cursor::new(bytes));
    let schema = reader.schema()?;
    let present = columns.iter().filter(|name| schema.contains(name));
    let present = present.map(|&name| name.to_owned()).collect();
    Ok(reader.with_columns(Some(present)))
}

/// Reads all columns of some rows of verified bytes: `count` from `first` on.
pub(crate) fn read_rows(bytes: &[u8], first: usize, count: usize) -> PolarsResult<DataFrame> {
    ParquetReader::new(Cursor::new(bytes))
        .with_slice(Some((first, count)))
        .set_rechunk(true)
        .finish()
}

/// Digests what passes through.
struct Digesting<W> {
    inner: W,
    sha256: Context,
    bytes: u64,
    /// The first error of what it passes to.
    failed: Option<io::Error>,
}

impl<W> Digesting<W> {
    fn keep<T>(&mut self, outcome: io::Result<T>) -> io::Result<T> {
        outcome.map_err(|error| {
            let told = io::Error::new(error.kind(), "what was written to failed");
            // Interrupted is tried again.
            if error.kind() != io::ErrorKind::Interrupted {
                self.failed.get_or_insert(error);
            }
            told
        })
    }
}

impl<W: Write> Write for Digesting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes);
        let written = self.keep(written)?;
        self.sha256.update(bytes.get(..written).unwrap_or(bytes));
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.inner.flush();
        self.keep(flushed)
    }
}

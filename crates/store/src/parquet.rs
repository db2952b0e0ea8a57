//! Frames as the bytes of a Parquet file, and back. It knows nothing of where they are kept.

use std::io::{self, Cursor, Write};

use polars_core::prelude::{DataFrame, PolarsResult};
use polars_io::SerReader as _;
use polars_io::parquet::read::ParquetReader;
use polars_io::parquet::write::{ParquetCompression, ParquetWriter};
use polars_utils::compression::ZstdLevel;
use ring::digest::{Context, SHA256};

use crate::files::{ROW_GROUP, to_bytes};

/// Writes a frame as Parquet; gives the digest and the length of what was written.
pub(crate) fn encode<W: Write>(frame: &mut DataFrame, out: W) -> PolarsResult<(W, [u8; 32], u64)> {
    let mut digesting = Digesting {
        inner: out,
        sha256: Context::new(&SHA256),
        bytes: 0,
    };
    ParquetWriter::new(&mut digesting)
        .with_compression(ParquetCompression::Zstd(ZstdLevel::try_new(1).ok()))
        .with_row_group_size(Some(ROW_GROUP))
        .finish(frame)?;
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
}

impl<W: Write> Write for Digesting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.sha256.update(bytes.get(..written).unwrap_or(bytes));
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

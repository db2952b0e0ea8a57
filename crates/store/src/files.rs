//! Parquet files on disk: written once, named by the ledger with their digest, verified whenever they are read.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, BufWriter, Cursor, Write};
use std::path::{Path, PathBuf};

use naqsha_model::{BatchDigest, Day, DayRange};
use polars_core::prelude::{DataFrame, PolarsResult};
use polars_io::SerReader as _;
use polars_io::parquet::read::ParquetReader;
use polars_io::parquet::write::{ParquetCompression, ParquetWriter};
use polars_utils::compression::ZstdLevel;
use ring::digest::{Context, Digest, SHA256, digest};

use crate::StoreError;
use crate::columns::Columns;

/// Folder of the files within the store.
pub(crate) const FOLDER: &str = "incidents";

/// Rows that are encoded together, and so decoded together.
pub(crate) const ROW_GROUP: usize = 16_384;

/// What the ledger knows of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileRecord {
    pub batch: BatchDigest,
    pub part: u32,
    pub sha256: [u8; 32],
    pub rows: u64,
    pub bytes: u64,
    /// First and last row of the bureau's file in it.
    pub source_rows: (u64, u64),
    /// First and last day of its records that have a time.
    pub days: Option<DayRange>,
    /// Records without a time.
    pub timeless: u64,
}

impl FileRecord {
    /// What names it: its batch and its number in it.
    pub(crate) const fn key(&self) -> (BatchDigest, u32) {
        (self.batch, self.part)
    }

    /// Path relative to the store.
    pub(crate) fn path(&self) -> PathBuf {
        path(&self.batch, self.part)
    }

    /// Whether a record on one of these days (`None`: any) may be in it.
    pub(crate) fn may_hold(&self, days: Option<DayRange>) -> bool {
        match (days, self.days) {
            (None, _) => true,
            (Some(asked), Some(held)) if asked.intersects(held) => true,
            _ => self.timeless > 0,
        }
    }
}

fn path(batch: &BatchDigest, part: u32) -> PathBuf {
    Path::new(FOLDER).join(format!("{batch}-{part:05}.parquet"))
}

fn unfinished(path: &Path) -> PathBuf {
    path.with_extension("parquet.tmp")
}

pub(crate) fn file_error<'a>(
    action: &'static str,
    path: &'a Path,
) -> impl FnOnce(io::Error) -> StoreError + 'a {
    move |source| StoreError::File {
        action,
        path: path.to_owned(),
        source,
    }
}

/// Makes the folder of the files, and those above it where they are absent, durably.
pub(crate) fn make_folder(store: &Path) -> Result<(), StoreError> {
    let folder = store.join(FOLDER);
    let absent = |path: &&Path| !path.as_os_str().is_empty() && !path.exists();
    let made: Vec<PathBuf> = store
        .ancestors()
        .take_while(absent)
        .map(Path::to_owned)
        .collect();
    fs::create_dir_all(&folder).map_err(file_error("make", &folder))?;
    sync_folder(&folder)?;
    sync_folder(store)?;
    made.iter().try_for_each(|made| sync_folder(above(made)))
}

/// The folder that holds a path's name: without a sync of it a power cut takes the name, and all below it.
pub(crate) fn above(path: &Path) -> &Path {
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or(Path::new("."))
}

pub(crate) fn sync_folder(folder: &Path) -> Result<(), StoreError> {
    File::open(folder)
        .and_then(|handle| handle.sync_all())
        .map_err(file_error("sync", folder))
}

/// Writes and syncs one file under an unfinished name; gives its record and its rows as a frame.
pub(crate) fn write(
    store: &Path,
    batch: BatchDigest,
    part: u32,
    columns: &Columns,
) -> Result<(FileRecord, DataFrame), StoreError> {
    let path = unfinished(&store.join(path(&batch, part)));
    let encode = |source| StoreError::Encode {
        path: path.clone(),
        source: Box::new(source),
    };
    let mut frame = columns.frame().map_err(encode)?;
    let file = File::create_new(&path).map_err(file_error("make", &path))?;
    let mut digesting = Digesting {
        inner: BufWriter::new(file),
        sha256: Context::new(&SHA256),
        bytes: 0,
    };
    ParquetWriter::new(&mut digesting)
        .with_compression(ParquetCompression::Zstd(ZstdLevel::try_new(1).ok()))
        .with_row_group_size(Some(ROW_GROUP))
        .finish(&mut frame)
        .map_err(encode)?;
    let file = digesting
        .inner
        .into_inner()
        .map_err(io::IntoInnerError::into_error);
    file.and_then(|file| file.sync_all())
        .map_err(file_error("sync", &path))?;

    let record = FileRecord {
        batch,
        part,
        sha256: to_bytes(digesting.sha256.finish()),
        rows: columns.len() as u64,
        bytes: digesting.bytes,
        source_rows: columns.source_rows(),
        days: hull(columns.days()),
        timeless: (columns.len() - columns.days().count()) as u64,
    };
    Ok((record, frame))
}

/// The shortest range that holds all of them.
pub(crate) fn hull(ranges: impl Iterator<Item = DayRange>) -> Option<DayRange> {
    let wider = |(first, last): (Day, Day), next: (Day, Day)| (first.min(next.0), last.max(next.1));
    let (first, last) = ranges
        .map(|range| (range.first(), range.last()))
        .reduce(wider)?;
    DayRange::new(first, last).ok()
}

/// Gives written files their names, durably.
pub(crate) fn publish<'f>(
    store: &Path,
    files: impl Iterator<Item = &'f FileRecord>,
) -> Result<(), StoreError> {
    for file in files {
        let path = store.join(file.path());
        fs::rename(unfinished(&path), &path).map_err(file_error("rename", &path))?;
    }
    sync_files_folder(store)
}

/// Makes the names of the files durable.
pub(crate) fn sync_files_folder(store: &Path) -> Result<(), StoreError> {
    sync_folder(&store.join(FOLDER))
}

/// Removes the unfinished files of parts `0..=last_part`, as far as there are any.
pub(crate) fn discard(store: &Path, batch: &BatchDigest, last_part: u32) {
    for part in 0..=last_part {
        let path = unfinished(&store.join(path(batch, part)));
        if let Err(error) = fs::remove_file(&path)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::debug!(path = %path.display(), %error, "left for the next batch to remove");
        }
    }
}

/// Removes files that no ledger row names; only under the writer's lock.
pub(crate) fn sweep(store: &Path, named: &HashSet<PathBuf>) -> Result<(), StoreError> {
    for relative in unnamed(store, named)? {
        let path = store.join(&relative);
        fs::remove_file(&path).map_err(file_error("remove", &path))?;
        tracing::debug!(path = %relative.display(), "removed a file that no batch names");
    }
    Ok(())
}

/// Files of ours that no ledger row names, relative to the store.
pub(crate) fn unnamed(store: &Path, named: &HashSet<PathBuf>) -> Result<Vec<PathBuf>, StoreError> {
    let folder = store.join(FOLDER);
    let mut unnamed = Vec::new();
    for found in fs::read_dir(&folder).map_err(file_error("list", &folder))? {
        let path = found.map_err(file_error("list", &folder))?.path();
        let relative = path.strip_prefix(store).unwrap_or(&path);
        let ours = path
            .extension()
            .is_some_and(|extension| extension == "parquet" || extension == "tmp");
        if ours && !named.contains(relative) {
            unnamed.push(relative.to_owned());
        }
    }
    unnamed.sort();
    Ok(unnamed)
}

/// Looks whether a file is there with its length.
pub(crate) fn fits(store: &Path, file: &FileRecord) -> Result<(), String> {
    let found = fs::metadata(store.join(file.path())).map_err(|error| error.to_string())?;
    has_length(found.len(), file)
}

fn has_length(bytes: u64, file: &FileRecord) -> Result<(), String> {
    if bytes == file.bytes {
        Ok(())
    } else {
        Err(format!("{bytes} bytes instead of {}", file.bytes))
    }
}

/// The bytes of a file, or what is wrong with them.
pub(crate) fn verified(store: &Path, file: &FileRecord) -> Result<Vec<u8>, String> {
    let bytes = fs::read(store.join(file.path())).map_err(|error| error.to_string())?;
    has_length(bytes.len() as u64, file)?;
    if to_bytes(digest(&SHA256, &bytes)) == file.sha256 {
        Ok(bytes)
    } else {
        Err("its SHA-256 is not the one recorded".to_owned())
    }
}

/// Reads columns of verified bytes, those that are there: one of which no row has a value is not.
pub(crate) fn read_columns(bytes: &[u8], columns: &[&str]) -> PolarsResult<DataFrame> {
    let mut reader = ParquetReader::new(Cursor::new(bytes));
    let schema = reader.schema()?;
    let present = columns.iter().filter(|name| schema.contains(name));
    let present = present.map(|&name| name.to_owned()).collect();
    reader
        .with_columns(Some(present))
        .set_rechunk(true)
        .finish()
}

/// Reads all columns of some rows of verified bytes: `count` from `first` on.
pub(crate) fn read_rows(bytes: &[u8], first: usize, count: usize) -> PolarsResult<DataFrame> {
    ParquetReader::new(Cursor::new(bytes))
        .with_slice(Some((first, count)))
        .set_rechunk(true)
        .finish()
}

pub(crate) fn to_bytes(sha256: Digest) -> [u8; 32] {
    let bytes = sha256.as_ref().first_chunk().copied();
    bytes.expect("SHA-256 has 32 bytes")
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

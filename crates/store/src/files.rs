//! Batch files: written once, named by the ledger with their digest, verified whenever they are read.
//!
//! Here is the seam between the two places they may be in: the store's folder (`files_folder`) and a bucket on S3
//! (`files_bucket`). What is in a file, and when it is written, published and swept, is the same in both.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use naqsha_model::{BatchDigest, Day, DayRange};
use polars_core::prelude::DataFrame;
use ring::digest::{Digest, SHA256, digest};
use xxhash_rust::xxh3::xxh3_128;

use crate::StoreError;
use crate::columns::Columns;
use crate::files_bucket::Bucket;
use crate::files_folder::{self, file_error};
use crate::parquet::{Unwritten, encode};
pub(crate) use crate::parquet::{read_columns, read_rows, read_slice};

/// Folder of the files within the store, and of the objects within the bucket's prefix.
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

    /// Path relative to the store, where the files are in its folder; the ledger says it of every file.
    pub(crate) fn path(&self) -> PathBuf {
        path(&self.batch, self.part)
    }

    /// Name relative to the bucket's prefix, where the files are objects.
    fn object(&self) -> String {
        object(&self.path(), &self.sha256)
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

/// The name of the object that takes the place of a file. Half of the digest is in it, so that whoever writes the name
/// writes the same bytes: neither a repeated request nor a node that has lost the lock can change an object.
fn object(path: &Path, sha256: &[u8; 32]) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let digest = BatchDigest::new(*sha256).to_string();
    let (half, _) = digest.split_at(digest.len() / 2);
    format!("{FOLDER}/{stem}.{half}.parquet")
}

/// Some files, and how long they are together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Amount {
    /// How many.
    pub files: u64,
    /// Their lengths in bytes.
    pub bytes: u64,
}

impl Amount {
    /// What is gone where `after` is left.
    pub(crate) fn less(self, after: Self) -> Self {
        Self {
            files: self.files.saturating_sub(after.files),
            bytes: self.bytes.saturating_sub(after.bytes),
        }
    }
}

/// Why the rows of a file are not to be had.
#[derive(Debug)]
pub(crate) enum Unread {
    /// It is missing, or not as it was written.
    Damaged(String),
    /// Its place does not answer: nobody knows how it is.
    Away(StoreError),
}

impl From<String> for Unread {
    fn from(reason: String) -> Self {
        Self::Damaged(reason)
    }
}

impl From<&str> for Unread {
    fn from(reason: &str) -> Self {
        Self::Damaged(reason.to_owned())
    }
}

/// The place of a store's batch files. Clones share it.
#[derive(Debug, Clone)]
pub(crate) enum Files {
    /// The store's folder.
    Folder(Arc<Path>, Arc<Checked>),
    /// A bucket; all else of the store is in the folder.
    Bucket(Arc<Path>, Arc<Bucket>),
}

impl Files {
    /// The store's folder.
    pub(crate) const fn folder(&self) -> &Arc<Path> {
        match self {
            Self::Folder(folder, _) | Self::Bucket(folder, _) => folder,
        }
    }

    /// Makes sure that there is somewhere to write to.
    pub(crate) fn make(&self) -> Result<(), StoreError> {
        match self {
            Self::Folder(store, _) => files_folder::make(store),
            Self::Bucket(..) => Ok(()),
        }
    }

    /// What a file is called, to people.
    pub(crate) fn name(&self, file: &FileRecord) -> PathBuf {
        match self {
            Self::Folder(..) => file.path(),
            Self::Bucket(_, bucket) => bucket.url_of(&file.object()).into(),
        }
    }

    /// The error of an answer that needs the rows of a file.
    pub(crate) fn error(&self, file: &FileRecord, unread: Unread) -> StoreError {
        match unread {
            Unread::Damaged(reason) => StoreError::Damaged {
                path: self.name(file),
                reason,
            },
            Unread::Away(error) => error,
        }
    }

    /// Writes one file, durably, so that nobody takes it for a part of the store yet; gives its record and its rows as a
    /// frame.
    ///
    /// In the folder it has an unfinished name until [`Files::publish`]. In a bucket it is whole under its name or not
    /// there at all, and nothing until the ledger names it.
    pub(crate) fn write(
        &self,
        batch: BatchDigest,
        part: u32,
        columns: &Columns,
    ) -> Result<(FileRecord, DataFrame), StoreError> {
        let path = path(&batch, part);
        let unfit = |source| StoreError::Encode {
            path: path.clone(),
            source: Box::new(source),
        };
        let failed = |unwritten| match unwritten {
            Unwritten::Io(source) => file_error("write", &path)(source),
            Unwritten::Format(source) => unfit(source),
        };
        let mut frame = columns.frame().map_err(unfit)?;
        let record = |sha256, bytes| FileRecord {
            batch,
            part,
            sha256,
            rows: columns.len() as u64,
            bytes,
            source_rows: columns.source_rows(),
            days: hull(columns.days()),
            timeless: (columns.len() - columns.days().count()) as u64,
        };
        let record = match self {
            Self::Folder(store, _) => {
                let file = files_folder::Unfinished::new(store, &path)?;
                let (file, sha256, bytes) = encode(&mut frame, file).map_err(failed)?;
                file.sync()?;
                record(sha256, bytes)
            }
            Self::Bucket(_, bucket) => {
                let (content, sha256, bytes) = encode(&mut frame, Vec::new()).map_err(failed)?;
                let record = record(sha256, bytes);
                bucket.put(&record.object(), content)?;
                record
            }
        };
        Ok((record, frame))
    }

    /// Takes over bytes that were verified against the digest, as the file that has this path in a folder.
    pub(crate) fn bring_back(
        bucket: &Bucket,
        path: &Path,
        sha256: &[u8; 32],
        bytes: Vec<u8>,
    ) -> Result<(), StoreError> {
        bucket.put(&object(path, sha256), bytes)
    }

    /// Gives written files their names, durably.
    pub(crate) fn publish<'f>(
        &self,
        files: impl Iterator<Item = &'f FileRecord>,
    ) -> Result<(), StoreError> {
        match self {
            Self::Folder(store, _) => files_folder::publish(store, files.map(FileRecord::path)),
            // They have had them since they were acknowledged.
            Self::Bucket(..) => Ok(()),
        }
    }

    /// Removes the unfinished files of a batch whose first `parts` parts were begun, as far as there are any.
    ///
    /// Objects stay for the next batch to sweep: who gives a batch up may have lost the lock, and may not remove any more
    /// what another node may have written meanwhile.
    pub(crate) fn discard(&self, batch: &BatchDigest, parts: u32) {
        if let Self::Folder(store, _) = self {
            files_folder::discard(store, (0..=parts).map(|part| path(batch, part)));
        }
    }

    /// Removes files that no ledger row names; only under the writer's lock.
    pub(crate) fn sweep<'f>(
        &self,
        named: impl Iterator<Item = &'f FileRecord>,
    ) -> Result<(), StoreError> {
        match self {
            Self::Folder(store, _) => {
                files_folder::sweep(store, &named.map(FileRecord::path).collect())
            }
            Self::Bucket(_, bucket) => {
                for name in unnamed_objects(bucket, named)? {
                    bucket.remove(&name)?;
                    tracing::debug!(name, "removed an object that no batch names");
                }
                Ok(())
            }
        }
    }

    /// Files of ours that no ledger row names, as people call them, in order.
    pub(crate) fn unnamed<'f>(
        &self,
        named: impl Iterator<Item = &'f FileRecord>,
    ) -> Result<Vec<PathBuf>, StoreError> {
        match self {
            Self::Folder(store, _) => {
                files_folder::unnamed(store, &named.map(FileRecord::path).collect())
            }
            Self::Bucket(_, bucket) => {
                let found = unnamed_objects(bucket, named)?;
                Ok(found
                    .iter()
                    .map(|name| bucket.url_of(name).into())
                    .collect())
            }
        }
    }

    /// What is in the place, of batches or not.
    pub(crate) fn amount(&self) -> Result<Amount, StoreError> {
        match self {
            Self::Folder(store, _) => files_folder::amount(&store.join(FOLDER)),
            Self::Bucket(_, bucket) => {
                let objects = bucket.list(FOLDER)?;
                Ok(Amount {
                    files: objects.len() as u64,
                    bytes: objects.values().sum(),
                })
            }
        }
    }

    /// Runs work whose parallel parts read files, so that those that wait for a server keep nobody from counting.
    pub(crate) fn in_parallel<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        match self {
            Self::Folder(..) => work(),
            Self::Bucket(_, bucket) => bucket.in_parallel(work),
        }
    }

    /// Looks once at all there is, where looking at each file would be a request each.
    pub(crate) fn look(&self) -> Result<(), StoreError> {
        match self {
            Self::Folder(..) => Ok(()),
            Self::Bucket(_, bucket) => bucket.look(FOLDER),
        }
    }

    /// Whether a file is there with its length.
    pub(crate) fn fits(&self, file: &FileRecord) -> Result<(), Unread> {
        let found = match self {
            Self::Folder(store, _) => files_folder::length(&store.join(file.path()))?,
            Self::Bucket(_, bucket) => {
                let length = bucket.length(&file.object()).map_err(Unread::Away)?;
                length.ok_or(NO_OBJECT)?
            }
        };
        Ok(has_length(found, file)?)
    }

    /// The bytes of a file, or what is wrong with them.
    pub(crate) fn verified(&self, file: &FileRecord) -> Result<Vec<u8>, Unread> {
        let bytes = match self {
            Self::Folder(store, checked) => {
                let bytes = files_folder::read(&store.join(file.path()))?;
                has_length(bytes.len() as u64, file)?;
                return checked.against(&file.sha256, bytes);
            }
            Self::Bucket(_, bucket) => {
                let found = bucket.get(&file.object(), file.bytes);
                let found = found.map_err(Unread::Away)?.ok_or(NO_OBJECT)?;
                has_length(found.length, file)?;
                found.bytes
            }
        };
        has_sha256(&bytes, &file.sha256)?;
        Ok(bytes)
    }
}

/// What the bytes of files summed up to when their SHA-256 was found right. They are read whole each time, and a sum against rot
/// (XXH3, 128 bits) is a tenth of the work; who changes both file and sum on purpose would have to be in this process.
#[derive(Debug, Default)]
pub(crate) struct Checked(Mutex<HashMap<[u8; 32], u128>>);

impl Checked {
    /// The bytes, where they are those of the digest.
    fn against(&self, sha256: &[u8; 32], bytes: Vec<u8>) -> Result<Vec<u8>, Unread> {
        let sum = xxh3_128(&bytes);
        let known = |checked: &Mutex<HashMap<_, _>>| {
            let checked = checked.lock().unwrap_or_else(PoisonError::into_inner);
            checked.get(sha256).copied()
        };
        if known(&self.0) != Some(sum) {
            has_sha256(&bytes, sha256)?;
            let mut checked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            checked.insert(*sha256, sum);
        }
        Ok(bytes)
    }
}

fn has_sha256(bytes: &[u8], sha256: &[u8; 32]) -> Result<(), String> {
    if to_bytes(digest(&SHA256, bytes)) == *sha256 {
        Ok(())
    } else {
        Err("its SHA-256 is not the one recorded".to_owned())
    }
}

const NO_OBJECT: &str = "there is no such object";

fn unnamed_objects<'f>(
    bucket: &Bucket,
    named: impl Iterator<Item = &'f FileRecord>,
) -> Result<Vec<String>, StoreError> {
    let named: HashSet<String> = named.map(FileRecord::object).collect();
    let mut found: Vec<String> = bucket.list(FOLDER)?.into_keys().collect();
    found.retain(|name| name.ends_with(".parquet") && !named.contains(name));
    found.sort();
    Ok(found)
}

fn has_length(bytes: u64, file: &FileRecord) -> Result<(), String> {
    if bytes == file.bytes {
        Ok(())
    } else {
        Err(format!("{bytes} bytes instead of {}", file.bytes))
    }
}

/// The shortest range that holds all of them.
pub(crate) fn hull(ranges: impl Iterator<Item = DayRange>) -> Option<DayRange> {
    let wider = |(first, last): (Day, Day), next: (Day, Day)| (first.min(next.0), last.max(next.1));
    let (first, last) = ranges
        .map(|range| (range.first(), range.last()))
        .reduce(wider)?;
    DayRange::new(first, last).ok()
}

pub(crate) fn to_bytes(sha256: Digest) -> [u8; 32] {
    let bytes = sha256.as_ref().first_chunk().copied();
    bytes.expect("SHA-256 has 32 bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rot_after_the_first_look_is_seen_too() {
        let checked = Checked::default();
        let bytes = b"some rows of a batch".to_vec();
        let sha256 = to_bytes(digest(&SHA256, &bytes));
        for _ in 0..2 {
            assert!(checked.against(&sha256, bytes.clone()).is_ok());
        }
        for bit in 0..8 * bytes.len() {
            let mut rotten = bytes.clone();
            let byte = rotten.get_mut(bit / 8).expect("within it");
            *byte ^= 1 << (bit % 8);
            assert!(matches!(
                checked.against(&sha256, rotten),
                Err(Unread::Damaged(_))
            ));
        }
        assert!(checked.against(&sha256, bytes).is_ok());
    }
}

//! Which bucket belongs to which folder: both have the id of the store's files in `files.id`. Opened with another bucket, a
//! folder's ledger would take all objects there for garbage.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use naqsha_model::BatchDigest;
use ring::rand::{SecureRandom as _, SystemRandom};

use crate::StoreError;
use crate::files::{FOLDER, Files};
use crate::files_at::FilesAt;
use crate::files_bucket::Bucket;
use crate::files_folder::{self, file_error, sync_folder};

/// The file of the folder, and the object of the bucket, that have the id.
pub(crate) const ID: &str = "files.id";
/// The file's name until the store is made.
pub(crate) const UNFINISHED: &str = "files.id.tmp";

/// Length of an id, with the end of its line.
const LENGTH: u64 = 65;

/// Makes ready the place of a new store's files. A bucket gets the id of the folder; it must not have another's, nor objects
/// where batch files go.
///
/// The id is in the folder before it is in the bucket, and has its name there once all of the store is made
/// ([`finish`]): cut short, this can be repeated.
pub(crate) fn create(folder: &Path, at: &FilesAt) -> Result<Files, StoreError> {
    let url = match at {
        FilesAt::Folder if is_named(folder) => {
            let why = format!(
                "none is named, and {UNFINISHED} says that one was, when a making was cut short"
            );
            return Err(not_its_bucket(folder, why));
        }
        FilesAt::Folder => {
            let files = Files::Folder(Arc::from(folder), Arc::default());
            files.make()?;
            return Ok(files);
        }
        FilesAt::S3(url) => url,
    };
    files_folder::make_folder(folder)?;
    let bucket = Bucket::new(url)?;
    let begun = read(folder)?;
    if of_bucket(&bucket)?.is_none() {
        if begun.is_none() && !bucket.list(FOLDER)?.is_empty() {
            let why = format!("{url} has batch files and no {ID}");
            return Err(not_its_bucket(folder, why));
        }
        let id = match &begun {
            Some(id) => id.clone(),
            None => begin(folder)?,
        };
        bucket.put_new(ID, id.into_bytes())?;
    }
    together(folder, &bucket)?;
    Ok(Files::Bucket(Arc::from(folder), Arc::new(bucket)))
}

/// The place of a store's files, where it is the one that belongs to the folder.
pub(crate) fn open(folder: &Path, at: &FilesAt) -> Result<Files, StoreError> {
    let FilesAt::S3(url) = at else {
        if is_named(folder) {
            let why = "the batch files are on S3, and no bucket is named".to_owned();
            return Err(not_its_bucket(folder, why));
        }
        return Ok(Files::Folder(Arc::from(folder), Arc::default()));
    };
    if !is_named(folder) {
        let why = "the batch files are in the folder; a backup that is restored with the bucket named is on S3";
        return Err(not_its_bucket(folder, why.to_owned()));
    }
    let bucket = Bucket::new(url)?;
    together(folder, &bucket)?;
    let files = Files::Bucket(Arc::from(folder), Arc::new(bucket));
    finish(&files)?;
    Ok(files)
}

/// Gives the id of a store that is made its name.
pub(crate) fn finish(files: &Files) -> Result<(), StoreError> {
    let unfinished = files.folder().join(UNFINISHED);
    if matches!(files, Files::Folder(..)) || !unfinished.exists() {
        return Ok(());
    }
    let path = files.folder().join(ID);
    fs::rename(unfinished, &path).map_err(file_error("rename", &path))?;
    sync_folder(files.folder())
}

fn is_named(folder: &Path) -> bool {
    folder.join(ID).exists() || folder.join(UNFINISHED).exists()
}

/// Refuses a bucket that has another id than the folder.
fn together(folder: &Path, bucket: &Bucket) -> Result<(), StoreError> {
    let ours = read(folder)?;
    let theirs = of_bucket(bucket)?;
    let url = bucket.url_of(ID);
    let why = match (ours, theirs) {
        (Some(ours), Some(theirs)) if ours == theirs => return Ok(()),
        (_, None) => format!("there is no {url}"),
        (Some(_), Some(_)) => format!("{url} is that of another store"),
        (None, Some(_)) => format!("{url} is that of another store, and the folder has none"),
    };
    Err(not_its_bucket(folder, why))
}

fn not_its_bucket(folder: &Path, why: String) -> StoreError {
    StoreError::NotItsBucket {
        folder: folder.to_owned(),
        why,
    }
}

fn of_bucket(bucket: &Bucket) -> Result<Option<String>, StoreError> {
    let found = bucket.get(ID, LENGTH)?;
    Ok(found.map(|object| String::from_utf8_lossy(&object.bytes).into_owned()))
}

/// The id that the folder has.
fn read(folder: &Path) -> Result<Option<String>, StoreError> {
    let mut paths = [ID, UNFINISHED].map(|name| folder.join(name)).into_iter();
    let Some(path) = paths.find(|path| path.exists()) else {
        return Ok(None);
    };
    let id = fs::read_to_string(&path).map_err(file_error("read", &path))?;
    Ok(Some(id))
}

/// Gives the folder an id of its own.
fn begin(folder: &Path) -> Result<String, StoreError> {
    let path = folder.join(UNFINISHED);
    let mut id = [0; 32];
    let drawn = SystemRandom::new().fill(&mut id);
    let drawn = drawn.map_err(|source| std::io::Error::other(source.to_string()));
    let id = format!("{}\n", BatchDigest::new(id));
    drawn
        .and_then(|()| File::create(&path))
        .and_then(|mut file| {
            file.write_all(id.as_bytes())?;
            file.sync_all()
        })
        .map_err(file_error("write", &path))?;
    sync_folder(folder)?;
    Ok(id)
}

//! Batch files in the store's folder: an unfinished name first, synced, renamed, the folder synced. Paths are relative to the
//! store.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::files::FOLDER;
use crate::{Amount, StoreError};

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

/// Makes a folder, and those above it where they are absent, durably.
pub(crate) fn make_folder(folder: &Path) -> Result<(), StoreError> {
    let absent = |path: &&Path| !path.as_os_str().is_empty() && !path.exists();
    let made: Vec<PathBuf> = folder
        .ancestors()
        .take_while(absent)
        .map(Path::to_owned)
        .collect();
    fs::create_dir_all(folder).map_err(file_error("make", folder))?;
    sync_folder(folder)?;
    made.iter().try_for_each(|made| sync_folder(above(made)))
}

/// Makes the folder of the files, and those above it where they are absent, durably.
pub(crate) fn make(store: &Path) -> Result<(), StoreError> {
    make_folder(&store.join(FOLDER))?;
    sync_folder(store)
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

/// A file under an unfinished name.
pub(crate) struct Unfinished {
    path: PathBuf,
    file: BufWriter<File>,
}

impl Unfinished {
    pub(crate) fn new(store: &Path, path: &Path) -> Result<Self, StoreError> {
        let path = unfinished(&store.join(path));
        let file = File::create_new(&path).map_err(file_error("make", &path))?;
        let file = BufWriter::new(file);
        Ok(Self { path, file })
    }

    /// Makes what was written durable; the name is not yet.
    ///
    /// What is written last, and finds no space, is a failed write: the file is given up, and others may fit later. Only after a
    /// failed sync does nobody know what is on the disk.
    pub(crate) fn sync(self) -> Result<(), StoreError> {
        let file = self
            .file
            .into_inner()
            .map_err(io::IntoInnerError::into_error);
        let file = file.map_err(file_error("write", &self.path))?;
        file.sync_all().map_err(file_error("sync", &self.path))
    }
}

impl Write for Unfinished {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn unfinished(path: &Path) -> PathBuf {
    path.with_extension("parquet.tmp")
}

/// Gives written files their names, durably.
pub(crate) fn publish(
    store: &Path,
    paths: impl Iterator<Item = PathBuf>,
) -> Result<(), StoreError> {
    for path in paths {
        let path = store.join(path);
        fs::rename(unfinished(&path), &path).map_err(file_error("rename", &path))?;
    }
    sync_files_folder(store)
}

/// Makes the names of the files durable.
pub(crate) fn sync_files_folder(store: &Path) -> Result<(), StoreError> {
    sync_folder(&store.join(FOLDER))
}

/// Removes unfinished files, as far as there are any.
pub(crate) fn discard(store: &Path, paths: impl Iterator<Item = PathBuf>) {
    for path in paths {
        let path = unfinished(&store.join(path));
        if let Err(error) = fs::remove_file(&path)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::debug!(path = %path.display(), %error, "left for the next batch to remove");
        }
    }
}

/// Removes files that no ledger row names.
pub(crate) fn sweep(store: &Path, named: &HashSet<PathBuf>) -> Result<(), StoreError> {
    for relative in unnamed(store, named)? {
        let path = store.join(&relative);
        fs::remove_file(&path).map_err(file_error("remove", &path))?;
        tracing::debug!(path = %relative.display(), "removed a file that no batch names");
    }
    Ok(())
}

/// Files of ours that no ledger row names.
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

/// Length of a file in bytes, or why it cannot be looked at.
pub(crate) fn length(path: &Path) -> Result<u64, String> {
    let found = fs::metadata(path).map_err(|error| error.to_string())?;
    Ok(found.len())
}

/// The files of a folder; none where there is no folder.
pub(crate) fn amount(folder: &Path) -> Result<Amount, StoreError> {
    let mut amount = Amount::default();
    if !folder.exists() {
        return Ok(amount);
    }
    for entry in fs::read_dir(folder).map_err(file_error("list", folder))? {
        let found = entry.and_then(|entry| entry.metadata());
        let found = found.map_err(file_error("list", folder))?;
        amount.files += u64::from(found.is_file());
        amount.bytes += if found.is_file() { found.len() } else { 0 };
    }
    Ok(amount)
}

/// The bytes of a file, or why they cannot be read.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| error.to_string())
}

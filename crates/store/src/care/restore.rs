//! A backup brought back into a folder of its own, and its files into a bucket where one is named.

use std::ffi::OsStr;
use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use naqsha_model::BatchDigest;

use super::backup::{self, Backup, CopiedFile};
use crate::files::{self, Files};
use crate::files_folder::{self, file_error, sync_folder};
use crate::store::blocking;
use crate::{FilesAt, Store, StoreError, files_id};

impl Store {
    /// Writes a backup's files into a folder that does not exist or is empty; batch files where `files` says, in a prefix
    /// that no store has.
    ///
    /// They are written and verified under another name beside it, and get theirs in one step: cut short, there is no store
    /// at `dir`, and the next try begins anew (in a bucket with the same prefix).
    ///
    /// # Errors
    /// [`StoreError::NoBackup`] where the inventory is missing, [`StoreError::Exists`] where something is in `dir`,
    /// [`StoreError::Damaged`] where a file differs from the inventory, [`StoreError::NotItsBucket`],
    /// [`StoreError::Object`].
    pub async fn restore_backup(
        from: &Path,
        dir: &Path,
        files: &FilesAt,
    ) -> Result<Backup, StoreError> {
        let (from, dir, at) = (from.to_owned(), dir.to_owned(), files.clone());
        blocking(move || restore(&from, &dir, &at)).await
    }
}

fn restore(from: &Path, dir: &Path, at: &FilesAt) -> Result<Backup, StoreError> {
    let backup = backup::inventory(from)?;
    match fs::remove_dir(dir) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => {
            return Err(StoreError::Exists(dir.to_owned()));
        }
        Err(error) => return Err(file_error("use", dir)(error)),
    }
    let unfinished = unfinished(dir);
    clear(&unfinished, at)?;
    let files = files_id::create(&unfinished, at)?;
    for file in &backup.files {
        let path: PathBuf = file.path.split('/').collect();
        if !path
            .components()
            .all(|part| matches!(part, Component::Normal(_)))
        {
            let reason = "its path leads out of the backup".to_owned();
            return Err(StoreError::Damaged { path, reason });
        }
        let bytes = backup::verified(from, file)?;
        if let Files::Bucket(_, bucket) = &files
            && path.starts_with(files::FOLDER)
        {
            Files::bring_back(bucket, &path, &sha256(file)?, bytes)?;
            continue;
        }
        backup::write_synced(&unfinished, &path, &bytes)?;
        let (source, target) = (from.join(&path), unfinished.join(&path));
        let mode = fs::metadata(&source).map_err(file_error("read", &source))?;
        fs::set_permissions(&target, mode.permissions()).map_err(file_error("protect", &target))?;
    }
    if matches!(files, Files::Folder(..)) {
        files_folder::sync_files_folder(&unfinished)?;
    }
    files_id::finish(&files)?;
    sync_folder(&unfinished)?;
    fs::rename(&unfinished, dir).map_err(file_error("rename", &unfinished))?;
    sync_folder(files_folder::above(dir))?;
    Ok(backup)
}

/// Removes what a restoration that was cut short left, but for the id that it may have given a bucket: by it the next one
/// takes up the same prefix.
fn clear(unfinished: &Path, at: &FilesAt) -> Result<(), StoreError> {
    let entries = match fs::read_dir(unfinished) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(file_error("list", unfinished))?,
    };
    for entry in entries {
        let entry = entry.map_err(file_error("list", unfinished))?;
        let path = entry.path();
        let ids = [files_id::ID, files_id::UNFINISHED].map(OsStr::new);
        let is_id = ids.contains(&entry.file_name().as_os_str());
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            fs::remove_dir_all(&path).map_err(file_error("remove", &path))?;
        } else if matches!(at, FilesAt::Folder) || !is_id {
            fs::remove_file(&path).map_err(file_error("remove", &path))?;
        }
    }
    Ok(())
}

/// The digest of a file that was compared with it.
fn sha256(file: &CopiedFile) -> Result<[u8; 32], StoreError> {
    let parsed = BatchDigest::parse(&file.sha256);
    let parsed = parsed.map_err(|error| StoreError::Damaged {
        path: PathBuf::from(&file.path),
        reason: error.to_string(),
    })?;
    Ok(*parsed.bytes())
}

fn unfinished(dir: &Path) -> PathBuf {
    let mut name = dir.file_name().unwrap_or_default().to_owned();
    name.push(".restoring");
    dir.with_file_name(name)
}

//! A backup brought back into a folder of its own.

use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use super::backup::{self, Backup};
use crate::files::{self, file_error, sync_folder};
use crate::store::blocking;
use crate::{Store, StoreError};

impl Store {
    /// Writes a backup's files into a folder that does not exist or is empty.
    ///
    /// They are written and verified under another name beside it, and get theirs in one step: cut short, there is no store
    /// at `dir`, and the next try begins anew.
    ///
    /// # Errors
    /// [`StoreError::NoBackup`] where the inventory is missing, [`StoreError::Exists`] where something is in `dir`,
    /// [`StoreError::Damaged`] where a file differs from the inventory.
    pub async fn restore_backup(from: &Path, dir: &Path) -> Result<Backup, StoreError> {
        let (from, dir) = (from.to_owned(), dir.to_owned());
        blocking(move || restore(&from, &dir)).await
    }
}

fn restore(from: &Path, dir: &Path) -> Result<Backup, StoreError> {
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
    match fs::remove_dir_all(&unfinished) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(file_error("remove", &unfinished)(error));
        }
        _ => {}
    }
    backup::make_empty(&unfinished)?;
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
        backup::write_synced(&unfinished, &path, &bytes)?;
        let (source, target) = (from.join(&path), unfinished.join(&path));
        let mode = fs::metadata(&source).map_err(file_error("read", &source))?;
        fs::set_permissions(&target, mode.permissions()).map_err(file_error("protect", &target))?;
    }
    files::sync_files_folder(&unfinished)?;
    sync_folder(&unfinished)?;
    fs::rename(&unfinished, dir).map_err(file_error("rename", &unfinished))?;
    sync_folder(files::above(dir))?;
    Ok(backup)
}

fn unfinished(dir: &Path) -> PathBuf {
    let mut name = dir.file_name().unwrap_or_default().to_owned();
    name.push(".restoring");
    dir.with_file_name(name)
}

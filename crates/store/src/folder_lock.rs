//! The writer's lock of a store's folder: one process, and one writer in it, at a time.

use std::fs::{File, TryLockError};
use std::path::Path;

use crate::StoreError;

/// The file that is locked. It stays where it is: removing it would let two writers lock two files of one name.
pub(crate) const NAME: &str = "writer.lock";

/// Held until it is dropped, or until the process ends by whatever cause.
///
/// Unlocked, not only closed: a process started at the same moment has a copy of the open file until it runs its own
/// program, and would hold the lock for so long (flock(2): the lock belongs to the open file, not to one descriptor).
#[derive(Debug)]
pub(crate) struct FolderLock(File);

impl FolderLock {
    /// # Errors
    /// [`StoreError::Busy`] where another holds it.
    pub(crate) fn take(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join(NAME);
        let failed = |source| StoreError::File {
            action: "lock",
            path: path.clone(),
            source,
        };
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(StoreError::Busy),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }
}

impl Drop for FolderLock {
    fn drop(&mut self) {
        // Where this fails, closing the file unlocks it all the same, once no other process has a copy of it.
        drop(self.0.unlock());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_free_once_dropped_though_a_copy_of_the_open_file_lives_on() {
        let folder = tempfile::tempdir().unwrap();
        let held = FolderLock::take(folder.path()).unwrap();
        assert!(matches!(
            FolderLock::take(folder.path()),
            Err(StoreError::Busy)
        ));
        let copy = held.0.try_clone().unwrap();
        drop(held);
        FolderLock::take(folder.path()).unwrap();
        drop(copy);
    }
}

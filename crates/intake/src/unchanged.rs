//! Whether a file is still the one that was opened: it is read more than once, and must be the same each time.

use std::fs::File;
use std::io;
use std::path::Path;
use std::time::SystemTime;

/// What the file system says of a file; any writing to it changes some of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    bytes: u64,
    modified: Option<SystemTime>,
    /// Number of the file and time of its last change of any kind: also where the time of modification was set back.
    #[cfg(unix)]
    changed: (u64, i64, i64),
}

impl Stamp {
    /// Looks at a file.
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        let metadata = File::open(path)?.metadata()?;
        Ok(Self {
            bytes: metadata.len(),
            modified: metadata.modified().ok(),
            #[cfg(unix)]
            changed: {
                use std::os::unix::fs::MetadataExt as _;
                (metadata.ino(), metadata.ctime(), metadata.ctime_nsec())
            },
        })
    }

    /// Whether the file was not written to, and no other took its name, since it was looked at.
    pub(crate) fn still_fits(&self, path: &Path) -> io::Result<bool> {
        Ok(*self == Self::of(path)?)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_file_that_was_written_to_or_replaced_is_another() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.csv");
        fs::write(&path, "id\n1\n").expect("a file");
        let stamp = Stamp::of(&path).expect("it is there");
        let still_fits = |stamp: &Stamp| stamp.still_fits(&path).expect("it is there");
        assert!(still_fits(&stamp));

        let modified = fs::metadata(&path)
            .and_then(|m| m.modified())
            .expect("it has a time");
        // The clock of a file system has a grain of some milliseconds.
        std::thread::sleep(std::time::Duration::from_millis(20));
        let mut file = File::options().write(true).open(&path).expect("it is ours");
        file.write_all(b"ID").expect("as many bytes as before");
        file.set_modified(modified).expect("the time is set back");
        assert!(!still_fits(&stamp));

        let stamp = Stamp::of(&path).expect("it is there");
        fs::copy(&path, folder.path().join("b.csv")).expect("a copy");
        fs::rename(folder.path().join("b.csv"), &path).expect("in its place");
        assert!(!still_fits(&stamp));
    }
}

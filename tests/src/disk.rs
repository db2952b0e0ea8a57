//! Small disks that a test may fill: a file system in memory, or ext4 on a loop device. Both need root.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use tempfile::TempDir;

use crate::skip::skip;

/// What a disk is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `tmpfs`, which finds out at each write that it is full.
    Memory,
    /// ext4 on a loop device, which may find out later.
    Loop,
}

/// A mounted disk. Dropping it unmounts it.
#[derive(Debug)]
pub struct SmallDisk {
    folder: PathBuf,
    filler: Option<PathBuf>,
    _scratch: TempDir,
}

impl SmallDisk {
    /// Makes one of some mebibytes, or `None` after saying that the test is skipped.
    ///
    /// # Panics
    /// Where there is no scratch folder.
    pub fn make(test: &str, kind: Kind, mebibytes: u64) -> Option<Self> {
        let scratch = tempfile::tempdir().expect("a scratch folder");
        let folder = scratch.path().join("disk");
        fs::create_dir(&folder).expect("it is ours");
        let mounted = match kind {
            Kind::Memory => quietly(
                Command::new("mount")
                    .args(["-t", "tmpfs", "-o", &format!("size={mebibytes}m"), "tmpfs"])
                    .arg(&folder),
            ),
            Kind::Loop => on_a_loop_device(&scratch.path().join("image"), &folder, mebibytes),
        };
        if let Err(why) = mounted {
            skip(test, &format!("no small disk can be mounted: {why}"));
            return None;
        }
        Some(Self {
            folder,
            filler: None,
            _scratch: scratch,
        })
    }

    /// Where it is mounted.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Fills it to the last block.
    ///
    /// # Panics
    /// Where it is full already, or the filler cannot be made.
    pub fn fill(&mut self) {
        let path = self.folder.join("filler");
        let mut filler = File::create(&path).expect("space for a name");
        // Large blocks first, then ever smaller ones: a block that does not fit may be written in part.
        for bytes in [1 << 20, 1 << 16, 4096, 512, 1] {
            let block = vec![0x5A; bytes];
            while filler.write_all(&block).is_ok() && filler.sync_data().is_ok() {}
        }
        self.filler = Some(path);
    }

    /// Makes space again.
    ///
    /// # Panics
    /// Where the filler is not there.
    pub fn empty(&mut self) {
        let filler = self.filler.take().expect("it was filled");
        fs::remove_file(filler).expect("it is ours");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Whoever was just killed may hold the folder for a moment more.
        for _ in 0..100 {
            if quietly(Command::new("umount").arg(&self.folder)).is_ok() {
                return;
            }
            sleep(Duration::from_millis(20));
        }
    }
}

fn on_a_loop_device(image: &Path, folder: &Path, mebibytes: u64) -> Result<(), String> {
    File::create(image)
        .and_then(|file| file.set_len(mebibytes << 20))
        .map_err(|error| error.to_string())?;
    // Blocks of a page, as large disks have them; none kept back for root, who runs this.
    let options = ["-q", "-F", "-b", "4096", "-m", "0"];
    quietly(Command::new("mkfs.ext4").args(options).arg(image))?;
    quietly(
        Command::new("mount")
            .args(["-o", "loop"])
            .arg(image)
            .arg(folder),
    )
}

fn quietly(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    if output.status.success() {
        Ok(())
    } else {
        Err(said)
    }
}

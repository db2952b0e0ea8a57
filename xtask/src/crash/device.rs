//! A small ext4 file system on a loop device, whose power can be cut, and a small tmpfs.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::process;

const BYTES: u64 = 192 << 20;

/// Options of a mount, the journal's commits by the clock seldom: what was not synced is really lost.
const OPTIONS: &str = "loop,noatime,commit=300";
const BARE_OPTIONS: &str = "loop,noatime";

const CUT: &str = include_str!("cut.c");

/// What the file system promises beyond what is synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// ext4 as it is made: a sync of any file commits the journal, with all names that wait.
    Journal,
    /// ext4 without a journal: a sync writes what was asked for, and little else. After a cut it is repaired by `e2fsck`.
    Bare,
}

/// A mounted file system. Dropping it unmounts it.
#[derive(Debug)]
pub(crate) struct Device {
    kind: Kind,
    /// Where it is mounted.
    pub(crate) folder: PathBuf,
    image: PathBuf,
    cut: PathBuf,
}

impl Device {
    /// Makes, mounts and tries one below a folder, or says why that cannot be done here.
    pub(crate) fn make(scratch: &Path, kind: Kind) -> Result<Self, String> {
        let made = Self::build(scratch, kind).map_err(|error| format!("{error:#}"))?;
        let tried = made.cut().and_then(|()| made.again());
        tried.map_err(|error| format!("the power of a loop device cannot be cut: {error:#}"))?;
        Ok(made)
    }

    fn build(scratch: &Path, kind: Kind) -> Result<Self> {
        let cut = compile(scratch, CUT, "cut", &[])?;
        let named = |name: &str| scratch.join(format!("{name}-{kind:?}"));
        let device = Self {
            kind,
            folder: named("mount"),
            image: named("image"),
            cut,
        };
        fs::create_dir_all(&device.folder)?;
        File::create(&device.image)
            .and_then(|image| image.set_len(BYTES))
            .context("making an image")?;
        device.format()?;
        device.mount()?;
        Ok(device)
    }

    fn format(&self) -> Result<()> {
        // Blocks as large as a page, as disks of any size have them: SQLite's index in memory counts on it.
        let mut make = Command::new("mkfs.ext4");
        make.args(["-q", "-F", "-b", "4096"]);
        if self.kind == Kind::Bare {
            make.args(["-O", "^has_journal"]);
        }
        quietly(make.arg(&self.image))
    }

    fn mount(&self) -> Result<()> {
        let options = match self.kind {
            Kind::Journal => OPTIONS,
            Kind::Bare => BARE_OPTIONS,
        };
        quietly(
            Command::new("mount")
                .args(["-o", options])
                .arg(&self.image)
                .arg(&self.folder),
        )
    }

    /// Cuts the power: what is not on the disk is lost, and every operation fails until it is mounted again.
    pub(crate) fn cut(&self) -> Result<()> {
        quietly(Command::new(&self.cut).arg(&self.folder))?;
        match self.kind {
            Kind::Journal => Ok(()),
            // Unmounting would still write what waits in memory: what counts is what the disk has now.
            Kind::Bare => quietly(
                Command::new("cp")
                    .arg("--sparse=always")
                    .arg(&self.image)
                    .arg(self.at_the_cut()),
            ),
        }
    }

    /// Mounts it again, which replays the journal.
    pub(crate) fn again(&self) -> Result<()> {
        unmount(&self.folder)?;
        if self.kind == Kind::Bare {
            fs::rename(self.at_the_cut(), &self.image)
                .context("taking the disk as it was at the cut")?;
            self.repair()?;
        }
        self.mount()
    }

    fn at_the_cut(&self) -> PathBuf {
        self.image.with_extension("cut")
    }

    fn repair(&self) -> Result<()> {
        let output = Command::new("e2fsck")
            .args(["-f", "-y"])
            .arg(&self.image)
            .output()
            .context("starting e2fsck")?;
        // 1: errors were repaired, which is what is expected.
        match output.status.code() {
            Some(0 | 1) => Ok(()),
            _ => bail!("e2fsck: {}", String::from_utf8_lossy(&output.stdout).trim()),
        }
    }

    /// Makes it empty.
    pub(crate) fn anew(&self) -> Result<()> {
        unmount(&self.folder)?;
        self.format()?;
        self.mount()
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        if let Err(error) = unmount(&self.folder) {
            process::say(&format!(
                "{} stays mounted: {error:#}",
                self.folder.display()
            ));
        }
    }
}

/// A file system in memory of so many bytes. Dropping it unmounts it.
#[derive(Debug)]
pub(crate) struct Memory(pub(crate) PathBuf);

impl Memory {
    pub(crate) fn make(folder: &Path, bytes: u64) -> Result<Self> {
        fs::create_dir_all(folder)?;
        quietly(
            Command::new("mount")
                .args(["-t", "tmpfs", "-o", &format!("size={bytes}"), "tmpfs"])
                .arg(folder),
        )?;
        Ok(Self(folder.to_owned()))
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        if let Err(error) = unmount(&self.0) {
            process::say(&format!("{} stays mounted: {error:#}", self.0.display()));
        }
    }
}

/// Compiles a C program with the system's compiler; gives its path.
pub(crate) fn compile(
    scratch: &Path,
    source: &str,
    name: &str,
    options: &[&str],
) -> Result<PathBuf> {
    let (text, program) = (scratch.join(format!("{name}.c")), scratch.join(name));
    fs::write(&text, source).with_context(|| format!("writing {}", text.display()))?;
    quietly(
        Command::new("cc")
            .args(["-O1", "-Wall", "-Wextra"])
            .args(options)
            .arg("-o")
            .arg(&program)
            .arg(&text),
    )?;
    Ok(program)
}

/// Whoever was just killed may hold the folder for a moment more.
fn unmount(folder: &Path) -> Result<()> {
    let mut last = Ok(());
    for _ in 0..100 {
        last = quietly(Command::new("umount").arg(folder));
        if last.is_ok() {
            return last;
        }
        sleep(Duration::from_millis(20));
    }
    last
}

fn quietly(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .output()
        .with_context(|| format!("starting {name}"))?;
    if !output.status.success() {
        bail!("{name}: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}

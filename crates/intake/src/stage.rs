//! Where a file lies from its first byte until its batch is committed, and its report for some days after.
//!
//! Each job has a folder of its own. What arrives is durable once [`Staging::finish`] is done: only then may its sender be
//! told that it was accepted. The file itself, which may name people, goes as soon as it is read; the report, which does
//! not, stays.

use std::fmt;
use std::fs::{self, DirBuilder, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use jiff::Timestamp;
use naqsha_model::BatchDigest;
use ring::digest::{Context, SHA256};

const FILE: &str = "file";
const PARTIAL: &str = "file.partial";
const NOTE: &str = "parts.json";
const REPORT: &str = "report.csv";
const ERRORS: &str = "errors.ndjson";

/// The folder of all jobs.
#[derive(Debug, Clone)]
pub struct Stage {
    folder: PathBuf,
}

impl Stage {
    /// The stage in a folder, which is made where it is absent, for its owner alone.
    ///
    /// # Errors
    /// Where it cannot be made.
    pub fn at(folder: &Path) -> io::Result<Self> {
        make(folder)?;
        if let Some(above) = folder.parent().filter(|above| above.is_dir()) {
            sync(above)?;
        }
        Ok(Self {
            folder: folder.to_owned(),
        })
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Begins a file of a job. The job's id is a file name: the caller made it.
    ///
    /// # Errors
    /// Where nothing can be written.
    pub fn receive(&self, job: &str) -> io::Result<Staging> {
        let folder = self.folder.join(job);
        make(&folder)?;
        let file = File::create(folder.join(PARTIAL))?;
        Ok(Staging {
            stage: self.clone(),
            folder,
            file,
            digest: Context::new(&SHA256),
            bytes: 0,
            kept: false,
        })
    }

    /// Begins a file that comes in parts, with a note of what it is to become.
    ///
    /// # Errors
    /// Where nothing can be written.
    pub fn begin_parts(&self, job: &str, note: &str) -> io::Result<()> {
        let folder = self.folder.join(job);
        make(&folder)?;
        File::create(folder.join(PARTIAL))?.sync_all()?;
        let mut file = File::create(folder.join(NOTE))?;
        file.write_all(note.as_bytes())?;
        file.sync_all()?;
        sync(&folder)?;
        sync(&self.folder)
    }

    /// The note of a file that comes in parts, while there is one.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn note(&self, job: &str) -> io::Result<Option<String>> {
        match fs::read_to_string(self.folder.join(job).join(NOTE)) {
            Ok(note) => Ok(Some(note)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What there is of a file that comes in parts.
    pub fn parts(&self, job: &str) -> PathBuf {
        self.folder.join(job).join(PARTIAL)
    }

    /// Makes a file that came in parts whole, and durable under its name.
    ///
    /// # Errors
    /// Where it cannot be made durable.
    pub fn complete(&self, job: &str) -> io::Result<BatchDigest> {
        let (parts, file) = (self.parts(job), self.file(job));
        if parts.exists() {
            File::open(&parts)?.sync_all()?;
            fs::rename(&parts, &file)?;
            sync(&self.folder.join(job))?;
        }
        naqsha_ingest::digest(File::open(&file)?)
    }

    /// Whether there is anything of a job for its sender to fetch.
    pub fn has_report(&self, job: &str) -> bool {
        self.report(job).exists() || self.errors(job).exists()
    }

    /// The file of a job, once it is whole.
    pub fn file(&self, job: &str) -> PathBuf {
        self.folder.join(job).join(FILE)
    }

    /// The report of a job.
    pub fn report(&self, job: &str) -> PathBuf {
        self.folder.join(job).join(REPORT)
    }

    /// What was wrong with the rows of a job, an object a line.
    pub fn errors(&self, job: &str) -> PathBuf {
        self.folder.join(job).join(ERRORS)
    }

    /// Removes the file of a job that has ended; the rest stays.
    ///
    /// # Errors
    /// Where it cannot be removed.
    pub fn discard_file(&self, job: &str) -> io::Result<()> {
        gone(fs::remove_file(self.file(job)))
    }

    /// Removes all of a job.
    ///
    /// # Errors
    /// Where it cannot be removed.
    pub fn forget(&self, job: &str) -> io::Result<()> {
        gone(fs::remove_dir_all(self.folder.join(job)))
    }

    /// Jobs that have a folder, with how many seconds ago something of it was written.
    ///
    /// # Errors
    /// Where the folder cannot be read.
    pub fn jobs(&self, now: Timestamp) -> io::Result<Vec<(String, u64)>> {
        let seconds = u64::try_from(now.as_second()).unwrap_or_default();
        let now = UNIX_EPOCH + Duration::from_secs(seconds);
        let mut jobs = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            if !entry.file_type()?.is_dir() {
                continue;
            }
            let written = entry.metadata()?.modified()?;
            let age = now.duration_since(written).map_or(0, |age| age.as_secs());
            if let Ok(job) = entry.file_name().into_string() {
                jobs.push((job, age));
            }
        }
        Ok(jobs)
    }

    /// Writes a file of a job whole and durably, through what `write` does.
    ///
    /// # Errors
    /// Those of `write`, and where it cannot be made durable.
    pub fn keep<E: From<io::Error>>(
        &self,
        job: &str,
        writes: &[PathBuf],
        write: impl FnOnce(&mut [File]) -> Result<(), E>,
    ) -> Result<(), E> {
        let folder = self.folder.join(job);
        make(&folder)?;
        let mut files = writes
            .iter()
            .map(File::create)
            .collect::<io::Result<Vec<File>>>()?;
        write(&mut files)?;
        for file in &files {
            file.sync_all()?;
        }
        Ok(sync(&folder)?)
    }
}

/// A file that arrives. Dropped before it is whole, it is removed.
pub struct Staging {
    stage: Stage,
    folder: PathBuf,
    file: File,
    digest: Context,
    bytes: u64,
    kept: bool,
}

impl fmt::Debug for Staging {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Staging")
            .field("folder", &self.folder)
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
    }
}

impl Write for Staging {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write_all(bytes)?;
        self.digest.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Staging {
    /// Bytes written so far.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Makes the file durable under its name: its own sync, then those of its folder and of the one above.
    ///
    /// # Errors
    /// Where it cannot be made durable: it is removed.
    pub fn finish(mut self) -> io::Result<BatchDigest> {
        self.file.sync_all()?;
        fs::rename(self.folder.join(PARTIAL), self.folder.join(FILE))?;
        sync(&self.folder)?;
        sync(&self.stage.folder)?;
        self.kept = true;
        let sha256 = self.digest.clone().finish();
        let sha256 = sha256.as_ref().first_chunk().copied();
        Ok(BatchDigest::new(sha256.expect("SHA-256 has 32 bytes")))
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if !self.kept {
            // What cannot be removed now is at the next start.
            drop(fs::remove_dir_all(&self.folder));
        }
    }
}

fn make(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_there_whole_or_not_at_all() {
        let folder = tempfile::tempdir().expect("a folder");
        let stage = Stage::at(&folder.path().join("staged")).expect("it can be made");
        let mut cut = stage.receive("a").expect("a job");
        cut.write_all(b"id\n").expect("it is ours");
        drop(cut);
        assert!(
            stage
                .jobs(Timestamp::UNIX_EPOCH)
                .expect("a list")
                .is_empty()
        );

        let mut whole = stage.receive("b").expect("a job");
        whole.write_all(b"id\n1\n").expect("it is ours");
        let digest = whole.finish().expect("durable");
        assert_eq!(
            digest,
            naqsha_ingest::digest(&b"id\n1\n"[..]).expect("bytes")
        );
        assert_eq!(fs::read(stage.file("b")).expect("there"), b"id\n1\n");
        stage.discard_file("b").expect("removed");
        stage.discard_file("b").expect("gone is gone");
        assert_eq!(stage.jobs(Timestamp::UNIX_EPOCH).expect("a list").len(), 1);
    }
}

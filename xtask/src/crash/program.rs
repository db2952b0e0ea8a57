//! The program under test, run as a user would: words in, an exit code and two texts out.

use std::cell::Cell;
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::batches::{Batch, Place};

/// Longest that any command may take; what takes longer hangs.
const LIMIT: Duration = Duration::from_mins(2);

/// How often a running command is looked at.
const GLANCE: Duration = Duration::from_micros(200);

const COLUMNS: [&str; 10] = [
    "--set",
    "date=time",
    "--set",
    "lon=lon",
    "--set",
    "lat=lat",
    "--set",
    "category=category",
    "--set",
    "id=id",
];

/// The program, and the folder for what it prints.
#[derive(Debug)]
pub(crate) struct Program {
    binary: PathBuf,
    scratch: PathBuf,
    environment: Vec<(&'static str, OsString)>,
    started: Cell<u64>,
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Answer {
    /// None where a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A command that was started. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    stdout: PathBuf,
    stderr: PathBuf,
    since: Instant,
}

impl Program {
    pub(crate) fn new(binary: &Path, scratch: &Path) -> Self {
        Self {
            binary: binary.to_owned(),
            scratch: scratch.to_owned(),
            environment: Vec::new(),
            started: Cell::new(0),
        }
    }

    /// The same program, with more in its environment.
    pub(crate) fn with(&self, environment: Vec<(&'static str, OsString)>) -> Self {
        let (binary, scratch) = (self.binary.clone(), self.scratch.clone());
        Self {
            binary,
            scratch,
            environment,
            started: Cell::new(self.started.get() + 1_000_000),
        }
    }

    /// Where what is printed and exported goes.
    pub(crate) fn scratch(&self) -> &Path {
        &self.scratch
    }

    /// Starts a command on a store. What it prints goes to files, so that it never waits for a reader.
    pub(crate) fn start<W: AsRef<std::ffi::OsStr>>(
        &self,
        store: &Path,
        words: &[W],
    ) -> Result<Running> {
        self.started.set(self.started.get() + 1);
        let file = |kind| self.scratch.join(format!("{}.{kind}", self.started.get()));
        let (stdout, stderr) = (file("out"), file("err"));
        let create = |path: &Path| {
            File::create(path).with_context(|| format!("creating {}", path.display()))
        };
        let child = Command::new(&self.binary)
            .arg("--data")
            .arg(store)
            .arg("--json")
            .args(words)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(create(&stdout)?)
            .stderr(create(&stderr)?)
            .spawn()
            .context("starting naqsha")?;
        Ok(Running {
            child,
            stdout,
            stderr,
            since: Instant::now(),
        })
    }

    /// Runs a command to its end.
    pub(crate) fn run<W: AsRef<std::ffi::OsStr>>(
        &self,
        store: &Path,
        words: &[W],
    ) -> Result<Answer> {
        let mut running = self.start(store, words)?;
        loop {
            if let Some(answer) = running.finished()? {
                return Ok(answer);
            }
            sleep(GLANCE);
        }
    }
}

impl Running {
    /// The answer, once the command has ended.
    ///
    /// # Errors
    /// Where it takes longer than two minutes.
    pub(crate) fn finished(&mut self) -> Result<Option<Answer>> {
        match self.child.try_wait().context("waiting for naqsha")? {
            Some(status) => Ok(Some(Answer {
                code: status.code(),
                stdout: text(&self.stdout)?,
                stderr: text(&self.stderr)?,
            })),
            None if self.since.elapsed() > LIMIT => {
                bail!("naqsha takes longer than {} s", LIMIT.as_secs())
            }
            None => Ok(None),
        }
    }

    /// What it has printed so far.
    pub(crate) fn printed(&self) -> Result<String> {
        text(&self.stdout)
    }

    /// The answer, where the command ends before the moment.
    pub(crate) fn finished_by(&mut self, moment: Instant) -> Result<Option<Answer>> {
        loop {
            // The clock first: what is seen here was there before the moment.
            let over = Instant::now() >= moment;
            if let Some(answer) = self.finished()? {
                return Ok(Some(answer));
            }
            if over {
                return Ok(None);
            }
            sleep(GLANCE);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end, and its files are read or of no interest.
        drop(self.child.kill());
        drop(self.child.wait());
        drop(fs::remove_file(&self.stdout));
        drop(fs::remove_file(&self.stderr));
    }
}

impl Answer {
    /// Whether it ended as a program that gives up in good order: some exit code, and no panic.
    pub(crate) fn is_clean(&self) -> bool {
        // 101 is Rust's code for a panic of the main thread.
        self.code.is_some_and(|code| code != 101) && !self.stderr.contains("panicked at")
    }
}

fn text(path: &Path) -> Result<String> {
    let bytes = fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The words that send a batch.
pub(crate) fn ingest(batch: &Batch) -> Vec<OsString> {
    let mut words: Vec<OsString> = ["ingest", "--profile", "open.generic-points"]
        .map(OsString::from)
        .to_vec();
    words.extend(COLUMNS.map(OsString::from));
    match batch.place {
        Place::New => {}
        Place::Revises(_) => words.push("--revise".into()),
        Place::Replaces(of) => words.extend(["--replace-period".into(), Batch::month(of).into()]),
    }
    words.push(batch.file.clone().into());
    words
}

/// The words that withdraw or restore a batch.
pub(crate) fn change(verb: &str, batch: &Batch) -> Vec<OsString> {
    ["batch", verb, &batch.digest, "--reason", "harness"]
        .map(OsString::from)
        .to_vec()
}

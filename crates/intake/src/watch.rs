//! Seeing how far a file is, and giving it up.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use crate::TakeError;

/// What is being done with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Its digest is taken.
    Reading,
    /// Other batches are written first.
    Waiting,
    /// Its rows are taken.
    Ingesting,
    /// Its batch is made durable; from here on it cannot be given up.
    Committing,
    /// Its rows are written back with what became of them.
    Reporting,
}

impl Step {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Reading => "reading",
            Self::Waiting => "waiting",
            Self::Ingesting => "ingesting",
            Self::Committing => "committing",
            Self::Reporting => "reporting",
        }
    }
}

/// How far a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// Bytes of the file that it has read.
    Bytes(u64),
    /// The last row that it has taken.
    Rows(u64),
}

/// Told how far a step is; answers with a break to give the file up.
pub type Watch = Arc<dyn Fn(Step, Seen) -> ControlFlow<()> + Send + Sync>;

/// A watch that sees nothing and gives nothing up.
pub fn nobody() -> Watch {
    Arc::new(|_step, _seen| ControlFlow::Continue(()))
}

/// A file that is watched while it is read.
pub(crate) struct Watched {
    file: File,
    at: u64,
    step: Step,
    watch: Watch,
}

/// Inside an `io::Error`: the file was given up.
#[derive(Debug, thiserror::Error)]
#[error("the file was given up")]
struct Given;

/// Bytes read at a time.
const BLOCK: usize = 1 << 16;

/// Opens a file for a step.
pub(crate) fn open(
    path: &Path,
    step: Step,
    watch: &Watch,
) -> Result<BufReader<Watched>, TakeError> {
    let file = File::open(path).map_err(TakeError::Open)?;
    let watched = Watched {
        file,
        at: 0,
        step,
        watch: Arc::clone(watch),
    };
    Ok(BufReader::with_capacity(BLOCK, watched))
}

/// Whether an error is that of a file that was given up.
pub(crate) fn is_given_up(error: &io::Error) -> bool {
    matches!(error.get_ref(), Some(inner) if inner.is::<Given>())
}

impl Watched {
    fn tell(&self) -> io::Result<()> {
        match (self.watch)(self.step, Seen::Bytes(self.at)) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(io::Error::other(Given)),
        }
    }
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.at += read as u64;
        self.tell()?;
        Ok(read)
    }
}

impl Seek for Watched {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = self.file.seek(to)?;
        Ok(self.at)
    }
}

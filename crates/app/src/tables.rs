//! Workbooks and Parquet files are read by this program once more, as a child whose memory and time are capped.
//!
//! The child is given the file as its standard input and writes rows on its standard output. Whatever a file does to
//! it, this process reads rows or a refusal.

use std::fs::File;
use std::io::{self, Read, Seek as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

use anyhow::Context as _;
use naqsha_ingest::{
    Code, Refusal, TABLE_MEMORY, TABLE_SECONDS, TableFile, TableRequest, Tables, write_table,
};

/// The name of the command that the child is started with; not for people.
pub(crate) const COMMAND: &str = "read-table";

/// How much address space the child's allocator sets aside at a time.
const ALLOCATED_AT_ONCE: &str = "64MiB";

/// Opens the tables of one file.
pub(crate) fn tables(file: &Path) -> Tables {
    let path = file.to_owned();
    Tables::new(move |file, request| {
        let input = match file {
            TableFile::AsReceived(_) => File::open(&path)?,
            TableFile::Packed(packed) => {
                let mut unpacked = tempfile::tempfile()?;
                io::copy(packed, &mut unpacked)?;
                unpacked.rewind()?;
                unpacked
            }
        };
        Ok(Box::new(start(input, request)?))
    })
}

fn start(input: File, request: &TableRequest) -> io::Result<ChildRows> {
    let mut child = Command::new(std::env::current_exe()?)
        .arg(COMMAND)
        .arg(serde_json::to_string(request)?)
        .env_clear()
        // What is set aside at once counts as taken: by default that is more than the cap.
        .env("MIMALLOC_ARENA_RESERVE", ALLOCATED_AT_ONCE)
        // Away from any configuration: the child needs none.
        .current_dir("/")
        .stdin(input)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let rows = child.stdout.take();
    Ok(ChildRows { child, rows })
}

/// What the child writes; its end says how it ended.
struct ChildRows {
    child: Child,
    /// `None` once the child has ended well.
    rows: Option<ChildStdout>,
}

impl Read for ChildRows {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(rows) = &mut self.rows else {
            return Ok(0);
        };
        let n = rows.read(buffer)?;
        if n == 0 && !buffer.is_empty() {
            match failure(self.child.wait()?) {
                Some(refusal) => return Err(io::Error::other(refusal)),
                None => self.rows = None,
            }
        }
        Ok(n)
    }
}

impl Drop for ChildRows {
    fn drop(&mut self) {
        // A child that has ended cannot be killed, and one that cannot be waited for is gone.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What a child that did not end well says about its file.
fn failure(status: ExitStatus) -> Option<Refusal> {
    if status.success() {
        return None;
    }
    let memory = TABLE_MEMORY >> 20;
    Some(match signal(status) {
        // Processor time: the soft limit, then the hard one.
        Some(24 | 9) => Refusal::new(
            Code::B909,
            format!("reading the table takes more than {TABLE_SECONDS} seconds of processor time"),
        ),
        // An allocation that fails aborts.
        Some(_) => Refusal::new(
            Code::B909,
            format!("reading the table takes more than {memory} MiB of memory"),
        ),
        None => Refusal::new(Code::B908, "the table is damaged: it cannot be read"),
    })
}

#[cfg(unix)]
fn signal(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

#[cfg(not(unix))]
fn signal(_status: ExitStatus) -> Option<i32> {
    None
}

/// The child's side: reads the table on standard input and writes its rows.
pub(crate) fn read(request: &str) -> anyhow::Result<()> {
    let request: TableRequest = serde_json::from_str(request).context("the request")?;
    cap().context("capping memory and time")?;
    let input = input().context("standard input")?;
    write_table(input, &request, io::stdout().lock()).context("reading the table")
}

#[cfg(unix)]
fn input() -> io::Result<File> {
    use std::os::fd::AsFd as _;
    Ok(File::from(io::stdin().as_fd().try_clone_to_owned()?))
}

#[cfg(unix)]
fn cap() -> io::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let set = |resource, current, maximum| {
        let limit = Rlimit {
            current: Some(current),
            maximum: Some(maximum),
        };
        setrlimit(resource, limit)
    };
    set(Resource::As, TABLE_MEMORY, TABLE_MEMORY)?;
    set(Resource::Cpu, TABLE_SECONDS, TABLE_SECONDS + 1)?;
    set(Resource::Core, 0, 0)?;
    Ok(())
}

#[cfg(not(unix))]
fn input() -> io::Result<File> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(not(unix))]
fn cap() -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

//! What a program did to the files of its store, as the shim took it down.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// A kind of operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Create,
    MakeFolder,
    Write,
    Truncate,
    Sync,
    Rename,
    Unlink,
}

/// What became of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    /// A sync that did nothing and said it had.
    Muted,
    Failed,
}

/// One operation. Paths go from the watched folder on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) process: u32,
    pub(crate) kind: Kind,
    pub(crate) outcome: Outcome,
    pub(crate) path: String,
    /// The new path of a rename.
    pub(crate) to: Option<String>,
}

/// Reads the shim's log, oldest first; none where nothing was done.
pub(crate) fn read(log: &Path) -> Result<Vec<Change>> {
    if !log.exists() {
        return Ok(Vec::new());
    }
    let text = fs::read_to_string(log).context("reading the shim's log")?;
    let line = |line: &str| parse(line).with_context(|| format!("the shim's log has {line:?}"));
    text.lines().map(line).collect()
}

fn parse(line: &str) -> Option<Change> {
    let mut fields = line.split('\t').skip(1);
    let process = fields.next()?.parse().ok()?;
    let kind = match fields.next()? {
        "create" => Kind::Create,
        "mkdir" => Kind::MakeFolder,
        "write" => Kind::Write,
        "truncate" => Kind::Truncate,
        "sync" => Kind::Sync,
        "rename" => Kind::Rename,
        "unlink" => Kind::Unlink,
        _ => return None,
    };
    let outcome = match fields.next()? {
        "0" => Outcome::Done,
        "muted" => Outcome::Muted,
        _ => Outcome::Failed,
    };
    let path = fields.next()?.to_owned();
    Some(Change {
        process,
        kind,
        outcome,
        path,
        to: fields.next().map(str::to_owned),
    })
}

/// Files whose sync failed and was tried again by the same process: the kernel may have dropped the pages by then and say
/// that all is well.
pub(crate) fn retried(changes: &[Change]) -> Vec<&str> {
    let mut failed = BTreeSet::new();
    let mut again = Vec::new();
    for change in changes.iter().filter(|change| change.kind == Kind::Sync) {
        if failed.contains(&(change.process, &change.path)) {
            again.push(change.path.as_str());
        } else if change.outcome == Outcome::Failed {
            failed.insert((change.process, &change.path));
        }
    }
    again
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sync_that_is_tried_again_by_the_same_process_is_told() {
        let log = |lines: &[&str]| -> Vec<Change> {
            lines
                .iter()
                .map(|line| parse(line).expect("a line"))
                .collect()
        };
        let failed = "1\t7\tsync\t5\tstore/a";
        assert_eq!(retried(&log(&[failed, "2\t7\tsync\t0\tstore/a"])).len(), 1);
        assert_eq!(
            retried(&log(&[
                failed,
                "2\t8\tsync\t0\tstore/a",
                "3\t7\tsync\t0\tstore/b"
            ])),
            Vec::<&str>::new()
        );
    }
}

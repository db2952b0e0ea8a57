//! `cargo xtask tidy`: the rules of the tree that no compiler knows.

mod arrows;
mod text;

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::process::say;
use crate::provenance;
use crate::workspace::Workspace;

/// Names of folders that hold nothing written by hand.
const SKIPPED_FOLDERS: [&str; 6] = [
    "target",
    "node_modules",
    "dist",
    ".git",
    "__pycache__",
    "naqsha-data",
];

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Severity {
    /// Breaks a rule: the command fails.
    Error,
    /// Near to breaking one.
    Warning,
}

/// One place where the tree is not as its rules say.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    severity: Severity,
    /// The file, or the thing, from the root.
    place: String,
    /// 1-based; 0 where the finding is about the whole file.
    line: usize,
    message: String,
}

impl Finding {
    fn error(place: &str, line: usize, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            place: place.to_owned(),
            line,
            message: message.into(),
        }
    }
}

/// Prints what is untidy; fails when a rule is broken.
pub(crate) fn run(workspace: &Workspace) -> Result<ExitCode> {
    let findings = findings(workspace)?;
    for finding in &findings {
        let place = match finding.line {
            0 => finding.place.clone(),
            line => format!("{}:{line}", finding.place),
        };
        let word = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        println!("tidy {word}: {place}: {}", finding.message);
    }
    let errors = findings
        .iter()
        .filter(|f| f.severity == Severity::Error)
        .count();
    if errors > 0 {
        say(&format!("tidy: {errors} errors"));
        return Ok(ExitCode::FAILURE);
    }
    say("tidy: every rule holds");
    Ok(ExitCode::SUCCESS)
}

fn findings(workspace: &Workspace) -> Result<Vec<Finding>> {
    let mut findings = arrows::findings(&workspace.packages);
    for path in files(workspace)? {
        let bytes = fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
        // What is not text has no lines to look at.
        if let Ok(text) = std::str::from_utf8(&bytes) {
            findings.extend(text::findings(&workspace.relative(&path), text));
        }
    }
    let faults = provenance::faults(&workspace.path("data"))?;
    findings.extend(
        faults
            .into_iter()
            .map(|fault| Finding::error("data/PROVENANCE.csv", 0, fault)),
    );
    Ok(findings)
}

/// Every file of the tree that a rule may be about, sorted.
fn files(workspace: &Workspace) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![workspace.root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in
            fs::read_dir(&folder).with_context(|| format!("listing {}", folder.display()))?
        {
            let entry = entry?;
            let path = entry.path();
            if !path.is_dir() {
                found.push(path);
            } else if !SKIPPED_FOLDERS
                .iter()
                .any(|name| entry.file_name() == *name)
                && path != workspace.target
            {
                folders.push(path);
            }
        }
    }
    found.retain(|path| text::is_checked(&workspace.relative(path)));
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_data_file_has_its_provenance_row_and_every_row_its_file() {
        let workspace = Workspace::find().expect("run by cargo in the workspace");
        let faults = provenance::faults(&workspace.path("data")).expect("readable table");
        assert_eq!(faults, Vec::<String>::new());
    }

    #[test]
    fn the_crates_depend_on_each_other_as_the_architecture_says() {
        let workspace = Workspace::find().expect("run by cargo in the workspace");
        assert_eq!(arrows::findings(&workspace.packages), Vec::<Finding>::new());
    }

    #[test]
    fn this_very_file_is_among_those_looked_at() {
        let workspace = Workspace::find().expect("run by cargo in the workspace");
        let files = files(&workspace).expect("readable tree");
        assert!(files.contains(&workspace.path("xtask/src/tidy.rs")));
        assert!(
            !files
                .iter()
                .any(|file| workspace.relative(file).contains("node_modules"))
        );
    }
}

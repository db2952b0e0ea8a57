//! A7: damaged bytes. The store is opened in a test's own process, for thousands of damages need no program each; the test is
//! `crates/store/tests/flips`.

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::{Outcome, Report};
use crate::process;
use crate::workspace::{Workspace, cargo};

/// The line that the test ends with.
const SUMMARY: &str = "flips: ";

pub(super) fn run(workspace: &Workspace, seed: u64, cycles: usize) -> Result<Outcome> {
    process::say("building the test of damaged files");
    let output = cargo()
        .current_dir(&workspace.root)
        .args([
            "test",
            "--workspace",
            "--test",
            "flips",
            "--",
            "--nocapture",
        ])
        .env("NAQSHA_FLIPS", cycles.to_string())
        .env("NAQSHA_FLIPS_SEED", seed.to_string())
        .stderr(std::process::Stdio::inherit())
        .output()
        .context("starting the test")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let mut report = Report::new();
    let summary = text
        .lines()
        .find_map(|line| line.split_once(SUMMARY))
        .map(|(_, json)| json);
    let Some(summary) = summary else {
        report.wrong(
            "flips",
            vec![format!("the test ends without a summary: {}", text.trim())],
        );
        return Ok(Outcome::Done(report));
    };
    let said: Value = serde_json::from_str(summary).context("the test's summary is not JSON")?;
    let count = |name: &str| said[name].as_u64().unwrap_or_default();
    report.add("damages", count("damages"));
    report.add("refused by name", count("named"));
    report.add("ledgers refused", count("ledgers_refused"));
    report.add("ledgers read as they were", count("ledgers_harmless"));
    let wrong: Vec<String> = said["wrong"]
        .as_array()
        .into_iter()
        .flatten()
        .map(ToString::to_string)
        .collect();
    ensure!(
        output.status.success() == wrong.is_empty(),
        "the test ends otherwise than it says: {}",
        text.trim()
    );
    report.wrong("flips", wrong);
    Ok(Outcome::Done(report))
}

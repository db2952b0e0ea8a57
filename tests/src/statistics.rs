//! `naqsha stats` from outside: run it, read its numbers, compare them.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::program::naqsha;

/// Runs `naqsha stats …` and parses what it prints.
///
/// # Panics
/// Where the run fails or prints no JSON.
pub fn stats(arguments: &[&str]) -> Value {
    let output = naqsha()
        .arg("stats")
        .args(arguments)
        .output()
        .expect("the program runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "stats {arguments:?} failed: {errors}"
    );
    serde_json::from_slice(&output.stdout).expect("one JSON object")
}

/// The exit code and the message of a run that is refused.
///
/// # Panics
/// Where it prints an answer.
pub fn refusal(arguments: &[&str]) -> (i32, String) {
    let output = naqsha()
        .arg("stats")
        .args(arguments)
        .output()
        .expect("the program runs");
    assert!(output.stdout.is_empty(), "a refused run prints no answer");
    (
        output.status.code().expect("an exit code"),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

/// A number of the answer.
///
/// # Panics
/// Where it is null or no number.
#[expect(
    clippy::panic,
    reason = "a test that cannot go on should stop and say why"
)]
pub fn number(value: &Value, name: &str) -> f64 {
    value[name]
        .as_f64()
        .unwrap_or_else(|| panic!("`{name}` is {} in {value}", value[name]))
}

/// Whether a number is another one within a relative tolerance.
///
/// # Panics
/// Where it is not.
pub fn close(found: f64, expected: f64, relative: f64) {
    assert!(
        (found - expected).abs() <= relative * expected.abs().max(1e-12),
        "{found} is not {expected}"
    );
}

/// A path as an argument.
///
/// # Panics
/// Where it is not UTF-8.
pub fn text(path: &Path) -> &str {
    path.to_str().expect("a UTF-8 path")
}

/// A folder that is gone after the test.
#[derive(Debug)]
pub struct Scratch(tempfile::TempDir);

impl Default for Scratch {
    fn default() -> Self {
        Self::new()
    }
}

impl Scratch {
    /// # Panics
    /// Where no folder can be made.
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a scratch folder"))
    }

    /// The place of a file in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file into it.
    ///
    /// # Panics
    /// Where it cannot be written.
    pub fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).expect("a scratch file is written");
        path
    }
}

/// Runs an oracle script and reads the JSON file that it writes as its last argument.
///
/// # Panics
/// Where the script fails.
pub fn oracle(mut python: Command, script: &str, arguments: &[&str], scratch: &Scratch) -> Value {
    let expected = scratch.path("expected.json");
    let run = python
        .arg(
            Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("oracles")
                .join(script),
        )
        .args(arguments)
        .arg(&expected)
        .output()
        .expect("Python runs");
    let errors = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{errors}");
    let written = std::fs::read(&expected).expect("the oracle writes");
    serde_json::from_slice(&written).expect("JSON")
}

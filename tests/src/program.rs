//! The program under test.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// A command that runs the built `naqsha`: the one that `NAQSHA_BIN` names, else the one built beside the test.
///
/// # Panics
/// Where it has not been built: `cargo build -p naqsha` (or `cargo xtask test`) makes it.
pub fn naqsha() -> Command {
    let path = std::env::var_os("NAQSHA_BIN").map_or_else(beside_the_test, PathBuf::from);
    assert!(
        path.exists(),
        "{} is not built: run `cargo build -p naqsha`",
        path.display()
    );
    Command::new(path)
}

/// Runs a command on a store, with machine output; gives what it printed, or null where that is no JSON.
///
/// # Panics
/// Where the command fails.
pub fn run(store: &Path, args: &[&str]) -> Value {
    let mut command = naqsha();
    command.arg("--json").arg("--data").arg(store).args(args);
    let output = command.output().expect("the program starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {stderr}");
    serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
}

/// Test executables lie in `target/<profile>/deps`, the program in `target/<profile>`.
fn beside_the_test() -> PathBuf {
    let test = std::env::current_exe().expect("a running test has a path");
    let profile = test
        .ancestors()
        .nth(2)
        .expect("a test lies two folders deep");
    profile.join(format!("naqsha{}", std::env::consts::EXE_SUFFIX))
}

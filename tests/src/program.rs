//! The program under test.

use std::path::PathBuf;
use std::process::Command;

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

/// Test executables lie in `target/<profile>/deps`, the program in `target/<profile>`.
fn beside_the_test() -> PathBuf {
    let test = std::env::current_exe().expect("a running test has a path");
    let profile = test
        .ancestors()
        .nth(2)
        .expect("a test lies two folders deep");
    profile.join(format!("naqsha{}", std::env::consts::EXE_SUFFIX))
}

//! Skipping loudly: by name, with the reason, and counted at the end of `cargo xtask test`.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;

/// Says that a test is skipped and why, on stdout and in the file that `NAQSHA_SKIPS` names.
#[expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a skipped test must be seen"
)]
pub fn skip(test: &str, reason: &str) {
    println!("SKIPPED {test}: {reason}");
    if let Ok(path) = std::env::var("NAQSHA_SKIPS") {
        let file = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(path);
        file.and_then(|mut file| writeln!(file, "SKIPPED {test}: {reason}"))
            .expect("the list of skips is writable");
    }
}

/// The file below `../shared` (research data beside the checkout), or `None` after saying that the test is skipped.
pub fn shared(test: &str, path: &str) -> Option<PathBuf> {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../shared")
        .join(path);
    if file.exists() {
        return Some(file);
    }
    skip(test, &format!("../shared/{path} is absent"));
    None
}

/// A Python with the modules, or `None` after saying that the test is skipped.
#[expect(
    clippy::disallowed_methods,
    reason = "the test command says which Python it prepared"
)]
pub fn python(test: &str, modules: &str) -> Option<Command> {
    let program = std::env::var("NAQSHA_PYTHON").unwrap_or_else(|_unset| "python3".to_owned());
    let imports = Command::new(&program)
        .args(["-c", &format!("import {modules}")])
        .output();
    if imports.is_ok_and(|output| output.status.success()) {
        return Some(Command::new(program));
    }
    skip(test, &format!("no Python with {modules}"));
    None
}

/// The system's Python where it has QGIS, which is no package of `PyPI`, or `None` after saying that the test is skipped.
pub fn qgis(test: &str) -> Option<Command> {
    let python = "/usr/bin/python3";
    let imports = Command::new(python)
        .args(["-c", "import qgis.core"])
        .output();
    if imports.is_ok_and(|output| output.status.success()) {
        return Some(Command::new(python));
    }
    skip(
        test,
        "QGIS is not installed (`cargo xtask test --install-clients` installs it)",
    );
    None
}

/// R's `Rscript` with a package, or `None` after saying that the test is skipped.
pub fn r(test: &str, package: &str) -> Option<Command> {
    let loads = Command::new("Rscript")
        .args([
            "-e",
            &format!("suppressPackageStartupMessages(library({package}))"),
        ])
        .output();
    if loads.is_ok_and(|output| output.status.success()) {
        return Some(Command::new("Rscript"));
    }
    skip(test, &format!("no R with {package}"));
    None
}

/// The program where it is on the path, or `None` after saying that the test is skipped.
pub fn program(test: &str, name: &str) -> Option<Command> {
    if Command::new(name)
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success())
    {
        return Some(Command::new(name));
    }
    skip(test, &format!("{name} is not installed"));
    None
}

/// What the test command says of a tool, else what is usual.
#[expect(
    clippy::disallowed_methods,
    reason = "the test command says which tools it prepared"
)]
pub fn tool(variable: &str, usual: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_unset| usual.to_owned())
}

//! `cargo xtask supply`: the rules for what the program is built from (`deny.toml`), and the list of it (SBOM). Installs
//! cargo-deny and cargo-sbom where they are missing; skipped loudly, by name, where they cannot be.
//!
//! Advisories are not looked up: the database is no package of a registry. Versions below which something is known to be
//! wrong are in `deny.toml`.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::process::{output, run, run_quietly, say};
use crate::workspace::{Workspace, cargo};

const INSTALL_LIMIT: Duration = Duration::from_mins(20);

/// A command of cargo that is a program of its own.
struct Tool {
    /// `cargo NAME`; its package is `cargo-NAME`.
    name: &'static str,
    version: &'static str,
}

const DENY: Tool = Tool {
    name: "deny",
    version: "0.20.2",
};
const SBOM: Tool = Tool {
    name: "sbom",
    version: "0.10.0",
};

/// Checks the rules; writes the list of components where `list` names a file.
pub(crate) fn check(workspace: &Workspace, list: Option<&Path>) -> Result<ExitCode> {
    match DENY.ready(workspace) {
        Ok(()) => run(cargo()
            .args([
                "deny",
                "--locked",
                "check",
                "--show-stats",
                "bans",
                "licenses",
                "sources",
            ])
            .current_dir(workspace.path(".")))?,
        Err(error) => println!("SKIPPED rules for dependencies: {error:#}"),
    }
    let Some(file) = list else {
        return Ok(ExitCode::SUCCESS);
    };
    SBOM.ready(workspace)?;
    let written = output(
        cargo()
            .args([
                "sbom",
                "--output-format",
                "cyclone_dx_json_1_6",
                "--cargo-package",
                "naqsha",
            ])
            .current_dir(workspace.path(".")),
    )?;
    let document: Value = serde_json::from_str(&written).context("reading the list")?;
    let components = document["components"].as_array().map_or(0, Vec::len);
    if components == 0 {
        bail!("the list of components is empty");
    }
    fs::write(file, written).with_context(|| format!("writing {}", file.display()))?;
    println!(
        "{components} components of the program in {}",
        file.display()
    );
    Ok(ExitCode::SUCCESS)
}

impl Tool {
    fn ready(&self, workspace: &Workspace) -> Result<()> {
        let mut version = cargo();
        version.args([self.name, "--version"]).stderr(Stdio::null());
        let found = version.output();
        let is_there = found.is_ok_and(|found| {
            found.status.success() && String::from_utf8_lossy(&found.stdout).contains(self.version)
        });
        if is_there {
            return Ok(());
        }
        let package = format!("cargo-{}@{}", self.name, self.version);
        say(&format!("installing {package} from the crates registry"));
        fs::create_dir_all(&workspace.target).context("creating the target folder")?;
        let log = workspace
            .target
            .join(format!("naqsha-cargo-{}.log", self.name));
        let mut install = Command::new("cargo");
        install.args(["install", "--quiet", "--locked", &package]);
        run_quietly(&mut install, &log, INSTALL_LIMIT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compilers refuse `unsafe` in every crate of ours: the workspace forbids it, and each takes the workspace's lints.
    #[test]
    fn no_crate_of_ours_may_be_unsafe() {
        let workspace = Workspace::find().expect("run by cargo in the workspace");
        let manifest = fs::read_to_string(workspace.path("Cargo.toml")).expect("the manifest");
        let lints = manifest
            .split("[workspace.lints.rust]")
            .nth(1)
            .expect("lints");
        assert!(
            lints
                .split("\n[")
                .next()
                .expect("lints")
                .contains("unsafe_code = \"forbid\"")
        );
        let mut members = 0;
        for folder in ["crates", "."] {
            for entry in fs::read_dir(workspace.path(folder)).expect("a folder") {
                let file = entry.expect("an entry").path().join("Cargo.toml");
                let Ok(text) = fs::read_to_string(&file) else {
                    continue;
                };
                // A workspace of its own, which is built by another compiler.
                if text.contains("[workspace]") {
                    continue;
                }
                assert!(
                    text.contains("[lints]\nworkspace = true"),
                    "{}",
                    file.display()
                );
                members += 1;
            }
        }
        assert!(members >= 12, "{members}");
    }
}

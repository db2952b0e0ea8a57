//! Where the workspace and its target folder are, and which crate depends on which: what `cargo metadata` says.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::process;

/// One package of the workspace.
#[derive(Debug)]
pub(crate) struct Package {
    /// The name in its manifest.
    pub(crate) name: String,
    /// The workspace packages that it needs to build, without those of its tests.
    pub(crate) needs: BTreeSet<String>,
}

/// The workspace that `cargo xtask` was started in.
#[derive(Debug)]
pub(crate) struct Workspace {
    /// The folder of the root manifest.
    pub(crate) root: PathBuf,
    /// The folder that cargo builds into.
    pub(crate) target: PathBuf,
    /// The version that all packages share.
    pub(crate) version: String,
    /// The packages of the workspace, by name.
    pub(crate) packages: Vec<Package>,
}

impl Workspace {
    /// Asks cargo. Errors when the current folder is in no workspace.
    pub(crate) fn find() -> Result<Self> {
        let output = process::output(cargo().args([
            "metadata",
            "--no-deps",
            "--format-version",
            "1",
            "--offline",
        ]))?;
        let metadata: Value = serde_json::from_str(&output).context("reading cargo metadata")?;
        Self::from_metadata(&metadata).context("cargo metadata lacks a field")
    }

    fn from_metadata(metadata: &Value) -> Option<Self> {
        let entries = metadata["packages"].as_array()?;
        let mut packages: Vec<Package> = entries.iter().map(package).collect::<Option<_>>()?;
        packages.sort_by(|a, b| a.name.cmp(&b.name));
        let own: BTreeSet<String> = packages.iter().map(|p| p.name.clone()).collect();
        for package in &mut packages {
            package.needs.retain(|name| own.contains(name));
        }
        Some(Self {
            root: metadata["workspace_root"].as_str()?.into(),
            target: metadata["target_directory"].as_str()?.into(),
            version: entries.first()?["version"].as_str()?.to_owned(),
            packages,
        })
    }

    /// A path below the root.
    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.root.join(below)
    }

    /// `path` as it reads from the root, with `/` on every system.
    pub(crate) fn relative(&self, path: &Path) -> String {
        let below = path.strip_prefix(&self.root).unwrap_or(path);
        below.to_string_lossy().replace('\\', "/")
    }

    /// Builds the program and returns where it is.
    pub(crate) fn build_program(&self) -> Result<PathBuf> {
        process::say("building naqsha (dev profile)");
        process::run(cargo().current_dir(&self.root).args([
            "build",
            "--workspace",
            "--bin",
            "naqsha",
        ]))?;
        Ok(self.program())
    }

    /// Where cargo puts the program in the dev profile.
    pub(crate) fn program(&self) -> PathBuf {
        self.target
            .join("debug")
            .join(format!("naqsha{}", std::env::consts::EXE_SUFFIX))
    }
}

fn package(entry: &Value) -> Option<Package> {
    let needs = entry["dependencies"]
        .as_array()?
        .iter()
        // A kind other than null is `dev` or `build`.
        .filter(|dependency| dependency["kind"].is_null())
        .filter_map(|dependency| dependency["name"].as_str())
        .map(str::to_owned)
        .collect();
    Some(Package {
        name: entry["name"].as_str()?.to_owned(),
        needs,
    })
}

/// The cargo that runs this command.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // Cargo, which runs `xtask`, tells it of its own package. A build script that asks to be run again where that changes (ring's
    // does) would be, and all above it built anew, whenever cargo is called by hand in between.
    for (name, _) in std::env::vars_os() {
        let of_package =
            |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
        if name.to_str().is_some_and(of_package) {
            command.env_remove(name);
        }
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_workspace_packages_that_the_build_needs_are_arrows() {
        let metadata = json!({
            "workspace_root": "w", "target_directory": "t",
            "packages": [
                {"name": "b", "version": "1.2.3", "dependencies": [
                    {"name": "a", "kind": null}, {"name": "serde", "kind": null}, {"name": "c", "kind": "dev"}]},
                {"name": "a", "version": "1.2.3", "dependencies": []},
                {"name": "c", "version": "1.2.3", "dependencies": []},
            ],
        });
        let workspace = Workspace::from_metadata(&metadata).expect("complete metadata");
        assert_eq!(workspace.version, "1.2.3");
        let arrows: Vec<_> = workspace
            .packages
            .iter()
            .map(|p| {
                (
                    p.name.as_str(),
                    p.needs.iter().map(String::as_str).collect::<Vec<_>>(),
                )
            })
            .collect();
        assert_eq!(arrows, [("a", vec![]), ("b", vec!["a"]), ("c", vec![])]);
    }
}

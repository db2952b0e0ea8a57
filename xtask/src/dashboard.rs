//! Installing the dashboard's packages and building it, when what is there is older than its sources.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::process::{run_quietly, say};
use crate::provenance::sha256;
use crate::tools::{Found, Toolbox, version_of};
use crate::workspace::Workspace;

const LIMIT: Duration = Duration::from_mins(15);

/// Below `dashboard/`, what is made and not written, and what no build reads.
const NOT_SOURCES: [&str; 3] = ["node_modules", "dist", "tests"];

/// The dashboard of a workspace, with its packages installed.
#[derive(Debug)]
pub(crate) struct Dashboard {
    folder: PathBuf,
    npm: PathBuf,
}

impl Dashboard {
    /// Finds npm and installs the packages of the lock file. The error is the reason why the dashboard cannot be built.
    pub(crate) fn prepare(workspace: &Workspace, tools: &Toolbox<'_>) -> Result<Self, String> {
        let folder = workspace.path("dashboard");
        let npm = npm(&folder, tools)?;
        let dashboard = Self { folder, npm };
        dashboard
            .install(&tools.log("npm-ci"))
            .map_err(|error| format!("{error:#}"))?;
        Ok(dashboard)
    }

    /// An npm command in the dashboard's folder.
    pub(crate) fn npm(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.npm);
        command.current_dir(&self.folder).args(words);
        // The node that scripts call must be the one beside this npm.
        let beside = self.npm.parent().map(Path::to_owned);
        let others = env::var_os("PATH").unwrap_or_default();
        if let Ok(path) = env::join_paths(beside.into_iter().chain(env::split_paths(&others))) {
            command.env("PATH", path);
        }
        command
    }

    fn install(&self, log: &Path) -> Result<()> {
        // npm empties node_modules first, so a stamp inside says that an installation came to its end.
        let stamp = self.folder.join("node_modules/.naqsha-lock");
        let lock = self.folder.join("package-lock.json");
        let wanted =
            sha256(&fs::read(&lock).with_context(|| format!("reading {}", lock.display()))?);
        if is_stamped(&stamp, &wanted) {
            return Ok(());
        }
        say("installing the dashboard's npm packages (npm ci)");
        run_quietly(
            &mut self.npm(&["ci", "--no-audit", "--no-fund"]),
            log,
            LIMIT,
        )?;
        fs::write(&stamp, wanted).with_context(|| format!("writing {}", stamp.display()))
    }

    /// Builds `dashboard/dist` unless it was built from these very sources.
    pub(crate) fn build(&self, log: &Path) -> Result<()> {
        let stamp = self.folder.join("node_modules/.naqsha-dist");
        let wanted = self.source_digest()?;
        // The page that the program's build puts where no dashboard was built has no assets.
        if is_stamped(&stamp, &wanted) && self.folder.join("dist/assets").is_dir() {
            return Ok(());
        }
        say("building the dashboard (npm run build)");
        run_quietly(&mut self.npm(&["run", "build"]), log, LIMIT)?;
        fs::write(&stamp, wanted).with_context(|| format!("writing {}", stamp.display()))
    }

    /// One digest over the names and the bytes of all sources.
    fn source_digest(&self) -> Result<String> {
        let mut files = Vec::new();
        let mut folders = vec![self.folder.clone()];
        while let Some(folder) = folders.pop() {
            for entry in
                fs::read_dir(&folder).with_context(|| format!("listing {}", folder.display()))?
            {
                let entry = entry?;
                if NOT_SOURCES.iter().any(|name| entry.file_name() == *name) {
                    continue;
                }
                if entry.path().is_dir() {
                    folders.push(entry.path());
                } else {
                    files.push(entry.path());
                }
            }
        }
        files.sort();
        let mut all = Vec::new();
        for file in files {
            let bytes = fs::read(&file).with_context(|| format!("reading {}", file.display()))?;
            all.extend_from_slice(file.to_string_lossy().as_bytes());
            all.extend_from_slice(sha256(&bytes).as_bytes());
        }
        Ok(sha256(&all))
    }
}

/// Builds the dashboard where that is possible; otherwise says why not. The program then shows its plain page.
pub(crate) fn build_if_possible(workspace: &Workspace, tools: &Toolbox<'_>) -> Result<()> {
    match Dashboard::prepare(workspace, tools) {
        Ok(dashboard) => dashboard.build(&tools.log("npm-build")),
        Err(reason) => {
            say(&format!(
                "the dashboard cannot be built ({reason}); the program shows its plain page instead"
            ));
            Ok(())
        }
    }
}

/// The node that runs the dashboard's scripts: the one beside its npm, else the one on the path.
pub(crate) fn node(workspace: &Workspace, tools: &Toolbox<'_>) -> Found {
    let beside = npm(&workspace.path("dashboard"), tools)?.with_file_name("node");
    Ok(if beside.exists() {
        beside
    } else {
        PathBuf::from("node")
    })
}

fn npm(folder: &Path, tools: &Toolbox<'_>) -> Found {
    let manifest = manifest(folder).map_err(|error| format!("{error:#}"))?;
    let oldest = manifest["engines"]["node"].as_str().and_then(version_of);
    tools.npm(oldest.unwrap_or_default())
}

fn manifest(folder: &Path) -> Result<Value> {
    let path = folder.join("package.json");
    let text = fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("reading {}", path.display()))
}

fn is_stamped(stamp: &Path, wanted: &str) -> bool {
    fs::read_to_string(stamp).is_ok_and(|found| found == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_follows_sources_and_not_what_is_built_from_them() {
        let folder = tempfile::tempdir().expect("scratch folder");
        fs::create_dir_all(folder.path().join("src")).expect("folder");
        fs::create_dir_all(folder.path().join("dist")).expect("folder");
        fs::write(folder.path().join("src/main.ts"), "1").expect("source");
        let dashboard = Dashboard {
            folder: folder.path().to_owned(),
            npm: PathBuf::from("npm"),
        };
        let first = dashboard.source_digest().expect("readable");
        fs::write(folder.path().join("dist/index.html"), "built").expect("built file");
        assert_eq!(dashboard.source_digest().expect("readable"), first);
        fs::write(folder.path().join("src/main.ts"), "2").expect("source");
        assert_ne!(dashboard.source_digest().expect("readable"), first);
    }
}

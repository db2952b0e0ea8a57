//! `cargo xtask demo`: the sample data in a store of its own, served on this machine or written out as files.
//!
//! Knows the program only by its command line, as a user does.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::dashboard;
use crate::process::{output, run, say};
use crate::tools::Toolbox;
use crate::workspace::Workspace;

/// The first port that is tried.
const PORT: u16 = 8080;
const PORTS_TRIED: u16 = 100;

const NOTE: &str = "
  Pakistan        SYNTHETIC. No open data set has incident-level records for Pakistan in three of the four categories
                  (drug trafficking, human trafficking, cybercrime), so `naqsha generate` made these in the formats of
                  the bureaus. They describe no real event, and every layer made from them says `synthetic: true`.
  West Yorkshire  real: street crime of July 2018 as published on data.police.uk. Contains public sector information
                  licensed under the Open Government Licence v3.0.
";

/// One of the two data sets of the demo.
#[derive(Debug, Clone, Copy)]
enum Sample {
    Pakistan,
    WestYorkshire,
}

impl Sample {
    /// The name of its study area and of its folder below `data/sample/`.
    fn name(self) -> &'static str {
        match self {
            Self::Pakistan => "pakistan",
            Self::WestYorkshire => "west-yorkshire",
        }
    }

    /// Where its layers are written: the Pakistani sample stands at the top.
    fn folder(self, top: &Path) -> PathBuf {
        match self {
            Self::Pakistan => top.to_owned(),
            Self::WestYorkshire => top.join(self.name()),
        }
    }

    /// Its files, each with the profile that reads it.
    fn files(self, workspace: &Workspace) -> Result<Vec<(String, PathBuf)>> {
        let folder = workspace.path("data/sample").join(self.name());
        let mut paths: Vec<PathBuf> = fs::read_dir(&folder)
            .with_context(|| format!("listing {}", folder.display()))?
            .map(|entry| Ok(entry?.path()))
            .collect::<Result<_>>()?;
        paths.sort();
        let files: Vec<_> = paths
            .into_iter()
            .filter_map(|path| {
                let profile = match self {
                    Self::Pakistan => profile_of(path.file_name()?.to_str()?)?.to_owned(),
                    Self::WestYorkshire => "open.police-uk".to_owned(),
                };
                Some((profile, path))
            })
            .collect();
        if files.is_empty() {
            bail!("{} holds no sample file", folder.display());
        }
        Ok(files)
    }
}

/// The profile of a file that `naqsha generate` named `<profile>-NNN.<ext>`.
fn profile_of(file: &str) -> Option<&str> {
    let (profile, rest) = file.rsplit_once('-')?;
    let (number, _) = rest.split_once('.')?;
    let numbered = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    numbered.then_some(profile)
}

/// A store of the demo, with its configuration beside it.
#[derive(Debug)]
struct DemoStore<'p> {
    program: &'p Path,
    config: PathBuf,
    data: PathBuf,
}

impl<'p> DemoStore<'p> {
    /// Makes an empty store in `folder`, which must not exist.
    fn create(program: &'p Path, folder: &Path, study_area: Sample) -> Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
        let store = Self {
            program,
            config: folder.join("naqsha.toml"),
            data: folder.join("store"),
        };
        let text = format!(
            "[auth]\nanonymous_role = \"analyst\"\n\n[analysis]\nstudy_area = \"{}\"\n",
            study_area.name()
        );
        fs::write(&store.config, text)
            .with_context(|| format!("writing {}", store.config.display()))?;
        // The first custodian key is printed; the demo has no use for it.
        output(store.command().arg("init"))?;
        Ok(store)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(self.program);
        command
            .arg("--config")
            .arg(&self.config)
            .arg("--data")
            .arg(&self.data);
        command
    }

    fn ingest(&self, workspace: &Workspace, sample: Sample) -> Result<()> {
        for (profile, file) in sample.files(workspace)? {
            say(&format!(
                "loading {} ({profile})",
                workspace.relative(&file)
            ));
            run(self
                .command()
                .args(["ingest", "--profile", &profile])
                .arg(&file))?;
        }
        Ok(())
    }

    fn default_layers(&self) -> Result<Vec<String>> {
        let text = output(self.command().args(["--json", "layer", "list"]))?;
        let list: Value = serde_json::from_str(&text).context("reading the list of layers")?;
        let layers = default_layers(&list);
        if layers.is_empty() {
            bail!("`naqsha layer list` names no default layer");
        }
        Ok(layers)
    }

    fn export(&self, layer: &str, sample: Sample, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
        let file = folder.join(format!("{layer}.geojson"));
        run(self
            .command()
            .args(["export", layer, "--format", "geojson", "--param"])
            .arg(format!("study_area={}", sample.name()))
            .arg("--out")
            .arg(&file))?;
        say(&format!("wrote {}", file.display()));
        Ok(())
    }
}

/// The ids of the layers that `naqsha --json layer list` marks `default`, in its order.
fn default_layers(list: &Value) -> Vec<String> {
    let layers = list.as_array().or_else(|| list["layers"].as_array());
    layers
        .into_iter()
        .flatten()
        .filter(|layer| layer["default"] == true)
        .filter_map(|layer| layer["id"].as_str())
        .map(str::to_owned)
        .collect()
}

/// Builds what is needed; returns the program and an empty folder for stores.
fn prepare(workspace: &Workspace) -> Result<(PathBuf, PathBuf)> {
    dashboard::build_if_possible(workspace, &Toolbox::new(workspace))?;
    let program = workspace.build_program()?;
    let folder = workspace.target.join("naqsha-demo");
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("removing {}", folder.display()))?;
    }
    Ok((program, folder))
}

/// Loads both data sets into one store and serves it until interrupted.
pub(crate) fn serve(workspace: &Workspace) -> Result<ExitCode> {
    let (program, folder) = prepare(workspace)?;
    let store = DemoStore::create(&program, &folder, Sample::Pakistan)?;
    for sample in [Sample::Pakistan, Sample::WestYorkshire] {
        store.ingest(workspace, sample)?;
    }
    let address = free_address()?;
    // The program itself prints the URL, once it answers there.
    println!("\nNaqsha, with two data sets:\n{NOTE}\nThe map is at the URL below; Ctrl-C ends it.");
    become_program(
        store
            .command()
            .args(["serve", "--listen", &address.to_string()]),
    )
}

/// Writes each default layer of each data set below `folder`, from a store for each, so that no layer mixes them.
pub(crate) fn once(workspace: &Workspace, folder: &Path) -> Result<ExitCode> {
    let (program, stores) = prepare(workspace)?;
    for sample in [Sample::Pakistan, Sample::WestYorkshire] {
        let store = DemoStore::create(&program, &stores.join(sample.name()), sample)?;
        store.ingest(workspace, sample)?;
        let target = sample.folder(folder);
        for layer in store.default_layers()? {
            store.export(&layer, sample, &target)?;
        }
    }
    println!("The layers are in {}:\n{NOTE}", folder.display());
    Ok(ExitCode::SUCCESS)
}

/// Layers that are written by default.
const WRITTEN: [&str; 6] = [
    "counts", "hotspots", "clusters", "density", "emerging", "coverage",
];

/// Checks what [`once`] wrote; returns how many files it found sound.
pub(crate) fn check_files(folder: &Path) -> Result<usize> {
    let mut sound = 0;
    for sample in [Sample::Pakistan, Sample::WestYorkshire] {
        for name in WRITTEN {
            let file = sample.folder(folder).join(format!("{name}.geojson"));
            let text =
                fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
            let layer: Value = serde_json::from_str(&text)
                .with_context(|| format!("reading {}", file.display()))?;
            let facts = &layer["naqsha"];
            // One month has no course over time, and says so.
            let is_told = !(name == "emerging" && matches!(sample, Sample::WestYorkshire));
            if layer["features"].as_array().is_none_or(Vec::is_empty) == is_told {
                bail!("{} holds the wrong number of features", file.display());
            }
            if facts["unanswered"].is_null() != is_told {
                bail!(
                    "{} says unanswered: {}",
                    file.display(),
                    facts["unanswered"]
                );
            }
            if facts["synthetic"] != matches!(sample, Sample::Pakistan) {
                bail!("{} says synthetic: {}", file.display(), facts["synthetic"]);
            }
            if facts["study_area"]["name"] != sample.name() {
                bail!("{} is about another study area", file.display());
            }
            sound += 1;
        }
    }
    Ok(sound)
}

/// The first address on this machine that nobody listens on.
fn free_address() -> Result<SocketAddr> {
    (PORT..PORT + PORTS_TRIED)
        .map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
        .find(|address| TcpListener::bind(address).is_ok())
        .with_context(|| format!("no free port from {PORT} to {}", PORT + PORTS_TRIED - 1))
}

/// Replaces this process, so that a signal to it reaches the server and no server outlives it.
#[cfg(unix)]
fn become_program(command: &mut Command) -> Result<ExitCode> {
    use std::os::unix::process::CommandExt;
    Err(command.exec()).context("starting the server")
}

#[cfg(not(unix))]
fn become_program(command: &mut Command) -> Result<ExitCode> {
    run(command)?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_sample_files_profile_is_its_name_before_the_number() {
        assert_eq!(profile_of("punjab.fir-001.csv"), Some("punjab.fir"));
        assert_eq!(
            profile_of("ngo.victim_support-012.csv.gz"),
            Some("ngo.victim_support")
        );
        assert_eq!(profile_of("truth.parquet"), None);
        assert_eq!(profile_of("open.ucdp-ged.csv"), None);
    }

    #[test]
    fn only_layers_marked_default_are_written() {
        let list = json!([
            {"id": "incidents", "default": false},
            {"id": "counts", "default": true},
            {"id": "hotspots", "default": true},
        ]);
        assert_eq!(default_layers(&list), ["counts", "hotspots"]);
        assert_eq!(
            default_layers(&json!({"layers": list})),
            ["counts", "hotspots"]
        );
        assert!(default_layers(&json!({})).is_empty());
    }

    #[test]
    fn a_taken_port_is_passed_over() {
        let first = free_address().expect("a free port");
        let _taken = TcpListener::bind(first).expect("free a moment ago");
        assert_ne!(free_address().expect("another free port"), first);
    }
}

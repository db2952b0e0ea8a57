//! `cargo xtask fuzz`: each target of `fuzz/` for some seconds, two at a time. Installs cargo-fuzz where it is missing;
//! skipped loudly where the nightly compiler is, which no package registry has.

use std::fs;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::process::{run, run_quietly, say};
use crate::workspace::Workspace;

const INSTALL_LIMIT: Duration = Duration::from_mins(20);

/// Targets that run at a time.
const AT_A_TIME: usize = 2;

/// Runs every target for `seconds`, from a seed or from any; fails where one finds something. Zero seconds skip all.
pub(crate) fn run_targets(
    workspace: &Workspace,
    seconds: u64,
    seed: Option<u32>,
) -> Result<ExitCode> {
    let folder = workspace.path("fuzz");
    if let Some(reason) = missing(workspace, seconds) {
        println!("SKIPPED fuzz targets: {reason}");
        return Ok(ExitCode::SUCCESS);
    }
    let targets = targets(workspace)?;
    say(&format!("building {} fuzz targets", targets.len()));
    run(fuzz().arg("build").current_dir(&folder))?;
    let mut failed = Vec::new();
    for pair in targets.chunks(AT_A_TIME) {
        say(&format!("fuzzing {} for {seconds} s", pair.join(" and ")));
        let started: Vec<(&String, Child)> = pair
            .iter()
            .map(|target| {
                let log =
                    fs::File::create(workspace.target.join(format!("naqsha-fuzz-{target}.log")))
                        .context("creating a log")?;
                let found = format!("corpus/{target}");
                fs::create_dir_all(folder.join(&found)).context("creating a corpus")?;
                let child = fuzz()
                    .args(["run", target, &found, &format!("seeds/{target}"), "--"])
                    .arg(format!("-max_total_time={seconds}"))
                    .args(seed.map(|seed| format!("-seed={seed}")))
                    // Whole files from the start: at some hundred runs a second, inputs that grow slowly stay at four bytes.
                    .args(["-len_control=0", "-max_len=4096"])
                    .args(["-timeout=20", "-rss_limit_mb=1024", "-print_final_stats=1"])
                    .current_dir(&folder)
                    .stdout(Stdio::null())
                    .stderr(log)
                    .spawn()
                    .context("starting a fuzz target")?;
                Ok((target, child))
            })
            .collect::<Result<_>>()?;
        for (target, mut child) in started {
            if !child.wait().context("waiting for a fuzz target")?.success() {
                failed.push(target.clone());
            }
        }
    }
    for target in &failed {
        println!(
            "FAILED fuzz target {target}: naqsha-fuzz-{target}.log in the target folder, fuzz/artifacts/{target}"
        );
    }
    println!("{} fuzz targets, {} failed", targets.len(), failed.len());
    Ok(if failed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Why nothing is fuzzed, where nothing is.
fn missing(workspace: &Workspace, seconds: u64) -> Option<String> {
    let works = |command: &mut Command| {
        let output = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
        output.is_ok_and(|status| status.success())
    };
    if seconds == 0 {
        Some("zero seconds were asked for".to_owned())
    } else if !works(Command::new("cargo").args(["+nightly", "--version"])) {
        Some("there is no nightly compiler (rustup toolchain install nightly)".to_owned())
    } else if !works(fuzz().arg("--version")) {
        install(workspace).err().map(|error| format!("{error:#}"))
    } else {
        None
    }
}

fn install(workspace: &Workspace) -> Result<()> {
    say("installing cargo-fuzz from the crates registry");
    fs::create_dir_all(&workspace.target).context("creating the target folder")?;
    let log = workspace.target.join("naqsha-cargo-fuzz.log");
    let mut install = Command::new("cargo");
    install.args(["install", "--quiet", "--locked", "cargo-fuzz"]);
    run_quietly(&mut install, &log, INSTALL_LIMIT)
}

/// The nightly cargo, whichever cargo runs this command.
fn fuzz() -> Command {
    let mut command = Command::new("cargo");
    command
        .args(["+nightly", "fuzz"])
        .env_remove("CARGO")
        .env_remove("RUSTUP_TOOLCHAIN");
    command
}

/// Names of the targets, sorted.
fn targets(workspace: &Workspace) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in
        fs::read_dir(workspace.path("fuzz/fuzz_targets")).context("listing the fuzz targets")?
    {
        let path = entry?.path();
        if let Some(name) = path.file_stem().and_then(|stem| stem.to_str()) {
            names.push(name.to_owned());
        }
    }
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_is_in_the_manifest_and_has_seeds() {
        let workspace = Workspace::find().expect("run by cargo in the workspace");
        let manifest = fs::read_to_string(workspace.path("fuzz/Cargo.toml")).expect("the manifest");
        let targets = targets(&workspace).expect("the folder");
        assert!(targets.len() >= 11);
        for target in targets {
            assert!(
                manifest.contains(&format!("name = \"{target}\"")),
                "{target}"
            );
            let seeds = fs::read_dir(workspace.path(&format!("fuzz/seeds/{target}")));
            assert!(seeds.is_ok_and(|seeds| seeds.count() > 0), "{target}");
        }
    }
}

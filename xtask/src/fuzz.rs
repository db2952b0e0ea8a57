//! `cargo xtask fuzz`: each target of `fuzz/` for some seconds, two at a time. Installs cargo-fuzz where it is missing;
//! skipped loudly where the nightly compiler is, which no package registry has.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::process::{run, run_quietly, say};
use crate::workspace::Workspace;

const INSTALL_LIMIT: Duration = Duration::from_mins(20);

/// Targets that run at a time.
const AT_A_TIME: usize = 2;

/// Memory of a target.
const MEBIBYTES: u32 = 1024;

/// Targets of what the program reads in a child of its own.
const OF_THE_CHILD: [&str; 2] = ["parquet", "sheet"];

/// How long each target runs, and from where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Request {
    /// Most seconds of a target; zero skips all.
    pub seconds: u64,
    /// Most inputs of a target; no bound where `None`.
    pub runs: Option<u32>,
    /// Seed of the mutations. A seeded run begins with the seeds alone, whatever was found before, so that it can be repeated.
    pub seed: Option<u32>,
}

/// Runs every target; fails where one finds something.
pub(crate) fn run_targets(workspace: &Workspace, request: Request) -> Result<ExitCode> {
    if let Some(reason) = missing(workspace, request.seconds) {
        println!("SKIPPED fuzz targets: {reason}");
        return Ok(ExitCode::SUCCESS);
    }
    let targets = targets(workspace)?;
    say(&format!("building {} fuzz targets", targets.len()));
    run(fuzz().arg("build").current_dir(workspace.path("fuzz")))?;
    let mut failed = 0;
    for pair in targets.chunks(AT_A_TIME) {
        let most = request.seconds;
        say(&format!(
            "fuzzing {} for at most {most} s",
            pair.join(" and ")
        ));
        let started: Vec<(&String, Child)> = pair
            .iter()
            .map(|target| Ok((target, start(workspace, target, request)?)))
            .collect::<Result<_>>()?;
        for (target, mut child) in started {
            if !child.wait().context("waiting for a fuzz target")?.success() {
                failed += 1;
                tell(workspace, target);
            }
        }
    }
    println!("{} fuzz targets, {failed} failed", targets.len());
    Ok(if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Starts one target. What it finds interesting goes to `fuzz/corpus`, from where a run without a seed goes on.
fn start(workspace: &Workspace, target: &str, request: Request) -> Result<Child> {
    let folder = workspace.path("fuzz");
    let log = fs::File::create(log_of(workspace, target)).context("creating a log")?;
    let corpus = if request.seed.is_none() {
        folder.join("corpus").join(target)
    } else {
        let fresh = workspace.target.join("naqsha-fuzz-corpus").join(target);
        if fresh.exists() {
            fs::remove_dir_all(&fresh).context("emptying a corpus")?;
        }
        fresh
    };
    fs::create_dir_all(&corpus).context("creating a corpus")?;
    // Tables are read by a child of the program whose memory and time are capped: for them only the memory it touches is
    // bounded here, and a time that this slower build may take for what the child is given.
    let (most_at_once, timeout) = if OF_THE_CHILD.contains(&target) {
        (4096, 600)
    } else {
        (MEBIBYTES, 20)
    };
    fuzz()
        .args(["run", target])
        .arg(corpus)
        .args([&format!("seeds/{target}"), "--"])
        .arg(format!("-max_total_time={}", request.seconds))
        .args(request.runs.map(|runs| format!("-runs={runs}")))
        .args(request.seed.map(|seed| format!("-seed={seed}")))
        // Whole files from the start: at some hundred runs a second, inputs that grow slowly stay at four bytes.
        .args(["-len_control=0", "-max_len=4096"])
        .args(["-print_final_stats=1", &format!("-timeout={timeout}")])
        .arg(format!("-rss_limit_mb={MEBIBYTES}"))
        .arg(format!("-malloc_limit_mb={most_at_once}"))
        .current_dir(&folder)
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .context("starting a fuzz target")
}

fn log_of(workspace: &Workspace, target: &str) -> PathBuf {
    workspace.target.join(format!("naqsha-fuzz-{target}.log"))
}

/// Says what a target found, with the input itself: whoever reads this may not have the folder it was found in.
fn tell(workspace: &Workspace, target: &str) {
    println!(
        "FAILED fuzz target {target}: naqsha-fuzz-{target}.log in the target folder, fuzz/artifacts/{target}"
    );
    let log = fs::read(log_of(workspace, target)).unwrap_or_default();
    let log = String::from_utf8_lossy(&log);
    let telling = |line: &&str| {
        line.contains("ERROR:") || line.contains("panicked at") || line.starts_with("Base64:")
    };
    for line in log.lines().filter(telling) {
        println!("    {line}");
    }
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

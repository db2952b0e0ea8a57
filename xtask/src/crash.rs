//! `cargo xtask crash`: whether the program keeps what it acknowledged, whatever is cut off, fails or rots below it.
//!
//! Each tier drives the real program from outside and compares what it answers with the client's own ledger. Kills, cuts and
//! faults are drawn from a seed; what the machine did between two of them is not, so a repeated run has the same load and
//! nearly the same moments.

mod batches;
mod check;
mod client;
mod device;
mod faults;
mod flips;
mod full;
mod kill;
mod load;
mod migration;
mod mutations;
mod operations;
mod order;
mod power;
mod program;
mod random;
mod script;
mod service;
mod serving;
mod shim;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::workspace::Workspace;
use program::Program;

/// Violations that are printed one by one; the rest is counted.
const SHOWN: usize = 20;

/// Cycles between two lines of a long run.
const STRIDE: usize = 50;

/// A kind of crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tier {
    Kill,
    Power,
    Faults,
    Flips,
    Mutations,
    Full,
    Serving,
    Migration,
}

impl Tier {
    const ALL: [Self; 8] = [
        Self::Kill,
        Self::Power,
        Self::Faults,
        Self::Flips,
        Self::Mutations,
        Self::Full,
        Self::Serving,
        Self::Migration,
    ];

    /// The tier of a word.
    pub(crate) fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tier| tier.word() == word)
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::Power => "power",
            Self::Faults => "faults",
            Self::Flips => "flips",
            Self::Mutations => "mutations",
            Self::Full => "full",
            Self::Serving => "serving",
            Self::Migration => "migration",
        }
    }

    /// What it does, what a cycle of it is, and how many a full run has.
    const fn about(self) -> (&'static str, usize) {
        match self {
            Self::Kill => (
                "kill -9 at a random moment of a mixed load; a cycle is a kill",
                1_000,
            ),
            Self::Power => (
                "the power of an ext4 file system is cut (root, loop devices); a cycle is a cut",
                500,
            ),
            Self::Faults => (
                "every operation on a file fails in every way; a cycle is a fault, 0 all of them",
                0,
            ),
            Self::Flips => (
                "bits flip, files are cut, blocks change places; a cycle is a damage",
                10_000,
            ),
            Self::Mutations => (
                "each sync is left out, and that must be seen; a cycle is a cut for each sync",
                20,
            ),
            Self::Full => (
                "the disk fills up during a command (root); a cycle is a size of what is left",
                60,
            ),
            Self::Serving => (
                "every operation on a file of a running service fails in every way; a cycle is a fault, 0 all of them",
                0,
            ),
            Self::Migration => (
                "every operation of bringing an older store to the present format fails in every way, 0 all of them",
                0,
            ),
        }
    }
}

/// What is asked of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) tier: Tier,
    pub(crate) cycles: Option<usize>,
    pub(crate) seed: Option<u64>,
}

/// What a tier works with.
#[derive(Debug)]
pub(crate) struct Bench {
    binary: PathBuf,
    scratch: PathBuf,
    seed: u64,
}

impl Bench {
    fn program(&self) -> Program {
        Program::new(&self.binary, &self.scratch)
    }

    /// A folder of its own below the scratch folder, made anew.
    fn folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.scratch.join(name);
        if folder.exists() {
            std::fs::remove_dir_all(&folder)
                .with_context(|| format!("removing {}", folder.display()))?;
        }
        std::fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
        Ok(folder)
    }
}

/// What a tier found.
#[derive(Debug)]
pub(crate) struct Report {
    counts: BTreeMap<&'static str, u64>,
    violations: usize,
}

impl Report {
    const fn new() -> Self {
        Self {
            counts: BTreeMap::new(),
            violations: 0,
        }
    }

    fn add(&mut self, what: &'static str, count: u64) {
        *self.counts.entry(what).or_default() += count;
    }

    /// Counts what is wrong and prints the first of it at once: a run of hours should tell early.
    fn wrong(&mut self, place: &str, violations: Vec<String>) {
        for violation in violations {
            self.violations += 1;
            if self.violations <= SHOWN {
                println!("VIOLATION {place}: {violation}");
            }
        }
    }

    /// A load that nothing was acknowledged of tried nothing.
    fn needs(&mut self, what: &'static str) {
        if self.counts.get(what).is_none_or(|&count| count == 0) {
            self.wrong(
                "the whole run",
                vec![format!("0 {what}: nothing was tried")],
            );
        }
    }

    /// Says now and then how far it is.
    fn progress(&self, done: usize, all: usize) {
        if done.is_multiple_of(STRIDE) && done < all {
            println!(
                "  {done} of {all}: {}, {} violations",
                self.line(),
                self.violations
            );
        }
    }

    fn line(&self) -> String {
        let counts: Vec<String> = self
            .counts
            .iter()
            .map(|(what, count)| format!("{count} {what}"))
            .collect();
        counts.join(", ")
    }
}

/// How a tier ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    Done(Report),
    /// What it needs is not here.
    Skipped(String),
}

/// Prints the tiers.
pub(crate) fn list() {
    println!("usage: cargo xtask crash TIER [--cycles N] [--seed S]\n");
    for tier in Tier::ALL {
        let (about, cycles) = tier.about();
        println!("  {:<10} {about} ({cycles})", tier.word());
    }
}

/// Runs a tier and says how it ended, and how to have it again where it did not pass.
pub(crate) fn run(workspace: &Workspace, request: Request) -> ExitCode {
    let word = request.tier.word();
    let seed = request.seed.unwrap_or_else(random::any_seed);
    let cycles = request.cycles.unwrap_or(request.tier.about().1);
    println!("crash {word}: seed {seed}, {cycles} cycles");
    let started = Instant::now();
    let outcome = try_tier(workspace, request.tier, seed, cycles);
    let seconds = started.elapsed().as_secs();
    let failed = match outcome {
        Ok(Outcome::Skipped(reason)) => {
            println!("SKIPPED crash {word}: skipped: {reason}");
            return ExitCode::SUCCESS;
        }
        Ok(Outcome::Done(report)) if report.violations == 0 => {
            println!(
                "PASS crash {word}: seed {seed}: {} in {seconds} s, 0 violations",
                report.line()
            );
            return ExitCode::SUCCESS;
        }
        Ok(Outcome::Done(report)) => format!(
            "{} in {seconds} s, {} violations",
            report.line(),
            report.violations
        ),
        Err(error) => format!("ended after {seconds} s: {error:#}"),
    };
    println!("FAIL crash {word}: seed {seed}: {failed}");
    println!("repeat: cargo xtask crash {word} --cycles {cycles} --seed {seed}");
    ExitCode::FAILURE
}

/// Runs a tier on the program that `NAQSHA_BIN` names, or on the one it builds.
fn try_tier(workspace: &Workspace, tier: Tier, seed: u64, cycles: usize) -> Result<Outcome> {
    if tier == Tier::Flips {
        return flips::run(workspace, seed, cycles);
    }
    let named = std::env::var_os("NAQSHA_BIN").map(PathBuf::from);
    let binary = named.map_or_else(|| workspace.build_program(), Ok)?;
    let binary = std::fs::canonicalize(binary).context("finding naqsha")?;
    let scratch = Scratch::make()?;
    let bench = Bench {
        binary,
        scratch: scratch.0.clone(),
        seed,
    };
    match tier {
        Tier::Kill => kill::run(&bench, cycles),
        Tier::Power => power::run(&bench, cycles),
        Tier::Faults => faults::run(&bench, cycles),
        Tier::Mutations => mutations::run(&bench, cycles),
        Tier::Serving => serving::run(&bench, cycles),
        Tier::Migration => {
            let golden = workspace.path("crates/store/tests/golden");
            migration::run(&bench, &golden, cycles)
        }
        Tier::Full | Tier::Flips => full::run(&bench, cycles),
    }
}

/// A folder that goes with the run: in memory where the system has such a folder, for a sync there costs nothing.
struct Scratch(PathBuf);

impl Scratch {
    fn make() -> Result<Self> {
        let memory = Path::new("/dev/shm");
        let parent = if memory.is_dir() {
            memory.to_owned()
        } else {
            std::env::temp_dir()
        };
        let folder = parent.join(format!("naqsha-crash-{}", std::process::id()));
        std::fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
        // The shim compares paths as the kernel tells them.
        Ok(Self(
            std::fs::canonicalize(&folder).context("finding the scratch folder")?,
        ))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed is left to whoever looks after that folder.
        drop(std::fs::remove_dir_all(&self.0));
    }
}

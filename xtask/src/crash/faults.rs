//! A4 and A5: every operation of a script on the files of the store fails in every way there is, one at a time.
//!
//! Each command of the script starts from the store as it was before it, so that a fault costs one command and not the whole
//! script. After it the store is opened without the shim and compared, and the command is given again: it must work then.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::check::{self, shown};
use super::client::Client;
use super::operations::{Kind, retried};
use super::order::Disk;
use super::program::{Answer, Program};
use super::random::Random;
use super::script::{self, STEPS, Step};
use super::shim::{Fault, Injection, Shim};
use super::{Bench, Outcome, Report};

/// The store before a command, what is on the disk then, its client, and the kinds of the operations that the command does.
struct Before {
    step: Step,
    folder: PathBuf,
    durable: Disk,
    client: Client,
    kinds: Vec<Kind>,
}

/// What came of a fault.
struct Injected {
    wrong: Vec<String>,
    acknowledged: bool,
    /// Failed syncs that were tried again.
    retried: usize,
}

pub(super) fn run(bench: &Bench, cycles: usize) -> Result<Outcome> {
    let disk = bench.folder("disk")?;
    let shim = match Shim::make(&bench.scratch, &disk) {
        Ok(shim) => shim,
        Err(reason) => return Ok(Outcome::Skipped(reason)),
    };
    let mut random = Random::new(bench.seed);
    let client = script::client(&bench.folder("files")?, &mut random)?;
    let rehearsed = rehearse(bench, &shim, &disk, client)?;
    let cases: Vec<(&Before, usize, Fault)> = rehearsed.iter().flat_map(cases).collect();
    let mut report = Report::new();
    report.add(
        "operations",
        rehearsed
            .iter()
            .map(|before| before.kinds.len() as u64)
            .sum(),
    );
    report.add("faults there are", cases.len() as u64);
    for (before, at, fault) in some_of(cases, cycles, &mut random) {
        let injected = inject(bench, &shim, &disk, before, (at, fault))?;
        report.add("faults tried", 1);
        report.add(
            "acknowledged in spite of one",
            u64::from(injected.acknowledged),
        );
        report.add("failed syncs tried again", injected.retried as u64);
        report.wrong(
            &format!("{:?}, operation {at}, {}", before.step, fault.word()),
            injected.wrong,
        );
    }
    Ok(Outcome::Done(report))
}

/// Runs the script once without faults, keeping the store as it is before each command. What is acknowledged must be on the
/// disk then, also on one that keeps nothing but what was synced.
fn rehearse(bench: &Bench, shim: &Shim, disk: &Path, mut client: Client) -> Result<Vec<Before>> {
    let (mut rehearsed, mut durable) = (Vec::new(), Disk::default());
    for (number, step) in STEPS.into_iter().enumerate() {
        let folder = bench.folder(&format!("before-{number}"))?;
        copy(disk, &folder)?;
        let (before, durable_before) = (client.clone(), durable.clone());
        let program = bench.program().with(shim.environment(Injection::Nothing)?);
        let answer = program.run(&disk.join("store"), &step.words(&client))?;
        ensure!(
            answer.code == Some(0),
            "{step:?} fails without a fault: {}",
            shown(&answer)
        );
        if let Some(wrong) = step.take(&mut client, &answer) {
            anyhow::bail!("{wrong}");
        }
        let changes = shim.changes()?;
        let mut unsafe_order = durable.follow(&changes);
        unsafe_order.extend(durable.missing());
        ensure!(
            unsafe_order.is_empty(),
            "{step:?} is acknowledged too early: {unsafe_order:?}"
        );
        let kinds: Vec<Kind> = changes.into_iter().map(|change| change.kind).collect();
        ensure!(
            !kinds.is_empty(),
            "{step:?} does nothing that the shim sees"
        );
        rehearsed.push(Before {
            step,
            folder,
            durable: durable_before,
            client: before,
            kinds,
        });
    }
    let wrong = check::reopened(&bench.program(), &disk.join("store"), &mut client)?;
    ensure!(
        wrong.is_empty(),
        "the script fails without a fault: {}",
        wrong.join("; ")
    );
    Ok(rehearsed)
}

/// The faults that each operation of a command can have.
fn cases(before: &Before) -> impl Iterator<Item = (&Before, usize, Fault)> {
    let faults = cases_of(&before.kinds);
    faults.map(move |(at, fault)| (before, at, fault))
}

/// Every fault of each operation of a run, by the number of the operation.
pub(super) fn cases_of(kinds: &[Kind]) -> impl Iterator<Item = (usize, Fault)> {
    kinds
        .iter()
        .zip(1..)
        .flat_map(|(&kind, at)| faults_of(kind).iter().map(move |&fault| (at, fault)))
}

/// The ways in which an operation of a kind can fail.
const fn faults_of(kind: Kind) -> &'static [Fault] {
    match kind {
        Kind::Write => &[
            Fault::Kill,
            Fault::Error,
            Fault::ErrorForever,
            Fault::NoSpace,
            Fault::Short,
        ],
        Kind::Create | Kind::MakeFolder | Kind::Truncate | Kind::Rename | Kind::Sync => &[
            Fault::Kill,
            Fault::Error,
            Fault::ErrorForever,
            Fault::NoSpace,
        ],
        Kind::Unlink => &[Fault::Kill, Fault::Error, Fault::ErrorForever],
    }
}

/// Some of all cases, evenly, from a place that the seed says; all of them where none are asked for.
pub(super) fn some_of<T>(cases: Vec<T>, cycles: usize, random: &mut Random) -> Vec<T> {
    let stride = if cycles == 0 {
        1
    } else {
        cases.len().div_ceil(cycles).max(1)
    };
    let first = random.below(stride);
    cases.into_iter().skip(first).step_by(stride).collect()
}

/// One fault.
///
/// A sync that failed may be tried again by `SQLite` as it closes a ledger whose transaction it gave up; what it then keeps
/// was synced before. That is counted, and is wrong where the command acknowledges something afterwards: the kernel may say
/// that all is well once it has dropped the bytes. Of folders it does not drop any, for they are in the file system's journal,
/// and `SQLite` heeds no failure to sync one, so the store's own sync of it is then the second.
fn inject(
    bench: &Bench,
    shim: &Shim,
    disk: &Path,
    before: &Before,
    what: (usize, Fault),
) -> Result<Injected> {
    let (at, fault) = what;
    let (store, step) = (disk.join("store"), before.step);
    copy(&before.folder, disk)?;
    let mut client = before.client.clone();
    let watched = bench
        .program()
        .with(shim.environment(Injection::Fault(at, fault))?);
    let answer = watched.run(&store, &step.words(&client))?;
    let acknowledged = answer.code == Some(0);
    let mut wrong = Vec::new();
    if fault != Fault::Kill && !answer.is_clean() {
        wrong.push(format!(
            "it does not give up in good order: {}",
            shown(&answer)
        ));
    }
    wrong.extend(step.take(&mut client, &answer));
    let changes = shim.changes()?;
    let mut durable = before.durable.clone();
    wrong.extend(durable.follow(&changes));
    let retried = retried(&changes);
    if acknowledged {
        wrong.extend(durable.missing());
        let files = retried.iter().filter(|path| !durable.is_folder(path));
        wrong.extend(
            files.map(|path| format!("it trusts a second sync of {path} after the first failed")),
        );
    }
    let program = bench.program();
    if step == Step::Init && !acknowledged {
        wrong.extend(made_again(&program, &store)?);
    }
    wrong.extend(check::reopened(&program, &store, &mut client)?);
    if let Step::Change(operation) = step {
        let again = program.run(&store, &step.words(&client))?;
        if again.code != Some(0) && !is_done_already(&again) {
            wrong.push(format!(
                "it does not work again: {operation:?}: {}",
                shown(&again)
            ));
        }
    }
    let retried = retried.len();
    Ok(Injected {
        wrong,
        acknowledged,
        retried,
    })
}

/// A store whose making was cut short can be made again, or is there.
fn made_again(program: &Program, store: &Path) -> Result<Option<String>> {
    let answer = program.run(store, &["init"])?;
    let is_there = answer.stderr.contains("already");
    Ok((answer.code != Some(0) && !is_there)
        .then(|| format!("the store cannot be made again: {}", shown(&answer))))
}

/// Whether a withdrawal or restoration is refused because it happened although it was not acknowledged.
fn is_done_already(answer: &Answer) -> bool {
    answer.code == Some(3)
}

/// Makes `to` what `from` is.
pub(super) fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::remove_dir_all(to).with_context(|| format!("emptying {}", to.display()))?;
    let status = Command::new("cp")
        .arg("-a")
        .arg(from)
        .arg(to)
        .status()
        .context("starting cp")?;
    ensure!(status.success(), "copying {} failed", from.display());
    Ok(())
}

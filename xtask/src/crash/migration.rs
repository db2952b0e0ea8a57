//! A13, and A6 of a migration: stores of every older format are opened, which brings them to the present one, and every operation
//! of that fails in every way, one at a time: the program is killed there, the disk is full, a write is cut short. Opened again, a
//! store tells all that it told when nothing failed, and the ledger of its old format lies beside it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::check::{export_to, shown};
use super::faults::{cases_of, copy, some_of};
use super::operations::Kind;
use super::program::{Answer, Program};
use super::random::Random;
use super::shim::{Fault, Injection, Shim};
use super::{Bench, Outcome, Report};

const OPENING: [&str; 2] = ["batch", "list"];

/// A store that an earlier program wrote.
struct Older {
    name: String,
    /// Holds the store under the name that it has on the disk.
    folder: PathBuf,
    /// What it tells once it was brought to the present format.
    told: Told,
    kinds: Vec<Kind>,
}

/// What a store tells of batches and records.
#[derive(PartialEq)]
struct Told {
    batches: Value,
    features: Value,
}

pub(super) fn run(bench: &Bench, golden: &Path, cycles: usize) -> Result<Outcome> {
    let disk = bench.folder("disk")?;
    let shim = match Shim::make(&bench.scratch, &disk) {
        Ok(shim) => shim,
        Err(reason) => return Ok(Outcome::Skipped(reason)),
    };
    let stores = older(bench, golden, &shim, &disk)?;
    let mut report = Report::new();
    report.add("stores of older formats", stores.len() as u64);
    let cases: Vec<(&Older, usize, Fault)> = stores
        .iter()
        .flat_map(|store| cases_of(&store.kinds).map(move |(at, fault)| (store, at, fault)))
        .collect();
    report.add("faults there are", cases.len() as u64);
    for (store, at, fault) in some_of(cases, cycles, &mut Random::new(bench.seed)) {
        report.add("faults tried", 1);
        report.add("kills", u64::from(fault == Fault::Kill));
        let wrong = inject(bench, &shim, &disk, store, (at, fault))?;
        report.wrong(
            &format!("{}, operation {at}, {}", store.name, fault.word()),
            wrong,
        );
    }
    report.needs("faults tried");
    Ok(Outcome::Done(report))
}

/// The stores of older formats, each opened once without a fault.
fn older(bench: &Bench, golden: &Path, shim: &Shim, disk: &Path) -> Result<Vec<Older>> {
    let mut names: Vec<String> = fs::read_dir(golden)
        .with_context(|| format!("listing {}", golden.display()))?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect::<Result<_>>()?;
    names.sort();
    let mut stores = Vec::new();
    for name in names {
        let from = golden.join(&name);
        let inner = from.join("store");
        let folder = bench.folder(&format!("older-{name}"))?;
        let store = folder.join("store");
        fs::create_dir(&store)?;
        copy(if inner.is_dir() { &inner } else { &from }, &store)?;
        copy(&folder, disk)?;
        let program = bench.program().with(shim.environment(Injection::Nothing)?);
        let answer = program.run(&disk.join("store"), &OPENING)?;
        ensure!(
            answer.code == Some(0),
            "{name} does not open: {}",
            shown(&answer)
        );
        let kinds = shim.kinds()?;
        ensure!(!kinds.is_empty(), "{name} is brought to no other format");
        let told = told(&bench.program(), &disk.join("store"))?;
        let told = told.map_err(anyhow::Error::msg)?;
        stores.push(Older {
            name,
            folder,
            told,
            kinds,
        });
    }
    Ok(stores)
}

/// One fault; gives what is wrong after it.
fn inject(
    bench: &Bench,
    shim: &Shim,
    disk: &Path,
    older: &Older,
    what: (usize, Fault),
) -> Result<Vec<String>> {
    let (at, fault) = what;
    copy(&older.folder, disk)?;
    let store = disk.join("store");
    let watched = bench
        .program()
        .with(shim.environment(Injection::Fault(at, fault))?);
    let answer = watched.run(&store, &OPENING)?;
    let mut wrong = Vec::new();
    if fault != Fault::Kill && !answer.is_clean() {
        wrong.push(format!(
            "it does not give up in good order: {}",
            shown(&answer)
        ));
    }
    if answer.code == Some(0) && json(&answer).is_none_or(|said| said != older.told.batches) {
        wrong.push("it tells something else in spite of the fault".to_owned());
    }
    match told(&bench.program(), &store)? {
        Ok(told) if told == older.told => {}
        Ok(_) => wrong.push("it tells something else afterwards".to_owned()),
        Err(why) => wrong.push(why),
    }
    if let Err(why) = kept(&store, &older.name) {
        wrong.push(format!("{why:#}"));
    }
    let answer = bench.program().run(&store, &["verify"])?;
    if json(&answer).is_none_or(|said| said["whole"] != true) {
        wrong.push(format!("it is not whole afterwards: {}", shown(&answer)));
    }
    Ok(wrong)
}

fn told(program: &Program, store: &Path) -> Result<Result<Told, String>> {
    let answer = program.run(store, &OPENING)?;
    let Some(batches) = json(&answer) else {
        return Ok(Err(format!("it cannot be opened: {}", shown(&answer))));
    };
    let out = program.scratch().join("older.geojson");
    let answer = program.run(store, &export_to(&out))?;
    if answer.code != Some(0) {
        return Ok(Err(format!(
            "its records cannot be read: {}",
            shown(&answer)
        )));
    }
    let mut document: Value = serde_json::from_slice(&fs::read(&out)?)?;
    let features = document["features"].take();
    Ok(Ok(Told { batches, features }))
}

/// Whether the ledger of the old format lies beside the new one, and says of which format it is.
fn kept(store: &Path, name: &str) -> Result<()> {
    let path = store.join(format!("ledger.{name}.sqlite"));
    let bytes = fs::read(&path)
        .with_context(|| format!("the old ledger {} is not kept", path.display()))?;
    let format: u32 = name.trim_start_matches("format-").parse()?;
    ensure!(
        bytes.get(60..64) == Some(&format.to_be_bytes()),
        "what is kept is not of {name}"
    );
    Ok(())
}

fn json(answer: &Answer) -> Option<Value> {
    (answer.code == Some(0)).then(|| serde_json::from_str(&answer.stdout).ok())?
}

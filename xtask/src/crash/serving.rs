//! A4 and A5 in a running service: it takes batches, gives one up and takes it back over HTTP while each operation on its files
//! fails in each way, one a run. What it acknowledged is there after a kill, half a batch is never read, and after a failed sync
//! nothing is acknowledged any more and `/readyz` says so.
//!
//! A service does things by the clock (records, checkpoints, indexes), so that the number of an operation means about the same
//! operation in two runs, not exactly.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::batches::Place;
use super::check;
use super::client::{Client, Operation};
use super::faults::{cases_of, copy, some_of};
use super::operations::{Change, Kind, Outcome as Became};
use super::program::Answer;
use super::random::Random;
use super::service::{Reply, Service};
use super::shim::{Fault, Injection, Shim};
use super::{Bench, Outcome, Report};

/// Rows of every batch, so that a part of one is seen by its number.
const ROWS: usize = 40;

/// What is asked of the service, in order.
const OPERATIONS: [Operation; 6] = [
    Operation::Ingest(1),
    Operation::Repeat(1),
    Operation::Withdraw(0),
    Operation::Ingest(2),
    Operation::Restore(0),
    Operation::Ingest(3),
];

/// A store with one batch, and its client.
struct Before {
    folder: PathBuf,
    client: Client,
}

/// What came of a run.
#[derive(Default)]
struct Seen {
    wrong: Vec<String>,
    acknowledged: u64,
    refused: u64,
    read: u64,
    started: bool,
}

pub(super) fn run(bench: &Bench, cycles: usize) -> Result<Outcome> {
    let disk = bench.folder("disk")?;
    let shim = match Shim::make(&bench.scratch, &disk) {
        Ok(shim) => shim,
        Err(reason) => return Ok(Outcome::Skipped(reason)),
    };
    let mut random = Random::new(bench.seed);
    let before = begin(bench, &disk, &mut random)?;
    let seen = serve(bench, &shim, &disk, &before, Injection::Nothing)?;
    ensure!(
        seen.wrong.is_empty(),
        "the run fails without a fault: {}",
        seen.wrong.join("; ")
    );
    ensure!(
        seen.acknowledged == OPERATIONS.len() as u64,
        "{} are acknowledged without a fault",
        seen.acknowledged
    );
    let kinds = shim.kinds()?;
    let cases: Vec<(usize, Fault)> = cases_of(&kinds).collect();
    let mut report = Report::new();
    report.add("operations", kinds.len() as u64);
    report.add("faults there are", cases.len() as u64);
    let chosen = some_of(cases, cycles, &mut random);
    let all = chosen.len();
    for (done, (at, fault)) in chosen.into_iter().enumerate() {
        let seen = serve(bench, &shim, &disk, &before, Injection::Fault(at, fault))?;
        report.add("faults tried", 1);
        report.add("acknowledged", seen.acknowledged);
        report.add("refused", seen.refused);
        report.add("reads", seen.read);
        report.add("did not start", u64::from(!seen.started));
        report.wrong(&format!("operation {at}, {}", fault.word()), seen.wrong);
        report.progress(done + 1, all);
    }
    report.needs("acknowledged");
    Ok(Outcome::Done(report))
}

fn begin(bench: &Bench, disk: &Path, random: &mut Random) -> Result<Before> {
    let mut client = Client::new(&bench.folder("files")?);
    for place in [Place::New, Place::New, Place::Replaces(1), Place::New] {
        client.make(place, ROWS, random)?;
    }
    let (program, store) = (bench.program(), disk.join("store"));
    let answer = program.run(&store, &["init"])?;
    ensure!(
        answer.code == Some(0),
        "making a store: {}",
        check::shown(&answer)
    );
    let first = Operation::Ingest(0);
    let answer = program.run(&store, &client.words(first))?;
    client.take(first, &answer);
    let folder = bench.folder("before")?;
    copy(disk, &folder)?;
    Ok(Before { folder, client })
}

/// One run of the service with a fault, its kill, and the comparison.
fn serve(
    bench: &Bench,
    shim: &Shim,
    disk: &Path,
    before: &Before,
    injection: Injection,
) -> Result<Seen> {
    copy(&before.folder, disk)?;
    let store = disk.join("store");
    let mut client = before.client.clone();
    let mut seen = Seen::default();
    let watched = bench.program().with(shim.environment(injection)?);
    let mut unacknowledged = Vec::new();
    // One that cannot start says why, and has acknowledged nothing.
    if let Ok(service) = Service::start(&watched, &store) {
        seen.started = true;
        for operation in OPERATIONS {
            let broken = sync_failed(&shim.changes()?);
            let reply = ask(&service, &client, operation)?;
            let is_acknowledged = reply
                .as_ref()
                .is_some_and(|reply| [201, 204].contains(&reply.status));
            if is_acknowledged && broken {
                seen.wrong
                    .push(format!("{operation:?} is acknowledged after a failed sync"));
            }
            // What a sync could not do for want of space is no full disk any more: nobody knows what is on it.
            let no_space = matches!(injection, Injection::Fault(_, Fault::NoSpace));
            let is_full = no_space && !sync_failed(&shim.changes()?);
            seen.take(&mut client, operation, reply.as_ref(), is_full);
            if !is_acknowledged {
                unacknowledged.push(operation);
            }
            seen.read(&service)?;
            if reply.is_none() {
                break;
            }
        }
        let broken = sync_failed(&shim.changes()?);
        let ready = service.ask("GET", "/readyz", &[], &[])?;
        if broken && ready.is_some_and(|ready| ready.status != 503) {
            seen.wrong
                .push("it says that it is ready after a failed sync".to_owned());
        }
    }
    let program = bench.program();
    seen.wrong
        .extend(check::reopened(&program, &store, &mut client)?);
    for operation in unacknowledged {
        let answer = program.run(&store, &client.words(operation))?;
        // 3: it was done although that was not acknowledged.
        if ![Some(0), Some(3)].contains(&answer.code) {
            seen.wrong.push(format!(
                "{operation:?} does not work again: {}",
                check::shown(&answer)
            ));
        }
    }
    Ok(seen)
}

/// Whether a sync failed that an acknowledgement rests on.
fn sync_failed(changes: &[Change]) -> bool {
    changes.iter().any(|change| {
        let is_rested_on =
            change.path.starts_with("store/incidents") || change.path == "store/ledger.sqlite-wal";
        change.kind == Kind::Sync && change.outcome == Became::Failed && is_rested_on
    })
}

fn ask(service: &Service, client: &Client, operation: Operation) -> Result<Option<Reply>> {
    let batch = client.batch(operation);
    let at = format!("/collections/incidents/batches/{}", batch.digest);
    match operation {
        Operation::Ingest(number) | Operation::Repeat(number) => {
            let place = match batch.place {
                Place::New => String::new(),
                Place::Revises(_) => "&revise=true".to_owned(),
                Place::Replaces(of) => format!("&replace={}", super::batches::Batch::month(of)),
            };
            let path = format!(
                "/collections/incidents/batches?profile=open.generic-points&set.date=time&set.lon=lon&set.lat=lat\
                 &set.category=category&set.id=id{place}"
            );
            let key = format!("b{number}");
            let body = std::fs::read(&batch.file).context("reading a batch")?;
            service.ask("POST", &path, &[("Idempotency-Key", &key)], &body)
        }
        Operation::Withdraw(_) => service.ask("DELETE", &format!("{at}?reason=harness"), &[], &[]),
        Operation::Restore(_) => {
            service.ask("POST", &format!("{at}/restore?reason=harness"), &[], &[])
        }
    }
}

impl Seen {
    /// Takes an answer down as that of a command would be.
    fn take(
        &mut self,
        client: &mut Client,
        operation: Operation,
        reply: Option<&Reply>,
        is_full: bool,
    ) {
        let Some(reply) = reply else {
            client.leave_open(operation);
            return;
        };
        let said = match (reply.status, operation) {
            (201, Operation::Repeat(_)) => {
                // The answer that the first request got: its batch, and all its rows.
                client.acknowledged += 1;
                self.acknowledged += 1;
                return;
            }
            (201, _) => serde_json::from_slice(&reply.body).unwrap_or(Value::Null),
            (204, Operation::Withdraw(_)) => {
                json!({ "batch": client.batch(operation).digest, "state": "withdrawn" })
            }
            (204, _) => json!({ "batch": client.batch(operation).digest, "state": "live" }),
            (status, _) => {
                self.refused += 1;
                // A full disk is told as such. An error that a disk does not have by nature may be one of the service.
                let is_declared = [404, 409, 503, 507].contains(&status);
                if !is_declared && (is_full || status != 500) {
                    let body = String::from_utf8_lossy(&reply.body);
                    self.wrong.push(format!("{operation:?}: {status} {body}"));
                }
                client.leave_open(operation);
                return;
            }
        };
        self.acknowledged += 1;
        let answer = Answer {
            code: Some(0),
            stdout: said.to_string(),
            stderr: String::new(),
        };
        self.wrong.extend(client.take(operation, &answer));
    }

    /// A reader sees whole batches, or is told that what it asks for cannot be recorded.
    fn read(&mut self, service: &Service) -> Result<()> {
        match service.ask("GET", "/collections/incidents/items?limit=10", &[], &[])? {
            Some(reply) if reply.status == 200 => {
                self.read += 1;
                let page: Value = serde_json::from_slice(&reply.body).unwrap_or(Value::Null);
                let matched = page["numberMatched"].as_u64();
                if matched.is_none_or(|matched| !matched.is_multiple_of(ROWS as u64)) {
                    self.wrong.push(format!(
                        "a reader sees a part of a batch: {matched:?} records"
                    ));
                }
            }
            Some(reply) if reply.status != 503 => {
                let body = String::from_utf8_lossy(&reply.body).into_owned();
                self.wrong
                    .push(format!("a reader is told {} {body}", reply.status));
            }
            _ => {}
        }
        Ok(())
    }
}

//! A3: the harness is honest. Each sync that the store rests on is made to do nothing, and the loss must be seen.
//!
//! The power is cut right after acknowledgements, on ext4 with its journal and without. With it a sync of any file commits all
//! names that wait, so that a folder's own sync is redundant there as long as some file is synced after it; without it only
//! what was asked for is on the disk. The order of operations is judged besides, by a disk that keeps nothing else.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};

use super::check::{self, shown};
use super::device::{Device, Kind};
use super::operations::Outcome as Became;
use super::order::Disk;
use super::random::Random;
use super::script::{self, STEPS};
use super::service::Service;
use super::shim::{Injection, Shim};
use super::{Bench, Outcome, Report};

/// By what a missing sync must be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    /// By a cut, on one of the file systems.
    ByCut,
    /// By the order alone, and why.
    ByOrder(&'static str),
}

/// ext4's `fsync` of a file that was just made syncs the folders above it that are as new, with a journal and without
/// (`ext4_sync_parent`), so that the ledger's first sync does what these two ask for. Other file systems need not.
const WITH_THE_LEDGER: Seen =
    Seen::ByOrder("ext4 syncs new folders along with the new ledger in them");

/// Syncs by name, with the pattern of what is synced below the folder that holds the store.
const SYNCS: [(&str, &str, Seen); 7] = [
    (
        "a file of incidents",
        "store/incidents/*.parquet.tmp",
        Seen::ByCut,
    ),
    ("the folder of incidents", "store/incidents", Seen::ByCut),
    ("the folder of the store", "store", WITH_THE_LEDGER),
    ("the folder that holds the store", ".", WITH_THE_LEDGER),
    (
        "the ledger's journal",
        "store/ledger.sqlite-wal",
        Seen::ByCut,
    ),
    ("the ledger", "store/ledger.sqlite", Seen::ByCut),
    (
        "the first journal of a ledger being made",
        "store/ledger.sqlite-journal",
        Seen::ByOrder("it is gone before the first acknowledgement, and guards an empty ledger"),
    ),
];

pub(super) fn run(bench: &Bench, cycles: usize) -> Result<Outcome> {
    let mut report = Report::new();
    let mut lost_with = vec![Vec::new(); SYNCS.len()];
    let mut orders = vec![BTreeSet::new(); SYNCS.len()];
    for kind in [Kind::Journal, Kind::Bare] {
        let device = match Device::make(&bench.scratch, kind) {
            Ok(device) => device,
            Err(reason) => return Ok(Outcome::Skipped(reason)),
        };
        let shim = match Shim::make(&bench.scratch, &device.folder) {
            Ok(shim) => shim,
            Err(reason) => return Ok(Outcome::Skipped(reason)),
        };
        let trial = Trial {
            bench,
            device: &device,
            shim: &shim,
            cycles,
        };
        let whole = trial.order(Injection::Nothing)?.1;
        report.wrong("with every sync", whole.into_iter().collect());
        let whole = trial.lost_by_a_cut(Injection::Nothing)?;
        report.wrong(
            "with every sync",
            whole.into_iter().map(|(_, wrong)| wrong).collect(),
        );
        for (number, &(name, pattern, _)) in SYNCS.iter().enumerate() {
            let (muted, order) = trial.order(Injection::Mute(pattern))?;
            ensure!(muted > 0, "there is no sync of {name}");
            orders[number] = order;
            if let Some((cut, wrong)) = trial.lost_by_a_cut(Injection::Mute(pattern))? {
                lost_with[number].push(format!("{kind:?}: at cut {cut}: {wrong}"));
            }
        }
    }
    for ((&(name, _, seen), lost), order) in SYNCS.iter().zip(&lost_with).zip(&orders) {
        report.add("syncs", 1);
        let (by_cut, by_order) = (!lost.is_empty(), !order.is_empty());
        report.add("seen by a cut", u64::from(by_cut));
        report.add("seen by the order", u64::from(by_order));
        println!("  without the sync of {name}:");
        for line in lost
            .iter()
            .cloned()
            .chain(order.iter().map(|wrong| format!("order: {wrong}")))
        {
            println!("    {line}");
        }
        match seen {
            Seen::ByOrder(why) if by_order => println!("    no cut need show it: {why}"),
            Seen::ByCut if by_cut => {}
            _ => report.wrong(
                name,
                vec![format!("is left out, and {cycles} cuts do not show it")],
            ),
        }
    }
    Ok(Outcome::Done(report))
}

/// What a sync is left out of.
struct Trial<'a> {
    bench: &'a Bench,
    device: &'a Device,
    shim: &'a Shim,
    cycles: usize,
}

impl Trial<'_> {
    /// Runs the script; gives how many syncs did nothing and what is wrong with the order of operations.
    fn order(&self, injection: Injection) -> Result<(usize, BTreeSet<String>)> {
        self.device.anew()?;
        let mut random = Random::new(self.bench.seed);
        let mut client = script::client(&self.bench.folder("files")?, &mut random)?;
        let (mut disk, mut wrong, mut muted) = (Disk::default(), BTreeSet::new(), 0);
        for step in STEPS {
            let program = self.bench.program().with(self.shim.environment(injection)?);
            let answer = program.run(&self.device.folder.join("store"), &step.words(&client))?;
            ensure!(
                answer.code == Some(0),
                "{step:?} fails without a sync: {}",
                shown(&answer)
            );
            ensure!(
                step.take(&mut client, &answer).is_none(),
                "{step:?} is acknowledged wrongly"
            );
            let changes = self.shim.changes()?;
            muted += changes
                .iter()
                .filter(|change| change.outcome == Became::Muted)
                .count();
            wrong.extend(disk.follow(&changes));
            wrong.extend(disk.missing());
        }
        Ok((muted, wrong))
    }

    /// Cuts the power right after some acknowledgement of the script; gives the first loss with the number of its cut.
    ///
    /// Every other time a service has the ledger open as well. Then its journal stays when a command ends; without one it is
    /// folded into the ledger, so that each of the two syncs would make up for the other.
    fn lost_by_a_cut(&self, injection: Injection) -> Result<Option<(usize, String)>> {
        let mut random = Random::new(self.bench.seed);
        let store = self.device.folder.join("store");
        for cycle in 0..self.cycles {
            self.device.anew()?;
            let mut client = script::client(&self.bench.folder("files")?, &mut random)?;
            let program = self.bench.program().with(self.shim.environment(injection)?);
            let mut service = None;
            for &step in STEPS.iter().take(1 + cycle % STEPS.len()) {
                let answer = program.run(&store, &step.words(&client))?;
                ensure!(
                    answer.code == Some(0),
                    "{step:?} fails without a sync: {}",
                    shown(&answer)
                );
                ensure!(
                    step.take(&mut client, &answer).is_none(),
                    "{step:?} is acknowledged wrongly"
                );
                if service.is_none() && (cycle + cycle / STEPS.len()) % 2 == 1 {
                    service = Some(Service::start(&self.bench.program(), &store)?);
                }
            }
            self.device.cut()?;
            drop(service);
            self.device.again()?;
            let wrong = check::reopened(&self.bench.program(), &store, &mut client)?;
            if let Some(wrong) = wrong.into_iter().next() {
                return Ok(Some((cycle + 1, wrong)));
            }
        }
        Ok(None)
    }
}

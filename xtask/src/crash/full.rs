//! A6: the disk fills up during a command. It fails in good order, nothing acknowledged is lost, a running service goes on
//! answering, and the same command works once there is space again.
//!
//! A file beside the store leaves from nothing to some hundred kilobytes, so that it is in turn the batch's file, the ledger's
//! journal, its index or the ledger itself that does not fit. Half of the times on tmpfs, half on ext4, which finds out later.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::check::{self, export_to, rows, shown};
use super::client::Client;
use super::device::{Device, Kind, Memory};
use super::program::Program;
use super::random::Random;
use super::service::Service;
use super::{Bench, Outcome, Report};

const MEMORY_BYTES: u64 = 16 << 20;
const PAGE: usize = 4096;
/// Pages that are left, at most.
const MOST_LEFT: usize = 32;

pub(super) fn run(bench: &Bench, cycles: usize) -> Result<Outcome> {
    let memory = match Memory::make(&bench.folder("memory")?, MEMORY_BYTES) {
        Ok(memory) => memory,
        Err(error) => return Ok(Outcome::Skipped(format!("no small disk: {error:#}"))),
    };
    let device = match Device::make(&bench.scratch, Kind::Journal) {
        Ok(device) => device,
        Err(reason) => return Ok(Outcome::Skipped(reason)),
    };
    let mut random = Random::new(bench.seed);
    let mut report = Report::new();
    for (number, folder) in [&memory.0, &device.folder].into_iter().enumerate() {
        let of_this = (cycles + 1 - number) / 2;
        on_a_disk(bench, folder, of_this, &mut random, &mut report)?;
    }
    report.add("cycles", cycles as u64);
    Ok(Outcome::Done(report))
}

fn on_a_disk(
    bench: &Bench,
    folder: &Path,
    cycles: usize,
    random: &mut Random,
    report: &mut Report,
) -> Result<()> {
    let (program, store) = (bench.program(), folder.join("store"));
    let answer = program.run(&store, &["init"])?;
    ensure!(answer.code == Some(0), "making a store: {}", shown(&answer));
    let mut client = Client::new(&bench.folder("files")?);
    let first = client.next(200, random)?;
    let answer = program.run(&store, &client.words(first))?;
    client.take(first, &answer);
    for cycle in 0..cycles {
        let service = Service::start(&program, &store)?;
        let before = service.items()?;
        let left = (random.below(MOST_LEFT) * PAGE) as u64;
        let filler = fill(folder, left)?;
        let operation = client.next(300, random)?;
        let answer = program.run(&store, &client.words(operation))?;
        let mut wrong = Vec::new();
        if !answer.is_clean() {
            wrong.push(format!(
                "{operation:?} does not give up in good order: {}",
                shown(&answer)
            ));
        }
        wrong.extend(client.take(operation, &answer));
        let happened = answer.code == Some(0);
        report.add(
            if happened {
                "went in"
            } else {
                "refused for want of space"
            },
            1,
        );
        let during = service.items()?;
        if !happened && during != before {
            wrong.push("the service answers otherwise on a full disk".to_owned());
        }
        wrong.extend(read_while_full(&program, &store, &client, report)?);
        fs::remove_file(&filler).context("making space")?;
        drop(service);
        // Settles what the refused command did before it is given again.
        wrong.extend(check::reopened(&program, &store, &mut client)?);
        if !happened {
            let again = program.run(&store, &client.words(operation))?;
            if again.code != Some(0) && again.code != Some(3) {
                wrong.push(format!(
                    "{operation:?} does not work with space again: {}",
                    shown(&again)
                ));
            }
            client.take(operation, &again);
            wrong.extend(check::reopened(&program, &store, &mut client)?);
        }
        report.wrong(
            &format!("{}, cycle {cycle}, {left} bytes left", folder.display()),
            wrong,
        );
    }
    Ok(())
}

/// A new program on a full disk either reads whole batches or says why it cannot.
fn read_while_full(
    program: &Program,
    store: &Path,
    client: &Client,
    report: &mut Report,
) -> Result<Vec<String>> {
    let out = program.scratch().join("full.geojson");
    let answer = program.run(store, &export_to(&out))?;
    if answer.code == Some(0) {
        report.add("read on a full disk", 1);
        return Ok(client.torn(&rows(&out)?));
    }
    report.add("not opened on a full disk", 1);
    Ok(if answer.is_clean() {
        Vec::new()
    } else {
        vec![format!("reading ends badly: {}", shown(&answer))]
    })
}

/// Fills a disk but for so many bytes.
fn fill(folder: &Path, left: u64) -> Result<std::path::PathBuf> {
    let path = folder.join("filler");
    let mut file = File::create(&path).context("making a filler")?;
    let block = vec![0x5A; 1 << 16];
    // To the last byte that goes in: what a file system says is free is an estimate.
    while file.write_all(&block).is_ok() {}
    while file.write_all(&block[..PAGE]).is_ok() {}
    drop(file.sync_all());
    let written = file.metadata().context("looking at the filler")?.len();
    file.set_len(written.saturating_sub(left) / PAGE as u64 * PAGE as u64)
        .context("cutting the filler")?;
    drop(file.sync_all());
    ensure!(
        Command::new("sync")
            .arg("-f")
            .arg(folder)
            .status()?
            .success(),
        "the filler cannot be synced"
    );
    Ok(path)
}

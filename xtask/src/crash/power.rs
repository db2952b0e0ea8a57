//! A2: the power of the disk is cut at random moments of a mixed load, half of the times again while the store recovers.
//!
//! What was not synced is gone then. Only acknowledgements that were read before the cut bind: a sync that overlaps the cut
//! may say it succeeded and be lost all the same. A log that syncs each line stands beside the store on the same disk: if it
//! loses one, the disk or the harness lies, not the store.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{JoinHandle, sleep};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::check;
use super::device::{Device, Kind};
use super::load::Load;
use super::program::Program;
use super::random::Random;
use super::{Bench, Outcome, Report};

/// Batches of a store before the disk is made anew.
const BATCHES: usize = 40;

/// Longest time of a load before it is cut.
const LONGEST: Duration = Duration::from_millis(1_200);

/// Time between two lines of the control: enough of them, and some time for the store.
const BETWEEN_LINES: Duration = Duration::from_millis(5);

pub(super) fn run(bench: &Bench, cycles: usize) -> Result<Outcome> {
    let device = match Device::make(&bench.scratch, Kind::Journal) {
        Ok(device) => device,
        Err(reason) => return Ok(Outcome::Skipped(reason)),
    };
    let program = bench.program();
    let mut random = Random::new(bench.seed);
    let mut report = Report::new();
    let mut load = None;
    for cycle in 0..cycles {
        let mut working: Load = match load.take() {
            Some(working) => working,
            None => Load::begin(
                &program,
                &device.folder.join("store"),
                &bench.folder("files")?,
            )?,
        };
        let before = working.client.acknowledged;
        let control = Control::begin(&device.folder)?;
        let mut written = 0;
        let time = random.time_below(LONGEST);
        let mut wrong = working.run(&program, &mut random, time, &mut || {
            written = control.acknowledged();
            device.cut()
        })?;
        control.end();
        device.again()?;
        report.add("acknowledged", working.client.acknowledged - before);
        report.add("lines of the control", written);
        wrong.extend(lost_lines(&device.folder, written)?);
        if random.once_in(2) {
            cut_recovery(&program, &device, &working.store, &mut random)?;
            report.add("cut again while recovering", 1);
        }
        wrong.extend(check::reopened(
            &program,
            &working.store,
            &mut working.client,
        )?);
        report.wrong(&format!("cycle {cycle}"), wrong);
        report.progress(cycle + 1, cycles);
        if working.client.is_full(BATCHES) {
            device.anew()?;
        } else {
            load = Some(working);
        }
    }
    report.add("cycles", cycles as u64);
    report.needs("acknowledged");
    Ok(Outcome::Done(report))
}

/// Opens the store and cuts the power while it does so.
fn cut_recovery(
    program: &Program,
    device: &Device,
    store: &Path,
    random: &mut Random,
) -> Result<()> {
    let time = random.time_below(Duration::from_millis(120));
    let mut opening = program.start(store, &["batch", "list"])?;
    drop(opening.finished_by(Instant::now() + time)?);
    device.cut()?;
    drop(opening);
    device.again()
}

/// A log beside the store, written and synced line by line by a thread.
struct Control {
    acknowledged: Arc<AtomicU64>,
    ended: Arc<AtomicBool>,
    writer: JoinHandle<()>,
}

impl Control {
    fn begin(folder: &Path) -> Result<Self> {
        let (acknowledged, ended) = (
            Arc::new(AtomicU64::new(0)),
            Arc::new(AtomicBool::new(false)),
        );
        let mut file = File::create(log(folder)).context("making the control")?;
        file.sync_all().context("making the control")?;
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .context("making the control")?;
        let (count, stop) = (Arc::clone(&acknowledged), Arc::clone(&ended));
        let writer = std::thread::spawn(move || {
            // Ends by itself when the power goes.
            while !stop.load(Ordering::Acquire) {
                let line = count.load(Ordering::Acquire) + 1;
                if writeln!(file, "{line}")
                    .and_then(|()| file.sync_data())
                    .is_err()
                {
                    return;
                }
                count.store(line, Ordering::Release);
                sleep(BETWEEN_LINES);
            }
        });
        Ok(Self {
            acknowledged,
            ended,
            writer,
        })
    }

    /// Lines synced so far.
    fn acknowledged(&self) -> u64 {
        self.acknowledged.load(Ordering::Acquire)
    }

    fn end(self) {
        self.ended.store(true, Ordering::Release);
        // A writer that panicked wrote too few lines, which is seen.
        drop(self.writer.join());
    }
}

fn log(folder: &Path) -> PathBuf {
    folder.join("control.log")
}

/// What is wrong with the control's file after the cut.
fn lost_lines(folder: &Path, acknowledged: u64) -> Result<Option<String>> {
    let text = fs::read_to_string(log(folder)).context("reading the control")?;
    let kept = text
        .lines()
        .zip(1_u64..)
        .take_while(|(line, number)| *line == number.to_string())
        .count() as u64;
    Ok((kept < acknowledged).then(|| {
        format!(
            "the CONTROL lost {} of {acknowledged} lines",
            acknowledged - kept
        )
    }))
}

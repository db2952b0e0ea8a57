//! A1: the program is killed at random moments of a mixed load, half of the times again while the store is opened.
//!
//! The kernel keeps what was written, synced or not, so this proves the order of writes to other programs, not that they
//! reach the disk: that is the power tier's.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::check;
use super::load::Load;
use super::random::Random;
use super::{Bench, Outcome, Report};

/// Batches of a store before the next store is begun.
const BATCHES: usize = 40;

/// Longest time of a load before it is cut.
const LONGEST: Duration = Duration::from_millis(800);

pub(super) fn run(bench: &Bench, cycles: usize) -> Result<Outcome> {
    let mut random = Random::new(bench.seed);
    let mut report = Report::new();
    let program = bench.program();
    let (mut load, mut stores, mut again) = (None::<Load>, 0, 0);
    for cycle in 0..cycles {
        let mut working = if let Some(working) = load.take() {
            working
        } else {
            stores += 1;
            let folder = bench.scratch.join(format!("kill-{stores}"));
            Load::begin(&program, &folder.join("store"), &folder.join("files"))?
        };
        let before = working.client.acknowledged;
        let time = random.time_below(LONGEST);
        let mut wrong = working.run(&program, &mut random, time, &mut || Ok(()))?;
        if random.once_in(2) {
            again += 1;
            let time = random.time_below(Duration::from_millis(80));
            drop(
                program
                    .start(&working.store, &["batch", "list"])?
                    .finished_by(Instant::now() + time)?,
            );
        }
        wrong.extend(check::reopened(
            &program,
            &working.store,
            &mut working.client,
        )?);
        report.add("acknowledged", working.client.acknowledged - before);
        report.wrong(&format!("cycle {cycle}"), wrong);
        report.progress(cycle + 1, cycles);
        if working.client.is_full(BATCHES) {
            std::fs::remove_dir_all(bench.scratch.join(format!("kill-{stores}")))?;
        } else {
            load = Some(working);
        }
    }
    report.add("cycles", cycles as u64);
    report.add("killed again while opening", again);
    report.add("stores", stores);
    report.needs("acknowledged");
    Ok(Outcome::Done(report))
}

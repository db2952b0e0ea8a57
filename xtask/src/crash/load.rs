//! A mixed load on one store, cut short at some moment: batches, repeats, withdrawals, restorations, and a reader beside them.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Result;

use super::check::{export_to, rows, shown};
use super::client::Client;
use super::program::{Program, Running};
use super::random::Random;

/// One batch in so many is of two files, so that a part of a batch could be there.
const LARGE: usize = 60;
const LARGE_ROWS: usize = 70_000;

/// A store under load.
#[derive(Debug)]
pub(crate) struct Load {
    pub(crate) store: PathBuf,
    pub(crate) client: Client,
}

impl Load {
    /// Makes an empty store in a new folder; its client's files go to another.
    pub(crate) fn begin(program: &Program, store: &Path, files: &Path) -> Result<Self> {
        std::fs::create_dir_all(files)?;
        let answer = program.run(store, &["init"])?;
        anyhow::ensure!(answer.code == Some(0), "making a store: {}", shown(&answer));
        Ok(Self {
            store: store.to_owned(),
            client: Client::new(files),
        })
    }

    /// Works until the moment, then calls `cut` and ends what runs. Gives what went wrong before.
    ///
    /// An acknowledgement counts only where it was read before `cut` was called: one thread does both.
    pub(crate) fn run(
        &mut self,
        program: &Program,
        random: &mut Random,
        time: Duration,
        cut: &mut dyn FnMut() -> Result<()>,
    ) -> Result<Vec<String>> {
        let mut wrong = Vec::new();
        let out = program.scratch().join("reader.geojson");
        let mut reader: Option<Running> = None;
        let moment = Instant::now() + time;
        loop {
            let rows = if random.once_in(LARGE) {
                LARGE_ROWS
            } else {
                1 + random.below(300)
            };
            let operation = self.client.next(rows, random)?;
            if reader.is_none() && random.once_in(3) {
                reader = Some(program.start(&self.store, &export_to(&out))?);
            }
            let mut running = program.start(&self.store, &self.client.words(operation))?;
            let Some(answer) = running.finished_by(moment)? else {
                cut()?;
                self.client.leave_open(operation);
                return Ok(wrong);
            };
            if answer.code != Some(0) {
                wrong.push(format!(
                    "{operation:?} fails without cause: {}",
                    shown(&answer)
                ));
            }
            wrong.extend(self.client.take(operation, &answer));
            wrong.extend(self.read(&mut reader, &out)?);
        }
    }

    /// Looks at what the reader saw, once it is done.
    fn read(&self, reader: &mut Option<Running>, out: &Path) -> Result<Vec<String>> {
        let Some(running) = reader else {
            return Ok(Vec::new());
        };
        let Some(answer) = running.finished()? else {
            return Ok(Vec::new());
        };
        *reader = None;
        if answer.code == Some(0) {
            Ok(self.client.torn(&rows(out)?))
        } else {
            Ok(vec![format!(
                "a reader fails without cause: {}",
                shown(&answer)
            )])
        }
    }
}

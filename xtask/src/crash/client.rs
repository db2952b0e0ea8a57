//! The client's own ledger: what was acknowledged, what may have happened, and what a store that kept its word answers.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde_json::Value;

use super::batches::{self, Batch, Place};
use super::program::{self, Answer};
use super::random::Random;

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    Absent,
    Live,
    Withdrawn,
}

/// Something to ask of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    /// Send a batch that the store does not have.
    Ingest(usize),
    /// Send the same bytes again.
    Repeat(usize),
    Withdraw(usize),
    Restore(usize),
}

/// What one client knows of one store.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    folder: PathBuf,
    batches: Vec<Batch>,
    /// States each batch may be in: one, but for the batch whose operation was cut short.
    possible: Vec<BTreeSet<State>>,
    /// Acknowledgements read.
    pub(crate) acknowledged: u64,
}

impl Operation {
    /// The batch it is about.
    pub(crate) const fn batch(self) -> usize {
        match self {
            Self::Ingest(number)
            | Self::Repeat(number)
            | Self::Withdraw(number)
            | Self::Restore(number) => number,
        }
    }

    /// The state it leads to; a repeat leaves what is there.
    const fn leads_to(self) -> Option<State> {
        match self {
            Self::Ingest(_) | Self::Restore(_) => Some(State::Live),
            Self::Withdraw(_) => Some(State::Withdrawn),
            Self::Repeat(_) => None,
        }
    }
}

impl Client {
    /// A client of an empty store that writes its files below a folder.
    pub(crate) fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            batches: Vec::new(),
            possible: Vec::new(),
            acknowledged: 0,
        }
    }

    /// Whether the store should take no more batches.
    pub(crate) fn is_full(&self, most: usize) -> bool {
        self.batches.len() >= most.min(batches::MOST)
    }

    /// Makes a batch that is not sent yet; gives its number.
    pub(crate) fn make(&mut self, place: Place, rows: usize, random: &mut Random) -> Result<usize> {
        let number = self.batches.len();
        self.batches
            .push(Batch::write(&self.folder, number, place, rows, random)?);
        self.possible.push(BTreeSet::from([State::Absent]));
        Ok(number)
    }

    /// What to do next: half of all are batches, new or sent again; the rest repeats, withdraws and restores.
    pub(crate) fn next(&mut self, rows: usize, random: &mut Random) -> Result<Operation> {
        let chance = random.below(100);
        let numbers = 0..self.batches.len();
        let in_state =
            |state| -> Vec<usize> { numbers.clone().filter(|&n| self.is(n, state)).collect() };
        let (live, withdrawn) = (in_state(State::Live), in_state(State::Withdrawn));
        // What takes the place of a batch is sent only while that is live: what it would cover otherwise is another question.
        let unsent: Vec<usize> = in_state(State::Absent)
            .into_iter()
            .filter(|&n| {
                self.batches[n]
                    .place
                    .covered()
                    .is_none_or(|of| self.is(of, State::Live))
            })
            .collect();
        let pick =
            |from: &[usize], random: &mut Random| from.get(random.below(from.len())).copied();
        let chosen = match chance {
            50..65 => {
                let either = if random.once_in(2) { &live } else { &withdrawn };
                pick(either, random).map(Operation::Repeat)
            }
            65..85 => pick(&live, random).map(Operation::Withdraw),
            85.. => pick(&withdrawn, random).map(Operation::Restore),
            _ => pick(&unsent, random).map(Operation::Ingest),
        };
        if let Some(operation) = chosen {
            return Ok(operation);
        }
        let place = self.place(&live, random);
        // A correction has a row for each record that it corrects.
        let rows = match place {
            Place::Revises(of) => self.batches[of].rows.len(),
            Place::New | Place::Replaces(_) => rows,
        };
        self.make(place, rows, random).map(Operation::Ingest)
    }

    /// One new batch in four takes the place of a live one that is not part of such a pair yet.
    fn place(&self, live: &[usize], random: &mut Random) -> Place {
        let covered: BTreeSet<usize> = self
            .batches
            .iter()
            .filter_map(|batch| batch.place.covered())
            .collect();
        let free: Vec<usize> = live
            .iter()
            .copied()
            .filter(|n| !covered.contains(n) && self.batches[*n].place == Place::New)
            .collect();
        match (free.get(random.below(free.len())), random.below(8)) {
            (Some(&of), 0) => Place::Revises(of),
            (Some(&of), 1) => Place::Replaces(of),
            _ => Place::New,
        }
    }

    /// The batch of an operation.
    pub(crate) fn batch(&self, operation: Operation) -> &Batch {
        &self.batches[operation.batch()]
    }

    /// The words of an operation.
    pub(crate) fn words(&self, operation: Operation) -> Vec<OsString> {
        let batch = &self.batches[operation.batch()];
        match operation {
            Operation::Ingest(_) | Operation::Repeat(_) => program::ingest(batch),
            Operation::Withdraw(_) => program::change("withdraw", batch),
            Operation::Restore(_) => program::change("restore", batch),
        }
    }

    /// Takes an answer down: an acknowledgement binds the store, anything else leaves open what happened. Gives what is
    /// wrong with the acknowledgement itself.
    pub(crate) fn take(&mut self, operation: Operation, answer: &Answer) -> Option<String> {
        let said: Value = match (answer.code, serde_json::from_str(&answer.stdout)) {
            (Some(0), Ok(said)) => said,
            (Some(0), Err(_)) => {
                return Some(format!(
                    "{operation:?}: exit 0 without JSON: {}",
                    answer.stdout
                ));
            }
            _ => {
                self.leave_open(operation);
                return None;
            }
        };
        self.acknowledged += 1;
        let number = operation.batch();
        let batch = &self.batches[number];
        if said["batch"] != batch.digest.as_str() {
            return Some(format!(
                "{operation:?}: another batch is acknowledged: {said}"
            ));
        }
        let rows = batch.rows.len();
        let wrong = match operation {
            Operation::Ingest(_) => said["accepted"] != rows && said["codes"]["B902"] != 1,
            Operation::Repeat(_) => said["codes"]["B902"] != 1 || said["accepted"] != 0,
            Operation::Withdraw(_) => said["state"] != "withdrawn",
            Operation::Restore(_) => said["state"] != "live",
        };
        if let Some(state) = operation.leads_to() {
            self.possible[number] = BTreeSet::from([state]);
        }
        wrong.then(|| format!("{operation:?} of {rows} rows is acknowledged with {said}"))
    }

    /// Takes down that an operation was begun, and no more.
    pub(crate) fn leave_open(&mut self, operation: Operation) {
        if let Some(state) = operation.leads_to() {
            self.possible[operation.batch()].insert(state);
        }
    }

    /// Compares the answer to `batch list` with what was acknowledged. What is seen now is binding from now on.
    pub(crate) fn compare_list(&mut self, said: &Value) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut listed: BTreeMap<&str, &Value> = BTreeMap::new();
        for batch in said["batches"].as_array().into_iter().flatten() {
            let digest = batch["batch"].as_str().unwrap_or("");
            if listed.insert(digest, batch).is_some() {
                wrong.push(format!("batch {digest} is listed twice"));
            }
        }
        for (batch, possible) in self.batches.iter().zip(&mut self.possible) {
            let (state, rows) = match listed.remove(batch.digest.as_str()) {
                None => (State::Absent, None),
                Some(said) if said["state"] == "live" => (State::Live, Some(&said["accepted"])),
                Some(said) => (State::Withdrawn, Some(&said["accepted"])),
            };
            if !possible.contains(&state) {
                wrong.push(format!(
                    "batch {} is {state:?}, and may be {possible:?}",
                    batch.number
                ));
            }
            if let Some(rows) = rows.filter(|&rows| rows != batch.rows.len()) {
                wrong.push(format!(
                    "batch {} has {rows} rows instead of {}",
                    batch.number,
                    batch.rows.len()
                ));
            }
            *possible = BTreeSet::from([state]);
        }
        wrong.extend(
            listed
                .keys()
                .map(|digest| format!("batch {digest} was never sent")),
        );
        wrong
    }

    /// Compares the rows that are served, sorted, with those of the batches that are live and not covered.
    pub(crate) fn compare_rows(&self, served: &[String]) -> Vec<String> {
        let expected = self.current();
        if served == expected {
            return Vec::new();
        }
        let (mut lost, mut unexpected) = (Vec::new(), Vec::new());
        let mut counts: BTreeMap<&str, i64> = BTreeMap::new();
        for row in &expected {
            *counts.entry(row).or_default() += 1;
        }
        for row in served {
            *counts.entry(row).or_default() -= 1;
        }
        for (row, count) in counts {
            match count {
                1.. => lost.push(row),
                0 => {}
                _ => unexpected.push(row),
            }
        }
        let example = |rows: &[&str]| {
            rows.first()
                .map(|row| format!(" ({row})"))
                .unwrap_or_default()
        };
        vec![format!(
            "{} rows are served instead of {}: {} lost{}, {} too many{}",
            served.len(),
            expected.len(),
            lost.len(),
            example(&lost),
            unexpected.len(),
            example(&unexpected)
        )]
    }

    /// Batches of which some rows are among those served to a reader, and others are not. `served` is sorted.
    pub(crate) fn torn(&self, served: &[String]) -> Vec<String> {
        let torn = |batch: &&Batch| {
            let seen = batch
                .rows
                .iter()
                .filter(|row| served.binary_search(row).is_ok())
                .count();
            seen != 0 && seen != batch.rows.len()
        };
        let batches = self.batches.iter().filter(torn);
        batches
            .map(|batch| format!("a reader sees a part of batch {}", batch.number))
            .collect()
    }

    fn is(&self, number: usize, state: State) -> bool {
        self.possible[number] == BTreeSet::from([state])
    }

    fn current(&self) -> Vec<String> {
        let covered: BTreeSet<usize> = self
            .batches
            .iter()
            .filter(|batch| self.is(batch.number, State::Live))
            .filter_map(|batch| batch.place.covered())
            .collect();
        let seen = self
            .batches
            .iter()
            .filter(|batch| self.is(batch.number, State::Live) && !covered.contains(&batch.number));
        let mut rows: Vec<String> = seen.flat_map(|batch| batch.rows.iter().cloned()).collect();
        rows.sort();
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn acknowledged(client: &mut Client, operation: Operation, said: &Value) -> Option<String> {
        client.take(
            operation,
            &Answer {
                code: Some(0),
                stdout: said.to_string(),
                stderr: String::new(),
            },
        )
    }

    /// Two batches of three rows, the first acknowledged, the second cut short.
    fn client(folder: &Path) -> Client {
        let (mut client, mut random) = (Client::new(folder), Random::new(1));
        for _ in 0..2 {
            client.make(Place::New, 3, &mut random).expect("a file");
        }
        let said = json!({ "batch": client.batches[0].digest, "accepted": 3, "codes": {} });
        assert_eq!(acknowledged(&mut client, Operation::Ingest(0), &said), None);
        client.leave_open(Operation::Ingest(1));
        client
    }

    fn listed(client: &Client, numbers: &[usize], rows: u64) -> Value {
        let batch = |&n: &usize| json!({ "batch": client.batches[n].digest, "state": "live", "accepted": rows });
        json!({ "batches": numbers.iter().map(batch).collect::<Vec<_>>() })
    }

    #[test]
    fn what_was_acknowledged_must_be_listed_and_what_was_cut_short_may_be() {
        let folder = tempfile::tempdir().expect("scratch folder");
        let whole = client(folder.path());
        for (numbers, rows, faults) in [
            (&[0][..], 3, 0),
            (&[0, 1], 3, 0),
            (&[1], 3, 1),
            (&[0, 0], 3, 1),
            (&[0], 2, 1),
        ] {
            let said = listed(&whole, numbers, rows);
            let wrong = whole.clone().compare_list(&said);
            assert_eq!(wrong.len(), faults, "{numbers:?}: {wrong:?}");
        }
        let mut seen = whole.clone();
        assert!(seen.compare_list(&listed(&whole, &[0, 1], 3)).is_empty());
        assert_eq!(
            seen.compare_list(&listed(&whole, &[0], 3)).len(),
            1,
            "what was seen once is binding"
        );
    }

    #[test]
    fn a_row_too_few_too_many_or_twice_is_told() {
        let folder = tempfile::tempdir().expect("scratch folder");
        let mut client = client(folder.path());
        assert!(client.compare_list(&listed(&client, &[0], 3)).is_empty());
        let rows = client.batches[0].rows.clone();
        assert_eq!(client.compare_rows(&rows), Vec::<String>::new());
        assert_eq!(client.compare_rows(&rows[1..]).len(), 1);
        assert_eq!(client.torn(&rows[1..]).len(), 1);
        assert_eq!(client.torn(&rows), Vec::<String>::new());
        let mut twice = rows.clone();
        twice.insert(0, rows[0].clone());
        assert_eq!(client.compare_rows(&twice).len(), 1);
    }
}

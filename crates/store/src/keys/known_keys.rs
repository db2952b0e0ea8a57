//! What is known of an agency's natural keys.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use naqsha_model::NaturalKey;

use super::gather::Gathered;
use super::run::{Covered, Run};
use super::{Entry, Keyed, Limits};
use crate::StoreError;
use crate::contents::RecordAt;
use crate::snapshot::Snapshot;

/// Runs are merged with all that are at most so many times as large as those that go in already, so that an entry moves
/// a few times in all.
const SHARE: u64 = 4;

/// So many at least: fewer cost a lookup little.
const LEAST_MERGED: usize = 4;

/// All records of an agency's keys, current or not.
#[derive(Debug, Default, Clone)]
pub(crate) struct Keys {
    runs: Vec<Arc<Run>>,
    /// In order.
    recent: Vec<Entry>,
    /// The batches that `recent` has the keys of, and how many records they have.
    recent_batches: Covered,
    recent_records: u64,
    /// Whether a run could not be read.
    damaged: Arc<AtomicBool>,
}

/// How an incident that a key names stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Its current record, if one is seen.
    pub current: Option<Keyed>,
    /// The record that gives it its id.
    pub first: RecordAt,
    /// What its next revision is numbered.
    pub next: u32,
}

impl Keys {
    pub(super) fn of(runs: Vec<Arc<Run>>) -> Self {
        Self {
            runs,
            ..Self::default()
        }
    }

    /// Whether a batch was read.
    pub(super) fn has(&self, sequence: u64) -> bool {
        let is_in = |run: &Arc<Run>| run.covered.contains_key(&sequence);
        self.recent_batches.contains_key(&sequence) || self.runs.iter().any(is_in)
    }

    pub(super) fn run_count(&self) -> usize {
        self.runs.len()
    }

    /// Adds the keys of batches; with what is in memory they become a run where they are many.
    pub(super) fn add(
        &mut self,
        agency: &str,
        mut gathered: Gathered<'_>,
        batches: Covered,
    ) -> io::Result<()> {
        let Limits {
            recent,
            batches: most,
            ..
        } = gathered.limits();
        let records = self.recent_records + gathered.records();
        let mut covered = self.recent_batches.clone();
        covered.extend(batches);
        if records <= recent as u64 && covered.len() <= most {
            self.recent.extend(gathered.into_entries());
            self.recent.sort_unstable_by_key(Entry::order);
            self.recent_batches = covered;
            self.recent_records = records;
            return Ok(());
        }
        gathered.push(self.recent.clone())?;
        self.runs.push(gathered.into_run(agency, &covered)?);
        *self = Self::of(std::mem::take(&mut self.runs));
        Ok(())
    }

    /// The incidents that keys name, without those that are new; keys are ascending. `seen` tells whether a record is
    /// current.
    ///
    /// # Errors
    /// Where a run cannot be read: [`Self::is_damaged`] from then on.
    pub(crate) fn standings(
        &self,
        keys: &[NaturalKey],
        snapshot: &Snapshot,
        seen: impl Fn(RecordAt) -> bool,
    ) -> Result<HashMap<NaturalKey, Standing>, StoreError> {
        let standing = |records: Vec<Keyed>| {
            Some(Standing {
                current: records.iter().copied().find(|keyed| seen(keyed.at)),
                first: snapshot.contents().links.first_of(records.first()?.at),
                next: u32::try_from(records.len() + 1).unwrap_or(u32::MAX),
            })
        };
        let records = self.records(keys)?.into_iter();
        Ok(records
            .filter_map(|(key, records)| Some((key, standing(records)?)))
            .collect())
    }

    /// The records of keys that have any.
    fn records(&self, keys: &[NaturalKey]) -> Result<HashMap<NaturalKey, Vec<Keyed>>, StoreError> {
        let mut found: HashMap<NaturalKey, Vec<Keyed>> = HashMap::new();
        let mut add = |entry: Entry| found.entry(entry.key).or_default().push(entry.keyed);
        for run in &self.runs {
            run.find(keys, &mut add).map_err(|source| {
                self.damaged.store(true, Ordering::Release);
                run.failed("read", source)
            })?;
        }
        for &key in keys {
            let begin = self.recent.partition_point(|entry| entry.key < key);
            let entries = self.recent.iter().skip(begin);
            let same = entries.take_while(|entry| entry.key == key);
            same.copied().for_each(&mut add);
        }
        Ok(found)
    }

    /// Runs that are to be merged now: several of about one size.
    pub(super) fn chosen(&self) -> Option<Vec<Arc<Run>>> {
        let mut runs = self.runs.clone();
        runs.sort_by_key(|run| run.size());
        let mut size = 0;
        let is_small = |run: &Arc<Run>| {
            let is_small = size == 0 || run.size() <= size * SHARE;
            size += run.size();
            is_small
        };
        let chosen: Vec<Arc<Run>> = runs.into_iter().take_while(is_small).collect();
        (chosen.len() >= LEAST_MERGED).then_some(chosen)
    }

    /// Takes a run in the place of those it was merged of, where all of them are still there, and removes their files.
    pub(super) fn replace(&mut self, of: &[Arc<Run>], merged: Arc<Run>) {
        let is_of = |run: &Arc<Run>| of.iter().any(|of| Arc::ptr_eq(of, run));
        if self.runs.iter().filter(|run| is_of(run)).count() == of.len() {
            self.runs.retain(|run| !is_of(run));
            self.runs.push(merged);
            for run in of {
                run.remove();
            }
        }
    }

    /// Whether a run could not be read, so that all of it is to be made anew.
    pub(super) fn is_damaged(&self) -> bool {
        self.damaged.load(Ordering::Acquire)
    }

    /// Removes the files of all runs.
    pub(super) fn remove(&self) {
        for run in &self.runs {
            run.remove();
        }
    }
}

#[cfg(test)]
mod tests;

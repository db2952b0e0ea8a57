//! What became of incidents between two versions: each that is not the same record as before, once, as it is now.
//!
//! A ledger is only ever added to, so what changed is worked out of it: records of batches that came, went or came back,
//! and records that an event names, are looked at; each is compared by what was current of its incident then and now.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use naqsha_model::{BatchDigest, IncidentId};
use ring::digest::{Context, SHA256};

use crate::contents::{Contents, RecordAt};
use crate::event::Operation;
use crate::hidden::read_source_rows;
use crate::snapshot::Snapshot;
use crate::visibility::Visibility;
use crate::{StoreError, StoredIncident};

/// Where a page of changes ends: the batch by order of commit, and the row in it.
pub type ChangePlace = (u64, u64);

/// What became of an incident.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// It is new, or another revision of it is current.
    Upsert(Box<StoredIncident>),
    /// It was current and is no longer: withdrawn, replaced, or all of its batches are.
    Gone(IncidentId),
}

/// Some of the changes between two versions.
#[derive(Debug, Clone, PartialEq)]
pub struct Changes {
    /// At most as many as were asked for, in the order of the records that were touched.
    pub changes: Vec<Change>,
    /// Where they end, if there are more.
    pub more: Option<ChangePlace>,
}

/// An incident that changed.
struct Changed {
    /// The touched record that it is listed at.
    at: RecordAt,
    first: RecordAt,
    now: Option<RecordAt>,
}

/// Records that may have changed between two versions.
struct Touched {
    /// All of these batches.
    whole: BTreeSet<u64>,
    /// These rows of others.
    rows: BTreeMap<u64, BTreeSet<u64>>,
}

impl Touched {
    /// What was touched after a version. Batches that were live neither then nor now are left out.
    fn after(contents: &Contents, version: u64, then: &Visibility, now: &Visibility) -> Self {
        let seen = |sequence: u64| then.is_live(sequence) || now.is_live(sequence);
        let committed = contents.batches.iter();
        let committed = committed.filter(|batch| batch.committed_version > version);
        let late = |version_of: u64| version_of > version;
        let events = contents.events.iter();
        let of_batches = events
            .clone()
            .filter(|event| event.rows.is_none() && late(event.version));
        let whole: BTreeSet<u64> = committed
            .map(|batch| batch.sequence)
            .chain(of_batches.map(|event| event.sequence))
            .filter(|&sequence| seen(sequence))
            .collect();
        let mut rows: BTreeMap<u64, BTreeSet<u64>> = BTreeMap::new();
        for event in events {
            // Records whose place a batch takes come and go with that batch.
            let of_batch = event.operation == Operation::Replace && whole.contains(&event.sequence);
            let named = event
                .rows
                .as_ref()
                .filter(|_| late(event.version) || of_batch);
            for (&sequence, named) in named.into_iter().flatten() {
                if seen(sequence) {
                    rows.entry(sequence).or_default().extend(named);
                }
            }
        }
        Self { whole, rows }
    }

    fn has(&self, record: RecordAt) -> bool {
        let named = || self.rows.get(&record.sequence);
        self.whole.contains(&record.sequence)
            || named().is_some_and(|rows| rows.contains(&record.row))
    }

    /// Batches with touched records, ascending.
    fn sequences(&self) -> BTreeSet<u64> {
        self.whole.iter().chain(self.rows.keys()).copied().collect()
    }
}

impl Snapshot {
    /// A number that differs between two ledgers that differ in their batches or events up to a version: by it a reader
    /// learns that what it read was of another store, or of one that was set back since.
    pub fn history(&self, version: u64) -> u64 {
        let mut digest = Context::new(&SHA256);
        let contents = self.contents();
        let batches = contents.batches.iter();
        for batch in batches.filter(|batch| batch.committed_version <= version) {
            digest.update(batch.digest.bytes());
            digest.update(&batch.committed_version.to_le_bytes());
        }
        let events = contents.events.iter();
        for event in events.filter(|event| event.version <= version) {
            digest.update(event.operation.word().as_bytes());
            digest.update(&event.sequence.to_le_bytes());
            digest.update(&event.version.to_le_bytes());
        }
        let digest = digest.finish();
        let first = digest.as_ref().iter().take(8);
        first.fold(0, |number, &byte| number << 8 | u64::from(byte))
    }

    /// What became of incidents after a version, up to this one: at most `limit` of them behind `after`.
    ///
    /// Cost: O(records of the batches that were touched), of which one column is read; and the records of the page.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where a damaged file may hold such records; [`StoreError::Object`] where it is away.
    pub fn changes(
        &self,
        version: u64,
        after: Option<ChangePlace>,
        limit: usize,
    ) -> Result<Changes, StoreError> {
        let then = Visibility::of(&self.contents().at(version));
        let touched = Touched::after(self.contents(), version, &then, self.visibility());
        let mut found: Vec<Changed> = Vec::new();
        for sequence in touched.sequences() {
            if found.len() > limit || after.is_some_and(|(last, _)| sequence < last) {
                continue;
            }
            let rows = self.touched_rows(&touched, sequence)?;
            let from = after.filter(|(last, _)| *last == sequence);
            let rows = rows.into_iter();
            let rows = rows.filter(|&row| from.is_none_or(|(_, last)| row > last));
            let changed = rows.filter_map(|row| {
                let record = RecordAt { sequence, row };
                self.changed(&touched, &then, record)
            });
            let room = (limit + 1).saturating_sub(found.len());
            found.extend(changed.take(room));
        }
        let has_more = found.len() > limit;
        found.truncate(limit);
        let last = found.last().filter(|_| has_more);
        let more = last.map(|last| (last.at.sequence, last.at.row));
        Ok(Changes {
            changes: self.told(&found)?,
            more,
        })
    }

    /// What became of the incident of a touched record; nothing where it is listed at another of its records.
    fn changed(&self, touched: &Touched, then: &Visibility, at: RecordAt) -> Option<Changed> {
        let links = &self.contents().links;
        let first = links.first_of(at);
        let revisions = links.after(first).iter().map(|link| link.record);
        let mut records = revisions.chain([first]);
        if records.any(|other| other < at && touched.has(other)) {
            return None;
        }
        let now = self.visibility().current(links, first);
        (then.current(links, first) != now).then_some(Changed { at, first, now })
    }

    /// The touched rows of a batch, ascending.
    fn touched_rows(&self, touched: &Touched, sequence: u64) -> Result<Vec<u64>, StoreError> {
        let contents: &Arc<Contents> = self.contents();
        if !touched.whole.contains(&sequence) {
            let rows = touched.rows.get(&sequence).into_iter().flatten();
            return Ok(rows.copied().collect());
        }
        let mut rows = Vec::new();
        if let Some(batch) = contents.batch(sequence) {
            let files = contents.files.iter();
            for file in files.filter(|file| file.batch == batch.digest) {
                let read = read_source_rows(self.files(), file);
                rows.extend(read.map_err(|unread| self.files().error(file, unread))?);
            }
        }
        rows.sort_unstable();
        Ok(rows)
    }

    /// Changes with the records that are current now; each file is read once.
    fn told(&self, found: &[Changed]) -> Result<Vec<Change>, StoreError> {
        let mut wanted: BTreeMap<u64, BTreeSet<u64>> = BTreeMap::new();
        for record in found.iter().filter_map(|changed| changed.now) {
            wanted
                .entry(record.sequence)
                .or_default()
                .insert(record.row);
        }
        let mut current: HashMap<RecordAt, StoredIncident> = HashMap::new();
        for (sequence, rows) in wanted {
            for stored in self.records_of(sequence, &rows)? {
                let row = stored.incident.provenance.row;
                current.insert(RecordAt { sequence, row }, stored);
            }
        }
        let told = |changed: &Changed| {
            if let Some(now) = changed.now {
                let stored = current.remove(&now).ok_or_else(|| self.no_such(now))?;
                return Ok(Change::Upsert(Box::new(stored)));
            }
            let id = self.id_at(changed.first).map(Change::Gone);
            id.ok_or_else(|| self.no_such(changed.first))
        };
        found.iter().map(told).collect()
    }

    /// The ledger names a record that no file has.
    fn no_such(&self, record: RecordAt) -> StoreError {
        let batch = self.contents().batch(record.sequence);
        StoreError::NoSuchRecord {
            batch: batch.map_or(BatchDigest::new([0; 32]), |batch| batch.digest),
            row: record.row,
        }
    }
}

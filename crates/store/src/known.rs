//! What a batch being written is compared with: the agency's keys as of one snapshot.

use std::collections::HashMap;
use std::sync::Arc;

use itertools::Itertools as _;
use naqsha_model::NaturalKey;

use crate::StoreError;
use crate::contents::{EventRecord, RecordAt, RowsByBatch};
use crate::event::{Act, Operation};
use crate::keys::{Keys, Standing};
use crate::snapshot::Snapshot;

/// The agency's keys, and the records that the batch takes the place of. It holds while the writer's lock does.
#[derive(Debug)]
pub(crate) struct Known {
    pub keys: Arc<Keys>,
    pub snapshot: Arc<Snapshot>,
    /// Records the batch replaces, with their earlier revisions; rows ascending.
    pub replaced: RowsByBatch,
}

impl Known {
    /// The incidents that keys name, as they stand once the replaced records are gone; those that are new are not in it.
    ///
    /// Cost: a read of some kilobytes a key and run, of which there are a few.
    ///
    /// # Errors
    /// Where what is kept of the keys cannot be read: the next batch makes it anew from the files.
    pub(crate) fn standings(
        &self,
        keys: impl Iterator<Item = NaturalKey>,
    ) -> Result<HashMap<NaturalKey, Standing>, StoreError> {
        let keys: Vec<NaturalKey> = keys.sorted_unstable().dedup().collect();
        let visibility = self.snapshot.visibility();
        let seen = |at| visibility.sees(at) && !self.replaces(at);
        self.keys.standings(&keys, &self.snapshot, seen)
    }

    fn replaces(&self, at: RecordAt) -> bool {
        self.replaced
            .get(&at.sequence)
            .is_some_and(|rows| rows.binary_search(&at.row).is_ok())
    }

    /// The number of the next batch.
    pub(crate) fn next_sequence(&self) -> u64 {
        self.snapshot.contents().heads().sequence + 1
    }

    /// The number of the next link between incidents.
    pub(crate) fn next_cluster_link(&self) -> u64 {
        let links = &self.snapshot.contents().cluster_links;
        links.last().map_or(0, |link| link.number) + 1
    }

    /// How many current records are replaced.
    pub(crate) fn replaced_count(&self) -> u64 {
        let visibility = self.snapshot.visibility();
        let seen = |(&sequence, rows): (&u64, &Vec<u64>)| {
            let at = |&row: &u64| RecordAt { sequence, row };
            rows.iter()
                .map(at)
                .filter(|&at| visibility.sees(at))
                .count() as u64
        };
        self.replaced.iter().map(seen).sum()
    }

    /// The event that replaces the records, where there are any.
    pub(crate) fn replacement(&self, sequence: u64, version: u64, act: Act) -> Option<EventRecord> {
        (!self.replaced.is_empty()).then(|| EventRecord {
            number: self.snapshot.contents().heads().event + 1,
            version,
            act,
            operation: Operation::Replace,
            sequence,
            rows: Some(self.replaced.clone()),
            left_out: std::collections::BTreeMap::new(),
        })
    }
}

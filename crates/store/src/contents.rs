//! All that the ledger says, in memory.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use naqsha_model::{BatchDigest, Code};

use crate::batch::{BatchRecord, BatchState};
use crate::cluster::{DecisionRecord, LinkRecord};
use crate::event::{Act, Event, Operation};
use crate::files::FileRecord;
use crate::manifest::NilReturn;

/// Where a record is stored: its batch by order of commit, and its row in the bureau's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RecordAt {
    pub sequence: u64,
    pub row: u64,
}

/// A record that is a later revision of an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Link {
    pub record: RecordAt,
    /// The first record of the incident, which gives it its id.
    pub first: RecordAt,
    /// From 2.
    pub revision: u32,
}

/// Rows of an event, by batch.
pub(crate) type RowsByBatch = BTreeMap<u64, Vec<u64>>;

/// An event with all that it names.
#[derive(Debug, Clone)]
pub(crate) struct EventRecord {
    pub number: u64,
    pub version: u64,
    pub act: Act,
    pub operation: Operation,
    pub sequence: u64,
    /// `None`: the batch as a whole.
    pub rows: Option<RowsByBatch>,
    /// Rows of a released batch that stay out.
    pub left_out: BTreeMap<Code, Vec<u64>>,
}

/// All that the ledger says.
#[derive(Debug, Clone, Default)]
pub(crate) struct Contents {
    pub version: u64,
    /// In order of commit; each with the state it has now.
    pub batches: Vec<BatchRecord>,
    /// The state each batch had when it was committed.
    pub committed: Vec<BatchState>,
    /// In order of batch and part.
    pub files: Vec<FileRecord>,
    /// In order.
    pub events: Vec<Arc<EventRecord>>,
    pub links: Arc<Links>,
    /// In order of receipt.
    pub nil_returns: Vec<NilReturn>,
    /// In order.
    pub cluster_links: Vec<LinkRecord>,
    /// In order.
    pub decisions: Vec<DecisionRecord>,
}

/// How far a ledger has got; a larger one knows all that a smaller one knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Heads {
    pub sequence: u64,
    pub event: u64,
    pub decision: u64,
    /// How many there are: they have no numbers.
    pub nil_returns: u64,
}

impl Heads {
    /// Whether everything `other` knows is known.
    pub(crate) fn covers(self, other: Self) -> bool {
        self.sequence >= other.sequence
            && self.event >= other.event
            && self.decision >= other.decision
            && self.nil_returns >= other.nil_returns
    }
}

impl Contents {
    pub(crate) fn heads(&self) -> Heads {
        Heads {
            sequence: self.batches.last().map_or(0, |batch| batch.sequence),
            event: self.events.last().map_or(0, |event| event.number),
            decision: self.decisions.last().map_or(0, |decision| decision.number),
            nil_returns: self.nil_returns.len() as u64,
        }
    }

    /// Whether the same is stated already: the agency has nothing of the profile in the period.
    pub(crate) fn states(&self, nil: &NilReturn) -> bool {
        let same = |known: &NilReturn| {
            (&known.agency, &known.profile, known.period) == (&nil.agency, &nil.profile, nil.period)
        };
        self.nil_returns.iter().any(same)
    }

    /// The batch with a number.
    pub(crate) fn batch(&self, sequence: u64) -> Option<&BatchRecord> {
        let at = self
            .batches
            .binary_search_by_key(&sequence, |batch| batch.sequence)
            .ok()?;
        self.batches.get(at)
    }

    /// The batch with a digest.
    pub(crate) fn find(&self, digest: &BatchDigest) -> Option<&BatchRecord> {
        self.batches.iter().find(|batch| batch.digest == *digest)
    }

    /// Adds a batch that was just committed.
    pub(crate) fn add_batch(&mut self, batch: BatchRecord, files: Vec<FileRecord>) {
        self.version = batch.committed_version;
        self.committed.push(batch.state);
        self.batches.push(batch);
        self.files.extend(files);
    }

    /// Adds links that were just committed.
    pub(crate) fn add_links(&mut self, links: &[Link]) {
        if !links.is_empty() {
            let all = self.links.by_first.iter().chain(links).copied();
            self.links = Arc::new(Links::new(all.collect()));
        }
    }

    /// Adds an event that was just committed.
    pub(crate) fn add_event(&mut self, event: EventRecord) {
        self.version = event.version;
        self.events.push(Arc::new(event));
        self.settle();
    }

    /// Gives each batch the state it has now.
    pub(crate) fn settle(&mut self) {
        let mut standing: Vec<(BatchState, bool)> =
            self.committed.iter().map(|&state| (state, false)).collect();
        for event in self.events.iter().filter(|event| event.rows.is_none()) {
            let at = self
                .batches
                .binary_search_by_key(&event.sequence, |batch| batch.sequence);
            if let Some((state, withdrawn)) = at.ok().and_then(|at| standing.get_mut(at)) {
                match event.operation {
                    Operation::Withdraw => *withdrawn = true,
                    Operation::Restore => *withdrawn = false,
                    Operation::Release => *state = BatchState::Live,
                    Operation::Replace => {}
                }
            }
        }
        for (batch, (state, withdrawn)) in self.batches.iter_mut().zip(standing) {
            batch.state = if withdrawn {
                BatchState::Withdrawn
            } else {
                state
            };
        }
    }

    /// The batches that are or were live.
    pub(crate) fn ever_live(&self) -> impl Iterator<Item = &BatchRecord> {
        let released = self.events.iter();
        let released: HashSet<u64> = released
            .filter(|event| event.operation == Operation::Release)
            .map(|event| event.sequence)
            .collect();
        let batches = self.batches.iter().zip(&self.committed);
        batches
            .filter(move |(batch, committed)| {
                **committed == BatchState::Live || released.contains(&batch.sequence)
            })
            .map(|(batch, _)| batch)
    }

    /// The events as they are told.
    pub(crate) fn told(&self) -> impl Iterator<Item = Event> + '_ {
        self.events.iter().filter_map(|event| {
            Some(Event {
                number: event.number,
                version: event.version,
                act: event.act.clone(),
                operation: event.operation,
                batch: self.batch(event.sequence)?.digest,
                records: event
                    .rows
                    .as_ref()
                    .map(|rows| rows.values().map(|rows| rows.len() as u64).sum()),
            })
        })
    }
}

/// The links of all incidents that have more than one revision: 44 bytes for each revision after the first.
#[derive(Debug, Default)]
pub(crate) struct Links {
    /// By first record, then revision.
    by_first: Vec<Link>,
    /// Positions in `by_first`, by record.
    by_record: Vec<u32>,
}

impl Links {
    /// Fewer than 2³² links.
    pub(crate) fn new(mut by_first: Vec<Link>) -> Self {
        by_first.sort_unstable_by_key(|link| (link.first, link.revision));
        let mut by_record: Vec<u32> = (0..).take(by_first.len()).collect();
        by_record.sort_unstable_by_key(|&at| by_first.get(at as usize).map(|link| link.record));
        Self {
            by_first,
            by_record,
        }
    }

    /// The link of a record, where it is a later revision.
    pub(crate) fn of(&self, record: RecordAt) -> Option<&Link> {
        let link = |at: u32| self.by_first.get(at as usize);
        let found = self
            .by_record
            .binary_search_by_key(&Some(record), |&at| link(at).map(|link| link.record));
        found
            .ok()
            .and_then(|at| self.by_record.get(at))
            .and_then(|&at| link(at))
    }

    /// The later revisions of the incident whose first record this is, ascending.
    pub(crate) fn after(&self, first: RecordAt) -> &[Link] {
        let start = self.by_first.partition_point(|link| link.first < first);
        let rest = self.by_first.get(start..).unwrap_or_default();
        let count = rest.partition_point(|link| link.first == first);
        rest.get(..count).unwrap_or_default()
    }

    /// The incidents, each as its later revisions.
    pub(crate) fn incidents(&self) -> impl Iterator<Item = &[Link]> {
        self.by_first
            .chunk_by(|left, right| left.first == right.first)
    }

    /// The first record of a record's incident.
    pub(crate) fn first_of(&self, record: RecordAt) -> RecordAt {
        self.of(record).map_or(record, |link| link.first)
    }

    /// Number of links of a batch's records.
    pub(crate) fn of_batch(&self, sequence: u64) -> u64 {
        let first = |at: &u32| {
            self.by_first
                .get(*at as usize)
                .map_or(0, |link| link.record.sequence)
        };
        let start = self.by_record.partition_point(|at| first(at) < sequence);
        let end = self.by_record.partition_point(|at| first(at) <= sequence);
        (end - start) as u64
    }
}

//! Which records are current: a function of the ledger alone, computed anew whenever the ledger has grown.
//!
//! A record is *eligible* where its batch is live, it is not withdrawn itself, it was not left out at its batch's release,
//! and no live batch took its place. Of the eligible revisions of an incident the highest is current; the others are
//! hidden. So whatever the order of withdrawals and restorations, an incident is seen once or not at all.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use crate::batch::BatchState;
use crate::contents::{Contents, Links, RecordAt, RowsByBatch};
use crate::event::Operation;

/// Sets of rows, by batch.
type RowSets = HashMap<u64, HashSet<u64>>;

/// What is current.
#[derive(Debug, Default, Clone)]
pub(crate) struct Visibility {
    live: HashSet<u64>,
    /// Rows of live batches that are not current, ascending.
    hidden: HashMap<u64, Arc<[u64]>>,
    /// Rows withdrawn one by one, of batches in any state.
    withdrawn: RowSets,
    /// Rows left out when their batch was released.
    left_out: RowSets,
}

impl Visibility {
    pub(crate) fn of(contents: &Contents) -> Self {
        let live: HashSet<u64> = contents
            .batches
            .iter()
            .filter(|batch| batch.state == BatchState::Live)
            .map(|batch| batch.sequence)
            .collect();
        let (mut withdrawn, mut left_out, mut replaced) =
            (RowSets::new(), RowSets::new(), RowSets::new());
        for event in &contents.events {
            let rows = event.rows.as_ref();
            match (event.operation, rows) {
                (Operation::Withdraw, Some(rows)) => insert(&mut withdrawn, rows),
                (Operation::Restore, Some(rows)) => remove(&mut withdrawn, rows),
                (Operation::Replace, Some(rows)) if live.contains(&event.sequence) => {
                    insert(&mut replaced, rows);
                }
                (Operation::Release, _) => {
                    let set = left_out.entry(event.sequence).or_default();
                    set.extend(event.left_out.values().flatten());
                }
                _ => {}
            }
        }
        let mut hidden: HashMap<u64, BTreeSet<u64>> = HashMap::new();
        for (&sequence, rows) in withdrawn.iter().chain(&left_out).chain(&replaced) {
            if live.contains(&sequence) {
                hidden.entry(sequence).or_default().extend(rows);
            }
        }
        hide_superseded(&contents.links, &live, &mut hidden);
        let hidden = hidden
            .into_iter()
            .map(|(sequence, rows)| (sequence, rows.into_iter().collect()))
            .collect();
        Self {
            live,
            hidden,
            withdrawn,
            left_out,
        }
    }

    /// The same without these records, which are current.
    pub(crate) fn without(&self, records: &BTreeSet<RecordAt>) -> Self {
        let mut less = self.clone();
        let mut by_batch = RowsByBatch::new();
        for record in records {
            by_batch
                .entry(record.sequence)
                .or_default()
                .push(record.row);
        }
        for (sequence, rows) in by_batch {
            let all: BTreeSet<u64> = self.hidden(sequence).iter().copied().chain(rows).collect();
            less.hidden.insert(sequence, all.into_iter().collect());
        }
        less
    }

    /// Whether a batch is live.
    pub(crate) fn is_live(&self, sequence: u64) -> bool {
        self.live.contains(&sequence)
    }

    /// Whether a record is current.
    pub(crate) fn sees(&self, record: RecordAt) -> bool {
        self.live.contains(&record.sequence)
            && self
                .hidden
                .get(&record.sequence)
                .is_none_or(|rows| rows.binary_search(&record.row).is_err())
    }

    /// Rows of a live batch that are not current, ascending.
    pub(crate) fn hidden(&self, sequence: u64) -> &[u64] {
        self.hidden.get(&sequence).map_or(&[], |rows| rows)
    }

    /// Whether a record was withdrawn by itself.
    pub(crate) fn is_withdrawn(&self, record: RecordAt) -> bool {
        self.withdrawn
            .get(&record.sequence)
            .is_some_and(|rows| rows.contains(&record.row))
    }

    /// Whether a record was left out when its batch was released.
    pub(crate) fn is_left_out(&self, record: RecordAt) -> bool {
        self.left_out
            .get(&record.sequence)
            .is_some_and(|rows| rows.contains(&record.row))
    }

    /// The current record of the incident that begins with `first`.
    pub(crate) fn current(&self, links: &Links, first: RecordAt) -> Option<RecordAt> {
        let later = links.after(first).iter().rev().map(|link| link.record);
        later.chain([first]).find(|&record| self.sees(record))
    }
}

fn insert(sets: &mut RowSets, rows: &RowsByBatch) {
    for (&sequence, rows) in rows {
        sets.entry(sequence).or_default().extend(rows);
    }
}

fn remove(sets: &mut RowSets, rows: &RowsByBatch) {
    for (sequence, rows) in rows {
        if let Some(set) = sets.get_mut(sequence) {
            for row in rows {
                set.remove(row);
            }
        }
    }
}

/// Hides every eligible revision of an incident but the highest.
fn hide_superseded(links: &Links, live: &HashSet<u64>, hidden: &mut HashMap<u64, BTreeSet<u64>>) {
    for later in links.incidents() {
        let first = later.iter().map(|link| link.first).take(1);
        let descending = later.iter().rev().map(|link| link.record).chain(first);
        let eligible = descending.filter(|record| {
            live.contains(&record.sequence)
                && hidden
                    .get(&record.sequence)
                    .is_none_or(|rows| !rows.contains(&record.row))
        });
        let superseded: Vec<RecordAt> = eligible.skip(1).collect();
        for record in superseded {
            hidden
                .entry(record.sequence)
                .or_default()
                .insert(record.row);
        }
    }
}

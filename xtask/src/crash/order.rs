//! The order of writes and syncs, judged by a disk that keeps nothing but what was synced.
//!
//! A file system may keep more than it must: ext4 writes all names that wait when it commits its journal for the sync of one
//! file, so a folder that is not synced goes unnoticed there as long as some file is synced after it. Here a name is on the
//! disk when its folder was synced since it was made, and bytes are when their file was synced since they were written.

use std::collections::{BTreeMap, BTreeSet};

use super::operations::{Change, Kind, Outcome};

const LEDGER: &str = "store/ledger.sqlite";
/// Journals by which a change of the ledger is taken back or made again: the first only while a store is made.
const JOURNALS: [&str; 2] = ["store/ledger.sqlite-journal", WAL];
const WAL: &str = "store/ledger.sqlite-wal";

/// What is known of a file or folder.
#[derive(Debug, Clone, Default)]
struct Entry {
    is_folder: bool,
    /// Bytes were written since the last sync.
    unsynced: bool,
    /// Its folder was synced since it got its name.
    named: bool,
}

/// The files below the watched folder.
#[derive(Debug, Clone, Default)]
pub(crate) struct Disk {
    entries: BTreeMap<String, Entry>,
}

impl Disk {
    /// Follows what was done; gives what would lose an earlier acknowledgement.
    pub(crate) fn follow(&mut self, changes: &[Change]) -> BTreeSet<String> {
        let done = changes
            .iter()
            .filter(|change| change.outcome == Outcome::Done);
        done.filter_map(|change| self.step(change)).collect()
    }

    /// What an acknowledgement rests on and is not on the disk.
    pub(crate) fn missing(&self) -> BTreeSet<String> {
        let mut missing = BTreeSet::new();
        for (path, entry) in &self.entries {
            let is_bytes = path.ends_with(".parquet") || path == WAL;
            if entry.unsynced && is_bytes {
                missing.insert(format!("bytes of {} are not synced", kind_of(path)));
            }
            if !entry.named && (is_bytes || entry.is_folder || path == LEDGER) {
                missing.insert(format!("the name of {} is not synced", kind_of(path)));
            }
        }
        missing
    }

    pub(crate) fn is_folder(&self, path: &str) -> bool {
        path == "." || self.entries.get(path).is_some_and(|entry| entry.is_folder)
    }

    fn step(&mut self, change: &Change) -> Option<String> {
        let path = &change.path;
        match change.kind {
            Kind::Create => self.insert(path, false),
            Kind::MakeFolder => self.insert(path, true),
            Kind::Write => {
                let early = (path == LEDGER).then(|| self.unsynced_journal()).flatten();
                self.entries.entry(path.clone()).or_default().unsynced = true;
                return early;
            }
            Kind::Truncate | Kind::Unlink if JOURNALS.contains(&path.as_str()) => {
                let lost = self
                    .is_unsynced(LEDGER)
                    .then(|| "a journal goes before the ledger is synced".to_owned());
                if change.kind == Kind::Unlink {
                    self.entries.remove(path);
                } else if let Some(journal) = self.entries.get_mut(path) {
                    // An empty journal says nothing, whether its emptiness is on the disk or not: the ledger has it all.
                    journal.unsynced = false;
                }
                return lost;
            }
            Kind::Truncate => {
                if let Some(entry) = self.entries.get_mut(path) {
                    entry.unsynced = true;
                }
            }
            Kind::Unlink => {
                self.entries.remove(path);
            }
            Kind::Rename => {
                let entry = self.entries.remove(path).unwrap_or_default();
                let to = change.to.clone().unwrap_or_default();
                self.entries.insert(
                    to,
                    Entry {
                        named: false,
                        ..entry
                    },
                );
            }
            Kind::Sync => self.sync(path),
        }
        None
    }

    fn insert(&mut self, path: &str, is_folder: bool) {
        self.entries.insert(
            path.to_owned(),
            Entry {
                is_folder,
                ..Entry::default()
            },
        );
    }

    fn sync(&mut self, path: &str) {
        if let Some(entry) = self.entries.get_mut(path) {
            entry.unsynced = false;
        }
        for (below, entry) in &mut self.entries {
            entry.named |= below.rsplit_once('/').map_or(".", |(folder, _)| folder) == path;
        }
    }

    /// Says so where the ledger would be changed while a journal could not take the change back yet.
    fn unsynced_journal(&self) -> Option<String> {
        let open = JOURNALS
            .into_iter()
            .find(|journal| self.is_unsynced(journal))?;
        Some(format!(
            "the ledger is changed before {} is synced",
            kind_of(open)
        ))
    }

    fn is_unsynced(&self, path: &str) -> bool {
        self.entries.get(path).is_some_and(|entry| entry.unsynced)
    }
}

/// What a path is to the store, so that two runs say the same.
fn kind_of(path: &str) -> &str {
    if path.ends_with(".parquet") {
        "a file of incidents"
    } else {
        path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(kind: Kind, path: &str) -> Change {
        let to = (kind == Kind::Rename).then(|| path.trim_end_matches(".tmp").to_owned());
        Change {
            process: 1,
            kind,
            outcome: Outcome::Done,
            path: path.to_owned(),
            to,
        }
    }

    /// A file of incidents is written, synced, renamed, its folder synced.
    fn commit() -> Vec<Change> {
        let file = "store/incidents/a-00000.parquet.tmp";
        vec![
            change(Kind::Create, file),
            change(Kind::Write, file),
            change(Kind::Sync, file),
            change(Kind::Rename, file),
            change(Kind::Sync, "store/incidents"),
        ]
    }

    #[test]
    fn a_file_is_there_once_its_bytes_and_its_name_are_synced() {
        let mut disk = Disk::default();
        assert!(disk.follow(&commit()).is_empty());
        assert_eq!(disk.missing(), BTreeSet::new());
        for left_out in [2, 4] {
            let (mut disk, mut changes) = (Disk::default(), commit());
            changes[left_out].outcome = Outcome::Muted;
            disk.follow(&changes);
            assert_eq!(disk.missing().len(), 1, "{:?}", changes[left_out]);
        }
    }

    #[test]
    fn the_ledger_changes_after_its_journal_and_outlives_it() {
        let (write, sync) = (
            |path| change(Kind::Write, path),
            |path| change(Kind::Sync, path),
        );
        let order = [
            write(WAL),
            sync(WAL),
            write(LEDGER),
            sync(LEDGER),
            change(Kind::Unlink, WAL),
        ];
        assert_eq!(Disk::default().follow(&order), BTreeSet::new());
        for left_out in [1, 3] {
            let mut order = order.clone();
            order[left_out].outcome = Outcome::Muted;
            assert_eq!(
                Disk::default().follow(&order).len(),
                1,
                "{:?}",
                order[left_out]
            );
        }
    }
}

//! Natural keys stored, by agency: what a repeat is known by.
//!
//! The newest lie in memory, all others in runs, which are sorted files beside the kept indexes: memory does not grow with
//! the store, and a start reads no keys. Both are derived from the Parquet files.

mod entry;
mod gather;
mod known_keys;
mod merge;
mod read;
mod run;

use std::collections::HashMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

pub(crate) use entry::{Entry, Keyed};
pub(crate) use known_keys::{Keys, Standing};
pub(crate) use read::read_keys;

use crate::StoreError;
use crate::contents::Contents;
use crate::index::persisted;
use crate::snapshot::Snapshot;
use gather::Gathered;
use run::{Covered, Run};

/// Ends the name of a run.
const NAME: &str = ".keys";

/// Ends the name of a run that is being written.
const UNFINISHED: &str = ".keys.tmp";

/// Where a program leaves runs unmerged until there are so many, it merges them when it writes: a service does so before.
const MOST_RUNS: usize = 16;

/// How many keys are kept in memory.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// Records of an agency, with a key or without, before their keys become a run: about 6 MB.
    recent: usize,
    /// Batches before that.
    batches: usize,
    /// While more are read, before they are sorted and put aside: about 100 MB. More than `recent`.
    waiting: usize,
}

const LIMITS: Limits = Limits {
    recent: 1 << 16,
    batches: 256,
    waiting: 1 << 20,
};

/// Keys read so far. One writer at a time uses it.
#[derive(Debug)]
pub(crate) struct KeyCache {
    folder: PathBuf,
    limits: Limits,
    agencies: HashMap<String, Arc<Keys>>,
}

/// The folder of the runs of a store.
fn folder(store: &Path) -> PathBuf {
    store.join(persisted::FOLDER)
}

/// Whether a name in that folder is a run's.
pub(crate) fn is_named(name: &str) -> bool {
    name.ends_with(NAME) || name.ends_with(UNFINISHED)
}

impl KeyCache {
    pub(crate) fn new(store: &Path) -> Self {
        Self {
            folder: folder(store),
            limits: LIMITS,
            agencies: HashMap::new(),
        }
    }

    /// Keys of all batches of an agency that are or were live; reads the files of those that no run has.
    ///
    /// Memory: up to 100 MB while it reads, up to 6 MB an agency after.
    pub(crate) fn of(
        &mut self,
        agency: &str,
        snapshot: &Snapshot,
    ) -> Result<Arc<Keys>, StoreError> {
        let live = live_of(snapshot.contents(), Some(agency));
        let failed = |source| StoreError::File {
            action: "keep natural keys in",
            path: self.folder.clone(),
            source,
        };
        if let Some(keys) = self.agencies.get(agency).filter(|keys| keys.is_damaged()) {
            keys.remove();
            self.agencies.remove(agency);
        }
        let known = || Arc::new(Keys::of(kept(&self.folder, agency, &live)));
        let known = self.agencies.entry(agency.to_owned()).or_insert_with(known);
        let new = live.iter().filter(|&(&sequence, _)| !known.has(sequence));
        let new: Covered = new.map(|(&sequence, &batch)| (sequence, batch)).collect();
        if new.is_empty() {
            return Ok(Arc::clone(known));
        }
        // What was known stays as it is until all is read.
        let mut gathered = Gathered::new(&self.folder, self.limits);
        let sequences: HashMap<_, u64> = new.iter().map(|(&at, &batch)| (batch, at)).collect();
        for file in &snapshot.contents().files {
            let Some(&sequence) = sequences.get(&file.batch) else {
                continue;
            };
            let read = read_keys(snapshot.files(), file, sequence);
            let mut read = read.map_err(|unread| snapshot.files().error(file, unread))?;
            read.retain(|entry| !snapshot.visibility().is_left_out(entry.keyed.at));
            gathered.add(read, file.rows).map_err(failed)?;
        }
        let keys = Arc::make_mut(known);
        keys.add(agency, gathered, new).map_err(failed)?;
        if keys.run_count() > MOST_RUNS
            && let Some(chosen) = keys.chosen()
        {
            let merged = merge::of_runs(&self.folder, agency, &chosen).map_err(failed)?;
            keys.replace(&chosen, merged);
        }
        Ok(Arc::clone(known))
    }
}

/// The batches that are or were live, of an agency or of all.
fn live_of(contents: &Contents, agency: Option<&str>) -> Covered {
    contents
        .ever_live()
        .filter(|batch| agency.is_none_or(|agency| batch.agency.as_str() == agency))
        .map(|batch| (batch.sequence, batch.digest))
        .collect()
}

/// The runs in a folder, with their paths; those that cannot be read are no runs.
fn runs(folder: &Path) -> impl Iterator<Item = (PathBuf, std::io::Result<Run>)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let named = entries.filter(|entry| entry.file_name().to_string_lossy().ends_with(NAME));
    named.map(|entry| {
        let path = entry.path();
        let run = Run::open(&path);
        (path, run)
    })
}

fn is_of(run: &Run, live: &Covered) -> bool {
    let mut covered = run.covered.iter();
    covered.all(|(sequence, batch)| live.get(sequence) == Some(batch))
}

/// The kept runs of an agency that hold only batches of the ledger, the largest first, none of which has a batch of another.
fn kept(folder: &Path, agency: &str, live: &Covered) -> Vec<Arc<Run>> {
    let readable = runs(folder).filter_map(|(_, run)| run.ok());
    let mut found: Vec<Run> = readable
        .filter(|run| run.agency == agency && is_of(run, live))
        .collect();
    found.sort_by(|a, b| (b.covered.len(), &a.covered).cmp(&(a.covered.len(), &b.covered)));
    let mut taken: Vec<Arc<Run>> = Vec::new();
    for run in found {
        let is_taken = |sequence| {
            taken
                .iter()
                .any(|taken| taken.covered.contains_key(sequence))
        };
        if !run.covered.keys().any(is_taken) {
            taken.push(Arc::new(run));
        }
    }
    taken
}

/// Removes what no writer will read again: runs that are damaged, or whose batches larger runs have or the ledger lacks.
pub(crate) fn sweep(store: &Path, contents: &Contents) {
    let folder = folder(store);
    let live = live_of(contents, None);
    let mut agencies: HashMap<String, Vec<Arc<Run>>> = HashMap::new();
    for (path, run) in runs(&folder) {
        let is_kept = run.is_ok_and(|run| {
            let kept = agencies
                .entry(run.agency.clone())
                .or_insert_with(|| kept(&folder, &run.agency, &live));
            kept.iter().any(|kept| kept.covered == run.covered)
        });
        if !is_kept {
            remove(&path);
        }
    }
    let is_abandoned = |path: &Path| File::open(path).is_ok_and(|file| file.try_lock().is_ok());
    for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
        let is_unfinished = entry.file_name().to_string_lossy().ends_with(UNFINISHED);
        if is_unfinished && is_abandoned(&entry.path()) {
            remove(&entry.path());
        }
    }
}

fn remove(path: &Path) {
    if let Err(error) = fs::remove_file(path) {
        tracing::debug!(path = %path.display(), %error, "left where it is");
    }
}

/// Merges runs of an agency that has several of about one size; gives whether it did. Writers wait for none of it.
pub(crate) fn merge_runs(cache: &Mutex<KeyCache>) -> bool {
    let lock = || cache.lock().unwrap_or_else(PoisonError::into_inner);
    let chosen = |(agency, keys): (&String, &Arc<Keys>)| Some((agency.clone(), keys.chosen()?));
    let (folder, chosen) = {
        let cache = lock();
        let chosen: Vec<_> = cache.agencies.iter().filter_map(chosen).collect();
        (cache.folder.clone(), chosen)
    };
    let mut did = false;
    for (agency, chosen) in chosen {
        match merge::of_runs(&folder, &agency, &chosen) {
            Ok(merged) => {
                if let Some(keys) = lock().agencies.get_mut(&agency) {
                    Arc::make_mut(keys).replace(&chosen, merged);
                }
                did = true;
            }
            Err(error) => tracing::debug!(%agency, %error, "the runs of natural keys stay apart"),
        }
    }
    did
}

//! One version of the store: the live batches and their parts.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use naqsha_model::{BatchDigest, DayRange, IncidentId};
use rayon::prelude::*;

use crate::cluster;
use crate::contents::{Contents, RecordAt};
use crate::cube;
use crate::files::{self, FileRecord, Files, Unread};
use crate::index::{Held, Index, Part};
use crate::merged::{FileKey, State, View};
use crate::records::id_of;
use crate::scan::Scan;
use crate::visibility::Visibility;
use crate::{BatchRecord, BatchState, Cube, CubeQuery, Filter, NilReturn, Reader, StoreError};

/// A file of a live batch that is missing or differs from its digest, and is not served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DamagedFile {
    /// The file, relative to the store.
    pub path: PathBuf,
    /// Its batch.
    pub batch: BatchDigest,
    /// Incidents it held.
    pub rows: u64,
    /// What is wrong with it.
    pub reason: String,
}

/// One version of the store, unchanged while it is held.
pub struct Snapshot {
    files: Files,
    /// The ledger it was made of.
    contents: Arc<Contents>,
    visibility: Visibility,
    /// The live batches.
    batches: Vec<BatchRecord>,
    /// In order of batch and file.
    parts: Vec<Arc<Part>>,
    /// Indexes of many files; a part is in one of them, or has an index by itself.
    views: Vec<Arc<View>>,
    damaged: Vec<DamagedFile>,
    /// What the ledger knows of each damaged file, in the same order.
    lost: Vec<FileRecord>,
    /// Why files are left out of it that may be whole.
    away: Option<Arc<StoreError>>,
    /// Made when it is first asked for.
    deduplicated: OnceLock<Arc<Self>>,
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot")
            .field("files", &self.files)
            .field("version", &self.version())
            .field("batches", &self.batches.len())
            .field("live", &self.live())
            .field("damaged", &self.damaged)
            .finish_non_exhaustive()
    }
}

impl Snapshot {
    /// The current part of a ledger. Files are read and verified in parallel, but for those that are known already.
    ///
    /// # Errors
    /// [`StoreError::Object`] where a bucket does not answer: how its files are nobody knows then.
    pub(crate) fn load(
        files: Files,
        contents: &Arc<Contents>,
        known: &[Arc<Part>],
        views: &[Arc<View>],
    ) -> Result<Self, StoreError> {
        let visibility = Visibility::of(contents);
        let mut snapshot = Self::with(files, contents, visibility, known, views);
        let away = snapshot.away.take().and_then(Arc::into_inner);
        away.map_or(Ok(snapshot), Err)
    }

    /// The same where some files may be out of reach: see [`Snapshot::reached`].
    pub(crate) fn with(
        files: Files,
        contents: &Arc<Contents>,
        visibility: Visibility,
        known: &[Arc<Part>],
        views: &[Arc<View>],
    ) -> Self {
        let live = |batch: &&BatchRecord| batch.state == BatchState::Live;
        let batches: Vec<BatchRecord> = contents.batches.iter().filter(live).cloned().collect();
        let by_digest: HashMap<BatchDigest, Arc<BatchRecord>> = batches
            .iter()
            .map(|batch| (batch.digest, Arc::new(batch.clone())))
            .collect();
        let known: HashMap<FileKey, &Arc<Part>> =
            known.iter().map(|part| (part.file.key(), part)).collect();
        let merged: HashSet<FileKey> = views
            .iter()
            .flat_map(|view| view.merged.files.iter().copied())
            .collect();
        let open = || -> Vec<(&FileRecord, Result<Arc<Part>, Unread>)> {
            let opened = contents.files.par_iter().filter_map(|file| {
                let batch = by_digest.get(&file.batch)?;
                let hidden = within(visibility.hidden(batch.sequence), file.source_rows);
                let part = match known.get(&file.key()) {
                    Some(part) if hidden.is_empty() && part.hidden.is_none() => {
                        Ok(Arc::clone(part))
                    }
                    Some(part) => part.hiding(&files, batch, hidden).map(Arc::new),
                    None if merged.contains(&file.key()) => {
                        Part::merged(&files, batch, file, hidden).map(Arc::new)
                    }
                    None => Part::open(&files, batch, file, hidden).map(Arc::new),
                };
                Some((file, part))
            });
            opened.collect()
        };
        let opened = files.in_parallel(open);
        let mut snapshot = Self {
            files,
            contents: Arc::clone(contents),
            visibility,
            batches,
            parts: Vec::new(),
            views: Vec::new(),
            damaged: Vec::new(),
            lost: Vec::new(),
            away: None,
            deduplicated: OnceLock::new(),
        };
        for (file, part) in opened {
            match part {
                Ok(part) => snapshot.parts.push(part),
                Err(Unread::Away(error)) => snapshot.away = Some(Arc::new(error)),
                Err(Unread::Damaged(reason)) => {
                    let path = snapshot.files.name(file);
                    let (batch, rows) = (file.batch, file.rows);
                    snapshot.damaged.push(DamagedFile {
                        path,
                        batch,
                        rows,
                        reason,
                    });
                    snapshot.lost.push(file.clone());
                }
            }
        }
        snapshot.views = views_of(views, &snapshot.parts);
        snapshot
    }

    /// The same version with these parts merged, and a view of the index that they are merged in; `left` are the views that
    /// it takes the place of.
    pub(crate) fn with_merged(&self, merged: &Arc<View>, left: &[Arc<View>]) -> Self {
        let files: HashSet<FileKey> = merged.merged.files.iter().copied().collect();
        let part = |part: &Arc<Part>| match part.held {
            Held::Apart(_) if files.contains(&part.file.key()) => Arc::new(part.once_merged()),
            _ => Arc::clone(part),
        };
        let parts: Vec<Arc<Part>> = self.parts.iter().map(part).collect();
        let stays = |view: &&Arc<View>| {
            !left
                .iter()
                .any(|left| Arc::ptr_eq(&left.merged, &view.merged))
        };
        let views = self.views.iter().filter(stays).cloned();
        let views: Vec<Arc<View>> = views.chain([Arc::clone(merged)]).collect();
        Self {
            files: self.files.clone(),
            contents: Arc::clone(&self.contents),
            visibility: self.visibility.clone(),
            batches: self.batches.clone(),
            views: views_of(&views, &parts),
            parts,
            damaged: self.damaged.clone(),
            lost: self.lost.clone(),
            away: self.away.clone(),
            deduplicated: OnceLock::new(),
        }
    }

    /// The same version with one incident of each cluster: totals of what it answers are de-duplicated, all others are as
    /// reported. Cheap after the first time.
    pub fn deduplicated(&self) -> Arc<Self> {
        if let Some(made) = self.deduplicated.get() {
            return Arc::clone(made);
        }
        let less = self.visibility.without(&cluster::uncounted(self));
        let (files, parts, views) = (self.files.clone(), &self.parts, &self.views);
        let made = Arc::new(Self::with(files, &self.contents, less, parts, views));
        if made.away.is_some() {
            // Asked again, it may be whole.
            return made;
        }
        Arc::clone(self.deduplicated.get_or_init(|| made))
    }

    /// The id of the incident whose first record this is.
    pub(crate) fn id_at(&self, first: RecordAt) -> Option<IncidentId> {
        let batch = self.contents.batch(first.sequence)?;
        Some(id_of(batch, first.row))
    }

    pub(crate) fn contents(&self) -> &Arc<Contents> {
        &self.contents
    }

    /// Current rows of each file that is served.
    pub(crate) fn current_by_file(&self) -> HashMap<FileKey, u64> {
        let seen = |part: &Arc<Part>| (part.file.key(), part.seen());
        self.parts.iter().map(seen).collect()
    }

    pub(crate) fn visibility(&self) -> &Visibility {
        &self.visibility
    }

    pub(crate) const fn files(&self) -> &Files {
        &self.files
    }

    pub(crate) fn parts(&self) -> &[Arc<Part>] {
        &self.parts
    }

    pub(crate) fn views(&self) -> &[Arc<View>] {
        &self.views
    }

    /// The index of a part, which is read again where it is merged with others.
    pub(crate) fn index(&self, part: &Part) -> Result<Arc<Index>, StoreError> {
        part.index(&self.files)
            .map_err(|unread| self.files.error(&part.file, unread))
    }

    /// The version: 0 for an empty store, one more with each change of what is current.
    pub fn version(&self) -> u64 {
        self.contents.version
    }

    /// The live batches, in order of commit.
    pub fn batches(&self) -> &[BatchRecord] {
        &self.batches
    }

    /// Periods that agencies state to have nothing to report, in order of receipt.
    pub fn nil_returns(&self) -> &[NilReturn] {
        &self.contents.nil_returns
    }

    /// Files of live batches that are not served. Where there are any, counts are too small.
    pub fn damaged(&self) -> &[DamagedFile] {
        &self.damaged
    }

    /// Whether every file that it needs could be looked at; else its counts are too small.
    ///
    /// # Errors
    /// [`StoreError::Object`] where a bucket did not answer when this version, an earlier one or one with each incident
    /// once, was made.
    pub fn reached(&self) -> Result<(), Arc<StoreError>> {
        self.away.clone().map_or(Ok(()), Err)
    }

    /// The damaged files that may hold a record of these days (`None`: of any): what is asked of other days is whole.
    pub fn damaged_within(&self, days: Option<DayRange>) -> impl Iterator<Item = &DamagedFile> {
        let damaged = self.damaged.iter().zip(&self.lost);
        damaged
            .filter(move |(_, file)| file.may_hold(days))
            .map(|(damage, _)| damage)
    }

    /// Number of incidents served.
    pub fn live(&self) -> u64 {
        self.parts.iter().map(|part| part.seen()).sum()
    }

    /// First and last day of the incidents served, `None` where none has a time.
    pub fn extent_days(&self) -> Option<DayRange> {
        files::hull(self.parts.iter().filter_map(|part| part.days()))
    }

    /// The same of the incidents of some batches.
    pub fn extent_days_of(&self, wanted: impl Fn(&BatchRecord) -> bool) -> Option<DayRange> {
        let parts = self.parts.iter().filter(|part| wanted(&part.batch));
        files::hull(parts.filter_map(|part| part.days()))
    }

    /// The same of what an agency may read in them: all that it sent itself, and of other batches the records that it may read.
    ///
    /// Cost: O(records) where others released any to it, else as [`Self::extent_days_of`].
    pub fn extent_days_read(
        &self,
        reader: &Reader,
        wanted: impl Fn(&BatchRecord) -> bool,
    ) -> Option<DayRange> {
        let of = self.parts.iter().filter(|part| wanted(&part.batch));
        let (own, others): (Vec<&Arc<Part>>, Vec<&Arc<Part>>) =
            of.partition(|part| part.batch.agency == reader.agency);
        let filter = Filter {
            reader: Some(reader.clone()),
            ..Filter::default()
        };
        let scan = Scan::new(&filter, None);
        let of_others = others.iter().filter_map(|part| part.days_of(&scan));
        let files: HashSet<FileKey> = others.iter().map(|part| part.file.key()).collect();
        let views = self.views.iter();
        let merged = views.filter_map(|view| view.days(&scan, |file| files.contains(&file)));
        let own = own.iter().filter_map(|part| part.days());
        files::hull(own.chain(of_others).chain(merged))
    }

    /// Memory of the index in bytes, without a constant of some hundred bytes a file: at most 14 an incident of a file by
    /// itself; of merged files 12 (16 where it has several days or no time) and 12 a distinct cell; and a bit an incident
    /// where some are not current.
    pub fn index_bytes(&self) -> u64 {
        let apart = self.parts.iter().map(|part| part.bytes());
        let merged = self.views.iter().map(|view| view.bytes());
        apart.chain(merged).sum::<usize>() as u64
    }

    /// Counts per cell.
    ///
    /// Cost: of merged files at resolution 7 or coarser, O(records that pass); else O(distinct cells) where every record
    /// passes, and O(records) where not; over all threads of rayon's pool.
    pub fn cube(&self, query: &CubeQuery<'_>) -> Cube {
        cube::cube(&self.parts, &self.views, query)
    }

    /// Number of records that pass a filter. Cost: O(records), less where all of a file pass.
    pub fn count(&self, filter: &Filter<'_>) -> u64 {
        self.counts(filter).into_iter().sum()
    }

    /// Number of passing records of each part.
    pub(crate) fn counts(&self, filter: &Filter<'_>) -> Vec<u64> {
        let scan = Scan::new(filter, None);
        let mut merged: HashMap<FileKey, u64> = HashMap::new();
        for view in &self.views {
            let files = view.merged.files.iter().copied();
            merged.extend(files.zip(view.count_by_file(&scan)));
        }
        let rows = |part: &Arc<Part>| match &part.held {
            Held::Apart(index) => {
                let passing = scan.passing(index, part.hidden.as_deref());
                passing.tally(0..index.rows.len()).counted
            }
            Held::Merged => merged.get(&part.file.key()).copied().unwrap_or(0),
        };
        self.parts.par_iter().map(rows).collect()
    }

    /// The files that are not served, in the order of [`Self::damaged`].
    pub(crate) fn lost(&self) -> &[FileRecord] {
        &self.lost
    }

    pub(crate) fn damage(&self, at: usize) -> StoreError {
        let (path, reason) = self
            .damaged
            .get(at)
            .map(|file| (file.path.clone(), file.reason.clone()))
            .unwrap_or_default();
        StoreError::Damaged { path, reason }
    }
}

/// The views of a snapshot that has these parts.
fn views_of(views: &[Arc<View>], parts: &[Arc<Part>]) -> Vec<Arc<View>> {
    if views.is_empty() {
        return Vec::new();
    }
    let merged = parts
        .iter()
        .filter(|part| matches!(part.held, Held::Merged));
    let states: HashMap<FileKey, State> = merged
        .map(|part| {
            let hidden = part.hidden.as_ref().map(Arc::clone);
            (part.file.key(), hidden.map_or(State::Whole, State::Partly))
        })
        .collect();
    let state = |file| states.get(&file).cloned().unwrap_or(State::Absent);
    views.iter().map(|view| View::of(view, state)).collect()
}

/// The rows, ascending, that lie between the first and the last.
fn within(rows: &[u64], (first, last): (u64, u64)) -> &[u64] {
    let start = rows.partition_point(|&row| row < first);
    let end = rows.partition_point(|&row| row <= last);
    rows.get(start..end).unwrap_or_default()
}

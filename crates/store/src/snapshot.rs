//! One version of the store: the live batches and their parts.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use naqsha_model::{BatchDigest, DayRange, IncidentId};
use rayon::prelude::*;

use crate::cube;
use crate::files::{self, FileRecord, ROW_GROUP};
use crate::index::Part;
use crate::rows::{self, Unreadable};
use crate::scan::Scan;
use crate::{BatchRecord, BatchState, Cube, CubeQuery, Filter, Page, StoreError, StoredIncident};

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
    folder: Arc<Path>,
    version: u64,
    batches: Vec<BatchRecord>,
    /// In order of batch and file.
    parts: Vec<Arc<Part>>,
    damaged: Vec<DamagedFile>,
    /// What the ledger knows of each damaged file, in the same order.
    lost: Vec<FileRecord>,
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            folder,
            version,
            damaged,
            ..
        } = self;
        f.debug_struct("Snapshot")
            .field("folder", folder)
            .field("version", version)
            .field("batches", &self.batches.len())
            .field("live", &self.live())
            .field("damaged", damaged)
            .finish_non_exhaustive()
    }
}

impl Snapshot {
    /// The live part of a ledger. Files are read and verified in parallel, but for those `previous` has already.
    pub(crate) fn load(
        folder: Arc<Path>,
        version: u64,
        batches: &[BatchRecord],
        files: &[FileRecord],
        previous: Option<&Self>,
    ) -> Self {
        let batches: Vec<BatchRecord> = batches
            .iter()
            .filter(|b| b.state == BatchState::Live)
            .cloned()
            .collect();
        let shared: Vec<Arc<BatchRecord>> = batches.iter().cloned().map(Arc::new).collect();
        let live = files
            .iter()
            .filter_map(|file| Some((file, shared.iter().find(|b| b.digest == file.batch)?)));
        let known = |file: &FileRecord| {
            previous?
                .parts
                .iter()
                .find(|part| part.file == *file)
                .map(Arc::clone)
        };
        let opened: Vec<(&FileRecord, Result<Arc<Part>, Unreadable>)> = live
            .collect::<Vec<_>>()
            .into_par_iter()
            .map(|(file, batch)| match known(file) {
                Some(part) => (file, Ok(part)),
                None => (file, Part::open(&folder, batch, file).map(Arc::new)),
            })
            .collect();
        let mut snapshot = Self {
            folder,
            version,
            batches,
            parts: Vec::new(),
            damaged: Vec::new(),
            lost: Vec::new(),
        };
        for (file, part) in opened {
            match part {
                Ok(part) => snapshot.parts.push(part),
                Err(reason) => {
                    let (path, batch, rows) = (file.path(), file.batch, file.rows);
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
        snapshot
    }

    /// The next version, with one more batch.
    pub(crate) fn with_batch(&self, batch: BatchRecord, parts: impl Iterator<Item = Part>) -> Self {
        Self {
            folder: Arc::clone(&self.folder),
            version: batch.committed_version,
            batches: self.batches.iter().cloned().chain([batch]).collect(),
            parts: self
                .parts
                .iter()
                .map(Arc::clone)
                .chain(parts.map(Arc::new))
                .collect(),
            damaged: self.damaged.clone(),
            lost: self.lost.clone(),
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn parts(&self) -> &[Arc<Part>] {
        &self.parts
    }

    /// The first damaged file of an agency's batches.
    pub(crate) fn damaged_of(&self, agency: &str) -> Option<&DamagedFile> {
        let sent = |digest| {
            self.batches
                .iter()
                .any(|batch| batch.digest == digest && batch.agency.as_str() == agency)
        };
        self.damaged.iter().find(|file| sent(file.batch))
    }

    /// The version: 0 for an empty store, one more with each live batch.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The live batches, in order of commit.
    pub fn batches(&self) -> &[BatchRecord] {
        &self.batches
    }

    /// Files of live batches that are not served. Where there are any, counts are too small.
    pub fn damaged(&self) -> &[DamagedFile] {
        &self.damaged
    }

    /// Number of incidents served.
    pub fn live(&self) -> u64 {
        self.parts.iter().map(|part| part.file.rows).sum()
    }

    /// First and last day of the incidents served, `None` where none has a time.
    pub fn extent_days(&self) -> Option<DayRange> {
        files::hull(self.parts.iter().filter_map(|part| part.file.days))
    }

    /// Memory of the index in bytes, without a constant of some hundred bytes a file: at most 16 an incident.
    pub fn index_bytes(&self) -> u64 {
        self.parts.iter().map(|part| part.bytes() as u64).sum()
    }

    /// Counts per cell.
    ///
    /// Cost: O(distinct cells) where every record of a file passes, else O(records), over all threads of rayon's pool.
    pub fn cube(&self, query: &CubeQuery<'_>) -> Cube {
        cube::cube(&self.parts, query)
    }

    /// Number of records that pass a filter. Cost: O(records), less where all of a file pass.
    pub fn count(&self, filter: &Filter<'_>) -> u64 {
        self.counts(filter).into_iter().sum()
    }

    /// A page of the records that pass a filter, in an order that is stable for a version.
    ///
    /// Cost: the filter is decided on the index; then only files with records of the page are read, and of those the
    /// row groups that hold them.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where a damaged file may hold such records.
    pub fn rows(&self, filter: &Filter<'_>, offset: u64, limit: usize) -> Result<Page, StoreError> {
        if let Some(at) = self.lost.iter().position(|file| file.may_hold(filter.days)) {
            return Err(self.damage(at));
        }
        let counts = self.counts(filter);
        let mut page = Page {
            rows: Vec::new(),
            matched: counts.iter().sum(),
        };
        let scan = Scan::new(filter, None);
        let mut skip = offset;
        for (part, &count) in self.parts.iter().zip(&counts) {
            if skip >= count {
                skip -= count;
                continue;
            }
            let wanted = limit - page.rows.len();
            if wanted == 0 {
                break;
            }
            let passing = scan.passing(part);
            let skipped = usize::try_from(skip).expect("fewer than the rows of a file");
            let positions = passing
                .positions(part.rows.category.len())
                .skip(skipped)
                .take(wanted);
            page.rows
                .extend(self.fetch(part, &positions.collect::<Vec<_>>())?);
            skip = 0;
        }
        Ok(page)
    }

    /// One incident, `None` where no live batch has it.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where a damaged file may hold it.
    pub fn incident(&self, id: IncidentId) -> Result<Option<StoredIncident>, StoreError> {
        let holds =
            |file: &FileRecord| id.row() >= file.source_rows.0 && id.row() <= file.source_rows.1;
        for part in self
            .parts
            .iter()
            .filter(|part| id_of(&part.batch, id.row()) == id && holds(&part.file))
        {
            if let Some(at) = self.position(part, id.row())? {
                return Ok(self.fetch(part, &[at])?.pop());
            }
        }
        match self
            .lost
            .iter()
            .position(|file| id.is_of(&file.batch) && holds(file))
        {
            Some(at) => Err(self.damage(at)),
            None => Ok(None),
        }
    }

    /// Number of passing records of each part.
    fn counts(&self, filter: &Filter<'_>) -> Vec<u64> {
        let scan = Scan::new(filter, None);
        let rows = |part: &Arc<Part>| {
            scan.passing(part)
                .tally(0..part.rows.category.len())
                .counted
        };
        self.parts.par_iter().map(rows).collect()
    }

    fn damage(&self, at: usize) -> StoreError {
        let (path, reason) = self
            .damaged
            .get(at)
            .map(|file| (file.path.clone(), file.reason.clone()))
            .unwrap_or_default();
        StoreError::Damaged { path, reason }
    }

    /// The position in a part of a row of the bureau's file.
    fn position(&self, part: &Part, row: u64) -> Result<Option<usize>, StoreError> {
        let find = || -> Result<Option<usize>, Unreadable> {
            let bytes = files::verified(&self.folder, &part.file)?;
            let frame =
                files::read_columns(&bytes, Some(&["row"])).map_err(|error| error.to_string())?;
            let rows = frame
                .column("row")
                .and_then(|column| column.i64())
                .map_err(|error| error.to_string())?;
            Ok(rows
                .iter()
                .position(|found| found.map(i64::cast_unsigned) == Some(row)))
        };
        find().map_err(|reason| StoreError::Damaged {
            path: part.file.path(),
            reason,
        })
    }

    /// Records at ascending positions of a part.
    fn fetch(&self, part: &Part, positions: &[usize]) -> Result<Vec<StoredIncident>, StoreError> {
        let read = || -> Result<Vec<StoredIncident>, Unreadable> {
            let bytes = files::verified(&self.folder, &part.file)?;
            let mut found: Vec<naqsha_model::Incident> = Vec::with_capacity(positions.len());
            for group in positions.chunk_by(|left, right| left / ROW_GROUP == right / ROW_GROUP) {
                let (Some(&first), Some(&last)) = (group.first(), group.last()) else {
                    continue;
                };
                let frame = files::read_rows(&bytes, first, last - first + 1)
                    .map_err(|error| error.to_string())?;
                let within: Vec<usize> = group.iter().map(|position| position - first).collect();
                found.extend(rows::incidents(&frame, &within, part.batch.received_at)?);
            }
            Ok(found
                .into_iter()
                .map(|incident| stored(&part.batch, incident))
                .collect())
        };
        read().map_err(|reason| StoreError::Damaged {
            path: part.file.path(),
            reason,
        })
    }
}

fn id_of(batch: &BatchRecord, row: u64) -> IncidentId {
    let received_ms = u64::try_from(batch.received_at.as_millisecond()).unwrap_or(0);
    IncidentId::new(received_ms, &batch.digest, row)
}

fn stored(batch: &BatchRecord, incident: naqsha_model::Incident) -> StoredIncident {
    StoredIncident {
        id: id_of(batch, incident.provenance.row),
        batch: batch.digest,
        profile: batch.profile.clone(),
        synthetic: batch.synthetic,
        incident,
    }
}

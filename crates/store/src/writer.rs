//! Writes one batch: repeats apart, the rest to Parquet, then one commit.

use std::collections::HashMap;
use std::fs::File;
use std::sync::Arc;
use std::thread::JoinHandle;

use h3o::Resolution;
use naqsha_model::{ContentDigest, Incident, NaturalKey};
use polars::prelude::DataFrame;

use crate::StoreError;
use crate::batch::{
    BatchHeader, BatchRecord, BatchState, BatchTotals, Committed, Repeat, RepeatKind,
};
use crate::files::{self, FileRecord};
use crate::index::{Part, Rows, Segment};
use crate::keys::Held;
use crate::store::{Shared, blocking};

/// Incidents in a file. While one part is written, by a thread of its own, the next is filled: two are in memory at most,
/// and a million rows of street crime peak below 200 MB.
const PART_ROWS: usize = 65_536;

/// A batch being written. Dropping it abandons the batch and removes its files.
#[derive(Debug)]
pub struct BatchWriter {
    draft: Draft,
}

impl BatchWriter {
    pub(crate) fn new(draft: Draft) -> Self {
        Self { draft }
    }

    /// Takes incidents in file order; gives back those that repeat a record and were not stored.
    ///
    /// A record repeats another of the same agency, or of this batch, that has its natural key. Files are written
    /// behind; where the disk is slower than the caller, this waits for it. After an error, which may be that of an
    /// earlier part, the batch can only be abandoned.
    ///
    /// # Errors
    /// [`StoreError::CellTooFine`], and where a file cannot be written.
    pub fn push(&mut self, incidents: Vec<Incident>) -> Result<Vec<Repeat>, StoreError> {
        let mut repeats = Vec::new();
        for incident in incidents {
            match self.draft.repeated(&incident) {
                Some(kind) => repeats.push(Repeat {
                    row: incident.provenance.row,
                    kind,
                }),
                None => self.draft.take(incident)?,
            }
        }
        Ok(repeats)
    }

    /// Makes the batch durable and, where it is live, visible.
    ///
    /// In order: sync of each file, rename, sync of the folder, one transaction of the ledger, the new snapshot.
    /// A held batch changes nothing that is visible, so the version stays.
    ///
    /// # Errors
    /// Where it cannot be made durable: then nothing of it is visible, and the store takes no more batches.
    pub async fn commit(
        self,
        totals: BatchTotals,
        state: BatchState,
    ) -> Result<Committed, StoreError> {
        let mut draft = self.draft;
        let draft = blocking(move || draft.publish().map(|()| draft)).await?;
        let (batch, version) = draft.record(totals, state);
        let files: Vec<FileRecord> = draft
            .written
            .iter()
            .map(|written| written.file.clone())
            .collect();
        if let Err(error) = draft.shared.ledger.commit(&batch, &files).await {
            draft.shared.stop();
            return Err(error);
        }
        blocking(move || {
            draft.reveal(&batch);
            Ok(Committed { version, batch })
        })
        .await
    }

    /// Gives the batch up, as dropping does.
    pub fn abandon(self) {
        drop(self);
    }
}

/// What is written so far.
pub(crate) struct Draft {
    shared: Arc<Shared>,
    /// Held until the batch is committed or given up.
    _lock: File,
    header: BatchHeader,
    known: Arc<Held>,
    own: HashMap<NaturalKey, ContentDigest>,
    waiting: Vec<Incident>,
    /// The part being written, if one is.
    writing: Option<JoinHandle<Result<Written, StoreError>>>,
    /// Parts begun, written or being written.
    begun: u32,
    written: Vec<Written>,
}

/// A file with its part of the index.
struct Written {
    file: FileRecord,
    rows: Rows,
    segments: Vec<Segment>,
}

impl std::fmt::Debug for Draft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (waiting, written) = (self.waiting.len(), self.written.len());
        f.debug_struct("Draft")
            .field("header", &self.header)
            .field("waiting", &waiting)
            .field("written", &written)
            .finish_non_exhaustive()
    }
}

impl Draft {
    pub(crate) fn new(
        shared: Arc<Shared>,
        lock: File,
        header: BatchHeader,
        known: Arc<Held>,
    ) -> Self {
        Self {
            shared,
            _lock: lock,
            header,
            known,
            own: HashMap::new(),
            waiting: Vec::new(),
            writing: None,
            begun: 0,
            written: Vec::new(),
        }
    }

    /// How an incident repeats a record; one that does not is remembered.
    fn repeated(&mut self, incident: &Incident) -> Option<RepeatKind> {
        let key = incident.natural_key?;
        if let Some(content) = self.known.get(&key).or_else(|| self.own.get(&key)) {
            return Some(if *content == incident.content {
                RepeatKind::Same
            } else {
                RepeatKind::Changed
            });
        }
        self.own.insert(key, incident.content);
        None
    }

    fn take(&mut self, incident: Incident) -> Result<(), StoreError> {
        if let Some(resolution) = incident.location.cell().map(h3o::CellIndex::resolution)
            && resolution > Resolution::Nine
        {
            return Err(StoreError::CellTooFine {
                row: incident.provenance.row,
                resolution: resolution.into(),
            });
        }
        self.waiting.push(incident);
        if self.waiting.len() >= PART_ROWS {
            self.write()
        } else {
            Ok(())
        }
    }

    /// Hands what is waiting to a thread that writes it, once the part before is written.
    fn write(&mut self) -> Result<(), StoreError> {
        self.settle()?;
        let part = self.begun;
        self.begun += 1;
        let (folder, digest) = (Arc::clone(&self.shared.folder), self.header.digest);
        let incidents = std::mem::take(&mut self.waiting);
        self.writing = Some(std::thread::spawn(move || {
            files::write(&folder, digest, part, &incidents).and_then(Written::new)
        }));
        Ok(())
    }

    /// Waits for the part that is being written.
    fn settle(&mut self) -> Result<(), StoreError> {
        let Some(writing) = self.writing.take() else {
            return Ok(());
        };
        let written = writing
            .join()
            .map_err(|_panic| StoreError::Interrupted)?
            .inspect_err(|error| self.stop_after_failed_sync(error))?;
        self.written.push(written);
        Ok(())
    }

    /// Writes what is left and gives the files their names.
    fn publish(&mut self) -> Result<(), StoreError> {
        if !self.waiting.is_empty() {
            self.write()?;
        }
        self.settle()?;
        files::publish(
            &self.shared.folder,
            self.written.iter().map(|written| &written.file),
        )
        .inspect_err(|error| self.stop_after_failed_sync(error))
    }

    fn stop_after_failed_sync(&self, error: &StoreError) {
        if matches!(error, StoreError::File { action: "sync", .. }) {
            self.shared.stop();
        }
    }

    /// The batch as the ledger will know it, and the version after its commit.
    fn record(&self, totals: BatchTotals, state: BatchState) -> (BatchRecord, u64) {
        let (sequence, version) = self.shared.position();
        let version = match state {
            BatchState::Live => version + 1,
            BatchState::Held => version,
        };
        let header = self.header.clone();
        let batch = BatchRecord {
            digest: header.digest,
            sequence,
            profile: header.profile,
            agency: header.agency,
            file_name: header.file_name,
            received_at: header.received_at,
            synthetic: header.synthetic,
            study_area: header.study_area,
            totals,
            state,
            committed_version: version,
        };
        (batch, version)
    }

    /// Adds the committed batch to the store.
    fn reveal(mut self, batch: &BatchRecord) {
        let shared_batch = Arc::new(batch.clone());
        let parts = std::mem::take(&mut self.written).into_iter().map(
            |Written {
                 file,
                 rows,
                 segments,
             }| Part {
                batch: Arc::clone(&shared_batch),
                file,
                rows,
                segments,
            },
        );
        self.shared.add(batch.clone(), parts.collect());
    }
}

impl Drop for Draft {
    /// Removes unfinished files. Published ones have other names; where no ledger row names them, the next batch
    /// removes them.
    fn drop(&mut self) {
        if let Some(writing) = self.writing.take() {
            // Whether it succeeded does not matter: its file goes.
            drop(writing.join());
        }
        files::discard(&self.shared.folder, &self.header.digest, self.begun);
    }
}

impl Written {
    fn new((file, frame): (FileRecord, DataFrame)) -> Result<Self, StoreError> {
        let path = file.path();
        let (rows, segments) =
            Part::columns(&file, &frame).map_err(|reason| StoreError::Encode {
                path,
                source: reason.into(),
            })?;
        Ok(Self {
            file,
            rows,
            segments,
        })
    }
}

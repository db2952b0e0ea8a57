//! Writes one batch: repeats apart, the rest to Parquet, then one commit.

use std::collections::HashMap;
use std::sync::Arc;
use std::thread::JoinHandle;

use h3o::Resolution;
use naqsha_model::{AuditAction, Code, Incident, NaturalKey};
use polars_core::prelude::DataFrame;

use crate::StoreError;
use crate::audit::{AuditRecord, By};
use crate::batch::{
    BatchHeader, BatchRecord, BatchState, BatchTotals, Committed, OnChange, Repeat, RepeatKind,
};
use crate::cluster::find::{self, Candidate};
use crate::cluster::{self, LinkRecord};
use crate::columns::Columns;
use crate::contents::{Contents, EventRecord, Link, RecordAt};
use crate::event::Act;
use crate::files::{FileRecord, Files};
use crate::index::{Held, Index, Part};
use crate::keys::Standing;
use crate::known::Known;
use crate::ledger::WriterLock;
use crate::ledger_write::Addition;
use crate::own::OwnKeys;
use crate::receipt::Answer;
use crate::store::{Shared, blocking};

/// Incidents in a file. While one part is written, by a thread of its own, the next is filled: two are in memory at most,
/// and a million rows of street crime peak below 200 MB.
const PART_ROWS: usize = 65_536;

/// A batch being written. Dropping it abandons the batch and removes its files.
#[derive(Debug)]
pub struct BatchWriter {
    /// Some kilobytes, which a commit hands from thread to thread.
    draft: Box<Draft>,
}

impl BatchWriter {
    pub(crate) fn new(draft: Draft) -> Self {
        Self {
            draft: Box::new(draft),
        }
    }

    /// Takes incidents in file order; tells of those that repeat a record.
    ///
    /// A record repeats another of the same agency, or of this batch, that has its natural key and is current; it is not
    /// stored. Where the batch revises, one with other content is stored and takes the place of the record held; where
    /// the status of its case goes back by that, it is stored with a warning (C804). Files are written behind; where the
    /// disk is slower than the caller, this waits for it. After an error, which may be that of an earlier part, the batch
    /// can only be abandoned.
    ///
    /// # Errors
    /// [`StoreError::CellTooFine`], and where a file cannot be written.
    pub fn push(&mut self, mut incidents: Vec<Incident>) -> Result<Vec<Repeat>, StoreError> {
        let mut repeats = Vec::new();
        let keys = incidents.iter().filter_map(|incident| incident.natural_key);
        let standings = self.draft.known.standings(keys)?;
        for incident in &mut incidents {
            let repeated = self.draft.repeated(incident, &standings);
            if let Some(kind) = repeated {
                let row = incident.provenance.row;
                repeats.push(Repeat { row, kind });
            }
            match repeated {
                Some(RepeatKind::Same | RepeatKind::Changed) => continue,
                Some(RepeatKind::WentBack) => {
                    let warnings = &mut incident.provenance.warnings;
                    warnings.push(Code::C804);
                    warnings.sort_unstable();
                }
                None => {}
            }
            self.draft.take(incident)?;
        }
        Ok(repeats)
    }

    /// Leaves the batch out of what this store shows: its index is not kept, so that memory does not grow with the batch.
    /// Another store opened on the folder shows it, and so does this one once its next batch begins.
    #[must_use]
    pub fn unseen_here(mut self) -> Self {
        self.draft.keeps_index = false;
        self
    }

    /// Makes the batch durable and, where it is live, visible.
    ///
    /// In order: sync of each file, rename, sync of the folder, one transaction of the ledger, the new snapshot. On S3 each
    /// file is durable under its name once it is written.
    /// A held batch changes nothing that is visible, so the version stays.
    ///
    /// # Errors
    /// Where it cannot be made durable: then nothing of it is visible, and the store takes no more batches.
    pub async fn commit(
        self,
        totals: BatchTotals,
        state: BatchState,
    ) -> Result<Committed, StoreError> {
        self.commit_with(totals, state, |_committed| None).await
    }

    /// Commits the batch as [`BatchWriter::commit`] does, and in the same transaction answers the receipt that it was asked
    /// for by: what is committed is answered, also after a crash.
    ///
    /// # Errors
    /// As for [`BatchWriter::commit`]; [`StoreError::NoSuchReceipt`], and [`StoreError::Answered`] where the job was ended by
    /// another meanwhile: then nothing is committed, and the store goes on.
    pub async fn commit_with(
        self,
        totals: BatchTotals,
        state: BatchState,
        answer: impl FnOnce(&Committed) -> Option<Answer>,
    ) -> Result<Committed, StoreError> {
        let mut draft = self.draft;
        // Another node that has got the lock since may be writing files of the same names.
        draft.lock.confirm().await?;
        let draft = blocking(move || draft.publish().map(|()| draft)).await?;
        let batch = draft.record(totals, state);
        let (mut draft, mut batch, cluster_links) = blocking(move || {
            let links = draft.probable_duplicates(&batch)?;
            Ok((draft, batch, links))
        })
        .await?;
        if !cluster_links.is_empty() {
            let own = cluster::records_of(batch.sequence, &cluster_links);
            batch.totals.codes.insert(Code::D703, own);
        }
        let files: Vec<FileRecord> = draft
            .written
            .iter()
            .map(|written| written.file.clone())
            .collect();
        let event = draft.replacement(&batch);
        let links = match batch.state {
            BatchState::Live => std::mem::take(&mut draft.links),
            // Whether they are revisions is seen when the batch is released.
            BatchState::Held | BatchState::Withdrawn => Vec::new(),
        };
        let committed = Committed {
            version: batch.committed_version,
            batch: batch.clone(),
            revised: links.len() as u64,
            replaced: event.as_ref().map_or(0, |_| draft.known.replaced_count()),
        };
        let answer = answer(&committed);
        let addition = Addition {
            batch: Some(&batch),
            files: &files,
            links: &links,
            events: event.as_slice(),
            cluster_links: &cluster_links,
            answer: answer.as_ref(),
            ..Addition::default()
        };
        let told = draft.told(&batch);
        let added = draft.lock.add(batch.committed_version, addition, &told);
        added
            .await
            .inspect_err(|error| draft.shared.stops.after(error))?;
        if !draft.keeps_index {
            return Ok(committed);
        }
        blocking(move || {
            let parts = draft.parts(&batch);
            let mut contents = Contents::clone(draft.shared.snapshot().contents());
            contents.add_batch(batch, files);
            contents.add_links(&links);
            contents.cluster_links.extend(cluster_links);
            if let Some(event) = event {
                contents.add_event(event);
            }
            if let Err(error) = draft.shared.show_done(contents, parts) {
                tracing::warn!(%error, "the batch is committed");
            }
            Ok(committed)
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
    /// Whose batch it is to the audit log.
    by: Arc<By>,
    /// Held until the batch is committed or given up.
    lock: WriterLock,
    header: BatchHeader,
    known: Known,
    own: OwnKeys,
    /// Records that are later revisions of incidents.
    links: Vec<Link>,
    /// Records that other agencies may have reported too.
    candidates: Vec<Candidate>,
    waiting: Columns,
    /// The part being written, if one is.
    writing: Option<JoinHandle<Result<Written, StoreError>>>,
    /// Whether the index of what is written is kept, to be shown.
    keeps_index: bool,
    /// Parts begun, written or being written.
    begun: u32,
    written: Vec<Written>,
}

/// A file with its part of the index.
struct Written {
    file: FileRecord,
    /// None where it is not to be shown.
    index: Option<Index>,
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
        by: Arc<By>,
        lock: WriterLock,
        header: BatchHeader,
        known: Known,
    ) -> Self {
        Self {
            shared,
            by,
            lock,
            header,
            known,
            own: OwnKeys::default(),
            links: Vec::new(),
            candidates: Vec::new(),
            waiting: Columns::default(),
            writing: None,
            keeps_index: true,
            begun: 0,
            written: Vec::new(),
        }
    }

    /// How an incident repeats a record; one that is to be stored is remembered.
    fn repeated(
        &mut self,
        incident: &Incident,
        standings: &HashMap<NaturalKey, Standing>,
    ) -> Option<RepeatKind> {
        let key = incident.natural_key?;
        let mut revision = None;
        let kind = |same| {
            if same {
                RepeatKind::Same
            } else {
                RepeatKind::Changed
            }
        };
        if let Some(same) = self.own.repeats(key, incident.content) {
            return Some(kind(same));
        }
        if let Some(standing) = standings.get(&key) {
            let current = standing.current;
            match current.map(|current| kind(current.content == incident.content)) {
                Some(RepeatKind::Same) => return Some(RepeatKind::Same),
                Some(RepeatKind::Changed) if self.header.on_change == OnChange::Report => {
                    return Some(RepeatKind::Changed);
                }
                _ => {
                    self.links.push(Link {
                        record: RecordAt {
                            sequence: self.known.next_sequence(),
                            row: incident.provenance.row,
                        },
                        first: standing.first,
                        revision: standing.next,
                    });
                    let before = current.and_then(|current| current.status);
                    let went_back = before
                        .zip(incident.status)
                        .is_some_and(|(before, now)| !before.leads_to(now));
                    revision = went_back.then_some(RepeatKind::WentBack);
                }
            }
        }
        self.own.add(key, incident.content);
        revision
    }

    fn take(&mut self, incident: &Incident) -> Result<(), StoreError> {
        if let Some(resolution) = incident.location.cell().map(h3o::CellIndex::resolution)
            && resolution > Resolution::Nine
        {
            return Err(StoreError::CellTooFine {
                row: incident.provenance.row,
                resolution: resolution.into(),
            });
        }
        if self.candidates.len() < find::COMPARED {
            let sequence = self.known.next_sequence();
            self.candidates.extend(Candidate::of(sequence, incident));
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
        let (files, digest): (Files, _) = (self.shared.files.clone(), self.header.digest);
        let (columns, keeps_index) = (std::mem::take(&mut self.waiting), self.keeps_index);
        self.writing = Some(std::thread::spawn(move || {
            let (file, frame) = files.write(digest, part, &columns)?;
            Written::new(file, keeps_index.then_some(&frame))
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
        if self.waiting.len() > 0 {
            self.write()?;
        }
        self.settle()?;
        let written = self.written.iter().map(|written| &written.file);
        let published = self.shared.files.publish(written);
        published.inspect_err(|error| self.stop_after_failed_sync(error))
    }

    fn stop_after_failed_sync(&self, error: &StoreError) {
        if matches!(error, StoreError::File { action: "sync", .. }) {
            self.shared.stops.stop_batches();
        }
    }

    /// The batch as the ledger will know it.
    fn record(&self, totals: BatchTotals, state: BatchState) -> BatchRecord {
        let version = self.known.snapshot.version();
        let header = self.header.clone();
        BatchRecord {
            digest: header.digest,
            sequence: self.known.next_sequence(),
            profile: header.profile,
            agency: header.agency,
            file_name: header.file_name,
            received_at: header.received_at,
            synthetic: header.synthetic,
            study_area: header.study_area,
            totals,
            state,
            on_change: header.on_change,
            replaces: header.replaces,
            manifest: header.manifest,
            committed_version: version + u64::from(state == BatchState::Live),
        }
    }

    /// What the audit log says of it.
    fn told(&self, batch: &BatchRecord) -> AuditRecord {
        let mut resource = format!("batch:{}", batch.digest);
        if batch.state == BatchState::Held {
            let codes = batch.held_for().map(Code::code);
            resource = codes.fold(resource + " held", |told, code| told + " " + code);
        }
        let told = self
            .by
            .did(AuditAction::Ingest, resource, batch.received_at);
        told.about(Some(batch.totals.accepted), batch.committed_version)
    }

    /// Links to records of other agencies; those of a held batch are looked for when it is released.
    fn probable_duplicates(&self, batch: &BatchRecord) -> Result<Vec<LinkRecord>, StoreError> {
        match batch.state {
            BatchState::Live => {
                let at = (self.known.next_cluster_link(), batch.committed_version);
                find::links(&self.known.snapshot, &self.candidates, &self.links, at)
            }
            BatchState::Held | BatchState::Withdrawn => Ok(Vec::new()),
        }
    }

    /// What the ledger says of the records that a live batch takes the place of, where there are any.
    fn replacement(&self, batch: &BatchRecord) -> Option<EventRecord> {
        let days = batch.replaces.filter(|_| batch.state == BatchState::Live)?;
        let act = Act {
            actor: batch.agency.as_str().to_owned(),
            reason: format!("replaces {} to {}", days.first().date(), days.last().date()),
            at: batch.received_at,
        };
        self.known
            .replacement(batch.sequence, batch.committed_version, act)
    }

    /// The parts of the committed batch.
    fn parts(&mut self, batch: &BatchRecord) -> Vec<Arc<Part>> {
        let batch = Arc::new(batch.clone());
        let part = |written: Written| {
            Some(Arc::new(Part {
                batch: Arc::clone(&batch),
                file: written.file,
                held: Held::Apart(Arc::new(written.index?)),
                hidden: None,
            }))
        };
        std::mem::take(&mut self.written)
            .into_iter()
            .filter_map(part)
            .collect()
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
        self.shared.files.discard(&self.header.digest, self.begun);
    }
}

impl Written {
    fn new(file: FileRecord, shown: Option<&DataFrame>) -> Result<Self, StoreError> {
        let path = file.path();
        let index = shown.map(|frame| Index::new(&file, frame)).transpose();
        let index = index.map_err(|reason| StoreError::Encode {
            path,
            source: reason.into(),
        })?;
        Ok(Self { file, index })
    }
}

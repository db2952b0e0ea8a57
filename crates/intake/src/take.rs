//! A file on its way into the store.

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::{Timestamp, ToSpan as _};
use naqsha_ingest::{Ingested, Profile, Reference, Settings, UsualQuantities, Verdict};
use naqsha_model::{Agency, BatchDigest, Code, Incident};
use naqsha_store::{
    Answer, BatchHeader, BatchRecord, BatchState, BatchTotals, BatchWriter, Committed, OnChange,
    RepeatKind, Store, StoreError,
};

use crate::options::Options;
use crate::unchanged::Stamp;
use crate::watch::{self, Seen, Step, Watch};
use crate::{TakeError, turn};

/// Settings of a file that is received now: no parameters, the profile's own agency.
pub fn settings(now: Timestamp) -> Settings {
    // Agencies report in Pakistan's days; a record of tomorrow anywhere on earth is still E302 a day later.
    let today = jiff::tz::TimeZone::UTC
        .to_datetime(now)
        .date()
        .saturating_add(1.day());
    Settings::received(now, today)
}

/// Learns what the agency usually seizes at once, where the profile has quantities: more is W503.
pub fn learn(store: &Store, profile: &Profile, settings: &mut Settings) {
    if profile.has_quantities() {
        let agency = settings.agency.as_ref().unwrap_or_else(|| profile.agency());
        let history = store.snapshot().seized(agency.as_str());
        settings.usual = UsualQuantities::learned(history);
    }
}

/// A file with everything that taking it needs.
pub struct Taking {
    /// Where its records go.
    pub store: Store,
    /// What it is read through.
    pub profile: Arc<Profile>,
    /// What it is read with.
    pub reference: Arc<Reference>,
    /// Parameters, agency, secret, tables.
    pub settings: Settings,
    /// What its sender asks for.
    pub options: Options,
    /// The file.
    pub file: PathBuf,
    /// Who sees how far it is.
    pub watch: Watch,
}

impl std::fmt::Debug for Taking {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Taking")
            .field("file", &self.file)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// A file whose rows were looked at.
#[derive(Debug)]
pub enum Taken<T> {
    /// Its bytes were received before (B902): the batch they became then; nothing is added.
    Before(Box<BatchRecord>),
    /// They were not.
    New(Box<T>),
}

/// A batch that is written and not committed: nobody else writes one until it is. Dropped, it is given up.
#[derive(Debug)]
pub struct Draft {
    /// SHA-256 of the file's bytes.
    pub digest: BatchDigest,
    /// What became of its rows.
    pub ingested: Ingested,
    stamp: Stamp,
    writer: BatchWriter,
}

/// A file that was taken, or would have been.
#[derive(Debug)]
pub struct Done {
    /// SHA-256 of its bytes.
    pub digest: BatchDigest,
    /// What became of its rows.
    pub ingested: Ingested,
    /// Its batch, live or held; none after a dry run.
    pub committed: Option<Committed>,
    /// How the file was when it was read.
    stamp: Stamp,
}

impl Taking {
    /// Who sends the file.
    pub fn agency(&self) -> &Agency {
        let named = self.settings.agency.as_ref();
        named.unwrap_or_else(|| self.profile.agency())
    }

    /// Takes the file: its batch is durable when this comes back, unless it is a dry run.
    ///
    /// # Errors
    /// [`TakeError`].
    pub async fn take(self: &Arc<Self>) -> Result<Taken<Done>, TakeError> {
        match self.draft().await? {
            Taken::Before(earlier) => Ok(Taken::Before(earlier)),
            Taken::New(draft) => Ok(Taken::New(Box::new(
                draft.finish(self, |_done| None).await?,
            ))),
        }
    }

    /// Reads the file and writes its batch, without committing it.
    ///
    /// Whatever reads the file runs on threads that may wait. Given up by the [`Watch`], nothing is stored.
    ///
    /// # Errors
    /// [`TakeError`].
    pub async fn draft(self: &Arc<Self>) -> Result<Taken<Draft>, TakeError> {
        let me = Arc::clone(self);
        let (stamp, digest) = off_the_runtime(move || me.identify()).await?;
        // What others did since is not shown here.
        self.store.refresh().await?;
        let header = self.header(digest);
        let Some(writer) = turn::begin(&self.store, &header, &self.watch).await? else {
            let earlier = self.store.find_batch(&digest);
            let earlier = earlier.ok_or(StoreError::NoSuchBatch(digest))?;
            return Ok(Taken::Before(Box::new(earlier)));
        };
        let mut writer = if self.options.shown_here {
            writer
        } else {
            writer.unseen_here()
        };
        let me = Arc::clone(self);
        let (writer, ingested) = off_the_runtime(move || {
            let ingested = me.ingest(&mut writer)?;
            Ok((writer, ingested))
        })
        .await?;
        if !stamp.still_fits(&self.file).map_err(TakeError::Open)? {
            return Err(TakeError::Changed);
        }
        Ok(Taken::New(Box::new(Draft {
            digest,
            ingested,
            stamp,
            writer,
        })))
    }

    /// SHA-256 of the file as it is now, by which a refusal is told.
    ///
    /// # Errors
    /// [`TakeError::Read`], [`TakeError::Open`], [`TakeError::GivenUp`].
    pub async fn digest(self: &Arc<Self>) -> Result<BatchDigest, TakeError> {
        let me = Arc::clone(self);
        let (_stamp, digest) = off_the_runtime(move || me.identify()).await?;
        Ok(digest)
    }

    fn identify(&self) -> Result<(Stamp, BatchDigest), TakeError> {
        let stamp = Stamp::of(&self.file).map_err(TakeError::Open)?;
        let source = watch::open(&self.file, Step::Reading, &self.watch)?;
        let digest = naqsha_ingest::digest(source).map_err(|error| {
            if watch::is_given_up(&error) {
                TakeError::GivenUp
            } else {
                TakeError::Read(error)
            }
        })?;
        Ok((stamp, digest))
    }

    fn header(&self, digest: BatchDigest) -> BatchHeader {
        let (profile, options) = (&self.profile, &self.options);
        let named = self.settings.set.get("study_area").map(String::as_str);
        BatchHeader {
            digest,
            profile: format!("{}@{}", profile.id(), profile.version()),
            agency: self.agency().clone(),
            file_name: options.file_name.clone(),
            received_at: self.settings.received_at,
            synthetic: options.synthetic.is_of(&digest),
            study_area: named.or(profile.study_area()).map(str::to_owned),
            on_change: match profile.on_change() {
                _ if options.revise => OnChange::Revise,
                naqsha_ingest::OnChange::Report => OnChange::Report,
                naqsha_ingest::OnChange::Revise => OnChange::Revise,
            },
            replaces: options.replaces,
            manifest: options.manifest.clone(),
        }
    }

    fn ingest(&self, writer: &mut BatchWriter) -> Result<Ingested, TakeError> {
        let mut sink =
            |incidents: Vec<Incident>| -> Result<Vec<Verdict>, Box<dyn Error + Send + Sync>> {
                let last = incidents.last().map(|incident| incident.provenance.row);
                let repeats = writer.push(incidents)?;
                // Whether to go on is asked with the bytes.
                let _seen = (self.watch)(Step::Ingesting, Seen::Rows(last.unwrap_or_default()));
                Ok(repeats
                    .into_iter()
                    .map(|repeat| Verdict {
                        row: repeat.row,
                        code: match repeat.kind {
                            RepeatKind::Same => Code::D701,
                            RepeatKind::Changed => Code::D702,
                            RepeatKind::WentBack => Code::C804,
                        },
                    })
                    .collect())
            };
        let source = watch::open(&self.file, Step::Ingesting, &self.watch)?;
        let (profile, reference) = (&self.profile, &self.reference);
        Ok(naqsha_ingest::ingest(
            source,
            profile,
            reference,
            &self.settings,
            &mut sink,
        )?)
    }
}

impl Draft {
    /// Makes the batch durable, live or held, and answers the receipt that asked for it in the same transaction; a dry run
    /// gives it up.
    ///
    /// # Errors
    /// [`TakeError::GivenUp`], [`TakeError::Store`].
    pub async fn finish(
        self,
        taking: &Taking,
        answer: impl FnOnce(&Committed) -> Option<Answer>,
    ) -> Result<Done, TakeError> {
        let Self {
            digest,
            ingested,
            stamp,
            writer,
        } = self;
        let committed = if taking.options.dry_run {
            writer.abandon();
            None
        } else {
            if (taking.watch)(Step::Committing, Seen::Bytes(0)).is_break() {
                return Err(TakeError::GivenUp);
            }
            let state = match ingested.held {
                Some(_) => BatchState::Held,
                None => BatchState::Live,
            };
            let commit = writer.commit_with(totals(&ingested), state, answer);
            Some(commit.await?)
        };
        Ok(Done {
            digest,
            ingested,
            committed,
            stamp,
        })
    }
}

impl Done {
    /// The code for which the batch is held, if it is.
    pub const fn held(&self) -> Option<Code> {
        self.ingested.held
    }

    /// Sees that the file is still the one that was read.
    ///
    /// # Errors
    /// [`TakeError::ChangedSince`]: what is stored stays stored.
    pub fn confirm(&self, taking: &Taking) -> Result<(), TakeError> {
        if self
            .stamp
            .still_fits(&taking.file)
            .map_err(TakeError::Open)?
        {
            Ok(())
        } else {
            Err(TakeError::ChangedSince)
        }
    }
}

fn totals(ingested: &Ingested) -> BatchTotals {
    BatchTotals {
        rows: ingested.rows,
        accepted: ingested.accepted,
        warned: ingested.warned,
        rejected: ingested.rejected,
        duplicate: ingested.duplicate,
        skipped: ingested.skipped,
        codes: ingested.codes.clone(),
    }
}

/// Runs what reads files on a thread that may wait.
async fn off_the_runtime<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, TakeError> + Send + 'static,
) -> Result<T, TakeError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(join) => match join.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_cancelled) => Err(TakeError::Interrupted),
        },
    }
}

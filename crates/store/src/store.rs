//! The store: a folder with a ledger and Parquet files, and the newest snapshot made of them.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use naqsha_model::{BatchDigest, DayRange};

use crate::access::AccessKeys;
use crate::audit::By;
use crate::contents::{Contents, RowsByBatch};
use crate::files::{self, Files};
use crate::files_at::Places;
use crate::files_folder::{above, sync_folder};
use crate::files_id;
use crate::folder_lock::{self, FolderLock};
use crate::index::{Part, persisted};
use crate::keys::KeyCache;
use crate::known::Known;
use crate::ledger::{Ledger, WriterLock};
use crate::ledger_at::LedgerAt;
use crate::ledger_postgres;
use crate::ledger_statement::Transaction;
use crate::manifest::NilReturn;
use crate::merged::View;
use crate::seal::Unsealed;
use crate::selection;
use crate::stops::Stops;
use crate::writer::Draft;
use crate::{BatchHeader, BatchRecord, BatchWriter, Event, Snapshot, StoreError};

pub(crate) const LEDGER: &str = "ledger.sqlite";

/// Folder of the files that wait until they are batches: each goes once it is one, so that a copy of the store is without.
pub const STAGED: &str = "staged";

/// Whether a path relative to the folder is the store's own: all else in the folder is the deployment's.
pub(crate) fn is_own(path: &Path) -> bool {
    let name = path.to_string_lossy();
    let folders = [files::FOLDER, persisted::FOLDER, STAGED];
    folders.iter().any(|folder| path.starts_with(folder))
        || [folder_lock::NAME, files_id::ID, files_id::UNFINISHED].contains(&name.as_ref())
        || name.starts_with("ledger.")
}

/// A store of incidents. Clones share it, and act for the same person ([`Store::acting_as`]).
#[derive(Debug, Clone)]
pub struct Store(pub(crate) Arc<Shared>, pub(crate) Arc<By>);

/// What clones of a store and its writer share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub files: Files,
    pub ledger: Ledger,
    current: RwLock<Arc<Snapshot>>,
    pub access: RwLock<Arc<AccessKeys>>,
    pub keys: Mutex<KeyCache>,
    /// Held while indexes are merged: of two at a time, both would hold the same rows.
    pub merging: Mutex<()>,
    pub stops: Stops,
}

impl Store {
    /// Makes an empty store in a folder, which is made where it is absent, with all of it there.
    ///
    /// # Errors
    /// [`StoreError::Exists`] where there is one.
    pub async fn create(dir: &Path) -> Result<Self, StoreError> {
        Self::create_with(dir, &Places::default()).await
    }

    /// Makes an empty store in a folder, which is made where it is absent.
    ///
    /// On a server the ledger is made in the database that is named, which must be there; the folder then has its id in
    /// `ledger.id`. On S3 the bucket must be there too; the prefix gets an id, which the folder has in `files.id`. A making
    /// that was cut short can be repeated.
    ///
    /// # Errors
    /// [`StoreError::Exists`] where the folder has a store; [`StoreError::NotTogether`] where the database has a ledger,
    /// [`StoreError::NotItsBucket`] where the prefix has another store's files; [`StoreError::Object`].
    pub async fn create_with(dir: &Path, places: &Places) -> Result<Self, StoreError> {
        let (folder, at) = (dir.to_owned(), places.files.clone());
        let files = blocking(move || {
            if folder.join(LEDGER).exists() || folder.join(ledger_postgres::ID).exists() {
                return Err(StoreError::Exists(folder));
            }
            files_id::create(&folder, &at)
        })
        .await?;
        let ledger = match &places.ledger {
            LedgerAt::Folder => Ledger::in_file(&dir.join(LEDGER), true).await?,
            LedgerAt::Postgres(url) => Ledger::on_server(dir, url, true).await?,
        };
        let store = Self::with(files, ledger).await?;
        let shared = Arc::clone(&store.0);
        blocking(move || {
            files_id::finish(&shared.files)?;
            let folder = shared.files.folder();
            sync_folder(folder)?;
            // Again, for an earlier making that was cut short may have left the folder without it.
            sync_folder(above(folder))
        })
        .await?;
        Ok(store)
    }

    /// Opens a store that is all in its folder: takes the index that is kept of each live file, else verifies the file and
    /// makes it, in parallel.
    ///
    /// A damaged file does not keep the rest from being served: see [`Snapshot::damaged`]. One whose index is kept is only
    /// seen to be there with its length; its bytes are verified whenever records of it are read, and by [`Store::scrub`].
    ///
    /// # Errors
    /// [`StoreError::Missing`], and [`StoreError::NewerFormat`], which leaves every file as it is;
    /// [`StoreError::NotTogether`] where the store's ledger is on a server, [`StoreError::NotItsBucket`] where its files are.
    pub async fn open(dir: &Path) -> Result<Self, StoreError> {
        Self::open_with(dir, &Places::default()).await
    }

    /// Opens a store, as [`Store::open`] does, with its parts where they are.
    ///
    /// # Errors
    /// As for [`Store::open`]; [`StoreError::NotTogether`] where the ledger is not that of the folder,
    /// [`StoreError::NotItsBucket`] where the bucket is not; [`StoreError::Object`] where the bucket does not answer.
    pub async fn open_with(dir: &Path, places: &Places) -> Result<Self, StoreError> {
        let ledger = ledger_of(dir, &places.ledger).await?;
        let files = files_of(dir, places).await?;
        let made = files.clone();
        blocking(move || made.make()).await?;
        Self::with(files, ledger).await
    }

    async fn with(files: Files, ledger: Ledger) -> Result<Self, StoreError> {
        let contents = Arc::new(ledger.contents().await?);
        let access = RwLock::new(Arc::new(ledger.access_keys().await?));
        let at = files.clone();
        let snapshot = blocking(move || {
            at.look()?;
            Snapshot::load(at, &contents, &[], &[])
        })
        .await?;
        let current = RwLock::new(Arc::new(snapshot));
        let keys = Mutex::new(KeyCache::new(files.folder()));
        let shared = Shared {
            files,
            ledger,
            current,
            access,
            keys,
            merging: Mutex::default(),
            stops: Stops::default(),
        };
        Ok(Self(Arc::new(shared), Arc::new(By::operator("unknown"))))
    }

    /// The newest version. Cheap; what it answers never changes.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.0.snapshot()
    }

    /// The batch with these bytes, in whatever state.
    pub fn find_batch(&self, digest: &BatchDigest) -> Option<BatchRecord> {
        self.snapshot().contents().find(digest).cloned()
    }

    /// All batches in order of commit, each with the state it has now.
    pub fn batches(&self) -> Vec<BatchRecord> {
        self.snapshot().contents().batches.clone()
    }

    /// Periods that agencies state to have nothing to report, in order of receipt.
    pub fn nil_returns(&self) -> Vec<NilReturn> {
        self.snapshot().contents().nil_returns.clone()
    }

    /// How many records of a batch are later revisions of incidents held before.
    pub fn revised(&self, batch: &BatchRecord) -> u64 {
        self.snapshot().contents().links.of_batch(batch.sequence)
    }

    /// What was done to batches after their commit, in order.
    pub fn events(&self) -> Vec<Event> {
        self.snapshot().contents().told().collect()
    }

    /// Begins a batch. One at a time over all programs and nodes that use the folder.
    ///
    /// What another program committed since becomes visible first. Files that no batch names are removed.
    ///
    /// # Errors
    /// [`StoreError::Busy`], [`StoreError::Received`]; [`StoreError::Damaged`] where the agency's natural keys cannot be
    /// read; [`StoreError::Object`] where a bucket does not answer; [`StoreError::Stopped`].
    pub async fn begin(&self, header: BatchHeader) -> Result<BatchWriter, StoreError> {
        let lock = self.lock().await?;
        if self.find_batch(&header.digest).is_some() {
            return Err(StoreError::Received(header.digest));
        }
        let shared = Arc::clone(&self.0);
        let snapshot = self.snapshot();
        let (agency, profile) = (header.agency.clone(), header.profile.clone());
        let replaces = header.replaces;
        let known = blocking(move || {
            let named = snapshot.contents().files.iter();
            shared.files.sweep(named.clone())?;
            persisted::sweep(shared.files.folder(), named);
            shared.known(snapshot, agency.as_str(), &profile, replaces)
        })
        .await?;
        let by = Arc::clone(&self.1);
        let draft = Draft::new(Arc::clone(&self.0), by, lock, header, known);
        Ok(BatchWriter::new(draft))
    }

    /// Whether batches are taken, and withdrawn: not after a write that could not be made durable.
    ///
    /// # Errors
    /// [`StoreError::Stopped`], until the store is opened again.
    pub fn takes_batches(&self) -> Result<(), StoreError> {
        self.0.stops.batches_go_on()
    }

    /// Takes the writer's lock and makes visible what another program did since.
    pub(crate) async fn lock(&self) -> Result<WriterLock, StoreError> {
        self.takes_batches()?;
        let shared = Arc::clone(&self.0);
        let folder = blocking(move || FolderLock::take(shared.files.folder())).await?;
        let lock = self.0.ledger.lock(folder).await?;
        self.refresh().await?;
        Ok(lock)
    }

    /// Makes visible what another program did to the folder since; gives the version then.
    ///
    /// A service asks this now and then. Where nothing is new it costs one look at the ends of some tables; snapshots
    /// taken before stay as they are. Keys come first ([`Store::access_keys`]): a revoked one is not to wait for files.
    ///
    /// # Errors
    /// Where the ledger cannot be read, or a bucket does not answer; what was visible stays visible.
    pub async fn refresh(&self) -> Result<u64, StoreError> {
        let known = self.snapshot().contents().heads();
        let (heads, access) = self.0.ledger.heads().await?;
        if self.access_keys().heads != access {
            self.reread_keys().await?;
        }
        if !known.covers(heads) {
            let contents = self.0.ledger.contents().await?;
            let shared = Arc::clone(&self.0);
            blocking(move || shared.show(contents, Vec::new())).await?;
        }
        Ok(self.snapshot().version())
    }

    /// Begins a transaction of rows that change no snapshot, with what its seal has to know.
    pub(crate) async fn adding(
        &self,
    ) -> Result<(Transaction<'static>, Option<Unsealed>), StoreError> {
        self.0.stops.ledger_goes_on()?;
        let mut transaction = self.0.ledger.adding().await?;
        let unsealed = transaction.unsealed().await?;
        Ok((transaction, unsealed))
    }

    /// Seals and commits such a transaction.
    pub(crate) async fn finish(
        &self,
        mut transaction: Transaction<'static>,
        unsealed: Option<Unsealed>,
    ) -> Result<(), StoreError> {
        transaction.seal(unsealed, &[]).await?;
        let done = transaction.commit("commit").await;
        done.inspect_err(|error| self.0.stops.after(error))
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.0
    }
}

impl Shared {
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn access_keys(&self) -> Arc<AccessKeys> {
        Arc::clone(&self.access.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Makes what the ledger says visible, all of it at once; `fresh` are parts that were just written.
    pub(crate) fn show(&self, contents: Contents, fresh: Vec<Arc<Part>>) -> Result<(), StoreError> {
        let contents = Arc::new(contents);
        let before = self.snapshot();
        let parts: Vec<Arc<Part>> = before.parts().iter().cloned().chain(fresh).collect();
        let snapshot = Snapshot::load(self.files.clone(), &contents, &parts, before.views())?;
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        // This program may have committed in between; what is known is never taken back.
        if contents.heads().covers(current.contents().heads()) {
            *current = Arc::new(snapshot);
        }
        Ok(())
    }

    /// Makes visible what is durable in the ledger already.
    ///
    /// # Errors
    /// [`StoreError::Unseen`]: the next [`Store::refresh`] that can read the files shows it.
    pub(crate) fn show_done(
        &self,
        contents: Contents,
        fresh: Vec<Arc<Part>>,
    ) -> Result<(), StoreError> {
        let shown = self.show(contents, fresh);
        shown.map_err(|source| StoreError::Unseen(Box::new(source)))
    }

    /// Shows a merged index in the place of the indexes it was made of; what it answers stays the same.
    pub(crate) fn show_merged(&self, merged: &Arc<View>, left: &[Arc<View>]) {
        loop {
            let before = self.snapshot();
            let with = Arc::new(before.with_merged(merged, left));
            let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
            // A batch may have come meanwhile; readers wait for none of this.
            if Arc::ptr_eq(&before, &current) {
                *current = with;
                return;
            }
        }
    }

    /// What is known of an agency's records, and which of them a batch of the profile takes the place of.
    pub(crate) fn known(
        &self,
        snapshot: Arc<Snapshot>,
        agency: &str,
        profile: &str,
        period: Option<DayRange>,
    ) -> Result<Known, StoreError> {
        let mut cache = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let keys = cache.of(agency, &snapshot)?;
        let replaced = match period {
            Some(days) => selection::of_period(&snapshot, agency, profile, days)?,
            None => RowsByBatch::new(),
        };
        Ok(Known {
            keys,
            snapshot,
            replaced,
        })
    }
}

/// The ledger of a store that is there.
pub(crate) async fn ledger_of(dir: &Path, ledger: &LedgerAt) -> Result<Ledger, StoreError> {
    let not_together = |why: &str| StoreError::NotTogether {
        folder: dir.to_owned(),
        why: why.to_owned(),
    };
    match (ledger, dir.join(LEDGER).is_file()) {
        (LedgerAt::Folder, true) => Ledger::in_file(&dir.join(LEDGER), false).await,
        (LedgerAt::Folder, false) if ledger_postgres::is_named(dir) => Err(not_together(
            "it is on a PostgreSQL server, and none is named",
        )),
        (LedgerAt::Postgres(_), true) => Err(not_together(
            "it is in the folder, and a PostgreSQL server is named",
        )),
        (LedgerAt::Postgres(url), false) if ledger_postgres::is_named(dir) => {
            Ledger::on_server(dir, url, false).await
        }
        _ => Err(StoreError::Missing(dir.to_owned())),
    }
}

/// The place of the files of a store that is there.
pub(crate) async fn files_of(dir: &Path, places: &Places) -> Result<Files, StoreError> {
    let (folder, at) = (dir.to_owned(), places.files.clone());
    blocking(move || files_id::open(&folder, &at)).await
}

/// Runs blocking work on the threads that are there for it.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_shutdown| StoreError::Interrupted)?
}

//! The store: a folder with a ledger and Parquet files, and the newest snapshot made of them.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use naqsha_model::{BatchDigest, DayRange};

use crate::contents::{Contents, RowsByBatch};
use crate::files::{self, FileRecord};
use crate::index::{Part, persisted};
use crate::keys::KeyCache;
use crate::known::Known;
use crate::ledger::{Ledger, WriterLock};
use crate::ledger_at::LedgerAt;
use crate::ledger_postgres;
use crate::manifest::NilReturn;
use crate::merged::View;
use crate::selection;
use crate::writer::Draft;
use crate::{BatchHeader, BatchRecord, BatchWriter, Event, Snapshot, StoreError};

pub(crate) const LEDGER: &str = "ledger.sqlite";
const LOCK: &str = "writer.lock";

/// Whether a path relative to the folder is the store's own: all else in the folder is the deployment's.
pub(crate) fn is_own(path: &Path) -> bool {
    let name = path.to_string_lossy();
    let folders = [files::FOLDER, persisted::FOLDER];
    folders.iter().any(|folder| path.starts_with(folder))
        || name == LOCK
        || name.starts_with("ledger.")
}

/// A store of incidents. Clones share it.
#[derive(Debug, Clone)]
pub struct Store(Arc<Shared>);

/// What clones of a store and its writer share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub folder: Arc<Path>,
    pub ledger: Ledger,
    current: RwLock<Arc<Snapshot>>,
    keys: Mutex<KeyCache>,
    /// Held while indexes are merged: of two at a time, both would hold the same rows.
    pub merging: Mutex<()>,
    /// Set when a write may or may not be durable.
    stopped: AtomicBool,
}

impl Store {
    /// Makes an empty store in a folder, which is made where it is absent, with the ledger in it.
    ///
    /// # Errors
    /// [`StoreError::Exists`] where there is one.
    pub async fn create(dir: &Path) -> Result<Self, StoreError> {
        Self::create_with(dir, &LedgerAt::Folder).await
    }

    /// Makes an empty store in a folder, which is made where it is absent.
    ///
    /// On a server the ledger is made in the database that is named, which must be there; the folder then has its id in
    /// `ledger.id`. A making that was cut short can be repeated.
    ///
    /// # Errors
    /// [`StoreError::Exists`] where the folder has a store; [`StoreError::NotTogether`] where the database has a ledger.
    pub async fn create_with(dir: &Path, ledger: &LedgerAt) -> Result<Self, StoreError> {
        let folder = dir.to_owned();
        blocking(move || {
            if folder.join(LEDGER).exists() || folder.join(ledger_postgres::ID).exists() {
                return Err(StoreError::Exists(folder));
            }
            files::make_folder(&folder)
        })
        .await?;
        let ledger = match ledger {
            LedgerAt::Folder => Ledger::in_file(&dir.join(LEDGER), true).await?,
            LedgerAt::Postgres(url) => Ledger::on_server(dir, url, true).await?,
        };
        let store = Self::with_ledger(dir, ledger).await?;
        let folder = dir.to_owned();
        blocking(move || {
            files::sync_folder(&folder)?;
            // Again, for an earlier making that was cut short may have left the folder without it.
            files::sync_folder(files::above(&folder))
        })
        .await?;
        Ok(store)
    }

    /// Opens a store whose ledger is in its folder: takes the index that is kept of each live file, else verifies the file and
    /// makes it, in parallel.
    ///
    /// A damaged file does not keep the rest from being served: see [`Snapshot::damaged`]. One whose index is kept is only
    /// seen to be there with its length; its bytes are verified whenever records of it are read, and by [`Store::scrub`].
    ///
    /// # Errors
    /// [`StoreError::Missing`], and [`StoreError::NewerFormat`], which leaves every file as it is;
    /// [`StoreError::NotTogether`] where the store's ledger is on a server.
    pub async fn open(dir: &Path) -> Result<Self, StoreError> {
        Self::open_with(dir, &LedgerAt::Folder).await
    }

    /// Opens a store, as [`Store::open`] does, with its ledger where that is.
    ///
    /// # Errors
    /// As for [`Store::open`]; [`StoreError::NotTogether`] where the ledger is not that of the folder.
    pub async fn open_with(dir: &Path, ledger: &LedgerAt) -> Result<Self, StoreError> {
        let ledger = ledger_of(dir, ledger).await?;
        let folder = dir.to_owned();
        blocking(move || files::make_folder(&folder)).await?;
        Self::with_ledger(dir, ledger).await
    }

    async fn with_ledger(dir: &Path, ledger: Ledger) -> Result<Self, StoreError> {
        let folder: Arc<Path> = Arc::from(dir);
        let contents = Arc::new(ledger.contents().await?);
        let at = Arc::clone(&folder);
        let snapshot = blocking(move || Ok(Snapshot::load(at, &contents, &[], &[]))).await?;
        let (current, keys) = (RwLock::new(Arc::new(snapshot)), Mutex::default());
        Ok(Self(Arc::new(Shared {
            folder,
            ledger,
            current,
            keys,
            merging: Mutex::default(),
            stopped: AtomicBool::new(false),
        })))
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
    /// read; [`StoreError::Stopped`].
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
            files::sweep(
                &shared.folder,
                &named.clone().map(FileRecord::path).collect(),
            )?;
            persisted::sweep(&shared.folder, named);
            shared.known(snapshot, agency.as_str(), &profile, replaces)
        })
        .await?;
        let draft = Draft::new(Arc::clone(&self.0), lock, header, known);
        Ok(BatchWriter::new(draft))
    }

    /// Takes the writer's lock and makes visible what another program did since.
    pub(crate) async fn lock(&self) -> Result<WriterLock, StoreError> {
        if self.0.stopped.load(Ordering::Acquire) {
            return Err(StoreError::Stopped);
        }
        let shared = Arc::clone(&self.0);
        let folder = blocking(move || lock(&shared.folder)).await?;
        let lock = self.0.ledger.lock(folder).await?;
        self.refresh().await?;
        Ok(lock)
    }

    /// Makes visible what another program did to the folder since; gives the version then.
    ///
    /// A service asks this now and then. Where nothing is new it costs one look at the ends of two tables; snapshots
    /// taken before stay as they are.
    ///
    /// # Errors
    /// Where the ledger cannot be read; what was visible stays visible.
    pub async fn refresh(&self) -> Result<u64, StoreError> {
        let known = self.snapshot().contents().heads();
        if !known.covers(self.0.ledger.heads().await?) {
            let contents = self.0.ledger.contents().await?;
            let shared = Arc::clone(&self.0);
            blocking(move || {
                shared.show(contents, Vec::new());
                Ok(())
            })
            .await?;
        }
        Ok(self.snapshot().version())
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.0
    }
}

impl Shared {
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Makes what the ledger says visible, all of it at once; `fresh` are parts that were just written.
    pub(crate) fn show(&self, contents: Contents, fresh: Vec<Arc<Part>>) {
        let contents = Arc::new(contents);
        let before = self.snapshot();
        let parts: Vec<Arc<Part>> = before.parts().iter().cloned().chain(fresh).collect();
        let folder = Arc::clone(&self.folder);
        let snapshot = Snapshot::load(folder, &contents, &parts, before.views());
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        // This program may have committed in between; what is known is never taken back.
        if contents.heads().covers(current.contents().heads()) {
            *current = Arc::new(snapshot);
        }
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

    /// Takes no more batches: after a failed sync nobody knows what is on the disk, and trying again proves nothing.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
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

pub(crate) fn lock(folder: &Path) -> Result<File, StoreError> {
    let path = folder.join(LOCK);
    let failed = |source| StoreError::File {
        action: "lock",
        path: path.clone(),
        source,
    };
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::Busy),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}

/// Runs blocking work on the threads that are there for it.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_shutdown| StoreError::Interrupted)?
}

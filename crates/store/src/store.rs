//! The store: a folder with a ledger and Parquet files, and the newest snapshot made of them.

use std::collections::HashSet;
use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use naqsha_model::BatchDigest;

use crate::files;
use crate::keys::{Held, KeyCache};
use crate::ledger::{Contents, Ledger};
use crate::writer::Draft;
use crate::{BatchHeader, BatchRecord, BatchState, BatchWriter, OnChange, Snapshot, StoreError};

const LEDGER: &str = "ledger.sqlite";
const LOCK: &str = "writer.lock";

/// A store of incidents. Clones share it.
#[derive(Debug, Clone)]
pub struct Store(Arc<Shared>);

/// What clones of a store and its writer share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub folder: Arc<Path>,
    pub ledger: Ledger,
    current: RwLock<Current>,
    keys: Mutex<KeyCache>,
    /// Set when a write may or may not be durable.
    stopped: AtomicBool,
}

#[derive(Debug, Clone)]
struct Current {
    snapshot: Arc<Snapshot>,
    /// Live and held, in order of commit.
    batches: Vec<BatchRecord>,
}

impl Store {
    /// Makes an empty store in a folder, which is made where it is absent.
    ///
    /// # Errors
    /// [`StoreError::Exists`] where there is one.
    pub async fn create(dir: &Path) -> Result<Self, StoreError> {
        let ledger = dir.join(LEDGER);
        let folder = dir.to_owned();
        blocking(move || {
            if folder.join(LEDGER).exists() {
                return Err(StoreError::Exists(folder));
            }
            files::make_folder(&folder)
        })
        .await?;
        let store = Self::with_ledger(dir, Ledger::open(&ledger, true).await?).await?;
        let folder = dir.to_owned();
        blocking(move || files::sync_folder(&folder)).await?;
        Ok(store)
    }

    /// Opens a store: verifies every live file and rebuilds the index, in parallel.
    ///
    /// A damaged file does not keep the rest from being served: see [`Snapshot::damaged`].
    ///
    /// # Errors
    /// [`StoreError::Missing`], and [`StoreError::NewerFormat`], which leaves every file as it is.
    pub async fn open(dir: &Path) -> Result<Self, StoreError> {
        let ledger = dir.join(LEDGER);
        if !ledger.is_file() {
            return Err(StoreError::Missing(dir.to_owned()));
        }
        let ledger = Ledger::open(&ledger, false).await?;
        let folder = dir.to_owned();
        blocking(move || files::make_folder(&folder)).await?;
        Self::with_ledger(dir, ledger).await
    }

    async fn with_ledger(dir: &Path, ledger: Ledger) -> Result<Self, StoreError> {
        let folder: Arc<Path> = Arc::from(dir);
        let contents = ledger.contents().await?;
        let current = Current::load(Arc::clone(&folder), contents, None).await?;
        let (current, keys) = (RwLock::new(current), Mutex::default());
        Ok(Self(Arc::new(Shared {
            folder,
            ledger,
            current,
            keys,
            stopped: AtomicBool::new(false),
        })))
    }

    /// The newest version. Cheap; what it answers never changes.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.0.snapshot()
    }

    /// The batch with these bytes, live or held.
    pub fn find_batch(&self, digest: &BatchDigest) -> Option<BatchRecord> {
        self.0
            .current()
            .batches
            .iter()
            .find(|batch| batch.digest == *digest)
            .cloned()
    }

    /// Begins a batch. One at a time over all programs that use the folder.
    ///
    /// What another program committed since becomes visible first. Files that no batch names are removed.
    ///
    /// # Errors
    /// [`StoreError::Busy`], [`StoreError::Received`], [`StoreError::CannotRevise`]; [`StoreError::Damaged`] where
    /// the agency's natural keys cannot be read; [`StoreError::Stopped`].
    pub async fn begin(&self, header: BatchHeader) -> Result<BatchWriter, StoreError> {
        if self.0.stopped.load(Ordering::Acquire) {
            return Err(StoreError::Stopped);
        }
        match header.on_change {
            OnChange::Report => {}
            OnChange::Revise => return Err(StoreError::CannotRevise),
        }
        let shared = Arc::clone(&self.0);
        let lock = blocking(move || lock(&shared.folder)).await?;
        let named = self.catch_up().await?;
        if self.find_batch(&header.digest).is_some() {
            return Err(StoreError::Received(header.digest));
        }
        let shared = Arc::clone(&self.0);
        let agency = header.agency.clone();
        let known = blocking(move || {
            files::sweep(&shared.folder, &named)?;
            shared.keys_of(agency.as_str())
        })
        .await?;
        Ok(BatchWriter::new(Draft::new(
            Arc::clone(&self.0),
            lock,
            header,
            known,
        )))
    }

    /// Makes visible what another program committed to the folder since; gives the version then.
    ///
    /// A service asks this now and then. Where nothing is new it costs one count in the ledger; snapshots taken before stay
    /// as they are.
    ///
    /// # Errors
    /// Where the ledger cannot be read; what was visible stays visible.
    pub async fn refresh(&self) -> Result<u64, StoreError> {
        let known = self.0.current().batches.len() as u64;
        if self.0.ledger.batches().await? != known {
            self.catch_up().await?;
        }
        Ok(self.snapshot().version())
    }

    /// Takes over what another program committed; gives the paths of all files the ledger names.
    async fn catch_up(&self) -> Result<HashSet<std::path::PathBuf>, StoreError> {
        let contents = self.0.ledger.contents().await?;
        let named = contents.files.iter().map(files::FileRecord::path).collect();
        let current = self.0.current();
        if contents.batches.len() != current.batches.len() {
            let current =
                Current::load(Arc::clone(&self.0.folder), contents, Some(current.snapshot)).await?;
            let mut known = self
                .0
                .current
                .write()
                .unwrap_or_else(PoisonError::into_inner);
            // A batch of this program may have come in between; what is known is never taken back.
            if current.batches.len() > known.batches.len() {
                *known = current;
            }
        }
        Ok(named)
    }
}

impl Current {
    async fn load(
        folder: Arc<Path>,
        contents: Contents,
        previous: Option<Arc<Snapshot>>,
    ) -> Result<Self, StoreError> {
        blocking(move || {
            let Contents {
                version,
                batches,
                files,
            } = contents;
            let snapshot = Snapshot::load(folder, version, &batches, &files, previous.as_deref());
            Ok(Self {
                snapshot: Arc::new(snapshot),
                batches,
            })
        })
        .await
    }
}

impl Shared {
    fn current(&self) -> Current {
        self.current
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(
            &self
                .current
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .snapshot,
        )
    }

    /// Sequence of the next batch, and the version now; they hold while the writer's lock does.
    pub(crate) fn position(&self) -> (u64, u64) {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        (
            current.batches.last().map_or(0, |batch| batch.sequence) + 1,
            current.snapshot.version(),
        )
    }

    /// Makes a committed batch known and, where it is live, visible: all of it at once.
    pub(crate) fn add(&self, batch: BatchRecord, parts: Vec<crate::index::Part>) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if batch.state == BatchState::Live {
            current.snapshot = Arc::new(
                current
                    .snapshot
                    .with_batch(batch.clone(), parts.into_iter()),
            );
        }
        current.batches.push(batch);
    }

    /// Takes no more batches: after a failed sync nobody knows what is on the disk, and trying again proves nothing.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
    }

    fn keys_of(&self, agency: &str) -> Result<Arc<Held>, StoreError> {
        self.keys
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .of(agency, &self.snapshot())
    }
}

fn lock(folder: &Path) -> Result<File, StoreError> {
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

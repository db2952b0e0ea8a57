//! What can go wrong with a store, by the operation that failed.

use std::io;
use std::path::PathBuf;

use naqsha_model::BatchDigest;

/// A failed operation of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no store in the folder.
    #[error("no store at {}", .0.display())]
    Missing(PathBuf),
    /// A store, or something else, is in the folder already.
    #[error("something is at {} already", .0.display())]
    Exists(PathBuf),
    /// There is no whole backup in the folder: its inventory is missing.
    #[error("no whole backup at {}", .0.display())]
    NoBackup(PathBuf),
    /// What was asked needs a ledger in the store's folder.
    #[error(
        "the ledger is on a PostgreSQL server: its own backup (pg_dump) comes first, then a copy of the folder and of the \
         bucket, where the batch files are in one"
    )]
    OnServer,
    /// The folder and the ledger are not of one store; nothing was changed.
    #[error("{} and its ledger do not belong together: {why}", folder.display())]
    NotTogether {
        /// The store's folder.
        folder: PathBuf,
        /// How that is seen.
        why: String,
    },
    /// The folder and the place of its batch files are not of one store; nothing was changed.
    #[error("{} and the place of its batch files do not belong together: {why}", folder.display())]
    NotItsBucket {
        /// The store's folder.
        folder: PathBuf,
        /// How that is seen.
        why: String,
    },
    /// The store was written by a newer program; nothing was changed.
    #[error(
        "the store needs a reader of format {min_reader}, this program reads up to {supported}"
    )]
    NewerFormat {
        /// Oldest format whose programs can read it.
        min_reader: u32,
        /// Newest format this program reads.
        supported: u32,
    },
    /// Another batch is being written, by this program or another.
    #[error("another batch is being written to the store")]
    Busy,
    /// The batch was committed before.
    #[error("batch {0} was received before")]
    Received(BatchDigest),
    /// No batch has that digest.
    #[error("no batch {0}")]
    NoSuchBatch(BatchDigest),
    /// A batch has no record in that row of its file.
    #[error("batch {batch} has no record in row {row}")]
    NoSuchRecord {
        /// The batch.
        batch: BatchDigest,
        /// Row of its file.
        row: u64,
    },
    /// What was asked of a batch does not go with the state it is in; nothing was changed.
    #[error("batch {batch} {why}")]
    Refused {
        /// The batch.
        batch: BatchDigest,
        /// Its state.
        why: &'static str,
    },
    /// A period is stated to have nothing to report, and has.
    #[error("the period has {records} current records of the agency and profile")]
    NotNil {
        /// How many.
        records: usize,
    },
    /// No link between incidents has that number.
    #[error("no link {0}")]
    NoSuchLink(u64),
    /// No receipt has that job.
    #[error("no receipt has the job {0}")]
    NoSuchReceipt(String),
    /// The receipt of that job has its reply; nothing was changed.
    #[error("the receipt of job {0} is answered already")]
    Answered(String),
    /// What was asked of an access key does not go with what is known of it; nothing was changed.
    #[error("access key {id}: {why}")]
    NoKey {
        /// Its public part.
        id: String,
        /// Why not.
        why: &'static str,
    },
    /// A cell finer than resolution 9: such a location is never accepted.
    #[error("row {row} has a cell at resolution {resolution}, finer than 9")]
    CellTooFine {
        /// Row of the record in its file.
        row: u64,
        /// Resolution of its cell.
        resolution: u8,
    },
    /// The answer needs a file that is missing or differs from its digest.
    #[error("{} is damaged: {reason}", path.display())]
    Damaged {
        /// The file, relative to the store; the whole name of an object.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// An earlier write could not be made durable; no batch is written until the store is opened again, and where it was one of
    /// the ledger, nothing is.
    #[error("an earlier write could not be made durable; open the store again")]
    Stopped,
    /// A file or folder could not be used.
    #[error("cannot {action} {}", path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A bucket does not answer, or refuses what was asked. It says nothing of how its objects are.
    #[error("cannot {action} {object}")]
    Object {
        /// What was tried.
        action: &'static str,
        /// The object, the folder of objects or the bucket.
        object: String,
        /// Why not; without what the server said besides its code.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// What was asked is done and durable, but files that it is to be shown with cannot be read now.
    #[error("it is done, and will be shown once the batch files can be read")]
    Unseen(#[source] Box<Self>),
    /// The ledger could not be read or written.
    #[error("cannot {action} in the ledger")]
    Ledger {
        /// What was tried.
        action: &'static str,
        /// Why not.
        source: sqlx::Error,
    },
    /// There is no connection to the ledger's server.
    #[error("cannot connect to {server}")]
    Server {
        /// The database, without the password.
        server: String,
        /// Why not.
        source: sqlx::Error,
    },
    /// The ledger's tables could not be brought to this program's format.
    #[error("cannot migrate the ledger")]
    Migrate(#[source] sqlx::migrate::MigrateError),
    /// The ledger holds a value this program would never write.
    #[error("the ledger's {column} is not readable: {value}")]
    LedgerValue {
        /// Table and column.
        column: &'static str,
        /// The value.
        value: String,
    },
    /// The ledger's rows are not those that were sealed: the database took damage for data.
    #[error("the ledger is damaged: its rows are not those that were sealed")]
    LedgerDamaged,
    /// Incidents could not be written as Parquet.
    #[error("cannot write Parquet {}", path.display())]
    Encode {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The runtime was shut down under a running operation.
    #[error("the operation was cut short by a shutdown")]
    Interrupted,
}

impl StoreError {
    /// Whether a server of the store is out of reach, or too many ask the ledger at once, so that the same may go well later.
    pub fn is_away(&self) -> bool {
        let crowded = |source: &sqlx::Error| matches!(source, sqlx::Error::PoolTimedOut);
        match self {
            Self::Object { .. } | Self::Server { .. } => true,
            Self::Ledger { source, .. } => crowded(source),
            _ => false,
        }
    }

    /// Whether a disk is full, so that the same may go well once there is space.
    pub fn is_full(&self) -> bool {
        let full = [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded];
        match self {
            Self::File { source, .. } => full.contains(&source.kind()),
            Self::Ledger { source, .. } => primary_code(source) == Some(FULL),
            _ => false,
        }
    }

    /// Whether it is certain that nothing was added.
    pub(crate) fn changed_nothing(&self) -> bool {
        match self {
            Self::NoSuchReceipt(_) | Self::Answered(_) | Self::NoKey { .. } => true,
            Self::Ledger { source, .. } => primary_code(source) == Some(FULL),
            _ => false,
        }
    }

    /// Whether something stored is not as it was written, rather than out of reach.
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Damaged { .. } | Self::LedgerValue { .. } | Self::LedgerDamaged => true,
            Self::Ledger { source, .. }
            | Self::Migrate(sqlx::migrate::MigrateError::Execute(source)) => says_damaged(source),
            _ => false,
        }
    }
}

/// `SQLite`'s "the disk is full": it rolled the transaction back, and another may fit later.
const FULL: u32 = 13;

/// `SQLite`'s "malformed" (11) and "not a database" (26), with their extended codes.
fn says_damaged(error: &sqlx::Error) -> bool {
    matches!(primary_code(error), Some(11 | 26))
}

/// `SQLite`'s code without its extension. A server's codes have five letters, and may be digits all.
fn primary_code(error: &sqlx::Error) -> Option<u32> {
    let error = error.as_database_error()?;
    let error = error.try_downcast_ref::<sqlx::sqlite::SqliteError>()?;
    let code = sqlx::error::DatabaseError::code(error)?;
    Some(code.parse::<u32>().ok()? & 0xff)
}

//! The ledger: batches, their totals, files and events, in a file of the folder (`SQLite`) or on a server (PostgreSQL).
//!
//! Here is the seam between the two. They differ in how they are opened, migrated and locked; what is said to them
//! (`ledger_read`, `ledger_write`) is one text.

use std::path::Path;

use sqlx::{Connection as _, PgConnection, PgPool, SqlitePool};

use crate::StoreError;
use crate::contents::Contents;
use crate::folder_lock::FolderLock;
use crate::ledger_at::PostgresUrl;
use crate::ledger_postgres::answered;
use crate::ledger_statement::Transaction;
use crate::{ledger_postgres, ledger_sqlite};

/// Newest format this program reads and the one it writes.
pub(crate) const FORMAT: u32 = 4;

/// The ledger of an open store.
#[derive(Debug, Clone)]
pub(crate) enum Ledger {
    /// One connection: a file has one writer.
    Sqlite(SqlitePool),
    /// Connections that read; who writes has one of its own ([`WriterLock`]).
    Postgres(PgPool, PostgresUrl),
}

/// The right to add to the ledger: one at a time over all programs and nodes. Gone when it is dropped or its program dies.
///
/// On a server, what is added goes through the very session that holds the lock, so a writer that has lost the lock cannot
/// add any more.
#[derive(Debug)]
pub(crate) struct WriterLock {
    // Dropped before the folder's lock, so that who gets that one does not have to wait for the session's end.
    writer: Writer,
    _folder: FolderLock,
}

#[derive(Debug)]
enum Writer {
    Sqlite(SqlitePool),
    Postgres(PgConnection),
}

pub(crate) fn failed(action: &'static str) -> impl FnOnce(sqlx::Error) -> StoreError {
    move |source| StoreError::Ledger { action, source }
}

/// Refuses a ledger that this program would not read rightly.
pub(crate) fn refuse(min_reader: i64) -> Result<(), StoreError> {
    if min_reader > i64::from(FORMAT) {
        Err(StoreError::NewerFormat {
            min_reader: u32::try_from(min_reader).unwrap_or(u32::MAX),
            supported: FORMAT,
        })
    } else {
        Ok(())
    }
}

impl Ledger {
    /// A ledger in a file, made where `create` says so.
    pub(crate) async fn in_file(path: &Path, create: bool) -> Result<Self, StoreError> {
        ledger_sqlite::open(path, create).await.map(Self::Sqlite)
    }

    /// The ledger of a folder on a server, made where `create` says so.
    pub(crate) async fn on_server(
        folder: &Path,
        url: &PostgresUrl,
        create: bool,
    ) -> Result<Self, StoreError> {
        let pool = if create {
            ledger_postgres::create(folder, url).await?
        } else {
            ledger_postgres::open(folder, url).await?
        };
        Ok(Self::Postgres(pool, url.clone()))
    }

    /// Takes the ledger's writer's lock; the caller holds the folder's.
    ///
    /// # Errors
    /// [`StoreError::Busy`] where another node writes.
    pub(crate) async fn lock(&self, folder: FolderLock) -> Result<WriterLock, StoreError> {
        let writer = match self {
            Self::Sqlite(pool) => Writer::Sqlite(pool.clone()),
            Self::Postgres(_, url) => Writer::Postgres(ledger_postgres::lock(url).await?),
        };
        Ok(WriterLock {
            writer,
            _folder: folder,
        })
    }

    /// What the database finds wrong with itself; nothing where all is well. A server has checks of its own.
    pub(crate) async fn check(&self) -> Result<Vec<String>, StoreError> {
        match self {
            Self::Sqlite(pool) => ledger_sqlite::check(pool).await,
            Self::Postgres(..) => Ok(Vec::new()),
        }
    }

    /// Writes the ledger anew without its free pages; the caller holds the writer's lock. A server does that by itself.
    pub(crate) async fn vacuum(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(pool) => ledger_sqlite::vacuum(pool).await,
            Self::Postgres(..) => Ok(()),
        }
    }

    /// Writes the ledger as of one moment into a new file, and syncs it.
    ///
    /// # Errors
    /// [`StoreError::OnServer`].
    pub(crate) async fn copy_to(&self, path: &Path) -> Result<(), StoreError> {
        let Self::Sqlite(pool) = self else {
            return Err(StoreError::OnServer);
        };
        let mut connection = pool.acquire().await.map_err(failed("copy"))?;
        ledger_sqlite::copy(&mut connection, path, "copy").await
    }

    /// Everything, from a ledger that is not needed any more.
    pub(crate) async fn into_contents(self) -> Result<Contents, StoreError> {
        let contents = self.contents().await;
        self.close().await;
        contents
    }

    /// Ends it; a file's journal is folded in where nobody else has it open.
    pub(crate) async fn close(self) {
        match self {
            Self::Sqlite(pool) => pool.close().await,
            Self::Postgres(pool, _) => pool.close().await,
        }
    }

    /// A transaction that adds what changes no snapshot: receipts, replies and keys. It needs no writer's lock, so it waits for
    /// no batch, only for other transactions.
    ///
    /// # Errors
    /// [`StoreError::NewerFormat`] where a newer program has migrated the ledger since it was opened.
    pub(crate) async fn adding(&self) -> Result<Transaction<'static>, StoreError> {
        let mut transaction = match self {
            Self::Sqlite(pool) => begun(pool).await?,
            Self::Postgres(pool, _) => {
                let begun = answered(pool.begin()).await.map_err(failed("begin"))?;
                let mut transaction = Transaction::Postgres(begun);
                let durable = transaction.execute(ledger_postgres::DURABLE, []).await;
                durable.map_err(failed("begin"))?;
                transaction
            }
        };
        let row = transaction.one("SELECT min_reader FROM meta", "begin");
        refuse(row.await?.get("min_reader")?)?;
        Ok(transaction)
    }

    /// A transaction that sees the ledger as of one moment.
    pub(crate) async fn reading(&self) -> Result<Transaction<'static>, StoreError> {
        let begun = match self {
            Self::Sqlite(pool) => pool.begin().await.map(Transaction::Sqlite),
            Self::Postgres(pool, _) => {
                let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
                answered(pool.begin_with(begin))
                    .await
                    .map(Transaction::Postgres)
            }
        };
        begun.map_err(failed("begin"))
    }
}

impl WriterLock {
    /// A transaction that adds.
    pub(crate) async fn begin(&mut self) -> Result<Transaction<'_>, StoreError> {
        match &mut self.writer {
            Writer::Sqlite(pool) => begun(pool).await,
            Writer::Postgres(session) => sqlx::Connection::begin(session)
                .await
                .map(Transaction::Postgres)
                .map_err(failed("begin")),
        }
    }

    /// Makes sure that the lock is still held, before something is done that only its holder may do.
    ///
    /// # Errors
    /// Where the session with the server is lost, and the lock with it.
    pub(crate) async fn confirm(&mut self) -> Result<(), StoreError> {
        match &mut self.writer {
            Writer::Sqlite(_) => Ok(()),
            Writer::Postgres(session) => answered(session.ping())
                .await
                .map_err(failed("hold the writer's lock")),
        }
    }
}

/// A transaction that writes from its beginning: others may commit at any time, and one that has read before it writes could
/// not go on after them.
///
/// A commit that finds no space is taken back by `SQLite` itself, and the driver goes on counting a transaction that is none: such
/// a connection begins nothing any more, so that another takes its place.
async fn begun(pool: &SqlitePool) -> Result<Transaction<'static>, StoreError> {
    const BEGIN: &str = "BEGIN IMMEDIATE";
    let mut begun = pool.begin_with(BEGIN).await;
    if matches!(begun, Err(sqlx::Error::InvalidSavePointStatement)) {
        let stuck = pool.acquire().await.map_err(failed("begin"))?;
        stuck.close().await.map_err(failed("begin"))?;
        begun = pool.begin_with(BEGIN).await;
    }
    begun.map(Transaction::Sqlite).map_err(failed("begin"))
}

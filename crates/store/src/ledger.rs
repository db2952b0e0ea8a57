//! The ledger: batches, their totals, files and events in `SQLite`. Here it is opened and brought to this program's format.

use std::borrow::Cow;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteRow, SqliteSynchronous,
};
use sqlx::{Row, SqlSafeStr};

use crate::StoreError;
use crate::ledger_rows::number;
use crate::seal;

/// Newest format this program reads and the one it writes.
const FORMAT: u32 = 3;

/// The ledger of an open store.
#[derive(Debug)]
pub(crate) struct Ledger {
    pub pool: SqlitePool,
}

pub(crate) fn failed(action: &'static str) -> impl FnOnce(sqlx::Error) -> StoreError {
    move |source| StoreError::Ledger { action, source }
}

impl Ledger {
    /// Opens a ledger, bringing its tables up to date; a newer one is refused before anything is written.
    pub(crate) async fn open(path: &Path, create: bool) -> Result<Self, StoreError> {
        if !create {
            peek(path)?;
        }
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(create)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true);
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options)
            .await
            .map_err(failed("open"))?;
        let mut connection = pool.acquire().await.map_err(failed("open"))?;
        check_schema(&mut connection).await?;
        let format = format(&mut connection).await?;
        if let Some(older @ 1..FORMAT) = format {
            back_up(&mut connection, path, older).await?;
        }
        migrations()
            .run(&mut *connection)
            .await
            .map_err(StoreError::Migrate)?;
        seal::begin(&mut connection).await?;
        if format != Some(FORMAT) {
            // The header is what an older program looks at, so it must not stay in the journal.
            let fold = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
                .execute(&mut *connection)
                .await;
            fold.map_err(failed("write the format"))?;
        }
        drop(connection);
        Ok(Self { pool })
    }
}

/// Reads the oldest reader from the file's header, without a lock, a journal or any other trace.
///
/// The database keeps `user_version` in bytes 60 to 63; a change that is only in the journal yet is found by
/// [`format`]. A file without a header is one whose making was cut short.
fn peek(path: &Path) -> Result<(), StoreError> {
    let mut header = [0; 64];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut header));
    match read {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(()),
        read => read.map_err(|source| StoreError::File {
            action: "read",
            path: path.to_owned(),
            source,
        })?,
    }
    let min_reader = header
        .last_chunk::<4>()
        .map_or(0, |bytes| u32::from_be_bytes(*bytes));
    refuse(min_reader)
}

fn refuse(min_reader: u32) -> Result<(), StoreError> {
    if min_reader > FORMAT {
        Err(StoreError::NewerFormat {
            min_reader,
            supported: FORMAT,
        })
    } else {
        Ok(())
    }
}

/// Refuses a schema that is no text: the driver would end its thread over the name of a column that is none.
async fn check_schema(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    sqlx::query_scalar::<_, Option<String>>("SELECT sql FROM sqlite_schema")
        .fetch_all(connection)
        .await
        .map(drop)
        .map_err(failed("read the schema"))
}

/// The format of the ledger's tables, where this program may read it. A ledger without tables is one whose making was cut
/// short; it has no format yet.
async fn format(connection: &mut SqliteConnection) -> Result<Option<u32>, StoreError> {
    let sql = "SELECT count(*) AS tables FROM sqlite_schema WHERE type = 'table' AND name = 'meta'";
    let row: SqliteRow = sqlx::query(sql)
        .fetch_one(&mut *connection)
        .await
        .map_err(failed("read the format"))?;
    if row
        .try_get::<i64, _>("tables")
        .map_err(failed("read the format"))?
        == 0
    {
        return Ok(None);
    }
    let row = sqlx::query("SELECT format, min_reader FROM meta")
        .fetch_one(connection)
        .await
        .map_err(failed("read the format"))?;
    let as_format = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    refuse(as_format(number(&row, "min_reader")?))?;
    Ok(Some(as_format(number(&row, "format")?)))
}

/// Keeps the ledger as it was, beside it, before it is brought to this program's format. One that is there already is
/// from a migration that was cut short, and is whole: it has its name only once it is.
async fn back_up(
    connection: &mut SqliteConnection,
    ledger: &Path,
    format: u32,
) -> Result<(), StoreError> {
    let backup = ledger.with_file_name(format!("ledger.format-{format}.sqlite"));
    if backup.exists() {
        return Ok(());
    }
    let unfinished = backup.with_added_extension("tmp");
    let file = |action| {
        let path = unfinished.clone();
        move |source| StoreError::File {
            action,
            path,
            source,
        }
    };
    if unfinished.exists() {
        std::fs::remove_file(&unfinished).map_err(file("remove"))?;
    }
    sqlx::query("VACUUM INTO ?")
        .bind(unfinished.to_string_lossy().into_owned())
        .execute(connection)
        .await
        .map_err(failed("keep a copy of the older format"))?;
    File::open(&unfinished)
        .and_then(|copy| copy.sync_all())
        .map_err(file("sync"))?;
    std::fs::rename(&unfinished, &backup).map_err(file("rename"))?;
    crate::files::sync_folder(backup.parent().unwrap_or(ledger))
}

/// Migrations this program knows; those of a newer program that it may still read are not its concern.
fn migrations() -> Migrator {
    let migration = |version, name, sql: &'static str| {
        let (name, sql) = (Cow::Borrowed(name), sql.into_sql_str());
        Migration::new(version, name, MigrationType::Simple, sql, false)
    };
    let ledger = include_str!("../migrations/0001_ledger.sql");
    let revisions = include_str!("../migrations/0002_revisions.sql");
    let manifests = include_str!("../migrations/0003_manifests.sql");
    let clusters = include_str!("../migrations/0004_clusters.sql");
    let absent_columns = include_str!("../migrations/0005_absent_columns.sql");
    let migrations = vec![
        migration(1, "ledger", ledger),
        migration(2, "revisions", revisions),
        migration(3, "manifests", manifests),
        migration(4, "clusters", clusters),
        migration(5, "absent columns", absent_columns),
    ];
    Migrator {
        migrations: Cow::Owned(migrations),
        ignore_missing: true,
        ..Migrator::DEFAULT
    }
}

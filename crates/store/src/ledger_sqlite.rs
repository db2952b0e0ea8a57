//! The ledger as an `SQLite` file in the store's folder: opened, and brought to this program's format.

use std::borrow::Cow;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::time::Duration;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteRow, SqliteSynchronous,
};
use sqlx::{Row, SqlSafeStr};

use crate::StoreError;
use crate::files_folder::{file_error, sync_folder};
use crate::ledger::{FORMAT, failed, refuse};
use crate::seal;

/// How long a transaction waits for another program's: they take milliseconds, but a ledger that is written anew
/// (`naqsha compact`) lets nobody add for as long.
const WAITS_FOR: Duration = Duration::from_secs(30);

/// Opens a ledger, bringing its tables up to date; a newer one is refused before anything is written.
pub(crate) async fn open(path: &Path, create: bool) -> Result<SqlitePool, StoreError> {
    if !create {
        peek(path)?;
    }
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(create)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(WAITS_FOR)
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
    Ok(pool)
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
    refuse(i64::from(min_reader))
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
    let read = |column| row.try_get(column).map_err(failed("read the format"));
    refuse(read("min_reader")?)?;
    Ok(Some(u32::try_from(read("format")?).unwrap_or(u32::MAX)))
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
    if unfinished.exists() {
        std::fs::remove_file(&unfinished).map_err(file_error("remove", &unfinished))?;
    }
    copy(connection, &unfinished, "keep a copy of the older format").await?;
    std::fs::rename(&unfinished, &backup).map_err(file_error("rename", &unfinished))?;
    sync_folder(backup.parent().unwrap_or(ledger))
}

/// Writes a ledger as of one moment into a new file, and syncs it.
pub(crate) async fn copy(
    connection: &mut SqliteConnection,
    path: &Path,
    action: &'static str,
) -> Result<(), StoreError> {
    sqlx::query("VACUUM INTO ?")
        .bind(path.to_string_lossy().into_owned())
        .execute(connection)
        .await
        .map_err(failed(action))?;
    File::open(path)
        .and_then(|copy| copy.sync_all())
        .map_err(file_error("sync", path))
}

/// Writes the database anew without its free pages, and its journal into it.
pub(crate) async fn vacuum(pool: &SqlitePool) -> Result<(), StoreError> {
    for sql in ["VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"] {
        let done = sqlx::query(sql).execute(pool).await;
        done.map_err(failed("free space"))?;
    }
    Ok(())
}

/// What the database finds wrong with its own pages, keys and indexes; nothing where all is well.
pub(crate) async fn check(pool: &SqlitePool) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT integrity_check AS finding FROM pragma_integrity_check \
               WHERE integrity_check <> 'ok' \
               UNION ALL SELECT 'a row of ' || \"table\" || ' refers to none of ' || parent \
               FROM pragma_foreign_key_check";
    let rows = sqlx::query(sql).fetch_all(pool).await;
    rows.map_err(failed("check"))?
        .iter()
        .map(|row| row.try_get("finding").map_err(failed("check")))
        .collect()
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
    let receipts_and_keys = include_str!("../migrations/0006_receipts_and_keys.sql");
    let audit = include_str!("../migrations/0007_audit.sql");
    let key_certificates = include_str!("../migrations/0008_key_certificates.sql");
    let migrations = vec![
        migration(1, "ledger", ledger),
        migration(2, "revisions", revisions),
        migration(3, "manifests", manifests),
        migration(4, "clusters", clusters),
        migration(5, "absent columns", absent_columns),
        migration(6, "receipts and keys", receipts_and_keys),
        migration(7, "audit", audit),
        migration(8, "key certificates", key_certificates),
    ];
    Migrator {
        migrations: Cow::Owned(migrations),
        ignore_missing: true,
        ..Migrator::DEFAULT
    }
}

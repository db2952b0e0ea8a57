//! The ledger on a PostgreSQL server: made, opened, and locked over all nodes that share it.
//!
//! The folder of the files says in `ledger.id` which ledger it belongs to; opened with another, its files would be garbage.

use std::borrow::Cow;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::{Connection as _, Row as _, SqlSafeStr};

use crate::StoreError;
use crate::files_folder::sync_folder;
use crate::ledger::{failed, refuse};
use crate::ledger_at::PostgresUrl;
use crate::store::blocking;

/// The file of the folder that has the ledger's id.
pub(crate) const ID: &str = "ledger.id";
/// Its name until the ledger is made.
const UNFINISHED: &str = "ledger.id.tmp";

/// After this an answer does not come any more, as from a machine that has lost its power.
const ANSWERED_WITHIN: Duration = Duration::from_mins(2);
const CONNECTED_WITHIN: Duration = Duration::from_secs(10);

/// Connections that read at a time.
const READERS: u32 = 4;

/// First half of the keys of our locks. The second is the number of the ledger's table, so that ledgers in different
/// schemas of one database are locked apart, or 0 while a ledger is made.
const LOCKS: i32 = 0x4E41_5153;

/// What a transaction that adds says first: what is acknowledged is durable, whatever the server's administrator has set.
pub(crate) const DURABLE: &str = "SELECT set_config('synchronous_commit', \
    CASE WHEN current_setting('synchronous_commit') IN ('off', 'local') THEN 'on' \
    ELSE current_setting('synchronous_commit') END, true)";

/// How the session that writes differs from what the server's administrator may have set: what is acknowledged is
/// durable, the lock outlives a batch that takes hours, and does not outlive the node by more than a minute. The wait for
/// the lock is for sessions of programs that have just ended.
const WRITING: &str = "SELECT set_config('idle_session_timeout', '0', false), \
    set_config('tcp_keepalives_idle', '30', false), set_config('tcp_keepalives_interval', '10', false), \
    set_config('tcp_keepalives_count', '3', false), set_config('lock_timeout', '2s', false), \
    set_config('synchronous_commit', CASE WHEN current_setting('synchronous_commit') IN ('off', 'local') THEN 'on' \
    ELSE current_setting('synchronous_commit') END, false)";

/// Whether a folder says that its ledger is on a server.
pub(crate) fn is_named(folder: &Path) -> bool {
    folder.join(ID).exists() || folder.join(UNFINISHED).exists()
}

/// Makes a ledger in a database that has none, and gives the folder its id.
///
/// The id is in the folder before the ledger is, and has its name once the ledger is: cut short, either this can be
/// repeated or [`open`] takes it up.
pub(crate) async fn create(folder: &Path, url: &PostgresUrl) -> Result<PgPool, StoreError> {
    let making = "make the tables";
    let mut session = connect(url).await?;
    let mut transaction = session.begin().await.map_err(failed(making))?;
    // Who makes a ledger in the same database at once waits, and then finds this one.
    sqlx::query("SELECT pg_advisory_xact_lock($1, 0)")
        .bind(LOCKS)
        .execute(&mut *transaction)
        .await
        .map_err(failed(making))?;
    if is_made(&mut transaction).await? {
        let id = store_id(&mut transaction).await?;
        return Err(not_together(
            folder,
            format!("{url} has the ledger {id} of another folder"),
        ));
    }
    let encoding = sqlx::query_scalar("SELECT current_setting('server_encoding')")
        .fetch_one(&mut *transaction)
        .await;
    match encoding.map_err(failed(making))? {
        encoding if encoding == "UTF8" => {}
        other => {
            return Err(StoreError::LedgerValue {
                column: "server_encoding",
                value: other,
            });
        }
    }
    let mut migrator = migrations();
    // The lock above is held until the commit; the migrator's own would not be.
    migrator.locking = false;
    migrator
        .run(&mut *transaction)
        .await
        .map_err(StoreError::Migrate)?;
    let id = store_id(&mut transaction).await?;
    let path = folder.join(UNFINISHED);
    blocking(move || write(&path, &id)).await?;
    transaction.commit().await.map_err(failed(making))?;
    let folder = folder.to_owned();
    blocking(move || finish(&folder)).await?;
    Ok(pool(url))
}

/// Opens the ledger of a folder, bringing its tables up to date; a newer one, or another's, is refused before anything is
/// written.
pub(crate) async fn open(folder: &Path, url: &PostgresUrl) -> Result<PgPool, StoreError> {
    let mut session = connect(url).await?;
    if !is_made(&mut session).await? {
        return Err(not_together(folder, format!("{url} has no ledger")));
    }
    let min_reader = sqlx::query_scalar("SELECT min_reader FROM meta")
        .fetch_one(&mut session)
        .await;
    refuse(min_reader.map_err(failed("read the format"))?)?;
    let theirs = store_id(&mut session).await?;
    let at = folder.to_owned();
    let (ours, finished) = blocking(move || read_id(&at)).await?;
    if ours != theirs {
        return Err(not_together(
            folder,
            format!("the folder's is {ours}, {url} has {theirs}"),
        ));
    }
    if !finished {
        let folder = folder.to_owned();
        blocking(move || finish(&folder)).await?;
    }
    let known = migrations().iter().map(|migration| migration.version).max();
    let applied: Option<i64> = sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations")
        .fetch_one(&mut session)
        .await
        .map_err(failed("read the format"))?;
    if applied < known {
        // Not under a batch that a node of the older program is writing.
        let mut writer = lock(url).await?;
        migrations()
            .run(&mut writer)
            .await
            .map_err(StoreError::Migrate)?;
    }
    Ok(pool(url))
}

/// A session that holds the writer's lock until it ends, by whatever cause.
///
/// # Errors
/// [`StoreError::Busy`] where another session holds it.
pub(crate) async fn lock(url: &PostgresUrl) -> Result<PgConnection, StoreError> {
    const LOCK_NOT_AVAILABLE: &str = "55P03";
    let taking = "take the writer's lock";
    let mut session = connect(url).await?;
    answered(sqlx::query(WRITING).execute(&mut session))
        .await
        .map_err(failed(taking))?;
    let lock = sqlx::query("SELECT pg_advisory_lock($1, 'meta'::regclass::oid::int4)").bind(LOCKS);
    match answered(lock.execute(&mut session)).await {
        Err(sqlx::Error::Database(error))
            if error.code().as_deref() == Some(LOCK_NOT_AVAILABLE) =>
        {
            return Err(StoreError::Busy);
        }
        locked => locked.map_err(failed(taking))?,
    };
    let without_limit = sqlx::query("SELECT set_config('lock_timeout', '0', false)");
    answered(without_limit.execute(&mut session))
        .await
        .map_err(failed(taking))?;
    Ok(session)
}

/// Lets one transaction at a time add to the audit log: of two, both would follow the same record.
pub(crate) async fn lock_audit(session: &mut PgConnection) -> Result<(), StoreError> {
    let sql = "SELECT pg_advisory_xact_lock($1, 'audit'::regclass::oid::int4)";
    let locked = sqlx::query(sql).bind(LOCKS).execute(session);
    let locked = answered(locked).await;
    locked.map(drop).map_err(failed("add to the audit log"))
}

/// An answer, or an error where the server has fallen silent.
pub(crate) async fn answered<T>(
    answer: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    within(ANSWERED_WITHIN, answer).await
}

async fn within<T>(
    time: Duration,
    answer: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    tokio::time::timeout(time, answer)
        .await
        .unwrap_or_else(|_elapsed| Err(sqlx::Error::Io(ErrorKind::TimedOut.into())))
}

async fn connect(url: &PostgresUrl) -> Result<PgConnection, StoreError> {
    within(CONNECTED_WITHIN, PgConnection::connect_with(&url.0))
        .await
        .map_err(|source| StoreError::Server {
            server: url.to_string(),
            source,
        })
}

fn pool(url: &PostgresUrl) -> PgPool {
    PgPoolOptions::new()
        .max_connections(READERS)
        .acquire_timeout(CONNECTED_WITHIN)
        .connect_lazy_with(PgConnectOptions::clone(&url.0))
}

fn not_together(folder: &Path, why: String) -> StoreError {
    StoreError::NotTogether {
        folder: folder.to_owned(),
        why,
    }
}

async fn is_made(session: &mut PgConnection) -> Result<bool, StoreError> {
    sqlx::query_scalar("SELECT to_regclass('meta') IS NOT NULL")
        .fetch_one(session)
        .await
        .map_err(failed("look for the tables"))
}

async fn store_id(session: &mut PgConnection) -> Result<String, StoreError> {
    let row = sqlx::query("SELECT store_id FROM meta")
        .fetch_one(session)
        .await;
    row.and_then(|row| row.try_get("store_id"))
        .map_err(failed("read the store's id"))
}

fn file_error(action: &'static str, path: PathBuf) -> impl FnOnce(io::Error) -> StoreError {
    move |source| StoreError::File {
        action,
        path,
        source,
    }
}

/// The id that the folder has, and whether the making of its ledger was finished.
fn read_id(folder: &Path) -> Result<(String, bool), StoreError> {
    let path = folder.join(ID);
    let (path, finished) = if path.exists() {
        (path, true)
    } else {
        (folder.join(UNFINISHED), false)
    };
    let id = fs::read_to_string(&path).map_err(file_error("read", path))?;
    Ok((id.trim().to_owned(), finished))
}

fn write(path: &Path, id: &str) -> Result<(), StoreError> {
    File::create(path)
        .and_then(|mut file| {
            writeln!(file, "{id}")?;
            file.sync_all()
        })
        .map_err(file_error("write", path.to_owned()))?;
    path.parent().map_or(Ok(()), sync_folder)
}

fn finish(folder: &Path) -> Result<(), StoreError> {
    let path = folder.join(ID);
    fs::rename(folder.join(UNFINISHED), &path).map_err(file_error("rename", path))?;
    sync_folder(folder)
}

/// Migrations this program knows; those of a newer program that it may still read are not its concern.
fn migrations() -> Migrator {
    let migration = |version, name, sql: &'static str| {
        let (name, sql) = (Cow::Borrowed(name), sql.into_sql_str());
        Migration::new(version, name, MigrationType::Simple, sql, false)
    };
    let ledger = include_str!("../migrations/postgres/0001_ledger.sql");
    let receipts_and_keys = include_str!("../migrations/postgres/0002_receipts_and_keys.sql");
    let audit = include_str!("../migrations/postgres/0003_audit.sql");
    let key_certificates = include_str!("../migrations/postgres/0004_key_certificates.sql");
    let migrations = vec![
        migration(1, "ledger", ledger),
        migration(2, "receipts and keys", receipts_and_keys),
        migration(3, "audit", audit),
        migration(4, "key certificates", key_certificates),
    ];
    Migrator {
        migrations: Cow::Owned(migrations),
        ignore_missing: true,
        ..Migrator::DEFAULT
    }
}

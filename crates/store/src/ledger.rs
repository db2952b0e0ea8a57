//! The ledger: batches, their totals and their files in `SQLite`, one transaction a commit.

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
use crate::batch::{BatchRecord, BatchState};
use crate::files::FileRecord;
use crate::ledger_rows::{batch_of, code_of, file_of, number};

/// Newest format this program reads and the one it writes.
const FORMAT: u32 = 1;

/// The ledger of an open store.
#[derive(Debug)]
pub(crate) struct Ledger {
    pool: SqlitePool,
}

/// All that the ledger says.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    pub version: u64,
    /// In order of commit.
    pub batches: Vec<BatchRecord>,
    /// In order of batch and part.
    pub files: Vec<FileRecord>,
}

fn failed(action: &'static str) -> impl FnOnce(sqlx::Error) -> StoreError {
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
        refuse_newer(&mut connection).await?;
        migrations()
            .run(&mut *connection)
            .await
            .map_err(StoreError::Migrate)?;
        if create {
            // The header is what an older program looks at, so it must not stay in the journal.
            let fold = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
                .execute(&mut *connection)
                .await;
            fold.map_err(failed("write the format"))?;
        }
        drop(connection);
        Ok(Self { pool })
    }

    /// How many batches there are: a cheap question, by which a reader knows that it has them all.
    pub(crate) async fn batches(&self) -> Result<u64, StoreError> {
        let row = sqlx::query("SELECT COUNT(*) AS batches FROM batches")
            .fetch_one(&self.pool)
            .await
            .map_err(failed("count batches"))?;
        number(&row, "batches")
    }

    /// Everything, as of one moment.
    pub(crate) async fn contents(&self) -> Result<Contents, StoreError> {
        let read = failed("read batches");
        let mut transaction = self.pool.begin().await.map_err(failed("begin"))?;
        let row = sqlx::query("SELECT version FROM meta")
            .fetch_one(&mut *transaction)
            .await
            .map_err(read)?;
        let version = number(&row, "version")?;
        let sql = "SELECT * FROM batches ORDER BY sequence";
        let rows = sqlx::query(sql)
            .fetch_all(&mut *transaction)
            .await
            .map_err(failed("read batches"))?;
        let mut batches = rows.iter().map(batch_of).collect::<Result<Vec<_>, _>>()?;
        let sql = "SELECT sequence, code, count FROM code_totals";
        let codes = sqlx::query(sql)
            .fetch_all(&mut *transaction)
            .await
            .map_err(failed("read code totals"))?;
        for row in &codes {
            let (sequence, code, count) = code_of(row)?;
            if let Ok(at) = batches.binary_search_by_key(&sequence, |batch| batch.sequence)
                && let Some(batch) = batches.get_mut(at)
            {
                batch.totals.codes.insert(code, count);
            }
        }
        let sql = "SELECT files.*, digest FROM files JOIN batches USING (sequence) ORDER BY sequence, part";
        let rows = sqlx::query(sql)
            .fetch_all(&mut *transaction)
            .await
            .map_err(failed("read files"))?;
        let files = rows.iter().map(file_of).collect::<Result<Vec<_>, _>>()?;
        transaction.commit().await.map_err(failed("read"))?;
        Ok(Contents {
            version,
            batches,
            files,
        })
    }

    /// Adds a batch and its files. Durable when this returns.
    pub(crate) async fn commit(
        &self,
        batch: &BatchRecord,
        files: &[FileRecord],
    ) -> Result<(), StoreError> {
        let mut transaction = self.pool.begin().await.map_err(failed("begin"))?;
        insert_batch(&mut transaction, batch)
            .await
            .map_err(failed("add the batch"))?;
        for (code, &count) in &batch.totals.codes {
            sqlx::query("INSERT INTO code_totals (sequence, code, count) VALUES (?, ?, ?)")
                .bind(signed(batch.sequence))
                .bind(code.code())
                .bind(signed(count))
                .execute(&mut *transaction)
                .await
                .map_err(failed("add code totals"))?;
        }
        for file in files {
            insert_file(&mut transaction, batch.sequence, file)
                .await
                .map_err(failed("add a file"))?;
        }
        sqlx::query("UPDATE meta SET version = ?")
            .bind(signed(batch.committed_version))
            .execute(&mut *transaction)
            .await
            .map_err(failed("raise the version"))?;
        transaction
            .commit()
            .await
            .map_err(failed("commit the batch"))
    }
}

async fn insert_batch(
    connection: &mut SqliteConnection,
    batch: &BatchRecord,
) -> Result<(), sqlx::Error> {
    let totals = &batch.totals;
    sqlx::query(
        "INSERT INTO batches (sequence, digest, profile, agency, file_name, received_at, synthetic, study_area,
             state, committed_version, total_rows, accepted, warned, rejected, duplicate, skipped)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(signed(batch.sequence))
    .bind(batch.digest.to_string())
    .bind(&batch.profile)
    .bind(batch.agency.as_str())
    .bind(&batch.file_name)
    .bind(batch.received_at.to_string())
    .bind(batch.synthetic)
    .bind(batch.study_area.as_deref())
    .bind(match batch.state {
        BatchState::Live => "live",
        BatchState::Held => "held",
    })
    .bind(signed(batch.committed_version))
    .bind(signed(totals.rows))
    .bind(signed(totals.accepted))
    .bind(signed(totals.warned))
    .bind(signed(totals.rejected))
    .bind(signed(totals.duplicate))
    .bind(signed(totals.skipped))
    .execute(connection)
    .await
    .map(drop)
}

async fn insert_file(
    connection: &mut SqliteConnection,
    sequence: u64,
    file: &FileRecord,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO files (sequence, part, path, sha256, row_count, byte_count, first_source_row, last_source_row,
             first_day, last_day, timeless)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(signed(sequence))
    .bind(file.part)
    .bind(file.path().to_string_lossy().into_owned())
    .bind(naqsha_model::BatchDigest::new(file.sha256).to_string())
    .bind(signed(file.rows))
    .bind(signed(file.bytes))
    .bind(signed(file.source_rows.0))
    .bind(signed(file.source_rows.1))
    .bind(file.days.map(|days| days.first().0))
    .bind(file.days.map(|days| days.last().0))
    .bind(signed(file.timeless))
    .execute(connection)
    .await
    .map(drop)
}

/// The database's integers; no count of ours comes near 2⁶³.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Reads the oldest reader from the file's header, without a lock, a journal or any other trace.
///
/// The database keeps `user_version` in bytes 60 to 63; a change that is only in the journal yet is found by
/// [`refuse_newer`]. A file without a header is one whose making was cut short.
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

/// A ledger without tables is one whose making was cut short; it has no format yet.
async fn refuse_newer(connection: &mut SqliteConnection) -> Result<(), StoreError> {
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
        return Ok(());
    }
    let sql = "SELECT min_reader FROM meta";
    let row = sqlx::query(sql)
        .fetch_one(connection)
        .await
        .map_err(failed("read the format"))?;
    let min_reader = u32::try_from(number(&row, "min_reader")?).unwrap_or(u32::MAX);
    refuse(min_reader)
}

/// Migrations this program knows; those of a newer program that it may still read are not its concern.
fn migrations() -> Migrator {
    let ledger = include_str!("../migrations/0001_ledger.sql").into_sql_str();
    let migrations = vec![Migration::new(
        1,
        Cow::Borrowed("ledger"),
        MigrationType::Simple,
        ledger,
        false,
    )];
    Migrator {
        migrations: Cow::Owned(migrations),
        ignore_missing: true,
        ..Migrator::DEFAULT
    }
}

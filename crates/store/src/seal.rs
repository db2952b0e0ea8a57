//! The ledger's seal: one number made of all its rows, changed with each of them in one transaction. `SQLite` has no checksums,
//! so a bit that flips within a value would otherwise be another value.
//!
//! It is the exclusive or of the SHA-256 of every row, so that a row that is added costs its own digest and no pass over the
//! ledger. Against accidents, not against people: who can write the ledger can write its seal.

use std::collections::BTreeSet;

use ring::digest::{Context, SHA256};
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Connection as _, Row as _};

use naqsha_model::BatchDigest;

use crate::StoreError;
use crate::contents::Link;
use crate::files::to_bytes;
use crate::ledger::failed;
use crate::ledger_statement::Transaction;

/// How far each table had got when a transaction began, and what it may replace: what is beyond is to be sealed.
#[derive(Debug)]
pub(crate) struct Unsealed {
    /// What `meta` and the last record of the audit log said.
    replaced: Seal,
    /// In the order of [`COUNTERS`].
    reached: Vec<i64>,
}

/// The columns that number what is added, each with a table that has all of its numbers.
const COUNTERS: [(&str, &str); 9] = [
    ("sequence", "batches"),
    ("event", "events"),
    ("nil_return", "nil_returns"),
    ("link", "cluster_links"),
    ("decision", "cluster_decisions"),
    ("receipt", "receipts"),
    ("reply", "replies"),
    ("access_key", "access_keys"),
    ("revocation", "key_revocations"),
];

/// The tables whose added rows have a number beyond any before, with its column. A table that is missing here breaks the seal
/// at the first row that is added to it.
const NUMBERED: [(&str, &str); 15] = [
    ("batches", "sequence"),
    ("code_totals", "sequence"),
    ("files", "sequence"),
    ("manifests", "sequence"),
    ("control_totals", "sequence"),
    ("events", "event"),
    ("event_rows", "event"),
    ("nil_returns", "nil_return"),
    ("cluster_links", "link"),
    ("cluster_decisions", "decision"),
    ("receipts", "receipt"),
    ("replies", "reply"),
    ("access_keys", "access_key"),
    ("key_certificates", "access_key"),
    ("key_revocations", "revocation"),
];

impl Transaction<'_> {
    /// Compares the rows with their seal. A server has checksums of its own.
    ///
    /// # Errors
    /// [`StoreError::LedgerDamaged`].
    pub(crate) async fn check_seal(&mut self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(transaction) => check(transaction).await,
            Self::Postgres(_) => Ok(()),
        }
    }

    /// What a transaction that adds has to know before it does.
    pub(crate) async fn unsealed(&mut self) -> Result<Option<Unsealed>, StoreError> {
        let Self::Sqlite(transaction) = self else {
            return Ok(None);
        };
        let mut reached = Vec::new();
        for (column, table) in COUNTERS {
            let sql = format!("SELECT coalesce(max({column}), 0) FROM {table}");
            let read = sqlx::query_scalar(AssertSqlSafe(sql));
            let read = read.fetch_one(&mut **transaction).await;
            reached.push(read.map_err(failed("seal"))?);
        }
        let mut replaced = Seal::default();
        let added = replaced.add_replaced(transaction).await;
        added.map_err(failed("seal"))?;
        Ok(Some(Unsealed { replaced, reached }))
    }

    /// Seals what was added since; before the commit. `links` are those that were added.
    pub(crate) async fn seal(
        &mut self,
        unsealed: Option<Unsealed>,
        links: &[Link],
    ) -> Result<(), StoreError> {
        match (self, unsealed) {
            (Self::Sqlite(transaction), Some(unsealed)) => {
                renew(transaction, unsealed, links).await
            }
            _ => Ok(()),
        }
    }
}

/// The rows that are data: not the seal itself, nor what the migrations note about themselves, nor those that
/// [`Seal::add_replaced`] adds.
const TABLES: &str =
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
                      AND name NOT IN ('seal', '_sqlx_migrations', 'meta', 'audit')";

/// The last record of the audit log. Those before it are bound to it by their chain, which `naqsha audit verify` follows: a
/// log without end is not read whenever the ledger is.
const LAST_RECORD: &str = "WHERE record = (SELECT max(record) FROM audit)";

/// Seals a ledger that its migration left unsealed; any other is left as it is.
pub(crate) async fn begin(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    if sealed(connection)
        .await?
        .is_none_or(|digest| !digest.is_empty())
    {
        return Ok(());
    }
    // Another program may open the ledger at the same moment, and have committed when this one may write.
    let transaction = connection.begin_with("BEGIN IMMEDIATE").await;
    let mut transaction = transaction.map_err(failed("begin"))?;
    if sealed(&mut transaction)
        .await?
        .is_some_and(|digest| digest.is_empty())
    {
        let seal = Seal::of_all(&mut transaction).await;
        keep(&mut transaction, &seal.map_err(failed("digest"))?).await?;
    }
    transaction.commit().await.map_err(failed("commit"))
}

/// Cost: a digest of each row that was added.
async fn renew(
    connection: &mut SqliteConnection,
    unsealed: Unsealed,
    links: &[Link],
) -> Result<(), StoreError> {
    let before = sealed(connection).await?.unwrap_or_default();
    // One that is damaged stays damaged.
    let before = BatchDigest::parse(&before).map_err(|_hex| StoreError::LedgerDamaged)?;
    let mut seal = Seal(*before.bytes());
    seal.mix(&unsealed.replaced.0);
    let added = seal.add(connection, &unsealed.reached, links).await;
    added.map_err(failed("digest"))?;
    keep(connection, &seal).await
}

async fn keep(connection: &mut SqliteConnection, seal: &Seal) -> Result<(), StoreError> {
    sqlx::query("UPDATE seal SET digest = ?")
        .bind(BatchDigest::new(seal.0).to_string())
        .execute(connection)
        .await
        .map(drop)
        .map_err(failed("seal"))
}

/// Cost: a pass over the ledger, as for reading it.
async fn check(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let sealed = sealed(connection).await?;
    let found = Seal::of_all(connection).await.map_err(failed("digest"))?;
    if sealed == Some(BatchDigest::new(found.0).to_string()) {
        Ok(())
    } else {
        Err(StoreError::LedgerDamaged)
    }
}

async fn sealed(connection: &mut SqliteConnection) -> Result<Option<String>, StoreError> {
    sqlx::query_scalar("SELECT digest FROM seal")
        .fetch_optional(connection)
        .await
        .map_err(failed("read the seal"))
}

/// The exclusive or of the digests of rows.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seal([u8; 32]);

impl Seal {
    async fn of_all(connection: &mut SqliteConnection) -> Result<Self, sqlx::Error> {
        let mut seal = Self::default();
        seal.add_replaced(connection).await?;
        let tables: Vec<String> = sqlx::query_scalar(TABLES)
            .fetch_all(&mut *connection)
            .await?;
        for table in tables {
            seal.add_rows(connection, &table, "").await?;
        }
        Ok(seal)
    }

    /// Adds the rows in the place of which others come.
    async fn add_replaced(&mut self, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        self.add_rows(connection, "meta", "").await?;
        self.add_rows(connection, "audit", LAST_RECORD).await
    }

    /// Adds what is beyond the numbers that were reached.
    async fn add(
        &mut self,
        connection: &mut SqliteConnection,
        reached: &[i64],
        links: &[Link],
    ) -> Result<(), sqlx::Error> {
        self.add_replaced(connection).await?;
        for (table, column) in NUMBERED {
            let counter = COUNTERS.iter().position(|(counted, _)| *counted == column);
            let beyond = counter.and_then(|at| reached.get(at)).copied();
            let condition = format!("WHERE {column} > {}", beyond.unwrap_or_default());
            self.add_rows(connection, table, &condition).await?;
        }
        // Links of a batch come when it becomes live, which may be later than its number.
        let sequences: BTreeSet<u64> = links.iter().map(|link| link.record.sequence).collect();
        for sequence in sequences {
            let condition = format!("WHERE sequence = {sequence}");
            self.add_rows(connection, "revisions", &condition).await?;
        }
        Ok(())
    }

    /// Adds the rows of a table that a condition, of our own making, lets through.
    async fn add_rows(
        &mut self,
        connection: &mut SqliteConnection,
        table: &str,
        condition: &str,
    ) -> Result<(), sqlx::Error> {
        // The formats in `meta` have a check of their own, which comes first.
        let columns = if table == "meta" {
            vec!["version".to_owned()]
        } else {
            let sql = "SELECT name FROM pragma_table_info(?) ORDER BY cid";
            let columns = sqlx::query_scalar(sql).bind(table);
            columns.fetch_all(&mut *connection).await?
        };
        let quoted: Vec<String> = columns
            .iter()
            .map(|column: &String| format!("quote(\"{column}\")"))
            .collect();
        let row = quoted.join(" || ',' || ");
        // Names are those of our own migrations; one that is damaged fails here, or has another digest.
        let sql = AssertSqlSafe(format!("SELECT {row} FROM \"{table}\" {condition}"));
        for row in sqlx::query(sql).fetch_all(connection).await? {
            let mut context = Context::new(&SHA256);
            for part in [table, "\n", row.try_get::<&str, _>(0)?] {
                context.update(part.as_bytes());
            }
            self.mix(&to_bytes(context.finish()));
        }
        Ok(())
    }

    /// Adds a row's digest; a second time takes it out again.
    fn mix(&mut self, digest: &[u8; 32]) {
        for (own, byte) in self.0.iter_mut().zip(digest) {
            *own ^= byte;
        }
    }
}

//! The ledger's seal: a digest of all its rows, renewed with each of them in one transaction. `SQLite` has no checksums, so a
//! bit that flips within a value would otherwise be another value.
//!
//! Against accidents, not against people: who can write the ledger can write its seal.

use ring::digest::{Context, SHA256};
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Connection as _, Row as _};

use naqsha_model::BatchDigest;

use crate::StoreError;
use crate::files::to_bytes;
use crate::ledger::failed;
use crate::ledger_statement::Transaction;

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

    /// Seals what was changed; before the commit.
    pub(crate) async fn seal(&mut self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(transaction) => renew(transaction).await,
            Self::Postgres(_) => Ok(()),
        }
    }
}

/// The rows that are data: not the seal itself, nor what the migrations note about themselves.
const TABLES: &str =
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
                      AND name NOT IN ('seal', '_sqlx_migrations') ORDER BY name";

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
        renew(&mut transaction).await?;
    }
    transaction.commit().await.map_err(failed("commit"))
}

/// Seals what a transaction has changed; before its commit.
///
/// Cost: a pass over the ledger, as for opening it.
async fn renew(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let digest = digest(connection).await.map_err(failed("digest"))?;
    sqlx::query("UPDATE seal SET digest = ?")
        .bind(digest)
        .execute(connection)
        .await
        .map(drop)
        .map_err(failed("seal"))
}

/// Compares the rows, as of the transaction, with their seal.
///
/// # Errors
/// [`StoreError::LedgerDamaged`].
async fn check(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let sealed = sealed(connection).await?;
    let found = digest(connection).await.map_err(failed("digest"))?;
    if sealed.as_ref() == Some(&found) {
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

async fn digest(connection: &mut SqliteConnection) -> Result<String, sqlx::Error> {
    let mut context = Context::new(&SHA256);
    let tables: Vec<String> = sqlx::query_scalar(TABLES)
        .fetch_all(&mut *connection)
        .await?;
    for table in tables {
        // The formats in it have a check of their own, which comes first.
        let columns = if table == "meta" {
            vec!["version".to_owned()]
        } else {
            let sql = "SELECT name FROM pragma_table_info(?) ORDER BY cid";
            let columns = sqlx::query_scalar(sql).bind(&table);
            columns.fetch_all(&mut *connection).await?
        };
        let quoted: Vec<String> = columns
            .iter()
            .map(|column| format!("quote(\"{column}\")"))
            .collect();
        let sql = format!(
            "SELECT {} FROM \"{table}\" ORDER BY 1",
            quoted.join(" || ',' || ")
        );
        context.update(table.as_bytes());
        // Names are those of our own migrations; one that is damaged fails here, or has another digest.
        for row in sqlx::query(AssertSqlSafe(sql))
            .fetch_all(&mut *connection)
            .await?
        {
            context.update(b"\n");
            context.update(row.try_get::<&str, _>(0)?.as_bytes());
        }
        context.update(b"\0");
    }
    Ok(BatchDigest::new(to_bytes(context.finish())).to_string())
}

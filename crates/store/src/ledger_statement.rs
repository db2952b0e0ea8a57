//! Statements, values and rows of either database, in the few types that the ledger has.
//!
//! Statements number their placeholders (`$1`), which both databases read.

use sqlx::postgres::{PgRow, Postgres};
use sqlx::sqlite::{Sqlite, SqliteRow};
use sqlx::{Decode, Row as _, Type};

use crate::StoreError;
use crate::ledger::failed;
use crate::ledger_postgres::answered;

/// A transaction; dropped without a commit, it is rolled back.
#[derive(Debug)]
pub(crate) enum Transaction<'c> {
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    Postgres(sqlx::Transaction<'c, Postgres>),
}

/// What a placeholder stands for.
#[derive(Debug)]
pub(crate) enum Value<'a> {
    Integer(Option<i64>),
    Text(Option<&'a str>),
    Flag(bool),
    Bytes(Vec<u8>),
}

/// A row of an answer.
#[derive(Debug)]
pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

/// A number as the databases keep it: no count of ours comes near 2⁶³.
pub(crate) fn integer(number: impl TryInto<i64>) -> Value<'static> {
    Value::Integer(Some(number.try_into().unwrap_or(i64::MAX)))
}

/// A number that may be absent.
pub(crate) fn maybe_integer(number: Option<impl TryInto<i64>>) -> Value<'static> {
    number.map_or(Value::Integer(None), integer)
}

/// A text.
pub(crate) fn text(text: &str) -> Value<'_> {
    Value::Text(Some(text))
}

macro_rules! bound {
    ($sql:expr, $values:expr) => {
        $values
            .into_iter()
            .fold(sqlx::query($sql), |query, value| match value {
                Value::Integer(integer) => query.bind(integer),
                Value::Text(text) => query.bind(text),
                Value::Flag(flag) => query.bind(flag),
                Value::Bytes(bytes) => query.bind(bytes),
            })
    };
}

impl Transaction<'_> {
    /// Runs a statement that answers nothing.
    pub(crate) async fn execute<const N: usize>(
        &mut self,
        sql: &'static str,
        values: [Value<'_>; N],
    ) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(sqlite) => bound!(sql, values).execute(&mut **sqlite).await.map(drop),
            Self::Postgres(session) => answered(bound!(sql, values).execute(&mut **session))
                .await
                .map(drop),
        }
    }

    /// All rows of an answer.
    pub(crate) async fn all(
        &mut self,
        sql: &'static str,
        action: &'static str,
    ) -> Result<Vec<Row>, StoreError> {
        self.select(sql, [], action).await
    }

    /// The rows that values choose.
    pub(crate) async fn select<const N: usize>(
        &mut self,
        sql: &'static str,
        values: [Value<'_>; N],
        action: &'static str,
    ) -> Result<Vec<Row>, StoreError> {
        let rows = match self {
            Self::Sqlite(sqlite) => {
                let rows = bound!(sql, values).fetch_all(&mut **sqlite).await;
                rows.map(|rows| rows.into_iter().map(Row::Sqlite).collect())
            }
            Self::Postgres(session) => {
                let rows = answered(bound!(sql, values).fetch_all(&mut **session)).await;
                rows.map(|rows| rows.into_iter().map(Row::Postgres).collect())
            }
        };
        rows.map_err(failed(action))
    }

    /// The only row of an answer.
    pub(crate) async fn one(
        &mut self,
        sql: &'static str,
        action: &'static str,
    ) -> Result<Row, StoreError> {
        let mut rows = self.all(sql, action).await?;
        rows.pop()
            .ok_or(sqlx::Error::RowNotFound)
            .map_err(failed(action))
    }

    /// Durable when this returns. After an error nobody knows, until the ledger is read again.
    pub(crate) async fn commit(self, action: &'static str) -> Result<(), StoreError> {
        let done = match self {
            Self::Sqlite(sqlite) => sqlite.commit().await,
            Self::Postgres(session) => answered(session.commit()).await,
        };
        done.map_err(failed(action))
    }
}

impl Row {
    /// A value as the column keeps it.
    pub(crate) fn get<'r, T>(&'r self, column: &'static str) -> Result<T, StoreError>
    where
        T: Decode<'r, Sqlite> + Type<Sqlite> + Decode<'r, Postgres> + Type<Postgres>,
    {
        let value = match self {
            Self::Sqlite(row) => row.try_get(column),
            Self::Postgres(row) => row.try_get(column),
        };
        value.map_err(failed("read a value"))
    }

    /// An integer in the range of its type.
    pub(crate) fn integer<T: TryFrom<i64>>(&self, column: &'static str) -> Result<T, StoreError> {
        let value: i64 = self.get(column)?;
        narrowed(value, column)
    }

    /// An integer in the range of its type, or none.
    pub(crate) fn maybe_integer<T: TryFrom<i64>>(
        &self,
        column: &'static str,
    ) -> Result<Option<T>, StoreError> {
        let value: Option<i64> = self.get(column)?;
        value.map(|value| narrowed(value, column)).transpose()
    }
}

fn narrowed<T: TryFrom<i64>>(value: i64, column: &'static str) -> Result<T, StoreError> {
    T::try_from(value).map_err(|_beyond| StoreError::LedgerValue {
        column,
        value: value.to_string(),
    })
}

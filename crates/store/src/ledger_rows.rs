//! Rows of the ledger back as records; a value this program would never write is an error, not a guess.

use jiff::Timestamp;
use naqsha_model::{Agency, BatchDigest, Code, Day, DayRange};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::StoreError;
use crate::batch::{BatchRecord, BatchState, BatchTotals};
use crate::files::FileRecord;

pub(crate) fn batch_of(row: &SqliteRow) -> Result<BatchRecord, StoreError> {
    Ok(BatchRecord {
        digest: parsed(row, "digest", |text| BatchDigest::parse(text).ok())?,
        sequence: number(row, "sequence")?,
        profile: get(row, "profile")?,
        agency: parsed(row, "agency", |text| Agency::new(text).ok())?,
        file_name: get(row, "file_name")?,
        received_at: parsed(row, "received_at", |text| text.parse::<Timestamp>().ok())?,
        synthetic: get(row, "synthetic")?,
        study_area: get(row, "study_area")?,
        totals: BatchTotals {
            rows: number(row, "total_rows")?,
            accepted: number(row, "accepted")?,
            warned: number(row, "warned")?,
            rejected: number(row, "rejected")?,
            duplicate: number(row, "duplicate")?,
            skipped: number(row, "skipped")?,
            codes: std::collections::BTreeMap::new(),
        },
        state: parsed(row, "state", |text| match text {
            "live" => Some(BatchState::Live),
            "held" => Some(BatchState::Held),
            _ => None,
        })?,
        committed_version: number(row, "committed_version")?,
    })
}

pub(crate) fn code_of(row: &SqliteRow) -> Result<(u64, Code, u64), StoreError> {
    let code = parsed(row, "code", |text| Code::parse(text).ok())?;
    Ok((number(row, "sequence")?, code, number(row, "count")?))
}

pub(crate) fn file_of(row: &SqliteRow) -> Result<FileRecord, StoreError> {
    let part: u32 = get(row, "part")?;
    let day = |column| -> Result<Option<Day>, StoreError> {
        Ok(get::<Option<u16>>(row, column)?.map(Day))
    };
    let days = match (day("first_day")?, day("last_day")?) {
        (Some(first), Some(last)) => {
            Some(
                DayRange::new(first, last).map_err(|_range| StoreError::LedgerValue {
                    column: "last_day",
                    value: last.date().to_string(),
                })?,
            )
        }
        _ => None,
    };
    let file = FileRecord {
        batch: parsed(row, "digest", |text| BatchDigest::parse(text).ok())?,
        part,
        sha256: *parsed(row, "sha256", |text| BatchDigest::parse(text).ok())?.bytes(),
        rows: number(row, "row_count")?,
        bytes: number(row, "byte_count")?,
        source_rows: (
            number(row, "first_source_row")?,
            number(row, "last_source_row")?,
        ),
        days,
        timeless: number(row, "timeless")?,
    };
    // The path follows from batch and part; a ledger that says otherwise was not written by this program.
    parsed(row, "path", |text| {
        (file.path().to_str() == Some(text)).then_some(())
    })?;
    Ok(file)
}

/// A number that cannot be negative.
pub(crate) fn number(row: &SqliteRow, column: &'static str) -> Result<u64, StoreError> {
    let value: i64 = get(row, column)?;
    u64::try_from(value).map_err(|_negative| StoreError::LedgerValue {
        column,
        value: value.to_string(),
    })
}

fn get<'r, T>(row: &'r SqliteRow, column: &'static str) -> Result<T, StoreError>
where
    T: sqlx::Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
{
    row.try_get(column).map_err(|source| StoreError::Ledger {
        action: "read a value",
        source,
    })
}

fn parsed<T>(
    row: &SqliteRow,
    column: &'static str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<T, StoreError> {
    let text: &str = get(row, column)?;
    parse(text).ok_or_else(|| StoreError::LedgerValue {
        column,
        value: text.to_owned(),
    })
}

//! Rows of the ledger back as records; a value this program would never write is an error, not a guess.

use std::collections::BTreeMap;

use jiff::Timestamp;
use naqsha_model::{Agency, BatchDigest, Code, Day, DayRange};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::StoreError;
use crate::batch::{BatchRecord, BatchState, BatchTotals, OnChange};
use crate::cluster::{Decision, DecisionRecord, LinkRecord};
use crate::contents::{EventRecord, Link, RecordAt};
use crate::event::{Act, Operation};
use crate::files::FileRecord;
use crate::manifest::{Manifest, NilReturn};
use crate::packed;

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
            codes: BTreeMap::new(),
        },
        state: parsed(row, "state", |text| match text {
            "live" => Some(BatchState::Live),
            "held" => Some(BatchState::Held),
            _ => None,
        })?,
        on_change: parsed(row, "on_change", |text| match text {
            "report" => Some(OnChange::Report),
            "revise" => Some(OnChange::Revise),
            _ => None,
        })?,
        replaces: days(row, "replaces_first_day", "replaces_last_day")?,
        manifest: None,
        committed_version: number(row, "committed_version")?,
    })
}

pub(crate) fn code_of(row: &SqliteRow) -> Result<(u64, Code, u64), StoreError> {
    let code = parsed(row, "code", |text| Code::parse(text).ok())?;
    Ok((number(row, "sequence")?, code, number(row, "count")?))
}

pub(crate) fn file_of(row: &SqliteRow) -> Result<FileRecord, StoreError> {
    let part: u32 = get(row, "part")?;
    let days = days(row, "first_day", "last_day")?;
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

/// A link between two incidents.
pub(crate) fn cluster_link_of(row: &SqliteRow) -> Result<LinkRecord, StoreError> {
    let side = |sequence, source_row, rank| -> Result<(RecordAt, u8), StoreError> {
        let record = RecordAt {
            sequence: number(row, sequence)?,
            row: number(row, source_row)?,
        };
        Ok((record, get(row, rank)?))
    };
    Ok(LinkRecord {
        number: number(row, "link")?,
        version: number(row, "version")?,
        sides: [
            side("left_sequence", "left_row", "left_rank")?,
            side("right_sequence", "right_row", "right_rank")?,
        ],
        score: get(row, "score")?,
        basis: get(row, "basis")?,
    })
}

/// What somebody decided about a link.
pub(crate) fn decision_of(row: &SqliteRow) -> Result<DecisionRecord, StoreError> {
    Ok(DecisionRecord {
        number: number(row, "decision")?,
        version: number(row, "version")?,
        act: act_of(row)?,
        decision: parsed(row, "operation", |text| match text {
            "confirm" => Some(Decision::Confirm),
            "unlink" => Some(Decision::Unlink),
            _ => None,
        })?,
        link: number(row, "link")?,
    })
}

fn act_of(row: &SqliteRow) -> Result<Act, StoreError> {
    Ok(Act {
        actor: get(row, "actor")?,
        reason: get(row, "reason")?,
        at: parsed(row, "at", |text| text.parse::<Timestamp>().ok())?,
    })
}

/// What was stated about a batch, without its control totals.
pub(crate) fn manifest_of(row: &SqliteRow) -> Result<(u64, Manifest), StoreError> {
    let stated: Option<i64> = get(row, "stated_rows")?;
    let manifest = Manifest {
        period: days(row, "first_day", "last_day")?,
        rows: stated.and_then(|rows| u64::try_from(rows).ok()),
        control_totals: Vec::new(),
        uploader: get(row, "uploader")?,
        approver: get(row, "approver")?,
    };
    Ok((number(row, "sequence")?, manifest))
}

/// A control total with the batch it is about.
pub(crate) fn total_of(row: &SqliteRow) -> Result<(u64, (String, u64)), StoreError> {
    let total = (get(row, "categories")?, number(row, "stated")?);
    Ok((number(row, "sequence")?, total))
}

pub(crate) fn nil_return_of(row: &SqliteRow) -> Result<NilReturn, StoreError> {
    let period = days(row, "first_day", "last_day")?;
    Ok(NilReturn {
        agency: parsed(row, "agency", |text| Agency::new(text).ok())?,
        profile: get(row, "profile")?,
        period: period.ok_or_else(|| StoreError::LedgerValue {
            column: "first_day",
            value: "null".to_owned(),
        })?,
        received_at: parsed(row, "received_at", |text| text.parse::<Timestamp>().ok())?,
        uploader: get(row, "uploader")?,
        approver: get(row, "approver")?,
    })
}

/// Links of one batch's records to one batch's.
pub(crate) fn links_of(row: &SqliteRow) -> Result<Vec<Link>, StoreError> {
    let (sequence, first) = (number(row, "sequence")?, number(row, "first_sequence")?);
    packed_in(row, "links", |bytes| {
        packed::read_links(bytes, sequence, first)
    })
}

/// An event without its rows.
pub(crate) fn event_of(row: &SqliteRow) -> Result<EventRecord, StoreError> {
    Ok(EventRecord {
        number: number(row, "event")?,
        version: number(row, "version")?,
        act: act_of(row)?,
        operation: parsed(row, "operation", |text| {
            Operation::ALL
                .into_iter()
                .find(|operation| operation.word() == text)
        })?,
        sequence: number(row, "sequence")?,
        rows: None,
        left_out: BTreeMap::new(),
    })
}

/// Adds rows to their event.
pub(crate) fn add_event_rows(
    events: &mut [EventRecord],
    row: &SqliteRow,
) -> Result<(), StoreError> {
    let (event, sequence) = (number(row, "event")?, number(row, "sequence")?);
    let rows = packed_in(row, "row_list", packed::read_rows)?;
    let code = parsed(row, "code", |text| match text {
        "" => Some(None),
        code => Code::parse(code).ok().map(Some),
    })?;
    let at = events.binary_search_by_key(&event, |event| event.number);
    if let Some(event) = at.ok().and_then(|at| events.get_mut(at)) {
        match code {
            Some(code) => event.left_out.insert(code, rows),
            None => event.rows.get_or_insert_default().insert(sequence, rows),
        };
    }
    Ok(())
}

fn packed_in<T>(
    row: &SqliteRow,
    column: &'static str,
    read: impl Fn(&[u8]) -> Option<T>,
) -> Result<T, StoreError> {
    let bytes: &[u8] = get(row, column)?;
    read(bytes).ok_or_else(|| StoreError::LedgerValue {
        column,
        value: format!("{} bytes", bytes.len()),
    })
}

fn days(
    row: &SqliteRow,
    first: &'static str,
    last: &'static str,
) -> Result<Option<DayRange>, StoreError> {
    let day = |column| -> Result<Option<Day>, StoreError> {
        Ok(get::<Option<u16>>(row, column)?.map(Day))
    };
    let (Some(from), Some(to)) = (day(first)?, day(last)?) else {
        return Ok(None);
    };
    let range = DayRange::new(from, to).map_err(|_range| StoreError::LedgerValue {
        column: last,
        value: to.date().to_string(),
    })?;
    Ok(Some(range))
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

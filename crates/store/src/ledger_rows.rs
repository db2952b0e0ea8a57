//! Rows of the ledger back as records; a value this program would never write is an error, not a guess.

use std::collections::BTreeMap;

use jiff::Timestamp;
use naqsha_model::{Agency, BatchDigest, Code, Day, DayRange};

use crate::StoreError;
use crate::batch::{BatchRecord, BatchState, BatchTotals, OnChange};
use crate::cluster::{Decision, DecisionRecord, LinkRecord};
use crate::contents::{EventRecord, Link, RecordAt};
use crate::event::{Act, Operation};
use crate::files::FileRecord;
use crate::ledger_statement::Row;
use crate::manifest::{Manifest, NilReturn};
use crate::packed;

pub(crate) fn batch_of(row: &Row) -> Result<BatchRecord, StoreError> {
    Ok(BatchRecord {
        digest: parsed(row, "digest", |text| BatchDigest::parse(text).ok())?,
        sequence: row.integer("sequence")?,
        profile: row.get("profile")?,
        agency: parsed(row, "agency", |text| Agency::new(text).ok())?,
        file_name: row.get("file_name")?,
        received_at: parsed(row, "received_at", |text| text.parse::<Timestamp>().ok())?,
        synthetic: row.get("synthetic")?,
        study_area: row.get("study_area")?,
        totals: BatchTotals {
            rows: row.integer("total_rows")?,
            accepted: row.integer("accepted")?,
            warned: row.integer("warned")?,
            rejected: row.integer("rejected")?,
            duplicate: row.integer("duplicate")?,
            skipped: row.integer("skipped")?,
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
        committed_version: row.integer("committed_version")?,
    })
}

pub(crate) fn code_of(row: &Row) -> Result<(u64, Code, u64), StoreError> {
    let code = parsed(row, "code", |text| Code::parse(text).ok())?;
    Ok((row.integer("sequence")?, code, row.integer("count")?))
}

pub(crate) fn file_of(row: &Row) -> Result<FileRecord, StoreError> {
    let part = row.integer("part")?;
    let days = days(row, "first_day", "last_day")?;
    let file = FileRecord {
        batch: parsed(row, "digest", |text| BatchDigest::parse(text).ok())?,
        part,
        sha256: *parsed(row, "sha256", |text| BatchDigest::parse(text).ok())?.bytes(),
        rows: row.integer("row_count")?,
        bytes: row.integer("byte_count")?,
        source_rows: (
            row.integer("first_source_row")?,
            row.integer("last_source_row")?,
        ),
        days,
        timeless: row.integer("timeless")?,
    };
    // The path follows from batch and part; a ledger that says otherwise was not written by this program.
    parsed(row, "path", |text| {
        (file.path().to_str() == Some(text)).then_some(())
    })?;
    Ok(file)
}

/// A link between two incidents.
pub(crate) fn cluster_link_of(row: &Row) -> Result<LinkRecord, StoreError> {
    let side = |sequence, source_row, rank| -> Result<(RecordAt, u8), StoreError> {
        let record = RecordAt {
            sequence: row.integer(sequence)?,
            row: row.integer(source_row)?,
        };
        Ok((record, row.integer(rank)?))
    };
    Ok(LinkRecord {
        number: row.integer("link")?,
        version: row.integer("version")?,
        sides: [
            side("left_sequence", "left_row", "left_rank")?,
            side("right_sequence", "right_row", "right_rank")?,
        ],
        score: row.integer("score")?,
        basis: row.get("basis")?,
    })
}

/// What somebody decided about a link.
pub(crate) fn decision_of(row: &Row) -> Result<DecisionRecord, StoreError> {
    Ok(DecisionRecord {
        number: row.integer("decision")?,
        version: row.integer("version")?,
        act: act_of(row)?,
        decision: parsed(row, "operation", |text| match text {
            "confirm" => Some(Decision::Confirm),
            "unlink" => Some(Decision::Unlink),
            _ => None,
        })?,
        link: row.integer("link")?,
    })
}

fn act_of(row: &Row) -> Result<Act, StoreError> {
    Ok(Act {
        actor: row.get("actor")?,
        reason: row.get("reason")?,
        at: parsed(row, "at", |text| text.parse::<Timestamp>().ok())?,
    })
}

/// What was stated about a batch, without its control totals.
pub(crate) fn manifest_of(row: &Row) -> Result<(u64, Manifest), StoreError> {
    let manifest = Manifest {
        period: days(row, "first_day", "last_day")?,
        rows: row.maybe_integer("stated_rows")?,
        control_totals: Vec::new(),
        uploader: row.get("uploader")?,
        approver: row.get("approver")?,
    };
    Ok((row.integer("sequence")?, manifest))
}

/// A control total with the batch it is about.
pub(crate) fn total_of(row: &Row) -> Result<(u64, (String, u64)), StoreError> {
    let total = (row.get("categories")?, row.integer("stated")?);
    Ok((row.integer("sequence")?, total))
}

pub(crate) fn nil_return_of(row: &Row) -> Result<NilReturn, StoreError> {
    let period = days(row, "first_day", "last_day")?;
    Ok(NilReturn {
        agency: parsed(row, "agency", |text| Agency::new(text).ok())?,
        profile: row.get("profile")?,
        period: period.ok_or_else(|| StoreError::LedgerValue {
            column: "first_day",
            value: "null".to_owned(),
        })?,
        received_at: parsed(row, "received_at", |text| text.parse::<Timestamp>().ok())?,
        uploader: row.get("uploader")?,
        approver: row.get("approver")?,
    })
}

/// Links of one batch's records to one batch's.
pub(crate) fn links_of(row: &Row) -> Result<Vec<Link>, StoreError> {
    let (sequence, first) = (row.integer("sequence")?, row.integer("first_sequence")?);
    packed_in(row, "links", |bytes| {
        packed::read_links(bytes, sequence, first)
    })
}

/// An event without its rows.
pub(crate) fn event_of(row: &Row) -> Result<EventRecord, StoreError> {
    Ok(EventRecord {
        number: row.integer("event")?,
        version: row.integer("version")?,
        act: act_of(row)?,
        operation: parsed(row, "operation", |text| {
            Operation::ALL
                .into_iter()
                .find(|operation| operation.word() == text)
        })?,
        sequence: row.integer("sequence")?,
        rows: None,
        left_out: BTreeMap::new(),
    })
}

/// Adds rows to their event.
pub(crate) fn add_event_rows(events: &mut [EventRecord], row: &Row) -> Result<(), StoreError> {
    let (event, sequence) = (row.integer("event")?, row.integer("sequence")?);
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
    row: &Row,
    column: &'static str,
    read: impl Fn(&[u8]) -> Option<T>,
) -> Result<T, StoreError> {
    let bytes: &[u8] = row.get(column)?;
    read(bytes).ok_or_else(|| StoreError::LedgerValue {
        column,
        value: format!("{} bytes", bytes.len()),
    })
}

fn days(
    row: &Row,
    first: &'static str,
    last: &'static str,
) -> Result<Option<DayRange>, StoreError> {
    let day =
        |column| -> Result<Option<Day>, StoreError> { Ok(row.maybe_integer(column)?.map(Day)) };
    let (Some(from), Some(to)) = (day(first)?, day(last)?) else {
        return Ok(None);
    };
    let range = DayRange::new(from, to).map_err(|_range| StoreError::LedgerValue {
        column: last,
        value: to.date().to_string(),
    })?;
    Ok(Some(range))
}

/// A text as what it stands for.
pub(crate) fn parsed<T>(
    row: &Row,
    column: &'static str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<T, StoreError> {
    let text: &str = row.get(column)?;
    parse(text).ok_or_else(|| StoreError::LedgerValue {
        column,
        value: text.to_owned(),
    })
}

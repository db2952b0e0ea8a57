//! A batch with what was done to it, as JSON: the command line prints it, the service serves it.

use jiff::Timestamp;
use naqsha_model::{AuditAction, BatchDigest, Code, DayRange};
use naqsha_store::{AuditRecord, BatchRecord, BatchState, By, Event, Manifest, Operation, Store};
use serde_json::{Map, Value, json};

/// The word for a state.
pub const fn state_word(state: BatchState) -> &'static str {
    match state {
        BatchState::Live => "live",
        BatchState::Held => "held",
        BatchState::Withdrawn => "withdrawn",
    }
}

/// The event by which a batch was withdrawn as a whole, the latest.
pub fn withdrawal(store: &Store, batch: &BatchRecord) -> Option<Event> {
    let whole = |event: &Event| {
        event.batch == batch.digest
            && event.operation == Operation::Withdraw
            && event.records.is_none()
    };
    store.events().into_iter().rev().find(whole)
}

/// The codes for which a batch is held, or was.
pub fn held_for(batch: &BatchRecord) -> Vec<&'static str> {
    batch.held_for().map(Code::code).collect()
}

/// What the audit log says of a file that became no batch: its digest, and the code or the word for why.
pub fn refusal_record(by: &By, file: BatchDigest, why: &str, at: Timestamp) -> AuditRecord {
    by.was_refused(AuditAction::Ingest, format!("file:{file} {why}"), at)
}

/// First and last day with two dots between.
pub fn days(period: DayRange) -> String {
    format!("{}..{}", period.first().date(), period.last().date())
}

/// A batch with what was done to it.
pub fn describe(store: &Store, batch: &BatchRecord) -> Value {
    let totals = &batch.totals;
    let codes = totals
        .codes
        .iter()
        .map(|(code, n)| (code.code().to_owned(), json!(n)));
    let events: Vec<Value> = store
        .events()
        .iter()
        .filter(|event| event.batch == batch.digest)
        .map(describe_event)
        .collect();
    json!({
        "batch": batch.digest.to_string(),
        "profile": batch.profile,
        "agency": batch.agency.as_str(),
        "file": batch.file_name,
        "received_at": batch.received_at.to_string(),
        "synthetic": batch.synthetic,
        "study_area": batch.study_area,
        "state": state_word(batch.state),
        "held_for": held_for(batch),
        "data_version": batch.committed_version,
        "rows": totals.rows,
        "accepted": totals.accepted,
        "warned": totals.warned,
        "rejected": totals.rejected,
        "duplicate": totals.duplicate,
        "skipped": totals.skipped,
        "revised": store.revised(batch),
        "replaces": batch.replaces.map(days),
        "manifest": batch.manifest.as_ref().map(describe_manifest),
        "codes": codes.collect::<Map<_, _>>(),
        "events": events,
    })
}

fn describe_manifest(manifest: &Manifest) -> Value {
    let totals = manifest.control_totals.iter();
    json!({
        "period": manifest.period.map(days),
        "rows": manifest.rows,
        "control_totals": totals.map(|(code, stated)| (code.clone(), json!(stated))).collect::<Map<_, _>>(),
        "uploader": manifest.uploader,
        "approver": manifest.approver,
    })
}

fn describe_event(event: &Event) -> Value {
    json!({
        "operation": event.operation.word(),
        "reason": event.act.reason,
        "by": event.act.actor,
        "at": event.act.at.to_string(),
        "records": event.records,
        "data_version": event.version,
    })
}

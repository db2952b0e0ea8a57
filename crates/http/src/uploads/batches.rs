//! `/collections/incidents/batches` and one of them: an agency's own batches, withdrawn and restored.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use naqsha_intake::describe;
use naqsha_layers::ParameterError;
use naqsha_model::BatchDigest;
use naqsha_store::{Act, BatchRecord, BatchState, Selection, StoreError};
use serde_json::{Value, json};

use super::desk::Desk;
use super::pending::{self, Asks, Operation};
use super::settings::LONGEST_REASON;
use super::who::{Uploader, uploader};
use super::work::of_store;
use crate::link::{self, Link};
use crate::negotiate::JSON;
use crate::problem::{Kind, Problem};
use crate::processes::passing;
use crate::reply::X_DATA_VERSION;
use crate::request::Asked;
use crate::service::Shared;

/// `GET /collections/{collection}/batches`.
pub(crate) async fn batches(
    State(service): State<Shared>,
    Path(collection): Path<String>,
    headers: HeaderMap,
    asked: Asked,
) -> Result<Response, Problem> {
    asked.only(&[])?;
    asked.format(&[&JSON])?;
    let desk = service.desk(&collection)?;
    let sender = uploader(&service, &headers, asked.subject())?;
    let store = &desk.intake.store;
    let batches = store.batches();
    let theirs = batches.iter().filter(|batch| sender.is_of(&batch.agency));
    let batches: Vec<Value> = theirs.map(|batch| describe(store, batch)).collect();
    let at = format!("{}/collections/incidents/batches", asked.base);
    let links = [Link::new(at, "self", JSON.media_type, "batches")];
    let body = json!({ "batches": batches, "links": link::to_json(&links) });
    Ok(passing(&JSON, format!("{body}\n")))
}

/// `GET /collections/{collection}/batches/{batch}`.
pub(crate) async fn batch(
    State(service): State<Shared>,
    Path((collection, batch)): Path<(String, String)>,
    headers: HeaderMap,
    asked: Asked,
) -> Result<Response, Problem> {
    asked.only(&[])?;
    asked.format(&[&JSON])?;
    let desk = service.desk(&collection)?;
    let sender = uploader(&service, &headers, asked.subject())?;
    let batch = find(&desk, &sender, &batch)?;
    let mut body = describe(&desk.intake.store, &batch);
    body["pending"] = pending::of_batch(&desk.intake, &batch.digest).into();
    Ok(passing(&JSON, format!("{body}\n")))
}

/// The batch of a digest, where the asker may know of it.
fn find(desk: &Desk, asker: &Uploader, digest: &str) -> Result<BatchRecord, Problem> {
    let digest = BatchDigest::parse(digest).ok();
    let batch = digest.and_then(|digest| desk.intake.store.find_batch(&digest));
    let batch = batch.filter(|batch| asker.is_of(&batch.agency));
    batch.ok_or_else(|| Problem::not_found("There is no such batch."))
}

/// `DELETE /collections/{collection}/batches/{batch}?reason=R`.
pub(crate) async fn withdraw(
    service: State<Shared>,
    at: Path<(String, String)>,
    headers: HeaderMap,
    asked: Asked,
) -> Result<Response, Problem> {
    change(service, at, headers, asked, Operation::Withdraw).await
}

/// `POST /collections/{collection}/batches/{batch}/restore?reason=R`.
pub(crate) async fn restore(
    service: State<Shared>,
    at: Path<(String, String)>,
    headers: HeaderMap,
    asked: Asked,
) -> Result<Response, Problem> {
    change(service, at, headers, asked, Operation::Restore).await
}

/// Why something is done.
fn reason(asked: &Asked) -> Result<String, Problem> {
    asked.only(&["reason"])?;
    let mut reasons = asked.question().filter(|(name, _)| *name == "reason");
    let reason = reasons
        .next()
        .map(|(_, reason)| reason.trim())
        .unwrap_or_default();
    if reason.is_empty() || reason.chars().count() > LONGEST_REASON || reasons.next().is_some() {
        let wanted = format!("is not one text of 1 to {LONGEST_REASON} characters that says why");
        return Err(Problem::parameters(vec![ParameterError::new(
            "reason", wanted,
        )]));
    }
    Ok(reason.to_owned())
}

async fn change(
    State(service): State<Shared>,
    Path((collection, batch)): Path<(String, String)>,
    headers: HeaderMap,
    asked: Asked,
    operation: Operation,
) -> Result<Response, Problem> {
    let reason = reason(&asked)?;
    let desk = service.desk(&collection)?;
    let sender = uploader(&service, &headers, asked.subject())?;
    let batch = find(&desk, &sender, &batch)?;
    let withdrawn = batch.state == BatchState::Withdrawn;
    if withdrawn == (operation == Operation::Withdraw) {
        let detail = if withdrawn {
            "The batch is withdrawn already."
        } else {
            "The batch is not withdrawn."
        };
        return Err(Problem::new(Kind::Conflict, detail));
    }
    let mut act = Act {
        actor: sender.key.clone(),
        reason,
        at: (desk.intake.deployment.now)(),
    };
    if desk.intake.four_eyes {
        let asks = Asks::new(operation, &batch.digest, &act);
        let Some(first) = pending::confirm(&desk.intake, &asks, sender.approves)? else {
            let body = json!({ "pending": asks.document(),
                "message": "A second person has to confirm it: an approver of the agency, by the same request." });
            let response = passing(&JSON, format!("{body}\n"));
            return Ok((StatusCode::ACCEPTED, response).into_response());
        };
        // Who began it and why, and who confirmed it.
        act.actor = format!("{} with {}", first.by, sender.key);
        act.reason = first.reason;
    }
    let store = desk.intake.store.acting_as(sender.by(&batch.agency));
    let changed = match operation {
        Operation::Withdraw => store.withdraw(&batch.digest, Selection::Batch, act).await,
        Operation::Restore => store.restore(&batch.digest, Selection::Batch, act).await,
    };
    let changed = changed.map_err(|error| match error {
        StoreError::Refused { why, .. } => {
            Problem::new(Kind::Conflict, format!("The batch {why}."))
        }
        other => of_store(other),
    })?;
    pending::forget(&desk.intake, operation, &batch.digest);
    let version = [(X_DATA_VERSION, changed.version.to_string())];
    Ok((StatusCode::NO_CONTENT, version).into_response())
}

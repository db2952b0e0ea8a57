//! What a sender is finally told, as bytes: what the ledger keeps is what every repetition of the request gets.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use naqsha_ingest::{Ingested, Refusal, explain};
use naqsha_intake::{state_word, summary};
use naqsha_model::{BatchDigest, Code};
use naqsha_store::{BatchRecord, Committed, Reply};
use serde_json::{Value, json};

use crate::negotiate::JSON;
use crate::problem::{self, Problem, Written};

const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// A final answer before it has a time.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub(super) status: StatusCode,
    pub(super) body: Vec<u8>,
}

fn told(status: StatusCode, body: &Value) -> Told {
    Told {
        status,
        body: format!("{body}\n").into_bytes(),
    }
}

/// 201 for a batch; a held one is stored too, and says so.
pub(super) fn created(job: &str, committed: &Committed, ingested: &Ingested) -> Told {
    let batch = &committed.batch;
    let mut body = summary(batch.digest, ingested, Some(committed));
    body["state"] = state_word(batch.state).into();
    body["job"] = job.into();
    told(StatusCode::CREATED, &body)
}

/// 200 for a dry run.
pub(super) fn tried(job: &str, digest: BatchDigest, ingested: &Ingested) -> Told {
    let mut body = summary(digest, ingested, None);
    body["job"] = job.into();
    told(StatusCode::OK, &body)
}

/// 200 for a dry run of bytes that were received before.
pub(super) fn tried_again(job: &str, earlier: &BatchRecord) -> Told {
    let mut body = naqsha_intake::received(earlier);
    body["dry_run"] = true.into();
    body["job"] = job.into();
    told(StatusCode::OK, &body)
}

/// A code in words, in both languages.
pub(super) fn words(code: Code) -> Value {
    let words = explain(code);
    json!({
        "message": { "en": words.en, "ur": words.ur },
        "what_to_do": { "en": words.what_to_do_en, "ur": words.what_to_do_ur },
    })
}

/// A problem that belongs to a job and not to one request: it is the same however often it is told.
fn refusal(job: &str, status: StatusCode, (slug, title): (&str, &str), detail: &str) -> Value {
    json!({
        "type": format!("/problems/{slug}"),
        "title": title,
        "status": status.as_u16(),
        "detail": detail,
        "instance": format!("/jobs/{job}"),
    })
}

/// 422 for a file that was refused as a whole.
pub(super) fn refused(job: &str, refusal_of_file: &Refusal) -> Told {
    let code = refusal_of_file.code;
    let what = ("file-refused", "The file was refused");
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    let mut body = refusal(job, status, what, &refusal_of_file.to_string());
    let told_of = words(code);
    body["code"] = code.code().into();
    body["explanation"] = told_of["message"].clone();
    body["what_to_do"] = told_of["what_to_do"].clone();
    body["columns"] = refusal_of_file.columns.clone().into();
    told(status, &body)
}

/// 422 where the parameters do not go with the profile.
pub(super) fn unsuitable(job: &str, why: &str) -> Told {
    let what = ("bad-parameter", "A parameter is wrong");
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    told(status, &refusal(job, status, what, why))
}

/// 409 for bytes that are a batch already.
pub(super) fn known(job: &str, earlier: &BatchRecord) -> Told {
    let what = ("received-before", "These bytes were received before");
    let detail = format!(
        "{}: the file is batch {}, which is {}. Nothing was added.",
        Code::B902,
        earlier.digest,
        state_word(earlier.state)
    );
    let mut body = refusal(job, StatusCode::CONFLICT, what, &detail);
    body["code"] = Code::B902.code().into();
    body["batch"] = earlier.digest.to_string().into();
    body["state"] = state_word(earlier.state).into();
    told(StatusCode::CONFLICT, &body)
}

/// 410 for an upload that was given up, or whose bytes are gone.
pub(super) fn given_up(job: &str, why: &str) -> Told {
    let what = ("given-up", "The upload was given up");
    told(StatusCode::GONE, &refusal(job, StatusCode::GONE, what, why))
}

/// A failure that ends a dry run: nothing is lost by trying it anew.
pub(super) fn failed(job: &str, problem: &Problem) -> Told {
    let status = problem.kind.status();
    let what = ("not-now", "It cannot be taken now");
    told(status, &refusal(job, status, what, problem.detail()))
}

/// 202: a job, under an address.
pub(super) fn accepted(job: &str) -> Told {
    let body = json!({ "id": job, "status": "accepted", "job": format!("/jobs/{job}") });
    told(StatusCode::ACCEPTED, &body)
}

impl Told {
    /// Of a reply that the ledger kept.
    pub(super) fn of(reply: &Reply) -> Self {
        Self {
            status: StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            body: reply.body.clone(),
        }
    }

    /// Why no batch came of it: the code, or the word of the problem where it has none.
    pub(super) fn why(&self) -> String {
        let body = self.value();
        let code = body["code"].as_str();
        let word = || body["type"].as_str()?.rsplit('/').next();
        code.or_else(word).unwrap_or_default().to_owned()
    }

    /// The body as JSON.
    pub(super) fn value(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The response; `again` where it was given before.
    pub(super) fn response(self, base: &str, again: bool) -> Response {
        let value = self.value();
        let refused = self.status.is_client_error() || self.status.is_server_error();
        let media = if refused {
            problem::MEDIA_TYPE
        } else {
            JSON.media_type
        };
        let text = |member: &str| value[member].as_str().map(str::to_owned);
        let location = match self.status {
            StatusCode::CREATED => {
                text("batch").map(|batch| format!("{base}/collections/incidents/batches/{batch}"))
            }
            StatusCode::ACCEPTED => text("id").map(|job| format!("{base}/jobs/{job}")),
            _ => None,
        };
        let mut response = (self.status, Body::from(self.body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(location) = location.and_then(|at| HeaderValue::from_str(&at).ok()) {
            headers.insert(header::LOCATION, location);
        }
        if again {
            headers.insert(REPLAYED, HeaderValue::from_static("true"));
        }
        response.extensions_mut().insert(Written);
        response
    }
}

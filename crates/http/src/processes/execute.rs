//! `POST /processes/{p}/execution`: inputs in, features out, at once or as a job.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use naqsha_formats::Crs;
use naqsha_layers::{LayerDescription, LayerQuery, Page, ParameterError};
use serde_json::{Map, Value, json};

use super::{OUTPUT, process};
use crate::geojson::write_collection;
use crate::link::Link;
use crate::negotiate::{GEOJSON, JSON};
use crate::problem::Problem;
use crate::question::parse_inputs;
use crate::reply::X_DATA_VERSION;
use crate::request::Asked;
use crate::service::Shared;

/// Longest body of an execution: a filter of as many positions as one may have.
pub(crate) const LONGEST_BODY: usize = 8 << 20;
const PREFER: HeaderName = HeaderName::from_static("prefer");
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// An execution that was asked for and can be made.
#[derive(Debug, Clone)]
pub(super) struct Execution {
    pub(super) layer: &'static LayerDescription,
    page: Page,
    query: LayerQuery,
    /// Whether the output comes within a document, under its name, or by itself.
    within_document: bool,
}

/// What an execution gave.
#[derive(Debug, Clone)]
pub(super) struct Outcome {
    pub(super) body: Bytes,
    pub(super) media_type: &'static str,
    pub(super) version: u64,
}

/// `POST /processes/{p}/execution`.
pub(crate) async fn execute(
    State(service): State<Shared>,
    Path(id): Path<String>,
    asked: Asked,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    asked.only(&[])?;
    let layer = process(&service.catalogue, &id)?;
    let execution = read(layer, &body)?;
    if prefers_to_go_on(&headers) {
        let (id, status) = service.jobs.start(&service, execution, &asked)?;
        let location = format!("{}/jobs/{id}", asked.base);
        let location = HeaderValue::from_str(&location)
            .map_err(|error| Problem::internal(format!("a job's address: {error}")))?;
        let headers = [
            (header::LOCATION, location),
            (
                header::CONTENT_TYPE,
                HeaderValue::from_static(JSON.media_type),
            ),
            (
                PREFERENCE_APPLIED,
                HeaderValue::from_static("respond-async"),
            ),
        ];
        return Ok((StatusCode::CREATED, headers, format!("{status}\n")).into_response());
    }
    let worker = std::sync::Arc::clone(&service);
    let outcome = service
        .compute
        .run(move || execution.run(&worker, &asked))
        .await??;
    Ok(outcome.response())
}

impl Execution {
    /// Computes it, on the thread that asks.
    pub(super) fn run(&self, service: &Shared, asked: &Asked) -> Result<Outcome, Problem> {
        let (scope, base) = (asked.scope(), &asked.base);
        let answer = service
            .catalogue
            .answer(self.layer.id, &self.query, scope, &self.page)?;
        let collection = format!("{base}/collections/{}", self.layer.id);
        let links = [Link::new(
            collection,
            "collection",
            JSON.media_type,
            self.layer.title,
        )];
        let mut body = Vec::new();
        if self.within_document {
            body.extend_from_slice(format!("{{\"{OUTPUT}\":").as_bytes());
        }
        write_collection(&answer, &links, Crs::Crs84, &mut body)
            .map_err(|error| Problem::internal(format!("writing an output to memory: {error}")))?;
        if self.within_document {
            body.extend_from_slice(b"}\n");
        }
        Ok(Outcome {
            body: body.into(),
            media_type: if self.within_document {
                JSON.media_type
            } else {
                GEOJSON.media_type
            },
            version: answer.version,
        })
    }
}

impl Outcome {
    pub(super) fn response(self) -> Response {
        let headers = [
            (
                header::CONTENT_TYPE,
                HeaderValue::from_static(self.media_type),
            ),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
            (X_DATA_VERSION, HeaderValue::from(self.version)),
        ];
        (headers, self.body).into_response()
    }
}

/// Whether the client would rather have a job (RFC 7240).
pub(crate) fn prefers_to_go_on(headers: &HeaderMap) -> bool {
    let preferences = headers
        .get_all(PREFER)
        .iter()
        .filter_map(|value| value.to_str().ok());
    preferences
        .flat_map(|list| list.split(','))
        .any(|preference| preference.trim().eq_ignore_ascii_case("respond-async"))
}

/// The execution that a body asks for, every mistake of it listed.
fn read(layer: &'static LayerDescription, body: &[u8]) -> Result<Execution, Problem> {
    let wrong = |reason: String| Problem::parameters(vec![ParameterError::new("body", reason)]);
    let request: Value =
        serde_json::from_slice(body).map_err(|error| wrong(format!("is not JSON: {error}")))?;
    let request = request
        .as_object()
        .ok_or_else(|| wrong("is not an object".to_owned()))?;
    let mut errors = Vec::new();
    for name in request.keys() {
        if !["inputs", "outputs", "response", "mode"].contains(&name.as_str()) {
            errors.push(ParameterError::new(name, "is no member of an execution"));
        }
    }
    let within_document = match request.get("response").map(Value::as_str) {
        None | Some(Some("raw")) => false,
        Some(Some("document")) => true,
        Some(_) => {
            errors.push(ParameterError::new(
                "response",
                "is not one of raw, document",
            ));
            false
        }
    };
    if let Some(outputs) = request.get("outputs") {
        for name in outputs.as_object().into_iter().flat_map(Map::keys) {
            if name != OUTPUT {
                errors.push(ParameterError::new(
                    name,
                    format!("is not the output {OUTPUT}"),
                ));
            }
        }
    }
    let pairs = match request.get("inputs") {
        None => Vec::new(),
        Some(Value::Object(inputs)) => pairs(inputs, &mut errors),
        Some(_) => {
            errors.push(ParameterError::new("inputs", "is not an object"));
            Vec::new()
        }
    };
    let pairs = pairs
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let (page, query) = parse_inputs(layer, pairs, errors)?;
    Ok(Execution {
        layer,
        page,
        query,
        within_document,
    })
}

/// Inputs as the parameters of an address: lists are joined by commas; a filter that is an object is CQL2 JSON.
fn pairs(inputs: &Map<String, Value>, errors: &mut Vec<ParameterError>) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for (name, value) in inputs {
        match plain(value) {
            Some(text) => pairs.push((name.clone(), text)),
            None if name == "filter" && value.is_object() => {
                pairs.push((name.clone(), value.to_string()));
                pairs.push(("filter-lang".to_owned(), json_language().to_owned()));
            }
            None => errors.push(ParameterError::new(
                name,
                "is not a text, a number, true or false, or a list of them",
            )),
        }
    }
    pairs
}

const fn json_language() -> &'static str {
    crate::cql2::Language::TOKENS[1]
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Array(members) => {
            let members: Option<Vec<String>> = members.iter().map(plain).collect();
            members.map(|members| members.join(","))
        }
        // A value that comes with its type, as the standard has them.
        Value::Object(members) if members.contains_key("value") => plain(&members["value"]),
        Value::Object(_) | Value::Null => None,
    }
}

/// The status of a job as a document.
pub(super) fn status_info(
    id: &str,
    process: &str,
    status: &str,
    message: &str,
    base: &str,
) -> Value {
    let at = format!("{base}/jobs/{id}");
    let mut links = vec![Link::new(at.clone(), "self", JSON.media_type, "this job")];
    if status == "successful" {
        links.push(Link::new(
            format!("{at}/results"),
            "http://www.opengis.net/def/rel/ogc/1.0/results",
            GEOJSON.media_type,
            "what it gave",
        ));
    }
    json!({
        "jobID": id,
        "processID": process,
        "type": "process",
        "status": status,
        "message": message,
        "links": crate::link::to_json(&links),
    })
}

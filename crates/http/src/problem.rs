//! Refusals: RFC 9457 problem documents, made from errors in one place.
//!
//! A client's fault is explained, every mistake of the request at once; a fault of the server says nothing of its
//! inside and is logged with its chain by whoever finishes the response.

use std::error::Error;
use std::fmt::Write as _;

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use naqsha_layers::{LayerError, ParameterError};
use serde_json::{Value, json};

/// How a key may be sent (RFC 6750 §3, RFC 7617 §2).
const BEARER: &str = "Bearer realm=\"naqsha\"";
const BASIC: &str = "Basic realm=\"naqsha\", charset=\"UTF-8\"";

pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// On a response: its body is written, also where it refuses.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Written;

/// Kinds of refusal: each has one status and one type URI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    BadRequest,
    BadParameter,
    NotFound,
    /// Of OGC API - Processes, which names the types of some refusals.
    NoSuchProcess,
    NoSuchJob,
    ResultNotReady,
    /// With the methods that are.
    MethodNotAllowed(&'static str),
    /// What was asked about was there and will not come back.
    Gone,
    /// Who asks is not known; whether a browser may ask its reader for a password.
    Unauthenticated {
        asks: bool,
    },
    /// Who asks may not.
    Forbidden,
    /// Who asks has asked too often, and may again in so many seconds.
    TooMany(u64),
    /// What is asked cannot be recorded.
    Unrecorded,
    /// It does not go with how things stand.
    Conflict,
    /// The same request is under way.
    InFlight,
    /// An idempotency key was used for something else.
    KeyReused,
    TooLarge,
    /// The client sent nothing for too long.
    TooSlow,
    /// Of the protocol for files in parts, another version than this one.
    OtherVersion(&'static str),
    NoSpace,
    /// The same of the service as a whole, whose next request may be another.
    NearlyFull,
    /// Nothing is written until the service is started again.
    Stopped,
    NotAcceptable,
    UnsupportedMediaType,
    /// A range beyond the end of a file of so many bytes.
    Beyond(u64),
    Busy,
    Draining,
    Damaged,
    /// A server of the store does not answer.
    OutOfReach,
    Internal,
    /// A refusal of the framework that has no kind of its own.
    Other(StatusCode),
}

impl Kind {
    pub(crate) const fn status(self) -> StatusCode {
        match self {
            Self::BadRequest | Self::BadParameter => StatusCode::BAD_REQUEST,
            Self::NotFound | Self::NoSuchProcess | Self::NoSuchJob | Self::ResultNotReady => {
                StatusCode::NOT_FOUND
            }
            Self::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::Gone => StatusCode::GONE,
            Self::Unauthenticated { .. } => StatusCode::UNAUTHORIZED,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Conflict | Self::InFlight => StatusCode::CONFLICT,
            Self::KeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::OtherVersion(_) => StatusCode::PRECONDITION_FAILED,
            Self::NoSpace => StatusCode::INSUFFICIENT_STORAGE,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Beyond(_) => StatusCode::RANGE_NOT_SATISFIABLE,
            Self::Busy
            | Self::Draining
            | Self::NearlyFull
            | Self::Stopped
            | Self::OutOfReach
            | Self::Unrecorded => StatusCode::SERVICE_UNAVAILABLE,
            Self::Damaged | Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Other(status) => status,
        }
    }

    const fn slug(self) -> Option<&'static str> {
        match self {
            Self::BadRequest => Some("bad-request"),
            Self::BadParameter => Some("bad-parameter"),
            Self::NotFound => Some("not-found"),
            Self::MethodNotAllowed(_) => Some("method-not-allowed"),
            Self::Gone => Some("gone"),
            Self::Unauthenticated { .. } => Some("unauthenticated"),
            Self::Forbidden => Some("forbidden"),
            Self::TooMany(_) => Some("too-many-requests"),
            Self::Unrecorded => Some("unrecorded"),
            Self::Conflict => Some("conflict"),
            Self::InFlight => Some("in-flight"),
            Self::KeyReused => Some("key-reused"),
            Self::TooLarge => Some("too-large"),
            Self::TooSlow => Some("too-slow"),
            Self::OtherVersion(_) => Some("other-version"),
            Self::NoSpace => Some("no-space"),
            Self::NearlyFull => Some("nearly-full"),
            Self::Stopped => Some("stopped"),
            Self::NotAcceptable => Some("not-acceptable"),
            Self::UnsupportedMediaType => Some("unsupported-media-type"),
            Self::Beyond(_) => Some("beyond-the-end"),
            Self::Busy => Some("busy"),
            Self::Draining => Some("draining"),
            Self::Damaged => Some("damaged"),
            Self::OutOfReach => Some("out-of-reach"),
            Self::Internal => Some("internal"),
            Self::NoSuchProcess | Self::NoSuchJob | Self::ResultNotReady | Self::Other(_) => None,
        }
    }

    /// The type URI of a problem of this kind.
    fn uri(self) -> String {
        let of_processes = match self {
            Self::NoSuchProcess => "no-such-process",
            Self::NoSuchJob => "no-such-job",
            Self::ResultNotReady => "result-not-ready",
            other => {
                let slug = other.slug();
                return slug.map_or_else(
                    || "about:blank".to_owned(),
                    |slug| format!("/problems/{slug}"),
                );
            }
        };
        format!("http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/{of_processes}")
    }

    fn title(self) -> &'static str {
        match self {
            Self::BadRequest => "The request cannot be read",
            Self::BadParameter => "A parameter is wrong",
            Self::NotFound => "There is no such resource",
            Self::NoSuchProcess => "There is no such process",
            Self::NoSuchJob => "There is no such job",
            Self::ResultNotReady => "The job has no results yet",
            Self::MethodNotAllowed(_) => "The method is not allowed here",
            Self::Gone => "It is no longer there",
            Self::Unauthenticated { .. } => "Who asks is not known",
            Self::Forbidden => "Who asks may not do this",
            Self::TooMany(_) => "Who asks has asked too often",
            Self::Unrecorded => "What is asked cannot be recorded",
            Self::Conflict => "It does not go with how things stand",
            Self::InFlight => "The same request is under way",
            Self::KeyReused => "The Idempotency-Key was used for something else",
            Self::TooLarge => "The body is too large",
            Self::TooSlow => "The body came too slowly",
            Self::OtherVersion(_) => "The protocol is spoken in another version",
            Self::NoSpace => "There is no space left",
            Self::NearlyFull => "There is hardly any space left",
            Self::Stopped => "Nothing is written for now",
            Self::NotAcceptable => "None of the accepted formats is offered",
            Self::UnsupportedMediaType => "The body is of a type that is not understood",
            Self::Beyond(_) => "The range lies beyond the end of the file",
            Self::Busy => "The service is busy",
            Self::Draining => "The service is shutting down",
            Self::Damaged => "Stored data is damaged",
            Self::OutOfReach => "Stored data is out of reach",
            Self::Internal => "The service failed",
            Self::Other(status) => status.canonical_reason().unwrap_or("Refused"),
        }
    }
}

/// A refusal on its way out; the middleware that finishes responses gives it an id and writes it.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    pub(crate) kind: Kind,
    detail: String,
    errors: Vec<ParameterError>,
    /// The chain of a server fault, for the log only.
    pub(crate) fault: Option<String>,
}

impl Problem {
    pub(crate) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            errors: Vec::new(),
            fault: None,
        }
    }

    /// One or more wrong parameters, all of them listed.
    pub(crate) fn parameters(errors: Vec<ParameterError>) -> Self {
        let detail = errors
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("; ");
        Self {
            errors,
            ..Self::new(Kind::BadParameter, detail)
        }
    }

    /// What is said of it.
    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }

    /// The wrong parameters, where there are any.
    pub(crate) fn mistakes(self) -> Vec<ParameterError> {
        self.errors
    }

    pub(crate) fn not_found(what: impl Into<String>) -> Self {
        Self::new(Kind::NotFound, what)
    }

    /// A fault of the server: the chain goes to the log, the client learns nothing of it.
    pub(crate) fn internal(fault: String) -> Self {
        let detail = "The failure has been logged under the id of this problem.";
        Self {
            fault: Some(fault),
            ..Self::new(Kind::Internal, detail)
        }
    }

    /// The document.
    pub(crate) fn document(&self, instance: &str) -> Value {
        let mut document = json!({
            "type": self.kind.uri(),
            "title": self.kind.title(),
            "status": self.kind.status().as_u16(),
            "detail": self.detail,
            "instance": instance,
        });
        if !self.errors.is_empty() {
            document["errors"] = self
                .errors
                .iter()
                .map(|e| json!({ "parameter": e.parameter, "detail": e.reason }))
                .collect();
        }
        document
    }

    /// What is wrong, an object a line: each mistake, or the whole where none is listed.
    pub(crate) fn lines(&self) -> String {
        let of_error = |e: &ParameterError| json!({ "parameter": e.parameter, "detail": e.reason });
        let mut lines: Vec<Value> = self.errors.iter().map(of_error).collect();
        if lines.is_empty() {
            lines.push(json!({ "detail": self.detail }));
        }
        let mut text = String::new();
        for line in lines {
            text.push_str(&line.to_string());
            text.push('\n');
        }
        text
    }

    /// Headers that go with the kind.
    pub(crate) fn headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        match self.kind {
            Kind::MethodNotAllowed(allowed) => {
                vec![(header::ALLOW, HeaderValue::from_static(allowed))]
            }
            Kind::TooMany(seconds) => vec![(header::RETRY_AFTER, HeaderValue::from(seconds))],
            Kind::Busy | Kind::InFlight | Kind::Draining | Kind::OutOfReach | Kind::Unrecorded => {
                vec![(header::RETRY_AFTER, HeaderValue::from_static("2"))]
            }
            Kind::Unauthenticated { asks } => {
                let bearer = (header::WWW_AUTHENTICATE, HeaderValue::from_static(BEARER));
                let basic = (header::WWW_AUTHENTICATE, HeaderValue::from_static(BASIC));
                std::iter::once(bearer)
                    .chain(asks.then_some(basic))
                    .collect()
            }
            Kind::OtherVersion(spoken) => {
                let name = HeaderName::from_static("tus-version");
                vec![(name, HeaderValue::from_static(spoken))]
            }
            Kind::Beyond(length) => HeaderValue::from_str(&format!("bytes */{length}"))
                .map(|length| vec![(header::CONTENT_RANGE, length)])
                .unwrap_or_default(),
            _ => Vec::new(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.kind.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<LayerError> for Problem {
    fn from(error: LayerError) -> Self {
        match error {
            LayerError::UnknownLayer(_) => Self::not_found("There is no such collection."),
            LayerError::UnknownFeature(_) => Self::not_found("The collection has no such feature."),
            LayerError::UnknownVersion(version) => {
                Self::not_found(format!("There is no version {version} of the data yet."))
            }
            LayerError::HistoryGone => {
                let detail = "The cursor is of a history that the store does not have any more: read everything anew, without `since`.";
                Self::new(Kind::Gone, detail)
            }
            LayerError::UnknownStudyArea(name) => Self::parameters(vec![ParameterError::new(
                "study_area",
                format!("there is no study area {name:?}"),
            )]),
            LayerError::Parameters(errors) => Self::parameters(errors),
            LayerError::StudyArea(source) => {
                Self::parameters(vec![ParameterError::new("resolution", chain(&source))])
            }
            LayerError::Damaged(what) => {
                let detail =
                    "Files of the store are damaged, so that no answer over them would be true.";
                Self {
                    fault: Some(what),
                    ..Self::new(Kind::Damaged, detail)
                }
            }
            LayerError::Store(source) if source.is_away() => {
                let detail = "Where the records are kept does not answer now. Counts go on; ask again for this.";
                Self {
                    fault: Some(chain(&*source)),
                    ..Self::new(Kind::OutOfReach, detail)
                }
            }
            LayerError::Store(source) => {
                Self::internal(format!("reading the store: {}", chain(&*source)))
            }
            LayerError::Deployment(what) => {
                Self::internal(format!("reading what was imported: {what}"))
            }
            // An answer without features takes the place of it.
            LayerError::Unanswered(why) => Self::internal(format!("not answered: {}", why.detail)),
            LayerError::Statistic(what) => {
                Self::internal(format!("computing the statistic: {what}"))
            }
        }
    }
}

/// An error and its sources, outermost first.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        // Writing to a String cannot fail.
        let _infallible = write!(text, ": {inner}");
        source = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_fault_says_nothing_of_its_inside() {
        let problem = Problem::from(LayerError::Statistic("cell 0x85 overflowed".to_owned()));
        let text = problem.document("urn:uuid:1").to_string();
        assert!(!text.contains("0x85"), "{text}");
        assert!(problem.fault.is_some_and(|fault| fault.contains("0x85")));
        let damaged = Problem::from(LayerError::Damaged("files/abc.parquet".to_owned()))
            .document("urn:uuid:2");
        assert_eq!(damaged["type"], "/problems/damaged");
        assert!(!damaged.to_string().contains("parquet"));
    }

    #[test]
    fn every_mistake_is_listed() {
        let errors = vec![
            ParameterError::new("k", "bad"),
            ParameterError::new("colour", "unknown"),
        ];
        let document = Problem::parameters(errors).document("urn:uuid:1");
        assert_eq!(document["status"], 400);
        assert_eq!(document["errors"].as_array().map(Vec::len), Some(2));
        assert_eq!(document["errors"][1]["parameter"], "colour");
    }
}

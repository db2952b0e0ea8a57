//! From a representation to a response: entity tag, 304, cached and compressed body, headers.
//!
//! The tag is strong and is known before the body is computed: it digests the data version, the scope, the canonical
//! request, the format and the build, followed by the content coding. A body is computed and compressed once for equal
//! requests, however many ask at the same time; those that wait for it take no place in the queue of the CPU.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use naqsha_layers::Catalogue;
use ring::digest::{Context, SHA256};
use tracing::{Instrument as _, Span};

use crate::at_hand::Finished;
use crate::compress::compress;
use crate::metrics::count;
use crate::negotiate::{Coding, Format};
use crate::problem::{Kind, Problem};
use crate::request::Asked;
use crate::service::Shared;

/// Header that says which version of the data an answer is about.
pub(crate) const X_DATA_VERSION: HeaderName = HeaderName::from_static("x-data-version");

/// How long an answer may be reused without asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Freshness {
    /// Metadata: a minute, by anyone.
    Metadata,
    /// Data that nobody released: kept by the asker alone and asked about every time.
    Authorised,
    /// A page that names hashed files: asked about every time.
    Revalidated,
    /// A file whose name has the hash of its content.
    Immutable,
}

impl Freshness {
    const fn cache_control(self) -> &'static str {
        match self {
            Self::Metadata => "public, max-age=60",
            Self::Authorised => "private, max-age=0, must-revalidate",
            Self::Revalidated => "public, max-age=0, must-revalidate",
            Self::Immutable => "public, max-age=31536000, immutable",
        }
    }
}

/// One representation of one resource, before it is computed.
#[derive(Debug)]
pub(crate) struct Representation {
    pub(crate) media_type: &'static str,
    pub(crate) freshness: Freshness,
    /// What makes it equal to another.
    pub(crate) key: String,
}

impl Representation {
    /// The representation of what was asked in a format.
    pub(crate) fn new(asked: &Asked, format: &Format, freshness: Freshness) -> Self {
        let key = format!("{} {}", format.media_type, asked.canonical());
        Self {
            media_type: format.media_type,
            freshness,
            key,
        }
    }
}

/// A computed body.
#[derive(Debug, Default)]
pub(crate) struct Produced {
    /// The bytes; `None` answers 204.
    pub(crate) body: Option<Vec<u8>>,
    /// Version of the data, where the body is about data.
    pub(crate) version: u64,
    /// Headers beyond the usual ones.
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
}

/// A finished body as cached.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) body: Bytes,
    coding: Coding,
    version: u64,
    tag: String,
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// Answers a GET with a representation that `produce` computes when it is not at hand.
///
/// # Errors
/// The problem of `produce`, 503 where the CPU's queue is full.
pub(crate) async fn reply(
    service: &Shared,
    asked: &Asked,
    representation: Representation,
    produce: impl FnOnce(&Catalogue, u64) -> Result<Produced, Problem> + Send + 'static,
) -> Result<Response, Problem> {
    let coding = Coding::of(asked.accept_encoding.as_deref());
    let version = service.catalogue.version();
    let scoped = scoped(asked, &representation);
    if asked.if_none_match.is_some() {
        let base = base_tag(&scoped, version);
        for possible in [coding, Coding::Identity] {
            let tag = entity_tag(&base, possible);
            if asked.has_tag(&tag) {
                return Ok(not_modified(&tag, representation.freshness, version));
            }
        }
    }
    let slot = format!("{} {version} {scoped}", coding.name());
    let stored = if let Some(stored) = service.bodies.get(&slot) {
        count(&service.metrics.hits);
        stored
    } else {
        let tagged = move |produced| store(produced, coding, &scoped);
        let produce =
            move |catalogue: &Catalogue, version| produce(catalogue, version).and_then(tagged);
        compute(service, slot.clone(), produce).await?
    };
    let any = |wanted: &str| wanted.trim() == "*";
    if asked.if_none_match.as_deref().is_some_and(any) {
        let (freshness, version) = (representation.freshness, stored.version);
        return Ok(not_modified(&stored.tag, freshness, version));
    }
    let mut response = respond(&stored, &representation);
    // What was computed for a newer version is kept by the name of the one that was looked for.
    if stored.version == version || stored.version == 0 {
        response.extensions_mut().insert(Finished { slot, version });
    }
    Ok(response)
}

/// A representation as somebody may see it: what its tag is made of, but for the version.
fn scoped(asked: &Asked, representation: &Representation) -> String {
    format!("{:?} {}", asked.scope(), representation.key)
}

/// The entity tag of a representation of a version in a coding.
pub(crate) fn tag_of(
    asked: &Asked,
    representation: &Representation,
    version: u64,
    coding: Coding,
) -> String {
    let base = base_tag(&scoped(asked, representation), version);
    entity_tag(&base, coding)
}

/// The head of an answer whose body is not in memory.
pub(crate) fn stream_head(
    representation: &Representation,
    tag: &str,
    version: u64,
    coding: Coding,
) -> Response {
    let empty = Stored {
        body: Bytes::new(),
        coding,
        version,
        tag: tag.to_owned(),
        status: StatusCode::OK,
        headers: Vec::new(),
    };
    respond(&empty, representation)
}

async fn compute(
    service: &Shared,
    slot: String,
    produce: impl FnOnce(&Catalogue, u64) -> Result<Stored, Problem> + Send + 'static,
) -> Result<Arc<Stored>, Problem> {
    let worker = Arc::clone(service);
    let key = slot.clone();
    let finish = move || {
        let version = worker.catalogue.version();
        let once = || {
            count(&worker.metrics.computed);
            produce(&worker.catalogue, version).map(Arc::new)
        };
        worker
            .bodies
            .try_get_with(slot, once)
            .map_err(Arc::unwrap_or_clone)
    };
    let admitted = Arc::clone(service);
    let span = Span::current();
    let start = || async move { admitted.compute.run(finish).await? }.instrument(span);
    let (outcome, joined) = service.flights.join(&key, start).await;
    if joined {
        count(&service.metrics.joined);
    }
    if matches!(&outcome, Err(problem) if problem.kind == Kind::Busy) {
        count(&service.metrics.shed);
    }
    outcome
}

fn store(produced: Produced, coding: Coding, scoped: &str) -> Result<Stored, Problem> {
    let status = if produced.body.is_some() {
        StatusCode::OK
    } else {
        StatusCode::NO_CONTENT
    };
    let (body, coding) = compress(produced.body.unwrap_or_default(), coding)
        .map_err(|error| Problem::internal(format!("compressing an answer: {error}")))?;
    Ok(Stored {
        body: body.into(),
        coding,
        version: produced.version,
        // A commit after the version was read gives a newer answer than was looked for: it is tagged as what it is.
        tag: entity_tag(&base_tag(scoped, produced.version), coding),
        status,
        headers: produced.headers,
    })
}

fn respond(stored: &Stored, representation: &Representation) -> Response {
    let mut response = stored.status.into_response();
    let headers = response.headers_mut();
    if stored.status != StatusCode::NO_CONTENT {
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static(representation.media_type),
        );
    }
    if stored.coding != Coding::Identity {
        headers.insert(
            header::CONTENT_ENCODING,
            HeaderValue::from_static(stored.coding.name()),
        );
    }
    validators(
        headers,
        &stored.tag,
        representation.freshness,
        stored.version,
    );
    headers.extend(stored.headers.iter().cloned());
    if stored.status != StatusCode::NO_CONTENT {
        *response.body_mut() = Body::from(stored.body.clone());
    }
    response
}

pub(crate) fn not_modified(tag: &str, freshness: Freshness, version: u64) -> Response {
    let mut response = StatusCode::NOT_MODIFIED.into_response();
    validators(response.headers_mut(), tag, freshness, version);
    response
}

fn validators(headers: &mut HeaderMap, tag: &str, freshness: Freshness, version: u64) {
    if let Ok(tag) = HeaderValue::from_str(tag) {
        headers.insert(header::ETAG, tag);
    }
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static(freshness.cache_control()),
    );
    if matches!(freshness, Freshness::Metadata | Freshness::Authorised) {
        headers.insert(X_DATA_VERSION, HeaderValue::from(version));
    }
}

fn base_tag(scoped: &str, version: u64) -> String {
    let mut digest = Context::new(&SHA256);
    digest.update(env!("CARGO_PKG_VERSION").as_bytes());
    digest.update(&[0]);
    digest.update(&version.to_le_bytes());
    digest.update(scoped.as_bytes());
    let digest = digest.finish();
    let mut hex = String::with_capacity(24);
    for byte in digest.as_ref().iter().take(12) {
        for nibble in [byte >> 4, byte & 0xf] {
            hex.push(char::from_digit(nibble.into(), 16).unwrap_or_default());
        }
    }
    hex
}

fn entity_tag(base: &str, coding: Coding) -> String {
    ["\"", base, "-", coding.name(), "\""].concat()
}

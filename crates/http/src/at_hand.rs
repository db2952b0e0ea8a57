//! Answers that are at hand to requests that were answered before in the same words: a map asks for the same tiles again and
//! again, and of what such an answer costs most is finding out anew which one it is.
//!
//! What is kept is a request's words (address, what it accepts, host), who may have the answer (the scope), and the head of the
//! answer with the name of its body among the finished ones. Who asks is found out each time, paced, judged, counted and
//! recorded as every other request; a word that is not understood here, another version of the data, or a body that is not kept
//! any more leave the request to its handler.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::uri::PathAndQuery;
use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use moka::sync::Cache;
use naqsha_layers::Scope;

use crate::access::{self, Action, Subject};
use crate::audit::Decision;
use crate::metrics::count;
use crate::reply::X_DATA_VERSION;
use crate::service::{Service, Shared};
use crate::tls::Secured;

/// What an entry takes beside its address, about: names and values of some twelve headers.
const ENTRY_BYTES: usize = 2 << 10;
/// Longest address that is kept.
const LONGEST_ADDRESS: usize = 2 << 10;
/// Headers that change an answer and are left to its handler.
const LEFT: [HeaderName; 3] = [header::RANGE, header::IF_RANGE, header::CONTENT_LENGTH];
/// Headers of an answer that says nothing has changed.
const UNCHANGED: [HeaderName; 8] = [
    header::ETAG,
    header::CACHE_CONTROL,
    header::VARY,
    header::ACCESS_CONTROL_ALLOW_ORIGIN,
    header::ACCESS_CONTROL_EXPOSE_HEADERS,
    header::X_CONTENT_TYPE_OPTIONS,
    header::REFERRER_POLICY,
    header::STRICT_TRANSPORT_SECURITY,
];

/// The words of a request, and who may have the answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Words {
    address: PathAndQuery,
    accept: Option<HeaderValue>,
    accept_encoding: Option<HeaderValue>,
    host: Option<HeaderValue>,
    /// Only where not every page may read answers.
    origin: Option<HeaderValue>,
    secured: bool,
    scope: Option<Scope>,
    /// Whether the asker came with a key: what is told them is kept by nobody else.
    known: bool,
}

impl Words {
    /// The words of a plain GET; `None` of anything else.
    fn of(service: &Service, parts: &Parts) -> Option<Self> {
        let headers = &parts.headers;
        let address = parts.uri.path_and_query()?;
        let is_plain = parts.method == Method::GET
            && address.as_str().len() <= LONGEST_ADDRESS
            && !LEFT.iter().any(|name| headers.contains_key(name));
        let single = |name: HeaderName| {
            let mut values = headers.get_all(name).iter();
            let value = values.next().cloned();
            values.next().is_none().then_some(value)
        };
        let listed = service.settings.cors_origins.is_some();
        Some(Self {
            address: is_plain.then(|| address.clone())?,
            accept: single(header::ACCEPT)?,
            accept_encoding: single(header::ACCEPT_ENCODING)?,
            host: single(header::HOST)?,
            origin: single(header::ORIGIN)?.filter(|_| listed),
            secured: parts.extensions.get::<Secured>().is_some(),
            scope: None,
            known: false,
        })
    }

    /// The same, asked by somebody.
    fn by(&mut self, subject: &Subject) {
        self.scope = Some(subject.scope().clone());
        self.known = subject.is_known();
    }

    /// The same with memory of its own: what came over a connection is part of all that came with it.
    fn owned(&self) -> Option<Self> {
        let own = |value: &Option<HeaderValue>| {
            let copy = |value: &HeaderValue| HeaderValue::from_bytes(value.as_bytes());
            value.as_ref().map(copy).transpose().ok()
        };
        Some(Self {
            address: self.address.as_str().parse().ok()?,
            accept: own(&self.accept)?,
            accept_encoding: own(&self.accept_encoding)?,
            host: own(&self.host)?,
            origin: own(&self.origin)?,
            ..self.clone()
        })
    }
}

/// An answer without its body.
#[derive(Debug)]
struct Head {
    /// Version of the data that it is about.
    version: u64,
    /// Name of its body among the finished ones.
    slot: String,
    status: StatusCode,
    headers: HeaderMap,
    unchanged: HeaderMap,
    action: Action,
    template: MatchedPath,
}

/// Heads by the words of requests.
pub(crate) struct AtHand(Cache<Words, Arc<Head>>);

impl AtHand {
    /// At most so many bytes of them.
    pub(crate) fn new(bytes: u64) -> Self {
        let weight = |words: &Words, head: &Arc<Head>| {
            let weight = words.address.as_str().len() + head.slot.len() + ENTRY_BYTES;
            u32::try_from(weight).unwrap_or(u32::MAX)
        };
        Self(Cache::builder().max_capacity(bytes).weigher(weight).build())
    }

    fn keep(&self, mut words: Words, finished: Finished, admitted: &Admitted, answer: &Response) {
        words.by(&admitted.subject);
        let headers = answer.headers().clone();
        let mut unchanged = HeaderMap::new();
        for name in UNCHANGED.iter().chain([&X_DATA_VERSION]) {
            if let Some(value) = headers.get(name) {
                unchanged.insert(name, value.clone());
            }
        }
        let head = Head {
            version: finished.version,
            slot: finished.slot,
            status: answer.status(),
            headers,
            unchanged,
            action: admitted.action,
            template: admitted.template.clone(),
        };
        if let Some(words) = words.owned() {
            self.0.insert(words, Arc::new(head));
        }
    }
}

/// Left in an answer whose body is among the finished ones.
#[derive(Debug, Clone)]
pub(crate) struct Finished {
    pub(crate) slot: String,
    pub(crate) version: u64,
}

/// Left in such an answer: to whom it was given, and what for.
#[derive(Debug, Clone)]
struct Admitted {
    subject: Arc<Subject>,
    action: Action,
    template: MatchedPath,
}

/// Leaves in an answer to whom it is given.
pub(crate) fn admitted(
    answer: &mut Response,
    template: Option<MatchedPath>,
    action: Action,
    subject: &Arc<Subject>,
) {
    let extensions = answer.extensions_mut();
    if let (Some(template), true) = (template, extensions.get::<Finished>().is_some()) {
        extensions.insert(Admitted {
            subject: Arc::clone(subject),
            action,
            template,
        });
    }
}

/// What a handler and the admission to it left, if both did.
fn left(extensions: &mut Extensions) -> Option<(Finished, Admitted)> {
    let (finished, admitted) = (extensions.remove()?, extensions.remove()?);
    Some((finished, admitted))
}

/// Runs before anything else.
pub(crate) async fn at_hand(
    State(service): State<Shared>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let taken = access::take_credentials(&mut parts, service.settings.query_token);
    let mut words = Words::of(&service, &parts);
    if let Some(words) = &mut words {
        let origin = access::origin(&service, &parts);
        if let Some(subject) = access::reader(&service, &taken, origin) {
            words.by(&subject);
            let asker = (&subject, origin);
            if let Some(answer) = answer(&service, words, asker, &parts) {
                return answer;
            }
        }
    }
    parts.extensions.insert(taken);
    let mut answer = next.run(Request::from_parts(parts, body)).await;
    if let (Some(words), Some((finished, admitted))) = (words, left(answer.extensions_mut())) {
        service.at_hand.keep(words, finished, &admitted, &answer);
    }
    answer
}

/// The answer at hand; `None` leaves the request to its handler, which also refuses what is to be refused.
fn answer(
    service: &Service,
    words: &Words,
    (subject, origin): (&Arc<Subject>, access::Origin),
    parts: &Parts,
) -> Option<Response> {
    let head = service.at_hand.0.get(words)?;
    if head.version != service.catalogue.version() {
        return None;
    }
    let stored = service.bodies.get(&head.slot)?;
    let is_unchanged = match parts.headers.get(header::IF_NONE_MATCH) {
        Some(tag) if Some(tag) == head.headers.get(header::ETAG) => true,
        Some(_) => return None,
        None => false,
    };
    let leave = access::judge(service, Some(subject), head.action, origin, &parts.headers);
    leave.ok()?;
    let timed = service.metrics.begin();
    let id = service.next_request_id();
    let template = head.template.as_str();
    let sink = service.settings.audit.as_ref();
    let sink = sink.filter(|_| head.action.is_of_data());
    let record = |id| access::record(id, &parts.method, template, Some(subject), head.action);
    let recording = sink.map(|sink| sink.begin(record(id.clone())));
    let mut recording = recording.transpose().ok()?;

    count(&service.metrics.at_hand);
    let (status, headers, body) = if is_unchanged {
        count(&service.metrics.not_modified);
        (StatusCode::NOT_MODIFIED, &head.unchanged, Body::empty())
    } else {
        count(&service.metrics.hits);
        let body = Body::from(stored.body.clone());
        (head.status, &head.headers, body)
    };
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    *answer.headers_mut() = headers.clone();
    if let Some(recording) = &mut recording {
        access::note(recording, Decision::Allowed, &answer, parts.uri.path());
    }
    timed.answered(&parts.method, template, status.as_u16());
    tracing::debug!(%id, method = "GET", route = template, status = status.as_u16(), "answered at hand");
    Some(answer)
}

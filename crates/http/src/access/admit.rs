//! What runs before every handler.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::address::{ClientAddress, is_within};
use super::credentials::Credentials;
use super::decide::{Action, Permit, Refusal, Resource, decide};
use super::keys::{Origin, is_key};
use super::pace::Asker;
use super::subject::Subject;
use crate::at_hand;
use crate::audit::{self, AuditRecord, Decision, Recording};
use crate::items::OGC_NUMBER_MATCHED;
use crate::metrics::{self, count};
use crate::middleware::RequestId;
use crate::problem::{Kind, Problem};
use crate::reply::X_DATA_VERSION;
use crate::service::{Service, Shared};
use crate::tls::Secured;
use crate::uploads;
use naqsha_model::Role;

const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

/// Finds out who asks and lets through what they may do: the handler finds its [`super::Permit`] in the request. What is
/// asked of data, and what is refused, is recorded.
pub(crate) async fn admit(State(service): State<Shared>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    // They were taken out of the request before its route was looked for.
    let taken = parts.extensions.remove();
    let taken = taken.unwrap_or(Credentials::Unreadable);
    let action = match action(&service, &parts) {
        // Whether the service runs, and which methods a resource has, is no secret from anyone.
        Some(Action::Probe) | None => return next.run(Request::from_parts(parts, body)).await,
        Some(action) => action,
    };
    let origin = origin(&service, &parts);
    let subject = subject(&service, taken, origin, action).await.map(Arc::new);
    let outcome = judge(&service, subject.as_ref(), action, origin, &parts.headers);
    let is_told = action.is_of_data() || outcome.is_err();
    let sink = service.settings.audit.as_ref().filter(|_| is_told);
    let template = parts.extensions.get::<MatchedPath>().cloned();
    let record = || {
        let id = parts.extensions.get::<RequestId>();
        let id = id.map_or_else(|| service.next_request_id(), |id| id.0.clone());
        let template = template.as_ref().map_or("other", MatchedPath::as_str);
        record(id, &parts.method, template, subject.as_ref(), action)
    };
    let mut recording = match sink.map(|sink| sink.begin(record())).transpose() {
        Ok(recording) => recording,
        Err(problem) => {
            uploads::discard(body).await;
            return problem.into_response();
        }
    };
    let path = parts.uri.path().to_owned();
    let (decision, mut response) = match outcome {
        Ok(permit) => {
            parts.extensions.insert(permit);
            let answer = next.run(Request::from_parts(parts, body)).await;
            (Decision::Allowed, answer)
        }
        Err((decision, problem)) => {
            // A client that still sends would see its connection reset instead of the reason.
            uploads::discard(body).await;
            (decision, problem.into_response())
        }
    };
    if let Some(subject) = subject {
        if subject.is_known() {
            keep_private(response.headers_mut());
        }
        at_hand::admitted(&mut response, template, action, &subject);
    }
    if let Some(recording) = &mut recording {
        note(recording, decision, &response, &path);
    }
    response
}

/// Where a request comes from.
pub(crate) fn origin(service: &Service, parts: &Parts) -> Origin {
    let trusted = &service.settings.trusted_proxies;
    let secured = parts.extensions.get::<Secured>();
    Origin {
        address: ClientAddress::of(&parts.extensions, &parts.headers, trusted),
        certificate: secured.and_then(|secured| secured.certificate),
    }
}

/// Leave to act, or why there is none.
pub(crate) fn judge(
    service: &Service,
    subject: Option<&Arc<Subject>>,
    action: Action,
    origin: Origin,
    headers: &HeaderMap,
) -> Result<Permit, (Decision, Problem)> {
    let Some(subject) = subject else {
        count(&service.metrics.unknown_keys);
        return Err((Decision::Unknown, unknown(headers)));
    };
    if let Some(asker) = asker(service, subject, origin.address) {
        let paced = service.pace.ask(asker);
        paced.map_err(|wait| {
            count(&service.metrics.too_many);
            let seconds = wait.as_secs().saturating_add(1);
            let detail = "So many requests a minute are more than one asker may make.";
            (
                Decision::Denied,
                Problem::new(Kind::TooMany(seconds), detail),
            )
        })?;
    }
    decide(subject, action, Resource::Shared).map_err(|refusal| {
        count(&service.metrics.denied);
        (Decision::Denied, refused(refusal, headers))
    })
}

/// Whose requests this one is counted with. Those without a key are counted by their address, but for the machine's own: it is
/// the operator's, or that of a proxy which does its own counting.
fn asker(service: &Service, subject: &Subject, from: Option<IpAddr>) -> Option<Asker> {
    if subject.is_known() {
        return Some(Asker::Known(subject.who().clone()));
    }
    let exempt = &service.settings.limits.uncounted;
    from.filter(|&from| !is_within(exempt, from)).map(Asker::At)
}

/// What a request is for; `None` where nobody answers it. A route that the table does not have is nobody's.
fn action(service: &Service, parts: &Parts) -> Option<Action> {
    let reads = [Method::GET, Method::HEAD].contains(&parts.method);
    match parts.extensions.get::<MatchedPath>() {
        Some(path) => {
            let of = |method| service.routes.action(path.as_str(), method);
            of(&parts.method).or_else(|| of(&Method::GET).filter(|_| reads))
        }
        // Files of the dashboard.
        None => Some(Action::Describe),
    }
}

/// Who asks; `None` where the credentials are no good, whatever is wrong with them.
async fn subject(
    service: &Service,
    taken: Credentials,
    origin: Origin,
    action: Action,
) -> Option<Subject> {
    let settings = &service.settings;
    match taken {
        // Where a service on the machine's own address is open, whoever sends files is the machine's operator.
        Credentials::None if action.is_of_files() && service.takes_files_without_key() => {
            Some(Subject::anonymous(Role::Operator))
        }
        Credentials::None => Some(Subject::anonymous(settings.anonymous_role)),
        Credentials::Unreadable => None,
        Credentials::Text(text) => {
            let now = (settings.now)();
            match &settings.issuer {
                Some(issuer) if !is_key(&text) => issuer.bearer(&text, now).await,
                _ => settings.keys.bearer(&text, origin, now),
            }
        }
    }
}

/// Who reads, where that is known without asking anybody: without credentials, or with a key that is good.
pub(crate) fn reader(
    service: &Service,
    taken: &Credentials,
    origin: Origin,
) -> Option<Arc<Subject>> {
    let settings = &service.settings;
    let subject = match taken {
        Credentials::None => Some(Subject::anonymous(settings.anonymous_role)),
        Credentials::Text(text) if is_key(text) => {
            settings.keys.bearer(text, origin, (settings.now)())
        }
        Credentials::Text(_) | Credentials::Unreadable => None,
    };
    subject.map(Arc::new)
}

/// The same words for every reason, so that none can be told from another.
fn unknown(headers: &HeaderMap) -> Problem {
    // A page that fetches would have the browser ask its reader for a password.
    let mode = headers.get(SEC_FETCH_MODE);
    let asks = mode.is_none_or(|mode| mode == "navigate");
    let detail = "This needs a key that is good here and now: send it as Authorization: Bearer KEY, or as the password of \
                  Basic.";
    Problem::new(Kind::Unauthenticated { asks }, detail)
}

fn refused(refusal: Refusal, headers: &HeaderMap) -> Problem {
    match refusal {
        Refusal::Unknown => unknown(headers),
        Refusal::Forbidden => {
            let detail = "The role of this key may not do this; /policy says what each role may.";
            Problem::new(Kind::Forbidden, detail)
        }
        Refusal::Absent => Problem::not_found("There is no such resource."),
    }
}

/// What is told to one who is known is kept by nobody else: a shared cache may keep what is public, whoever asked.
fn keep_private(headers: &mut HeaderMap) {
    let kept = headers.get(header::CACHE_CONTROL);
    if kept.is_some_and(|kept| kept == "public, max-age=60") {
        let private = HeaderValue::from_static("private, max-age=60");
        headers.insert(header::CACHE_CONTROL, private);
    }
}

/// The record of a request that is not answered yet.
pub(crate) fn record(
    id: String,
    method: &Method,
    template: &str,
    subject: Option<&Arc<Subject>>,
    action: Action,
) -> AuditRecord {
    let resource = [metrics::method_name(method), " ", template].concat();
    audit::record(id, subject, action.name(), resource)
}

/// What came of it.
pub(crate) fn note(recording: &mut Recording, decision: Decision, response: &Response, path: &str) {
    let number = |name: &HeaderName| response.headers().get(name)?.to_str().ok()?.parse().ok();
    let status = response.status();
    recording.note(|record| {
        record.decision = decision;
        record.status = status.as_u16();
        record.rows = number(&OGC_NUMBER_MATCHED);
        record.data_version = number(&X_DATA_VERSION);
        // What is not there has a name that the asker made up.
        if status.is_success() || status == StatusCode::NOT_MODIFIED {
            record.object = audit::object(path);
        }
    });
}

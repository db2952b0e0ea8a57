//! What every response gets: an id and a problem document where it refuses, CORS and security headers, a log line.

use axum::body::{Body, HttpBody as _};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use tracing::Instrument as _;

use crate::metrics::{count, method_name};
use crate::problem::{self, Kind, Problem, Written};
use crate::service::Shared;
use crate::tls::Secured;

const EXPOSED: &str = "Link, Location, ETag, Content-Crs, Content-Disposition, Content-Range, Idempotent-Replayed, OGC-NumberMatched, Preference-Applied, Retry-After, Tus-Resumable, Upload-Expires, Upload-Length, Upload-Offset, X-Data-Version";
const POLICY: &str = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'";
const VARY: &str = "Accept, Accept-Encoding, Authorization, Origin";

/// The id of a request.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(pub(crate) String);

/// Runs the request inside a span and finishes its response.
pub(crate) async fn finish(
    State(service): State<Shared>,
    mut request: Request,
    next: Next,
) -> Response {
    let timed = service.metrics.begin();
    let id = service.next_request_id();
    request.extensions_mut().insert(RequestId(id.clone()));
    let secured = request.extensions().get::<Secured>().is_some();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let origin = request.headers().get(header::ORIGIN).cloned();
    let method = request.method().clone();
    let template = route.as_ref().map_or("other", MatchedPath::as_str);
    // Of the address only the route is logged: path and query may hold what only the asker should know.
    let span = tracing::info_span!("request", %id, method = method_name(&method), route = template);
    let mut response = if is_preflight(&request) {
        preflight()
    } else {
        next.run(request).instrument(span.clone()).await
    };
    if let Some(problem) = problem_of(&mut response) {
        if let Some(fault) = &problem.fault {
            span.in_scope(|| tracing::error!(%fault, "request failed"));
        }
        write_problem(&mut response, &problem, &id);
    }
    if method == Method::HEAD {
        without_body(&mut response);
    }
    if response.status() == StatusCode::NOT_MODIFIED {
        count(&service.metrics.not_modified);
    }
    timed.answered(&method, template, response.status().as_u16());
    span.in_scope(|| tracing::debug!(status = response.status().as_u16(), "answered"));
    let allowed = allow_origin(service.settings.cors_origins.as_deref(), origin.as_ref());
    common_headers(response.headers_mut(), allowed);
    // Pages have their own; whatever else a browser is made to show may load nothing and stand in no frame. An answer that says
    // nothing has changed says nothing of it: a browser would take it for the page's.
    if response.status() != StatusCode::NOT_MODIFIED {
        let policy = response
            .headers_mut()
            .entry(header::CONTENT_SECURITY_POLICY);
        policy.or_insert(HeaderValue::from_static(POLICY));
    }
    if secured {
        response.headers_mut().insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000"),
        );
    }
    response
}

/// The problem that a handler left, or one made for a bare refusal of the framework.
fn problem_of(response: &mut Response) -> Option<Problem> {
    let refused = response.status().is_client_error() || response.status().is_server_error();
    if response.extensions_mut().remove::<Written>().is_some() {
        return None;
    }
    response.extensions_mut().remove::<Problem>().or_else(|| {
        let status = response.status();
        refused.then(|| {
            let kind = if status == StatusCode::BAD_REQUEST {
                // An address that is no text, as a rule.
                Kind::BadRequest
            } else {
                Kind::Other(status)
            };
            Problem::new(kind, "The request was refused.")
        })
    })
}

fn write_problem(response: &mut Response, problem: &Problem, id: &str) {
    let mut body = problem.document(id).to_string();
    body.push('\n');
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(problem::MEDIA_TYPE),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.remove(header::CONTENT_LENGTH);
    headers.remove(header::ETAG);
    headers.extend(problem.headers());
    *response.body_mut() = Body::from(body);
}

fn without_body(response: &mut Response) {
    let length = response.body().size_hint().exact();
    if let (Some(length @ 1..), false) = (
        length,
        response.headers().contains_key(header::CONTENT_LENGTH),
    ) {
        response
            .headers_mut()
            .insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    *response.body_mut() = Body::empty();
}

fn is_preflight(request: &Request) -> bool {
    request.method() == Method::OPTIONS
        && request
            .headers()
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

fn preflight() -> Response {
    let headers = [
        (
            header::ACCESS_CONTROL_ALLOW_METHODS,
            "GET, HEAD, POST, PATCH, DELETE, OPTIONS",
        ),
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "Accept, Authorization, Content-Digest, Content-Encoding, Content-Type, Idempotency-Key, If-None-Match, If-Range, Prefer, Range, Tus-Resumable, Upload-Checksum, Upload-Length, Upload-Metadata, Upload-Offset",
        ),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

/// `*` where every page may read, the asking origin where it is on the list, nothing where it is not.
fn allow_origin(origins: Option<&[String]>, origin: Option<&HeaderValue>) -> Option<HeaderValue> {
    let Some(origins) = origins else {
        return Some(HeaderValue::from_static("*"));
    };
    origin
        .filter(|origin| {
            origins
                .iter()
                .any(|allowed| allowed.as_bytes() == origin.as_bytes())
        })
        .cloned()
}

fn common_headers(headers: &mut HeaderMap, allowed: Option<HeaderValue>) {
    if let Some(allowed) = allowed {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
        headers.insert(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static(EXPOSED),
        );
    }
    headers.insert(header::VARY, HeaderValue::from_static(VARY));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
}

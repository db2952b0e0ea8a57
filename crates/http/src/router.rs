//! The table of routes. Every GET also answers HEAD and OPTIONS; everything refused is a problem document.

use std::any::Any;
use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequestParts as _, Request, State};
use axum::handler::Handler;
use axum::http::{Method, StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get};
use naqsha_layers::Catalogue;
use tower_http::catch_panic::CatchPanicLayer;

use crate::problem::{ALLOWED, Kind, Problem};
use crate::request::Asked;
use crate::service::{Service, Shared};
use crate::settings::ServerSettings;
use crate::{assets, documents, downloads, explain, health, items, middleware, tiles};

/// The service as a router: everything but sockets.
pub fn router(catalogue: Arc<Catalogue>, settings: ServerSettings) -> Router {
    let service: Shared = Arc::new(Service::new(catalogue, settings));
    let table: Vec<(&str, MethodRouter<Shared>)> = vec![
        ("/conformance", resource(documents::conformance)),
        ("/api", resource(documents::api)),
        ("/api.html", resource(documents::api_page)),
        ("/collections", resource(documents::collections)),
        ("/collections/{collection}", resource(documents::collection)),
        (
            "/collections/{collection}/schema",
            resource(documents::schema),
        ),
        (
            "/collections/{collection}/queryables",
            resource(documents::queryables),
        ),
        ("/collections/{collection}/items", resource(items::items)),
        (
            "/collections/{collection}/items/{id}",
            resource(items::item),
        ),
        (
            "/collections/{collection}/explain/{cell}",
            resource(explain::cell),
        ),
        ("/downloads/{file}", resource(downloads::download)),
        ("/xyz/{file}", resource(documents::tilejson)),
        ("/xyz/{layer}/{z}/{x}/{file}", resource(tiles::tile)),
        ("/styles", resource(documents::styles)),
        ("/styles/{layer}", resource(documents::style)),
        ("/places.json", resource(documents::places)),
        ("/healthz", resource(health::healthz)),
        ("/readyz", resource(health::readyz)),
    ];
    let mut router = Router::new().route("/", resource(documents::root));
    for (path, methods) in table {
        // QGIS tries a failing address again with a slash, so both forms are the same resource.
        router = router
            .route(&format!("{path}/"), methods.clone())
            .route(path, methods);
    }
    router
        .fallback(other)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(Arc::clone(&service), middleware::finish))
        .with_state(service)
}

/// A resource that can be read and nothing else.
fn resource<H, T>(handler: H) -> MethodRouter<Shared>
where
    H: Handler<T, Shared>,
    T: 'static,
{
    get(handler).options(options).fallback(refuse_method)
}

async fn options() -> Response {
    (StatusCode::NO_CONTENT, [(header::ALLOW, ALLOWED)]).into_response()
}

async fn refuse_method() -> Problem {
    Problem::new(Kind::MethodNotAllowed, format!("Allowed are {ALLOWED}."))
}

/// Paths outside the table: files of the dashboard for GET and HEAD, nothing else.
async fn other(State(service): State<Shared>, request: Request) -> Result<Response, Problem> {
    if *request.method() != Method::GET && *request.method() != Method::HEAD {
        return Err(Problem::not_found("There is no such resource."));
    }
    let path = request.uri().path().trim_start_matches('/').to_owned();
    let (mut parts, _body) = request.into_parts();
    let asked = Asked::from_request_parts(&mut parts, &service).await?;
    assets::serve(&service, &asked, &path).await
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the layer hands the panic over"
)]
fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let message = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied());
    Problem::internal(format!(
        "a handler panicked: {}",
        message.unwrap_or("without a message")
    ))
    .into_response()
}

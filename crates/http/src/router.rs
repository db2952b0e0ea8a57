//! The table of routes. Every GET also answers HEAD and OPTIONS; everything refused is a problem document.

use std::any::Any;
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRequestParts as _, Request, State};
use axum::handler::Handler;
use axum::http::{Method, StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get, head, post};
use naqsha_layers::Catalogue;
use tower_http::catch_panic::CatchPanicLayer;

use crate::problem::{Kind, Problem};
use crate::request::Asked;
use crate::service::{Service, Shared};
use crate::settings::ServerSettings;
use crate::uploads::Uploads;
use crate::{
    aggregate, assets, changes, dggs, documents, downloads, explain, featureserver, health, items,
    metrics, middleware, policy, processes, search, tiles, uploads,
};

/// The service: everything but sockets.
#[derive(Debug)]
pub struct Application {
    /// What everyone may ask.
    pub service: Router,
    /// What only the operator may ask, on a listener of its own: `/metrics`.
    pub admin: Router,
    /// What has to be looked after while the service runs.
    pub uploads: Uploads,
}

/// The service over a catalogue.
pub fn application(catalogue: Arc<Catalogue>, settings: ServerSettings) -> Application {
    let service: Shared = Arc::new(Service::new(catalogue, settings));
    Application {
        admin: admin(&service),
        uploads: Uploads::of(service.desk.clone()),
        service: public(service),
    }
}

/// What everyone may ask of the service.
pub fn router(catalogue: Arc<Catalogue>, settings: ServerSettings) -> Router {
    public(Arc::new(Service::new(catalogue, settings)))
}

fn admin(service: &Shared) -> Router {
    Router::new()
        .route("/metrics", get(metrics::metrics))
        .with_state(Arc::clone(service))
}

fn public(service: Shared) -> Router {
    let mut router = Router::new().route("/", resource(documents::root));
    for (path, methods) in [
        documents_and_data(),
        for_maps(),
        for_processes(),
        for_uploads(),
        for_arcgis(),
        of_zones(),
    ]
    .concat()
    {
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

/// Paths with what answers them.
type Table = Vec<(&'static str, MethodRouter<Shared>)>;

fn documents_and_data() -> Table {
    vec![
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
            "/collections/{collection}/sortables",
            resource(documents::sortables),
        ),
        (
            "/collections/{collection}/search",
            asked_with_body(search::search, search::LONGEST_BODY),
        ),
        (
            "/collections/{collection}/items/{id}",
            resource(items::item),
        ),
        (
            "/collections/{collection}/explain/{cell}",
            resource(explain::cell),
        ),
        ("/downloads/{file}", resource(downloads::download)),
        ("/policy", resource(policy::policy)),
        ("/healthz", resource(health::healthz)),
        ("/readyz", resource(health::readyz)),
    ]
}

/// Tiles and styles.
fn for_maps() -> Table {
    vec![
        (
            "/collections/{collection}/tiles",
            resource(tiles::collection_tilesets),
        ),
        (
            "/collections/{collection}/tiles/{set}",
            resource(tiles::collection_tileset),
        ),
        (
            "/collections/{collection}/tiles/{set}/{matrix}/{row}/{column}",
            resource(tiles::collection_tile),
        ),
        ("/tiles", resource(tiles::dataset_tilesets)),
        ("/tiles/{set}", resource(tiles::dataset_tileset)),
        (
            "/tiles/{set}/{matrix}/{row}/{column}",
            resource(tiles::dataset_tile),
        ),
        ("/tileMatrixSets", resource(tiles::tile_matrix_sets)),
        ("/tileMatrixSets/{set}", resource(tiles::tile_matrix_set)),
        ("/xyz/{file}", resource(documents::tilejson)),
        ("/xyz/{layer}/metadata.json", resource(documents::metadata)),
        ("/xyz/{layer}/{z}/{x}/{file}", resource(tiles::tile)),
        ("/styles", resource(documents::styles)),
        ("/styles/{layer}", resource(documents::style)),
        ("/places.json", resource(documents::places)),
    ]
}

fn for_processes() -> Table {
    vec![
        ("/processes", resource(processes::list)),
        ("/processes/{process}", resource(processes::description)),
        (
            "/processes/{process}/execution",
            asked_with_body(processes::execute, processes::LONGEST_BODY),
        ),
        ("/jobs", resource(processes::jobs)),
        (
            "/jobs/{job}",
            with_options(
                get(uploads::job).delete(uploads::dismiss),
                "GET, HEAD, DELETE, OPTIONS",
            ),
        ),
        ("/jobs/{job}/results", resource(uploads::results)),
        ("/jobs/{job}/errors", resource(uploads::errors)),
        ("/jobs/{job}/events", resource(uploads::events)),
    ]
}

/// Files that are sent, and what became of them.
fn for_uploads() -> Table {
    vec![
        ("/profiles", resource(uploads::profiles)),
        (
            "/collections/{collection}/batches",
            with_options(
                get(uploads::batches).post(uploads::receive),
                "GET, HEAD, POST, OPTIONS",
            ),
        ),
        (
            "/collections/{collection}/batches/{batch}",
            with_options(
                get(uploads::batch).delete(uploads::withdraw),
                "GET, HEAD, DELETE, OPTIONS",
            ),
        ),
        (
            "/collections/{collection}/batches/{batch}/restore",
            with_options(post(uploads::restore), "POST, OPTIONS"),
        ),
        ("/jobs/{job}/report.csv", resource(uploads::report)),
        (
            "/uploads",
            post(uploads::create)
                .options(uploads::describe)
                .fallback(refusing("POST, OPTIONS")),
        ),
        (
            "/uploads/{upload}",
            head(uploads::offset)
                .patch(uploads::patch)
                .delete(uploads::terminate)
                .options(uploads::describe)
                .fallback(refusing("HEAD, PATCH, DELETE, OPTIONS")),
        ),
    ]
}

fn for_arcgis() -> Table {
    vec![
        ("/arcgis/rest/info", resource(featureserver::info)),
        ("/arcgis/rest/services", resource(featureserver::services)),
        (
            "/arcgis/rest/services/crime/FeatureServer",
            resource(featureserver::service),
        ),
        (
            "/arcgis/rest/services/crime/FeatureServer/{layer}",
            resource(featureserver::layer),
        ),
        (
            "/arcgis/rest/services/crime/FeatureServer/{layer}/query",
            with_options(
                get(featureserver::query).post(featureserver::query),
                "GET, HEAD, POST, OPTIONS",
            ),
        ),
    ]
}

/// Zones, of the data set and of each collection: the same resources under two roots; and numbers and changes of records.
fn of_zones() -> Table {
    vec![
        ("/dggs", resource(dggs::list)),
        ("/dggs/{dggrs}", resource(dggs::dggrs)),
        ("/dggs/{dggrs}/definition", resource(dggs::definition)),
        ("/dggs/{dggrs}/zones", resource(dggs::zones)),
        ("/dggs/{dggrs}/zones/{zone}", resource(dggs::zone)),
        ("/dggs/{dggrs}/zones/{zone}/data", resource(dggs::data)),
        ("/collections/{collection}/dggs", resource(dggs::list)),
        (
            "/collections/{collection}/dggs/{dggrs}",
            resource(dggs::dggrs),
        ),
        (
            "/collections/{collection}/dggs/{dggrs}/zones",
            resource(dggs::zones),
        ),
        (
            "/collections/{collection}/dggs/{dggrs}/zones/{zone}",
            resource(dggs::zone),
        ),
        (
            "/collections/{collection}/dggs/{dggrs}/zones/{zone}/data",
            resource(dggs::data),
        ),
        (
            "/collections/{collection}/aggregate",
            resource(aggregate::aggregate),
        ),
        (
            "/collections/{collection}/changes",
            resource(changes::changes),
        ),
    ]
}

/// A resource that can be read and nothing else.
fn resource<H, T>(handler: H) -> MethodRouter<Shared>
where
    H: Handler<T, Shared>,
    T: 'static,
{
    with_options(get(handler), "GET, HEAD, OPTIONS")
}

/// A resource that takes a body of at most `longest` bytes and answers it.
fn asked_with_body<H, T>(handler: H, longest: usize) -> MethodRouter<Shared>
where
    H: Handler<T, Shared>,
    T: 'static,
{
    with_options(post(handler), "POST, OPTIONS").layer(DefaultBodyLimit::max(longest))
}

/// Refuses a method, naming those that are allowed.
fn refusing(
    allowed: &'static str,
) -> impl FnOnce() -> std::future::Ready<Problem> + Clone + Send + Sync + 'static {
    move || {
        let detail = format!("Allowed are {allowed}.");
        std::future::ready(Problem::new(Kind::MethodNotAllowed(allowed), detail))
    }
}

fn with_options(methods: MethodRouter<Shared>, allowed: &'static str) -> MethodRouter<Shared> {
    let options = move || async move { (StatusCode::NO_CONTENT, [(header::ALLOW, allowed)]) };
    methods.options(options).fallback(refusing(allowed))
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

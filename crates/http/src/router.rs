//! What is served where. Every GET also answers HEAD and OPTIONS; everything refused is a problem document.

use std::any::Any;
use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::Method;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get as get_route;
use naqsha_layers::Catalogue;
use tower_http::catch_panic::CatchPanicLayer;

use crate::access::Action::{Compute, Describe, Keep, Probe, Read, Upload};
use crate::access::admit;
use crate::at_hand::at_hand;
use crate::problem::Problem;
use crate::request::Asked;
use crate::routes::{Routes, Row, get, head, post};
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
    let rows = table();
    let service: Shared = Arc::new(Service::new(catalogue, settings, Routes::of(&rows)));
    Application {
        admin: admin(&service),
        uploads: Uploads::of(service.desk.clone()),
        service: public(service, &rows),
    }
}

/// What everyone may ask of the service.
pub fn router(catalogue: Arc<Catalogue>, settings: ServerSettings) -> Router {
    application(catalogue, settings).service
}

fn admin(service: &Shared) -> Router {
    Router::new()
        .route("/metrics", get_route(metrics::metrics))
        .with_state(Arc::clone(service))
}

fn public(service: Shared, rows: &[Row]) -> Router {
    let mut router = Router::new();
    for row in rows {
        // QGIS tries a failing address again with a slash, so both forms are the same resource.
        if row.path != "/" {
            router = router.route(&format!("{}/", row.path), row.methods());
        }
        router = router.route(row.path, row.methods());
    }
    let router: Router = router
        .fallback(other)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(Arc::clone(&service), admit))
        .layer(from_fn_with_state(Arc::clone(&service), middleware::finish))
        .with_state(Arc::clone(&service));
    // Before any route is looked for.
    Router::new()
        .fallback_service(router)
        .layer(from_fn_with_state(service, at_hand))
}

/// Every path with what answers it and what that is for.
pub(crate) fn table() -> Vec<Row> {
    [
        documents_and_data(),
        for_maps(),
        for_processes(),
        for_uploads(),
        for_arcgis(),
        of_zones(),
    ]
    .concat()
}

fn documents_and_data() -> Vec<Row> {
    vec![
        get("/", Describe, documents::root),
        get("/conformance", Describe, documents::conformance),
        get("/api", Describe, documents::api),
        get("/api.html", Describe, documents::api_page),
        get("/collections", Describe, documents::collections),
        get("/collections/{collection}", Describe, documents::collection),
        get(
            "/collections/{collection}/schema",
            Describe,
            documents::schema,
        ),
        get(
            "/collections/{collection}/queryables",
            Describe,
            documents::queryables,
        ),
        get("/collections/{collection}/items", Read, items::items),
        get(
            "/collections/{collection}/sortables",
            Describe,
            documents::sortables,
        ),
        post(
            "/collections/{collection}/search",
            Read,
            search::search,
            search::LONGEST_BODY,
        ),
        get("/collections/{collection}/items/{id}", Read, items::item),
        get(
            "/collections/{collection}/explain/{cell}",
            Read,
            explain::cell,
        ),
        get("/downloads/{file}", Read, downloads::download),
        get("/policy", Describe, policy::policy),
        get("/healthz", Probe, health::healthz),
        get("/readyz", Probe, health::readyz),
    ]
}

/// Tiles and styles.
fn for_maps() -> Vec<Row> {
    vec![
        get(
            "/collections/{collection}/tiles",
            Describe,
            tiles::collection_tilesets,
        ),
        get(
            "/collections/{collection}/tiles/{set}",
            Describe,
            tiles::collection_tileset,
        ),
        get(
            "/collections/{collection}/tiles/{set}/{matrix}/{row}/{column}",
            Read,
            tiles::collection_tile,
        ),
        get("/tiles", Describe, tiles::dataset_tilesets),
        get("/tiles/{set}", Describe, tiles::dataset_tileset),
        get(
            "/tiles/{set}/{matrix}/{row}/{column}",
            Read,
            tiles::dataset_tile,
        ),
        get("/tileMatrixSets", Describe, tiles::tile_matrix_sets),
        get("/tileMatrixSets/{set}", Describe, tiles::tile_matrix_set),
        get("/xyz/{file}", Describe, documents::tilejson),
        get("/xyz/{layer}/metadata.json", Describe, documents::metadata),
        get("/xyz/{layer}/{z}/{x}/{file}", Read, tiles::tile),
        get("/styles", Describe, documents::styles),
        get("/styles/{layer}", Describe, documents::style),
        get("/places.json", Describe, documents::places),
    ]
}

fn for_processes() -> Vec<Row> {
    vec![
        get("/processes", Describe, processes::list),
        get("/processes/{process}", Describe, processes::description),
        post(
            "/processes/{process}/execution",
            Compute,
            processes::execute,
            processes::LONGEST_BODY,
        ),
        get("/jobs", Compute, processes::jobs),
        get("/jobs/{job}", Compute, uploads::job).delete(Compute, uploads::dismiss),
        get("/jobs/{job}/results", Compute, uploads::results),
        get("/jobs/{job}/errors", Compute, uploads::errors),
        get("/jobs/{job}/events", Compute, uploads::events),
    ]
}

/// Files that are sent, and what became of them.
fn for_uploads() -> Vec<Row> {
    vec![
        get("/profiles", Describe, uploads::profiles),
        get("/collections/{collection}/batches", Keep, uploads::batches)
            // The body is read as it comes, within bounds of its own.
            .post(Upload, uploads::receive, usize::MAX),
        get(
            "/collections/{collection}/batches/{batch}",
            Keep,
            uploads::batch,
        )
        .delete(Keep, uploads::withdraw),
        post(
            "/collections/{collection}/batches/{batch}/restore",
            Keep,
            uploads::restore,
            0,
        ),
        get("/jobs/{job}/report.csv", Compute, uploads::report),
        post("/uploads", Upload, uploads::create, usize::MAX).options(uploads::describe),
        head("/uploads/{upload}", Upload, uploads::offset)
            .patch(Upload, uploads::patch)
            .delete(Upload, uploads::terminate)
            .options(uploads::describe),
    ]
}

fn for_arcgis() -> Vec<Row> {
    vec![
        get("/arcgis/rest/info", Describe, featureserver::info),
        get("/arcgis/rest/services", Describe, featureserver::services),
        get(
            "/arcgis/rest/services/crime/FeatureServer",
            Describe,
            featureserver::service,
        ),
        get(
            "/arcgis/rest/services/crime/FeatureServer/{layer}",
            Describe,
            featureserver::layer,
        ),
        get(
            "/arcgis/rest/services/crime/FeatureServer/{layer}/query",
            Read,
            featureserver::query,
        )
        .post(Read, featureserver::query, featureserver::LONGEST_FORM),
    ]
}

/// Zones, of the data set and of each collection: the same resources under two roots; and numbers and changes of records.
fn of_zones() -> Vec<Row> {
    vec![
        get("/dggs", Describe, dggs::list),
        get("/dggs/{dggrs}", Describe, dggs::dggrs),
        get("/dggs/{dggrs}/definition", Describe, dggs::definition),
        get("/dggs/{dggrs}/zones", Read, dggs::zones),
        get("/dggs/{dggrs}/zones/{zone}", Describe, dggs::zone),
        get("/dggs/{dggrs}/zones/{zone}/data", Read, dggs::data),
        get("/collections/{collection}/dggs", Describe, dggs::list),
        get(
            "/collections/{collection}/dggs/{dggrs}",
            Describe,
            dggs::dggrs,
        ),
        get(
            "/collections/{collection}/dggs/{dggrs}/zones",
            Read,
            dggs::zones,
        ),
        get(
            "/collections/{collection}/dggs/{dggrs}/zones/{zone}",
            Describe,
            dggs::zone,
        ),
        get(
            "/collections/{collection}/dggs/{dggrs}/zones/{zone}/data",
            Read,
            dggs::data,
        ),
        get(
            "/collections/{collection}/aggregate",
            Read,
            aggregate::aggregate,
        ),
        get("/collections/{collection}/changes", Read, changes::changes),
    ]
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

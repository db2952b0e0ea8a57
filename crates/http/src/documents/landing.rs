//! `/`, `/conformance` and `/api.html`.

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};

use super::document;
use crate::assets;
use crate::dggs::DGGRS_LIST;
use crate::items::representations;
use crate::link::{self, Link};
use crate::negotiate::{HTML, JSON, OPENAPI};
use crate::problem::Problem;
use crate::request::Asked;
use crate::service::Shared;
use crate::tiles::LISTS;

/// What the service claims to conform to, and is tested for. HTML is offered but not claimed: `/` is a map.
const CONFORMANCE: &[&str] = &[
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/landing-page",
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/json",
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/collections",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables-query-parameters",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/filter",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/features-filter",
    "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/schemas",
    "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/core-roles-features",
    "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/queryables",
    "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/sortables",
    "http://www.opengis.net/spec/cql2/1.0/conf/cql2-text",
    "http://www.opengis.net/spec/cql2/1.0/conf/cql2-json",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-cql2",
    "http://www.opengis.net/spec/cql2/1.0/conf/advanced-comparison-operators",
    "http://www.opengis.net/spec/cql2/1.0/conf/case-insensitive-comparison",
    "http://www.opengis.net/spec/cql2/1.0/conf/accent-insensitive-comparison",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-spatial-functions",
    // The name before the standard was final, which QGIS looks for.
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-spatial-operators",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-spatial-functions-plus",
    "http://www.opengis.net/spec/cql2/1.0/conf/spatial-functions",
    "http://www.opengis.net/spec/cql2/1.0/conf/temporal-functions",
    "http://www.opengis.net/spec/cql2/1.0/conf/property-property",
    "http://www.opengis.net/spec/cql2/1.0/conf/arithmetic",
    "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/ogc-process-description",
    "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/json",
    "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/job-list",
    "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/dismiss",
    "https://www.opengis.net/spec/ogcapi-dggs-1/1.0/conf/core",
    "https://www.opengis.net/spec/ogcapi-dggs-1/1.0/conf/data-retrieval",
    "https://www.opengis.net/spec/ogcapi-dggs-1/1.0/conf/data-subsetting",
    "https://www.opengis.net/spec/ogcapi-dggs-1/1.0/conf/data-custom-depths",
    "https://www.opengis.net/spec/ogcapi-dggs-1/1.0/conf/zone-query",
    "https://www.opengis.net/spec/ogcapi-dggs-1/1.0/conf/root-dggs",
    "https://www.opengis.net/spec/ogcapi-dggs-1/1.0/conf/collection-dggs",
    "https://www.opengis.net/spec/ogcapi-dggs-1/1.0/conf/data-json",
    "https://www.opengis.net/spec/ogcapi-dggs-1/1.0/conf/zone-uint64",
    "https://www.opengis.net/spec/ogcapi-dggs-1/1.0/conf/zone-geojson",
    "https://www.opengis.net/spec/ogcapi-dggs-1/1.0/conf/zone-html",
    "https://www.opengis.net/spec/ogcapi-dggs-1/1.0/conf/operation-ids",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tileset",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tilesets-list",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/dataset-tilesets",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/geodata-tilesets",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/mvt",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/datetime",
    "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs",
];

/// Where else to begin: path, relation, media type and title.
const LINKS: &[(&str, &str, &str, &str)] = &[
    (
        "/api",
        "service-desc",
        OPENAPI.media_type,
        "the API as OpenAPI 3.0",
    ),
    ("/api.html", "service-doc", "text/html", "the API as a page"),
    ("/conformance", "conformance", JSON.media_type, CLASSES),
    (
        "/conformance",
        "http://www.opengis.net/def/rel/ogc/1.0/conformance",
        JSON.media_type,
        CLASSES,
    ),
    ("/collections", "data", JSON.media_type, "collections"),
    (
        "/collections",
        "http://www.opengis.net/def/rel/ogc/1.0/data",
        JSON.media_type,
        "collections",
    ),
    (
        "/styles",
        "http://www.opengis.net/def/rel/ogc/1.0/styles",
        JSON.media_type,
        "MapLibre styles",
    ),
    ("/dggs", DGGRS_LIST, JSON.media_type, "zones of all records"),
    // The test suite of OGC API - Tiles looks at addresses with `f=json` only.
    (
        "/tiles?f=json",
        LISTS,
        JSON.media_type,
        "vector tiles of the layers that maps show by default",
    ),
    (
        "/tileMatrixSets",
        "http://www.opengis.net/def/rel/ogc/1.0/tiling-schemes",
        JSON.media_type,
        "tile matrix sets",
    ),
    (
        "/processes",
        "http://www.opengis.net/def/rel/ogc/1.0/processes",
        JSON.media_type,
        "processes",
    ),
    (
        "/jobs",
        "http://www.opengis.net/def/rel/ogc/1.0/job-list",
        JSON.media_type,
        "jobs",
    ),
    (
        "/policy",
        "privacy-policy",
        JSON.media_type,
        "what each role may see",
    ),
];
const CLASSES: &str = "conformance classes";

/// `/`: the dashboard for a browser, the landing document for everything else.
pub(crate) async fn root(State(service): State<Shared>, asked: Asked) -> Result<Response, Problem> {
    let format = asked.format(&[&JSON, &HTML])?;
    if *format == HTML {
        // The page reads its own parameters from its address.
        return assets::serve(&service, &asked, "index.html").await;
    }
    asked.only(&[])?;
    document(&service, &asked, format, "Naqsha", |_catalogue, asked| {
        Ok(landing(asked))
    })
    .await
}

fn landing(asked: &Asked) -> Value {
    let base = &asked.base;
    let mut links = representations(
        &Asked {
            path: "/".to_owned(),
            ..asked.clone()
        },
        &JSON,
        &[&JSON, &HTML],
    );
    let more = LINKS.iter().map(|(path, rel, media_type, title)| {
        Link::new(format!("{base}{path}"), rel, media_type, *title)
    });
    links.extend(more);
    json!({
        "title": "Naqsha",
        "description": "Hotspot layers over recorded incidents, with what a reader needs to judge them.",
        "links": link::to_json(&links),
    })
}

/// `/conformance`.
pub(crate) async fn conformance(
    State(service): State<Shared>,
    asked: Asked,
) -> Result<Response, Problem> {
    asked.only(&[])?;
    let format = asked.format(&[&JSON, &HTML])?;
    document(
        &service,
        &asked,
        format,
        "Conformance",
        move |_catalogue, asked| {
            let links = representations(asked, format, &[&JSON, &HTML]);
            Ok(json!({ "conformsTo": CONFORMANCE, "links": link::to_json(&links) }))
        },
    )
    .await
}

/// `/api.html`: the operations in a table.
pub(crate) async fn api_page(
    State(service): State<Shared>,
    asked: Asked,
) -> Result<Response, Problem> {
    asked.only(&[])?;
    let format = asked.format(&[&HTML])?;
    let open = service.is_open();
    document(&service, &asked, format, "The API of Naqsha", move |catalogue, asked| {
        let api = super::openapi::describe(catalogue, &asked.base, open);
        let operations = api["paths"].as_object().into_iter().flatten().filter_map(|(path, operations)| {
            let (method, operation) = operations.as_object().and_then(|methods| methods.iter().next())?;
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let names: Vec<&str> = parameters
                .filter_map(|parameter| super::operations::parameter_name(&api, parameter))
                .collect();
            Some(json!({
                "path": path,
                "method": method.to_uppercase(),
                "what it answers": operation["summary"],
                "parameters": names.join(", "),
            }))
        });
        Ok(json!({ "machine-readable": format!("{}/api", asked.base), "operations": operations.collect::<Value>() }))
    })
    .await
}

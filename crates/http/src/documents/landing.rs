//! `/`, `/conformance` and `/api.html`.

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};

use super::document;
use crate::assets;
use crate::items::representations;
use crate::link::{self, Link};
use crate::negotiate::{HTML, JSON, OPENAPI};
use crate::problem::Problem;
use crate::request::Asked;
use crate::service::Shared;

/// What the service claims to conform to, and is tested for. HTML is offered but not claimed: `/` is a map.
const CONFORMANCE: [&str; 9] = [
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/landing-page",
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/json",
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/collections",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs",
];

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
    links.extend([
        Link::new(
            format!("{base}/api"),
            "service-desc",
            OPENAPI.media_type,
            "the API as OpenAPI 3.0",
        ),
        Link::new(
            format!("{base}/api.html"),
            "service-doc",
            HTML.link_type(),
            "the API as a page",
        ),
        Link::new(
            format!("{base}/conformance"),
            "conformance",
            JSON.media_type,
            "conformance classes",
        ),
        Link::new(
            format!("{base}/conformance"),
            "http://www.opengis.net/def/rel/ogc/1.0/conformance",
            JSON.media_type,
            "conformance classes",
        ),
        Link::new(
            format!("{base}/collections"),
            "data",
            JSON.media_type,
            "collections",
        ),
        Link::new(
            format!("{base}/collections"),
            "http://www.opengis.net/def/rel/ogc/1.0/data",
            JSON.media_type,
            "collections",
        ),
        Link::new(
            format!("{base}/styles"),
            "http://www.opengis.net/def/rel/ogc/1.0/styles",
            JSON.media_type,
            "MapLibre styles",
        ),
    ]);
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
    document(&service, &asked, format, "The API of Naqsha", |catalogue, asked| {
        let api = super::openapi::describe(catalogue, &asked.base);
        let operations = api["paths"].as_object().into_iter().flatten().map(|(path, operations)| {
            let get = &operations["get"];
            let parameters = get["parameters"].as_array().into_iter().flatten();
            let names: Vec<&str> = parameters.filter_map(super::operations::parameter_name).collect();
            json!({ "path": path, "what it answers": get["summary"], "parameters": names.join(", ") })
        });
        Ok(json!({ "machine-readable": format!("{}/api", asked.base), "operations": operations.collect::<Value>() }))
    })
    .await
}

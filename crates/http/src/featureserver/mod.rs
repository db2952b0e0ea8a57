//! A read-only feature service in the manner of ArcGIS, for clients that read nothing else as features: the layers of the
//! catalogue as `/arcgis/rest/services/crime/FeatureServer/{n}`.
//!
//! Only what such clients need of the `GeoServices` protocol is spoken: descriptions, and queries by clause, box and number.
//! A client's mistake is told as those servers tell it, in a document with status 200. Parameters that this service does
//! not know are ignored, as clients send many that ask for nothing it has; those that would change which features are
//! returned, and are not understood, are refused.
//!
//! Features go by whole numbers, `OBJECTID` (see [`naqsha_layers::Numbering`]): those of cells and records are theirs for
//! good, those of flows hold for one version of the data.

mod describe;
mod fields;
mod query;
mod request;
mod shapes;
mod spatial;
mod sql;
mod write;

pub(crate) use describe::{OFFERED as FORMATS_OF_DESCRIPTIONS, info, layer, service, services};
pub(crate) use query::{LONGEST_FORM, OFFERED as FORMATS_OF_QUERIES, query};

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use naqsha_layers::{Catalogue, LayerDescription};
use serde_json::{Value, json};

use crate::problem::Problem;
use crate::request::Asked;
use crate::service::Shared;

/// Name of the one service.
const SERVICE: &str = "crime";
/// Version of the protocol that is spoken.
const CURRENT_VERSION: f64 = 11.1;
/// Most features of an answer; a client asks for the rest by `resultOffset`.
const MAX_RECORD_COUNT: usize = 2_000;
/// Most features whose numbers or whose extent one request may ask for.
const MOST_LISTED: usize = 100_000;
/// Most numbers that a request may name.
const MOST_NAMED: usize = 10_000;

/// Layers by their number. A client keeps the number in its maps, so that it is never given to another: new layers are added
/// at the end.
const NUMBERED: [&str; 15] = [
    "incidents",
    "counts",
    "hotspots",
    "clusters",
    "rates",
    "density",
    "emerging",
    "change",
    "near-repeat",
    "linkages",
    "scan",
    "border",
    "flows",
    "forecast",
    "coverage",
];

/// The layers with their numbers: those that are listed, then others in the order of the catalogue.
fn numbered(catalogue: &Catalogue) -> Vec<(usize, &'static LayerDescription)> {
    let all = catalogue.descriptions();
    let listed = NUMBERED.iter().enumerate().filter_map(|(number, id)| {
        let layer = all.iter().find(|layer| layer.id == *id)?;
        Some((number, *layer))
    });
    let others = all.iter().filter(|layer| !NUMBERED.contains(&layer.id));
    let others = (NUMBERED.len()..).zip(others.copied());
    listed.chain(others).collect()
}

/// The layer of a number, or of its identifier.
///
/// # Errors
/// 404, also where the scope reads nothing that was not released.
fn layer_of(
    service: &Shared,
    asked: &Asked,
    name: &str,
) -> Result<(usize, &'static LayerDescription), Problem> {
    let absent = || Problem::not_found("There is no such layer.");
    if !asked.scope().reads_unreleased() {
        return Err(absent());
    }
    let layers = numbered(&service.catalogue);
    let of_name = |(number, layer): &&(usize, &'static LayerDescription)| {
        number.to_string() == name || layer.id == name
    };
    layers.iter().find(of_name).copied().ok_or_else(absent)
}

/// An answer, or a client's mistake as a document with status 200; a fault of the service stays a problem.
fn told(outcome: Result<Response, Problem>) -> Result<Response, Problem> {
    let problem = match outcome {
        Err(problem) if problem.kind.status().is_client_error() => problem,
        other => return other,
    };
    let document = problem.document("");
    let details: Value = document["errors"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|error| {
            let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
            Value::from(format!("{}: {}", text("parameter"), text("detail")))
        })
        .collect();
    let body = json!({
        "error": {
            "code": document["status"],
            "message": document["detail"],
            "details": details,
        },
    });
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((StatusCode::OK, headers, format!("{body}\n")).into_response())
}

//! `/processes` and `/processes/{p}`.

use axum::extract::{Path, State};
use axum::response::Response;
use naqsha_layers::LayerDescription;
use serde_json::{Map, Value, json};

use super::{OUTPUT, process, processes};
use crate::documents::{Dialect, document, of_parameter};
use crate::items::representations;
use crate::link::{self, Link};
use crate::negotiate::{GEOJSON, HTML, JSON};
use crate::problem::Problem;
use crate::request::Asked;
use crate::service::Shared;

/// `/processes`.
pub(crate) async fn list(State(service): State<Shared>, asked: Asked) -> Result<Response, Problem> {
    asked.only(&[])?;
    let format = asked.format(&[&JSON, &HTML])?;
    document(
        &service,
        &asked,
        format,
        "Processes",
        move |catalogue, asked| {
            let links = representations(asked, format, &[&JSON, &HTML]);
            let summaries: Vec<Value> = processes(catalogue)
                .map(|layer| summary(layer, asked))
                .collect();
            Ok(json!({ "processes": summaries, "links": link::to_json(&links) }))
        },
    )
    .await
}

/// `/processes/{p}`.
pub(crate) async fn description(
    State(service): State<Shared>,
    Path(id): Path<String>,
    asked: Asked,
) -> Result<Response, Problem> {
    asked.only(&[])?;
    let layer = process(&service.catalogue, &id)?;
    let format = asked.format(&[&JSON, &HTML])?;
    document(&service, &asked, format, layer.title, move |_catalogue, asked| {
        let mut description = summary(layer, asked);
        description["inputs"] = inputs(layer).into();
        description["outputs"] = json!({
            OUTPUT: {
                "title": layer.title,
                "description": "The features as a GeoJSON FeatureCollection with the member naqsha.",
                "schema": { "type": "object", "contentMediaType": GEOJSON.media_type },
            },
        });
        Ok(description)
    })
    .await
}

fn summary(layer: &LayerDescription, asked: &Asked) -> Value {
    let at = format!("{}/processes/{}", asked.base, layer.id);
    let links = [
        Link::new(at.clone(), "self", JSON.media_type, "the process"),
        Link::new(
            format!("{at}/execution"),
            "http://www.opengis.net/def/rel/ogc/1.0/execute",
            JSON.media_type,
            "POST inputs to this address",
        )
        .by("POST"),
        Link::new(
            format!("{}/collections/{}", asked.base, layer.id),
            "collection",
            JSON.media_type,
            "the same as a collection",
        ),
    ];
    json!({
        "id": layer.id,
        "title": layer.title,
        "description": layer.description,
        "version": env!("CARGO_PKG_VERSION"),
        "keywords": layer.keywords,
        "jobControlOptions": ["sync-execute", "async-execute", "dismiss"],
        "outputTransmission": ["value"],
        "links": link::to_json(&links),
    })
}

/// The layer's parameters, and which of its features are wanted; none is required.
fn inputs(layer: &LayerDescription) -> Map<String, Value> {
    let input = |title: &str, description: &str, schema: Value| json!({ "title": title, "description": description, "minOccurs": 0, "maxOccurs": 1, "schema": schema });
    let mut inputs = Map::new();
    for parameter in layer.parameters {
        let schema = of_parameter(*parameter, Dialect::OpenApi30);
        let described = input(parameter.name(), parameter.description(), schema);
        inputs.insert(parameter.name().to_owned(), described);
    }
    let corners =
        json!({ "type": "array", "minItems": 4, "maxItems": 6, "items": { "type": "number" } });
    let filter = json!({ "oneOf": [{ "type": "string" }, { "type": "object" }] });
    let text = || json!({ "type": "string" });
    for (name, description, schema) in [
        (
            "bbox",
            "Only features that meet the box: west, south, east, north in degrees.",
            corners,
        ),
        (
            "filter",
            "Only features of which this is true: CQL2 as text, or as a JSON object.",
            filter,
        ),
        (
            "sortby",
            "Properties to sort by, comma separated, those with a hyphen before them descending.",
            text(),
        ),
        (
            "properties",
            "Names of the properties that features come with, comma separated.",
            text(),
        ),
    ] {
        inputs.insert(name.to_owned(), input(name, description, schema));
    }
    inputs
}

//! `/api`: the OpenAPI 3.0.3 document, made from the layers' descriptions.
//!
//! Three habits of clients shape it: QGIS reads its page size from `components.parameters.limit`, GDAL and QGIS push
//! filters down only where a literal path `/collections/<id>/items` declares the parameter inline, and the OGC test
//! suite reads version 3.0 only.

use axum::extract::State;
use axum::response::Response;
use naqsha_layers::{Catalogue, LayerDescription, explained};
use serde_json::{Map, Value, json};

use super::document;
use super::of_zones;
use super::operations::{
    Operation, component, in_path, in_system, of_filters, of_items, of_layer, of_properties,
    problem_responses, problem_schema, query, shared_of_layer,
};
use super::schemas::of_property;
use super::tile_operations;
use crate::items::{FORMATS, OFFERED};
use crate::negotiate::{GEOJSON, HTML, JSON, OPENAPI, SCHEMA, STYLE};
use crate::problem::Problem;
use crate::question::{DEFAULT_LIMIT, MAXIMUM_LIMIT};
use crate::request::Asked;
use crate::search;
use crate::service::Shared;
use crate::{dggs, downloads, explain};

/// `/api`.
pub(crate) async fn api(State(service): State<Shared>, asked: Asked) -> Result<Response, Problem> {
    asked.only(&[])?;
    let format = asked.format(&[&OPENAPI, &HTML])?;
    if *format == HTML {
        let asked = Asked {
            accept: None,
            pairs: Vec::new(),
            ..asked
        };
        return super::api_page(State(service), asked).await;
    }
    let open = service.is_open();
    document(
        &service,
        &asked,
        format,
        "The API of Naqsha",
        move |catalogue, asked| Ok(describe(catalogue, &asked.base, open)),
    )
    .await
}

/// The document for a service whose links start with `base`, and which requests without a key may read where it is `open`.
pub(super) fn describe(catalogue: &Catalogue, base: &str, open: bool) -> Value {
    let mut paths = general();
    for layer in catalogue.descriptions() {
        paths.extend(of_collection(layer));
        paths.extend(of_zones::of_collection(layer));
        if layer.id == dggs::OF_DATA_SET {
            paths.extend(of_zones::of_data_set(layer));
        }
        paths.extend(tile_operations::of_collection(layer));
    }
    super::security::apply(&mut paths, open);
    let server = if base.is_empty() { "/" } else { base };
    json!({
        "openapi": "3.0.3",
        "info": {
            "title": "Naqsha",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Hotspot layers over recorded incidents: OGC API - Features, vector tiles, MapLibre styles.",
            "license": { "name": "Apache-2.0 OR MIT" },
        },
        "servers": [{ "url": server }],
        "tags": [
            { "name": "Capabilities", "description": "What the service offers" },
            { "name": "Data", "description": "Features of the collections" },
            { "name": "Zones", "description": "Values of the layers by zone of a discrete global grid (OGC API - DGGS)" },
            { "name": "Tiles", "description": "The same features for maps" },
            { "name": "Processes", "description": "The same answers, asked for by inputs, at once or as a job" },
            { "name": "Uploads", "description": "Files that bureaus send, and the batches they become" },
            { "name": "Feature service", "description": "The same features as ArcGIS asks for them" },
            { "name": "Operation", "description": "Whether the service works" },
        ],
        "paths": paths,
        "components": {
            "parameters": parameters(catalogue),
            "responses": problem_responses(),
            "schemas": schemas(catalogue),
            "securitySchemes": super::security::schemes(),
        },
    })
}

/// Parameters that operations refer to.
fn parameters(catalogue: &Catalogue) -> Map<String, Value> {
    let limit = json!({
        "type": "integer", "minimum": 1, "maximum": MAXIMUM_LIMIT, "default": DEFAULT_LIMIT,
    });
    let meaning = "Most features of an answer; more than the maximum is taken as the maximum. The formats csv, geojsonseq, ndjson, \
                   arrow and parquet have no maximum, and without a limit hold every feature.";
    let mut parameters = Map::new();
    parameters.insert("limit".to_owned(), query("limit", meaning, &limit));
    for layer in catalogue.descriptions() {
        for parameter in layer.parameters {
            parameters.insert(component(*parameter).to_owned(), of_layer(*parameter));
        }
    }
    parameters
}

/// Paths that do not belong to one layer.
fn general() -> Map<String, Value> {
    let page = |id: &str, summary: &str| {
        Operation::new(id, summary, "Capabilities").answers(&[&JSON, &HTML])
    };
    let check = |id: &str, summary: &str| {
        Operation::new(id, summary, "Operation")
            .answers(&[&JSON])
            .build()
    };
    let api = Operation::new("getApi", "This document", "Capabilities").answers(&[&OPENAPI, &HTML]);
    let api_page =
        Operation::new("getApiPage", "The API as a page", "Capabilities").answers(&[&HTML]);
    let paths = [
        (
            "/",
            page("getLandingPage", "Landing document; for a browser the map").build(),
        ),
        (
            "/conformance",
            page("getConformance", "Conformance classes").build(),
        ),
        ("/api", api.build()),
        ("/api.html", api_page.build()),
        (
            "/collections",
            page("getCollections", "Every collection").build(),
        ),
        (
            "/policy",
            page("getPolicy", "What each role may see").build(),
        ),
        ("/healthz", check("getHealth", "Whether the process runs")),
        (
            "/readyz",
            check("getReadiness", "Whether new requests are welcome"),
        ),
    ];
    paths
        .into_iter()
        .chain(for_maps())
        .chain(super::of_processes::paths())
        .chain(super::of_uploads::paths())
        .chain(super::of_parts::paths())
        .chain(super::of_features::paths())
        .chain([("/downloads/{file}", of_downloads())])
        .map(|(path, item)| (path.to_owned(), item))
        .chain(tile_operations::of_dataset())
        .collect()
}

/// Whole layers as files.
fn of_downloads() -> Value {
    let endings: Vec<&str> = downloads::endings().map(|(name, _)| name).collect();
    let pattern = format!("^[a-z-]+\\.({})$", endings.join("|").replace('.', "\\."));
    let name = json!({ "type": "string", "pattern": pattern });
    let summary = "A whole layer as a file, in ranges if wanted; takes the layer's parameters";
    let description = "Name of the layer and an ending, as the collection links to it.";
    Operation::new("getDownload", summary, "Data")
        .answers_file(downloads::endings().map(|(_, media)| media))
        .takes([
            in_path("file", description, &name),
            in_system("crs", "Coordinate reference system of the file."),
        ])
        .may_be_absent()
        .build()
}

/// Paths for maps that do not belong to one layer.
fn for_maps() -> [(&'static str, Value); 3] {
    let name = json!({ "type": "string" });
    let styles = Operation::new("getStyles", "MapLibre styles", "Tiles").answers(&[&JSON]);
    let style = Operation::new(
        "getStyle",
        "MapLibre style of a layer; takes the layer's parameters",
        "Tiles",
    )
    .answers(&[&STYLE])
    .takes([in_path("styleId", "Name of the layer.", &name)])
    .may_be_absent();
    let summary = "Places that label a map of a study area, largest first";
    let places = Operation::new("getPlaces", summary, "Capabilities")
        .answers(&[&JSON])
        .takes([query("study_area", "Name of the study area.", &name)]);
    [
        ("/styles", styles.build()),
        ("/styles/{styleId}", style.build()),
        ("/places.json", places.build()),
    ]
}

fn of_collection(layer: &LayerDescription) -> Vec<(String, Value)> {
    let (id, title) = (layer.id, layer.title);
    let root = format!("/collections/{id}");
    let parameters = || layer.parameters.iter().copied().map(shared_of_layer);
    let operation =
        |verb: &str, summary: String| Operation::new(format!("{verb}.{id}"), summary, "Data");
    let describe = operation("describeCollection", format!("{title}: the collection"))
        .answers(&[&JSON, &HTML]);
    let items = operation("getFeatures", format!("{title}: features"))
        .answers(&OFFERED)
        .takes(of_items())
        .takes(of_filters())
        .takes(of_properties(layer))
        .takes(layer.parameters.iter().copied().map(of_layer));
    let search = operation(
        "searchFeatures",
        format!("{title}: features by a filter that is sent"),
    )
    .answers(&FORMATS)
    .takes(of_items())
    .takes(of_filters())
    .takes(of_properties(layer))
    .takes(parameters())
    .takes_body(search::MEDIA_TYPE, "A filter in CQL2 JSON.")
    .may_be_absent();
    let feature_id = in_path(
        "featureId",
        "Identifier of the feature.",
        &json!({ "type": "string" }),
    );
    let item = operation("getFeature", format!("{title}: one feature"))
        .answers(&[&GEOJSON, &HTML])
        .takes([feature_id])
        .takes([in_system(
            "crs",
            "Coordinate reference system of the answer.",
        )])
        .takes(parameters())
        .may_be_absent();
    let schema = operation("getSchema", format!("{title}: properties")).answers(&[&SCHEMA, &HTML]);
    let document = |verb: &str, what: &str| {
        operation(verb, format!("{title}: {what}")).answers(&[&SCHEMA, &HTML])
    };
    let queryables = document("getQueryables", "what a filter may name");
    let sortables = document("getSortables", "what features can be sorted by");
    let mut paths = vec![
        (root.clone(), describe.build()),
        (format!("{root}/items"), items.may_be_absent().build()),
        (format!("{root}/items/{{featureId}}"), item.build()),
        (format!("{root}/schema"), schema.build()),
        (format!("{root}/queryables"), queryables.build()),
        (format!("{root}/sortables"), sortables.build()),
        (format!("{root}/search"), search.build()),
    ];
    if explained().any(|explained| explained == id) {
        let cell = json!({ "type": "string", "pattern": "^8[0-9a-f]{14}$" });
        let explain = operation("explainCell", format!("{title}: why a cell is as it is"))
            .answers(&explain::FORMATS)
            .takes([in_path("h3", "H3 cell of the study area.", &cell)])
            .takes(parameters())
            .may_be_absent();
        paths.push((format!("{root}/explain/{{h3}}"), explain.build()));
    }
    paths
}

fn schemas(catalogue: &Catalogue) -> Map<String, Value> {
    let properties = |layer: &&LayerDescription| {
        let properties: Map<String, Value> = layer
            .properties
            .iter()
            .map(|property| {
                let mut schema = of_property(property);
                schema["nullable"] = true.into();
                (property.name.to_owned(), schema)
            })
            .collect();
        (
            format!("{}Properties", layer.id),
            json!({ "type": "object", "properties": properties }),
        )
    };
    let mut schemas: Map<String, Value> = catalogue.descriptions().iter().map(properties).collect();
    schemas.insert("Problem".to_owned(), problem_schema());
    schemas
}

//! What the OpenAPI document says of the feature service, which speaks the words of ArcGIS: a client's mistake is a document
//! with status 200, and parameters that ask for nothing the service has are let pass.

use serde_json::{Value, json};

use super::operations::{Operation, in_path, query};
use crate::featureserver::{FORMATS_OF_DESCRIPTIONS, FORMATS_OF_QUERIES};

const TAG: &str = "Feature service";

/// The paths with their operations.
pub(super) fn paths() -> [(&'static str, Value); 5] {
    let description = |id: &str, summary: &str| {
        Operation::new(id, summary, TAG).answers(&FORMATS_OF_DESCRIPTIONS)
    };
    let features = |id: &str, summary: &str| {
        Operation::new(id, summary, TAG)
            .answers(&FORMATS_OF_QUERIES)
            .takes([of_layer()])
            .takes(of_query())
    };
    let form = "The same parameters as a form, for those that are too long for an address.";
    let mut asked = features(
        "queryFeatureLayer",
        "Features, their numbers, count or extent",
    )
    .build();
    let posted = features("postQueryOfFeatureLayer", "The same, asked by a form")
        .takes_body("application/x-www-form-urlencoded", form)
        .build();
    asked["post"] = posted["post"].clone();
    [
        (
            "/arcgis/rest/info",
            description("getFeatureServerInfo", "Version of the protocol").build(),
        ),
        (
            "/arcgis/rest/services",
            description("getFeatureServices", "The one service").build(),
        ),
        (
            "/arcgis/rest/services/crime/FeatureServer",
            description("getFeatureService", "The layers by number").build(),
        ),
        (
            "/arcgis/rest/services/crime/FeatureServer/{layerId}",
            description("getFeatureLayer", "A layer with its fields")
                .takes([of_layer()])
                .build(),
        ),
        (
            "/arcgis/rest/services/crime/FeatureServer/{layerId}/query",
            asked,
        ),
    ]
}

fn of_layer() -> Value {
    let name = json!({ "type": "string" });
    in_path("layerId", "Number of the layer, or its name.", &name)
}

fn of_query() -> Vec<Value> {
    let text = || json!({ "type": "string" });
    let truth = || json!({ "type": "boolean" });
    let number = || json!({ "type": "integer", "minimum": 0 });
    let list = [
        (
            "where",
            "A clause of SQL over the fields; 1=1 is all.",
            text(),
        ),
        ("objectIds", "Numbers of features, comma separated.", text()),
        (
            "geometry",
            "A box: xmin,ymin,xmax,ymax, or an envelope as JSON.",
            text(),
        ),
        ("geometryType", "esriGeometryEnvelope.", text()),
        ("spatialRel", "esriSpatialRelIntersects.", text()),
        (
            "inSR",
            "Reference of the box: 4326, 3857 or 102100.",
            text(),
        ),
        ("outSR", "Reference of the answer.", text()),
        (
            "outFields",
            "Names of fields, comma separated; * is all.",
            text(),
        ),
        (
            "orderByFields",
            "Names of fields, each with ASC or DESC.",
            text(),
        ),
        (
            "returnGeometry",
            "Whether features come with their geometry.",
            truth(),
        ),
        ("returnIdsOnly", "Only numbers.", truth()),
        ("returnCountOnly", "Only how many.", truth()),
        ("returnExtentOnly", "Only the box around all.", truth()),
        ("resultOffset", "Features skipped.", number()),
        (
            "resultRecordCount",
            "Most features; at most 2,000 are given.",
            number(),
        ),
    ];
    let parameters = list.iter();
    parameters
        .map(|(name, description, schema)| query(name, description, schema))
        .collect()
}

//! What the feature service is: `/arcgis/rest/info`, the list of services, the service and its layers.

use axum::extract::{Path, State};
use axum::response::Response;
use naqsha_layers::{Catalogue, LayerDescription, LayerQuery};
use serde_json::{Value, json};

use super::fields::{self, OBJECT_ID};
use super::spatial::Reference;
use super::{CURRENT_VERSION, MAX_RECORD_COUNT, SERVICE, layer_of, numbered, told};
use crate::documents::{self, pretty};
use crate::html;
use crate::negotiate::{Format, HTML, JSON, PRETTY_JSON};
use crate::problem::Problem;
use crate::reply::{Freshness, Produced, Representation, reply};
use crate::request::Asked;
use crate::service::Shared;

pub(crate) static OFFERED: [&Format; 3] = [&JSON, &PRETTY_JSON, &HTML];
/// Formats of a query, as clients are told.
const QUERY_FORMATS: &str = "JSON, geoJSON";

/// `/arcgis/rest/info`.
pub(crate) async fn info(State(service): State<Shared>, asked: Asked) -> Result<Response, Problem> {
    let info = |_: &Catalogue| {
        Ok(json!({
            "currentVersion": CURRENT_VERSION,
            "fullVersion": format!("{CURRENT_VERSION}.0"),
            "authInfo": { "isTokenBasedSecurity": false },
        }))
    };
    document(&service, &asked, "Naqsha", info).await
}

/// `/arcgis/rest/services`.
pub(crate) async fn services(
    State(service): State<Shared>,
    asked: Asked,
) -> Result<Response, Problem> {
    let services = |_: &Catalogue| {
        Ok(json!({
            "currentVersion": CURRENT_VERSION,
            "folders": [],
            "services": [{ "name": SERVICE, "type": "FeatureServer" }],
        }))
    };
    document(&service, &asked, "Services", services).await
}

/// `/arcgis/rest/services/crime/FeatureServer`.
pub(crate) async fn service(
    State(service): State<Shared>,
    asked: Asked,
) -> Result<Response, Problem> {
    let scope = asked.scope().clone();
    let whole = move |catalogue: &Catalogue| {
        let layers = numbered(catalogue).into_iter().map(|(number, layer)| {
            json!({
                "id": number,
                "name": layer.title,
                "parentLayerId": -1,
                "defaultVisibility": layer.default,
                "subLayerIds": null,
                "minScale": 0,
                "maxScale": 0,
                "type": "Feature Layer",
                "geometryType": geometry_type(layer, scope.sees_points()),
            })
        });
        let layers: Value = if scope.reads_unreleased() {
            layers.collect()
        } else {
            json!([])
        };
        let extent = extent(catalogue, None)?;
        Ok(json!({
            "currentVersion": CURRENT_VERSION,
            "serviceDescription": "Hotspot layers over recorded incidents.",
            "hasVersionedData": false,
            "maxRecordCount": MAX_RECORD_COUNT,
            "supportedQueryFormats": QUERY_FORMATS,
            "capabilities": "Query",
            "description": "",
            "copyrightText": "",
            "spatialReference": Reference::Degrees.to_json(),
            "initialExtent": extent,
            "fullExtent": extent,
            "allowGeometryUpdates": false,
            "syncEnabled": false,
            "units": "esriDecimalDegrees",
            "layers": layers,
            "tables": [],
        }))
    };
    document(&service, &asked, "Feature service", whole).await
}

/// `/arcgis/rest/services/crime/FeatureServer/{n}`.
pub(crate) async fn layer(
    State(service): State<Shared>,
    Path(name): Path<String>,
    asked: Asked,
) -> Result<Response, Problem> {
    let (number, layer) = match layer_of(&service, &asked, &name) {
        Ok(found) => found,
        Err(problem) => return told(Err(problem)),
    };
    let points = asked.scope().sees_points();
    let one = move |catalogue: &Catalogue| {
        let extent = extent(catalogue, Some(layer))?;
        Ok(describe(number, layer, points, &extent))
    };
    document(&service, &asked, layer.title, one).await
}

fn describe(number: usize, layer: &LayerDescription, points: bool, extent: &Value) -> Value {
    let fields = fields::all(layer);
    let display = fields.get(1).map_or(OBJECT_ID, |field| field.name(layer));
    let mut document = json!({
        "currentVersion": CURRENT_VERSION,
        "id": number,
        "name": layer.title,
        "type": "Feature Layer",
        "description": layer.description,
        "copyrightText": layer.reference,
        "parentLayer": null,
        "subLayers": [],
        "defaultVisibility": true,
        "minScale": 0,
        "maxScale": 0,
        "geometryType": geometry_type(layer, points),
        "displayField": display,
        "typeIdField": null,
        "objectIdField": OBJECT_ID,
        "globalIdField": "",
        "uniqueIdField": { "name": OBJECT_ID, "isSystemMaintained": true },
        "extent": extent,
        "sourceSpatialReference": Reference::Degrees.to_json(),
        "fields": fields.iter().map(|field| field.describe(layer)).collect::<Value>(),
        "drawingInfo": { "renderer": renderer(layer, points), "transparency": 0, "labelingInfo": null },
    });
    if let (Some(document), Value::Object(more)) = (document.as_object_mut(), capabilities()) {
        document.extend(more);
    }
    document
}

/// What can be asked of any layer, and what clients want to hear that none has.
fn capabilities() -> Value {
    json!({
        "hasZ": false,
        "hasM": false,
        "hasAttachments": false,
        "htmlPopupType": "esriServerHTMLPopupTypeNone",
        "indexes": [],
        "relationships": [],
        "types": [],
        "templates": [],
        "isDataVersioned": false,
        "canModifyLayer": false,
        "supportsStatistics": false,
        "supportsAdvancedQueries": true,
        "supportedQueryFormats": QUERY_FORMATS,
        "maxRecordCount": MAX_RECORD_COUNT,
        "standardMaxRecordCount": MAX_RECORD_COUNT,
        "capabilities": "Query",
        "useStandardizedQueries": true,
        "advancedQueryCapabilities": {
            "supportsPagination": true,
            "supportsOrderBy": true,
            "supportsQueryWithResultType": false,
            "supportsReturningQueryExtent": true,
            "supportsStatistics": false,
            "supportsDistinct": false,
            "supportsHavingClause": false,
            "supportsCountDistinct": false,
            "supportsQueryWithDistance": false,
            "supportsSqlExpression": false,
        },
    })
}

/// The type of a layer's geometries where the scope shows points, or does not.
pub(super) fn geometry_type(layer: &LayerDescription, points: bool) -> &'static str {
    if layer.leads() {
        "esriGeometryPolyline"
    } else if !layer.over_cells && (points || !layer.is_of_records()) {
        "esriGeometryPoint"
    } else {
        "esriGeometryPolygon"
    }
}

/// How a client draws the layer until it is told otherwise.
fn renderer(layer: &LayerDescription, points: bool) -> Value {
    let line = json!({ "type": "esriSLS", "style": "esriSLSSolid", "color": [189, 0, 38, 160], "width": 1 });
    let symbol = match geometry_type(layer, points) {
        "esriGeometryPolyline" => line,
        "esriGeometryPoint" => json!({
            "type": "esriSMS",
            "style": "esriSMSCircle",
            "color": [189, 0, 38, 160],
            "size": 5,
        }),
        _ => json!({
            "type": "esriSFS",
            "style": "esriSFSSolid",
            "color": [253, 141, 60, 128],
            "outline": line,
        }),
    };
    json!({ "type": "simple", "symbol": symbol, "label": "", "description": "" })
}

/// The box around what a layer shows, or around everything.
fn extent(catalogue: &Catalogue, layer: Option<&LayerDescription>) -> Result<Value, Problem> {
    let query = LayerQuery::default();
    let layers = layer.map(|layer| (layer, &query));
    let [west, south, east, north] = documents::bounds(catalogue, layers.as_slice())?;
    Ok(json!({
        "xmin": west,
        "ymin": south,
        "xmax": east,
        "ymax": north,
        "spatialReference": Reference::Degrees.to_json(),
    }))
}

/// Answers with a document; parameters but `f` ask for nothing here.
async fn document(
    service: &Shared,
    asked: &Asked,
    title: &'static str,
    make: impl FnOnce(&Catalogue) -> Result<Value, Problem> + Send + 'static,
) -> Result<Response, Problem> {
    let format = match asked.format(&OFFERED) {
        Ok(format) => format,
        Err(problem) => return told(Err(problem)),
    };
    let representation = Representation::new(asked, format, Freshness::Metadata);
    let produce = move |catalogue: &Catalogue, version| {
        let document = make(catalogue)?;
        let body = if *format == HTML {
            html::page(title, &document).into_bytes()
        } else if *format == PRETTY_JSON {
            pretty(&document)
        } else {
            format!("{document}\n").into_bytes()
        };
        Ok(Produced {
            body: Some(body),
            version,
            headers: html::headers(format),
        })
    };
    told(reply(service, asked, representation, produce).await)
}

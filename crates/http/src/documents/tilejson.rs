//! `/xyz/{layer}.json`: TileJSON 3.0.0 of a layer over cells.

use axum::extract::{Path, State};
use axum::response::Response;
use naqsha_layers::{Catalogue, LayerDescription, LayerQuery, NamedArea, Property, PropertyKind};
use serde_json::{Map, Value, json};

use super::document;
use crate::link::query_string;
use crate::negotiate::JSON;
use crate::problem::Problem;
use crate::request::Asked;
use crate::service::Shared;
use crate::tiles::{LAST_ZOOM, tiled};

/// `/xyz/{layer}.json`; the layer's parameters of the request are those of its tiles.
pub(crate) async fn tilejson(
    State(service): State<Shared>,
    Path(file): Path<String>,
    asked: Asked,
) -> Result<Response, Problem> {
    let name = file
        .strip_suffix(".json")
        .ok_or_else(|| Problem::not_found("There is no such tile set."))?;
    let layer = tiled(&service.catalogue, name)?;
    let format = asked.format(&[&JSON])?;
    let query = LayerQuery::parse(layer, asked.question()).map_err(Problem::parameters)?;
    document(
        &service,
        &asked,
        format,
        layer.title,
        move |catalogue, asked| describe(catalogue, layer, &query, asked),
    )
    .await
}

fn describe(
    catalogue: &Catalogue,
    layer: &LayerDescription,
    query: &LayerQuery,
    asked: &Asked,
) -> Result<Value, Problem> {
    let area = match &query.study_area {
        Some(name) => Some(catalogue.areas().get(name)?),
        None => catalogue.default_area(),
    };
    let bounds = area
        .and_then(NamedArea::extent)
        .unwrap_or([-180.0, -85.0, 180.0, 85.0]);
    let [west, south, east, north] = bounds;
    let fields: Map<String, Value> = layer
        .properties
        .iter()
        .map(|property| (property.name.to_owned(), kind(property).into()))
        .collect();
    let template = format!(
        "{}/xyz/{}/{{z}}/{{x}}/{{y}}.mvt{}",
        asked.base,
        layer.id,
        query_string(asked.question())
    );
    Ok(json!({
        "tilejson": "3.0.0",
        "name": layer.title,
        "description": layer.description,
        "version": "1.0.0",
        "scheme": "xyz",
        "tiles": [template],
        "minzoom": 0,
        "maxzoom": LAST_ZOOM,
        "bounds": bounds,
        "center": [f64::midpoint(west, east), f64::midpoint(south, north), 6],
        "vector_layers": [{
            "id": layer.id,
            "description": layer.description,
            "minzoom": 0,
            "maxzoom": LAST_ZOOM,
            "fields": fields,
        }],
    }))
}

/// The type of a field as TileJSON names it.
const fn kind(property: &Property) -> &'static str {
    match property.kind {
        PropertyKind::Integer | PropertyKind::Number => "Number",
        PropertyKind::Boolean => "Boolean",
        PropertyKind::Text | PropertyKind::Choice(_) | PropertyKind::Cell | PropertyKind::Date => {
            "String"
        }
    }
}

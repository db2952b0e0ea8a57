//! TileJSON 3.0.0 of layers: `/xyz/{layer}.json`, and a representation of the tilesets of OGC API - Tiles; the same in the
//! words of `MBTiles` at `/xyz/{layer}/metadata.json`, where GDAL's reader of tiles looks for it.

use axum::extract::{Path, State};
use axum::response::Response;
use naqsha_layers::{Catalogue, LayerDescription, LayerQuery, NamedArea, Property, PropertyKind};
use serde_json::{Map, Value, json};

use super::collections::boxes;
use super::document;
use crate::link::query_string;
use crate::negotiate::JSON;
use crate::problem::Problem;
use crate::question::parse_for_tile;
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
    let (_, query) = parse_for_tile(layer, asked.question())?;
    document(
        &service,
        &asked,
        format,
        layer.title,
        move |catalogue, asked| of_xyz(catalogue, layer, &query, asked),
    )
    .await
}

/// `/xyz/{layer}/metadata.json`.
pub(crate) async fn metadata(
    State(service): State<Shared>,
    Path(name): Path<String>,
    asked: Asked,
) -> Result<Response, Problem> {
    let layer = tiled(&service.catalogue, &name)?;
    let format = asked.format(&[&JSON])?;
    let (_, query) = parse_for_tile(layer, asked.question())?;
    document(
        &service,
        &asked,
        format,
        layer.title,
        move |catalogue, asked| Ok(of_mbtiles(&of_xyz(catalogue, layer, &query, asked)?)),
    )
    .await
}

fn of_xyz(
    catalogue: &Catalogue,
    layer: &'static LayerDescription,
    query: &LayerQuery,
    asked: &Asked,
) -> Result<Value, Problem> {
    let template = format!(
        "{}/xyz/{}/{{z}}/{{x}}/{{y}}.mvt{}",
        asked.base,
        layer.id,
        query_string(asked.question())
    );
    let bounds = bounds(catalogue, &[(layer, query)])?;
    let mut document = describe(&[layer], bounds, &template);
    document["name"] = layer.title.into();
    document["description"] = layer.description.into();
    Ok(document)
}

/// The box around what layers show: their study area, or all of them where a layer knows none.
pub(crate) fn bounds(
    catalogue: &Catalogue,
    layers: &[(&LayerDescription, &LayerQuery)],
) -> Result<[f64; 4], Problem> {
    let everywhere = || {
        let around = boxes(catalogue).first().copied();
        around.unwrap_or([-180.0, -85.0, 180.0, 85.0])
    };
    if !layers.iter().all(|(layer, _)| layer.over_cells) {
        return Ok(everywhere());
    }
    let named = layers
        .iter()
        .find_map(|(_, query)| query.study_area.as_ref());
    let area = match named {
        Some(name) => Some(catalogue.areas().get(name)?),
        None => catalogue.default_area(),
    };
    Ok(area.and_then(NamedArea::extent).unwrap_or_else(everywhere))
}

/// A TileJSON document without the name of its whole.
pub(crate) fn describe(layers: &[&LayerDescription], bounds: [f64; 4], template: &str) -> Value {
    let [west, south, east, north] = bounds;
    let vector_layer = |layer: &&LayerDescription| {
        json!({
            "id": layer.id,
            "description": layer.description,
            "minzoom": 0,
            "maxzoom": LAST_ZOOM,
            "fields": fields(layer),
        })
    };
    json!({
        "tilejson": "3.0.0",
        "name": null,
        "description": null,
        "version": "1.0.0",
        "scheme": "xyz",
        "tiles": [template],
        "minzoom": 0,
        "maxzoom": LAST_ZOOM,
        "bounds": bounds,
        "center": [f64::midpoint(west, east), f64::midpoint(south, north), 6],
        "vector_layers": layers.iter().map(vector_layer).collect::<Value>(),
    })
}

/// The names of a layer's properties in tiles with their types.
fn fields(layer: &LayerDescription) -> Map<String, Value> {
    let of = |property: &Property| (property.name.to_owned(), kind(property).into());
    let mut fields: Map<String, Value> = layer.properties.iter().map(of).collect();
    if layer.is_of_records() {
        // Where records are summed per cell.
        fields.insert("n".to_owned(), "Number".into());
    }
    fields
}

/// A TileJSON document in the words of `MBTiles` 1.3: values are texts, what is about layers is JSON in one.
fn of_mbtiles(tilejson: &Value) -> Value {
    let list = |name: &str| {
        let numbers = tilejson[name].as_array().into_iter().flatten();
        let texts: Vec<String> = numbers.map(Value::to_string).collect();
        texts.join(",")
    };
    let layers = json!({ "vector_layers": tilejson["vector_layers"] });
    json!({
        "name": tilejson["name"],
        "description": tilejson["description"],
        "version": "1",
        "type": "overlay",
        "format": "pbf",
        "minzoom": tilejson["minzoom"].to_string(),
        "maxzoom": tilejson["maxzoom"].to_string(),
        "bounds": list("bounds"),
        "center": list("center"),
        "json": layers.to_string(),
    })
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

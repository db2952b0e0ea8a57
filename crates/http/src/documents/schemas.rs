//! `/collections/{c}/schema`, `queryables` and `sortables`: JSON Schemas of what comes out and of what can be asked.

use axum::extract::{Path, State};
use axum::response::Response;
use naqsha_layers::filter::GEOMETRY;
use naqsha_layers::{
    Catalogue, LayerDescription, Parameter, ParameterKind, Property, PropertyKind,
};
use serde_json::{Map, Value, json};

use super::layer_document;
use crate::negotiate::{Format, HTML, SCHEMA};
use crate::problem::Problem;
use crate::request::Asked;
use crate::service::Shared;

static OFFERED: [&Format; 2] = [&SCHEMA, &HTML];
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// `/collections/{c}/schema`.
pub(crate) async fn schema(
    State(service): State<Shared>,
    Path(id): Path<String>,
    asked: Asked,
) -> Result<Response, Problem> {
    let make = |_: &Catalogue, layer, asked: &Asked, _: &Format| of_features(layer, asked);
    layer_document(&service, &asked, &id, &OFFERED, make).await
}

/// `/collections/{c}/queryables`.
pub(crate) async fn queryables(
    State(service): State<Shared>,
    Path(id): Path<String>,
    asked: Asked,
) -> Result<Response, Problem> {
    let make = |_: &Catalogue, layer, asked: &Asked, _: &Format| of_queryables(layer, asked);
    layer_document(&service, &asked, &id, &OFFERED, make).await
}

/// `/collections/{c}/sortables`.
pub(crate) async fn sortables(
    State(service): State<Shared>,
    Path(id): Path<String>,
    asked: Asked,
) -> Result<Response, Problem> {
    let make = |_: &Catalogue, layer, asked: &Asked, _: &Format| of_order(layer, asked);
    layer_document(&service, &asked, &id, &OFFERED, make).await
}

fn of_order(layer: &LayerDescription, asked: &Asked) -> Value {
    let sortable = |name: &'static str| {
        let property = layer
            .properties
            .iter()
            .find(|property| property.name == name)?;
        Some((name.to_owned(), of_property(property)))
    };
    let properties: Map<String, Value> = naqsha_layers::sortables(layer)
        .filter_map(sortable)
        .collect();
    frame(layer, asked, &properties)
}

/// What a filter may name: the properties of a feature and its geometry; and the parameters of the layer, which are
/// asked beside a filter.
fn of_queryables(layer: &LayerDescription, asked: &Asked) -> Value {
    let mut properties = Map::new();
    properties.insert(GEOMETRY.to_owned(), geometry(layer));
    for property in layer.properties {
        properties.insert(property.name.to_owned(), of_property(property));
    }
    for parameter in layer.parameters {
        if !properties.contains_key(parameter.name()) {
            let mut schema = of_parameter(*parameter, Dialect::JsonSchema);
            schema["title"] = parameter.name().into();
            schema["description"] = format!(
                "Parameter, asked beside a filter. {}",
                parameter.description()
            )
            .into();
            properties.insert(parameter.name().to_owned(), schema);
        }
    }
    frame(layer, asked, &properties)
}

fn geometry(layer: &LayerDescription) -> Value {
    let format = if layer.leads() {
        // Two parts over the antimeridian.
        "geometry-linestring-or-multilinestring"
    } else if layer.over_cells {
        "geometry-polygon"
    } else {
        "geometry-any"
    };
    json!({ "title": "Geometry", "format": format, "x-ogc-role": "primary-geometry" })
}

fn of_features(layer: &LayerDescription, asked: &Asked) -> Value {
    let mut properties = Map::new();
    properties.insert(
        "id".to_owned(),
        json!({ "type": "string", "x-ogc-role": "id", "readOnly": true }),
    );
    properties.insert(GEOMETRY.to_owned(), geometry(layer));
    let roles = time_roles(layer);
    for (i, property) in layer.properties.iter().enumerate() {
        let mut schema = of_property(property);
        schema["x-ogc-propertySeq"] = (i + 1).into();
        if let Some((_, role)) = roles.iter().find(|(name, _)| *name == property.name) {
            schema["x-ogc-role"] = (*role).into();
        }
        properties.insert(property.name.to_owned(), schema);
    }
    frame(layer, asked, &properties)
}

fn frame(layer: &LayerDescription, asked: &Asked, properties: &Map<String, Value>) -> Value {
    json!({
        "$schema": DIALECT,
        "$id": format!("{}{}", asked.base, asked.path),
        "type": "object",
        "title": layer.title,
        "description": layer.description,
        "properties": properties,
        "additionalProperties": false,
    })
}

/// Which properties say when: the only date, or the first two as the ends of an interval.
fn time_roles(layer: &LayerDescription) -> Vec<(&'static str, &'static str)> {
    let mut dates = layer
        .properties
        .iter()
        .filter(|p| p.kind == PropertyKind::Date)
        .map(|p| p.name);
    match (dates.next(), dates.next()) {
        (Some(first), Some(last)) => vec![
            (first, "primary-interval-start"),
            (last, "primary-interval-end"),
        ],
        (Some(only), None) => vec![(only, "primary-instant")],
        (None, _) => Vec::new(),
    }
}

/// The schemas of a layer's properties, by their names.
pub(crate) fn properties_of(layer: &LayerDescription) -> Map<String, Value> {
    let of = |property: &Property| (property.name.to_owned(), of_property(property));
    layer.properties.iter().map(of).collect()
}

/// The schema of a property's values, in the words that JSON Schema and OpenAPI 3.0 share.
pub(crate) fn of_property(property: &Property) -> Value {
    let mut schema = match property.kind {
        PropertyKind::Integer => json!({ "type": "integer" }),
        PropertyKind::Number => json!({ "type": "number" }),
        PropertyKind::Boolean => json!({ "type": "boolean" }),
        PropertyKind::Text => json!({ "type": "string" }),
        PropertyKind::Choice(codes) => json!({ "type": "string", "enum": codes }),
        PropertyKind::Cell => json!({ "type": "string", "pattern": "^8[0-9a-f]{14}$" }),
        PropertyKind::Date => json!({ "type": "string", "format": "date" }),
    };
    schema["title"] = property.title.into();
    schema["description"] = property.description.into();
    if let Some(unit) = property.unit {
        schema["x-ogc-unit"] = unit.into();
    }
    schema
}

/// Which words a schema is written in: they differ in how a bound is said to be exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// JSON Schema 2020-12.
    JsonSchema,
    /// OpenAPI 3.0, after JSON Schema draft 5.
    OpenApi30,
}

/// The schema of a parameter's values.
///
/// Lists of codes are a plain string, whose codes the description names: GDAL and QGIS push an equality filter down
/// only to a parameter of scalar type.
pub(crate) fn of_parameter(parameter: Parameter, dialect: Dialect) -> Value {
    match (parameter.kind(), dialect) {
        (
            ParameterKind::ChoiceList(_)
            | ParameterKind::TextList
            | ParameterKind::Text
            | ParameterKind::Interval,
            _,
        ) => json!({ "type": "string" }),
        (ParameterKind::Flag, _) => json!({ "type": "boolean" }),
        (ParameterKind::Choice(codes), _) => json!({ "type": "string", "enum": codes }),
        (ParameterKind::Integer { min, max: i64::MAX }, _) => {
            json!({ "type": "integer", "minimum": min })
        }
        (ParameterKind::Integer { min, max }, _) => {
            json!({ "type": "integer", "minimum": min, "maximum": max })
        }
        (ParameterKind::Number { above, below }, Dialect::JsonSchema) => {
            json!({ "type": "number", "exclusiveMinimum": above, "exclusiveMaximum": below })
        }
        (ParameterKind::Number { above, below }, Dialect::OpenApi30) => json!({
            "type": "number",
            "minimum": above,
            "exclusiveMinimum": true,
            "maximum": below,
            "exclusiveMaximum": true,
        }),
    }
}

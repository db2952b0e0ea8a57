//! `/styles` and `/styles/{layer}`: MapLibre styles with one source and no boundary lines.
//!
//! Colours follow from the kind of layer: a signed significance class is drawn from cold to hot, a class by what it is called, a
//! density or count from light to dark. Both ramps are `ColorBrewer`'s (`RdBu` and `YlOrRd`) and can be told apart by colour-blind readers.

use axum::extract::{Path, State};
use axum::response::Response;
use naqsha_layers::{LayerDescription, Property, PropertyKind};
use serde_json::{Value, json};

use super::document;
use crate::link::{self, Link, query_string};
use crate::negotiate::{JSON, STYLE};
use crate::problem::Problem;
use crate::question::parse_for_tile;
use crate::request::Asked;
use crate::service::Shared;

/// The property of signed significance: −3 (cold) to 3 (hot).
const BIN: &str = "bin";
/// The property that names what a cell is.
const CLASS: &str = "class";

/// `/styles`.
pub(crate) async fn styles(
    State(service): State<Shared>,
    asked: Asked,
) -> Result<Response, Problem> {
    asked.only(&[])?;
    let format = asked.format(&[&JSON])?;
    document(&service, &asked, format, "Styles", |catalogue, asked| {
        let style = |layer: &&&LayerDescription| {
            let address = format!("{}/styles/{}", asked.base, layer.id);
            let link = Link::new(address, "stylesheet", STYLE.media_type, layer.title);
            json!({ "id": layer.id, "title": layer.title, "links": link::to_json(&[link]) })
        };
        let layers: Vec<_> = catalogue
            .descriptions()
            .iter()
            .filter(|layer| layer.over_cells)
            .collect();
        Ok(json!({ "styles": layers.iter().map(style).collect::<Value>() }))
    })
    .await
}

/// `/styles/{layer}`; the layer's parameters of the request are those of its tiles.
pub(crate) async fn style(
    State(service): State<Shared>,
    Path(id): Path<String>,
    asked: Asked,
) -> Result<Response, Problem> {
    let layer = service.catalogue.describe(&id)?;
    if !layer.over_cells {
        return Err(Problem::not_found("Styles are of layers over cells."));
    }
    let format = asked.format(&[&STYLE])?;
    parse_for_tile(layer, asked.question())?;
    document(
        &service,
        &asked,
        format,
        layer.title,
        move |_catalogue, asked| Ok(describe(layer, asked)),
    )
    .await
}

fn describe(layer: &LayerDescription, asked: &Asked) -> Value {
    let address = format!(
        "{}/xyz/{}.json{}",
        asked.base,
        layer.id,
        query_string(asked.question())
    );
    let colour = colour(layer);
    let (kind, paint) = if layer.leads() {
        let width = json!(["interpolate", ["linear"], ["get", "n"], 1, 1, 100, 8]);
        (
            "line",
            json!({ "line-color": "#bd0026", "line-opacity": 0.6, "line-width": width }),
        )
    } else {
        let outline = "rgba(0,0,0,0.12)";
        (
            "fill",
            json!({ "fill-color": colour, "fill-opacity": 0.75, "fill-outline-color": outline }),
        )
    };
    json!({
        "version": 8,
        "name": layer.title,
        "sources": { layer.id: { "type": "vector", "url": address } },
        "layers": [
            { "id": "background", "type": "background", "paint": { "background-color": "#f4f3f0" } },
            {
                "id": layer.id,
                "type": kind,
                "source": layer.id,
                "source-layer": layer.id,
                "paint": paint,
            },
        ],
    })
}

fn colour(layer: &LayerDescription) -> Value {
    if layer.properties.iter().any(|property| property.name == BIN) {
        return json!([
            "match",
            ["get", BIN],
            -3,
            "#2166ac",
            -2,
            "#67a9cf",
            -1,
            "#d1e5f0",
            1,
            "#fddbc7",
            2,
            "#ef8a62",
            3,
            "#b2182b",
            "#e8e8e8",
        ]);
    }
    let mut properties = layer.properties.iter();
    let class = properties.find_map(|property| match (property.name, property.kind) {
        (CLASS, PropertyKind::Choice(codes)) => Some(codes),
        _ => None,
    });
    if let Some(codes) = class {
        let drawn = codes
            .iter()
            .filter_map(|code| Some((*code, of_class(code)?)));
        let cases = drawn.flat_map(|(code, colour)| [Value::from(code), colour.into()]);
        let head = [json!("match"), json!(["get", CLASS])];
        return head
            .into_iter()
            .chain(cases)
            .chain([json!("#e8e8e8")])
            .collect();
    }
    let number = |kind| matches!(kind, PropertyKind::Integer | PropertyKind::Number);
    let mut properties = layer.properties.iter();
    match properties.find(|property| number(property.kind)) {
        Some(property) => ramp(property),
        None => "#fd8d3c".into(),
    }
}

/// The colour of a class: high and rising are red, low and falling blue, what is over, on and off, or out of place is paler.
fn of_class(code: &str) -> Option<&'static str> {
    let is_pale = ["historical", "sporadic", "oscillating", "diminishing"]
        .iter()
        .any(|course| code.starts_with(course));
    Some(match code {
        "high_high" | "increase" => "#b2182b",
        "low_low" | "decrease" => "#2166ac",
        "high_low" => "#ef8a62",
        "low_high" => "#67a9cf",
        _ if code.ends_with("hot_spot") => {
            if is_pale {
                "#ef8a62"
            } else {
                "#b2182b"
            }
        }
        _ if code.ends_with("cold_spot") => {
            if is_pale {
                "#67a9cf"
            } else {
                "#2166ac"
            }
        }
        _ => return None,
    })
}

/// From light to dark: whole numbers from one on, real ones from a thousandth on.
fn ramp(property: &Property) -> Value {
    let limits = if property.kind == PropertyKind::Number {
        [0.001, 0.01, 0.1, 1.0, 10.0]
    } else {
        [1.0, 3.0, 10.0, 30.0, 100.0]
    };
    let colours = ["#ffffb2", "#fecc5c", "#fd8d3c", "#f03b20", "#bd0026"];
    let value = json!(["coalesce", ["get", property.name], 0]);
    let steps = limits.into_iter().zip(colours);
    let steps = steps.flat_map(|(limit, colour)| [Value::from(limit), colour.into()]);
    let head = [json!("step"), value, json!("#f7f7f7")];
    head.into_iter().chain(steps).collect()
}

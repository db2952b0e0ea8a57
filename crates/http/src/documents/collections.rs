//! `/collections`, `/collections/{c}` and the places that label a map.

use axum::extract::{Path, State};
use axum::response::Response;
use naqsha_formats::Crs;
use naqsha_layers::{
    Catalogue, LayerDescription, NamedArea, Parameter, ParameterKind, aggregated, has_zones,
};
use naqsha_model::{Category, CategorySet};
use serde_json::{Value, json};

use super::{document, layer_document};
use crate::dggs::DGGRS_LIST;
use crate::items::{FORMATS, representations};
use crate::link::{self, Link};
use crate::negotiate::{Format, HTML, JSON, SCHEMA};
use crate::problem::Problem;
use crate::request::Asked;
use crate::service::Shared;
use crate::tiles::LISTS;
use crate::{changes, downloads};

static OFFERED: [&Format; 2] = [&JSON, &HTML];

/// `/collections`.
pub(crate) async fn collections(
    State(service): State<Shared>,
    asked: Asked,
) -> Result<Response, Problem> {
    asked.only(&[])?;
    let format = asked.format(&OFFERED)?;
    document(
        &service,
        &asked,
        format,
        "Collections",
        move |catalogue, asked| {
            let all: Value = catalogue
                .descriptions()
                .iter()
                .map(|layer| describe(catalogue, layer, asked, &JSON))
                .collect();
            let links = representations(asked, format, &OFFERED);
            Ok(json!({ "links": link::to_json(&links), "collections": all }))
        },
    )
    .await
}

/// `/collections/{c}`.
pub(crate) async fn collection(
    State(service): State<Shared>,
    Path(id): Path<String>,
    asked: Asked,
) -> Result<Response, Problem> {
    layer_document(&service, &asked, &id, &OFFERED, describe).await
}

/// The collection document: the same here and in the list.
fn describe(
    catalogue: &Catalogue,
    layer: &LayerDescription,
    asked: &Asked,
    format: &Format,
) -> Value {
    let days = catalogue.days(asked.scope());
    let interval = match days {
        Some(days) => json!([
            format!("{}T00:00:00Z", days.first().date()),
            format!("{}T23:59:59Z", days.last().date())
        ]),
        None => json!([null, null]),
    };
    json!({
        "id": layer.id,
        "title": layer.title,
        "description": format!("{} Source of the method: {}", layer.description, layer.reference),
        "keywords": layer.keywords,
        "itemType": "feature",
        "extent": {
            "spatial": { "bbox": boxes(catalogue), "crs": Crs::Crs84.uri() },
            "temporal": { "interval": [interval], "trs": "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian" },
        },
        "crs": Crs::ALL.map(Crs::uri),
        "storageCrs": Crs::Crs84.uri(),
        "links": link::to_json(&links(catalogue, layer, asked, format)),
        "naqsha": {
            "study_areas": study_areas(catalogue),
            "categories": categories(),
            "periods": days.map(|d| json!({ "first": d.first().date().to_string(), "last": d.last().date().to_string() })),
            "resolutions": resolutions(catalogue),
            "synthetic": catalogue.synthetic(),
            "data_version": catalogue.version(),
        },
    })
}

/// Where a collection's schemas are: path, relation and title.
const SCHEMAS: [(&str, &str, &str); 4] = [
    (
        "/schema",
        "http://www.opengis.net/def/rel/ogc/1.0/schema",
        "properties of a feature",
    ),
    ("/schema", "describedby", "properties of a feature"),
    (
        "/queryables",
        "http://www.opengis.net/def/rel/ogc/1.0/queryables",
        "what a filter may name",
    ),
    (
        "/sortables",
        "http://www.opengis.net/def/rel/ogc/1.0/sortables",
        "what features can be sorted by",
    ),
];

fn links(
    catalogue: &Catalogue,
    layer: &LayerDescription,
    asked: &Asked,
    format: &Format,
) -> Vec<Link> {
    let own = Asked {
        path: format!("/collections/{}", layer.id),
        pairs: Vec::new(),
        ..asked.clone()
    };
    let at = |rest: &str| format!("{}{}{rest}", own.base, own.path);
    let mut links = representations(&own, format, &OFFERED);
    links.extend(FORMATS.iter().map(|format| {
        let token = format.tokens.first().copied().unwrap_or_default();
        Link::new(
            at(&format!("/items?f={token}")),
            "items",
            format.link_type(),
            format!("features {}", format.title),
        )
    }));
    let of_schemas = SCHEMAS
        .iter()
        .map(|(path, rel, title)| Link::new(at(path), rel, SCHEMA.media_type, *title));
    links.extend(of_schemas);
    if has_zones(layer) {
        let title = "zones of a discrete global grid";
        links.push(Link::new(at("/dggs"), DGGRS_LIST, JSON.media_type, title));
    }
    if aggregated().any(|aggregated| aggregated.id == layer.id) {
        let title = "numbers of records by group";
        links.push(Link::new(
            at("/aggregate"),
            "related",
            JSON.media_type,
            title,
        ));
    }
    if layer.id == changes::COLLECTION {
        let title = "what became of records";
        links.push(Link::new(at("/changes"), "monitor", JSON.media_type, title));
    }
    links.extend(downloads::links(layer, catalogue.version(), &own));
    // The test suite of OGC API - Tiles looks at addresses with `f=json` only.
    links.push(Link::new(
        at("/tiles?f=json"),
        LISTS,
        JSON.media_type,
        "vector tiles of the collection",
    ));
    links.push(Link::new(
        format!("{}/xyz/{}.json", own.base, layer.id),
        "tilejson",
        JSON.media_type,
        "vector tiles as TileJSON",
    ));
    links
}

/// Boxes of the study areas: first the one around them all, as OGC 17-069r4 asks, then each where there are several.
pub(super) fn boxes(catalogue: &Catalogue) -> Vec<[f64; 4]> {
    let mut boxes: Vec<[f64; 4]> = catalogue
        .areas()
        .iter()
        .filter_map(NamedArea::extent)
        .collect();
    let around = |a: [f64; 4], b: [f64; 4]| {
        [
            a[0].min(b[0]),
            a[1].min(b[1]),
            a[2].max(b[2]),
            a[3].max(b[3]),
        ]
    };
    match boxes.iter().copied().reduce(around) {
        None => vec![[-180.0, -90.0, 180.0, 90.0]],
        Some(_) if boxes.len() == 1 => boxes,
        Some(all) => {
            boxes.insert(0, all);
            boxes
        }
    }
}

fn study_areas(catalogue: &Catalogue) -> Value {
    let default = catalogue.default_area().map(|area| area.name.as_str());
    let describe = |area: &NamedArea| {
        json!({
            "name": area.name,
            "title": area.title,
            "bbox": area.extent(),
            "default": default == Some(area.name.as_str()),
            "default_resolution": u8::from(catalogue.default_resolution(area)),
        })
    };
    // An area without a cell at any resolution has no box and cannot be shown.
    catalogue
        .areas()
        .iter()
        .filter(|area| area.extent().is_some())
        .map(describe)
        .collect()
}

/// The codes that `category` takes, each once.
fn categories() -> Value {
    let mut seen: Vec<&str> = Vec::new();
    let first_of_code = |category: &Category| {
        let new = !seen.contains(&category.code());
        seen.push(category.code());
        new
    };
    let all = CategorySet::ALL.iter().filter(first_of_code);
    all.map(|category| json!({ "code": category.code(), "name": category.name() }))
        .collect()
}

fn resolutions(catalogue: &Catalogue) -> Value {
    let (min, max) = match Parameter::Resolution.kind() {
        ParameterKind::Integer { min, max } => (Some(min), Some(max)),
        _ => (None, None),
    };
    let default = catalogue
        .default_area()
        .map(|area| u8::from(catalogue.default_resolution(area)));
    json!({ "min": min, "max": max, "default": default })
}

/// `/places.json`: the populated places that give a map of a study area its orientation, largest first.
pub(crate) async fn places(
    State(service): State<Shared>,
    asked: Asked,
) -> Result<Response, Problem> {
    asked.only(&["study_area"])?;
    let format = asked.format(&[&JSON])?;
    document(&service, &asked, format, "Places", |catalogue, asked| {
        let named = asked.pairs.iter().find(|(name, _)| name == "study_area").map(|(_, value)| value.as_str());
        let area = match named {
            Some(name) => Some(catalogue.areas().get(name)?),
            None => catalogue.default_area(),
        };
        let area = area.ok_or_else(|| Problem::not_found("There is no study area."))?;
        let place = |place: &naqsha_layers::LabelledPlace| {
            json!({
                "name": place.name,
                "name_ur": place.name_ur,
                "lon": place.lon,
                "lat": place.lat,
                "population": place.population,
            })
        };
        Ok(json!({ "study_area": area.name, "places": area.places.iter().map(place).collect::<Value>() }))
    })
    .await
}

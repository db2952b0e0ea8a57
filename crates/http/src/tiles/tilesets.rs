//! `/collections/{c}/tiles`, `/tiles` and their tilesets: what tiles there are and how their addresses are made. A tileset
//! is also offered as TileJSON.

use axum::extract::{Path, State};
use axum::response::Response;
use naqsha_layers::{Catalogue, LayerDescription};
use serde_json::{Value, json};

use super::grid::LAST_ZOOM;
use super::matrix_set::{
    EPSG_3857, TILING_SCHEME, WEB_MERCATOR_QUAD, WEB_MERCATOR_QUAD_URI, known,
};
use super::ogc::{TILE_FORMATS, drawn};
use super::render::{Drawn, tiled};
use crate::documents::{self, document};
use crate::items::representations;
use crate::link::{self, Link, query_string};
use crate::negotiate::{Format, HTML, JSON, MVT, TILEJSON};
use crate::problem::Problem;
use crate::question::{CRS84, parse_for_tile};
use crate::request::Asked;
use crate::service::Shared;

/// Relation of a resource to the list of its vector tilesets.
pub(crate) const LISTS: &str = "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector";
/// Formats of a list of tilesets.
pub(crate) static LIST_FORMATS: [&Format; 2] = [&JSON, &HTML];
/// Formats of a tileset.
pub(crate) static TILESET_FORMATS: [&Format; 3] = [&JSON, &HTML, &TILEJSON];

/// What a tileset is of.
#[derive(Clone)]
struct Whole {
    /// Path of the list that the tileset is in.
    path: String,
    title: String,
    layers: Vec<Drawn>,
    /// Formats of its tiles, best first.
    formats: &'static [&'static Format],
}

impl Whole {
    fn of_collection(catalogue: &Catalogue, name: &str, asked: &Asked) -> Result<Self, Problem> {
        let layer = tiled(catalogue, name)?;
        let (page, query) = parse_for_tile(layer, asked.question())?;
        Ok(Self {
            path: format!("/collections/{}/tiles", layer.id),
            title: layer.title.to_owned(),
            layers: vec![Drawn { layer, query, page }],
            formats: &TILE_FORMATS,
        })
    }

    fn of_dataset(catalogue: &Catalogue, asked: &Asked) -> Result<Self, Problem> {
        let layers = drawn(catalogue, asked)?;
        let titles: Vec<&str> = layers.iter().map(|drawn| drawn.layer.title).collect();
        Ok(Self {
            path: "/tiles".to_owned(),
            title: titles.join(", "),
            layers,
            formats: &TILE_FORMATS[..1],
        })
    }

    /// Address of tiles in a format, with the parameters of the request.
    fn template(&self, asked: &Asked, format: &Format) -> String {
        let token = format.tokens.first().copied().unwrap_or_default();
        format!(
            "{}{}/{WEB_MERCATOR_QUAD}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}{}",
            asked.base,
            self.path,
            query_string(asked.question().chain([("f", token)]))
        )
    }

    fn links(&self, asked: &Asked) -> Vec<Value> {
        let scheme = format!("{}/tileMatrixSets/{WEB_MERCATOR_QUAD}", asked.base);
        let scheme = Link::new(scheme, TILING_SCHEME, JSON.media_type, "the grid");
        let item = |format: &&'static Format| {
            let template = self.template(asked, format);
            let mut item = Link::new(template, "item", format.link_type(), format.title).to_json();
            item["templated"] = true.into();
            item
        };
        let items = self.formats.iter().map(item);
        std::iter::once(scheme.to_json()).chain(items).collect()
    }

    /// What list and tileset both say.
    fn summary(&self, links: &[Value]) -> Value {
        json!({
            "title": self.title,
            "dataType": "vector",
            "crs": EPSG_3857,
            "tileMatrixSetId": WEB_MERCATOR_QUAD,
            "tileMatrixSetURI": WEB_MERCATOR_QUAD_URI,
            "links": links,
        })
    }

    fn list(&self, asked: &Asked, format: &Format) -> Value {
        let own = Asked {
            path: format!("{}/{WEB_MERCATOR_QUAD}", self.path),
            ..asked.clone()
        };
        let mut links: Vec<Value> = representations(&own, &JSON, &TILESET_FORMATS)
            .iter()
            .map(Link::to_json)
            .collect();
        links.extend(self.links(asked));
        json!({
            "links": link::to_json(&representations(asked, format, &LIST_FORMATS)),
            "tilesets": [self.summary(&links)],
        })
    }

    fn bounds(&self, catalogue: &Catalogue) -> Result<[f64; 4], Problem> {
        let layers: Vec<_> = self
            .layers
            .iter()
            .map(|drawn| (drawn.layer, &drawn.query))
            .collect();
        documents::bounds(catalogue, &layers)
    }

    fn tileset(
        &self,
        catalogue: &Catalogue,
        asked: &Asked,
        format: &Format,
    ) -> Result<Value, Problem> {
        let bounds = self.bounds(catalogue)?;
        let [west, south, east, north] = bounds;
        if *format == TILEJSON {
            let template = self.template(asked, &MVT);
            let template = template
                .replace("{tileMatrix}", "{z}")
                .replace("{tileRow}", "{y}")
                .replace("{tileCol}", "{x}");
            let layers: Vec<_> = self.layers.iter().map(|drawn| drawn.layer).collect();
            let mut tilejson = documents::describe_tiles(&layers, bounds, &template);
            tilejson["name"] = self.title.as_str().into();
            tilejson["description"] = self.title.as_str().into();
            return Ok(tilejson);
        }
        let mut links: Vec<Value> = representations(asked, format, &TILESET_FORMATS)
            .iter()
            .map(Link::to_json)
            .collect();
        links.extend(self.links(asked));
        let mut tileset = self.summary(&links);
        let layers = self.layers.iter().map(|drawn| layer(drawn.layer));
        tileset["layers"] = layers.collect();
        tileset["boundingBox"] = json!({
            "lowerLeft": [west, south],
            "upperRight": [east, north],
            "crs": CRS84,
            "orderedAxes": ["Lon", "Lat"],
        });
        tileset["centerPoint"] = json!({
            "coordinates": [f64::midpoint(west, east), f64::midpoint(south, north)],
            "crs": CRS84,
            "tileMatrix": "6",
        });
        Ok(tileset)
    }
}

/// A layer of a tileset.
fn layer(layer: &LayerDescription) -> Value {
    let dimension = if layer.leads() { 1 } else { 2 };
    json!({
        "id": layer.id,
        "title": layer.title,
        "description": layer.description,
        "dataType": "vector",
        "geometryDimension": dimension,
        "minTileMatrix": "0",
        "maxTileMatrix": LAST_ZOOM.to_string(),
        "propertiesSchema": {
            "type": "object",
            "properties": documents::properties_of(layer),
        },
    })
}

/// `/collections/{c}/tiles`.
pub(crate) async fn collection_tilesets(
    State(service): State<Shared>,
    Path(name): Path<String>,
    asked: Asked,
) -> Result<Response, Problem> {
    let whole = Whole::of_collection(&service.catalogue, &name, &asked)?;
    list(&service, &asked, whole).await
}

/// `/tiles`.
pub(crate) async fn dataset_tilesets(
    State(service): State<Shared>,
    asked: Asked,
) -> Result<Response, Problem> {
    let whole = Whole::of_dataset(&service.catalogue, &asked)?;
    list(&service, &asked, whole).await
}

async fn list(service: &Shared, asked: &Asked, whole: Whole) -> Result<Response, Problem> {
    let format = asked.format(&LIST_FORMATS)?;
    document(
        service,
        asked,
        format,
        "Tilesets",
        move |_catalogue, asked| Ok(whole.list(asked, format)),
    )
    .await
}

/// `/collections/{c}/tiles/{tileMatrixSet}`.
pub(crate) async fn collection_tileset(
    State(service): State<Shared>,
    Path((name, set)): Path<(String, String)>,
    asked: Asked,
) -> Result<Response, Problem> {
    known(&set)?;
    let whole = Whole::of_collection(&service.catalogue, &name, &asked)?;
    tileset(&service, &asked, whole).await
}

/// `/tiles/{tileMatrixSet}`.
pub(crate) async fn dataset_tileset(
    State(service): State<Shared>,
    Path(set): Path<String>,
    asked: Asked,
) -> Result<Response, Problem> {
    known(&set)?;
    let whole = Whole::of_dataset(&service.catalogue, &asked)?;
    tileset(&service, &asked, whole).await
}

async fn tileset(service: &Shared, asked: &Asked, whole: Whole) -> Result<Response, Problem> {
    let format = asked.format(&TILESET_FORMATS)?;
    document(
        service,
        asked,
        format,
        "Tileset",
        move |catalogue, asked| whole.tileset(catalogue, asked, format),
    )
    .await
}

//! `/tileMatrixSets` and `/tileMatrixSets/WebMercatorQuad`: the one grid there is, as OGC 17-083r4 (TMS 2.0) writes it.

use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::{Value, json};

use super::grid::DEEPEST_ZOOM;
use crate::documents::document;
use crate::items::representations;
use crate::link::{self, Link};
use crate::negotiate::{Format, HTML, JSON};
use crate::problem::Problem;
use crate::request::Asked;
use crate::service::Shared;

/// Identifier of the grid.
pub(crate) const WEB_MERCATOR_QUAD: &str = "WebMercatorQuad";
/// Its registered name.
pub(crate) const WEB_MERCATOR_QUAD_URI: &str =
    "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad";
/// Web Mercator.
pub(crate) const EPSG_3857: &str = "http://www.opengis.net/def/crs/EPSG/0/3857";
/// Relation of a tileset to its grid.
pub(crate) const TILING_SCHEME: &str = "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme";

/// Half the side of the world in metres: π times the equatorial radius of WGS 84.
const HALF_WORLD_M: f64 = 20_037_508.342_789_244;
/// Pixels along a side of a tile, by the definition of the grid.
const TILE_PIXELS: f64 = 256.0;
/// Metres of a pixel by which the standard turns a cell's size into a scale.
const STANDARD_PIXEL_M: f64 = 0.28e-3;

static OFFERED: [&Format; 2] = [&JSON, &HTML];

/// Refuses every grid but the one there is.
pub(super) fn known(set: &str) -> Result<(), Problem> {
    if set == WEB_MERCATOR_QUAD {
        Ok(())
    } else {
        Err(Problem::not_found(
            "There is one tile matrix set: WebMercatorQuad.",
        ))
    }
}

/// `/tileMatrixSets`.
pub(crate) async fn tile_matrix_sets(
    State(service): State<Shared>,
    asked: Asked,
) -> Result<Response, Problem> {
    asked.only(&[])?;
    let format = asked.format(&OFFERED)?;
    document(
        &service,
        &asked,
        format,
        "Tile matrix sets",
        move |_catalogue, asked| {
            let address = format!("{}/tileMatrixSets/{WEB_MERCATOR_QUAD}", asked.base);
            let definition = Link::new(address, "self", JSON.media_type, "the definition");
            Ok(json!({
                "links": link::to_json(&representations(asked, format, &OFFERED)),
                "tileMatrixSets": [{
                    "id": WEB_MERCATOR_QUAD,
                    "title": "Google Maps Compatible for the World",
                    "uri": WEB_MERCATOR_QUAD_URI,
                    "crs": EPSG_3857,
                    "links": link::to_json(&[definition]),
                }],
            }))
        },
    )
    .await
}

/// `/tileMatrixSets/{tileMatrixSet}`.
pub(crate) async fn tile_matrix_set(
    State(service): State<Shared>,
    Path(set): Path<String>,
    asked: Asked,
) -> Result<Response, Problem> {
    known(&set)?;
    asked.only(&[])?;
    let format = asked.format(&OFFERED)?;
    document(
        &service,
        &asked,
        format,
        WEB_MERCATOR_QUAD,
        |_catalogue, _asked| Ok(definition()),
    )
    .await
}

fn definition() -> Value {
    let matrix = |z: u8| {
        let across = 1_u32 << z;
        let cell_size = 2.0 * HALF_WORLD_M / TILE_PIXELS / f64::from(across);
        json!({
            "id": z.to_string(),
            "scaleDenominator": cell_size / STANDARD_PIXEL_M,
            "cellSize": cell_size,
            "cornerOfOrigin": "topLeft",
            "pointOfOrigin": [-HALF_WORLD_M, HALF_WORLD_M],
            "tileWidth": 256,
            "tileHeight": 256,
            "matrixWidth": across,
            "matrixHeight": across,
        })
    };
    json!({
        "id": WEB_MERCATOR_QUAD,
        "title": "Google Maps Compatible for the World",
        "uri": WEB_MERCATOR_QUAD_URI,
        "crs": EPSG_3857,
        "orderedAxes": ["X", "Y"],
        "wellKnownScaleSet": "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible",
        "tileMatrices": (0..=DEEPEST_ZOOM).map(matrix).collect::<Value>(),
    })
}

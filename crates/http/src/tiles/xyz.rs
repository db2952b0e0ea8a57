//! `/xyz/{layer}/{z}/{x}/{y}.{mvt,pbf,geojson}`: column before row, the format in the ending.

use axum::extract::{Path, State};
use axum::response::Response;

use super::grid::parse_tile;
use super::render::{Drawn, absent, geojson, tiled, vector};
use crate::link::Link;
use crate::negotiate::{GEOJSON, JSON, MVT};
use crate::problem::Problem;
use crate::question::parse_for_tile;
use crate::reply::{Freshness, Representation, reply};
use crate::request::Asked;
use crate::service::Shared;

/// `/xyz/{layer}/{z}/{x}/{y}.{ending}`.
pub(crate) async fn tile(
    State(service): State<Shared>,
    Path((name, z, x, file)): Path<(String, String, String, String)>,
    asked: Asked,
) -> Result<Response, Problem> {
    let layer = tiled(&service.catalogue, &name)?;
    let (y, ending) = file.split_once('.').ok_or_else(absent)?;
    let format = match ending {
        "mvt" | "pbf" => &MVT,
        "geojson" => &GEOJSON,
        _ => return Err(Problem::not_found("Tiles end in .mvt, .pbf or .geojson.")),
    };
    let tile = parse_tile(&z, &x, y).ok_or_else(absent)?;
    // The path names the format, so that `f` is as unknown here as any other name.
    let pairs = asked
        .pairs
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let (page, query) = parse_for_tile(layer, pairs)?;
    let representation = Representation::new(&asked, format, Freshness::Authorised);
    let (scope, request) = (asked.scope().clone(), asked.clone());
    reply(
        &service,
        &asked,
        representation,
        move |catalogue, _version| {
            let answer = Drawn { layer, query, page }.answer(catalogue, &scope, tile)?;
            if *format == MVT {
                return Ok(vector(&[answer], tile));
            }
            let tilejson = format!("{}/xyz/{}.json", request.base, layer.id);
            let links = [
                Link::new(
                    request.address(None),
                    "self",
                    GEOJSON.media_type,
                    "this tile",
                ),
                Link::new(
                    tilejson,
                    "tilejson",
                    JSON.media_type,
                    "vector tiles as TileJSON",
                ),
            ];
            geojson(&answer, &links)
        },
    )
    .await
}

//! OGC API - Tiles: `.../tiles/WebMercatorQuad/{tileMatrix}/{tileRow}/{tileCol}`, row before column, the format by `f` or
//! `Accept`.

use axum::extract::{Path, State};
use axum::response::Response;
use naqsha_layers::{Catalogue, LayerDescription, ParameterError};

use super::grid::{Tile, parse_tile};
use super::matrix_set::known;
use super::render::{Drawn, absent, geojson, tiled, vector};
use crate::items::representations;
use crate::negotiate::{Format, GEOJSON, MVT};
use crate::problem::Problem;
use crate::question::parse_for_tile;
use crate::reply::{Freshness, Representation, reply};
use crate::request::Asked;
use crate::service::Shared;

/// Formats of a tile of one collection, best first.
pub(crate) static TILE_FORMATS: [&Format; 2] = [&MVT, &GEOJSON];

/// `/collections/{c}/tiles/{tileMatrixSet}/{tileMatrix}/{tileRow}/{tileCol}`.
pub(crate) async fn collection_tile(
    State(service): State<Shared>,
    Path((name, set, z, row, column)): Path<(String, String, String, String, String)>,
    asked: Asked,
) -> Result<Response, Problem> {
    let layer = tiled(&service.catalogue, &name)?;
    let tile = tile_of(&set, &z, &row, &column)?;
    let format = asked.format(&TILE_FORMATS)?;
    let (page, query) = parse_for_tile(layer, asked.question())?;
    let representation = Representation::new(&asked, format, Freshness::Authorised);
    let (scope, request) = (asked.scope().clone(), asked.clone());
    reply(
        &service,
        &asked,
        representation,
        move |catalogue, _version| {
            let answer = Drawn { layer, query, page }.answer(catalogue, &scope, tile)?;
            if *format == MVT {
                Ok(vector(&[answer], tile))
            } else {
                geojson(&answer, &representations(&request, format, &TILE_FORMATS))
            }
        },
    )
    .await
}

/// `/tiles/{tileMatrixSet}/{tileMatrix}/{tileRow}/{tileCol}`: a layer of each collection.
pub(crate) async fn dataset_tile(
    State(service): State<Shared>,
    Path((set, z, row, column)): Path<(String, String, String, String)>,
    asked: Asked,
) -> Result<Response, Problem> {
    let tile = tile_of(&set, &z, &row, &column)?;
    asked.format(&[&MVT])?;
    let drawn = drawn(&service.catalogue, &asked)?;
    let representation = Representation::new(&asked, &MVT, Freshness::Authorised);
    let scope = asked.scope().clone();
    reply(
        &service,
        &asked,
        representation,
        move |catalogue, _version| {
            let answers = drawn
                .iter()
                .map(|drawn| drawn.answer(catalogue, &scope, tile));
            Ok(vector(&answers.collect::<Result<Vec<_>, _>>()?, tile))
        },
    )
    .await
}

fn tile_of(set: &str, z: &str, row: &str, column: &str) -> Result<Tile, Problem> {
    known(set)?;
    parse_tile(z, column, row).ok_or_else(absent)
}

/// The layers that a dataset's tiles hold where the request names none: those that maps show by default.
pub(super) fn default_layers(
    catalogue: &Catalogue,
) -> impl Iterator<Item = &'static LayerDescription> {
    let layers = catalogue.descriptions().iter().copied();
    layers.filter(|layer| layer.default)
}

/// The layers that `collections` names, or the default ones, each with the other parameters; all of them must have these.
pub(super) fn drawn(catalogue: &Catalogue, asked: &Asked) -> Result<Vec<Drawn>, Problem> {
    let mut errors = Vec::new();
    let mut named: Option<Vec<&'static LayerDescription>> = None;
    for (_, value) in asked.question().filter(|(name, _)| *name == "collections") {
        if named.is_some() {
            errors.push(ParameterError::new("collections", "given more than once"));
        }
        let mut layers: Vec<&'static LayerDescription> = Vec::new();
        for id in value.split(',') {
            match catalogue.describe(id) {
                Ok(layer) if layers.iter().any(|known| known.id == layer.id) => {}
                Ok(layer) => layers.push(layer),
                Err(_unknown) => errors.push(ParameterError::new(
                    "collections",
                    format!("there is no collection {id:?}"),
                )),
            }
        }
        named = Some(layers);
    }
    let layers = named.unwrap_or_else(|| default_layers(catalogue).collect());
    let mut drawn = Vec::new();
    for layer in layers {
        let rest = asked.question().filter(|(name, _)| *name != "collections");
        match parse_for_tile(layer, rest) {
            Ok((page, query)) => drawn.push(Drawn { layer, query, page }),
            Err(problem) => {
                // The same mistake is made of several layers, and listed once.
                let mut more = problem.mistakes();
                more.retain(|error| !errors.contains(error));
                errors.extend(more);
            }
        }
    }
    if errors.is_empty() {
        Ok(drawn)
    } else {
        Err(Problem::parameters(errors))
    }
}

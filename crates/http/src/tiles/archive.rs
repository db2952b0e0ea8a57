//! All tiles of a layer in one file: `PMTiles` 3, which browsers, GDAL and QGIS read by ranges from any place that serves
//! files.
//!
//! The tiles are those of `/xyz`, around what the layer shows, zoom after zoom until one has more than [`MOST_TILES`];
//! readers draw the last zoom larger beyond it.

use std::io::{Seek, Write};
use std::ops::RangeInclusive;

use naqsha_layers::{Catalogue, Scope};
use pmtiles::{PmTilesWriter, PmtError, TileCoord, TileId, TileType};
use serde_json::json;

use super::grid::{LAST_ZOOM, Tile};
use super::render::{Drawn, vector};
use crate::documents;
use crate::problem::Problem;

/// Most tiles of a zoom: a province down to zoom 10, the country to 9, the world to 5.
const MOST_TILES: u64 = 1_024;

/// Writes the tiles of a layer; gives the version that they are of.
///
/// # Errors
/// Those of the layer, and of the file.
///
/// Cost: one answer of the layer a tile.
pub(crate) fn write_archive(
    catalogue: &Catalogue,
    mut drawn: Drawn,
    scope: &Scope,
    out: impl Write + Seek,
) -> Result<u64, Problem> {
    let failed = |error: PmtError| Problem::internal(format!("writing tiles: {error:?}"));
    // All tiles are of one version, whatever comes meanwhile.
    let version = drawn.query.as_of.unwrap_or(catalogue.version());
    drawn.query.as_of = Some(version);
    let bounds = documents::bounds(catalogue, &[(drawn.layer, &drawn.query)])?;
    let zooms: Vec<Vec<TileId>> = (0..=LAST_ZOOM)
        .map_while(|z| tiles_around(bounds, z))
        .collect();
    let last = u8::try_from(zooms.len().saturating_sub(1)).unwrap_or(LAST_ZOOM);
    let [west, south, east, north] = bounds;
    let mut archive = PmTilesWriter::new(TileType::Mvt)
        .max_zoom(last)
        .bounds(west, south, east, north)
        .center(f64::midpoint(west, east), f64::midpoint(south, north))
        .metadata(metadata(&drawn, bounds, version, last))
        .create(out)
        .map_err(failed)?;
    for coord in zooms.into_iter().flatten().map(TileCoord::from) {
        let tile = Tile {
            z: coord.z(),
            x: coord.x(),
            y: coord.y(),
        };
        let answer = drawn.answer(catalogue, scope, tile)?;
        if let Some(body) = vector(&[answer], tile).body {
            archive.add_tile(coord, &body).map_err(failed)?;
        }
    }
    archive.finalize().map_err(failed)?;
    Ok(version)
}

/// What the specification asks of vector tiles, and of which version they are.
fn metadata(drawn: &Drawn, bounds: [f64; 4], version: u64, last: u8) -> String {
    let layer = drawn.layer;
    let mut described = documents::describe_tiles(&[layer], bounds, "");
    for of in described["vector_layers"]
        .as_array_mut()
        .into_iter()
        .flatten()
    {
        of["maxzoom"] = last.into();
    }
    json!({
        "name": layer.title,
        "description": layer.description,
        "version": version.to_string(),
        "type": "overlay",
        "vector_layers": described["vector_layers"],
    })
    .to_string()
}

/// The tiles of a zoom that a box reaches, and those around them, since shapes stand over its edge; in the order of the
/// file. `None` where there are too many.
fn tiles_around([west, south, east, north]: [f64; 4], z: u8) -> Option<Vec<TileId>> {
    // A box over the antimeridian goes around the world.
    let (west, east) = if west <= east {
        (west, east)
    } else {
        (-180.0, 180.0)
    };
    let column = |lon: f64| (lon + 180.0) / 360.0;
    let row = |lat: f64| {
        let lat = lat.to_radians();
        (1.0 - (lat.tan() + lat.cos().recip()).ln() / std::f64::consts::PI) / 2.0
    };
    let columns = around(column(west), column(east), z);
    let rows = around(row(north), row(south), z);
    let count = |range: &RangeInclusive<u32>| u64::from(range.end() - range.start()) + 1;
    if count(&columns) * count(&rows) > MOST_TILES {
        return None;
    }
    let mut tiles: Vec<TileId> = columns
        .flat_map(|x| rows.clone().map(move |y| TileCoord::new(z, x, y)))
        .filter_map(|coord| coord.ok().map(TileId::from))
        .collect();
    tiles.sort_unstable();
    Some(tiles)
}

/// The tiles along a side, of which 1 is the whole, with one more at either end.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "within the grid, whose sides are below 2^32"
)]
fn around(first: f64, last: f64, z: u8) -> RangeInclusive<u32> {
    let across = f64::from(1_u32 << z);
    let within = |at: f64| at.clamp(0.0, across - 1.0) as u32;
    within((first * across).floor() - 1.0)..=within((last * across).floor() + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tiles(bounds: [f64; 4], z: u8) -> Vec<(u32, u32)> {
        let tiles = tiles_around(bounds, z).unwrap_or_default();
        let coords = tiles.into_iter().map(TileCoord::from);
        coords.map(|coord| (coord.x(), coord.y())).collect()
    }

    #[test]
    fn a_box_is_covered_with_one_tile_more_on_every_side() {
        // London is in tile 10/511/340 (the slippy map's formula).
        let mut london = tiles([-0.2, 51.45, -0.1, 51.5], 10);
        london.sort_unstable();
        let nine: Vec<(u32, u32)> = (510..=512)
            .flat_map(|x| (339..=341).map(move |y| (x, y)))
            .collect();
        assert_eq!(london, nine);
        assert_eq!(tiles([-180.0, -85.0, 180.0, 85.0], 0), [(0, 0)]);
        assert_eq!(tiles([-180.0, -90.0, 180.0, 90.0], 5).len(), 1_024);
        assert_eq!(tiles_around([-180.0, -90.0, 180.0, 90.0], 6), None);
        assert_eq!(tiles([170.0, -10.0, -170.0, 10.0], 2).len(), 16);
    }
}

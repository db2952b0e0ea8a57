//! Layers as tiles of the web Mercator grid: plain addresses (`/xyz`) for everyone, OGC API - Tiles for who speaks it.
//!
//! Counts of a coarse cell are sums over what it holds; nothing is dropped at any zoom.

mod archive;
mod grid;
mod matrix_set;
mod ogc;
mod render;
mod tilesets;
mod xyz;

pub(crate) use archive::write_archive;
pub(crate) use grid::{DEEPEST_ZOOM, LAST_ZOOM, Tile};
pub(crate) use matrix_set::{tile_matrix_set, tile_matrix_sets};
pub(crate) use ogc::{TILE_FORMATS, collection_tile, dataset_tile};
pub(crate) use render::{Drawn, tiled};
pub(crate) use tilesets::{
    LIST_FORMATS, LISTS, TILESET_FORMATS, collection_tileset, collection_tilesets, dataset_tileset,
    dataset_tilesets,
};
pub(crate) use xyz::tile;

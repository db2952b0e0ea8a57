//! The operations of tiles in the OpenAPI document: plain addresses, and OGC API - Tiles.

use naqsha_layers::LayerDescription;
use serde_json::{Value, json};

use super::operations::{Operation, in_path, of_filters, of_layer, query};
use crate::negotiate::{Format, GEOJSON, JSON, MVT};
use crate::tiles::{DEEPEST_ZOOM, LIST_FORMATS, TILE_FORMATS, TILESET_FORMATS};

/// Paths that do not belong to one layer.
pub(super) fn of_dataset() -> Vec<(String, Value)> {
    let collections = || {
        query(
            "collections",
            "Collections that the tiles hold, separated by commas; left out, those that maps show by default.",
            &json!({ "type": "string" }),
        )
    };
    let operation = |id: &str, summary: &str| Operation::new(id, summary, "Tiles");
    let sets = operation("getTileMatrixSetsList", "Tile matrix sets").answers(&LIST_FORMATS);
    let set = operation("getTileMatrixSet", "A tile matrix set")
        .answers(&LIST_FORMATS)
        .takes([tile_matrix_set()])
        .may_be_absent();
    let list = operation(
        "dataset.vector.getTileSetsList",
        "Vector tilesets of the dataset",
    )
    .answers(&LIST_FORMATS)
    .takes([collections()]);
    let tileset = operation(
        "dataset.vector.getTileSet",
        "A vector tileset of the dataset",
    )
    .answers(&TILESET_FORMATS)
    .takes([tile_matrix_set(), collections()])
    .may_be_absent();
    let tile = operation(
        "dataset.vector.getTile",
        "A vector tile of several collections, a layer each; takes the parameters that all of them have",
    )
    .answers(&[&MVT])
    .takes(tile_position())
    .takes([collections()])
    .may_be_absent()
    .may_be_empty();
    [
        ("/tileMatrixSets", sets),
        ("/tileMatrixSets/{tileMatrixSetId}", set),
        ("/tiles", list),
        ("/tiles/{tileMatrixSetId}", tileset),
        (
            "/tiles/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}",
            tile,
        ),
    ]
    .map(|(path, operation)| (path.to_owned(), operation.build()))
    .into()
}

/// Paths of one layer.
pub(super) fn of_collection(layer: &LayerDescription) -> Vec<(String, Value)> {
    let (id, name) = (layer.id, layer.title);
    let parameters = || layer.parameters.iter().copied().map(of_layer);
    let operation = |name: &str, summary: String| {
        Operation::new(format!("collection.{id}.vector.{name}"), summary, "Tiles")
    };
    let list = operation("getTileSetsList", format!("{name}: vector tilesets"))
        .answers(&LIST_FORMATS)
        .takes(of_filters())
        .takes(parameters());
    let tileset = operation("getTileSet", format!("{name}: a vector tileset"))
        .answers(&TILESET_FORMATS)
        .takes([tile_matrix_set()])
        .takes(of_filters())
        .takes(parameters())
        .may_be_absent();
    let tile = operation("getTile", format!("{name}: a tile"))
        .answers(&TILE_FORMATS)
        .takes(tile_position())
        .takes(of_filters())
        .takes(parameters())
        .may_be_absent()
        .may_be_empty();
    let root = format!("/collections/{id}/tiles");
    let set = format!("{root}/{{tileMatrixSetId}}");
    let mut paths = vec![
        (root, list.build()),
        (
            format!("{set}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}"),
            tile.build(),
        ),
        (set, tileset.build()),
    ];
    paths.extend(of_xyz(layer));
    paths
}

fn of_xyz(layer: &LayerDescription) -> Vec<(String, Value)> {
    let (id, name) = (layer.id, layer.title);
    let parameters = || layer.parameters.iter().copied().map(of_layer);
    let document = |verb: &str, what: &str| {
        Operation::new(format!("{verb}.{id}"), format!("{name}: {what}"), "Tiles")
            .answers(&[&JSON])
            .takes(of_filters())
            .takes(parameters())
            .build()
    };
    let position = || {
        [
            in_path("z", "Zoom.", &zoom()),
            in_path("x", "Column from the west.", &along()),
            in_path("y", "Row from the north.", &along()),
        ]
    };
    let tile = |ending: &str, format: &Format| {
        let summary = format!("{name}: a tile of the web Mercator grid");
        let operation = Operation::new(format!("{id}.getTile.{ending}"), summary, "Tiles")
            .answers(&[format])
            .takes(position())
            .takes(of_filters())
            .takes(parameters())
            .may_be_absent()
            .may_be_empty();
        (
            format!("/xyz/{id}/{{z}}/{{x}}/{{y}}.{ending}"),
            operation.build(),
        )
    };
    vec![
        (
            format!("/xyz/{id}.json"),
            document("getTileJson", "TileJSON 3.0.0"),
        ),
        (
            format!("/xyz/{id}/metadata.json"),
            document("getTileMetadata", "the same in the words of MBTiles"),
        ),
        tile("mvt", &MVT),
        tile("pbf", &MVT),
        tile("geojson", &GEOJSON),
    ]
}

fn tile_matrix_set() -> Value {
    let schema = json!({ "type": "string", "enum": ["WebMercatorQuad"] });
    in_path("tileMatrixSetId", "Tile matrix set.", &schema)
}

fn tile_position() -> [Value; 4] {
    [
        tile_matrix_set(),
        in_path("tileMatrix", "Zoom.", &zoom()),
        in_path("tileRow", "Row from the north.", &along()),
        in_path("tileCol", "Column from the west.", &along()),
    ]
}

fn zoom() -> Value {
    json!({ "type": "integer", "minimum": 0, "maximum": DEEPEST_ZOOM })
}

fn along() -> Value {
    json!({ "type": "integer", "minimum": 0, "maximum": (1_u64 << DEEPEST_ZOOM) - 1 })
}

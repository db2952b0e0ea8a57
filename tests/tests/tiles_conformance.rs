//! OGC API - Tiles 1.0 as its test suite asks for it (the checks A1 to A24 in our own words), against the real program.

#![expect(
    clippy::panic,
    reason = "a test that cannot go on should stop and say why"
)]

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::Stdio;

use naqsha_tests::collections::COLLECTIONS;
use naqsha_tests::server::Server;
use naqsha_tests::skip::python;
use serde_json::{Value, json};

const LISTS: &str = "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector";
const TILING_SCHEME: &str = "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme";
const GRID: &str = "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad";
const MVT: &str = "application/vnd.mapbox-vector-tile";

fn links<'a>(document: &'a Value, rel: &str) -> Vec<&'a Value> {
    let links = document["links"].as_array().expect("links");
    links.iter().filter(|link| link["rel"] == rel).collect()
}

fn href(link: &Value) -> &str {
    link["href"].as_str().expect("an address")
}

/// The only link of a relation.
fn only<'a>(document: &'a Value, rel: &str) -> &'a str {
    match links(document, rel)[..] {
        [link] => href(link),
        _ => panic!("not one link {rel}: {}", document["links"]),
    }
}

/// The address of a tile by a template.
fn at(template: &str, z: u32, row: u32, column: u32) -> String {
    template
        .replace("{tileMatrix}", &z.to_string())
        .replace("{tileRow}", &row.to_string())
        .replace("{tileCol}", &column.to_string())
}

/// A1, A2, A10, A12, A13: classes, and links from the landing document and from every collection.
#[test]
fn tiles_are_declared_and_every_list_is_linked() {
    let server = Server::over_both_samples();
    let classes = server.json("/conformance");
    let classes = classes["conformsTo"].as_array().expect("classes");
    for class in [
        "core",
        "tileset",
        "tilesets-list",
        "dataset-tilesets",
        "geodata-tilesets",
        "mvt",
        "geojson",
        "oas30",
        "datetime",
    ] {
        let class = format!("http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/{class}");
        assert!(classes.contains(&class.as_str().into()), "{class}");
    }
    let landing = server.json("/");
    let dataset = only(&landing, LISTS);
    assert!(
        dataset.contains("/tiles") && dataset.contains("f=json"),
        "{dataset}"
    );
    assert_eq!(server.get(dataset).status, 200);
    let collections = server.json("/collections");
    let collections = collections["collections"].as_array().expect("collections");
    assert_eq!(collections.len(), COLLECTIONS.len());
    for collection in collections {
        let list = only(collection, LISTS);
        let id = collection["id"].as_str().expect("an id");
        assert!(
            list.ends_with(&format!("/collections/{id}/tiles?f=json")),
            "{list}"
        );
        assert_eq!(server.get(list).status, 200, "{list}");
    }
}

/// A3 to A5, A9: members and links of lists and tilesets.
#[test]
fn tilesets_name_their_grid_and_how_tiles_are_addressed() {
    let server = Server::over_both_samples();
    let lists = COLLECTIONS
        .iter()
        .map(|id| format!("/collections/{id}/tiles"))
        .chain(["/tiles".to_owned()]);
    for path in lists {
        let list = server.json(&path);
        let tilesets = list["tilesets"].as_array().expect("tilesets");
        assert_eq!(tilesets.len(), 1, "{path}");
        for tileset in tilesets {
            assert_eq!(tileset["tileMatrixSetURI"], GRID, "{path}");
            assert_eq!(tileset["dataType"], "vector");
            let own = only(tileset, "self");
            assert!(own.contains("/tiles") && own.contains("f=json"), "{own}");
            let whole = server.json(own);
            for member in ["title", "dataType", "crs", "tileMatrixSetURI"] {
                assert_eq!(whole[member], tileset[member], "{member} of {own}");
            }
            let grid = server.json(only(&whole, TILING_SCHEME));
            assert_eq!(grid["uri"], GRID);
            let items = links(&whole, "item");
            assert!(items.iter().any(|item| item["type"] == MVT), "{whole}");
            for item in items {
                assert_eq!(item["templated"], true);
                for variable in ["{tileMatrix}", "{tileRow}", "{tileCol}"] {
                    assert_eq!(href(item).matches(variable).count(), 1, "{item}");
                }
            }
        }
    }
    // The grid, by the standard's own numbers (OGC 17-083r4, annex D).
    let grid = server.json("/tileMatrixSets/WebMercatorQuad");
    let coarsest = &grid["tileMatrices"][0];
    let denominator = coarsest["scaleDenominator"].as_f64().expect("a number");
    assert!(
        (denominator - 559_082_264.028_717_9).abs() < 1e-3,
        "{denominator}"
    );
    assert_eq!(
        coarsest["pointOfOrigin"],
        json!([-20_037_508.342_789_244, 20_037_508.342_789_244])
    );
    assert_eq!(grid["tileMatrices"][3]["matrixWidth"], 8);
    let known = server.json("/tileMatrixSets");
    assert_eq!(known["tileMatrixSets"][0]["uri"], GRID);
}

/// A6, A7: tiles there are and are not; row before column; formats by `f` and by what is accepted.
#[test]
fn tiles_are_found_by_row_and_column_and_absent_beyond_the_grid() {
    let server = Server::over_both_samples();
    let tileset = server.json("/collections/counts/tiles/WebMercatorQuad");
    let items = links(&tileset, "item");
    let vector = href(
        items
            .iter()
            .find(|item| item["type"] == MVT)
            .expect("a template"),
    );
    // Lahore and Faisalabad: column 45, row 26.
    let tile = server.get(&at(vector, 6, 26, 45));
    assert_eq!((tile.status, tile.header("content-type")), (200, MVT));
    let plain = server.get("/xyz/counts/6/45/26.mvt");
    assert!(
        tile.body == plain.body && !tile.body.is_empty(),
        "the same tile by either address"
    );
    assert_eq!(
        server.get(&at(vector, 6, 45, 26)).status,
        204,
        "empty within the grid"
    );
    for (z, row, column) in [(6, 64, 0), (6, 0, 64), (23, 0, 0), (0, 1, 0), (64, 0, 0)] {
        assert_eq!(
            server.get(&at(vector, z, row, column)).status,
            404,
            "{z}/{row}/{column}"
        );
    }
    let path = "/collections/counts/tiles/WebMercatorQuad/6/26/45";
    for other in [
        path.replace("WebMercatorQuad", "WorldCRS84Quad"),
        path.replace("counts", "nothing"),
        path.replace("/6/", "/six/"),
        path.replace("/6/", "/-6/"),
    ] {
        assert_eq!(server.get(&other).status, 404, "{other}");
    }
    assert_eq!(server.get(&format!("{path}?colour=red")).status, 400);
    assert_eq!(server.get(&format!("{path}?f=png")).status, 400);
    let features = server.get(&format!("{path}?f=json"));
    assert_eq!(
        (features.status, features.header("content-type")),
        (200, "application/geo+json")
    );
    let accepted = server.get_accepting(path, "application/geo+json");
    assert_eq!(accepted.json()["features"], features.json()["features"]);
    assert_eq!(
        server.get_accepting(path, "*/*").header("content-type"),
        MVT
    );
    assert_eq!(server.get_accepting(path, "image/png").status, 406);
    // `datetime` and every other parameter of the layer narrow a tile as they narrow the features.
    let within = |datetime: &str| {
        let tile = server.json(&format!("{path}?f=geojson&datetime={datetime}"));
        total(&tile)
    };
    let (early, late) = (within("../2023-12-31"), within("2024-01-01/.."));
    let all = total(&features.json());
    assert!(
        early > 0 && late > 0 && early <= all && late <= all,
        "{early} {late} {all}"
    );
    assert!(early + late >= all, "a record may touch both");
}

/// The records of a tile's features.
fn total(tile: &Value) -> u64 {
    let features = tile["features"].as_array().expect("features");
    features
        .iter()
        .filter_map(|feature| feature["properties"]["n"].as_u64())
        .sum()
}

/// A tile as another's decoder sees it.
fn decoded(test: &str, tile: &[u8]) -> Option<Value> {
    let mut decoder = python(test, "mapbox_vector_tile")?
        .arg("oracles/mvt_tile.py")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python starts");
    let mut stdin = decoder.stdin.take().expect("stdin is a pipe");
    stdin.write_all(tile).expect("the decoder reads");
    drop(stdin);
    let output = decoder.wait_with_output().expect("the decoder ends");
    assert!(output.status.success(), "the tile decodes");
    Some(serde_json::from_slice(&output.stdout).expect("the oracle prints JSON"))
}

#[test]
fn a_tile_of_the_dataset_has_a_layer_of_each_collection() {
    let test = "a_tile_of_the_dataset_has_a_layer_of_each_collection";
    let server = Server::over_both_samples();
    let names = |query: &str| -> Option<Vec<String>> {
        let tile = server.get(&format!("/tiles/WebMercatorQuad/6/26/45{query}"));
        assert_eq!(
            (tile.status, tile.header("content-type")),
            (200, MVT),
            "{query}"
        );
        let layers = decoded(test, &tile.body)?;
        Some(
            layers
                .as_object()
                .expect("layers")
                .keys()
                .cloned()
                .collect(),
        )
    };
    let Some(default) = names("") else { return };
    assert_eq!(default.iter().collect::<BTreeSet<_>>().len(), default.len());
    let listed = server.json("/tiles/WebMercatorQuad");
    let listed = listed["layers"].as_array().expect("layers").iter();
    let listed: BTreeSet<&str> = listed.filter_map(|layer| layer["id"].as_str()).collect();
    assert_eq!(
        default.iter().map(String::as_str).collect::<BTreeSet<_>>(),
        listed
    );
    assert!(
        listed.contains("counts") && listed.contains("hotspots"),
        "{listed:?}"
    );
    let some = names("?collections=counts,incidents&category=DT").expect("Python is there");
    assert_eq!(
        some.iter().map(String::as_str).collect::<BTreeSet<_>>(),
        BTreeSet::from(["counts", "incidents"])
    );
    // `k` is a parameter of hotspots and of neither of these.
    for wrong in [
        "?collections=counts,incidents&k=2",
        "?collections=nothing",
        "?f=geojson",
        "?collections=counts&collections=counts",
    ] {
        assert_eq!(
            server
                .get(&format!("/tiles/WebMercatorQuad/6/26/45{wrong}"))
                .status,
            400,
            "{wrong}"
        );
    }
    let tilejson = server.get("/tiles/WebMercatorQuad?f=tilejson");
    assert_eq!(
        tilejson.header("content-type"),
        "application/vnd.mapbox.tile+json"
    );
    let tilejson = tilejson.json();
    let template = tilejson["tiles"][0].as_str().expect("a template");
    let tile = template
        .replace("{z}", "6")
        .replace("{x}", "45")
        .replace("{y}", "26");
    assert_eq!(server.get(&tile).status, 200, "{tile}");
}

/// A23, A24: the document is valid, and operations of tiles are called so.
#[test]
fn operations_of_tiles_are_described() {
    let server = Server::over_both_samples();
    let api = server.json("/api");
    let paths = api["paths"].as_object().expect("paths");
    let mut tiles = 0;
    for (path, operations) in paths {
        let id = operations["get"]["operationId"]
            .as_str()
            .unwrap_or_default();
        let is_tile = path.contains("{tileCol}");
        assert_eq!(
            is_tile,
            path.contains("{tileMatrix}") && id.contains(".getTile") && id.ends_with("getTile"),
            "{path}: {id}"
        );
        tiles += usize::from(is_tile);
    }
    assert_eq!(tiles, COLLECTIONS.len() + 1);
}

/// At each zoom the tile of everything holds every record that has a cell: sums, never a choice.
#[test]
fn at_every_zoom_the_tiles_hold_all_records_that_have_a_cell() {
    let server = Server::over_both_samples();
    let everything = server.json("/xyz/incidents/0/0/0.geojson");
    let excluded = everything["naqsha"]["excluded"]["count"]
        .as_u64()
        .expect("a count");
    let matched = server.json("/collections/incidents/items?limit=1")["numberMatched"].as_u64();
    assert_eq!(Some(total(&everything) + excluded), matched);
    // Finer tiles only draw smaller cells: the sums stay. A feature may be in several tiles, and is counted once.
    for z in 1..=4_u32 {
        let mut sums = std::collections::BTreeMap::new();
        for x in 0..1 << z {
            for y in 0..1 << z {
                let tile = server.json(&format!("/xyz/incidents/{z}/{x}/{y}.geojson"));
                for feature in tile["features"].as_array().expect("features") {
                    let cell = feature["properties"]["h3"].as_str().expect("h3").to_owned();
                    sums.insert(cell, feature["properties"]["n"].as_u64().expect("n"));
                }
            }
        }
        assert_eq!(sums.values().sum::<u64>(), total(&everything), "zoom {z}");
    }
    // Of one study area, a tile that holds it all has what `counts` has at the tile's resolution.
    for (z, x, y, resolution) in [(0, 0, 0, 3), (3, 5, 3, 3)] {
        let tile = server.json(&format!("/xyz/counts/{z}/{x}/{y}.geojson"));
        assert_eq!(tile["naqsha"]["resolution"], resolution);
        let items = server.json(&format!(
            "/collections/counts/items?limit=10000&resolution={resolution}"
        ));
        assert_eq!(total(&tile), total(&items), "zoom {z}");
    }
}

#[test]
fn records_are_drawn_one_by_one_where_a_map_can_tell_them_apart() {
    let server = Server::over_both_samples();
    // Leeds, as the slippy map has it.
    let tile = server.json("/xyz/incidents/12/2030/1319.geojson");
    let features = tile["features"].as_array().expect("features");
    assert!(features.len() > 10, "{}", features.len());
    for feature in features {
        assert_eq!(feature["id"].as_str().map(str::len), Some(26), "{feature}");
        assert_eq!(
            feature["geometry"]["type"], "Polygon",
            "an analyst sees cells"
        );
    }
    let ids: BTreeSet<&str> = features
        .iter()
        .filter_map(|feature| feature["id"].as_str())
        .collect();
    assert_eq!(ids.len(), features.len());
    let vector = server.get("/xyz/incidents/12/2030/1319.pbf");
    if let Some(layers) = decoded("records_are_drawn_one_by_one", &vector.body) {
        let drawn = layers["incidents"]["features"].as_array().expect("records");
        assert_eq!(drawn.len(), features.len());
    }
}

//! Tiles, TileJSON and styles; vector tiles are read by the Python package `mapbox_vector_tile`.

use std::io::Write as _;
use std::process::Stdio;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::fixture::{INCIDENTS, link, python, service};

/// The tile over Lahore at a zoom.
pub(crate) fn tile_at(z: u32) -> (u32, u32) {
    let [lon, lat] = crate::fixture::LAHORE;
    let across = f64::from(1_u32 << z);
    let y = (1.0 - lat.to_radians().tan().asinh() / std::f64::consts::PI) / 2.0;
    let whole = |v: f64| format!("{}", (v * across).floor()).parse().unwrap();
    (whole((lon + 180.0) / 360.0), whole(y))
}

#[tokio::test]
async fn counts_at_every_zoom_are_sums_and_never_dropped() {
    let service = service().await;
    for z in [0, 2, 5, 6, 7] {
        let (x, y) = tile_at(z);
        let tile = service
            .json(&format!("/xyz/counts/{z}/{x}/{y}.geojson"))
            .await;
        let n: u64 = tile["features"]
            .as_array()
            .unwrap()
            .iter()
            .map(|f| f["properties"]["n"].as_u64().unwrap())
            .sum();
        let excluded = tile["naqsha"]["excluded"]["count"].as_u64().unwrap();
        assert_eq!(n + excluded, INCIDENTS, "zoom {z}: {}", tile["naqsha"]);
    }
    let (x, y) = tile_at(8);
    let named = service
        .json(&format!("/xyz/counts/8/{x}/{y}.geojson?resolution=9"))
        .await;
    assert_eq!(
        named["naqsha"]["resolution"], 9,
        "a resolution that is named is kept"
    );
    let followed = service
        .json(&format!("/xyz/counts/8/{x}/{y}.geojson"))
        .await;
    assert_eq!(
        followed["naqsha"]["resolution"], 6,
        "else it follows the zoom"
    );
}

#[tokio::test]
async fn absent_tiles_are_404_and_empty_ones_204() {
    let service = service().await;
    for path in [
        "/xyz/hotspots/0/1/0.mvt",
        "/xyz/hotspots/10/1024/0.mvt",
        "/xyz/hotspots/64/0/0.mvt",
        "/xyz/hotspots/-1/0/0.mvt",
        "/xyz/hotspots/0/0/0.png",
        "/xyz/hotspots/0/0/0",
        "/xyz/nothing/0/0/0.mvt",
        "/xyz/nothing.json",
        "/xyz/hotspots",
    ] {
        service.get(path).await.problem(404);
    }
    let nothing = service.get("/xyz/nothing/0/0/0.mvt").await.problem(404);
    assert!(
        nothing["detail"]
            .as_str()
            .unwrap()
            .contains("incidents, counts, hotspots"),
        "{nothing}"
    );
    service
        .get("/xyz/hotspots/0/0/0.mvt?colour=red")
        .await
        .problem(400);
    service
        .get("/xyz/hotspots/0/0/0.mvt?f=json")
        .await
        .problem(400);
    let empty = service.get("/xyz/hotspots/8/0/0.mvt").await;
    assert_eq!((empty.status.as_u16(), empty.body.len()), (204, 0));
    assert!(!empty.header("etag").is_empty());
}

#[tokio::test]
async fn tilejson_style_and_tiles_carry_the_parameters_of_the_request() {
    let service = service().await;
    let style = service.json("/styles/hotspots?category=DT,CY&k=2").await;
    assert_eq!(style["version"], 8);
    let source = style["sources"]["hotspots"]["url"].as_str().unwrap();
    let tilejson = service.follow(source).await.json();
    assert_eq!(tilejson["tilejson"], "3.0.0");
    let template = tilejson["tiles"][0].as_str().unwrap();
    assert_eq!(
        template,
        "http://maps.example.org/xyz/hotspots/{z}/{x}/{y}.mvt?category=DT,CY&k=2"
    );
    assert_eq!(
        tilejson["vector_layers"][0]["id"],
        style["layers"][1]["source-layer"]
    );
    assert_eq!(tilejson["vector_layers"][0]["fields"]["class"], "String");
    let [west, south, east, north] = [0, 1, 2, 3].map(|i| tilejson["bounds"][i].as_f64().unwrap());
    let [lon, lat] = crate::fixture::LAHORE;
    assert!(west < lon && lon < east && south < lat && lat < north);
    let (x, y) = tile_at(7);
    let tile = template
        .replace("{z}", "7")
        .replace("{x}", &x.to_string())
        .replace("{y}", &y.to_string());
    let tile = service.follow(&tile).await;
    assert_eq!(
        (tile.status.as_u16(), tile.header("content-type")),
        (200, "application/vnd.mapbox-vector-tile")
    );
    let alias = service
        .get(&format!("/xyz/hotspots/7/{x}/{y}.pbf?category=DT,CY&k=2"))
        .await;
    assert_eq!(alias.body, tile.body);
    service
        .get("/styles/hotspots?colour=red")
        .await
        .problem(400);
    let mut drawn = Vec::new();
    for layer in ["density", "change", "emerging"] {
        let style = service.json(&format!("/styles/{layer}")).await;
        drawn.push(style["layers"][1]["paint"]["fill-color"].clone());
    }
    assert_eq!(drawn[0][1][1][1], "density");
    assert_eq!(drawn[1][1], serde_json::json!(["get", "class"]));
    assert_eq!(drawn[1][2], "increase");
    // Sixteen patterns have a colour; all else is grey.
    assert_eq!(drawn[2].as_array().map(Vec::len), Some(2 + 2 * 16 + 1));
    let styles = service.json("/styles").await;
    assert_eq!(
        service
            .follow(
                link(
                    &styles["styles"][0],
                    "stylesheet",
                    "application/vnd.mapbox.style+json"
                )
                .unwrap()
            )
            .await
            .status,
        200
    );
}

/// A tile as another's decoder sees it, y pointing down.
fn decode(python: &mut std::process::Command, tile: &[u8]) -> Value {
    let reader = "import sys, json, mapbox_vector_tile as m; \
        print(json.dumps(m.decode(sys.stdin.buffer.read(), default_options={'y_coord_down': True})))";
    if python.get_args().next().is_none() {
        python.args(["-c", reader]);
    }
    let mut reader = python
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    reader.stdin.take().unwrap().write_all(tile).unwrap();
    serde_json::from_slice(&reader.wait_with_output().unwrap().stdout).unwrap()
}

#[tokio::test]
async fn vector_tiles_hold_what_the_geojson_tile_holds_to_an_independent_reader() {
    let name = "vector_tiles_hold_what_the_geojson_tile_holds_to_an_independent_reader";
    let Some(mut python) = python(name, "mapbox_vector_tile") else {
        return;
    };
    let service = service().await;
    for z in [4, 7, 9] {
        let (x, y) = tile_at(z);
        let uri = format!("/xyz/hotspots/{z}/{x}/{y}");
        let decoded = decode(&mut python, &service.get(&format!("{uri}.mvt")).await.body);
        let layer = &decoded["hotspots"];
        assert_eq!(
            (&layer["extent"], &layer["version"]),
            (&4_096.into(), &2.into())
        );
        let geojson = service.json(&format!("{uri}.geojson")).await;
        let expected = geojson["features"].as_array().unwrap();
        let features = layer["features"].as_array().unwrap();
        assert_eq!(features.len(), expected.len(), "zoom {z}");
        for (feature, expected) in features.iter().zip(expected) {
            let expected = expected["properties"].as_object().unwrap();
            for (name, value) in expected.iter().filter(|(_, value)| !value.is_null()) {
                let read = &feature["properties"][name];
                let same = read == value || (read.is_number() && read.as_f64() == value.as_f64());
                assert!(same, "{name}: {read} for {value}");
            }
            assert_eq!(feature["geometry"]["type"], "Polygon");
            assert_inside_and_clockwise(&feature["geometry"]["coordinates"][0]);
        }
    }
}

fn assert_inside_and_clockwise(ring: &Value) {
    let points: Vec<[i64; 2]> = ring
        .as_array()
        .unwrap()
        .iter()
        .map(|p| [p[0].as_i64().unwrap(), p[1].as_i64().unwrap()])
        .collect();
    assert!(
        points.iter().flatten().all(|c| (-64..=4_160).contains(c)),
        "{points:?}"
    );
    let area: i64 = points
        .windows(2)
        .map(|p| p[0][0] * p[1][1] - p[1][0] * p[0][1])
        .sum();
    assert!(
        area > 0,
        "an exterior ring is clockwise on the screen: {points:?}"
    );
}

#[tokio::test]
async fn records_are_sums_from_afar_and_themselves_from_near() {
    let service = service().await;
    for z in [0, 5, 7] {
        let (x, y) = tile_at(z);
        let tile = service
            .json(&format!("/xyz/incidents/{z}/{x}/{y}.geojson"))
            .await;
        let sums = tile["features"].as_array().unwrap().iter();
        let n: u64 = sums.map(|f| f["properties"]["n"].as_u64().unwrap()).sum();
        assert_eq!(n, INCIDENTS, "zoom {z}");
    }
    let (x, y) = tile_at(11);
    let near = service
        .json(&format!("/xyz/incidents/11/{x}/{y}.geojson"))
        .await;
    let records = near["features"].as_array().unwrap();
    assert!(
        !records.is_empty()
            && records
                .iter()
                .all(|f| f["properties"]["category"].is_string())
    );
    // A filter chooses records wherever they are drawn; what the index does not know is looked into.
    for (filter, expected) in [
        ("category='DT'", INCIDENTS / 2),
        ("first_day<DATE('2023-03-02')", 1),
        ("category='DT' AND district IS NULL", INCIDENTS / 2),
    ] {
        let filter = utf8_percent_encode(filter, NON_ALPHANUMERIC);
        let tile = service
            .json(&format!("/xyz/incidents/0/0/0.geojson?filter={filter}"))
            .await;
        let sums = tile["features"].as_array().unwrap().iter();
        let n: u64 = sums.map(|f| f["properties"]["n"].as_u64().unwrap()).sum();
        assert_eq!(n, expected, "{filter}");
    }
}

#[tokio::test]
async fn an_operator_sees_points_where_an_analyst_sees_cells() {
    let settings = naqsha_http::ServerSettings {
        anonymous_role: naqsha_model::Role::Operator,
        ..naqsha_http::ServerSettings::default()
    };
    let service = crate::fixture::service_with(settings).await;
    let (x, y) = tile_at(14);
    let tile = service
        .json(&format!("/xyz/incidents/14/{x}/{y}.geojson"))
        .await;
    let records = tile["features"].as_array().unwrap();
    assert!(!records.is_empty());
    assert!(records.iter().all(|f| f["geometry"]["type"] == "Point"));
    let layer = service
        .json("/arcgis/rest/services/crime/FeatureServer/0?f=json")
        .await;
    assert_eq!(layer["geometryType"], "esriGeometryPoint");
    let set = service
        .json("/arcgis/rest/services/crime/FeatureServer/0/query?f=json&where=1%3D1&outSR=3857")
        .await;
    let first = &set["features"][0]["geometry"];
    // Lahore in metres, by pyproj 3.7.2: 8277572.62, 3700519.02.
    assert!(
        (first["x"].as_f64().unwrap() - 8_277_572.6).abs() < 6_000.0,
        "{first}"
    );
    assert!(
        (first["y"].as_f64().unwrap() - 3_700_519.0).abs() < 6_000.0,
        "{first}"
    );
    let Some(mut python) = python("an_operator_sees_points", "mapbox_vector_tile") else {
        return;
    };
    let vector = service.get(&format!("/xyz/incidents/14/{x}/{y}.mvt")).await;
    let layers = decode(&mut python, &vector.body);
    let drawn = layers["incidents"]["features"].as_array().unwrap();
    assert!(!drawn.is_empty() && drawn.len() <= records.len());
    assert!(drawn.iter().all(|f| f["geometry"]["type"] == "Point"));
}

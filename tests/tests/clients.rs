//! Clients that others wrote, against the real program over both samples: GDAL, a decoder of vector tiles, and the map
//! in a browser. Each must come to the same answer as the service's own GeoJSON.

#![expect(
    clippy::panic,
    reason = "a test that cannot go on should stop and say why"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use naqsha_tests::collections::COLLECTIONS;
use naqsha_tests::server::Server;
use naqsha_tests::skip::{program, python, skip, tool};
use serde_json::Value;

/// Lahore and its surroundings.
const BOX: &str = "72,30,75,33";

/// Every feature of a request, page by page, by its id.
fn all(server: &Server, address: &str) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    let mut next = Some(address.to_owned());
    while let Some(address) = next {
        let page = server.json(&address);
        for feature in page["features"].as_array().expect("features") {
            let id = feature["id"].as_str().expect("an id").to_owned();
            assert!(
                found.insert(id, feature["properties"].clone()).is_none(),
                "twice: {feature}"
            );
        }
        let links = page["links"].as_array().expect("links");
        next = links
            .iter()
            .find(|link| link["rel"] == "next")
            .and_then(|link| link["href"].as_str())
            .map(str::to_owned);
    }
    found
}

fn stdout(command: &mut Command) -> String {
    let output = command.output().expect("the client starts");
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn ogrinfo(test: &str) -> Option<Command> {
    program(test, &tool("NAQSHA_OGRINFO", "ogrinfo"))
}

#[test]
fn ogrinfo_lists_the_collections() {
    let Some(mut ogrinfo) = ogrinfo("ogrinfo_lists_the_collections") else {
        return;
    };
    let server = Server::over_both_samples();
    let list = stdout(ogrinfo.args(["-ro", "-q", &format!("OAPIF:{}/", server.base())]));
    let names: Vec<&str> = list
        .lines()
        .filter_map(|line| line.split_once(": ")?.1.split(' ').next())
        .collect();
    assert_eq!(names, COLLECTIONS, "{list}");
}

#[test]
fn ogrinfo_counts_what_the_service_says_it_matched() {
    let test = "ogrinfo_counts_what_the_service_says_it_matched";
    let server = Server::over_both_samples();
    // Those of which the samples have a map.
    for collection in COLLECTIONS.into_iter().take(7) {
        let Some(mut ogrinfo) = ogrinfo(test) else {
            return;
        };
        let url = format!("OAPIF:{}/", server.base());
        let told = stdout(ogrinfo.args(["-ro", "-so", &url, collection]));
        let counted = told
            .lines()
            .find_map(|line| line.strip_prefix("Feature Count: "));
        let page = server.json(&format!("/collections/{collection}/items?limit=1"));
        let matched = page["numberMatched"].as_u64().expect("numberMatched");
        let least = if collection == "flows" { 2 } else { 100 };
        assert!(matched > least, "{collection} has features");
        assert_eq!(
            counted,
            Some(matched.to_string().as_str()),
            "{collection}: {told}"
        );
    }
}

#[test]
fn ogrinfo_finds_the_same_hot_cells() {
    let Some(mut ogrinfo) = ogrinfo("ogrinfo_finds_the_same_hot_cells") else {
        return;
    };
    let server = Server::over_both_samples();
    let url = format!("OAPIF:{}/", server.base());
    let told = stdout(ogrinfo.args([
        "-ro",
        "-q",
        "-geom=NO",
        &url,
        "hotspots",
        "-where",
        "class='hot'",
    ]));
    let found: BTreeSet<&str> = told
        .lines()
        .filter_map(|line| line.trim().strip_prefix("h3 (String) = "))
        .collect();
    let cells = all(&server, "/collections/hotspots/items?limit=1000");
    let hot: BTreeSet<&str> = cells
        .iter()
        .filter(|(_, cell)| cell["class"] == "hot")
        .map(|(id, _)| id.as_str())
        .collect();
    assert!(!hot.is_empty(), "the sample has a hotspot");
    assert_eq!(found, hot, "{told}");
}

/// What pyogrio reads is what the service answers to the same question, cell by cell.
fn assert_pyogrio_reads(test: &str, bbox: Option<&str>, least: usize) {
    let Some(mut python) = python(test, "pyogrio") else {
        return;
    };
    let server = Server::over_both_samples();
    let query = bbox.map_or(String::new(), |bbox| format!("&bbox={bbox}"));
    let expected = all(
        &server,
        &format!("/collections/hotspots/items?limit=1000{query}"),
    );
    assert!(expected.len() > least, "{} cells", expected.len());
    // Pages so small that the layer cannot be read without following links.
    let answer = stdout(
        python
            .args([
                "oracles/pyogrio_read.py",
                &format!("{}/", server.base()),
                "100",
            ])
            .args(bbox),
    );
    let answer: Value = serde_json::from_str(&answer).expect("the oracle prints JSON");
    let read = answer["features"].as_array().expect("features");
    assert_eq!(read.len(), expected.len());
    for feature in read {
        let cell = feature["id"]
            .as_str()
            .and_then(|id| expected.get(id))
            .unwrap_or_else(|| panic!("a cell that the service does not have: {feature}"));
        for property in ["n", "q", "class"] {
            assert_eq!(feature[property], cell[property], "{property} of {cell}");
        }
    }
}

#[test]
fn pyogrio_reads_the_whole_layer_page_by_page() {
    assert_pyogrio_reads("pyogrio_reads_the_whole_layer_page_by_page", None, 1000);
}

#[test]
fn pyogrio_reads_a_box() {
    assert_pyogrio_reads("pyogrio_reads_a_box", Some(BOX), 100);
}

/// West, south, east, north of a tile whose sides are moved outwards by a share of its width.
fn tile_box(z: u32, x: u32, y: u32, margin: f64) -> String {
    let tiles = f64::from(1_u32 << z);
    let lon = |x: f64| x / tiles * 360.0 - 180.0;
    let lat = |y: f64| {
        (std::f64::consts::PI * (1.0 - 2.0 * y / tiles))
            .sinh()
            .atan()
            .to_degrees()
    };
    let (x, y) = (f64::from(x), f64::from(y));
    format!(
        "{},{},{},{}",
        lon(x - margin),
        lat(y + 1.0 + margin),
        lon(x + 1.0 + margin),
        lat(y - margin)
    )
}

/// The tile's layer as another's decoder sees it.
fn decoded(mut python: Command, tile: &[u8]) -> Value {
    let mut decoder = python
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
    serde_json::from_slice(&output.stdout).expect("the oracle prints JSON")
}

#[test]
fn a_vector_tile_holds_the_cells_of_its_box_with_their_properties() {
    let test = "a_vector_tile_holds_the_cells_of_its_box_with_their_properties";
    let Some(python) = python(test, "mapbox_vector_tile") else {
        return;
    };
    let server = Server::over_both_samples();
    // Lahore and Faisalabad.
    let (z, x, y) = (6, 45, 26);
    let tile = server.get(&format!("/xyz/hotspots/{z}/{x}/{y}.mvt?resolution=5"));
    assert_eq!(
        (tile.status, tile.header("content-type")),
        (200, "application/vnd.mapbox-vector-tile")
    );
    let layers = decoded(python, &tile.body);
    let cells = layers["hotspots"]["features"].as_array().expect("cells");

    let asked = |margin| {
        let bbox = tile_box(z, x, y, margin);
        all(
            &server,
            &format!("/collections/hotspots/items?resolution=5&limit=1000&bbox={bbox}"),
        )
    };
    // A tile may reach over its sides, for the outlines of the cells there, but never far.
    let (inside, around) = (asked(0.0), asked(0.05));
    assert!(inside.len() > 100, "{} cells", inside.len());
    let mut met = BTreeSet::new();
    for cell in cells {
        assert_eq!(cell["type"], "Polygon");
        let drawn = &cell["properties"];
        let h3 = drawn["h3"].as_str().expect("h3");
        let known = around
            .get(h3)
            .unwrap_or_else(|| panic!("{h3} does not lie in the tile"));
        for property in ["n", "bin", "class", "q", "neighbourhood_n"] {
            assert_eq!(drawn[property], known[property], "{property} of {h3}");
        }
        assert!(met.insert(h3.to_owned()), "{h3} is there twice");
    }
    assert!(
        inside.keys().all(|h3| met.contains(h3)),
        "a cell is missing"
    );
}

/// The folder of the dashboard where its page is built and its tests can run.
fn dashboard(test: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dashboard");
    for needed in [
        "node_modules/playwright-core",
        "node_modules/h3-js",
        "dist/index.html",
    ] {
        if !folder.join(needed).exists() {
            skip(test, &format!("dashboard/{needed} is absent"));
            return None;
        }
    }
    Some(folder)
}

/// The page of a study area passes the dashboard's own browser test; its screenshots stay in the target folder.
fn assert_page_works(test: &str, study_area: &str) {
    let chromium = tool("NAQSHA_CHROMIUM", "/usr/bin/chromium");
    let (Some(folder), Some(_), Some(mut node)) = (
        dashboard(test),
        program(test, &chromium),
        program(test, &tool("NAQSHA_NODE", "node")),
    ) else {
        return;
    };
    let server = Server::over_both_samples();
    let pictures = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let pictures = [
        pictures.join(format!("{study_area}-desktop.png")),
        pictures.join(format!("{study_area}-phone.png")),
    ];
    let told = stdout(
        node.current_dir(folder)
            .args(["tests/browser.mjs", "--chromium", &chromium])
            .args(["--url", &format!("{}/", server.base())])
            .args(["--study-area", study_area])
            .arg("--screenshot")
            .arg(&pictures[0])
            .arg("--phone-screenshot")
            .arg(&pictures[1]),
    );
    assert!(told.contains("browser checks passed against"), "{told}");
    assert!(pictures.iter().all(|picture| picture.exists()));
}

#[test]
fn the_page_of_pakistan_works_in_a_browser() {
    let test = "the_page_of_pakistan_works_in_a_browser";
    assert_page_works(test, "pakistan");
}

#[test]
fn the_page_of_west_yorkshire_works_in_a_browser() {
    let test = "the_page_of_west_yorkshire_works_in_a_browser";
    assert_page_works(test, "west-yorkshire");
}

#[test]
fn the_synthetic_sample_is_called_so_and_the_real_month_is_not() {
    let server = Server::over_both_samples();
    for (study_area, synthetic) in [("pakistan", true), ("west-yorkshire", false)] {
        let page = server.json(&format!(
            "/collections/hotspots/items?limit=1&study_area={study_area}"
        ));
        assert_eq!(page["naqsha"]["synthetic"], synthetic, "{study_area}");
    }
}

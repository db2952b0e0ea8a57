//! Clients that others wrote, without a screen, and how often each asks: GDAL, QGIS and `OWSLib` against the real program
//! over both samples. Each must come to the service's own numbers, within as many requests as it needs and no more, and
//! must not be refused anything.

#![expect(
    clippy::panic,
    reason = "a test that cannot go on should stop and say why"
)]

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

use naqsha_tests::server::Server;
use naqsha_tests::skip::{program, python, qgis};
use serde_json::Value;

const ROOT: &str = "/arcgis/rest/services/crime/FeatureServer";
/// Lahore and its surroundings.
const BOX: &str = "72,30,75,33";

/// What one client asks is counted by itself.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs a client; fails where it asked more than `budget` requests, or was refused any.
fn within(server: &Server, budget: u64, client: &mut Command) -> String {
    let before = server.answered();
    let output = client.output().expect("the client starts");
    let after = server.answered();
    assert!(
        output.status.success(),
        "{client:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let mut asked = Vec::new();
    for ((route, status), count) in &after {
        let more = count - before.get(&(route.clone(), status.clone())).unwrap_or(&0);
        if more > 0 {
            asked.push(format!("{more} × {route} {status}"));
        }
        let refused = more > 0 && status.starts_with(['4', '5']);
        assert!(
            !refused,
            "{client:?} was refused: {more} × {route} {status}"
        );
    }
    let all: u64 = after.values().sum::<u64>() - before.values().sum::<u64>();
    assert!(
        all > 0 && all <= budget,
        "{client:?} asked {all} of {budget}: {asked:?}"
    );
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn json(text: &str) -> Value {
    // QGIS may say more before the last line.
    let last = text.lines().rev().find(|line| line.starts_with(['{', '[']));
    let last = last.unwrap_or_else(|| panic!("no JSON: {text:?}"));
    serde_json::from_str(last).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn matched(server: &Server, address: &str) -> u64 {
    server.json(address)["numberMatched"]
        .as_u64()
        .expect("a count")
}

/// Pages of a thousand, and of two thousand.
fn pages(of: u64, each: u64) -> u64 {
    of.div_ceil(each)
}

/// The system's `ogrinfo`, or another that the test command prepared.
#[expect(
    clippy::disallowed_methods,
    reason = "the test command says which tools it prepared"
)]
fn ogrinfo(test: &str) -> Option<Command> {
    let name = std::env::var("NAQSHA_OGRINFO").unwrap_or_else(|_unset| "ogrinfo".to_owned());
    program(test, &name)
}

fn told_count(told: &str) -> Option<u64> {
    let line = told
        .lines()
        .find_map(|line| line.strip_prefix("Feature Count: "))?;
    line.trim().parse().ok()
}

#[test]
fn gdal_reads_the_feature_service_page_by_page() {
    let Some(mut ogrinfo) = ogrinfo("gdal_reads_the_feature_service_page_by_page") else {
        return;
    };
    let server = Server::over_both_samples();
    let _alone = alone();
    let cells = matched(&server, "/collections/hotspots/items?limit=1");
    assert!(cells > 2_000, "more than a page");
    let source = format!(
        "ESRIJSON:{}{ROOT}/hotspots/query?where=1%3D1&outFields=*&f=json&resultRecordCount=2000",
        server.base()
    );
    // It reads the first page several times: for its type, to count, and again from the start.
    let told = within(
        &server,
        3 + 2 * pages(cells, 2_000),
        ogrinfo.args(["-ro", "-so", "-al", &source]),
    );
    assert_eq!(told_count(&told), Some(cells), "{told}");
    assert!(
        told.contains("Geometry: Polygon") && told.contains("n: Integer"),
        "{told}"
    );
}

#[test]
fn gdal_reads_tiles_of_a_layer_by_their_folder() {
    let Some(mut ogrinfo) = ogrinfo("gdal_reads_tiles_of_a_layer_by_their_folder") else {
        return;
    };
    let server = Server::over_both_samples();
    let _alone = alone();
    let source = format!("MVT:{}/xyz/counts/6/45/26.pbf", server.base());
    let told = within(&server, 6, ogrinfo.args(["-ro", "-so", "-al", &source]));
    let tile = server.json("/xyz/counts/6/45/26.geojson");
    assert_eq!(told_count(&told), tile["numberReturned"].as_u64(), "{told}");
    let metadata = server.json("/xyz/counts/metadata.json");
    let layers: Value =
        serde_json::from_str(metadata["json"].as_str().expect("a text")).expect("JSON");
    assert_eq!(layers["vector_layers"][0]["id"], "counts");
}

#[test]
fn pyogrio_reads_a_layer_within_its_budget() {
    let Some(mut python) = python("pyogrio_reads_a_layer_within_its_budget", "pyogrio") else {
        return;
    };
    let server = Server::over_both_samples();
    let _alone = alone();
    let cells = matched(&server, "/collections/hotspots/items?limit=1");
    let told = within(
        &server,
        5 + pages(cells, 1_000),
        python.args([
            "oracles/pyogrio_read.py",
            &format!("{}/", server.base()),
            "1000",
        ]),
    );
    assert_eq!(
        json(&told)["features"]
            .as_array()
            .map(|read| read.len() as u64),
        Some(cells)
    );
}

/// What QGIS says of a source.
fn read_by_qgis(server: &Server, mut python: Command, budget: u64, arguments: &[&str]) -> Value {
    let told = within(
        server,
        budget,
        python.arg("oracles/qgis_read.py").args(arguments),
    );
    let told = json(&told);
    assert_eq!(told["valid"], true, "{told}");
    told
}

#[test]
fn qgis_reads_a_collection() {
    let Some(python) = qgis("qgis_reads_a_collection") else {
        return;
    };
    let server = Server::over_both_samples();
    let _alone = alone();
    let cells = matched(&server, "/collections/hotspots/items?limit=1");
    let inside = matched(
        &server,
        &format!("/collections/hotspots/items?limit=1&bbox={BOX}"),
    );
    // Of a layer as small as this one it reads all and cuts the box out by itself.
    let source = format!("url='{}/' typename='hotspots'", server.base());
    let told = read_by_qgis(
        &server,
        python,
        4 + pages(cells, 1_000),
        &["oapif", &source, BOX],
    );
    assert_eq!(told["count"].as_u64(), Some(cells));
    let read = told["features"].as_array().expect("features");
    assert_eq!(read.len() as u64, inside);
    let records: u64 = read
        .iter()
        .filter_map(|feature| feature["n"].as_u64())
        .sum();
    let page = server.json(&format!(
        "/collections/hotspots/items?limit=10000&bbox={BOX}"
    ));
    let items = page["features"].as_array().expect("features").iter();
    assert_eq!(
        records,
        items
            .filter_map(|item| item["properties"]["n"].as_u64())
            .sum::<u64>()
    );
}

#[test]
fn qgis_reads_the_feature_service() {
    let Some(python) = qgis("qgis_reads_the_feature_service") else {
        return;
    };
    let server = Server::over_both_samples();
    let _alone = alone();
    let cells = matched(&server, "/collections/counts/items?limit=1");
    let source = format!("crs='EPSG:4326' url='{}{ROOT}/counts'", server.base());
    // It takes a hundred features at a time by their numbers.
    let told = read_by_qgis(
        &server,
        python,
        3 + pages(cells, 100),
        &["arcgisfeatureserver", &source],
    );
    let read = told["features"].as_array().expect("features");
    assert_eq!(read.len() as u64, cells);
    let names: BTreeSet<&str> = read
        .iter()
        .filter_map(|feature| feature["h3"].as_str())
        .collect();
    assert_eq!(names.len() as u64, cells, "each cell once");
    assert!(
        read.iter()
            .all(|feature| feature["area"].as_f64().is_some_and(|area| area > 0.0))
    );
    let records: u64 = read
        .iter()
        .filter_map(|feature| feature["n"].as_u64())
        .sum();
    let page = server.json("/collections/counts/items?limit=10000");
    let items = page["features"].as_array().expect("features").iter();
    assert_eq!(
        records,
        items
            .filter_map(|item| item["properties"]["n"].as_u64())
            .sum::<u64>()
    );
}

#[test]
fn qgis_draws_vector_tiles() {
    let Some(python) = qgis("qgis_draws_vector_tiles") else {
        return;
    };
    let server = Server::over_both_samples();
    let _alone = alone();
    let source = format!(
        "type=xyz&url={}/xyz/hotspots/%7Bz%7D/%7Bx%7D/%7By%7D.pbf&zmax=12&zmin=0",
        server.base()
    );
    // Around Lahore, in metres.
    let told = read_by_qgis(
        &server,
        python,
        12,
        &["vectortile", &source, "8200000,3600000,8400000,3800000"],
    );
    let drawn = told["drawn"].as_f64().expect("a share");
    assert!(drawn > 0.5, "cells cover the picture: {drawn}");
}

#[test]
fn owslib_reads_collections_queryables_and_a_box() {
    let Some(mut python) = python("owslib_reads_collections_queryables_and_a_box", "owslib") else {
        return;
    };
    let server = Server::over_both_samples();
    let _alone = alone();
    let told = within(
        &server,
        9,
        python.args([
            "oracles/owslib_read.py",
            &format!("{}/", server.base()),
            "counts",
            BOX,
        ]),
    );
    let told = json(&told);
    let page = server.json(&format!("/collections/counts/items?limit=1000&bbox={BOX}"));
    assert_eq!(told["matched"], page["numberMatched"]);
    let mut ids: Vec<&str> = page["features"]
        .as_array()
        .expect("features")
        .iter()
        .filter_map(|feature| feature["id"].as_str())
        .collect();
    ids.sort_unstable();
    assert_eq!(told["ids"], Value::from(ids));
    assert_eq!(
        told["conformance"],
        server.json("/conformance")["conformsTo"]
    );
    let names = server.json("/collections");
    let names: Vec<&Value> = names["collections"]
        .as_array()
        .expect("collections")
        .iter()
        .map(|one| &one["id"])
        .collect();
    assert_eq!(
        told["collections"]
            .as_array()
            .expect("collections")
            .iter()
            .collect::<Vec<_>>(),
        names
    );
    let queryables = server.json("/collections/counts/queryables");
    let mut names: Vec<&str> = queryables["properties"]
        .as_object()
        .expect("properties")
        .keys()
        .map(String::as_str)
        .collect();
    names.sort_unstable();
    assert_eq!(told["queryables"], Value::from(names));
}

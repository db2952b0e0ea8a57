//! The feature service as ArcGIS, QGIS and GDAL ask it: the requests that these were seen to send, against the real
//! program, compared with what OGC API - Features answers of the same layers.

#![expect(
    clippy::panic,
    reason = "a test that cannot go on should stop and say why"
)]

use std::collections::{BTreeMap, BTreeSet};

use naqsha_tests::collections::COLLECTIONS;
use naqsha_tests::server::Server;
use serde_json::Value;

const ROOT: &str = "/arcgis/rest/services/crime/FeatureServer";
/// Lahore and its surroundings.
const BOX: &str = "72,30,75,33";

/// The number of a layer.
fn layer(server: &Server, id: &str) -> String {
    let title = server.json(&format!("/collections/{id}"))["title"].clone();
    let service = server.json(&format!("{ROOT}?f=json"));
    let layers = service["layers"].as_array().expect("layers");
    let found = layers.iter().find(|layer| layer["name"] == title);
    let number = &found.unwrap_or_else(|| panic!("no {title} in {service}"))["id"];
    format!("{ROOT}/{number}")
}

fn query(server: &Server, layer: &str, parameters: &str) -> Value {
    server.json(&format!("{layer}/query?f=json&{parameters}"))
}

fn features(set: &Value) -> &[Value] {
    set["features"]
        .as_array()
        .unwrap_or_else(|| panic!("{set}"))
}

/// Every feature by its number, page by page, as ArcGIS goes on while more are said to follow.
fn all(server: &Server, layer: &str, parameters: &str) -> BTreeMap<u64, Value> {
    let mut found = BTreeMap::new();
    loop {
        let page = query(
            server,
            layer,
            &format!("{parameters}&outFields=*&resultOffset={}", found.len()),
        );
        for feature in features(&page) {
            let number = feature["attributes"]["OBJECTID"]
                .as_u64()
                .expect("a number");
            assert!(
                found.insert(number, feature.clone()).is_none(),
                "twice: {number}"
            );
        }
        if page["exceededTransferLimit"] != true {
            return found;
        }
        assert_eq!(
            features(&page).len(),
            2_000,
            "a page is full where there is another"
        );
    }
}

fn count(server: &Server, layer: &str, parameters: &str) -> u64 {
    let told = query(server, layer, &format!("{parameters}&returnCountOnly=true"));
    told["count"].as_u64().unwrap_or_else(|| panic!("{told}"))
}

fn matched(server: &Server, address: &str) -> u64 {
    server.json(address)["numberMatched"]
        .as_u64()
        .expect("a count")
}

#[test]
fn the_service_is_found_from_its_root() {
    let server = Server::over_both_samples();
    let info = server.json("/arcgis/rest/info?f=json");
    assert!(
        info["currentVersion"]
            .as_f64()
            .is_some_and(|version| version >= 10.0)
    );
    let services = server.json("/arcgis/rest/services?f=json");
    assert_eq!(services["services"][0]["name"], "crime");
    let service = server.json(&format!("{ROOT}?f=json"));
    let layers = service["layers"].as_array().expect("layers");
    assert_eq!(layers.len(), COLLECTIONS.len());
    let numbers: BTreeSet<u64> = layers
        .iter()
        .filter_map(|layer| layer["id"].as_u64())
        .collect();
    assert_eq!(numbers.len(), layers.len(), "each has its own number");
    for number in numbers {
        let layer = server.json(&format!("{ROOT}/{number}?f=json"));
        assert_eq!(layer["id"], number);
        assert_eq!(layer["objectIdField"], "OBJECTID");
        assert_eq!(layer["fields"][0]["type"], "esriFieldTypeOID");
        assert_eq!(layer["capabilities"], "Query");
    }
    for (format, media) in [
        ("pjson", "text/plain; charset=utf-8"),
        ("html", "text/html; charset=utf-8"),
        ("json", "application/json"),
    ] {
        for path in [
            ROOT.to_owned(),
            format!("{ROOT}/1"),
            format!("{ROOT}/1/query"),
        ] {
            let reply = server.get(&format!(
                "{path}?f={format}&where=1%3D1&resultRecordCount=2"
            ));
            assert_eq!(
                (reply.status, reply.header("content-type")),
                (200, media),
                "{path}"
            );
        }
    }
}

#[test]
fn every_cell_is_read_with_the_values_that_other_interfaces_have() {
    let server = Server::over_both_samples();
    let layer = layer(&server, "hotspots");
    let found = all(&server, &layer, "where=1%3D1");
    assert_eq!(
        found.len() as u64,
        matched(&server, "/collections/hotspots/items?limit=1")
    );
    assert!(found.len() > 2_000, "more than a page: {}", found.len());
    let mut by_cell = BTreeMap::new();
    for feature in found.values() {
        let cell = feature["attributes"]["h3"].as_str().expect("h3");
        by_cell.insert(cell, feature);
    }
    let page = server.json("/collections/hotspots/items?limit=500");
    for item in page["features"].as_array().expect("features") {
        let ours = by_cell[item["id"].as_str().expect("an id")];
        for (name, value) in item["properties"].as_object().expect("properties") {
            // A truth is 0 or 1 here.
            let expected = value
                .as_bool()
                .map_or_else(|| value.clone(), |truth| u8::from(truth).into());
            assert_eq!(ours["attributes"][name], expected, "{name}");
        }
        // The same ring the other way round.
        let mut ring = item["geometry"]["coordinates"][0]
            .as_array()
            .expect("a ring")
            .clone();
        ring.reverse();
        assert_eq!(ours["geometry"]["rings"][0], Value::from(ring));
    }
    // The numbers stay what they are in another answer and in another order.
    let some = query(
        &server,
        &layer,
        "where=n%3E3&orderByFields=n%20DESC&outFields=h3,n&returnGeometry=false",
    );
    let mut last = u64::MAX;
    assert!(features(&some).len() > 10);
    for feature in features(&some) {
        let of = &feature["attributes"];
        assert_eq!(
            found[&of["OBJECTID"].as_u64().expect("a number")]["attributes"]["h3"],
            of["h3"]
        );
        let n = of["n"].as_u64().expect("n");
        assert!(n > 3 && n <= last, "{n} after {last}");
        last = n;
        assert!(feature.get("geometry").is_none());
        assert_eq!(of.as_object().map(serde_json::Map::len), Some(3));
    }
}

#[test]
fn clauses_choose_what_filters_choose() {
    let server = Server::over_both_samples();
    let cases = [
        ("hotspots", "class%3D'hot'", "class='hot'"),
        (
            "hotspots",
            "UPPER(class)%20LIKE%20'HO%25'",
            "class LIKE 'ho%'",
        ),
        (
            "hotspots",
            "n%20BETWEEN%202%20AND%204%20AND%20NOT%20(class%3D'hot')",
            "n BETWEEN 2 AND 4 AND NOT class='hot'",
        ),
        (
            "hotspots",
            "n_apportioned%20IS%20NULL",
            "n_apportioned IS NULL",
        ),
        ("hotspots", "edge%3D1", "edge=true"),
        (
            "hotspots",
            "class%20IN%20('hot','cold')%20OR%20n%3E5",
            "class IN ('hot','cold') OR n>5",
        ),
        ("incidents", "category%3D'DT'", "category='DT'"),
        (
            "incidents",
            "category%20IN%20('DT','CY')%20AND%20precision%3C%3E'district'",
            "category IN ('DT','CY') AND precision<>'district'",
        ),
        (
            "incidents",
            "first_day%20%3E%3D%20DATE%20'2024-06-01'",
            "first_day>=DATE('2024-06-01')",
        ),
    ];
    for (id, clause, filter) in cases {
        let layer = layer(&server, id);
        let ours = count(&server, &layer, &format!("where={clause}"));
        let encoded =
            percent_encoding::utf8_percent_encode(filter, percent_encoding::NON_ALPHANUMERIC);
        let theirs = matched(
            &server,
            &format!("/collections/{id}/items?limit=1&filter={encoded}"),
        );
        assert_eq!(ours, theirs, "{clause}");
        assert!(ours > 0, "{clause} chooses something");
    }
}

#[test]
fn boxes_of_either_reference_choose_the_same() {
    let server = Server::over_both_samples();
    let layer = layer(&server, "hotspots");
    let theirs = matched(
        &server,
        &format!("/collections/hotspots/items?limit=1&bbox={BOX}"),
    );
    let plain = format!(
        "geometry={BOX}&geometryType=esriGeometryEnvelope&inSR=4326&spatialRel=esriSpatialRelIntersects"
    );
    assert_eq!(count(&server, &layer, &plain), theirs);
    // 72,30,75,33 by pyproj 3.7.2.
    let metres = "%7B%22xmin%22:8015003.337115567,%22ymin%22:3503549.843504375,%22xmax%22:8348961.809495518,%22ymax%22:3895303.963393896,\
                  %22spatialReference%22:%7B%22wkid%22:102100,%22latestWkid%22:3857%7D%7D";
    assert_eq!(
        count(
            &server,
            &layer,
            &format!("geometry={metres}&geometryType=esriGeometryEnvelope")
        ),
        theirs
    );
    let extent = query(
        &server,
        &layer,
        &format!("{plain}&returnExtentOnly=true&outSR=3857"),
    );
    assert_eq!(extent["count"].as_u64(), Some(theirs));
    assert_eq!(extent["extent"]["spatialReference"]["latestWkid"], 3857);
    let west = extent["extent"]["xmin"].as_f64().expect("a number");
    assert!((7_900_000.0..8_015_004.0).contains(&west), "{west}");
    // Records without a place are in no box.
    let incidents = self::layer(&server, "incidents");
    let located = count(
        &server,
        &incidents,
        "geometry=-180,-90,180,90&geometryType=esriGeometryEnvelope",
    );
    let everything = count(&server, &incidents, "where=1%3D1");
    let tile = server.json("/xyz/incidents/0/0/0.geojson");
    let without = tile["naqsha"]["excluded"]["count"]
        .as_u64()
        .expect("a count");
    assert_eq!(located + without, everything);
}

/// As QGIS reads a layer: all numbers, then a hundred features at a time by them.
#[test]
fn features_are_fetched_by_their_numbers() {
    let server = Server::over_both_samples();
    for id in ["incidents", "counts", "flows"] {
        let layer = layer(&server, id);
        let told = query(&server, &layer, "where=1%3D1&returnIdsOnly=true");
        assert_eq!(told["objectIdFieldName"], "OBJECTID");
        let numbers: Vec<u64> = told["objectIds"]
            .as_array()
            .expect("numbers")
            .iter()
            .filter_map(Value::as_u64)
            .collect();
        assert_eq!(
            numbers.len() as u64,
            count(&server, &layer, "where=1%3D1"),
            "{id}"
        );
        assert_eq!(
            numbers.iter().collect::<BTreeSet<_>>().len(),
            numbers.len(),
            "{id}: each number once"
        );
        assert!(
            numbers.iter().all(|&number| number > 0 && number < 1 << 31),
            "old clients have 31 bits"
        );
        let some: Vec<String> = numbers
            .iter()
            .rev()
            .step_by(7)
            .take(100)
            .map(u64::to_string)
            .collect();
        let list = some.join(",");
        let form = [
            ("f", "json"),
            ("objectIds", list.as_str()),
            ("inSR", "4326"),
            ("outSR", "4326"),
            ("returnGeometry", "true"),
            ("outFields", "*"),
            ("returnM", "false"),
            ("returnZ", "false"),
        ];
        let (status, posted) = server.post(&format!("{layer}/query"), &form);
        assert_eq!(status, 200);
        let got: BTreeSet<String> = features(&posted)
            .iter()
            .map(|feature| feature["attributes"]["OBJECTID"].to_string())
            .collect();
        assert_eq!(got, some.iter().cloned().collect(), "{id}");
        let read = query(&server, &layer, &format!("objectIds={list}&outFields=*"));
        assert_eq!(features(&read).len(), some.len());
        let clause = query(
            &server,
            &layer,
            &format!("where=OBJECTID%20IN%20({list})&outFields=*"),
        );
        assert_eq!(clause["features"], read["features"], "{id}");
        assert_eq!(count(&server, &layer, "objectIds=2147483647"), 0, "{id}");
    }
}

/// What a number stands for is the record that others name by its identifier.
#[test]
fn a_number_stands_for_the_record_of_an_identifier() {
    let server = Server::over_both_samples();
    let incidents = layer(&server, "incidents");
    let page = query(
        &server,
        &incidents,
        "where=1%3D1&outFields=*&resultRecordCount=3&resultOffset=40",
    );
    for feature in features(&page) {
        let of = &feature["attributes"];
        let id = of["feature_id"].as_str().expect("an identifier");
        let record = server.json(&format!("/collections/incidents/items/{id}"));
        assert_eq!(record["properties"]["category"], of["category"]);
        let again = query(
            &server,
            &incidents,
            &format!("objectIds={}&outFields=feature_id", of["OBJECTID"]),
        );
        assert_eq!(features(&again)[0]["attributes"]["feature_id"], *id);
    }
}

#[test]
fn geojson_has_the_same_features() {
    let server = Server::over_both_samples();
    let layer = layer(&server, "counts");
    let reply = server.get(&format!(
        "{layer}/query?f=geojson&where=1%3D1&outFields=*&resultRecordCount=50"
    ));
    assert_eq!(reply.header("content-type"), "application/geo+json");
    let set = reply.json();
    assert_eq!(features(&set).len(), 50);
    assert_eq!(set["properties"]["exceededTransferLimit"], true);
    let esri = query(
        &server,
        &layer,
        "where=1%3D1&outFields=*&resultRecordCount=50",
    );
    for (ours, theirs) in features(&set).iter().zip(features(&esri)) {
        assert_eq!(ours["properties"], theirs["attributes"]);
        assert_eq!(ours["id"], theirs["attributes"]["OBJECTID"]);
    }
}

#[test]
fn mistakes_are_told_in_a_document_with_status_200() {
    let server = Server::over_both_samples();
    let layer = layer(&server, "hotspots");
    for (path, code) in [
        (format!("{ROOT}/99?f=json"), 404),
        (format!("{ROOT}/99/query?f=json&where=1%3D1"), 404),
        (format!("{layer}/query?f=json&where=colour%3D'red'"), 400),
        (format!("{layer}/query?f=json&where=n%3D'three'"), 400),
        (
            format!("{layer}/query?f=json&where=1%3D1;DROP%20TABLE%20incidents"),
            400,
        ),
        (format!("{layer}/query?f=json&outFields=colour"), 400),
        (format!("{layer}/query?f=json&outSR=27700"), 400),
        (format!("{layer}/query?f=json&geometry=a,b,c,d"), 400),
        (
            format!("{layer}/query?f=json&geometry=1,2,3,4&spatialRel=esriSpatialRelWithin"),
            400,
        ),
        (format!("{layer}/query?f=json&objectIds=1,two"), 400),
        (format!("{layer}/query?f=json&orderByFields=colour"), 400),
        (
            format!("{layer}/query?f=json&outStatistics=%5B%7B%7D%5D"),
            400,
        ),
        (format!("{layer}/query?f=pbf"), 400),
        (format!("{layer}/query?f=json&k=-1"), 400),
    ] {
        let told = server.json(&path);
        assert_eq!(told["error"]["code"], code, "{path}: {told}");
        assert!(told["error"]["message"].is_string() && told["error"]["details"].is_array());
        assert!(told.get("features").is_none());
    }
    let both = server.json(&format!("{layer}/query?f=json&outFields=colour&outSR=1"));
    assert_eq!(
        both["error"]["details"].as_array().map(Vec::len),
        Some(2),
        "{both}"
    );
    let (status, told) = server.post(
        &format!("{layer}/query"),
        &[("f", "json"), ("where", "n =")],
    );
    assert_eq!((status, told["error"]["code"].as_u64()), (200, Some(400)));
    let long = "x".repeat(300 << 10);
    let (status, told) = server.post(
        &format!("{layer}/query"),
        &[("f", "json"), ("where", &long)],
    );
    assert_eq!((status, told["error"]["code"].as_u64()), (200, Some(400)));
}

//! OGC API - Features Part 1 against the real program: one test for each abstract test of the OGC suite
//! (ets-ogcapi-features10), in our own words, named by its number.

#![expect(
    clippy::panic,
    reason = "a test that cannot go on should stop and say why"
)]

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::Stdio;

use naqsha_tests::server::Server;
use naqsha_tests::skip::python;
use serde_json::Value;

const COLLECTIONS: [&str; 14] = [
    "incidents",
    "counts",
    "hotspots",
    "clusters",
    "rates",
    "density",
    "emerging",
    "change",
    "near-repeat",
    "linkages",
    "scan",
    "border",
    "flows",
    "forecast",
];
/// Those that the sample's one month can answer; the others compare steps of time, of which there is one.
const OF_A_MONTH: [&str; 9] = [
    "incidents",
    "counts",
    "hotspots",
    "clusters",
    "density",
    "near-repeat",
    "linkages",
    "forecast",
    "rates",
];
const GEOJSON: &str = "application/geo+json";
/// Rows of the sample without coordinates.
const WITHOUT_PLACE: u64 = 883;
/// Boxes that the suite probes with.
const PROBES: [&str; 5] = [
    "-1.5,50,1.5,53",
    "-80,-5,-70,5",
    "177,65,-177,70",
    "-180,85,180,90",
    "-180,-90,180,-85",
];

fn link<'a>(document: &'a Value, rel: &str, media_type: &str) -> &'a str {
    let links = document["links"].as_array().expect("links");
    let found = links
        .iter()
        .find(|l| l["rel"] == rel && l["type"] == media_type);
    found
        .and_then(|l| l["href"].as_str())
        .unwrap_or_else(|| panic!("no {rel} {media_type} in {}", document["links"]))
}

fn assert_typed(links: &Value) {
    for link in links.as_array().expect("links") {
        assert!(
            link["type"].is_string() && link["rel"].is_string() && link["href"].is_string(),
            "{link}"
        );
    }
}

fn features(page: &Value) -> &Vec<Value> {
    page["features"].as_array().expect("features")
}

/// Positions of a geometry, whatever its kind.
fn positions(geometry: &Value) -> Vec<[f64; 2]> {
    match geometry {
        Value::Array(members) if members.first().is_some_and(Value::is_number) => {
            vec![[
                members[0].as_f64().expect("a number"),
                members[1].as_f64().expect("a number"),
            ]]
        }
        Value::Array(members) => members.iter().flat_map(positions).collect(),
        Value::Object(_) => positions(&geometry["coordinates"]),
        _ => Vec::new(),
    }
}

fn parameter(api: &Value, collection: &str, name: &str) -> Value {
    let operation = &api["paths"][format!("/collections/{collection}/items")]["get"];
    let resolve = |p: &Value| match p["$ref"].as_str() {
        Some(path) => api
            .pointer(path.trim_start_matches('#'))
            .cloned()
            .unwrap_or_default(),
        None => p.clone(),
    };
    let parameters = operation["parameters"]
        .as_array()
        .expect("parameters")
        .iter()
        .map(resolve);
    parameters
        .into_iter()
        .find(|p| p["name"] == name)
        .unwrap_or_else(|| panic!("no {name} of {collection}"))
}

fn assert_query_parameter(definition: &Value) {
    assert_eq!(definition["in"], "query");
    assert_eq!(definition["style"], "form");
    assert_eq!(definition["explode"], false);
    assert_eq!(definition["required"], false);
}

#[test]
fn at1_the_protocol_is_http_1_1() {
    assert!(Server::shared().get("/").http_1_1);
}

#[test]
fn at2_every_geometry_lies_in_longitude_and_latitude() {
    let server = Server::shared();
    for collection in OF_A_MONTH {
        let page = server.json(&format!("/collections/{collection}/items?limit=10000"));
        let all: Vec<[f64; 2]> = features(&page)
            .iter()
            .flat_map(|f| positions(&f["geometry"]))
            .collect();
        assert!(all.len() > 100, "{collection} has shapes");
        // West Yorkshire and one point that the force recorded in Lincolnshire; longitude first.
        assert!(
            all.iter()
                .all(|[lon, lat]| (-2.3..-0.4).contains(lon) && (53.4..54.1).contains(lat)),
            "{collection}"
        );
    }
}

#[test]
fn at3_at4_the_landing_page_links_to_api_conformance_and_data() {
    let server = Server::shared();
    let landing = server.json("/");
    assert_typed(&landing["links"]);
    link(
        &landing,
        "service-desc",
        "application/vnd.oai.openapi+json;version=3.0",
    );
    link(&landing, "service-doc", "text/html");
    link(&landing, "conformance", "application/json");
    link(&landing, "data", "application/json");
}

#[test]
fn at5_at6_the_service_description_is_valid_openapi_3_0() {
    let server = Server::shared();
    let landing = server.json("/");
    let api = server.get(link(
        &landing,
        "service-desc",
        "application/vnd.oai.openapi+json;version=3.0",
    ));
    assert_eq!(api.status, 200);
    assert_eq!(api.json()["openapi"], "3.0.3");
    let test = "at5_at6_the_service_description_is_valid_openapi_3_0";
    let Some(mut python) = python(test, "openapi_spec_validator") else {
        return;
    };
    let script = "import sys, json; from openapi_spec_validator import validate; validate(json.load(sys.stdin))";
    let mut validator = python
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("Python runs");
    validator
        .stdin
        .take()
        .expect("a pipe")
        .write_all(&api.body)
        .expect("the validator reads");
    let output = validator.wait_with_output().expect("the validator ends");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn at7_at8_the_conformance_declaration_lists_core() {
    let server = Server::shared();
    let declared = server.json(link(&server.json("/"), "conformance", "application/json"));
    let classes: BTreeSet<&str> = declared["conformsTo"]
        .as_array()
        .expect("classes")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    for class in ["core", "oas30", "geojson"] {
        let uri = format!("http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/{class}");
        assert!(classes.contains(uri.as_str()), "{uri}");
    }
}

#[test]
fn at9_at10_collections_are_listed_with_typed_links() {
    let server = Server::shared();
    let list = server.json(link(&server.json("/"), "data", "application/json"));
    assert_typed(&list["links"]);
    link(&list, "self", "application/json");
    link(&list, "alternate", "text/html");
    let collections = list["collections"].as_array().expect("collections");
    let ids: BTreeSet<&str> = collections
        .iter()
        .filter_map(|c| c["id"].as_str())
        .collect();
    assert_eq!(ids, BTreeSet::from(COLLECTIONS));
    for collection in collections {
        assert_typed(&collection["links"]);
        for media_type in [GEOJSON, "text/html", "text/csv", "application/geo+json-seq"] {
            link(collection, "items", media_type);
        }
        assert_eq!(
            collection["crs"][0],
            "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
        );
    }
}

#[test]
fn at11_at12_a_collection_is_the_same_alone_and_in_the_list() {
    let server = Server::shared();
    for listed in server.json("/collections")["collections"]
        .as_array()
        .expect("collections")
    {
        let alone = server.json(&format!(
            "/collections/{}",
            listed["id"].as_str().expect("an id")
        ));
        for member in ["id", "title", "description", "extent", "links"] {
            assert_eq!(alone[member], listed[member], "{member}");
        }
    }
    assert_eq!(server.get("/collections/nothing").status, 404);
}

#[test]
fn at13_items_answer_with_and_without_each_parameter() {
    let server = Server::shared();
    for collection in OF_A_MONTH {
        for query in [
            "",
            "?bbox=-1.6,53.7,-1.4,53.9",
            "?limit=10",
            "?datetime=2018-07-01/2018-07-31",
        ] {
            let page = server.json(&format!("/collections/{collection}/items{query}"));
            assert!(!features(&page).is_empty(), "{collection}{query}");
        }
    }
}

/// What follows months is told of months enough, and says so in words where there are too few.
#[test]
fn too_few_steps_are_refused_with_the_number_there_is() {
    let server = Server::shared();
    for (collection, words) in [
        ("emerging", "at least 10 complete steps; there is one month"),
        ("change", "do not cover the month before"),
    ] {
        let reply = server.get(&format!("/collections/{collection}/items"));
        assert_eq!(reply.status, 400, "{collection}");
        let problem = reply.json();
        assert_eq!(problem["type"], "/problems/bad-parameter");
        assert_eq!(problem["errors"][0]["parameter"], "period");
        let detail = problem["detail"].as_str().expect("a detail");
        assert!(detail.contains(words), "{detail}");
    }
    // A day at a time is too short a step to be offered; four weeks of a month are steps that can be compared.
    let weeks = server.json("/collections/change/items?period=week&limit=1");
    assert_eq!(weeks["naqsha"]["compared"]["after"]["first"], "2018-07-23");
    assert_eq!(weeks["naqsha"]["compared"]["exposure_ratio"], 1.0);
}

#[test]
fn at14_at16_at18_parameters_are_defined_as_the_standard_has_them() {
    let api = Server::shared().json("/api");
    for collection in COLLECTIONS {
        let bbox = parameter(&api, collection, "bbox");
        assert_query_parameter(&bbox);
        let schema = &bbox["schema"];
        assert_eq!(
            (&schema["type"], &schema["minItems"], &schema["maxItems"]),
            (&"array".into(), &4.into(), &6.into())
        );
        assert_eq!(schema["items"]["type"], "number");
        let limit = parameter(&api, collection, "limit");
        assert_query_parameter(&limit);
        let schema = &limit["schema"];
        assert_eq!(
            (&schema["type"], &schema["minimum"]),
            (&"integer".into(), &1.into())
        );
        assert_eq!(
            (&schema["default"], &schema["maximum"]),
            (&1_000.into(), &10_000.into())
        );
        let datetime = parameter(&api, collection, "datetime");
        assert_query_parameter(&datetime);
        assert_eq!(datetime["schema"]["type"], "string");
    }
}

#[test]
fn at15_results_meet_the_box_and_nothing_that_lies_in_it_is_missing() {
    let server = Server::shared();
    let [west, south, east, north] = [-1.6, 53.75, -1.5, 53.85];
    for collection in OF_A_MONTH {
        let items = format!("/collections/{collection}/items?limit=10000");
        for probe in PROBES {
            // Features without a place match every box (OGC 17-069r4, 7.15.3); the file has 883 such rows.
            let page = server.json(&format!("{items}&bbox={probe}"));
            assert!(
                features(&page).iter().all(|f| f["geometry"].is_null()),
                "{collection} {probe}"
            );
            let expected = if collection == "incidents" {
                WITHOUT_PLACE
            } else {
                0
            };
            assert_eq!(page["numberMatched"], expected, "{collection} {probe}");
        }
        let inside = server.json(&format!("{items}&bbox={west},{south},{east},{north}"));
        let found: BTreeSet<&str> = features(&inside)
            .iter()
            .filter_map(|f| f["id"].as_str())
            .collect();
        assert!(!found.is_empty());
        for feature in features(&inside)
            .iter()
            .filter(|f| !f["geometry"].is_null())
        {
            let ring = positions(&feature["geometry"]);
            let beside = ring.iter().all(|p| p[0] < west)
                || ring.iter().all(|p| p[0] > east)
                || ring.iter().all(|p| p[1] < south)
                || ring.iter().all(|p| p[1] > north);
            assert!(
                !beside,
                "{collection} {} lies beside the box",
                feature["id"]
            );
        }
        let all = server.json(&items);
        for feature in features(&all) {
            let in_box =
                |p: &[f64; 2]| (west..=east).contains(&p[0]) && (south..=north).contains(&p[1]);
            if positions(&feature["geometry"]).iter().any(in_box)
                && all["numberMatched"] == all["numberReturned"]
            {
                assert!(
                    found.contains(feature["id"].as_str().expect("an id")),
                    "{} is missing",
                    feature["id"]
                );
            }
        }
    }
}

#[test]
fn at17_never_more_than_the_limit() {
    let server = Server::shared();
    for (limit, most) in [
        ("1", 1),
        ("10", 10),
        ("10001", 10_000),
        ("999999999999999999999", 10_000),
    ] {
        let page = server.json(&format!("/collections/incidents/items?limit={limit}"));
        assert_eq!(features(&page).len(), most, "limit={limit}");
    }
    assert_eq!(
        features(&server.json("/collections/incidents/items")).len(),
        1_000,
        "the default"
    );
}

#[test]
fn at19_results_match_the_time_asked_for() {
    let server = Server::shared();
    let matched = |datetime: &str| {
        let page = server.json(&format!(
            "/collections/incidents/items?limit=1&datetime={datetime}"
        ));
        page["numberMatched"].as_u64().expect("a number")
    };
    let all = server.json("/collections/incidents/items?limit=1")["numberMatched"]
        .as_u64()
        .expect("a number");
    // Every record of the month may have happened on any of its days.
    for within in [
        "2018-07-15",
        "2018-07-15T12:00:00Z",
        "2018-07-31/2018-08-31",
        "2018-06-01/2018-07-01",
        "2018-07-31/..",
        "../2018-07-01",
        "0000-01-01T00:00:00Z%2F9999-12-31T00:00:00Z",
    ] {
        assert_eq!(matched(within), all, "{within}");
    }
    for beside in [
        "2018-06-30",
        "2018-08-01",
        "../2018-06-30",
        "2018-08-01/..",
        "2017-01-01/2017-12-31",
    ] {
        assert_eq!(matched(beside), 0, "{beside}");
    }
    for wrong in ["July", "2018-13-01", "2018-07-31/2018-07-01", "../..", ""] {
        assert_eq!(
            server
                .get(&format!("/collections/incidents/items?datetime={wrong}"))
                .status,
            400,
            "{wrong}"
        );
    }
}

#[test]
fn at20_at21_invalid_and_unknown_parameters_are_400() {
    let server = Server::shared();
    for collection in COLLECTIONS {
        for query in [
            "limit=unlimited",
            "unknownParameterQ7=1",
            "bbox=1,2",
            "f=nothing",
        ] {
            let reply = server.get(&format!("/collections/{collection}/items?{query}"));
            assert_eq!(reply.status, 400, "{collection}?{query}");
            assert_eq!(reply.header("content-type"), "application/problem+json");
        }
    }
}

#[test]
fn at22_at23_at24_a_page_is_a_feature_collection_with_typed_links_and_no_time_stamp() {
    let server = Server::shared();
    for collection in OF_A_MONTH {
        let reply = server.get(&format!("/collections/{collection}/items?limit=5"));
        assert_eq!(reply.header("content-type"), GEOJSON);
        let page = reply.json();
        assert_eq!(page["type"], "FeatureCollection");
        assert_eq!(features(&page).len(), 5);
        assert_typed(&page["links"]);
        link(&page, "self", GEOJSON);
        for media_type in ["text/html", "text/csv", "application/geo+json-seq"] {
            assert_eq!(server.get(link(&page, "alternate", media_type)).status, 200);
        }
        // Optional in the standard, and left out so that equal answers are equal to the byte.
        assert!(page.get("timeStamp").is_none());
        assert_eq!(
            server
                .get(&format!("/collections/{collection}/items?limit=5"))
                .body,
            reply.body
        );
    }
}

#[test]
fn at25_at26_pages_add_up_to_what_is_said_to_match() {
    let server = Server::shared();
    for collection in OF_A_MONTH {
        let mut next = Some(format!("/collections/{collection}/items?limit=10000"));
        let mut ids = BTreeSet::new();
        let mut matched = 0;
        while let Some(address) = next {
            let page = server.json(&address);
            assert_eq!(page["numberReturned"], features(&page).len());
            matched = page["numberMatched"].as_u64().expect("a number");
            assert!(!features(&page).is_empty(), "no superfluous page");
            for feature in features(&page) {
                assert!(
                    ids.insert(feature["id"].to_string()),
                    "{} twice",
                    feature["id"]
                );
            }
            let links = page["links"].as_array().expect("links");
            next = links
                .iter()
                .find(|l| l["rel"] == "next")
                .and_then(|l| l["href"].as_str())
                .map(str::to_owned);
        }
        assert_eq!(ids.len() as u64, matched, "{collection}");
    }
}

#[test]
fn at27_at28_at29_a_feature_has_self_alternate_and_collection_links() {
    let server = Server::shared();
    for collection in OF_A_MONTH {
        let page = server.json(&format!("/collections/{collection}/items?limit=2"));
        for listed in features(&page) {
            let id = listed["id"].as_str().expect("an id");
            let feature = server.json(&format!("/collections/{collection}/items/{id}"));
            assert_eq!(
                (&feature["id"], &feature["geometry"]),
                (&listed["id"], &listed["geometry"])
            );
            assert_eq!(feature["properties"], listed["properties"]);
            assert_typed(&feature["links"]);
            link(&feature, "self", GEOJSON);
            link(&feature, "alternate", "text/html");
            assert_eq!(
                server.json(link(&feature, "collection", "application/json"))["id"],
                collection
            );
        }
        assert_eq!(
            server
                .get(&format!("/collections/{collection}/items/absent"))
                .status,
            404
        );
    }
}

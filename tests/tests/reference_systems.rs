//! OGC API - Features Part 2 against the real program: one test for each abstract test of the OGC suite (ets-ogcapi-features10),
//! in our own words, named by its number; coordinates and boxes against PROJ and GEOS, and as GDAL reads them.

use naqsha_tests::collections::{COLLECTIONS, OF_A_MONTH};
use naqsha_tests::server::Server;
use naqsha_tests::skip::python;
use serde_json::Value;

const CRS84: &str = "http://www.opengis.net/def/crs/OGC/1.3/CRS84";

/// Systems of a collection.
fn systems(document: &Value) -> Vec<&str> {
    let listed = document["crs"].as_array().expect("a list of systems");
    listed.iter().filter_map(Value::as_str).collect()
}

#[test]
fn at1_at2_at3_every_collection_lists_its_systems() {
    let server = Server::shared();
    let all = server.json("/collections");
    let listed = all["collections"].as_array().expect("collections");
    assert_eq!(listed.len(), COLLECTIONS.len());
    for collection in listed {
        let id = collection["id"].as_str().expect("an id");
        let systems = systems(collection);
        let code = |uri: &&str| {
            uri.strip_prefix("http://www.opengis.net/def/crs/")
                .map(str::to_owned)
        };
        let codes: Vec<_> = systems.iter().filter_map(code).collect();
        assert_eq!(
            codes,
            [
                "OGC/1.3/CRS84",
                "EPSG/0/4326",
                "EPSG/0/3857",
                "EPSG/0/32641",
                "EPSG/0/32642",
                "EPSG/0/32643"
            ],
            "{id}"
        );
        let storage = collection["storageCrs"].as_str().expect("storageCrs");
        assert!(systems.contains(&storage), "{id}");
        assert_eq!(
            server.json(&format!("/collections/{id}"))["crs"],
            collection["crs"]
        );
    }
    let conformance = server.json("/conformance");
    let classes = conformance["conformsTo"].as_array().expect("classes");
    let class = "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs";
    assert!(classes.iter().any(|known| known == class));
    let api = server.json("/api");
    for name in ["crs", "bbox-crs"] {
        let parameters = api["paths"]["/collections/hotspots/items"]["get"]["parameters"]
            .as_array()
            .expect("parameters");
        let found = parameters
            .iter()
            .find(|parameter| parameter["name"] == name);
        assert_eq!(found.expect(name)["schema"]["enum"], listed[0]["crs"]);
    }
}

#[test]
fn at4_at6_features_come_in_each_system_and_say_which() {
    let server = Server::shared();
    for collection in OF_A_MONTH {
        let items = format!("/collections/{collection}/items");
        let document = server.json(&format!("/collections/{collection}"));
        let page = server.get(&format!("{items}?limit=2"));
        assert_eq!(
            page.header("content-crs"),
            format!("<{CRS84}>"),
            "{collection}"
        );
        let id = page.json()["features"][0]["id"]
            .as_str()
            .expect("an id")
            .to_owned();
        for uri in systems(&document) {
            for address in [
                format!("{items}?limit=2&crs={uri}"),
                format!("{items}/{id}?crs={uri}"),
            ] {
                let reply = server.get(&address);
                assert_eq!(reply.status, 200, "{address}");
                assert_eq!(reply.header("content-crs"), format!("<{uri}>"), "{address}");
                let links = reply.json()["links"].to_string();
                assert!(
                    links.contains(&format!("crs={uri}")),
                    "links keep it: {links}"
                );
            }
        }
    }
}

#[test]
fn at5_at9_an_unknown_system_is_refused() {
    let server = Server::shared();
    let items = "/collections/counts/items";
    let id = server.json(&format!("{items}?limit=1"))["features"][0]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let unknown = "http://www.opengis.net/def/crs/EPSG/0/27700";
    for (address, wrong) in [
        (format!("{items}?crs={unknown}"), vec!["crs"]),
        (
            format!("{items}?bbox=0,0,1,1&bbox-crs={unknown}"),
            vec!["bbox-crs"],
        ),
        (
            format!("{items}?bbox-crs=EPSG:4326&crs="),
            vec!["crs", "bbox-crs"],
        ),
        (format!("{items}?crs={CRS84}&crs={CRS84}"), vec!["crs"]),
        (format!("{items}/{id}?crs={unknown}"), vec!["crs"]),
        (format!("{items}/{id}?bbox-crs={CRS84}"), vec!["bbox-crs"]),
    ] {
        let reply = server.get(&address);
        assert_eq!(reply.status, 400, "{address}");
        let problem = reply.json();
        let errors = problem["errors"].as_array().expect("errors");
        let named: Vec<&str> = errors
            .iter()
            .filter_map(|e| e["parameter"].as_str())
            .collect();
        assert_eq!(named, wrong, "{address}");
    }
}

#[test]
fn at7_at8_coordinates_and_boxes_are_those_of_others_in_each_system() {
    let test = "at7_at8_coordinates_and_boxes_are_those_of_others_in_each_system";
    let server = Server::over_both_samples();
    for (collection, question) in [
        ("hotspots", "resolution=5"),
        ("incidents", "category=DT"),
        ("flows", "resolution=3"),
    ] {
        let Some(mut python) = python(test, "pyogrio, pyproj, shapely") else {
            return;
        };
        let output = python
            .arg("oracles/reference_systems.py")
            .args([server.base(), collection, question])
            .output()
            .expect("Python starts");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{collection}: {told}");
        let told: Value = serde_json::from_slice(&output.stdout).expect("the oracle prints JSON");
        let checked = told["checked"].as_object().expect("counts");
        assert_eq!(checked.len(), 6);
        assert!(
            checked.values().all(|count| count.as_u64() > Some(20)),
            "{told}"
        );
    }
}

#[test]
fn at10_a_box_without_a_system_is_in_degrees() {
    let server = Server::over_both_samples();
    let items = "/collections/hotspots/items?resolution=5&limit=10000&bbox=72,30,75,33";
    let unsaid = server.json(items);
    let said = server.json(&format!("{items}&bbox-crs={CRS84}"));
    assert!(unsaid["numberMatched"].as_u64() > Some(100));
    assert_eq!(unsaid["features"], said["features"]);
}

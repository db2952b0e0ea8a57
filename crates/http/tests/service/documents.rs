//! Metadata documents, and the OpenAPI document against somebody else's validator.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::Stdio;

use axum::http::Method;
use serde_json::Value;

use crate::fixture::{COLLECTIONS, link, python, service};

#[tokio::test]
async fn the_landing_document_leads_everywhere_and_a_browser_gets_the_map() {
    let service = service().await;
    let landing = service.json("/").await;
    for (rel, media_type) in [
        ("self", "application/json"),
        ("alternate", "text/html"),
        (
            "service-desc",
            "application/vnd.oai.openapi+json;version=3.0",
        ),
        ("service-doc", "text/html"),
        ("conformance", "application/json"),
        ("data", "application/json"),
    ] {
        let href = link(&landing, rel, media_type)
            .unwrap_or_else(|| panic!("no {rel} {media_type}: {landing}"));
        let target = service.follow(href).await;
        assert_eq!(target.status, 200, "{href}");
        assert!(
            target.header("content-type").starts_with(media_type),
            "{href}: {}",
            target.header("content-type")
        );
    }
    let browser = [(
        "accept",
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    )];
    let map = service.send(Method::GET, "/?anything=goes", &browser).await;
    assert_eq!(
        (map.status.as_u16(), map.header("content-type")),
        (200, "text/html; charset=utf-8")
    );
    assert!(
        map.header("content-security-policy")
            .starts_with("default-src 'none'; script-src 'self';")
    );
}

#[tokio::test]
async fn a_collection_is_described_alike_alone_and_in_the_list() {
    let service = service().await;
    let list = service.json("/collections").await;
    let collections = list["collections"].as_array().unwrap();
    let ids: BTreeSet<&str> = collections
        .iter()
        .map(|c| c["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, BTreeSet::from(COLLECTIONS));
    for listed in collections {
        let alone = service
            .json(&format!("/collections/{}", listed["id"].as_str().unwrap()))
            .await;
        assert_eq!(&alone, listed);
        assert_eq!(
            listed["crs"][0],
            "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
        );
        assert_eq!(
            listed["extent"]["temporal"]["interval"][0][0],
            "2023-03-01T00:00:00Z"
        );
        for media_type in [
            "application/geo+json",
            "text/html",
            "text/csv",
            "application/geo+json-seq",
        ] {
            let href = link(listed, "items", media_type)
                .unwrap_or_else(|| panic!("no items as {media_type}"));
            assert!(
                service
                    .follow(href)
                    .await
                    .header("content-type")
                    .starts_with(media_type)
            );
        }
        let schema = link(
            listed,
            "http://www.opengis.net/def/rel/ogc/1.0/schema",
            "application/schema+json",
        )
        .unwrap();
        let schema = service.follow(schema).await.json();
        let page = service
            .follow(link(listed, "items", "application/geo+json").unwrap())
            .await
            .json();
        // The fixture has no routes, so no flows, and its study area is no country: it has no border.
        let first = page["features"][0]["properties"].as_object();
        assert!(first.is_some() || listed["id"] == "flows" || listed["id"] == "border");
        for name in first.into_iter().flat_map(|properties| properties.keys()) {
            assert!(
                schema["properties"].get(name).is_some(),
                "{name} is not in the schema"
            );
        }
    }
}

#[tokio::test]
async fn a_collection_says_what_it_can_be_asked() {
    let service = service().await;
    let collection = service.json("/collections/hotspots").await;
    let own = &collection["naqsha"];
    assert_eq!(own["study_areas"][0]["name"], "lahore");
    assert_eq!(
        own["study_areas"][0]["bbox"].as_array().map(Vec::len),
        Some(4)
    );
    assert_eq!(
        (&own["study_areas"][0]["default"], &own["synthetic"]),
        (&Value::Bool(true), &Value::Bool(true))
    );
    let codes: Vec<&str> = own["categories"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["code"].as_str().unwrap())
        .collect();
    assert_eq!(codes, ["TF", "DT", "HT", "CY", "ADJ"]);
    assert_eq!(
        (&own["periods"]["first"], &own["periods"]["last"]),
        (&"2023-03-01".into(), &"2024-03-31".into())
    );
    assert_eq!(
        own["resolutions"],
        serde_json::json!({ "min": 3, "max": 9, "default": 7 })
    );
}

#[tokio::test]
async fn openapi_declares_what_gdal_and_qgis_look_for_and_every_declared_parameter_works() {
    let service = service().await;
    let api = service.json("/api").await;
    assert_eq!(api["openapi"], "3.0.3");
    let limit = &api["components"]["parameters"]["limit"]["schema"];
    assert_eq!(
        (&limit["default"], &limit["maximum"], &limit["type"]),
        (&1000.into(), &10_000.into(), &"integer".into())
    );
    let mut ids = BTreeSet::new();
    for (path, item) in api["paths"].as_object().unwrap() {
        for operation in item.as_object().unwrap().values() {
            assert!(
                ids.insert(operation["operationId"].as_str().unwrap()),
                "{path}"
            );
        }
    }
    for collection in COLLECTIONS {
        let items = &api["paths"][format!("/collections/{collection}/items")]["get"]["parameters"];
        let items = items.as_array().unwrap();
        let bbox = items.iter().find(|p| p["name"] == "bbox").unwrap();
        assert_eq!(
            (&bbox["schema"]["minItems"], &bbox["schema"]["maxItems"]),
            (&4.into(), &6.into())
        );
        // Linkages are between two categories, named together.
        let category = if collection == "linkages" {
            "pair"
        } else {
            "category"
        };
        let category = items.iter().find(|p| p["name"] == category).unwrap();
        let form = ["in", "style", "explode"].map(|member| category[member].clone());
        assert_eq!(form, ["query".into(), "form".into(), Value::from(false)]);
        assert_eq!(category["schema"]["type"], "string");
        for parameter in items.iter().filter_map(|p| p["name"].as_str()) {
            let problem = service
                .get(&format!(
                    "/collections/{collection}/items?{parameter}=%20%20!"
                ))
                .await;
            let text = String::from_utf8(problem.body).unwrap();
            assert!(
                !text.contains("no such parameter"),
                "{parameter} is declared but unknown"
            );
        }
    }
}

/// The same of tiles, whose position is a part of their path.
#[tokio::test]
async fn every_declared_parameter_of_a_tile_works() {
    let service = service().await;
    let api = service.json("/api").await;
    let mut tried = 0;
    for (path, item) in api["paths"].as_object().unwrap() {
        let of_tiles = path.starts_with("/xyz/") || path.contains("/tiles");
        if !of_tiles || !(path.contains("counts") || path.contains("incidents")) {
            continue;
        }
        let path = path.replace("{tileMatrixSetId}", "WebMercatorQuad");
        let path = [
            "{tileMatrix}",
            "{tileRow}",
            "{tileCol}",
            "{z}",
            "{x}",
            "{y}",
        ]
        .iter()
        .fold(path, |path, variable| path.replace(variable, "0"));
        let parameters = item["get"]["parameters"].as_array().unwrap().iter();
        for parameter in parameters.filter(|parameter| parameter["in"] == "query") {
            let name = parameter["name"].as_str().unwrap();
            let reply = service.get(&format!("{path}?{name}=%20%20!")).await;
            let text = String::from_utf8_lossy(&reply.body).into_owned();
            assert!(
                !text.contains("no such parameter"),
                "{name} of {path}: {text}"
            );
            tried += 1;
        }
    }
    assert!(tried > 100, "{tried}");
}

#[tokio::test]
async fn openapi_is_valid_to_an_independent_validator() {
    let validator = "import sys, json; from openapi_spec_validator import validate; validate(json.load(sys.stdin))";
    let name = "openapi_is_valid_to_an_independent_validator";
    let Some(mut python) = python(name, "openapi_spec_validator") else {
        return;
    };
    let service = service().await;
    let mut python = python
        .args(["-c", validator])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    python
        .stdin
        .take()
        .unwrap()
        .write_all(&service.get("/api").await.body)
        .unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[tokio::test]
async fn places_label_a_study_area() {
    let service = service().await;
    let places = service.json("/places.json?study_area=lahore").await;
    assert_eq!(places["places"][0]["name"], "Lahore");
    assert_eq!(places["places"][0]["name_ur"], "لاہور");
    assert_eq!(service.json("/places.json").await, places);
    service
        .get("/places.json?study_area=atlantis")
        .await
        .problem(400);
}

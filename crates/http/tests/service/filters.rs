//! Filters: what is chosen is what others choose of the same features.

use std::io::Write as _;
use std::process::Stdio;

use axum::http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

use crate::fixture::{COLLECTIONS, Fixture, INCIDENTS, link, python, service};

pub(crate) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

pub(crate) async fn features(service: &Fixture, uri: &str) -> Vec<Value> {
    let page = service.json(uri).await;
    page["features"].as_array().unwrap().clone()
}

pub(crate) fn ids(features: &[Value]) -> Vec<String> {
    let id = |feature: &Value| feature["id"].as_str().unwrap().to_owned();
    features.iter().map(id).collect()
}

async fn ids_of(service: &Fixture, uri: &str) -> Vec<String> {
    let mut ids = ids(&features(service, uri).await);
    ids.sort_unstable();
    ids
}

/// SQLite, Shapely and the cql2 package evaluate some hundred filters of a seeded generator over the features that the
/// service gives; asked as text and as JSON, the service chooses the same.
#[tokio::test]
async fn filters_choose_what_sqlite_shapely_and_cql2_choose() {
    let name = "filters_choose_what_sqlite_shapely_and_cql2_choose";
    let Some(mut python) = python(name, "cql2, shapely") else {
        return;
    };
    let service = service().await;
    let mut layers = Map::new();
    for layer in ["incidents", "hotspots", "counts"] {
        let all = features(&service, &format!("/collections/{layer}/items?limit=10000")).await;
        layers.insert(layer.to_owned(), all.into());
    }
    let mut child = python
        .args(["-c", include_str!("filters.py")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let input = Value::from(layers).to_string();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let cases: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert!(cases.len() > 500, "{} filters", cases.len());
    let mut selective = 0;
    for chosen in &cases {
        let (layer, text) = (
            chosen["layer"].as_str().unwrap(),
            chosen["text"].as_str().unwrap(),
        );
        let wanted: Vec<String> = serde_json::from_value(chosen["ids"].clone()).unwrap();
        let items = format!("/collections/{layer}/items?limit=10000");
        let as_text = format!("{items}&filter={}", encoded(text));
        assert_eq!(ids_of(&service, &as_text).await, wanted, "{layer}: {text}");
        let body = chosen["json"].to_string();
        let reply = service
            .send_body(
                Method::POST,
                &format!("/collections/{layer}/search?limit=10000"),
                &[("content-type", "application/json")],
                body.clone(),
            )
            .await;
        assert_eq!(reply.status, 200, "{body}");
        let mut searched = ids(reply.json()["features"].as_array().unwrap());
        searched.sort_unstable();
        assert_eq!(searched, wanted, "{layer}: {body}");
        selective += u32::from(!wanted.is_empty() && wanted.len() < 60);
    }
    assert!(
        selective > 200,
        "{selective} of {} choose some",
        cases.len()
    );
}

#[tokio::test]
async fn a_filter_as_json_in_the_address_is_the_same_as_its_text() {
    let service = service().await;
    let text = ids_of(
        &service,
        "/collections/incidents/items?filter=category%3D%27DT%27",
    )
    .await;
    let filter = encoded(r#"{"op":"=","args":[{"property":"category"},"DT"]}"#);
    let uri = format!("/collections/incidents/items?filter-lang=cql2-json&filter={filter}");
    assert_eq!(ids_of(&service, &uri).await, text);
    assert_eq!(text.len() as u64, INCIDENTS / 2);
    let by_name = ids_of(&service, "/collections/incidents/items?category=DT").await;
    assert_eq!(by_name, text);
}

#[tokio::test]
async fn each_property_can_be_asked_by_its_name() {
    let service = service().await;
    for layer in ["hotspots", "counts", "incidents"] {
        let items = format!("/collections/{layer}/items");
        let all = features(&service, &format!("{items}?limit=10000")).await;
        let some = &all[all.len() / 2]["properties"];
        for (name, value) in some.as_object().unwrap() {
            let text = match value {
                Value::Null => continue,
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let uri = format!("{items}?limit=10000&{name}={}", encoded(&text));
            let found = features(&service, &uri).await;
            let wanted: Vec<&Value> = all
                .iter()
                .filter(|feature| feature["properties"][name] == *value)
                .collect();
            assert_eq!(
                found.iter().collect::<Vec<_>>(),
                wanted,
                "{layer} {name}={text}"
            );
        }
    }
    let problem = service
        .get("/collections/hotspots/items?class=warm&n=many")
        .await
        .problem(400);
    assert_eq!(problem["errors"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn tiles_take_filters() {
    let service = service().await;
    let tile = "/xyz/hotspots/8/180/104.geojson";
    let all = features(&service, tile).await;
    let some = features(&service, &format!("{tile}?filter=n%3E1")).await;
    let wanted: Vec<&Value> = all
        .iter()
        .filter(|feature| feature["properties"]["n"].as_u64() > Some(1))
        .collect();
    assert!(!wanted.is_empty() && wanted.len() < all.len());
    assert_eq!(some.iter().collect::<Vec<_>>(), wanted);
    assert_eq!(
        features(&service, &format!("{tile}?n=1")).await.len(),
        all.iter().filter(|f| f["properties"]["n"] == 1).count()
    );
}

#[tokio::test]
async fn positions_of_a_filter_may_be_in_another_system() {
    let service = service().await;
    let half_turn = 20_037_508.342_789_244;
    // By the formula of EPSG 9804 on the sphere; sides along meridians and parallels stay such.
    let mercator = |[lon, lat]: [f64; 2]| {
        let northing = ((90.0 + lat).to_radians() / 2.0).tan().ln() / std::f64::consts::PI;
        [lon / 180.0 * half_turn, northing * half_turn]
    };
    let [west, south, east, north] = [74.2, 31.4, 74.5, 31.65];
    let corners = [
        [west, south],
        [east, south],
        [east, north],
        [west, north],
        [west, south],
    ];
    let inside = |corners: [[f64; 2]; 5]| {
        let corners = corners.map(|[x, y]| format!("{x} {y}"));
        encoded(&format!(
            "S_WITHIN(geometry,POLYGON(({})))",
            corners.join(",")
        ))
    };
    let items = "/collections/hotspots/items?limit=10000&filter";
    let plain = ids_of(&service, &format!("{items}={}", inside(corners))).await;
    assert!(plain.len() > 2 && plain.len() < 200, "{}", plain.len());
    let epsg = |code| format!("http://www.opengis.net/def/crs/EPSG/0/{code}");
    for (code, moved) in [
        (3857, corners.map(mercator)),
        (4326, corners.map(|[lon, lat]| [lat, lon])),
    ] {
        let uri = format!("{items}-crs={}&filter={}", epsg(code), inside(moved));
        assert_eq!(ids_of(&service, &uri).await, plain, "{code}");
    }
}

#[tokio::test]
async fn wrong_filters_say_what_is_wrong_and_hostile_ones_cost_nothing() {
    let service = service().await;
    let deep = format!("{}n=1{}", "(".repeat(40), ")".repeat(40));
    let deeper = format!("{}n=1", "NOT ".repeat(1_000));
    let chain = format!("n{} > 1", "+1".repeat(60));
    let long = vec!["n=1"; 300].join(" OR ");
    let list = format!("n IN ({})", vec!["1"; 300].join(","));
    let bow_tie = "S_INTERSECTS(geometry,POLYGON((0 0,1 1,1 0,0 1,0 0)))";
    let cases = [
        ("colour = 1", "no property \"colour\""),
        ("n = 'x'", "a number cannot be compared with a text"),
        ("n", "a condition is true or false"),
        ("n = 1 AND", "expected a property or a value"),
        ("n = = 1", "at character 5"),
        ("k = 1", "a parameter of the layer"),
        ("geometry = 1", "which has relations and no value"),
        ("S_INTERSECTS(h3, POINT(0 0))", "is no geometry"),
        ("S_INTERSECTS(geometry, POINT(200 0))", "±180"),
        (
            "S_INTERSECTS(geometry, POLYGON((0 0,1 0,1 1)))",
            "ends where it starts",
        ),
        (bow_tie, "not valid"),
        ("A_CONTAINS(n, (1,2))", "a_contains"),
        ("n LIKE n", "LIKE compares texts"),
        (
            "T_DURING(n, INTERVAL('2020-01-01','2021-01-01'))",
            "not a date",
        ),
        ("class = DATE('2020-13-01')", "a date 'YYYY-MM-DD'"),
        ("class = '\u{1}", "not understood"),
        (&deep, "deeper than 32"),
        (&deeper, "deeper than 32"),
        (&chain, "deeper than 32"),
        (&long, "more than 256 operands"),
        (&list, "more than 256 operands"),
    ];
    for (filter, says) in cases {
        let uri = format!("/collections/hotspots/items?filter={}", encoded(filter));
        let problem = service.get(&uri).await.problem(400);
        let detail = problem["errors"][0]["detail"].as_str().unwrap();
        assert_eq!(problem["errors"][0]["parameter"], "filter");
        assert!(detail.contains(says), "{filter}: {detail}");
    }
    // As a text: a value of that depth could not even be dropped.
    let nested = format!(
        "{}true{}",
        r#"{"op":"not","args":["#.repeat(1_600),
        "]}".repeat(1_600)
    );
    let filter = encoded(&nested);
    let reply = service
        .send_body(
            Method::POST,
            "/collections/hotspots/search",
            &[("content-type", "application/json")],
            nested,
        )
        .await;
    reply.problem(400);
    assert!(filter.len() > 16 << 10, "too long for an address");
    service
        .get("/collections/hotspots/items?filter-lang=ecql&filter=n=1")
        .await
        .problem(400);
    let utm = "http://www.opengis.net/def/crs/EPSG/0/99999";
    service
        .get(&format!(
            "/collections/hotspots/items?filter-crs={utm}&filter=n=1"
        ))
        .await
        .problem(400);
}

#[tokio::test]
async fn queryables_are_what_filters_may_name_and_sortables_what_sorts() {
    let service = service().await;
    for collection in COLLECTIONS {
        let own = service.json(&format!("/collections/{collection}")).await;
        let at = |rel: &str| {
            let rel = format!("http://www.opengis.net/def/rel/ogc/1.0/{rel}");
            link(&own, &rel, "application/schema+json")
                .unwrap()
                .to_owned()
        };
        let queryables = service.follow(&at("queryables")).await.json();
        let schema = service.follow(&at("schema")).await.json();
        for name in schema["properties"]
            .as_object()
            .unwrap()
            .keys()
            .filter(|name| *name != "id")
        {
            assert!(
                queryables["properties"].get(name).is_some(),
                "{collection} {name}"
            );
            let filter = encoded(&format!("\"{name}\" IS NULL"));
            let uri = format!("/collections/{collection}/items?limit=1&filter={filter}");
            assert_eq!(service.get(&uri).await.status, 200, "{uri}");
        }
        let sortables = service.follow(&at("sortables")).await.json();
        let sortables = sortables["properties"].as_object().unwrap();
        assert!(!sortables.is_empty());
        let keys: Vec<&str> = sortables.keys().map(String::as_str).collect();
        let uri = format!(
            "/collections/{collection}/items?limit=1&sortby={}",
            keys.join(",")
        );
        assert_eq!(service.get(&uri).await.status, 200, "{uri}");
    }
}

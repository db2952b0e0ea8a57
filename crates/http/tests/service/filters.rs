//! Filters, sorting, selection of properties and cursors: what is chosen is what others choose of the same features.

use std::io::Write as _;
use std::process::Stdio;

use axum::http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use crate::fixture::{COLLECTIONS, Fixture, INCIDENTS, commit, link, python, service};

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

async fn features(service: &Fixture, uri: &str) -> Vec<Value> {
    let page = service.json(uri).await;
    page["features"].as_array().unwrap().clone()
}

fn ids(features: &[Value]) -> Vec<String> {
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
    let test = "filters_choose_what_sqlite_shapely_and_cql2_choose";
    let Some(mut python) = python(test, "cql2, shapely") else {
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
    for case in &cases {
        let (layer, text) = (
            case["layer"].as_str().unwrap(),
            case["text"].as_str().unwrap(),
        );
        let wanted: Vec<String> = serde_json::from_value(case["ids"].clone()).unwrap();
        let items = format!("/collections/{layer}/items?limit=10000");
        let as_text = format!("{items}&filter={}", encoded(text));
        assert_eq!(ids_of(&service, &as_text).await, wanted, "{layer}: {text}");
        let body = case["json"].to_string();
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
async fn features_are_sorted_with_those_without_a_value_last() {
    let service = service().await;
    for (layer, key) in [
        ("hotspots", "z"),
        ("hotspots", "class"),
        ("incidents", "first_day"),
    ] {
        let items = format!("/collections/{layer}/items?limit=10000");
        let all = features(&service, &items).await;
        for (sort, descending) in [(key.to_owned(), false), (format!("-{key}"), true)] {
            let sorted = features(&service, &format!("{items}&sortby={sort}")).await;
            let mut wanted: Vec<&Value> = all.iter().collect();
            let value = |feature: &&Value| feature["properties"][key].clone();
            wanted.sort_by(|left, right| {
                let (left, right) = (value(left), value(right));
                let nulls = left.is_null().cmp(&right.is_null());
                let order = match (left.as_f64(), right.as_f64()) {
                    (Some(left), Some(right)) => left.total_cmp(&right),
                    _ => left.as_str().cmp(&right.as_str()),
                };
                nulls.then(if descending { order.reverse() } else { order })
            });
            assert_eq!(sorted.iter().collect::<Vec<_>>(), wanted, "{layer} {sort}");
        }
    }
    // A plus that is not encoded is a blank by the time it is read.
    let plain = features(
        &service,
        "/collections/incidents/items?sortby=category,-first_day",
    )
    .await;
    let plus = features(
        &service,
        "/collections/incidents/items?sortby=+category,-first_day",
    )
    .await;
    assert_eq!(plain, plus);
    let categories: Vec<&Value> = plain.iter().map(|f| &f["properties"]["category"]).collect();
    assert_eq!(
        (categories[0], categories[59]),
        (&json!("CY"), &json!("DT"))
    );
    for wrong in ["colour", "category,category", "", "-"] {
        service
            .get(&format!("/collections/incidents/items?sortby={wrong}"))
            .await
            .problem(400);
    }
}

#[tokio::test]
async fn features_come_with_the_properties_that_were_asked_and_without_geometry() {
    let service = service().await;
    for collection in COLLECTIONS {
        let uri =
            format!("/collections/{collection}/items?limit=5&skipGeometry=true&properties=h3");
        let reply = service.get(&uri).await;
        if ["flows", "forecast", "scan"].contains(&collection) && reply.status == 400 {
            continue;
        }
        for feature in reply.json()["features"].as_array().unwrap() {
            assert!(feature["geometry"].is_null());
            let names: Vec<&String> = feature["properties"].as_object().unwrap().keys().collect();
            assert_eq!(names, ["h3"], "{collection}");
        }
    }
    let csv = service
        .get("/collections/hotspots/items?f=csv&limit=1&properties=n,class")
        .await;
    assert!(csv.body.starts_with(b"id,lon,lat,n,class\r\n"));
    let tile = service
        .get("/xyz/hotspots/8/180/104.geojson?properties=n")
        .await
        .json();
    assert_eq!(
        tile["features"][0]["properties"].as_object().unwrap().len(),
        1
    );
    service
        .get("/collections/hotspots/items?properties=colour")
        .await
        .problem(400);
    service
        .get("/collections/hotspots/items?skipGeometry=perhaps")
        .await
        .problem(400);
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
async fn a_cursor_goes_on_in_its_version_while_batches_come() {
    let service = service().await;
    for query in [
        "",
        "&filter=description%20LIKE%20%27%25%27",
        "&sortby=-first_day",
    ] {
        let first = service
            .json(&format!("/collections/incidents/items?limit=40{query}"))
            .await;
        let matched = first["numberMatched"].as_u64().unwrap();
        let version = first["naqsha"]["data_version"].clone();
        let next = link(&first, "next", "application/geo+json").unwrap();
        assert!(
            next.contains("cursor=") && !next.contains("offset="),
            "{next}"
        );
        let digest = u8::try_from(matched).unwrap();
        commit(&service.store, digest, 100..=109).await;
        let second = service.follow(next).await.json();
        assert_eq!(second["naqsha"]["data_version"], version);
        assert_eq!(second["numberMatched"], matched);
        let mut all = ids(first["features"].as_array().unwrap());
        all.extend(ids(second["features"].as_array().unwrap()));
        all.sort_unstable();
        all.dedup();
        let (shown, second) = (all.len(), second["features"].as_array().unwrap().len());
        assert_eq!(
            (shown, second as u64 + 40),
            (shown, matched.min(80)),
            "{query}"
        );
        assert_eq!(shown as u64, matched.min(80));
        let now = service.json("/collections/incidents/items").await;
        assert_eq!(
            now["numberMatched"],
            matched + 10,
            "the newest version has the batch"
        );
    }
    for wrong in [
        "cursor=x",
        "cursor=1-1&offset=2",
        "cursor=01-1",
        "cursor=1-1&as_of=2",
        "cursor=-",
    ] {
        service
            .get(&format!("/collections/incidents/items?{wrong}"))
            .await
            .problem(400);
    }
    service
        .get("/collections/incidents/items?cursor=ffff-1")
        .await
        .problem(404);
}

#[tokio::test]
async fn a_search_pages_by_the_same_body() {
    let service = service().await;
    let body = r#"{"op":"like","args":[{"property":"category_name"},"%traff%"]}"#;
    let send = |uri: String| {
        let service = &service;
        let headers = [("content-type", "application/json; charset=utf-8")];
        async move {
            service
                .send_body(Method::POST, &uri, &headers, body.to_owned())
                .await
        }
    };
    let mut uri = "/collections/incidents/search?limit=7".to_owned();
    let mut seen = Vec::new();
    loop {
        let page = send(uri.clone()).await.json();
        seen.extend(ids(page["features"].as_array().unwrap()));
        assert_eq!(page["numberMatched"], INCIDENTS / 2);
        let Some(next) = page["links"]
            .as_array()
            .unwrap()
            .iter()
            .find(|l| l["rel"] == "next")
        else {
            break;
        };
        assert_eq!(next["method"], "POST");
        let href = next["href"].as_str().unwrap();
        uri = href
            .strip_prefix("http://maps.example.org")
            .unwrap()
            .to_owned();
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len() as u64, INCIDENTS / 2);

    let search = "/collections/incidents/search";
    let json = [("content-type", "application/json")];
    for wrong in [
        "",
        "{",
        "[]",
        r#"{"op":"="}"#,
        r#"{"op":"=","args":[1,2,3]}"#,
        "\u{0}",
    ] {
        service
            .send_body(Method::POST, search, &json, wrong.to_owned())
            .await
            .problem(400);
    }
    service
        .send_body(
            Method::POST,
            search,
            &[("content-type", "text/plain")],
            body.to_owned(),
        )
        .await
        .problem(415);
    service
        .send_body(Method::POST, search, &json, " ".repeat((8 << 20) + 1))
        .await
        .problem(413);
    let get = service.get(search).await;
    get.problem(405);
    assert_eq!(get.header("allow"), "POST, OPTIONS");
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
    let corners = [
        [74.3, 31.5],
        [74.36, 31.5],
        [74.36, 31.53],
        [74.3, 31.53],
        [74.3, 31.5],
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

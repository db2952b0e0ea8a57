//! Order, selection of properties, cursors and searches.

use axum::http::Method;
use serde_json::{Value, json};

use crate::filters::{features, ids};
use crate::fixture::{COLLECTIONS, INCIDENTS, commit, link, service};

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
        let schema = service
            .json(&format!("/collections/{collection}/schema"))
            .await;
        let mut names = schema["properties"].as_object().unwrap().keys();
        let first = names.find(|name| !["id", "geometry"].contains(&name.as_str()));
        let first = first.unwrap();
        let uri =
            format!("/collections/{collection}/items?limit=5&skipGeometry=true&properties={first}");
        let reply = service.get(&uri).await;
        for feature in reply.json()["features"].as_array().unwrap() {
            assert!(feature["geometry"].is_null());
            let names: Vec<&String> = feature["properties"].as_object().unwrap().keys().collect();
            assert_eq!(names, [first], "{collection}");
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

//! Items: parameters, paging, boxes, formats.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::fixture::{COLLECTIONS, DESCRIPTION, INCIDENTS, LAHORE, link, service, service_with};

#[tokio::test]
async fn pages_make_up_the_whole_without_repeats_and_without_an_empty_last_page() {
    let service = service().await;
    for (collection, limit) in [
        ("incidents", 7),
        ("incidents", 60),
        ("hotspots", 50),
        ("counts", 10),
    ] {
        let mut seen = BTreeSet::new();
        let mut pages = 0;
        let mut next = Some(format!(
            "/collections/{collection}/items?limit={limit}&category=DT,CY"
        ));
        let mut matched = 0;
        while let Some(address) = next {
            let reply = service.follow(&address).await;
            assert_eq!(reply.status, 200);
            let page = reply.json();
            let features = page["features"].as_array().unwrap();
            assert_eq!(page["numberReturned"], features.len());
            assert!(!features.is_empty() && features.len() <= limit);
            matched = page["numberMatched"].as_u64().unwrap();
            assert_eq!(reply.header("ogc-numbermatched"), matched.to_string());
            for feature in features {
                assert!(
                    seen.insert(feature["id"].as_str().unwrap().to_owned()),
                    "repeated {}",
                    feature["id"]
                );
            }
            pages += 1;
            next = link(&page, "next", "application/geo+json").map(str::to_owned);
            assert!(
                next.as_ref()
                    .is_none_or(|next| next.contains("category=DT,CY")),
                "{next:?}"
            );
        }
        assert_eq!(seen.len() as u64, matched, "{collection}");
        assert_eq!(
            pages,
            seen.len().div_ceil(limit),
            "{collection}: no superfluous page"
        );
        if collection == "incidents" {
            assert_eq!(matched, INCIDENTS);
        }
    }
}

#[tokio::test]
async fn boxes_return_what_meets_them_and_nothing_else() {
    let service = service().await;
    let [lon, lat] = LAHORE;
    let here = format!("{lon},{lat},{lon},{lat}");
    let matched = |page: Value| page["numberMatched"].as_u64().unwrap();
    // The fixture has no routes and names no district, the one cluster of the scan lies beside the box, and the area has no
    // border.
    let here_or_not = |of: &&str| !["flows", "scan", "border", "coverage"].contains(of);
    for collection in COLLECTIONS.into_iter().filter(here_or_not) {
        let items = format!("/collections/{collection}/items");
        let all = matched(service.json(&items).await);
        let some = matched(service.json(&format!("{items}?bbox={here}")).await);
        assert!(some > 0 && some < all, "{collection}: {some} of {all}");
        let with_heights = format!("{items}?bbox={lon},{lat},-10,{lon},{lat},100");
        assert_eq!(matched(service.json(&with_heights).await), some);
        for elsewhere in [
            "-1.5,50,1.5,53",
            "-80,-5,-70,5",
            "177,65,-177,70",
            "-180,85,180,90",
            "-180,-90,180,-85",
        ] {
            assert_eq!(
                matched(service.json(&format!("{items}?bbox={elsewhere}")).await),
                0,
                "{collection} {elsewhere}"
            );
        }
        let swapped = format!("{items}?bbox={lat},{lon},{lat},{lon}");
        assert_eq!(
            matched(service.json(&swapped).await),
            0,
            "swapped but on the globe is legal and empty"
        );
        let crs = "http://www.opengis.net/def/crs/OGC/1.3/CRS84";
        let gdal = format!("{items}?bbox={here}&bbox-crs={crs}&crs={crs}");
        assert_eq!(
            matched(service.json(&gdal).await),
            some,
            "as GDAL 3.12 sends it"
        );
        for wrong in ["NaN,0,1,1", "0,10,1,9", "0,0,181,1", "1,2,3", "a,b,c,d", ""] {
            service
                .get(&format!("{items}?bbox={wrong}"))
                .await
                .problem(400);
        }
    }
}

#[tokio::test]
async fn every_mistake_of_a_request_is_listed_at_once() {
    let service = service().await;
    let uri = "/collections/hotspots/items?limit=unlimited&bbox=1,2&colour=red&resolution=12&crs=EPSG:3857&k=1&k=2";
    let problem = service.get(uri).await.problem(400);
    let named: Vec<&str> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["parameter"].as_str().unwrap())
        .collect();
    assert_eq!(named, ["crs", "bbox", "limit", "colour", "resolution", "k"]);
    let other = service.get(uri).await.problem(400);
    assert_ne!(
        problem["instance"], other["instance"],
        "every problem has an id of its own"
    );
}

#[tokio::test]
async fn limits_are_clamped_but_never_taken_for_unlimited() {
    let service = service().await;
    for (limit, status) in [
        ("0", 400),
        ("-1", 400),
        ("unlimited", 400),
        ("1.5", 400),
        ("", 400),
        ("1", 200),
        ("10001", 200),
        ("99999999999999999999999", 200),
    ] {
        let reply = service
            .get(&format!("/collections/incidents/items?limit={limit}"))
            .await;
        assert_eq!(reply.status.as_u16(), status, "limit={limit}");
    }
    let beyond = service.json("/collections/incidents/items?offset=60").await;
    assert_eq!(
        (
            &beyond["numberReturned"],
            link(&beyond, "next", "application/geo+json")
        ),
        (&Value::from(0), None)
    );
}

#[tokio::test]
async fn a_page_carries_what_a_reader_needs_to_judge_it() {
    let service = service().await;
    let page = service
        .json("/collections/hotspots/items?limit=1&resolution=7")
        .await;
    let facts = &page["naqsha"];
    assert_eq!(facts["data_version"], 1);
    assert_eq!(facts["study_area"]["name"], "lahore");
    assert_eq!(
        facts["study_area"]["cells"], 217,
        "a disk of 8 steps: 1 + 3·8·9"
    );
    assert_eq!(facts["study_area"]["hash"].as_str().map(str::len), Some(64));
    assert_eq!(
        (&facts["null"], &facts["synthetic"], &facts["policy"]),
        (
            &Value::from("exact"),
            &Value::from(true),
            &Value::from("analyst")
        )
    );
    assert!(
        facts["tested"].as_u64() > Some(0) && facts["alpha"] == 0.05 && facts["fdr"].is_string()
    );
    assert_eq!(facts["excluded"]["count"], 0);
    assert!(
        page.get("timeStamp").is_none(),
        "answers are byte-identical"
    );
    let names: Vec<&str> = page["features"][0]["properties"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    for name in [
        "h3",
        "n",
        "expected",
        "neighbours",
        "z",
        "p",
        "q",
        "bin",
        "class",
        "edge",
    ] {
        assert!(names.contains(&name), "{name} of {names:?}");
    }
}

#[tokio::test]
async fn geometry_is_the_boundary_of_the_cell_as_the_h3_library_has_it() {
    let service = service().await;
    let page = service.json("/collections/counts/items?resolution=6").await;
    for feature in page["features"].as_array().unwrap() {
        let cell: h3o::CellIndex = feature["id"].as_str().unwrap().parse().unwrap();
        assert_eq!(feature["properties"]["h3"], feature["id"]);
        let ring = feature["geometry"]["coordinates"][0].as_array().unwrap();
        assert_eq!(ring.first(), ring.last(), "rings are closed");
        let expected = cell.boundary();
        assert_eq!(ring.len(), expected.len() + 1);
        for (vertex, expected) in ring.iter().zip(expected.iter()) {
            let off = |i: usize, degrees: f64| (vertex[i].as_f64().unwrap() - degrees).abs();
            assert!(
                off(0, expected.lng()) < 6e-7 && off(1, expected.lat()) < 6e-7,
                "{vertex} {expected:?}"
            );
        }
    }
}

#[tokio::test]
async fn one_feature_is_the_same_as_in_the_list_and_links_back() {
    let service = service().await;
    for collection in ["incidents", "hotspots"] {
        let page = service
            .json(&format!("/collections/{collection}/items?limit=3"))
            .await;
        let listed = &page["features"][1];
        let id = listed["id"].as_str().unwrap();
        let single = service
            .json(&format!("/collections/{collection}/items/{id}"))
            .await;
        for member in ["type", "id", "geometry", "properties"] {
            assert_eq!(single[member], listed[member], "{member}");
        }
        for (rel, media_type) in [
            ("self", "application/geo+json"),
            ("alternate", "text/html"),
            ("collection", "application/json"),
        ] {
            let href =
                link(&single, rel, media_type).unwrap_or_else(|| panic!("{rel} {media_type}"));
            assert_eq!(service.follow(href).await.status, 200, "{href}");
        }
    }
    service
        .get("/collections/incidents/items/01ARZ3NDEKTSV4RRFFQ69G5FAV")
        .await
        .problem(404);
    service
        .get("/collections/hotspots/items/8928308280fffff")
        .await
        .problem(404);
    service
        .get("/collections/hotspots/items/nonsense")
        .await
        .problem(404);
    service.get("/collections/nothing/items").await.problem(404);
}

#[tokio::test]
async fn formats_follow_f_and_accept() {
    let service = service().await;
    let items = "/collections/incidents/items";
    for (uri, accept, media_type) in [
        (items.to_owned(), "*/*", "application/geo+json"),
        (
            items.to_owned(),
            "application/geo+json, application/json",
            "application/geo+json",
        ),
        (items.to_owned(), "application/json", "application/geo+json"),
        (
            items.to_owned(),
            "text/html,application/xhtml+xml,*/*;q=0.8",
            "text/html; charset=utf-8",
        ),
        (
            format!("{items}?f=html"),
            "application/json",
            "text/html; charset=utf-8",
        ),
        (format!("{items}?f=csv"), "*/*", "text/csv; charset=utf-8"),
        (
            format!("{items}/?f=geojsonseq"),
            "*/*",
            "application/geo+json-seq",
        ),
    ] {
        let reply = service
            .send(axum::http::Method::GET, &uri, &[("accept", accept)])
            .await;
        assert_eq!(
            (reply.status.as_u16(), reply.header("content-type")),
            (200, media_type),
            "{uri} {accept}"
        );
    }
    service
        .send(axum::http::Method::GET, items, &[("accept", "image/png")])
        .await
        .problem(406);
    service
        .get(&format!("{items}?f=shapefile"))
        .await
        .problem(400);
    service
        .get(&format!("{items}?f=json&f=csv"))
        .await
        .problem(400);
}

#[tokio::test]
async fn all_formats_hold_the_same_features_and_escape_their_texts() {
    let service = service().await;
    let json = service.json("/collections/incidents/items").await;
    let ids: Vec<String> = json["features"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        json["features"][0]["properties"]["description"],
        DESCRIPTION
    );

    let sequence = service
        .get("/collections/incidents/items?f=geojsonseq")
        .await
        .body;
    let from_sequence: Vec<String> = sequence
        .split(|&b| b == 0x1e)
        .skip(1)
        .map(|text| {
            serde_json::from_slice::<Value>(text).unwrap()["id"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(from_sequence, ids);

    let csv =
        String::from_utf8(service.get("/collections/incidents/items?f=csv").await.body).unwrap();
    let from_csv: Vec<&str> = csv
        .lines()
        .skip(1)
        .map(|line| line.split(',').next().unwrap())
        .collect();
    assert_eq!(from_csv, ids);
    assert!(
        csv.contains("\"'=hash <script>alert(\"\"1\"\")</script>, نقشہ\""),
        "formula disarmed, quotes doubled"
    );

    let page = service.get("/collections/incidents/items?f=html").await;
    assert!(
        page.header("content-security-policy")
            .starts_with("default-src 'none'")
    );
    let html = String::from_utf8(
        service
            .get("/collections/incidents/items?f=html")
            .await
            .body,
    )
    .unwrap();
    assert!(!html.contains("<script") && html.contains("&lt;script&gt;"));
    assert!(ids.iter().all(|id| html.contains(id.as_str())));
    let page = service
        .get("/collections/incidents/items?limit=2&f=csv")
        .await;
    assert!(
        page.header("link")
            .contains("cursor=1-2&f=csv>; rel=\"next\"; type=\"text/csv\""),
        "{}",
        page.header("link")
    );
}

#[tokio::test]
async fn the_public_sees_metadata_and_no_data() {
    let service = service_with(naqsha_http::ServerSettings::default()).await;
    assert_eq!(
        service.json("/collections").await["collections"]
            .as_array()
            .unwrap()
            .len(),
        naqsha_layers::descriptions().len()
    );
    let absent = service.get("/collections/nothing/items").await.problem(401);
    for uri in [
        "/collections/incidents/items",
        "/collections/hotspots/items?limit=1",
    ] {
        let hidden = service.get(uri).await.problem(401);
        assert_eq!(
            (&hidden["title"], &hidden["detail"]),
            (&absent["title"], &absent["detail"]),
            "as if absent"
        );
    }
    service
        .get("/collections/hotspots/items/8928308280fffff")
        .await
        .problem(401);
    service.get("/xyz/hotspots/7/90/52.mvt").await.problem(401);
}

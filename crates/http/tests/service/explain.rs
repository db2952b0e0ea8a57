//! Why a cell has its class: the sentence and the numbers of its row, and what is refused.

use axum::http::Method;
use h3o::{LatLng, Resolution};

use crate::fixture::{COLLECTIONS, LAHORE, link, service};

/// The cell of Lahore at the answer's resolution, where the incidents of the fixture lie.
fn here() -> String {
    let lahore = LatLng::new(LAHORE[1], LAHORE[0]).unwrap();
    lahore.to_cell(Resolution::Seven).to_string()
}

#[tokio::test]
async fn a_cell_is_explained_in_words_made_of_its_own_numbers() {
    let service = service().await;
    let cell = here();
    let mut explained = 0;
    // A flow and a report are no cells, a cluster of the scan need not lie here, and the fixture's area is no country.
    let lies_here = |of: &&str| !["flows", "scan", "border", "coverage"].contains(of);
    for collection in COLLECTIONS.into_iter().skip(2).filter(lies_here) {
        let told = service
            .json(&format!("/collections/{collection}/explain/{cell}"))
            .await;
        assert_eq!(
            (&told["h3"], &told["layer"]),
            (&cell.as_str().into(), &collection.into())
        );
        let feature = link(&told, "item", "application/geo+json").unwrap();
        let feature = service.follow(feature).await.json();
        for (name, value) in feature["properties"].as_object().unwrap() {
            assert!(
                name == "h3" || told["numbers"][name] == *value,
                "{collection}: {name}"
            );
        }
        explained += 1;
        // These begin with what they count.
        if ["near-repeat", "linkages"].contains(&collection) {
            continue;
        }
        let sentence = told["sentence"].as_str().unwrap();
        let own = told["numbers"]["n"].as_u64().unwrap();
        assert!(own > 0, "something happened there");
        assert!(
            sentence.starts_with(&format!("own {own}")) || collection == "change",
            "{sentence}"
        );
        if let Some(class) = told["numbers"]["class"].as_str() {
            let words = class.replace('_', " ");
            let words = words
                .replace("high high", "high among high")
                .replace("low low", "low among low");
            assert!(
                sentence.ends_with(&words),
                "{sentence} does not end with {words}"
            );
            // Two months of the fixture hold too few records to be compared.
            let is_tested = class != "insufficient_variation";
            assert_eq!(is_tested, collection != "change");
            assert_eq!(sentence.contains("alpha 0.05"), is_tested, "{sentence}");
        }
        assert_eq!(told["naqsha"]["layer"], collection);
    }
    assert_eq!(explained, 9);
    let strict = format!("/collections/hotspots/explain/{cell}?alpha=0.001&k=2");
    let strict = service.json(&strict).await;
    assert!(
        strict["sentence"].as_str().unwrap().contains("alpha 0.001"),
        "{strict}"
    );
}

#[tokio::test]
async fn a_browser_gets_a_page_and_openapi_knows_every_explanation() {
    let service = service().await;
    let address = format!("/collections/hotspots/explain/{}", here());
    let page = service
        .send(Method::GET, &address, &[("accept", "text/html")])
        .await;
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    let text = String::from_utf8(page.body).unwrap();
    assert!(text.contains("<th>sentence</th><td>own "), "{text}");
    let api = service.json("/api").await;
    for collection in COLLECTIONS {
        let path = format!("/collections/{collection}/explain/{{h3}}");
        let is_explained = !["incidents", "counts", "flows", "coverage"].contains(&collection);
        assert_eq!(api["paths"].get(&path).is_some(), is_explained, "{path}");
    }
}

#[tokio::test]
async fn what_cannot_be_explained_is_refused() {
    let service = service().await;
    let cell = here();
    for (path, status) in [
        ("/collections/hotspots/explain/nonsense".to_owned(), 400),
        (
            format!("/collections/hotspots/explain/{cell}?colour=red"),
            400,
        ),
        (
            format!("/collections/emerging/explain/{cell}?period=year"),
            404,
        ),
        (
            "/collections/hotspots/explain/872a10003ffffff".to_owned(),
            404,
        ),
        (format!("/collections/counts/explain/{cell}"), 404),
        (format!("/collections/incidents/explain/{cell}"), 404),
        (format!("/collections/nothing/explain/{cell}"), 404),
    ] {
        service.get(&path).await.problem(status);
    }
}

#[tokio::test]
async fn a_map_says_whether_its_test_keeps_its_level_where_that_is_asked() {
    let service = service().await;
    for collection in ["hotspots", "clusters", "emerging"] {
        let items = format!("/collections/{collection}/items?limit=1");
        let plain = service.json(&items).await;
        assert!(plain["naqsha"].get("calibration").is_none());
        let asked = service
            .json(&format!("{items}&calibrate=true&seed=5"))
            .await;
        let found = &asked["naqsha"]["calibration"];
        assert_eq!(asked["naqsha"]["seed"], 5);
        assert_eq!(found["shuffles"], 99, "{collection}");
        let tested = plain["naqsha"]["tested"].as_u64().unwrap();
        assert!(
            found["tested"].as_u64().unwrap() <= 99 * tested,
            "{collection}"
        );
        let share = found["share_p_05"].as_f64().unwrap();
        assert!(share <= 0.055, "{collection}: {found}");
        assert_eq!(asked["features"], plain["features"], "{collection}");
    }
    // What has too few records is not tested, shuffled or not.
    let few = "/collections/change/items?limit=1&calibrate=true";
    let few = service.json(few).await;
    assert!(few["naqsha"]["tested"] == 0 && few["naqsha"].get("calibration").is_none());
    service
        .get("/collections/counts/items?calibrate=true")
        .await
        .problem(400);
}

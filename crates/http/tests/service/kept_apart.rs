//! What is kept for one reader is given to no other, and who reads no records is told of none, under embargo or not.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::Method;

use crate::access::{as_key, bearer};
use crate::released::{released, service};
use crate::tiles::tile_at;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_for_one_agency_is_given_to_no_other() {
    let service = service().await;
    let (x, y) = tile_at(14);
    let of = [
        "/collections/incidents/items?limit=1000".to_owned(),
        "/collections/incidents/items?limit=1000&sortby=first_day".to_owned(),
        "/collections/counts/items?limit=1000&n_min=1".to_owned(),
        "/collections/hotspots/items?limit=1000".to_owned(),
        "/collections/incidents/aggregate?group_by=agency".to_owned(),
        "/collections/incidents/changes?limit=1000".to_owned(),
        "/collections/coverage/items?limit=1000".to_owned(),
        "/collections/incidents".to_owned(),
        "/downloads/incidents.ndjson.zst".to_owned(),
        "/downloads/incidents.pmtiles".to_owned(),
        "/arcgis/rest/services/crime/FeatureServer/incidents/query?where=1%3D1&outFields=*&f=json"
            .to_owned(),
        "/xyz/incidents/4/11/6.mvt".to_owned(),
        "/xyz/counts/4/11/6.mvt".to_owned(),
        format!("/xyz/incidents/14/{x}/{y}.mvt"),
        format!("/xyz/incidents/14/{x}/{y}.geojson"),
    ];
    for uri in of {
        let mut answers = BTreeMap::new();
        for id in ["anf", "ctd", "anf", "fia", "analyst", "ctd", "fia", "anf"] {
            let reply = as_key(&service, id, &uri).await;
            let is_tile = uri.starts_with("/xyz");
            assert!(
                reply.status == 200 || (is_tile && reply.status == 204),
                "{id} {uri}"
            );
            let tag = reply.header("etag").to_owned();
            let answer = (reply.body, tag.clone());
            let first = answers.entry(id).or_insert_with(|| answer.clone());
            assert_eq!(*first, answer, "{id} {uri}: another answer than before");
        }
        let distinct: BTreeSet<_> = answers.values().map(|(body, _)| body).collect();
        // Of the collection itself analysts and the first agency are told the same days.
        let expected = if uri == "/collections/incidents" {
            3
        } else {
            4
        };
        assert_eq!(distinct.len(), expected, "{uri}: each reads something else");
        for (id, (_, tag)) in &answers {
            for other in answers.keys().filter(|other| *other != id) {
                let authorization = bearer(other);
                let headers = [
                    ("authorization", authorization.as_str()),
                    ("if-none-match", tag.as_str()),
                ];
                let reply = service.send(Method::GET, &uri, &headers).await;
                assert_ne!(
                    reply.status, 304,
                    "{uri}: {other} has not read what {id} has"
                );
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_public_and_partners_read_no_record_under_embargo_nor_any_other() {
    let service = service().await;
    let released = released(&service).await;
    let data = [
        "/collections/incidents/items?limit=1000",
        "/collections/incidents/items?agency=FIA",
        "/collections/incidents/aggregate?group_by=agency",
        "/collections/incidents/changes",
        "/collections/counts/items?n_min=1",
        "/collections/hotspots/items",
        "/collections/counts/dggs/H3/zones?zone-level=3",
        "/downloads/incidents.ndjson.zst",
        "/downloads/counts.pmtiles",
        "/xyz/incidents/4/11/6.mvt",
        "/xyz/incidents/4/11/6.geojson",
        "/xyz/counts/4/11/6.mvt",
        "/arcgis/rest/services/crime/FeatureServer/incidents/query?where=1%3D1&f=json",
    ];
    let items = released
        .iter()
        .map(|id| format!("/collections/incidents/items/{id}"));
    for uri in data.map(str::to_owned).into_iter().chain(items) {
        // An agency has it in the service's caches.
        as_key(&service, "fia", &uri).await;
        let refusals = [
            (service.get(&uri).await, 401),
            (as_key(&service, "partner", &uri).await, 403),
        ];
        for (reply, status) in refusals {
            reply.problem(status);
        }
    }
    for uri in [
        "/",
        "/collections",
        "/collections/incidents",
        "/collections/counts",
        "/policy",
    ] {
        for reply in [
            service.get(uri).await,
            as_key(&service, "partner", uri).await,
        ] {
            assert_eq!(reply.status, 200, "{uri}");
            let text = String::from_utf8_lossy(&reply.body);
            assert!(!released.iter().any(|id| text.contains(id)), "{uri}");
            assert!(
                !text.contains("2023-0") && !text.contains("2024-03"),
                "{uri}: no day of theirs"
            );
        }
    }
}

//! Entity tags, 304, content codings and freshness.

use std::collections::BTreeSet;
use std::io::Read as _;

use axum::http::Method;
use naqsha_http::ServerSettings;

use crate::fixture::{commit, service, service_with};

const RESOURCES: [&str; 8] = [
    "/",
    "/conformance",
    "/api",
    "/collections",
    "/collections/hotspots/items",
    "/collections/incidents/items?limit=5",
    "/xyz/hotspots.json",
    "/xyz/hotspots/8/180/104.mvt",
];

#[tokio::test]
async fn an_unchanged_answer_is_304_and_a_changed_store_is_not() {
    let service = service().await;
    let mut tags = BTreeSet::new();
    for uri in RESOURCES {
        let first = service.get(uri).await;
        assert_eq!(first.status, 200, "{uri}");
        let tag = first.header("etag").to_owned();
        assert!(tag.starts_with('"'), "strong: {tag}");
        assert!(tags.insert(tag.clone()), "tags differ between resources");
        for condition in [tag.clone(), format!("\"other\", W/{tag}"), "*".to_owned()] {
            let again = service
                .send(Method::GET, uri, &[("if-none-match", &condition)])
                .await;
            assert_eq!(
                (again.status.as_u16(), again.body.len()),
                (304, 0),
                "{uri} {condition}"
            );
            assert_eq!(again.header("etag"), tag);
            assert_eq!(again.header("vary"), first.header("vary"));
        }
        let stale = service
            .send(Method::GET, uri, &[("if-none-match", "\"other\"")])
            .await;
        assert_eq!(
            (stale.status.as_u16(), stale.body == first.body),
            (200, true),
            "same bytes: {uri}"
        );
    }
    let items = "/collections/incidents/items?limit=5";
    let before = service.get(items).await;
    commit(&service.store, 8, 100..=110).await;
    let after = service
        .send(
            Method::GET,
            items,
            &[("if-none-match", before.header("etag"))],
        )
        .await;
    assert_eq!(after.status, 200);
    assert_eq!(
        (
            before.header("x-data-version"),
            after.header("x-data-version")
        ),
        ("1", "2")
    );
    assert_eq!(
        after.json()["numberMatched"],
        71,
        "the cache holds nothing of the version before"
    );
}

#[tokio::test]
async fn parameters_formats_codings_and_hosts_have_tags_of_their_own() {
    let service = service().await;
    let items = "/collections/hotspots/items";
    let mut tags = BTreeSet::new();
    for (uri, headers) in [
        (items.to_owned(), vec![]),
        (format!("{items}?k=2"), vec![]),
        (format!("{items}?f=csv"), vec![]),
        (items.to_owned(), vec![("accept-encoding", "gzip")]),
        (items.to_owned(), vec![("accept-encoding", "br")]),
        (items.to_owned(), vec![("accept-encoding", "zstd")]),
    ] {
        let tag = service
            .send(Method::GET, &uri, &headers)
            .await
            .header("etag")
            .to_owned();
        assert!(tags.insert(tag), "{uri} {headers:?}");
    }
    let one = service.get(&format!("{items}?k=2&alpha=0.1")).await;
    let other = service.get(&format!("{items}?alpha=0.1&k=2")).await;
    assert_eq!(
        one.header("etag"),
        other.header("etag"),
        "the order of parameters does not matter"
    );
}

#[tokio::test]
async fn codings_read_back_to_the_plain_body() {
    let service = service().await;
    for uri in [
        "/collections/hotspots/items",
        "/xyz/hotspots/8/180/104.mvt",
        "/api",
    ] {
        let plain = service.get(uri).await;
        assert_eq!(plain.header("content-encoding"), "");
        for (accepted, used) in [
            ("gzip", "gzip"),
            ("br", "br"),
            ("zstd", "zstd"),
            ("gzip, deflate, br, zstd", "zstd"),
            ("gzip;q=1, br;q=0.5", "gzip"),
        ] {
            let coded = service
                .send(Method::GET, uri, &[("accept-encoding", accepted)])
                .await;
            assert_eq!(coded.header("content-encoding"), used, "{uri} {accepted}");
            let mut body = Vec::new();
            match used {
                "gzip" => flate2::read::GzDecoder::new(&*coded.body)
                    .read_to_end(&mut body)
                    .unwrap(),
                "br" => brotli::Decompressor::new(&*coded.body, 4_096)
                    .read_to_end(&mut body)
                    .unwrap(),
                _ => zstd::Decoder::new(&*coded.body)
                    .unwrap()
                    .read_to_end(&mut body)
                    .unwrap(),
            };
            assert_eq!(body, plain.body, "{uri} {accepted}");
            let tag = coded.header("etag");
            let again = service
                .send(
                    Method::GET,
                    uri,
                    &[("accept-encoding", accepted), ("if-none-match", tag)],
                )
                .await;
            assert_eq!(again.status, 304);
        }
    }
    let short = service
        .send(Method::GET, "/jobs", &[("accept-encoding", "gzip")])
        .await;
    assert!(short.body.len() < 1_024 && short.header("content-encoding").is_empty());
}

#[tokio::test]
async fn metadata_may_be_shared_and_data_may_not() {
    let service = service().await;
    for uri in RESOURCES {
        let reply = service.get(uri).await;
        let data = uri.contains("items") || uri.contains(".mvt");
        let expected = if data {
            "private, max-age=0, must-revalidate"
        } else {
            "public, max-age=60"
        };
        assert_eq!(reply.header("cache-control"), expected, "{uri}");
        assert_eq!(
            reply.header("vary"),
            "Accept, Accept-Encoding, Authorization, Origin"
        );
        assert_eq!(reply.header("x-content-type-options"), "nosniff");
    }
}

#[tokio::test]
async fn cors_is_open_unless_narrowed() {
    let open = service().await;
    let page = [("origin", "https://page.example")];
    let reply = open.send(Method::GET, "/collections", &page).await;
    assert_eq!(reply.header("access-control-allow-origin"), "*");
    assert_eq!(reply.header("access-control-allow-credentials"), "");
    for exposed in [
        "Link",
        "ETag",
        "OGC-NumberMatched",
        "X-Data-Version",
        "Retry-After",
        "Content-Crs",
        "Location",
    ] {
        assert!(
            reply
                .header("access-control-expose-headers")
                .contains(exposed),
            "{exposed}"
        );
    }
    let ask = [
        ("origin", "https://page.example"),
        ("access-control-request-method", "GET"),
    ];
    let preflight = open
        .send(Method::OPTIONS, "/collections/hotspots/items", &ask)
        .await;
    assert_eq!(preflight.status, 204);
    assert!(
        preflight
            .header("access-control-allow-methods")
            .contains("GET")
    );
    assert!(
        preflight
            .header("access-control-allow-headers")
            .contains("Authorization")
    );

    let origins = Some(vec!["https://page.example".to_owned()]);
    let narrow = service_with(ServerSettings {
        cors_origins: origins,
        ..ServerSettings::default()
    })
    .await;
    let allowed = narrow.send(Method::GET, "/collections", &page).await;
    assert_eq!(
        allowed.header("access-control-allow-origin"),
        "https://page.example"
    );
    let other = narrow
        .send(
            Method::GET,
            "/collections",
            &[("origin", "https://other.example")],
        )
        .await;
    assert_eq!(
        (
            other.status.as_u16(),
            other.header("access-control-allow-origin")
        ),
        (200, "")
    );
}

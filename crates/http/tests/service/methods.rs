//! Methods, unknown paths, slashes, hosts.

use axum::http::Method;
use naqsha_http::ServerSettings;
use naqsha_model::Role;

use crate::fixture::{link, service, service_with};

const PATHS: [&str; 15] = [
    "/",
    "/conformance",
    "/api",
    "/api.html",
    "/collections",
    "/collections/hotspots",
    "/collections/hotspots/schema",
    "/collections/hotspots/queryables",
    "/collections/hotspots/items",
    "/xyz/hotspots.json",
    "/xyz/hotspots/8/180/104.geojson",
    "/styles",
    "/styles/hotspots",
    "/healthz",
    "/readyz",
];

#[tokio::test]
async fn every_get_answers_head_and_options_and_refuses_the_rest() {
    let service = service().await;
    for path in PATHS {
        let get = service.get(path).await;
        assert_eq!(get.status, 200, "{path}");
        let head = service.send(Method::HEAD, path, &[]).await;
        assert_eq!((head.status.as_u16(), head.body.len()), (200, 0), "{path}");
        for name in ["content-type", "etag", "cache-control"] {
            assert_eq!(head.header(name), get.header(name), "{path} {name}");
        }
        assert_eq!(
            head.header("content-length"),
            get.body.len().to_string(),
            "{path}"
        );
        let options = service.send(Method::OPTIONS, path, &[]).await;
        assert_eq!(
            (options.status.as_u16(), options.header("allow")),
            (204, "GET, HEAD, OPTIONS"),
            "{path}"
        );
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
            let refused = service.send(method, path, &[]).await;
            refused.problem(405);
            assert_eq!(refused.header("allow"), "GET, HEAD, OPTIONS");
        }
        if path != "/" {
            let slashed = service.get(&format!("{path}/")).await;
            assert_eq!(
                (slashed.status, slashed.body == get.body),
                (get.status, true),
                "{path}/"
            );
        }
    }
    let head = service
        .send(Method::HEAD, "/collections/nothing", &[])
        .await;
    assert_eq!((head.status.as_u16(), head.body.len()), (404, 0));
}

#[tokio::test]
async fn unknown_paths_are_problems_too() {
    let service = service().await;
    for path in [
        "/nothing",
        "/collections/hotspots/nothing",
        "/assets/../Cargo.toml",
        "/%2e%2e/Cargo.toml",
        "/%ff",
    ] {
        service.get(path).await.problem(404);
    }
    service
        .send(Method::POST, "/nothing", &[])
        .await
        .problem(404);
    for bad in [
        "/collections?f=%ff",
        "/collections?f=xml",
        "/conformance?colour=red",
        "/collections/%ff/items",
    ] {
        service.get(bad).await.problem(400);
    }
}

#[tokio::test]
async fn links_are_absolute_from_the_host_or_the_public_url() {
    let host = service().await;
    let landing = host.json("/").await;
    assert_eq!(
        link(&landing, "data", "application/json"),
        Some("http://maps.example.org/collections")
    );
    let bad = host
        .send(Method::GET, "/", &[("host", "a\"><script>")])
        .await;
    assert_eq!(bad.status, 200, "the first Host counts in this test client");

    let public_url = Some("https://maps.example.org/naqsha/".to_owned());
    let settings = ServerSettings {
        public_url,
        anonymous_role: Role::Analyst,
        ..ServerSettings::default()
    };
    let behind = service_with(settings).await;
    let landing = behind.json("/").await;
    assert_eq!(
        link(&landing, "data", "application/json"),
        Some("https://maps.example.org/naqsha/collections")
    );
    let tiles = behind.json("/xyz/hotspots.json?k=2").await;
    assert_eq!(
        tiles["tiles"][0],
        "https://maps.example.org/naqsha/xyz/hotspots/{z}/{x}/{y}.mvt?k=2"
    );
}

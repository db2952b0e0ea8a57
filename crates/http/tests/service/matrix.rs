//! Every role at every route of the table, in every spelling: nobody gets more than the table says, and a route that this
//! test does not know makes it fail.

use std::collections::BTreeSet;

use axum::http::Method;
use naqsha_http::{Route, ServerSettings, routes};

use crate::access::{bearer, guarded};
use crate::fixture::{COLLECTIONS, Fixture, Reply};

/// Who asks, and what of all that is about records they may.
const ASKERS: [(Option<&str>, &[&str]); 8] = [
    (None, &[]),
    (Some("partner"), &[]),
    (Some("analyst"), &["read", "compute"]),
    (Some("anf"), &["read", "compute", "upload", "keep"]),
    (Some("fia"), &["read", "compute", "upload", "keep"]),
    // An approver.
    (Some("ctd"), &["read", "compute", "keep"]),
    (Some("custodian"), &[]),
    (Some("auditor"), &[]),
];

/// An address of a route; a new route is added here.
fn address(path: &str) -> &str {
    match path {
        "/collections/{collection}" => "/collections/counts",
        "/collections/{collection}/schema" => "/collections/counts/schema",
        "/collections/{collection}/queryables" => "/collections/counts/queryables",
        "/collections/{collection}/sortables" => "/collections/counts/sortables",
        "/collections/{collection}/items" => "/collections/incidents/items",
        "/collections/{collection}/search" => "/collections/counts/search",
        "/collections/{collection}/items/{id}" => "/collections/counts/items/872834704ffffff",
        "/collections/{collection}/explain/{cell}" => {
            "/collections/hotspots/explain/872834704ffffff"
        }
        "/downloads/{file}" => "/downloads/incidents.fgb",
        "/collections/{collection}/tiles" => "/collections/counts/tiles",
        "/collections/{collection}/tiles/{set}" => "/collections/counts/tiles/WebMercatorQuad",
        "/collections/{collection}/tiles/{set}/{matrix}/{row}/{column}" => {
            "/collections/counts/tiles/WebMercatorQuad/6/26/45"
        }
        "/tiles/{set}" => "/tiles/WebMercatorQuad",
        "/tiles/{set}/{matrix}/{row}/{column}" => "/tiles/WebMercatorQuad/6/26/45",
        "/tileMatrixSets/{set}" => "/tileMatrixSets/WebMercatorQuad",
        "/xyz/{file}" => "/xyz/counts.json",
        "/xyz/{layer}/metadata.json" => "/xyz/counts/metadata.json",
        "/xyz/{layer}/{z}/{x}/{file}" => "/xyz/incidents/6/45/26.geojson",
        "/styles/{layer}" => "/styles/counts",
        "/processes/{process}" => "/processes/counts",
        "/processes/{process}/execution" => "/processes/counts/execution",
        "/jobs/{job}" => "/jobs/0",
        "/jobs/{job}/results" => "/jobs/0/results",
        "/jobs/{job}/errors" => "/jobs/0/errors",
        "/jobs/{job}/events" => "/jobs/0/events",
        "/arcgis/rest/services/crime/FeatureServer/{layer}" => {
            "/arcgis/rest/services/crime/FeatureServer/counts"
        }
        "/arcgis/rest/services/crime/FeatureServer/{layer}/query" => {
            "/arcgis/rest/services/crime/FeatureServer/incidents/query"
        }
        "/dggs/{dggrs}" => "/dggs/H3",
        "/dggs/{dggrs}/definition" => "/dggs/H3/definition",
        "/dggs/{dggrs}/zones" => "/dggs/H3/zones",
        "/dggs/{dggrs}/zones/{zone}" => "/dggs/H3/zones/872834704ffffff",
        "/dggs/{dggrs}/zones/{zone}/data" => "/dggs/H3/zones/872834704ffffff/data",
        "/collections/{collection}/dggs" => "/collections/counts/dggs",
        "/collections/{collection}/dggs/{dggrs}" => "/collections/counts/dggs/H3",
        "/collections/{collection}/dggs/{dggrs}/zones" => "/collections/counts/dggs/H3/zones",
        "/collections/{collection}/dggs/{dggrs}/zones/{zone}" => {
            "/collections/counts/dggs/H3/zones/872834704ffffff"
        }
        "/collections/{collection}/dggs/{dggrs}/zones/{zone}/data" => {
            "/collections/counts/dggs/H3/zones/872834704ffffff/data"
        }
        "/collections/{collection}/batches" => "/collections/incidents/batches",
        "/collections/{collection}/batches/{batch}" => "/collections/incidents/batches/0",
        "/collections/{collection}/batches/{batch}/restore" => {
            "/collections/incidents/batches/0/restore"
        }
        "/jobs/{job}/report.csv" => "/jobs/0/report.csv",
        "/uploads/{upload}" => "/uploads/00000000000000000000000000000000",
        "/collections/{collection}/aggregate" => "/collections/incidents/aggregate",
        "/collections/{collection}/changes" => "/collections/incidents/changes",
        plain => {
            assert!(
                !plain.contains('{'),
                "no address of the route {plain} is known here"
            );
            plain
        }
    }
}

async fn ask(service: &Fixture, asker: Option<&str>, method: Method, uri: &str) -> Reply {
    let key = asker.map(bearer);
    let mut headers = vec![("content-type", "application/json")];
    headers.extend(key.as_deref().map(|key| ("authorization", key)));
    let body = if method == Method::POST && !uri.contains("/arcgis/") {
        r#"{"inputs": {}, "op": ">=", "args": [{"property": "n"}, 0]}"#
    } else {
        ""
    };
    service
        .send_body(method, uri, &headers, body.to_owned())
        .await
}

/// Addresses that a careless router takes for the same.
fn spellings(plain: &str) -> [String; 8] {
    let (start, end) = plain.rsplit_once('/').unwrap();
    [
        format!("{start}//{end}"),
        format!("/.{plain}"),
        plain.replacen('/', "/%2e/", 1),
        plain.replacen('/', "/%2e%2e/", 1),
        format!("{start}/%2e/{end}"),
        format!("{plain}.json"),
        format!("{plain}%00"),
        plain.to_uppercase(),
    ]
}

/// What a route must say to one who may, or may not, do what it is for.
fn expected(asker: Option<&str>, may: &[&str], action: &str) -> Option<u16> {
    match action {
        "probe" | "describe" => None,
        "read" | "compute" | "upload" | "keep" if may.contains(&action) => None,
        "read" | "compute" | "upload" | "keep" => Some(if asker.is_some() { 403 } else { 401 }),
        _ => panic!("the action {action} is not known here"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_role_at_every_route_in_every_spelling_gets_what_the_table_says() {
    let (service, _) = guarded(ServerSettings::default()).await;
    let mut asked = 0;
    for Route {
        path,
        method,
        action,
    } in routes()
    {
        let plain = address(path);
        for (asker, may) in ASKERS {
            let wanted = expected(asker, may, action);
            let of = |reply: &Reply| reply.status.as_u16();
            let told = format!("{method} {plain} as {asker:?}");
            let first = ask(&service, asker, method.clone(), plain).await;
            match wanted {
                Some(refused) => assert_eq!(of(&first), refused, "{told}"),
                None => assert!(
                    !matches!(of(&first), 401 | 403 | 405 | 500..),
                    "{told}: {}",
                    of(&first)
                ),
            }
            if asker == Some("fia") && action == "read" {
                let text = String::from_utf8_lossy(&first.body);
                assert!(!text.contains("\"ANF\""), "{told} tells of another agency");
            }
            if wanted.is_some() {
                assert_eq!(
                    (first.header("etag"), first.header("x-data-version")),
                    ("", ""),
                    "{told}"
                );
                assert!(first.header("cache-control").contains("no-store"), "{told}");
            }
            if plain != "/" {
                let slash = ask(&service, asker, method.clone(), &format!("{plain}/")).await;
                assert_eq!(of(&slash), of(&first), "{told} with a slash");
            }
            if method == Method::GET {
                let head = ask(&service, asker, Method::HEAD, plain).await;
                assert_eq!(of(&head), of(&first), "HEAD of {told}");
                assert!(head.body.is_empty(), "HEAD of {told}");
            }
            let options = ask(&service, asker, Method::OPTIONS, plain).await;
            assert_eq!(
                (of(&options), options.body.len()),
                (204, 0),
                "OPTIONS of {told}"
            );
            for spelling in spellings(plain) {
                let reply = ask(&service, asker, method.clone(), &spelling).await;
                let status = of(&reply);
                assert!(status < 500, "{spelling}: {status}");
                let is_data =
                    reply.status.is_success() && !reply.header("x-data-version").is_empty();
                let is_public = reply.header("cache-control").contains("max-age=60");
                assert!(
                    wanted.is_none() || !is_data || is_public,
                    "{spelling} as {asker:?}: {status}"
                );
                asked += 1;
            }
        }
    }
    assert!(asked > 3_000, "{asked}");
}

/// Whether an address of a document is one of a route: a variable stands for one segment.
fn is_of(route: &str, path: &str) -> bool {
    let (route, path): (Vec<&str>, Vec<&str>) =
        (route.split('/').collect(), path.split('/').collect());
    let fits = |(of, at): (&&str, &&str)| of.starts_with('{') || of == at;
    route.len() == path.len() && route.iter().zip(&path).all(fits)
}

#[tokio::test]
async fn the_document_and_the_table_have_the_same_routes() {
    let service = crate::fixture::service().await;
    let api = service.json("/api").await;
    let mut described: BTreeSet<(String, String)> = BTreeSet::new();
    let all = routes();
    for (path, item) in api["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let method = method.to_uppercase();
            if method == "OPTIONS" {
                // Every path answers it; only those say more than which methods they have.
                assert!(path.starts_with("/uploads"), "{path}");
                continue;
            }
            let literal = |route: &&Route| {
                route
                    .path
                    .split('/')
                    .filter(|part| !part.starts_with('{'))
                    .count()
            };
            let route = all
                .iter()
                .filter(|route| route.method.as_str() == method && is_of(route.path, path))
                .max_by_key(literal);
            let route = route.unwrap_or_else(|| panic!("{method} {path} is no route"));
            described.insert((route.path.to_owned(), method.clone()));
            let responses = operation["responses"].as_object().unwrap();
            let refuses = ["401", "403", "429"].map(|status| responses.contains_key(status));
            let guarded = route.action != "probe";
            assert_eq!(refuses, [guarded; 3], "{method} {path}");
            let security = operation["security"].as_array().unwrap();
            assert_eq!(
                security.len(),
                if guarded { 3 } else { 0 },
                "{method} {path}"
            );
        }
    }
    for route in all {
        let known = (route.path.to_owned(), route.method.to_string());
        // Nothing of the table is left out. Files of the dashboard and pages for clerks stand in no table.
        assert!(described.contains(&known), "{known:?}");
    }
    assert_eq!(COLLECTIONS.len(), naqsha_layers::descriptions().len());
    let schemes = api["components"]["securitySchemes"].as_object().unwrap();
    assert_eq!(schemes.keys().collect::<Vec<_>>(), ["key", "password"]);
}

#[tokio::test]
async fn where_the_public_reads_nothing_the_document_says_that_a_key_is_needed() {
    let (service, _) = guarded(ServerSettings::default()).await;
    let api = service.json("/api").await;
    let security = |path: &str| {
        api["paths"][path]["get"]["security"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(security("/collections/counts/items"), 2);
    assert_eq!(
        security("/collections"),
        3,
        "none is needed, one may be sent"
    );
}

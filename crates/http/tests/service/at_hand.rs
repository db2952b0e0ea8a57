//! Answers at hand are what their handlers would have answered, to those alone who may have them.

use axum::http::Method;
use naqsha_http::{AuditSink, ServerSettings};
use naqsha_model::Role;

use crate::access::{bearer, guarded, keys};
use crate::fixture::{Fixture, Reply, commit, service, service_with};

const TILE: &str = "/xyz/hotspots/8/180/104.mvt";
const RESOURCES: [&str; 9] = [
    "/collections",
    "/policy",
    "/collections/counts",
    "/collections/hotspots/items?limit=3",
    "/collections/hotspots/items?limit=3&f=csv",
    "/collections/incidents/items/?limit=5&category=DT",
    "/xyz/hotspots.json",
    TILE,
    "/collections/counts/tiles/WebMercatorQuad/8/104/180",
];

/// Answers that were at hand so far.
async fn at_hand(service: &Fixture) -> u64 {
    service.counter("naqsha_http_at_hand_total").await
}

/// Asks twice; the second answer was at hand, or was not.
async fn twice(
    service: &Fixture,
    uri: &str,
    headers: &[(&str, &str)],
    expected: u64,
) -> [Reply; 2] {
    let first = service.send(Method::GET, uri, headers).await;
    let before = at_hand(service).await;
    let second = service.send(Method::GET, uri, headers).await;
    assert_eq!(
        at_hand(service).await - before,
        expected,
        "{uri} {headers:?}"
    );
    [first, second]
}

#[track_caller]
fn assert_same([first, second]: &[Reply; 2], of: &str) {
    assert_eq!(first.status, second.status, "{of}");
    assert_eq!(first.headers, second.headers, "{of}");
    assert!(first.body == second.body, "{of}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_at_hand_is_the_handlers_in_every_header() {
    let service = service().await;
    for uri in RESOURCES {
        for headers in [
            &[][..],
            &[("accept", "text/html,*/*;q=0.1")],
            &[("accept-encoding", "gzip")],
            &[("accept-encoding", "br, zstd")],
            &[("origin", "https://maps.example.org")],
        ] {
            let both = twice(&service, uri, headers, 1).await;
            assert_same(&both, uri);
            let tag = both[0].header("etag").to_owned();
            // Of a list the handler finds out which member it is; that answer is like the one at hand.
            let listed = format!("\"other\", {tag}");
            let with = |tag| [headers, &[("if-none-match", tag)]].concat();
            let mut slow = service.send(Method::GET, uri, &with(&listed)).await;
            let before = at_hand(&service).await;
            let fast = service.send(Method::GET, uri, &with(&tag)).await;
            assert_eq!(at_hand(&service).await - before, 1, "{uri}");
            assert_eq!(slow.status, 304, "{uri}");
            // It stands there until the answer is sent, which has none.
            slow.headers.remove("content-length");
            assert_same(&[slow, fast], uri);
        }
    }
    assert!(service.counter("naqsha_http_not_modified_total").await > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_plain_is_left_to_its_handler() {
    let service = service().await;
    for headers in [
        &[("range", "bytes=0-10")][..],
        &[("if-none-match", "\"other\"")],
        &[("accept", "*/*"), ("accept", "text/html")],
    ] {
        let both = twice(&service, TILE, headers, 0).await;
        assert_same(&both, TILE);
    }
    let head = service.send(Method::HEAD, TILE, &[]).await;
    let get = twice(&service, TILE, &[], 1).await;
    assert_eq!(head.body.len(), 0);
    assert_eq!(head.header("etag"), get[1].header("etag"));
    // Refusals are never at hand.
    twice(&service, "/collections/counts/items?colour=red", &[], 0).await;
    twice(&service, "/xyz/hotspots/8/180/999.mvt", &[], 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_leaves_nothing_at_hand() {
    let service = service().await;
    let items = "/collections/incidents/items?limit=1";
    let [_, before] = twice(&service, items, &[], 1).await;
    commit(&service.store, 8, 100..=110).await;
    let [after, again] = twice(&service, items, &[], 1).await;
    assert_eq!(before.json()["numberMatched"], 60);
    assert_eq!(after.json()["numberMatched"], 71);
    assert_same(&[after, again], items);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_at_hand_to_one_is_not_to_another() {
    let (service, ring) = guarded(ServerSettings::default()).await;
    let items = "/collections/incidents/items?limit=1";
    let matched = async |name: &str| {
        let authorization = bearer(name);
        let headers = [("authorization", authorization.as_str())];
        let both = twice(&service, items, &headers, 1).await;
        assert_same(&both, name);
        both[1].json()["numberMatched"].as_u64().unwrap()
    };
    let (all, of_anf, of_fia) = (
        matched("analyst").await,
        matched("anf").await,
        matched("fia").await,
    );
    assert_eq!(all, of_anf + of_fia);
    // As an analyst, whose answer is the same, has one at hand at once.
    let second = bearer("second");
    let before = at_hand(&service).await;
    let reply = service
        .send(Method::GET, items, &[("authorization", &second)])
        .await;
    assert_eq!(
        (reply.status.as_u16(), at_hand(&service).await - before),
        (200, 1)
    );

    for (authorization, refused) in [
        (None, 401),
        (Some(bearer("partner")), 403),
        (Some(bearer("auditor")), 403),
        (Some("Bearer nq_61_00".to_owned()), 401),
    ] {
        let headers = authorization
            .as_deref()
            .map(|value| ("authorization", value));
        let headers: Vec<_> = headers.into_iter().collect();
        service
            .send(Method::GET, items, &headers)
            .await
            .problem(refused);
    }
    let mut revoked = keys();
    for key in &mut revoked {
        key.revoked = true;
    }
    ring.replace(revoked);
    for name in ["analyst", "anf"] {
        let authorization = bearer(name);
        let headers = [("authorization", authorization.as_str())];
        service
            .send(Method::GET, items, &headers)
            .await
            .problem(401);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn origins_on_the_list_are_told_so_each_by_its_name() {
    let service = service_with(ServerSettings {
        anonymous_role: Role::Analyst,
        cors_origins: Some(vec![
            "https://a.example".to_owned(),
            "https://b.example".to_owned(),
        ]),
        ..ServerSettings::default()
    })
    .await;
    for (origin, allowed) in [
        ("https://a.example", "https://a.example"),
        ("https://b.example", "https://b.example"),
        ("https://c.example", ""),
    ] {
        let both = twice(&service, TILE, &[("origin", origin)], 1).await;
        for reply in &both {
            assert_eq!(reply.header("access-control-allow-origin"), allowed);
        }
        assert_same(&both, origin);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_at_hand_is_recorded_and_nothing_is_given_out_unrecorded() {
    let (sink, mut records) = AuditSink::new(3);
    let service = service_with(ServerSettings {
        anonymous_role: Role::Analyst,
        audit: Some(sink),
        ..ServerSettings::default()
    })
    .await;
    let items = "/collections/incidents/items?limit=1";
    let both = twice(&service, items, &[], 1).await;
    assert_same(&both, items);
    let tag = both[0].header("etag").to_owned();
    service
        .send(Method::GET, items, &[("if-none-match", &tag)])
        .await;
    let [first, mut second, unchanged] = [0; 3].map(|_| records.try_recv().unwrap());
    assert_ne!(first.request, second.request);
    second.request.clone_from(&first.request);
    assert_eq!(first, second);
    assert_eq!(
        (first.rows, first.data_version, first.status),
        (Some(60), Some(1), 200)
    );
    assert_eq!((unchanged.status, unchanged.object), (304, second.object));
    for _ in 0..3 {
        assert_eq!(service.get(items).await.status, 200);
    }
    service.get(items).await.problem(503);
    drop(records);
    service.get(items).await.problem(503);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_too_often_has_nothing_at_hand() {
    let mut settings = ServerSettings::default();
    settings.limits.requests_per_minute = 60;
    let (service, _) = guarded(settings).await;
    let authorization = bearer("analyst");
    let headers = [("authorization", authorization.as_str())];
    let mut refused = 0;
    for _ in 0..20 {
        let reply = service.send(Method::GET, TILE, &headers).await;
        refused += usize::from(reply.status == 429);
    }
    assert!(
        (9..=10).contains(&refused),
        "{refused} of 20, ten being a burst"
    );
}

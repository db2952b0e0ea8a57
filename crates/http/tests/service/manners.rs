//! How often one may ask, from where, and that it is recorded.

use std::net::SocketAddr;
use std::time::Duration;

use naqsha_http::{AuditRecord, AuditSink, Decision, Limits, ServerSettings, serve};
use naqsha_model::{Agency, Role};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::access::{OF_FIA, as_key, bearer, credential, guarded, keys};

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_too_often_waits_and_others_do_not() {
    let (service, _) = guarded(ServerSettings {
        limits: Limits {
            requests_per_minute: 60,
            ..Limits::default()
        },
        ..ServerSettings::default()
    })
    .await;
    let mut statuses = Vec::new();
    for _ in 0..14 {
        statuses.push(
            as_key(&service, "analyst", "/conformance")
                .await
                .status
                .as_u16(),
        );
    }
    assert!(
        statuses[..10].iter().all(|&status| status == 200),
        "{statuses:?}"
    );
    assert!(statuses.ends_with(&[429, 429]), "{statuses:?}");
    let refused = as_key(&service, "analyst", "/conformance").await;
    refused.problem(429);
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=2).contains(&wait), "{wait}");
    assert_eq!(as_key(&service, "second", "/conformance").await.status, 200);
    assert_eq!(as_key(&service, "analyst", "/healthz").await.status, 200);
}

/// Asks over a connection of its own.
async fn ask(address: SocketAddr, path: &str, headers: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_a_network_is_good_from_there_through_a_trusted_proxy_alone() {
    for (trusted, forwarded, good) in [
        (false, "", false),
        (false, "X-Forwarded-For: 10.1.2.3\r\n", false),
        (true, "X-Forwarded-For: 10.1.2.3\r\n", true),
        (true, "X-Forwarded-For: 10.1.2.3, 192.0.2.1\r\n", false),
        (true, "", false),
    ] {
        let proxies = if trusted {
            vec!["127.0.0.0/8".parse().unwrap()]
        } else {
            Vec::new()
        };
        let (service, ring) = guarded(ServerSettings {
            trusted_proxies: proxies,
            ..ServerSettings::default()
        })
        .await;
        let mut bound = keys();
        bound[1].networks = vec!["10.0.0.0/8".parse().unwrap()];
        ring.replace(bound);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(serve(
            listener,
            service.router.clone(),
            std::future::pending(),
        ));
        let headers = format!("Authorization: {}\r\n{forwarded}", bearer("analyst"));
        let answer = ask(address, "/collections/counts/items?limit=1", &headers).await;
        let expected = if good { "HTTP/1.1 200" } else { "HTTP/1.1 401" };
        assert!(
            answer.starts_with(expected),
            "{trusted} {forwarded:?}: {answer}"
        );
        task.abort();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_about_data_and_every_refusal_is_recorded_once() {
    let (sink, mut records) = AuditSink::new(64);
    let (service, _) = guarded(ServerSettings {
        audit: Some(sink),
        ..ServerSettings::default()
    })
    .await;
    let read = as_key(&service, "fia", "/collections/incidents/items?limit=3").await;
    as_key(&service, "custodian", "/collections/counts/items/CANARY")
        .await
        .problem(403);
    as_key(&service, "nobody", "/collections")
        .await
        .problem(401);
    service.get("/collections/counts/items").await.problem(401);
    as_key(&service, "analyst", "/collections/CANARY/items")
        .await
        .problem(404);
    as_key(&service, "analyst", "/collections").await;
    service.get("/healthz").await;
    let subject = |name: &str| format!("key:{}", credential(name).id());
    let names = ["fia", "custodian", "analyst"].map(subject);
    let mut told = Vec::new();
    while let Ok(record) = records.try_recv() {
        told.push(record);
    }
    let items = "GET /collections/{collection}/items";
    let seen: Vec<_> = told
        .iter()
        .map(|of: &AuditRecord| {
            (
                of.subject.as_deref(),
                of.decision,
                of.status,
                of.resource.as_str(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            (Some(names[0].as_str()), Decision::Allowed, 200, items),
            (
                Some(names[1].as_str()),
                Decision::Denied,
                403,
                "GET /collections/{collection}/items/{id}"
            ),
            (None, Decision::Unknown, 401, "GET /collections"),
            (Some("anonymous"), Decision::Denied, 401, items),
            (Some(names[2].as_str()), Decision::Allowed, 404, items),
        ]
    );
    let first = &told[0];
    assert_eq!(
        first.object.as_deref(),
        Some("/collections/incidents/items")
    );
    assert_eq!(
        (first.role, first.rows),
        (Some(Role::Uploader), Some(OF_FIA))
    );
    assert_eq!(
        first.data_version.unwrap().to_string(),
        read.header("x-data-version")
    );
    assert_eq!(first.agency.as_ref().map(Agency::as_str), Some("FIA"));
    let refused = as_key(&service, "nobody", "/api").await.problem(401);
    assert_eq!(refused["instance"], records.recv().await.unwrap().request);
    assert!(!format!("{told:?}").contains("CANARY"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_recorded_is_not_given_out() {
    let (sink, mut records) = AuditSink::new(1);
    let (service, _) = guarded(ServerSettings {
        audit: Some(sink),
        ..ServerSettings::default()
    })
    .await;
    let uri = "/collections/counts/items?limit=1";
    assert_eq!(as_key(&service, "analyst", uri).await.status, 200);
    let full = as_key(&service, "analyst", uri).await;
    assert_eq!(full.problem(503)["type"], "/problems/unrecorded");
    assert_eq!(full.header("retry-after"), "2");
    assert_eq!(
        service.get("/collections").await.status,
        200,
        "this is not about data"
    );
    records.recv().await.unwrap();
    assert_eq!(as_key(&service, "analyst", uri).await.status, 200);
    drop(records);
    as_key(&service, "analyst", uri).await.problem(503);
    tokio::time::sleep(Duration::ZERO).await;
}

//! What the service tells of itself: to the operator on a listener of their own, and to everyone as its policy. Among it,
//! that equal requests at the same time are computed once.

#![expect(
    clippy::panic,
    reason = "a test that cannot go on should stop and say why"
)]

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Stdio;
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use naqsha_tests::server::Server;
use naqsha_tests::skip::python;
use serde_json::Value;

/// The value of a series without labels.
fn value(server: &Server, name: &str) -> u64 {
    let text = String::from_utf8(server.metrics().body).expect("UTF-8");
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(&format!("{name} ")));
    let line = line.unwrap_or_else(|| panic!("no {name} in {text}"));
    line.parse().expect("a number")
}

#[test]
fn metrics_are_for_the_operator_and_in_the_form_that_their_readers_know() {
    let server = Server::over_both_samples();
    let page = server.json("/collections/counts/items?limit=1");
    assert_eq!(server.get("/collections/nothing/items").status, 404);
    assert_eq!(
        server.get("/metrics").status,
        404,
        "nothing of it on the public port"
    );
    let reply = server.metrics();
    assert_eq!(
        reply.header("content-type"),
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    );
    let text = String::from_utf8(reply.body).expect("UTF-8");
    assert!(text.ends_with("# EOF\n"));
    assert!(!text.contains("nothing"), "no word of a request is a label");
    assert_eq!(
        value(&server, "naqsha_data_version"),
        page["naqsha"]["data_version"].as_u64().expect("a version")
    );
    let records = server.json("/collections/incidents/items?limit=1");
    assert_eq!(
        Some(value(&server, "naqsha_live_records")),
        records["numberMatched"].as_u64()
    );
    assert_eq!(value(&server, "naqsha_live_batches"), 6);
    assert!(value(&server, "naqsha_resident_memory_bytes") > 1 << 20);
    let answered = server.answered();
    let at =
        |route: &str, class: &str| answered.get(&(route.to_owned(), class.to_owned())).copied();
    assert!(at("/collections/{collection}/items", "2xx") >= Some(1));
    assert!(at("/collections/{collection}/items", "4xx") >= Some(1));
    let Some(mut reader) = python("metrics_are_for_the_operator", "prometheus_client") else {
        return;
    };
    let mut reader = reader
        .arg("oracles/metrics_read.py")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python starts");
    let mut stdin = reader.stdin.take().expect("stdin is a pipe");
    stdin.write_all(text.as_bytes()).expect("it is read");
    drop(stdin);
    let output = reader.wait_with_output().expect("the reader ends");
    assert!(output.status.success(), "another's parser reads it");
    let samples: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let samples = samples.as_array().expect("samples");
    let kinds = |kind: &str| {
        samples
            .iter()
            .filter(|sample| sample["kind"] == kind)
            .count()
    };
    assert!(kinds("histogram") > 20 && kinds("counter") >= 5 && kinds("gauge") >= 10);
}

/// One request on a connection of its own; gives status line and body.
fn raw(address: &str, path: &str) -> (String, Vec<u8>) {
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream
        .set_read_timeout(Some(Duration::from_mins(1)))
        .expect("a limit");
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"
    )
    .expect("it is sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer");
    let end = answer
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .expect("headers");
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let status = head.lines().next().unwrap_or_default().to_owned();
    (status, answer[end + 4..].to_vec())
}

#[test]
fn five_hundred_cold_requests_for_a_tile_are_one_computation() {
    const ASKING: usize = 500;
    // A service of its own, so that nothing else is counted.
    let server = Server::with_metrics();
    let address = server.base().trim_start_matches("http://").to_owned();
    let path = "/xyz/hotspots/8/126/82.mvt?study_area=west-yorkshire&k=2";
    let (computed, shed) = (
        value(&server, "naqsha_http_computed_total"),
        value(&server, "naqsha_http_shed_total"),
    );
    let together = Arc::new(Barrier::new(ASKING));
    let began = Instant::now();
    let asking: Vec<_> = (0..ASKING)
        .map(|_| {
            let (address, together) = (address.clone(), Arc::clone(&together));
            std::thread::Builder::new()
                .stack_size(256 << 10)
                .spawn(move || {
                    together.wait();
                    raw(&address, path)
                })
                .expect("a thread")
        })
        .collect();
    let answers: Vec<(String, Vec<u8>)> = asking
        .into_iter()
        .map(|one| one.join().expect("an answer"))
        .collect();
    println!("{ASKING} answers in {:?}", began.elapsed());
    let (_, first) = &answers[0];
    assert!(!first.is_empty());
    for (status, body) in &answers {
        assert_eq!(status, "HTTP/1.1 200 OK");
        assert!(body == first, "the same bytes");
    }
    assert_eq!(value(&server, "naqsha_http_computed_total") - computed, 1);
    assert_eq!(value(&server, "naqsha_http_shed_total") - shed, 0);
    assert!(
        value(&server, "naqsha_http_joined_total") + value(&server, "naqsha_http_cache_hits_total")
            >= ASKING as u64 - 1
    );
    assert_eq!(value(&server, "naqsha_http_flights"), 0);
}

#[test]
fn the_policy_says_what_each_role_sees() {
    let server = Server::over_both_samples();
    let policy = server.json("/policy");
    assert_eq!(policy["your_role"], "analyst");
    assert_eq!(policy["finest_resolution"], 8);
    let roles = policy["roles"].as_array().expect("roles");
    let role = |name: &str| {
        roles
            .iter()
            .find(|role| role["role"] == name)
            .expect("a role")
    };
    assert_eq!(
        (&role("public")["layers"], &role("public")["metadata"]),
        (&false.into(), &true.into())
    );
    assert_eq!(
        (&role("analyst")["exact_points"], &role("analyst")["layers"]),
        (&false.into(), &true.into())
    );
    assert_eq!(
        server.get("/policy?f=html").header("content-type"),
        "text/html; charset=utf-8"
    );
    // What it says is so: no record is shown finer.
    let page = server.json("/collections/incidents/items?limit=2000");
    for feature in page["features"].as_array().expect("features") {
        assert_ne!(feature["geometry"]["type"], "Point");
        if let Some(cell) = feature["properties"]["h3"].as_str() {
            assert!(cell.starts_with("88") || cell < "88", "{cell}");
        }
    }
}

//! Retries and kills: whatever happens, one file is one batch, and everybody is told the same.

#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

use std::collections::BTreeSet;
use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use naqsha_tests::server::Server;
use naqsha_tests::street::file as street;
use serde_json::Value;

const POLICE: &str = "profile=open.police-uk";

#[expect(
    clippy::disallowed_methods,
    reason = "whoever runs the test says how much of it"
)]
fn number(variable: &str, usual: u64) -> u64 {
    std::env::var(variable).map_or(usual, |text| text.parse().unwrap())
}

/// A8. Fifty clients send one file under one key, over and over, while the service is killed and started again. Round by
/// round the kill comes at another moment. `NAQSHA_ROUNDS` and `NAQSHA_SEED` make it longer and other.
#[test]
fn a_storm_of_retries_and_a_kill_make_one_batch() {
    let (rounds, mut lot) = (number("NAQSHA_ROUNDS", 4), number("NAQSHA_SEED", 8));
    println!("seed {lot}, {rounds} rounds");
    let server = RwLock::new(Server::over_nothing());
    for round in 0..rounds {
        lot = lot
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let kill_after = Duration::from_millis((lot >> 33) % 400);
        let (file, key) = (
            street(&format!("r{round}-"), 3_000),
            format!("storm {round}"),
        );
        let path = format!("/collections/incidents/batches?{POLICE}");
        let bodies = std::thread::scope(|scope| {
            let clients: Vec<_> = (0..50)
                .map(|_| scope.spawn(|| retry(&server, &path, &key, &file)))
                .collect();
            std::thread::sleep(kill_after);
            kill(server.read().unwrap().process());
            // Whoever was sending is cut off by now, and gives the lock back.
            server.write().unwrap().restart();
            let bodies: Vec<Vec<u8>> = clients
                .into_iter()
                .map(|client| client.join().unwrap())
                .collect();
            bodies
        });
        let different: BTreeSet<&Vec<u8>> = bodies.iter().collect();
        assert_eq!(
            (bodies.len(), different.len()),
            (50, 1),
            "round {round}: killed after {kill_after:?}"
        );
        let service = server.read().unwrap();
        let batches = service.json("/collections/incidents/batches");
        assert_eq!(
            batches["batches"].as_array().unwrap().len() as u64,
            round + 1,
            "round {round}"
        );
        let matched = service.json("/collections/incidents/items?limit=1")["numberMatched"].clone();
        assert_eq!(matched, 3_000 * (round + 1));
    }
}

/// Kills a process in the middle of whatever it does.
fn kill(process: u32) {
    let killed = std::process::Command::new("kill")
        .args(["-9", &process.to_string()])
        .status();
    assert!(killed.unwrap().success());
}

/// Sends until there is a final answer.
fn retry(server: &RwLock<Server>, path: &str, key: &str, file: &[u8]) -> Vec<u8> {
    let deadline = Instant::now() + Duration::from_mins(2);
    loop {
        // Read, not held: the service may be killed while this waits for its answer.
        let reply = {
            let Ok(service) = server.try_read() else {
                std::thread::sleep(Duration::from_millis(5));
                continue;
            };
            service.try_send("POST", path, &[("idempotency-key", key)], file)
        };
        if let Some(reply) = reply {
            match reply.status {
                201 => return reply.body,
                409 | 503 => assert_eq!(
                    reply.header("retry-after"),
                    "2",
                    "{}",
                    String::from_utf8_lossy(&reply.body)
                ),
                other => panic!("{other}: {}", String::from_utf8_lossy(&reply.body)),
            }
        }
        assert!(Instant::now() < deadline, "no final answer");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A 202 is a promise: the batch comes, whatever happens to the service in between.
#[test]
fn an_accepted_upload_survives_kills() {
    let mut server = Server::over_nothing();
    let path = format!("/collections/incidents/batches?{POLICE}");
    let mut jobs = Vec::new();
    for number in 0..4_u64 {
        let (key, file) = (format!("k{number}"), street(&format!("s{number}-"), 20_000));
        let headers = [
            ("idempotency-key", key.as_str()),
            ("prefer", "respond-async"),
        ];
        let reply = server.send("POST", &path, &headers, &file);
        assert_eq!(reply.status, 202);
        jobs.push(reply.json()["id"].as_str().unwrap().to_owned());
        std::thread::sleep(Duration::from_millis(60 * number));
        server.restart();
    }
    for job in &jobs {
        let deadline = Instant::now() + Duration::from_mins(1);
        let document = loop {
            let document = server.json(&format!("/jobs/{job}"));
            if document["status"] == "successful" {
                break document;
            }
            assert!(
                Instant::now() < deadline && document["status"] != "failed",
                "{document}"
            );
            std::thread::sleep(Duration::from_millis(50));
        };
        assert_eq!(document["accepted"], 20_000);
        let report = server.get(&format!("/jobs/{job}/report.csv"));
        assert_eq!(
            String::from_utf8(report.body).unwrap().lines().count(),
            20_001
        );
    }
    let matched = server.json("/collections/incidents/items?limit=1")["numberMatched"].clone();
    assert_eq!(matched, 80_000);
}

/// A10 and A11: while batches come and go, each read is of one version, and what is withdrawn is gone from every path
/// that reads by the time its withdrawal is answered, also after a kill. `NAQSHA_BATCHES` and `NAQSHA_READS` make it longer: it goes
/// on until both are reached.
#[test]
fn readers_see_whole_versions_and_nothing_that_is_withdrawn() {
    let mut server = Server::over_nothing();
    let (batches, wanted) = (number("NAQSHA_BATCHES", 12), number("NAQSHA_READS", 20));
    let (stop, reads) = (AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        let (server, stop, reads) = (&server, &stop, &reads);
        let readers: Vec<_> = (0..3)
            .map(|_| {
                scope.spawn(move || {
                    while !stop.load(Ordering::Relaxed) {
                        reads.fetch_add(whole_read(server), Ordering::Relaxed);
                    }
                })
            })
            .collect();
        let mut number = 0;
        while number < batches || reads.load(Ordering::Relaxed) < wanted {
            let answer = server.upload(
                POLICE,
                &format!("b{number}"),
                &street(&format!("b{number}-"), 700),
            );
            assert_eq!(answer.status, 201);
            if number % 3 == 2 {
                let at = answer.header("location").to_owned();
                assert_eq!(
                    server
                        .send("DELETE", &format!("{at}?reason=x"), &[], b"")
                        .status,
                    204
                );
            }
            number += 1;
        }
        stop.store(true, Ordering::Relaxed);
        for reader in readers {
            reader.join().unwrap();
        }
        println!("{reads:?} reads during {number} batches");
    });
    let live = server.json("/collections/incidents/batches")["batches"].clone();
    let live: Vec<&Value> = live
        .as_array()
        .unwrap()
        .iter()
        .filter(|b| b["state"] == "live")
        .collect();
    let at = format!(
        "/collections/incidents/batches/{}",
        live[0]["batch"].as_str().unwrap()
    );
    let whole = counts(&server);
    assert_eq!(whole, [700 * live.len() as u64; 4]);
    assert_eq!(
        server
            .send("DELETE", &format!("{at}?reason=gone"), &[], b"")
            .status,
        204
    );
    // The first answer that is asked for after the acknowledgement, by each path, is without it.
    let less = 700 * (live.len() as u64 - 1);
    assert_eq!(counts(&server), [less; 4]);
    server.restart();
    assert_eq!(counts(&server), [less; 4]);
}

/// One version asked by several paths: their numbers agree wherever their versions do.
fn whole_read(server: &Server) -> u64 {
    let items = server.get("/collections/incidents/items?limit=1");
    let version = items.header("x-data-version").to_owned();
    let matched = items.json()["numberMatched"].as_u64().unwrap();
    assert_eq!(matched % 700, 0, "a part of a batch at version {version}");
    let counts = server.get(&format!(
        "/collections/counts/items?resolution=5&as_of={version}&study_area=west-yorkshire"
    ));
    assert_eq!(
        counts.status,
        200,
        "{}",
        String::from_utf8_lossy(&counts.body)
    );
    assert_eq!(in_cells(&counts.json()), matched, "version {version}");
    let groups = server.get(&format!(
        "/collections/incidents/aggregate?group_by=category&as_of={version}"
    ));
    let rows = groups.json()["rows"].as_array().unwrap().clone();
    let sum: u64 = rows.iter().map(|row| row["n"].as_u64().unwrap()).sum();
    assert_eq!(sum, matched, "version {version}");
    3
}

/// Records of a map: those in its cells and those that it leaves out.
fn in_cells(collection: &Value) -> u64 {
    let features = collection["features"].as_array().unwrap();
    let n = features
        .iter()
        .map(|feature| feature["properties"]["n"].as_u64().unwrap())
        .sum::<u64>();
    n + collection["naqsha"]["excluded"]["count"]
        .as_u64()
        .unwrap_or(0)
}

/// Records by page, by cell, by group and by line.
fn counts(server: &Server) -> [u64; 4] {
    let page = server.json("/collections/incidents/items?limit=1")["numberMatched"]
        .as_u64()
        .unwrap();
    let cells =
        in_cells(&server.json("/collections/counts/items?resolution=5&study_area=west-yorkshire"));
    let rows = server.json("/collections/incidents/aggregate?group_by=category")["rows"].clone();
    let groups = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["n"].as_u64().unwrap())
        .sum();
    let lines = server.get("/collections/incidents/items?f=csv").body;
    let lines = String::from_utf8(lines).unwrap().lines().count() as u64 - 1;
    [page, cells, groups, lines]
}

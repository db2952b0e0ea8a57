//! A12: copies that are made while batches come and go are whole, of one version, and come back as what that version was.
//! `NAQSHA_ROUNDS` says how many.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use naqsha_tests::program::run;
use naqsha_tests::server::Server;
use naqsha_tests::street::file as street;
use serde_json::Value;

const POLICE: &str = "profile=open.police-uk";

#[expect(
    clippy::disallowed_methods,
    reason = "whoever runs the test says how much of it"
)]
fn rounds() -> u64 {
    std::env::var("NAQSHA_ROUNDS").map_or(2, |text| text.parse().unwrap())
}

/// The records of a store at a version.
fn records(store: &Path, out: &Path, version: &Value) -> Value {
    let at = format!("as_of={version}");
    let out_at = out.to_str().unwrap();
    run(
        store,
        &["export", "incidents", "--param", &at, "--out", out_at],
    );
    let mut document: Value = serde_json::from_slice(&fs::read(out).unwrap()).unwrap();
    document["features"].take()
}

#[test]
fn copies_that_are_made_under_load_come_back_as_the_version_they_are_of() {
    let server = Server::over_nothing();
    let stop = AtomicBool::new(false);
    let scratch = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        let (server, stop) = (&server, &stop);
        let load = scope.spawn(move || {
            let mut number = 0_u64;
            while !stop.load(Ordering::Relaxed) {
                let (key, file) = (format!("k{number}"), street(&format!("k{number}-"), 300));
                let reply = server.upload(POLICE, &key, &file);
                assert_eq!(reply.status, 201);
                if number % 4 == 3 {
                    let at = format!("{}?reason=x", reply.header("location"));
                    assert_eq!(server.send("DELETE", &at, &[], b"").status, 204);
                }
                number += 1;
            }
            number
        });
        let mut slowest = Duration::ZERO;
        for round in 0..rounds() {
            // So that every copy is of another moment.
            std::thread::sleep(Duration::from_millis(200 + 37 * round));
            let folder = |name: &str| scratch.path().join(format!("{name}-{round}"));
            let (copy, back) = (folder("copy"), folder("back"));
            let told = server.beside(&["backup", "--out", copy.to_str().unwrap()]);
            let began = Instant::now();
            run(&back, &["restore", "--from", copy.to_str().unwrap()]);
            slowest = slowest.max(began.elapsed());
            assert_eq!(run(&back, &["verify"])["whole"], true, "round {round}");
            assert_eq!(
                run(&back, &["audit", "verify"])["whole"],
                true,
                "round {round}"
            );
            let version = &told["data_version"];
            let restored = records(&back, &folder("back.geojson"), version);
            let live = records(server.data(), &folder("live.geojson"), version);
            assert!(
                restored == live,
                "round {round}: version {version} came back as another"
            );
            assert!(
                restored.as_array().is_some_and(|rows| !rows.is_empty()),
                "round {round}"
            );
            fs::remove_dir_all(&copy).unwrap();
            fs::remove_dir_all(&back).unwrap();
        }
        stop.store(true, Ordering::Relaxed);
        let batches = load.join().unwrap();
        println!(
            "{} copies during {batches} batches, a restore took {slowest:?} at most",
            rounds()
        );
    });
}

//! A6 over HTTP: a running service whose disk fills up refuses files by name, goes on answering readers, loses nothing, and takes
//! files again by itself once there is space.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use naqsha_tests::disk::{Kind, SmallDisk};
use naqsha_tests::program::{naqsha, run};
use naqsha_tests::server::{Reply, Server};
use naqsha_tests::street::file as street;

const POLICE: &str = "profile=open.police-uk";
/// Longest that a service may need to take files again once there is space.
const RECOVERS_WITHIN: Duration = Duration::from_secs(10);
/// Most requests of a reader while the disk is full.
const READS: u64 = 150;

fn serving(config: &str, folder: &Path, data: &Path) -> Server {
    run(data, &["init"]);
    let file = folder.join("naqsha.toml");
    fs::write(&file, config).unwrap();
    Server::over(&file, data)
}

fn records(server: &Server) -> u64 {
    let page = server.json("/collections/incidents/items?limit=1");
    page["numberMatched"].as_u64().unwrap()
}

/// A refusal for want of space, or because nothing is written for now.
fn is_refused(reply: &Reply) -> bool {
    let kind = reply.json()["type"].as_str().unwrap_or_default().to_owned();
    let declared = [
        "/problems/no-space",
        "/problems/nearly-full",
        "/problems/unrecorded",
        "/problems/in-flight",
        "/problems/busy",
    ];
    [507, 503, 409].contains(&reply.status) && declared.contains(&kind.as_str())
}

#[track_caller]
fn refused(reply: &Reply, what: &str) {
    let body = String::from_utf8_lossy(&reply.body);
    assert!(is_refused(reply), "{what}: {} {body}", reply.status);
}

/// Sends the same file under the same key until it is taken; gives how long that took.
fn taken(server: &Server, key: &str, file: &[u8]) -> Duration {
    let began = Instant::now();
    loop {
        let reply = server.upload(POLICE, key, file);
        if reply.status == 201 {
            return began.elapsed();
        }
        refused(&reply, key);
        assert!(
            began.elapsed() < 3 * RECOVERS_WITHIN,
            "{key} is never taken"
        );
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Waits until more than so many requests are in the audit log: what was read while the disk was full comes into it a moment later.
fn recorded(server: &Server, reads: u64, place: &str) {
    let began = Instant::now();
    loop {
        let told = server.beside(&["audit", "verify"]);
        if told["records"].as_u64() > Some(reads) {
            return;
        }
        assert!(began.elapsed() < RECOVERS_WITHIN, "{place}: {told}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Both kinds of disk, with and without the reserve that the service keeps: with it a file is refused before it is read, without
/// it in the middle.
#[test]
fn a_service_on_a_full_disk_reads_on_and_takes_files_again_by_itself() {
    let name = "a_service_on_a_full_disk_reads_on_and_takes_files_again_by_itself";
    for kind in [Kind::Memory, Kind::Loop] {
        for reserve in [0, 4] {
            let Some(mut disk) = SmallDisk::make(name, kind, 48) else {
                return;
            };
            let config = format!("[server.limits]\nfree_mib = {reserve}\n");
            let elsewhere = tempfile::tempdir().unwrap();
            let data = disk.folder().join("store");
            let server = serving(&config, elsewhere.path(), &data);
            let first = server.upload(POLICE, "first", &street("a", 700));
            assert_eq!(first.status, 201);
            let at = first.header("location").to_owned();
            let before = server.json("/collections/incidents/items?limit=50")["features"].clone();
            disk.fill();
            let place = format!("{kind:?}, {reserve} MiB kept");
            refused(
                &server.upload(POLICE, "second", &street("b", 3_000)),
                &place,
            );
            for _ in 0..READS {
                let read = server.get("/collections/incidents/items?limit=50");
                assert_eq!(
                    read.status,
                    200,
                    "{place}: {}",
                    String::from_utf8_lossy(&read.body)
                );
                assert_eq!(read.json()["features"], before, "{place}");
            }
            assert_eq!(server.get("/healthz").status, 200);
            let ready = server.get("/readyz");
            if reserve > 0 {
                assert_eq!(
                    (ready.status, ready.json()["type"].as_str()),
                    (503, Some("/problems/nearly-full"))
                );
            }
            // So long that whoever gave up after some tries would have given up.
            std::thread::sleep(Duration::from_secs(11));
            assert_eq!(
                server.get("/collections/incidents/items?limit=50").status,
                200,
                "{place}"
            );
            // A withdrawal is small: it may find the space that the journal has already, and is refused otherwise.
            let withdrawal = server.send("DELETE", &format!("{at}?reason=x"), &[], b"");
            if withdrawal.status != 204 {
                refused(&withdrawal, &place);
            }
            disk.empty();
            let took = taken(&server, "second", &street("b", 3_000));
            println!("{place}: taken {took:?} after there was space");
            assert!(took < RECOVERS_WITHIN, "{place}: {took:?}");
            assert_eq!(server.get("/readyz").status, 200, "{place}");
            if withdrawal.status != 204 {
                assert_eq!(records(&server), 3_700, "{place}");
                let again = server.send("DELETE", &format!("{at}?reason=x"), &[], b"");
                assert_eq!(again.status, 204, "{place}");
            }
            assert_eq!(records(&server), 3_000, "{place}");
            recorded(&server, READS, &place);
            drop(server);
            assert_eq!(run(&data, &["verify"])["whole"], true, "{place}");
        }
    }
}

/// Where files wait and what is downloaded is written: full by itself, the rest of the service has space.
#[test]
fn a_full_stage_keeps_nothing_else_from_working() {
    let name = "a_full_stage_keeps_nothing_else_from_working";
    let Some(mut disk) = SmallDisk::make(name, Kind::Memory, 2) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("store");
    run(&data, &["init"]);
    std::os::unix::fs::symlink(disk.folder(), data.join("staged")).unwrap();
    let config = folder.path().join("naqsha.toml");
    fs::write(&config, "[server.limits]\nfree_mib = 0\n").unwrap();
    let server = Server::over(&config, &data);
    assert_eq!(
        server.upload(POLICE, "first", &street("a", 700)).status,
        201
    );
    disk.fill();
    refused(
        &server.upload(POLICE, "second", &street("b", 700)),
        "the stage",
    );
    assert_eq!(records(&server), 700);
    let file = server.get("/downloads/incidents.csv.zst");
    assert_eq!(file.status, 200);
    let beside = folder.path().join("c.csv");
    fs::write(&beside, street("c", 700)).unwrap();
    server.beside(&[
        "ingest",
        "--profile",
        "open.police-uk",
        beside.to_str().unwrap(),
    ]);
    disk.empty();
    assert!(taken(&server, "second", &street("b", 700)) < RECOVERS_WITHIN);
    assert_eq!(records(&server), 2_100);
}

/// A disk of its own for signed checkpoints: while it is full they are late, and nothing else is.
#[test]
fn full_checkpoints_come_later_and_hold_up_nothing() {
    let name = "full_checkpoints_come_later_and_hold_up_nothing";
    let Some(mut disk) = SmallDisk::make(name, Kind::Memory, 1) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("store");
    let checkpoints = disk.folder().join("checkpoints.jsonl");
    let config = format!("[audit]\ncheckpoints = {checkpoints:?}\n[server.limits]\nfree_mib = 0\n");
    disk.fill();
    let server = serving(&config, folder.path(), &data);
    assert_eq!(
        server.upload(POLICE, "first", &street("a", 700)).status,
        201
    );
    assert_eq!(records(&server), 700);
    let signed = || fs::read_to_string(&checkpoints).map_or(0, |text| text.lines().count());
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!((signed(), server.get("/readyz").status), (0, 200));
    disk.empty();
    let began = Instant::now();
    while signed() == 0 {
        assert!(began.elapsed() < RECOVERS_WITHIN, "no checkpoint is signed");
        std::thread::sleep(Duration::from_millis(100));
    }
    let told = server.beside(&["audit", "verify"]);
    assert!(told["records"].as_u64() > Some(0), "{told}");
}

/// Care of the store writes the ledger anew, and says beforehand that there is no space for it.
#[test]
fn compaction_and_downloads_without_space_say_so_and_work_again() {
    let name = "compaction_and_downloads_without_space_say_so_and_work_again";
    let Some(mut disk) = SmallDisk::make(name, Kind::Loop, 48) else {
        return;
    };
    let elsewhere = tempfile::tempdir().unwrap();
    let data = disk.folder().join("store");
    let server = serving("[server.limits]\nfree_mib = 0\n", elsewhere.path(), &data);
    assert_eq!(
        server.upload(POLICE, "first", &street("a", 3_000)).status,
        201
    );
    disk.fill();
    let file = server.get("/downloads/incidents.fgb");
    refused(&file, "a download");
    let compact = || {
        naqsha()
            .arg("--data")
            .arg(&data)
            .arg("compact")
            .output()
            .unwrap()
    };
    let told = compact();
    let said = String::from_utf8_lossy(&told.stderr).into_owned();
    assert_eq!(told.status.code(), Some(1), "{said}");
    assert!(
        said.contains("are needed") || said.contains("full"),
        "{said}"
    );
    assert_eq!(records(&server), 3_000);
    disk.empty();
    let file = server.get("/downloads/incidents.fgb");
    assert_eq!(file.status, 200, "{}", String::from_utf8_lossy(&file.body));
    assert!(compact().status.success());
    assert_eq!(records(&server), 3_000);
    assert!(taken(&server, "second", &street("b", 700)) < RECOVERS_WITHIN);
}

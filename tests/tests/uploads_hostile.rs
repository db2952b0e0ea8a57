//! Bodies that mean harm, or are only large: each is answered with a 4xx and its reason, soon and in little memory.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use naqsha_tests::server::Server;
use naqsha_tests::street::{HEADER, file as street};

const POLICE: &str = "profile=open.police-uk";

/// Growth of the service that an upload may cause beside what ingestion itself may take for text.
const GROWTH_KIB: u64 = 64 << 10;
/// Memory of ingestion for text, of interface.md.
const INGESTION_KIB: u64 = 256 << 10;

/// A number of `/proc/PID/status`, in KiB.
fn memory(server: &Server, name: &str) -> u64 {
    let path = format!("/proc/{}/status", server.process());
    let status = std::fs::read_to_string(path).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .unwrap();
    let number = line.trim_start_matches(':').trim().trim_end_matches(" kB");
    number.parse().unwrap()
}

/// Forgets the greatest memory so far.
fn forget_peak(server: &Server) {
    std::fs::write(format!("/proc/{}/clear_refs", server.process()), "5").unwrap();
}

/// Rows without an end in sight, made while they are read.
struct Rows {
    left: u64,
    line: Vec<u8>,
    at: usize,
}

impl Read for Rows {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let mut written = 0;
        while written < buffer.len() && self.left > 0 {
            let rest = &self.line[self.at..];
            let n = rest
                .len()
                .min(buffer.len() - written)
                .min(usize::try_from(self.left).unwrap_or(usize::MAX));
            buffer[written..written + n].copy_from_slice(&rest[..n]);
            written += n;
            self.left -= n as u64;
            self.at = (self.at + n) % self.line.len();
        }
        Ok(written)
    }
}

/// A14. `NAQSHA_UPLOAD_MIB` makes it larger.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "whoever runs the test says how large"
)]
fn a_large_upload_streams_in_little_memory() {
    let mib: u64 = std::env::var("NAQSHA_UPLOAD_MIB").map_or(300, |mib| mib.parse().unwrap());
    let server = Server::over_nothing();
    // Warm: threads and caches of the first upload are not what this measures.
    let warm = [HEADER, ",2018-07,WYP,WYP,-1.55,53.80,X,E01,Leeds,Drugs,,\n"].concat();
    assert_eq!(server.upload(POLICE, "warm", warm.as_bytes()).status, 201);
    let before = memory(&server, "VmRSS");
    forget_peak(&server);
    // Records of no category of this profile are skipped, so that the store's own memory is not part of it.
    let line =
        b",2018-07,WYP,WYP,-1.55,53.80,On or near Some Street That Is Long,E01,Leeds,Drugs,,\n"
            .to_vec();
    let rows = Rows {
        left: mib << 20,
        line,
        at: 0,
    };
    let mut body = HEADER.as_bytes().chain(rows);
    let headers = [("idempotency-key", "large"), ("prefer", "respond-async")];
    let path = format!("/collections/incidents/batches?{POLICE}");
    let reply = server
        .try_send(
            "POST",
            &path,
            &headers,
            ureq::SendBody::from_reader(&mut body),
        )
        .unwrap();
    assert_eq!(
        reply.status,
        202,
        "{}",
        String::from_utf8_lossy(&reply.body)
    );
    let received = memory(&server, "VmHWM");
    assert!(
        received < before + GROWTH_KIB,
        "receiving took {} KiB",
        received - before
    );
    // Given up: what taking the records costs is ingestion's own, and measured there.
    let job = reply.json()["id"].as_str().unwrap().to_owned();
    std::thread::sleep(Duration::from_secs(2));
    let peak = memory(&server, "VmHWM");
    assert!(
        peak < before + GROWTH_KIB + INGESTION_KIB,
        "taking it took {} KiB",
        peak - before
    );
    let dismissed = server.send("DELETE", &format!("/jobs/{job}"), &[], b"");
    assert_eq!(
        (dismissed.status, &dismissed.json()["status"]),
        (200, &"dismissed".into())
    );
    let batches = server.json("/collections/incidents/batches")["batches"]
        .as_array()
        .unwrap()
        .len();
    assert_eq!(batches, 1, "nothing of what was given up is stored");
    let again = server.json(&format!("/jobs/{job}"));
    assert_eq!(again["status"], "dismissed");
}

/// A15: ten gigabytes of one letter in ten megabytes.
#[test]
fn bombs_are_refused_early_and_cheaply() {
    let server = Server::over_nothing();
    let cpu = |server: &Server| {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", server.process())).unwrap();
        let (_, fields) = stat.rsplit_once(") ").unwrap();
        let fields: Vec<&str> = fields.split(' ').collect();
        let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
        Duration::from_millis(ticks * 10)
    };
    let block = vec![b'a'; 1 << 20];
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let mut zstd = zstd::Encoder::new(Vec::new(), 1).unwrap();
    for _ in 0..1_024 {
        gzip.write_all(&block).unwrap();
        zstd.write_all(&block).unwrap();
    }
    let (gzip, zstd) = (gzip.finish().unwrap(), zstd.finish().unwrap());
    // Ten of a gigabyte each, one after another: members of gzip, frames of zstd.
    for (coding, bomb) in [("gzip", gzip.repeat(10)), ("zstd", zstd.repeat(10))] {
        let (before, spent) = (memory(&server, "VmRSS"), cpu(&server));
        forget_peak(&server);
        let started = Instant::now();
        let path = format!("/collections/incidents/batches?{POLICE}");
        let headers = [("idempotency-key", coding), ("content-encoding", coding)];
        let reply = server.send("POST", &path, &headers, &bomb);
        assert_eq!(
            (reply.status, reply.header("content-type")),
            (413, "application/problem+json")
        );
        assert!(
            started.elapsed() < Duration::from_secs(5),
            "{coding}: {:?}",
            started.elapsed()
        );
        assert!(cpu(&server) < spent + Duration::from_secs(1), "{coding}");
        let grown = memory(&server, "VmHWM").saturating_sub(before);
        assert!(grown < GROWTH_KIB, "{coding}: {grown} KiB");
        // The same as a file that is compressed by itself.
        let one = &bomb[..bomb.len() / 10];
        let reply = server.upload(POLICE, &format!("file {coding}"), one);
        assert_eq!(
            (reply.status, &reply.json()["code"]),
            (422, &"B909".into()),
            "{coding}"
        );
    }
    let staged = std::fs::read_dir(server.data().join("staged"))
        .unwrap()
        .count();
    assert!(staged <= 2, "what was refused while it arrived is not kept");
}

/// A small generator, so that a seed gives the same files everywhere.
struct Lot(u64);

impl Lot {
    fn next(&mut self, below: usize) -> usize {
        // Numerical Recipes' 64-bit LCG, its high bits.
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % below
    }
}

/// A good file, damaged once: cut, mixed, filled with what no reader expects.
fn damaged(lot: &mut Lot) -> (&'static str, Vec<u8>) {
    let csv = street("id", 20);
    let geojson = br#"{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Point","coordinates":[67.0,30.2]},"properties":{"when":"2024-05-06","kind":"DT"}}]}"#.to_vec();
    let (query, mut bytes) = if lot.next(2) == 0 {
        (POLICE, csv)
    } else {
        (
            "profile=open.generic-points&set.lon=lon&set.lat=lat&set.date=when&set.category=kind",
            geojson,
        )
    };
    match lot.next(12) {
        // The header, or the first members: a file that is no longer one of its profile.
        0 => bytes.truncate(lot.next(HEADER.len().min(bytes.len()))),
        1 => bytes.splice(0..0, [0xff, 0xfe, 0x00]).for_each(drop),
        2 => bytes.splice(10..10, b"\"".iter().copied()).for_each(drop),
        3 => bytes.splice(5..5, [0, 1, 2, 3, 4]).for_each(drop),
        4 => bytes = b"{".repeat(1 + lot.next(5_000)),
        5 => bytes = b"[".repeat(1 + lot.next(5_000)),
        6 => bytes
            .splice(0..0, b"<?xml version=\"1.0\"?><!DOCTYPE x>".iter().copied())
            .for_each(drop),
        7 => {
            bytes = (0..lot.next(4_000))
                .map(|_| u8::try_from(lot.next(256)).unwrap())
                .collect();
        }
        8 => bytes
            .splice(0..0, b"PK\x03\x04".iter().copied())
            .for_each(drop),
        9 => bytes
            .splice(0..0, b"\x1f\x8b\x08\x00".iter().copied())
            .for_each(drop),
        10 => {
            bytes = [
                HEADER.trim_end().as_bytes(),
                &b",Extra".repeat(1 + lot.next(400)),
                b"\nx\n",
            ]
            .concat();
        }
        _ => bytes
            .splice(0..0, b"(\xb5/\xfd".iter().copied())
            .for_each(drop),
    }
    (query, bytes)
}

/// A16. `NAQSHA_SEED` gives other files.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "whoever runs the test says which files"
)]
fn every_bad_file_gets_its_reason_and_none_a_fault() {
    let seed: u64 = std::env::var("NAQSHA_SEED").map_or(16, |seed| seed.parse().unwrap());
    println!("seed {seed}");
    let server = Server::over_nothing();
    let mut lot = Lot(seed);
    let mut codes = std::collections::BTreeMap::<String, u32>::new();
    for number in 0..240 {
        let (query, bytes) = damaged(&mut lot);
        let started = Instant::now();
        let reply = server.upload(query, &format!("bad {number}"), &bytes);
        let text = String::from_utf8_lossy(&reply.body);
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(80)]);
        assert!(reply.status < 500, "{number}: {text} for {shown:?}");
        assert!(
            started.elapsed() < Duration::from_secs(1),
            "{number}: {:?} for {shown:?}",
            started.elapsed()
        );
        let document = reply.json();
        if reply.status == 201 {
            // Some damage is none: then every row is accounted for.
            let n = |name: &str| document[name].as_u64().unwrap();
            assert_eq!(
                n("rows"),
                n("accepted") + n("rejected") + n("duplicate") + n("skipped")
            );
            continue;
        }
        assert_eq!(reply.header("content-type"), "application/problem+json");
        assert!([409, 422].contains(&reply.status), "{number}: {text}");
        let code = document["code"].as_str().unwrap_or("none").to_owned();
        assert_ne!(code, "none", "{text}");
        *codes.entry(code).or_default() += 1;
    }
    println!("{codes:?}");
    let refused: u32 = codes.values().sum();
    assert!(refused >= 200, "only {refused} were refused: {codes:?}");
    assert!(codes.len() >= 6, "{codes:?}");
}

/// Those that send slowly hold every place; the next is told to come back, and reading goes on.
#[test]
fn beyond_the_queue_an_upload_is_told_to_come_back() {
    let server = Server::over_nothing();
    let address = server.base().trim_start_matches("http://").to_owned();
    let mut slow = Vec::new();
    for number in 0..14 {
        let mut socket = std::net::TcpStream::connect(&address).unwrap();
        write!(
            socket,
            "POST /collections/incidents/batches?{POLICE} HTTP/1.1\r\nHost: {address}\r\nIdempotency-Key: slow {number}\r\nContent-Length: 100000\r\n\r\n{HEADER}"
        )
        .unwrap();
        slow.push(socket);
    }
    std::thread::sleep(Duration::from_millis(500));
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let reply = server.upload(
            POLICE,
            &format!("late {:?}", Instant::now()),
            HEADER.as_bytes(),
        );
        if reply.status == 503 {
            assert_eq!(reply.header("retry-after"), "2");
            break;
        }
        assert!(Instant::now() < deadline, "{}", reply.status);
    }
    // Their keys are in flight meanwhile.
    let reply = server.upload(POLICE, "slow 3", HEADER.as_bytes());
    assert_eq!((reply.status, reply.header("retry-after")), (409, "2"));
    assert_eq!(
        server.get("/collections/incidents/items?limit=1").status,
        200
    );
    drop(slow);
    let deadline = Instant::now() + Duration::from_secs(10);
    while server.upload(POLICE, "slow 3", HEADER.as_bytes()).status != 422 {
        assert!(
            Instant::now() < deadline,
            "cut off, they give their places and keys back"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

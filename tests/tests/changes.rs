//! `/collections/incidents/changes` of the real program: a reader that follows it holds what the collection holds.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use naqsha_tests::program::run;
use naqsha_tests::server::Server;
use naqsha_tests::statistics::{Scratch, text};
use serde_json::Value;

const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../data/sample/pakistan/");
/// The service looks every second; a busy machine gets more.
const PATIENCE: Duration = Duration::from_secs(20);

/// A reader that keeps the records it was told of, and how far it has read.
#[derive(Default)]
struct Reader {
    records: BTreeMap<String, Value>,
    cursor: Option<String>,
    upserts: usize,
    deletes: usize,
}

impl Reader {
    /// Reads on, page by page; gives how many changes there were.
    fn follow(&mut self, server: &Server, format: &str, limit: usize) -> usize {
        let (upserts, deletes) = (self.upserts, self.deletes);
        loop {
            let since = self
                .cursor
                .as_ref()
                .map_or_else(String::new, |cursor| format!("&since={cursor}"));
            let address = format!("/collections/incidents/changes?f={format}&limit={limit}{since}");
            let reply = server.get(&address);
            assert_eq!(
                reply.status,
                200,
                "{address}: {}",
                String::from_utf8_lossy(&reply.body)
            );
            let (changes, last) = if format == "json" {
                let mut page = reply.json();
                assert_eq!(
                    page["numberReturned"],
                    page["changes"].as_array().map_or(0, Vec::len)
                );
                (page["changes"].take(), page)
            } else {
                assert_eq!(reply.header("content-type"), "application/x-ndjson");
                let body = String::from_utf8(reply.body.clone()).expect("UTF-8");
                let mut lines: Vec<Value> = body
                    .lines()
                    .map(|line| serde_json::from_str(line).expect("a JSON line"))
                    .collect();
                let last = lines.pop().expect("a last line");
                assert_eq!(last["op"], "cursor");
                (Value::Array(lines), last)
            };
            let changes = changes.as_array().expect("changes");
            assert!(changes.len() <= limit, "a page is bounded");
            for change in changes {
                self.take(change);
            }
            let cursor = last["cursor"].as_str().expect("a cursor").to_owned();
            assert!(
                reply.header("link").contains(&cursor),
                "{}",
                reply.header("link")
            );
            self.cursor = Some(cursor);
            if last["has_more"] == false {
                return self.upserts - upserts + self.deletes - deletes;
            }
        }
    }

    fn take(&mut self, change: &Value) {
        let id = change["id"].as_str().expect("an id").to_owned();
        if change["op"] == "delete" {
            assert!(self.records.remove(&id).is_some(), "{id} was there");
            self.deletes += 1;
        } else {
            assert_eq!(
                (&change["op"], &change["feature"]["id"]),
                (&"upsert".into(), &change["id"])
            );
            assert!(change["revision"].as_u64() >= Some(1));
            self.records.insert(id, change["feature"].clone());
            self.upserts += 1;
        }
    }
}

/// What the collection holds, by id.
fn held(server: &Server) -> BTreeMap<String, Value> {
    let page = server.json("/collections/incidents/items?limit=10000");
    let features = page["features"].as_array().expect("features");
    assert_eq!(page["numberMatched"], features.len(), "all on one page");
    let by_id = |feature: &Value| {
        (
            feature["id"].as_str().expect("an id").to_owned(),
            feature.clone(),
        )
    };
    features.iter().map(by_id).collect()
}

/// Waits until the service shows another version than before.
fn next_version(server: &Server, before: &mut String) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let version = server
            .get("/collections/incidents")
            .header("x-data-version")
            .to_owned();
        if version != *before {
            *before = version;
            return;
        }
        assert!(Instant::now() < deadline, "still at version {before}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn ingest(store: &Path, profile: &str, file: &Path, more: &[&str]) -> String {
    let args = ["ingest", "--profile", profile, text(file)];
    let told = run(store, &[&args[..], more].concat());
    told["batch"].as_str().expect("a digest").to_owned()
}

/// The first rows of a sample that ships, and the same with one row changed.
fn firs(scratch: &Scratch) -> [PathBuf; 2] {
    let sample =
        std::fs::read_to_string(format!("{SAMPLES}punjab.fir-001.csv")).expect("the sample");
    let lines: Vec<&str> = sample.lines().take(41).collect();
    let first = scratch.file("first.csv", &(lines.join("\n") + "\n"));
    let mut changed: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
    let mut altered = 0;
    for line in changed.iter_mut().skip(1) {
        // Another status: the same FIR, another content.
        for (from, to) in [
            (",Interim Challan,", ",Convicted,"),
            (",Untraced,", ",Under Trial,"),
        ] {
            if altered < 5 && line.contains(from) {
                *line = line.replace(from, to);
                altered += 1;
            }
        }
    }
    assert!(altered > 1, "{altered}");
    let second = scratch.file("second.csv", &(changed.join("\n") + "\n"));
    [first, second]
}

#[test]
fn who_follows_the_changes_holds_what_the_collection_holds() {
    let scratch = Scratch::new();
    let (store, config) = (scratch.path("store"), scratch.file("naqsha.toml", ""));
    run(&store, &["init"]);
    let [first, second] = firs(&scratch);
    let batch = ingest(&store, "punjab.fir", &first, &[]);
    let server = Server::over(&config, &store);
    let mut version = String::new();
    next_version(&server, &mut version);

    // Two readers, of each format and with pages of another length.
    let mut readers = [Reader::default(), Reader::default()];
    let mut follow = |least: usize| {
        let counts = [("ndjson", 7), ("json", 10_000)]
            .into_iter()
            .zip(&mut readers);
        let counts: Vec<usize> = counts
            .map(|((format, limit), reader)| {
                let count = reader.follow(&server, format, limit);
                assert_eq!(reader.records, held(&server), "{format}");
                assert_eq!(reader.follow(&server, format, limit), 0, "nothing since");
                count
            })
            .collect();
        assert_eq!(counts[0], counts[1]);
        assert!(counts[0] >= least, "{counts:?}");
    };
    follow(30);

    // A withdrawn record, another batch, a withdrawn batch, one that comes back.
    let row = held(&server).len().to_string();
    run(
        &store,
        &[
            "batch", "withdraw", &batch, "--reason", "R", "--record", "2",
        ],
    );
    next_version(&server, &mut version);
    follow(1);
    let seizures = ingest(
        &store,
        "anf.seizure",
        &PathBuf::from(format!("{SAMPLES}anf.seizure-001.csv")),
        &[],
    );
    next_version(&server, &mut version);
    follow(50);
    run(&store, &["batch", "withdraw", &seizures, "--reason", "R"]);
    next_version(&server, &mut version);
    follow(50);
    run(&store, &["batch", "restore", &seizures]);
    next_version(&server, &mut version);
    run(&store, &["batch", "restore", &batch, "--record", "2"]);
    next_version(&server, &mut version);
    follow(51);
    assert_ne!(held(&server).len().to_string(), row);

    // Corrections of single records: the id stays.
    let ids: Vec<String> = held(&server).into_keys().collect();
    ingest(&store, "punjab.fir", &second, &["--revise"]);
    next_version(&server, &mut version);
    follow(1);
    assert_eq!(held(&server).into_keys().collect::<Vec<_>>(), ids);
    let [lines, _] = readers;
    assert!(
        lines.deletes > 50 && lines.upserts > 130,
        "{} {}",
        lines.deletes,
        lines.upserts
    );
}

#[test]
fn a_cursor_of_another_history_is_gone_and_nothing_else_is_one() {
    let server = Server::shared();
    let page = server.json("/collections/incidents/changes?f=json&limit=2");
    assert_eq!(
        (&page["has_more"], &page["numberReturned"]),
        (&true.into(), &2.into())
    );
    let cursor = page["cursor"].as_str().expect("a cursor");
    let ask = |since: &str| {
        server.get(&format!(
            "/collections/incidents/changes?f=json&limit=2&since={since}"
        ))
    };
    assert_eq!(ask(cursor).status, 200);
    let (history, rest) = cursor.split_once('-').expect("parts");
    let (first, others) = history.split_at_checked(1).expect("digits");
    let other = if first == "0" { "1" } else { "0" };
    let mut parts = vec![format!("{other}{others}-{rest}")];
    parts.push(format!("{history}-ff"));
    for gone in parts {
        let reply = ask(&gone);
        assert_eq!(reply.status, 410, "{gone}");
        assert_eq!(reply.json()["type"], "/problems/gone");
    }
    for wrong in [
        "",
        "0",
        "yesterday",
        "0000000000000000-1-",
        "-1",
        "0000000000000000--1",
    ] {
        assert_eq!(ask(wrong).status, 400, "{wrong:?}");
    }
    assert_eq!(
        server
            .get("/collections/incidents/changes?colour=red")
            .status,
        400
    );
    assert_eq!(server.get("/collections/counts/changes").status, 404);
    let collection = server.json("/collections/incidents");
    let links = collection["links"].as_array().expect("links");
    assert!(
        links.iter().any(|link| link["rel"] == "monitor"),
        "{links:?}"
    );
}

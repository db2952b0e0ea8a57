//! A store that an earlier program of ours wrote: this program tells of it what that one told.
//!
//! `crates/store/tests/golden/format-2` and `format-3` were written by the last programs of those formats, which also exported
//! `incidents.geojson` beside them, and what they said of batches and clusters.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::{Path, PathBuf};

use naqsha_tests::program::run;
use serde_json::Value;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/store/tests/golden");

/// A file or folder of a golden store.
fn golden(path: &str) -> PathBuf {
    Path::new(GOLDEN).join(path)
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

#[test]
fn a_store_of_format_2_tells_what_its_own_program_told() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    copy(&golden("format-2/store"), &store);
    let out = folder.path().join("incidents.geojson");
    run(
        &store,
        &["export", "incidents", "--out", out.to_str().unwrap()],
    );
    let (ours, theirs) = (read(&out), read(&golden("format-2/incidents.geojson")));
    assert_eq!(ours["features"].as_array().map(Vec::len), Some(17));
    assert_eq!(ours["features"], theirs["features"]);
    assert!(store.join("ledger.format-2.sqlite").exists());

    // The same bytes again are known, and so is a record of them in other bytes: its digest is compared.
    let firs = golden("format-2/firs.csv");
    let again = run(
        &store,
        &["ingest", "--profile", "punjab.fir", firs.to_str().unwrap()],
    );
    assert_eq!(again["codes"]["B902"], 1, "{again}");
    let other = folder.path().join("other.csv");
    let rows = fs::read_to_string(&firs).unwrap();
    fs::write(&other, format!("{rows}\n")).unwrap();
    let other = run(
        &store,
        &["ingest", "--profile", "punjab.fir", other.to_str().unwrap()],
    );
    assert_eq!(other["accepted"], 0, "{other}");
}

/// It has a revision, a withdrawn record, a held batch, a nil return, and a link that somebody confirmed.
#[test]
fn a_store_of_format_3_tells_what_its_own_program_told_and_takes_keys() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    copy(&golden("format-3/store"), &store);
    let out = folder.path().join("incidents.geojson");
    run(
        &store,
        &["export", "incidents", "--out", out.to_str().unwrap()],
    );
    let theirs = read(&golden("format-3/incidents.geojson"));
    assert_eq!(theirs["features"].as_array().map(Vec::len), Some(23));
    assert_eq!(read(&out)["features"], theirs["features"]);
    for (words, told) in [
        (["batch", "list"], "format-3/batches.json"),
        (["cluster", "list"], "format-3/clusters.json"),
    ] {
        assert_eq!(run(&store, &words), read(&golden(told)), "{words:?}");
    }
    assert!(store.join("ledger.format-3.sqlite").exists());
    let made = run(&store, &["key", "create", "--role", "auditor"]);
    let keys = run(&store, &["key", "list"]);
    assert_eq!(keys["keys"][0]["id"], made["id"], "{keys}");
    assert_eq!(run(&store, &["verify"])["whole"], true);
}

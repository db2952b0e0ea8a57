//! A store that an earlier program of ours wrote: this program tells of it what that one told.
//!
//! `crates/store/tests/golden/format-2` was written by the last program of that format, which also exported
//! `incidents.geojson` beside it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::Path;

use naqsha_tests::program::run;
use serde_json::Value;

const GOLDEN: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../crates/store/tests/golden/format-2"
);

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
    copy(&Path::new(GOLDEN).join("store"), &store);
    let out = folder.path().join("incidents.geojson");
    run(
        &store,
        &["export", "incidents", "--out", out.to_str().unwrap()],
    );
    let read = |path: &Path| -> Value { serde_json::from_slice(&fs::read(path).unwrap()).unwrap() };
    let (ours, theirs) = (
        read(&out),
        read(&Path::new(GOLDEN).join("incidents.geojson")),
    );
    assert_eq!(ours["features"].as_array().map(Vec::len), Some(17));
    assert_eq!(ours["features"], theirs["features"]);
    assert!(store.join("ledger.format-2.sqlite").exists());

    // The same bytes again are known, and so is a record of them in other bytes: its digest is compared.
    let firs = Path::new(GOLDEN).join("firs.csv");
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

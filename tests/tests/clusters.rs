//! One seizure that two agencies report, through the real program: linked by the keyed hash of a card, counted once where
//! that is asked for, and a person has the last word.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::{Path, PathBuf};

use naqsha_tests::program::run;
use serde_json::{Value, json};

const HEADER: &str = "FIR No,PS ANF,RD,Date of Seizure,U/S,Place of Seizure,Drug,Qty,Unit,Accused Name,Father Name,CNIC,Cell No,Address";

fn write(folder: &Path, name: &str, rows: &[&str]) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, format!("{HEADER}\n{}\n", rows.join("\n"))).unwrap();
    path
}

/// What the layer `counts` sums to.
fn counted(store: &Path, deduplicated: &str) -> u64 {
    let out = store.with_file_name("counts.geojson");
    let deduplicated = format!("deduplicated={deduplicated}");
    let params = ["--param", "resolution=4", "--param", &deduplicated];
    let mut args = vec!["export", "counts", "--out", out.to_str().unwrap()];
    args.extend(params);
    run(store, &args);
    let layer: Value = serde_json::from_slice(&std::fs::read(&out).unwrap()).unwrap();
    let features = layer["features"].as_array().unwrap().iter();
    features
        .map(|f| f["properties"]["n"].as_u64().unwrap())
        .sum()
}

#[test]
fn one_matter_of_two_agencies_is_linked_by_a_card_and_counted_once_where_asked() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    run(&store, &["init"]);
    let one = write(
        folder.path(),
        "anf.csv",
        &[
            "12/24,PS ANF Quetta,RD Bln,03-04-2024,9-C CNSA,Chaman,Charas,40,KGs,,,54400-1234567-1,,",
            "13/24,PS ANF Quetta,RD Bln,09-04-2024,9-C CNSA,Chaman,Charas,7,KGs,,,54400-7654321-1,,",
        ],
    );
    // The same card in other digits, and a kilogram less on another scale.
    let other = write(
        folder.path(),
        "customs.csv",
        &[
            "881/24,PS ANF Quetta,RD Bln,03-04-2024,9-C CNSA,Chaman,Hashish,39,KGs,,,۵۴۴۰۰۱۲۳۴۵۶۷۱,,",
        ],
    );
    let ingest = ["ingest", "--profile", "anf.seizure"];
    run(&store, &[&ingest[..], &[one.to_str().unwrap()]].concat());
    let customs = [
        &ingest[..],
        &["--agency", "CUSTOMS", other.to_str().unwrap()],
    ]
    .concat();
    let said = run(&store, &customs);
    assert_eq!(said["codes"]["D703"], 1, "{said}");

    let list = run(&store, &["cluster", "list"]);
    assert_eq!(list["clusters"].as_array().map(Vec::len), Some(1), "{list}");
    assert_eq!(
        (&list["reported"], &list["deduplicated"]),
        (&json!(3), &json!(2))
    );
    let incident = list["clusters"][0]["incidents"][0].as_str().unwrap();
    let shown = run(&store, &["cluster", "show", incident]);
    let basis = shown["links"][0]["basis"].as_array().unwrap();
    assert!(basis.contains(&json!("shared_key")), "{shown}");
    assert_eq!((counted(&store, "false"), counted(&store, "true")), (3, 2));

    let link = shown["links"][0]["link"].to_string();
    run(
        &store,
        &["cluster", "unlink", &link, "--reason", "two consignments"],
    );
    assert_eq!((counted(&store, "false"), counted(&store, "true")), (3, 3));
    run(
        &store,
        &["cluster", "confirm", &link, "--reason", "one after all"],
    );
    assert_eq!(counted(&store, "true"), 2);
}

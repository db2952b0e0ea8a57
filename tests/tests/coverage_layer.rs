//! The layer `coverage` of the real program against a group-by in pandas and the truth that the generator wrote.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use naqsha_tests::program::run;
use naqsha_tests::skip::python;
use naqsha_tests::statistics::{Scratch, oracle, text};
use serde_json::{Value, json};

const BUREAUS: [&str; 5] = [
    "anf.seizure-001.csv",
    "ctd.tf-001.csv",
    "fia.cyber.complaint-001.xlsx",
    "ngo.victim_support-001.xlsx",
    "punjab.fir-001.csv",
];

/// A store with what five bureaus sent, and the folder of their files.
fn sample(scratch: &Scratch) -> (PathBuf, PathBuf) {
    let (store, files) = (scratch.path("store"), scratch.path("files"));
    run(&store, &["init"]);
    let generate = ["generate", "--incidents", "3000", "--seed", "8", "--out"];
    run(&store, &[&generate[..], &[text(&files)]].concat());
    for file in BUREAUS {
        let (profile, _) = file.split_once("-001").expect("a number");
        let path = files.join(file);
        run(&store, &["ingest", "--profile", profile, text(&path)]);
    }
    (store, files)
}

fn exported(store: &Path, layer: &str, out: &Path, format: &str, asked: &[&str]) -> String {
    let export = ["export", layer, "--format", format, "--out", text(out)];
    let asked = asked.iter().flat_map(|pair| ["--param", *pair]);
    run(store, &export.into_iter().chain(asked).collect::<Vec<_>>());
    std::fs::read_to_string(out).expect("an export")
}

/// `agency|district|month` and status and numbers of each feature.
fn told(layer: &Value) -> BTreeMap<String, Value> {
    let features = layer["features"].as_array().expect("features").iter();
    let row = |feature: &Value| {
        let of = &feature["properties"];
        let word = |name: &str| of[name].as_str().unwrap_or_default().to_owned();
        let key = format!("{}|{}|{}", word("agency"), word("district"), word("month"));
        let evidence = (word("status") != "missing").then_some("records");
        assert_eq!(of["evidence"], json!(evidence), "{of}");
        (
            key,
            json!([of["status"], of["n"], of["n_month"], of["n_unplaced"]]),
        )
    };
    features.map(row).collect()
}

#[test]
fn coverage_is_what_pandas_groups_and_the_generator_planted() {
    let test = "coverage_is_what_pandas_groups_and_the_generator_planted";
    let Some(_) = python(test, "pandas, pyarrow") else {
        return;
    };
    let scratch = Scratch::new();
    let (store, files) = sample(&scratch);
    let incidents = scratch.path("incidents.csv");
    exported(&store, "incidents", &incidents, "csv", &[]);
    let districts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/districts/districts.csv");
    let truth = files.join("truth.parquet");
    let asked: [(&[&str], &str, &str); 3] = [
        (&[], "all", "default"),
        (&["category=TF"], "TF", "default"),
        (
            &["category=CY", "datetime=2023-02-10/2023-04-01"],
            "CY",
            "2023-02/2023-04",
        ),
    ];
    for (parameters, category, window) in asked {
        let out = scratch.path("coverage.geojson");
        let layer = exported(&store, "coverage", &out, "geojson", parameters);
        let layer: Value = serde_json::from_str(&layer).expect("GeoJSON");
        let python = python(test, "pandas, pyarrow").expect("as before");
        let arguments = [
            text(&incidents),
            text(&truth),
            text(&districts),
            category,
            window,
        ];
        let expected = oracle(python, "coverage_layer.py", &arguments, &scratch);
        let found = told(&layer);
        let rows = expected["rows"].as_object().expect("rows");
        for (key, row) in rows {
            assert_eq!(found.get(key), Some(row), "{key} of {parameters:?}");
        }
        assert_eq!(
            found.len(),
            rows.len(),
            "no row but those of {parameters:?}"
        );
        let statuses = |status: &str| found.values().filter(|row| row[0] == status).count();
        assert!(statuses("reported") > 20 && statuses("zero") > 100);
        planted(&found, &expected);
        excluded(&layer["naqsha"], &expected);
    }
}

/// What the generator made of three bureaus that name districts is in the rows.
fn planted(found: &BTreeMap<String, Value>, expected: &Value) {
    for row in expected["planted"].as_array().expect("planted") {
        let word = |at: usize| row[at].as_str().expect("a word");
        let key = format!("{}|{}|{}", word(0), word(1), word(2));
        assert_eq!(found[&key][0], "reported", "{key}");
        // An agency may have records of the district through another profile too.
        assert!(found[&key][1].as_u64() >= row[3].as_u64(), "{key}: {row}");
    }
}

/// What is in no row is said, and nothing is lost.
fn excluded(facts: &Value, expected: &Value) {
    let said = &facts["excluded"];
    for reason in ["no_month", "outside_steps"] {
        let count = said["reasons"][reason].as_u64().unwrap_or_default();
        assert_eq!(json!(count), expected["excluded"][reason], "{reason}");
    }
    let months = expected["months"].as_array().expect("months");
    assert_eq!(facts["statistics"]["first_month"], months[0]);
    assert_eq!(Some(&facts["statistics"]["last_month"]), months.last());
    assert_eq!(facts["synthetic"], true);
}

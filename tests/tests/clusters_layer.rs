//! The layer `clusters` of the real program against esda, over the study area of Pakistan.

use std::collections::BTreeMap;

use naqsha_tests::program::run;
use naqsha_tests::skip::python;
use naqsha_tests::statistics::{Scratch, oracle, text};
use serde_json::Value;

/// The sample's records of one bureau, ingested, and the layer as GeoJSON.
fn exported(scratch: &Scratch) -> Vec<Value> {
    let store = scratch.path("store");
    let files = scratch.path("files");
    run(&store, &["init"]);
    let generate = ["generate", "--incidents", "4000", "--seed", "5", "--out"];
    run(&store, &[&generate[..], &[text(&files)]].concat());
    let fir = files.join("punjab.fir-001.csv");
    run(&store, &["ingest", "--profile", "punjab.fir", text(&fir)]);
    let out = scratch.path("clusters.geojson");
    let asked = ["study_area=pakistan", "resolution=5"];
    let asked = asked.iter().flat_map(|pair| ["--param", pair]);
    let export = [
        "export",
        "clusters",
        "--format",
        "geojson",
        "--out",
        text(&out),
    ];
    run(&store, &export.into_iter().chain(asked).collect::<Vec<_>>());
    let written: Value =
        serde_json::from_slice(&std::fs::read(&out).expect("an export")).expect("GeoJSON");
    let features = written["features"].as_array().expect("features");
    features
        .iter()
        .map(|feature| feature["properties"].clone())
        .collect()
}

#[test]
fn each_cell_has_the_local_moran_of_esda_and_a_class_by_its_q() {
    let test = "each_cell_has_the_local_moran_of_esda_and_a_class_by_its_q";
    let Some(python) = python(test, "esda, libpysal, h3, scipy") else {
        return;
    };
    let scratch = Scratch::new();
    let rows = exported(&scratch);
    assert!(rows.len() > 3_000, "zeros are cells too: {}", rows.len());
    let file = scratch.path("clusters.geojson");
    let expected = oracle(python, "esda_clusters.py", &[text(&file)], &scratch);
    let by_cell: BTreeMap<&str, &Value> = rows
        .iter()
        .map(|row| (row["h3"].as_str().expect("a cell"), row))
        .collect();
    let mut classes = BTreeMap::<&str, usize>::new();
    for (nth, cell) in expected["id"].as_array().expect("ids").iter().enumerate() {
        let row = by_cell[cell.as_str().expect("a cell")];
        for name in ["i", "expected", "z", "q"] {
            match (row[name].as_f64(), expected[name][nth].as_f64()) {
                (Some(found), Some(other)) => assert!(
                    (found - other).abs() <= 1e-9 * other.abs().max(1.0),
                    "{name} of {cell}: {found} is not {other}"
                ),
                (found, other) => assert_eq!(found, other, "{name} of {cell}"),
            }
        }
        assert_eq!(row["quadrant"], expected["quadrant"][nth], "{cell}");
        assert_eq!(
            row["neighbourhood_n"], expected["neighbourhood_n"][nth],
            "{cell}"
        );
        let significant = row["q"].as_f64().is_some_and(|q| q <= 0.05);
        let class = match row["quadrant"].as_str() {
            Some("HH") if significant => "high_high",
            Some("LL") if significant => "low_low",
            Some("HL") if significant => "high_low",
            Some("LH") if significant => "low_high",
            _ => "not_significant",
        };
        assert_eq!(row["class"], class, "{cell}");
        *classes.entry(class).or_default() += 1;
    }
    assert!(classes["high_high"] > 2, "{classes:?}");
    assert!(classes["not_significant"] > 1_000, "{classes:?}");
}

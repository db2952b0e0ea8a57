//! The layers density, emerging and change of the real program against densities made with pyproj, Gi* of esda with an exact p counted
//! in integers, trends of pymannkendall, the rules of the classes as their text has them, and the binomial law of `SciPy`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use naqsha_tests::program::{naqsha, run};
use naqsha_tests::server::Server;
use naqsha_tests::skip::python;
use naqsha_tests::statistics::{Scratch, oracle, stats, text};
use serde_json::{Value, json};

/// The records of an oracle, ingested in a study area of its own.
struct Held {
    scratch: Scratch,
    expected: Value,
}

impl Held {
    /// None where there is no Python.
    fn new(test: &str, seed: &str) -> Option<Self> {
        let python = python(test, "esda, libpysal, h3, pyproj, pymannkendall, scipy")?;
        let scratch = Scratch::new();
        let folder = scratch.path("");
        let expected = oracle(python, "map_layers.py", &[seed, text(&folder)], &scratch);
        let (store, area) = (scratch.path("store"), scratch.path("area.geojson"));
        run(&store, &["init"]);
        run(&store, &["study-area", "add", "around", text(&area)]);
        let records = scratch.path("records.csv");
        let mut ingest = vec!["ingest", "--profile", "open.generic-points", text(&records)];
        for column in ["id=id", "lon=lon", "lat=lat", "date=date", "category=DT"] {
            ingest.extend(["--set", column]);
        }
        ingest.extend(["--set", "study_area=around"]);
        let told = run(&store, &ingest);
        assert_eq!(told["accepted"], expected["records"], "{told}");
        Some(Self { scratch, expected })
    }

    /// A layer's member `naqsha` and its rows by cell.
    fn layer(&self, layer: &str, more: &[&str]) -> (Value, BTreeMap<String, Value>) {
        let out = self.scratch.path("layer.geojson");
        let fixed = ["study_area=around", "resolution=7"];
        let asked = fixed.iter().chain(more).flat_map(|pair| ["--param", pair]);
        let export = ["export", layer, "--format", "geojson", "--out", text(&out)];
        run(
            &self.scratch.path("store"),
            &export.into_iter().chain(asked).collect::<Vec<_>>(),
        );
        let written = std::fs::read(&out).expect("an export");
        let written: Value = serde_json::from_slice(&written).expect("GeoJSON");
        let row = |feature: &Value| {
            let properties = feature["properties"].clone();
            (
                properties["h3"].as_str().expect("a cell").to_owned(),
                properties,
            )
        };
        let features = written["features"].as_array().expect("features");
        let rows = features.iter().map(row).collect();
        (written["naqsha"].clone(), rows)
    }
}

/// Every member that somebody else computed is that of the row, for every cell of the study area.
fn same(rows: &BTreeMap<String, Value>, expected: &Value, tolerance: f64) {
    let expected = expected.as_object().expect("cells");
    assert!(expected.len() > 100, "a map");
    assert_eq!(rows.len(), expected.len(), "zeros are cells too");
    for (cell, other) in expected {
        for (name, value) in other.as_object().expect("members") {
            let found = &rows[cell][name];
            match (found.as_f64(), value.as_f64()) {
                (Some(found), Some(value)) => assert!(
                    (found - value).abs() <= tolerance * value.abs().max(1e-6),
                    "{name} of {cell}: {found} is not {value}"
                ),
                _ => assert_eq!(found, value, "{name} of {cell}"),
            }
        }
    }
}

#[test]
fn densities_are_those_of_pyproj_and_lose_no_record_at_the_edge() {
    let test = "densities_are_those_of_pyproj_and_lose_no_record_at_the_edge";
    for seed in ["1", "2"] {
        let Some(held) = Held::new(test, seed) else {
            return;
        };
        let (told, rows) = held.layer("density", &["bandwidth_m=6000"]);
        // Distances are right to two millionths.
        same(&rows, &held.expected["density"], 1e-5);
        assert_eq!(told["bandwidth"]["metres"], 6_000.0);
        assert_eq!(told["bandwidth"]["rule"], "as asked");
        let on_map = held.expected["on_map"].as_f64().expect("a count");
        for bandwidth in [None, Some("bandwidth_m=500"), Some("bandwidth_m=30000")] {
            let (told, rows) = held.layer("density", bandwidth.as_slice());
            let number = |row: &Value, name: &str| row[name].as_f64().expect("a number");
            let mass = |row: &Value| number(row, "density") * number(row, "area_km2");
            let sum: f64 = rows.values().map(mass).sum();
            assert!(
                (sum / on_map - 1.0).abs() < 0.01,
                "{bandwidth:?}: {sum} of {on_map}"
            );
            let excluded = told["excluded"]["count"].as_f64().expect("a count");
            let all = held.expected["records"].as_f64().expect("a count");
            assert_eq!((on_map + excluded).to_bits(), all.to_bits());
        }
    }
}

#[test]
fn what_becomes_of_cells_is_what_the_rules_make_of_esda_and_pymannkendall() {
    let test = "what_becomes_of_cells_is_what_the_rules_make_of_esda_and_pymannkendall";
    let mut classes = BTreeMap::<String, usize>::new();
    for seed in ["1", "2", "3"] {
        let Some(held) = Held::new(test, seed) else {
            return;
        };
        let (told, rows) = held.layer("emerging", &[]);
        same(&rows, &held.expected["emerging"], 1e-9);
        for row in rows.values() {
            let class = row["class"].as_str().expect("a class").to_owned();
            *classes.entry(class).or_default() += 1;
        }
        let steps = &told["steps"];
        assert_eq!(
            (&steps["period"], &steps["count"]),
            (&"month".into(), &13.into())
        );
        assert_eq!(steps["first"]["first"], "2022-12-01");
        assert_eq!(steps["last"]["last"], "2023-12-31");
        // January 2024 is cut off by the end of the data.
        assert_eq!(steps["dropped"].as_array().map(Vec::len), Some(1));
        assert_eq!(steps["dropped"][0]["first"], "2024-01-01");
        assert_eq!(told["excluded"]["reasons"]["outside_steps"], 10);
        assert_eq!(told["tested"], 13 * rows.len());
        let counted: u64 = rows.values().filter_map(|row| row["n"].as_u64()).sum();
        let excluded = told["excluded"]["count"].as_u64().expect("a count");
        assert_eq!(held.expected["stepped"], counted);
        assert_eq!(held.expected["records"], counted + excluded);
        if seed == "1" {
            as_the_command(&held, &rows);
        }
    }
    assert!(classes.len() >= 5, "{classes:?}");
}

/// The command on the layer's own series: one row a cell and month, made by the layer `counts`.
fn as_the_command(held: &Held, rows: &BTreeMap<String, Value>) {
    let mut series = "id,step,value\n".to_owned();
    for month in 0..13_u32 {
        let (year, month) = (2022 + month.div_ceil(12), (month + 11) % 12 + 1);
        let first = format!("{year}-{month:02}-01");
        let last = if [4, 6, 9, 11].contains(&month) {
            30
        } else {
            31
        };
        let last = if month == 2 { 28 } else { last };
        let days = format!("datetime={first}/{year}-{month:02}-{last}");
        let (_, counts) = held.layer("counts", &[&days]);
        for cell in rows.keys() {
            let count = counts
                .get(cell)
                .map_or(0, |row| row["n"].as_u64().unwrap_or(0));
            writeln!(series, "{cell},{first},{count}").expect("a text");
        }
    }
    let file = held.scratch.file("series.csv", &series);
    let found = stats(&["emerging", "--series", text(&file), "--h3-ring", "1"]);
    let found = found["rows"].as_array().expect("rows");
    assert_eq!(found.len(), rows.len());
    for other in found {
        let row = &rows[other["id"].as_str().expect("an id")];
        assert_eq!(row["class"], other["class"]);
        assert_eq!(row["trend_z"], other["trend_z"]);
        let z = other["z_series"].as_array().and_then(|z| z.last());
        assert_eq!(Some(&row["z"]), z);
    }
}

#[test]
fn changes_are_those_of_the_binomial_law_of_scipy() {
    let test = "changes_are_those_of_the_binomial_law_of_scipy";
    let mut classes = BTreeMap::<String, usize>::new();
    for seed in ["1", "2", "3"] {
        let Some(held) = Held::new(test, seed) else {
            return;
        };
        for (baseline, before) in [("previous", "2023-11-01"), ("year_before", "2022-12-01")] {
            let asked = format!("baseline={baseline}");
            let (told, rows) = held.layer("change", &[&asked]);
            same(&rows, &held.expected["change"][baseline], 1e-10);
            assert_eq!(told["compared"]["before"]["first"], before);
            assert_eq!(told["compared"]["after"]["first"], "2023-12-01");
            for row in rows.values() {
                let q = row["q"].as_f64().expect("q");
                let (rise, fall) = (row["p_upper"].as_f64(), row["p_lower"].as_f64());
                let class = match (q <= 0.05, rise < fall) {
                    (true, true) => "increase",
                    (true, false) => "decrease",
                    (false, _) => "not_significant",
                };
                assert_eq!(row["class"], class, "{row}");
                *classes.entry(class.to_owned()).or_default() += 1;
            }
            let counted: u64 = rows.values().filter_map(|row| row["n"].as_u64()).sum();
            let excluded = &told["excluded"];
            assert!(
                excluded["reasons"].get("outside_steps").is_none(),
                "{excluded}"
            );
            assert!(
                counted > 50 && excluded["count"].as_u64() > Some(10),
                "{excluded}"
            );
            as_the_command_compares(
                &held,
                &rows,
                if baseline == "previous" {
                    31.0 / 30.0
                } else {
                    1.0
                },
            );
        }
    }
    assert!(
        classes["increase"] > 1 && classes["decrease"] > 1,
        "{classes:?}"
    );
}

fn as_the_command_compares(held: &Held, rows: &BTreeMap<String, Value>, ratio: f64) {
    let mut table = "id,b,a\n".to_owned();
    for (cell, row) in rows {
        writeln!(table, "{cell},{},{}", row["before"], row["after"]).expect("a text");
    }
    let file = held.scratch.file("change.csv", &table);
    let ratio = ratio.to_string();
    let columns = ["--before", "b", "--after", "a", "--exposure-ratio", &ratio];
    let found = stats(&[&["change", "--values", text(&file)], &columns[..]].concat());
    for other in found["rows"].as_array().expect("rows") {
        let row = &rows[other["id"].as_str().expect("an id")];
        for (name, of) in [
            ("p", "p_two_sided"),
            ("q", "q"),
            ("ratio", "ratio"),
            ("class", "class"),
        ] {
            assert_eq!(row[name], other[of], "{name} of {other}");
        }
    }
}

#[test]
fn where_nothing_is_to_be_found_the_tests_keep_their_level() {
    let Some(held) = Held::new(
        "where_nothing_is_to_be_found_the_tests_keep_their_level",
        "1",
    ) else {
        return;
    };
    for layer in ["hotspots", "clusters", "emerging", "change"] {
        let (told, rows) = held.layer(layer, &["calibrate=true", "seed=11"]);
        let found = &told["calibration"];
        let number = |name: &str| found[name].as_f64().expect("a number");
        assert!(
            number("shuffles") >= 1.0 && number("tested") > 10_000.0,
            "{layer}: {found}"
        );
        assert!(
            number("share_p_05") <= 0.05 && number("share_p_01") <= 0.011,
            "{layer}: {found}"
        );
        assert!(number("ks") < 0.01, "{layer}: {found}");
        let (again, same) = held.layer(layer, &["calibrate=true", "seed=11"]);
        assert_eq!((again, same), (told, rows), "{layer}");
    }
}

#[test]
fn thread_count_changes_no_byte_of_a_layer() {
    let Some(held) = Held::new("thread_count_changes_no_byte_of_a_layer", "2") else {
        return;
    };
    let out = held.scratch.path("threads.geojson");
    for layer in ["density", "emerging", "change"] {
        let mut written = Vec::new();
        for threads in ["1", "2", "8"] {
            let mut command = naqsha();
            command.env("RAYON_NUM_THREADS", threads);
            command.arg("--data").arg(held.scratch.path("store"));
            command.args(["export", layer, "--format", "geojson", "--out", text(&out)]);
            command.args(["--param", "study_area=around", "--param", "resolution=8"]);
            let output = command.output().expect("the program starts");
            assert!(output.status.success(), "{layer} on {threads} threads");
            written.push(std::fs::read(&out).expect("an export"));
        }
        assert!(written[0].len() > 100_000, "{layer} is a map");
        assert!(written.iter().all(|of| *of == written[0]), "{layer}");
    }
}

/// What follows months is told of months enough, and says so in words where there are too few.
#[test]
fn too_few_steps_are_no_features_and_the_number_there_is() {
    let server = Server::shared();
    for (collection, words) in [
        ("emerging", "at least 10 complete steps; there is one month"),
        ("change", "do not cover the month before"),
    ] {
        let reply = server.get(&format!("/collections/{collection}/items"));
        assert_eq!(reply.status, 200, "{collection}");
        let answer = reply.json();
        let features = (&answer["numberMatched"], &answer["features"]);
        assert_eq!(features, (&json!(0), &json!([])), "{collection}");
        let facts = &answer["naqsha"];
        assert_eq!(facts["unanswered"]["code"], "too_few_steps");
        let detail = facts["unanswered"]["detail"].as_str().expect("a detail");
        assert!(detail.contains(words), "{detail}");
        // Every record is accounted for: none is on the map.
        assert_eq!(facts["excluded"]["share"], 1.0, "{collection}");
        let reasons = &facts["excluded"]["reasons"];
        assert!(
            reasons["too_few_steps"].as_u64() > Some(10_000),
            "{reasons}"
        );
    }
    // A day at a time is too short a step to be offered; four weeks of a month are steps that can be compared.
    let weeks = server.json("/collections/change/items?period=week&limit=1");
    assert_eq!(weeks["naqsha"]["compared"]["after"]["first"], "2018-07-23");
    assert_eq!(weeks["naqsha"]["compared"]["exposure_ratio"], 1.0);
}

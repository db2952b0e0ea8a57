//! The layers near-repeat, linkages and scan of the real program against pairs, quotients and circles counted one by one, with
//! distances of pyproj, tails of `SciPy`, join counts and bivariate Moran's I of esda.

use std::collections::BTreeMap;
use std::path::Path;

use naqsha_tests::program::{naqsha, run};
use naqsha_tests::skip::python;
use naqsha_tests::statistics::{Scratch, close, number, oracle, text};
use serde_json::Value;

/// The records of an oracle, ingested in a study area of its own.
struct Held {
    scratch: Scratch,
    expected: Value,
}

type Rows = BTreeMap<String, Value>;

const AROUND: [&str; 2] = ["study_area=around", "resolution=7"];

impl Held {
    /// None where there is no Python.
    fn new(test: &str, seed: &str) -> Option<Self> {
        let python = python(test, "esda, libpysal, h3, pyproj, scipy")?;
        let scratch = Scratch::new();
        let folder = scratch.path("");
        let expected = oracle(python, "place_layers.py", &[seed, text(&folder)], &scratch);
        let (store, area) = (scratch.path("store"), scratch.path("area.geojson"));
        run(&store, &["init"]);
        run(&store, &["study-area", "add", "around", text(&area)]);
        Some(Self::of(scratch, expected, "around"))
    }

    /// The records of the folder, ingested.
    fn of(scratch: Scratch, expected: Value, area: &str) -> Self {
        let store = scratch.path("store");
        if !store.exists() {
            run(&store, &["init"]);
        }
        let area = format!("study_area={area}");
        let records = scratch.path("records.csv");
        let columns = [
            "id=id",
            "lon=lon",
            "lat=lat",
            "date=date",
            "category=category",
        ];
        let columns = columns.iter().copied().chain([area.as_str()]);
        let columns = columns.flat_map(|pair| ["--set", pair]);
        let ingest = ["ingest", "--profile", "open.generic-points"];
        let arguments = ingest.into_iter().chain(columns).chain([text(&records)]);
        let told = run(&store, &arguments.collect::<Vec<_>>());
        assert_eq!(told["accepted"], expected["records"], "{told}");
        Self { scratch, expected }
    }

    fn export(&self, layer: &str, fixed: [&str; 2], more: &[&str]) -> Vec<String> {
        let out = self.scratch.path("layer.geojson");
        let asked = fixed.iter().chain(more).flat_map(|pair| ["--param", pair]);
        let export = ["export", layer, "--format", "geojson", "--out", text(&out)];
        let arguments = export.into_iter().chain(asked);
        arguments.map(str::to_owned).collect()
    }

    /// A layer's member `naqsha` and its rows by cell.
    fn layer(&self, layer: &str, more: &[&str]) -> (Value, Rows) {
        self.layer_of(layer, AROUND, more)
    }

    fn layer_of(&self, layer: &str, fixed: [&str; 2], more: &[&str]) -> (Value, Rows) {
        let arguments = self.export(layer, fixed, more);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        run(&self.scratch.path("store"), &arguments);
        let written = std::fs::read(self.scratch.path("layer.geojson")).expect("an export");
        let written: Value = serde_json::from_slice(&written).expect("GeoJSON");
        let features = written["features"].as_array().expect("features");
        let row = |feature: &Value| {
            let properties = feature["properties"].clone();
            let cell = properties["h3"].as_str().expect("a cell").to_owned();
            (cell, properties)
        };
        let rows = features.iter().map(row).collect();
        (written["naqsha"].clone(), rows)
    }

    /// What is said where a question is refused.
    fn refusal(&self, layer: &str, more: &[&str]) -> String {
        let mut command = naqsha();
        command.arg("--data").arg(self.scratch.path("store"));
        let output = command
            .args(self.export(layer, AROUND, more))
            .output()
            .expect("it runs");
        assert!(!output.status.success(), "{layer} {more:?} is refused");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }
}

/// Every member that somebody else computed is that of the row, for every cell that has one.
fn same(rows: &Rows, expected: &Value) {
    let expected = expected.as_object().expect("cells");
    assert!(expected.len() > 20, "a map");
    assert_eq!(rows.len(), expected.len());
    for (cell, other) in expected {
        for (name, value) in other.as_object().expect("members") {
            let found = &rows[cell][name];
            match (found.as_f64(), value.as_f64()) {
                (Some(found), Some(value)) => assert!(
                    (found - value).abs() <= 1e-9 * value.abs().max(1e-2),
                    "{name} of {cell}: {found} is not {value}"
                ),
                _ => assert_eq!(found, value, "{name} of {cell}"),
            }
        }
    }
}

#[test]
fn near_repeats_are_the_pairs_counted_one_by_one() {
    let test = "near_repeats_are_the_pairs_counted_one_by_one";
    let Some(held) = Held::new(test, "1") else {
        return;
    };
    let (told, rows) = held.layer("near-repeat", &[]);
    same(&rows, &held.expected["near-repeat"]);
    let whole = &told["statistics"];
    for name in ["space_m", "observed", "expected", "ratio"] {
        close(
            number(whole, name),
            number(&held.expected["whole"], name),
            1e-6,
        );
    }
    assert!(number(whole, "p") <= 0.001, "a burst was planted: {whole}");
    assert_eq!(
        (&whole["days"], &whole["permutations"]),
        (&14.into(), &9_999.into())
    );
    let expected = held.expected["near-repeat p"].as_object().expect("cells");
    let mut found = 0;
    for (cell, row) in &rows {
        let Some(p) = row["p"].as_f64() else {
            assert_eq!(
                (&row["class"], expected.get(cell)),
                (&"isolated".into(), None)
            );
            continue;
        };
        // 5 standard errors of 1,999 shuffles, among a hundred cells.
        let other = expected[cell].as_f64().expect("p");
        let error = (p * (1.0 - p) / 2_000.0).sqrt() + 0.000_5;
        assert!((p - other).abs() <= 5.0 * error, "{cell}: {p} {other}");
        let class = if number(row, "q") <= 0.05 {
            "near_repeat"
        } else {
            "not_significant"
        };
        assert_eq!(row["class"], class, "{cell}");
        found += u32::from(class == "near_repeat");
    }
    assert!(
        (1..20).contains(&found),
        "the burst and few others: {found}"
    );
    let fewer = held.layer("near-repeat", &["category=TF", "days=1"]).1;
    assert!(fewer.values().all(|row| row["class"] != "near_repeat"));
    let refused = held.refusal("near-repeat", &["space_m=500"]);
    assert!(refused.contains("cannot be told"), "{refused}");
}

#[test]
fn linkages_are_those_of_esda_and_scipy() {
    let test = "linkages_are_those_of_esda_and_scipy";
    let Some(held) = Held::new(test, "2") else {
        return;
    };
    let mut tested = 0;
    let mut strongest: BTreeMap<String, f64> = BTreeMap::new();
    for (pair, expected) in held.expected["linkages"].as_object().expect("pairs") {
        let (told, rows) = held.layer("linkages", &[&format!("pair={pair}")]);
        same(&rows, expected);
        for (cell, row) in &rows {
            assert_eq!(row["pair"], **pair);
            let class = match row["q"].as_f64() {
                Some(q) if q <= 0.05 => "linked",
                Some(_) => "not_significant",
                None => "isolated",
            };
            assert_eq!(row["class"], class, "{cell}");
            tested += u64::from(row["q"].is_number());
            let least = strongest.entry(cell.clone()).or_insert(2.0);
            *least = least.min(row["q"].as_f64().unwrap_or(2.0));
        }
        let pairs = told["statistics"]["pairs"].as_array().expect("pairs");
        let whole = pairs
            .iter()
            .find(|of| of["pair"] == **pair)
            .expect("the pair");
        close(
            number(whole, "quotient"),
            number(&held.expected["quotients"], pair),
            1e-9,
        );
    }
    let (told, rows) = held.layer("linkages", &[]);
    assert_eq!(
        (told["tested"].as_u64(), rows.len()),
        (Some(tested), strongest.len())
    );
    for (cell, row) in &rows {
        let q = row["q"].as_f64().unwrap_or(2.0);
        assert!((q - strongest[cell]).abs() < 1e-12, "{row}");
    }
    let pairs = told["statistics"]["pairs"].as_array().expect("pairs");
    assert_eq!(pairs.len(), 12);
    for of in pairs {
        // Terror financing and human trafficking were planted together; drugs stay by themselves.
        let p = number(of, "p");
        match of["pair"].as_str() {
            Some("TF-HT" | "HT-TF") => assert!(p <= 0.05, "{of}"),
            Some(pair) if pair.contains("DT") => assert!(p > 0.5, "{of}"),
            _ => {}
        }
    }
    assert!(rows.values().any(|row| row["class"] == "linked"));
    let refused = held.refusal("linkages", &["pair=DT-DT"]);
    assert!(refused.contains("TF-DT"), "{refused}");
}

#[test]
fn the_first_cluster_has_the_highest_ratio_of_all_circles_and_stretches() {
    let test = "the_first_cluster_has_the_highest_ratio_of_all_circles_and_stretches";
    let Some(held) = Held::new(test, "3") else {
        return;
    };
    let of_first = |rows: &Rows| -> Vec<Value> {
        let first = rows.values().filter(|row| row["cluster"] == 1);
        first.cloned().collect()
    };
    for (model, month) in [
        (
            "stp",
            &["period=month", "datetime=2023-01-01/2023-12-31"][..],
        ),
        ("poisson", &["model=poisson"]),
    ] {
        let (told, rows) = held.layer("scan", month);
        let first = of_first(&rows);
        let expected = held.expected[model].as_object().expect("members");
        for row in &first {
            for (name, value) in expected {
                match value.as_f64() {
                    Some(value) => close(number(row, name), value, 1e-6),
                    None => assert_eq!(row[name], *value, "{name}"),
                }
            }
            assert_eq!(row["cells"].as_u64(), Some(first.len() as u64), "{row}");
            close(
                number(row, "recurrence_interval"),
                1.0 / number(row, "p"),
                1e-12,
            );
            assert_eq!(row["class"], "significant");
        }
        assert!(
            !first.is_empty() && number(&first[0], "p") <= 0.005,
            "{model}: {told}"
        );
        assert_eq!(told["statistics"]["permutations"], 999);
        assert_eq!(told["statistics"]["cases"], held.expected["inside"]);
        // A cell is of one cluster; clusters are numbered by their strength.
        let clusters: BTreeMap<u64, f64> = rows
            .values()
            .map(|row| {
                (
                    row["cluster"].as_u64().expect("a number"),
                    number(row, "llr"),
                )
            })
            .collect();
        assert!(clusters.keys().copied().eq(1..=clusters.len() as u64));
        assert!(clusters.values().is_sorted_by(|a, b| a >= b));
    }
    let (none, rows) = held.layer(
        "scan",
        &["period=quarter", "datetime=2023-01-01/2023-06-30"],
    );
    let why = &none["unanswered"];
    assert_eq!((rows.len(), &why["code"]), (0, &"too_few_steps".into()));
    let words = why["detail"].as_str().expect("words");
    assert!(words.contains("complete steps"), "{words}");
}

#[test]
fn distances_of_the_border_are_those_of_pyproj() {
    let test = "distances_of_the_border_are_those_of_pyproj";
    let Some(python) = python(test, "h3, numpy, pyproj") else {
        return;
    };
    let scratch = Scratch::new();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data");
    let [cells, crossings] = [
        "study-areas/pakistan.cells.txt",
        "border-points/border_points.csv",
    ]
    .map(|file| data.join(file));
    let folder = scratch.path("");
    let arguments = [text(&cells), text(&crossings), text(&folder)];
    let expected = oracle(python, "border.py", &arguments, &scratch);
    let held = Held::of(scratch, expected, "pakistan");
    let all = held.expected["cells"].as_object().expect("cells");
    for (asked, km) in [(None, 50.0), (Some("within_km=15"), 15.0)] {
        let (told, rows) = held.layer_of(
            "border",
            ["study_area=pakistan", "resolution=5"],
            asked.as_slice(),
        );
        let near = |cell: &(&String, &Value)| number(cell.1, "distance_km") <= km;
        let near: serde_json::Map<String, Value> = all
            .iter()
            .filter(near)
            .map(|(cell, row)| (cell.clone(), row.clone()))
            .collect();
        assert!(near.len() < all.len());
        same(&rows, &Value::Object(near));
        assert_eq!(
            told["statistics"]["outline_cells"],
            held.expected["outline"]
        );
    }
}

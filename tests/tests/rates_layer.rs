//! The layer `rates` of the real program against esda and `SciPy`, and what it says where there is nothing to divide by.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use naqsha_tests::program::{naqsha, run};
use naqsha_tests::skip::python;
use naqsha_tests::statistics::{Scratch, close, number, oracle, text};
use serde_json::Value;

/// A store with the sample's records of one bureau.
fn sample(scratch: &Scratch) -> std::path::PathBuf {
    let store = scratch.path("store");
    let files = scratch.path("files");
    run(&store, &["init"]);
    let generate = ["generate", "--incidents", "4000", "--seed", "5", "--out"];
    run(&store, &[&generate[..], &[text(&files)]].concat());
    let fir = files.join("punjab.fir-001.csv");
    run(&store, &["ingest", "--profile", "punjab.fir", text(&fir)]);
    store
}

/// The layer as GeoJSON.
fn exported(store: &Path, out: &Path, asked: &[&str]) -> Value {
    let export = ["export", "rates", "--format", "geojson", "--out", text(out)];
    let asked = asked.iter().flat_map(|pair| ["--param", *pair]);
    run(store, &export.into_iter().chain(asked).collect::<Vec<_>>());
    serde_json::from_slice(&std::fs::read(out).expect("an export")).expect("GeoJSON")
}

/// People on a grid of points over the south and the middle, in tenths that no binary fraction is.
fn points() -> String {
    let mut rows = String::from("lon,lat,population\n");
    for (east, north) in (0..280_u32).flat_map(|east| (0..200_u32).map(move |north| (east, north)))
    {
        let (lon, lat) = (
            60.9 + f64::from(east) * 0.05,
            23.7 + f64::from(north) * 0.05,
        );
        let tenths = (east * 7_919 + north * 104_729) % 50_000 * (east % 3);
        writeln!(rows, "{lon:.2},{lat:.2},{}.{}", tenths / 10, tenths % 10).expect("a string");
    }
    rows
}

/// Every cell that has people has the rates of the others, every other one none; gives the number of the latter.
fn cells_as(rows: &BTreeMap<&str, &Value>, expected: &Value) -> usize {
    let cells = expected["cells"].as_array().expect("cells");
    assert!(
        cells.len() > 1_000 && cells.len() < rows.len(),
        "{}",
        cells.len()
    );
    for (nth, cell) in cells.iter().enumerate() {
        let row = rows[cell.as_str().expect("a cell")];
        for (name, values) in expected["columns"].as_object().expect("columns") {
            let other = values[nth].as_f64().expect("a number");
            let found = number(row, name);
            assert!(
                (found - other).abs() <= 1e-9 * other.abs().max(1e-3),
                "{name} of {cell}: {found} is not {other}"
            );
        }
        assert_eq!(
            row["unstable"],
            row["n"].as_u64().expect("n") < 20,
            "{cell}"
        );
        assert!(row["reason"].is_null(), "{cell}");
    }
    let without = rows
        .iter()
        .filter(|(_, row)| row["reason"] == "no_denominator");
    let without: Vec<_> = without.collect();
    assert_eq!(without.len(), rows.len() - cells.len());
    assert!(
        without
            .iter()
            .all(|(_, row)| row["rate"].is_null() && row["rate_high"].is_null())
    );

    without.len()
}

/// What is said of the map as a whole is what the others say.
fn facts_as(facts: &Value, expected: &Value, without: usize) {
    let denominator = &facts["denominator"];
    assert_eq!(
        (&denominator["by"], &denominator["vintage"]),
        (&"population".into(), &"2023".into())
    );
    close(
        number(denominator, "people"),
        number(expected, "people"),
        1e-12,
    );
    assert_eq!(facts["records_without"], expected["records_without"]);
    assert_eq!(facts["cells_without"], without);
    close(number(facts, "overall"), number(expected, "overall"), 1e-12);
    for name in ["statistic", "expected", "z", "p"] {
        let (found, other) = (
            number(&facts["moran"], name),
            number(&expected["moran"], name),
        );
        assert!(
            (found - other).abs() <= 1e-9 * other.abs().max(1.0),
            "Moran's {name}: {found} is not {other}"
        );
    }
}

#[test]
fn rates_are_those_of_esda_and_their_intervals_those_of_scipy() {
    let test = "rates_are_those_of_esda_and_their_intervals_those_of_scipy";
    let Some(python) = python(test, "esda, libpysal, h3, scipy") else {
        return;
    };
    let scratch = Scratch::new();
    let store = sample(&scratch);
    let table = scratch.file("people.csv", &points());
    let said = run(
        &store,
        &["population", "import", text(&table), "--vintage", "2023"],
    );
    assert_eq!(
        (&said["from"], &said["resolution"]),
        (&"points".into(), &7.into())
    );
    assert_eq!(
        (&said["modelled"], &said["used"]),
        (&false.into(), &true.into())
    );

    let out = scratch.path("rates.geojson");
    let layer = exported(&store, &out, &["resolution=5", "denominator=population"]);
    let expected = oracle(
        python,
        "layer_rates.py",
        &[text(&out), text(&table)],
        &scratch,
    );
    let rows: BTreeMap<&str, &Value> = layer["features"]
        .as_array()
        .expect("features")
        .iter()
        .map(|feature| {
            (
                feature["id"].as_str().expect("a cell"),
                &feature["properties"],
            )
        })
        .collect();
    let without = cells_as(&rows, &expected);
    facts_as(&layer["naqsha"]["rates"], &expected, without);
}

#[test]
fn where_there_is_nothing_to_divide_by_the_answer_says_so() {
    let scratch = Scratch::new();
    let store = sample(&scratch);
    let out = scratch.path("rates.geojson");
    let none = |asked: &[&str]| {
        let layer = exported(&store, &out, asked);
        let rows = layer["features"].as_array().expect("features");
        assert!(rows.len() > 1_000);
        for row in rows {
            assert_eq!(row["properties"]["reason"], "no_denominator");
            assert!(row["properties"]["rate"].is_null() && row["properties"]["n"].is_u64());
        }
        layer["naqsha"]["rates"]["denominator"].clone()
    };
    let empty = none(&["category=HT", "resolution=5"]);
    assert_eq!(
        (&empty["code"], &empty["by"]),
        (&"no_population".into(), &Value::Null)
    );
    assert!(
        empty["detail"]
            .as_str()
            .expect("words")
            .contains("naqsha population import")
    );

    let table = scratch.file("people.csv", "h3,population\n85424d07fffffff,1200\n");
    run(
        &store,
        &["population", "import", text(&table), "--vintage", "2017"],
    );
    assert_eq!(
        none(&["category=HT", "resolution=6"])["code"],
        "population_too_coarse"
    );
    let drugs = none(&["category=DT,HT", "resolution=5"]);
    assert_eq!(drugs["code"], "no_denominator");
    assert!(
        drugs["detail"].as_str().expect("words").starts_with("DT:"),
        "{drugs}"
    );
    let by_head = exported(
        &store,
        &out,
        &["category=DT,HT", "resolution=5", "denominator=population"],
    );
    assert_eq!(by_head["naqsha"]["rates"]["denominator"]["people"], 1200.0);
}

#[test]
fn a_table_of_population_that_is_wrong_is_refused_with_its_code() {
    let scratch = Scratch::new();
    let store = scratch.path("store");
    run(&store, &["init"]);
    for (table, code) in [
        ("h3,population\n85424d07fffffff,-1\n", "N104: line 2"),
        (
            "h3,population\n85424d07fffffff,1\n86424d04fffffff,1\n",
            "N103",
        ),
        ("district,population\nLahore,11126285\n", "N108: line 2"),
    ] {
        let file = scratch.file("people.csv", table);
        let mut command = naqsha();
        command.arg("--data").arg(&store);
        command.args(["population", "import", text(&file), "--vintage", "2023"]);
        let output = command.output().expect("the program starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.code() == Some(1) && said.contains(code),
            "{said}"
        );
    }
    assert_eq!(run(&store, &["population", "list"]), Value::Null);
}

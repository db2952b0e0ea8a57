//! Real files through the real program: every row is accounted for, and counts per cell are those of the Python `h3` package.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

use std::path::Path;
use std::process::Command;

use naqsha_tests::program::naqsha;
use naqsha_tests::skip::{python, shared};
use serde_json::Value;
use tempfile::TempDir;

const MONTHS: [&str; 3] = ["2016-07", "2017-07", "2018-07"];

fn store() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    run(&dir, &["init"]);
    dir
}

fn run(dir: &TempDir, args: &[&str]) -> Value {
    let output = naqsha()
        .arg("--json")
        .arg("--data")
        .arg(dir.path().join("store"))
        .args(args)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{args:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

fn ingest(dir: &TempDir, profile: &str, file: &Path) -> Value {
    run(
        dir,
        &["ingest", "--profile", profile, file.to_str().unwrap()],
    )
}

fn export(dir: &TempDir, layer: &str, params: &[&str]) -> Value {
    let out = dir.path().join("layer.geojson");
    let mut args = vec!["export", layer, "--out", out.to_str().unwrap()];
    for param in params {
        args.extend(["--param", param]);
    }
    run(dir, &args);
    serde_json::from_slice(&std::fs::read(&out).unwrap()).unwrap()
}

fn number(value: &Value, name: &str) -> u64 {
    value[name]
        .as_u64()
        .unwrap_or_else(|| panic!("{name} of {value}"))
}

fn assert_reconciled(summary: &Value) {
    let parts = ["accepted", "rejected", "duplicate", "skipped"].map(|name| number(summary, name));
    assert_eq!(
        number(summary, "rows"),
        parts.iter().sum::<u64>(),
        "{summary}"
    );
}

fn counted(layer: &Value) -> u64 {
    layer["features"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["properties"]["n"].as_u64().unwrap())
        .sum()
}

#[test]
fn a_month_of_west_yorkshire_reconciles_to_the_row_and_to_the_cell() {
    let test = "a_month_of_west_yorkshire_reconciles_to_the_row_and_to_the_cell";
    let Some(python) = python(test, "h3") else {
        return;
    };
    for month in MONTHS {
        let Some(file) = shared(
            test,
            &format!("data/uk-west-yorkshire/{month}-west-yorkshire-street.csv.gz"),
        ) else {
            return;
        };
        let mut oracle = Command::new(python.get_program());
        oracle.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/oracles/h3_counts.py"));
        let theirs = oracle.arg(&file).args(["9", "7"]).output().unwrap();
        let theirs: Value = serde_json::from_slice(&theirs.stdout).unwrap();

        let dir = store();
        let summary = ingest(&dir, "open.police-uk", &file);
        assert_reconciled(&summary);
        assert_eq!(
            number(&summary, "rows"),
            number(&theirs, "total"),
            "{month}"
        );
        assert_eq!(
            number(&summary, "duplicate"),
            number(&theirs, "repeats"),
            "{month}"
        );
        let drugs = export(&dir, "counts", &["category=DT", "resolution=9"]);
        let excluded = number(&drugs["naqsha"]["excluded"], "count");
        assert_eq!(
            counted(&drugs) + excluded,
            number(&theirs, "drugs"),
            "{month}"
        );

        for resolution in ["9", "7"] {
            let ours = export(&dir, "counts", &[&format!("resolution={resolution}")]);
            let excluded = number(&ours["naqsha"]["excluded"], "count");
            assert_eq!(
                counted(&ours) + excluded,
                number(&summary, "accepted"),
                "{month} at {resolution}"
            );
            assert_cells_agree(&ours, &theirs, resolution);
        }
    }
}

/// Every cell has the oracle's count; gives the sum of all that the oracle has.
fn all_of_oracle(ours: &Value, cells: &Value) -> u64 {
    for feature in ours["features"].as_array().unwrap() {
        let cell = feature["properties"]["h3"].as_str().unwrap();
        assert_eq!(feature["properties"]["n"], cells[cell], "{cell}");
    }
    let counts = cells.as_object().unwrap().values();
    counts.map(|n| n.as_u64().unwrap()).sum()
}

/// Every cell has the oracle's count, and what the oracle has beyond is what was excluded.
fn assert_cells_agree(ours: &Value, theirs: &Value, resolution: &str) {
    let features = ours["features"].as_array().unwrap().len();
    assert!(features > 100, "{features} cells at {resolution}");
    let all = all_of_oracle(ours, &theirs["counts"][resolution]);
    let reasons = &ours["naqsha"]["excluded"]["reasons"];
    let outside = reasons["outside_study_area"].as_u64().unwrap_or(0);
    assert_eq!(all - counted(ours), outside, "at {resolution}");
    assert_eq!(
        number(theirs, "unlocated"),
        number(reasons, "no_location"),
        "at {resolution}"
    );
}

#[test]
fn conflict_events_reconcile_and_coarse_places_never_become_cells() {
    let test = "conflict_events_reconcile_and_coarse_places_never_become_cells";
    let Some(file) = shared(test, "data/pk-ucdp-ged/conflict_data_pak.csv") else {
        return;
    };
    let mut by_precision = std::collections::BTreeMap::<String, u64>::new();
    for record in csv::Reader::from_path(&file)
        .unwrap()
        .deserialize::<std::collections::HashMap<String, String>>()
    {
        *by_precision
            .entry(record.unwrap()["where_prec"].clone())
            .or_default() += 1;
    }
    let exact = by_precision["1"];
    let coarse: u64 = by_precision
        .iter()
        .filter(|(k, _)| k.as_str() >= "3")
        .map(|(_, n)| n)
        .sum();

    let dir = store();
    let summary = ingest(&dir, "open.ucdp-ged", &file);
    assert_reconciled(&summary);
    let events: u64 = by_precision
        .iter()
        .filter(|(k, _)| !k.is_empty())
        .map(|(_, n)| n)
        .sum();
    assert_eq!(number(&summary, "accepted"), events);
    for resolution in 3..=9 {
        let counts = export(&dir, "counts", &[&format!("resolution={resolution}")]);
        let excluded = &counts["naqsha"]["excluded"];
        assert_eq!(
            counted(&counts) + number(excluded, "count"),
            number(&summary, "accepted"),
            "at {resolution}"
        );
        assert_eq!(
            number(&excluded["reasons"], "no_location"),
            coarse,
            "at {resolution}"
        );
        if resolution > 4 {
            assert!(
                counted(&counts) <= exact,
                "only exactly located events at resolution {resolution}"
            );
        }
    }
}

#[test]
fn the_same_bytes_are_a_no_op_and_the_same_keys_in_other_bytes_are_reported_not_doubled() {
    let dir = store();
    let file = dir.path().join("month.csv");
    let header = "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,Crime type,Last outcome category,Context\n";
    let row = |id: &str, kind: &str| {
        format!("{id},2018-07,WYP,WYP,-1.55,53.80,On or near X,E01,Leeds,{kind},,\n")
    };
    let anonymous = row("", "Anti-social behaviour");
    std::fs::write(
        &file,
        format!("{header}{}{anonymous}{anonymous}", row("a1", "Drugs")),
    )
    .unwrap();
    let first = ingest(&dir, "open.police-uk", &file);
    assert_eq!(
        (number(&first, "accepted"), number(&first, "duplicate")),
        (3, 0),
        "repeats without an id are incidents"
    );

    let again = ingest(&dir, "open.police-uk", &file);
    assert_eq!(number(&again, "accepted"), 0);
    assert_eq!(again["codes"]["B902"], 1);
    assert_reconciled(&again);

    std::fs::write(
        &file,
        format!(
            "{header}{}{}{}",
            row("a1", "Drugs"),
            row("a1", "Robbery"),
            row("b2", "Drugs")
        ),
    )
    .unwrap();
    let other = ingest(&dir, "open.police-uk", &file);
    assert_eq!(
        (number(&other, "accepted"), number(&other, "duplicate")),
        (1, 2)
    );
    assert_eq!(other["codes"]["D702"], 1, "{other}");
    assert_reconciled(&other);
    let counts = export(&dir, "counts", &["resolution=8"]);
    assert_eq!(counted(&counts), 4);
}

#[test]
fn conflict_events_have_the_cells_of_h3_and_the_districts_of_shapely() {
    let test = "conflict_events_have_the_cells_of_h3_and_the_districts_of_shapely";
    let polygons = shared(test, "data/pk-admin-2023-osm/pk_districts_2023.geojson");
    let events = shared(test, "data/pk-ucdp-ged/conflict_data_pak.csv");
    let (Some(polygons), Some(events), Some(mut oracle)) =
        (polygons, events, python(test, "h3, shapely"))
    else {
        return;
    };
    oracle.arg(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/oracles/conflict_counts.py"
    ));
    let theirs = oracle.arg(&polygons).arg(&events).output().unwrap();
    let theirs: Value = serde_json::from_slice(&theirs.stdout).unwrap();

    let dir = store();
    let import = "boundaries import --level district --name-field name --depiction un-neutral --vintage 2023";
    let mut args: Vec<&str> = import.split(' ').collect();
    args.push(polygons.to_str().unwrap());
    run(&dir, &args);
    ingest(&dir, "open.ucdp-ged", &events);
    for resolution in ["9", "7", "4"] {
        let ours = export(&dir, "counts", &[&format!("resolution={resolution}")]);
        // Some lie across a border, where no cell of the study area is.
        let all = all_of_oracle(&ours, &theirs["cells"][resolution]);
        let outside = &ours["naqsha"]["excluded"]["reasons"]["outside_study_area"];
        assert!(
            all - counted(&ours) <= outside.as_u64().unwrap_or(0),
            "at {resolution}"
        );
    }

    let incidents = export(&dir, "incidents", &[]);
    let mut ours = std::collections::BTreeMap::<&str, u64>::new();
    for feature in incidents["features"].as_array().unwrap() {
        if let Some(district) = feature["properties"]["district"].as_str() {
            *ours.entry(district).or_default() += 1;
        }
    }
    let named = |name: &str| OTHER_NAMES.iter().find(|(theirs, _)| *theirs == name);
    let theirs = theirs["districts"].as_object().unwrap().iter();
    let theirs: std::collections::BTreeMap<&str, u64> = theirs
        .map(|(name, n)| {
            (
                named(name).map_or(name.as_str(), |(_, ours)| ours),
                n.as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(ours, theirs);
}

/// Districts that the public list names otherwise than we do.
const OTHER_NAMES: [(&str, &str); 13] = [
    ("Abbotabad", "Abbottabad"),
    ("Dera Ismail Khan", "D. I. Khan"),
    ("Kachhi (Bolan)", "Kachhi"),
    ("Karachi South", "South Karachi"),
    ("Karachi West", "West Karachi"),
    ("Korangi", "Korangi Karachi"),
    ("Layyah", "Leiah"),
    ("Lower Chitral", "Chitral Lower"),
    ("Malir", "Malir Karachi"),
    ("Musa Khel", "Musakhel"),
    ("Shaheed Benazirabad", "Shaheed Benazir Abad"),
    ("Upper Chitral", "Chitral Upper"),
    ("Upper Kohistan", "Kohistan Upper"),
];

#[test]
fn every_district_of_a_public_list_is_known() {
    let test = "every_district_of_a_public_list_is_known";
    let Some(list) = shared(test, "data/pk-admin-2023-osm/pk_districts_2023.geojson") else {
        return;
    };
    let list: Value = serde_json::from_slice(&std::fs::read(list).unwrap()).unwrap();
    let districts = list["features"].as_array().unwrap();
    assert!(districts.len() > 150, "{} districts", districts.len());
    let mut file = csv::Writer::from_writer(Vec::new());
    let header = "FIR No,Police Station,District,Date/Time of Occurrence,Date/Time of Report,U/S,Place of Occurrence";
    file.write_record(header.split(',')).unwrap();
    for (number, district) in (1..).zip(districts) {
        let fir = format!("{number}/24");
        let name = district["properties"]["name"].as_str().unwrap();
        let row = [
            &fir,
            "PS City",
            name,
            "10-01-2024",
            "13-01-2024",
            "3/4 PECA",
            "Bazar",
        ];
        file.write_record(row).unwrap();
    }
    let dir = store();
    let path = dir.path().join("districts.csv");
    std::fs::write(&path, file.into_inner().unwrap()).unwrap();
    let summary = ingest(&dir, "punjab.fir", &path);
    assert_eq!(
        number(&summary, "accepted"),
        districts.len() as u64,
        "{summary}"
    );
}

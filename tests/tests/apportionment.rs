//! Records known only to lie in a district or tehsil, spread over its cells where that is asked: against h3-py and shapely.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use naqsha_tests::program::{naqsha, run};
use naqsha_tests::skip::python;
use naqsha_tests::statistics::{Scratch, number, oracle, text};
use serde_json::{Value, json};

/// A bureau that knows districts and tehsils, and now and then a point.
const PROFILE: &str = r#"
profile = "test.areas"
version = "1.0.0"
agency = "PUNJAB-POLICE"
record_stage = "fir"
timezone = "Asia/Karachi"
study_area = "pakistan"
[input]
format = "csv"
encoding = ["utf-8"]
null_tokens = [""]
[dates]
order = "dmy"
[[field]]
from = ["Date"]
to = "occurred"
transform = "datetime"
required = true
[[field]]
from = ["Category"]
to = "category"
required = true
[[field]]
from = ["District"]
to = "location.admin.district"
transform = "district"
set = { "location.basis" = "occurrence" }
[[field]]
from = ["Tehsil"]
to = "location.admin.tehsil"
[[field]]
from = ["Lat"]
to = "location.lat"
[[field]]
from = ["Lon"]
to = "location.lon"
set = { "location.precision" = "point", "location.uncertainty_m" = "100" }
"#;

/// Squares in degrees, west, south and width: the last two reach out of the study area, one wholly.
const DISTRICTS: [(&str, f64, f64, f64); 4] = [
    ("Multan", 71.0, 29.8, 0.9),
    ("Okara", 73.2, 30.4, 0.7),
    ("Sialkot", 74.3, 32.1, 1.6),
    ("Gwadar", 62.0, 22.0, 1.0),
];
const TEHSIL: (&str, f64, f64, f64) = ("Jalalpur Pirwala", 71.1, 29.9, 0.2);

/// What the table below has of each area: Lodhran has no boundary.
const RECORDS: [(&str, &str, u32); 6] = [
    ("Multan", "", 37),
    ("Multan", "JALALPUR-PIRWALA", 11),
    ("Okara", "Depalpur", 23),
    ("Sialkot", "", 20),
    ("Gwadar", "", 5),
    ("Lodhran", "", 7),
];

fn squares(of: &[(&str, f64, f64, f64)]) -> String {
    let features = of.iter().map(|(name, west, south, width)| {
        let (east, north) = (west + width, south + width);
        let ring = [
            [*west, *south],
            [east, *south],
            [east, north],
            [*west, north],
            [*west, *south],
        ];
        json!({"type": "Feature", "properties": {"name": name},
            "geometry": {"type": "Polygon", "coordinates": [ring]}})
    });
    json!({"type": "FeatureCollection", "features": features.collect::<Vec<_>>()}).to_string()
}

/// A store with the records, and the boundaries of both levels.
fn store(scratch: &Scratch) -> PathBuf {
    let store = scratch.path("store");
    run(&store, &["init"]);
    std::fs::create_dir_all(store.join("profiles")).expect("a folder");
    std::fs::write(store.join("profiles/test.areas.toml"), PROFILE).expect("a profile");
    let mut rows = String::from("Date,Category,District,Tehsil,Lat,Lon\n");
    for (district, tehsil, number) in RECORDS {
        (0..number)
            .for_each(|_| writeln!(rows, "03-04-2024,HT,{district},{tehsil},,").expect("a string"));
    }
    for at in 0..40 {
        let (lat, lon) = (
            30.0 + f64::from(at % 7) * 0.09,
            71.2 + f64::from(at % 5) * 0.11,
        );
        writeln!(rows, "03-04-2024,HT,Multan,,{lat:.3},{lon:.3}").expect("a string");
    }
    let file = scratch.file("areas.csv", &rows);
    let said = run(&store, &["ingest", "--profile", "test.areas", text(&file)]);
    assert_eq!(said["accepted"], 143, "{said}");
    let import = [
        "--name-field",
        "name",
        "--depiction",
        "none",
        "--vintage",
        "2023",
    ];
    for (level, areas) in [("district", &DISTRICTS[..]), ("tehsil", &[TEHSIL])] {
        let file = scratch.file(&format!("{level}.geojson"), &squares(areas));
        let base = ["boundaries", "import", text(&file), "--level", level];
        run(&store, &[&base[..], &import].concat());
    }
    store
}

fn exported(store: &Path, layer: &str, out: &Path, asked: &[&str]) -> Value {
    let export = ["export", layer, "--format", "geojson", "--out", text(out)];
    let asked = asked.iter().flat_map(|pair| ["--param", *pair]);
    run(store, &export.into_iter().chain(asked).collect::<Vec<_>>());
    serde_json::from_slice(&std::fs::read(out).expect("an export")).expect("GeoJSON")
}

fn by_cell(layer: &Value) -> BTreeMap<&str, &Value> {
    let features = layer["features"].as_array().expect("features").iter();
    features
        .map(|feature| {
            (
                feature["id"].as_str().expect("a cell"),
                &feature["properties"],
            )
        })
        .collect()
}

fn sum(rows: &BTreeMap<&str, &Value>, name: &str) -> f64 {
    rows.values().map(|row| number(row, name)).sum()
}

/// Every cell has the share that the others give it; gives what lies in no cell of the answer.
fn shares_as(rows: &BTreeMap<&str, &Value>, expected: &Value) -> f64 {
    let shares = expected["shares"].as_object().expect("shares");
    let mut outside = 0.0;
    for (cell, share) in shares {
        let share = share.as_f64().expect("a number");
        match rows.get(cell.as_str()) {
            Some(row) => {
                let found = number(row, "n_apportioned");
                assert!(
                    (found - share).abs() < 1e-9,
                    "{cell}: {found} is not {share}"
                );
            }
            None => outside += share,
        }
    }
    let elsewhere = rows.iter().filter(|(cell, _)| !shares.contains_key(**cell));
    assert!(
        elsewhere
            .clone()
            .all(|(_, row)| row["n_apportioned"] == 0.0)
    );
    // What the areas really have in common with the cells: children do not tile their parent.
    let overlaps = expected["overlaps"].as_object().expect("overlaps");
    let off = |(cell, share): (&String, &Value)| {
        let overlap = overlaps.get(cell).and_then(Value::as_f64).unwrap_or(0.0);
        (share.as_f64().expect("a number") - overlap).abs()
    };
    let off: f64 = shares.iter().map(off).sum::<f64>() / 2.0 / 91.0;
    assert!(
        off < 0.03,
        "{off} of the records are in other cells than by overlap"
    );

    outside
}

#[test]
fn shares_are_those_of_h3_and_nearly_those_of_areal_interpolation() {
    let test = "shares_are_those_of_h3_and_nearly_those_of_areal_interpolation";
    let scratch = Scratch::new();
    let store = store(&scratch);
    let all: Vec<_> = DISTRICTS.iter().chain([&TEHSIL]).copied().collect();
    let areas = scratch.file("all.geojson", &squares(&all));
    let taken = json!([
        ["Multan", 37],
        ["Jalalpur Pirwala", 11],
        ["Okara", 23],
        ["Sialkot", 20]
    ]);
    let taken = scratch.file("taken.json", &taken.to_string());
    for (layer, resolution) in [("counts", 6), ("counts", 7), ("hotspots", 5)] {
        let Some(python) = python(test, "esda, libpysal, h3, shapely") else {
            return;
        };
        let out = scratch.path("layer.geojson");
        let asked = [
            format!("resolution={resolution}"),
            "apportion=area".to_owned(),
        ];
        let asked: Vec<&str> = asked.iter().map(String::as_str).collect();
        let answer = exported(&store, layer, &out, &asked);
        let rows = by_cell(&answer);
        let files = [text(&areas), text(&taken), text(&out)];
        let expected = oracle(python, "apportionment.py", &files, &scratch);

        let outside = shares_as(&rows, &expected);
        let facts = &answer["naqsha"]["apportioned"];
        assert_eq!(
            (&facts["by"], &facts["modelled"]),
            (&"area".into(), &true.into())
        );
        assert_eq!(facts["records"], 91);
        assert!(
            (number(facts, "outside") - outside).abs() < 1e-9 && outside > 5.0,
            "{facts}"
        );
        assert!((number(facts, "inside") + number(facts, "outside") - 91.0).abs() < 1e-9);
        assert!((sum(&rows, "n_apportioned") - number(facts, "inside")).abs() < 1e-9);
        let share = number(facts, "inside") / (number(facts, "inside") + 40.0);
        assert!((number(facts, "share") - share).abs() < 1e-12);

        let excluded = &answer["naqsha"]["excluded"];
        assert_eq!(
            excluded["reasons"],
            json!({"no_location": 7, "outside_study_area": 5})
        );
        if layer == "hotspots" {
            assert_eq!(answer["naqsha"]["null"], "mc");
            for (cell, z) in expected["z"].as_object().expect("z") {
                let (found, other) = (number(rows[cell.as_str()], "z"), z.as_f64().expect("z"));
                assert!(
                    (found - other).abs() < 1e-9 * other.abs().max(1.0),
                    "z of {cell}"
                );
            }
        }
    }
}

#[test]
fn nothing_is_spread_unless_it_is_asked_and_people_weigh_where_they_are_known() {
    let scratch = Scratch::new();
    let store = store(&scratch);
    let out = scratch.path("layer.geojson");
    let plain = exported(&store, "counts", &out, &["resolution=6"]);
    assert!(plain["naqsha"]["apportioned"].is_null());
    assert_eq!(plain["naqsha"]["excluded"]["reasons"]["no_location"], 103);
    assert!(
        by_cell(&plain)
            .values()
            .all(|row| row["n_apportioned"].is_null())
    );

    // Two towns of Multan, of which one is in the tehsil, and one of Sialkot; nobody lives in Okara.
    let towns = "lon,lat,population\n71.2,30.0,300\n71.5,30.2,100\n74.5,32.5,50\n";
    let towns = scratch.file("towns.csv", towns);
    run(
        &store,
        &["population", "import", text(&towns), "--vintage", "2023"],
    );
    let spread = exported(
        &store,
        "counts",
        &out,
        &["resolution=6", "apportion=population"],
    );
    let rows = by_cell(&spread);
    let cell = |lon: f64, lat: f64| {
        let cell = h3o::LatLng::new(lat, lon)
            .expect("a position")
            .to_cell(h3o::Resolution::Six);
        number(rows[cell.to_string().as_str()], "n_apportioned")
    };
    assert!((cell(71.2, 30.0) - (37.0 * 0.75 + 11.0)).abs() < 1e-9);
    assert!((cell(71.5, 30.2) - 37.0 * 0.25).abs() < 1e-9);
    assert!((cell(74.5, 32.5) - 20.0).abs() < 1e-9);
    let facts = &spread["naqsha"]["apportioned"];
    assert_eq!(
        (&facts["by"], &facts["records"]),
        (&"population".into(), &68.into())
    );
    assert_eq!(
        spread["naqsha"]["excluded"]["reasons"],
        json!({"no_location": 35})
    );
}

#[test]
fn a_question_that_cannot_be_spread_is_refused() {
    let scratch = Scratch::new();
    let store = store(&scratch);
    let bare = scratch.path("bare");
    run(&bare, &["init"]);
    for (store, asked, said) in [
        (
            &store,
            "counts apportion=population resolution=6",
            "naqsha population import",
        ),
        (
            &bare,
            "counts apportion=area resolution=6",
            "naqsha boundaries import",
        ),
        (
            &store,
            "hotspots apportion=area null=exact resolution=5",
            "whole counts",
        ),
        (
            &store,
            "counts apportion=guess resolution=6",
            "none, area, population",
        ),
    ] {
        let mut words = asked.split(' ');
        let layer = words.next().expect("a layer");
        let mut command = naqsha();
        command
            .arg("--data")
            .arg(store)
            .args(["export", layer, "--out"]);
        command.arg(scratch.path("none.geojson"));
        words.for_each(|pair| {
            command.args(["--param", pair]);
        });
        let output = command.output().expect("the program starts");
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.code() == Some(2) && message.contains(said),
            "{asked}: {message}"
        );
    }
}

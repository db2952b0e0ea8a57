//! GeoJSON and its kin: the same records in every form, what is refused, and memory that does not grow with the file.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking"
)]

use std::fmt::Write as _;
use std::io::{Cursor, Read, Seek, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use naqsha_ingest::{
    Check, Code, IngestError, Ingested, Profile, Reference, ReportInput, Settings, Verdict, check,
    ingest, shipped_profiles, write_report,
};
use naqsha_model::Incident;
use serde_json::{Value, json};

fn profile() -> Profile {
    let (_, toml) = shipped_profiles()
        .iter()
        .find(|(id, _)| *id == "open.generic-points")
        .unwrap();
    Profile::parse(toml).unwrap()
}

fn settings(date: &str, more: &[(&str, &str)]) -> Settings {
    let mut settings = Settings::received(
        "2026-01-02T03:04:05Z".parse().unwrap(),
        "2026-01-02".parse().unwrap(),
    );
    let own = [
        ("lon", "geometry.lon"),
        ("lat", "geometry.lat"),
        ("date", date),
        ("category", "DT"),
    ];
    for (name, value) in own.iter().chain(more) {
        settings.set.insert((*name).to_owned(), (*value).to_owned());
    }
    settings
}

fn run(
    source: impl Read + Seek,
    settings: &Settings,
) -> Result<(Ingested, Vec<Incident>), IngestError> {
    let mut taken = Vec::new();
    let mut sink = |chunk: Vec<Incident>| {
        taken.extend(chunk);
        Ok(Vec::<Verdict>::new())
    };
    let done = ingest(
        source,
        &profile(),
        &Reference::embedded(),
        settings,
        &mut sink,
    )?;
    assert_eq!(
        done.rows,
        done.accepted + done.rejected + done.duplicate + done.skipped
    );
    Ok((done, taken))
}

fn refused(text: &str) -> (Code, String) {
    match run(Cursor::new(text), &settings("when", &[])) {
        Err(IngestError::Refused(refusal)) => (refusal.code, refusal.detail),
        other => panic!("not refused: {other:?}"),
    }
}

fn taken(text: &str) -> Vec<Incident> {
    run(Cursor::new(text), &settings("when", &[])).unwrap().1
}

fn sample(text: &str) -> Check {
    check(
        Cursor::new(text),
        &profile(),
        &Reference::embedded(),
        &settings("when", &[]),
    )
    .unwrap()
}

fn feature(lon: f64, when: &str) -> Value {
    json!({ "type": "Feature", "properties": { "when": when },
        "geometry": { "type": "Point", "coordinates": [lon, 30.2] } })
}

fn collection(features: &[Value]) -> String {
    json!({ "type": "FeatureCollection", "features": features }).to_string()
}

#[test]
fn a_published_collection_reconciles_with_an_independent_reading() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/crimemappingdata/cdmx_car_jacking.geojson");
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!(
            "SKIPPED a_published_collection_reconciles_with_an_independent_reading: ../shared/data/crimemappingdata/cdmx_car_jacking.geojson is absent"
        );
        return;
    };
    let settings = settings("fecha_hechos", &[("id", "feature.id")]);
    let (done, incidents) = run(Cursor::new(&text), &settings).unwrap();
    let whole: Value = serde_json::from_str(&text).unwrap();
    let features = whole["features"].as_array().unwrap();
    assert_eq!((done.rows, done.rejected), (features.len() as u64, 0));
    assert_eq!(incidents.len(), features.len());
    let input = ReportInput {
        profile: &profile(),
        reference: &Reference::embedded(),
        settings: &settings,
        outcomes: &done.outcomes,
    };
    let mut report = Vec::new();
    write_report(Cursor::new(&text), input, &mut report).unwrap();
    let rows: Vec<csv::StringRecord> = csv::Reader::from_reader(&report[3..])
        .into_records()
        .map(Result::unwrap)
        .collect();
    assert_eq!(rows.len(), features.len());
    for (row, feature) in rows.iter().zip(features) {
        let coordinates = &feature["geometry"]["coordinates"];
        let said = |value: &Value| value.to_string().trim_matches('"').to_owned();
        assert_eq!(
            [&row[0], &row[1], &row[2], &row[3]],
            [
                said(&feature["id"]),
                said(&feature["properties"]["fecha_hechos"]),
                said(&coordinates[0]),
                said(&coordinates[1]),
            ]
        );
    }
}

#[test]
fn the_same_features_in_every_form_are_the_same_incidents() {
    let features: Vec<Value> = (0..2500)
        .map(|i| feature(67.0 + f64::from(i) / 1e4, "2024-05-06"))
        .collect();
    let (mut lines, mut sequence) = (String::new(), String::new());
    for f in &features {
        writeln!(lines, "{f}").unwrap();
        writeln!(sequence, "\u{1e}{f:#}").unwrap();
    }
    let late_type = format!(
        "{{\"name\":\"x\",\"features\":{},\"bbox\":[1,2,3,4],\"type\":\"FeatureCollection\"}}",
        json!(features)
    );
    let expected = taken(&collection(&features));
    assert_eq!(expected.len(), 2500);
    for text in [lines, sequence, late_type] {
        let found = taken(&text);
        assert_eq!(found.len(), 2500);
        let same = |(a, b): (&Incident, &Incident)| {
            (a.location.cell(), a.occurred) == (b.location.cell(), b.occurred)
        };
        assert!(found.iter().zip(&expected).all(same));
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        // Numbers that do not repeat: a text of one line over and over is a bomb.
        gzip.write_all(text.as_bytes()).unwrap();
        let (done, _) = run(Cursor::new(gzip.finish().unwrap()), &settings("when", &[])).unwrap();
        assert_eq!(done.accepted, 2500);
    }
}

#[test]
fn objects_are_flattened_with_dots_and_numbers_stay_as_they_are_written() {
    let text = concat!(
        r#"{"when":"2024-05-06","geometry":{"lon":67.0,"lat":30.20},"n":3520212345671,"tags":["a",1,true],"deep":[{"x":1.10}],"none":null}"#,
        "\n",
        r#"{"when":"2024-05-07","geometry":{"lon":67.1,"lat":30.3},"e":3.52E+12,"deep":[]}"#,
    );
    let found = sample(text);
    assert_eq!(found.rows, 2);
    assert_eq!(
        found.unmapped,
        ["n", "tags", "deep.0.x", "none", "e", "deep"]
    );
    let settings = settings("when", &[("drop", "rest")]);
    let (done, incidents) = run(Cursor::new(text), &settings).unwrap();
    assert_eq!(done.accepted, 2);
    assert_eq!(
        incidents[0].occurred.unwrap().days.first().0,
        45_416,
        "days from 1900 to 2024-05-06"
    );
}

#[test]
fn a_member_that_nobody_has_seen_refuses_the_file() {
    let mut features = vec![feature(67.0, "2024-05-06"); 1500];
    features[1200]["properties"]["CNIC"] = json!("35202-1234567-1");
    let (code, detail) = refused(&collection(&features));
    assert_eq!(code, Code::E103);
    assert!(
        detail.contains("CNIC") && !detail.contains("35202"),
        "{detail}"
    );
    features.swap(1200, 12);
    assert_eq!(
        refused(&collection(&features)).0,
        Code::E103,
        "unmapped from the start"
    );
}

#[test]
fn another_geometry_needs_a_profile_that_expects_it() {
    let mut line = feature(67.0, "2024-05-06");
    line["geometry"] = json!({ "type": "LineString", "coordinates": [[67.0, 30.0], [67.1, 30.1]] });
    let text = collection(&[feature(67.0, "2024-05-06"), line]);
    let (code, detail) = refused(&text);
    assert_eq!(code, Code::E103);
    assert!(detail.contains("geometry.type"), "{detail}");
    let settings = settings("when", &[("drop", "rest")]);
    let (done, incidents) = run(Cursor::new(text), &settings).unwrap();
    assert_eq!(done.rows, 2);
    assert!(
        incidents
            .iter()
            .skip(1)
            .all(|i| i.location.point().is_none())
    );
}

#[test]
fn what_is_no_geojson_is_refused_by_its_fault() {
    let whole = collection(&[feature(67.0, "2024-05-06"), feature(67.1, "2024-05-06")]);
    for (text, code) in [
        (whole.strip_suffix('}').unwrap().to_owned(), Code::B908),
        (format!("{whole}x"), Code::B908),
        (format!("{whole}{whole}"), Code::B908),
        (whole.replace("\"Feature\"", "\"Point\""), Code::B908),
        (whole.replace("[67.1", "[67.1,"), Code::B908),
        (collection(&[]), Code::B906),
        ("{\"type\":\"FeatureCollection\"}".to_owned(), Code::B908),
        (
            "{\"type\":\"Topology\",\"objects\":{}}".to_owned(),
            Code::B908,
        ),
        ("[{\"when\":1}]".to_owned(), Code::B908),
        ("{\"when\":1}\n[1]\n".to_owned(), Code::B908),
        ("{\"when\":1,\"when\":2}\n".to_owned(), Code::E102),
        ("{\"a\":".repeat(40) + "1" + &"}".repeat(40), Code::B909),
        (
            whole.replacen(
                '{',
                "{\"crs\":{\"type\":\"name\",\"properties\":{\"name\":\"EPSG:32642\"}},",
                1,
            ),
            Code::B908,
        ),
    ] {
        let (found, detail) = refused(&text);
        let start: String = text.chars().take(120).collect();
        assert_eq!(found, code, "{detail}: {start}");
    }
    let known = whole.replacen(
        '{',
        "{\"crs\":{\"type\":\"name\",\"properties\":{\"name\":\"urn:ogc:def:crs:OGC:1.3:CRS84\"}},",
        1,
    );
    assert_eq!(taken(&known).len(), 2);
}

#[test]
fn a_record_without_an_end_is_refused_after_a_megabyte() {
    let endless = format!("{{\"when\":\"{}\"}}", "x".repeat(8 << 20));
    assert_eq!(refused(&endless).0, Code::B909);
    let wide: Vec<String> = (0..300).map(|i| format!("\"m{i}\":1")).collect();
    assert_eq!(refused(&format!("{{{}}}", wide.join(","))).0, Code::B909);
}

#[test]
fn the_report_writes_the_features_as_rows() {
    let text = collection(&[feature(67.0, "2024-05-06"), feature(67.1, "someday")]);
    let settings = settings("when", &[]);
    let (done, _) = run(Cursor::new(&text), &settings).unwrap();
    assert_eq!((done.accepted, done.rejected), (1, 1));
    let input = ReportInput {
        profile: &profile(),
        reference: &Reference::embedded(),
        settings: &settings,
        outcomes: &done.outcomes,
    };
    let mut report = Vec::new();
    write_report(Cursor::new(&text), input, &mut report).unwrap();
    let report = String::from_utf8(report).unwrap();
    let lines: Vec<&str> = report.trim_start_matches('\u{feff}').lines().collect();
    assert!(
        lines[0].starts_with("when,geometry.lon,geometry.lat,naqsha_row"),
        "{report}"
    );
    assert!(
        lines[1].starts_with("2024-05-06,67.0,30.2,1,accepted"),
        "{report}"
    );
    assert!(
        lines[2].starts_with("someday,67.1,30.2,2,rejected,E301"),
        "{report}"
    );
}

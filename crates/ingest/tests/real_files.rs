//! Real published files through `ingest`, reconciled with counts taken independently by plain CSV reading.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "helpers of tests fail by panicking, and say what they skip"
)]

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use naqsha_ingest::{Ingested, Profile, Reference, Settings, Verdict, ingest, shipped_profiles};
use naqsha_model::{Category, Code, Incident, Precision};

fn shared(relative: &str, test: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared")
        .join(relative);
    if !path.exists() {
        println!("SKIPPED {test}: ../shared/{relative} is absent");
        return None;
    }
    Some(path)
}

fn profile(id: &str) -> Profile {
    let (_, toml) = shipped_profiles()
        .iter()
        .find(|(name, _)| *name == id)
        .expect("shipped");
    Profile::parse(toml).unwrap()
}

fn settings() -> Settings {
    Settings::received(
        "2026-01-02T03:04:05Z".parse().unwrap(),
        "2026-01-02".parse().unwrap(),
    )
}

fn run(source: impl Read + Seek, profile: &Profile) -> (Ingested, Vec<Incident>) {
    let mut incidents = Vec::new();
    let mut sink = |chunk: Vec<Incident>| {
        incidents.extend(chunk);
        Ok(Vec::<Verdict>::new())
    };
    let done = ingest(
        source,
        profile,
        &Reference::embedded(),
        &settings(),
        &mut sink,
    )
    .unwrap();
    assert_eq!(
        done.rows,
        done.accepted + done.rejected + done.duplicate + done.skipped
    );
    (done, incidents)
}

#[test]
fn west_yorkshire_months_reconcile_to_the_row() {
    let mut months = 0;
    for month in ["2016-07", "2017-07", "2018-07"] {
        let relative = format!("data/uk-west-yorkshire/{month}-west-yorkshire-street.csv.gz");
        let Some(path) = shared(&relative, "west_yorkshire_months_reconcile_to_the_row") else {
            return;
        };
        let (done, incidents) = run(File::open(&path).unwrap(), &profile("open.police-uk"));
        let mut plain = csv::Reader::from_reader(GzDecoder::new(File::open(&path).unwrap()));
        let (mut types, mut rows, mut without_point) = (BTreeMap::new(), 0_u64, 0_usize);
        for record in plain.records() {
            let record = record.unwrap();
            rows += 1;
            without_point += usize::from(record[4].is_empty());
            *types.entry(record[9].to_owned()).or_insert(0_u64) += 1;
        }
        assert_eq!((done.rows, done.accepted, done.rejected), (rows, rows, 0));
        let mut found = BTreeMap::new();
        for incident in &incidents {
            *found
                .entry(incident.description.clone().unwrap())
                .or_insert(0_u64) += 1;
            assert_eq!(
                incident.category == Category::DrugTrafficking,
                incident.description.as_deref() == Some("Drugs")
            );
        }
        assert_eq!(found, types);
        assert_eq!(done.categories[&Category::DrugTrafficking], types["Drugs"]);
        assert_eq!(
            incidents
                .iter()
                .filter(|i| i.location.cell().is_none())
                .count(),
            without_point
        );
        assert!(
            incidents
                .iter()
                .filter_map(|i| i.location.cell())
                .all(|cell| u8::from(cell.resolution()) == 9)
        );
        months += 1;
    }
    assert_eq!(months, 3);
}

#[test]
fn ucdp_events_reconcile_and_coarse_places_have_no_cell() {
    let Some(path) = shared(
        "data/pk-ucdp-ged/conflict_data_pak.csv",
        "ucdp_events_reconcile",
    ) else {
        return;
    };
    let (done, incidents) = run(File::open(&path).unwrap(), &profile("open.ucdp-ged"));
    let mut plain = csv::Reader::from_path(&path).unwrap();
    let records: Vec<csv::StringRecord> = plain.records().map(Result::unwrap).collect();
    assert_eq!(done.rows, records.len() as u64);
    assert_eq!(
        (done.skipped, done.accepted, done.codes.get(&Code::E301)),
        (1, records.len() as u64 - 1, None)
    );
    let fine = |precision: &str| {
        records
            .iter()
            .filter(|record| &record[24] == precision)
            .count()
    };
    let at = |resolution: u8| {
        incidents
            .iter()
            .filter(|i| {
                i.location
                    .cell()
                    .is_some_and(|c| u8::from(c.resolution()) == resolution)
            })
            .count()
    };
    assert_eq!((at(9), at(4)), (fine("1"), fine("2")));
    let coarse = incidents
        .iter()
        .filter(|i| i.location.precision() >= Precision::District)
        .count();
    assert_eq!(coarse, records.len() - 1 - fine("1") - fine("2"));
    let ranges = incidents
        .iter()
        .filter(|i| i.occurred.is_some_and(|o| o.days.first() != o.days.last()))
        .count();
    let plain_ranges = records[1..]
        .iter()
        .filter(|record| record[39] != record[40])
        .count();
    assert_eq!(records[0][39].to_owned(), "#date+start");
    assert_eq!(ranges, plain_ranges);
}

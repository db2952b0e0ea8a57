//! Published files through their shipped profiles, against `tests/oracles/open_data.py`, which reads them its own way.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "helpers of tests fail by panicking, say what they skip, and ask which Python was prepared"
)]

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use naqsha_ingest::{
    Code, Ingested, Profile, Reference, Settings, Verdict, ingest, shipped_profiles,
};
use naqsha_model::{Category, Incident, Precision};
use serde_json::Value;

fn shared(test: &str, relative: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data")
        .join(relative);
    if !path.exists() {
        println!("SKIPPED {test}: ../shared/data/{relative} is absent");
        return None;
    }
    Some(path)
}

fn profile(id: &str) -> Profile {
    let (_, toml) = shipped_profiles()
        .iter()
        .find(|(name, _)| *name == id)
        .unwrap();
    Profile::parse(toml).unwrap()
}

fn run(path: &Path, id: &str) -> (Ingested, Vec<Incident>) {
    let settings = Settings::received(
        "2026-01-02T03:04:05Z".parse().unwrap(),
        "2026-01-02".parse().unwrap(),
    );
    let mut incidents = Vec::new();
    let mut sink = |chunk: Vec<Incident>| {
        incidents.extend(chunk);
        Ok(Vec::<Verdict>::new())
    };
    let source = File::open(path).unwrap();
    let done = ingest(
        source,
        &profile(id),
        &Reference::embedded(),
        &settings,
        &mut sink,
    )
    .unwrap();
    (done, incidents)
}

/// What the oracle says, or nothing after saying that there is no Python.
fn oracle(test: &str, name: &str, path: &Path) -> Option<Value> {
    let python = std::env::var("NAQSHA_PYTHON").unwrap_or_else(|_unset| "python3".to_owned());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/oracles/open_data.py");
    let Ok(output) = Command::new(python)
        .arg(script)
        .arg(name)
        .arg(path)
        .output()
    else {
        println!("SKIPPED {test}: no Python");
        return None;
    };
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

/// Outcomes, categories, months and coordinates agree; what is left to say about the set is up to the caller.
fn reconcile(test: &str, name: &str, relative: &str) -> Option<(Ingested, Vec<Incident>)> {
    let path = shared(test, relative)?;
    let theirs = oracle(test, name, &path)?;
    let (done, incidents) = run(&path, &format!("open.{name}"));
    assert_eq!(done.held, None, "{:?}", done.codes);
    let count = |code| done.codes.get(&code).copied().unwrap_or(0);
    let (mut months, mut sums) = (BTreeMap::new(), [0_i64; 2]);
    for incident in &incidents {
        let day = incident.occurred.unwrap().days.first().date();
        *months
            .entry(format!("{:04}-{:02}", day.year(), day.month()))
            .or_insert(0_u64) += 1;
        let point = incident.location.point();
        for (sum, degrees) in sums
            .iter_mut()
            .zip(point.map_or([0.0; 2], |p| [p.lon(), p.lat()]))
        {
            #[expect(clippy::cast_possible_truncation, reason = "at most 1.8e9")]
            let tenth_micro = (degrees * 1e7).round() as i64;
            *sum += tenth_micro;
        }
    }
    let located = incidents
        .iter()
        .filter(|i| i.location.point().is_some())
        .count();
    let name_of = |category: &Category| match category.subtype() {
        Some(subtype) => format!("{}/{subtype}", category.code()),
        None => category.code().to_owned(),
    };
    let categories: BTreeMap<String, u64> = done
        .categories
        .iter()
        .map(|(category, n)| (name_of(category), *n))
        .collect();
    let ours = serde_json::json!({
        "rows": done.rows, "accepted": done.accepted, "rejected": done.rejected, "duplicate": done.duplicate,
        "skipped": done.skipped, "located": located, "lon": sums[0], "lat": sums[1],
        "D701": count(Code::D701), "D702": count(Code::D702), "categories": categories, "months": months,
    });
    for (field, value) in theirs.as_object().unwrap() {
        assert_eq!(&ours[field], value, "{field} of {relative}");
    }
    assert_eq!(
        done.rows,
        done.accepted + done.rejected + done.duplicate + done.skipped
    );
    Some((done, incidents))
}

/// The resolutions at which incidents have their cell, with how many.
fn resolutions(incidents: &[Incident]) -> BTreeMap<Option<u8>, usize> {
    let mut found = BTreeMap::new();
    for incident in incidents {
        let resolution = incident.location.cell().map(|c| u8::from(c.resolution()));
        *found.entry(resolution).or_insert(0) += 1;
    }
    found
}

/// A test for a set of points whose cells are all at resolution 9.
macro_rules! point_sets {
    ($($test:ident: $name:literal, $($relative:literal),+;)+) => {
        $(#[test]
        fn $test() {
            for relative in [$($relative),+] {
                let Some((_, incidents)) = reconcile(stringify!($test), $name, relative) else {
                    return;
                };
                assert!(resolutions(&incidents).keys().all(|r| r.is_none_or(|r| r == 9)), "{relative}");
            }
        })+
    };
}

point_sets! {
    assaults_of_chicago_reconcile: "chicago-aggravated-assaults", "crimemappingdata/chicago_aggravated_assaults.csv.gz";
    homicides_of_nine_cities_reconcile: "cod-homicides", "crimedata-code/homicides15.csv";
    robberies_of_san_francisco_reconcile: "san-francisco-robberies", "crimemappingdata/san_francisco_robbery.csv";
    homicides_of_new_york_reconcile: "nyc-homicides", "crimemappingdata/nyc_homicides.csv";
    shootings_of_new_york_are_incidents_not_victims: "nyc-shootings", "crimemappingdata/nyc_shootings.csv";
    calls_of_tempe_reconcile: "tempe-opioid-calls", "crimemappingdata/tempe_opioid_calls.csv";
    car_jackings_of_mexico_city_reconcile: "cdmx-car-jackings", "crimemappingdata/cdmx_car_jacking.geojson";
    thefts_of_vancouver_come_in_eastings: "vancouver-thefts", "crimemappingdata/vancouver_thefts.csv.gz";
    british_extracts_reconcile: "police-uk-extract", "crimemappingdata/nottingham_burglary.csv.gz",
        "crimemappingdata/nottingham_robbery.csv.gz", "crimemappingdata/lancashire_asb.tab",
        "crimemappingdata/northumbria_asb.tab";
}

#[test]
fn vehicle_thefts_keep_the_interval_in_which_they_happened() {
    let test = "vehicle_thefts_keep_the_interval_in_which_they_happened";
    let file = "crimedata-code/nycvehiclethefts.csv.gz";
    let Some((_, incidents)) = reconcile(test, "nyc-vehicle-thefts", file) else {
        return;
    };
    let spans = incidents
        .iter()
        .filter_map(|i| i.occurred)
        .filter(|o| o.end.is_some_and(|end| Some(end) > o.start))
        .count();
    assert!(spans > 20_000, "{spans}");
}

#[test]
fn burglaries_of_cincinnati_are_incidents_not_rows() {
    let test = "burglaries_of_cincinnati_are_incidents_not_rows";
    let file = "crimemappingdata/cincinnati_burglary.csv.gz";
    let Some((_, incidents)) = reconcile(test, "cincinnati-burglary", file) else {
        return;
    };
    assert!(
        resolutions(&incidents)
            .keys()
            .all(|r| r.is_none_or(|r| r == 8)),
        "a block away at most"
    );
}

#[test]
fn robberies_of_memphis_are_as_coarse_as_their_rounding() {
    let test = "robberies_of_memphis_are_as_coarse_as_their_rounding";
    let file = "memphis-robberies/memphis_robberies.csv";
    let Some((_, incidents)) = reconcile(test, "memphis-robberies", file) else {
        return;
    };
    assert_eq!(
        resolutions(&incidents),
        BTreeMap::from([(Some(9), incidents.len())])
    );
}

#[test]
fn a_year_of_chicago_without_coordinates_has_no_cell() {
    let test = "a_year_of_chicago_without_coordinates_has_no_cell";
    let file = "chicago-2022/crimes-2022-slim.csv.gz";
    let Some((_, incidents)) = reconcile(test, "chicago-crimes", file) else {
        return;
    };
    assert_eq!(
        resolutions(&incidents),
        BTreeMap::from([(None, incidents.len())])
    );
    assert!(incidents.iter().all(|i| i.location.place_text.is_some()));
}

#[test]
fn missing_migrants_are_placed_as_coarsely_as_they_are_known() {
    let test = "missing_migrants_are_placed_as_coarsely_as_they_are_known";
    let file = "iom-missing-migrants/MissingMigrants-Global-2019-03-29.csv";
    let Some((_, incidents)) = reconcile(test, "iom-missing-migrants", file) else {
        return;
    };
    assert_eq!(
        resolutions(&incidents),
        BTreeMap::from([(None, 1), (Some(5), incidents.len() - 1)])
    );
}

#[test]
fn ransomware_attacks_have_a_country_and_no_point() {
    let test = "ransomware_attacks_have_a_country_and_no_point";
    let file = "ransomware-attacks/ransomware_attacks.csv";
    let Some((done, incidents)) = reconcile(test, "ransomware-attacks", file) else {
        return;
    };
    assert!(
        incidents
            .iter()
            .all(|i| i.location.precision() >= Precision::Country)
    );
    assert!(done.codes.contains_key(&Code::E301), "{:?}", done.codes);
}

#[test]
fn suicide_attacks_reconcile_in_both_editions() {
    let test = "suicide_attacks_reconcile_in_both_editions";
    let mut contents = Vec::new();
    for edition in ["v6_2017-10-10", "v11_2017-11-30"] {
        let file = format!("pk-suicide-attacks/PakistanSuicideAttacks_{edition}.csv");
        let Some((_, incidents)) = reconcile(test, "pk-suicide-attacks", &file) else {
            return;
        };
        let content: BTreeMap<_, _> = incidents
            .iter()
            .map(|i| (i.natural_key.unwrap(), i.content))
            .collect();
        contents.push(content);
    }
    let changed = contents[0]
        .iter()
        .filter(|(key, content)| contents[1].get(key) != Some(content))
        .count();
    let fresh = contents[1]
        .keys()
        .filter(|key| !contents[0].contains_key(key))
        .count();
    // By a plain comparison of the two files, keyed by S#: eight rows differ and four are new.
    assert_eq!((changed, fresh), (8, 4));
}

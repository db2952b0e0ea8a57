//! Where incidents are put, compared with shapely on real polygons and points, and with PROJ's geodesics.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "helpers of tests fail by panicking, say what they skip, and ask which Python was prepared"
)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use naqsha_ingest::{
    Boundaries, BoundaryLevel, Code, Ingested, Profile, Reference, Settings, ingest,
};
use naqsha_model::{Basis, Incident, LocationMethod, Point, Precision};

const PROFILE: &str = r#"
profile = "test.places"
version = "1.0.0"
agency = "PUNJAB-POLICE"
record_stage = "fir"
default_category = "DT"
timezone = "Asia/Karachi"
[input]
format = "csv"
null_tokens = [""]
[dates]
order = "dmy"
[[field]]
from = ["No"]
to = "case.number"
required = true
[[field]]
from = ["PS"]
to = "case.station"
transform = "station:PUNJAB-POLICE"
[[field]]
from = ["Date"]
to = "reported_at"
transform = "date"
required = true
[[field]]
from = ["District"]
to = "location.admin.district"
transform = "district"
[[field]]
from = ["Lon"]
to = "location.lon"
[[field]]
from = ["Lat"]
to = "location.lat"
[[field]]
from = ["Country"]
to = "location.country"
[[field]]
from = ["Border"]
to = "location.border_point"
[[field]]
from = ["Place"]
to = "location.place_text"
transform = "redact_pii"
also = { to = "location.offset_from_station", transform = "distance_bearing" }
"#;

/// Rows of `PS,District,Lon,Lat,Country,Border,Place`.
fn run(reference: &Reference, rows: &[&str]) -> (Ingested, Vec<Incident>) {
    let mut text = "No,Date,PS,District,Lon,Lat,Country,Border,Place\n".to_owned();
    for (i, row) in rows.iter().enumerate() {
        writeln!(text, "{}/24,01-02-2024,{row}", i + 1).unwrap();
    }
    let settings = Settings::received(
        "2026-01-02T03:04:05Z".parse().unwrap(),
        "2026-01-02".parse().unwrap(),
    );
    let mut taken = Vec::new();
    let profile = Profile::parse(PROFILE).unwrap();
    let done = ingest(
        std::io::Cursor::new(text),
        &profile,
        reference,
        &settings,
        &mut |chunk| {
            taken.extend(chunk);
            Ok(Vec::new())
        },
    )
    .unwrap();
    (done, taken)
}

fn one(reference: &Reference, row: &str) -> (Vec<Code>, Incident) {
    let (done, mut taken) = run(reference, &[row]);
    assert_eq!(done.accepted, 1, "{row}: {:?}", done.codes);
    (done.codes.keys().copied().collect(), taken.remove(0))
}

fn rejected(reference: &Reference, row: &str) -> Vec<Code> {
    let (done, _) = run(reference, &[row]);
    assert_eq!(done.rejected, 1, "{row}: {:?}", done.codes);
    done.codes
        .keys()
        .copied()
        .filter(|code| *code != Code::B904)
        .collect()
}

/// Lahore and Kasur as two squares.
fn squares() -> Reference {
    let square = |name: &str, west: u8| {
        let east = west + 1;
        format!(
            r#"{{"type":"Feature","properties":{{"d":"{name}"}},"geometry":{{"type":"Polygon",
            "coordinates":[[[{west},31],[{east},31],[{east},32],[{west},32],[{west},31]]]}}}}"#
        )
    };
    let text = format!(
        r#"{{"type":"FeatureCollection","features":[{},{}]}}"#,
        square("Lahore", 74),
        square("Kasur", 75)
    );
    let reference = Reference::embedded();
    let boundaries =
        Boundaries::parse(&text, BoundaryLevel::District, "d", None, &reference).unwrap();
    reference.with_boundaries(boundaries)
}

#[test]
fn exchanged_axes_are_set_right_only_where_the_stated_district_holds_the_point() {
    let (codes, incident) = one(&squares(), "PS Kahna,Lahore,31.5204,74.3587,,,");
    assert_eq!(codes, [Code::W402]);
    let point = incident.location.point().unwrap();
    assert_eq!((point.lon(), point.lat()), (74.3587, 31.5204));
    assert_eq!(
        rejected(&squares(), "PS Kahna,Kasur,31.5204,74.3587,,,"),
        [Code::E401]
    );
    assert_eq!(
        rejected(&squares(), "PS Kahna,Lahore,31.5204,24.3587,,,"),
        [Code::E401]
    );
    assert_eq!(
        rejected(&squares(), "PS Kahna,Lahore,55.3,25.2,,,"),
        [Code::E401],
        "Dubai"
    );
}

#[test]
fn a_point_outside_the_stated_district_is_kept_and_told() {
    let (codes, incident) = one(&squares(), "PS Kahna,Kasur,74.3587,31.5204,,,");
    assert_eq!(codes, [Code::W407]);
    assert_eq!(
        incident.location.district.as_deref(),
        Some("Kasur"),
        "what is stated holds"
    );
    assert!(incident.location.cell().is_some());
    let (codes, incident) = one(&squares(), "PS Kahna,,74.3587,31.5204,,,");
    assert_eq!(
        (codes.len(), incident.location.district.as_deref()),
        (0, Some("Lahore"))
    );
}

#[test]
fn a_centroid_is_not_a_place() {
    let (codes, incident) = one(&squares(), "PS Kahna,Lahore,74.5,31.5,,,");
    assert_eq!(codes, [Code::W403]);
    assert_eq!(
        (
            incident.location.precision(),
            incident.location.cell(),
            incident.location.method
        ),
        (Precision::District, None, LocationMethod::AdminCentroid)
    );
    let (codes, incident) = one(&Reference::embedded(), "PS Kahna,Lahore,74.35071,31.558,,,");
    assert_eq!(codes, [Code::W403], "the centre of Lahore in the gazetteer");
    assert_eq!(incident.location.precision(), Precision::Locality);
    assert!(incident.location.uncertainty().unwrap().get() > 10_000.0);
}

#[test]
fn zero_is_no_place_and_the_twenty_sixth_repeat_is_told() {
    let (codes, incident) = one(&Reference::embedded(), "PS Kahna,Lahore,0,0,,,");
    assert_eq!(codes, [Code::W408]);
    assert_eq!(
        incident.location.precision(),
        Precision::District,
        "the district is still stated"
    );
    let (done, taken) = run(
        &Reference::embedded(),
        &["PS Kahna,Lahore,74.3,31.5,,,"; 30],
    );
    assert_eq!((taken.len(), done.codes.get(&Code::W408)), (30, Some(&5)));
}

/// Destinations by PROJ (`pyproj.Geod(ellps="WGS84").fwd`).
#[test]
fn distance_and_bearing_go_along_the_geodesic_as_far_as_they_are_sure() {
    let table =
        "agency,name,district,lat,lon,uncertainty_m\nPUNJAB-POLICE,Kahna,Lahore,31.37,74.37,0\n";
    let reference = Reference::embedded().with_stations(table).unwrap();
    for (text, lon, lat, metres, resolution) in [
        (
            "بمسافت 10 کلومیٹر مشرق",
            74.475_115_384_4,
            31.369_956_932_5,
            3_826.8,
            6,
        ),
        (
            "3 km North-West of PS",
            74.347_697_134_0,
            31.389_130_426_5,
            1_148.1,
            7,
        ),
    ] {
        let (_, incident) = one(&reference, &format!("PS Kahna,Lahore,,,,,{text}"));
        let place = &incident.location;
        assert_eq!(place.method, LocationMethod::DistanceBearing);
        let point = place.point().unwrap();
        assert!(
            (point.lon() - lon).abs() < 1e-8 && (point.lat() - lat).abs() < 1e-8,
            "{point:?}"
        );
        assert!((place.uncertainty().unwrap().get() - metres).abs() < 0.1);
        assert_eq!(u8::from(place.cell().unwrap().resolution()), resolution);
    }
    let (_, incident) = one(&reference, "PS Sundar,Lahore,,,,,بمسافت 10 کلومیٹر مشرق");
    assert_eq!(
        incident.location.cell(),
        None,
        "nobody said where that station is"
    );
    let (codes, _) = one(&reference, "PS Kahna,Lahore,74.37,31.37,,,");
    assert_eq!(
        codes,
        [Code::W403],
        "the station's own position is not where it happened"
    );
}

#[test]
fn a_station_with_a_towns_name_is_as_sure_as_the_town() {
    let (_, incident) = one(
        &Reference::embedded(),
        "PS Raiwind,Lahore,,,,,بمسافت 4 کلومیٹر جنوب",
    );
    assert_eq!(incident.location.method, LocationMethod::DistanceBearing);
    assert!(incident.location.uncertainty().unwrap().get() > 2_000.0);
    let (_, incident) = one(
        &Reference::embedded(),
        "PS Raiwind,Multan,,,,,بمسافت 4 کلومیٹر جنوب",
    );
    assert_eq!(
        incident.location.cell(),
        None,
        "a namesake in another district is not it"
    );
}

#[test]
fn a_name_of_many_stations_is_refused_without_its_district() {
    assert_eq!(
        rejected(&Reference::embedded(), "PS Saddar,,,,,,"),
        [Code::E406]
    );
    let (_, lahore) = one(&Reference::embedded(), "PS Saddar,Lahore,,,,,");
    let (_, multan) = one(&Reference::embedded(), "تھانہ صدر,Multan,,,,,");
    let station = |incident: &Incident| incident.case.as_ref().unwrap().station.clone().unwrap();
    assert_eq!(
        (station(&lahore).as_str(), station(&multan).as_str()),
        ("saddar-lahore", "saddar-multan")
    );
    assert_ne!(lahore.natural_key, multan.natural_key);
}

#[test]
fn places_abroad_and_at_the_border_have_their_own_basis() {
    let (codes, incident) = one(&Reference::embedded(), "PS Kahna,,55.3,25.2,AE,,");
    assert_eq!((codes.len(), incident.location.basis), (0, Basis::Abroad));
    let (_, incident) = one(&Reference::embedded(), "PS Kahna,,,,AE,,");
    assert_eq!(
        (incident.location.basis, incident.location.precision()),
        (Basis::Abroad, Precision::Country)
    );
    let (_, incident) = one(&Reference::embedded(), "PS Kahna,,,,,Wagah Border,");
    assert_eq!(incident.location.basis, Basis::BorderPoint);
    assert_eq!(incident.location.district.as_deref(), Some("Lahore"));
    assert_eq!(
        incident.details().place.border_point.as_deref(),
        Some("wagah")
    );
    assert!(incident.location.cell().is_some());
    assert_eq!(
        rejected(&Reference::embedded(), "PS Kahna,,,,,Nowhere Gate,"),
        [Code::E104]
    );
}

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

const DISTRICTS: &str = "data/pk-admin-2023-osm/pk_districts_2023.geojson";

fn real_boundaries(test: &str) -> Option<(PathBuf, Boundaries)> {
    let path = shared(DISTRICTS, test)?;
    let polygons = std::fs::read_to_string(&path).unwrap();
    let boundaries = Boundaries::parse(
        &polygons,
        BoundaryLevel::District,
        "name",
        None,
        &Reference::embedded(),
    );
    Some((path, boundaries.unwrap()))
}

#[test]
fn the_district_of_every_conflict_event_is_the_one_that_shapely_finds() {
    const TEST: &str = "the_district_of_every_conflict_event_is_the_one_that_shapely_finds";
    const ORACLE: &str = "
import csv, json, sys
from shapely.geometry import Point, shape
polygons = [(f['properties']['name'], shape(f['geometry'])) for f in json.load(open(sys.argv[1]))['features']]
for row in csv.DictReader(open(sys.argv[2], encoding='utf-8', errors='replace')):
    if row['id']:
        point = Point(float(row['longitude']), float(row['latitude']))
        print(row['longitude'], row['latitude'], next((n for n, p in polygons if p.covers(point)), ''), sep='\\t')
";
    let Some((polygons, boundaries)) = real_boundaries(TEST) else {
        return;
    };
    let Some(events) = shared("data/pk-ucdp-ged/conflict_data_pak.csv", TEST) else {
        return;
    };
    let python = std::env::var("NAQSHA_PYTHON").unwrap_or_else(|_unset| "python3".to_owned());
    let output = Command::new(&python)
        .args(["-c", ORACLE])
        .arg(polygons)
        .arg(events)
        .output();
    let output = match output {
        Ok(output) if output.status.success() => output,
        _ => return println!("SKIPPED {TEST}: no Python with shapely"),
    };
    let (mut events, mut outside) = (0, 0);
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let mut parts = line.split('\t');
        let [lon, lat] = [(); 2].map(|()| parts.next().unwrap().parse().unwrap());
        let expected = Some(parts.next().unwrap()).filter(|name| !name.is_empty());
        assert_eq!(
            boundaries.name_at(Point::new(lon, lat).unwrap()),
            expected,
            "{lon} {lat}"
        );
        events += 1;
        outside += usize::from(expected.is_none());
    }
    assert!(
        events > 6_000 && outside < 100,
        "{events} events, {outside} outside"
    );
}

#[test]
fn every_district_of_a_public_list_is_known_by_name() {
    let Some((_, boundaries)) = real_boundaries("every_district_of_a_public_list_is_known_by_name")
    else {
        return;
    };
    assert_eq!(boundaries.len(), 156);
    assert_eq!(
        boundaries.unknown_names().collect::<Vec<_>>(),
        Vec::<&str>::new()
    );
}

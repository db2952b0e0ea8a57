//! Records that an agency releases to another: what the other reads, in which shape, by every way of reading, and who does not.

use std::collections::{BTreeMap, BTreeSet};

use h3o::{CellIndex, LatLng, Resolution};
use naqsha_http::ServerSettings;
use naqsha_model::{ContentDigest, Day, HandlingCode, Incident, NaturalKey};
use serde_json::Value;

use crate::access::{OF_FIA, as_key, guarded};
use crate::fixture::{Fixture, INCIDENTS, commit_changed};
use crate::tiles::tile_at;

/// Records of the second batch of FIA, in the order of their rows.
const RELEASED: [(&str, &[&str]); 5] = [
    ("P", &["ANF"]),
    ("P", &["NACTA", "ANF"]),
    // Under conditions nobody reads by being named.
    ("C", &["ANF", "CTD"]),
    ("P", &[]),
    ("P", &["NACTA"]),
];
const BATCH: u8 = 10;
/// Who reads how many records, and how many of them are another's.
const READERS: [(&str, u64, u64); 4] = [
    ("analyst", INCIDENTS + OF_FIA + 5, OF_FIA + 5),
    ("anf", INCIDENTS + 2, 2),
    ("fia", OF_FIA + 5, 0),
    ("ctd", 0, 0),
];

fn handle(row: u64, incident: &mut Incident) {
    let (code, recipients) = RELEASED[usize::try_from(row - 1).unwrap()];
    let handling = &mut incident.handling;
    handling.code = HandlingCode::parse(code).unwrap();
    handling.releasable_to = recipients.iter().copied().map(str::to_owned).collect();
    // For the public of any day that it may ask on, all are under embargo.
    handling.public_embargo_until = Some(Day(u16::MAX));
    incident.natural_key = Some(NaturalKey(u128::from(row)));
}

pub(crate) async fn service() -> Fixture {
    let (service, _) = guarded(ServerSettings::default()).await;
    commit_changed(&service.store, "FIA", BATCH, 1..=5, handle).await;
    service
}

async fn json(service: &Fixture, id: &str, uri: &str) -> Value {
    let reply = as_key(service, id, uri).await;
    assert_eq!(reply.status, 200, "{id} {uri}");
    reply.json()
}

fn features(document: &Value) -> &[Value] {
    document["features"].as_array().map_or(&[], Vec::as_slice)
}

fn ids(document: &Value) -> BTreeSet<String> {
    let ids = features(document).iter();
    ids.map(|feature| feature["id"].as_str().unwrap().to_owned())
        .collect()
}

/// The ids of FIA's second batch, by row.
pub(crate) async fn released(service: &Fixture) -> Vec<String> {
    let uri = "/collections/incidents/items?limit=1000&agency=FIA";
    let all = json(service, "analyst", uri).await;
    let ids: Vec<String> = ids(&all).into_iter().collect();
    // The time is that of the beginning of time, so that ids are in the order of the batches' digests.
    ids[usize::try_from(OF_FIA).unwrap()..].to_vec()
}

fn n_of(document: &Value) -> u64 {
    let cells = features(document).iter();
    cells
        .filter_map(|cell| cell["properties"]["n"].as_u64())
        .sum()
}

/// How many records each way of reading tells of.
async fn read(service: &Fixture, id: &str) -> BTreeMap<String, u64> {
    let mut told = pages(service, id).await;
    told.extend(aggregates(service, id).await);
    told.extend(maps(service, id).await);
    let facade = "/arcgis/rest/services/crime/FeatureServer/incidents/query?where=1%3D1&f=json";
    let count = json(service, id, &format!("{facade}&returnCountOnly=true")).await;
    told.insert(
        "feature service".to_owned(),
        count["count"].as_u64().unwrap(),
    );
    let set = json(service, id, &format!("{facade}&returnIdsOnly=true")).await;
    let numbers = set["objectIds"].as_array().map_or(0, Vec::len) as u64;
    told.insert("numbers".to_owned(), numbers);
    let file = as_key(service, id, "/downloads/incidents.ndjson.zst").await;
    let lines = zstd::decode_all(file.body.as_slice()).unwrap();
    let lines = lines.split(|&byte| byte == b'\n');
    let lines = lines.filter(|line| !line.is_empty()).count();
    told.insert("download".to_owned(), lines as u64);
    let changed = changes(service, id, None).await.0.len();
    told.insert("changes".to_owned(), changed as u64);
    told
}

async fn pages(service: &Fixture, id: &str) -> BTreeMap<String, u64> {
    let mut told = BTreeMap::new();
    let bbox = "bbox=73,30,76,33";
    for question in [
        String::new(),
        "&sortby=first_day".to_owned(),
        "&filter=uncertainty_m%3E0".to_owned(),
        format!("&{bbox}"),
        format!("&{bbox}&sortby=-category"),
    ] {
        let uri = format!("/collections/incidents/items?limit=1000{question}");
        let page = json(service, id, &uri).await;
        let matched = page["numberMatched"].as_u64().unwrap();
        assert_eq!(ids(&page).len() as u64, matched, "{id} {question}");
        told.insert(format!("items {question}"), matched);
    }
    told
}

async fn aggregates(service: &Fixture, id: &str) -> BTreeMap<String, u64> {
    let mut told = BTreeMap::new();
    for question in [
        "incidents/aggregate?group_by=agency",
        "incidents/aggregate?group_by=agency&bbox=73,30,76,33",
        "incidents/aggregate?group_by=period,category",
        "incidents/aggregate?group_by=h3&resolution=8",
        "counts/aggregate?group_by=h3,agency&resolution=8",
    ] {
        let found = json(service, id, &format!("/collections/{question}")).await;
        let excluded = found["naqsha"]["excluded"]["count"].as_u64().unwrap();
        told.insert(question.to_owned(), found["n"].as_u64().unwrap() + excluded);
    }
    told
}

async fn maps(service: &Fixture, id: &str) -> BTreeMap<String, u64> {
    let mut told = BTreeMap::new();
    let counts = "/collections/counts/items?limit=10000&n_min=1";
    let counts = json(service, id, counts).await;
    let excluded = counts["naqsha"]["excluded"]["count"].as_u64().unwrap();
    told.insert("counts by cell".to_owned(), n_of(&counts) + excluded);
    for tile in ["0/0/0", "4/11/6"] {
        let sums = json(service, id, &format!("/xyz/incidents/{tile}.geojson")).await;
        told.insert(format!("tile {tile}"), n_of(&sums));
    }
    let dggrs = "/collections/counts/dggs/H3";
    let zones = format!("{dggrs}/zones?zone-level=3&n_min=1&compact-zones=false");
    let mut of_zones = 0;
    for zone in json(service, id, &zones).await["zones"].as_array().unwrap() {
        let zone = zone.as_str().unwrap();
        let data = format!("{dggrs}/zones/{zone}/data?zone-depth=0");
        let data = json(service, id, &data).await;
        of_zones += data["naqsha"]["depths"][0]["records"].as_u64().unwrap();
    }
    told.insert("zones".to_owned(), of_zones);
    told
}

/// All changes since a cursor, each id with what became of it, and the last cursor.
async fn changes(
    service: &Fixture,
    id: &str,
    since: Option<&str>,
) -> (BTreeMap<String, String>, String) {
    let (mut all, mut cursor) = (BTreeMap::new(), since.map(str::to_owned));
    loop {
        let since = cursor.map_or(String::new(), |cursor| format!("&since={cursor}"));
        let page = json(
            service,
            id,
            &format!("/collections/incidents/changes?limit=7{since}"),
        )
        .await;
        for change in page["changes"].as_array().into_iter().flatten() {
            let of = |name: &str| change[name].as_str().unwrap().to_owned();
            all.insert(of("id"), of("op"));
        }
        let next = page["cursor"].as_str().unwrap().to_owned();
        if page["has_more"] == false {
            return (all, next);
        }
        cursor = Some(next);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_of_reading_tells_an_agency_of_its_records_and_of_those_released_to_it() {
    let service = service().await;
    for merged in [false, true] {
        if merged {
            assert!(service.store.merge(0).await.unwrap());
        }
        for (id, expected, _) in READERS {
            let told = read(&service, id).await;
            let differing: Vec<_> = told.iter().filter(|(_, n)| **n != expected).collect();
            assert!(
                differing.is_empty(),
                "{id} reads {expected}, merged {merged}: {differing:?}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_for_an_agency_by_name_is_asking_for_what_is_read_of_it() {
    let service = service().await;
    for (id, all, others) in READERS {
        for (ask, expected) in [
            ("agency=FIA", if id == "fia" { all } else { others }),
            (
                "filter=agency%3D'FIA'",
                if id == "fia" { all } else { others },
            ),
            (
                "agency=FIA&filter=agency%3D'FIA'%20AND%20uncertainty_m%3E0",
                if id == "fia" { all } else { others },
            ),
            ("agency=NACTA", 0),
        ] {
            let items = json(
                &service,
                id,
                &format!("/collections/incidents/items?limit=1&{ask}"),
            )
            .await;
            assert_eq!(items["numberMatched"], expected, "{id} {ask}");
        }
        let rows = json(
            &service,
            id,
            "/collections/incidents/aggregate?group_by=agency&agency=FIA",
        )
        .await;
        assert_eq!(rows["n"], if id == "fia" { all } else { others }, "{id}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_released_record_is_a_cell_at_resolution_8_and_ones_own_a_point() {
    let service = service().await;
    let released = released(&service).await;
    for (row, id) in released.iter().enumerate() {
        let uri = format!("/collections/incidents/items/{id}");
        let reply = as_key(&service, "anf", &uri).await;
        as_key(&service, "ctd", &uri).await.problem(404);
        if row > 1 {
            reply.problem(404);
            continue;
        }
        let feature = reply.json();
        assert_eq!(feature["geometry"]["type"], "Polygon", "{feature}");
        let cell: CellIndex = feature["properties"]["h3"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        assert_eq!(cell.resolution(), Resolution::Eight);
        let as_analyst = json(&service, "analyst", &uri).await;
        for member in ["geometry", "properties"] {
            assert_eq!(feature[member], as_analyst[member], "as an analyst sees it");
        }
        let as_owner = json(&service, "fia", &uri).await;
        assert_eq!(as_owner["geometry"]["type"], "Point");
        let own: CellIndex = as_owner["properties"]["h3"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        assert_eq!(own.parent(Resolution::Eight), Some(cell));
    }
    // The same in whole answers, tiles and the feature service.
    let types = |document: &Value, agency: &str| {
        let of = features(document).iter();
        let of = of.filter(|feature| feature["properties"]["agency"] == agency);
        of.map(|feature| feature["geometry"]["type"].as_str().unwrap().to_owned())
            .collect::<BTreeSet<_>>()
    };
    let (x, y) = tile_at(14);
    for uri in [
        "/collections/incidents/items?limit=1000".to_owned(),
        format!("/xyz/incidents/14/{x}/{y}.geojson"),
    ] {
        let answer = json(&service, "anf", &uri).await;
        assert_eq!(types(&answer, "ANF"), ["Point".to_owned()].into(), "{uri}");
        assert!(
            types(&answer, "FIA").iter().all(|of| of == "Polygon"),
            "{uri}"
        );
    }
    let facade = "/arcgis/rest/services/crime/FeatureServer/incidents/query?where=agency%3D'FIA'&outFields=*&f=json";
    let set = json(&service, "anf", facade).await;
    assert_eq!(set["geometryType"], "esriGeometryPoint");
    let found = features(&set);
    assert_eq!(found.len(), 2);
    assert!(
        found
            .iter()
            .all(|one| one.get("geometry").is_none_or(Value::is_null)),
        "{set}"
    );
    let by_cell = "/collections/incidents/aggregate?group_by=h3&resolution=9&agency=FIA";
    let at_9 = json(&service, "anf", by_cell).await;
    assert_eq!(at_9["n"], 0, "{at_9}");
    assert_eq!(at_9["naqsha"]["excluded"]["count"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_box_finds_a_released_record_no_more_closely_than_its_cell_tells() {
    let service = service().await;
    let released: BTreeSet<String> = released(&service).await.into_iter().take(2).collect();
    let first = released.first().unwrap();
    let one = json(
        &service,
        "anf",
        &format!("/collections/incidents/items/{first}"),
    )
    .await;
    let cell: CellIndex = one["properties"]["h3"].as_str().unwrap().parse().unwrap();
    let centre = LatLng::from(cell);
    let (mut inside, mut outside) = (0, 0);
    for step in 0..64_i32 {
        let at = |nth: i32| 0.0015 * f64::from(nth - 4);
        let (lon, lat) = (centre.lng() + at(step % 8), centre.lat() + at(step / 8));
        let corners = format!("{lon},{lat},{},{}", lon + 0.0002, lat + 0.0002);
        for sort in ["", "&sortby=first_day"] {
            let uri =
                format!("/collections/incidents/items?limit=1000&agency=FIA&bbox={corners}{sort}");
            let expected = &ids(&json(&service, "analyst", &uri).await) & &released;
            assert_eq!(ids(&json(&service, "anf", &uri).await), expected, "{uri}");
            *if expected.contains(first) {
                &mut inside
            } else {
                &mut outside
            } += 1;
        }
        let uri =
            format!("/collections/incidents/aggregate?group_by=agency&agency=FIA&bbox={corners}");
        let n = json(&service, "anf", &uri).await["n"].as_u64().unwrap();
        let items = format!("/collections/incidents/items?agency=FIA&bbox={corners}");
        assert_eq!(json(&service, "anf", &items).await["numberMatched"], n);
    }
    assert!(inside > 8 && outside > 8, "{inside} and {outside}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_released_comes_with_the_changes_and_what_is_taken_back_goes() {
    let service = service().await;
    let released = released(&service).await;
    let (first, cursor) = changes(&service, "anf", None).await;
    assert!(released[..2].iter().all(|id| first[id] == "upsert"));
    // The first is released no more, the fourth now is; the fifth changes and is nothing to who asks.
    commit_changed(&service.store, "FIA", BATCH + 1, 1..=5, |row, incident| {
        handle(row, incident);
        let list = &mut incident.handling.releasable_to;
        match row {
            1 => list.clear(),
            4 => list.push("ANF".to_owned()),
            _ => {}
        }
        if row != 2 {
            incident.content = ContentDigest::of(&["changed", &row.to_string()]);
        }
    })
    .await;
    let (since, _) = changes(&service, "anf", Some(&cursor)).await;
    let expected = [(&released[0], "delete"), (&released[3], "upsert")];
    let expected = expected.map(|(id, op)| (id.clone(), op.to_owned()));
    assert_eq!(since, expected.into());
    let items = json(
        &service,
        "anf",
        "/collections/incidents/items?limit=1000&agency=FIA",
    )
    .await;
    let read: BTreeSet<String> = [&released[1], &released[3]].map(Clone::clone).into();
    assert_eq!(ids(&items), read);
    let gone = format!("/collections/incidents/items/{}", released[0]);
    as_key(&service, "anf", &gone).await.problem(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn coverage_tells_an_agency_of_itself_and_days_of_what_it_reads() {
    let service = service().await;
    let coverage = json(&service, "anf", "/collections/coverage/items?limit=1000").await;
    let agencies = features(&coverage).iter();
    let agencies: BTreeSet<_> = agencies
        .filter_map(|row| row["properties"]["agency"].as_str())
        .collect();
    assert_eq!(agencies, ["ANF"].into());
    // CTD reads nothing, and then one record.
    let extent = async || json(&service, "ctd", "/collections/incidents").await["extent"].clone();
    assert_eq!(
        extent().await["temporal"]["interval"],
        serde_json::json!([[null, null]])
    );
    commit_changed(&service.store, "FIA", BATCH + 2, 6..=7, |row, incident| {
        if row == 6 {
            incident.handling.releasable_to = vec!["CTD".to_owned()];
        }
    })
    .await;
    let items = json(&service, "ctd", "/collections/incidents/items").await;
    let day = features(&items)[0]["properties"]["first_day"]
        .as_str()
        .unwrap();
    let interval = extent().await["temporal"]["interval"].to_string();
    assert_eq!(items["numberMatched"], 1);
    assert_eq!(
        interval.matches(day).count(),
        2,
        "{interval}: that day and no other"
    );
}

//! The layer `coverage`: what is reported, zero and missing, by what agencies sent and stated.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;

use h3o::Resolution;
use jiff::Timestamp;
use jiff::civil::{Date, date};
use naqsha_analytics::StudyArea;
use naqsha_layers::{
    Answer, BoundingBox, Catalogue, Defaults, Keys, LayerQuery, ListedDistrict, NamedArea, Page,
    Scope, Sites, StudyAreas, Values,
};
use naqsha_model::{
    Agency, BatchDigest, Category, ContentDigest, Day, DayRange, Incident, Location, Metres,
    Occurred, Point, Precision, RecordStage, Role,
};
use naqsha_store::{BatchHeader, BatchState, BatchTotals, Manifest, NilReturn, OnChange, Store};
use tempfile::TempDir;

const ANALYST: Scope = Scope::of(Role::Analyst);

fn days(first: Date, last: Date) -> DayRange {
    DayRange::new(Day::new(first).unwrap(), Day::new(last).unwrap()).unwrap()
}

fn agency(code: &str) -> Agency {
    Agency::new(code).unwrap()
}

/// A batch of records, each a district and a day, with the period that its sender states.
async fn send(
    store: &Store,
    (digest, code, profile): (u8, &str, &str),
    records: &[(Option<&str>, Date, Category)],
    period: Option<DayRange>,
) {
    let header = BatchHeader {
        digest: BatchDigest::new([digest; 32]),
        profile: format!("{profile}@1"),
        agency: agency(code),
        file_name: "test.csv".to_owned(),
        received_at: Timestamp::UNIX_EPOCH,
        synthetic: false,
        study_area: Some("north".to_owned()),
        on_change: OnChange::Report,
        replaces: None,
        manifest: period.map(|period| Manifest {
            period: Some(period),
            ..Manifest::default()
        }),
    };
    let mut writer = store.begin(header).await.unwrap();
    let incident = |(row, (district, day, category)): (u64, &(Option<&str>, Date, Category))| {
        let mut location = Location::area(Precision::District);
        location.district = district.map(str::to_owned);
        Incident {
            occurred: Occurred::on(*day).ok(),
            location,
            content: ContentDigest::of(&[&format!("{digest} {row}")]),
            ..Incident::bare(
                agency(code),
                RecordStage::Fir,
                *category,
                Timestamp::UNIX_EPOCH,
                row,
            )
        }
    };
    let incidents: Vec<Incident> = (1..).zip(records).map(incident).collect();
    let rows = incidents.len() as u64;
    assert_eq!(writer.push(incidents).unwrap(), []);
    let totals = BatchTotals {
        rows,
        accepted: rows,
        ..BatchTotals::default()
    };
    writer.commit(totals, BatchState::Live).await.unwrap();
}

/// Kasur and Lahore of one province, Peshawar of another; Chagai lies outside of the study area.
fn areas() -> StudyAreas {
    let square = geo::Rect::new((71.0, 30.0), (76.0, 35.0)).to_polygon();
    let area = StudyArea::from_polygons(square.into()).unwrap();
    let mut areas = StudyAreas::default();
    areas.insert(NamedArea::new("north", "North", Resolution::Five, area));
    let sites = [
        ("Kasur", "PK1", "P", 74.45, 31.12),
        ("Lahore", "PK2", "P", 74.35, 31.55),
        ("Peshawar", "PK3", "K", 71.57, 34.0),
        ("Chagai", "PK4", "B", 64.0, 29.0),
    ];
    let mut known = Sites::default();
    for (name, code, province, lon, lat) in sites {
        let site = (
            Point::new(lon, lat).unwrap(),
            Metres::new(30_000.0).unwrap(),
        );
        known.districts.insert(name.to_owned(), site);
        let (code, province) = (code.to_owned(), province.to_owned());
        known
            .listed
            .insert(name.to_owned(), ListedDistrict { code, province });
    }
    areas.with_sites(known)
}

/// ANF reports drugs of January and March; CTD one terror case of January, and states February.
async fn catalogue() -> (TempDir, Store, Catalogue) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::create(&dir.path().join("store")).await.unwrap();
    let drugs = Category::DrugTrafficking;
    let anf = [
        (Some("Kasur"), date(2024, 1, 3), drugs),
        (Some("Kasur"), date(2024, 1, 30), drugs),
        (Some("Lahore"), date(2024, 3, 5), drugs),
        (None, date(2024, 3, 6), drugs),
        (Some("Chagai"), date(2024, 3, 7), drugs),
    ];
    send(&store, (1, "ANF", "anf.seizure"), &anf, None).await;
    let february = days(date(2024, 2, 1), date(2024, 2, 29));
    let terror = [(
        Some("Peshawar"),
        date(2024, 1, 9),
        Category::TerrorFinancing,
    )];
    send(&store, (2, "CTD", "ctd.tf"), &terror, Some(february)).await;
    let defaults = Defaults {
        study_area: Some("north".to_owned()),
        ..Defaults::default()
    };
    let catalogue = Catalogue::new(store.clone(), areas(), defaults);
    (dir, store, catalogue)
}

fn query(catalogue: &Catalogue, pairs: &[(&str, &str)]) -> LayerQuery {
    let layer = catalogue.describe("coverage").unwrap();
    LayerQuery::parse(layer, pairs.iter().copied()).unwrap()
}

fn ask(catalogue: &Catalogue, pairs: &[(&str, &str)]) -> Answer {
    let query = query(catalogue, pairs);
    let answer = catalogue.answer("coverage", &query, &ANALYST, &Page::ALL);
    answer.unwrap()
}

/// Status and number of each row, by its id.
fn told(answer: &Answer) -> BTreeMap<String, (&'static str, Option<i64>)> {
    let Keys::Named(ids) = &answer.table.keys else {
        unreachable!("rows have names")
    };
    let column = |name: &str| {
        let mut columns = answer.table.columns.iter();
        &columns
            .find(|column| column.property.name == name)
            .unwrap()
            .values
    };
    let (Values::Choices(status), Values::Integers(n)) = (column("status"), column("n")) else {
        unreachable!("a code and a number")
    };
    let row = |&at: &u32| {
        let at = at as usize;
        (ids[at].clone(), (status[at].unwrap(), n[at]))
    };
    answer.rows.iter().map(row).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn zero_is_told_from_missing() {
    let (_dir, store, catalogue) = catalogue().await;
    let answer = ask(&catalogue, &[]);
    let rows = told(&answer);
    let expected = [
        ("ANF.PK1.2024-01", ("reported", Some(2))),
        ("ANF.PK2.2024-01", ("zero", Some(0))),
        // Nothing was sent about February.
        ("ANF.PK1.2024-02", ("missing", None)),
        ("ANF.PK2.2024-03", ("reported", Some(1))),
        ("ANF.none.2024-03", ("reported", Some(1))),
        ("CTD.PK3.2024-01", ("reported", Some(1))),
        // Its batch states February, which has no record.
        ("CTD.PK3.2024-02", ("zero", Some(0))),
        ("CTD.PK3.2024-03", ("missing", None)),
        // Nobody reports about Kasur in February, and CTD not about Punjab at all.
        ("all.PK1.2024-02", ("missing", None)),
        ("all.PK3.2024-02", ("zero", Some(0))),
        ("all.PK1.2024-01", ("reported", Some(2))),
    ];
    for (id, row) in expected {
        assert_eq!(rows.get(id), Some(&row), "{id}");
    }
    assert!(
        !rows
            .keys()
            .any(|id| id.contains("PK4") || id.starts_with("CTD.PK1"))
    );
    // Two agencies of three and one places, and all four together, in three months.
    assert_eq!(rows.len(), 3 * (3 + 1 + 4));
    let excluded = &answer.table.metadata.excluded;
    assert_eq!((excluded.matched, excluded.count()), (6, 1));
    assert_eq!(excluded.reasons.get("outside_study_area"), Some(&1));

    let stated = NilReturn {
        agency: agency("ANF"),
        profile: "anf.seizure".to_owned(),
        period: days(date(2024, 2, 1), date(2024, 3, 4)),
        received_at: Timestamp::UNIX_EPOCH,
        uploader: "clerk".to_owned(),
        approver: None,
    };
    store.state_nil(stated).await.unwrap();
    let rows = told(&ask(&catalogue, &[]));
    assert_eq!(rows["ANF.PK1.2024-02"], ("zero", Some(0)), "it is stated");
    assert_eq!(rows["all.PK1.2024-02"], ("zero", Some(0)));
    let before = told(&ask(&catalogue, &[("as_of", "2")]));
    assert_eq!(before["ANF.PK1.2024-02"], ("missing", None));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agency_that_never_sends_what_is_asked_about_says_nothing_of_it() {
    let (_dir, _store, catalogue) = catalogue().await;
    let rows = told(&ask(&catalogue, &[("category", "TF")]));
    assert!(rows.keys().all(|id| !id.starts_with("ANF")), "{rows:?}");
    assert_eq!(rows["all.PK1.2024-01"], ("missing", None));
    let only = told(&ask(
        &catalogue,
        &[("agency", "CTD"), ("datetime", "2024-02-10/2024-04-01")],
    ));
    let months: Vec<&str> = only
        .keys()
        .filter_map(|id| id.strip_prefix("CTD.PK3."))
        .collect();
    assert_eq!(months, ["2024-02", "2024-03", "2024-04"]);
    assert_eq!(told(&ask(&catalogue, &[("agency", "NOBODY")])).len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_is_found_by_its_id_in_a_box_and_on_a_page() {
    let (_dir, _store, catalogue) = catalogue().await;
    let plain = query(&catalogue, &[]);
    let later = query(&catalogue, &[("datetime", "2024-03-01/2024-03-31")]);
    for asked in [&plain, &later] {
        let one = catalogue.feature("coverage", "ANF.PK1.2024-01", asked, &ANALYST);
        let rows = told(&one.unwrap());
        assert_eq!(
            rows.into_iter().collect::<Vec<_>>(),
            [("ANF.PK1.2024-01".to_owned(), ("reported", Some(2)))]
        );
    }
    for id in [
        "ANF.PK9.2024-01",
        "ANF",
        "ANF.PK1.2024-13",
        "8728308280fffff",
    ] {
        assert!(
            catalogue.feature("coverage", id, &plain, &ANALYST).is_err(),
            "{id}"
        );
    }
    let page = |bbox, offset, limit| {
        let bbox = Some(BoundingBox::new(bbox).unwrap());
        let page = Page {
            bbox,
            offset,
            limit,
            ..Page::ALL
        };
        catalogue
            .answer("coverage", &plain, &ANALYST, &page)
            .unwrap()
    };
    // Rows about no district have no place, and stay.
    let near_kasur = page([74.4, 31.0, 74.5, 31.2], 0, 100);
    let rows = told(&near_kasur);
    assert!(
        rows.keys()
            .all(|id| id.contains(".PK1.") || id.contains(".none."))
    );
    assert_eq!((rows.len(), near_kasur.matched), (12, 12));
    let second = page([74.4, 31.0, 74.5, 31.2], 10, 10);
    assert_eq!((second.rows.len(), second.matched), (2, 12));
}

/// The files of a folder and of those in it.
fn files(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| {
            if path.is_dir() {
                files(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_read_of_a_version_is_not_read_again() {
    let (dir, _store, catalogue) = catalogue().await;
    let january = [("datetime", "2024-01-01/2024-01-31")];
    let march = [("datetime", "2024-03-01/2024-03-31"), ("agency", "ANF")];
    let ask = |pairs: &[(&str, &str)]| {
        let query = query(&catalogue, pairs);
        catalogue.answer("coverage", &query, &ANALYST, &Page::ALL)
    };
    assert!(ask(&january).is_ok());
    for file in files(dir.path()) {
        if file.extension().is_some_and(|of| of == "parquet") {
            std::fs::remove_file(file).unwrap();
        }
    }
    // Other months of other agencies, from what was read; of another category nothing was.
    assert!(!ask(&march).unwrap().rows.is_empty());
    assert!(ask(&[("category", "DT")]).is_err());
}

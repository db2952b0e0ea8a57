//! What an agency reads of a store, whatever is asked and wherever the rows lie, against a list of records.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use h3o::{CellIndex, Resolution};
use naqsha_model::{Agency, DayRange, HandlingCode, Incident};
use naqsha_store::{
    Area, BatchHeader, CubeQuery, Filter, GroupQuery, GroupedBy, Reader, Selection, Snapshot,
    Store, Whose,
};
use proptest::prelude::*;

use crate::support::{
    Random, act, commit, create, digest, header, incident, on_day, open, passes, scattered, wait,
};

const ROWS: u64 = 120;
const AGENCIES: [&str; 4] = ["ANF", "FIA", "NCCIA", "CTD"];

fn agency(code: &str) -> Agency {
    Agency::new(code).unwrap()
}

/// The batches of three agencies.
fn filled(store: &Store, seed: u64) -> Vec<Incident> {
    let mut random = Random(seed);
    let mut all = Vec::new();
    for (number, code) in (1..).zip(&AGENCIES[..3]) {
        let mut rows: Vec<Incident> = (1..=ROWS).map(|row| scattered(&mut random, row)).collect();
        for one in &mut rows {
            one.agency = agency(code);
        }
        all.extend(rows.iter().cloned());
        let of = BatchHeader {
            agency: agency(code),
            ..header(number)
        };
        commit(store, of, rows);
    }
    all
}

fn reading(code: &str, whose: Whose) -> Filter<'static> {
    let agency = agency(code);
    let reader = Some(Reader { agency, whose });
    Filter {
        reader,
        ..Filter::default()
    }
}

fn by_agency<'i>(records: impl Iterator<Item = &'i Incident>) -> BTreeMap<String, u64> {
    let mut sums = BTreeMap::new();
    for record in records {
        *sums.entry(record.agency.to_string()).or_default() += 1;
    }
    sums
}

fn is_east(cell: CellIndex) -> bool {
    u64::from(cell) >> 20 & 3 != 1
}

fn in_area(filter: Filter<'static>, finest: Resolution) -> Filter<'static> {
    let area = Some(Area {
        finest,
        contains: &is_east,
        reach: None,
        unlocated: true,
    });
    Filter { area, ..filter }
}

fn ids(records: &[Incident]) -> Vec<(String, u64)> {
    let of = |one: &Incident| (one.agency.to_string(), one.provenance.row);
    let mut ids: Vec<_> = records.iter().map(of).collect();
    ids.sort_unstable();
    ids
}

fn passing(all: &[Incident], filters: &[Filter<'_>]) -> Vec<(String, u64)> {
    let passes = |one: &&Incident| filters.iter().any(|filter| passes(one, filter));
    ids(&all.iter().filter(passes).cloned().collect::<Vec<_>>())
}

/// Pages, places and counts of records, of one filter or of two with areas of their own.
fn pages_agree(all: &[Incident], snapshot: &Snapshot, filters: &[Filter<'_>]) {
    let expected = passing(all, filters);
    let whole = snapshot.rows_of(filters, 0, usize::MAX).unwrap();
    let found: Vec<Incident> = whole.rows.iter().map(|row| row.incident.clone()).collect();
    assert_eq!(ids(&found), expected);
    assert_eq!(whole.matched, expected.len() as u64);
    let counts = filters.iter().map(|filter| snapshot.count(filter));
    assert_eq!(counts.sum::<u64>(), whole.matched);
    let places = snapshot.places(filters).unwrap();
    assert_eq!(snapshot.rows_at(&places).unwrap(), whole.rows, "one order");
    let (offset, limit) = (expected.len() / 3, 7);
    let page = snapshot.rows_of(filters, offset as u64, limit).unwrap();
    let rest = &whole.rows[offset..];
    assert_eq!(page.rows, rest[..limit.min(rest.len())]);
}

/// Every way of counting what an agency reads.
fn agree(all: &[Incident], snapshot: &Snapshot) {
    for code in AGENCIES {
        let mut own_and_others = 0;
        for whose in [Whose::Own, Whose::Others, Whose::All] {
            let filter = reading(code, whose);
            pages_agree(all, snapshot, std::slice::from_ref(&filter));
            let read = all.iter().filter(|one| passes(one, &filter));
            let expected = read.clone().count() as u64;
            match whose {
                Whose::All => assert_eq!(expected, own_and_others),
                Whose::Own | Whose::Others => own_and_others += expected,
            }
            for resolution in [Resolution::Five, Resolution::Seven, Resolution::Nine] {
                let cube = snapshot.cube(&CubeQuery {
                    resolution,
                    filter: filter.clone(),
                    counted_bases: None,
                });
                assert_eq!(cube.matched, expected);
            }
            let months = snapshot.by_month(&filter);
            assert_eq!(months.iter().map(|of| of.count).sum::<u64>(), expected);
            let groups = snapshot.groups(&GroupQuery {
                filter: filter.clone(),
                by: vec![GroupedBy::Agency],
                ..GroupQuery::default()
            });
            let groups = groups.iter();
            let groups = groups.map(|of| (of.agency.as_ref().unwrap().to_string(), of.count));
            assert_eq!(groups.collect::<BTreeMap<_, _>>(), by_agency(read.clone()));
            let mut reported = BTreeMap::new();
            for of in snapshot.reported(&filter).unwrap() {
                assert_eq!(of.records, of.matching, "of others nothing is told");
                *reported.entry(of.agency.to_string()).or_default() += of.records;
            }
            assert_eq!(reported, by_agency(read));
        }
        let shares = [
            in_area(reading(code, Whose::Own), Resolution::Nine),
            in_area(reading(code, Whose::Others), Resolution::Eight),
        ];
        pages_agree(all, snapshot, &shares);
        let days = snapshot.extent_days_read(&Reader::of(agency(code)), |_| true);
        assert_eq!(days, extent(all, &reading(code, Whose::All)), "{code}");
        let of_anf = |batch: &naqsha_store::BatchRecord| batch.agency.as_str() == "ANF";
        let anf: Vec<Incident> = all
            .iter()
            .filter(|one| one.agency.as_str() == "ANF")
            .cloned()
            .collect();
        let days = snapshot.extent_days_read(&Reader::of(agency(code)), of_anf);
        assert_eq!(
            days,
            extent(&anf, &reading(code, Whose::All)),
            "{code} of ANF"
        );
    }
}

fn extent(all: &[Incident], filter: &Filter<'_>) -> Option<DayRange> {
    let read = all.iter().filter(|one| passes(one, filter));
    let days: Vec<DayRange> = read.filter_map(|one| Some(one.when()?.days)).collect();
    let first = days.iter().map(|days| days.first()).min()?;
    DayRange::new(first, days.iter().map(|days| days.last()).max()?).ok()
}

/// Takes some rows of the second batch back.
fn withdraw(store: &Store, all: &mut Vec<Incident>) {
    let rows: Vec<u64> = (1..=ROWS).step_by(9).collect();
    wait(store.withdraw(&digest(2), Selection::Rows(rows.clone()), act("x"))).unwrap();
    all.retain(|one| one.agency.as_str() != "FIA" || !rows.contains(&one.provenance.row));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn an_agency_reads_what_a_list_of_records_says(seed: u64) {
        let folder = tempfile::tempdir().unwrap();
        let store = create(folder.path());
        let mut all = filled(&store, seed);
        agree(&all, &store.snapshot());
        prop_assert!(wait(store.merge(0)).unwrap());
        agree(&all, &store.snapshot());
        withdraw(&store, &mut all);
        agree(&all, &store.snapshot());
        drop(store);
        agree(&all, &open(folder.path()).snapshot());
    }
}

/// The kept indexes with another layout in their heads.
fn of_layout(folder: &Path, layout: u32) -> usize {
    let kept = fs::read_dir(folder.join("index")).unwrap();
    let kept = kept.map(|entry| entry.unwrap().path());
    let kept: Vec<_> = kept
        .filter(|path| path.extension().is_some_and(|end| end == "index"))
        .collect();
    for path in &kept {
        let mut bytes = fs::read(path).unwrap();
        assert_eq!(bytes[4..8], 3_u32.to_le_bytes(), "what this program writes");
        bytes[4..8].copy_from_slice(&layout.to_le_bytes());
        let body = bytes.len() - 32;
        let sha256 = ring::digest::digest(&ring::digest::SHA256, &bytes[..body]);
        bytes[body..].copy_from_slice(sha256.as_ref());
        fs::write(path, bytes).unwrap();
    }
    kept.len()
}

#[test]
fn an_index_that_was_kept_before_recipients_were_known_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(folder.path());
    let all = filled(&store, 3);
    drop(store);
    drop(open(folder.path()));
    assert_eq!(of_layout(folder.path(), 2), 3);
    agree(&all, &open(folder.path()).snapshot());
    assert_eq!(of_layout(folder.path(), 3), 3, "and kept");
}

#[test]
fn what_is_under_conditions_is_read_by_its_own_agency_alone() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(folder.path());
    let of = |row: u64, code, recipients: &[&str]| {
        let mut one = on_day(incident(row), 40_000);
        one.handling.code = code;
        one.handling.releasable_to = recipients.iter().copied().map(str::to_owned).collect();
        one
    };
    let records = vec![
        of(1, HandlingCode::Permitted, &["FIA", "CTD"]),
        of(2, HandlingCode::Conditional, &["FIA", "CTD"]),
        of(3, HandlingCode::Permitted, &[]),
        of(4, HandlingCode::Permitted, &["CTD"]),
    ];
    commit(&store, header(1), records);
    let read = |snapshot: &Arc<Snapshot>| {
        ["ANF", "FIA", "CTD", "NCCIA"].map(|code| snapshot.count(&reading(code, Whose::All)))
    };
    assert_eq!(read(&store.snapshot()), [4, 1, 2, 0]);
    assert!(wait(store.merge(0)).unwrap());
    assert_eq!(read(&store.snapshot()), [4, 1, 2, 0]);
}

//! What agencies reported, by district and month, against a count of the records one by one.

use std::collections::BTreeMap;
use std::sync::Arc;

use naqsha_model::{Agency, CategorySet, DayRange, Incident};
use naqsha_store::{Filter, NilReturn, Reported, Selection, Snapshot, Store};

use crate::support::{
    Random, act, commit, create, digest, everything, header, open, received_at, scattered, wait,
};

const DISTRICTS: [Option<&str>; 4] = [None, Some("Kasur"), Some("Lahore"), Some("Okara")];

/// Study area, agency, profile, district, month.
type Row = (
    Option<String>,
    String,
    String,
    Option<String>,
    Option<String>,
);

/// Three batches of two agencies, one of them revised in part and one record withdrawn.
fn filled(store: &Store) {
    let mut random = Random(11);
    for number in 1..=3 {
        let mut batch: Vec<Incident> = (1..=400).map(|row| scattered(&mut random, row)).collect();
        for incident in &mut batch {
            let at = usize::try_from(random.below(4)).unwrap();
            // The second batch names no district at all, and so has no such column.
            incident.location.district = DISTRICTS[at].filter(|_| number != 2).map(str::to_owned);
            if number == 3 {
                incident.agency = Agency::new("FIA").unwrap();
            }
        }
        commit(store, header(number), batch);
    }
    let rows = Selection::Rows((1..=40).collect());
    wait(store.withdraw(&digest(1), rows, act("test"))).unwrap();
}

/// The same counts from whole records.
fn one_by_one(snapshot: &Snapshot, filter: &Filter<'_>) -> BTreeMap<Row, (u64, u64)> {
    let mut counts = BTreeMap::<Row, (u64, u64)>::new();
    for stored in everything(snapshot).rows {
        let incident = stored.incident;
        let days = incident.when().map(|when| when.days);
        let month = |days: DayRange| {
            let (first, last) = (days.first().date(), days.last().date());
            let length = first.until(last).unwrap().get_days() + 1;
            (length <= 31).then(|| first.strftime("%Y-%m").to_string())
        };
        let row = (
            Some("pakistan".to_owned()),
            incident.agency.to_string(),
            "anf.seizure".to_owned(),
            incident.location.district.clone(),
            days.and_then(month),
        );
        let count = counts.entry(row).or_default();
        count.0 += 1;
        count.1 += u64::from(filter.categories.contains_index(incident.category.index()));
    }
    counts
}

fn told(reported: Vec<Reported>) -> BTreeMap<Row, (u64, u64)> {
    let row = |of: Reported| {
        let month = of.month.map(|(year, month)| format!("{year}-{month:02}"));
        let row = (
            of.study_area,
            of.agency.to_string(),
            of.profile,
            of.district,
            month,
        );
        (row, (of.records, of.matching))
    };
    reported.into_iter().map(row).collect()
}

#[test]
fn what_was_reported_is_what_a_count_of_the_records_says() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(folder.path());
    filled(&store);
    let drugs = Filter {
        categories: CategorySet::parse("DT").unwrap(),
        ..Filter::default()
    };
    for filter in [Filter::default(), drugs] {
        let expected = one_by_one(&store.snapshot(), &filter);
        let found = told(store.snapshot().reported(&filter).unwrap());
        assert_eq!(found, expected);
        assert!(found.len() > 60, "{}", found.len());
    }
    let before = told(store.snapshot().reported(&Filter::default()).unwrap());
    assert!(wait(store.merge(0)).unwrap());
    let after = told(store.snapshot().reported(&Filter::default()).unwrap());
    assert_eq!(before, after, "merged or not");
}

#[test]
fn a_nil_return_raises_the_version_and_earlier_versions_do_not_know_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(folder.path());
    let stated = |first: u16| NilReturn {
        agency: Agency::new("CTD").unwrap(),
        profile: "ctd.tf".to_owned(),
        period: DayRange::new(naqsha_model::Day(first), naqsha_model::Day(first + 30)).unwrap(),
        received_at: received_at(),
        uploader: "clerk".to_owned(),
        approver: None,
    };
    wait(store.state_nil(stated(40_000))).unwrap();
    commit(&store, header(1), vec![scattered(&mut Random(1), 1)]);
    wait(store.state_nil(stated(40_031))).unwrap();
    wait(store.state_nil(stated(40_000))).unwrap();
    wait(store.withdraw(&digest(1), Selection::Batch, act("test"))).unwrap();
    wait(store.state_nil(stated(40_062))).unwrap();
    drop(store);
    let now: Arc<Snapshot> = open(folder.path()).snapshot();
    let known = |version| now.as_of(version).unwrap().nil_returns().len();
    assert_eq!(now.version(), 5, "stating it again changes nothing");
    assert_eq!([0, 1, 2, 3, 4, 5].map(known), [0, 1, 1, 2, 2, 3]);
}

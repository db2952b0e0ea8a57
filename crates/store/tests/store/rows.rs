//! Pages of records: complete, in one order, exactly counted.

use naqsha_model::{CategorySet, Day, DayRange, Incident, IncidentId};
use naqsha_store::{Filter, StoredIncident};

use crate::support::{
    Random, commit, create, digest, header, incident, on_day, passes, received_at, scattered,
};

#[test]
fn pages_put_together_are_the_records_that_pass() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(folder.path());
    let mut random = Random(7);
    let mut written: Vec<Incident> = Vec::new();
    for number in 1..=3 {
        let batch: Vec<Incident> = (1..=400).map(|row| scattered(&mut random, row)).collect();
        written.extend(batch.iter().cloned());
        commit(&store, header(number), batch);
    }
    let snapshot = store.snapshot();
    let days = Some(DayRange::new(Day(40_100), Day(40_150)).unwrap());
    let filters = [
        Filter::default(),
        Filter {
            days,
            ..Filter::default()
        },
        Filter {
            categories: CategorySet::parse("ADJ").unwrap(),
            ..Filter::default()
        },
        Filter {
            categories: CategorySet::NONE,
            ..Filter::default()
        },
    ];
    for filter in &filters {
        let expected: Vec<&Incident> = written
            .iter()
            .filter(|incident| passes(incident, filter))
            .collect();
        let whole = snapshot.rows(filter, 0, usize::MAX).unwrap();
        assert_eq!(
            (whole.matched, whole.rows.len()),
            (expected.len() as u64, expected.len())
        );
        let mut paged: Vec<StoredIncident> = Vec::new();
        loop {
            let page = snapshot.rows(filter, paged.len() as u64, 37).unwrap();
            assert_eq!(page.matched, whole.matched);
            assert!(page.rows.len() <= 37);
            if page.rows.is_empty() {
                break;
            }
            paged.extend(page.rows);
        }
        assert_eq!(paged, whole.rows);
        assert!(
            paged.is_sorted_by_key(|stored| stored.batch),
            "batches in order of commit"
        );
        let mut found: Vec<&Incident> = paged.iter().map(|stored| &stored.incident).collect();
        found.sort_by_key(|incident| (incident.provenance.row, incident.content));
        let mut expected = expected;
        expected.sort_by_key(|incident| (incident.provenance.row, incident.content));
        assert_eq!(found.len(), expected.len());
        assert!(expected.iter().all(|incident| found.contains(incident)));
        assert!(
            snapshot
                .rows(filter, whole.matched, 10)
                .unwrap()
                .rows
                .is_empty()
        );
    }
}

#[test]
fn a_batch_of_several_files_is_one_batch() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(folder.path());
    let rows = 65_536 + 100;
    commit(
        &store,
        header(1),
        (1..=rows)
            .map(|row| on_day(incident(row), 40_000))
            .collect(),
    );
    assert_eq!(
        std::fs::read_dir(folder.path().join("incidents"))
            .unwrap()
            .count(),
        2
    );
    let snapshot = store.snapshot();
    assert_eq!((snapshot.version(), snapshot.live()), (1, rows));
    let page = snapshot.rows(&Filter::default(), 65_530, 20).unwrap();
    let found: Vec<u64> = page
        .rows
        .iter()
        .map(|stored| stored.incident.provenance.row)
        .collect();
    assert_eq!(found, (65_531..=65_550).collect::<Vec<_>>());
    for row in [1, 65_536, 65_537, rows] {
        let id = IncidentId::new(
            u64::try_from(received_at().as_millisecond()).unwrap(),
            &digest(1),
            row,
        );
        assert_eq!(
            snapshot
                .incident(id)
                .unwrap()
                .unwrap()
                .incident
                .provenance
                .row,
            row
        );
    }
    let beyond = IncidentId::new(
        u64::try_from(received_at().as_millisecond()).unwrap(),
        &digest(1),
        rows + 1,
    );
    assert_eq!(snapshot.incident(beyond).unwrap(), None);
    let another_time = IncidentId::new(0, &digest(1), 1);
    assert_eq!(snapshot.incident(another_time).unwrap(), None);
}

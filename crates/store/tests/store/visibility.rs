//! What is seen when: all of a batch or nothing, held batches never, what another program wrote with the next batch or a refresh.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use h3o::{LatLng, Resolution};
use naqsha_model::IncidentId;
use naqsha_store::{
    BatchState, CubeQuery, Filter, Repeat, RepeatKind, Snapshot, Store, StoreError,
};

use crate::support::{
    commit, create, digest, header, in_cell, incident, keyed, open, received_at, told, totals, wait,
};

/// Ends the readers also where the writer's assertions fail.
struct Ending<'a>(&'a AtomicBool);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// Batch `n` has `10 n` incidents, so the version tells how many there must be.
fn is_whole(snapshot: &Snapshot) {
    let expected: u64 = (1..=snapshot.version()).map(|batch| batch * 10).sum();
    let query = CubeQuery {
        resolution: Resolution::Seven,
        filter: Filter::default(),
        counted_bases: None,
    };
    let counts = snapshot.cube(&query).counts;
    assert_eq!(
        counts.iter().map(|&count| u64::from(count)).sum::<u64>(),
        expected
    );
    assert_eq!(snapshot.live(), expected);
    assert_eq!(
        snapshot.rows(&Filter::default(), 0, 1).unwrap().matched,
        expected
    );
    assert_eq!(snapshot.batches().len() as u64, snapshot.version());
}

fn read_until(done: &AtomicBool, store: &Store) -> usize {
    let mut versions = BTreeSet::new();
    while !done.load(Ordering::Acquire) {
        let snapshot = store.snapshot();
        is_whole(&snapshot);
        versions.insert(snapshot.version());
    }
    versions.len()
}

#[test]
fn readers_see_all_of_a_batch_or_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(folder.path());
    let cell = LatLng::new(31.5, 74.3).unwrap().to_cell(Resolution::Nine);
    let done = AtomicBool::new(false);
    let versions_seen = std::thread::scope(|scope| {
        let readers = [(); 2].map(|()| scope.spawn(|| read_until(&done, &store)));
        let ending = Ending(&done);
        let pinned = store.snapshot();
        for number in 1..=20_u8 {
            let incidents = (1..=u64::from(number) * 10).map(|row| in_cell(incident(row), cell));
            let committed = commit(&store, header(number), incidents.collect());
            assert_eq!(
                committed.version,
                u64::from(number),
                "the version rises by one"
            );
            assert_eq!(
                store.snapshot().version(),
                committed.version,
                "a commit sees itself"
            );
        }
        assert_eq!(
            (pinned.version(), pinned.live()),
            (0, 0),
            "a snapshot never changes"
        );
        drop(ending);
        readers
            .map(|reader| reader.join().unwrap())
            .iter()
            .sum::<usize>()
    });
    assert!(
        versions_seen > 4,
        "readers ran while batches were committed: {versions_seen}"
    );
}

#[test]
fn a_held_batch_is_kept_and_not_seen() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(folder.path());
    commit(&store, header(1), vec![incident(1)]);
    let before = told(&store.snapshot());
    let mut writer = wait(store.begin(header(2))).unwrap();
    writer.push(vec![incident(1)]).unwrap();
    let held = wait(writer.commit(totals(1), BatchState::Held)).unwrap();
    assert_eq!(
        (held.version, held.batch.sequence, held.batch.state),
        (1, 2, BatchState::Held)
    );
    let id = IncidentId::new(
        u64::try_from(received_at().as_millisecond()).unwrap(),
        &digest(2),
        1,
    );
    for store in [store.clone(), open(folder.path())] {
        assert!(told(&store.snapshot()) == before);
        assert_eq!(store.find_batch(&digest(2)), Some(held.batch.clone()));
        assert_eq!(store.snapshot().incident(id).unwrap(), None);
    }
    let next = commit(&store, header(3), vec![incident(1)]);
    assert_eq!((next.version, next.batch.sequence), (2, 3));
    assert_eq!(
        std::fs::read_dir(folder.path().join("incidents"))
            .unwrap()
            .count(),
        3,
        "its file stays"
    );
}

#[test]
fn what_another_program_committed_counts_for_the_next_batch() {
    let folder = tempfile::tempdir().unwrap();
    let (here, there) = (create(folder.path()), open(folder.path()));
    commit(&there, header(1), vec![keyed(1, 10, 100)]);
    assert_eq!(here.snapshot().version(), 0);
    let mut writer = wait(here.begin(header(2))).unwrap();
    assert_eq!(here.snapshot().version(), 1);
    assert_eq!(
        writer.push(vec![keyed(7, 10, 100)]).unwrap(),
        [Repeat {
            row: 7,
            kind: RepeatKind::Same
        }]
    );
    assert_eq!(
        wait(writer.commit(totals(0), BatchState::Live))
            .unwrap()
            .version,
        2,
        "an empty batch is a batch"
    );
    assert!(told(&open(folder.path()).snapshot()) == told(&here.snapshot()));
}

#[test]
fn folders_with_and_without_a_store_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let absent = folder.path().join("absent");
    assert!(matches!(wait(Store::open(&absent)), Err(StoreError::Missing(path)) if path == absent));
    assert!(!absent.exists(), "looking makes nothing");
    let store = create(&absent);
    assert_eq!(
        (store.snapshot().version(), store.snapshot().extent_days()),
        (0, None)
    );
    assert!(matches!(
        wait(Store::create(&absent)),
        Err(StoreError::Exists(_))
    ));
}

#[test]
fn a_cell_finer_than_its_place_can_be_known_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(folder.path());
    let cell = LatLng::new(31.5, 74.3).unwrap().to_cell(Resolution::Ten);
    let mut writer = wait(store.begin(header(1))).unwrap();
    let refused = writer.push(vec![in_cell(incident(5), cell)]).unwrap_err();
    assert!(matches!(
        refused,
        StoreError::CellTooFine {
            row: 5,
            resolution: 10
        }
    ));
}

#[test]
fn a_refresh_shows_what_another_program_committed_and_takes_nothing_back() {
    let folder = tempfile::tempdir().unwrap();
    let writer = create(folder.path());
    let reader = open(folder.path());
    let before = reader.snapshot();
    commit(&writer, header(1), vec![incident(1), incident(2)]);
    assert_eq!(reader.snapshot().live(), 0, "nothing moves unasked");
    assert_eq!(wait(reader.refresh()).unwrap(), 1);
    assert_eq!(
        (reader.snapshot().live(), before.live()),
        (2, 0),
        "a snapshot taken before stays as it was"
    );
    commit(&reader, header(2), vec![incident(3)]);
    assert_eq!(wait(reader.refresh()).unwrap(), 2);
    assert_eq!(wait(writer.refresh()).unwrap(), 2);
    assert_eq!((reader.snapshot().live(), writer.snapshot().live()), (3, 3));
}

//! Withdrawal, restoration and release: metadata only, durable, seen by others, refused where there is nothing to do.

use naqsha_model::{Code, Day, DayRange};
use naqsha_store::{
    BatchHeader, BatchState, Operation, Repeat, RepeatKind, Selection, Store, StoreError,
};

use crate::support::{
    act, begin_error, commit, contents, create, digest, header, incident, keyed, on_day, open,
    revising, told, totals, wait,
};

fn held(store: &Store, header: BatchHeader, incidents: Vec<naqsha_model::Incident>) {
    let totals = totals(incidents.len());
    let mut writer = wait(store.begin(header)).unwrap();
    writer.push(incidents).unwrap();
    wait(writer.commit(totals, BatchState::Held)).unwrap();
}

#[test]
fn a_withdrawn_batch_is_gone_kept_and_can_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let (store, beside) = (create(folder.path()), open(folder.path()));
    commit(&store, header(1), vec![keyed(1, 10, 100)]);
    commit(&store, header(2), vec![keyed(1, 20, 200)]);
    let before = told(&store.snapshot());
    let files = || {
        std::fs::read_dir(folder.path().join("incidents"))
            .unwrap()
            .count()
    };
    let changed =
        wait(store.withdraw(&digest(1), Selection::Batch, act("R3 wrong month"))).unwrap();
    assert_eq!((changed.version, changed.gone, changed.back), (3, 1, 0));
    assert_eq!(contents(&store.snapshot()), [(Some(20), 200)]);
    assert_eq!(store.snapshot().batches().len(), 1);
    assert_eq!(
        store.find_batch(&digest(1)).unwrap().state,
        BatchState::Withdrawn
    );
    assert_eq!(
        wait(beside.refresh()).unwrap(),
        3,
        "another program notices"
    );
    assert!(told(&beside.snapshot()) == told(&store.snapshot()));
    assert_eq!(files(), 2);
    assert!(
        matches!(begin_error(&store, header(1)), StoreError::Received(batch) if batch == digest(1))
    );
    let twice = wait(store.withdraw(&digest(1), Selection::Batch, act("again"))).unwrap_err();
    assert!(matches!(twice, StoreError::Refused { .. }), "{twice}");
    let events = open(folder.path()).events();
    let [event] = events.as_slice() else {
        panic!("{events:?}")
    };
    assert_eq!(
        (event.operation, event.batch, event.records),
        (Operation::Withdraw, digest(1), None)
    );
    assert_eq!((event.version, &event.act), (3, &act("R3 wrong month")));
    commit(&store, header(3), vec![incident(1)]);
    assert_eq!(files(), 3, "the files of a withdrawn batch are not swept");
    wait(store.withdraw(&digest(3), Selection::Batch, act("trial"))).unwrap();
    let back = wait(beside.restore(&digest(1), Selection::Batch, act("was right"))).unwrap();
    assert_eq!((back.version, back.gone, back.back), (6, 0, 1));
    assert_ne!(told(&beside.snapshot()), before, "the version is another");
    assert_eq!(
        contents(&beside.snapshot()),
        [(Some(10), 100), (Some(20), 200)]
    );
}

#[test]
fn a_corrected_file_with_the_same_keys_goes_in_after_a_withdrawal() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(folder.path());
    commit(
        &store,
        header(1),
        vec![keyed(1, 10, 100), keyed(2, 20, 200)],
    );
    wait(store.withdraw(&digest(1), Selection::Batch, act("wrong"))).unwrap();
    for store in [store, open(folder.path())] {
        let mut writer = wait(store.begin(header(2))).unwrap();
        assert_eq!(
            writer
                .push(vec![keyed(1, 10, 100), keyed(2, 20, 201)])
                .unwrap(),
            []
        );
    }
    let store = open(folder.path());
    commit(
        &store,
        header(2),
        vec![keyed(1, 10, 100), keyed(2, 20, 201)],
    );
    let corrected = [(Some(10), 100), (Some(20), 201)];
    assert_eq!(contents(&store.snapshot()), corrected);
    wait(store.restore(&digest(1), Selection::Batch, act("both"))).unwrap();
    assert_eq!(
        contents(&store.snapshot()),
        corrected,
        "nothing is seen twice"
    );
}

#[test]
fn records_and_periods_are_withdrawn_with_their_earlier_revisions() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(folder.path());
    let batch = vec![
        on_day(keyed(1, 10, 100), 40_000),
        on_day(keyed(2, 20, 200), 40_031),
        on_day(keyed(3, 30, 300), 40_040),
        keyed(4, 40, 400),
    ];
    commit(&store, header(1), batch);
    commit(&store, revising(2), vec![keyed(9, 40, 401)]);
    let rows = |rows: &[u64]| Selection::Rows(rows.to_vec());
    wait(store.withdraw(&digest(2), rows(&[9]), act("acquitted"))).unwrap();
    let left = [(Some(10), 100), (Some(20), 200), (Some(30), 300)];
    assert_eq!(
        contents(&store.snapshot()),
        left,
        "the older revision does not come back"
    );
    assert!(told(&open(folder.path()).snapshot()) == told(&store.snapshot()));
    let period = |first, last| Selection::Period(DayRange::new(Day(first), Day(last)).unwrap());
    let gone = wait(store.withdraw(&digest(1), period(40_031, 40_061), act("February"))).unwrap();
    assert_eq!(gone.gone, 2);
    assert_eq!(contents(&store.snapshot()), [(Some(10), 100)]);
    let nothing = wait(store.withdraw(&digest(1), period(40_031, 40_061), act("again")));
    assert!(matches!(nothing, Err(StoreError::Refused { .. })));
    let absent = wait(store.withdraw(&digest(1), rows(&[5]), act("no such row")));
    assert!(matches!(
        absent,
        Err(StoreError::NoSuchRecord { row: 5, .. })
    ));
    wait(store.restore(&digest(1), rows(&[2]), act("one of them"))).unwrap();
    assert_eq!(
        contents(&store.snapshot()),
        [(Some(10), 100), (Some(20), 200)]
    );
    wait(store.restore(&digest(2), rows(&[9]), act("retrial"))).unwrap();
    let snapshot = open(folder.path()).snapshot();
    assert_eq!(
        contents(&snapshot),
        [(Some(10), 100), (Some(20), 200), (Some(40), 401)]
    );
}

#[test]
fn a_released_batch_is_checked_again_and_never_doubles_a_record() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(folder.path());
    commit(&store, header(1), vec![keyed(1, 50, 500)]);
    let quarantined = vec![
        keyed(1, 10, 100),
        keyed(2, 20, 200),
        keyed(3, 30, 300),
        incident(4),
    ];
    held(&store, header(2), quarantined);
    commit(
        &store,
        header(3),
        vec![keyed(1, 10, 100), keyed(2, 20, 201)],
    );
    let nobody = wait(store.release(&digest(3), act("is live"))).unwrap_err();
    assert!(matches!(nobody, StoreError::Refused { .. }));
    let released = wait(store.release(&digest(2), act("checked by hand"))).unwrap();
    assert_eq!((released.version, released.gone, released.back), (3, 0, 2));
    let told_repeats: Vec<(Code, u64)> = released.repeats.into_iter().collect();
    assert_eq!(told_repeats, [(Code::D701, 1), (Code::D702, 1)]);
    let current = [
        (None, 0),
        (Some(10), 100),
        (Some(20), 201),
        (Some(30), 300),
        (Some(50), 500),
    ];
    assert_eq!(contents(&store.snapshot()), current);
    assert!(told(&open(folder.path()).snapshot()) == told(&store.snapshot()));
    let mut next = wait(store.begin(header(4))).unwrap();
    assert_eq!(
        next.push(vec![keyed(1, 30, 300), keyed(2, 20, 200)])
            .unwrap(),
        [
            Repeat {
                row: 1,
                kind: RepeatKind::Same
            },
            Repeat {
                row: 2,
                kind: RepeatKind::Changed
            }
        ],
        "released keys count, those left out do not"
    );
    drop(next);
    wait(store.withdraw(&digest(3), Selection::Batch, act("wrong"))).unwrap();
    assert_eq!(
        contents(&store.snapshot()),
        [(None, 0), (Some(30), 300), (Some(50), 500)],
        "what was left out stays out"
    );
}

#[test]
fn a_released_batch_revises_what_was_there_before_it_and_not_what_came_after() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(folder.path());
    commit(
        &store,
        header(1),
        vec![keyed(1, 10, 100), keyed(2, 20, 200)],
    );
    held(
        &store,
        revising(2),
        vec![keyed(1, 10, 101), keyed(2, 20, 201)],
    );
    commit(&store, revising(3), vec![keyed(1, 20, 202)]);
    let released = wait(store.release(&digest(2), act("checked"))).unwrap();
    assert_eq!(
        released.repeats.into_iter().collect::<Vec<_>>(),
        [(Code::D702, 1)]
    );
    assert_eq!(
        contents(&store.snapshot()),
        [(Some(10), 101), (Some(20), 202)]
    );
}

#[test]
fn a_held_batch_is_discarded_without_a_new_version() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(folder.path());
    commit(&store, header(1), vec![keyed(1, 10, 100)]);
    held(&store, header(2), vec![keyed(1, 20, 200)]);
    let discarded = wait(store.withdraw(&digest(2), Selection::Batch, act("not ours"))).unwrap();
    assert_eq!(
        (discarded.version, discarded.gone, discarded.back),
        (1, 0, 0)
    );
    let release = wait(store.release(&digest(2), act("after all"))).unwrap_err();
    assert!(matches!(release, StoreError::Refused { .. }));
    let rows = wait(store.withdraw(&digest(2), Selection::Rows(vec![1]), act("a part")));
    assert!(matches!(rows, Err(StoreError::Refused { .. })));
    wait(store.restore(&digest(2), Selection::Batch, act("after all"))).unwrap();
    let again = open(folder.path());
    assert_eq!(
        again.find_batch(&digest(2)).unwrap().state,
        BatchState::Held
    );
    wait(again.release(&digest(2), act("after all"))).unwrap();
    assert_eq!(
        contents(&again.snapshot()),
        [(Some(10), 100), (Some(20), 200)]
    );
    let unknown = wait(again.withdraw(&digest(9), Selection::Batch, act("what"))).unwrap_err();
    assert!(matches!(unknown, StoreError::NoSuchBatch(batch) if batch == digest(9)));
}

#[test]
fn an_event_waits_for_no_batch_that_is_being_written() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(folder.path());
    commit(&store, header(1), vec![incident(1)]);
    let writing = wait(store.begin(header(2))).unwrap();
    let busy = wait(store.withdraw(&digest(1), Selection::Batch, act("now"))).unwrap_err();
    assert!(matches!(busy, StoreError::Busy));
    drop(writing);
    wait(store.withdraw(&digest(1), Selection::Batch, act("now"))).unwrap();
}

//! Repeats: told apart by natural key and content, within an agency, of live batches and of the batch itself.

use naqsha_model::Agency;
use naqsha_store::{BatchState, Repeat, RepeatKind, StoreError};

use crate::support::{
    begin_error, commit, create, digest, header, incident, keyed, open, told, totals, wait,
};

#[test]
fn a_repeat_is_reported_and_not_stored() {
    let folder = tempfile::tempdir().unwrap();
    commit(
        &create(folder.path()),
        header(1),
        vec![keyed(1, 10, 100), keyed(2, 20, 200), incident(3)],
    );
    let store = open(folder.path());
    let mut writer = wait(store.begin(header(2))).unwrap();
    let batch = vec![
        keyed(1, 10, 100),
        keyed(2, 20, 201),
        keyed(3, 30, 300),
        keyed(4, 30, 300),
        keyed(5, 30, 301),
    ];
    let repeats = writer.push(batch).unwrap();
    let repeat = |row, kind| Repeat { row, kind };
    let (same, changed) = (RepeatKind::Same, RepeatKind::Changed);
    assert_eq!(
        repeats,
        [
            repeat(1, same),
            repeat(2, changed),
            repeat(4, same),
            repeat(5, changed)
        ]
    );
    assert_eq!(
        writer.push(vec![keyed(6, 30, 300)]).unwrap(),
        [repeat(6, same)],
        "over several calls"
    );
    wait(writer.commit(totals(1), BatchState::Live)).unwrap();
    assert_eq!(store.snapshot().live(), 4);

    let mut writer = wait(store.begin(header(3))).unwrap();
    assert_eq!(
        writer.push(vec![keyed(1, 30, 300)]).unwrap(),
        [repeat(1, same)],
        "keys of the second batch count too"
    );
}

#[test]
fn records_without_an_identity_are_kept_even_when_equal() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(folder.path());
    let twin = incident(1);
    commit(&store, header(1), vec![twin.clone(), twin.clone()]);
    commit(&store, header(2), vec![twin]);
    assert_eq!(store.snapshot().live(), 3);
}

#[test]
fn keys_of_another_agency_and_of_held_batches_do_not_count() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(folder.path());
    let mut held = wait(store.begin(header(1))).unwrap();
    held.push(vec![keyed(1, 10, 100)]).unwrap();
    wait(held.commit(totals(1), BatchState::Held)).unwrap();
    let mut other = header(2);
    other.agency = Agency::new("FIA").unwrap();
    commit(&store, other, vec![keyed(1, 10, 100)]);
    commit(&store, header(3), vec![keyed(1, 10, 100)]);
    assert_eq!(store.snapshot().live(), 2);
}

#[test]
fn a_batch_is_taken_once_and_one_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(folder.path());
    commit(&store, header(1), vec![incident(1)]);
    assert!(
        matches!(begin_error(&store, header(1)), StoreError::Received(batch) if batch == digest(1))
    );
    let open_writer = wait(store.begin(header(2))).unwrap();
    assert!(matches!(begin_error(&store, header(3)), StoreError::Busy));
    assert!(
        matches!(
            begin_error(&open(folder.path()), header(3)),
            StoreError::Busy
        ),
        "nor by another program"
    );
    drop(open_writer);
    commit(&store, header(3), vec![incident(1)]);
}

/// What a batch left out of this store's own answers is there for every other, and for its next batch.
#[test]
fn a_batch_that_is_not_shown_here_is_durable_and_repeated_like_any_other() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(folder.path());
    let unseen = |number, incidents| {
        let mut writer = wait(store.begin(header(number))).unwrap().unseen_here();
        let repeats = writer.push(incidents).unwrap();
        let committed = wait(writer.commit(totals(2), BatchState::Live)).unwrap();
        (committed.version, repeats.len())
    };
    assert_eq!(unseen(1, vec![keyed(1, 10, 100), incident(2)]), (1, 0));
    assert_eq!(
        (store.snapshot().version(), store.snapshot().live()),
        (0, 0)
    );
    assert_eq!(open(folder.path()).snapshot().live(), 2);
    assert_eq!(
        unseen(2, vec![keyed(1, 10, 100), keyed(2, 20, 200)]),
        (2, 1)
    );
    assert_eq!(open(folder.path()).snapshot().live(), 3);
    wait(store.refresh()).unwrap();
    assert!(told(&open(folder.path()).snapshot()) == told(&store.snapshot()));
}

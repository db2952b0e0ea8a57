//! One contract for both places of batch files: each body runs on the folder and on S3.

use naqsha_model::Incident;
use naqsha_store::{BatchState, Condition, Selection, Store, StoreError};

use super::place::Place;
use crate::support::{
    Random, act, begin_error, commit, contents, digest, everything, header, incident, keyed,
    revising, scattered, told, totals, wait,
};

/// Runs each body on both places.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod folder {
            $(#[test] fn $name() { super::$name(&super::Place::folder()); })*
        }
        mod bucket {
            $(#[test] fn $name() {
                if let Some(place) = super::Place::bucket(stringify!($name)) {
                    super::$name(&place);
                }
            })*
        }
    };
}

on_both!(
    what_is_committed_is_told_by_who_opens_the_store_again,
    nothing_is_seen_of_a_batch_before_its_commit_and_what_it_leaves_is_swept,
    a_commit_that_the_ledger_refuses_leaves_garbage_that_the_next_batch_sweeps,
    damage_is_named_and_keeps_that_file_only_from_being_served,
    what_is_no_batch_file_is_left_alone,
    withdrawn_batches_come_back_and_earlier_versions_are_told_as_they_were,
    a_backup_is_a_store_in_a_folder_and_comes_back_to_either_place,
    a_backup_of_damage_is_no_backup,
    two_programs_take_turns_and_see_what_the_other_did,
    compacting_removes_what_no_version_needs_and_changes_no_answer,
    all_parts_of_a_batch_but_its_last_are_full,
);

/// More rows than a file takes.
const ROWS: u64 = 65_536 + 700;

fn many(seed: u64) -> Vec<Incident> {
    let mut random = Random(seed);
    (1..=ROWS).map(|row| scattered(&mut random, row)).collect()
}

fn what_is_committed_is_told_by_who_opens_the_store_again(place: &Place) {
    let store = place.create();
    commit(&store, header(1), many(7));
    commit(&store, header(2), vec![keyed(1, 10, 100)]);
    assert_eq!(place.names().len(), 3, "two parts and one");
    assert_eq!(store.snapshot().live(), ROWS + 1);
    let shown = told(&store.snapshot());
    assert!(told(&place.open().snapshot()) == shown, "by kept indexes");
    place.forget_indexes();
    assert!(told(&place.open().snapshot()) == shown, "by the files");
    assert!(place.scrub().is_whole());

    // The other place tells the same.
    let folder = Place::folder();
    let same = folder.create();
    commit(&same, header(1), many(7));
    commit(&same, header(2), vec![keyed(1, 10, 100)]);
    assert!(told(&same.snapshot()) == shown);
    assert_eq!(folder.scrub().bytes, place.scrub().bytes);
}

fn nothing_is_seen_of_a_batch_before_its_commit_and_what_it_leaves_is_swept(place: &Place) {
    let store = place.create();
    commit(&store, header(1), vec![incident(1)]);
    let mut writer = wait(store.begin(header(2))).unwrap();
    writer.push(many(3)).unwrap();
    let other = place.open();
    assert_eq!((other.snapshot().live(), other.batches().len()), (1, 1));
    assert!(matches!(begin_error(&other, header(3)), StoreError::Busy));
    writer.abandon();
    assert!(place.scrub().is_whole());

    place.write("left-by-a-crash.parquet", b"half");
    let unnamed = place.scrub().unnamed;
    assert!(unnamed.contains(&place.told("left-by-a-crash.parquet")));
    commit(&store, header(3), vec![incident(1)]);
    assert_eq!(place.names().len(), 2, "{:?}", place.names());
    assert_eq!(place.scrub().unnamed, Vec::<std::path::PathBuf>::new());
    commit(&store, header(2), many(3));
    assert_eq!(place.open().snapshot().live(), 2 + ROWS);
}

fn a_commit_that_the_ledger_refuses_leaves_garbage_that_the_next_batch_sweeps(place: &Place) {
    let store = place.create();
    commit(&store, header(1), vec![incident(1)]);
    let mut writer = wait(store.begin(header(2))).unwrap();
    writer.push(vec![incident(1), incident(2)]).unwrap();
    place.refuse_files(true);
    let refused = wait(writer.commit(totals(2), BatchState::Live));
    assert!(
        matches!(refused, Err(StoreError::Ledger { .. })),
        "{refused:?}"
    );
    assert!(matches!(
        begin_error(&store, header(3)),
        StoreError::Stopped
    ));
    place.refuse_files(false);
    let store = place.open();
    assert_eq!((store.snapshot().version(), store.batches().len()), (1, 1));
    assert_eq!(place.names().len(), 2, "the file is garbage");
    commit(&store, header(3), vec![incident(1)]);
    assert_eq!(place.names().len(), 2, "and is removed by the next batch");
    commit(&store, header(2), vec![incident(1), incident(2)]);
    assert_eq!(place.open().snapshot().live(), 4);
}

/// A store of three batches, and the name of the second's only file.
fn three(place: &Place) -> (Store, String) {
    let store = place.create();
    commit(&store, header(1), vec![incident(1)]);
    commit(&store, header(2), vec![incident(1), incident(2)]);
    commit(&store, header(3), vec![incident(1)]);
    let of_second = digest(2).to_string();
    let mut names = place.names().into_iter();
    let name = names.find(|name| name.starts_with(&of_second)).unwrap();
    (store, name)
}

fn damage_is_named_and_keeps_that_file_only_from_being_served(place: &Place) {
    let (store, name) = three(place);
    let whole = place.read(&name);
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 4;
    let longer = [&whole[..], b"x"].concat();
    let shorter = &whole[..whole.len() - 1];
    let ways: [(Option<&[u8]>, &str, bool); 5] = [
        (Some(&flipped), "SHA-256", false),
        (Some(&longer), "bytes instead of", true),
        (Some(shorter), "bytes instead of", true),
        (Some(b""), "0 bytes instead of", true),
        (None, "no such", true),
    ];
    for (bytes, why, is_seen_at_once) in ways {
        match bytes {
            Some(bytes) => place.write(&name, bytes),
            None => place.remove(&name),
        }
        // Who has it in memory goes on counting and is refused its records.
        assert_eq!(store.snapshot().live(), 4);
        let page = store
            .snapshot()
            .rows(&naqsha_store::Filter::default(), 0, 9);
        let Err(StoreError::Damaged { path, reason }) = page else {
            panic!("{page:?}")
        };
        assert_eq!(path, place.told(&name));
        assert!(
            reason.to_lowercase().contains(&why.to_lowercase()),
            "{reason}"
        );

        let scrub = place.scrub();
        let [damaged] = scrub.damaged.as_slice() else {
            panic!("{scrub:?}")
        };
        assert_eq!((&damaged.path, damaged.rows), (&place.told(&name), 2));
        let condition = wait(Store::condition(place.dir(), &place.places)).unwrap();
        let Condition { misfits, .. } = condition;
        assert_eq!(misfits.contains(&place.told(&name)), is_seen_at_once);

        place.forget_indexes();
        let opened = place.open();
        let snapshot = opened.snapshot();
        assert_eq!((snapshot.live(), snapshot.damaged().len()), (2, 1), "{why}");
        assert_eq!(snapshot.damaged()[0].path, place.told(&name));
        // Its agency's keys are not known without it; another's are.
        let refused = begin_error(&opened, header(9));
        assert!(matches!(refused, StoreError::Damaged { .. }), "{refused}");
        place.write(&name, &whole);
    }
    assert!(place.scrub().is_whole());
    assert_eq!(everything(&place.open().snapshot()).matched, 4);
}

fn what_is_no_batch_file_is_left_alone(place: &Place) {
    let store = place.create();
    for name in ["notes.txt", "other.parquet.bak"] {
        place.write(name, b"somebody's");
    }
    commit(&store, header(1), vec![incident(1)]);
    assert_eq!(place.names().len(), 3, "{:?}", place.names());
    assert_eq!(place.scrub().unnamed, Vec::<std::path::PathBuf>::new());
}

fn withdrawn_batches_come_back_and_earlier_versions_are_told_as_they_were(place: &Place) {
    let store = place.create();
    commit(
        &store,
        header(1),
        vec![keyed(1, 10, 100), keyed(2, 20, 200)],
    );
    commit(&store, revising(2), vec![keyed(5, 20, 201)]);
    let mut shown = vec![told(&place.open().snapshot())];
    wait(store.withdraw(&digest(2), Selection::Batch, act("wrong"))).unwrap();
    assert_eq!(
        contents(&store.snapshot()),
        [(Some(10), 100), (Some(20), 200)]
    );
    wait(store.withdraw(&digest(1), Selection::Rows(vec![1]), act("acquitted"))).unwrap();
    shown.push(told(&place.open().snapshot()));
    wait(store.restore(&digest(2), Selection::Batch, act("right"))).unwrap();
    commit(&store, header(3), vec![keyed(1, 30, 300)]);
    for opened in [store, place.open()] {
        let newest = opened.snapshot();
        assert_eq!(
            contents(&newest),
            [(Some(20), 201), (Some(30), 300)],
            "the newest"
        );
        for (version, then) in [2, 4].into_iter().zip(&shown) {
            assert!(told(&newest.as_of(version).unwrap()) == *then, "{version}");
        }
    }
    assert_eq!(place.names().len(), 3, "nothing was removed");
}

fn a_backup_is_a_store_in_a_folder_and_comes_back_to_either_place(place: &Place) {
    let (store, _) = three(place);
    wait(store.withdraw(&digest(3), Selection::Batch, act("x"))).unwrap();
    std::fs::write(place.dir().join("linkage.secret"), "s").unwrap();
    let shown = told(&store.snapshot());
    let copies = tempfile::tempdir().unwrap();
    let out = copies.path().join("copy");
    let backup = place.backup(&out).unwrap();
    let paths: Vec<&str> = backup.files.iter().map(|file| &*file.path).collect();
    let of_batches = [1, 2, 3].map(|n| format!("incidents/{}-00000.parquet", digest(n)));
    assert_eq!(paths[..3], of_batches, "{paths:?}");
    assert_eq!(paths[3..], ["ledger.sqlite", "linkage.secret"]);
    assert!(told(&wait(Store::open(&out)).unwrap().snapshot()) == shown);

    for back in [Place::folder(), place.another()] {
        let dir = back.dir().join("back");
        let restored = wait(Store::restore_backup(&out, &dir, &back.places.files)).unwrap();
        assert_eq!(restored, backup);
        let opened = wait(Store::open_with(&dir, &back.places)).unwrap();
        assert!(told(&opened.snapshot()) == shown);
        assert!(wait(Store::scrub(&dir, &back.places)).unwrap().is_whole());
        commit(&opened, header(7), vec![incident(1)]);
        wait(opened.restore(&digest(3), Selection::Batch, act("y"))).unwrap();
        assert_eq!(opened.snapshot().live(), 5);
    }
    assert!(
        told(&place.open().snapshot()) == shown,
        "the first is as it was"
    );
}

fn a_backup_of_damage_is_no_backup(place: &Place) {
    let (_store, name) = three(place);
    place.remove(&name);
    let copies = tempfile::tempdir().unwrap();
    let out = copies.path().join("copy");
    let error = place.backup(&out).unwrap_err();
    assert!(
        matches!(&error, StoreError::Damaged { path, .. } if *path == place.told(&name)),
        "{error}"
    );
    let back = place.another();
    let dir = back.dir().join("back");
    let error = wait(Store::restore_backup(&out, &dir, &back.places.files)).unwrap_err();
    assert!(matches!(error, StoreError::NoBackup(_)), "{error}");
    assert!(!dir.exists());
}

fn two_programs_take_turns_and_see_what_the_other_did(place: &Place) {
    let (one, other) = (place.create(), place.open());
    for number in 1..=6 {
        let store = if number % 2 == 0 { &one } else { &other };
        let record = keyed(1, u128::from(number / 2), u128::from(number));
        commit(store, revising(number), vec![record]);
    }
    for store in [&one, &other] {
        wait(store.refresh()).unwrap();
        assert!(told(&store.snapshot()) == told(&place.open().snapshot()));
    }
    assert_eq!(one.snapshot().live(), 4);
}

fn compacting_removes_what_no_version_needs_and_changes_no_answer(place: &Place) {
    let (store, _) = three(place);
    wait(store.withdraw(&digest(2), Selection::Batch, act("x"))).unwrap();
    let (shown, past) = (
        told(&store.snapshot()),
        told(&store.snapshot().as_of(3).unwrap()),
    );
    let before: Vec<_> = place.names().iter().map(|name| place.read(name)).collect();
    let nothing = wait(Store::compact(place.dir(), &place.places)).unwrap();
    assert_eq!((nothing.files.files, nothing.indexes.files), (0, 0));
    place.leave_free_pages();

    place.forget_indexes();
    assert!(told(&place.open().snapshot()) == shown);
    place.write("left.parquet", b"half");
    for stale in ["left-00000.index", "left.index.77.tmp"] {
        std::fs::write(place.dir().join("index").join(stale), b"stale").unwrap();
    }
    std::fs::write(place.dir().join("linkage.secret"), "s").unwrap();
    let removed = wait(Store::compact(place.dir(), &place.places)).unwrap();
    let amount = |files, bytes| naqsha_store::Amount { files, bytes };
    assert_eq!(removed.files, amount(1, 4));
    assert_eq!(removed.indexes, amount(2, 10));
    assert_eq!(removed.freed_bytes(), 14 + removed.ledger_bytes);
    assert!(removed.ledger_bytes > 1_000_000, "{removed:?}");
    assert!(place.dir().join("linkage.secret").exists());

    let after: Vec<_> = place.names().iter().map(|name| place.read(name)).collect();
    assert!(after == before && place.scrub().is_whole());
    for opened in [store, place.open()] {
        assert!(told(&opened.snapshot()) == shown);
        assert!(told(&opened.snapshot().as_of(3).unwrap()) == past);
        // Nothing is taken from a batch that is being written.
        let writer = wait(opened.begin(header(9))).unwrap();
        let busy = wait(Store::compact(place.dir(), &place.places));
        assert!(matches!(busy, Err(StoreError::Busy)), "{busy:?}");
        writer.abandon();
    }
}

/// So nothing within a batch is to be merged, however its rows came: there is no other way to a file than a full part, or the
/// end of the batch.
fn all_parts_of_a_batch_but_its_last_are_full(place: &Place) {
    let store = place.create();
    let rows = 2 * 65_536 + 1;
    let mut writer = wait(store.begin(header(1))).unwrap();
    let (mut row, mut number) = (0, 0);
    while row < rows {
        number += 1;
        let end = rows.min(row + number * number % 9_973);
        writer
            .push((row + 1..=end).map(incident).collect())
            .unwrap();
        row = end;
    }
    wait(writer.commit(totals(131_073), BatchState::Live)).unwrap();
    // A scrub tells how many records a file had that is gone.
    place.names().iter().for_each(|name| place.remove(name));
    let gone = place.scrub().damaged;
    let mut of_part: Vec<u64> = gone.iter().map(|file| file.rows).collect();
    of_part.sort_unstable();
    assert_eq!(of_part, [1, 65_536, 65_536]);
}

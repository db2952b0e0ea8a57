//! Scrubbing, backing up and restoring, beside a store that is used.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use naqsha_model::Incident;
use naqsha_store::{BatchState, FilesAt, Places, Scrub, Selection, Store, StoreError};

use crate::support::{
    act, commit, create, digest, everything, header, incident, keyed, on_day, open, revising,
    totals, wait,
};

fn scrub(folder: &Path) -> Scrub {
    wait(Store::scrub(folder, &Places::default())).unwrap()
}

fn file(number: u8) -> String {
    format!("incidents/{}-00000.parquet", digest(number))
}

fn flip(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).unwrap();
}

/// A live batch, a withdrawn one and a held one.
fn three_batches(folder: &Path) -> Store {
    let store = create(folder);
    commit(&store, header(1), vec![incident(1), incident(2)]);
    commit(&store, header(2), vec![incident(1)]);
    wait(store.withdraw(&digest(2), Selection::Batch, act("x"))).unwrap();
    let mut writer = wait(store.begin(header(3))).unwrap();
    writer.push(vec![incident(1)]).unwrap();
    wait(writer.commit(totals(1), BatchState::Held)).unwrap();
    store
}

#[test]
fn a_scrub_reads_what_no_question_reads_and_names_what_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    drop(three_batches(folder.path()));
    let found = scrub(folder.path());
    assert!(found.is_whole());
    assert_eq!((found.batches, found.files, found.rows), (3, 3, 4));
    assert_eq!(found.unnamed, Vec::<std::path::PathBuf>::new());

    for number in [2, 3] {
        flip(&folder.path().join(file(number)));
    }
    let left = folder.path().join("incidents/left.parquet.tmp");
    fs::write(&left, "half").unwrap();
    let found = scrub(folder.path());
    assert!(!found.is_whole());
    let named: Vec<_> = found.damaged.iter().map(|file| file.batch).collect();
    assert_eq!(named, [digest(2), digest(3)]);
    assert!(left.ends_with(&found.unnamed[0]), "{:?}", found.unnamed);
    assert!(
        open(folder.path()).snapshot().damaged().is_empty(),
        "no live one"
    );
}

#[test]
fn damage_to_the_ledger_is_found_or_refused_as_damage() {
    let whole = tempfile::tempdir().unwrap();
    drop(three_batches(whole.path()));
    let ledger = fs::read(whole.path().join("ledger.sqlite")).unwrap();
    let pages = ledger.len() / 4096;
    assert!(pages > 10, "{pages}");
    for page in 1..pages {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("incidents")).unwrap();
        for number in 1..=3 {
            fs::copy(
                whole.path().join(file(number)),
                folder.path().join(file(number)),
            )
            .unwrap();
        }
        let mut bytes = ledger.clone();
        bytes[page * 4096..page * 4096 + 512].fill(0xa5);
        fs::write(folder.path().join("ledger.sqlite"), bytes).unwrap();
        match wait(Store::scrub(folder.path(), &Places::default())) {
            Ok(found) => assert!(!found.ledger.is_empty(), "page {page}: {found:?}"),
            Err(error) => assert!(error.is_damage(), "page {page}: {error:?}"),
        }
    }
}

/// Commits and withdraws until it is told to stop; gives the number of batches.
fn keep_busy(store: &Store, done: &AtomicBool) -> u8 {
    let mut number = 10;
    while !done.load(Ordering::Acquire) && number < 200 {
        let records: Vec<Incident> = (1..50)
            .map(|row| {
                keyed(
                    row,
                    u128::from(row) + u128::from(number / 3) * 100,
                    u128::from(number),
                )
            })
            .collect();
        commit(store, revising(number), records);
        if number.is_multiple_of(4) {
            wait(store.withdraw(&digest(number - 1), Selection::Batch, act("x"))).unwrap();
        }
        number += 1;
    }
    number
}

#[test]
fn a_backup_under_load_is_one_version_and_comes_back_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let store = three_batches(folder.path());
    fs::write(folder.path().join("linkage.secret"), "s").unwrap();
    fs::create_dir(folder.path().join("boundaries")).unwrap();
    fs::write(folder.path().join("boundaries/a.geojson"), "{}").unwrap();
    let copies = tempfile::tempdir().unwrap();
    let done = AtomicBool::new(false);
    let backups = std::thread::scope(|scope| {
        let busy = scope.spawn(|| keep_busy(&store, &done));
        let backups: Vec<_> = (0..5)
            .map(|number| {
                let out = copies.path().join(format!("{number}"));
                (
                    out.clone(),
                    wait(Store::backup(folder.path(), &Places::default(), &out)).unwrap(),
                )
            })
            .collect();
        done.store(true, Ordering::Release);
        assert!(
            busy.join().unwrap() > 10,
            "something was committed meanwhile"
        );
        backups
    });
    for (out, backup) in backups {
        assert!(scrub(&out).is_whole(), "a backup is a store");
        let back = copies.path().join("back");
        let restored = wait(Store::restore_backup(&out, &back, &FilesAt::Folder)).unwrap();
        assert_eq!(restored, backup);
        let snapshot = open(&back).snapshot();
        let then = store.snapshot().as_of(backup.version).unwrap();
        assert_eq!(snapshot.version(), backup.version);
        assert_eq!(everything(&snapshot), everything(&then));
        assert!(scrub(&back).is_whole());
        for beside in ["linkage.secret", "boundaries/a.geojson"] {
            assert_eq!(
                fs::read(back.join(beside)).unwrap(),
                fs::read(folder.path().join(beside)).unwrap()
            );
        }
        // What was restored goes on like any store.
        commit(&open(&back), header(9), vec![on_day(incident(1), 40_000)]);
        fs::remove_dir_all(&back).unwrap();
    }
}

#[test]
fn a_backup_of_damage_is_no_backup() {
    let folder = tempfile::tempdir().unwrap();
    drop(three_batches(folder.path()));
    flip(&folder.path().join(file(2)));
    let copies = tempfile::tempdir().unwrap();
    let out = copies.path().join("copy");
    let error = wait(Store::backup(folder.path(), &Places::default(), &out)).unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error:?}");
    let back = copies.path().join("back");
    let error = wait(Store::restore_backup(&out, &back, &FilesAt::Folder)).unwrap_err();
    assert!(matches!(error, StoreError::NoBackup(_)), "{error:?}");
    assert!(!back.exists());
}

#[test]
fn what_was_changed_in_a_backup_is_not_restored() {
    let folder = tempfile::tempdir().unwrap();
    drop(three_batches(folder.path()));
    let copies = tempfile::tempdir().unwrap();
    for (number, changed) in ["ledger.sqlite", &file(1), &file(3)].iter().enumerate() {
        let out = copies.path().join(number.to_string());
        wait(Store::backup(folder.path(), &Places::default(), &out)).unwrap();
        flip(&out.join(changed));
        let back = copies.path().join("back");
        let error = wait(Store::restore_backup(&out, &back, &FilesAt::Folder)).unwrap_err();
        let StoreError::Damaged { path, .. } = error else {
            panic!("{error:?}");
        };
        assert_eq!(path, Path::new(changed));
        assert!(!back.exists(), "no half of a store");
    }
    let out = copies.path().join("whole");
    wait(Store::backup(folder.path(), &Places::default(), &out)).unwrap();
    fs::create_dir(copies.path().join("back.restoring")).ok();
    wait(Store::restore_backup(
        &out,
        &copies.path().join("back"),
        &FilesAt::Folder,
    ))
    .unwrap();
}

#[test]
fn nothing_is_written_over() {
    let folder = tempfile::tempdir().unwrap();
    drop(three_batches(folder.path()));
    let copies = tempfile::tempdir().unwrap();
    let out = copies.path().join("copy");
    wait(Store::backup(folder.path(), &Places::default(), &out)).unwrap();
    let exists = |error: StoreError| assert!(matches!(error, StoreError::Exists(_)), "{error:?}");
    exists(wait(Store::backup(folder.path(), &Places::default(), &out)).unwrap_err());
    exists(wait(Store::restore_backup(&out, folder.path(), &FilesAt::Folder)).unwrap_err());
    let empty = copies.path().join("empty");
    fs::create_dir(&empty).unwrap();
    wait(Store::restore_backup(&out, &empty, &FilesAt::Folder)).unwrap();
    assert_eq!(open(&empty).snapshot().version(), 3);
}

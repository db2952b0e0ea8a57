//! A folder and a bucket that do not belong together are refused before anything is written.

use std::path::Path;

use naqsha_store::{LedgerAt, Places, Store, StoreError};

use super::place::{Place, at};
use crate::support::{commit, header, incident, told, wait};

#[track_caller]
fn why<T: std::fmt::Debug>(result: Result<T, StoreError>) -> String {
    match result {
        Err(error @ StoreError::NotItsBucket { .. }) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

fn open(dir: &Path, places: &Places) -> Result<Store, StoreError> {
    wait(Store::open_with(dir, places))
}

#[test]
fn a_folder_and_a_bucket_of_different_stores_are_refused() {
    let Some(one) = Place::bucket("a_folder_and_a_bucket_of_different_stores_are_refused") else {
        return;
    };
    let (other, folder) = (one.another(), Place::folder());
    for place in [&one, &other, &folder] {
        commit(&place.create(), header(1), vec![incident(1)]);
    }
    let before = (one.names(), other.names());
    assert!(why(open(one.dir(), &other.places)).contains("that of another store"));
    assert!(why(open(one.dir(), &Places::default())).contains("no bucket is named"));
    assert!(why(open(folder.dir(), &one.places)).contains("are in the folder"));
    let empty = at(one.bucket_name(), "police/south", one.server().port());
    assert!(why(open(one.dir(), &empty)).contains("there is no s3://"));
    let new = tempfile::tempdir().unwrap();
    let taken = wait(Store::create_with(new.path(), &one.places));
    assert!(why(taken).contains("that of another store"));
    let scrub = wait(Store::scrub(one.dir(), &other.places));
    assert!(why(scrub).contains("that of another store"));
    assert_eq!((one.names(), other.names()), before);
    assert!(!new.path().join("ledger.sqlite").exists());
    assert!(!one.dir().join("incidents").exists());
    // Another prefix of the same bucket is another place.
    drop(wait(Store::create_with(new.path(), &empty)).unwrap());
    assert_eq!(one.open().snapshot().live(), 1);
}

#[test]
fn objects_without_an_id_are_nobodys_garbage() {
    let Some(place) = Place::bucket("objects_without_an_id_are_nobodys_garbage") else {
        return;
    };
    place.write("somebody's.parquet", b"precious");
    let refused = wait(Store::create_with(place.dir(), &place.places));
    assert!(why(refused).contains("has batch files and no files.id"));
    assert_eq!(place.read("somebody's.parquet"), b"precious");
}

#[test]
fn a_making_that_was_cut_short_is_repeated() {
    let Some(place) = Place::bucket("a_making_that_was_cut_short_is_repeated") else {
        return;
    };
    // The bucket has the id, and the ledger's server does not answer.
    let ledger: LedgerAt = "postgres://nobody@127.0.0.1:9/nothing".parse().unwrap();
    let places = Places {
        ledger,
        ..place.places.clone()
    };
    let cut = wait(Store::create_with(place.dir(), &places));
    assert!(matches!(cut, Err(StoreError::Server { .. })), "{cut:?}");
    assert!(place.dir().join("files.id.tmp").exists());
    let elsewhere = wait(Store::create_with(place.dir(), &Places::default()));
    assert!(why(elsewhere).contains("cut short"));
    let store = place.create();
    commit(&store, header(1), vec![incident(1)]);
    assert!(!place.dir().join("files.id.tmp").exists());
    assert!(told(&place.open().snapshot()) == told(&store.snapshot()));

    // Cut short after the ledger was made: the next opening ends it.
    let id = |name: &str| place.dir().join(name);
    std::fs::rename(id("files.id"), id("files.id.tmp")).unwrap();
    assert!(told(&place.open().snapshot()) == told(&store.snapshot()));
    assert!(id("files.id").exists() && !id("files.id.tmp").exists());
}

#[test]
fn a_restoration_that_was_cut_short_takes_up_the_same_prefix() {
    let Some(place) = Place::bucket("a_restoration_that_was_cut_short_takes_up_the_same_prefix")
    else {
        return;
    };
    let store = place.create();
    commit(&store, header(1), vec![incident(1)]);
    commit(&store, header(2), vec![incident(1)]);
    let copies = tempfile::tempdir().unwrap();
    let out = copies.path().join("copy");
    place.backup(&out).unwrap();
    let second = std::fs::read_dir(out.join("incidents")).unwrap();
    let second = second.map(|entry| entry.unwrap().path()).max().unwrap();
    let bytes = std::fs::read(&second).unwrap();

    let back = place.another();
    let dir = back.dir().join("back");
    std::fs::write(&second, b"not now").unwrap();
    let restore = || wait(Store::restore_backup(&out, &dir, &back.places.files));
    assert!(restore().unwrap_err().is_damage());
    assert_eq!(back.names().len(), 1, "the first had been put");
    assert!(!dir.exists());
    std::fs::write(&second, bytes).unwrap();
    restore().unwrap();
    let opened = open(&dir, &back.places).unwrap();
    assert!(told(&opened.snapshot()) == told(&store.snapshot()));
    // The prefix has a store now, and takes no other.
    let again = copies.path().join("again");
    let taken = wait(Store::restore_backup(&out, &again, &back.places.files));
    assert!(why(taken).contains("that of another store"));
}

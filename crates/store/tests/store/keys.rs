//! Natural keys of more records than are kept in memory: in runs beside the kept indexes, made anew where they are lost.

use std::fs;
use std::path::{Path, PathBuf};

use naqsha_model::Incident;
use naqsha_store::{BatchState, RepeatKind, Store, StoreError};

use crate::support::{create, header, keyed, open, totals, wait};

const MANY: usize = 70_000;

fn many() -> Vec<Incident> {
    (1..=MANY as u64)
        .map(|row| keyed(row, u128::from(row), 1))
        .collect()
}

/// Sends records again; gives how many were held.
fn resent(store: &Store, number: u8, incidents: Vec<Incident>) -> Result<usize, StoreError> {
    let mut writer = wait(store.begin(header(number)))?;
    let repeats = writer.push(incidents)?;
    let same = repeats
        .iter()
        .filter(|repeat| repeat.kind == RepeatKind::Same);
    let same = same.count();
    wait(writer.commit(totals(MANY), BatchState::Live))?;
    Ok(same)
}

fn runs(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder.join("index"));
    let paths = entries
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path());
    paths
        .filter(|path| path.extension().is_some_and(|end| end == "keys"))
        .collect()
}

#[test]
fn records_beyond_memory_are_known_again() {
    let folder = tempfile::tempdir().unwrap();
    let last = keyed(70_001, 1 << 100, 1);
    let store = create(folder.path());
    assert_eq!(resent(&store, 1, many()).unwrap(), 0);
    assert!(runs(folder.path()).is_empty(), "nobody asked yet");
    let more = many().into_iter().chain([last.clone()]);
    assert_eq!(resent(&store, 2, more.collect()).unwrap(), 70_000);
    let kept = runs(folder.path());
    assert_eq!(kept.len(), 1, "{kept:?}");

    // Another start takes the run as it is.
    drop(store);
    let written = fs::metadata(&kept[0]).unwrap().modified().unwrap();
    let store = open(folder.path());
    assert_eq!(resent(&store, 3, vec![last.clone()]).unwrap(), 1);
    assert_eq!(runs(folder.path()), kept);
    assert_eq!(fs::metadata(&kept[0]).unwrap().modified().unwrap(), written);

    // Compacting keeps what is in use and removes what is not a run of this ledger.
    let stray = folder.path().join("index/stray.keys");
    fs::write(&stray, "no run").unwrap();
    drop(store);
    wait(Store::compact(
        folder.path(),
        &naqsha_store::Places::default(),
    ))
    .unwrap();
    assert_eq!(runs(folder.path()), kept);

    // A block that rotted is named by the batch that comes upon it; the next one has all keys again.
    let store = open(folder.path());
    let mut bytes = fs::read(&kept[0]).unwrap();
    bytes[1_000_000] ^= 4;
    fs::write(&kept[0], bytes).unwrap();
    let error = resent(&store, 4, many()).unwrap_err();
    assert!(error.to_string().contains(".keys"), "{error}");
    assert_eq!(resent(&store, 4, many()).unwrap(), 70_000);

    // One that is gone is made anew.
    drop(store);
    fs::remove_dir_all(folder.path().join("index")).unwrap();
    let store = open(folder.path());
    assert_eq!(resent(&store, 5, vec![last]).unwrap(), 1);
    assert_eq!(runs(folder.path()).len(), 1);
}

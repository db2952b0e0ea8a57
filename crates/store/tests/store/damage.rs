//! Damaged files are named, and what they do not hold is served.

use std::path::Path;

use naqsha_model::{Agency, Day, DayRange, IncidentId};
use naqsha_store::{BatchHeader, Filter, Store, StoreError};

use crate::support::{
    begin_error, commit, create, digest, header, incident, on_day, open, received_at,
};

fn file(folder: &Path, number: u8) -> std::path::PathBuf {
    folder
        .join("incidents")
        .join(format!("{}-00000.parquet", digest(number)))
}

fn days(first: u16, last: u16) -> Filter<'static> {
    Filter {
        days: Some(DayRange::new(Day(first), Day(last)).unwrap()),
        ..Filter::default()
    }
}

/// Two batches of two agencies in a file each.
fn two_files(folder: &Path) -> Store {
    let store = create(folder);
    commit(
        &store,
        header(1),
        vec![on_day(incident(1), 40_000), on_day(incident(2), 40_010)],
    );
    commit(
        &store,
        of_another_agency(2),
        vec![on_day(incident(1), 41_000)],
    );
    store
}

fn of_another_agency(number: u8) -> BatchHeader {
    BatchHeader {
        agency: Agency::new("FIA").unwrap(),
        ..header(number)
    }
}

fn check(damage: impl Fn(&Path), reason: &str) {
    let folder = tempfile::tempdir().unwrap();
    let store = two_files(folder.path());
    let held_open = store.snapshot();
    damage(&file(folder.path(), 1));

    let damaged = |error: StoreError| match error {
        StoreError::Damaged {
            path,
            reason: given,
        } => {
            assert_eq!(folder.path().join(path), file(folder.path(), 1));
            assert!(given.contains(reason), "{given}");
        }
        other => panic!("{other:?}"),
    };
    damaged(held_open.rows(&Filter::default(), 0, 1).unwrap_err());
    assert_eq!(
        held_open.rows(&Filter::default(), 2, 1).unwrap().rows.len(),
        1,
        "the other file"
    );
    drop(store);

    let store = open(folder.path());
    let snapshot = store.snapshot();
    assert_eq!(snapshot.damaged().len(), 1);
    assert_eq!(
        (snapshot.damaged()[0].batch, snapshot.damaged()[0].rows),
        (digest(1), 2)
    );
    assert_eq!(
        (
            snapshot.version(),
            snapshot.live(),
            snapshot.batches().len()
        ),
        (2, 1, 2)
    );
    damaged(snapshot.rows(&Filter::default(), 0, 10).unwrap_err());
    damaged(snapshot.rows(&days(40_010, 40_500), 0, 10).unwrap_err());
    assert_eq!(
        snapshot.rows(&days(40_011, 41_000), 0, 10).unwrap().matched,
        1,
        "the lost days are not asked for"
    );
    let id = |number, row| {
        IncidentId::new(
            u64::try_from(received_at().as_millisecond()).unwrap(),
            &digest(number),
            row,
        )
    };
    damaged(snapshot.incident(id(1, 2)).unwrap_err());
    assert_eq!(
        snapshot.incident(id(1, 3)).unwrap(),
        None,
        "the file never held row 3"
    );
    assert!(snapshot.incident(id(2, 1)).unwrap().is_some());
    damaged(begin_error(&store, header(3)));
    commit(&store, of_another_agency(4), vec![incident(1)]);
    assert_eq!(
        store.snapshot().damaged().len(),
        1,
        "still named after a commit"
    );
}

#[test]
fn a_flipped_byte_is_found() {
    let flip = |path: &Path| {
        let mut bytes = std::fs::read(path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(path, bytes).unwrap();
    };
    check(flip, "SHA-256");
}

#[test]
fn a_missing_file_is_found() {
    check(|path| std::fs::remove_file(path).unwrap(), "No such file");
}

#[test]
fn a_cut_file_is_found() {
    check(
        |path| {
            std::fs::File::options()
                .write(true)
                .open(path)
                .unwrap()
                .set_len(100)
                .unwrap();
        },
        "100 bytes instead of",
    );
}

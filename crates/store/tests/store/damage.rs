//! Damaged files are named, and what they do not hold is served.

use std::path::Path;

use naqsha_model::{Agency, Day, DayRange, IncidentId};
use naqsha_store::{BatchHeader, Filter, Places, Store, StoreError};

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

fn kept(folder: &Path, number: u8) -> std::path::PathBuf {
    folder
        .join("index")
        .join(format!("{}-00000.index", digest(number)))
}

/// Everything a snapshot answers that comes from the index.
fn counted(snapshot: &naqsha_store::Snapshot) -> String {
    let query = naqsha_store::CubeQuery {
        resolution: h3o::Resolution::Seven,
        filter: Filter::default(),
        counted_bases: None,
    };
    let (cube, first) = (snapshot.cube(&query), snapshot.count(&days(40_000, 40_005)));
    format!("{cube:?} {first} {:?}", snapshot.extent_days())
}

#[test]
fn a_kept_index_answers_as_a_new_one_and_a_damaged_one_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    drop(two_files(folder.path()));
    let made = counted(&open(folder.path()).snapshot());
    let bytes = std::fs::read(kept(folder.path(), 1)).unwrap();
    assert_eq!(
        counted(&open(folder.path()).snapshot()),
        made,
        "from the kept one"
    );

    let mut random = crate::support::Random(1);
    for _ in 0..40 {
        let mut changed = bytes.clone();
        let at = usize::try_from(random.below(changed.len() as u64)).unwrap();
        changed[at] ^= 1 << random.below(8);
        std::fs::write(kept(folder.path(), 1), &changed).unwrap();
        assert_eq!(counted(&open(folder.path()).snapshot()), made, "byte {at}");
        let again = std::fs::read(kept(folder.path(), 1)).unwrap();
        assert_eq!(again, bytes, "it is kept anew");
    }
    std::fs::write(kept(folder.path(), 1), &bytes[..bytes.len() / 2]).unwrap();
    std::fs::write(kept(folder.path(), 2), &bytes).unwrap();
    assert_eq!(
        counted(&open(folder.path()).snapshot()),
        made,
        "cut; another's"
    );
}

#[test]
fn what_is_counted_stays_right_and_records_are_refused_where_a_file_is_damaged_behind_its_index() {
    let folder = tempfile::tempdir().unwrap();
    drop(two_files(folder.path()));
    let made = counted(&open(folder.path()).snapshot());
    let path = file(folder.path(), 1);
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, &bytes).unwrap();

    let snapshot = open(folder.path()).snapshot();
    assert_eq!(counted(&snapshot), made);
    let refused = snapshot.rows(&Filter::default(), 0, 1).unwrap_err();
    assert!(matches!(refused, StoreError::Damaged { .. }), "{refused:?}");
    assert_eq!(
        snapshot
            .rows(&days(41_000, 41_000), 0, 9)
            .unwrap()
            .rows
            .len(),
        1
    );
    assert_eq!(
        crate::support::wait(Store::scrub(folder.path(), &Places::default()))
            .unwrap()
            .damaged
            .len(),
        1
    );

    std::fs::write(&path, &bytes[1..]).unwrap();
    let snapshot = open(folder.path()).snapshot();
    assert_eq!(snapshot.damaged().len(), 1, "its length is seen");
}

#[test]
fn indexes_of_no_file_are_removed_when_the_next_batch_begins() {
    let folder = tempfile::tempdir().unwrap();
    drop(two_files(folder.path()));
    let store = open(folder.path());
    let stray = folder.path().join("index/stray.index");
    std::fs::write(&stray, "x").unwrap();
    commit(&store, header(3), vec![incident(7)]);
    assert!(!stray.exists());
    assert!(kept(folder.path(), 1).exists());
}

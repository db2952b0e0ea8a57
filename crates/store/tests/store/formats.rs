//! Stores of every format that a program of ours ever wrote open, and are brought to the present one.

use std::fs;
use std::path::Path;

use naqsha_model::{BatchDigest, CategorySet, Reliability};
use naqsha_store::{BatchState, Filter, OnChange, Selection, StoredIncident};

use crate::support::{act, create, open, told, wait};

/// Written by the program as it was before revisions: six seizures, four terrorism cases, and five seizures held.
const FORMAT_1: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/format-1");

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

#[test]
#[expect(
    clippy::too_many_lines,
    reason = "one store, asked for everything that it held"
)]
fn a_store_of_the_first_format_is_migrated_with_all_that_it_held() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("store");
    copy(Path::new(FORMAT_1), &dir);
    let before = fs::read(dir.join("ledger.sqlite")).unwrap();
    let store = open(&dir);
    let snapshot = store.snapshot();
    assert_eq!(
        (
            snapshot.version(),
            snapshot.live(),
            snapshot.batches().len()
        ),
        (2, 10, 2)
    );
    assert!(snapshot.damaged().is_empty());
    let drugs = Filter {
        categories: CategorySet::parse("DT").unwrap(),
        ..Filter::default()
    };
    assert_eq!(
        (snapshot.count(&drugs), snapshot.count(&Filter::default())),
        (6, 10)
    );
    let page = snapshot.rows(&drugs, 0, 10).unwrap();
    assert!(page.rows.iter().all(|stored| stored.revision == 1
        && stored.incident.natural_key.is_some()
        && !stored.incident.seizures.is_empty()));
    // The first two lines of the file it was made of: 435 grams and 4.7 kilograms, of one case.
    let kilograms = |stored: &StoredIncident| -> Vec<Option<f64>> {
        let lines = stored.incident.seizures.iter();
        lines.map(|line| line.kilograms).collect()
    };
    let case = page
        .rows
        .iter()
        .find(|stored| stored.incident.seizures.len() == 2)
        .unwrap();
    assert_eq!(kilograms(case), [Some(0.435), Some(4.7)]);
    assert_eq!(case.incident.offences.len(), 1);
    assert_eq!(case.incident.grading.reliability, Reliability::F);
    let held = "bd07516e858b4d4b88ef2fbd6a4bfd4e84dba83f9252fc19aee93a926c426b66";
    let held = BatchDigest::parse(held).unwrap();
    let record = store.find_batch(&held).unwrap();
    assert_eq!(
        (record.state, record.on_change),
        (BatchState::Held, OnChange::Report)
    );
    assert_eq!(
        record
            .held_for()
            .map(|code| code.to_string())
            .collect::<Vec<_>>(),
        ["B904"]
    );

    let header = fs::read(dir.join("ledger.sqlite")).unwrap();
    assert_eq!(
        header[60..64],
        [0, 0, 0, 4],
        "an older program refuses it by its header"
    );
    let backup = fs::read(dir.join("ledger.format-1.sqlite")).unwrap();
    assert_eq!(
        (before[60..64].to_vec(), backup[60..64].to_vec()),
        (vec![0, 0, 0, 1], vec![0, 0, 0, 1])
    );

    wait(store.release(&held, act("checked"))).unwrap();
    assert_eq!(store.snapshot().live(), 15);
    let [first, ..] = page.rows.as_slice() else {
        panic!("six records")
    };
    wait(store.withdraw(
        &first.batch,
        Selection::Rows(vec![first.incident.provenance.row]),
        act("one"),
    ))
    .unwrap();
    assert_eq!(store.snapshot().live(), 14);
    assert!(told(&open(&dir).snapshot()) == told(&store.snapshot()));
}

/// A store that is new is of this program's format: an older program refuses it, and nothing is left to migrate.
#[test]
fn a_new_store_has_the_present_format_and_no_copy_of_an_older_one() {
    let folder = tempfile::tempdir().unwrap();
    drop(create(folder.path()));
    let names = || -> Vec<String> {
        let entries = fs::read_dir(folder.path()).unwrap();
        let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name();
        entries
            .map(name)
            .map(|name| name.into_string().unwrap())
            .collect()
    };
    let header = fs::read(folder.path().join("ledger.sqlite")).unwrap();
    assert_eq!(header[60..64], [0, 0, 0, 4]);
    drop(open(folder.path()));
    let copies: Vec<String> = names()
        .into_iter()
        .filter(|name| name.contains("format"))
        .collect();
    assert_eq!(copies, Vec::<String>::new());
}

/// Cut short between the copy and the migration, and within the copy.
#[test]
fn a_migration_that_was_cut_short_is_taken_up_again() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("store");
    copy(Path::new(FORMAT_1), &dir);
    let ledger = dir.join("ledger.sqlite");
    fs::copy(&ledger, dir.join("ledger.format-1.sqlite")).unwrap();
    fs::write(dir.join("ledger.format-1.sqlite.tmp"), "half").unwrap();
    assert_eq!(open(&dir).snapshot().live(), 10);

    let again = folder.path().join("again");
    copy(Path::new(FORMAT_1), &again);
    fs::write(again.join("ledger.format-1.sqlite.tmp"), "half").unwrap();
    assert_eq!(open(&again).snapshot().live(), 10);
    assert!(again.join("ledger.format-1.sqlite").exists());
}

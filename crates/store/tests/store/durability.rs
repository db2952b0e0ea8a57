//! What a crash can leave behind, and stores of other programs.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use naqsha_store::{BatchState, Store, StoreError};
use sqlx::{ConnectOptions, Connection};

use crate::support::{commit, create, header, incident, on_day, open, told, totals, wait};

fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else {
            let bytes = fs::read(&path).unwrap();
            all.insert(path, bytes);
        }
    }
    all
}

/// The state between rename and commit: the files have their names, the ledger does not know them.
#[test]
fn files_without_a_ledger_row_are_not_seen_and_are_removed_with_the_next_batch() {
    let (whole, crashed) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let batch = || vec![on_day(incident(1), 40_000), incident(2)];
    let store = create(whole.path());
    commit(&store, header(1), batch());
    drop(create(crashed.path()));
    let incidents = |folder: &Path| folder.join("incidents");
    for (path, bytes) in files(&incidents(whole.path())) {
        fs::write(
            incidents(crashed.path()).join(path.file_name().unwrap()),
            bytes,
        )
        .unwrap();
    }
    let garbage = incidents(crashed.path()).join("garbage-00000.parquet");
    fs::write(&garbage, "not Parquet").unwrap();
    fs::write(garbage.with_extension("parquet.tmp"), "half").unwrap();
    let note = incidents(crashed.path()).join("README");
    fs::write(&note, "not ours").unwrap();

    let store = open(crashed.path());
    assert_eq!(
        (store.snapshot().version(), store.snapshot().live()),
        (0, 0)
    );
    assert!(store.snapshot().damaged().is_empty());
    assert!(garbage.exists(), "opening removes nothing");
    commit(&store, header(1), batch());
    assert!(
        told(&store.snapshot()) == told(&open(whole.path()).snapshot()),
        "the same batch goes in again"
    );
    let left: Vec<PathBuf> = files(&incidents(crashed.path())).into_keys().collect();
    assert_eq!(left.len(), 2, "{left:?}");
    assert!(note.exists());
}

#[test]
fn an_abandoned_batch_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(folder.path());
    commit(&store, header(1), vec![incident(1)]);
    let before: Vec<PathBuf> = files(&folder.path().join("incidents"))
        .into_keys()
        .collect();
    for end in [
        drop::<naqsha_store::BatchWriter>,
        naqsha_store::BatchWriter::abandon,
    ] {
        let mut writer = wait(store.begin(header(2))).unwrap();
        // The second part begins when the first is written.
        writer
            .push((1..=2 * 65_536).map(incident).collect())
            .unwrap();
        let during: Vec<PathBuf> = files(&folder.path().join("incidents"))
            .into_keys()
            .collect();
        assert!(
            during.iter().any(|path| path.extension().unwrap() == "tmp"),
            "a file was begun: {during:?}"
        );
        end(writer);
        assert_eq!(
            files(&folder.path().join("incidents"))
                .into_keys()
                .collect::<Vec<_>>(),
            before
        );
    }
    assert_eq!(open(folder.path()).snapshot().version(), 1);
}

#[test]
fn a_commit_that_cannot_be_made_is_not_seen_and_ends_the_writing() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(folder.path());
    commit(&store, header(1), vec![incident(1)]);
    let mut writer = wait(store.begin(header(2))).unwrap();
    writer.push(vec![incident(1)]).unwrap();
    execute(
        folder.path(),
        "CREATE TRIGGER refuse BEFORE INSERT ON files BEGIN SELECT raise(ABORT, 'refused'); END",
    );
    assert!(matches!(
        wait(writer.commit(totals(1), BatchState::Live)),
        Err(StoreError::Ledger { .. })
    ));
    assert_eq!(store.snapshot().version(), 1);
    assert!(matches!(
        wait(store.begin(header(3))).map(drop),
        Err(StoreError::Stopped)
    ));
    execute(folder.path(), "DROP TRIGGER refuse");
    let store = open(folder.path());
    assert_eq!(
        (store.snapshot().version(), store.snapshot().live()),
        (1, 1)
    );
    assert_eq!(
        commit(&store, header(2), vec![incident(1)]).version,
        2,
        "the batch can be sent again"
    );
}

#[test]
fn a_newer_store_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(folder.path());
    commit(&store, header(1), vec![incident(1)]);
    drop(store);
    execute(
        folder.path(),
        "UPDATE meta SET format = 9, min_reader = 7; PRAGMA user_version = 7",
    );
    let before = files(folder.path());
    match wait(Store::open(folder.path())) {
        Err(StoreError::NewerFormat {
            min_reader: 7,
            supported: 4,
        }) => {}
        other => panic!("{other:?}"),
    }
    assert!(
        files(folder.path()) == before,
        "no byte changed, no file came or went"
    );
    execute(folder.path(), "PRAGMA user_version = 3");
    assert!(
        matches!(
            wait(Store::open(folder.path())),
            Err(StoreError::NewerFormat { .. })
        ),
        "the table counts too"
    );
    execute(folder.path(), "UPDATE meta SET min_reader = 4");
    assert_eq!(
        open(folder.path()).snapshot().live(),
        1,
        "a newer format that old readers may read"
    );
}

#[test]
fn a_ledger_with_values_no_program_of_ours_writes_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(folder.path());
    commit(&store, header(1), vec![incident(1)]);
    drop(store);
    execute(
        folder.path(),
        "UPDATE files SET path = '../elsewhere.parquet'",
    );
    match wait(Store::open(folder.path())) {
        Err(StoreError::LedgerValue {
            column: "path",
            value,
        }) => assert_eq!(value, "../elsewhere.parquet"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_ledger_whose_columns_have_no_names_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    drop(create(folder.path()));
    execute(
        folder.path(),
        "PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET sql = CAST(replace(sql, 'version', CAST(x'ff657273696f6e' AS TEXT)) AS TEXT)
         WHERE name = 'meta'",
    );
    match wait(Store::open(folder.path())) {
        Err(StoreError::Ledger {
            action: "read the schema",
            ..
        }) => {}
        other => panic!("{other:?}"),
    }
}

/// Each value is one a program of ours could have written, in its place.
#[test]
fn a_ledger_whose_rows_are_not_those_sealed_is_refused() {
    for change in [
        "UPDATE batches SET agency = 'FIA'",
        "UPDATE meta SET version = 2",
        "DELETE FROM files",
        "DELETE FROM seal",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let store = create(folder.path());
        commit(&store, header(1), vec![incident(1)]);
        drop(store);
        assert_eq!(open(folder.path()).snapshot().live(), 1);
        execute(folder.path(), change);
        match wait(Store::open(folder.path())) {
            Err(StoreError::LedgerDamaged) => {}
            other => panic!("{change}: {other:?}"),
        }
    }
}

/// Runs a statement on the ledger as another program would, and folds its journal back into the file.
fn execute(folder: &Path, sql: &'static str) {
    wait(async {
        let options =
            sqlx::sqlite::SqliteConnectOptions::new().filename(folder.join("ledger.sqlite"));
        let mut connection = options.connect().await.unwrap();
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
            .execute(&mut connection)
            .await
            .unwrap();
        connection.close().await.unwrap();
    });
}

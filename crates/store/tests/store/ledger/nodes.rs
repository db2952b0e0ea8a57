//! Several programs on one ledger: writers that take turns, and readers that never see half of what one wrote.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use naqsha_model::BatchDigest;
use naqsha_store::{BatchState, BatchWriter, Committed, Selection, Store, StoreError};

use super::conformance::linked;
use super::place::Place;
use crate::support::{act, begin_error, commit, digest, header, keyed, told, totals, wait};

const WRITERS: u8 = 8;
const BATCHES: u8 = 3;
/// The batch that every writer sends.
const SHARED: u8 = 200;
const PATIENCE: Duration = Duration::from_mins(2);

#[test]
fn eight_writers_take_turns_on_sqlite() {
    eight_writers_take_turns(&Place::sqlite());
}

#[test]
fn eight_writers_take_turns_on_postgres() {
    if let Some(place) = Place::postgres("eight_writers_take_turns_on_postgres") {
        eight_writers_take_turns(&place);
    }
}

/// Begins a batch as soon as it is its turn. On a server the folder's lock is taken out of the way.
fn begin(place: &Place, store: &Store, number: u8) -> Result<BatchWriter, StoreError> {
    let patience = Instant::now() + PATIENCE;
    loop {
        if place.is_postgres() {
            // Another may have done so.
            drop(std::fs::remove_file(place.dir().join("writer.lock")));
        }
        match wait(store.begin(header(number))) {
            Err(StoreError::Busy) if Instant::now() < patience => {
                thread::sleep(Duration::from_millis(5));
            }
            begun => return begun,
        }
    }
}

fn send(place: &Place, store: &Store, number: u8) -> Result<Committed, StoreError> {
    let mut writer = begin(place, store, number)?;
    writer.push(vec![keyed(1, u128::from(number), 1)])?;
    wait(writer.commit(totals(1), BatchState::Live))
}

/// Sends the shared batch and those of its own; gives whether the shared one was taken from it.
fn node(place: &Place, writer: u8, start: &Barrier) -> bool {
    let store = place.open();
    start.wait();
    let taken = match send(place, &store, SHARED) {
        Ok(committed) => {
            assert_eq!(committed.batch.digest, digest(SHARED));
            true
        }
        Err(StoreError::Received(batch)) => {
            assert_eq!(batch, digest(SHARED));
            false
        }
        Err(other) => panic!("{other:?}"),
    };
    for batch in 0..BATCHES {
        send(place, &store, writer * BATCHES + batch).unwrap();
    }
    taken
}

fn eight_writers_take_turns(place: &Place) {
    let watching = place.create();
    let (start, done) = (Barrier::new(usize::from(WRITERS)), AtomicBool::new(false));
    let taken: Vec<bool> = thread::scope(|scope| {
        let nodes: Vec<_> = (0..WRITERS)
            .map(|writer| {
                scope.spawn({
                    let start = &start;
                    move || node(place, writer, start)
                })
            })
            .collect();
        scope.spawn(|| {
            while !done.load(Ordering::Acquire) {
                wait(watching.refresh()).unwrap();
                let snapshot = watching.snapshot();
                // Every batch has one file of one record and raises the version by one.
                let batches = snapshot.batches().len() as u64;
                assert_eq!((snapshot.version(), snapshot.live()), (batches, batches));
                assert_eq!(snapshot.damaged(), []);
            }
        });
        let taken = nodes.into_iter().map(thread::ScopedJoinHandle::join);
        let taken: Vec<_> = taken.collect();
        done.store(true, Ordering::Release);
        taken.into_iter().map(Result::unwrap).collect()
    });
    assert_eq!(taken.iter().filter(|&&taken| taken).count(), 1, "{taken:?}");
    let store = place.open();
    let sequences: Vec<u64> = store.batches().iter().map(|batch| batch.sequence).collect();
    let sent = u64::from(WRITERS * BATCHES) + 1;
    assert_eq!(sequences, (1..=sent).collect::<Vec<_>>());
    assert_eq!(store.snapshot().version(), sent);
    wait(watching.refresh()).unwrap();
    assert!(told(&watching.snapshot()) == told(&store.snapshot()));
}

/// A decision is committed between what is read before the links and what is read after them.
#[test]
fn the_ledger_is_read_as_of_one_moment() {
    let Some(place) = Place::postgres("the_ledger_is_read_as_of_one_moment") else {
        return;
    };
    linked(&place.create());
    let deciding = "BEGIN;
        LOCK TABLE cluster_links IN ACCESS EXCLUSIVE MODE;
        DO $$ BEGIN
            WHILE NOT EXISTS (SELECT FROM pg_locks WHERE relation = 'cluster_links'::regclass AND NOT granted) LOOP
                PERFORM pg_sleep(0.01);
            END LOOP;
        END $$;
        INSERT INTO cluster_decisions VALUES (1, 3, '2026-01-01T00:00:00Z', 'officer', 'unlink', 'two loads', 1);
        UPDATE meta SET version = 3;
        COMMIT";
    let locked =
        "SELECT count(*) FROM pg_locks WHERE relation = 'cluster_links'::regclass AND granted
        AND mode = 'AccessExclusiveLock'";
    let store = thread::scope(|scope| {
        scope.spawn(|| place.cluster().execute(place.database(), deciding));
        while place.cluster().execute(place.database(), locked) != "1" {
            thread::sleep(Duration::from_millis(5));
        }
        place.open()
    });
    let decided = || store.snapshot().cluster_links()[0].decision.is_some();
    assert_eq!((store.snapshot().version(), decided()), (2, false));
    wait(store.refresh()).unwrap();
    assert_eq!((store.snapshot().version(), decided()), (3, true));
}

/// As on a network's folder whose locks do not reach other machines.
fn without_the_folder_s_lock(place: &Place) {
    std::fs::remove_file(place.dir().join("writer.lock")).unwrap();
}

#[test]
fn the_lock_is_one_over_all_nodes_and_free_as_soon_as_its_holder_is_gone() {
    let Some(place) = Place::postgres("the_lock_is_one_over_all_nodes") else {
        return;
    };
    let (ours, theirs) = (place.create(), place.open());
    commit(&ours, header(1), vec![keyed(1, 1, 1)]);
    let writing = wait(ours.begin(header(2))).unwrap();
    without_the_folder_s_lock(&place);
    assert!(matches!(begin_error(&theirs, header(2)), StoreError::Busy));
    let busy = wait(theirs.withdraw(&digest(1), Selection::Batch, act("now"))).unwrap_err();
    assert!(matches!(busy, StoreError::Busy), "{busy}");
    drop(writing);
    wait(theirs.withdraw(&digest(1), Selection::Batch, act("now"))).unwrap();
    commit(&ours, header(2), vec![keyed(1, 2, 2)]);
}

/// What a node does whose session the server has ended: it has lost the lock, and another may be writing.
#[test]
fn a_writer_that_has_lost_its_lock_publishes_nothing() {
    let Some(place) = Place::postgres("a_writer_that_has_lost_its_lock_publishes_nothing") else {
        return;
    };
    let (ours, theirs) = (place.create(), place.open());
    let mut writer = wait(ours.begin(header(1))).unwrap();
    writer.push(vec![keyed(1, 1, 1)]).unwrap();
    without_the_folder_s_lock(&place);
    end_writing_sessions(&place);
    commit(&theirs, header(1), vec![keyed(1, 1, 1), keyed(2, 2, 2)]);
    let shown = told(&theirs.snapshot());
    let lost = wait(writer.commit(totals(1), BatchState::Live));
    assert!(matches!(lost, Err(StoreError::Ledger { .. })), "{lost:?}");
    let store = place.open();
    assert!(
        told(&store.snapshot()) == shown,
        "the other's file is as it was"
    );
    assert!(matches!(
        begin_error(&ours, header(1)),
        StoreError::Received(_)
    ));
}

fn end_writing_sessions(place: &Place) {
    let ended = place.cluster().execute(
        place.database(),
        "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_locks JOIN pg_database ON oid = database
         WHERE locktype = 'advisory' AND datname = current_database()",
    );
    assert_eq!(ended, "1");
}

/// The connection dies between the files' names and the commit, and in the commit itself.
#[test]
fn a_session_that_ends_between_file_and_commit_leaves_garbage_and_no_batch() {
    let Some(place) = Place::postgres("a_session_that_ends_between_file_and_commit") else {
        return;
    };
    let store = place.create();
    commit(&store, header(1), vec![keyed(1, 1, 1)]);
    let ending = "CREATE FUNCTION ending() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;";
    place.cluster().execute(place.database(), ending);
    for (at, number) in [("", 2), ("CONSTRAINT", 3)] {
        let store = place.open();
        let deferred = if at.is_empty() {
            ""
        } else {
            "DEFERRABLE INITIALLY DEFERRED"
        };
        let trigger = format!(
            "CREATE {at} TRIGGER ending AFTER INSERT ON files {deferred} FOR EACH ROW EXECUTE FUNCTION ending()"
        );
        place.cluster().execute(place.database(), &trigger);
        let mut writer = wait(store.begin(header(number))).unwrap();
        writer.push(vec![keyed(1, u128::from(number), 1)]).unwrap();
        let lost = wait(writer.commit(totals(1), BatchState::Live));
        assert!(matches!(lost, Err(StoreError::Ledger { .. })), "{lost:?}");
        assert_eq!(store.find_batch(&digest(number)), None);
        assert!(matches!(
            begin_error(&store, header(number)),
            StoreError::Stopped
        ));
        place
            .cluster()
            .execute(place.database(), "DROP TRIGGER ending ON files");
        let published = format!("{}-00000.parquet", BatchDigest::new([number; 32]));
        assert!(
            place.parquet().contains(&published),
            "{:?}",
            place.parquet()
        );

        let again = place.open();
        assert_eq!(again.find_batch(&digest(number)), None);
        assert_eq!(again.snapshot().damaged(), []);
        commit(
            &again,
            header(number),
            vec![keyed(1, u128::from(number), 1)],
        );
    }
    assert_eq!(place.open().snapshot().version(), 3);
}

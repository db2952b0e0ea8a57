//! One contract for every ledger: each body runs on `SQLite` and on PostgreSQL.

use std::collections::BTreeMap;

use naqsha_model::{Agency, Code, Day, DayRange};
use naqsha_store::{
    BatchHeader, BatchState, BatchTotals, Decision, Manifest, NilReturn, OnChange, Operation,
    Repeat, RepeatKind, Selection, Store, StoreError,
};

use super::place::Place;
use crate::clusters::{of, seizure};
use crate::support::{
    act, begin_error, commit, contents, digest, header, incident, keyed, on_day, received_at,
    revising, told, totals, wait,
};

/// Runs each body on both ledgers.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[test] fn $name() { super::$name(&super::Place::sqlite()); })*
        }
        mod postgres {
            $(#[test] fn $name() {
                if let Some(place) = super::Place::postgres(stringify!($name)) {
                    super::$name(&place);
                }
            })*
        }
    };
}

pub(super) use on_both;

on_both!(
    a_batch_is_kept_with_all_that_is_known_of_it,
    the_same_bytes_are_received_once,
    a_store_opened_again_tells_what_was_shown,
    nil_returns_are_kept_once_and_seen_by_others,
    decisions_on_links_are_kept_and_seen_by_others,
    events_links_and_decisions_are_only_added_to,
    a_commit_that_is_refused_is_not_seen_and_ends_the_writing,
    a_newer_format_is_refused_and_left_as_it_is,
    a_value_that_no_program_of_ours_writes_is_refused,
);

fn days(first: u16, last: u16) -> DayRange {
    DayRange::new(Day(first), Day(last)).unwrap()
}

fn a_batch_is_kept_with_all_that_is_known_of_it(place: &Place) {
    let store = place.create();
    let stated = |categories: &str, n| (categories.to_owned(), n);
    let whole = BatchHeader {
        profile: "punjab.fir@2.0.0".to_owned(),
        file_name: "ایف آئی آر رجسٹر.csv".to_owned(),
        study_area: None,
        on_change: OnChange::Revise,
        replaces: Some(days(0, u16::MAX)),
        manifest: Some(Manifest {
            period: Some(days(40_000, 40_030)),
            rows: Some(7),
            // In order of their bytes, which is not that of a dictionary.
            control_totals: vec![
                stated("CY", 0),
                stated("DT", 2),
                stated("a", 1),
                stated("é", 3),
            ],
            uploader: Some("clerk; DROP TABLE files".to_owned()),
            approver: None,
        }),
        ..header(2)
    };
    let all = BatchTotals {
        rows: 11,
        accepted: 2,
        warned: 1,
        rejected: 4,
        duplicate: 3,
        skipped: 2,
        codes: BTreeMap::from([(Code::B903, 1), (Code::D701, 3)]),
    };
    let mut writer = wait(store.begin(whole.clone())).unwrap();
    writer
        .push(vec![on_day(incident(3), 40_001), incident(9)])
        .unwrap();
    let held = wait(writer.commit(all.clone(), BatchState::Held)).unwrap();
    assert_eq!((held.version, held.batch.sequence), (0, 1));
    let bare = BatchHeader {
        manifest: Some(Manifest::default()),
        ..header(3)
    };
    commit(&store, bare.clone(), vec![]);

    for store in [store, place.open()] {
        let batches = store.batches();
        let [first, second] = batches.as_slice() else {
            panic!("{batches:?}")
        };
        assert_eq!((first.state, &first.totals), (BatchState::Held, &all));
        assert_eq!(
            (&first.file_name, &first.profile, &first.study_area),
            (&whole.file_name, &whole.profile, &None)
        );
        assert_eq!(
            (first.on_change, first.replaces, first.synthetic),
            (OnChange::Revise, whole.replaces, true)
        );
        assert_eq!(first.received_at, received_at());
        assert_eq!(first.manifest, whole.manifest);
        assert_eq!(
            (second.manifest.clone(), second.synthetic),
            (bare.manifest.clone(), false)
        );
        assert_eq!((second.sequence, second.committed_version), (2, 1));
        assert_eq!(second.study_area.as_deref(), Some("pakistan"));
    }
}

fn the_same_bytes_are_received_once(place: &Place) {
    let (store, before) = (place.create(), place.open());
    commit(&store, header(1), vec![incident(1)]);
    for store in [&store, &before, &place.open()] {
        let error = begin_error(store, header(1));
        assert!(
            matches!(error, StoreError::Received(batch) if batch == digest(1)),
            "{error}"
        );
    }
    assert_eq!(place.open().batches().len(), 1);
}

/// Every operation that changes what is current, with what is told after each.
fn a_store_opened_again_tells_what_was_shown(place: &Place) {
    let (store, beside) = (place.create(), place.open());
    let same = |current: &[(Option<u128>, u128)]| {
        assert_eq!(contents(&store.snapshot()), current);
        assert!(told(&place.open().snapshot()) == told(&store.snapshot()));
        assert_eq!(wait(beside.refresh()).unwrap(), store.snapshot().version());
        assert!(told(&beside.snapshot()) == told(&store.snapshot()));
        assert_eq!(beside.events(), store.events());
    };
    let first = vec![
        on_day(keyed(1, 10, 100), 40_000),
        on_day(keyed(2, 20, 200), 40_031),
    ];
    commit(&store, header(1), first);
    same(&[(Some(10), 100), (Some(20), 200)]);
    let revised = commit(&store, revising(2), vec![keyed(7, 20, 201)]);
    assert_eq!(revised.revised, 1);
    same(&[(Some(10), 100), (Some(20), 201)]);

    let mut writer = wait(store.begin(header(3))).unwrap();
    let repeats = writer.push(vec![
        keyed(1, 10, 100),
        keyed(2, 20, 209),
        keyed(3, 30, 300),
    ]);
    let repeat = |row, kind| Repeat { row, kind };
    assert_eq!(
        repeats.unwrap(),
        [repeat(1, RepeatKind::Same), repeat(2, RepeatKind::Changed)]
    );
    wait(writer.commit(totals(1), BatchState::Held)).unwrap();
    let mut writer = wait(store.begin(header(4))).unwrap();
    writer.push(vec![keyed(1, 40, 400)]).unwrap();
    wait(writer.commit(totals(1), BatchState::Held)).unwrap();
    same(&[(Some(10), 100), (Some(20), 201)]);

    wait(store.withdraw(&digest(2), Selection::Batch, act("wrong month"))).unwrap();
    same(&[(Some(10), 100), (Some(20), 200)]);
    wait(store.restore(&digest(2), Selection::Batch, act("was right"))).unwrap();
    let rows = |rows: &[u64]| Selection::Rows(rows.to_vec());
    wait(store.withdraw(&digest(2), rows(&[7]), act("acquitted, بری"))).unwrap();
    same(&[(Some(10), 100)]);
    wait(store.withdraw(
        &digest(1),
        Selection::Period(days(40_000, 40_001)),
        act("R3"),
    ))
    .unwrap();
    same(&[]);
    wait(store.restore(&digest(2), rows(&[7]), act("retrial"))).unwrap();
    commit(&store, header(5), vec![on_day(keyed(1, 30, 300), 40_010)]);
    let repeats = wait(store.release(&digest(3), act("checked")))
        .unwrap()
        .repeats;
    assert_eq!(repeats, BTreeMap::from([(Code::D701, 1)]));
    wait(store.release(&digest(4), act("checked"))).unwrap();
    same(&[(Some(20), 201), (Some(30), 300), (Some(40), 400)]);

    let month = BatchHeader {
        replaces: Some(days(40_000, 40_060)),
        ..header(6)
    };
    let replacing = commit(&store, month, vec![on_day(keyed(1, 50, 500), 40_002)]);
    assert_eq!(replacing.replaced, 1);
    same(&[(Some(20), 201), (Some(40), 400), (Some(50), 500)]);
    told_in_order(&store);
}

fn told_in_order(store: &Store) {
    let operations: Vec<Operation> = store.events().iter().map(|event| event.operation).collect();
    assert_eq!(
        operations,
        [
            Operation::Withdraw,
            Operation::Restore,
            Operation::Withdraw,
            Operation::Withdraw,
            Operation::Restore,
            Operation::Release,
            Operation::Release,
            Operation::Replace,
        ]
    );
}

fn nil_returns_are_kept_once_and_seen_by_others(place: &Place) {
    let (store, beside) = (place.create(), place.open());
    let stated = |agency: &str, approver: Option<&str>| NilReturn {
        agency: Agency::new(agency).unwrap(),
        profile: "anf.seizure".to_owned(),
        period: days(40_000, 40_030),
        received_at: received_at(),
        uploader: "clerk".to_owned(),
        approver: approver.map(str::to_owned),
    };
    let (anf, ctd) = (stated("ANF", None), stated("CTD", Some("inspector")));
    for nil in [&anf, &ctd, &anf] {
        wait(store.state_nil(nil.clone())).unwrap();
    }
    let both = vec![anf, ctd];
    wait(beside.refresh()).unwrap();
    for store in [store.clone(), place.open(), beside] {
        assert_eq!(store.nil_returns(), both);
    }
    commit(&store, header(1), vec![on_day(keyed(1, 1, 1), 40_005)]);
    let refused = wait(store.state_nil(NilReturn {
        period: days(40_001, 40_010),
        ..stated("ANF", None)
    }));
    assert!(
        matches!(refused, Err(StoreError::NotNil { records: 1 })),
        "{refused:?}"
    );
}

pub(super) fn linked(store: &Store) {
    let reported = vec![seizure("CUSTOMS", 1, "handed over to ANF, FIR 12/24")];
    commit(store, of("CUSTOMS", 1), reported);
    let linked = commit(store, of("ANF", 2), vec![seizure("ANF", 5, "")]);
    assert_eq!(linked.batch.totals.codes.get(&Code::D703), Some(&1));
}

fn decisions_on_links_are_kept_and_seen_by_others(place: &Place) {
    let (store, beside) = (place.create(), place.open());
    linked(&store);
    let links = store.snapshot().cluster_links();
    assert_eq!(
        (links.len(), links[0].score, links[0].linked),
        (1, 100, true)
    );
    wait(store.decide(1, Decision::Unlink, act("two loads"))).unwrap();
    wait(beside.refresh()).unwrap();
    assert_eq!(beside.snapshot().deduplicated().live(), 2);
    let version = wait(beside.decide(1, Decision::Confirm, act("one after all"))).unwrap();
    assert_eq!(version, 4);
    for store in [place.open(), beside] {
        let links = store.snapshot().cluster_links();
        assert_eq!(
            links[0].decision,
            Some((Decision::Confirm, act("one after all")))
        );
        assert_eq!(store.snapshot().deduplicated().live(), 1);
    }
}

fn events_links_and_decisions_are_only_added_to(place: &Place) {
    let store = place.create();
    linked(&store);
    wait(store.decide(1, Decision::Unlink, act("two loads"))).unwrap();
    wait(store.withdraw(&digest(1), Selection::Rows(vec![1]), act("acquitted"))).unwrap();
    let before = (store.events(), store.snapshot().cluster_links());
    for sql in [
        "UPDATE events SET reason = 'another'",
        "DELETE FROM events",
        "UPDATE event_rows SET code = 'D701'",
        "DELETE FROM event_rows",
        "UPDATE cluster_links SET score = 0",
        "DELETE FROM cluster_links",
        "UPDATE cluster_decisions SET operation = 'confirm'",
        "DELETE FROM cluster_decisions",
    ] {
        let refused = place.execute(sql).unwrap_err();
        assert!(refused.contains("only added"), "{sql}: {refused}");
    }
    let again = place.open();
    assert_eq!((again.events(), again.snapshot().cluster_links()), before);
}

fn a_commit_that_is_refused_is_not_seen_and_ends_the_writing(place: &Place) {
    let store = place.create();
    commit(&store, header(1), vec![incident(1)]);
    let mut writer = wait(store.begin(header(2))).unwrap();
    writer.push(vec![incident(1)]).unwrap();
    place.refuse_files(true);
    let refused = wait(writer.commit(totals(1), BatchState::Live));
    assert!(
        matches!(refused, Err(StoreError::Ledger { .. })),
        "{refused:?}"
    );
    assert_eq!((store.snapshot().version(), store.batches().len()), (1, 1));
    let stopped = begin_error(&store, header(3));
    assert!(matches!(stopped, StoreError::Stopped), "{stopped}");
    place.refuse_files(false);
    let store = place.open();
    assert_eq!((store.snapshot().version(), store.batches().len()), (1, 1));
    assert_eq!(place.parquet().len(), 2, "the file is garbage");
    assert_eq!(commit(&store, header(3), vec![incident(1)]).version, 2);
    assert_eq!(place.parquet().len(), 2, "and is removed by the next batch");
    assert_eq!(commit(&store, header(2), vec![incident(1)]).version, 3);
}

fn a_newer_format_is_refused_and_left_as_it_is(place: &Place) {
    let store = place.create();
    commit(&store, header(1), vec![incident(1)]);
    place
        .execute("UPDATE meta SET format = 9, min_reader = 7")
        .unwrap();
    let newer = |error: &StoreError| {
        matches!(
            error,
            StoreError::NewerFormat {
                min_reader: 7,
                supported: 4,
            }
        )
    };
    let error = begin_error(&store, header(2));
    assert!(newer(&error), "migrated under an open store: {error}");
    assert!(newer(&wait(store.refresh()).unwrap_err()));
    drop(store);
    let before = place.parquet();
    assert!(newer(&place.try_open().unwrap_err()));
    assert_eq!(place.parquet(), before);
    place.execute("UPDATE meta SET min_reader = 4").unwrap();
    assert_eq!(
        place.open().snapshot().live(),
        1,
        "a newer format that old readers may read"
    );
}

fn a_value_that_no_program_of_ours_writes_is_refused(place: &Place) {
    commit(&place.create(), header(1), vec![incident(1)]);
    place
        .execute("UPDATE files SET path = '../elsewhere.parquet'")
        .unwrap();
    match place.try_open() {
        Err(StoreError::LedgerValue {
            column: "path",
            value,
        }) => assert_eq!(value, "../elsewhere.parquet"),
        other => panic!("{other:?}"),
    }
}

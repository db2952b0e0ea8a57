//! The audit log: every write with its record or not at all, and whatever is done to the records found. One contract for every
//! ledger.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::thread;

use jiff::{SignedDuration, Timestamp};
use naqsha_model::{Agency, AuditAction, AuditDecision, Day, DayRange, Role};
use naqsha_store::{
    AuditCheck, AuditFault, AuditRecord, AuditUnknown, By, CheckpointKey, Checkpoints, Decision,
    KeptRecord, NilReturn, Selection, Store, StoreError,
};

use super::access;
use super::conformance::{linked, on_both};
use super::place::{Place, on};
use crate::support::{
    Random, act, commit, digest, header, incident, keyed, received_at, totals, wait,
};

on_both!(
    every_write_has_its_record_in_the_order_of_what_was_done,
    a_write_whose_record_is_refused_is_not_done,
    many_at_once_make_one_chain,
    records_are_bounded_and_read_in_pages,
    a_chain_that_nobody_touched_is_whole_with_every_checkpoint,
    whatever_is_done_to_records_is_found_and_the_first_bad_one_named,
    a_cut_tail_and_a_chain_made_anew_are_seen_by_checkpoints_alone,
    what_is_no_checkpoint_of_the_deployment_is_not_believed,
    records_are_only_added_to,
);

fn clerk() -> By {
    By {
        subject: "0123456789ab".to_owned(),
        agency: Some(Agency::new("ANF").unwrap()),
        role: Role::Uploader,
        purpose: Some("R3".to_owned()),
        request: Some("01J-request".to_owned()),
    }
}

fn read(number: u64) -> AuditRecord {
    let by = By {
        request: Some(format!("request-{number}")),
        ..By::operator("analyst")
    };
    by.did(
        AuditAction::Read,
        "/collections/counts/items".to_owned(),
        received_at(),
    )
    .about(number.is_multiple_of(2).then_some(number), number)
}

fn add_reads(store: &Store, numbers: std::ops::Range<u64>) {
    let records: Vec<AuditRecord> = numbers.map(read).collect();
    wait(store.audit(&records)).unwrap();
}

fn records(store: &Store) -> Vec<KeptRecord> {
    wait(store.audit_records(0, u32::MAX)).unwrap()
}

fn checkpoint_path(place: &Place) -> PathBuf {
    place.dir().join("checkpoints.jsonl")
}

fn signer(seed: u8) -> CheckpointKey {
    CheckpointKey::from_seed(&[seed; 32])
}

fn sign(place: &Place, store: &Store, second: i64) {
    let to = Checkpoints::new(&checkpoint_path(place), signer(1));
    let now = received_at() + SignedDuration::from_secs(second);
    wait(store.checkpoint(&to, now))
        .unwrap()
        .expect("one is due");
}

fn verify(place: &Place) -> AuditCheck {
    let (path, key) = (checkpoint_path(place), signer(1).public());
    let places = on(&place.ledger);
    wait(Store::verify_audit(place.dir(), &places, &path, Some(key))).unwrap()
}

fn every_write_has_its_record_in_the_order_of_what_was_done(place: &Place) {
    let store = place.create().acting_as(clerk());
    linked(&store);
    wait(store.decide(1, Decision::Unlink, act("two loads"))).unwrap();
    wait(store.decide(1, Decision::Confirm, act("one"))).unwrap();
    wait(store.withdraw(&digest(1), Selection::Rows(vec![1]), act("acquitted"))).unwrap();
    wait(store.withdraw(&digest(2), Selection::Batch, act("wrong"))).unwrap();
    wait(store.restore(&digest(2), Selection::Batch, act("right"))).unwrap();
    let mut held = wait(store.begin(header(3))).unwrap();
    held.push(vec![incident(1)]).unwrap();
    wait(held.commit(totals(1), naqsha_store::BatchState::Held)).unwrap();
    wait(store.release(&digest(3), act("checked"))).unwrap();
    let nil = NilReturn {
        agency: Agency::new("CTD").unwrap(),
        profile: "ctd.tf".to_owned(),
        period: DayRange::new(Day(40_000), Day(40_030)).unwrap(),
        received_at: received_at(),
        uploader: "clerk".to_owned(),
        approver: None,
    };
    wait(store.state_nil(nil)).unwrap();
    wait(store.add_key(access::key(1, Role::Analyst, None))).unwrap();
    wait(store.revoke_key(access::credential(1).id(), act("leaked"))).unwrap();
    let refused = wait(store.withdraw(&digest(9), Selection::Batch, act("none")));
    assert!(refused.is_err(), "and has no record");

    let batch = |number: u8| format!("batch:{}", digest(number));
    let key = format!("key:{}", access::credential(1).id());
    let expected = [
        (AuditAction::Ingest, batch(1), Some(1), 1),
        (AuditAction::Ingest, batch(2), Some(1), 2),
        (AuditAction::Unlink, "link:1".to_owned(), None, 3),
        (AuditAction::Confirm, "link:1".to_owned(), None, 4),
        (AuditAction::Withdraw, batch(1), Some(1), 5),
        (AuditAction::Withdraw, batch(2), Some(1), 6),
        (AuditAction::Restore, batch(2), Some(1), 7),
        (AuditAction::Ingest, batch(3) + " held", Some(1), 7),
        (AuditAction::Release, batch(3), Some(1), 8),
        (
            AuditAction::NilReturn,
            "nil:CTD/ctd.tf/2009-07-08..2009-08-07".to_owned(),
            None,
            9,
        ),
        (AuditAction::KeyCreate, key.clone(), None, 9),
        (AuditAction::KeyRevoke, key, None, 9),
    ];
    for store in [&store, &place.open()] {
        let kept = records(store);
        let told: Vec<_> = kept
            .iter()
            .map(|kept| {
                let told = &kept.told;
                (told.action, told.resource.clone(), told.rows, told.version)
            })
            .collect();
        assert_eq!(told, expected);
        for (number, kept) in (1..).zip(&kept) {
            assert_eq!((kept.record, &kept.told.by), (number, &clerk()));
            assert_eq!(
                (kept.told.decision, kept.told.times),
                (AuditDecision::Allowed, 1)
            );
            assert_eq!(kept.told.at, received_at());
        }
    }
    assert_eq!(verify(place).fault, None);
}

/// Makes the ledger refuse records of the audit log, or takes them again.
fn refuse_records(place: &Place, refused: bool) {
    let sql = match (place.is_postgres(), refused) {
        (false, true) => {
            "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT raise(ABORT, 'refused'); END"
        }
        (true, true) => {
            "CREATE FUNCTION no_audit() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN RAISE EXCEPTION 'refused'; END $$;
             CREATE TRIGGER full_audit BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION no_audit()"
        }
        (false, false) => "DROP TRIGGER full",
        (true, false) => "DROP TRIGGER full_audit ON audit",
    };
    place.execute(sql).unwrap();
}

fn a_write_whose_record_is_refused_is_not_done(place: &Place) {
    commit(&place.create(), header(1), vec![incident(1)]);
    refuse_records(place, true);
    let refused = |what: &str, result: Result<(), StoreError>| {
        assert!(
            matches!(result, Err(StoreError::Ledger { .. })),
            "{what}: {result:?}"
        );
    };
    let store = place.open();
    refused("a read", wait(store.audit(&[read(1)])));
    let key = access::key(1, Role::Analyst, None);
    refused("a key", wait(store.add_key(key)));
    let withdrawn = wait(store.withdraw(&digest(1), Selection::Batch, act("x")));
    refused("a withdrawal", withdrawn.map(drop));
    let store = place.open();
    let mut writer = wait(store.begin(header(2))).unwrap();
    writer.push(vec![incident(1)]).unwrap();
    let committed = writer.commit(totals(1), naqsha_store::BatchState::Live);
    refused("a batch", wait(committed).map(drop));
    refuse_records(place, false);
    let store = place.open();
    assert_eq!(
        (store.snapshot().version(), store.snapshot().live()),
        (1, 1)
    );
    assert_eq!(store.access_keys().iter().count(), 0);
    assert_eq!(records(&store).len(), 1);
    add_reads(&store, 0..1);
    assert_eq!(verify(place).fault, None);
}

fn many_at_once_make_one_chain(place: &Place) {
    const WRITERS: u64 = 6;
    const FLUSHES: u64 = 8;
    let store = place.create();
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let store = if writer.is_multiple_of(2) {
                store.clone()
            } else {
                place.open()
            };
            scope.spawn(move || {
                for flush in 0..FLUSHES {
                    let first = (writer * FLUSHES + flush) * 10;
                    add_reads(&store, first..first + 10);
                }
            });
        }
        let mut writer = wait(store.begin(header(1))).unwrap();
        writer.push(vec![keyed(1, 1, 1)]).unwrap();
        wait(writer.commit(totals(1), naqsha_store::BatchState::Live)).unwrap();
    });
    let kept = records(&store);
    let requests: BTreeSet<_> = kept.iter().map(|kept| &kept.told.by.request).collect();
    let all = usize::try_from(WRITERS * FLUSHES * 10 + 1).unwrap();
    assert_eq!((kept.len(), requests.len()), (all, all));
    assert_eq!(verify(place).fault, None);
}

fn records_are_bounded_and_read_in_pages(place: &Place) {
    let store = place.create();
    let long = AuditRecord {
        by: By {
            subject: "ن".repeat(500),
            purpose: Some("p".repeat(100)),
            request: Some("line\nline\u{7f}".to_owned()),
            ..By::operator("x")
        },
        resource: "/".repeat(10_000),
        decision: AuditDecision::Denied,
        times: 17,
        ..read(0)
    };
    wait(store.audit(&[long])).unwrap();
    add_reads(&store, 1..10);
    let kept = records(&store);
    let told = &kept[0].told;
    assert_eq!(told.by.subject, "ن".repeat(200));
    assert_eq!(told.by.purpose.as_deref(), Some(&*"p".repeat(32)));
    assert_eq!(told.by.request.as_deref(), Some("line?line?"));
    assert_eq!((told.resource.len(), told.times), (200, 17));
    assert_eq!(told.decision, AuditDecision::Denied);
    let page = wait(store.audit_records(3, 4)).unwrap();
    assert_eq!(page, kept[3..7]);
    assert_eq!(wait(store.audit_records(10, 4)).unwrap(), []);
    assert_eq!(verify(place).fault, None);
}

fn a_chain_that_nobody_touched_is_whole_with_every_checkpoint(place: &Place) {
    let store = place.create();
    let empty = verify(place);
    assert_eq!((empty.records, empty.fault), (0, None));
    assert_eq!(empty.unknown, [AuditUnknown::NoCheckpoints]);
    for round in 0..12 {
        add_reads(&store, round * 1_000..(round + 1) * 1_000);
        sign(place, &store, i64::try_from(round).unwrap());
    }
    let check = verify(place);
    assert_eq!((check.records, check.checkpoints), (12_000, 12));
    assert_eq!((check.fault, check.unknown), (None, Vec::new()));
    add_reads(&store, 0..1);
    let since = AuditUnknown::Since { record: 12_000 };
    assert_eq!(verify(place).unknown, [since]);
    drop(store);
    assert_eq!(place.open().snapshot().version(), 0);
}

/// Takes away what keeps the records as they are, as who can write the ledger can.
fn unguarded(place: &Place) {
    place
        .execute(if place.is_postgres() {
            "DROP TRIGGER audit_stays ON audit"
        } else {
            "DROP TRIGGER audit_stays; DROP TRIGGER audit_is_kept"
        })
        .unwrap();
}

fn execute(place: &Place, sql: String) {
    place.execute(String::leak(sql)).unwrap();
}

fn whatever_is_done_to_records_is_found_and_the_first_bad_one_named(place: &Place) {
    const RECORDS: u64 = 40;
    let store = place.create();
    add_reads(&store, 0..RECORDS);
    sign(place, &store, 0);
    drop(store);
    unguarded(place);
    execute(
        place,
        "CREATE TABLE untouched AS SELECT * FROM audit".to_owned(),
    );
    let back = || {
        execute(
            place,
            "DELETE FROM audit; INSERT INTO audit SELECT * FROM untouched ORDER BY record"
                .to_owned(),
        );
    };
    let mut random = Random(25);
    let found = |sql: String, expected: AuditFault| {
        execute(place, sql.clone());
        assert_eq!(verify(place).fault, Some(expected), "{sql}");
        back();
        assert_eq!(verify(place).fault, None, "{sql}, taken back");
    };
    let values = [
        ("at", "'2026-01-05T06:07:09Z'"),
        ("subject", "'another'"),
        ("agency", "'ANF'"),
        ("role", "'auditor'"),
        ("action", "'download'"),
        ("resource", "'/elsewhere'"),
        ("row_count", "99"),
        ("row_count", "-1"),
        ("decision", "'denied'"),
        ("decision", "'no word of ours'"),
        ("purpose", "'R3'"),
        ("request", "NULL"),
        ("version", "1000"),
        ("times", "2"),
        ("sha256", "repeat_zero"),
    ];
    for (column, value) in values {
        let record = 1 + random.below(RECORDS);
        let value = value.replace("repeat_zero", &format!("'{}'", "0".repeat(64)));
        let sql = format!("UPDATE audit SET {column} = {value} WHERE record = {record}");
        found(sql, AuditFault::Changed { record });
    }
    for _ in 0..5 {
        // In the middle, so that its end is there.
        let from = 1 + random.below(RECORDS - 1);
        let to = (from + random.below(5)).min(RECORDS - 1);
        let sql = format!("DELETE FROM audit WHERE record BETWEEN {from} AND {to}");
        found(sql, AuditFault::Missing { from, to });
        // And those after it take their places.
        let sql = format!(
            "DELETE FROM audit WHERE record = {from}; UPDATE audit SET record = -record WHERE record > {from}; \
             UPDATE audit SET record = -record - 1 WHERE record < 0"
        );
        found(sql, AuditFault::Changed { record: from });
        let sql = format!(
            "UPDATE audit SET record = 0 WHERE record = {from}; \
             UPDATE audit SET record = {from} WHERE record = {RECORDS}; \
             UPDATE audit SET record = {RECORDS} WHERE record = 0"
        );
        found(sql, AuditFault::Changed { record: from });
    }
    let sql = "INSERT INTO audit SELECT 0, at, subject, agency, role, action, resource, row_count, decision, purpose, \
               request, version, times, sha256 FROM audit WHERE record = 1";
    found(sql.to_owned(), AuditFault::Changed { record: 0 });
}

/// A chain that is right by itself, of the records beyond one: what who can write the ledger can make.
fn fork(place: &Place, after: u64) {
    let sql = format!("DELETE FROM audit WHERE record > {after}");
    execute(place, sql);
    if !place.is_postgres() {
        // The seal has the last record; who can write the ledger can renew it.
        execute(place, "UPDATE seal SET digest = ''".to_owned());
    }
    add_reads(&place.open(), 500..540 - after);
}

fn a_cut_tail_and_a_chain_made_anew_are_seen_by_checkpoints_alone(place: &Place) {
    let store = place.create();
    for (round, records) in [(1, 0..10), (2, 10..20), (3, 20..30)] {
        add_reads(&store, records);
        sign(place, &store, 60 * round);
    }
    drop(store);
    unguarded(place);
    execute(place, "DELETE FROM audit WHERE record > 25".to_owned());
    let cut = AuditFault::CutOff { from: 26, to: 30 };
    assert_eq!(verify(place).fault, Some(cut.clone()));
    assert_eq!(cut.record(), Some(26));

    fork(place, 14);
    let check = verify(place);
    assert_eq!(
        check.fault,
        Some(AuditFault::Rewritten { from: 11, to: 20 })
    );
    // Without the checkpoints it cannot be seen, and that is said.
    std::fs::remove_file(checkpoint_path(place)).unwrap();
    let check = verify(place);
    assert_eq!(
        (check.fault, check.unknown),
        (None, vec![AuditUnknown::NoCheckpoints])
    );
}

fn what_is_no_checkpoint_of_the_deployment_is_not_believed(place: &Place) {
    let store = place.create();
    add_reads(&store, 0..10);
    sign(place, &store, 0);
    let path = checkpoint_path(place);
    let whole = std::fs::read_to_string(&path).unwrap();
    let with = |text: &str| {
        std::fs::write(&path, text).unwrap();
        verify(place)
    };
    let edited = with(&whole.replacen("\"record\":10", "\"record\":9", 1));
    let fault = |line, why| Some(AuditFault::Checkpoint { line, why });
    assert_eq!(edited.fault, fault(1, "is not what was signed"));
    let torn = with(&format!("{whole}{{\"record\":"));
    assert_eq!(
        (torn.fault, torn.unknown),
        (None, vec![AuditUnknown::Torn { line: 2 }])
    );
    std::fs::remove_file(&path).unwrap();
    let to = Checkpoints::new(&path, signer(2));
    wait(store.checkpoint(&to, Timestamp::UNIX_EPOCH)).unwrap();
    let foreign = verify(place);
    assert_eq!(foreign.fault, fault(1, "is signed with another key"));
    let places = on(&place.ledger);
    let check = wait(Store::verify_audit(place.dir(), &places, &path, None)).unwrap();
    assert_eq!(
        (check.fault, check.unknown),
        (None, vec![AuditUnknown::Key])
    );
}

/// Against rot, which a seal is for: the record that the next one would rest on is seen when the ledger is opened; those before
/// it are the chain's to show, and keep nothing from being served.
#[test]
fn a_damaged_last_record_is_refused_and_an_earlier_one_found() {
    let place = Place::sqlite();
    let store = place.create();
    add_reads(&store, 0..5);
    drop(store);
    unguarded(&place);
    let rot = |record: u64| {
        let sql = format!("UPDATE audit SET subject = subject || 'x' WHERE record = {record}");
        execute(&place, sql);
    };
    rot(4);
    assert_eq!(place.open().snapshot().version(), 0);
    assert_eq!(
        verify(&place).fault,
        Some(AuditFault::Changed { record: 4 })
    );
    rot(5);
    assert!(matches!(place.try_open(), Err(StoreError::LedgerDamaged)));
}

fn records_are_only_added_to(place: &Place) {
    let store = place.create();
    add_reads(&store, 0..3);
    for sql in ["UPDATE audit SET times = 2", "DELETE FROM audit"] {
        let refused = place.execute(sql).unwrap_err();
        assert!(refused.contains("only added"), "{sql}: {refused}");
    }
    assert_eq!(records(&place.open()).len(), 3);
}

//! Receipts and their replies: one contract for every ledger.

use std::sync::Barrier;
use std::thread;

use jiff::{SignedDuration, Timestamp};
use naqsha_model::{Agency, AuditAction, AuditDecision};
use naqsha_store::{
    Answer, AuditRecord, BatchState, By, KeptReceipt, Receipt, Received, Reply, Selection, Store,
    StoreError,
};

use super::conformance::on_both;
use super::place::Place;
use crate::support::{act, commit, digest, header, incident, received_at, totals, wait};

on_both!(
    a_receipt_is_kept_once_and_found_by_key_and_by_job,
    of_equal_keys_at_once_one_is_new,
    a_batch_and_its_answer_are_one_commit,
    a_withdrawal_and_its_answer_are_one_commit,
    a_job_that_was_answered_meanwhile_commits_nothing,
    a_receipt_does_not_wait_for_a_batch_that_is_being_written,
    receipts_and_replies_are_only_added_to,
);

fn receipt(agency: &str, key: u8, job: &str) -> Receipt {
    Receipt {
        agency: Agency::new(agency).unwrap(),
        key_sha256: [key; 32],
        body: digest(key),
        parameters: "profile=anf.seizure&ضلع=لاہور".to_owned(),
        job: job.to_owned(),
        uploader: "0123456789ab".to_owned(),
        received_at: received_at(),
    }
}

fn answer(job: &str, status: u16) -> Answer {
    Answer {
        job: job.to_owned(),
        reply: Reply {
            status,
            // Not every body is a text.
            body: vec![0, 255, b'{', b'}', 0],
            at: later(),
        },
    }
}

fn refusal() -> AuditRecord {
    let by = By::operator("operator");
    by.was_refused(AuditAction::Ingest, "file:1 E103".to_owned(), later())
}

fn later() -> Timestamp {
    received_at() + SignedDuration::from_secs(5)
}

fn receive(store: &Store, receipt: &Receipt) -> Received {
    wait(store.receive(receipt)).unwrap()
}

fn reply_of(store: &Store, job: &str) -> Option<Reply> {
    let kept = wait(store.receipt_of_job(job)).unwrap();
    kept.expect("a receipt").reply
}

fn a_receipt_is_kept_once_and_found_by_key_and_by_job(place: &Place) {
    let (store, beside) = (place.create(), place.open());
    let first = receipt("ANF", 1, "job-1");
    assert_eq!(receive(&store, &first), Received::New);
    let kept = KeptReceipt {
        receipt: first.clone(),
        reply: None,
    };
    // The same key again, with another job: the first one counts, and the second is nothing.
    let again = receipt("ANF", 1, "job-2");
    assert_eq!(
        receive(&beside, &again),
        Received::Before(Box::new(kept.clone()))
    );
    assert!(again.asks_the_same(&first));
    let other_body = Receipt {
        body: digest(9),
        ..again
    };
    assert!(!other_body.asks_the_same(&first));
    assert_eq!(wait(beside.receipt_of_job("job-2")).unwrap(), None);
    // A key is compared within its agency.
    assert_eq!(receive(&beside, &receipt("CTD", 1, "job-3")), Received::New);
    let third = receipt("ANF", 2, "job-4");
    assert_eq!(receive(&store, &third), Received::New);

    wait(store.answer(&answer("job-3", 422), refusal())).unwrap();
    for store in [&store, &beside, &place.open()] {
        let found = wait(store.receipt(&first.agency, &first.key_sha256)).unwrap();
        assert_eq!(found, Some(kept.clone()));
        assert_eq!(wait(store.receipt(&first.agency, &[7; 32])).unwrap(), None);
        let answered = wait(store.receipt_of_job("job-3")).unwrap().unwrap();
        assert_eq!(answered.receipt, receipt("CTD", 1, "job-3"));
        assert_eq!(answered.reply, Some(answer("job-3", 422).reply));
        let open = wait(store.unanswered()).unwrap();
        assert_eq!(open, [first.clone(), third.clone()]);
    }
    // The answer is told of with it, once: neither of those below is an answer.
    let told = || wait(store.audit_records(0, 100)).unwrap();
    let [told_of] = told().try_into().unwrap();
    assert_eq!(told_of.told.decision, AuditDecision::Denied);
    assert_eq!(told_of.told.resource, "file:1 E103");
    let unknown = wait(store.answer(&answer("job-9", 201), refusal())).unwrap_err();
    assert!(matches!(unknown, StoreError::NoSuchReceipt(job) if job == "job-9"));
    let twice = wait(beside.answer(&answer("job-3", 201), refusal())).unwrap_err();
    assert!(matches!(twice, StoreError::Answered(job) if job == "job-3"));
    assert_eq!(reply_of(&store, "job-3").unwrap().status, 422);
    assert_eq!(told().len(), 1);
}

fn of_equal_keys_at_once_one_is_new(place: &Place) {
    const CLIENTS: u8 = 8;
    let store = place.create();
    let start = Barrier::new(usize::from(CLIENTS));
    let of_client = |client: u8| {
        // Half of them in a program of their own.
        let store = if client.is_multiple_of(2) {
            store.clone()
        } else {
            place.open()
        };
        start.wait();
        (0..5_u8)
            .filter(|&key| {
                let job = format!("{client}-{key}");
                receive(&store, &receipt("ANF", key, &job)) == Received::New
            })
            .count()
    };
    let new: usize = thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| scope.spawn(move || of_client(client)))
            .collect();
        clients
            .into_iter()
            .map(|client| client.join().unwrap())
            .sum()
    });
    assert_eq!(new, 5);
    assert_eq!(wait(place.open().unanswered()).unwrap().len(), 5);
}

fn a_batch_and_its_answer_are_one_commit(place: &Place) {
    let store = place.create();
    receive(&store, &receipt("ANF", 1, "job-1"));
    let mut writer = wait(store.begin(header(1))).unwrap();
    writer.push(vec![incident(1), incident(2)]).unwrap();
    let mut seen = None;
    let committed = wait(
        writer.commit_with(totals(2), BatchState::Live, |committed| {
            seen = Some(committed.clone());
            Some(answer("job-1", 201))
        }),
    )
    .unwrap();
    assert_eq!(seen, Some(committed), "the answer is made of what is told");
    assert_eq!(reply_of(&store, "job-1"), Some(answer("job-1", 201).reply));

    // Where the ledger refuses the batch, there is no answer either; and the other way round.
    receive(&store, &receipt("ANF", 2, "job-2"));
    let mut writer = wait(store.begin(header(2))).unwrap();
    writer.push(vec![incident(1)]).unwrap();
    place.refuse_files(true);
    let refused = wait(
        writer.commit_with(totals(1), BatchState::Live, |_committed| {
            Some(answer("job-2", 201))
        }),
    );
    assert!(matches!(refused, Err(StoreError::Ledger { .. })));
    let stopped = wait(store.answer(&answer("job-2", 500), refusal())).unwrap_err();
    assert!(matches!(stopped, StoreError::Stopped), "{stopped}");
    place.refuse_files(false);
    let store = place.open();
    assert_eq!(
        (store.batches().len(), reply_of(&store, "job-2")),
        (1, None)
    );
}

fn a_withdrawal_and_its_answer_are_one_commit(place: &Place) {
    let store = place.create();
    commit(&store, header(1), vec![incident(1)]);
    for (number, job) in (1..).zip(["withdraw", "restore", "unknown"]) {
        receive(&store, &receipt("ANF", number, job));
    }
    let whole = || Selection::Batch;
    let withdrawn = wait(
        store.withdraw_with(&digest(1), whole(), act("x"), |version| {
            assert_eq!(version, 2);
            Some(answer("withdraw", 204))
        }),
    );
    assert_eq!(withdrawn.unwrap().version, 2);
    let twice = wait(store.restore_with(&digest(1), whole(), act("x"), |_| {
        Some(answer("withdraw", 204))
    }));
    assert!(matches!(twice, Err(StoreError::Answered(_))));
    assert_eq!(store.snapshot().live(), 0, "nothing was restored");
    wait(store.restore_with(&digest(1), whole(), act("x"), |_| {
        Some(answer("restore", 204))
    }))
    .unwrap();
    for store in [&store, &place.open()] {
        assert_eq!(store.snapshot().live(), 1);
        let open = wait(store.unanswered()).unwrap();
        assert_eq!(open, [receipt("ANF", 3, "unknown")]);
    }
}

fn a_job_that_was_answered_meanwhile_commits_nothing(place: &Place) {
    let (store, beside) = (place.create(), place.open());
    receive(&store, &receipt("ANF", 1, "job-1"));
    let mut writer = wait(store.begin(header(1))).unwrap();
    writer.push(vec![incident(1)]).unwrap();
    wait(beside.answer(&answer("job-1", 409), refusal())).unwrap();
    let refused = wait(
        writer.commit_with(totals(1), BatchState::Live, |_committed| {
            Some(answer("job-1", 201))
        }),
    );
    assert!(matches!(refused, Err(StoreError::Answered(_))));
    assert_eq!(reply_of(&store, "job-1").unwrap().status, 409);
    assert!(store.batches().is_empty() && place.open().batches().is_empty());
    commit(&store, header(2), vec![incident(1)]);
    assert_eq!(place.parquet().len(), 1, "its file was garbage");
}

fn a_receipt_does_not_wait_for_a_batch_that_is_being_written(place: &Place) {
    let store = place.create();
    let mut writer = wait(store.begin(header(1))).unwrap();
    writer.push(vec![incident(1)]).unwrap();
    for (number, store) in (1..).zip([&store, &place.open()]) {
        let job = format!("job-{number}");
        assert_eq!(receive(store, &receipt("ANF", number, &job)), Received::New);
        wait(store.answer(&answer(&job, 503), refusal())).unwrap();
    }
    wait(writer.commit(totals(1), BatchState::Live)).unwrap();
    assert_eq!(reply_of(&place.open(), "job-2").unwrap().status, 503);
}

fn receipts_and_replies_are_only_added_to(place: &Place) {
    let store = place.create();
    receive(&store, &receipt("ANF", 1, "job-1"));
    wait(store.answer(&answer("job-1", 201), refusal())).unwrap();
    for sql in [
        "UPDATE receipts SET job = 'another'",
        "DELETE FROM receipts",
        "UPDATE replies SET status = 500",
        "DELETE FROM replies",
    ] {
        let refused = place.execute(sql).unwrap_err();
        assert!(refused.contains("only added"), "{sql}: {refused}");
    }
    assert_eq!(reply_of(&place.open(), "job-1").unwrap().status, 201);
}

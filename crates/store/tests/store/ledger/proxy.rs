//! A connection that is cut after the server was asked to commit and before its answer is back.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use naqsha_store::{BatchState, LedgerAt, Store, StoreError};

use super::place::{Place, on};
use super::postgres::PASSWORD;
use crate::support::{begin_error, commit, digest, header, keyed, told, totals, wait};

/// Passes bytes between programs and a server. Once `cutting` is set, the answer to a `COMMIT` does not come through: the
/// connection is closed in its place.
fn proxy(server: u16, cutting: Arc<AtomicBool>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let Ok(server) = TcpStream::connect(("127.0.0.1", server)) else {
                return;
            };
            let cut = Arc::new(AtomicBool::new(false));
            let (from, to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            let (cutting, asked) = (Arc::clone(&cutting), Arc::clone(&cut));
            thread::spawn(move || {
                pass(from, to, |bytes| {
                    let commits = bytes.windows(6).any(|word| word == b"COMMIT");
                    if commits && cutting.load(Ordering::Acquire) {
                        asked.store(true, Ordering::Release);
                    }
                    true
                });
            });
            thread::spawn(move || pass(server, client, |_| !cut.load(Ordering::Acquire)));
        }
    });
    port
}

/// Copies what comes until the end, or until `goes_on` says no; then both ends are closed.
fn pass(mut from: TcpStream, mut to: TcpStream, goes_on: impl Fn(&[u8]) -> bool) {
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        if !goes_on(&buffer[..count]) || to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    for end in [&from, &to] {
        // One that is closed already is what is wanted.
        drop(end.shutdown(Shutdown::Both));
    }
}

/// Nobody who asked can know whether the batch was taken: the database does, and is asked when the store is opened again.
#[test]
fn a_commit_whose_answer_is_lost_is_not_acknowledged_and_is_found_by_who_opens_the_store_again() {
    let Some(place) = Place::postgres("a_commit_whose_answer_is_lost") else {
        return;
    };
    let store = place.create();
    commit(&store, header(1), vec![keyed(1, 1, 1)]);
    let cutting = Arc::new(AtomicBool::new(false));
    let port = proxy(place.cluster().port(), Arc::clone(&cutting));
    let database = place.database();
    let url = format!("postgres://naqsha:{PASSWORD}@127.0.0.1:{port}/{database}");
    let ledger: LedgerAt = url.parse().unwrap();

    let behind = wait(Store::open_with(place.dir(), &on(&ledger))).unwrap();
    let mut writer = wait(behind.begin(header(2))).unwrap();
    writer.push(vec![keyed(1, 2, 2)]).unwrap();
    cutting.store(true, Ordering::Release);
    let lost = wait(writer.commit(totals(1), BatchState::Live));
    assert!(
        matches!(
            lost,
            Err(StoreError::Ledger {
                action: "commit",
                ..
            })
        ),
        "{lost:?}"
    );
    cutting.store(false, Ordering::Release);
    assert_eq!(
        (behind.find_batch(&digest(2)), behind.snapshot().version()),
        (None, 1)
    );
    let stopped = begin_error(&behind, header(3));
    assert!(matches!(stopped, StoreError::Stopped), "{stopped}");

    let again = wait(Store::open_with(place.dir(), &on(&ledger))).unwrap();
    assert_eq!(again.snapshot().version(), 2, "the server had committed");
    assert!(matches!(
        begin_error(&again, header(2)),
        StoreError::Received(_)
    ));
    assert_eq!(again.snapshot().damaged(), []);
    wait(store.refresh()).unwrap();
    assert!(told(&store.snapshot()) == told(&again.snapshot()));
    wait(behind.refresh()).unwrap();
    assert!(told(&behind.snapshot()) == told(&again.snapshot()));
}

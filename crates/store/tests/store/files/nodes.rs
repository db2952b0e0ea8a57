//! Nodes that share a ledger on PostgreSQL and a bucket, each with a folder of its own.

use naqsha_store::{BatchState, LedgerAt, Places, Store, StoreError};

use super::place::Place;
use crate::ledger::postgres::Cluster;
use crate::support::{begin_error, commit, header, incident, keyed, told, totals, wait};

#[test]
fn nodes_without_a_common_folder_take_turns_and_see_each_others_batches() {
    let test = "nodes_without_a_common_folder_take_turns_and_see_each_others_batches";
    let Some(place) = Place::bucket(test) else {
        return;
    };
    let cluster = match Cluster::shared() {
        Ok(cluster) => cluster,
        Err(reason) => return println!("SKIPPED {test}: {reason}"),
    };
    let ledger: LedgerAt = cluster.url(&cluster.database()).parse().unwrap();
    let places = Places {
        ledger,
        ..place.places.clone()
    };
    let one = wait(Store::create_with(place.dir(), &places)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for id in ["ledger.id", "files.id"] {
        std::fs::copy(place.dir().join(id), folder.path().join(id)).unwrap();
    }
    let other = wait(Store::open_with(folder.path(), &places)).unwrap();

    let mut writer = wait(one.begin(header(1))).unwrap();
    writer.push(vec![keyed(1, 10, 100)]).unwrap();
    assert!(matches!(begin_error(&other, header(2)), StoreError::Busy));
    wait(writer.commit(totals(1), BatchState::Live)).unwrap();
    commit(&other, header(2), vec![incident(1), incident(2)]);
    wait(one.refresh()).unwrap();
    assert_eq!(one.snapshot().live(), 3);
    assert!(told(&one.snapshot()) == told(&other.snapshot()));

    // Given up on one node, swept by the other, taken by the first.
    let mut writer = wait(one.begin(header(3))).unwrap();
    writer.push((1..=65_536).map(incident).collect()).unwrap();
    writer.abandon();
    assert_eq!(place.names().len(), 3);
    commit(&other, header(4), vec![incident(1)]);
    assert_eq!(place.names().len(), 3);
    commit(&one, header(3), vec![incident(1)]);
    wait(other.refresh()).unwrap();
    assert!(told(&one.snapshot()) == told(&other.snapshot()));
    let scrub = wait(Store::scrub(folder.path(), &places)).unwrap();
    assert!(scrub.is_whole() && scrub.unnamed.is_empty(), "{scrub:?}");
}

//! What changed between two versions, against the two versions themselves: taken together they are the later one.

use std::collections::BTreeMap;

use naqsha_model::IncidentId;
use naqsha_store::{Change, Page, Selection, Snapshot, Store, StoredIncident};

use crate::support::{
    act, commit, create, digest, everything, header, incident, keyed, open, revising, wait,
};

type ById = BTreeMap<IncidentId, StoredIncident>;

fn by_id(page: &Page) -> ById {
    let rows = page.rows.iter();
    rows.map(|stored| (stored.id, stored.clone())).collect()
}

/// All changes since a version, in pages of `limit`.
fn pages(snapshot: &Snapshot, since: u64, limit: usize) -> Vec<Change> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = snapshot.changes(since, after, limit).unwrap();
        assert!(page.changes.len() <= limit, "a page is bounded");
        all.extend(page.changes);
        match page.more {
            None => return all,
            more => after = more,
        }
    }
}

/// The changes make of what was the case then what is the case now, and name nothing else and nothing twice.
pub(crate) fn agree(snapshot: &Snapshot, since: u64, then: &Page, limit: usize) {
    let (mut held, now) = (by_id(then), by_id(&everything(snapshot)));
    let ids = held.keys().chain(now.keys()).copied();
    let ids: std::collections::BTreeSet<IncidentId> = ids.collect();
    let differ = ids.iter().filter(|id| held.get(id) != now.get(id)).count();
    let changes = pages(snapshot, since, limit);
    assert_eq!(changes.len(), differ, "since {since}");
    for change in changes {
        match change {
            Change::Upsert(stored) => drop(held.insert(stored.id, *stored)),
            Change::Gone(id) => assert!(held.remove(&id).is_some(), "{id} was there"),
        }
    }
    assert_eq!(held, now, "since {since}");
}

#[test]
fn changes_are_new_records_revisions_and_withdrawals() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(folder.path());
    commit(
        &store,
        header(1),
        vec![keyed(1, 10, 100), keyed(2, 20, 200), incident(3)],
    );
    let first = everything(&store.snapshot());
    commit(
        &store,
        revising(2),
        vec![keyed(1, 20, 201), keyed(2, 30, 300)],
    );
    let second = everything(&store.snapshot());
    wait(store.withdraw(&digest(1), Selection::Rows(vec![1]), act("x"))).unwrap();
    let third = everything(&store.snapshot());
    wait(store.withdraw(&digest(2), Selection::Batch, act("x"))).unwrap();
    let snapshot = store.snapshot();
    let told = |snapshot: &Snapshot, since| -> Vec<(bool, u128)> {
        let changes = pages(snapshot, since, 1).into_iter();
        let told = changes.map(|change| match change {
            Change::Upsert(stored) => (true, stored.incident.content.0),
            Change::Gone(id) => (false, u128::from(id.row())),
        });
        told.collect()
    };
    assert_eq!(
        told(&snapshot.as_of(2).unwrap(), 1),
        [(true, 201), (true, 300)]
    );
    assert_eq!(told(&snapshot.as_of(3).unwrap(), 2), [(false, 1)]);
    // The older revision is current again, and the record that only the batch had is gone.
    assert_eq!(told(&snapshot, 3), [(true, 200), (false, 2)]);
    assert_eq!(
        told(&snapshot, 1),
        [(false, 1)],
        "what came and went is not told"
    );
    for snapshot in [snapshot, open(folder.path()).snapshot()] {
        for limit in [1, 2, 100] {
            agree(&snapshot, 0, &Page::default(), limit);
            agree(&snapshot, 1, &first, limit);
            agree(&snapshot, 2, &second, limit);
            agree(&snapshot, 3, &third, limit);
        }
        assert_eq!(pages(&snapshot, snapshot.version(), 5), []);
    }
}

#[test]
fn a_history_is_that_of_its_ledger() {
    let folders = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let stores = folders.each_ref().map(|folder| create(folder.path()));
    for (store, second) in stores.iter().zip([2, 3]) {
        commit(store, header(1), vec![incident(1)]);
        commit(store, header(second), vec![incident(1)]);
        wait(store.withdraw(&digest(1), Selection::Batch, act("x"))).unwrap();
    }
    let [one, other] = stores.each_ref().map(Store::snapshot);
    assert_eq!(one.history(1), other.history(1));
    assert_ne!(one.history(2), other.history(2), "another batch");
    assert_ne!(one.history(3), one.history(2), "a withdrawal");
    assert_eq!(
        one.history(3),
        open(folders[0].path()).snapshot().history(3)
    );
    assert_eq!(one.history(2), one.as_of(2).unwrap().history(2));
}

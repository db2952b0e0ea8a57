//! A folder and a ledger on a server belong together: what does not is refused, and nothing is touched.

use std::fs;

use naqsha_store::{LedgerAt, Store, StoreError};

use super::place::{Place, on};
use super::postgres::PASSWORD;
use crate::support::{commit, header, incident, keyed, told, wait};

fn why(refused: Result<Store, StoreError>) -> String {
    match refused {
        Err(error @ StoreError::NotTogether { .. }) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_folder_and_a_ledger_of_different_stores_are_refused() {
    let test = "a_folder_and_a_ledger_of_different_stores_are_refused";
    let (Some(one), Some(other)) = (Place::postgres(test), Place::postgres(test)) else {
        return;
    };
    let in_folder = Place::sqlite();
    for place in [&one, &other, &in_folder] {
        commit(&place.create(), header(1), vec![incident(1)]);
    }
    let empty = Place::postgres(test).unwrap();
    let before = [&one, &other, &in_folder].map(Place::files);
    let open = |place: &Place, ledger: &LedgerAt| wait(Store::open_with(place.dir(), &on(ledger)));

    let told = why(open(&one, &other.ledger));
    let id = |place: &Place| fs::read_to_string(place.dir().join("ledger.id")).unwrap();
    for id in [id(&one), id(&other)] {
        assert!(told.contains(id.trim()), "{told}");
    }
    assert!(why(open(&one, &empty.ledger)).contains("has no ledger"));
    assert!(why(open(&one, &LedgerAt::Folder)).contains("none is named"));
    assert!(why(open(&in_folder, &one.ledger)).contains("it is in the folder"));
    let second = one.elsewhere();
    assert!(
        why(wait(Store::create_with(second.dir(), &on(&one.ledger)))).contains("of another folder")
    );
    let missing = open(&second, &one.ledger);
    assert!(
        matches!(missing, Err(StoreError::Missing(_))),
        "{missing:?}"
    );
    for ledger in [&LedgerAt::Folder, &empty.ledger, &one.ledger] {
        let exists = wait(Store::create_with(one.dir(), &on(ledger)));
        assert!(matches!(exists, Err(StoreError::Exists(_))), "{exists:?}");
    }
    assert!([&one, &other, &in_folder].map(Place::files) == before);
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(empty.cluster().execute(empty.database(), tables), "0");
    for place in [one, other] {
        assert_eq!(place.open().snapshot().live(), 1);
    }
}

/// The id is in the folder before the ledger is made, and has its name after.
#[test]
fn a_making_that_was_cut_short_is_taken_up_again() {
    let test = "a_making_that_was_cut_short_is_taken_up_again";
    let Some(place) = Place::postgres(test) else {
        return;
    };
    let (id, unfinished) = (
        place.dir().join("ledger.id"),
        place.dir().join("ledger.id.tmp"),
    );
    fs::write(&unfinished, "of a ledger that never was\n").unwrap();
    assert!(why(place.try_open()).contains("has no ledger"));
    commit(&place.create(), header(1), vec![incident(1)]);
    fs::rename(&id, &unfinished).unwrap();
    assert_eq!(place.open().snapshot().live(), 1);
    assert!(id.exists() && !unfinished.exists());
    fs::rename(&id, &unfinished).unwrap();
    fs::write(&unfinished, "of another\n").unwrap();
    assert!(why(place.try_open()).contains("of another"));
    assert!(!id.exists());
}

/// What a migration of an older program's ledger waits for; there is no older one on a server yet.
#[test]
fn tables_are_not_migrated_under_a_batch_that_is_being_written() {
    let Some(place) = Place::postgres("tables_are_not_migrated_under_a_batch") else {
        return;
    };
    let store = place.create();
    let writing = wait(store.begin(header(1))).unwrap();
    place.execute("DELETE FROM _sqlx_migrations").unwrap();
    let busy = place.try_open();
    assert!(matches!(busy, Err(StoreError::Busy)), "{busy:?}");
    drop(writing);
    let tried = place.try_open();
    assert!(
        matches!(tried, Err(StoreError::Migrate(_))),
        "the tables are there: {tried:?}"
    );
    commit(&store, header(1), vec![incident(1)]);
}

#[test]
fn stores_in_schemas_of_one_database_are_apart() {
    let Some(place) = Place::postgres("stores_in_schemas_of_one_database_are_apart") else {
        return;
    };
    place
        .execute("CREATE SCHEMA sindh; CREATE SCHEMA punjab")
        .unwrap();
    let url = place.cluster().url(place.database());
    let stores: Vec<_> = ["sindh", "punjab"]
        .into_iter()
        .map(|schema| {
            let ledger: LedgerAt = format!("{url}?options=-c%20search_path={schema}")
                .parse()
                .unwrap();
            let folder = tempfile::tempdir().unwrap();
            let store = wait(Store::create_with(folder.path(), &on(&ledger))).unwrap();
            (folder, store)
        })
        .collect();
    let writing = wait(stores[0].1.begin(header(1))).unwrap();
    commit(&stores[1].1, header(1), vec![incident(1), incident(2)]);
    drop(writing);
    commit(&stores[0].1, header(2), vec![incident(1)]);
    assert_eq!(stores[0].1.batches().len() + stores[1].1.batches().len(), 2);
    assert!(told(&stores[0].1.snapshot()) != told(&stores[1].1.snapshot()));
}

/// Whatever the server's administrator has set, and however many hours a batch takes.
#[test]
fn what_is_acknowledged_is_durable_and_an_idle_writer_is_not_thrown_out() {
    let Some(place) = Place::postgres("what_is_acknowledged_is_durable") else {
        return;
    };
    let store = place.create();
    place
        .execute(
            "CREATE TABLE seen (setting TEXT);
             CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN INSERT INTO seen SELECT current_setting('synchronous_commit') || ' ' ||
                current_setting('idle_session_timeout') || ' ' || current_setting('lock_timeout');
                RETURN NULL; END $$;
             CREATE TRIGGER see AFTER INSERT ON batches FOR EACH ROW EXECUTE FUNCTION see()",
        )
        .unwrap();
    let seen = |number: u8| {
        commit(
            &store,
            header(number),
            vec![keyed(1, u128::from(number), 1)],
        );
        place
            .cluster()
            .execute(place.database(), "DELETE FROM seen RETURNING setting")
    };
    let set = |sql: &str| {
        let sql = format!("ALTER DATABASE {} SET {sql}", place.database());
        place.cluster().execute(place.database(), &sql);
    };
    set("idle_session_timeout = '10min'");
    assert_eq!(seen(1), "on 0 0", "the cluster has it off");
    set("synchronous_commit = 'remote_apply'");
    assert_eq!(seen(2), "remote_apply 0 0", "more than we ask for is left");
}

#[test]
fn a_password_is_in_no_error_and_no_description() {
    let Some(place) = Place::postgres("a_password_is_in_no_error_and_no_description") else {
        return;
    };
    let store = place.create();
    let url = place.cluster().url(place.database());
    let wrong: LedgerAt = url.replace(PASSWORD, "wr0ng").parse().unwrap();
    let refused = wait(Store::open_with(place.dir(), &on(&wrong))).unwrap_err();
    assert!(matches!(refused, StoreError::Server { .. }), "{refused}");
    let absent: LedgerAt = url
        .replace(&format!("/{}", place.database()), "/absent")
        .parse()
        .unwrap();
    let no_database = wait(Store::open_with(place.dir(), &on(&absent))).unwrap_err();
    for said in [
        format!("{store:?}"),
        format!("{:?}", place.ledger),
        format!("{refused:?} {refused}"),
        format!("{no_database:?} {no_database}"),
    ] {
        assert!(
            !said.contains(PASSWORD) && !said.contains("wr0ng"),
            "{said}"
        );
    }
}

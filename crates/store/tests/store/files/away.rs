//! A server that is away, silent, busy or forgetful: nothing is lost, nothing is called damaged.

use std::sync::Arc;
use std::time::{Duration, Instant};

use naqsha_store::{
    BatchState, CubeQuery, FilesAt, Filter, Places, Selection, Snapshot, Store, StoreError,
};

use super::place::Place;
use super::proxy::{Proxy, Way};
use super::s3::{SECRET, TOKEN, environment};
use crate::support::{
    act, begin_error, commit, contents, digest, header, incident, keyed, revising, told, totals,
    wait,
};

/// A store behind a proxy, with one batch.
fn behind(test: &str) -> Option<(Place, Proxy, Places, Store)> {
    let place = Place::bucket(test)?;
    commit(
        &place.create(),
        header(1),
        vec![keyed(1, 10, 100), keyed(2, 20, 200)],
    );
    let proxy = Proxy::to(place.server().port());
    let places = place.through(proxy.port);
    let store = wait(Store::open_with(place.dir(), &places)).unwrap();
    Some((place, proxy, places, store))
}

#[track_caller]
fn away<T: std::fmt::Debug>(result: Result<T, StoreError>) -> String {
    match result {
        Err(error @ StoreError::Object { .. }) => {
            assert!(error.is_away() && !error.is_damage(), "{error:?}");
            let source = std::error::Error::source(&error).unwrap();
            let text = format!("{error}: {source} {error:?}");
            assert!(!text.contains(SECRET) && !text.contains(TOKEN), "{text}");
            text
        }
        other => panic!("{other:?}"),
    }
}

fn counted(snapshot: &Snapshot) -> u64 {
    let resolution = h3o::Resolution::Five;
    let query = CubeQuery {
        resolution,
        filter: Filter::default(),
        counted_bases: None,
    };
    snapshot.cube(&query).matched
}

fn rows(store: &Store) -> Result<usize, StoreError> {
    let page = store.snapshot().rows(&Filter::default(), 0, 10);
    page.map(|page| page.rows.len())
}

#[test]
fn while_the_server_is_away_counts_go_on_and_all_else_says_so() {
    let Some((place, proxy, places, store)) = behind("while_the_server_is_away_counts_go_on")
    else {
        return;
    };
    let before = told(&store.snapshot());
    proxy.set(Way::Closed);
    assert_eq!(counted(&store.snapshot()), 2);
    assert_eq!(store.snapshot().damaged(), []);
    let object = place.names().remove(0);
    assert!(away(rows(&store)).contains(&object));
    away(Err::<(), _>(begin_error(&store, header(2))));
    away(wait(Store::open_with(place.dir(), &places)));
    away(wait(Store::scrub(place.dir(), &places)));
    away(wait(Store::condition(place.dir(), &places)));
    let copies = tempfile::tempdir().unwrap();
    away(wait(Store::backup(
        place.dir(),
        &places,
        &copies.path().join("copy"),
    )));
    proxy.set(Way::Open);
    assert!(told(&store.snapshot()) == before);
    commit(&store, header(2), vec![incident(1)]);
    assert_eq!(rows(&store).unwrap(), 3);
}

/// Another node, which reaches the server, commits and withdraws meanwhile.
#[test]
fn what_others_did_is_shown_once_the_server_is_back_and_not_as_damage_before() {
    let Some((place, proxy, _, store)) = behind("what_others_did_is_shown_once_the_server_is_back")
    else {
        return;
    };
    let other = place.open();
    proxy.set(Way::Closed);
    commit(&other, revising(2), vec![keyed(1, 20, 201)]);
    away(wait(store.refresh()));
    assert_eq!(
        contents_of_index(&store.snapshot()),
        (1, 2, 0),
        "what was visible stays visible"
    );
    proxy.set(Way::Open);
    assert_eq!(wait(store.refresh()).unwrap(), 2);
    assert_eq!(
        contents(&store.snapshot()),
        [(Some(10), 100), (Some(20), 201)]
    );

    // An earlier version is made of what a withdrawal had taken out of memory.
    wait(other.withdraw(&digest(1), Selection::Batch, act("x"))).unwrap();
    wait(store.refresh()).unwrap();
    place.forget_indexes();
    proxy.set(Way::Closed);
    let past = store.snapshot().as_of(1).unwrap();
    assert!(past.reached().is_err_and(|error| error.is_away()));
    assert_eq!(past.damaged(), []);
    proxy.set(Way::Open);
    let past = store.snapshot().as_of(1).unwrap();
    assert!(past.reached().is_ok());
    assert_eq!(contents(&past), [(Some(10), 100), (Some(20), 200)]);
}

/// Version, records in memory, damaged files.
fn contents_of_index(snapshot: &Arc<Snapshot>) -> (u64, u64, usize) {
    (
        snapshot.version(),
        snapshot.live(),
        snapshot.damaged().len(),
    )
}

/// A restoration needs no file; to show it, the rows that it hides are looked up.
#[test]
fn what_is_done_but_cannot_be_shown_yet_says_so_and_is_shown_later() {
    let Some((place, proxy, _, store)) = behind("what_is_done_but_cannot_be_shown_yet_says_so")
    else {
        return;
    };
    commit(&store, revising(2), vec![keyed(1, 20, 201)]);
    wait(store.withdraw(&digest(2), Selection::Batch, act("x"))).unwrap();
    let older = [(Some(10), 100), (Some(20), 200)];
    assert_eq!(contents(&store.snapshot()), older);
    proxy.set(Way::Closed);
    // Where rows are named, they are looked up first, and nothing is done where that fails.
    let rows = Selection::Rows(vec![2]);
    away(wait(store.withdraw(&digest(1), rows, act("y"))));
    let done = wait(store.restore(&digest(2), Selection::Batch, act("z")));
    assert!(matches!(done, Err(StoreError::Unseen(_))), "{done:?}");
    assert_eq!(contents_of_index(&store.snapshot()), (3, 2, 0));
    let newer = [(Some(10), 100), (Some(20), 201)];
    assert_eq!(contents(&place.open().snapshot()), newer);
    proxy.set(Way::Open);
    assert_eq!(wait(store.refresh()).unwrap(), 4);
    assert_eq!(contents(&store.snapshot()), newer);
    assert_eq!(store.events().len(), 2);
}

/// And once somebody waited long in vain, others do not for some seconds.
#[test]
fn a_server_that_falls_silent_is_given_up_in_bounded_time() {
    let Some((place, proxy, _, _)) = behind("a_server_that_falls_silent_is_given_up") else {
        return;
    };
    let files: FilesAt = format!("s3://{}/police/north", place.bucket_name())
        .parse()
        .unwrap();
    let variables = environment(proxy.port).map(|(name, value)| (name.to_owned(), value));
    let brief = ("AWS_READ_TIMEOUT".to_owned(), "2600ms".to_owned());
    let places = Places {
        files: files.with_environment(variables.into_iter().chain([brief])),
        ..Places::default()
    };
    let store = wait(Store::open_with(place.dir(), &places)).unwrap();
    proxy.set(Way::Silent);
    let began = Instant::now();
    away(rows(&store));
    assert!(began.elapsed() > Duration::from_secs(5), "asked again");
    assert!(began.elapsed() < Duration::from_mins(1));
    let began = Instant::now();
    away(rows(&store));
    assert!(began.elapsed() < Duration::from_secs(1), "left alone");
    assert_eq!(counted(&store.snapshot()), 2);
    proxy.set(Way::Open);
    std::thread::sleep(Duration::from_secs(11));
    assert_eq!(rows(&store).unwrap(), 2);
}

#[test]
fn a_put_that_fails_ends_the_batch_and_leaves_nothing_to_be_seen() {
    let Some((place, proxy, _, store)) = behind("a_put_that_fails_ends_the_batch") else {
        return;
    };
    let mut writer = wait(store.begin(header(2))).unwrap();
    writer.push(vec![incident(1)]).unwrap();
    proxy.set(Way::Busy);
    let said = away(wait(writer.commit(totals(1), BatchState::Live)));
    assert!(said.contains("503"), "{said}");
    assert!((2..=5).contains(&proxy.puts()), "{} puts", proxy.puts());
    assert_eq!(place.names().len(), 1);
    proxy.set(Way::Open);
    assert_eq!(place.open().batches().len(), 1);
    // The same store goes on: nothing of the ledger is in doubt.
    commit(&store, header(2), vec![incident(1)]);
    assert_eq!(place.open().snapshot().live(), 3);
}

#[test]
fn a_put_whose_answer_is_lost_is_made_again_and_is_the_same() {
    let Some((place, proxy, _, store)) = behind("a_put_whose_answer_is_lost") else {
        return;
    };
    let mut writer = wait(store.begin(header(2))).unwrap();
    writer.push(vec![incident(1)]).unwrap();
    proxy.set(Way::Forgetful);
    away(wait(writer.commit(totals(1), BatchState::Live)));
    proxy.set(Way::Open);
    assert_eq!(place.names().len(), 2, "it is there, and nobody knows");
    assert_eq!(place.open().batches().len(), 1);
    commit(&store, header(2), vec![incident(1)]);
    assert_eq!(place.names().len(), 2);
    assert!(place.scrub().is_whole());
}

#[test]
fn a_bucket_that_is_gone_is_not_damage() {
    let Some(place) = Place::bucket("a_bucket_that_is_gone_is_not_damage") else {
        return;
    };
    let absent = super::place::at("absent", "police/north", place.server().port());
    let said = away(wait(Store::create_with(place.dir(), &absent)));
    assert!(said.contains("NoSuchBucket"), "{said}");
    // Nothing is left that would keep a store from being made here.
    drop(place.create());
}

#[test]
fn an_endpoint_without_tls_is_refused_unless_it_is_this_machine_or_allowed() {
    let open = |endpoint: &str, more: &[(&str, &str)]| {
        let files: FilesAt = "s3://incidents/north".parse().unwrap();
        let given = [
            ("AWS_ENDPOINT_URL", endpoint),
            ("AWS_ACCESS_KEY_ID", "k"),
            ("AWS_SECRET_ACCESS_KEY", SECRET),
        ];
        let variables = given.iter().chain(more);
        let variables = variables.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let places = Places {
            files: files.with_environment(variables),
            ..Places::default()
        };
        let folder = tempfile::tempdir().unwrap();
        away(wait(Store::create_with(folder.path(), &places)))
    };
    for endpoint in ["http://192.0.2.1:9000", "http://s3.example"] {
        let said = open(endpoint, &[]);
        assert!(said.contains("without TLS"), "{said}");
    }
    // Nobody listens on these.
    let allowed = [("AWS_ALLOW_HTTP", "true")];
    for (endpoint, more) in [
        ("http://127.0.0.1:9", &[][..]),
        ("http://localhost:9", &[]),
        ("http://[::1]:9/", &[]),
        ("https://127.0.0.1:9", &[]),
        ("http://naqsha.invalid:9", &allowed),
    ] {
        let said = open(endpoint, more);
        assert!(!said.contains("TLS"), "{endpoint}: {said}");
    }
}

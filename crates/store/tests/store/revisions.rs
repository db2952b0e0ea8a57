//! Revisions: the newer record takes the place of the older, keeps its identity, and gives the place back when withdrawn.

use h3o::{LatLng, Resolution};
use naqsha_model::{CategorySet, Code, Incident, IncidentId, NaturalKey, Status};
use naqsha_store::{
    BatchHeader, BatchState, CubeQuery, Filter, Repeat, RepeatKind, Selection, Snapshot,
};

use crate::support::{
    act, commit, contents, create, digest, header, in_cell, incident, keyed, on_day, open,
    received_at, revising, told, totals, wait,
};

fn id(number: u8, row: u64) -> IncidentId {
    let received_ms = u64::try_from(received_at().as_millisecond()).unwrap();
    IncidentId::new(received_ms, &digest(number), row)
}

#[test]
fn a_revision_takes_the_place_of_the_record_and_an_equal_record_is_no_change() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(folder.path());
    commit(
        &store,
        header(1),
        vec![keyed(1, 10, 100), keyed(2, 20, 200), incident(3)],
    );
    let before = store.snapshot();
    let mut writer = wait(store.begin(revising(2))).unwrap();
    let repeats = writer
        .push(vec![
            keyed(1, 10, 100),
            keyed(2, 20, 201),
            keyed(3, 30, 300),
            keyed(4, 20, 202),
        ])
        .unwrap();
    let repeat = |row, kind| Repeat { row, kind };
    assert_eq!(
        repeats,
        [repeat(1, RepeatKind::Same), repeat(4, RepeatKind::Changed)],
        "a batch does not revise itself"
    );
    let committed = wait(writer.commit(totals(2), BatchState::Live)).unwrap();
    assert_eq!((committed.version, committed.revised), (2, 1));
    let current = [(None, 0), (Some(10), 100), (Some(20), 201), (Some(30), 300)];
    for store in [store, open(folder.path())] {
        let snapshot = store.snapshot();
        assert_eq!(contents(&snapshot), current);
        assert_eq!(snapshot.live(), 4);
        let revised = snapshot.incident(id(1, 2)).unwrap().unwrap();
        assert_eq!(
            (
                revised.id,
                revised.revision,
                revised.batch,
                revised.incident.content.0
            ),
            (id(1, 2), 2, digest(2), 201),
            "the id is that of the first record"
        );
        assert_eq!(
            snapshot.incident(id(2, 2)).unwrap(),
            None,
            "it has no second id"
        );
        let page = snapshot.rows(&Filter::default(), 0, 10).unwrap();
        let listed: Vec<IncidentId> = page.rows.iter().map(|stored| stored.id).collect();
        assert!(
            listed.contains(&id(1, 2)) && listed.contains(&id(2, 3)),
            "{listed:?}"
        );
    }
    assert_eq!(
        contents(&before),
        [(None, 0), (Some(10), 100), (Some(20), 200)],
        "an earlier version keeps what it had"
    );
}

#[test]
fn a_third_revision_is_measured_against_the_second() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(folder.path());
    commit(&store, header(1), vec![keyed(1, 10, 100)]);
    commit(&store, revising(2), vec![keyed(5, 10, 101)]);
    let mut writer = wait(open(folder.path()).begin(revising(3))).unwrap();
    assert_eq!(
        writer.push(vec![keyed(1, 10, 101)]).unwrap(),
        [Repeat {
            row: 1,
            kind: RepeatKind::Same
        }]
    );
    drop(writer);
    let store = open(folder.path());
    let back = commit(&store, revising(3), vec![keyed(1, 10, 100)]);
    assert_eq!(back.revised, 1, "back to the first content is a change");
    let found = store.snapshot().incident(id(1, 1)).unwrap().unwrap();
    assert_eq!((found.revision, found.incident.content.0), (3, 100));
    let mut report = wait(store.begin(header(4))).unwrap();
    assert_eq!(
        report.push(vec![keyed(1, 10, 101)]).unwrap(),
        [Repeat {
            row: 1,
            kind: RepeatKind::Changed
        }],
        "where changes are reported they still are"
    );
}

/// Superseded rows are in no count, of any filter, at any resolution, in any excluded bucket.
#[test]
fn no_question_sees_a_superseded_record() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(folder.path());
    let cell = LatLng::new(31.5, 74.3).unwrap().to_cell(Resolution::Nine);
    let coarse = cell.parent(Resolution::Five).unwrap();
    let first = vec![
        on_day(in_cell(keyed(1, 10, 100), cell), 40_000),
        on_day(in_cell(keyed(2, 20, 200), coarse), 40_001),
        on_day(keyed(3, 30, 300), 40_002),
        on_day(in_cell(keyed(4, 40, 400), cell), 40_003),
    ];
    commit(&store, header(1), first);
    let second = vec![
        on_day(in_cell(keyed(1, 10, 101), cell), 41_000),
        on_day(in_cell(keyed(2, 20, 201), cell), 41_001),
        on_day(in_cell(keyed(3, 30, 301), cell), 41_002),
    ];
    commit(&store, revising(2), second);
    let check = |snapshot: &Snapshot| {
        let query = CubeQuery {
            resolution: Resolution::Seven,
            filter: Filter::default(),
            counted_bases: None,
        };
        let cube = snapshot.cube(&query);
        assert_eq!(
            (cube.matched, cube.counts.as_slice(), cube.excluded.total()),
            (4, &[4][..], 0)
        );
        assert!(cube.coarse.is_empty() && cube.unlocated.is_empty());
        assert_eq!(snapshot.count(&Filter::default()), 4);
        let extent = snapshot.extent_days().unwrap();
        assert_eq!((extent.first().0, extent.last().0), (40_003, 41_002));
        let old = Filter {
            days: naqsha_model::DayRange::new(naqsha_model::Day(40_000), naqsha_model::Day(40_002))
                .ok(),
            ..Filter::default()
        };
        assert_eq!(snapshot.count(&old), 0);
        assert_eq!(snapshot.rows(&old, 0, 10).unwrap().rows, []);
        let categories = CategorySet::parse("DT").unwrap();
        let drugs = Filter {
            categories,
            ..Filter::default()
        };
        assert_eq!(snapshot.rows(&drugs, 1, 2).unwrap().rows.len(), 2);
    };
    check(&store.snapshot());
    check(&open(folder.path()).snapshot());
}

#[test]
fn withdrawing_what_superseded_brings_the_older_revision_back_and_restoring_reverses_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(folder.path());
    commit(
        &store,
        header(1),
        vec![keyed(1, 10, 100), keyed(2, 20, 200)],
    );
    commit(&store, revising(2), vec![keyed(1, 10, 101)]);
    commit(&store, revising(3), vec![keyed(1, 10, 102)]);
    let seen = |expected: &[(Option<u128>, u128)]| {
        assert_eq!(contents(&store.snapshot()), expected);
        assert!(told(&open(folder.path()).snapshot()) == told(&store.snapshot()));
    };
    seen(&[(Some(10), 102), (Some(20), 200)]);
    let three = wait(store.withdraw(&digest(3), Selection::Batch, act("wrong file"))).unwrap();
    assert_eq!((three.version, three.gone, three.back), (4, 1, 1));
    seen(&[(Some(10), 101), (Some(20), 200)]);
    wait(store.withdraw(&digest(2), Selection::Batch, act("wrong file"))).unwrap();
    seen(&[(Some(10), 100), (Some(20), 200)]);
    wait(store.restore(&digest(3), Selection::Batch, act("was right"))).unwrap();
    seen(&[(Some(10), 102), (Some(20), 200)]);
    wait(store.withdraw(&digest(1), Selection::Batch, act("all of it"))).unwrap();
    seen(&[(Some(10), 102)]);
    let found = store.snapshot().incident(id(1, 1)).unwrap().unwrap();
    assert_eq!(
        (found.id, found.revision),
        (id(1, 1), 3),
        "the id stays although its first batch is withdrawn"
    );
}

#[test]
fn a_batch_takes_the_place_of_a_period_in_one_version() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(folder.path());
    let day = |row, key, content, day| on_day(keyed(row, key, content), day);
    let of_another_profile = BatchHeader {
        profile: "anf.other@1.0.0".to_owned(),
        ..header(1)
    };
    commit(&store, of_another_profile, vec![day(1, 1, 1, 40_005)]);
    let first = vec![
        day(1, 10, 100, 40_000),
        day(2, 20, 200, 40_010),
        day(3, 30, 300, 40_031),
        keyed(4, 40, 400),
    ];
    commit(&store, header(2), first);
    commit(&store, revising(3), vec![day(1, 10, 101, 40_001)]);
    let period = naqsha_model::DayRange::new(naqsha_model::Day(40_000), naqsha_model::Day(40_030));
    let replacing = BatchHeader {
        replaces: period.ok(),
        profile: "anf.seizure@2.0.0".to_owned(),
        ..header(4)
    };
    let mut writer = wait(store.begin(replacing)).unwrap();
    assert_eq!(
        writer
            .push(vec![day(1, 20, 200, 40_010), day(2, 50, 500, 40_012)])
            .unwrap(),
        []
    );
    let committed = wait(writer.commit(totals(2), BatchState::Live)).unwrap();
    assert_eq!(
        (committed.version, committed.replaced, committed.revised),
        (4, 2, 1)
    );
    let replaced = [
        (Some(1), 1),
        (Some(20), 200),
        (Some(30), 300),
        (Some(40), 400),
        (Some(50), 500),
    ];
    assert_eq!(contents(&store.snapshot()), replaced);
    assert!(told(&open(folder.path()).snapshot()) == told(&store.snapshot()));
    wait(store.withdraw(&digest(4), Selection::Batch, act("not the whole month"))).unwrap();
    let before = [
        (Some(1), 1),
        (Some(10), 101),
        (Some(20), 200),
        (Some(30), 300),
        (Some(40), 400),
    ];
    assert_eq!(contents(&store.snapshot()), before);
    wait(store.restore(&digest(4), Selection::Batch, act("it was"))).unwrap();
    assert_eq!(contents(&store.snapshot()), replaced);
}

#[test]
fn a_revision_whose_status_goes_back_is_stored_with_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let with = |row, key, content, status| Incident {
        status: Some(status),
        ..keyed(row, key, content)
    };
    let first = vec![
        with(1, 10, 100, Status::Trial),
        with(2, 20, 200, Status::Registered),
        keyed(3, 30, 300),
    ];
    commit(&create(folder.path()), header(1), first);
    let revise = |number, incidents| {
        let store = open(folder.path());
        let mut writer = wait(store.begin(revising(number))).unwrap();
        let repeats = writer.push(incidents).unwrap();
        wait(writer.commit(totals(3), BatchState::Live)).unwrap();
        let rows = store
            .snapshot()
            .rows(&Filter::default(), 0, 9)
            .unwrap()
            .rows;
        let warned = rows.iter().map(|row| &row.incident);
        let warned = warned.filter(|incident| incident.provenance.warnings == [Code::C804]);
        let keys: Vec<_> = warned.filter_map(|incident| incident.natural_key).collect();
        (repeats, keys)
    };
    let went_back = |row| Repeat {
        row,
        kind: RepeatKind::WentBack,
    };
    let second = vec![
        with(1, 10, 101, Status::UnderInvestigation),
        with(2, 20, 201, Status::Trial),
        with(3, 30, 301, Status::Inquiry),
    ];
    assert_eq!(
        revise(2, second),
        (vec![went_back(1)], vec![NaturalKey(10)])
    );
    // Compared with the record that is current, not with the first.
    let third = vec![
        with(1, 10, 102, Status::ChallanedInterim),
        with(2, 20, 202, Status::UnderInvestigation),
        keyed(3, 30, 302),
    ];
    assert_eq!(revise(3, third), (vec![went_back(2)], vec![NaturalKey(20)]));
}

//! Clusters: two agencies' records of one seizure are linked and both kept; one of them is counted, and people may differ.

use naqsha_model::{
    Agency, CaseReference, Code, Details, Incident, IncidentId, Linkage, PlaceDetails, RecordStage,
    Seizure, Substance,
};
use naqsha_store::{
    BatchHeader, BatchState, Committed, CubeQuery, Decision, Filter, Selection, Store, StoreError,
};

use crate::support::{
    act, create, digest, header, incident, keyed, on_day, open, received_at, revising, told,
    totals, wait,
};

/// Twenty kilograms of heroin at Torkham.
pub(crate) fn seizure(agency: &str, row: u64, cross_ref: &str) -> Incident {
    let mut seizure = on_day(keyed(row, u128::from(row), 1), 45_000);
    seizure.agency = Agency::new(agency).unwrap();
    seizure.case = Some(CaseReference {
        number: "12".to_owned(),
        year: Some(2024),
        station: None,
    });
    seizure.seizures = vec![Seizure {
        kilograms: Some(20.0),
        ..Seizure::of(Substance::Heroin)
    }];
    let cross_refs = Some(cross_ref)
        .filter(|text| !text.is_empty())
        .map(str::to_owned);
    seizure.details = Some(Box::new(Details {
        place: PlaceDetails {
            border_point: Some("TORKHAM".to_owned()),
            ..PlaceDetails::default()
        },
        linkage: Linkage {
            cross_refs: cross_refs.into_iter().collect(),
            ..Linkage::default()
        },
        ..Details::default()
    }));
    seizure
}

pub(crate) fn of(agency: &str, number: u8) -> BatchHeader {
    BatchHeader {
        agency: Agency::new(agency).unwrap(),
        ..header(number)
    }
}

fn commit(
    store: &Store,
    header: BatchHeader,
    incidents: Vec<Incident>,
    state: BatchState,
) -> Committed {
    let totals = totals(incidents.len());
    let mut writer = wait(store.begin(header)).unwrap();
    assert_eq!(writer.push(incidents).unwrap(), []);
    wait(writer.commit(totals, state)).unwrap()
}

fn id(number: u8, row: u64) -> IncidentId {
    IncidentId::new(
        u64::try_from(received_at().as_millisecond()).unwrap(),
        &digest(number),
        row,
    )
}

/// Reported and de-duplicated.
fn counts(store: &Store) -> (u64, u64) {
    let snapshot = store.snapshot();
    let less = snapshot.deduplicated();
    let query = CubeQuery {
        resolution: h3o::Resolution::Five,
        filter: Filter::default(),
        counted_bases: None,
    };
    assert_eq!(less.cube(&query).matched, less.live());
    assert_eq!(less.count(&Filter::default()), less.live());
    (snapshot.live(), less.live())
}

#[test]
fn a_seizure_that_two_agencies_report_is_counted_once_and_kept_twice() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(folder.path());
    let customs = commit(
        &store,
        of("CUSTOMS", 1),
        vec![
            seizure("CUSTOMS", 1, "handed over to ANF, FIR 12/24"),
            incident(2),
        ],
        BatchState::Live,
    );
    assert_eq!(customs.batch.totals.codes.get(&Code::D703), None);
    let anf = commit(
        &store,
        of("ANF", 2),
        vec![seizure("ANF", 5, "")],
        BatchState::Live,
    );
    assert_eq!(anf.batch.totals.codes.get(&Code::D703), Some(&1));
    for store in [store.clone(), open(folder.path())] {
        let snapshot = store.snapshot();
        let clusters = snapshot.clusters();
        let [cluster] = clusters.as_slice() else {
            panic!("{clusters:?}")
        };
        assert_eq!(
            (cluster.id, &cluster.incidents),
            (id(1, 1), &vec![id(1, 1), id(2, 5)])
        );
        assert_eq!(cluster.counted, id(2, 5), "ANF prosecutes");
        let links = snapshot.cluster_links();
        assert_eq!((links[0].score, links[0].linked), (100, true));
        assert_eq!(
            links[0].basis,
            "quantity_5 cross_reference border_point same_day"
        );
        assert_eq!(counts(&store), (3, 2));
        assert!(
            snapshot.incident(id(1, 1)).unwrap().is_some(),
            "every member is kept"
        );
    }
    let version = wait(store.decide(1, Decision::Unlink, act("two loads"))).unwrap();
    assert_eq!((version, counts(&store)), (3, (3, 3)));
    assert_eq!(store.snapshot().clusters(), []);
    wait(store.decide(1, Decision::Confirm, act("one after all"))).unwrap();
    assert_eq!(counts(&open(folder.path())), (3, 2));
    let nothing = wait(store.decide(7, Decision::Confirm, act("what"))).unwrap_err();
    assert!(matches!(nothing, StoreError::NoSuchLink(7)));
    wait(store.withdraw(&digest(2), Selection::Batch, act("wrong"))).unwrap();
    assert_eq!(
        counts(&store),
        (2, 2),
        "what is withdrawn takes nobody's place"
    );
    wait(store.restore(&digest(2), Selection::Batch, act("right"))).unwrap();
    assert_eq!(counts(&store), (3, 2));
    assert!(told(&open(folder.path()).snapshot()) == told(&store.snapshot()));
}

#[test]
fn a_likely_pair_waits_for_a_review_and_another_program_sees_the_decision() {
    let folder = tempfile::tempdir().unwrap();
    let (store, beside) = (create(folder.path()), open(folder.path()));
    commit(
        &store,
        of("CUSTOMS", 1),
        vec![seizure("CUSTOMS", 1, "")],
        BatchState::Live,
    );
    commit(
        &store,
        of("ANF", 2),
        vec![seizure("ANF", 5, "")],
        BatchState::Live,
    );
    let links = store.snapshot().cluster_links();
    assert_eq!(
        (links.len(), links[0].score, links[0].linked),
        (1, 60, false)
    );
    assert_eq!(counts(&store), (2, 2));
    wait(beside.refresh()).unwrap();
    wait(store.decide(1, Decision::Confirm, act("same seal"))).unwrap();
    wait(beside.refresh()).unwrap();
    assert_eq!(counts(&beside), (2, 1));
    let (decision, by) = beside.snapshot().cluster_links()[0]
        .decision
        .clone()
        .unwrap();
    assert_eq!((decision, by), (Decision::Confirm, act("same seal")));
}

#[test]
fn a_revision_keeps_its_links_and_is_the_one_that_counts() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(folder.path());
    commit(
        &store,
        of("CUSTOMS", 1),
        vec![seizure("CUSTOMS", 1, "ANF 12/2024")],
        BatchState::Live,
    );
    commit(
        &store,
        of("ANF", 2),
        vec![seizure("ANF", 5, "")],
        BatchState::Live,
    );
    let mut revised = seizure("ANF", 9, "");
    revised.natural_key = Some(naqsha_model::NaturalKey(5));
    revised.content = naqsha_model::ContentDigest(2);
    commit(&store, revising(3), vec![revised], BatchState::Live);
    for store in [store, open(folder.path())] {
        assert_eq!(
            store.snapshot().cluster_links().len(),
            1,
            "the pair is known"
        );
        assert_eq!(counts(&store), (2, 1));
        let left = store
            .snapshot()
            .deduplicated()
            .rows(&Filter::default(), 0, 9)
            .unwrap()
            .rows;
        assert_eq!((left[0].id, left[0].revision), (id(2, 5), 2));
    }
}

#[test]
fn stages_of_one_matter_and_one_agency_s_records_are_no_duplicates() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(folder.path());
    let complaint = Incident {
        stage: RecordStage::Complaint,
        ..seizure("FIA", 1, "NCCIA 12/2024")
    };
    commit(&store, of("FIA", 1), vec![complaint], BatchState::Live);
    let fir = Incident {
        stage: RecordStage::Fir,
        ..seizure("NCCIA", 1, "FIA 12/2024")
    };
    commit(&store, of("NCCIA", 2), vec![fir.clone()], BatchState::Live);
    let own = Incident {
        agency: Agency::new("NCCIA").unwrap(),
        ..seizure("NCCIA", 2, "NCCIA 12/2024")
    };
    commit(&store, of("NCCIA", 3), vec![own], BatchState::Live);
    assert_eq!(store.snapshot().cluster_links(), []);
    assert_eq!(counts(&store), (3, 3));
}

#[test]
fn a_held_batch_is_compared_when_it_is_released() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(folder.path());
    commit(
        &store,
        of("CUSTOMS", 1),
        vec![seizure("CUSTOMS", 1, "ANF 12/2024")],
        BatchState::Held,
    );
    commit(
        &store,
        of("ANF", 2),
        vec![seizure("ANF", 5, "")],
        BatchState::Live,
    );
    assert_eq!(store.snapshot().cluster_links(), []);
    wait(store.release(&digest(1), act("checked"))).unwrap();
    for store in [store, open(folder.path())] {
        assert_eq!(counts(&store), (2, 1));
    }
}

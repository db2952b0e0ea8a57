//! What an agency seized before: current records of that agency alone.

use naqsha_model::{Agency, Incident, Seizure, Substance};
use naqsha_store::{BatchHeader, Selection};

use crate::support::{act, commit, create, digest, header, incident, open, wait};

fn with(row: u64, substance: Substance, kilograms: &[Option<f64>]) -> Incident {
    let line = |&kilograms| Seizure {
        kilograms,
        ..Seizure::of(substance)
    };
    Incident {
        seizures: kilograms.iter().map(line).collect(),
        ..incident(row)
    }
}

#[test]
fn only_current_seizures_of_the_agency_count() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(folder.path());
    let (heroin, opium) = (Substance::Heroin, Substance::Opium);
    let first = vec![
        with(1, heroin, &[Some(1.5), None]),
        with(2, opium, &[Some(20.25)]),
        incident(3),
    ];
    commit(&store, header(1), first);
    let customs = BatchHeader {
        agency: Agency::new("CUSTOMS").unwrap(),
        ..header(2)
    };
    commit(&store, customs, vec![with(1, heroin, &[Some(900.0)])]);
    commit(&store, header(3), vec![incident(1), incident(2)]);
    let seized = |agency| {
        let mut seized = open(folder.path()).snapshot().seized(agency);
        seized.sort_by(|left, right| left.1.total_cmp(&right.1));
        seized
    };
    assert_eq!(seized("ANF"), [(heroin, 1.5), (opium, 20.25)]);
    assert_eq!(seized("CUSTOMS"), [(heroin, 900.0)]);
    assert_eq!(seized("ASF"), []);
    wait(store.withdraw(&digest(1), Selection::Rows(vec![2]), act("a slip"))).unwrap();
    assert_eq!(seized("ANF"), [(heroin, 1.5)]);
}

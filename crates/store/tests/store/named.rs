//! Records without a cell, by the district and tehsil they name: current ones alone, merged or not.

use h3o::Resolution;
use naqsha_model::{Basis, Day, DayRange, Details, Incident, Location, Metres, Point, Precision};
use naqsha_store::{CubeQuery, Filter, NamedCount, Selection, Snapshot};

use crate::support::{act, commit, create, digest, header, incident, open, wait};

fn at(row: u64, precision: Precision, district: Option<&str>, tehsil: Option<&str>) -> Incident {
    let mut location = Location::area(precision);
    location.basis = Basis::Occurrence;
    location.district = district.map(str::to_owned);
    let details = tehsil.map(|tehsil| {
        let mut details = Details::default();
        details.place.tehsil = Some(tehsil.to_owned());
        Box::new(details)
    });
    Incident {
        location,
        details,
        ..incident(row)
    }
}

fn named(snapshot: &Snapshot, filter: Filter<'static>) -> Vec<(String, Option<String>, u64, bool)> {
    let query = CubeQuery {
        resolution: Resolution::Seven,
        filter,
        counted_bases: Some(vec![Basis::Occurrence]),
    };
    let cube = snapshot.cube(&query);
    let found = snapshot.named(&query).unwrap();
    let all: u64 = found.iter().map(|of| of.count).sum();
    assert!(
        all <= cube.excluded.no_location,
        "they are part of what has no cell"
    );
    let plain = |of: NamedCount| (of.district, of.tehsil, of.count, of.synthetic);
    found.into_iter().map(plain).collect()
}

#[test]
fn what_has_no_cell_is_counted_by_the_smallest_area_it_names() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(folder.path());
    let (district, tehsil) = (Precision::District, Precision::Tehsil);
    let mut elsewhere = at(5, district, Some("Kasur"), None);
    elsewhere.location.basis = Basis::RegisteringStation;
    let mut point = at(7, district, Some("Kasur"), None);
    let kasur = Point::new(74.45, 31.12).unwrap();
    point.location = Location::at_point(kasur, Metres::new(100.0).unwrap(), Precision::Point);
    point.location.district = Some("Kasur".to_owned());
    let first = vec![
        at(1, district, Some("Kasur"), None),
        at(2, district, Some("Kasur"), None),
        at(3, tehsil, Some("Kasur"), Some("Pattoki")),
        at(4, Precision::Province, Some("Kasur"), None),
        elsewhere,
        at(6, district, None, None),
        point,
    ];
    commit(&store, header(1), first);
    commit(
        &store,
        header(2),
        vec![
            at(1, district, Some("Kasur"), None),
            at(2, district, Some("Okara"), None),
        ],
    );
    let of = |district: &str, tehsil: Option<&str>, count, synthetic| {
        (
            district.to_owned(),
            tehsil.map(str::to_owned),
            count,
            synthetic,
        )
    };
    let expected = [
        of("Kasur", None, 3, true),
        of("Kasur", Some("Pattoki"), 1, false),
        of("Okara", None, 1, true),
    ];
    assert_eq!(named(&store.snapshot(), Filter::default()), expected);
    assert!(wait(store.merge(0)).unwrap());
    assert_eq!(named(&store.snapshot(), Filter::default()), expected);

    let before = Day::new("1999-01-01".parse().unwrap()).unwrap();
    let never = Filter {
        days: Some(DayRange::new(before, before).unwrap()),
        agencies: Some(vec!["nobody".to_owned()]),
        ..Filter::default()
    };
    assert_eq!(named(&store.snapshot(), never), []);
    wait(store.withdraw(&digest(1), Selection::Rows(vec![2, 3]), act("a slip"))).unwrap();
    let current = [of("Kasur", None, 2, true), of("Okara", None, 1, true)];
    assert_eq!(
        named(&open(folder.path()).snapshot(), Filter::default()),
        current
    );
}

//! Counts per cell against a hash map and h3o's own parents.

use std::collections::BTreeMap;

use h3o::{CellIndex, LatLng, Resolution};
use naqsha_model::{Agency, Basis, CategorySet, Day, DayRange, Incident, RecordStage};
use naqsha_store::{Area, Cube, CubeQuery, Excluded, Filter, Snapshot};

use crate::support::{
    Random, commit, create, digest, header, in_cell, incident, open, passes, scattered,
};

const BATCHES: u8 = 5;

/// Incidents with whether they are invented, and a snapshot of a reopened store that holds them.
fn held(seed: u64) -> (Vec<(Incident, bool)>, std::sync::Arc<Snapshot>) {
    let folder = tempfile::tempdir().unwrap();
    let store = create(folder.path());
    let mut random = Random(seed);
    let mut all = Vec::new();
    for number in 1..=BATCHES {
        let mut batch: Vec<Incident> = (1..=600).map(|row| scattered(&mut random, row)).collect();
        if number == 3 {
            for incident in batch.iter_mut().step_by(3) {
                incident.agency = Agency::new("FIA").unwrap();
            }
        }
        all.extend(
            batch
                .iter()
                .map(|incident| (incident.clone(), header(number).synthetic)),
        );
        commit(&store, header(number), batch);
    }
    drop(store);
    (all, open(folder.path()).snapshot())
}

fn oracle(incidents: &[(Incident, bool)], query: &CubeQuery<'_>) -> Cube {
    let (mut cells, mut excluded, mut matched) = (BTreeMap::new(), Excluded::default(), 0);
    let mut coarse = BTreeMap::<u64, u32>::new();
    let mut unlocated = BTreeMap::new();
    for (incident, synthetic) in incidents
        .iter()
        .filter(|(incident, _)| passes(incident, &query.filter))
    {
        matched += 1;
        let counts = query
            .counted_bases
            .as_ref()
            .is_none_or(|bases| bases.contains(&incident.location.basis));
        match incident.location.cell() {
            None => {
                excluded.no_location += 1;
                *unlocated.entry(Some("pakistan".to_owned())).or_default() += 1;
            }
            Some(_) if !counts => excluded.basis += 1,
            Some(cell) => match cell.parent(query.resolution) {
                None => {
                    excluded.too_coarse += 1;
                    *coarse.entry(u64::from(cell)).or_default() += 1;
                }
                Some(parent) => {
                    let (count, invented) =
                        cells.entry(u64::from(parent)).or_insert((0_u32, false));
                    *count += 1;
                    *invented |= synthetic;
                }
            },
        }
    }
    Cube {
        cells: cells
            .keys()
            .map(|&cell| CellIndex::try_from(cell).unwrap())
            .collect(),
        counts: cells.values().map(|value| value.0).collect(),
        synthetic: cells.values().map(|value| value.1).collect(),
        coarse: coarse
            .into_iter()
            .map(|(cell, count)| (CellIndex::try_from(cell).unwrap(), count))
            .collect(),
        unlocated,
        excluded,
        matched,
    }
}

fn some<T>(random: &mut Random, value: impl FnOnce(&mut Random) -> T) -> Option<T> {
    if random.below(2) == 0 {
        None
    } else {
        Some(value(random))
    }
}

#[test]
fn cubes_are_those_of_a_hash_map_whatever_is_asked() {
    let (incidents, snapshot) = held(1);
    let east = |cell: CellIndex| u64::from(cell) >> 20 & 3 != 1;
    let mut random = Random(2);
    let (mut seen, mut coarse, mut nowhere, mut uncounted, mut invented) = (0, 0, 0, 0, 0);
    for _ in 0..600 {
        let resolution = Resolution::try_from(u8::try_from(3 + random.below(7)).unwrap()).unwrap();
        let mut filter = Filter::default();
        if random.below(2) == 0 {
            let chosen: Vec<_> = CategorySet::ALL
                .iter()
                .filter(|_| random.below(3) == 0)
                .collect();
            filter.categories = chosen
                .into_iter()
                .fold(CategorySet::NONE, CategorySet::with);
        }
        filter.stages = some(&mut random, |r| {
            vec![r.pick(RecordStage::ALL), r.pick(RecordStage::ALL)]
        });
        filter.bases = some(&mut random, |r| {
            Basis::ALL
                .iter()
                .copied()
                .filter(|_| r.below(2) == 0)
                .collect()
        });
        filter.agencies = some(&mut random, |r| {
            vec![r.pick(&["ANF", "FIA", "NCCIA"]).to_owned()]
        });
        filter.days = some(&mut random, |r| {
            let first = 39_900 + u16::try_from(r.below(600)).unwrap();
            DayRange::new(Day(first), Day(first + u16::try_from(r.below(90)).unwrap())).unwrap()
        });
        let finest = Resolution::try_from(u8::try_from(3 + random.below(7)).unwrap()).unwrap();
        filter.area = some(&mut random, |_| Area {
            finest,
            contains: &east,
        });
        let counted_bases = some(&mut random, |_| {
            vec![Basis::Occurrence, Basis::Seizure, Basis::Unknown]
        });
        let query = CubeQuery {
            resolution,
            filter,
            counted_bases,
        };
        let cube = snapshot.cube(&query);
        assert_eq!(cube, oracle(&incidents, &query), "{query:?}");
        assert_eq!(cube.matched, snapshot.count(&query.filter));
        seen += cube.cells.len();
        coarse += cube.excluded.too_coarse;
        nowhere += cube.excluded.no_location;
        uncounted += cube.excluded.basis;
        invented += cube
            .synthetic
            .iter()
            .filter(|&&synthetic| synthetic)
            .count();
    }
    assert!(
        seen > 1_000 && coarse > 1_000 && nowhere > 100 && uncounted > 1_000 && invented > 100,
        "all was tried"
    );
}

#[test]
fn at_every_resolution_each_record_is_in_a_cell_or_excluded() {
    let (incidents, snapshot) = held(3);
    for resolution in (0..=15).map(|r| Resolution::try_from(r).unwrap()) {
        let cube = snapshot.cube(&CubeQuery {
            resolution,
            filter: Filter::default(),
            counted_bases: None,
        });
        let counted: u64 = cube.counts.iter().map(|&count| u64::from(count)).sum();
        assert_eq!(counted + cube.excluded.total(), incidents.len() as u64);
        assert_eq!(cube.matched, incidents.len() as u64);
        assert!(
            cube.cells
                .is_sorted_by(|left, right| u64::from(*left) < u64::from(*right))
        );
        assert!(
            cube.cells
                .iter()
                .all(|cell| cell.resolution() == resolution)
        );
    }
}

#[test]
fn the_area_is_asked_once_for_each_cell_of_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(folder.path());
    let cell = LatLng::new(31.52, 74.36).unwrap().to_cell(Resolution::Nine);
    let incidents = (1..=50).map(|row| in_cell(incident(row), cell)).collect();
    commit(&store, header(1), incidents);
    let asked = std::sync::Mutex::new(Vec::new());
    let contains = |cell: CellIndex| {
        asked.lock().unwrap().push(cell);
        true
    };
    let area = Some(Area {
        finest: Resolution::Seven,
        contains: &contains,
    });
    assert_eq!(
        store.snapshot().count(&Filter {
            area,
            ..Filter::default()
        }),
        50
    );
    assert_eq!(
        *asked.lock().unwrap(),
        [cell.parent(Resolution::Seven).unwrap()]
    );
}

#[test]
fn the_index_never_takes_more_than_sixteen_bytes_a_row() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(folder.path());
    let centre = Resolution::Nine.pentagons().next().unwrap();
    let mut incidents: Vec<Incident> = centre
        .grid_disk::<Vec<_>>(30)
        .into_iter()
        .zip(1..)
        .map(|(cell, row)| in_cell(incident(row), cell))
        .collect();
    incidents[0].agency = Agency::new("FIA").unwrap();
    let rows = incidents.len() as u64;
    commit(&store, header(1), incidents);
    assert_eq!(
        store.snapshot().index_bytes(),
        16 * rows,
        "all cells differ, and two agencies share the file"
    );
    let crowded = (1..=1_000)
        .map(|row| in_cell(incident(row), centre))
        .collect();
    commit(&store, header(2), crowded);
    assert_eq!(
        store.snapshot().index_bytes(),
        16 * rows + 6 * 1_000 + 8,
        "one cell"
    );
    assert!(store.find_batch(&digest(2)).is_some());
}

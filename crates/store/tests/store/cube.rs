//! Counts per cell against a hash map and h3o's own parents.

use std::collections::BTreeMap;

use h3o::{CellIndex, LatLng, Resolution};
use naqsha_model::{
    Agency, Basis, Category, CategorySet, Day, DayRange, HandlingCode, Incident, Precision,
    RecordStage,
};
use naqsha_store::{
    Area, Cube, CubeQuery, Excluded, Filter, MonthCount, Occurrence, Reach, Reader, Selection,
    Snapshot, Store, Whose,
};

use crate::groups;
use crate::support::{
    Random, act, commit, create, digest, header, in_cell, incident, on_day, open, passes,
    scattered, told, wait,
};

const BATCHES: u8 = 5;

/// Incidents with whether they are invented, and a snapshot of a reopened store that holds them.
fn held(seed: u64) -> (Vec<(Incident, bool)>, std::sync::Arc<Snapshot>) {
    let folder = tempfile::tempdir().unwrap();
    let (all, store) = filled(seed, folder.path());
    drop(store);
    (all, open(folder.path()).snapshot())
}

fn filled(seed: u64, folder: &std::path::Path) -> (Vec<(Incident, bool)>, Store) {
    let store = create(folder);
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
    (all, store)
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

/// Whether a cell is of the odd half of the regions of resolution 3, which a region can tell of all that lies in it.
fn is_odd(cell: CellIndex) -> bool {
    let region = cell.parent(Resolution::Three).unwrap_or(cell);
    u64::from(region) >> 36 & 1 == 1
}

fn odd_reach(region: CellIndex) -> Reach {
    match region.resolution() {
        coarse if coarse < Resolution::Three => Reach::Part,
        _ if is_odd(region) => Reach::All,
        _ => Reach::Nothing,
    }
}

fn is_east(cell: CellIndex) -> bool {
    u64::from(cell) >> 20 & 3 != 1
}

/// Any filter.
fn filter(random: &mut Random) -> Filter<'static> {
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
    filter.stages = some(random, |r| {
        vec![r.pick(RecordStage::ALL), r.pick(RecordStage::ALL)]
    });
    filter.bases = some(random, |r| {
        Basis::ALL
            .iter()
            .copied()
            .filter(|_| r.below(2) == 0)
            .collect()
    });
    filter.precisions = some(random, |r| {
        Precision::ALL
            .iter()
            .copied()
            .filter(|_| r.below(4) > 0)
            .collect()
    });
    filter.handlings = some(random, |r| {
        HandlingCode::ALL
            .iter()
            .copied()
            .filter(|_| r.below(4) > 0)
            .collect()
    });
    filter.agencies = some(random, |r| {
        vec![r.pick(&["ANF", "FIA", "NCCIA"]).to_owned()]
    });
    filter.reader = some(random, |r| Reader {
        agency: Agency::new(r.pick(&["ANF", "FIA", "NCCIA", "CTD"])).unwrap(),
        whose: r.pick(&[Whose::All, Whose::Own, Whose::Others]),
    });
    filter.days = some(random, |r| {
        let first = 39_900 + u16::try_from(r.below(600)).unwrap();
        DayRange::new(Day(first), Day(first + u16::try_from(r.below(90)).unwrap())).unwrap()
    });
    filter.only_within_days = random.below(2) == 0;
    let finest = Resolution::try_from(u8::try_from(3 + random.below(7)).unwrap()).unwrap();
    let unlocated = random.below(2) == 0;
    filter.area = some(random, |r| match r.below(2) {
        0 => Area {
            finest,
            contains: &is_east,
            reach: None,
            unlocated,
        },
        _ => Area {
            finest,
            contains: &is_odd,
            reach: Some(&odd_reach),
            unlocated,
        },
    });
    filter
}

/// Counts by category and month, slowly.
fn months(incidents: &[(Incident, bool)], filter: &Filter<'_>) -> Vec<MonthCount> {
    let mut counts = BTreeMap::new();
    for (incident, _) in incidents.iter().filter(|(one, _)| passes(one, filter)) {
        let date = incident.when().map(|when| when.days.first().date());
        let month = date.map(|date| (date.year(), date.month()));
        *counts
            .entry((incident.category.index(), month))
            .or_insert(0) += 1;
    }
    let count = |((category, month), count)| MonthCount {
        category: Category::from_index(category).unwrap(),
        month,
        count,
    };
    counts.into_iter().map(count).collect()
}

/// What a cube counts in cells by cell, days, category and agency, slowly.
fn occurrences(incidents: &[(Incident, bool)], query: &CubeQuery<'_>) -> Vec<Occurrence> {
    let mut counts = BTreeMap::new();
    let bases = query.counted_bases.as_deref();
    let counted = incidents
        .iter()
        .map(|(incident, _)| incident)
        .filter(|one| {
            passes(one, &query.filter)
                && bases.is_none_or(|bases| bases.contains(&one.location.basis))
        });
    for incident in counted {
        let cell = incident.location.cell();
        let Some(cell) = cell.and_then(|cell| cell.parent(query.resolution)) else {
            continue;
        };
        let days = incident.when().map(|when| when.days);
        let order = days.map_or((0, u16::MAX), |days| (days.first().0, days.last().0));
        let agency = incident.agency.to_string();
        let key = (u64::from(cell), order, incident.category.index(), agency);
        counts.entry(key).or_insert((days, 0)).1 += 1;
    }
    let told = |((cell, _, category, agency), (days, count)): (_, (_, u32))| Occurrence {
        cell: CellIndex::try_from(cell).unwrap(),
        days,
        category: Category::from_index(category).unwrap(),
        agency: String::into(agency),
        count,
    };
    counts.into_iter().map(told).collect()
}

/// Asks a snapshot all kinds of questions, of which each must be answered as a hash map answers it.
fn answers(incidents: &[(Incident, bool)], snapshot: &Snapshot, questions: usize) {
    let mut random = Random(2);
    let (mut seen, mut coarse, mut nowhere, mut uncounted, mut invented) = (0, 0, 0, 0, 0);
    for _ in 0..questions {
        let resolution = Resolution::try_from(u8::try_from(3 + random.below(7)).unwrap()).unwrap();
        let filter = filter(&mut random);
        let counted_bases = some(&mut random, |_| {
            vec![Basis::Occurrence, Basis::Seizure, Basis::Unknown]
        });
        let query = CubeQuery {
            resolution,
            filter,
            counted_bases,
        };
        let cube = snapshot.cube(&query);
        assert_eq!(cube, oracle(incidents, &query), "{query:?}");
        assert_eq!(cube.matched, snapshot.count(&query.filter));
        let by_day = snapshot.occurrences(&query);
        assert_eq!(by_day, occurrences(incidents, &query), "{query:?}");
        assert_eq!(
            snapshot.by_month(&query.filter),
            months(incidents, &query.filter)
        );
        groups::agree(&mut random, (incidents, snapshot), &query);
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
        seen > questions
            && coarse > questions as u64
            && nowhere > 100
            && uncounted > 100
            && invented > 100,
        "all was tried"
    );
}

#[test]
fn cubes_are_those_of_a_hash_map_whatever_is_asked() {
    let (incidents, snapshot) = held(1);
    answers(&incidents, &snapshot, 600);
}

#[test]
fn a_merged_index_answers_as_a_hash_map_does_whatever_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let (incidents, store) = filled(1, folder.path());
    let before = store.snapshot();
    assert!(wait(store.merge(0)).unwrap());
    assert!(!wait(store.merge(0)).unwrap(), "nothing lies by itself");
    answers(&incidents, &store.snapshot(), 600);
    assert_eq!(told(&before), told(&store.snapshot()));
}

#[test]
fn records_that_go_and_come_after_the_merge_are_seen_to() {
    let folder = tempfile::tempdir().unwrap();
    let (mut incidents, store) = filled(4, folder.path());
    assert!(wait(store.merge(4)).unwrap());
    assert!(
        !wait(store.merge(4)).unwrap(),
        "one would be merged with itself"
    );
    let all = incidents.clone();
    let of_batch = |number: usize| (number - 1) * 600..number * 600;

    // A few rows, so that they are taken off.
    let rows: Vec<u64> = (1..=600).step_by(7).collect();
    wait(store.withdraw(&digest(2), Selection::Rows(rows.clone()), act("x"))).unwrap();
    let second = of_batch(2);
    let stays = |at: usize| !second.contains(&at) || !(at - second.start).is_multiple_of(7);
    let mut at = 0;
    incidents.retain(|_| {
        at += 1;
        stays(at - 1)
    });
    answers(&incidents, &store.snapshot(), 300);

    // Two batches of five, so that all rows are looked at, and then one that comes.
    for number in [4, 5] {
        wait(store.withdraw(&digest(number), Selection::Batch, act("x"))).unwrap();
    }
    incidents.truncate(incidents.len() - 1_200);
    answers(&incidents, &store.snapshot(), 300);
    let mut random = Random(9);
    let mut new = Vec::new();
    for number in [6, 7] {
        let batch: Vec<Incident> = (1..=600).map(|row| scattered(&mut random, row)).collect();
        commit(&store, header(number), batch.clone());
        let synthetic = header(number).synthetic;
        new.extend(batch.into_iter().map(|incident| (incident, synthetic)));
    }
    incidents.extend(new.clone());
    answers(&incidents, &store.snapshot(), 300);

    // Merged again, with what is withdrawn in it; then restored.
    assert!(wait(store.merge(0)).unwrap());
    answers(&incidents, &store.snapshot(), 300);
    for number in [4, 5] {
        wait(store.restore(&digest(number), Selection::Batch, act("x"))).unwrap();
    }
    wait(store.restore(&digest(2), Selection::Rows(rows), act("x"))).unwrap();
    let all = [all, new].concat();
    answers(&all, &store.snapshot(), 300);

    // As it was before the sixth batch, and as a start without a merge tells it.
    let past = store.snapshot().as_of(5).unwrap();
    let first = open(folder.path()).snapshot();
    assert_eq!(told(&past), told(&first.as_of(5).unwrap()));
    assert_eq!(told(&store.snapshot()), told(&first));
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
        reach: None,
        unlocated: true,
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
fn the_index_takes_few_bytes_a_row() {
    let folder = tempfile::tempdir().unwrap();
    let store = create(folder.path());
    let centre = Resolution::Nine.pentagons().next().unwrap();
    let mut incidents: Vec<Incident> = centre
        .grid_disk::<Vec<_>>(30)
        .into_iter()
        .zip(1..)
        .map(|(cell, row)| on_day(in_cell(incident(row), cell), 40_000))
        .collect();
    incidents[0].agency = Agency::new("FIA").unwrap();
    let rows = incidents.len() as u64;
    commit(&store, header(1), incidents);
    assert_eq!(
        store.snapshot().index_bytes(),
        14 * rows,
        "all cells differ, and two agencies share the file"
    );
    let crowded = (1..=1_000)
        .map(|row| on_day(in_cell(incident(row), centre), 40_001))
        .collect();
    commit(&store, header(2), crowded);
    assert_eq!(
        store.snapshot().index_bytes(),
        14 * rows + 6 * 1_000 + 8,
        "one cell"
    );
    assert!(store.find_batch(&digest(2)).is_some());
    assert!(wait(store.merge(0)).unwrap());
    let [least, most] = [12 * (rows + 1_000), 12 * (rows + 1_000) + 13 * rows];
    let bytes = store.snapshot().index_bytes();
    assert!(
        (least..most).contains(&bytes),
        "{bytes} of {least} to {most}"
    );
}

#[test]
fn lists_of_recipients_take_no_bytes_a_row() {
    let bytes = |named: bool| {
        let folder = tempfile::tempdir().unwrap();
        let store = create(folder.path());
        let mut random = Random(5);
        for number in 1..=3 {
            let of = (1..=2_000).map(|row| {
                let mut one = scattered(&mut random, row);
                if !named {
                    one.handling.releasable_to.clear();
                }
                one
            });
            commit(&store, header(number), of.collect());
        }
        let apart = store.snapshot().index_bytes();
        assert!(wait(store.merge(0)).unwrap());
        [apart, store.snapshot().index_bytes()]
    };
    assert_eq!(bytes(true), bytes(false));
}

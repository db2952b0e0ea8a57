//! Records by group against a hash map, whatever is told apart.

use std::collections::BTreeMap;

use h3o::CellIndex;
use naqsha_model::Incident;
use naqsha_store::{CubeQuery, Group, GroupCells, GroupQuery, GroupedBy, Snapshot};

use crate::support::{Random, passes};

/// Steps of thirty days.
fn steps() -> Vec<u16> {
    (0..=u16::MAX).map(|day| day / 30).collect()
}

fn is_kept(cell: CellIndex) -> bool {
    !u64::from(cell).count_ones().is_multiple_of(3)
}

fn slowly(incidents: &[(Incident, bool)], query: &GroupQuery<'_>) -> Vec<Group> {
    let mut counts: BTreeMap<String, Group> = BTreeMap::new();
    let passing = incidents.iter();
    for (incident, synthetic) in passing.filter(|(one, _)| passes(one, &query.filter)) {
        let place = |of: GroupCells<'_>| {
            let cell = incident
                .location
                .cell()
                .and_then(|cell| cell.parent(of.resolution));
            cell.filter(|&cell| (of.keep)(cell))
                .map(|cell| of.apart.then_some(cell))
        };
        let cell = match query.cells.map(place) {
            Some(None) => continue,
            Some(Some(cell)) => cell,
            None => None,
        };
        let by = |what| query.by.contains(&what);
        let first = incident.when().map(|when| usize::from(when.days.first().0));
        let group = Group {
            cell,
            category: by(GroupedBy::Category).then_some(incident.category),
            stage: by(GroupedBy::Stage).then_some(incident.stage),
            basis: by(GroupedBy::Basis).then_some(incident.location.basis),
            agency: by(GroupedBy::Agency).then(|| incident.agency.as_str().into()),
            step: query.steps.zip(first).map(|(steps, first)| steps[first]),
            count: 0,
            synthetic: false,
        };
        let sum = counts.entry(format!("{group:?}")).or_insert(group);
        sum.count += 1;
        sum.synthetic |= synthetic;
    }
    let mut groups: Vec<Group> = counts.into_values().collect();
    groups.sort_unstable();
    groups
}

/// Groups of a question's records, told apart in any way, are those of a hash map; their sums are those of the cube.
pub(crate) fn agree(
    random: &mut Random,
    (incidents, snapshot): (&[(Incident, bool)], &Snapshot),
    asked: &CubeQuery<'_>,
) {
    let (all, steps) = (|_: CellIndex| true, steps());
    let kinds = [
        GroupedBy::Category,
        GroupedBy::Stage,
        GroupedBy::Basis,
        GroupedBy::Agency,
    ];
    let keep: [&(dyn Fn(CellIndex) -> bool + Sync); 2] = [&all, &is_kept];
    let which = usize::from(random.below(2) == 0);
    let cells = GroupCells {
        resolution: asked.resolution,
        keep: keep[which],
        apart: random.below(2) == 0,
    };
    let query = GroupQuery {
        filter: asked.filter.clone(),
        by: kinds.into_iter().filter(|_| random.below(2) == 0).collect(),
        steps: (random.below(2) == 0).then_some(&*steps),
        cells: (random.below(3) > 0).then_some(cells),
    };
    let groups = snapshot.groups(&query);
    assert_eq!(groups, slowly(incidents, &query), "{query:?}");
    let sum: u64 = groups.iter().map(|group| group.count).sum();
    let open = CubeQuery {
        counted_bases: None,
        ..asked.clone()
    };
    match query.cells {
        None => assert_eq!(sum, snapshot.count(&query.filter)),
        Some(_) if which == 0 => {
            let cube = snapshot.cube(&open);
            assert_eq!(sum, cube.matched - cube.excluded.total());
        }
        Some(_) => {}
    }
}

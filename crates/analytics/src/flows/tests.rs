//! Balances, sums and ways of small tables, against counting by hand and trying everything.

use std::num::NonZeroU32;

use h3o::{CellIndex, Resolution};

use super::*;
use crate::{Neighbours, Reason, Sampling, WeightStyle};

fn flows(list: &[(u32, u32, f64)]) -> Flows<u32> {
    let list = list.iter().map(|&(from, to, n)| Flow { from, to, n });
    Flows::new(list.collect()).unwrap()
}

#[test]
fn repeated_pairs_add_up_in_any_order_and_what_stays_is_apart() {
    let list = [
        (1, 2, 0.1),
        (2, 1, 3.0),
        (1, 2, 0.7),
        (3, 3, 5.0),
        (1, 2, 0.2),
        (1, 3, 0.0),
    ];
    let table = flows(&list);
    let mut turned = list;
    turned.reverse();
    assert_eq!(table, flows(&turned));
    assert_eq!(table.between().len(), 2);
    assert_eq!(
        (table.n(3, 3), table.n(1, 3), table.n(2, 1)),
        (5.0, 0.0, 3.0)
    );
    let strengths = table.strengths();
    assert_eq!(strengths.len(), 3);
    assert_eq!((strengths[0].received, strengths[2].within), (3.0, 5.0));
    assert!((strengths[1].received - strengths[0].sent).abs() < 1e-15);
}

#[test]
fn a_balance_has_the_direction_of_the_stronger_side() {
    let table = flows(&[
        (1, 2, 2.0),
        (2, 1, 5.0),
        (4, 3, 1.0),
        (5, 6, 2.0),
        (6, 5, 2.0),
    ]);
    let found: Vec<_> = table
        .exchanges()
        .iter()
        .map(|e| (e.from, e.to, e.net, e.gross))
        .collect();
    assert_eq!(
        found,
        [(2, 1, 3.0, 7.0), (4, 3, 1.0, 1.0), (5, 6, 0.0, 4.0)]
    );
}

#[test]
fn flows_between_the_children_of_a_cell_stay_within_it() {
    let parent = CellIndex::try_from(0x0874_24d0_41ff_ffff).unwrap();
    let children: Vec<CellIndex> = parent.children(Resolution::Eight).collect();
    let other = parent
        .grid_disk_safe(1)
        .find(|cell| *cell != parent)
        .unwrap();
    let away = other.center_child(Resolution::Eight).unwrap();
    let list = [
        (children[0], children[1], 2.0),
        (children[2], children[2], 3.0),
        (children[3], away, 4.0),
        (children[4], away, 1.0),
    ];
    let table = Flows::new(list.map(|(from, to, n)| Flow { from, to, n }).to_vec()).unwrap();
    let coarse = table.grouped(|cell| cell.parent(Resolution::Seven).unwrap());
    assert_eq!(coarse.within(), [(parent, 5.0)]);
    assert_eq!(coarse.between().len(), 1);
    assert!((coarse.n(parent, other) - 5.0).abs() < 1e-15);
}

#[test]
fn negative_numbers_and_unknown_places_are_refused() {
    let flow = |n| Flow {
        from: 0_usize,
        to: 9,
        n,
    };
    let refused = Flows::new(vec![flow(1.0), flow(-1.0)]);
    assert_eq!(refused, Err(FlowError::InvalidNumber(1)));
    let row = Neighbours::from_links(3, &[(0, 1, 1.0), (1, 0, 1.0)]).unwrap();
    let table = Flows::new(vec![flow(1.0)]).unwrap();
    let test = |table, graph| flow_moran(table, graph, Ends::Both, WeightStyle::AsGiven, None);
    let unknown = FlowError::UnknownPlace {
        place: 9,
        places: 3,
    };
    assert_eq!(test(&table, &row), Err(unknown));
    let apart = Neighbours::from_links(501, &[]).unwrap();
    let error = test(&table, &apart).unwrap_err();
    assert_eq!(error, FlowError::TooManyPlaces { places: 501 });
    let empty = Flows::new(Vec::new()).unwrap();
    let flat = test(&empty, &Neighbours::from_links(4, &[(0, 1, 1.0)]).unwrap());
    assert_eq!(
        flat.unwrap_err().reason(),
        Some(Reason::InsufficientVariation)
    );
}

/// Two rows of places; everything goes from the left half to the right one.
#[test]
fn flows_that_run_beside_each_other_are_not_chance() {
    let mut links = Vec::new();
    for at in 0..11_u32 {
        links.extend([(at, at + 1, 1.0), (at + 1, at, 1.0)]);
    }
    let row = Neighbours::from_links(12, &links).unwrap();
    let list: Vec<Flow<usize>> = (0..4)
        .flat_map(|from| (8..12).map(move |to| Flow { from, to, n: 3.0 }))
        .collect();
    let sampling = Sampling {
        permutations: NonZeroU32::new(199).unwrap(),
        seed: 5,
    };
    let table = Flows::new(list).unwrap();
    for ends in [Ends::Both, Ends::One] {
        let found = flow_moran(&table, &row, ends, WeightStyle::AsGiven, Some(sampling)).unwrap();
        assert!(
            found.statistic > 0.5 && found.p_perm == Some(0.01),
            "{found:?}"
        );
    }
}

/// Every path without loops, by trying all.
fn all_paths(costs: &[f64], graph: &Neighbours, path: &mut Vec<usize>, to: usize) -> Vec<Corridor> {
    let last = path[path.len() - 1];
    if last == to {
        return vec![Corridor {
            places: path.clone(),
            cost: path.iter().map(|&place| costs[place]).sum(),
        }];
    }
    let mut found = Vec::new();
    for &next in graph.of(last) {
        if !path.contains(&(next as usize)) {
            path.push(next as usize);
            found.extend(all_paths(costs, graph, path, to));
            path.pop();
        }
    }
    found
}

#[test]
fn corridors_are_the_cheapest_of_all_paths() {
    let mut draws = crate::draws::Draws::new(3, 0);
    for round in 0..60 {
        let mut links = Vec::new();
        for from in 0..9_u32 {
            for to in (0..9).filter(|to| *to != from) {
                if draws.below(3) == 0 {
                    links.push((from, to, 1.0));
                }
            }
        }
        let graph = Neighbours::from_links(9, &links).unwrap();
        // Whole costs make ties, some of them of nothing; others do not.
        let cost = |draws: &mut crate::draws::Draws| match round % 2 {
            0 => f64::from(draws.below(4)),
            _ => draws.unit(),
        };
        let costs: Vec<f64> = (0..9).map(|_| cost(&mut draws)).collect();
        let mut all = all_paths(&costs, &graph, &mut vec![0], 8);
        all.sort_by(|a, b| a.cost.total_cmp(&b.cost));
        let found = corridors(&costs, &graph, 0, 8, 20).unwrap();
        assert_eq!(found.len(), all.len().min(20));
        for (path, other) in found.iter().zip(&all) {
            assert!((path.cost - other.cost).abs() < 1e-12, "{path:?} {other:?}");
            assert!(all.contains(path), "{path:?} is no path");
        }
        let mut distinct: Vec<_> = found.iter().map(|path| &path.places).collect();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), found.len());
    }
}

#[test]
fn there_is_one_path_from_a_place_to_itself_and_none_to_an_island() {
    let graph = Neighbours::from_links(3, &[(0, 1, 1.0), (1, 0, 1.0)]).unwrap();
    let costs = [2.0, 1.0, 1.0];
    let own = corridors(&costs, &graph, 0, 0, 3).unwrap();
    assert_eq!((own.len(), own[0].cost), (1, 2.0));
    assert_eq!(corridors(&costs, &graph, 0, 2, 3), Ok(Vec::new()));
    let refuse = |costs: &[f64], to, count| corridors(costs, &graph, 0, to, count).unwrap_err();
    assert_eq!(refuse(&costs, 3, 1), CorridorError::UnknownPlace(3));
    assert_eq!(refuse(&costs, 1, 101), CorridorError::TooManyPaths(101));
    assert_eq!(
        refuse(&[1.0, -1.0, 0.0], 1, 1),
        CorridorError::InvalidCost(1)
    );
    let short = CorridorError::LengthMismatch { costs: 1, units: 3 };
    assert_eq!(refuse(&[1.0], 1, 1), short);
}

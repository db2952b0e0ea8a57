//! Tables counted by hand and by brute force.

use std::num::NonZeroU32;

use proptest::prelude::*;

use super::*;
use crate::draws::Draws;

fn sampling(permutations: u32, seed: u64) -> Sampling {
    Sampling {
        permutations: NonZeroU32::new(permutations).unwrap(),
        seed,
    }
}

fn bands(edges: &[f64], closed: Closed) -> Bands {
    Bands::new(edges.to_vec(), closed).unwrap()
}

proptest! {
    #[test]
    fn every_pair_is_counted_once_in_its_band(
        events in proptest::collection::vec((0_i32..12, 0_i32..12, 0_i32..20), 2..40),
        right in any::<bool>(),
        manhattan in any::<bool>(),
        endless in any::<bool>(),
    ) {
        let closed = if right { Closed::Right } else { Closed::Left };
        let metric = if manhattan { Metric::Manhattan } else { Metric::Straight };
        let mut edges = vec![1.0, 3.0, 5.0];
        if endless {
            edges.push(f64::INFINITY);
        }
        let (space, time) = (bands(&edges, closed), bands(&[0.0, 2.0, 7.0], closed));
        let places: Vec<[f64; 2]> = events.iter().map(|e| [f64::from(e.0), f64::from(e.1)]).collect();
        let times: Vec<f64> = events.iter().map(|e| f64::from(e.2)).collect();
        let close = Closeness { metric, space: &space, time: &time };
        let found = knox(Points::Planar(&places), &times, close, sampling(9, 1)).unwrap();
        let mut expected = vec![vec![0_u64; 2]; edges.len() - 1];
        for a in 0..places.len() {
            for b in 0..a {
                let (dx, dy) = (places[a][0] - places[b][0], places[a][1] - places[b][1]);
                let distance = if manhattan { dx.abs() + dy.abs() } else { dx.hypot(dy) };
                let apart = (times[a] - times[b]).abs();
                if let (Some(row), Some(column)) = (space.of(distance), time.of(apart)) {
                    expected[row][column] += 1;
                }
            }
        }
        prop_assert_eq!(found.observed, expected);
    }
}

proptest! {
    /// Whole times and others, several bands, and numbers of shuffles that fill no block: p are those of shuffles counted apart.
    #[test]
    fn p_are_those_of_shuffles_counted_one_by_one(
        events in proptest::collection::vec((0_i32..9, 0_i32..9, 0_i32..30), 2..50),
        permutations in 1_u32..30,
        halves in any::<bool>(),
        right in any::<bool>(),
        endless in any::<bool>(),
    ) {
        let closed = if right { Closed::Right } else { Closed::Left };
        let end = if endless { f64::INFINITY } else { 4.0 };
        let (space, time) = (bands(&[0.0, 1.0, 2.5, end], closed), bands(&[0.0, 2.0, 6.5, 40.0], closed));
        let places: Vec<[f64; 2]> = events.iter().map(|e| [f64::from(e.0), f64::from(e.1)]).collect();
        let unit = if halves { 0.5 } else { 1.0 };
        let times: Vec<f64> = events.iter().map(|e| f64::from(e.2) * unit).collect();
        let close = Closeness { metric: Metric::Straight, space: &space, time: &time };
        let found = knox(Points::Planar(&places), &times, close, sampling(permutations, 4)).unwrap();
        let count = |times: &[f64]| {
            let mut counts = vec![vec![0_u64; 3]; 3];
            for a in 0..places.len() {
                for b in 0..a {
                    let distance = (places[a][0] - places[b][0]).hypot(places[a][1] - places[b][1]);
                    if let (Some(row), Some(column)) = (space.of(distance), time.of((times[a] - times[b]).abs())) {
                        counts[row][column] += 1;
                    }
                }
            }
            counts
        };
        prop_assert_eq!(&found.observed, &count(&times));
        let mut above = vec![vec![1_u32; 3]; 3];
        for draw in 0..permutations {
            let mut shuffled = times.clone();
            Draws::new(4, u64::from(draw)).shuffle(&mut shuffled);
            for (above, (count, seen)) in above.iter_mut().flatten().zip(count(&shuffled).iter().flatten().zip(found.observed.iter().flatten())) {
                *above += u32::from(count >= seen);
            }
        }
        let expected: Vec<f64> = above.iter().flatten().map(|above| f64::from(*above) / f64::from(permutations + 1)).collect();
        prop_assert_eq!(found.p_upper.concat(), expected);
    }
}

#[test]
fn the_mean_of_shuffles_is_the_expectation_and_p_its_tail() {
    let places: Vec<[f64; 2]> = (0_u32..14)
        .map(|at| [f64::from(at * at % 9), 0.0])
        .collect();
    let times: Vec<f64> = (0_u32..14).map(|at| f64::from(at * 5 % 11)).collect();
    let (space, time) = (
        bands(&[0.0, 2.0, f64::INFINITY], Closed::Left),
        bands(&[0.0, 3.0, f64::INFINITY], Closed::Left),
    );
    let close = Closeness {
        metric: Metric::Straight,
        space: &space,
        time: &time,
    };
    let points = Points::Planar(&places);
    let found = knox(points, &times, close, sampling(999, 5)).unwrap();
    let mut sum = 0.0;
    let mut above = 0;
    for draw in 0..999 {
        let mut shuffled = times.clone();
        Draws::new(5, draw).shuffle(&mut shuffled);
        let again = knox(points, &shuffled, close, sampling(1, 0)).unwrap();
        sum += f64::from(u32::try_from(again.observed[0][0]).unwrap());
        above += u32::from(again.observed[0][0] >= found.observed[0][0]);
    }
    // 4 standard errors of a mean of 999 counts with a deviation of about 2.5.
    assert!((sum / 999.0 - found.expected[0][0]).abs() < 0.33);
    assert!((found.p_upper[0][0] - f64::from(above + 1) / 1000.0).abs() < 1e-15);
    let total: f64 = found.expected.iter().flatten().sum();
    assert!((total - 91.0).abs() < 1e-9);
}

#[test]
fn thread_count_changes_nothing() {
    let places: Vec<[f64; 2]> = (0_u32..60)
        .map(|at| [f64::from(at % 7), f64::from(at % 5)])
        .collect();
    let times: Vec<f64> = (0_u32..60).map(|at| f64::from(at * 13 % 31)).collect();
    let (space, time) = (
        bands(&[0.0, 1.5], Closed::Left),
        bands(&[0.0, 4.0], Closed::Left),
    );
    let close = Closeness {
        metric: Metric::Straight,
        space: &space,
        time: &time,
    };
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| knox(Points::Planar(&places), &times, close, sampling(199, 3)).unwrap())
    };
    assert_eq!(run(1), run(4));
}

#[test]
fn one_event_has_no_pairs_and_metres_are_along_the_ellipsoid() {
    let (space, time) = (
        bands(&[0.0, 111_000.0], Closed::Right),
        bands(&[0.0, 1.0], Closed::Right),
    );
    let close = Closeness {
        metric: Metric::Straight,
        space: &space,
        time: &time,
    };
    let one = knox(Points::Planar(&[[0.0, 0.0]]), &[0.0], close, sampling(9, 1));
    assert_eq!(
        one,
        Err(KnoxError::Undefined(Reason::InsufficientVariation))
    );
    // A degree of latitude is 110.6 km at the equator and 111.7 km at the pole; one of longitude here 56 km.
    let places = [[10.0, 0.0], [10.0, 1.0], [10.0, 89.0], [10.0, 90.0]];
    let found = knox(Points::LonLat(&places), &[0.0; 4], close, sampling(9, 1)).unwrap();
    assert_eq!(
        (found.observed, found.p_upper),
        (vec![vec![1]], vec![vec![1.0]])
    );
}

//! Scans of small maps, against the likelihood itself and against each other.

use std::num::NonZeroU32;

use super::*;
use crate::neighbours::Points;

fn options(max_share: f64, permutations: u32) -> ScanOptions {
    ScanOptions {
        metric: Metric::Straight,
        max_share,
        sampling: Sampling {
            permutations: NonZeroU32::new(permutations).unwrap(),
            seed: 1,
        },
    }
}

/// Six rows of six places, each a little farther from the next than from the one before: no two at equal distance.
fn grid() -> Vec<[f64; 2]> {
    let uneven = |at: u32, step: f64| f64::from(at) * (step + 0.01 * f64::from(at));
    (0..36)
        .map(|at| [uneven(at % 6, 0.8), uneven(at / 6, 1.0)])
        .collect()
}

#[test]
fn two_planted_clusters_are_found_and_share_no_place() {
    let places = grid();
    let mut cases = [2_u32; 36];
    for at in [0, 1, 6, 7] {
        cases[at] = 12;
    }
    for at in [34, 35] {
        cases[at] = 9;
    }
    let model = SpatialModel::Poisson {
        cases: &cases,
        population: &[1000.0; 36],
    };
    let found = spatial_scan(Points::Planar(&places), model, options(0.5, 999)).unwrap();
    let mut first = found[0].places.clone();
    first.sort_unstable();
    assert_eq!(
        (first, found[0].observed, found[0].p),
        (vec![0, 1, 6, 7], 48, 0.001)
    );
    let mut second = found[1].places.clone();
    second.sort_unstable();
    assert_eq!((second, found[1].p < 0.05), (vec![34, 35], true));
    assert!(found[0].p_gumbel.unwrap() < 1e-6);
    let mut all: Vec<u32> = found
        .iter()
        .flat_map(|cluster| cluster.places.clone())
        .collect();
    let count = all.len();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), count);
    assert!(found.windows(2).all(|pair| pair[0].llr >= pair[1].llr));
    assert!(
        found
            .iter()
            .all(|cluster| cluster.observed >= 2 && cluster.llr > 0.0)
    );
}

#[test]
fn bernoulli_finds_the_share_that_is_high() {
    let places = grid();
    let (mut cases, mut controls) = ([2_u32; 36], [8_u32; 36]);
    (cases[14], controls[14], cases[15], controls[15]) = (8, 2, 9, 1);
    // Many people are no cluster of cases.
    controls[0] = 80;
    cases[0] = 20;
    let model = SpatialModel::Bernoulli {
        cases: &cases,
        controls: &controls,
    };
    let found = spatial_scan(Points::Planar(&places), model, options(0.5, 199)).unwrap();
    let mut first = found[0].places.clone();
    first.sort_unstable();
    assert_eq!((first, found[0].observed), (vec![14, 15], 17));
    assert!(found[0].p <= 0.01 && found[0].relative_risk.unwrap() > 3.0);
}

/// Under the null the p of the first cluster is uniform: at most 5 % of maps are below .05, within 4 standard errors.
#[test]
fn p_of_random_maps_is_not_too_small() {
    let places = grid();
    let population: Vec<f64> = (0_u32..36)
        .map(|at| f64::from(100 + at * 37 % 400))
        .collect();
    let sum: f64 = population.iter().sum();
    let mut below = 0;
    for map in 0..120 {
        let mut draws = crate::draws::Draws::new(99, map);
        let mut cases = [0_u32; 36];
        for _ in 0..90 {
            let mut at = draws.unit() * sum;
            let place = population.iter().position(|people| {
                at -= people;
                at < 0.0
            });
            cases[place.unwrap_or(35)] += 1;
        }
        let model = SpatialModel::Poisson {
            cases: &cases,
            population: &population,
        };
        let found = spatial_scan(Points::Planar(&places), model, options(0.5, 99)).unwrap();
        below += u32::from(found.first().is_some_and(|first| first.p <= 0.05));
    }
    // 120 · .05 = 6, with a standard error of 2.4.
    assert!(below <= 15, "{below} of 120");
}

fn cases(list: &[(u32, i64, usize)]) -> Vec<Case> {
    list.iter()
        .flat_map(|(place, time, many)| {
            std::iter::repeat_n(
                Case {
                    place: *place,
                    time: *time,
                },
                *many,
            )
        })
        .collect()
}

#[test]
fn a_burst_is_found_looking_back_and_only_at_the_end_looking_ahead() {
    let places = [[0.0, 0.0], [1.0, 0.0], [9.0, 0.0], [10.0, 0.0]];
    let points = Points::Planar(&places);
    let mut list: Vec<(u32, i64, usize)> = (0..4)
        .flat_map(|place| (1..=20).map(move |day| (place, day, 1)))
        .collect();
    list.push((2, 7, 12));
    list.push((2, 8, 10));
    let all = cases(&list);
    let period = Period { start: 1, end: 20 };
    let back =
        space_time_scan(points, &all, period, Look::Retrospective, options(0.5, 199)).unwrap();
    assert_eq!((&back[0].places, back[0].window), (&vec![2], Some([7, 8])));
    assert_eq!(back[0].observed, 24);
    assert!((back[0].expected - 42.0 * 30.0 / 102.0).abs() < 1e-12);
    assert!((back[0].p - 0.005).abs() < 1e-15);
    let ahead =
        space_time_scan(points, &all, period, Look::Prospective, options(0.5, 199)).unwrap();
    assert!(ahead.iter().all(|cluster| cluster.window.unwrap()[1] == 20));
    assert!(ahead.first().is_none_or(|first| first.p > 0.3));
    // A window lasts to the end of the period, cases or not, and at most half of it.
    let longer = Period { start: 1, end: 30 };
    let look = Look::Prospective;
    let ahead = space_time_scan(points, &all, longer, look, options(0.5, 9)).unwrap();
    assert!(!ahead.is_empty());
    for cluster in ahead {
        let [start, end] = cluster.window.unwrap();
        assert!(start >= 16 && end == 30, "{start} to {end}");
    }
}

#[test]
fn questions_that_cannot_be_put_say_why() {
    let points = Points::Planar(&[[0.0, 0.0], [1.0, 0.0]]);
    let poisson = |cases: &[u32], population: &[f64], share| {
        let model = SpatialModel::Poisson { cases, population };
        spatial_scan(points, model, options(share, 9)).unwrap_err()
    };
    assert_eq!(
        poisson(&[1, 1], &[0.0, 5.0], 0.5),
        ScanError::NoPopulation(0)
    );
    assert_eq!(
        poisson(&[1, 1], &[5.0, -5.0], 0.5),
        ScanError::InvalidPopulation(1)
    );
    assert_eq!(
        poisson(&[1, 1], &[5.0, 5.0], 0.0),
        ScanError::InvalidShare(0.0)
    );
    let flat = ScanError::Undefined(Reason::InsufficientVariation);
    assert_eq!(poisson(&[0, 0], &[5.0, 5.0], 0.5), flat);
    let outside = space_time_scan(
        points,
        &cases(&[(0, 3, 1), (1, 30, 1)]),
        Period { start: 1, end: 20 },
        Look::Prospective,
        options(0.5, 9),
    );
    assert_eq!(outside, Err(ScanError::CaseOutside(1)));
}

/// The highest ratio of all circles and stretches of time, one by one.
fn highest_by_hand(
    places: &[[f64; 2]],
    all: &[Case],
    period: Period,
    look: Look,
    share: f64,
) -> f64 {
    let mut highest = 0.0_f64;
    let count = |held: &dyn Fn(&Case) -> bool| {
        all.iter()
            .map(|case| f64::from(u8::from(held(case))))
            .sum::<f64>()
    };
    let total = count(&|_| true);
    let apart =
        |a: usize, b: usize| (places[a][0] - places[b][0]).hypot(places[a][1] - places[b][1]);
    for centre in 0..places.len() {
        for edge in 0..places.len() {
            let inside = |case: &Case| apart(centre, case.place as usize) <= apart(centre, edge);
            let here = count(&inside);
            for start in period.start..=period.end {
                let ends = match look {
                    Look::Prospective => period.end..=period.end,
                    Look::Retrospective => start..=period.end,
                };
                for end in ends.filter(|end| end - start < (period.end - period.start + 1) / 2) {
                    let during = |case: &Case| (start..=end).contains(&case.time);
                    let both = count(&|case| inside(case) && during(case));
                    if here <= total * share && both >= 2.0 {
                        let ratio = likelihood::poisson(both, here * count(&during) / total, total);
                        highest = highest.max(ratio);
                    }
                }
            }
        }
    }
    highest
}

#[test]
fn no_zone_has_a_higher_ratio_than_the_first_cluster() {
    let places: Vec<[f64; 2]> = grid().into_iter().step_by(4).collect();
    let period = Period { start: 1, end: 12 };
    for map in 0..6 {
        let mut draws = crate::draws::Draws::new(5, map);
        let all: Vec<Case> = (0..40)
            .map(|_| Case {
                place: draws.below(9),
                time: i64::from(draws.below(12)) + 1,
            })
            .collect();
        for look in [Look::Prospective, Look::Retrospective] {
            let points = Points::Planar(&places);
            let found = space_time_scan(points, &all, period, look, options(0.5, 9)).unwrap();
            let expected = highest_by_hand(&places, &all, period, look, 0.5);
            let first = found.first().map_or(0.0, |first| first.llr);
            assert!(
                (first - expected).abs() < 1e-9,
                "{look:?} {map}: {first} {expected}"
            );
        }
    }
}

#[test]
fn p_follows_from_the_highest_ratio_of_all_zones_of_each_random_map() {
    let places: Vec<[f64; 2]> = grid().into_iter().step_by(3).collect();
    let period = Period { start: 1, end: 14 };
    for (map, many) in [(0, 30), (1, 220), (2, 220)] {
        let mut draws = crate::draws::Draws::new(6, map);
        // Uneven places and times, so that some circles hold many cases and blocks of circles are long.
        let mut all: Vec<Case> = (0..many)
            .map(|_| Case {
                place: draws.below(12).min(draws.below(12)),
                time: i64::from(draws.below(14).max(draws.below(14))) + 1,
            })
            .collect();
        all.sort_unstable();
        for look in [Look::Prospective, Look::Retrospective] {
            let points = Points::Planar(&places);
            let found = space_time_scan(points, &all, period, look, options(0.6, 7)).unwrap();
            let maxima = (0..7).map(|draw| {
                let mut times: Vec<i64> = all.iter().map(|case| case.time).collect();
                crate::draws::Draws::new(1, draw).shuffle(&mut times);
                let shuffled = all.iter().zip(times);
                let shuffled: Vec<Case> = shuffled
                    .map(|(case, time)| Case { time, ..*case })
                    .collect();
                highest_by_hand(&places, &shuffled, period, look, 0.6)
            });
            let maxima = significance::Maxima::new(maxima.collect());
            assert!(!found.is_empty());
            for cluster in found {
                let expected = maxima.p_gumbel(cluster.llr).unwrap();
                let p = cluster.p_gumbel.unwrap();
                assert!(
                    (p - expected).abs() < 1e-9,
                    "{look:?} {map}: {p} {expected}"
                );
                assert!((cluster.p - maxima.p(cluster.llr)).abs() < 1e-12);
            }
        }
    }
}

//! The exact null against an integer oracle, against simulation, and against maps without and with structure.

#![expect(
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the helpers of a test are part of the test; its sums are small integers"
)]

use std::num::NonZeroU32;

use naqsha_analytics::{GiOptions, Method, Neighbours, Null, Own, WeightStyle, fdr, gi, gi_star};
use num_bigint::BigUint;
use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Numbers of ways to draw exactly k of the values with every sum, by exact integers, one value at a time.
fn ways(values: &[(u32, u32)], k: usize) -> Vec<BigUint> {
    let largest = values.last().map_or(0, |(value, _)| *value as usize) * k;
    let mut table = vec![vec![BigUint::ZERO; largest + 1]; k + 1];
    table[0][0] = BigUint::from(1_u8);
    for &(value, many) in values {
        let mut next = table.clone();
        let mut choose = BigUint::from(1_u8);
        for taken in 1..=k.min(many as usize) {
            choose = choose * (many - u32::try_from(taken).unwrap() + 1) / taken;
            for drawn in 0..=k - taken {
                for sum in 0..=largest - (taken * value as usize).min(largest) {
                    if table[drawn][sum] != BigUint::ZERO {
                        next[drawn + taken][sum + taken * value as usize] +=
                            &table[drawn][sum] * &choose;
                    }
                }
            }
        }
        table = next;
    }
    table.swap_remove(k)
}

/// part / whole, to 15 digits at any magnitude down to 1e-300.
fn ratio(part: &BigUint, whole: &BigUint) -> f64 {
    let scaled = (part << 1_100_u32) / whole;
    let bits = scaled.bits();
    let shift = bits.saturating_sub(64);
    let mantissa = u64::try_from(&scaled >> shift).unwrap();
    mantissa as f64 * 2_f64.powi(i32::try_from(shift).unwrap() - 1_100)
}

/// Values laid out place by place, with chosen places linked to chosen others.
struct Layout {
    distinct: Vec<(u32, u32)>,
    values: Vec<f64>,
    starts: Vec<u32>,
    links: Vec<(u32, u32, f64)>,
    asked: Vec<(u32, usize)>,
}

impl Layout {
    fn new(distinct: &[(u32, u32)]) -> Self {
        let mut values = Vec::new();
        let mut starts = Vec::new();
        for &(value, many) in distinct {
            starts.push(u32::try_from(values.len()).unwrap());
            values.extend(std::iter::repeat_n(f64::from(value), many as usize));
        }
        Self {
            distinct: distinct.to_vec(),
            values,
            starts,
            links: Vec::new(),
            asked: Vec::new(),
        }
    }

    /// Links the first place with the value of class `own` to `k` others, from the highest (or the lowest) values on.
    fn ask(&mut self, own: usize, k: usize, highest: bool) {
        let asking = self.starts[own];
        let count = u32::try_from(self.values.len()).unwrap();
        let order: Box<dyn Iterator<Item = u32>> = if highest {
            Box::new((0..count).rev())
        } else {
            Box::new(0..count)
        };
        let targets = order.filter(|other| *other != asking).take(k);
        self.links
            .extend(targets.map(|target| (asking, target, 1.0)));
        self.asked.push((asking, own));
    }

    /// Compares both tails of every asking place with the oracle.
    fn check(&self) {
        let graph = Neighbours::from_links(self.values.len(), &self.links).unwrap();
        let rows = gi_star(&self.values, &graph, Null::Exact).unwrap();
        for &(asking, own) in &self.asked {
            let row = rows[asking as usize];
            let k = row.neighbours as usize;
            let mut others = self.distinct.clone();
            others[own].1 -= 1;
            let ways = ways(&others, k);
            let whole: BigUint = ways.iter().sum();
            let sum: f64 = graph
                .of(asking as usize)
                .iter()
                .map(|other| self.values[*other as usize])
                .sum();
            let upper = ratio(&ways[sum as usize..].iter().sum(), &whole);
            let lower = ratio(&ways[..=sum as usize].iter().sum(), &whole);
            let found = row.outcome.unwrap();
            for (found, expected) in [(found.p_upper, upper), (found.p_lower, lower)] {
                assert!(
                    (found / expected - 1.0).abs() < 1e-11,
                    "own {}, k {k}, sum {sum}: {found:e} is not {expected:e}",
                    self.distinct[own].0
                );
            }
        }
    }
}

/// Counts as they are on a map of 110,017 cells: mostly zero, a thin tail, one extreme place.
const MAP: [(u32, u32); 12] = [
    (0, 90_101),
    (1, 15_020),
    (2, 3_500),
    (3, 900),
    (4, 310),
    (5, 110),
    (6, 41),
    (8, 20),
    (11, 9),
    (17, 4),
    (29, 1),
    (60, 1),
];

#[test]
fn far_tails_of_a_large_map_match_exact_integers_up_to_eighteen_neighbours() {
    for k in [1, 5, 6, 12, 18] {
        let mut layout = Layout::new(&MAP);
        for own in 0..MAP.len() {
            layout.ask(own, k, true);
        }
        layout.check();
    }
}

#[test]
fn lower_and_middle_tails_match_exact_integers() {
    let dense = [
        (0, 3),
        (1, 5),
        (2, 40),
        (3, 800),
        (4, 1_200),
        (7, 30),
        (300, 1),
    ];
    for k in [2, 6, 18] {
        let mut layout = Layout::new(&dense);
        for own in 0..dense.len() {
            layout.ask(own, k, own % 2 == 0);
        }
        layout.check();
    }
}

#[test]
fn the_smallest_tail_of_a_million_places_is_not_rounded_away() {
    let mut layout = Layout::new(&[(0, 999_900), (1, 82), (9, 18)]);
    layout.ask(0, 18, true);
    layout.ask(2, 17, true);
    layout.check();
    let graph = Neighbours::from_links(layout.values.len(), &layout.links).unwrap();
    let row = gi_star(&layout.values, &graph, Null::Exact).unwrap()[0];
    // 1 / C(999,999, 18) = 6.4e-93.
    assert!((row.outcome.unwrap().p_upper.log10() + 92.2).abs() < 0.1);
}

#[test]
fn an_own_value_that_nobody_else_has_cannot_be_drawn() {
    // Own value 50; the five others hold 0, 0, 0, 1, 1. Both neighbours hold 1: one pair in ten.
    let graph = Neighbours::from_links(6, &[(5, 3, 1.0), (5, 4, 1.0)]).unwrap();
    let rows = gi_star(&[0.0, 0.0, 0.0, 1.0, 1.0, 50.0], &graph, Null::Exact).unwrap();
    let found = rows[5].outcome.unwrap();
    assert!((found.p_upper - 0.1).abs() < 1e-15 && (found.p_lower - 1.0).abs() < 1e-15);
}

/// The 721 cells within 15 of one in Lahore, resolution 8, with neighbours at distance 1.
fn lahore() -> (Neighbours, usize) {
    let centre = h3o::CellIndex::try_from(0x0884_24d0_41bf_ffff_u64).unwrap();
    let mut cells: Vec<_> = centre.grid_disk(15);
    cells.sort_unstable();
    (Neighbours::from_grid_disk(&cells, 1).unwrap(), cells.len())
}

fn unit(generator: &mut ChaCha8Rng) -> f64 {
    f64::from(generator.next_u32()) / 4_294_967_296.0
}

fn poisson(generator: &mut ChaCha8Rng, mean: f64) -> f64 {
    let (mut count, mut product) = (0.0, unit(generator));
    while product > (-mean).exp() {
        count += 1.0;
        product *= unit(generator);
    }
    count
}

#[test]
fn sparse_noise_is_never_significant() {
    let (graph, count) = lahore();
    assert_eq!(count, 721);
    for mean in [0.05, 0.1, 0.3, 1.0] {
        for seed in 0..20 {
            let mut generator = ChaCha8Rng::seed_from_u64(seed);
            let values: Vec<f64> = (0..count).map(|_| poisson(&mut generator, mean)).collect();
            let rows = gi_star(&values, &graph, Null::Exact).unwrap();
            let p: Vec<_> = rows
                .iter()
                .map(naqsha_analytics::GiRow::p_two_sided)
                .collect();
            let q = fdr(&p, Method::BenjaminiHochberg).unwrap();
            let small = q.iter().flatten().filter(|q| **q < 0.05).count();
            assert_eq!(small, 0, "mean {mean}, seed {seed}");
        }
    }
}

#[test]
fn p_is_super_uniform_on_sparse_noise() {
    let (graph, count) = lahore();
    let (mut below, mut tests) = ([0_u32; 4], 0_u32);
    for seed in 0..40 {
        let mut generator = ChaCha8Rng::seed_from_u64(1_000 + seed);
        let values: Vec<f64> = (0..count).map(|_| poisson(&mut generator, 0.1)).collect();
        for row in gi_star(&values, &graph, Null::Exact).unwrap() {
            tests += 1;
            for (level, below) in [0.01, 0.05, 0.1, 0.5].into_iter().zip(&mut below) {
                *below += u32::from(row.p_upper().unwrap() <= level);
            }
        }
    }
    for (level, below) in [0.01, 0.05, 0.1, 0.5].into_iter().zip(below) {
        // Neighbouring tests share draws: seven times the independent variance bounds it.
        let slack = 4.0 * (7.0 * level * (1.0 - level) / f64::from(tests)).sqrt();
        let share = f64::from(below) / f64::from(tests);
        assert!(share <= level + slack, "share {share} at {level}");
        assert!(share > 0.0, "a level that no cell reaches tests nothing");
    }
}

#[test]
fn planted_clusters_are_found_and_nothing_else() {
    let centre = h3o::CellIndex::try_from(0x0884_24d0_41bf_ffff_u64).unwrap();
    let mut cells: Vec<h3o::CellIndex> = centre.grid_disk(60);
    cells.sort_unstable();
    let graph = Neighbours::from_grid_disk(&cells, 1).unwrap();
    let mut generator = ChaCha8Rng::seed_from_u64(5);
    let mut values: Vec<f64> = (0..cells.len())
        .map(|_| poisson(&mut generator, 0.1))
        .collect();
    let seeds: Vec<_> = centre
        .grid_ring::<Vec<_>>(40)
        .into_iter()
        .step_by(24)
        .collect();
    for seed in &seeds {
        for cell in seed.grid_disk::<Vec<_>>(1) {
            values[cells.binary_search(&cell).unwrap()] += 3.0;
        }
    }
    let rows = gi_star(&values, &graph, Null::Exact).unwrap();
    let p: Vec<_> = rows
        .iter()
        .map(naqsha_analytics::GiRow::p_two_sided)
        .collect();
    let q = fdr(&p, Method::BenjaminiHochberg).unwrap();
    let hot: Vec<_> = cells
        .iter()
        .zip(&q)
        .filter(|(_, q)| q.is_some_and(|q| q <= 0.05))
        .map(|(cell, _)| *cell)
        .collect();
    for seed in &seeds {
        assert!(hot.contains(seed), "the cluster at {seed} is missed");
    }
    let stray = hot
        .iter()
        .filter(|cell| {
            seeds
                .iter()
                .all(|seed| seed.grid_distance(**cell).unwrap() > 2)
        })
        .count();
    assert!(
        stray * 20 <= hot.len(),
        "{stray} of {} lie away from every cluster",
        hot.len()
    );
}

#[test]
fn exact_p_lies_within_the_error_of_a_simulation_of_99_999_draws() {
    let (graph, count) = lahore();
    let mut generator = ChaCha8Rng::seed_from_u64(11);
    let values: Vec<f64> = (0..count).map(|_| poisson(&mut generator, 0.4)).collect();
    let exact = gi_star(&values, &graph, Null::Exact).unwrap();
    let sampled = Null::MonteCarlo {
        permutations: NonZeroU32::new(99_999).unwrap(),
        seed: 3,
    };
    let sampled = gi_star(&values, &graph, sampled).unwrap();
    for unit in (0..count).step_by(60) {
        let observed: f64 = graph
            .of(unit)
            .iter()
            .map(|other| values[*other as usize])
            .sum();
        let mut high = 0_u32;
        for _ in 0..99_999 {
            // An independent draw: distinct places, not this one.
            let mut drawn: Vec<usize> = Vec::with_capacity(6);
            while drawn.len() < graph.degree(unit) {
                let place = generator.next_u32() as usize % count;
                if place != unit && !drawn.contains(&place) {
                    drawn.push(place);
                }
            }
            high += u32::from(drawn.iter().map(|place| values[*place]).sum::<f64>() >= observed);
        }
        let p = exact[unit].outcome.unwrap().p_upper;
        let error = 4.0 * (p * (1.0 - p) / 99_999.0).sqrt() + 1e-5;
        assert!(
            (f64::from(high) / 99_999.0 - p).abs() <= error,
            "unit {unit}"
        );
    }
    for (exact, sampled) in exact.iter().zip(&sampled) {
        let (exact, sampled) = (exact.outcome.unwrap(), sampled.outcome.unwrap());
        for (p, s) in [
            (exact.p_upper, sampled.p_upper),
            (exact.p_lower, sampled.p_lower),
        ] {
            assert!(
                (p - s).abs() <= 5.0 * (p * (1.0 - p) / 99_999.0).sqrt() + 2e-5,
                "{p} {s}"
            );
        }
    }
}

#[test]
fn thread_counts_change_no_digit() {
    let (graph, count) = lahore();
    let mut generator = ChaCha8Rng::seed_from_u64(2);
    let values: Vec<f64> = (0..count).map(|_| unit(&mut generator)).collect();
    let null = Null::MonteCarlo {
        permutations: NonZeroU32::new(999).unwrap(),
        seed: 9,
    };
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| gi_star(&values, &graph, null).unwrap())
    };
    assert_eq!(run(1), run(3));
}

/// A graph and values, and the same with the places in another order.
fn shuffled(
    values: &[u8],
    links: &[(usize, usize)],
    keys: &[u32],
) -> [(Vec<f64>, Neighbours, Vec<usize>); 2] {
    let count = values.len();
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|at| (keys[*at], *at));
    let mut place = vec![0; count];
    for (new, old) in order.iter().enumerate() {
        place[*old] = new;
    }
    let build = |place: &[usize]| {
        let mut moved = vec![0.0; count];
        for (at, value) in values.iter().enumerate() {
            moved[place[at]] = f64::from(*value);
        }
        let mut list: Vec<(u32, u32, f64)> = links
            .iter()
            .map(|(a, b)| (a % count, b % count))
            .filter(|(a, b)| a != b)
            .map(|(a, b)| {
                (
                    u32::try_from(place[a]).unwrap(),
                    u32::try_from(place[b]).unwrap(),
                    1.0,
                )
            })
            .collect();
        list.sort_by_key(|link| (link.0, link.1));
        list.dedup();
        (
            moved,
            Neighbours::from_links(count, &list).unwrap(),
            place.to_vec(),
        )
    };
    [build(&(0..count).collect::<Vec<_>>()), build(&place)]
}

proptest! {
    #[test]
    fn the_order_of_places_changes_nothing(
        values in proptest::collection::vec(0_u8..9, 3..24),
        links in proptest::collection::vec((0_usize..24, 0_usize..24), 1..90),
        keys in proptest::collection::vec(0_u32..1_000, 24),
    ) {
        let [(values, graph, _), (moved, moved_graph, place)] = shuffled(&values, &links, &keys);
        let sampled = Null::MonteCarlo { permutations: NonZeroU32::new(99).unwrap(), seed: 4 };
        for null in [Null::Exact, sampled] {
            let rows = gi_star(&values, &graph, null).unwrap();
            let others = gi_star(&moved, &moved_graph, null).unwrap();
            for (at, row) in rows.iter().enumerate() {
                let other = others[place[at]];
                prop_assert_eq!(row.neighbours, other.neighbours);
                match (row.outcome, other.outcome) {
                    (Ok(a), Ok(b)) => {
                        prop_assert_eq!((a.p_upper, a.p_lower, a.statistic), (b.p_upper, b.p_lower, b.statistic));
                        prop_assert!((a.z - b.z).abs() <= 1e-9 * (1.0 + a.z.abs()));
                    }
                    (a, b) => prop_assert_eq!(a.err(), b.err()),
                }
            }
        }
    }

    #[test]
    fn tails_cover_the_whole_law(
        values in proptest::collection::vec(0_u8..6, 4..20),
        links in proptest::collection::vec((0_usize..20, 0_usize..20), 1..60),
        keys in proptest::collection::vec(0_u32..10, 24),
    ) {
        // P(S ≥ s) + P(S ≤ s) = 1 + P(S = s): the parts of the law add up to one.
        let [(values, graph, _), _] = shuffled(&values, &links, &keys);
        for (unit, row) in gi_star(&values, &graph, Null::Exact).unwrap().iter().enumerate() {
            let Ok(found) = row.outcome else { continue };
            prop_assert!(found.p_upper <= 1.0 && found.p_lower <= 1.0 && found.z.is_finite());
            let sum = graph.of(unit).iter().map(|other| values[*other as usize]).sum::<f64>() as usize;
            let mut others = vec![0_u32; 10];
            for (other, value) in values.iter().enumerate() {
                others[*value as usize] += u32::from(other != unit);
            }
            let others: Vec<(u32, u32)> = (0..).zip(others).collect();
            let ways = ways(&others, graph.degree(unit));
            let point = ratio(&ways[sum], &ways.iter().sum());
            prop_assert!((found.p_upper + found.p_lower - 1.0 - point).abs() < 1e-12);
        }
    }

    #[test]
    fn a_common_factor_of_the_weights_leaves_z_and_p(
        values in proptest::collection::vec(0_u8..9, 4..20),
        links in proptest::collection::vec((0_usize..20, 0_usize..20), 1..60),
        keys in proptest::collection::vec(0_u32..10, 24),
        factor in 0.01..100.0_f64,
    ) {
        let [(values, graph, _), _] = shuffled(&values, &links, &keys);
        let scaled: Vec<(u32, u32, f64)> = (0_u32..)
            .take(values.len())
            .flat_map(|from| graph.of(from as usize).iter().map(move |to| (from, *to, factor)))
            .collect();
        let scaled = Neighbours::from_links(values.len(), &scaled).unwrap();
        for own in [Own::Included, Own::Excluded] {
            for style in [WeightStyle::AsGiven, WeightStyle::RowStandardised] {
                let options = GiOptions { own, style, null: Null::Exact };
                let plain = GiOptions { style: WeightStyle::AsGiven, ..options };
                let rows = gi(&values, &graph, plain).unwrap();
                for (a, b) in rows.iter().zip(gi(&values, &scaled, options).unwrap()) {
                    match (a.outcome, b.outcome) {
                        (Ok(a), Ok(b)) => {
                            prop_assert!((a.z - b.z).abs() <= 1e-9 * (1.0 + a.z.abs()), "{} {}", a.z, b.z);
                            prop_assert_eq!((a.p_upper, a.p_lower), (b.p_upper, b.p_lower));
                        }
                        (a, b) => prop_assert_eq!(a.err(), b.err()),
                    }
                }
            }
        }
    }
}

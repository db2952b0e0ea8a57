//! Numbers that others printed, on inputs small enough to stand here. Larger ones are in the workspace's `tests`.

use naqsha_analytics::{
    GiOptions, Method, Neighbours, Null, Own, Points, Reason, Sampling, WeightStyle,
    bivariate_moran, fdr, general_g, gi, gi_star, moran, requires_sampling, standardised_rates,
};

fn close(found: f64, expected: f64, tolerance: f64) {
    assert!(
        (found - expected).abs() <= tolerance,
        "{found} is not {expected}"
    );
}

/// Six points of the documentation of esda (BSD-3), as in `esda.getisord.G_Local`.
const SIX: [[f64; 2]; 6] = [
    [10.0, 10.0],
    [20.0, 10.0],
    [40.0, 10.0],
    [15.0, 20.0],
    [30.0, 20.0],
    [30.0, 30.0],
];
const SIX_VALUES: [f64; 6] = [2.0, 3.0, 3.2, 5.0, 8.0, 7.0];

#[test]
fn z_of_six_points_is_that_of_esda() {
    let graph = Neighbours::within_distance(Points::Planar(&SIX), 15.0).unwrap();
    let star = [
        -1.397_276_26,
        -0.289_177_62,
        0.650_649_64,
        -0.289_177_62,
        1.234_520_88,
        2.024_243_31,
    ];
    for style in [WeightStyle::AsGiven, WeightStyle::RowStandardised] {
        let options = GiOptions {
            own: Own::Included,
            style,
            null: Null::Normal,
        };
        for (row, expected) in gi(&SIX_VALUES, &graph, options).unwrap().iter().zip(star) {
            close(row.outcome.unwrap().z, expected, 5e-9);
        }
    }
    let options = GiOptions {
        own: Own::Excluded,
        style: WeightStyle::AsGiven,
        null: Null::Normal,
    };
    close(
        gi(&SIX_VALUES, &graph, options).unwrap()[0]
            .outcome
            .unwrap()
            .z,
        -1.013_672_9,
        5e-8,
    );
}

#[test]
fn real_values_are_sampled_and_an_explicit_exact_null_is_refused() {
    let graph = Neighbours::within_distance(Points::Planar(&SIX), 15.0).unwrap();
    assert!(requires_sampling(&SIX_VALUES, &graph).is_some());
    assert!(gi_star(&SIX_VALUES, &graph, Null::Exact).is_err());
    let unequal = Neighbours::from_links(3, &[(0, 1, 0.5), (0, 2, 1.0)]).unwrap();
    assert!(requires_sampling(&[1.0, 2.0, 3.0], &unequal).is_some());
    let large = Neighbours::from_links(3, &[(0, 1, 1.0)]).unwrap();
    assert!(requires_sampling(&[1.0, 5_000.0, 3.0], &large).is_some());
}

#[test]
fn unequal_weights_are_sampled_from_the_law_of_all_arrangements() {
    // Weights 2 and 1 on two of the three others (0, 3, 5): six arrangements, 2a + b.
    let graph = Neighbours::from_links(4, &[(0, 1, 2.0), (0, 3, 1.0)]).unwrap();
    let null = Null::MonteCarlo {
        permutations: 59_999.try_into().unwrap(),
        seed: 1,
    };
    let found = gi_star(&[9.0, 5.0, 0.0, 3.0], &graph, null).unwrap()[0]
        .outcome
        .unwrap();
    // Sums: 3, 5, 6, 11, 10, 13; observed 13 is the largest of the six.
    close(found.p_upper, 1.0 / 6.0, 0.007);
    close(found.p_lower, 1.0, 1e-12);
}

#[test]
fn what_cannot_be_computed_has_a_reason() {
    let graph = Neighbours::from_links(
        4,
        &[
            (0, 1, 1.0),
            (1, 0, 1.0),
            (2, 0, 1.0),
            (2, 1, 1.0),
            (2, 3, 1.0),
        ],
    )
    .unwrap();
    let reasons = |values: &[f64], own| {
        let options = GiOptions {
            own,
            style: WeightStyle::AsGiven,
            null: Null::Exact,
        };
        gi(values, &graph, options)
            .unwrap()
            .iter()
            .map(|row| row.outcome.err())
            .collect::<Vec<_>>()
    };
    let (isolated, flat) = (Some(Reason::Isolated), Some(Reason::InsufficientVariation));
    assert_eq!(
        reasons(&[0.0; 4], Own::Included),
        [flat, flat, flat, isolated]
    );
    assert_eq!(
        reasons(&[3.0; 4], Own::Included),
        [flat, flat, flat, isolated]
    );
    // Unit 2 sees everybody: nothing is left to compare with.
    assert_eq!(
        reasons(&[1.0, 0.0, 0.0, 0.0], Own::Included),
        [None, None, flat, isolated]
    );
    // Without unit 0 all others are equal.
    assert_eq!(
        reasons(&[1.0, 0.0, 0.0, 0.0], Own::Excluded),
        [flat, None, flat, isolated]
    );
    assert!(
        gi_star(&[], &Neighbours::from_links(0, &[]).unwrap(), Null::Exact)
            .unwrap()
            .is_empty()
    );
}

/// A square lattice with rook contiguity, both directions.
fn lattice(side: u32) -> Neighbours {
    let mut links = Vec::new();
    for y in 0..side {
        for x in 0..side {
            let at = y * side + x;
            if x + 1 < side {
                links.extend([(at, at + 1, 1.0), (at + 1, at, 1.0)]);
            }
            if y + 1 < side {
                links.extend([(at, at + side, 1.0), (at + side, at, 1.0)]);
            }
        }
    }
    Neighbours::from_links((side * side) as usize, &links).expect("a lattice without repeats")
}

#[test]
fn variances_of_moran_on_a_lattice_are_those_of_esda() {
    let values: Vec<f64> = (1..=9).map(f64::from).collect();
    let found = moran(&values, &lattice(3), WeightStyle::AsGiven, None).unwrap();
    close(found.variance_rand, 0.059_687_5, 1e-12);
    close(found.variance_norm.unwrap(), 0.053_125, 1e-12);
    close(found.expected, -0.125, 0.0);
}

#[test]
fn shuffles_have_the_moments_of_the_formulas() {
    let values: Vec<f64> = (0..25)
        .map(|at| f64::from((at * 7 + at * at * 3) % 11))
        .collect();
    let other: Vec<f64> = (0..25).map(|at| f64::from((at * 5 + 3) % 7)).collect();
    let sampling = Some(Sampling {
        permutations: 9_999.try_into().unwrap(),
        seed: 8,
    });
    let one = moran(&values, &lattice(5), WeightStyle::RowStandardised, sampling).unwrap();
    close(one.p_perm.unwrap(), one.p_rand(), 0.04);
    let two = bivariate_moran(
        &values,
        &other,
        &lattice(5),
        WeightStyle::RowStandardised,
        sampling,
    )
    .unwrap();
    close(two.p_perm.unwrap(), two.p_rand(), 0.04);
}

#[test]
fn a_zero_population_has_no_rate() {
    let error = standardised_rates(&[1.0, 2.0], &[10.0, 0.0]).unwrap_err();
    assert_eq!(
        error,
        naqsha_analytics::MapError::Undefined(Reason::NoDenominator)
    );
}

/// The example of `scipy.stats.false_discovery_control` (from Benjamini & Hochberg 1995, table 1).
#[test]
fn q_values_are_those_of_scipy() {
    let p = [
        0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262,
        0.5719, 0.6528, 0.7590, 1.0,
    ];
    let bh = [
        0.0015,
        0.003,
        0.0095,
        0.035_625,
        0.0603,
        0.063_857_14,
        0.063_857_14,
        0.0645,
        0.0765,
        0.486,
        0.581_181_82,
        0.714_875,
        0.753_230_77,
        0.813_214_29,
        1.0,
    ];
    let by = [0.004_977_34, 0.009_954_69, 0.031_523_18, 0.118_211_94];
    let tests = p.map(Some);
    for (found, expected) in fdr(&tests, Method::BenjaminiHochberg)
        .unwrap()
        .iter()
        .zip(bh)
    {
        close(found.unwrap(), expected, 5e-9);
    }
    for (found, expected) in fdr(&tests, Method::BenjaminiYekutieli)
        .unwrap()
        .iter()
        .zip(by)
    {
        close(found.unwrap(), expected, 5e-8);
    }
}

#[test]
fn general_g_of_six_points_is_that_of_esda() {
    let graph = Neighbours::within_distance(Points::Planar(&SIX), 15.0).unwrap();
    let found = general_g(&SIX_VALUES, &graph, WeightStyle::AsGiven).unwrap();
    close(found.statistic, 0.557_097_79, 5e-9);
    // esda prints one side.
    close(found.p() / 2.0, 0.172_936, 5e-7);
}

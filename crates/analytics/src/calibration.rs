//! Whether a test keeps its level on the very map it was run on: the map shuffled, and the test run again.

use crate::draws::Draws;
use crate::fdr::{Method, fdr};

/// Streams of draws that no statistic uses: those of shuffle n begin here.
const STREAMS: u64 = 1 << 40;

/// What a test says of maps without structure, over all shuffles together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calibration {
    /// How many maps were shuffled and tested.
    pub shuffles: u32,
    /// How many p-values they gave.
    pub tested: u64,
    /// The share of p-values of at most 0.05: at most about 0.05 where the test keeps its level.
    pub share_p_05: f64,
    /// The share of at most 0.01.
    pub share_p_01: f64,
    /// The most by which the share of p-values of at most x exceeds x, over all x (Kolmogorov and Smirnov, one-sided: exact p
    /// of counts are larger than uniform ones, which is no fault).
    pub ks: f64,
    /// How many tests Benjamini and Hochberg's procedure rejects at alpha, each map by itself: none of them is true.
    pub rejected_bh: u64,
}

/// Runs a test on maps without structure; `test` gives the p-values of the n-th of them, from 0.
///
/// None where nothing was tested. *Cost*: that of the tests, and a sort of their p-values.
///
/// # Errors
/// Those of `test`.
///
/// # References
/// Good 2005, *Permutation, Parametric and Bootstrap Tests of Hypotheses*, ch. 3.
///
/// ```
/// use naqsha_analytics::{Neighbours, Null, calibrate, gi_star, shuffled};
/// let links: Vec<_> = (1..200).flat_map(|b| [(b - 1, b, 1.0), (b, b - 1, 1.0)]).collect();
/// let street = Neighbours::from_links(200, &links)?;
/// let counts: Vec<f64> = (0..200).map(|at| f64::from(at % 3)).collect();
/// let found = calibrate(40, 0.05, |nth| {
///     let rows = gi_star(&shuffled(&counts, 1, nth), &street, Null::Exact)?;
///     Ok::<_, Box<dyn std::error::Error>>(rows.iter().map(|row| row.p_two_sided()).collect())
/// })?;
/// assert!(found.is_some_and(|found| found.share_p_05 <= 0.05 && found.rejected_bh == 0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn calibrate<E>(
    shuffles: u32,
    alpha: f64,
    mut test: impl FnMut(u32) -> Result<Vec<Option<f64>>, E>,
) -> Result<Option<Calibration>, E> {
    let mut all = Vec::new();
    let mut rejected_bh = 0;
    for nth in 0..shuffles {
        let p_values = test(nth)?;
        // Probabilities by construction: the list is never refused.
        let q_values = fdr(&p_values, Method::BenjaminiHochberg).unwrap_or_default();
        rejected_bh += q_values.iter().flatten().filter(|q| **q <= alpha).count() as u64;
        all.extend(p_values.into_iter().flatten());
    }
    if all.is_empty() {
        return Ok(None);
    }
    all.sort_unstable_by(f64::total_cmp);
    let share = |level: f64| share(all.partition_point(|p| *p <= level), all.len());
    Ok(Some(Calibration {
        shuffles,
        tested: all.len() as u64,
        share_p_05: share(0.05),
        share_p_01: share(0.01),
        ks: excess(&all),
        rejected_bh,
    }))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of tests are far below 2^53"
)]
fn share(some: usize, all: usize) -> f64 {
    some as f64 / all as f64
}

/// The largest distance by which the distribution of ascending p-values lies above the uniform one; not below zero.
fn excess(ascending: &[f64]) -> f64 {
    let mut largest = 0.0_f64;
    for (at, p) in ascending.iter().enumerate() {
        largest = largest.max(share(at + 1, ascending.len()) - p);
    }
    largest
}

/// The values in another order, every order equally likely: the n-th shuffle of a seed.
pub fn shuffled<T: Clone>(values: &[T], seed: u64, nth: u32) -> Vec<T> {
    let mut values = values.to_vec();
    Draws::new(seed, STREAMS + u64::from(nth)).shuffle(&mut values);
    values
}

/// The events of two periods dealt anew, each by chance before or after as if its place's rate had stayed: the n-th deal of a
/// seed. `exposure_ratio` is that of [`compare_periods`](crate::compare_periods).
///
/// *Cost*: O(events).
pub fn dealt_anew(
    (before, after): (&[u32], &[u32]),
    exposure_ratio: f64,
    seed: u64,
    nth: u32,
) -> (Vec<u32>, Vec<u32>) {
    let mut draws = Draws::new(seed, STREAMS + u64::from(nth));
    let share = exposure_ratio / (1.0 + exposure_ratio);
    let deal = |(before, after): (&u32, &u32)| {
        let all = before + after;
        let later: u32 = (0..all).map(|_| u32::from(draws.unit() < share)).sum();
        (all - later, later)
    };
    before.iter().zip(after).map(deal).unzip()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comparison::{Comparison, compare_periods};
    use crate::gi::{GiRow, gi_star};
    use crate::lag::Null;
    use crate::local_moran::local_moran;
    use crate::neighbours::{Neighbours, WeightStyle};

    /// A disk of 1,261 cells around Lahore, as many counts of a mean, and where they lie does not matter.
    fn noise(mean: f64, seed: u64) -> (Neighbours, Vec<u32>) {
        let centre = h3o::LatLng::new(31.52, 74.36).unwrap();
        let mut cells: Vec<h3o::CellIndex> = centre.to_cell(h3o::Resolution::Eight).grid_disk(20);
        cells.sort_unstable();
        let mut draws = Draws::new(seed, 77);
        let mut poisson = || {
            // Knuth's product of uniforms.
            let (limit, mut product, mut count) = ((-mean).exp(), draws.unit(), 0);
            while product > limit {
                product *= draws.unit();
                count += 1;
            }
            count
        };
        let counts = cells.iter().map(|_| poisson()).collect();
        (Neighbours::from_grid_disk(&cells, 1).unwrap(), counts)
    }

    fn real(counts: &[u32]) -> Vec<f64> {
        counts.iter().copied().map(f64::from).collect()
    }

    const SHUFFLES: u32 = 60;

    /// Whether a test that is found so keeps its level: 0.05 and 0.01, with room for chance (each map's p-values hang together).
    fn keeps_its_level(found: Calibration) -> bool {
        found.share_p_05 <= 0.053 && found.share_p_01 <= 0.012 && found.ks <= 0.02
    }

    #[test]
    fn exact_tests_keep_their_level_on_noise_however_sparse() {
        for mean in [0.05, 0.1, 0.3, 1.0, 3.0] {
            let (graph, counts) = noise(mean, 3);
            let gi = |nth| {
                let rows = gi_star(&real(&shuffled(&counts, 9, nth)), &graph, Null::Exact)?;
                Ok::<_, crate::LocalError>(rows.iter().map(GiRow::p_two_sided).collect())
            };
            let found = calibrate(SHUFFLES, 0.05, gi).unwrap().unwrap();
            assert!(keeps_its_level(found), "Gi* at {mean}: {found:?}");
            assert_eq!(found.tested, 1_261 * u64::from(SHUFFLES));
            // At most one map in twenty has a rejection; a clump of them touches some cells.
            assert!(found.rejected_bh <= 60, "Gi* at {mean}: {found:?}");
            let moran = |nth| {
                let (values, style) = (real(&shuffled(&counts, 9, nth)), WeightStyle::AsGiven);
                let rows = local_moran(&values, &graph, style, Null::Exact)?;
                let p = rows.iter().map(|row| row.outcome.ok());
                Ok::<_, crate::LocalError>(p.map(|of| Some(of?.p_two_sided)).collect())
            };
            let found = calibrate(SHUFFLES, 0.05, moran).unwrap().unwrap();
            assert!(keeps_its_level(found), "local Moran at {mean}: {found:?}");
            let later = shuffled(&counts, 4, 0);
            let change = |nth| {
                let (before, after) = dealt_anew((&counts, &later), 1.1, 9, nth);
                let rows = compare_periods(&before, &after, 1.1)?;
                let p = rows.iter().map(Comparison::p_two_sided).map(Some);
                Ok::<_, crate::ComparisonError>(p.collect())
            };
            let found = calibrate(SHUFFLES, 0.05, change).unwrap().unwrap();
            assert!(keeps_its_level(found), "change at {mean}: {found:?}");
        }
    }

    /// What is wrong must show: p-values of half their size, one tail taken for both, and the normal approximation.
    #[test]
    fn a_test_that_does_not_keep_its_level_is_told() {
        let (graph, counts) = noise(1.0, 3);
        let broken = |null: Null, p: fn(&GiRow) -> Option<f64>| {
            let test = |nth| {
                let rows = gi_star(&real(&shuffled(&counts, 9, nth)), &graph, null)?;
                Ok::<_, crate::LocalError>(rows.iter().map(p).collect())
            };
            calibrate(SHUFFLES, 0.05, test).unwrap().unwrap()
        };
        let halved = broken(Null::Exact, |row| Some(row.p_two_sided()? / 2.0));
        assert!(!keeps_its_level(halved), "{halved:?}");
        let one_tail = broken(Null::Exact, |row| {
            let gi = row.outcome.ok()?;
            Some(gi.p_upper.min(gi.p_lower))
        });
        assert!(!keeps_its_level(one_tail), "{one_tail:?}");
        let (graph, counts) = noise(0.05, 3);
        let test = |nth| {
            let rows = gi_star(&real(&shuffled(&counts, 9, nth)), &graph, Null::Normal)?;
            Ok::<_, crate::LocalError>(rows.iter().map(GiRow::p_two_sided).collect())
        };
        let normal = calibrate(SHUFFLES, 0.05, test).unwrap().unwrap();
        assert!(
            normal.rejected_bh > 0 && !keeps_its_level(normal),
            "{normal:?}"
        );
    }

    #[test]
    fn shuffles_of_a_seed_repeat_and_differ_and_keep_what_there_is() {
        let values: Vec<u32> = (0..50).collect();
        let first = shuffled(&values, 1, 0);
        assert_eq!(first, shuffled(&values, 1, 0));
        assert!(first != shuffled(&values, 1, 1) && first != shuffled(&values, 2, 0));
        let mut sorted = first;
        sorted.sort_unstable();
        assert_eq!(sorted, values);
        let (before, after) = dealt_anew((&[5, 0, 2], &[1, 0, 9]), 2.0, 1, 0);
        let sums: Vec<u32> = before.iter().zip(&after).map(|(b, a)| b + a).collect();
        assert_eq!(sums, [6, 0, 11]);
    }

    #[test]
    fn the_figures_are_those_of_their_definition() {
        let p = [Some(0.01), None, Some(0.2), Some(0.04), Some(1.0)];
        let found = calibrate(1, 0.05, |_| Ok::<_, ()>(p.to_vec()))
            .unwrap()
            .unwrap();
        assert_eq!((found.tested, found.rejected_bh), (4, 1));
        assert_eq!((found.share_p_05, found.share_p_01), (0.5, 0.25));
        // At 0.04 half of them lie at or below.
        assert!((found.ks - 0.46).abs() < 1e-12);
        assert_eq!(calibrate(3, 0.05, |_| Ok::<_, ()>(vec![None])), Ok(None));
    }
}

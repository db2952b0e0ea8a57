//! False discovery rates: which of many tests may be believed together.

use rayon::prelude::*;

/// How q-values follow from p-values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Benjamini & Hochberg 1995: valid for independent and for positively dependent tests.
    BenjaminiHochberg,
    /// Benjamini & Yekutieli 2001: valid under any dependence, larger by the harmonic number of the tests.
    BenjaminiYekutieli,
}

/// The input to [`fdr`] is not a list of probabilities.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("p-value {p} at position {position} is not between 0 and 1")]
pub struct FdrError {
    /// Where it stands, from 0.
    pub position: usize,
    /// The value.
    pub p: f64,
}

/// q-values of a family of tests, in input order.
///
/// The q of a test is the smallest false discovery rate at which it is rejected. `None` is a place that was not
/// tested: it stays `None` and does not count as a test.
///
/// *Edge cases*: an empty list gives an empty list; a single test keeps its p (both methods).
///
/// *Cost*: O(n log n), the sorting in parallel.
///
/// # Errors
/// [`FdrError`] for NaN and for values outside 0..=1.
///
/// # References
/// Benjamini & Hochberg 1995, <https://doi.org/10.1111/j.2517-6161.1995.tb02031.x>;
/// Benjamini & Yekutieli 2001, <https://doi.org/10.1214/aos/1013699998>.
///
/// ```
/// use naqsha_analytics::{Method, fdr};
/// let q = fdr(&[Some(0.01), None, Some(0.04), Some(0.03)], Method::BenjaminiHochberg)?;
/// assert_eq!(q, [Some(0.03), None, Some(0.04), Some(0.04)]);
/// # Ok::<(), naqsha_analytics::FdrError>(())
/// ```
#[expect(
    clippy::cast_precision_loss,
    reason = "counts of tests are far below 2^53"
)]
pub fn fdr(p_values: &[Option<f64>], method: Method) -> Result<Vec<Option<f64>>, FdrError> {
    let mut tests = Vec::with_capacity(p_values.len());
    for (position, p) in p_values.iter().enumerate() {
        match *p {
            Some(p) if !(0.0..=1.0).contains(&p) => return Err(FdrError { position, p }),
            // Minus zero is zero, and the bits of what is left rise with the number.
            Some(p) => tests.push(((p + 0.0).to_bits(), position)),
            None => {}
        }
    }
    // Tests of equal p have the same q, in whatever order they come to lie.
    tests.par_sort_unstable_by_key(|&(bits, _)| bits);
    let count = tests.len() as f64;
    let factor = match method {
        Method::BenjaminiHochberg => 1.0,
        Method::BenjaminiYekutieli => (1..=tests.len()).rev().map(|rank| 1.0 / rank as f64).sum(),
    };
    let mut q_values = vec![None; p_values.len()];
    let mut smallest = 1.0_f64;
    for (rank, &(bits, position)) in tests.iter().enumerate().rev() {
        smallest = smallest.min(f64::from_bits(bits) * (count / (rank + 1) as f64) * factor);
        q_values[position] = Some(smallest);
    }
    Ok(q_values)
}

/// q-values (Benjamini–Hochberg) of tests that have a p in common: as many as are told, with their q.
///
/// They are those of [`fdr`] for every test apart. `p_values` are probabilities; those that no test has get a q all the same.
/// *Cost*: O(m log m) for m distinct p, whatever the number of tests.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts of tests are far below 2^53"
)]
pub(crate) fn fdr_of_tallies(p_values: &[f64], tests: &[u64]) -> Vec<f64> {
    let count = tests.iter().sum::<u64>() as f64;
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_unstable_by(|a, b| p_values[*b].total_cmp(&p_values[*a]));
    let mut q_values = vec![1.0; p_values.len()];
    let (mut rank, mut smallest) = (tests.iter().sum::<u64>(), 1.0_f64);
    // The last test of those with a p decides for them all: it has the most at or before it.
    for at in order {
        if tests[at] > 0 {
            smallest = smallest.min(p_values[at] * (count / rank as f64));
        }
        q_values[at] = smallest;
        rank -= tests[at];
    }
    q_values
}

/// Which side of the null distribution a value lies on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tail {
    /// High: the upper tail is the smaller one.
    Upper,
    /// Low: the lower tail is the smaller one.
    Lower,
    /// Both tails are equally likely: neither hot nor cold.
    Neither,
}

/// The confidence bin of a tested place: ±3, ±2, ±1 for q ≤ .01, .05, .10, positive when hot, else 0.
///
/// Compatible with the field `Gi_Bin` that ArcGIS writes.
///
/// ```
/// use naqsha_analytics::{Tail, bin};
/// assert_eq!((bin(0.004, Tail::Upper), bin(0.07, Tail::Lower), bin(0.2, Tail::Upper)), (3, -1, 0));
/// ```
pub fn bin(q: f64, tail: Tail) -> i8 {
    let confidence = match q {
        q if q <= 0.01 => 3,
        q if q <= 0.05 => 2,
        q if q <= 0.10 => 1,
        _ => 0,
    };
    match tail {
        Tail::Upper => confidence,
        Tail::Lower => -confidence,
        Tail::Neither => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_nan_is_refused_by_position() {
        let error = fdr(&[Some(0.5), Some(f64::NAN)], Method::BenjaminiHochberg).unwrap_err();
        assert_eq!(error.position, 1);
    }

    #[test]
    fn bins_change_at_their_inclusive_limits() {
        let hot = |q| bin(q, Tail::Upper);
        assert_eq!(
            [hot(0.01), hot(0.05), hot(0.10), hot(0.100_001)],
            [3, 2, 1, 0]
        );
        assert_eq!(bin(0.0, Tail::Neither), 0);
    }

    proptest! {
        #[test]
        fn q_is_monotone_in_p_and_never_below_it(p in proptest::collection::vec(0.0..=1.0_f64, 1..60)) {
            let tests: Vec<_> = p.iter().copied().map(Some).collect();
            for method in [Method::BenjaminiHochberg, Method::BenjaminiYekutieli] {
                let q = fdr(&tests, method).unwrap();
                for (i, a) in p.iter().enumerate() {
                    let q_i = q[i].unwrap();
                    prop_assert!(q_i >= a * (1.0 - 1e-12) && q_i <= 1.0);
                    for (j, b) in p.iter().enumerate() {
                        prop_assert!(a > b || q_i <= q[j].unwrap());
                    }
                }
            }
        }

        #[test]
        fn tests_that_share_a_p_have_the_q_of_each(
            tallies in proptest::collection::vec((0.0..=1.0_f64, 0_u64..5), 1..30),
            same in 0.0..=1.0_f64,
        ) {
            // One p twice, as two outcomes may have it.
            let mut tallies = tallies;
            tallies.extend([(same, 3), (same, 2), (same, 0)]);
            let (p, tests): (Vec<f64>, Vec<u64>) = tallies.iter().copied().unzip();
            let found = fdr_of_tallies(&p, &tests);
            let apart: Vec<Option<f64>> = tallies
                .iter()
                .flat_map(|(p, many)| std::iter::repeat_n(Some(*p), usize::try_from(*many).unwrap()))
                .collect();
            let expected = fdr(&apart, Method::BenjaminiHochberg).unwrap();
            let found: Vec<Option<f64>> = found
                .iter()
                .zip(&tests)
                .flat_map(|(q, many)| std::iter::repeat_n(Some(*q), usize::try_from(*many).unwrap()))
                .collect();
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn untested_places_change_nothing(p in proptest::collection::vec(0.0..=1.0_f64, 1..40)) {
            let tests: Vec<_> = p.iter().copied().map(Some).collect();
            let spaced: Vec<_> = p.iter().flat_map(|p| [None, Some(*p)]).collect();
            let q = fdr(&tests, Method::BenjaminiHochberg).unwrap();
            let spaced = fdr(&spaced, Method::BenjaminiHochberg).unwrap();
            prop_assert!(spaced.iter().step_by(2).all(Option::is_none));
            prop_assert_eq!(q, spaced.into_iter().skip(1).step_by(2).collect::<Vec<_>>());
        }
    }
}

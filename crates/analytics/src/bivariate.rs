//! Two maps of one set of places: where is the one beside the other?

use rayon::prelude::*;

use crate::deviations::{deviations, scores};
use crate::error::{LocalError, MapError};
use crate::hypergeometric::upper_tail;
use crate::lag::{Null, Tails};
use crate::local_moran::{LocalMoran, Quadrant};
use crate::neighbours::{Neighbours, WeightStyle};
use crate::reason::Reason;

/// Which places a bivariate join count is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinCase {
    /// Places of the first kind alone, beside places of the second kind alone.
    Apart,
    /// Places of both kinds, beside other places of both.
    Together,
}

/// A place of the case, in a bivariate join count.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BivariateJoins {
    /// Neighbours of the other side of the case.
    pub joins: u32,
    /// P(at least so many) if all other places were shuffled around it, exactly; or why there is none.
    pub p_upper: Result<f64, Reason>,
}

/// For each place of the case how many joins it has; `None` for the other places.
///
/// `x` and `z` mark the places of the two kinds with 1, all others with 0. Weights do not enter. Other places keep what they
/// are and are shuffled around a place, so its joins are hypergeometric.
///
/// *Edge cases*: a place without neighbours is [`Reason::Isolated`]; one whose neighbours are all others, and a map on which no
/// other place or every one is of the other side, [`Reason::InsufficientVariation`]. *Cost*: O(m) for m links.
///
/// # Errors
/// [`MapError`]: lengths differ, or a value is neither 0 nor 1.
///
/// # References
/// Anselin & Li 2019, <https://doi.org/10.1007/s10109-019-00299-x>.
///
/// ```
/// use naqsha_analytics::{JoinCase, Neighbours, bivariate_join_counts};
/// let links = [(0, 1), (1, 2), (2, 3)].map(|(a, b)| [(a, b, 1.0), (b, a, 1.0)]);
/// let row = Neighbours::from_links(4, links.as_flattened())?;
/// let found = bivariate_join_counts(&[1.0, 0.0, 0.0, 0.0], &[0.0, 1.0, 0.0, 0.0], &row, JoinCase::Apart)?;
/// let first = found[0].ok_or("of the first kind")?;
/// assert_eq!((first.joins, first.p_upper), (1, Ok(1.0 / 3.0)));
/// assert_eq!(found[1], None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn bivariate_join_counts(
    x: &[f64],
    z: &[f64],
    neighbours: &Neighbours,
    case: JoinCase,
) -> Result<Vec<Option<BivariateJoins>>, MapError> {
    let (zero, one) = (0.0_f64.to_bits(), 1.0_f64.to_bits());
    let bits = |value: f64| (value + 0.0).to_bits();
    for values in [x, z] {
        MapError::check(values, neighbours.len(), |value| {
            bits(value) == zero || bits(value) == one
        })?;
    }
    let is = |value: f64| bits(value) == one;
    let side = |of_x: bool, of_z: bool| -> Vec<bool> {
        let pairs = x.iter().zip(z);
        pairs
            .map(|(x, z)| is(*x) == of_x && is(*z) == of_z)
            .collect()
    };
    let (own, other) = match case {
        JoinCase::Apart => (side(true, false), side(false, true)),
        JoinCase::Together => (side(true, true), side(true, true)),
    };
    let marked = other.iter().filter(|marked| **marked).count() as u64;
    let others = (x.len() as u64).saturating_sub(1);
    let row = |unit: usize| {
        own[unit].then(|| {
            let near = neighbours.weighted(unit).filter(|link| link.1 > 0.0);
            let (mut joins, mut drawn) = (0_u32, 0_u64);
            for (place, _) in near {
                drawn += 1;
                joins += u32::from(other[place]);
            }
            let marked = marked - u64::from(other[unit]);
            let p_upper = if drawn == 0 {
                Err(Reason::Isolated)
            } else if drawn == others || marked == 0 || marked == others {
                Err(Reason::InsufficientVariation)
            } else {
                Ok(upper_tail(others, marked, drawn, u64::from(joins)))
            };
            BivariateJoins { joins, p_upper }
        })
    };
    Ok((0..x.len()).into_par_iter().map(row).collect())
}

/// Bivariate local Moran's I of one place, in the order of the values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BivariateMoranRow {
    /// How many neighbours were used.
    pub neighbours: u32,
    /// Iᵢ = zxᵢ Σⱼ wᵢⱼ zyⱼ, both in population standard deviations; `None` for isolated places.
    pub statistic: Option<f64>,
    /// The test: quadrants tell the place's x, then the y around it.
    pub outcome: Result<LocalMoran, Reason>,
}

/// Whether a place's `x` goes with the `y` of its neighbours.
///
/// The null holds the place and shuffles the other places' `y` around it; its p is that of the law of their sum, exact for
/// counts (see [`Null`]). How `x` and `y` go together at the place itself does not enter.
///
/// *Edge cases*: as [`local_moran`](crate::local_moran); where `x` or `y` does not vary no place has a statistic.
/// *Cost*: as [`gi`](crate::gi).
///
/// # Errors
/// [`LocalError`]: lengths differ, values are not finite, or the exact null is asked for where it does not exist.
///
/// # References
/// Anselin, Syabri & Smirnov 2002; Lee 2001, <https://doi.org/10.1007/s101090100064>.
pub fn bivariate_local_moran(
    x: &[f64],
    y: &[f64],
    neighbours: &Neighbours,
    style: WeightStyle,
    null: Null,
) -> Result<Vec<BivariateMoranRow>, LocalError> {
    LocalError::check(x, neighbours.len())?;
    LocalError::check(y, neighbours.len())?;
    let scored = |values: &[f64]| deviations(values, values.len()).map(scores);
    let tails = Tails::new(y, neighbours, null)?;
    let (Ok(x), Ok(y)) = (scored(x), scored(y)) else {
        let flat = |unit: usize| BivariateMoranRow {
            neighbours: degree(neighbours, unit),
            statistic: None,
            outcome: Err(neighbours
                .connected(unit)
                .err()
                .unwrap_or(Reason::InsufficientVariation)),
        };
        return Ok((0..x.len()).map(flat).collect());
    };
    let row = |unit: usize| row((&x, &y), neighbours, unit, style, &tails);
    Ok((0..x.len()).into_par_iter().map(row).collect())
}

fn degree(neighbours: &Neighbours, unit: usize) -> u32 {
    u32::try_from(neighbours.degree(unit)).unwrap_or(u32::MAX)
}

/// A place is at the mean where it is no further from it than rounding can put it.
const ROUNDING: f64 = 1e-12;

#[expect(
    clippy::cast_precision_loss,
    reason = "numbers of places are far below 2^53"
)]
fn row(
    (x, y): (&[f64], &[f64]),
    neighbours: &Neighbours,
    unit: usize,
    style: WeightStyle,
    tails: &Tails,
) -> BivariateMoranRow {
    let untested = |statistic, reason| BivariateMoranRow {
        neighbours: degree(neighbours, unit),
        statistic,
        outcome: Err(reason),
    };
    if let Err(reason) = neighbours.connected(unit) {
        return untested(None, reason);
    }
    let (mut weights, mut squares, mut lag) = (0.0, 0.0, 0.0);
    for (other, weight) in neighbours.weighted(unit) {
        weights += weight;
        squares += weight * weight;
        lag += weight * y[other];
    }
    if style == WeightStyle::RowStandardised {
        (squares, lag) = (squares / (weights * weights), lag / weights);
        weights = 1.0;
    }
    let statistic = x[unit] * lag;
    let others = x.len() as f64 - 1.0;
    // Scores sum to 0, and their squares to n.
    let mean = -y[unit] / others;
    let spread = (others + 1.0 - y[unit] * y[unit]) / others - mean * mean;
    let variance = spread * others / (others - 1.0) * (squares - weights * weights / others);
    if x[unit].abs() <= ROUNDING || others < 2.0 || variance <= ROUNDING * squares {
        return untested(Some(statistic), Reason::InsufficientVariation);
    }
    let z = (lag - weights * mean) / variance.sqrt();
    let (upper, lower) = tails.of(unit, z);
    BivariateMoranRow {
        outcome: Ok(LocalMoran {
            z: z * x[unit].signum(),
            p_two_sided: (2.0 * upper.min(lower)).min(1.0),
            quadrant: Quadrant::of(x[unit], lag),
        }),
        ..untested(Some(statistic), Reason::InsufficientVariation)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::local_moran::local_moran;

    fn row(units: u32) -> Neighbours {
        let links: Vec<_> = (1..units)
            .flat_map(|b| [(b - 1, b, 1.0), (b, b - 1, 1.0)])
            .collect();
        Neighbours::from_links(units as usize, &links).unwrap()
    }

    proptest! {
        #[test]
        fn joins_have_the_share_of_all_orders_of_the_other_places(
            kinds in proptest::collection::vec(0_u8..4, 6),
            together in any::<bool>(),
        ) {
            let case = if together { JoinCase::Together } else { JoinCase::Apart };
            let bit = |at: u8| kinds.iter().map(|kind| f64::from(kind >> at & 1)).collect::<Vec<f64>>();
            let graph = Neighbours::from_links(6, &[(0, 2, 1.0), (0, 5, 1.0)]).unwrap();
            let found = bivariate_join_counts(&bit(0), &bit(1), &graph, case).unwrap()[0];
            let (own, other) = if together { (3, 3) } else { (1, 2) };
            prop_assert_eq!(found.is_some(), kinds[0] == own);
            if let Some(BivariateJoins { joins, p_upper: Ok(p) }) = found {
                let count = |a: usize, b: usize| u32::from(kinds[a] == other) + u32::from(kinds[b] == other);
                prop_assert_eq!(count(2, 5), joins);
                let (mut all, mut extreme) = (0.0, 0.0);
                for a in 1..6 {
                    for b in (1..6).filter(|b| *b != a) {
                        all += 1.0;
                        extreme += f64::from(u8::from(count(a, b) >= joins));
                    }
                }
                prop_assert!((p - extreme / all).abs() < 1e-12);
            }
        }

        #[test]
        fn a_map_beside_itself_is_local_moran(values in proptest::collection::vec(0_u32..5, 7)) {
            let values: Vec<f64> = values.into_iter().map(f64::from).collect();
            let graph = row(7);
            for style in [WeightStyle::AsGiven, WeightStyle::RowStandardised] {
                let both = bivariate_local_moran(&values, &values, &graph, style, Null::Exact).unwrap();
                let one = local_moran(&values, &graph, style, Null::Exact).unwrap();
                for (both, one) in both.iter().zip(&one) {
                    match (both.outcome, one.outcome) {
                        (Ok(a), Ok(b)) => {
                            prop_assert!((a.z - b.z).abs() < 1e-9 && a.quadrant == b.quadrant);
                            prop_assert!((a.p_two_sided - b.p_two_sided).abs() < 1e-12);
                            prop_assert!((both.statistic.unwrap() - one.statistic.unwrap()).abs() < 1e-9);
                        }
                        (a, b) => prop_assert_eq!(a, b),
                    }
                }
            }
        }
    }

    #[test]
    fn what_does_not_vary_has_a_reason() {
        let graph = Neighbours::from_links(4, &[(0, 1, 1.0), (2, 3, 1.0), (3, 2, 1.0)]).unwrap();
        let (x, flat) = ([1.0, 2.0, 3.0, 4.0], [2.0; 4]);
        let run = |x: &[f64], y: &[f64]| {
            bivariate_local_moran(x, y, &graph, WeightStyle::AsGiven, Null::Exact).unwrap()
        };
        let reasons = |rows: Vec<BivariateMoranRow>| {
            rows.iter()
                .map(|row| row.outcome.unwrap_err())
                .collect::<Vec<_>>()
        };
        let nothing = Reason::InsufficientVariation;
        assert_eq!(
            reasons(run(&x, &flat)),
            [nothing, Reason::Isolated, nothing, nothing]
        );
        assert_eq!(
            reasons(run(&flat, &x)),
            [nothing, Reason::Isolated, nothing, nothing]
        );
        let wrong =
            bivariate_join_counts(&[0.0, 2.0, 0.0, 0.0], &[0.0; 4], &graph, JoinCase::Apart);
        assert_eq!(wrong, Err(MapError::OutOfRange(1)));
        let one = bivariate_join_counts(
            &[1.0, 1.0, 0.0, 0.0],
            &[0.0, 0.0, 0.0, 1.0],
            &graph,
            JoinCase::Apart,
        )
        .unwrap();
        assert_eq!(one[1].unwrap().p_upper, Err(Reason::Isolated));
        assert_eq!((one[0].unwrap().joins, one[2]), (0, None));
    }
}

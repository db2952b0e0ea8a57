//! Local Moran's I: which places are like their surroundings, and which stand out from them?

use rayon::prelude::*;

use crate::error::LocalError;
use crate::lag::{Null, Tails};
use crate::neighbours::{Neighbours, WeightStyle};
use crate::reason::Reason;

/// How a place and its surroundings compare with the mean of the map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Quadrant {
    /// High among high.
    HighHigh,
    /// Low among low.
    LowLow,
    /// High among low: an outlier.
    HighLow,
    /// Low among high: an outlier.
    LowHigh,
}

impl Quadrant {
    /// The code used at the edges: `HH`, `LL`, `HL` or `LH`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::HighHigh => "HH",
            Self::LowLow => "LL",
            Self::HighLow => "HL",
            Self::LowHigh => "LH",
        }
    }

    pub(crate) fn of(own: f64, lag: f64) -> Self {
        match (own > 0.0, lag > 0.0) {
            (true, true) => Self::HighHigh,
            (false, false) => Self::LowLow,
            (true, false) => Self::HighLow,
            (false, true) => Self::LowHigh,
        }
    }
}

/// Local Moran's I of one place, tested.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LocalMoran {
    /// Standard deviations above expectation.
    pub z: f64,
    /// min(1, 2·min(upper, lower)) of the law of the neighbours' sum.
    pub p_two_sided: f64,
    /// Where the place stands. Surroundings exactly at the mean count as low, as in `PySAL`.
    pub quadrant: Quadrant,
}

/// One place of the answer, in the order of the values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LocalMoranRow {
    /// How many neighbours were used.
    pub neighbours: u32,
    /// Iᵢ = zᵢ Σⱼ wᵢⱼ zⱼ / m2 with m2 = Σz²/n; `None` for isolated places and flat maps.
    pub statistic: Option<f64>,
    /// Its expectation given the place's own value; `None` as the statistic.
    pub expected: Option<f64>,
    /// Its variance given the place's own value; `None` as the statistic.
    pub variance: Option<f64>,
    /// The test, or why there is none: a place at the mean has I = 0 whatever surrounds it.
    pub outcome: Result<LocalMoran, Reason>,
}

/// Local Moran's I of every place, in the order of the values.
///
/// The null holds a place's own value and shuffles the others around it. I then rises or falls with the sum of the
/// neighbours' values alone, so its p is that of the same law as Gi (see [`Null`]): exact for counts, sampled for
/// other values. Expectation and variance are those of the same null (Sokal et al. 1998):
/// E = −Wᵢ z² / ((n−1) m2), Var = (z/m2)² · n/(n−2) · (m2 − z²/(n−1)) · (Σw² − W²/(n−1)).
///
/// *Edge cases*: a place without neighbours is [`Reason::Isolated`]. A place exactly at the mean (within rounding) has
/// a statistic but no p, [`Reason::InsufficientVariation`], as has one whose neighbourhood is the whole map, and one
/// beside whose value all others are equal; on a map of equal values no place has a statistic.
///
/// *Cost*: as [`gi`](crate::gi).
///
/// # Errors
/// [`LocalError`]: lengths differ, values are not finite, or the exact null is asked for where it does not exist.
///
/// # References
/// Anselin 1995, <https://doi.org/10.1111/j.1538-4632.1995.tb00338.x>; Sokal, Oden & Thomson 1998,
/// <https://doi.org/10.1111/j.1538-4632.1998.tb00406.x>.
///
/// ```
/// use naqsha_analytics::{Neighbours, Null, Quadrant, WeightStyle, local_moran};
/// let links = [(0, 1), (1, 2), (2, 3), (3, 4)].map(|(a, b)| [(a, b, 1.0), (b, a, 1.0)]);
/// let row = Neighbours::from_links(5, links.as_flattened())?;
/// let rows = local_moran(&[0.0, 0.0, 0.0, 4.0, 4.0], &row, WeightStyle::AsGiven, Null::Exact)?;
/// let last = rows[4].outcome.expect("the last place has a neighbour");
/// assert_eq!((last.quadrant, last.p_two_sided), (Quadrant::HighHigh, 0.5)); // one of four others is a 4
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn local_moran(
    values: &[f64],
    neighbours: &Neighbours,
    style: WeightStyle,
    null: Null,
) -> Result<Vec<LocalMoranRow>, LocalError> {
    LocalError::check(values, neighbours.len())?;
    let (map, tails) = rayon::join(|| Map::new(values), || Tails::new(values, neighbours, null));
    let tails = tails?;
    Ok((0..values.len())
        .into_par_iter()
        .with_min_len(CHUNK)
        .map(|unit| map.row(neighbours, unit, style, &tails))
        .collect())
}

/// Rows of consecutive places in one piece of parallel work.
const CHUNK: usize = 8_192;

/// A place is at the mean where it is no further from it than rounding can put it.
const ROUNDING: f64 = 1e-12;

struct Map {
    deviations: Vec<f64>,
    n: f64,
    /// Σz²/n.
    m2: f64,
    /// The largest absolute value: the scale of rounding.
    scale: f64,
}

impl Map {
    #[expect(
        clippy::cast_precision_loss,
        reason = "numbers of places are far below 2^53"
    )]
    fn new(values: &[f64]) -> Self {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n.max(1.0);
        let deviations: Vec<f64> = values.iter().map(|value| value - mean).collect();
        let scale = values.iter().fold(0.0_f64, |scale, v| scale.max(v.abs()));
        Self {
            m2: deviations.iter().map(|z| z * z).sum::<f64>() / n.max(1.0),
            deviations,
            n,
            scale,
        }
    }

    fn row(
        &self,
        neighbours: &Neighbours,
        unit: usize,
        style: WeightStyle,
        tails: &Tails,
    ) -> LocalMoranRow {
        let untested = |reason| LocalMoranRow {
            neighbours: u32::try_from(neighbours.degree(unit)).unwrap_or(u32::MAX),
            statistic: None,
            expected: None,
            variance: None,
            outcome: Err(reason),
        };
        if let Err(reason) = neighbours.connected(unit) {
            return untested(reason);
        }
        let rounding = ROUNDING * self.scale;
        if self.m2 <= rounding * rounding || self.n < 3.0 {
            return untested(Reason::InsufficientVariation);
        }
        let (mut weights, mut squares, mut lag) = self.sums(neighbours, unit);
        if style == WeightStyle::RowStandardised {
            (squares, lag) = (squares / (weights * weights), lag / weights);
            weights = 1.0;
        }
        let own = self.deviations[unit];
        let own = if own.abs() <= rounding { 0.0 } else { own };
        let statistic = own * lag / self.m2;
        let (expected, variance) =
            conditional_moments(own * own / self.m2, self.n, weights, squares);
        // The spread of the others, and of the weights, vanish up to rounding where nothing can vary.
        let varies = variance > 1e-14 * own * own / self.m2 * squares;
        let outcome = if varies {
            let z = (statistic - expected) / variance.sqrt();
            // I rises with the neighbours' sum where the own value is high and falls where it is low: both tails count.
            let (upper, lower) = tails.of(unit, z);
            Ok(LocalMoran {
                z,
                p_two_sided: (2.0 * upper.min(lower)).min(1.0),
                quadrant: Quadrant::of(own, lag),
            })
        } else {
            Err(Reason::InsufficientVariation)
        };
        LocalMoranRow {
            statistic: Some(statistic),
            expected: Some(expected),
            variance: Some(variance.max(0.0)),
            outcome,
            ..untested(Reason::InsufficientVariation)
        }
    }
}

impl Map {
    /// The weights of a place's links, their squares, and the weighted deviations of its neighbours, added up.
    fn sums(&self, neighbours: &Neighbours, unit: usize) -> (f64, f64, f64) {
        if neighbours.unweighted() {
            #[expect(
                clippy::cast_precision_loss,
                reason = "numbers of neighbours are far below 2^53"
            )]
            let degree = neighbours.degree(unit) as f64;
            let row = neighbours.of(unit).iter();
            // From zero on, as below: the sum of minus zeros is none.
            let lag = row.fold(0.0, |lag, other| lag + self.deviations[*other as usize]);
            return (degree, degree, lag);
        }
        let (mut weights, mut squares, mut lag) = (0.0, 0.0, 0.0);
        for (other, weight) in neighbours.weighted(unit) {
            weights += weight;
            squares += weight * weight;
            lag += weight * self.deviations[other];
        }
        (weights, squares, lag)
    }
}

/// Expectation and variance of I given the place's own z²/m2, the sum of its weights and that of their squares.
fn conditional_moments(own: f64, n: f64, weights: f64, squares: f64) -> (f64, f64) {
    let others = n - 1.0;
    let expected = -weights * own / others;
    let spread = squares - weights * weights / others;
    (
        expected,
        own * n / (n - 2.0) * (1.0 - own / others) * spread,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `spdep`'s documentation, 42 African countries, row-standardised: Egypt has two neighbours, Sudan eight. The
    /// printed expectation gives z²/m2, from which the printed variance must follow.
    #[test]
    fn variances_of_african_countries_follow_from_their_expectations() {
        for (expected, neighbours, variance) in
            [(-0.299_68, 2.0, 4.297_1), (-0.228_35, 8.0, 0.763_20)]
        {
            let own: f64 = -expected * 41.0;
            let found = conditional_moments(own, 42.0, 1.0, 1.0 / neighbours);
            assert!((found.0 - expected).abs() < 1e-12);
            assert!((found.1 / variance - 1.0).abs() < 1e-4, "{}", found.1);
        }
    }

    fn line(units: u32) -> Neighbours {
        let links: Vec<_> = (1..units)
            .flat_map(|b| [(b - 1, b, 1.0), (b, b - 1, 1.0)])
            .collect();
        Neighbours::from_links(units as usize, &links).unwrap()
    }

    #[test]
    fn a_place_at_the_mean_has_no_p_and_no_quadrant() {
        // A mean of a third of 0.3 is not representable: rounding must not make it high or low.
        let values = [0.1, 0.2, 0.0, 0.1, 0.1, 0.2, 0.0];
        let rows = local_moran(&values, &line(7), WeightStyle::AsGiven, Null::Normal).unwrap();
        assert_eq!(rows[3].statistic, Some(0.0));
        assert_eq!(rows[3].outcome, Err(Reason::InsufficientVariation));
        assert!(rows[1].outcome.is_ok());
    }

    #[test]
    fn equal_values_and_isolated_places_have_reasons() {
        let rows = local_moran(&[2.0; 4], &line(4), WeightStyle::AsGiven, Null::Exact).unwrap();
        assert!(
            rows.iter()
                .all(|row| row.outcome == Err(Reason::InsufficientVariation))
        );
        let graph = Neighbours::from_links(4, &[(0, 1, 1.0)]).unwrap();
        let rows = local_moran(
            &[1.0, 2.0, 0.0, 3.0],
            &graph,
            WeightStyle::AsGiven,
            Null::Exact,
        )
        .unwrap();
        assert_eq!(rows[1].outcome, Err(Reason::Isolated));
        assert_eq!(rows[1].statistic, None);
    }

    proptest! {
        /// All arrangements of the others, one by one, are the null's own definition.
        #[test]
        fn moments_and_p_are_those_of_all_arrangements(
            values in proptest::collection::vec(0_u32..4, 6),
        ) {
            let values: Vec<f64> = values.into_iter().map(f64::from).collect();
            let graph = Neighbours::from_links(6, &[(0, 2, 1.0), (0, 5, 1.0)]).unwrap();
            let row = local_moran(&values, &graph, WeightStyle::AsGiven, Null::Exact).unwrap()[0];
            if let Ok(test) = row.outcome {
                let map = Map::new(&values);
                let mut all = Vec::new();
                for a in 1..6 {
                    for b in (1..6).filter(|b| *b != a) {
                        all.push(map.deviations[0] * (map.deviations[a] + map.deviations[b]) / map.m2);
                    }
                }
                let mean = all.iter().sum::<f64>() / 20.0;
                let variance = all.iter().map(|i| (i - mean).powi(2)).sum::<f64>() / 20.0;
                prop_assert!((mean - row.expected.unwrap()).abs() < 1e-12);
                prop_assert!((variance - row.variance.unwrap()).abs() < 1e-12);
                let observed = row.statistic.unwrap();
                let share = |held: &dyn Fn(f64) -> bool| {
                    all.iter().map(|i| f64::from(u8::from(held(*i)))).sum::<f64>() / 20.0
                };
                let above = share(&|i| i >= observed - 1e-9);
                let below = share(&|i| i <= observed + 1e-9);
                let p = (2.0 * above.min(below)).min(1.0);
                prop_assert!((p - test.p_two_sided).abs() < 1e-12);
            }
        }
    }
}

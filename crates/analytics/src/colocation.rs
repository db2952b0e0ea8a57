//! Colocation quotients: are events of one kind surrounded by events of another more than by chance?

use rayon::prelude::*;

use crate::draws::Draws;
use crate::moran::Sampling;
use crate::neighbours::Neighbours;
use crate::reason::Reason;

/// How much kind A is surrounded by kind B.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Colocation {
    /// The share of B among the neighbours of an event of A, on average, over the share of B among all other events: 1
    /// without attraction.
    pub quotient: f64,
    /// (1 + shuffles of the kinds with a quotient at least as high) / (1 + R).
    pub p_upper: f64,
}

/// Why no quotients were computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ColocationError {
    /// Kinds and graph differ in length.
    #[error("{kinds} kinds for {units} events")]
    LengthMismatch {
        /// How many kinds.
        kinds: usize,
        /// How many events.
        units: usize,
    },
    /// More kinds than pairs of them can be tested.
    #[error("{0} kinds; the limit is {KIND_LIMIT}")]
    TooManyKinds(u32),
}

/// The most kinds: their pairs are tested together.
const KIND_LIMIT: u32 = 1_000;

/// The quotient of every ordered pair of kinds: row A, column B. Kinds are numbered from 0.
///
/// CLQ(A→B) = (mean over A of the share of B among its neighbours) / (Nb / (N − 1)), where Nb is Na − 1 for a kind
/// with itself. It is not symmetric: all robberies may happen beside bars, and few bars have a robbery. Weights of the
/// graph weight the shares. Random maps shuffle the kinds over the events, so clustering of all events alike does not
/// count.
///
/// *Edge cases*: a kind none of whose events has a neighbour is [`Reason::Isolated`] in its row; events without a
/// neighbour are left out of the mean. A kind with itself that has one event only is [`Reason::NoDenominator`]; so is
/// a kind without events, in its column, and [`Reason::Isolated`] in its row. Where all events are of one kind the
/// quotient is 1 on every map.
///
/// *Cost*: O(R·(m + T²)) for m links, T kinds and R shuffles; in parallel, the same at any thread count.
///
/// # Errors
/// [`ColocationError`].
///
/// # References
/// Leslie & Kronenfeld 2011, <https://doi.org/10.1111/j.1538-4632.2011.00821.x>.
///
/// ```
/// use naqsha_analytics::{Neighbours, Points, Sampling, colocation};
/// use std::num::NonZeroU32;
/// // Two pairs of unlike kinds, far apart: each event's nearest is of the other kind.
/// let points = Points::Planar(&[[0.0, 0.0], [1.0, 0.0], [9.0, 0.0], [10.0, 0.0]]);
/// let nearest = Neighbours::k_nearest(points, 1)?;
/// let sampling = Sampling { permutations: NonZeroU32::new(99).ok_or("zero")?, seed: 1 };
/// let found = colocation(&[0, 1, 0, 1], &nearest, sampling)?;
/// assert_eq!(found[0][1].map(|pair| pair.quotient), Ok(1.5)); // 1 / (2 / 3)
/// assert_eq!(found[0][0].map(|pair| pair.quotient), Ok(0.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn colocation(
    kinds: &[u32],
    neighbours: &Neighbours,
    sampling: Sampling,
) -> Result<Vec<Vec<Result<Colocation, Reason>>>, ColocationError> {
    if kinds.len() != neighbours.len() {
        return Err(ColocationError::LengthMismatch {
            kinds: kinds.len(),
            units: neighbours.len(),
        });
    }
    let count = kinds.iter().max().map_or(0, |last| last.saturating_add(1));
    if count > KIND_LIMIT {
        return Err(ColocationError::TooManyKinds(count));
    }
    let map = Map::new(kinds, neighbours, count as usize);
    let observed = map.quotients(kinds);
    let above = (0..sampling.permutations.get())
        .into_par_iter()
        .map_init(
            || kinds.to_vec(),
            |shuffled, draw| {
                shuffled.copy_from_slice(kinds);
                Draws::new(sampling.seed, u64::from(draw)).shuffle(shuffled);
                let found = map.quotients(shuffled);
                let reaches = |(found, seen): (&Outcome, &Outcome)| match (found, seen) {
                    (Ok(found), Ok(seen)) => u32::from(*found >= seen - TIE * (1.0 + seen)),
                    // A map on which no event of A has a neighbour shows no attraction.
                    _ => 0,
                };
                found
                    .iter()
                    .zip(&observed)
                    .map(reaches)
                    .collect::<Vec<u32>>()
            },
        )
        .reduce(
            || vec![0; observed.len()],
            |a, b| a.iter().zip(&b).map(|(a, b)| a + b).collect(),
        );
    let runs = f64::from(sampling.permutations.get()) + 1.0;
    let pairs: Vec<Result<Colocation, Reason>> = observed
        .iter()
        .zip(above)
        .map(|(quotient, above)| {
            quotient.map(|quotient| Colocation {
                quotient,
                p_upper: (f64::from(above) + 1.0) / runs,
            })
        })
        .collect();
    Ok(pairs
        .chunks((count as usize).max(1))
        .map(<[_]>::to_vec)
        .collect())
}

/// Quotients closer than this count as equal: the order of addition must not decide a tie.
const TIE: f64 = 1e-12;

type Outcome = Result<f64, Reason>;

struct Map<'a> {
    neighbours: &'a Neighbours,
    /// The sum of each event's weights; 0 without neighbours.
    sums: Vec<f64>,
    /// Events of each kind.
    sizes: Vec<f64>,
    /// All events but one.
    others: f64,
}

impl<'a> Map<'a> {
    fn new(kinds: &[u32], neighbours: &'a Neighbours, count: usize) -> Self {
        let mut sizes = vec![0.0; count];
        for kind in kinds {
            sizes[*kind as usize] += 1.0;
        }
        Self {
            sums: (0..kinds.len())
                .map(|unit| neighbours.row_sum(unit))
                .collect(),
            others: sizes.iter().sum::<f64>() - 1.0,
            neighbours,
            sizes,
        }
    }

    /// The quotients of all ordered pairs, row after row.
    fn quotients(&self, kinds: &[u32]) -> Vec<Outcome> {
        let count = self.sizes.len();
        let mut shares = vec![0.0; count * count];
        let mut judged = vec![0.0; count];
        for (unit, kind) in kinds.iter().enumerate() {
            if self.sums[unit] <= 0.0 {
                continue;
            }
            let row = *kind as usize * count;
            judged[*kind as usize] += 1.0;
            for (other, weight) in self.neighbours.weighted(unit) {
                shares[row + kinds[other] as usize] += weight / self.sums[unit];
            }
        }
        let pair = |at: usize| {
            let (a, b) = (at / count, at % count);
            let available = self.sizes[b] - f64::from(u8::from(a == b));
            if judged[a] <= 0.0 {
                Err(Reason::Isolated)
            } else if available <= 0.0 {
                Err(Reason::NoDenominator)
            } else {
                Ok((shares[at] / judged[a]) / (available / self.others))
            }
        };
        (0..count * count).map(pair).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;
    use crate::neighbours::Points;

    fn sampling(permutations: u32) -> Sampling {
        Sampling {
            permutations: NonZeroU32::new(permutations).unwrap(),
            seed: 1,
        }
    }

    /// sfdep's documentation, 85 departments of Guerry with five neighbours each, 17 a region: 57 of the 85 links that
    /// leave the centre's departments end in the centre.
    #[test]
    fn a_region_beside_itself_has_the_published_quotient() {
        let mut kinds = vec![1_u32; 85];
        kinds[..17].fill(0);
        let mut links = Vec::new();
        let mut inside_left = 57_usize;
        for from in 0..17_usize {
            let inside = inside_left.div_ceil(17 - from).min(5);
            inside_left -= inside;
            let within = (1..=inside).map(|step| (from + step) % 17);
            let outside = (0..5 - inside).map(|step| 17 + (from * 3 + step) % 68);
            for to in within.chain(outside) {
                links.push((
                    u32::try_from(from).unwrap(),
                    u32::try_from(to).unwrap(),
                    1.0,
                ));
            }
        }
        assert_eq!(inside_left, 0);
        let graph = Neighbours::from_links(85, &links).unwrap();
        let found = colocation(&kinds, &graph, sampling(9)).unwrap();
        assert!((found[0][0].unwrap().quotient - 3.520_588_2).abs() < 5e-8);
        // Departments outside the centre have no neighbours here.
        assert_eq!(found[1], [Err(Reason::Isolated); 2]);
    }

    #[test]
    fn attraction_of_one_side_is_seen_on_that_side_only() {
        // Each of ten events of kind 0 lies beside one of kind 1; forty more of kind 1 lie among themselves.
        let mut places = Vec::new();
        let mut kinds = Vec::new();
        for at in (0_u32..10).map(f64::from) {
            places.extend([[at * 50.0, 0.0], [at * 50.0 + 1.0, 0.0]]);
            kinds.extend([0, 1]);
        }
        for at in (0_u32..40).map(f64::from) {
            places.push([at * 3.0, 1000.0 + at * at * 0.01]);
            kinds.push(1);
        }
        for at in (0_u32..12).map(f64::from) {
            places.push([at * 3.0, 2000.0 + at * at * 0.01]);
            kinds.push(2);
        }
        let graph = Neighbours::k_nearest(Points::Planar(&places), 1).unwrap();
        let found = colocation(&kinds, &graph, sampling(999)).unwrap();
        let to_bars = found[0][1].unwrap();
        assert!((to_bars.quotient - 71.0 / 50.0).abs() < 1e-12);
        assert!(to_bars.p_upper < 0.05);
        let back = found[1][0].unwrap();
        assert!((back.quotient - (10.0 / 50.0) / (10.0 / 71.0)).abs() < 1e-12);
        assert!(found[0][2].unwrap().p_upper > 0.5);
    }

    #[test]
    fn pairs_that_cannot_be_told_have_reasons() {
        let graph = Neighbours::from_links(3, &[(0, 1, 1.0), (1, 0, 1.0)]).unwrap();
        let found = colocation(&[0, 1, 3], &graph, sampling(9)).unwrap();
        assert_eq!(found[0][0], Err(Reason::NoDenominator));
        assert_eq!(found[0][2], Err(Reason::NoDenominator));
        assert_eq!(found[3][0], Err(Reason::Isolated));
        assert_eq!(found[2][0], Err(Reason::Isolated));
        assert!(found[0][1].is_ok());
        assert!(
            colocation(&[], &Neighbours::from_links(0, &[]).unwrap(), sampling(9))
                .unwrap()
                .is_empty()
        );
    }

    #[test]
    fn one_kind_alone_is_no_surprise() {
        let graph = Neighbours::from_links(3, &[(0, 1, 1.0), (1, 0, 2.0), (2, 0, 1.0)]).unwrap();
        let found = colocation(&[0; 3], &graph, sampling(99)).unwrap();
        assert_eq!(
            found[0][0],
            Ok(Colocation {
                quotient: 1.0,
                p_upper: 1.0
            })
        );
    }
}

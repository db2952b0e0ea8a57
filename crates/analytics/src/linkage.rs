//! Linkages between kinds of events counted at places: is kind A surrounded by kind B, on the whole and at each place?

use rayon::prelude::*;

use crate::colocation::Colocation;
use crate::draws::Draws;
use crate::hypergeometric::upper_tail;
use crate::moran::Sampling;
use crate::neighbours::Neighbours;
use crate::reason::Reason;

/// How much kind A is surrounded by kind B: an ordered pair.
#[derive(Debug, Clone, PartialEq)]
pub struct Linkage {
    /// Which kind A is.
    pub from: usize,
    /// Which kind B is.
    pub to: usize,
    /// The quotient of the map, as [`colocation`](crate::colocation) has it.
    pub whole: Result<Colocation, Reason>,
    /// The quotient around an event of A at each place; `None` where there is none.
    pub places: Vec<Option<Result<LocalQuotient, Reason>>>,
}

/// What is around an event of A at a place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LocalQuotient {
    /// Events of B there and at the neighbouring places, without the event itself.
    pub around: u64,
    /// All other events there and at the neighbouring places.
    pub others: u64,
    /// The events of B expected among them if kinds were dealt at random.
    pub expected: f64,
    /// Around over expected.
    pub quotient: f64,
    /// P(at least so many of B) if the kinds of all other events were dealt at random, exactly.
    pub p_upper: f64,
}

/// Quotients of every ordered pair of different kinds, in the order of A and then of B.
///
/// `counts` has for each kind the events at each place. An event's surroundings are its own place and the neighbouring ones;
/// weights of the graph do not enter. Chance deals the kinds over the events: where events of all kinds are many there is no linkage
/// for that alone. Around one event of A the events of B are then a hypergeometric number; the quotient of the map is sampled.
///
/// *Edge cases*: nobody else around is [`Reason::Isolated`]; no event of B at all [`Reason::NoDenominator`]; surroundings that
/// hold all other events, or a map of one kind only, [`Reason::InsufficientVariation`]. A kind all of whose events are alone
/// has no quotient of the map, [`Reason::Isolated`].
///
/// *Cost*: O(K²·n + R·(N + K·m)) for K kinds, N events at n places with m links and R shuffles, in parallel; the same at any
/// thread count.
///
/// # References
/// Leslie & Kronenfeld 2011, <https://doi.org/10.1111/j.1538-4632.2011.00821.x>; Cromley, Hanink & Bentley 2014,
/// <https://doi.org/10.1080/00330124.2013.768130>.
///
/// ```
/// use naqsha_analytics::{Neighbours, Sampling, linkages};
/// use std::num::NonZeroU32;
/// // One event of each kind at the first place, one of each far from all others.
/// let places = Neighbours::from_links(3, &[])?;
/// let counts = [vec![1, 1, 0], vec![1, 0, 1]];
/// let sampling = Sampling { permutations: NonZeroU32::new(99).ok_or("zero")?, seed: 1 };
/// let found = linkages(&counts, &places, sampling);
/// let first = found[0].places[0].and_then(Result::ok).ok_or("an event")?;
/// // The one other event there is of B, as two of three others are.
/// assert_eq!((found[0].from, found[0].to, first.around, first.p_upper), (0, 1, 1, 2.0 / 3.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Panics
/// Where a kind has not a count for each place.
pub fn linkages<C: AsRef<[u32]> + Sync>(
    counts: &[C],
    places: &Neighbours,
    sampling: Sampling,
) -> Vec<Linkage> {
    let map = Map::new(counts, places);
    let observed = map.quotients(&map.around(&map.counts), &map.counts);
    let extreme = (0..sampling.permutations.get())
        .into_par_iter()
        .fold(
            || (vec![0_u32; observed.len()], map.labels.clone()),
            |(mut extreme, mut labels), draw| {
                labels.copy_from_slice(&map.labels);
                Draws::new(sampling.seed, u64::from(draw)).shuffle(&mut labels);
                let counts = map.dealt(&labels);
                let found = map.quotients(&map.around(&counts), &counts);
                for (extreme, (found, seen)) in extreme.iter_mut().zip(found.iter().zip(&observed))
                {
                    *extreme += u32::from(reaches(*found, *seen));
                }
                (extreme, labels)
            },
        )
        .map(|(extreme, _)| extreme)
        .reduce(
            || vec![0; observed.len()],
            |a, b| a.iter().zip(&b).map(|(a, b)| a + b).collect(),
        );
    let runs = f64::from(sampling.permutations.get()) + 1.0;
    let around = map.around(&map.counts);
    let ordered = (0..map.kinds).flat_map(|from| (0..map.kinds).map(move |to| (from, to)));
    ordered
        .filter(|(from, to)| from != to)
        .map(|(from, to)| {
            let at = from * map.kinds + to;
            let whole = observed[at].map(|quotient| Colocation {
                quotient,
                p_upper: (f64::from(extreme[at]) + 1.0) / runs,
            });
            let place = |place: usize| {
                let held = map.counts[place * map.kinds + from] > 0;
                held.then(|| map.local(&around, place, to))
            };
            Linkage {
                from,
                to,
                whole,
                places: (0..places.len()).map(place).collect(),
            }
        })
        .collect()
}

/// Quotients closer than this count as equal: the order of addition must not decide a tie.
const TIE: f64 = 1e-12;

type Outcome = Result<f64, Reason>;

/// A map on which no event of A has another around shows no attraction.
fn reaches(found: Outcome, seen: Outcome) -> bool {
    match (found, seen) {
        (Ok(found), Ok(seen)) => found >= seen - TIE * (1.0 + seen),
        _ => false,
    }
}

struct Map<'a> {
    kinds: usize,
    /// Events by place, and of each place by kind.
    counts: Vec<u32>,
    places: &'a Neighbours,
    /// The kind of each event, in the order of the places.
    labels: Vec<u32>,
    /// Where the events of each place end.
    ends: Vec<usize>,
    /// Events of each kind.
    sizes: Vec<u64>,
    /// All events but one.
    others: u64,
}

impl<'a> Map<'a> {
    fn new<C: AsRef<[u32]>>(of_kinds: &[C], places: &'a Neighbours) -> Self {
        let kinds = of_kinds.len();
        let mut counts = vec![0; places.len() * kinds];
        let (mut labels, mut ends) = (Vec::new(), Vec::with_capacity(places.len()));
        for (place, counts) in counts.chunks_mut(kinds.max(1)).enumerate() {
            for ((kind, of), count) in (0_u32..).zip(of_kinds).zip(counts) {
                *count = of.as_ref()[place];
                labels.extend(std::iter::repeat_n(kind, *count as usize));
            }
            ends.push(labels.len());
        }
        let size = |of: &C| of.as_ref().iter().map(|&count| u64::from(count)).sum();
        Self {
            kinds,
            others: (labels.len() as u64).saturating_sub(1),
            counts,
            places,
            sizes: of_kinds.iter().map(size).collect(),
            labels,
            ends,
        }
    }

    /// Events by place and kind where the events have other kinds.
    fn dealt(&self, labels: &[u32]) -> Vec<u32> {
        let mut counts = vec![0; self.counts.len()];
        let mut start = 0;
        for (end, counts) in self.ends.iter().zip(counts.chunks_mut(self.kinds.max(1))) {
            for label in &labels[start..*end] {
                counts[*label as usize] += 1;
            }
            start = *end;
        }
        counts
    }

    /// Events at each place and its neighbours, by kind.
    fn around(&self, counts: &[u32]) -> Vec<u32> {
        let mut around = counts.to_vec();
        for place in 0..self.places.len() {
            for other in self.places.of(place) {
                let from = *other as usize * self.kinds;
                for kind in 0..self.kinds {
                    around[place * self.kinds + kind] += counts[from + kind];
                }
            }
        }
        around
    }

    /// The quotients of the map of all pairs, row after row.
    #[expect(
        clippy::cast_precision_loss,
        reason = "numbers of events are far below 2^53"
    )]
    fn quotients(&self, around: &[u32], counts: &[u32]) -> Vec<Outcome> {
        let kinds = self.kinds;
        let mut shares = vec![0.0; kinds * kinds];
        let mut judged = vec![0.0; kinds];
        for (around, counts) in around.chunks(kinds.max(1)).zip(counts.chunks(kinds.max(1))) {
            let others = around.iter().sum::<u32>().saturating_sub(1);
            if others == 0 {
                continue;
            }
            for (from, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
                let count = f64::from(*count);
                judged[from] += count;
                for (to, near) in around.iter().enumerate() {
                    let near = near - u32::from(from == to);
                    shares[from * kinds + to] += count * f64::from(near) / f64::from(others);
                }
            }
        }
        let pair = |at: usize| {
            let (from, to) = (at / kinds, at % kinds);
            let available = self.sizes[to].saturating_sub(u64::from(from == to));
            if judged[from] <= 0.0 {
                Err(Reason::Isolated)
            } else if available == 0 {
                Err(Reason::NoDenominator)
            } else {
                Ok((shares[at] / judged[from]) / (available as f64 / self.others as f64))
            }
        };
        (0..kinds * kinds).map(pair).collect()
    }

    /// What is around an event of another kind at a place.
    #[expect(
        clippy::cast_precision_loss,
        reason = "numbers of events are far below 2^53"
    )]
    fn local(&self, around: &[u32], place: usize, to: usize) -> Result<LocalQuotient, Reason> {
        let around = &around[place * self.kinds..(place + 1) * self.kinds];
        let others: u64 = around.iter().map(|&count| u64::from(count)).sum::<u64>() - 1;
        let (near, marked) = (u64::from(around[to]), self.sizes[to]);
        if others == 0 {
            return Err(Reason::Isolated);
        }
        if marked == 0 {
            return Err(Reason::NoDenominator);
        }
        if others == self.others || marked == self.others {
            return Err(Reason::InsufficientVariation);
        }
        let expected = others as f64 * marked as f64 / self.others as f64;
        Ok(LocalQuotient {
            around: near,
            others,
            expected,
            quotient: near as f64 / expected,
            p_upper: upper_tail(self.others, marked, others, near),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;
    use crate::colocation::colocation;

    fn sampling(permutations: u32) -> Sampling {
        Sampling {
            permutations: NonZeroU32::new(permutations).unwrap(),
            seed: 1,
        }
    }

    fn row(places: u32) -> Neighbours {
        let links: Vec<_> = (1..places)
            .flat_map(|at| [(at - 1, at, 1.0), (at, at - 1, 1.0)])
            .collect();
        Neighbours::from_links(places as usize, &links).unwrap()
    }

    const COUNTS: [[u32; 6]; 3] = [[3, 0, 1, 0, 0, 2], [2, 1, 0, 0, 0, 0], [0, 0, 0, 1, 4, 1]];

    /// The same events as points of a graph in which each is linked to all others at its place and the neighbouring ones.
    #[test]
    fn quotients_are_those_of_the_events_one_by_one() {
        let found = linkages(&COUNTS, &row(6), sampling(199));
        let mut events = Vec::new();
        for place in 0..6_u32 {
            for (kind, counts) in (0_u32..).zip(&COUNTS) {
                for _ in 0..counts[place as usize] {
                    events.push((place, kind));
                }
            }
        }
        let mut links = Vec::new();
        for (a, first) in (0_u32..).zip(&events) {
            for (b, second) in (0_u32..).zip(&events) {
                if a != b && first.0.abs_diff(second.0) <= 1 {
                    links.push((a, b, 1.0));
                }
            }
        }
        let graph = Neighbours::from_links(events.len(), &links).unwrap();
        let kinds: Vec<u32> = events.iter().map(|event| event.1).collect();
        let one_by_one = colocation(&kinds, &graph, sampling(199)).unwrap();
        assert_eq!(found.len(), 6);
        for pair in found {
            let (ours, theirs) = (pair.whole.unwrap(), one_by_one[pair.from][pair.to].unwrap());
            assert!((ours.quotient - theirs.quotient).abs() < 1e-12);
            assert!((ours.p_upper - theirs.p_upper).abs() < 1e-15);
            // An event's own row has the share of B among its neighbours.
            for (event, (place, kind)) in events.iter().enumerate() {
                if *kind as usize == pair.from {
                    let near = graph.of(event);
                    let of_b = near
                        .iter()
                        .filter(|other| kinds[**other as usize] as usize == pair.to);
                    let local = pair.places[*place as usize].unwrap().unwrap();
                    let counted = (of_b.count() as u64, near.len() as u64);
                    assert_eq!(counted, (local.around, local.others));
                }
            }
        }
    }

    /// All ways to deal the kinds of the other events, one by one, are the null's own definition.
    #[test]
    fn local_p_is_the_share_of_all_ways_to_deal_the_kinds() {
        let counts = [[1, 0, 1, 0], [1, 1, 0, 1]];
        let found = linkages(&counts, &row(4), sampling(9));
        let local = found[0].places[0].unwrap().unwrap();
        // Around the event of A at the first place lie two of four others; three of the four are of B.
        assert_eq!((local.around, local.others), (2, 2));
        assert!((local.expected - 1.5).abs() < 1e-15);
        // Of the six choices of two among four, three have two of B.
        assert!((local.p_upper - 0.5).abs() < 1e-15);
    }

    #[test]
    fn what_cannot_be_told_has_a_reason() {
        let alone = linkages(
            &[[1, 0, 0, 0], [0, 0, 0, 3], [0, 0, 0, 0]],
            &row(4),
            sampling(9),
        );
        let of = |from, to| {
            alone
                .iter()
                .find(|pair| (pair.from, pair.to) == (from, to))
                .unwrap()
        };
        assert_eq!(of(0, 1).places[0], Some(Err(Reason::Isolated)));
        assert_eq!(of(0, 1).whole, Err(Reason::Isolated));
        assert_eq!(of(0, 1).places[1], None);
        assert_eq!(of(1, 2).places[3], Some(Err(Reason::NoDenominator)));
        let crowd = linkages(&[[2, 0], [1, 0]], &row(2), sampling(9));
        assert_eq!(crowd[0].places[0], Some(Err(Reason::InsufficientVariation)));
        assert_eq!(linkages(&[] as &[Vec<u32>], &row(2), sampling(9)), []);
        assert_eq!(linkages(&[vec![], vec![]], &row(0), sampling(9)).len(), 2);
    }
}

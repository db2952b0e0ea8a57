//! Near repeats by place: which places see more pairs of events close in space and time than chance would put there?

use rayon::prelude::*;

use super::PAIR_LIMIT;
use crate::draws::Draws;
use crate::hypergeometric::upper_tail;
use crate::moran::Sampling;
use crate::neighbours::Neighbours;
use crate::reason::Reason;

/// Events at numbered places, each on a day.
#[derive(Debug, Clone, Copy)]
pub struct Dated<'a> {
    /// The place of each event, by position in the graph of places.
    pub places: &'a [u32],
    /// The day of each event.
    pub days: &'a [i32],
}

/// The pairs of a map, and of each place.
#[derive(Debug, Clone, PartialEq)]
pub struct NearRepeats {
    /// Pairs close in space and time.
    pub observed: u64,
    /// Their mean under the shuffle, exactly: pairs close in space × pairs close in time / all pairs.
    pub expected: f64,
    /// (1 + shuffles with at least as many pairs) / (1 + R); why not where nothing can vary.
    pub p_upper: Result<f64, Reason>,
    /// In the order of the graph.
    pub places: Vec<RepeatedPlace>,
}

/// The pairs with an event at one place. A pair within the place counts once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RepeatedPlace {
    /// Events there.
    pub events: u32,
    /// Of them, those that a close one follows on a later day.
    pub originators: u32,
    /// Of them, those that follow a close one of an earlier day.
    pub repeats: u32,
    /// Pairs close in space and time.
    pub pairs: u64,
    /// Their mean under the shuffle, exactly.
    pub expected: f64,
    /// (1 + shuffles with at least as many pairs) / (1 + R); why not where nothing can vary.
    pub p_upper: Result<f64, Reason>,
    /// The same if pairs were drawn one by one, which they are not: hypergeometric. Tells p below 1 / (1 + R) apart.
    pub p_pairs: Option<f64>,
}

/// Counts pairs of events at the same or neighbouring places at most `within` days apart, against shuffles of the days over
/// the events.
///
/// Weights of the graph do not enter, and a link in one direction is enough. Pairs of one day have no order: they count as pairs,
/// and make neither of the two an originator nor a repeat.
///
/// *Edge cases*: a place without another event near is [`Reason::Isolated`]; where no two events, or all, are close in time
/// nothing can vary, [`Reason::InsufficientVariation`].
///
/// *Cost*: O(n log n + pairs close in space) and O(R·(n + pairs)) for R shuffles, in parallel; the same at any thread count.
///
/// # Errors
/// [`RepeatsError`].
///
/// # References
/// Knox 1964, <https://doi.org/10.2307/2985220>; Ratcliffe & Rengert 2008, <https://doi.org/10.1057/palgrave.sj.8350068>.
///
/// ```
/// use naqsha_analytics::{Dated, Neighbours, Sampling, near_repeats};
/// use std::num::NonZeroU32;
/// // Two places beside each other and one far away.
/// let places = Neighbours::from_links(3, &[(0, 1, 1.0), (1, 0, 1.0)])?;
/// let events = Dated { places: &[0, 0, 1, 2], days: &[1, 3, 4, 80] };
/// let sampling = Sampling { permutations: NonZeroU32::new(99).ok_or("zero")?, seed: 1 };
/// let found = near_repeats(events, &places, 7, sampling)?;
/// assert_eq!((found.observed, found.expected), (3, 3.0 * 3.0 / 6.0));
/// let first = found.places[0];
/// assert_eq!((first.pairs, first.originators, first.repeats), (3, 2, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn near_repeats(
    events: Dated<'_>,
    places: &Neighbours,
    within: u32,
    sampling: Sampling,
) -> Result<NearRepeats, RepeatsError> {
    let map = Map::new(events, places, within)?;
    let observed = map.count(events.days);
    let extreme = (0..sampling.permutations.get())
        .into_par_iter()
        .fold(
            || (vec![0_u32; observed.len()], events.days.to_vec()),
            |(mut extreme, mut shuffled), draw| {
                shuffled.copy_from_slice(events.days);
                Draws::new(sampling.seed, u64::from(draw)).shuffle(&mut shuffled);
                let counts = map.count(&shuffled);
                for (extreme, (count, seen)) in extreme.iter_mut().zip(counts.iter().zip(&observed))
                {
                    *extreme += u32::from(count >= seen);
                }
                (extreme, shuffled)
            },
        )
        .map(|(extreme, _)| extreme)
        .reduce(
            || vec![0; observed.len()],
            |a, b| a.iter().zip(&b).map(|(a, b)| a + b).collect(),
        );
    Ok(map.answer(events, &observed, &extreme, sampling))
}

/// Why no pairs were counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RepeatsError {
    /// Places and days differ in number.
    #[error("{places} places and {days} days")]
    LengthMismatch {
        /// How many places.
        places: usize,
        /// How many days.
        days: usize,
    },
    /// An event names a place that does not exist.
    #[error("event {0} is at a place that does not exist")]
    UnknownPlace(usize),
    /// Too many pairs of events at the same or neighbouring places.
    #[error("{0} pairs of events are close in space; the limit is {PAIR_LIMIT}")]
    TooManyPairs(u64),
}

struct Map {
    /// Pairs close in space, each once, in the order of their first event's place.
    pairs: Vec<[u32; 2]>,
    /// The place of each event.
    places: Vec<u32>,
    /// How many places there are; behind them, one sum for the whole map.
    count: usize,
    within: u32,
    /// Pairs close in space that touch each place, and all of them.
    near: Vec<u64>,
    near_in_time: u64,
    all: u64,
}

impl Map {
    fn new(events: Dated<'_>, places: &Neighbours, within: u32) -> Result<Self, RepeatsError> {
        if events.places.len() != events.days.len() {
            return Err(RepeatsError::LengthMismatch {
                places: events.places.len(),
                days: events.days.len(),
            });
        }
        let unknown = |place: &u32| *place as usize >= places.len();
        if let Some(at) = events.places.iter().position(unknown) {
            return Err(RepeatsError::UnknownPlace(at));
        }
        let mut at: Vec<Vec<u32>> = vec![Vec::new(); places.len()];
        for (event, place) in (0_u32..).zip(events.places) {
            at[*place as usize].push(event);
        }
        let joined = joined(places);
        let held = |place: usize| at[place].len() as u64;
        let own: u64 = (0..places.len())
            .map(|p| held(p) * held(p).saturating_sub(1) / 2)
            .sum();
        let between = joined
            .iter()
            .map(|[a, b]| held(*a as usize) * held(*b as usize));
        let expected = own + between.sum::<u64>();
        if expected > PAIR_LIMIT as u64 {
            return Err(RepeatsError::TooManyPairs(expected));
        }
        let mut pairs = Vec::with_capacity(usize::try_from(expected).unwrap_or(0));
        for events in &at {
            for (nth, first) in events.iter().enumerate() {
                pairs.extend(events[nth + 1..].iter().map(|second| [*first, *second]));
            }
        }
        for [a, b] in &joined {
            for first in &at[*a as usize] {
                pairs.extend(at[*b as usize].iter().map(|second| [*first, *second]));
            }
        }
        let n = events.days.len() as u64;
        let mut map = Self {
            pairs,
            places: events.places.to_vec(),
            count: places.len(),
            within: u32::MAX,
            near: Vec::new(),
            near_in_time: near_in_time(events.days, within),
            all: n * n.saturating_sub(1) / 2,
        };
        // Every two days are within the largest number of them.
        map.near = map.count(events.days);
        map.within = within;
        Ok(map)
    }

    /// Pairs close in both that touch each place, and behind them all such pairs.
    fn count(&self, days: &[i32]) -> Vec<u64> {
        let mut counts = vec![0_u64; self.count + 1];
        let mut all = 0;
        for [a, b] in &self.pairs {
            let (a, b) = (*a as usize, *b as usize);
            if days[a].abs_diff(days[b]) <= self.within {
                let (first, second) = (self.places[a], self.places[b]);
                all += 1;
                counts[first as usize] += 1;
                counts[second as usize] += u64::from(first != second);
            }
        }
        counts[self.count] = all;
        counts
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "numbers of pairs are far below 2^53"
    )]
    fn expected(&self, near: u64) -> f64 {
        near as f64 * self.near_in_time as f64 / (self.all as f64).max(1.0)
    }

    /// Which events a close one follows on a later day, and which follow one of an earlier day.
    fn roles(&self, days: &[i32]) -> [Vec<bool>; 2] {
        let mut roles = [vec![false; days.len()], vec![false; days.len()]];
        for [a, b] in &self.pairs {
            let (a, b) = (*a as usize, *b as usize);
            let apart = days[a].abs_diff(days[b]);
            if apart > 0 && apart <= self.within {
                let (earlier, later) = if days[a] < days[b] { (a, b) } else { (b, a) };
                roles[0][earlier] = true;
                roles[1][later] = true;
            }
        }
        roles
    }

    fn answer(
        &self,
        events: Dated<'_>,
        observed: &[u64],
        extreme: &[u32],
        sampling: Sampling,
    ) -> NearRepeats {
        let runs = f64::from(sampling.permutations.get()) + 1.0;
        let p_upper = |at: usize| {
            if self.near[at] == 0 {
                Err(Reason::Isolated)
            } else if self.near_in_time == 0 || self.near_in_time == self.all {
                Err(Reason::InsufficientVariation)
            } else {
                Ok((f64::from(extreme[at]) + 1.0) / runs)
            }
        };
        let roles = self.roles(events.days);
        let mut tallies = vec![[0_u32; 3]; self.count];
        for (event, place) in events.places.iter().enumerate() {
            let tally = &mut tallies[*place as usize];
            tally[0] += 1;
            tally[1] += u32::from(roles[0][event]);
            tally[2] += u32::from(roles[1][event]);
        }
        let place = |at: usize| RepeatedPlace {
            events: tallies[at][0],
            originators: tallies[at][1],
            repeats: tallies[at][2],
            pairs: observed[at],
            expected: self.expected(self.near[at]),
            p_upper: p_upper(at),
            p_pairs: p_upper(at)
                .ok()
                .map(|_| upper_tail(self.all, self.near_in_time, self.near[at], observed[at])),
        };
        NearRepeats {
            observed: observed[self.count],
            expected: self.expected(self.near[self.count]),
            p_upper: p_upper(self.count),
            places: (0..self.count).map(place).collect(),
        }
    }
}

/// Linked places, each pair once.
fn joined(places: &Neighbours) -> Vec<[u32; 2]> {
    let mut joined: Vec<[u32; 2]> = (0..places.len())
        .zip(0_u32..)
        .flat_map(|(at, from)| {
            places
                .of(at)
                .iter()
                .map(move |to| [from.min(*to), from.max(*to)])
        })
        .collect();
    joined.sort_unstable();
    joined.dedup();
    joined
}

/// Pairs of days at most so far apart.
fn near_in_time(days: &[i32], within: u32) -> u64 {
    let mut sorted = days.to_vec();
    sorted.sort_unstable();
    let mut first = 0;
    let mut pairs = 0;
    for (at, day) in sorted.iter().enumerate() {
        while sorted[first].abs_diff(*day) > within {
            first += 1;
        }
        pairs += (at - first) as u64;
    }
    pairs
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use proptest::prelude::*;

    use super::*;
    use crate::knox::{Bands, Closed, Closeness, knox};
    use crate::neighbours::{Metric, Points};

    fn sampling(permutations: u32) -> Sampling {
        Sampling {
            permutations: NonZeroU32::new(permutations).unwrap(),
            seed: 3,
        }
    }

    /// Places in a row, each a neighbour of the next.
    fn row(places: u32) -> Neighbours {
        let links: Vec<_> = (1..places).map(|at| (at - 1, at, 1.0)).collect();
        Neighbours::from_links(places as usize, &links).unwrap()
    }

    proptest! {
        #[test]
        fn pairs_are_those_counted_one_by_one_and_the_whole_is_knox(
            events in proptest::collection::vec((0_u32..6, 0_i32..30), 2..40),
            within in 0_u32..9,
        ) {
            let (places, days): (Vec<u32>, Vec<i32>) = events.iter().copied().unzip();
            let dated = Dated { places: &places, days: &days };
            let found = near_repeats(dated, &row(6), within, sampling(19)).unwrap();
            for (at, of) in (0_u32..).zip(&found.places) {
                let mut counts = [0_u32; 3];
                let mut pairs = 0;
                for (a, (place, day)) in events.iter().enumerate() {
                    let near = |(b, other): (usize, &(u32, i32))| {
                        let close = place.abs_diff(other.0) <= 1 && day.abs_diff(other.1) <= within;
                        (b != a && close).then_some((b, *other))
                    };
                    let near: Vec<_> = events.iter().enumerate().filter_map(near).collect();
                    if *place == at {
                        counts[0] += 1;
                        counts[1] += u32::from(near.iter().any(|(_, other)| other.1 > *day));
                        counts[2] += u32::from(near.iter().any(|(_, other)| other.1 < *day));
                        pairs += near.iter().filter(|(b, other)| other.0 != at || *b > a).count();
                    }
                }
                prop_assert_eq!(counts, [of.events, of.originators, of.repeats]);
                prop_assert_eq!(pairs as u64, of.pairs);
            }
            let points: Vec<[f64; 2]> = places.iter().map(|at| [f64::from(*at), 0.0]).collect();
            let times: Vec<f64> = days.iter().map(|day| f64::from(*day)).collect();
            let space = Bands::new(vec![0.0, 1.0], Closed::Right).unwrap();
            let time = Bands::new(vec![0.0, f64::from(within).max(0.5)], Closed::Right).unwrap();
            let close = Closeness { metric: Metric::Straight, space: &space, time: &time };
            let table = knox(Points::Planar(&points), &times, close, sampling(19)).unwrap();
            prop_assert_eq!(table.observed[0][0], found.observed);
            prop_assert!((table.expected[0][0] - found.expected).abs() < 1e-12);
            if let Ok(p) = found.p_upper {
                prop_assert!((table.p_upper[0][0] - p).abs() < 1e-15);
            }
        }
    }

    #[test]
    fn what_cannot_vary_has_a_reason_and_what_does_not_fit_is_refused() {
        let run = |places: &[u32], days: &[i32]| {
            near_repeats(Dated { places, days }, &row(4), 2, sampling(9))
        };
        let alone = run(&[0, 2, 2], &[1, 2, 9]).unwrap();
        assert_eq!(alone.places[0].p_upper, Err(Reason::Isolated));
        assert!(alone.places[2].p_upper.is_ok() && alone.places[2].p_pairs.is_some());
        assert_eq!(alone.places[1].events, 0);
        let same = run(&[1, 1], &[5, 5]).unwrap();
        assert_eq!((same.observed, same.places[1].originators), (1, 0));
        assert_eq!(same.p_upper, Err(Reason::InsufficientVariation));
        assert_eq!(run(&[7], &[1]), Err(RepeatsError::UnknownPlace(0)));
        let short = RepeatsError::LengthMismatch { places: 2, days: 1 };
        assert_eq!(run(&[1, 1], &[1]), Err(short));
        let none = run(&[], &[]).unwrap();
        assert_eq!((none.observed, none.p_upper), (0, Err(Reason::Isolated)));
    }

    #[test]
    fn thread_count_changes_nothing() {
        let places: Vec<u32> = (0..90).map(|at| at * at % 7).collect();
        let days: Vec<i32> = (0..90).map(|at| at * 31 % 53).collect();
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            let dated = Dated {
                places: &places,
                days: &days,
            };
            pool.install(|| near_repeats(dated, &row(7), 3, sampling(199)).unwrap())
        };
        assert_eq!(run(1), run(8));
    }
}

//! Which events have more events near them in space and time than their own place and time would have by chance?

use rayon::prelude::*;

use super::{Bands, Closeness, KnoxError, check};
use crate::hypergeometric::upper_tail;
use crate::neighbours::{Points, Space};
use crate::reason::Reason;

/// One event, in the order of the places.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LocalKnox {
    /// Other events near it in space and in time.
    pub near_both: u32,
    /// Other events near it in space.
    pub near_space: u32,
    /// Other events near it in time.
    pub near_time: u32,
    /// P(at least that many near in both), or why there is none.
    pub p_upper: Result<f64, Reason>,
}

/// Counts for each event the others near it in space, in time and in both, with the exact p of the latter.
///
/// The null shuffles all times over the places. Given the time that an event gets, those near it are a random choice of the
/// n − 1 others, and the number near in both is hypergeometric; p is the mean of that tail over the n times. `close` has one
/// band of distance and one of time.
///
/// *Edge cases*: an event with no other near in space is [`Reason::Isolated`]; where no two events, or all, are near in time
/// nothing can vary, [`Reason::InsufficientVariation`]. Fewer than two events are refused with that reason.
///
/// *Cost*: O((n + pairs within the distance) log n), and O(n·v) for v distinct numbers near in time; in parallel, the same at
/// any thread count.
///
/// # Errors
/// [`KnoxError`]; [`KnoxError::NotOneBand`] where there are several bands, or one without an end.
///
/// # References
/// Rogerson 2001, <https://doi.org/10.1111/j.1538-4632.2001.tb00438.x>; Knox 1964, <https://doi.org/10.2307/2985220>.
///
/// ```
/// use naqsha_analytics::{Bands, Closed, Closeness, Metric, Points, local_knox};
/// let places = [[0.0, 0.0], [1.0, 0.0], [50.0, 0.0], [51.0, 0.0], [90.0, 0.0]];
/// let (space, time) = (Bands::new(vec![0.0, 10.0], Closed::Right)?, Bands::new(vec![0.0, 7.0], Closed::Right)?);
/// let close = Closeness { metric: Metric::Straight, space: &space, time: &time };
/// let found = local_knox(Points::Planar(&places), &[1.0, 2.0, 30.0, 60.0, 90.0], close)?;
/// // Two of the five times have another near; the one chance in four that it falls on the place near by.
/// assert_eq!((found[0].near_both, found[0].p_upper), (1, Ok(0.1)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn local_knox(
    points: Points<'_>,
    times: &[f64],
    close: Closeness<'_>,
) -> Result<Vec<LocalKnox>, KnoxError> {
    check(points, times)?;
    let one = |bands: &Bands| bands.count() == 1 && !bands.endless();
    if !(one(close.space) && one(close.time)) {
        return Err(KnoxError::NotOneBand);
    }
    let near_time = near_in_time(times, close.time);
    let space = Space::new(points).map_err(KnoxError::Points)?;
    let reach = space.reach(close.space.reach());
    let others = times.len() as u64 - 1;
    let law = Law::new(&near_time, others);
    let of = |event: usize| {
        let (mut near_space, mut near_both) = (0_u32, 0_u32);
        for other in space.near(event, reach) {
            let other = other as usize;
            let apart = points.apart(close.metric, event, other);
            if close.space.of(apart).is_some() {
                near_space += 1;
                let between = (times[event] - times[other]).abs();
                near_both += u32::from(close.time.of(between).is_some());
            }
        }
        let p_upper = match near_space {
            0 => Err(Reason::Isolated),
            _ => law.upper_tail(u64::from(near_space), u64::from(near_both)),
        };
        LocalKnox {
            near_both,
            near_space,
            near_time: near_time[event],
            p_upper,
        }
    };
    Ok((0..times.len()).into_par_iter().map(of).collect())
}

/// How many others are near in time: each number that occurs, and how many events have it.
struct Law {
    numbers: Vec<(u32, f64)>,
    others: u64,
    events: f64,
}

impl Law {
    #[expect(
        clippy::cast_precision_loss,
        reason = "numbers of events are far below 2^53"
    )]
    fn new(near_time: &[u32], others: u64) -> Self {
        let mut sorted = near_time.to_vec();
        sorted.sort_unstable();
        let runs = sorted.chunk_by(|a, b| a == b);
        Self {
            numbers: runs.map(|run| (run[0], run.len() as f64)).collect(),
            others,
            events: near_time.len() as f64,
        }
    }

    /// P(at least so many of those near in space are near in time).
    fn upper_tail(&self, near_space: u64, least: u64) -> Result<f64, Reason> {
        match self.numbers[..] {
            [(only, _)] if only == 0 || u64::from(only) == self.others => {
                return Err(Reason::InsufficientVariation);
            }
            _ => {}
        }
        // From the smallest terms up.
        let terms = self.numbers.iter().map(|(near_time, events)| {
            events * upper_tail(self.others, u64::from(*near_time), near_space, least)
        });
        Ok((terms.sum::<f64>() / self.events).min(1.0))
    }
}

/// How many other events lie in the only band of time of each.
fn near_in_time(times: &[f64], band: &Bands) -> Vec<u32> {
    let mut order: Vec<usize> = (0..times.len()).collect();
    order.sort_unstable_by(|a, b| times[*a].total_cmp(&times[*b]));
    let sorted: Vec<f64> = order.iter().map(|event| times[*event]).collect();
    let mut counts = vec![0; times.len()];
    for (at, (event, time)) in order.iter().zip(&sorted).enumerate() {
        // The slot of a difference rises away from the event on either side.
        let (before, after) = (&sorted[..at], &sorted[at + 1..]);
        let later = |slot: usize| after.partition_point(|other| band.slot(other - time) <= slot);
        let earlier = |slot: usize| {
            before.len() - before.partition_point(|other| band.slot(time - other) > slot)
        };
        let near = later(1) - later(0) + earlier(1) - earlier(0);
        counts[*event] = u32::try_from(near).unwrap_or(u32::MAX);
    }
    counts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::knox::Closed;
    use crate::neighbours::Metric;

    proptest! {
        /// All orders of the times, one by one, are the null's own definition.
        #[test]
        fn p_is_the_share_of_all_orders_of_the_times(
            events in proptest::collection::vec((0_i32..5, 0_i32..6), 6),
            right in any::<bool>(),
            from in 0_i32..2,
        ) {
            let closed = if right { Closed::Right } else { Closed::Left };
            let from = f64::from(from);
            let space = Bands::new(vec![from, 2.0], closed).unwrap();
            let time = Bands::new(vec![from, 2.5], closed).unwrap();
            let places: Vec<[f64; 2]> = events.iter().map(|e| [f64::from(e.0), 0.0]).collect();
            let times: Vec<f64> = events.iter().map(|e| f64::from(e.1)).collect();
            let close = Closeness { metric: Metric::Straight, space: &space, time: &time };
            let found = local_knox(Points::Planar(&places), &times, close).unwrap()[0];
            let near = |order: &[usize]| {
                (1..6).filter(|other| {
                    space.of((places[0][0] - places[*other][0]).abs()).is_some()
                        && time.of((times[order[0]] - times[order[*other]]).abs()).is_some()
                }).count()
            };
            let own = near(&[0, 1, 2, 3, 4, 5]);
            prop_assert_eq!(own, found.near_both as usize);
            let (mut all, mut extreme) = (0.0, 0.0);
            for order in orders(&mut Vec::new(), 6) {
                all += 1.0;
                extreme += f64::from(u8::from(near(&order) >= own));
            }
            let expected: f64 = extreme / all;
            if let Ok(p) = found.p_upper {
                prop_assert!((p - expected).abs() < 1e-12, "{p} {expected}");
            } else {
                prop_assert!((expected - 1.0).abs() < 1e-12);
            }
        }
    }

    fn orders(begun: &mut Vec<usize>, of: usize) -> Vec<Vec<usize>> {
        if begun.len() == of {
            return vec![begun.clone()];
        }
        let mut all = Vec::new();
        for next in 0..of {
            if !begun.contains(&next) {
                begun.push(next);
                all.extend(orders(begun, of));
                begun.pop();
            }
        }
        all
    }

    #[test]
    fn several_bands_and_bands_without_an_end_are_refused() {
        let two = Bands::new(vec![0.0, 1.0, 2.0], Closed::Left).unwrap();
        let one = Bands::new(vec![0.0, 1.0], Closed::Left).unwrap();
        let endless = Bands::new(vec![0.0, f64::INFINITY], Closed::Left).unwrap();
        for (space, time) in [(&two, &one), (&one, &endless)] {
            let close = Closeness {
                metric: Metric::Straight,
                space,
                time,
            };
            let found = local_knox(Points::Planar(&[[0.0, 0.0]; 3]), &[1.0; 3], close);
            assert_eq!(found, Err(KnoxError::NotOneBand));
        }
        let close = Closeness {
            metric: Metric::Straight,
            space: &one,
            time: &one,
        };
        let all_near = local_knox(Points::Planar(&[[0.0, 0.0]; 3]), &[1.0; 3], close).unwrap();
        assert_eq!(all_near[0].p_upper, Err(Reason::InsufficientVariation));
        let far = [[0.0, 0.0], [5.0, 0.0], [9.0, 0.0]];
        let alone = local_knox(Points::Planar(&far), &[1.0, 1.0, 4.0], close).unwrap();
        let isolated = (1, Err(Reason::Isolated));
        assert_eq!((alone[0].near_time, alone[0].p_upper), isolated);
    }
}

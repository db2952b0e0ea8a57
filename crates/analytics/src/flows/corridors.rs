//! Corridors: the cheapest ways from one place to another, and the next cheapest ones.

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeSet, BinaryHeap};

use crate::neighbours::Neighbours;

/// The most paths that are searched for at once.
const PATH_LIMIT: usize = 100;

/// A path that enters no place twice.
#[derive(Debug, Clone, PartialEq)]
pub struct Corridor {
    /// The places from the first to the last one, both included.
    pub places: Vec<usize>,
    /// The sum of their costs.
    pub cost: f64,
}

/// Corridors that cannot be searched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CorridorError {
    /// Costs and graph differ in length.
    #[error("{costs} costs for {units} places")]
    LengthMismatch {
        /// How many costs.
        costs: usize,
        /// How many places.
        units: usize,
    },
    /// A cost is negative or not finite.
    #[error("the cost of place {0} is not a finite number of at least zero")]
    InvalidCost(usize),
    /// The first or the last place is not in the graph.
    #[error("there is no place {0}")]
    UnknownPlace(usize),
    /// More paths than are searched for at once.
    #[error("{0} paths; the limit is {PATH_LIMIT}")]
    TooManyPaths(usize),
}

/// The `count` cheapest paths without loops from one place to another, cheapest first.
///
/// A path costs the sum of the costs of its places, the first and the last one included; weights of links are not
/// used, and a place that cannot be entered is left out of the graph. Paths of equal cost come with fewer places
/// first, then by their numbers.
///
/// *Edge cases*: fewer paths than asked for where there are no more, none where no path leads there; from a place to
/// itself there is one, of one place. *Cost*: one search a place of each path found (Yen), each guided by the true
/// distances to the last place (A*), so that it looks at little more than the path itself on an open grid.
///
/// # Errors
/// [`CorridorError`].
///
/// # References
/// Yen 1971, <https://doi.org/10.1287/mnsc.17.11.712>; Hart, Nilsson & Raphael 1968,
/// <https://doi.org/10.1109/TSSC.1968.300136>.
///
/// ```
/// use naqsha_analytics::{Neighbours, corridors};
/// // A square: from corner 0 to corner 3 by 1, which is cheap, or by 2.
/// let links = [(0, 1), (0, 2), (1, 3), (2, 3)].map(|(a, b)| [(a, b, 1.0), (b, a, 1.0)]);
/// let square = Neighbours::from_links(4, links.as_flattened())?;
/// let found = corridors(&[1.0, 1.0, 5.0, 1.0], &square, 0, 3, 5)?;
/// assert_eq!(found.len(), 2);
/// assert_eq!((found[0].places.as_slice(), found[0].cost), ([0, 1, 3].as_slice(), 3.0));
/// assert_eq!(found[1].cost, 7.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn corridors(
    costs: &[f64],
    neighbours: &Neighbours,
    from: usize,
    to: usize,
    count: usize,
) -> Result<Vec<Corridor>, CorridorError> {
    if costs.len() != neighbours.len() {
        return Err(CorridorError::LengthMismatch {
            costs: costs.len(),
            units: neighbours.len(),
        });
    }
    if count > PATH_LIMIT {
        return Err(CorridorError::TooManyPaths(count));
    }
    if let Some(at) = costs.iter().position(|c| !c.is_finite() || *c < 0.0) {
        return Err(CorridorError::InvalidCost(at));
    }
    if let Some(&unknown) = [from, to].iter().find(|&&place| place >= costs.len()) {
        return Err(CorridorError::UnknownPlace(unknown));
    }
    let mut search = Search::new(costs, neighbours, to);
    let mut found: Vec<Corridor> = Vec::new();
    let mut candidates: BTreeSet<Candidate> = BTreeSet::new();
    candidates.extend(search.path(&[from], &[]).map(Candidate));
    while found.len() < count {
        let Some(Candidate(cheapest)) = candidates.pop_first() else {
            break;
        };
        // Every other path leaves this one somewhere: after which of its places?
        for last in 0..cheapest.places.len() - 1 {
            let root = &cheapest.places[..=last];
            let taken = found.iter().chain([&cheapest]).filter_map(|path| {
                path.places
                    .strip_prefix(root)
                    .and_then(|rest| rest.first().copied())
            });
            let taken: Vec<usize> = taken.collect();
            candidates.extend(search.path(root, &taken).map(Candidate));
        }
        found.push(cheapest);
    }
    Ok(found)
}

/// A path in the order of cost, number of places, places.
#[derive(Debug, PartialEq)]
struct Candidate(Corridor);

impl Eq for Candidate {}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> Ordering {
        let (a, b) = (&self.0, &other.0);
        a.cost
            .total_cmp(&b.cost)
            .then(a.places.len().cmp(&b.places.len()))
            .then_with(|| a.places.cmp(&b.places))
    }
}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A place that was reached: what a path through it costs at least, how many steps it took, which it is.
#[derive(Debug, PartialEq)]
struct Reached {
    at_least: f64,
    steps: u32,
    place: usize,
}

impl Eq for Reached {}

impl Ord for Reached {
    fn cmp(&self, other: &Self) -> Ordering {
        self.at_least
            .total_cmp(&other.at_least)
            .then((self.steps, self.place).cmp(&(other.steps, other.place)))
    }
}

impl PartialOrd for Reached {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The best way to a place so far.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Way {
    cost: f64,
    steps: u32,
    before: usize,
}

/// No way yet.
const NO_WAY: Way = Way {
    cost: f64::INFINITY,
    steps: u32::MAX,
    before: usize::MAX,
};

/// Searches to one place, with what all of them share.
struct Search<'a> {
    costs: &'a [f64],
    neighbours: &'a Neighbours,
    to: usize,
    /// The cost from each place to the last one at least, its own not counted; infinite where no path leads there.
    left: Vec<f64>,
    ways: Vec<Way>,
}

impl<'a> Search<'a> {
    fn new(costs: &'a [f64], neighbours: &'a Neighbours, to: usize) -> Self {
        let mut left = distances_to(costs, neighbours, to);
        // The sum from the other end may be rounded up: a bound must not.
        for bound in &mut left {
            *bound *= 1.0 - 1e-12;
        }
        Self {
            costs,
            neighbours,
            to,
            left,
            ways: vec![NO_WAY; costs.len()],
        }
    }

    /// The cheapest path that begins with the places of `root` and goes on to none of `taken`.
    fn path(&mut self, root: &[usize], taken: &[usize]) -> Option<Corridor> {
        let (&start, before) = root.split_last()?;
        if self.left[start].is_infinite() {
            return None;
        }
        let mut touched = vec![start];
        self.ways[start] = Way {
            cost: root.iter().map(|&place| self.costs[place]).sum(),
            steps: 0,
            before: usize::MAX,
        };
        let mut open = BinaryHeap::from([Reverse(self.reached(start))]);
        let mut found = None;
        while let Some(Reverse(best)) = open.pop() {
            if best.place == self.to {
                found = Some(self.back(before, best.place));
                break;
            }
            let way = self.ways[best.place];
            // A better way was found after this one was noted.
            if best.steps != way.steps || best.at_least > way.cost + self.left[best.place] {
                continue;
            }
            for &next in self.neighbours.of(best.place) {
                let next = next as usize;
                let barred = before.contains(&next) || best.place == start && taken.contains(&next);
                let (cost, steps) = (way.cost + self.costs[next], way.steps + 1);
                let held = self.ways[next];
                let better = cost < held.cost || cost <= held.cost && steps < held.steps;
                if barred || !better || self.left[next].is_infinite() {
                    continue;
                }
                self.ways[next] = Way {
                    cost,
                    steps,
                    before: best.place,
                };
                touched.push(next);
                open.push(Reverse(self.reached(next)));
            }
        }
        for place in touched {
            self.ways[place] = NO_WAY;
        }
        found
    }

    fn reached(&self, place: usize) -> Reached {
        Reached {
            at_least: self.ways[place].cost + self.left[place],
            steps: self.ways[place].steps,
            place,
        }
    }

    /// The path that was found, from its first place on.
    fn back(&self, before: &[usize], last: usize) -> Corridor {
        let mut places = vec![last];
        let mut place = last;
        while self.ways[place].before != usize::MAX {
            place = self.ways[place].before;
            places.push(place);
        }
        places.extend(before.iter().rev());
        places.reverse();
        Corridor {
            places,
            cost: self.ways[last].cost,
        }
    }
}

/// The cost from every place to one, the first place's own not counted (Dijkstra against the links).
fn distances_to(costs: &[f64], neighbours: &Neighbours, to: usize) -> Vec<f64> {
    let mut sources: Vec<Vec<usize>> = vec![Vec::new(); costs.len()];
    for place in 0..costs.len() {
        for &next in neighbours.of(place) {
            sources[next as usize].push(place);
        }
    }
    let mut left = vec![f64::INFINITY; costs.len()];
    left[to] = 0.0;
    let reached = |at_least, place| {
        Reverse(Reached {
            at_least,
            steps: 0,
            place,
        })
    };
    let mut open = BinaryHeap::from([reached(0.0, to)]);
    while let Some(Reverse(best)) = open.pop() {
        if best.at_least > left[best.place] {
            continue;
        }
        let cost = best.at_least + costs[best.place];
        for &place in &sources[best.place] {
            if cost < left[place] {
                left[place] = cost;
                open.push(reached(cost, place));
            }
        }
    }
    left
}

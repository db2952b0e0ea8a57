//! Flows between places: how much goes from where to where, on balance, and by which ways?

mod beeline;
mod contiguity;
mod corridors;

#[cfg(test)]
mod tests;

pub use beeline::{Beeline, beeline};
pub use contiguity::{Ends, flow_moran};
pub use corridors::{Corridor, CorridorError, corridors};

use crate::error::MapError;

/// What goes from one place to another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Flow<P> {
    /// Where it starts.
    pub from: P,
    /// Where it ends.
    pub to: P,
    /// How much, in the unit of whoever counted.
    pub n: f64,
}

/// What two places exchange: the balance in the direction that it has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Exchange<P> {
    /// The place that sends more; of two that send alike, the lesser one.
    pub from: P,
    /// The other place.
    pub to: P,
    /// What `from` sends more than it receives, at least zero: seen from the other side it is the negative.
    pub net: f64,
    /// Both directions together.
    pub gross: f64,
}

/// What a place sends and receives; what stays within it is apart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Strength<P> {
    /// The place.
    pub place: P,
    /// Sent to other places.
    pub sent: f64,
    /// Received from other places.
    pub received: f64,
    /// From the place to itself.
    pub within: f64,
}

/// Flows that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum FlowError {
    /// A number is negative or not finite.
    #[error("flow {0} is not a finite number of at least zero")]
    InvalidNumber(usize),
    /// A flow starts or ends at a place that the graph does not have.
    #[error("a flow names place {place}, but there are {places}")]
    UnknownPlace {
        /// The place.
        place: usize,
        /// How many there are.
        places: usize,
    },
    /// There are more pairs of places, or links between pairs, than are tested together.
    #[error("{places} places make too many pairs; the limits are {pairs} pairs and {links} links of pairs",
        pairs = contiguity::PAIR_LIMIT, links = contiguity::LINK_LIMIT)]
    TooManyPlaces {
        /// How many places.
        places: usize,
    },
    /// The statistic was not computed.
    #[error(transparent)]
    Map(#[from] MapError),
}

/// An origin–destination table: one number for each ordered pair of places that has one.
///
/// Places are H3 cells or anything with an order. What stays within a place is kept apart: it is no flow between
/// places, and a table of coarser places has more of it.
///
/// ```
/// use naqsha_analytics::{Flow, Flows};
/// let list = [("a", "b", 5.0), ("b", "a", 2.0), ("a", "b", 1.0), ("c", "c", 4.0)];
/// let flows = Flows::new(list.map(|(from, to, n)| Flow { from, to, n }).to_vec())?;
/// assert_eq!(flows.between().len(), 2);
/// let balance = flows.exchanges()[0];
/// assert_eq!((balance.from, balance.net, balance.gross), ("a", 4.0, 8.0));
/// assert_eq!(flows.within(), [("c", 4.0)]);
/// # Ok::<(), naqsha_analytics::FlowError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Flows<P> {
    /// Ascending by origin, then destination; above zero; no place to itself.
    between: Vec<Flow<P>>,
    /// Ascending; above zero.
    within: Vec<(P, f64)>,
}

impl<P: Copy + Ord> Flows<P> {
    /// Sums a list of flows in any order, with pairs repeated or not.
    ///
    /// Flows of zero are left out. Equal pairs are added from the smallest number up, so that the order of the list
    /// changes no digit. *Cost*: O(m log m).
    ///
    /// # Errors
    /// [`FlowError::InvalidNumber`].
    pub fn new(list: Vec<Flow<P>>) -> Result<Self, FlowError> {
        let valid = |flow: &Flow<P>| flow.n.is_finite() && flow.n >= 0.0;
        match list.iter().position(|flow| !valid(flow)) {
            Some(at) => Err(FlowError::InvalidNumber(at)),
            None => Ok(Self::sum(list)),
        }
    }

    fn sum(mut list: Vec<Flow<P>>) -> Self {
        list.retain(|flow| flow.n > 0.0);
        list.sort_unstable_by(|a, b| {
            (a.from, a.to)
                .cmp(&(b.from, b.to))
                .then(a.n.total_cmp(&b.n))
        });
        let (mut between, mut within) = (Vec::new(), Vec::new());
        for pair in list.chunk_by(|a, b| (a.from, a.to) == (b.from, b.to)) {
            let Flow { from, to, .. } = pair[0];
            let n = pair.iter().map(|flow| flow.n).sum();
            if from == to {
                within.push((from, n));
            } else {
                between.push(Flow { from, to, n });
            }
        }
        Self { between, within }
    }

    /// The table of coarser places, such as the H3 parents of cells.
    ///
    /// What went between places of one coarser place stays within it. *Cost*: O(m log m).
    pub fn grouped<Q: Copy + Ord>(&self, place: impl Fn(P) -> Q) -> Flows<Q> {
        let between = self.between.iter().map(|flow| (flow.from, flow.to, flow.n));
        let within = self.within.iter().map(|&(at, n)| (at, at, n));
        let list = between.chain(within).map(|(from, to, n)| Flow {
            from: place(from),
            to: place(to),
            n,
        });
        Flows::sum(list.collect())
    }

    /// The flows between different places, ascending by origin, then destination.
    pub fn between(&self) -> &[Flow<P>] {
        &self.between
    }

    /// What stays within places, ascending.
    pub fn within(&self) -> &[(P, f64)] {
        &self.within
    }

    /// How much goes from one place to another; what stays within, of a place to itself.
    pub fn n(&self, from: P, to: P) -> f64 {
        if from == to {
            let at = self.within.binary_search_by_key(&from, |entry| entry.0);
            return at.map_or(0.0, |at| self.within[at].1);
        }
        let at = self
            .between
            .binary_search_by_key(&(from, to), |flow| (flow.from, flow.to));
        at.map_or(0.0, |at| self.between[at].n)
    }

    /// What each pair of places exchanges, ascending by the two places, the lesser one first.
    ///
    /// Pairs that send each other alike are there with a balance of zero.
    pub fn exchanges(&self) -> Vec<Exchange<P>> {
        let mut pairs: Vec<(P, P)> = self
            .between
            .iter()
            .map(|flow| (flow.from.min(flow.to), flow.from.max(flow.to)))
            .collect();
        pairs.sort_unstable();
        pairs.dedup();
        let exchange = |(a, b): (P, P)| {
            let (there, back) = (self.n(a, b), self.n(b, a));
            let (from, to) = if back > there { (b, a) } else { (a, b) };
            Exchange {
                from,
                to,
                net: (there - back).abs(),
                gross: there + back,
            }
        };
        pairs.into_iter().map(exchange).collect()
    }

    /// What every place of the table sends and receives, ascending.
    pub fn strengths(&self) -> Vec<Strength<P>> {
        let ends = self.between.iter().flat_map(|flow| [flow.from, flow.to]);
        let mut places: Vec<P> = ends
            .chain(self.within.iter().map(|entry| entry.0))
            .collect();
        places.sort_unstable();
        places.dedup();
        let mut strengths: Vec<Strength<P>> = places
            .iter()
            .map(|&place| Strength {
                place,
                sent: 0.0,
                received: 0.0,
                within: self.n(place, place),
            })
            .collect();
        for flow in &self.between {
            if let Ok(at) = places.binary_search(&flow.from) {
                strengths[at].sent += flow.n;
            }
            if let Ok(at) = places.binary_search(&flow.to) {
                strengths[at].received += flow.n;
            }
        }
        strengths
    }
}

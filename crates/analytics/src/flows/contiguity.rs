//! Flows as the units of a map: two are neighbours where their ends are.

use super::{FlowError, Flows};
use crate::error::MapError;
use crate::moran::{Moran, Sampling, moran};
use crate::neighbours::{Neighbours, WeightStyle};

/// The most ordered pairs of places that are tested together: those of 500 places.
pub(super) const PAIR_LIMIT: usize = 250_000;

/// The most links between pairs: a limit on memory (16 bytes each while the graph is built).
pub(super) const LINK_LIMIT: usize = 20_000_000;

/// When two flows are neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ends {
    /// Where their origins are neighbours and their destinations are too: W ⊗ W (`LeSage` & Pace 2008).
    #[default]
    Both,
    /// Where one end is the same place and the other ones are neighbours: W ⊗ I + I ⊗ W (Chun 2008).
    One,
}

/// Global Moran's I of flows: do strong flows run beside strong ones?
///
/// The units are all ordered pairs of different places of the graph, those without a flow with zero: a pair that
/// nothing goes between is data. What stays within a place is not used. The weight of a link between pairs is the
/// product of the weights of its ends' links. `places` are numbered as in the graph.
///
/// *Edge cases*: as [`moran`]; a graph without links has no neighbouring pairs either. *Cost*: O(n²k²) links for n
/// places of k neighbours each, and each shuffle again.
///
/// # Errors
/// A flow of an unknown place, more than 500 places, or no statistic.
///
/// # References
/// Black 1992, <https://doi.org/10.1111/j.1538-4632.1992.tb00261.x>; Chun 2008,
/// <https://doi.org/10.1007/s10109-008-0068-2>; `LeSage` & Pace 2008,
/// <https://doi.org/10.1111/j.1467-9787.2008.00573.x>.
///
/// ```
/// use naqsha_analytics::{Ends, Flow, Flows, Neighbours, WeightStyle, flow_moran};
/// // Four places in a row. The two on the left send to the two on the right.
/// let links = [(0, 1), (1, 2), (2, 3)].map(|(a, b)| [(a, b, 1.0), (b, a, 1.0)]);
/// let row = Neighbours::from_links(4, links.as_flattened())?;
/// let list = [(0, 2), (0, 3), (1, 2), (1, 3)].map(|(from, to)| Flow { from, to, n: 1.0 });
/// let found = flow_moran(&Flows::new(list.to_vec())?, &row, Ends::One, WeightStyle::AsGiven, None)?;
/// assert!(found.statistic > found.expected);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn flow_moran(
    flows: &Flows<usize>,
    places: &Neighbours,
    ends: Ends,
    style: WeightStyle,
    sampling: Option<Sampling>,
) -> Result<Moran, FlowError> {
    let count = places.len();
    let pairs = count * count.saturating_sub(1);
    let too_many = FlowError::TooManyPlaces { places: count };
    let links = match ends {
        Ends::Both => places.links().saturating_mul(places.links()),
        Ends::One => places.links().saturating_mul(count).saturating_mul(2),
    };
    if pairs > PAIR_LIMIT || links > LINK_LIMIT {
        return Err(too_many);
    }
    let mut values = vec![0.0; pairs];
    for flow in flows.between() {
        let end = flow.from.max(flow.to);
        if end >= count {
            return Err(FlowError::UnknownPlace {
                place: end,
                places: count,
            });
        }
        values[pair(count, flow.from, flow.to)] = flow.n;
    }
    let graph = graph(places, ends).map_err(|_limit| too_many)?;
    Ok(moran(&values, &graph, style, sampling)?)
}

/// The number of an ordered pair of different places.
const fn pair(count: usize, from: usize, to: usize) -> usize {
    from * (count - 1) + if to > from { to - 1 } else { to }
}

/// The graph over pairs; pairs of a place with itself are no units, so links to them fall away.
fn graph(places: &Neighbours, ends: Ends) -> Result<Neighbours, crate::NeighboursError> {
    let count = places.len();
    let mut links = Vec::new();
    let mut link = |(from, to): (usize, usize), (other, end): (usize, usize), weight: f64| {
        if other != end {
            let unit = |at| u32::try_from(at).unwrap_or(u32::MAX);
            let (a, b) = (pair(count, from, to), pair(count, other, end));
            links.push((unit(a), unit(b), weight));
        }
    };
    let all = (0..count).flat_map(|from| (0..count).map(move |to| (from, to)));
    for (from, to) in all.filter(|(from, to)| from != to) {
        match ends {
            Ends::Both => {
                for (other, weight) in places.weighted(from) {
                    for (end, second) in places.weighted(to) {
                        link((from, to), (other, end), weight * second);
                    }
                }
            }
            Ends::One => {
                for (other, weight) in places.weighted(from) {
                    link((from, to), (other, to), weight);
                }
                for (end, weight) in places.weighted(to) {
                    link((from, to), (from, end), weight);
                }
            }
        }
    }
    Neighbours::from_links(count * count.saturating_sub(1), &links)
}

impl FlowError {
    /// The reason, where the statistic does not exist.
    pub const fn reason(&self) -> Option<crate::Reason> {
        match self {
            Self::Map(MapError::Undefined(reason)) => Some(*reason),
            _ => None,
        }
    }
}

//! Who is whose neighbour: a directed graph over units 0..n in compressed rows. It knows nothing of values.

mod disk;
mod distance;
mod steps;

use crate::reason::Reason;
pub(crate) use distance::Space;

/// The most links a graph may hold: a limit on memory (4 bytes each, 12 with weights), not on the method.
const LINK_LIMIT: usize = 200_000_000;

/// The neighbours of every unit, as rows sorted by unit.
///
/// Units are numbered 0..n by whoever builds the graph: the position in the list of cells or points. A unit is
/// never its own neighbour; statistics that include the unit itself (Gi*) add it.
#[derive(Debug, Clone, PartialEq)]
pub struct Neighbours {
    offsets: Vec<usize>,
    targets: Vec<u32>,
    weights: Option<Vec<f64>>,
    /// Units whose grid disk is cut off by the edge of the study area; empty where that has no meaning.
    truncated: Vec<bool>,
}

/// How the weights of a row enter a statistic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WeightStyle {
    /// As stored; 1 for every link of an unweighted graph (B style).
    #[default]
    AsGiven,
    /// Divided by the sum of their row (W style). For Gi* the sum includes the unit itself.
    RowStandardised,
}

/// Places to search for neighbours, in the order that numbers the units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Points<'a> {
    /// x, y in any unit of length; distances are Euclidean, in that unit.
    Planar(&'a [[f64; 2]]),
    /// Longitude, latitude in degrees; distances are metres along the WGS 84 ellipsoid (Karney 2013).
    LonLat(&'a [[f64; 2]]),
}

/// How the distance of points is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Metric {
    /// Along the straight line; along the WGS 84 ellipsoid for longitude and latitude.
    #[default]
    Straight,
    /// Along two axes, as between blocks of a grid of streets; for planar points only.
    Manhattan,
}

/// A graph that cannot be built.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum NeighboursError {
    /// The cells are not strictly ascending.
    #[error("cells must be sorted and unique: position {0} is not above the one before it")]
    UnsortedCells(usize),
    /// The cells differ in resolution.
    #[error("cells of two resolutions: position {0} differs from the first")]
    MixedResolutions(usize),
    /// A link names a unit that does not exist.
    #[error("link {link} names unit {unit}, but there are {units} units")]
    UnknownUnit {
        /// Position of the link.
        link: usize,
        /// The unit it names.
        unit: u32,
        /// How many there are.
        units: usize,
    },
    /// A link leads from a unit to itself.
    #[error("link {link} leads from unit {unit} to itself")]
    SelfLink {
        /// Position of the link.
        link: usize,
        /// The unit.
        unit: u32,
    },
    /// The same pair occurs twice.
    #[error("the link from unit {from} to unit {to} occurs twice")]
    DuplicateLink {
        /// Where it starts.
        from: u32,
        /// Where it leads.
        to: u32,
    },
    /// A weight is negative or not finite.
    #[error("link {link} has the weight {weight}, which is not a finite number of at least zero")]
    InvalidWeight {
        /// Position of the link.
        link: usize,
        /// The weight.
        weight: f64,
    },
    /// A point is not finite or, in degrees, out of range.
    #[error("point {0} has coordinates out of range")]
    InvalidPoint(usize),
    /// The search distance is negative or not finite.
    #[error("{0} is not a distance")]
    InvalidDistance(f64),
    /// More units or links than the graph can number.
    #[error("{what} exceed the limit of {limit}")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
}

impl Neighbours {
    /// Builds a graph of `units` units from directed, weighted links `(from, to, weight)` in any order.
    ///
    /// Nothing is added: a symmetric relation lists both directions. Where all weights are 1 the graph is stored
    /// without weights.
    ///
    /// *Cost*: O(m log m) for m links.
    ///
    /// # Errors
    /// Unknown units, links from a unit to itself, pairs that occur twice, negative or non-finite weights.
    pub fn from_links(units: usize, links: &[(u32, u32, f64)]) -> Result<Self, NeighboursError> {
        check_limit("units", units, u32::MAX as usize)?;
        check_limit("links", links.len(), LINK_LIMIT)?;
        for (link, &(from, to, weight)) in links.iter().enumerate() {
            if let Some(unit) = [from, to].into_iter().find(|unit| *unit as usize >= units) {
                return Err(NeighboursError::UnknownUnit { link, unit, units });
            }
            if from == to {
                return Err(NeighboursError::SelfLink { link, unit: from });
            }
            if !(weight.is_finite() && weight >= 0.0) {
                return Err(NeighboursError::InvalidWeight { link, weight });
            }
        }
        let mut sorted = links.to_vec();
        sorted.sort_unstable_by_key(|link| (link.0, link.1));
        if let Some(pair) = sorted
            .windows(2)
            .find(|pair| (pair[0].0, pair[0].1) == (pair[1].0, pair[1].1))
        {
            return Err(NeighboursError::DuplicateLink {
                from: pair[0].0,
                to: pair[0].1,
            });
        }
        let mut offsets = vec![0; units + 1];
        for link in &sorted {
            offsets[link.0 as usize + 1] += 1;
        }
        for unit in 0..units {
            offsets[unit + 1] += offsets[unit];
        }
        let binary = sorted
            .iter()
            .all(|link| link.2.to_bits() == 1.0_f64.to_bits());
        Ok(Self {
            offsets,
            targets: sorted.iter().map(|link| link.1).collect(),
            weights: (!binary).then(|| sorted.iter().map(|link| link.2).collect()),
            truncated: Vec::new(),
        })
    }

    /// Joins rows of ascending targets into an unweighted graph.
    fn from_rows(rows: &[Vec<u32>]) -> Result<Self, NeighboursError> {
        let links = rows.iter().map(Vec::len).sum();
        check_limit("links", links, LINK_LIMIT)?;
        let mut offsets = Vec::with_capacity(rows.len() + 1);
        offsets.push(0);
        let mut targets = Vec::with_capacity(links);
        for row in rows {
            targets.extend_from_slice(row);
            offsets.push(targets.len());
        }
        Ok(Self {
            offsets,
            targets,
            weights: None,
            truncated: Vec::new(),
        })
    }

    /// The number of units.
    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Whether there are no units.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of directed links.
    pub fn links(&self) -> usize {
        self.targets.len()
    }

    /// The neighbours of a unit, ascending.
    pub fn of(&self, unit: usize) -> &[u32] {
        &self.targets[self.offsets[unit]..self.offsets[unit + 1]]
    }

    /// The weights of a unit's links, in the order of [`Neighbours::of`]; `None` where every weight is 1.
    pub fn weights_of(&self, unit: usize) -> Option<&[f64]> {
        self.weights
            .as_ref()
            .map(|weights| &weights[self.offsets[unit]..self.offsets[unit + 1]])
    }

    /// Whether every weight is 1.
    pub(crate) fn unweighted(&self) -> bool {
        self.weights.is_none()
    }

    /// The number of neighbours of a unit.
    pub fn degree(&self, unit: usize) -> usize {
        self.offsets[unit + 1] - self.offsets[unit]
    }

    /// The largest number of neighbours of any unit; 0 for an empty graph.
    pub fn max_degree(&self) -> usize {
        self.offsets
            .windows(2)
            .map(|ends| ends[1] - ends[0])
            .max()
            .unwrap_or(0)
    }

    /// Whether a unit has all the neighbours it would have without the edge of the study area.
    ///
    /// Always true for graphs that were not built from grid disks: they have no edge. A pentagon is complete with
    /// five neighbours in its first ring.
    pub fn complete(&self, unit: usize) -> bool {
        !self.truncated.get(unit).copied().unwrap_or(false)
    }

    /// The common weight of a unit's links, or `None` where they differ. 1 for a unit without links.
    pub(crate) fn common_weight(&self, unit: usize) -> Option<f64> {
        match self.weights_of(unit) {
            None | Some([]) => Some(1.0),
            Some([first, rest @ ..]) => rest
                .iter()
                .all(|weight| weight.to_bits() == first.to_bits())
                .then_some(*first),
        }
    }

    /// The first unit whose weights differ; none in a graph without weights.
    pub(crate) fn first_unequal_row(&self) -> Option<usize> {
        self.weights.as_ref()?;
        (0..self.len()).find(|unit| self.common_weight(*unit).is_none())
    }

    /// The links of a unit with their weights.
    pub(crate) fn weighted(&self, unit: usize) -> impl Iterator<Item = (usize, f64)> {
        let weights = self.weights_of(unit);
        self.of(unit)
            .iter()
            .enumerate()
            .map(move |(at, &target)| (target as usize, weights.map_or(1.0, |w| w[at])))
    }

    /// The sum of a unit's weights, as the divisor of row standardisation.
    pub(crate) fn row_sum(&self, unit: usize) -> f64 {
        self.weighted(unit).map(|link| link.1).sum()
    }

    /// Whether a unit can be compared with its surroundings at all.
    pub(crate) fn connected(&self, unit: usize) -> Result<(), Reason> {
        let any = match self.weights_of(unit) {
            None => self.degree(unit) > 0,
            Some(weights) => weights.iter().any(|weight| *weight > 0.0),
        };
        if any { Ok(()) } else { Err(Reason::Isolated) }
    }
}

fn check_limit(what: &'static str, count: usize, limit: usize) -> Result<(), NeighboursError> {
    if count > limit {
        Err(NeighboursError::TooMany { what, limit })
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_come_back_sorted_with_their_weights() {
        let graph = Neighbours::from_links(3, &[(2, 1, 0.5), (0, 2, 2.0), (0, 1, 1.0)]).unwrap();
        assert_eq!(graph.of(0), [1, 2]);
        assert_eq!(graph.weights_of(0), Some([1.0, 2.0].as_slice()));
        assert_eq!(
            (graph.degree(1), graph.connected(1)),
            (0, Err(Reason::Isolated))
        );
        assert!(graph.complete(0));
    }

    #[test]
    fn damaged_links_are_refused_one_by_one() {
        let build = |links: &[(u32, u32, f64)]| Neighbours::from_links(2, links).unwrap_err();
        assert_eq!(
            build(&[(0, 1, 1.0), (0, 1, 2.0)]),
            NeighboursError::DuplicateLink { from: 0, to: 1 }
        );
        assert_eq!(
            build(&[(1, 1, 1.0)]),
            NeighboursError::SelfLink { link: 0, unit: 1 }
        );
        assert_eq!(
            build(&[(0, 2, 1.0)]),
            NeighboursError::UnknownUnit {
                link: 0,
                unit: 2,
                units: 2
            }
        );
        assert_eq!(
            build(&[(0, 1, -1.0)]),
            NeighboursError::InvalidWeight {
                link: 0,
                weight: -1.0
            }
        );
        assert!(matches!(
            build(&[(0, 1, f64::NAN)]),
            NeighboursError::InvalidWeight { .. }
        ));
    }
}

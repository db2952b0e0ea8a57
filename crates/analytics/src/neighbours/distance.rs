//! Neighbours among points: all within a distance, or the nearest few. Planar, or along the WGS 84 ellipsoid.

use geo::{Distance, Geodesic, Point};
use rayon::prelude::*;
use rstar::RTree;
use rstar::primitives::GeomWithData;

use super::{LINK_LIMIT, Metric, Neighbours, NeighboursError, Points, check_limit};

/// Mean radius of the Earth (IUGG, metres): turns a search distance into a chord for the tree, never into a result.
const EARTH_RADIUS_M: f64 = 6_371_008.8;

/// How much wider than the ellipsoidal distance the spherical search is: the two differ by at most 0.6 %.
const SLACK: f64 = 1.01;

/// A point of the search space (z = 0 for planar points) with its unit.
type Located = GeomWithData<[f64; 3], u32>;

impl Neighbours {
    /// Links every point to all others at most `distance` away (inclusive), in the unit of the points.
    ///
    /// Points at the same place are neighbours at every distance. A point without neighbours is isolated.
    ///
    /// *Cost*: O((n + m) log n) for m links, parallel; geodesic distances take about 0.5 µs a candidate.
    ///
    /// # Errors
    /// Coordinates or a distance out of range, more links than fit.
    ///
    /// ```
    /// use naqsha_analytics::{Neighbours, Points};
    /// let points = [[0.0, 0.0], [3.0, 4.0], [6.0, 8.1]];
    /// let graph = Neighbours::within_distance(Points::Planar(&points), 5.0)?;
    /// assert_eq!((graph.of(0), graph.of(2)), ([1].as_slice(), [].as_slice()));
    /// # Ok::<(), naqsha_analytics::NeighboursError>(())
    /// ```
    pub fn within_distance(points: Points<'_>, distance: f64) -> Result<Self, NeighboursError> {
        if !(distance.is_finite() && distance >= 0.0) {
            return Err(NeighboursError::InvalidDistance(distance));
        }
        let space = Space::new(points)?;
        let reach = space.reach(distance);
        // Counted first: a radius typed in the wrong unit must not fill the memory.
        let candidates: usize = (0..space.places.len())
            .into_par_iter()
            .map(|unit| space.near(unit, reach).count())
            .sum();
        check_limit("candidate links", candidates, LINK_LIMIT)?;
        let rows: Vec<Vec<u32>> = (0..space.places.len())
            .into_par_iter()
            .map(|unit| {
                let within =
                    |other: &u32| points.apart(Metric::Straight, unit, *other as usize) <= distance;
                let mut row: Vec<u32> = space.near(unit, reach).filter(within).collect();
                row.sort_unstable();
                row
            })
            .collect();
        Self::from_rows(&rows)
    }

    /// Links every point to the `k` others nearest to it; of equally distant ones, those that come first.
    ///
    /// With fewer than k others, all of them. The relation is not symmetric.
    ///
    /// *Cost*: O(n·k log n), parallel.
    ///
    /// # Errors
    /// Coordinates out of range, more links than fit.
    ///
    /// ```
    /// use naqsha_analytics::{Neighbours, Points};
    /// let points = [[67.0, 24.9], [67.1, 24.9], [74.3, 31.5]]; // longitude first
    /// let graph = Neighbours::k_nearest(Points::LonLat(&points), 1)?;
    /// assert_eq!((graph.of(0), graph.of(2)), ([1].as_slice(), [1].as_slice()));
    /// # Ok::<(), naqsha_analytics::NeighboursError>(())
    /// ```
    pub fn k_nearest(points: Points<'_>, k: usize) -> Result<Self, NeighboursError> {
        let space = Space::new(points)?;
        check_limit(
            "links",
            k.min(space.places.len()).saturating_mul(space.places.len()),
            LINK_LIMIT,
        )?;
        let rows: Vec<Vec<u32>> = (0..space.places.len())
            .into_par_iter()
            .map(|unit| space.nearest(unit, k))
            .collect();
        Self::from_rows(&rows)
    }
}

impl Points<'_> {
    /// How many there are.
    pub fn len(&self) -> usize {
        let (Self::Planar(list) | Self::LonLat(list)) = self;
        list.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How far apart two of them are. Longitude and latitude have no blocks: they are always measured straight.
    pub(crate) fn apart(&self, metric: Metric, from: usize, to: usize) -> f64 {
        match (self, metric) {
            (Self::Planar(list), Metric::Straight) => {
                (list[from][0] - list[to][0]).hypot(list[from][1] - list[to][1])
            }
            (Self::Planar(list), Metric::Manhattan) => {
                (list[from][0] - list[to][0]).abs() + (list[from][1] - list[to][1]).abs()
            }
            (Self::LonLat(list), _) => {
                Geodesic.distance(Point::from(list[from]), Point::from(list[to]))
            }
        }
    }

    /// Where they are in a space of three dimensions: on a plane (z = 0), or on a sphere, in metres.
    pub(crate) fn places(&self) -> Vec<[f64; 3]> {
        let (Self::Planar(list) | Self::LonLat(list)) = self;
        let place = |&[x, y]: &[f64; 2]| match self {
            Self::Planar(_) => [x, y, 0.0],
            Self::LonLat(_) => {
                let ((sin_x, cos_x), (sin_y, cos_y)) =
                    (x.to_radians().sin_cos(), y.to_radians().sin_cos());
                [cos_y * cos_x, cos_y * sin_x, sin_y].map(|part| part * EARTH_RADIUS_M)
            }
        };
        list.iter().map(place).collect()
    }

    /// The straight-line search radius in the space of [`Self::places`] that misses nothing within `distance`.
    pub(crate) fn reach(&self, distance: f64) -> f64 {
        match self {
            Self::Planar(_) => distance * (1.0 + 1e-9),
            Self::LonLat(_) => {
                let half_angle =
                    (distance * SLACK / EARTH_RADIUS_M / 2.0).min(std::f64::consts::FRAC_PI_2);
                2.0 * EARTH_RADIUS_M * half_angle.sin() + 1e-3
            }
        }
    }

    /// # Errors
    /// A point is not finite or, in degrees, out of range; too many to number.
    pub(crate) fn check(&self) -> Result<(), NeighboursError> {
        let (Self::Planar(list) | Self::LonLat(list)) = self;
        check_limit("units", list.len(), u32::MAX as usize)?;
        let valid = |[x, y]: &[f64; 2]| match self {
            Self::Planar(_) => x.is_finite() && y.is_finite(),
            Self::LonLat(_) => (-180.0..=180.0).contains(x) && (-90.0..=90.0).contains(y),
        };
        match list.iter().position(|point| !valid(point)) {
            Some(at) => Err(NeighboursError::InvalidPoint(at)),
            None => Ok(()),
        }
    }
}

/// Points in a tree, with the distance that decides.
pub(crate) struct Space<'a> {
    points: Points<'a>,
    places: Vec<[f64; 3]>,
    tree: RTree<Located>,
}

impl<'a> Space<'a> {
    /// # Errors
    /// Coordinates out of range, more points than can be numbered.
    pub(crate) fn new(points: Points<'a>) -> Result<Self, NeighboursError> {
        points.check()?;
        let places = points.places();
        let tree = RTree::bulk_load(
            places
                .iter()
                .zip(0_u32..)
                .map(|(place, unit)| Located::new(*place, unit))
                .collect(),
        );
        Ok(Self {
            points,
            places,
            tree,
        })
    }

    /// The straight-line search radius in the tree's space that misses nothing within `distance`.
    pub(crate) fn reach(&self, distance: f64) -> f64 {
        self.points.reach(distance)
    }

    /// The other units no farther than a radius in the tree's space: candidates, some a little too far.
    pub(crate) fn near(&self, unit: usize, reach: f64) -> impl Iterator<Item = u32> {
        self.tree
            .locate_within_distance(self.places[unit], reach * reach)
            .map(|located| located.data)
            .filter(move |other| *other as usize != unit)
    }

    fn nearest(&self, unit: usize, k: usize) -> Vec<u32> {
        let mut best: Vec<(f64, u32)> = Vec::new();
        if k == 0 {
            return Vec::new();
        }
        let mut stop = f64::INFINITY;
        for (located, chord_squared) in self
            .tree
            .nearest_neighbor_iter_with_distance_2(self.places[unit])
        {
            if chord_squared > stop {
                break;
            }
            if located.data as usize == unit {
                continue;
            }
            let other = located.data as usize;
            best.push((
                self.points.apart(Metric::Straight, unit, other),
                located.data,
            ));
            if best.len() == k {
                // All k seen so far bound the answer; equally distant ones may still follow.
                let farthest = best.iter().map(|found| found.0).fold(0.0, f64::max);
                stop = self.reach(farthest).powi(2);
            }
        }
        best.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let mut row: Vec<u32> = best.into_iter().take(k).map(|found| found.1).collect();
        row.sort_unstable();
        row
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scattered(count: u32) -> Vec<[f64; 2]> {
        // A plain congruential sequence: reproducible scatter over southern Asia.
        let mut state = 12_345_u64;
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            f64::from(u32::try_from(state >> 32).unwrap()) / f64::from(u32::MAX)
        };
        (0..count)
            .map(|_| [60.0 + 17.0 * next(), 23.0 + 14.0 * next()])
            .collect()
    }

    #[test]
    fn geodesic_bands_agree_with_all_pairs() {
        let points = scattered(300);
        let graph = Neighbours::within_distance(Points::LonLat(&points), 100_000.0).unwrap();
        assert!(graph.links() > 300);
        for (unit, from) in points.iter().enumerate() {
            let near = |other: &usize| {
                Geodesic.distance(Point::from(*from), Point::from(points[*other])) <= 100_000.0
            };
            let expected: Vec<u32> = (0..300)
                .filter(|other| *other != unit && near(other))
                .map(|other| u32::try_from(other).unwrap())
                .collect();
            assert_eq!(graph.of(unit), expected);
        }
    }

    #[test]
    fn nearest_points_agree_with_sorting_all_of_them() {
        let points = scattered(200);
        for list in [Points::LonLat(&points), Points::Planar(&points)] {
            let graph = Neighbours::k_nearest(list, 7).unwrap();
            for unit in 0..200 {
                let apart = |other: u32| list.apart(Metric::Straight, unit, other as usize);
                let mut all: Vec<u32> = (0..200_u32)
                    .filter(|other| *other as usize != unit)
                    .collect();
                all.sort_by(|a, b| apart(*a).total_cmp(&apart(*b)));
                all.truncate(7);
                all.sort_unstable();
                assert_eq!(graph.of(unit), all);
            }
        }
    }

    #[test]
    fn equal_distances_are_decided_by_order() {
        let points = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]];
        let graph = Neighbours::k_nearest(Points::Planar(&points), 2).unwrap();
        assert_eq!(graph.of(0), [1, 2]);
        assert_eq!(
            Neighbours::k_nearest(Points::Planar(&points), 99)
                .unwrap()
                .degree(0),
            4
        );
    }

    #[test]
    fn a_band_crosses_the_antimeridian_and_includes_its_bound() {
        let points = [[179.99, 0.0], [-179.99, 0.0], [0.0, 0.0]];
        let apart = Geodesic.distance(Point::from(points[0]), Point::from(points[1]));
        let graph = Neighbours::within_distance(Points::LonLat(&points), apart).unwrap();
        assert_eq!(graph.of(0), [1]);
        assert!((apart - 2_226.389_816).abs() < 1e-3); // 0.02 degrees of the WGS 84 equator
    }

    #[test]
    fn latitudes_beyond_the_poles_are_refused() {
        let error = Neighbours::within_distance(Points::LonLat(&[[0.0, 0.0], [24.9, 167.0]]), 1.0)
            .unwrap_err();
        assert_eq!(error, NeighboursError::InvalidPoint(1));
        assert!(matches!(
            Neighbours::within_distance(Points::Planar(&[]), -1.0),
            Err(NeighboursError::InvalidDistance(_))
        ));
    }
}

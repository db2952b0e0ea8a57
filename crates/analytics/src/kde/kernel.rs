//! The quartic kernel over cells. It knows cells and points, not what is asked of them.

use std::f64::consts::PI;

use h3o::{CellIndex, LatLng, Resolution};

use super::{Event, KdeError, PAIR_LIMIT};
use crate::neighbours::{Metric, Points};

/// How far the sum of an event's kernel over cells may be off one event.
const TOLERANCE: f64 = 0.01;

/// Up to this distance, and this far from the poles, the short formula for distances is right to two millionths.
pub(super) const SHORT_M: f64 = 50_000.0;
pub(super) const POLAR_DEGREES: f64 = 60.0;

/// WGS 84: the equator's radius in metres, and the square of the eccentricity.
const RADIUS_M: f64 = 6_378_137.0;
const ECCENTRICITY_SQUARED: f64 = 0.006_694_379_990_141_317;

/// A cell's centre, in degrees, and its area.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Place {
    pub(super) centre: [f64; 2],
    pub(super) area_km2: f64,
}

impl Place {
    pub(super) fn of(cell: CellIndex) -> Self {
        let centre = LatLng::from(cell);
        Self {
            centre: [centre.lng(), centre.lat()],
            area_km2: cell.area_km2(),
        }
    }
}

/// The cells that the events of one cell may reach.
pub(super) struct Disk<'a> {
    /// The position of the events' own cell.
    pub(super) home: usize,
    /// The positions of the cells.
    pub(super) positions: &'a [usize],
    /// All cells.
    pub(super) places: &'a [Place],
}

/// The quartic kernel of one bandwidth at one resolution.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Kernel {
    pub(super) bandwidth_m: f64,
    /// 3/(πh²), per square kilometre.
    peak: f64,
    /// How many rings of cells an event reaches at most.
    pub(super) rings: u32,
}

impl Kernel {
    /// The kernel for events in so many cells, of cells whose neighbours are at least so many metres apart.
    pub(super) fn new(
        homes: usize,
        least: f64,
        bandwidth_m: f64,
        resolution: Resolution,
    ) -> Result<Self, KdeError> {
        // Rings around a cell are hexagons: the nearest cell of the next ring is √3/2 of its number away, less where
        // the grid is squeezed; one ring more for an event beside its cell's centre.
        let rings = (bandwidth_m / (least * 0.75)).ceil() + 1.0;
        let cells = 3.0 * rings * (rings + 1.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "positive; a huge number saturates and is refused"
        )]
        let (rings, cells) = (rings as u32, cells as u64);
        if cells.saturating_mul(homes as u64) > PAIR_LIMIT {
            return Err(KdeError::TooFine {
                cells,
                homes,
                bandwidth_m,
                resolution,
            });
        }
        Ok(Self {
            bandwidth_m,
            peak: 3.0 / (PI * (bandwidth_m / 1_000.0).powi(2)),
            rings,
        })
    }

    /// The cells that events in a cell may reach.
    pub(super) fn disk(&self, cell: CellIndex) -> Vec<CellIndex> {
        cell.grid_disk(self.rings)
    }

    /// The density that the events of one cell leave at the centres around: positions and values.
    ///
    /// Where cells are missing around, because they lie outside of what is asked, what would fall there stays within.
    pub(super) fn sum(&self, around: &Disk<'_>, events: &[Event]) -> Vec<(usize, f64)> {
        let mut sums = vec![0.0; around.positions.len()];
        let mut alone = 0.0;
        for event in events {
            let values: Vec<f64> = around
                .positions
                .iter()
                .map(|at| self.at(event.point, around.places[*at].centre))
                .collect();
            let areas = around
                .positions
                .iter()
                .map(|at| around.places[*at].area_km2);
            let mass: f64 = values
                .iter()
                .zip(areas)
                .map(|(value, area)| value * area)
                .sum();
            if mass <= 0.0 {
                alone += event.weight;
                continue;
            }
            let scale = Self::scale(mass);
            for (sum, value) in sums.iter_mut().zip(values) {
                *sum += event.weight * value / scale;
            }
        }
        let own = [(around.home, alone / around.places[around.home].area_km2)];
        around
            .positions
            .iter()
            .copied()
            .zip(sums)
            .chain(own)
            .collect()
    }

    /// What a kernel that sums to this mass is divided by.
    pub(super) fn scale(mass: f64) -> f64 {
        if (mass - 1.0).abs() > TOLERANCE {
            mass
        } else {
            1.0
        }
    }

    /// The kernel of one point, made ready for many others near it.
    pub(super) fn around(&self, point: [f64; 2]) -> AroundPoint {
        // Half of what the bandwidth is in latitude: the middle between the point and another is no farther away.
        let half =
            (self.bandwidth_m / (RADIUS_M * (1.0 - ECCENTRICITY_SQUARED))).to_degrees() / 2.0;
        let [below, here, above] = [-half, 0.0, half].map(|off| degrees_squared(point[1] + off));
        let parabola = |axis: usize| {
            let (rise, bend) = (
                above[axis] - below[axis],
                above[axis] + below[axis] - 2.0 * here[axis],
            );
            [here[axis], rise / (2.0 * half), bend / (2.0 * half * half)]
        };
        AroundPoint {
            point,
            east: parabola(0),
            north: parabola(1),
            peak: self.peak,
            per_square: self.bandwidth_m.powi(-2),
        }
    }

    /// The kernel of a point at another, per square kilometre.
    fn at(&self, point: [f64; 2], other: [f64; 2]) -> f64 {
        let distance_squared = distance_squared(point, other, self.bandwidth_m);
        let left = (1.0 - distance_squared / self.bandwidth_m.powi(2)).max(0.0);
        self.peak * left * left
    }
}

/// The kernel of one point: the squares of a degree's lengths are parabolas of the latitude, right to two
/// hundred-millionths at 50 km.
pub(super) struct AroundPoint {
    point: [f64; 2],
    east: [f64; 3],
    north: [f64; 3],
    peak: f64,
    per_square: f64,
}

impl AroundPoint {
    /// The kernel at another point, where a difference of longitudes leads the short way.
    pub(super) fn at(&self, other: [f64; 2]) -> f64 {
        let [longitude, latitude] = [0, 1].map(|axis| other[axis] - self.point[axis]);
        let middle = latitude / 2.0;
        let length = |[here, rise, bend]: [f64; 3]| (bend * middle + rise) * middle + here;
        let east = length(self.east) * longitude * longitude;
        let north = length(self.north) * latitude * latitude;
        let left = (1.0 - (east + north) * self.per_square).max(0.0);
        self.peak * left * left
    }
}

/// The squares of the lengths of a degree to the east and to the north at a latitude, in m² (WGS 84).
pub(super) fn degrees_squared(latitude: f64) -> [f64; 2] {
    let (sin, cos) = latitude.to_radians().sin_cos();
    let curved = 1.0 - ECCENTRICITY_SQUARED * sin * sin;
    let degree = RADIUS_M.to_radians();
    let east = degree * cos / curved.sqrt();
    let north = degree * (1.0 - ECCENTRICITY_SQUARED) / (curved * curved.sqrt());
    [east * east, north * north]
}

/// The square of the distance of two points in m², where what matters is up to `reach_m`.
pub(crate) fn distance_squared(from: [f64; 2], to: [f64; 2], reach_m: f64) -> f64 {
    let polar = from[1].abs().max(to[1].abs()) > POLAR_DEGREES;
    if reach_m > SHORT_M || polar {
        Points::LonLat(&[from, to])
            .apart(Metric::Straight, 0, 1)
            .powi(2)
    } else {
        short_distance_squared(from, to)
    }
}

/// The square of a short distance on the ellipsoid, by its curvature halfway (Gauss's formula of middle latitude).
///
/// A difference of longitude over 180° goes the other way round.
fn short_distance_squared(from: [f64; 2], to: [f64; 2]) -> f64 {
    let turn = (to[0] - from[0]).abs();
    let longitude = turn.min(360.0 - turn).to_radians();
    let latitude = (to[1] - from[1]).to_radians();
    let (sin, cos) = f64::midpoint(from[1], to[1]).to_radians().sin_cos();
    let curved = 1.0 - ECCENTRICITY_SQUARED * sin * sin;
    let east = RADIUS_M / curved.sqrt() * cos * longitude;
    let north = RADIUS_M * (1.0 - ECCENTRICITY_SQUARED) / (curved * curved.sqrt()) * latitude;
    east * east + north * north
}

/// The distance of neighbouring cells, in metres: from the area of one, a hexagon of d²·√3/2.
pub(super) fn spacing_m(area_km2: f64) -> f64 {
    (area_km2 * 2.0 / 3.0_f64.sqrt()).sqrt() * 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_distances_are_those_along_the_ellipsoid_to_two_millionths() {
        for latitude in [-60.0, -31.5, 0.0, 24.9, 36.0, 59.7] {
            for (east, north) in [
                (0.1, 0.0),
                (0.0, 0.1),
                (0.2, 0.3),
                (-0.3, 0.05),
                (0.001, 0.002),
            ] {
                let (from, to) = ([179.9, latitude], [179.9 + east, latitude + north]);
                let to = [if to[0] > 180.0 { to[0] - 360.0 } else { to[0] }, to[1]];
                let exact = Points::LonLat(&[from, to]).apart(Metric::Straight, 0, 1);
                let found = short_distance_squared(from, to).sqrt();
                assert!(
                    (found / exact - 1.0).abs() < 2e-6,
                    "{from:?} {to:?}: {found} {exact}"
                );
            }
        }
    }
}

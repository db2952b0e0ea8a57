//! Kernel density on the H3 grid: how many events per square kilometre, smoothed over a distance?

use std::collections::HashMap;
use std::f64::consts::PI;

use h3o::{CellIndex, LatLng, Resolution};
use rayon::prelude::*;

use crate::neighbours::{Metric, NeighboursError, Points};

/// A density that cannot be computed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum KdeError {
    /// The bandwidth is not above zero.
    #[error("{0} m is not a bandwidth")]
    InvalidBandwidth(f64),
    /// The kernel of an event would touch too many cells.
    #[error(
        "about {cells} cells lie within {bandwidth_m} m at resolution {resolution}; the limit is {KERNEL_LIMIT}"
    )]
    TooFine {
        /// How many there would be, roughly.
        cells: u64,
        /// What was asked for.
        bandwidth_m: f64,
        /// The resolution asked for.
        resolution: Resolution,
    },
    /// A point is out of range.
    #[error("points")]
    Points(#[source] NeighboursError),
}

/// The most cells that one event may reach: a limit on work, 2 µs each.
const KERNEL_LIMIT: u64 = 100_000;

/// How far the sum of an event's kernel over cells may be off one event.
const TOLERANCE: f64 = 0.01;

/// Where density is wanted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Extent<'a> {
    /// In all cells that an event reaches; nothing is lost at an edge.
    Everywhere,
    /// In these cells, ascending and of the resolution asked for, with the density that falls outside given back:
    /// λ/c, with c the share of the kernel's mass around a cell that lies within (Diggle 1985).
    Within(&'a [CellIndex]),
}

/// Density at the centre of cells, in events per square kilometre, in the order of the cells.
///
/// The kernel is quartic (biweight): K(d) = 3/(πh²) · (1 − d²/h²)² up to the bandwidth h, along the WGS 84 ellipsoid.
/// Everywhere, the cells are those with a density above zero, and Σ density × exact cell area is the number of events
/// within 1 %. Within an extent, cells without density are zero and events outside of it are not used.
///
/// *Edge cases*: no events give no cells, or zeros. Where the bandwidth is small for the cells (less than
/// about two distances between their centres) an event can fall between the centres: one whose kernel sums to more than
/// 1 % off one event is scaled to one, and one that reaches no centre counts in its own cell. *Cost*: O(n·c) for n events that reach c cells each, about 1 µs for each pair; in
/// parallel, summed in the order of the events.
///
/// # Errors
/// [`KdeError`].
///
/// # References
/// Silverman 1986, *Density Estimation*, ch. 4; Diggle 1985, <https://doi.org/10.2307/2347366>.
///
/// ```
/// use naqsha_analytics::{Extent, kde};
/// let lahore = [[74.35, 31.55]];
/// let cells = kde(&lahore, 2_000.0, h3o::Resolution::Eight, Extent::Everywhere)?;
/// let sum: f64 = cells.iter().map(|(cell, density)| density * cell.area_km2()).sum();
/// assert!((sum - 1.0).abs() < 0.01);
/// # Ok::<(), naqsha_analytics::KdeError>(())
/// ```
pub fn kde(
    points: &[[f64; 2]],
    bandwidth_m: f64,
    resolution: Resolution,
    extent: Extent<'_>,
) -> Result<Vec<(CellIndex, f64)>, KdeError> {
    Points::LonLat(points).check().map_err(KdeError::Points)?;
    let kernel = Kernel::new(points, bandwidth_m, resolution)?;
    let events = points.iter().copied().filter_map(|point| {
        let cell = LatLng::new(point[1], point[0]).ok()?.to_cell(resolution);
        let used = match extent {
            Extent::Everywhere => true,
            Extent::Within(cells) => cells.binary_search(&cell).is_ok(),
        };
        used.then_some((point, cell))
    });
    let events: Vec<([f64; 2], CellIndex)> = events.collect();
    let reached: Vec<Vec<(CellIndex, f64)>> = events
        .par_iter()
        .map(|(point, cell)| kernel.around(*point, *cell))
        .collect();
    // In the order of the events: no thread changes a digit.
    let mut sums: HashMap<CellIndex, f64> = HashMap::new();
    for (cell, density) in reached.into_iter().flatten() {
        *sums.entry(cell).or_default() += density;
    }
    Ok(match extent {
        Extent::Everywhere => {
            let mut cells: Vec<(CellIndex, f64)> = sums.into_iter().collect();
            cells.sort_unstable_by_key(|cell| cell.0);
            cells
        }
        Extent::Within(cells) => cells
            .par_iter()
            .map(|cell| match sums.get(cell) {
                Some(density) => (*cell, density / kernel.share_within(*cell, cells)),
                None => (*cell, 0.0),
            })
            .collect(),
    })
}

struct Kernel {
    bandwidth_m: f64,
    /// 3/(πh²), per square kilometre.
    peak: f64,
    /// How many rings of cells an event reaches at most.
    rings: u32,
}

impl Kernel {
    fn new(
        points: &[[f64; 2]],
        bandwidth_m: f64,
        resolution: Resolution,
    ) -> Result<Self, KdeError> {
        if !(bandwidth_m.is_finite() && bandwidth_m > 0.0) {
            return Err(KdeError::InvalidBandwidth(bandwidth_m));
        }
        let spacings = points.iter().map(|point| spacing_m(*point, resolution));
        let least = spacings.fold(f64::INFINITY, f64::min);
        // Rings around a cell are hexagons: the nearest cell of the next ring is √3/2 of its number away, less where
        // the grid is squeezed; half a ring more for an event beside its cell's centre.
        let rings = (bandwidth_m / (least * 0.75)).ceil() + 1.0;
        let cells = 3.0 * rings * (rings + 1.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "positive; a huge number saturates and is refused"
        )]
        let (rings, cells) = (rings as u32, cells as u64);
        if cells > KERNEL_LIMIT && !points.is_empty() {
            return Err(KdeError::TooFine {
                cells,
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

    /// The kernel of a point at the centres of the cells around: one event, within the tolerance, over all of them.
    fn around(&self, point: [f64; 2], cell: CellIndex) -> Vec<(CellIndex, f64)> {
        let mut reached = self.reached(point, cell);
        let mass: f64 = reached
            .iter()
            .map(|(cell, density)| density * cell.area_km2())
            .sum();
        if mass <= 0.0 {
            return vec![(cell, 1.0 / cell.area_km2())];
        }
        if (mass - 1.0).abs() > TOLERANCE {
            for (_, density) in &mut reached {
                *density /= mass;
            }
        }
        reached
    }

    fn reached(&self, point: [f64; 2], cell: CellIndex) -> Vec<(CellIndex, f64)> {
        let disk: Vec<CellIndex> = cell.grid_disk(self.rings);
        disk.into_iter()
            .filter_map(|cell| {
                let ends = [point, centre(cell)];
                let distance = Points::LonLat(&ends).apart(Metric::Straight, 0, 1);
                let left = 1.0 - (distance / self.bandwidth_m).powi(2);
                (left > 0.0).then_some((cell, self.peak * left * left))
            })
            .collect()
    }

    /// The share of the kernel around a cell's centre that lies in the cells.
    fn share_within(&self, cell: CellIndex, cells: &[CellIndex]) -> f64 {
        let (mut within, mut all) = (0.0, 0.0);
        for (other, density) in self.around(centre(cell), cell) {
            let mass = density * other.area_km2();
            all += mass;
            if cells.binary_search(&other).is_ok() {
                within += mass;
            }
        }
        within / all
    }
}

/// Longitude and latitude of a cell's centre, in degrees.
fn centre(cell: CellIndex) -> [f64; 2] {
    let centre = LatLng::from(cell);
    [centre.lng(), centre.lat()]
}

/// The distance of neighbouring cells at a point, in metres: from the area of its cell, a hexagon of d²·√3/2.
fn spacing_m(point: [f64; 2], resolution: Resolution) -> f64 {
    LatLng::new(point[1], point[0]).map_or(f64::INFINITY, |place| {
        (place.to_cell(resolution).area_km2() * 2.0 / 3.0_f64.sqrt()).sqrt() * 1_000.0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scattered(count: u32) -> Vec<[f64; 2]> {
        // A plain congruential sequence over Lahore and around.
        let mut state = 7_u64;
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            f64::from(u32::try_from(state >> 40).unwrap()) / f64::from(1_u32 << 24)
        };
        (0..count)
            .map(|_| [74.1 + 0.5 * next(), 31.3 + 0.5 * next()])
            .collect()
    }

    fn integral(cells: &[(CellIndex, f64)]) -> f64 {
        cells
            .iter()
            .map(|(cell, density)| density * cell.area_km2())
            .sum()
    }

    #[test]
    fn the_sum_over_cells_is_the_number_of_events_within_a_hundredth() {
        let points = scattered(60);
        for bandwidth in [10.0, 500.0, 1_000.0, 2_000.0, 2_500.0, 4_000.0] {
            for point in &points {
                // Each event alone: errors must not cancel.
                let cells =
                    kde(&[*point], bandwidth, Resolution::Eight, Extent::Everywhere).unwrap();
                let sum = integral(&cells);
                assert!(
                    (sum - 1.0).abs() <= 0.01,
                    "{bandwidth} m at {point:?}: {sum}"
                );
            }
        }
    }

    /// From two and a half distances between cells on nothing is scaled: the density is the kernel's own.
    #[test]
    fn kernels_that_are_wide_enough_are_not_scaled() {
        for point in scattered(60) {
            let cell = LatLng::new(point[1], point[0])
                .unwrap()
                .to_cell(Resolution::Eight);
            let wide = 2.5 * spacing_m(point, Resolution::Eight);
            let kernel = Kernel::new(&[point], wide, Resolution::Eight).unwrap();
            assert_eq!(kernel.around(point, cell), kernel.reached(point, cell));
        }
    }

    #[test]
    fn no_cell_within_the_bandwidth_is_forgotten() {
        let point = [74.35, 31.55];
        let kernel = Kernel::new(&[point], 5_000.0, Resolution::Nine).unwrap();
        let cell = LatLng::new(31.55, 74.35).unwrap().to_cell(Resolution::Nine);
        let wider = Kernel {
            rings: kernel.rings + 8,
            ..kernel
        };
        assert_eq!(
            kernel.around(point, cell).len(),
            wider.around(point, cell).len()
        );
    }

    #[test]
    fn the_edge_gives_back_what_falls_outside() {
        let points = scattered(400);
        let middle = LatLng::new(31.55, 74.35)
            .unwrap()
            .to_cell(Resolution::Seven);
        let mut cells: Vec<CellIndex> = middle.grid_disk(9);
        cells.sort_unstable();
        let is_inside = |point: &[f64; 2]| {
            let place = LatLng::new(point[1], point[0]).unwrap();
            cells
                .binary_search(&place.to_cell(Resolution::Seven))
                .is_ok()
        };
        let inside: f64 = points
            .iter()
            .map(|point| f64::from(u8::from(is_inside(point))))
            .sum();
        let found = kde(&points, 9_000.0, Resolution::Seven, Extent::Within(&cells)).unwrap();
        assert_eq!(found.len(), cells.len());
        let raw = kde(&points, 9_000.0, Resolution::Seven, Extent::Everywhere).unwrap();
        let kept: f64 = raw
            .iter()
            .filter(|(cell, _)| cells.binary_search(cell).is_ok())
            .map(|(cell, density)| density * cell.area_km2())
            .sum();
        let sum = integral(&found);
        // Without the correction mass is lost; with it nearly none. The correction is exact for an even density only.
        assert!(
            (sum - inside).abs() < 0.03 * inside,
            "{sum} for {inside}, raw {kept}"
        );
        assert!(inside > 100.0);
    }

    #[test]
    fn bandwidths_that_do_not_fit_the_cells_are_refused() {
        let point = [[74.35, 31.55]];
        let refuse = |bandwidth, resolution| {
            kde(&point, bandwidth, resolution, Extent::Everywhere).unwrap_err()
        };
        assert_eq!(
            refuse(0.0, Resolution::Eight),
            KdeError::InvalidBandwidth(0.0)
        );
        assert!(matches!(
            refuse(90_000.0, Resolution::Nine),
            KdeError::TooFine { .. }
        ));
        let none = kde(&[], 500.0, Resolution::Eight, Extent::Everywhere).unwrap();
        assert!(none.is_empty());
    }

    #[test]
    fn thread_count_changes_nothing() {
        let points = scattered(80);
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| kde(&points, 2_500.0, Resolution::Eight, Extent::Everywhere).unwrap())
        };
        assert_eq!(run(1), run(3));
    }
}

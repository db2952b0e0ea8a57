//! Kernel density on the H3 grid: how many events per square kilometre, smoothed over a distance?

mod kernel;
#[cfg(test)]
mod tests;

use h3o::{CellIndex, LatLng, Resolution};
use rayon::prelude::*;

use crate::neighbours::{NeighboursError, Points};
pub(crate) use kernel::distance_squared;
use kernel::{Disk, Kernel};

/// A density that cannot be computed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum KdeError {
    /// The bandwidth is not above zero.
    #[error("{0} m is not a bandwidth")]
    InvalidBandwidth(f64),
    /// Events and the cells they may reach are too many pairs.
    #[error(
        "about {cells} cells lie within {bandwidth_m} m at resolution {resolution}, around {homes} cells with events; the limit is {PAIR_LIMIT} pairs"
    )]
    TooFine {
        /// How many cells one event may reach, roughly.
        cells: u64,
        /// How many cells have events.
        homes: usize,
        /// What was asked for.
        bandwidth_m: f64,
        /// The resolution asked for.
        resolution: Resolution,
    },
    /// A point is out of range.
    #[error("points")]
    Points(#[source] NeighboursError),
}

/// The most pairs of a cell with events and a cell they may reach: a limit on memory (some 50 bytes each).
const PAIR_LIMIT: u64 = 20_000_000;

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
    if !(bandwidth_m.is_finite() && bandwidth_m > 0.0) {
        return Err(KdeError::InvalidBandwidth(bandwidth_m));
    }
    let mut events: Vec<(CellIndex, [f64; 2])> = points
        .iter()
        .filter_map(|point| {
            let cell = LatLng::new(point[1], point[0]).ok()?.to_cell(resolution);
            let used = match extent {
                Extent::Everywhere => true,
                Extent::Within(cells) => cells.binary_search(&cell).is_ok(),
            };
            used.then_some((cell, *point))
        })
        .collect();
    // In one order, whatever that of the points: neither it nor the number of threads changes a digit.
    events.sort_unstable_by(|(a, a_point), (b, b_point)| {
        a.cmp(b)
            .then(a_point[0].total_cmp(&b_point[0]))
            .then(a_point[1].total_cmp(&b_point[1]))
    });
    let homes: Vec<&[(CellIndex, [f64; 2])]> = events.chunk_by(|a, b| a.0 == b.0).collect();
    let kernel = Kernel::new(&homes, bandwidth_m, resolution)?;
    let (cells, sums) = sums(&kernel, &homes);
    Ok(match extent {
        Extent::Everywhere => cells
            .into_iter()
            .zip(sums)
            .filter(|(_, density)| *density > 0.0)
            .collect(),
        Extent::Within(wanted) => wanted
            .par_iter()
            .map(|cell| match cells.binary_search(cell) {
                Ok(at) if sums[at] > 0.0 => (*cell, sums[at] / kernel.share_within(*cell, wanted)),
                Ok(_) | Err(_) => (*cell, 0.0),
            })
            .collect(),
    })
}

/// All cells that may be reached, ascending, and the density at each.
fn sums(kernel: &Kernel, homes: &[&[(CellIndex, [f64; 2])]]) -> (Vec<CellIndex>, Vec<f64>) {
    let disks: Vec<Vec<CellIndex>> = homes
        .par_iter()
        .map(|events| kernel.disk(events[0].0))
        .collect();
    let mut cells = disks.concat();
    cells.par_sort_unstable();
    cells.dedup();
    // A cell lies in the disks of many: its centre and area are worked out once.
    let places: Vec<kernel::Place> = cells.par_iter().copied().map(kernel::Place::of).collect();
    let position = |cell: &CellIndex| cells.binary_search(cell).unwrap_or(usize::MAX);
    let found: Vec<Vec<(usize, f64)>> = homes
        .par_iter()
        .zip(disks)
        .map(|(events, disk)| {
            let positions: Vec<usize> = disk.iter().map(position).collect();
            let around = Disk {
                home: position(&events[0].0),
                positions: &positions,
                places: &places,
            };
            kernel.sum(&around, events)
        })
        .collect();
    let mut sums = vec![0.0; cells.len()];
    for (at, density) in found.into_iter().flatten() {
        sums[at] += density;
    }
    (cells, sums)
}

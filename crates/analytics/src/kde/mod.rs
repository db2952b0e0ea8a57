//! Kernel density on the H3 grid: how many events per square kilometre, smoothed over a distance?

mod kernel;
mod near;
#[cfg(test)]
mod tests;

use h3o::{CellIndex, LatLng, Resolution};
use rayon::prelude::*;

use crate::neighbours::{NeighboursError, Points};
pub(crate) use kernel::distance_squared;
use kernel::{Disk, Kernel, spacing_m};
use near::Squares;

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
    /// A count is of a cell coarser than the answer's.
    #[error("the cell {0} is coarser than the resolution asked for")]
    TooCoarse(CellIndex),
    /// A point is out of range.
    #[error("points")]
    Points(#[source] NeighboursError),
}

/// The most pairs of a cell with events and a cell they may reach: a limit on memory (some 50 bytes each).
const PAIR_LIMIT: u64 = 20_000_000;

/// Events at one point.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Event {
    /// The cell that they belong to, at the resolution asked for.
    home: CellIndex,
    /// Longitude and latitude in degrees.
    point: [f64; 2],
    /// How many they are.
    weight: f64,
}

/// Where density is wanted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Extent<'a> {
    /// In all cells that an event reaches; nothing is lost at an edge.
    Everywhere,
    /// In these cells, ascending and of the resolution asked for. What of an event would fall outside stays within: its kernel
    /// is divided by the share of its mass that lies in these cells (Jones 1993).
    Within(&'a [CellIndex]),
    /// The same, for cells that are asked about more than once: with their centres.
    Centred(&'a [CellIndex], &'a Centres),
}

/// Centres and areas of cells, in their order: worth keeping for cells that are asked about again.
#[derive(Debug, Clone, PartialEq)]
pub struct Centres(Vec<kernel::Place>);

impl Centres {
    /// Works them out; in parallel.
    pub fn of(cells: &[CellIndex]) -> Self {
        Self(cells.par_iter().copied().map(kernel::Place::of).collect())
    }
}

/// Sums that are held at once, eight bytes each, and how many shares of the events have sums of their own at most.
const SUMS_AT_ONCE: usize = 16_000_000;
const MOST_SHARES: usize = 16;

/// Density at the centre of cells, in events per square kilometre, in the order of the cells.
///
/// The kernel is quartic (biweight): K(d) = 3/(πh²) · (1 − d²/h²)² up to the bandwidth h, along the WGS 84 ellipsoid.
/// Everywhere, the cells are those with a density above zero. Within an extent, they are all of its cells, and events outside
/// of it are not used. In both, Σ density × exact cell area is the number of events used, within 1 %.
///
/// *Edge cases*: no events give no cells, or zeros. Where the bandwidth is small for the cells (less than
/// about two distances between their centres) an event can fall between the centres: one whose kernel sums to more than
/// 1 % off one event is scaled to one, and one that reaches no centre counts in its own cell. *Cost*: O(n·c) for n events that reach c cells each, about 1 µs for each pair; in
/// parallel, summed in shares that follow from how many events and cells there are.
///
/// # Errors
/// [`KdeError`].
///
/// # References
/// Silverman 1986, *Density Estimation*, ch. 4; Jones 1993, <https://doi.org/10.1007/BF00147776>.
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
    let event = |point: &[f64; 2]| {
        Some(Event {
            home: LatLng::new(point[1], point[0]).ok()?.to_cell(resolution),
            point: *point,
            weight: 1.0,
        })
    };
    let events = points.par_iter().filter_map(event).collect();
    density(events, bandwidth_m, resolution, extent)
}

/// Density of counted events, each at the centre of its cell; else as [`kde`].
///
/// A cell may be finer than the resolution asked for, by as much as its events are known more finely: then its events belong
/// to its H3 index parent, as they do wherever cells are counted. *Cost*: as [`kde`] for one event a cell.
///
/// # Errors
/// [`KdeError`].
///
/// ```
/// use naqsha_analytics::{Extent, kde_of_counts};
/// let cell = h3o::LatLng::new(31.55, 74.35)?.to_cell(h3o::Resolution::Nine);
/// let cells = kde_of_counts(&[(cell, 3)], 2_000.0, h3o::Resolution::Eight, Extent::Everywhere)?;
/// let sum: f64 = cells.iter().map(|(cell, density)| density * cell.area_km2()).sum();
/// assert!((sum - 3.0).abs() < 0.03);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn kde_of_counts(
    counts: &[(CellIndex, u32)],
    bandwidth_m: f64,
    resolution: Resolution,
    extent: Extent<'_>,
) -> Result<Vec<(CellIndex, f64)>, KdeError> {
    let weight = |&(cell, count): &(CellIndex, u32)| (cell, f64::from(count));
    let weights: Vec<(CellIndex, f64)> = counts.iter().map(weight).collect();
    kde_of_weights(&weights, bandwidth_m, resolution, extent)
}

/// Density of weights, such as harm, each at the centre of its cell: weight per square kilometre; else as [`kde_of_counts`].
///
/// A weight of zero leaves nothing. *Cost*: as [`kde`] for one event a cell.
///
/// # Errors
/// [`KdeError`].
///
/// ```
/// use naqsha_analytics::{Extent, kde_of_weights};
/// let cell = h3o::LatLng::new(31.55, 74.35)?.to_cell(h3o::Resolution::Nine);
/// let cells = kde_of_weights(&[(cell, 912.5)], 2_000.0, h3o::Resolution::Eight, Extent::Everywhere)?;
/// let sum: f64 = cells.iter().map(|(cell, density)| density * cell.area_km2()).sum();
/// assert!((sum - 912.5).abs() < 9.125);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn kde_of_weights(
    weights: &[(CellIndex, f64)],
    bandwidth_m: f64,
    resolution: Resolution,
    extent: Extent<'_>,
) -> Result<Vec<(CellIndex, f64)>, KdeError> {
    let event = |&(cell, weight): &(CellIndex, f64)| {
        let centre = LatLng::from(cell);
        Ok(Event {
            home: cell.parent(resolution).ok_or(KdeError::TooCoarse(cell))?,
            point: [centre.lng(), centre.lat()],
            weight,
        })
    };
    let events = weights.iter().map(event).collect::<Result<_, _>>()?;
    density(events, bandwidth_m, resolution, extent)
}

fn density(
    events: Vec<Event>,
    bandwidth_m: f64,
    resolution: Resolution,
    extent: Extent<'_>,
) -> Result<Vec<(CellIndex, f64)>, KdeError> {
    if !(bandwidth_m.is_finite() && bandwidth_m > 0.0) {
        return Err(KdeError::InvalidBandwidth(bandwidth_m));
    }
    let mut events: Vec<Event> = events
        .into_par_iter()
        .filter(|event| extent.holds(event.home))
        .collect();
    // In one order, whatever that of the points: neither it nor the number of threads changes a digit.
    events.par_sort_unstable_by(|a, b| {
        a.home
            .cmp(&b.home)
            .then(a.point[0].total_cmp(&b.point[0]))
            .then(a.point[1].total_cmp(&b.point[1]))
            .then(a.weight.total_cmp(&b.weight))
    });
    let homes: Vec<&[Event]> = events.chunk_by(|a, b| a.home == b.home).collect();
    let made;
    let centres = match extent {
        Extent::Everywhere => None,
        Extent::Centred(_, centres) => Some(centres),
        Extent::Within(cells) => {
            made = Centres::of(cells);
            Some(&made)
        }
    };
    let least_km2 = if let Some(centres) = centres {
        least(centres.0.iter().map(|place| place.area_km2))
    } else {
        let areas: Vec<f64> = homes.par_iter().map(|of| of[0].home.area_km2()).collect();
        least(areas.into_iter())
    };
    let kernel = Kernel::new(homes.len(), spacing_m(least_km2), bandwidth_m, resolution)?;
    let (cells, sums) = sums(&kernel, &homes, &events, (extent, centres));
    let is_wanted = |density: f64| density > 0.0 || !matches!(extent, Extent::Everywhere);
    Ok(cells
        .into_iter()
        .zip(sums)
        .filter(|(_, density)| is_wanted(*density))
        .collect())
}

impl Extent<'_> {
    fn holds(self, cell: CellIndex) -> bool {
        match self {
            Self::Everywhere => true,
            Self::Within(cells) | Self::Centred(cells, _) => cells.binary_search(&cell).is_ok(),
        }
    }
}

fn least(areas: impl Iterator<Item = f64>) -> f64 {
    areas.fold(f64::INFINITY, f64::min)
}

/// All cells that are asked about, ascending, and the density at each.
fn sums(
    kernel: &Kernel,
    homes: &[&[Event]],
    events: &[Event],
    (extent, centres): (Extent<'_>, Option<&Centres>),
) -> (Vec<CellIndex>, Vec<f64>) {
    let cells = match extent {
        Extent::Everywhere => reached(homes, kernel.rings),
        Extent::Within(cells) | Extent::Centred(cells, _) => cells.to_vec(),
    };
    let made;
    let places = if let Some(centres) = centres {
        &centres.0
    } else {
        made = Centres::of(&cells);
        &made.0
    };
    let sums = match Squares::new(places, events, kernel.bandwidth_m) {
        Some(squares) => by_squares(&squares, kernel, events, (&cells, places)),
        None => by_disks(kernel, homes, (&cells, places)),
    };
    (cells, sums)
}

/// The cells that the events of some cells may reach, ascending.
fn reached(homes: &[&[Event]], rings: u32) -> Vec<CellIndex> {
    let mut all: Vec<CellIndex> = homes.iter().map(|events| events[0].home).collect();
    let mut newest = all.clone();
    for _ in 0..rings {
        // A ring of all is around what the last one added.
        let around = newest
            .par_iter()
            .flat_map_iter(|cell| cell.grid_disk::<Vec<_>>(1));
        let mut around: Vec<CellIndex> = around.collect();
        around.par_sort_unstable();
        around.dedup();
        around.retain(|cell| all.binary_search(cell).is_err());
        all.extend_from_slice(&around);
        all.par_sort_unstable();
        newest = around;
    }
    all
}

/// Sums of events that look for the cells near them. Which events are added up together, and in which order, follows from
/// their number and that of the cells alone.
fn by_squares(
    squares: &Squares,
    kernel: &Kernel,
    events: &[Event],
    (cells, places): (&[CellIndex], &[kernel::Place]),
) -> Vec<f64> {
    let shares = (SUMS_AT_ONCE / cells.len().max(1)).clamp(1, MOST_SHARES);
    let share = events.len().div_ceil(shares).max(1);
    let of_share = |events: &[Event]| {
        let (mut sums, mut found) = (vec![0.0; cells.len()], Vec::new());
        for event in events {
            let reaches = squares.add(kernel, event, &mut found, &mut sums);
            if let (false, Ok(home)) = (reaches, cells.binary_search(&event.home)) {
                sums[home] += event.weight / places[home].area_km2;
            }
        }
        sums
    };
    let parts: Vec<Vec<f64>> = events.par_chunks(share).map(of_share).collect();
    let sum = |at: usize| parts.iter().map(|part| part[at]).sum();
    (0..cells.len()).into_par_iter().map(sum).collect()
}

/// Sums of events that look at the grid disk around their cell: right near the poles, over the line of 180° and for any
/// bandwidth.
fn by_disks(
    kernel: &Kernel,
    homes: &[&[Event]],
    (cells, places): (&[CellIndex], &[kernel::Place]),
) -> Vec<f64> {
    let found: Vec<Vec<(usize, f64)>> = homes
        .par_iter()
        .map(|events| {
            let home = events[0].home;
            let position = |cell: &CellIndex| cells.binary_search(cell).ok();
            let positions: Vec<usize> = kernel.disk(home).iter().filter_map(position).collect();
            let around = Disk {
                home: position(&home).unwrap_or(usize::MAX),
                positions: &positions,
                places,
            };
            kernel.sum(&around, events)
        })
        .collect();
    let mut sums = vec![0.0; cells.len()];
    for (at, density) in found.into_iter().flatten() {
        sums[at] += density;
    }
    sums
}

//! A normal law around a point as masses of cells: by the centres of finer cells, counted to their index parents.

use std::collections::BTreeMap;

use h3o::{CellIndex, LatLng, Resolution};
use rayon::prelude::*;

use super::ground::cell;
use super::{Ground, Happening};
use crate::kde::distance_squared;

/// The law is cut off at this many standard deviations: 0.2 % lie beyond, and are given back to what is within.
const CUT: f64 = 3.5;

/// Centres of the finer cells lie at most so many standard deviations apart.
const GRAIN: f64 = 0.8;

/// The mass that some events leave in each cell, each spread around its place; what falls outside the cells is lost.
pub(super) fn spread(ground: &Ground<'_>, events: &[(Happening, f64)], sigma_m: f64) -> Vec<f64> {
    let fine = finer(ground.resolution(), sigma_m);
    let rings = (CUT * sigma_m / (spacing_m(fine) * 0.75)).ceil() + 1.0;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a small positive number: the grain is chosen so"
    )]
    let rings = rings as u32;
    let found: Vec<Vec<(CellIndex, f64)>> = together(events)
        .par_iter()
        .map(|(event, mass)| {
            let shares = around(event, sigma_m, (fine, rings), ground.resolution());
            shares
                .into_iter()
                .map(|(at, share)| (at, share * mass))
                .collect()
        })
        .collect();
    let mut masses = vec![0.0; ground.cells().len()];
    for (cell, mass) in found.into_iter().flatten() {
        if let Some(at) = ground.position(cell) {
            masses[at] += mass;
        }
    }
    masses
}

/// Events of one place as one: many are rounded to the same point.
fn together(events: &[(Happening, f64)]) -> Vec<(Happening, f64)> {
    let mut sorted = events.to_vec();
    let east_then_north = |a: &Happening, b: &Happening| {
        let [ax, ay] = a.at;
        let [bx, by] = b.at;
        ax.total_cmp(&bx).then(ay.total_cmp(&by))
    };
    // Stable: masses are added in the order of time.
    sorted.sort_by(|(a, _), (b, _)| east_then_north(a, b));
    let places = sorted.chunk_by(|(a, _), (b, _)| east_then_north(a, b).is_eq());
    let sum = |place: &[(Happening, f64)]| (place[0].0, place.iter().map(|event| event.1).sum());
    places.map(sum).collect()
}

/// The share of one event's mass in each cell around it; the sum is 1.
fn around(
    event: &Happening,
    sigma_m: f64,
    (fine, rings): (Resolution, u32),
    resolution: Resolution,
) -> BTreeMap<CellIndex, f64> {
    let mut shares: BTreeMap<CellIndex, f64> = BTreeMap::new();
    let Some(home) = cell(event, fine) else {
        return shares;
    };
    let reach = (CUT * sigma_m).powi(2);
    let mut sum = 0.0;
    for near in home.grid_disk::<Vec<_>>(rings) {
        let centre = LatLng::from(near);
        let apart = distance_squared(event.at, [centre.lng(), centre.lat()], reach.sqrt());
        if apart <= reach
            && let Some(parent) = near.parent(resolution)
        {
            let share = (-apart / (2.0 * sigma_m * sigma_m)).exp();
            *shares.entry(parent).or_default() += share;
            sum += share;
        }
    }
    for share in shares.values_mut() {
        *share /= sum;
    }
    shares
}

/// The coarsest resolution from `resolution` on whose cells are fine enough.
fn finer(resolution: Resolution, sigma_m: f64) -> Resolution {
    Resolution::range(resolution, Resolution::Fifteen)
        .find(|fine| spacing_m(*fine) <= GRAIN * sigma_m)
        .unwrap_or(Resolution::Fifteen)
}

/// The mean distance of neighbouring cells of a resolution.
fn spacing_m(resolution: Resolution) -> f64 {
    (resolution.area_km2() * 2.0 / 3.0_f64.sqrt()).sqrt() * 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The share in the middle cell is that of the normal law in a circle of the cell's area, about.
    #[test]
    fn masses_are_those_of_the_normal_law() {
        let centre = CellIndex::try_from(0x0884_24d0_41bf_ffff).unwrap();
        let point = LatLng::from(centre);
        let event = Happening {
            at: [point.lng(), point.lat()],
            day: 0.0,
        };
        let mut cells: Vec<CellIndex> = centre.grid_disk_safe(12).collect();
        cells.sort_unstable();
        let ground = Ground::new(&cells).unwrap();
        let at = ground.position(centre).unwrap();
        for sigma_m in [30.0, 200.0, 400.0, 900.0] {
            let masses = spread(&ground, &[(event, 2.0)], sigma_m);
            assert!((masses.iter().sum::<f64>() - 2.0).abs() < 1e-9);
            let square = ground.areas_km2()[at] * 1e6 / std::f64::consts::PI;
            let within = 1.0 - (-square / (2.0 * sigma_m * sigma_m)).exp();
            assert!(
                (masses[at] / 2.0 - within).abs() < 0.02,
                "{sigma_m} {}",
                masses[at]
            );
        }
    }
}

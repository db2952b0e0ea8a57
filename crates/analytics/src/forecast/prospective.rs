//! Prospective near-repeat risk: the nearer and the more recent, the riskier.

use std::collections::BTreeMap;

use h3o::CellIndex;

use super::ground::cell;
use super::{Ground, Happening};

const WEEK_DAYS: f64 = 7.0;

/// Events of this many weeks count, in this many rings of cells, the one around the event's own being the first.
const WEEKS: u32 = 8;
const RINGS: u32 = 8;

/// The sum over events of 1/((1 + whole weeks ago)(1 + cells away)), for each cell.
pub(super) fn scores(ground: &Ground<'_>, events: &[Happening], to: f64) -> Vec<f64> {
    // Events of one cell and week have the same weights.
    let mut alike: BTreeMap<(CellIndex, u32), u32> = BTreeMap::new();
    for event in events {
        let weeks = ((to - event.day) / WEEK_DAYS).floor();
        if weeks >= f64::from(WEEKS) {
            continue;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a whole number from 0 to below WEEKS: events lie before `to`"
        )]
        let weeks = weeks as u32;
        if let Some(cell) = cell(event, ground.resolution()) {
            *alike.entry((cell, weeks)).or_default() += 1;
        }
    }
    let mut scores = vec![0.0; ground.cells().len()];
    for ((cell, weeks), count) in alike {
        for (near, away) in cell.grid_disk_distances_safe(RINGS - 1) {
            if let Some(at) = ground.position(near) {
                scores[at] += f64::from(count) * weight(weeks, away);
            }
        }
    }
    scores
}

fn weight(weeks: u32, cells: u32) -> f64 {
    1.0 / (f64::from(1 + weeks) * f64::from(1 + cells))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The weights and the grid of open-cp's tests (Artistic-2.0).
    #[test]
    fn weights_are_those_of_open_cp() {
        for (weeks, expected) in [(1, 1.0 / 4.0), (2, 1.0 / 6.0)] {
            assert!((weight(weeks, 1) - expected).abs() < 1e-15);
        }
        let centre = CellIndex::try_from(0x0884_24d0_41bf_ffff).unwrap();
        let mut cells: Vec<CellIndex> = centre.grid_disk_safe(1).collect();
        cells.sort_unstable();
        let ground = Ground::new(&cells).unwrap();
        let point = h3o::LatLng::from(centre);
        let event = Happening {
            at: [point.lng(), point.lat()],
            day: 0.0,
        };
        // In the first week; after one; after two: 1 in the middle and 1/2 around it, then times 1/2, then 1/3.
        for (to, factor) in [
            (1.0, 1.0),
            (7.0, 0.5),
            (13.9, 0.5),
            (14.0, 1.0 / 3.0),
            (56.0, 0.0),
        ] {
            for (score, cell) in scores(&ground, &[event], to).iter().zip(&cells) {
                let ring = if *cell == centre { 1.0 } else { 0.5 };
                assert!((score - ring * factor).abs() < 1e-15, "{to} {score}");
            }
        }
    }
}

//! How many people live in each cell, as a deployment brought it: whole millionths, so that sums are exact in any order.

use h3o::{CellIndex, Resolution};

/// A number of people, not negative, to a millionth: models of population give fractions of persons to a cell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct People(u64);

const MILLIONTHS: f64 = 1e6;

/// All people of a map; up to here every sum of millionths is exact as a floating-point number too.
const MOST: u64 = 1 << 53;

impl People {
    /// Nobody.
    pub const NONE: Self = Self(0);

    /// Rounds to a millionth; `None` where it is negative, not finite, or more than nine thousand million.
    pub fn new(people: f64) -> Option<Self> {
        let millionths = (people * MILLIONTHS).round();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "checked to be within 0 and 2^53"
        )]
        let within =
            (people >= 0.0 && millionths <= MOST as f64).then_some(Self(millionths as u64));
        within
    }

    /// A number of millionths.
    pub const fn of_millionths(millionths: u64) -> Self {
        Self(millionths)
    }

    /// In millionths.
    pub const fn millionths(self) -> u64 {
        self.0
    }

    /// As a real number.
    #[expect(clippy::cast_precision_loss, reason = "at most 2^53")]
    pub fn get(self) -> f64 {
        self.0 as f64 / MILLIONTHS
    }
}

/// A population that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PopulationError {
    /// No cell has anybody in it.
    #[error("nobody lives in it")]
    Nobody,
    /// Cells of several resolutions: how many live in a coarser one beside finer ones of it is not known.
    #[error("cells of resolution {0} and of resolution {1}: one map has one resolution")]
    Mixed(Resolution, Resolution),
    /// A cell coarser than any question.
    #[error("cells of resolution {0}: coarser than resolution 3, the coarsest that can be asked")]
    TooCoarse(Resolution),
    /// More people than the Earth has.
    #[error("more than nine thousand million people in all")]
    TooMany,
}

/// Who lives where: one number a cell, of one resolution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Population {
    vintage: String,
    modelled: bool,
    resolution: Resolution,
    /// Ascending, each once.
    cells: Vec<(CellIndex, People)>,
}

impl Population {
    /// Sums people by cell. Cells finer than resolution 9 count in their parents at 9, the finest that can be asked.
    ///
    /// `modelled` says that a larger area's number was spread over its cells.
    ///
    /// # Errors
    /// [`PopulationError`].
    pub fn new(
        vintage: &str,
        modelled: bool,
        people: impl IntoIterator<Item = (CellIndex, People)>,
    ) -> Result<Self, PopulationError> {
        let mut all: Vec<(CellIndex, People)> = people.into_iter().collect();
        let Some(resolution) = all.first().map(|(cell, _)| cell.resolution()) else {
            return Err(PopulationError::Nobody);
        };
        let other = all.iter().find(|(cell, _)| cell.resolution() != resolution);
        if let Some((cell, _)) = other {
            return Err(PopulationError::Mixed(resolution, cell.resolution()));
        }
        if resolution < Resolution::Three {
            return Err(PopulationError::TooCoarse(resolution));
        }
        let total: u128 = all.iter().map(|(_, people)| u128::from(people.0)).sum();
        match total {
            0 => return Err(PopulationError::Nobody),
            total if total > u128::from(MOST) => return Err(PopulationError::TooMany),
            _ => {}
        }
        all.sort_unstable();
        let finest = resolution.min(Resolution::Nine);
        Ok(Self {
            vintage: vintage.to_owned(),
            modelled,
            resolution: finest,
            cells: sums(&all, finest),
        })
    }

    /// Of which time it is.
    pub fn vintage(&self) -> &str {
        &self.vintage
    }

    /// Whether numbers of larger areas were spread over their cells.
    pub const fn is_modelled(&self) -> bool {
        self.modelled
    }

    /// The finest resolution at which it says anything.
    pub const fn resolution(&self) -> Resolution {
        self.resolution
    }

    /// The cells it knows, ascending.
    pub fn cells(&self) -> &[(CellIndex, People)] {
        &self.cells
    }

    /// Everybody.
    pub fn people(&self) -> People {
        People(self.cells.iter().map(|(_, people)| people.0).sum())
    }

    /// The cells at a resolution that is not finer than its own, ascending: sums over the index children, exactly.
    pub(crate) fn at(&self, resolution: Resolution) -> Vec<(CellIndex, People)> {
        sums(&self.cells, resolution)
    }
}

/// The sums of ascending cells over their parents at a resolution, which ascend as they do.
fn sums(cells: &[(CellIndex, People)], resolution: Resolution) -> Vec<(CellIndex, People)> {
    let mut summed: Vec<(CellIndex, People)> = Vec::new();
    for &(cell, people) in cells {
        let parent = cell.parent(resolution).unwrap_or(cell);
        match summed.last_mut() {
            Some((last, sum)) if *last == parent => sum.0 += people.0,
            _ => summed.push((parent, people)),
        }
    }
    summed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lahore(resolution: Resolution) -> CellIndex {
        let at = h3o::LatLng::new(31.55, 74.35).unwrap();
        at.to_cell(resolution)
    }

    fn people(number: f64) -> People {
        People::new(number).unwrap()
    }

    #[test]
    fn sums_are_exact_at_every_resolution_and_in_any_order() {
        let children: Vec<CellIndex> = lahore(Resolution::Four)
            .children(Resolution::Seven)
            .collect();
        let mut rows: Vec<_> = children.iter().map(|&cell| (cell, people(0.1))).collect();
        let map = Population::new("2023", false, rows.clone()).unwrap();
        rows.reverse();
        assert_eq!(map, Population::new("2023", false, rows).unwrap());
        // A sum of 343 tenths in floating point is 34.30000000000004.
        assert_eq!(map.people().get().to_string(), "34.3");
        for resolution in Resolution::range(Resolution::Four, Resolution::Seven) {
            let at = map.at(resolution);
            let sum: u64 = at.iter().map(|(_, people)| people.millionths()).sum();
            assert_eq!(sum, 34_300_000, "{resolution}");
            assert!(at.is_sorted_by(|a, b| a.0 < b.0), "{resolution}");
        }
        assert_eq!(
            map.at(Resolution::Four),
            [(lahore(Resolution::Four), people(34.3))]
        );
    }

    #[test]
    fn cells_finer_than_can_be_asked_count_in_their_parents() {
        let children = lahore(Resolution::Nine).children(Resolution::Eleven);
        let map = Population::new("2023", false, children.map(|cell| (cell, people(2.0)))).unwrap();
        assert_eq!(map.cells(), [(lahore(Resolution::Nine), people(98.0))]);
    }

    #[test]
    fn what_says_nothing_certain_is_refused() {
        let one = |resolution| (lahore(resolution), people(1.0));
        let made = |rows: Vec<_>| Population::new("2023", false, rows).unwrap_err();
        assert_eq!(made(Vec::new()), PopulationError::Nobody);
        assert_eq!(
            made(vec![(lahore(Resolution::Seven), People::NONE)]),
            PopulationError::Nobody
        );
        assert_eq!(
            made(vec![one(Resolution::Seven), one(Resolution::Eight)]),
            PopulationError::Mixed(Resolution::Seven, Resolution::Eight)
        );
        assert_eq!(
            made(vec![one(Resolution::Two)]),
            PopulationError::TooCoarse(Resolution::Two)
        );
        let crowd = (lahore(Resolution::Seven), people(9e9));
        assert_eq!(made(vec![crowd, crowd]), PopulationError::TooMany);
        for wrong in [-1.0, f64::NAN, f64::INFINITY, 1e10] {
            assert_eq!(People::new(wrong), None, "{wrong}");
        }
    }
}

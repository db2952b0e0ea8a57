//! Districts and tehsils as shares of cells: where a record may lie of which only the name of its area is known.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use h3o::{CellIndex, Resolution};
use naqsha_analytics::StudyArea;

use crate::population::Population;

/// Cells with their shares of an area, ascending; the shares add up to 1.
pub(crate) type Shares = Arc<Vec<(CellIndex, f64)>>;

/// Areas are weighed by cells of this resolution, so that shares at coarser ones are sums over the same cells.
const WEIGHED_AT: Resolution = Resolution::Eight;

/// The districts and tehsils that have boundaries, by the names that records have of them.
#[derive(Debug, Default)]
pub struct Regions {
    districts: BTreeMap<String, Region>,
    /// By district and by the tehsil's letters and digits.
    tehsils: BTreeMap<(String, String), Region>,
}

/// The area of one.
#[derive(Debug)]
pub(crate) struct Region {
    area: StudyArea,
    by_area: [OnceLock<Shares>; 16],
}

impl Regions {
    /// Adds or replaces a district.
    pub fn insert_district(&mut self, name: &str, area: StudyArea) {
        self.districts.insert(name.to_owned(), Region::new(area));
    }

    /// Adds or replaces a tehsil of a district.
    pub fn insert_tehsil(&mut self, district: &str, name: &str, area: StudyArea) {
        let key = (district.to_owned(), letters(name));
        self.tehsils.insert(key, Region::new(area));
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.districts.is_empty() && self.tehsils.is_empty()
    }

    /// The smallest area that a record is known to lie in: its tehsil where that has a boundary, else its district.
    pub(crate) fn smallest(&self, district: &str, tehsil: Option<&str>) -> Option<&Region> {
        let named = tehsil.map(|tehsil| (district.to_owned(), letters(tehsil)));
        let tehsil = named.and_then(|key| self.tehsils.get(&key));
        tehsil.or_else(|| self.districts.get(district))
    }
}

/// A name without what spellings differ in most: case, spaces, dots, hyphens.
fn letters(name: &str) -> String {
    let kept = name.chars().filter(|letter| letter.is_alphanumeric());
    kept.flat_map(char::to_lowercase).collect()
}

impl Region {
    fn new(area: StudyArea) -> Self {
        Self {
            area,
            by_area: [const { OnceLock::new() }; 16],
        }
    }

    /// Shares by exact area of the finer cells whose centre is inside, summed to index parents as records are. Computed
    /// once; empty only where the area cannot be covered.
    pub(crate) fn by_area(&self, resolution: Resolution) -> Shares {
        let slot = &self.by_area[usize::from(u8::from(resolution))];
        let weigh = || {
            // A tehsil smaller than a cell has none whose centre is inside: finer ones are asked.
            let cells = Resolution::range(WEIGHED_AT.max(resolution), Resolution::Fifteen)
                .find_map(|finer| {
                    self.area
                        .cells(finer)
                        .ok()
                        .filter(|cells| !cells.is_empty())
                })
                .unwrap_or_default();
            let weighed = cells.into_iter().map(|cell| (cell, cell.area_km2()));
            Arc::new(shares(weighed, resolution))
        };
        Arc::clone(slot.get_or_init(weigh))
    }

    /// Shares by the people in the population's cells whose centre is inside; empty where nobody lives there.
    pub(crate) fn by_population(&self, population: &Population, resolution: Resolution) -> Shares {
        let inside = self.area.cells(population.resolution()).unwrap_or_default();
        let known = population.cells();
        let people = inside.into_iter().filter_map(|cell| {
            let at = known.binary_search_by_key(&cell, |(cell, _)| *cell).ok()?;
            Some((cell, known.get(at)?.1.get()))
        });
        Arc::new(shares(people, resolution))
    }
}

/// Weights of ascending cells summed to their parents, as shares of all.
fn shares(
    weighed: impl Iterator<Item = (CellIndex, f64)>,
    resolution: Resolution,
) -> Vec<(CellIndex, f64)> {
    let mut summed: Vec<(CellIndex, f64)> = Vec::new();
    for (cell, weight) in weighed {
        let parent = cell.parent(resolution).unwrap_or(cell);
        match summed.last_mut() {
            Some((last, sum)) if *last == parent => *sum += weight,
            _ => summed.push((parent, weight)),
        }
    }
    let all: f64 = summed.iter().map(|(_, weight)| weight).sum();
    if all > 0.0 {
        for (_, weight) in &mut summed {
            *weight /= all;
        }
        summed
    } else {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::population::People;

    fn square(west: f64, side: f64) -> StudyArea {
        let square = geo::Rect::new((west, 31.0), (west + side, 31.0 + side)).to_polygon();
        StudyArea::from_polygons(square.into()).unwrap()
    }

    #[test]
    fn shares_by_area_add_up_and_nest_at_every_resolution() {
        let region = Region::new(square(74.0, 0.7));
        let fine = region.by_area(Resolution::Eight);
        for resolution in Resolution::range(Resolution::Three, Resolution::Nine) {
            let shares = region.by_area(resolution);
            let sum: f64 = shares.iter().map(|(_, share)| share).sum();
            assert!((sum - 1.0).abs() < 1e-12, "{resolution}: {sum}");
            if resolution <= Resolution::Eight {
                let (cell, share) = shares[shares.len() / 2];
                let below = fine
                    .iter()
                    .filter(|(fine, _)| fine.parent(resolution) == Some(cell));
                let below: f64 = below.map(|(_, share)| share).sum();
                assert!((share - below).abs() < 1e-12, "{resolution}");
            }
        }
        let tiny = Region::new(square(74.0, 0.0005)).by_area(Resolution::Five);
        assert_eq!(tiny.len(), 1);
    }

    #[test]
    fn shares_by_population_leave_empty_land_out() {
        let region = Region::new(square(74.0, 0.7));
        let cells = region.area.cells(Resolution::Seven).unwrap();
        let rows = [
            (cells[3], People::new(30.0).unwrap()),
            (cells[90], People::new(10.0).unwrap()),
        ];
        let population = Population::new("2023", false, rows).unwrap();
        let shares = region.by_population(&population, Resolution::Seven);
        assert_eq!(*shares, [(cells[3], 0.75), (cells[90], 0.25)]);
        let elsewhere = Region::new(square(60.0, 0.7));
        assert!(
            elsewhere
                .by_population(&population, Resolution::Seven)
                .is_empty()
        );
    }

    #[test]
    fn a_tehsil_goes_before_its_district() {
        let mut regions = Regions::default();
        assert!(regions.is_empty());
        regions.insert_district("Kasur", square(74.0, 1.0));
        regions.insert_tehsil("Kasur", "Kot Radha-Kishan", square(74.0, 0.2));
        let cells = |district, tehsil| {
            let found: Option<&Region> = regions.smallest(district, tehsil);
            found.map(|region| region.by_area(Resolution::Seven).len())
        };
        let tehsil = cells("Kasur", Some("KOT RADHA KISHAN")).unwrap();
        assert!(tehsil < cells("Kasur", None).unwrap() / 20);
        assert_eq!(cells("Kasur", Some("Pattoki")), cells("Kasur", None));
        assert_eq!(cells("Okara", Some("Kot Radha Kishan")), None);
    }
}

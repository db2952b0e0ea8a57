//! The people of a district over its cells, as much to each as it has of the district's area.

use std::collections::BTreeMap;

use h3o::{CellIndex, Resolution};
use naqsha_analytics::StudyArea;
use naqsha_ingest::Reference;
use naqsha_layers::People;

/// The districts that have boundaries, by the name that records have of them.
pub(super) struct Districts(BTreeMap<String, StudyArea>);

impl Districts {
    pub(super) fn of(reference: &Reference) -> Self {
        let areas = crate::regions::districts(reference);
        Self(areas.into_iter().collect())
    }

    /// The people of a district in its cells: in all exactly as many. `None` where it has no boundary.
    ///
    /// Its cells are those whose centre is inside; of a district too small for that, the parents of finer ones.
    pub(super) fn spread(
        &self,
        district: &str,
        people: People,
        resolution: Resolution,
    ) -> Option<Vec<(CellIndex, People)>> {
        let area = self.0.get(district)?;
        let cells = Resolution::range(resolution, Resolution::Fifteen)
            .find_map(|finer| area.cells(finer).ok().filter(|cells| !cells.is_empty()))?;
        let areas: Vec<f64> = cells.iter().map(|cell| cell.area_km2()).collect();
        let shares = shares(people.millionths(), &areas);
        let cells = cells
            .into_iter()
            .map(|cell| cell.parent(resolution).unwrap_or(cell));
        Some(
            cells
                .zip(shares.into_iter().map(People::of_millionths))
                .collect(),
        )
    }
}

/// A whole number split in proportion to areas, by the largest remainders: the parts add up to it exactly.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "parts of a number that is at most 2^53"
)]
fn shares(whole: u64, areas: &[f64]) -> Vec<u64> {
    let all: f64 = areas.iter().sum();
    let exact: Vec<f64> = areas
        .iter()
        .map(|area| whole as f64 * (area / all))
        .collect();
    let mut parts: Vec<u64> = exact.iter().map(|part| part.floor() as u64).collect();
    let mut order: Vec<usize> = (0..areas.len()).collect();
    order.sort_by(|&a, &b| {
        exact[b]
            .fract()
            .total_cmp(&exact[a].fract())
            .then(a.cmp(&b))
    });
    let given: u64 = parts.iter().sum();
    let left = usize::try_from(whole.saturating_sub(given)).unwrap_or(usize::MAX);
    for &at in order.iter().cycle().take(left) {
        parts[at] += 1;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_in_proportion_and_add_up() {
        assert_eq!(shares(10, &[1.0, 1.0, 1.0]), [4, 3, 3]);
        assert_eq!(shares(10, &[1.0, 2.0, 1.0]), [3, 5, 2]);
        assert_eq!(shares(0, &[1.0, 2.0]), [0, 0]);
        let areas: Vec<f64> = (1..=1_000).map(|n| f64::from(n).sqrt()).collect();
        let parts = shares(127_688_922_000_000, &areas);
        assert_eq!(parts.iter().sum::<u64>(), 127_688_922_000_000);
    }

    #[test]
    fn a_district_has_all_its_people_and_only_on_its_cells() {
        let square = geo::Rect::new((74.0, 31.0), (75.0, 32.0)).to_polygon();
        let area = StudyArea::from_polygons(square.into()).unwrap();
        let tiny = geo::Rect::new((74.0, 31.0), (74.001, 31.001)).to_polygon();
        let tiny = StudyArea::from_polygons(tiny.into()).unwrap();
        let known = [
            ("Lahore".to_owned(), area.clone()),
            ("Kasur".to_owned(), tiny),
        ];
        let districts = Districts(known.into());
        let people = People::new(11_126_285.0).unwrap();
        for (name, least) in [("Lahore", 1_800), ("Kasur", 1)] {
            let spread = districts.spread(name, people, Resolution::Seven).unwrap();
            let sum: u64 = spread.iter().map(|(_, people)| people.millionths()).sum();
            assert_eq!(sum, people.millionths(), "{name}");
            assert!(spread.len() >= least, "{name}: {}", spread.len());
        }
        let spread = districts
            .spread("Lahore", people, Resolution::Seven)
            .unwrap();
        assert!(spread.iter().all(|(cell, _)| area.contains(*cell)));
        assert!(
            districts
                .spread("Okara", people, Resolution::Seven)
                .is_none()
        );
    }
}

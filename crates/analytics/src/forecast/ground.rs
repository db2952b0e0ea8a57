//! The study area as a forecast uses it: its cells, their areas, the cell of an event.

use h3o::{CellIndex, LatLng, Resolution};
use rayon::prelude::*;

use super::{ForecastError, Happening, check};

/// Cells with their areas.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ground<'a> {
    cells: &'a [CellIndex],
    resolution: Resolution,
    areas_km2: Vec<f64>,
}

impl<'a> Ground<'a> {
    pub(super) fn new(cells: &'a [CellIndex]) -> Result<Self, ForecastError> {
        let first = cells.first().ok_or(ForecastError::Cells)?;
        let resolution = first.resolution();
        let ordered = cells.windows(2).all(|pair| pair[0] < pair[1]);
        if !ordered || cells.iter().any(|cell| cell.resolution() != resolution) {
            return Err(ForecastError::Cells);
        }
        Ok(Self {
            cells,
            resolution,
            areas_km2: cells.par_iter().map(|cell| cell.area_km2()).collect(),
        })
    }

    pub(super) const fn cells(&self) -> &'a [CellIndex] {
        self.cells
    }

    pub(super) const fn resolution(&self) -> Resolution {
        self.resolution
    }

    pub(super) fn areas_km2(&self) -> &[f64] {
        &self.areas_km2
    }

    /// The area of all cells in km².
    pub(super) fn area_km2(&self) -> f64 {
        self.areas_km2.iter().sum()
    }

    /// The share of the area that each cell has.
    pub(super) fn area_shares(&self) -> impl Iterator<Item = f64> {
        let all = self.area_km2();
        self.areas_km2.iter().map(move |area| area / all)
    }

    pub(super) fn position(&self, cell: CellIndex) -> Option<usize> {
        self.cells.binary_search(&cell).ok()
    }

    /// The position of an event's cell.
    pub(super) fn place(&self, event: &Happening) -> Option<usize> {
        self.position(cell(event, self.resolution)?)
    }

    /// The events that lie in the cells, in the order of time and place: whatever that of the list was.
    pub(super) fn events(&self, events: &[Happening]) -> Result<Vec<Happening>, ForecastError> {
        if events.iter().any(|event| !event.day.is_finite()) {
            return Err(ForecastError::Days);
        }
        check(&events.iter().map(|event| event.at).collect::<Vec<_>>())?;
        let mut inside: Vec<Happening> = events
            .par_iter()
            .filter(|event| self.place(event).is_some())
            .copied()
            .collect();
        inside.sort_unstable_by(|a, b| {
            a.day
                .total_cmp(&b.day)
                .then(a.at[0].total_cmp(&b.at[0]))
                .then(a.at[1].total_cmp(&b.at[1]))
        });
        Ok(inside)
    }

    /// Events in each cell.
    pub(super) fn counts(&self, events: &[Happening]) -> Vec<f64> {
        let mut counts = vec![0.0; self.cells.len()];
        for at in events.iter().filter_map(|event| self.place(event)) {
            counts[at] += 1.0;
        }
        counts
    }
}

/// The cell of an event.
pub(super) fn cell(event: &Happening, resolution: Resolution) -> Option<CellIndex> {
    let point = LatLng::new(event.at[1], event.at[0]).ok()?;
    Some(point.to_cell(resolution))
}

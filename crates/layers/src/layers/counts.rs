//! `counts`: how many records each cell holds.

use std::sync::Arc;

use h3o::CellIndex;

use crate::boundaries::CellBoundaries;
use crate::description::{LayerDescription, Property, PropertyKind};
use crate::error::LayerError;
use crate::layer::{Computed, Layer, Question};
use crate::layers::properties::{AREA_KM2, H3, N_APPORTIONED};
use crate::layers::tally::{Tally, tally};
use crate::parameters::{OF_COUNTS, Parameter, joined};
use crate::table::{LayerTable, Values};

/// Counts over the study area; zero cells are omitted.
pub(crate) struct Counts;

pub(crate) static COUNTS: LayerDescription = LayerDescription {
    id: "counts",
    title: "Counts",
    description: "Number of records in each H3 cell of the study area. Cells without records are omitted; records that \
                  are located too coarsely, not at all, or outside the study area are counted in `excluded`.",
    keywords: &["crime", "count", "H3"],
    reference: "H3: a hexagonal hierarchical geospatial indexing system (Uber Technologies, 2018)",
    properties: &PROPERTIES,
    parameters: &PARAMETERS,
    default: true,
    over_cells: true,
};

static PARAMETERS: [Parameter; 12] = joined(&[&OF_COUNTS, &[Parameter::Apportion]]);

static PROPERTIES: [Property; 4] = [
    H3,
    Property {
        name: "n",
        title: "Records",
        kind: PropertyKind::Integer,
        unit: Some("records"),
        description: "Records whose own cell at resolution 9, or as coarse as their uncertainty, has this cell as parent.",
    },
    AREA_KM2,
    N_APPORTIONED,
];

impl Layer for Counts {
    fn describe(&self) -> &'static LayerDescription {
        &COUNTS
    }

    fn compute(&self, question: &Question<'_>) -> Result<Computed, LayerError> {
        let tally = tally(question, None)?;
        let (cells, counts, apportioned) = kept(&tally, question.query.n_min);
        // Where the grid is listed, what is drawn of it is there already.
        let grid = question.area.grid(question.resolution).ok();
        let positions = grid.as_ref().map(|grid| grid.positions(&cells));
        let areas: Vec<Option<f64>> = match (&grid, &positions) {
            (Some(grid), Some(positions)) => {
                let areas = grid.areas_km2();
                positions.iter().map(|&at| Some(areas[at?])).collect()
            }
            _ => cells.iter().map(|cell| Some(cell.area_km2())).collect(),
        };
        let columns = [
            Values::Cells(cells.iter().copied().map(Some).collect()),
            Values::Integers(counts.iter().map(|&count| Some(i64::from(count))).collect()),
            Values::Numbers(areas),
            Values::Numbers(apportioned),
        ];
        let drawn = if let (Some(grid), Some(positions)) = (grid, positions) {
            let shape = |at: Option<usize>| u32::try_from(at?).ok();
            let shapes = positions.into_iter().map(shape).collect();
            (shapes, grid.boundaries())
        } else {
            let shapes = (0..).map(Some).take(cells.len()).collect();
            (shapes, Arc::new(CellBoundaries::of(&cells)))
        };
        let metadata = tally.metadata(question);
        let table = LayerTable::of_cells(&COUNTS, cells, drawn, metadata);
        Ok(Computed::all(table.filled(columns)))
    }
}

/// The cells that hold as many records as are asked, counts and shares together, with both.
fn kept(tally: &Tally, least: u64) -> (Vec<CellIndex>, Vec<u32>, Vec<Option<f64>>) {
    let mut cells = tally.cells.clone();
    if let Some(shared) = &tally.shared {
        cells.extend(shared.cells.iter().map(|(cell, _)| *cell));
        cells.sort_unstable();
        cells.dedup();
    }
    let shares = tally.shares(&cells);
    let count = |cell: &CellIndex| {
        let at = tally.cells.binary_search(cell).ok()?;
        tally.counts.get(at).copied()
    };
    #[expect(clippy::cast_precision_loss, reason = "a bound on counts")]
    let least = least as f64;
    let rows = cells.into_iter().enumerate().map(|(at, cell)| {
        let share = shares.as_ref().map(|shares| shares[at]);
        (cell, count(&cell).unwrap_or(0), share)
    });
    let enough = rows.filter(|(_, count, share)| f64::from(*count) + share.unwrap_or(0.0) >= least);
    let (mut cells, mut counts, mut kept) = (Vec::new(), Vec::new(), Vec::new());
    for (cell, count, share) in enough {
        cells.push(cell);
        counts.push(count);
        kept.push(share);
    }
    (cells, counts, kept)
}

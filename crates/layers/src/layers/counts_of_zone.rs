//! Counts of a zone: every cell of the study area below it, zeros included.

use std::sync::Arc;

use h3o::CellIndex;
use naqsha_store::{Area, CubeQuery, Reach};

use crate::boundaries::CellBoundaries;
use crate::description::LayerDescription;
use crate::error::LayerError;
use crate::layer::Question;
use crate::layers::apportion::apportion;
use crate::layers::counts::COUNTS;
use crate::layers::tally::{counted_bases, filter};
use crate::table::{LayerTable, Metadata, Values};

/// Where the records of a zone are that have a cell in it or below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Located {
    /// All of them.
    pub records: u64,
    /// Those whose place is known more coarsely than the depth.
    pub too_coarse: u64,
    /// Those in cells whose centre lies outside the study area.
    pub outside_study_area: u64,
    /// Whether one of those that are counted is synthetic.
    pub synthetic: bool,
}

/// Whether a layer has a value in cells that its answers leave out: zero.
pub fn counts_zeros(layer: &LayerDescription) -> bool {
    layer.id == COUNTS.id
}

/// The cells of the study area at a question's resolution that lie below a zone, by index; ascending.
pub(crate) fn cells_below(question: &Question<'_>, zone: CellIndex) -> Vec<CellIndex> {
    let mut cells: Vec<CellIndex> = zone.children(question.resolution).collect();
    cells.sort_unstable();
    let contained = question.area.contain(question.resolution, &cells);
    let within = cells.into_iter().zip(contained);
    within
        .filter(|&(_, is_within)| is_within)
        .map(|(cell, _)| cell)
        .collect()
}

/// Counts in the cells of the study area below a zone, zeros included: the numbers of the layer at that resolution.
///
/// The counts, and the records that are too coarse for them or outside the study area, are together as many as have a cell
/// in the zone, whatever the resolution.
pub(crate) fn counts_within(
    question: &Question<'_>,
    zone: CellIndex,
) -> Result<(LayerTable, Located), LayerError> {
    let contains = |cell: CellIndex| cell == zone;
    let reach = |region: CellIndex| {
        let above = region.parent(zone.resolution());
        match (above, zone.parent(region.resolution())) {
            (Some(above), _) if above == zone => Reach::All,
            (None, Some(of_zone)) if of_zone == region => Reach::Part,
            _ => Reach::Nothing,
        }
    };
    let area = Area {
        finest: zone.resolution(),
        contains: &contains,
        reach: Some(&reach),
        unlocated: true,
    };
    counts_of(question, cells_below(question, zone), Some(area))
}

/// The same in all cells of the study area.
pub(crate) fn counts_everywhere(question: &Question<'_>) -> Result<LayerTable, LayerError> {
    let grid = question.area.grid(question.resolution)?;
    let (table, _everywhere) = counts_of(question, grid.cells.clone(), None)?;
    Ok(table)
}

/// Counts in some ascending cells, of records in an area.
fn counts_of(
    question: &Question<'_>,
    cells: Vec<CellIndex>,
    area: Option<Area<'_>>,
) -> Result<(LayerTable, Located), LayerError> {
    let open = CubeQuery {
        resolution: question.resolution,
        filter: filter(question.query),
        counted_bases: counted_bases(question, None),
    };
    let mut asked = open.clone();
    asked.filter.area = area;
    let cube = question.snapshot.cube(&asked);
    let shared = apportion(question, &open)?;
    let in_cells: u64 = cube.counts.iter().map(|&count| u64::from(count)).sum();
    let mut located = Located {
        records: in_cells + cube.excluded.too_coarse,
        too_coarse: cube.excluded.too_coarse,
        outside_study_area: in_cells,
        synthetic: false,
    };
    let mut counted = Vec::with_capacity(cells.len());
    for cell in cells {
        let found = cube.cells.binary_search(&cell).ok();
        let count = found.map_or(0, |at| cube.counts[at]);
        located.synthetic |= found.is_some_and(|at| cube.synthetic[at]);
        located.outside_study_area -= u64::from(count);
        let share = shared.as_ref().map(|shared| shared.of(cell));
        counted.push((cell, count, share));
    }
    #[expect(clippy::cast_precision_loss, reason = "a bound on counts")]
    let least = question.query.n_min as f64;
    counted.retain(|(_, count, share)| f64::from(*count) + share.unwrap_or(0.0) >= least);
    Ok((table(question, &counted, located.synthetic), located))
}

fn table(
    question: &Question<'_>,
    counted: &[(CellIndex, u32, Option<f64>)],
    synthetic: bool,
) -> LayerTable {
    let cells: Vec<CellIndex> = counted.iter().map(|(cell, ..)| *cell).collect();
    let counts = counted.iter().map(|(_, count, _)| Some(i64::from(*count)));
    let columns = [
        Values::Cells(cells.iter().copied().map(Some).collect()),
        Values::Integers(counts.collect()),
        Values::Numbers(cells.iter().map(|cell| Some(cell.area_km2())).collect()),
        Values::Numbers(counted.iter().map(|(.., share)| *share).collect()),
    ];
    let shapes = (0..).map(Some).take(cells.len()).collect();
    let drawn = (shapes, Arc::new(CellBoundaries::of(&cells)));
    let metadata = Metadata {
        resolution: Some(question.resolution),
        synthetic,
        ..Metadata::plain(question.snapshot.version(), question.scope)
    };
    LayerTable::of_cells(&COUNTS, cells, drawn, metadata).filled(columns)
}

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
    let reach = |region: CellIndex| match (
        region.parent(zone.resolution()),
        zone.parent(region.resolution()),
    ) {
        (Some(above), _) if above == zone => Reach::All,
        (None, Some(above)) if above == region => Reach::Part,
        _ => Reach::Nothing,
    };
    let open = CubeQuery {
        resolution: question.resolution,
        filter: filter(question.query),
        counted_bases: counted_bases(question, None),
    };
    let mut asked = open.clone();
    asked.filter.area = Some(Area {
        finest: zone.resolution(),
        contains: &contains,
        reach: Some(&reach),
    });
    let cube = question.snapshot.cube(&asked);
    let shared = apportion(question, &open)?;
    let cells = cells_below(question, zone);
    let at = |cell: &CellIndex| cube.cells.binary_search(cell).ok();
    let mut located = Located {
        records: cube.counts.iter().map(|&count| u64::from(count)).sum(),
        too_coarse: cube.excluded.too_coarse,
        outside_study_area: 0,
        synthetic: false,
    };
    located.outside_study_area = located.records;
    located.records += located.too_coarse;
    let mut counted = Vec::with_capacity(cells.len());
    for cell in cells {
        let found = at(&cell);
        let count = found.map_or(0, |at| cube.counts[at]);
        located.synthetic |= found.is_some_and(|at| cube.synthetic[at]);
        located.outside_study_area -= u64::from(count);
        let share = shared.as_ref().map(|shared| shared.of(cell));
        counted.push((cell, count, share));
    }
    #[expect(clippy::cast_precision_loss, reason = "a bound on counts")]
    let least = question.query.n_min as f64;
    counted.retain(|(_, count, share)| f64::from(*count) + share.unwrap_or(0.0) >= least);
    let cells: Vec<CellIndex> = counted.iter().map(|(cell, ..)| *cell).collect();
    let columns = [
        Values::Cells(cells.iter().copied().map(Some).collect()),
        Values::Integers(
            counted
                .iter()
                .map(|(_, count, _)| Some(i64::from(*count)))
                .collect(),
        ),
        Values::Numbers(cells.iter().map(|cell| Some(cell.area_km2())).collect()),
        Values::Numbers(counted.iter().map(|(.., share)| *share).collect()),
    ];
    let shapes = (0..).map(Some).take(cells.len()).collect();
    let drawn = (shapes, Arc::new(CellBoundaries::of(&cells)));
    let metadata = Metadata {
        resolution: Some(question.resolution),
        synthetic: located.synthetic,
        ..Metadata::plain(question.snapshot.version(), question.scope)
    };
    let table = LayerTable::of_cells(&COUNTS, cells, drawn, columns, metadata);
    Ok((table, located))
}

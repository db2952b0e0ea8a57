//! Records summed per cell, wherever they are: the layer `incidents` at scales where single records cannot be told apart.
//!
//! Unlike `counts` it knows no study area. A record that is located more coarsely than asked is counted in its own, coarser
//! cell, so that the sums of every resolution are all the records that have a cell.

use std::sync::Arc;

use h3o::{CellIndex, Resolution};
use naqsha_store::{CubeQuery, Snapshot};

use crate::boundaries::CellBoundaries;
use crate::layers::incidents::INCIDENTS;
use crate::layers::properties::{H3, N};
use crate::layers::tally::filter;
use crate::query::LayerQuery;
use crate::scope::Scope;
use crate::table::{Column, Excluded, Keys, LayerTable, Metadata, Values};

static OF_CELL: crate::description::Property = H3;
static OF_RECORDS: crate::description::Property = N;

/// Cells, ascending, each with the records whose own cell it is or holds.
pub(crate) fn table(
    snapshot: &Snapshot,
    query: &LayerQuery,
    scope: Scope,
    resolution: Resolution,
) -> LayerTable {
    let cube = snapshot.cube(&CubeQuery {
        resolution,
        filter: filter(query),
        counted_bases: None,
    });
    // Of records known more coarsely than asked it is not told which are synthetic.
    let synthetic = cube.synthetic.contains(&true)
        || !cube.coarse.is_empty() && snapshot.batches().iter().any(|batch| batch.synthetic);
    let counted = cube.cells.iter().copied().zip(cube.counts.iter().copied());
    let mut sums: Vec<(CellIndex, u32)> = counted.chain(cube.coarse.iter().copied()).collect();
    sums.sort_unstable_by_key(|&(cell, _)| cell);
    let (cells, counts): (Vec<CellIndex>, Vec<u32>) = sums.into_iter().unzip();
    let no_location = [("no_location", cube.excluded.no_location)];
    let reasons = no_location.into_iter().filter(|&(_, count)| count > 0);
    LayerTable {
        layer: &INCIDENTS,
        shapes: (0..).map(Some).take(cells.len()).collect(),
        boundaries: Arc::new(CellBoundaries::of(&cells)),
        points: None,
        columns: vec![
            Column {
                property: &OF_CELL,
                values: Values::Cells(cells.iter().copied().map(Some).collect()),
            },
            Column {
                property: &OF_RECORDS,
                values: Values::Integers(counts.iter().map(|&n| Some(i64::from(n))).collect()),
            },
        ],
        keys: Keys::Cells(cells),
        metadata: Metadata {
            resolution: Some(resolution),
            excluded: Excluded {
                matched: cube.matched,
                reasons: reasons.collect(),
            },
            synthetic,
            ..Metadata::plain(snapshot.version(), scope)
        },
    }
}

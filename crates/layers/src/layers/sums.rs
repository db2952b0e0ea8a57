//! Records summed per cell, wherever they are: the layer `incidents` at scales where single records cannot be told apart.
//!
//! Unlike `counts` it knows no study area. A record that is located more coarsely than asked is counted in its own, coarser
//! cell, so that the sums of every resolution are all the records that have a cell.

use std::collections::BTreeMap;
use std::sync::Arc;

use h3o::{CellIndex, Resolution};
use naqsha_store::{CubeQuery, Snapshot};

use crate::boundaries::CellBoundaries;
use crate::description::Property;
use crate::layers::incidents::INCIDENTS;
use crate::layers::properties::{H3, N};
use crate::scope::{Scope, Share};
use crate::table::{Column, Excluded, Keys, LayerTable, Metadata, Values};

static OF_CELL: Property = H3;
static OF_RECORDS: Property = N;

/// How many records each cell holds, and how many have none.
pub(crate) struct Sums {
    /// Of several resolutions: that asked, and coarser ones.
    by_cell: BTreeMap<CellIndex, u64>,
    no_location: u64,
    synthetic: bool,
}

impl Sums {
    /// Of the records of some shares, each at the resolution asked or as finely as it is shown.
    pub(crate) fn of_index(
        snapshot: &Snapshot,
        shares: Vec<Share<'_>>,
        resolution: Resolution,
    ) -> Self {
        let mut sums = Self {
            by_cell: BTreeMap::new(),
            no_location: 0,
            synthetic: false,
        };
        for Share { filter, finest } in shares {
            let cube = snapshot.cube(&CubeQuery {
                resolution: resolution.min(finest),
                filter,
                counted_bases: None,
            });
            // Of records known more coarsely than asked it is not told which are synthetic.
            let any = || snapshot.batches().iter().any(|batch| batch.synthetic);
            sums.synthetic |= cube.synthetic.contains(&true) || !cube.coarse.is_empty() && any();
            sums.no_location += cube.excluded.no_location;
            let counted = cube.cells.iter().copied().zip(cube.counts.iter().copied());
            for (cell, count) in counted.chain(cube.coarse.iter().copied()) {
                *sums.by_cell.entry(cell).or_default() += u64::from(count);
            }
        }
        sums
    }

    /// Of the records of a table.
    pub(crate) fn of_records(records: &LayerTable, resolution: Resolution) -> Self {
        let mut sums = Self {
            by_cell: BTreeMap::new(),
            no_location: 0,
            synthetic: records.metadata.synthetic,
        };
        let cells = records
            .columns
            .iter()
            .find_map(|column| match &column.values {
                Values::Cells(cells) => Some(cells),
                _ => None,
            });
        for cell in cells.into_iter().flatten() {
            match cell {
                Some(cell) => {
                    let shown = cell.parent(resolution).unwrap_or(*cell);
                    *sums.by_cell.entry(shown).or_default() += 1;
                }
                None => sums.no_location += 1,
            }
        }
        sums
    }

    /// The table of the cells, ascending.
    pub(crate) fn table(self, version: u64, scope: &Scope, resolution: Resolution) -> LayerTable {
        let (cells, counts): (Vec<CellIndex>, Vec<u64>) = self.by_cell.into_iter().unzip();
        let no_location = [("no_location", self.no_location)];
        let reasons = no_location.into_iter().filter(|&(_, count)| count > 0);
        let values = [
            Values::Cells(cells.iter().copied().map(Some).collect()),
            Values::Integers(counts.iter().map(|&n| i64::try_from(n).ok()).collect()),
        ];
        let columns = [&OF_CELL, &OF_RECORDS].into_iter().zip(values);
        LayerTable {
            layer: &INCIDENTS,
            shapes: (0..).map(Some).take(cells.len()).collect(),
            boundaries: Arc::new(CellBoundaries::of(&cells)),
            points: None,
            columns: columns
                .map(|(property, values)| Column { property, values })
                .collect(),
            keys: Keys::Cells(cells),
            metadata: Metadata {
                resolution: Some(resolution),
                excluded: Excluded {
                    matched: counts.iter().sum::<u64>() + self.no_location,
                    reasons: reasons.collect(),
                },
                synthetic: self.synthetic,
                ..Metadata::plain(version, scope)
            },
        }
    }
}

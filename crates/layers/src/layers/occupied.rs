//! The cells of a study area that hold a record, and an answer over some of them.

use std::num::NonZeroU32;
use std::sync::Arc;

use h3o::{CellIndex, LatLng};
use naqsha_analytics::Sampling;

use crate::description::LayerDescription;
use crate::error::LayerError;
use crate::layer::{Computed, Question};
use crate::layers::tally::Tally;
use crate::study_areas::Grid;
use crate::table::{LayerTable, Metadata, Values};

/// Work that a question may ask of its shuffles, in pairs or records looked at: some ten seconds of one processor.
const WORK: u64 = 4_000_000_000;

/// The shuffles that a question may ask for with so much work each: as many as are configured, or fewer; `None` where that
/// would be less than 99.
pub(crate) fn shuffles(question: &Question<'_>, work: u64) -> Option<Sampling> {
    let most = u32::try_from(WORK / work.max(1)).unwrap_or(u32::MAX);
    let permutations = NonZeroU32::new(question.permutations.min(most))?;
    (permutations.get() >= question.permutations.min(99)).then_some(Sampling {
        permutations,
        seed: question.query.seed,
    })
}

/// Cells with a count, and where they lie in the grid.
pub(crate) struct Occupied {
    pub(crate) tally: Tally,
    grid: Arc<Grid>,
    /// Position in the grid of each cell of the tally.
    positions: Vec<Option<usize>>,
}

impl Occupied {
    pub(crate) fn of(question: &Question<'_>, tally: Tally) -> Result<Self, LayerError> {
        let grid = question.area.grid(question.resolution)?;
        Ok(Self {
            positions: grid.positions(&tally.cells),
            grid,
            tally,
        })
    }

    /// `[lon, lat]` of each cell's centre.
    pub(crate) fn centres(&self) -> Vec<[f64; 2]> {
        let centre = |cell: &CellIndex| {
            let centre = LatLng::from(*cell);
            [centre.lng(), centre.lat()]
        };
        self.tally.cells.iter().map(centre).collect()
    }

    /// Positions of the cells that hold as many records as are asked.
    pub(crate) fn kept(&self, question: &Question<'_>) -> Vec<usize> {
        let least = question.query.n_min;
        let holds = |&at: &usize| u64::from(self.tally.counts[at]) >= least;
        (0..self.tally.cells.len()).filter(holds).collect()
    }

    /// What every layer over cells says of itself.
    pub(crate) fn metadata(&self, question: &Question<'_>) -> Metadata {
        self.tally.metadata(question)
    }

    /// The table of some cells, by their ascending positions: the layer's properties' columns of them.
    pub(crate) fn table<const N: usize>(
        &self,
        layer: &'static LayerDescription,
        kept: &[usize],
        columns: [Values; N],
        metadata: Metadata,
    ) -> Computed {
        let shape = |at: &usize| u32::try_from(self.positions[*at]?).ok();
        let cells = kept.iter().map(|&at| self.tally.cells[at]).collect();
        let shapes = kept.iter().map(shape).collect();
        let drawn = (shapes, self.grid.boundaries());
        Computed::all(LayerTable::of_cells(layer, cells, drawn, columns, metadata))
    }
}

/// Columns of the kept cells, a value for each.
pub(crate) struct Columns<'k>(pub(crate) &'k [usize]);

impl Columns<'_> {
    fn each<V>(&self, value: impl Fn(usize) -> V) -> Vec<V> {
        self.0.iter().map(|&at| value(at)).collect()
    }

    pub(crate) fn integers(&self, value: impl Fn(usize) -> Option<u64>) -> Values {
        Values::Integers(self.each(|at| i64::try_from(value(at)?).ok()))
    }

    pub(crate) fn numbers(&self, value: impl Fn(usize) -> Option<f64>) -> Values {
        Values::Numbers(self.each(value))
    }

    pub(crate) fn choices(&self, value: impl Fn(usize) -> Option<&'static str>) -> Values {
        Values::Choices(self.each(value))
    }

    pub(crate) fn texts(&self, value: impl Fn(usize) -> Option<String>) -> Values {
        Values::Texts(self.each(value))
    }

    pub(crate) fn cells(&self, occupied: &Occupied) -> Values {
        Values::Cells(self.each(|at| Some(occupied.tally.cells[at])))
    }

    /// Records in each.
    pub(crate) fn counts(&self, occupied: &Occupied) -> Values {
        self.integers(|at| Some(u64::from(occupied.tally.counts[at])))
    }
}

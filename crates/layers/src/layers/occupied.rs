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
use crate::table::{Fact, LayerTable, Metadata, Values};

/// What the shuffles of a question may take, in nanoseconds of one processor: two seconds of two.
const WORK: u64 = 4_000_000_000;

/// What the fewest of them may take, where they do not fit into that.
const MOST_WORK: u64 = 10 * WORK;

/// With fewer shuffles no p is below 0.01.
const FEWEST_SHUFFLES: u32 = 99;

/// The shuffles of a question that take so many nanoseconds each: as many as are configured, or as fit into two seconds, but
/// at least 99; `None` where those would take more than twenty.
pub(crate) fn shuffles(question: &Question<'_>, nanos: u64) -> Option<Sampling> {
    let fit = u32::try_from(WORK / nanos.max(1)).unwrap_or(u32::MAX);
    let permutations = question.permutations.min(fit.max(FEWEST_SHUFFLES));
    let all = u64::from(permutations).saturating_mul(nanos);
    let permutations = NonZeroU32::new(permutations)?;
    (all <= MOST_WORK || fit >= permutations.get()).then_some(Sampling {
        permutations,
        seed: question.query.seed,
    })
}

/// Whether the fewest shuffles that take so many nanoseconds each fit into two seconds.
pub(crate) const fn are_quick(nanos: u64) -> bool {
    nanos.saturating_mul(FEWEST_SHUFFLES as u64) <= WORK
}

/// How many shuffles an answer has, in words.
pub(crate) fn rule(configured: u32) -> Fact {
    Fact::Word(Some(format!(
        "of {configured} as many as fit into two seconds of two processors, at least {FEWEST_SHUFFLES}"
    )))
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
        let table = LayerTable::of_cells(layer, cells, drawn, metadata);
        Computed::all(table.filled(columns))
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

//! The study area as a graph of cells with a count each: what a local statistic is asked of.

use std::num::NonZeroU32;
use std::sync::Arc;

use naqsha_analytics::{Neighbours, Null, requires_sampling};
use naqsha_model::Basis;

use crate::error::LayerError;
use crate::layer::Question;
use crate::layers::tally::{Tally, tally};
use crate::query::NullModel;
use crate::study_areas::Grid;
use crate::table::Metadata;

/// Fewer records than this are too few to give any cell a class.
const LEAST_RECORDS: u64 = 30;

/// A place of these kinds is where something happened; a residence or a police station is not.
const COUNTED_BASES: [Basis; 4] = [
    Basis::Occurrence,
    Basis::Seizure,
    Basis::Exploitation,
    Basis::BorderPoint,
];

/// A count for every cell of the study area, zeros included.
pub(crate) struct Map {
    pub(crate) grid: Arc<Grid>,
    pub(crate) counts: Vec<u32>,
    pub(crate) neighbours: Arc<Neighbours>,
    pub(crate) tally: Tally,
}

impl Map {
    /// Counts the records of a question where something happened.
    pub(crate) fn of(question: &Question<'_>) -> Result<Self, LayerError> {
        let tally = tally(question, Some(&COUNTED_BASES))?;
        let grid = question.area.grid(question.resolution)?;
        let (resolution, k) = (question.resolution, question.query.k);
        Ok(Self {
            counts: tally.over(&grid),
            neighbours: question.area.neighbours(resolution, k)?,
            grid,
            tally,
        })
    }

    /// Whether no class is given, whatever the numbers.
    pub(crate) fn is_too_few(&self) -> bool {
        let total: u64 = self.counts.iter().map(|&count| u64::from(count)).sum();
        total < LEAST_RECORDS
    }

    pub(crate) fn values(&self) -> Vec<f64> {
        self.counts.iter().map(|&count| f64::from(count)).collect()
    }

    /// The null model asked for; where nothing was asked, the exact one if these counts have it.
    pub(crate) fn null_model(&self, question: &Question<'_>) -> NullModel {
        let default = || match requires_sampling(&self.values(), &self.neighbours) {
            None => NullModel::Exact,
            Some(_why) => NullModel::MonteCarlo,
        };
        question.query.null.unwrap_or_else(default)
    }
}

/// The law that a null model stands for.
pub(crate) fn law(null: NullModel, question: &Question<'_>) -> Result<Null, LayerError> {
    Ok(match null {
        NullModel::Exact => Null::Exact,
        NullModel::Normal => Null::Normal,
        NullModel::MonteCarlo => Null::MonteCarlo {
            permutations: NonZeroU32::new(question.permutations).ok_or_else(|| {
                LayerError::Statistic("the configuration asks for no permutations".to_owned())
            })?,
            seed: question.query.seed,
        },
    })
}

/// Records in a cell and its neighbours together.
pub(crate) fn around(counts: &[u32], neighbours: &Neighbours, cell: usize) -> i64 {
    let others = neighbours.of(cell).iter().map(|&other| other as usize);
    let cells = others.chain([cell]);
    cells.map(|cell| i64::from(counts[cell])).sum()
}

/// What is said of a table of a local statistic.
pub(crate) fn tested_metadata(
    question: &Question<'_>,
    tally: Tally,
    null: NullModel,
    tested: u64,
) -> Metadata {
    Metadata {
        study_area: Some(tally.facts),
        resolution: Some(question.resolution),
        null: Some(null.code()),
        tested: Some(tested),
        alpha: Some(question.query.alpha),
        fdr: Some("bh"),
        seed: (null == NullModel::MonteCarlo).then_some(question.query.seed),
        excluded: tally.excluded,
        synthetic: tally.synthetic,
        ..Metadata::plain(question.snapshot.version(), question.scope)
    }
}

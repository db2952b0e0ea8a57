//! The study area as a graph of cells with a count each: what a local statistic is asked of.

use std::borrow::Cow;
use std::num::NonZeroU32;
use std::sync::Arc;

use naqsha_analytics::{Method, Neighbours, Null, fdr, requires_sampling};
use rayon::prelude::*;

use crate::description::LayerDescription;
use crate::error::LayerError;
use crate::layer::{Computed, Question};
use crate::layers::harm::Harm;
use crate::layers::tally::{COUNTED_BASES, Tally, tally};
use crate::parameters::{Parameter, ParameterError};
use crate::query::NullModel;
use crate::study_areas::Grid;
use crate::table::{LayerTable, Metadata, Values};
use crate::whole::Fill;

/// Fewer records than this are too few to give any cell a class.
pub(crate) const LEAST_RECORDS: u64 = 30;

/// Cells of a column that one thread fills: fewer are not worth handing over.
const TOGETHER: usize = 4_096;

/// A count for every cell of the study area, zeros included.
pub(crate) struct Map {
    pub(crate) grid: Arc<Grid>,
    pub(crate) counts: Vec<u32>,
    /// Shares of records without a cell, where they were asked for.
    shares: Option<Vec<f64>>,
    /// Both together, or the harm of the records, as the statistics take them.
    pub(crate) values: Vec<f64>,
    /// The harm of the records, where it was asked for.
    pub(crate) harm: Option<Harm>,
    pub(crate) neighbours: Arc<Neighbours>,
    tally: Tally,
}

impl Map {
    /// Counts the records of a question where something happened.
    pub(crate) fn of(question: &Question<'_>) -> Result<Self, LayerError> {
        Self::with(question, tally(question, Some(&COUNTED_BASES))?)
    }

    /// The map of counts that are made already.
    pub(crate) fn with(question: &Question<'_>, tally: Tally) -> Result<Self, LayerError> {
        let grid = question.area.grid(question.resolution)?;
        let (resolution, k) = (question.resolution, question.query.k);
        let counts = tally.over(&grid);
        let shares = tally.shares(&grid.cells);
        if shares.is_some() && question.query.null == Some(NullModel::Exact) {
            let reason = "the exact null needs whole counts, which `apportion` makes fractions: ask mc or normal";
            let error = ParameterError::new(Parameter::Null.name(), reason);
            return Err(LayerError::Parameters(vec![error]));
        }
        let mut values: Vec<f64> = counts.iter().map(|&count| f64::from(count)).collect();
        if let Some(shares) = &shares {
            values
                .iter_mut()
                .zip(shares)
                .for_each(|(value, share)| *value += share);
        }
        let harm = Harm::of(question, &grid)?;
        if let Some(harm) = &harm {
            values = harm.over(&grid, resolution);
        }
        Ok(Self {
            values,
            harm,
            shares,
            counts,
            neighbours: question.area.neighbours(resolution, k)?,
            grid,
            tally,
        })
    }

    /// Whether no class is given, whatever the numbers.
    pub(crate) fn is_too_few(&self) -> bool {
        if let Some(harm) = &self.harm {
            return harm.records() < LEAST_RECORDS;
        }
        // A sum of shares may miss the number of records by its rounding.
        #[expect(clippy::cast_precision_loss, reason = "a small number")]
        let least = LEAST_RECORDS as f64;
        self.values.iter().sum::<f64>() < least - 1e-6
    }

    /// Cells that a shuffle of the map tests: none of a map with too few records.
    pub(crate) fn tests(&self) -> usize {
        if self.is_too_few() {
            0
        } else {
            self.counts.len()
        }
    }

    /// The null model asked for; where nothing was asked, the exact one if these counts have it.
    pub(crate) fn null_model(&self, question: &Question<'_>) -> NullModel {
        let default = || match requires_sampling(&self.values, &self.neighbours) {
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

/// The seed, where something was drawn from it.
pub(crate) fn seed(question: &Question<'_>, null: NullModel) -> Option<u64> {
    let is_used = null == NullModel::MonteCarlo || question.query.calibrate;
    is_used.then_some(question.query.seed)
}

/// Benjamini-Hochberg q of the cells that were tested.
pub(crate) fn q_values(p: &[Option<f64>]) -> Result<Vec<Option<f64>>, LayerError> {
    let q = fdr(p, Method::BenjaminiHochberg);
    q.map_err(|error| LayerError::Statistic(error.to_string()))
}

/// The cells of a map that are answered, and columns of them by cell.
pub(crate) struct Answered<'m> {
    map: &'m Map,
    kept: Cow<'m, [u32]>,
}

impl<'m> Answered<'m> {
    /// Those that hold as many records as are asked.
    pub(crate) fn of(map: &'m Map, question: &Question<'_>) -> Self {
        let kept = Cow::Owned(map.kept(question));
        Self { map, kept }
    }

    fn each<V: Send>(&self, value: impl Fn(usize) -> V + Sync) -> Vec<V> {
        let kept = self.kept.par_iter().with_min_len(TOGETHER);
        kept.map(|&cell| value(cell as usize)).collect()
    }

    pub(crate) fn integers(&self, value: impl Fn(usize) -> Option<i64> + Sync) -> Values {
        Values::Integers(self.each(value))
    }

    pub(crate) fn numbers(&self, value: impl Fn(usize) -> Option<f64> + Sync) -> Values {
        Values::Numbers(self.each(value))
    }

    pub(crate) fn choices(&self, value: impl Fn(usize) -> Option<&'static str> + Sync) -> Values {
        Values::Choices(self.each(value))
    }

    /// The cells themselves.
    pub(crate) fn cells(&self) -> Values {
        Values::Cells(self.each(|cell| Some(self.map.grid.cells[cell])))
    }

    /// Records in each.
    pub(crate) fn counts(&self) -> Values {
        self.integers(|cell| Some(i64::from(self.map.counts[cell])))
    }

    /// Shares of records without a cell in each; null where none were asked for.
    pub(crate) fn apportioned(&self) -> Values {
        self.numbers(|cell| Some(self.map.shares.as_ref()?[cell]))
    }

    /// Harm of the records in each; null where it was not asked for.
    pub(crate) fn harm(&self) -> Values {
        self.numbers(|cell| self.map.harm.as_ref().map(|_| self.map.values[cell]))
    }

    pub(crate) fn booleans(&self, value: impl Fn(usize) -> bool + Sync) -> Values {
        Values::Booleans(self.each(value))
    }

    /// Whether neighbours are missing.
    pub(crate) fn edge(&self) -> Values {
        self.booleans(|cell| !self.map.neighbours.complete(cell))
    }

    /// Records in each cell and its neighbours together.
    pub(crate) fn around(&self) -> Values {
        let count = |cell: usize| i64::from(self.map.counts[cell]);
        self.integers(|cell| {
            let others = self.map.neighbours.of(cell).iter();
            Some(count(cell) + others.map(|&other| count(other as usize)).sum::<i64>())
        })
    }
}

/// Columns of some cells of a map, made of what was found in all of them.
type Columns<T, const N: usize> = fn(&T, &Answered<'_>) -> [Values; N];

impl Map {
    /// Positions of the cells that hold as many records as are asked.
    fn kept(&self, question: &Question<'_>) -> Vec<u32> {
        #[expect(clippy::cast_precision_loss, reason = "a bound on counts")]
        let least = question.query.n_min as f64;
        let shares = |cell: usize| self.shares.as_ref().map_or(0.0, |shares| shares[cell]);
        let holds = |&cell: &usize| f64::from(self.counts[cell]) + shares(cell) >= least;
        let kept = (0..self.counts.len()).filter(holds);
        kept.filter_map(|cell| u32::try_from(cell).ok()).collect()
    }

    /// What a layer that tests each cell says of itself, with q of all.
    pub(crate) fn tested(
        &self,
        question: &Question<'_>,
        (null, q): (NullModel, &[Option<f64>]),
    ) -> Metadata {
        Metadata {
            null: Some(null.code()),
            tested: Some(q.iter().flatten().count() as u64),
            alpha: Some(question.query.alpha),
            fdr: Some("bh"),
            seed: seed(question, null),
            ..self.metadata(question)
        }
    }

    /// What every map says of itself.
    pub(crate) fn metadata(&self, question: &Question<'_>) -> Metadata {
        Metadata {
            statistics: self.harm.as_ref().map(Harm::facts).unwrap_or_default(),
            ..self.tally.metadata(question)
        }
    }

    /// The answer of a layer: its properties' columns of the answered cells.
    pub(crate) fn table<const N: usize>(
        &self,
        question: &Question<'_>,
        layer: &'static LayerDescription,
        columns: [Values; N],
        metadata: Metadata,
    ) -> Computed {
        let kept = self.kept(question);
        let table = LayerTable::of_grid(layer, &self.grid, &kept, metadata);
        Computed::all(table.filled(columns))
    }

    /// The answer of a layer whose columns are filled where they are read: what `columns` makes of `found` for some cells.
    pub(crate) fn filled_later<T: Send + Sync + 'static, const N: usize>(
        self,
        question: &Question<'_>,
        layer: &'static LayerDescription,
        metadata: Metadata,
        (found, columns): (T, Columns<T, N>),
    ) -> Computed {
        let kept = self.kept(question);
        let table = LayerTable::of_grid(layer, &self.grid, &kept, metadata);
        let fill = Fill::new(move |kept| {
            let (map, kept) = (&self, Cow::Borrowed(kept));
            Vec::from(columns(&found, &Answered { map, kept }))
        });
        Computed::unfilled(table, fill)
    }
}

//! Records located only to a district or tehsil, as real-valued shares of the cells they may lie in.

use std::collections::BTreeMap;

use h3o::CellIndex;
use naqsha_store::CubeQuery;

use crate::error::LayerError;
use crate::layer::Question;
use crate::parameters::{Parameter, ParameterError};
use crate::query::Apportion;
use crate::table::Apportioned;

/// Shares of records by cell of the study area, and what they are shares of.
pub(crate) struct Shared {
    /// Ascending.
    pub(crate) cells: Vec<(CellIndex, f64)>,
    pub(crate) facts: Apportioned,
    /// Records of which no share lies in the study area.
    pub(crate) elsewhere: u64,
    pub(crate) synthetic: bool,
}

impl Shared {
    /// The share of a cell.
    pub(crate) fn of(&self, cell: CellIndex) -> f64 {
        let at = self.cells.binary_search_by_key(&cell, |(cell, _)| *cell);
        at.map_or(0.0, |at| self.cells[at].1)
    }

    /// What is left of the records without a location, and of those outside, near the study area and not: those that are
    /// spread are of neither, and those of which no share lies in it are outside.
    pub(crate) fn taken_from(&self, no_location: u64, outside: u64) -> (u64, u64) {
        // Where the batches say that they are does not matter any more.
        let taken = self.facts.records + self.elsewhere;
        let near = taken.min(no_location);
        (
            no_location - near,
            outside + self.elsewhere - (taken - near),
        )
    }
}

/// What the question asks to be apportioned; `None` where it asks for nothing.
///
/// # Errors
/// [`LayerError::Parameters`] where there are no boundaries, or no population that is fine enough.
pub(crate) fn apportion(
    question: &Question<'_>,
    cube: &CubeQuery<'_>,
) -> Result<Option<Shared>, LayerError> {
    let by = question.query.apportion;
    if by == Apportion::None {
        return Ok(None);
    }
    let refused = |reason: String| {
        let error = ParameterError::new(Parameter::Apportion.name(), reason);
        Err(LayerError::Parameters(vec![error]))
    };
    let regions = question.deployment.regions()?;
    if regions.is_empty() {
        return refused(
            "no boundaries of districts or tehsils are imported: naqsha boundaries import FILE.geojson --level district …"
                .to_owned(),
        );
    }
    let population = question.deployment.population()?;
    let resolution = question.resolution;
    let population = match (by, population) {
        (Apportion::Population, None) => {
            return refused(
                "no population is imported: naqsha population import FILE.csv --vintage V"
                    .to_owned(),
            );
        }
        (Apportion::Population, Some(of)) if of.resolution() < resolution => {
            let finest = of.resolution();
            return refused(format!(
                "the population is of cells at resolution {finest}: ask resolution={finest} or coarser"
            ));
        }
        (Apportion::Population, found) => found,
        (Apportion::Area | Apportion::None, _) => None,
    };
    let mut gathered = Gathered::default();
    for named in question.snapshot.named(cube)? {
        let Some(region) = regions.smallest(&named.district, named.tehsil.as_deref()) else {
            continue;
        };
        let shares = match population {
            Some(population) => region.by_population(population, resolution),
            None => region.by_area(resolution),
        };
        if !shares.is_empty() {
            gathered.synthetic |= named.synthetic;
            gathered.add(question, &shares, named.count);
        }
    }
    Ok(Some(gathered.finished(by)))
}

#[derive(Default)]
struct Gathered {
    cells: BTreeMap<CellIndex, f64>,
    records: u64,
    /// The part of those records that lies in the study area.
    inside: f64,
    elsewhere: u64,
    synthetic: bool,
}

impl Gathered {
    /// Adds the shares of records of one area, as far as they lie in the study area.
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
    fn add(&mut self, question: &Question<'_>, shares: &[(CellIndex, f64)], count: u64) {
        let cells: Vec<CellIndex> = shares.iter().map(|(cell, _)| *cell).collect();
        let contained = question.area.contain(question.resolution, &cells);
        let mut inside = 0.0;
        for (&(cell, share), _) in shares.iter().zip(contained).filter(|(_, inside)| *inside) {
            *self.cells.entry(cell).or_default() += share * count as f64;
            inside += share;
        }
        if inside > 0.0 {
            self.records += count;
            self.inside += inside * count as f64;
        } else {
            self.elsewhere += count;
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
    fn finished(self, by: Apportion) -> Shared {
        Shared {
            cells: self.cells.into_iter().collect(),
            facts: Apportioned {
                by: by.code(),
                records: self.records,
                inside: self.inside,
                outside: (self.records as f64 - self.inside).max(0.0),
            },
            elsewhere: self.elsewhere,
            synthetic: self.synthetic,
        }
    }
}

//! Counts over the cells of a study area, and why the other records are not among them.

use std::collections::BTreeMap;

use h3o::CellIndex;
use naqsha_model::Basis;
use naqsha_store::{CubeQuery, Filter};

use crate::boundaries::CellBoundaries;
use crate::error::LayerError;
use crate::layer::Question;
use crate::layers::apportion::{Shared, apportion};
use crate::scope::Narrowed;
use crate::study_areas::Grid;
use crate::table::{Apportioned, Excluded, Metadata, StudyAreaFacts};

/// Counts for the cells of the study area that hold a record; every other cell of it holds none.
pub(crate) struct Tally {
    /// Ascending.
    pub(crate) cells: Vec<CellIndex>,
    /// One count for each of `cells`.
    pub(crate) counts: Vec<u32>,
    /// Shares of records that have no cell, where that was asked.
    pub(crate) shared: Option<Shared>,
    pub(crate) excluded: Excluded,
    pub(crate) facts: StudyAreaFacts,
    pub(crate) synthetic: bool,
}

/// The store's filter of a question.
pub(crate) fn filter(query: &Narrowed) -> Filter<'static> {
    Filter {
        categories: query.categories,
        stages: query.stages.clone(),
        agencies: query.agencies.clone(),
        bases: query.bases.clone(),
        days: query.days,
        reader: query.reader().cloned(),
        ..Filter::default()
    }
}

/// A place of these kinds is where something happened; a residence or a police station is not.
pub(crate) const COUNTED_BASES: [Basis; 4] = [
    Basis::Occurrence,
    Basis::Seizure,
    Basis::Exploitation,
    Basis::BorderPoint,
];

/// The bases that are counted of a question; `default` are those where it names none.
pub(crate) fn counted_bases(
    question: &Question<'_>,
    default: Option<&[Basis]>,
) -> Option<Vec<Basis>> {
    let named = question.query.bases.is_some();
    default.filter(|_| !named).map(<[Basis]>::to_vec)
}

/// Counts the records of a question; `default_bases` are the bases counted where the question names none.
pub(crate) fn tally(
    question: &Question<'_>,
    default_bases: Option<&[Basis]>,
) -> Result<Tally, LayerError> {
    tally_of(question, default_bases, filter(question.query))
}

/// Counts the records of a question that pass a filter.
pub(crate) fn tally_of(
    question: &Question<'_>,
    default_bases: Option<&[Basis]>,
    filter: Filter<'static>,
) -> Result<Tally, LayerError> {
    let asked = CubeQuery {
        resolution: question.resolution,
        filter,
        counted_bases: counted_bases(question, default_bases),
    };
    let cube = question.snapshot.cube(&asked);
    let shared = apportion(question, &asked)?;
    let (mut cells, mut counts) = (Vec::new(), Vec::new());
    let (mut outside, mut synthetic) = (0_u64, false);
    let contained = question.area.contain(question.resolution, &cube.cells);
    let counted = cube.cells.iter().zip(&cube.counts).zip(&cube.synthetic);
    for (((&cell, &count), &from_sample), is_contained) in counted.zip(contained) {
        if is_contained {
            cells.push(cell);
            counts.push(count);
            synthetic |= from_sample;
        } else {
            outside += u64::from(count);
        }
    }
    // A record whose cell is too coarse, or that has none, may still be known to lie elsewhere.
    let (mut too_coarse, mut no_location) = (0, 0);
    let extent = question.area.bounds();
    for &(cell, count) in &cube.coarse {
        let near = extent.is_none_or(|extent| CellBoundaries::of(&[cell]).meets(0, &extent));
        *if near { &mut too_coarse } else { &mut outside } += u64::from(count);
    }
    for (named, &count) in &cube.unlocated {
        let theirs = named
            .as_deref()
            .and_then(|name| question.areas.get(name).ok()?.bounds());
        let near = theirs.zip(extent).is_none_or(|(a, b)| a.overlaps(&b));
        *if near { &mut no_location } else { &mut outside } += count;
    }
    if let Some(shared) = &shared {
        (no_location, outside) = shared.taken_from(no_location, outside);
        synthetic |= shared.synthetic;
    }
    let reasons = [
        ("too_coarse", too_coarse),
        ("no_location", no_location),
        ("basis", cube.excluded.basis),
        ("outside_study_area", outside),
    ];
    let reasons: BTreeMap<_, _> = reasons
        .into_iter()
        .filter(|&(_, count)| count > 0)
        .collect();
    let facts = StudyAreaFacts {
        name: question.area.name.clone(),
        hash: question.area.hash().to_owned(),
        cells: question.area.size(question.resolution)?,
        occupied: cells.len() as u64,
    };
    Ok(Tally {
        cells,
        counts,
        shared,
        excluded: Excluded {
            matched: cube.matched,
            reasons,
        },
        facts,
        synthetic,
    })
}

impl Tally {
    /// What every answer about counted cells says of itself; one that tests adds the rest.
    pub(crate) fn metadata(&self, question: &Question<'_>) -> Metadata {
        Metadata {
            study_area: Some(self.facts.clone()),
            resolution: Some(question.resolution),
            excluded: self.excluded.clone(),
            apportioned: self.apportioned(),
            synthetic: self.synthetic,
            ..Metadata::plain(question.snapshot.version(), question.scope)
        }
    }

    /// The share of records without a cell that each of some ascending cells has; `None` where none was asked for.
    pub(crate) fn shares(&self, cells: &[CellIndex]) -> Option<Vec<f64>> {
        let shared = &self.shared.as_ref()?.cells;
        let share = |cell: &CellIndex| {
            let at = shared.binary_search_by_key(cell, |(cell, _)| *cell).ok()?;
            Some(shared.get(at)?.1)
        };
        Some(
            cells
                .iter()
                .map(|cell| share(cell).unwrap_or(0.0))
                .collect(),
        )
    }

    /// The facts of records that are spread.
    pub(crate) fn apportioned(&self) -> Option<Apportioned> {
        self.shared.as_ref().map(|shared| shared.facts)
    }

    /// One count for each cell of a grid of the same study area and resolution, zeros included.
    pub(crate) fn over(&self, grid: &Grid) -> Vec<u32> {
        let mut all = vec![0; grid.cells.len()];
        for (position, &count) in grid.positions(&self.cells).iter().zip(&self.counts) {
            debug_assert!(position.is_some(), "an area has the cells it contains");
            if let Some(position) = *position {
                all[position] = count;
            }
        }
        all
    }
}

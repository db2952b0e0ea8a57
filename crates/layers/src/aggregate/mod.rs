//! Aggregates: exact numbers of records by any of cell, category, subtype, stage, agency, basis and period.
//!
//! Of `counts` they are the records on its map, so that their sum is that of its features whatever is told apart; of
//! `incidents` all its records, and where cells are told apart those that have one.

mod question;
mod rows;

pub use question::{AggregateQuery, GroupKey};
pub use rows::{AggregateRow, MOST_ROWS};

use h3o::{CellIndex, Resolution};
use naqsha_store::{Area, CubeQuery, GroupCells, GroupQuery, Reach};

use crate::boundaries::{BoundingBox, CellBoundaries};
use crate::catalogue::{Asked, Catalogue, refuse_damage};
use crate::description::LayerDescription;
use crate::error::LayerError;
use crate::layer::Question;
use crate::layers::{COUNTS, INCIDENTS, filter, tally};
use crate::page::Page;
use crate::parameters::Parameter;
use crate::period::Period;
use crate::query::{Apportion, LayerQuery};
use crate::scope::Scope;
use crate::table::{Excluded, StudyAreaFacts};
use question::RESOLUTION;
use rows::{rows, steps};

/// Numbers of records by group.
#[derive(Debug, Clone)]
pub struct Aggregate {
    /// The layer.
    pub layer: &'static LayerDescription,
    /// Version of the data.
    pub version: u64,
    /// What is told apart.
    pub group_by: Vec<GroupKey>,
    /// Length of the steps, where periods are told apart.
    pub period: Option<Period>,
    /// Resolution, where records count in cells.
    pub resolution: Option<Resolution>,
    /// The study area, where only its cells count.
    pub study_area: Option<StudyAreaFacts>,
    /// Ascending by the keys in their order; null first.
    pub rows: Vec<AggregateRow>,
    /// Records in all rows.
    pub n: u64,
    /// Records that match the question and count in no cell.
    pub excluded: Excluded,
    /// The rules of disclosure that were applied.
    pub policy: &'static str,
    /// Whether any record counted is synthetic.
    pub synthetic: bool,
}

/// Whether a layer's records can be aggregated: those of a layer that computes something else than a number cannot.
pub fn aggregated() -> impl Iterator<Item = &'static LayerDescription> {
    [&INCIDENTS, &COUNTS].into_iter()
}

impl Catalogue {
    /// Numbers of a layer's records by group.
    ///
    /// # Errors
    /// [`LayerError::UnknownLayer`] for a layer that is not [`aggregated`]; [`LayerError::Parameters`] where the groups are
    /// more than [`MOST_ROWS`]; else as [`Self::answer`].
    pub fn aggregate(
        &self,
        layer: &str,
        query: &LayerQuery,
        scope: &Scope,
        asked: &AggregateQuery,
    ) -> Result<Aggregate, LayerError> {
        let query = &scope.narrow(query);
        let snapshot = self.snapshot(query)?;
        let of_all = Asked {
            query,
            scope,
            page: &Page::ALL,
        };
        let (layer, mut question) = self.question(layer, of_all, &snapshot)?;
        let layer = layer.describe();
        refuse_damage(&snapshot, query.days)?;
        let steps = asked.has(GroupKey::Period).then(|| steps(asked.period));
        let mut aggregate = match layer.id {
            id if id == COUNTS.id => on_the_map(&question, asked, steps.as_deref())?,
            id if id == INCIDENTS.id => {
                let finest = scope.finest_record_resolution();
                if query.resolution.is_some_and(|of| of > finest) {
                    let reason = format!("single records are shown at resolution {finest} at most");
                    return Err(LayerError::of_parameter(RESOLUTION, reason));
                }
                question.resolution = question.resolution.min(finest);
                of_records(&question, asked, steps.as_deref())?
            }
            id => return Err(LayerError::UnknownLayer(id.to_owned())),
        };
        aggregate.layer = layer;
        Ok(aggregate)
    }
}

/// Records on the map of counts.
fn on_the_map(
    question: &Question<'_>,
    asked: &AggregateQuery,
    steps: Option<&[u16]>,
) -> Result<Aggregate, LayerError> {
    if question.query.apportion != Apportion::None {
        let reason = "spreads records as shares of cells, and an aggregate counts whole ones";
        let parameter = Parameter::Apportion.name();
        return Err(LayerError::of_parameter(parameter, reason.to_owned()));
    }
    let tally = tally(question, None)?;
    let least = question.query.n_min;
    let counted = tally.cells.iter().zip(&tally.counts);
    let counted = counted.filter(|&(_, &count)| u64::from(count) >= least);
    let mut cells: Vec<CellIndex> = counted.map(|(&cell, _)| cell).collect();
    if let Some(bbox) = &asked.bbox {
        let boundaries = CellBoundaries::of(&cells);
        let meets = (0..)
            .zip(cells)
            .filter(|&(at, _)| boundaries.meets(at, bbox));
        cells = meets.map(|(_, cell)| cell).collect();
    }
    let keep = |cell: CellIndex| cells.binary_search(&cell).is_ok();
    let groups = question.snapshot.groups(&GroupQuery {
        filter: filter(question.query),
        by: asked.of_kinds(),
        steps,
        cells: Some(GroupCells {
            resolution: question.resolution,
            keep: &keep,
            apart: asked.has(GroupKey::H3),
        }),
    });
    let rows = rows(&groups, asked)?;
    Ok(Aggregate {
        resolution: Some(question.resolution),
        study_area: Some(tally.facts.clone()),
        ..aggregate(question, asked, rows, tally.excluded)
    })
}

/// All records of a question, or those of them that have a cell. One that is shown more coarsely than the cells are has
/// none, as one that is known more coarsely.
fn of_records(
    question: &Question<'_>,
    asked: &AggregateQuery,
    steps: Option<&[u16]>,
) -> Result<Aggregate, LayerError> {
    let in_box = |cell: CellIndex| {
        let meets = |bbox: &BoundingBox| CellBoundaries::of(&[cell]).meets(0, bbox);
        asked.bbox.as_ref().is_none_or(meets)
    };
    let reach = |cell: CellIndex| asked.bbox.map_or(Reach::All, |bbox| bbox.reach(cell));
    let all = |_: CellIndex| true;
    let in_cells = asked.has(GroupKey::H3);
    let (mut groups, mut matched) = (Vec::new(), 0);
    let (mut too_coarse, mut no_location) = (0, 0);
    for share in question.scope.shares(&filter(question.query)) {
        let mut filter = share.filter;
        filter.area = asked.bbox.map(|_box| Area {
            finest: share.finest,
            contains: &in_box,
            reach: Some(&reach),
            unlocated: true,
        });
        let count = question.snapshot.count(&filter);
        matched += count;
        if in_cells && count > 0 {
            let cube = question.snapshot.cube(&CubeQuery {
                resolution: question.resolution,
                filter: filter.clone(),
                counted_bases: None,
            });
            no_location += cube.excluded.no_location;
            if question.resolution > share.finest {
                too_coarse += count - cube.excluded.no_location;
                continue;
            }
            too_coarse += cube.excluded.too_coarse;
        }
        groups.extend(question.snapshot.groups(&GroupQuery {
            filter,
            by: asked.of_kinds(),
            steps,
            cells: in_cells.then_some(GroupCells {
                resolution: question.resolution,
                keep: &all,
                apart: true,
            }),
        }));
    }
    let rows = rows(&groups, asked)?;
    let reasons = [("too_coarse", too_coarse), ("no_location", no_location)];
    let reasons = reasons.into_iter().filter(|&(_, count)| count > 0);
    let excluded = Excluded {
        matched,
        reasons: reasons.collect(),
    };
    Ok(Aggregate {
        resolution: in_cells.then_some(question.resolution),
        ..aggregate(question, asked, rows, excluded)
    })
}

fn aggregate(
    question: &Question<'_>,
    asked: &AggregateQuery,
    (rows, synthetic): (Vec<AggregateRow>, bool),
    excluded: Excluded,
) -> Aggregate {
    Aggregate {
        layer: &COUNTS,
        version: question.snapshot.version(),
        group_by: asked.group_by.clone(),
        period: asked.has(GroupKey::Period).then_some(asked.period),
        resolution: None,
        study_area: None,
        n: rows.iter().map(|row| row.n).sum(),
        rows,
        excluded,
        policy: question.scope.policy(),
        synthetic,
    }
}

//! Zones: cells of a layer as a discrete global grid system asks for them. Which cells have a value, and what the values of
//! all cells below one are, at any depth.
//!
//! Cells below a cell are meant by their index: they are not geometrically inside it. A layer over cells has a value
//! wherever it has a row; `counts` has one in every cell of the study area, for no records are a number of records too.

use std::sync::Arc;

use h3o::{CellIndex, Resolution};
use rayon::prelude::*;

use crate::boundaries::{BoundingBox, CellBoundaries};
use crate::catalogue::{Asked, Catalogue};
use crate::description::LayerDescription;
use crate::error::LayerError;
use crate::filter::Predicate;
use crate::layer::{Layer, Question};
use crate::layers::{self, Located};
use crate::page::Page;
use crate::query::LayerQuery;
use crate::scope::Scope;
use crate::table::{Keys, LayerTable};

/// The finest resolution at which anything is counted.
pub const FINEST_LEVEL: Resolution = Resolution::Nine;

/// Deepest that the values below a zone are given: 16,807 of a hexagon.
pub const DEEPEST: u8 = 5;

/// Most cells below a zone that are looked at one by one.
const MOST_BELOW: u64 = 2_000_000;

/// Names under which the questions of this module come.
const LEVEL: &str = "zone-level";
const DEPTH: &str = "zone-depth";

/// Which zones are wanted.
#[derive(Debug, Clone, Default)]
pub struct ZoneQuery {
    /// Resolution of the zones; `None` takes that of the study area, or of the parent where that is finer.
    pub level: Option<Resolution>,
    /// Only this zone and those below it, by index.
    pub parent: Option<CellIndex>,
    /// Only zones that share a point with the box.
    pub bbox: Option<BoundingBox>,
    /// Only zones of whose values this is true.
    pub filter: Option<Arc<Predicate>>,
}

/// The zones of one level that have a value.
#[derive(Debug, Clone)]
pub struct Zones {
    /// Ascending.
    pub cells: Vec<CellIndex>,
    /// Their resolution.
    pub level: Resolution,
    /// What the answer is about.
    pub facts: ZoneFacts,
}

/// The values of a zone, or of those below it.
#[derive(Debug, Clone)]
pub struct ZoneDepth {
    /// How far below.
    pub depth: u8,
    /// All zones at that depth, ascending, and the row of each that has values.
    pub sub_zones: Vec<(CellIndex, Option<u32>)>,
    /// The values: a row for each zone that has some, in the same order.
    pub table: LayerTable,
    /// Where the records of the zone are, of layers that count each in one cell.
    pub located: Option<Located>,
}

/// The values of a zone at some depths.
#[derive(Debug, Clone)]
pub struct ZoneData {
    /// In the order asked.
    pub depths: Vec<ZoneDepth>,
    /// What the answer is about.
    pub facts: ZoneFacts,
}

/// What an answer about zones is about.
#[derive(Debug, Clone)]
pub struct ZoneFacts {
    /// The layer.
    pub layer: &'static LayerDescription,
    /// Version of the data.
    pub version: u64,
    /// Name of the study area.
    pub study_area: String,
    /// The rules of disclosure that were applied.
    pub policy: &'static str,
}

/// Whether a layer's features are cells, so that it has zones.
pub fn has_zones(layer: &LayerDescription) -> bool {
    layer.over_cells && !layer.leads()
}

impl Catalogue {
    /// The zones of a layer that have a value.
    ///
    /// # Errors
    /// [`LayerError::UnknownLayer`] for one without zones; [`LayerError::Parameters`] where the level is coarser than the
    /// parent, or has more cells than are listed; else as [`Self::answer`].
    pub fn zones(
        &self,
        layer: &str,
        query: &LayerQuery,
        scope: &Scope,
        asked: &ZoneQuery,
    ) -> Result<Zones, LayerError> {
        let query = &scope.narrow(query);
        let snapshot = self.snapshot(query)?;
        let of_all = Asked {
            query,
            scope,
            page: &Page::ALL,
        };
        let (layer, mut question) = self.question(layer, of_all, &snapshot)?;
        let description = gridded(layer)?;
        let parent_level = asked.parent.map(CellIndex::resolution);
        let default = parent_level.map_or(question.resolution, |of| of.max(question.resolution));
        question.resolution = asked.level.unwrap_or(default);
        if parent_level.is_some_and(|of| of > question.resolution) {
            let reason = "is coarser than the parent zone".to_owned();
            return Err(LayerError::of_parameter(LEVEL, reason));
        }
        let has_zeros = layers::counts_zeros(description);
        let cells = if has_zeros && asked.filter.is_none() && query.n_min == 0 {
            let cells = cells_within(&question, asked.parent)?;
            in_box(cells, asked.bbox.as_ref())
        } else {
            let listed = asked.parent.filter(|&zone| is_listed(zone, &question));
            let table = match listed {
                _ if !has_zeros => {
                    let whole = self.whole_table(layer, &question);
                    Arc::clone(whole.map_err(of_level)?.table())
                }
                Some(zone) => Arc::new(layers::counts_within(&question, zone)?.0),
                None => Arc::new(layers::counts_everywhere(&question).map_err(of_level)?),
            };
            of_table(&table, asked)
        };
        Ok(Zones {
            cells,
            level: question.resolution,
            facts: facts(description, &question),
        })
    }

    /// The values of a layer in a zone, and in all below it at some depths. Each depth is an answer of the layer at that
    /// resolution.
    ///
    /// # Errors
    /// [`LayerError::UnknownLayer`] for a layer without zones; [`LayerError::Parameters`] for a depth below
    /// [`DEEPEST`] or [`FINEST_LEVEL`]; else as [`Self::answer`].
    pub fn zone_data(
        &self,
        layer: &str,
        query: &LayerQuery,
        scope: &Scope,
        (zone, depths): (CellIndex, &[u8]),
    ) -> Result<ZoneData, LayerError> {
        let query = &scope.narrow(query);
        let snapshot = self.snapshot(query)?;
        let of_all = Asked {
            query,
            scope,
            page: &Page::ALL,
        };
        let (layer, mut question) = self.question(layer, of_all, &snapshot)?;
        let description = gridded(layer)?;
        let mut all = Vec::with_capacity(depths.len());
        for &depth in depths {
            question.resolution = level_at(zone, depth)?;
            let (table, located) = if layers::counts_zeros(description) {
                let (table, located) = layers::counts_within(&question, zone)?;
                (table, Some(located))
            } else {
                let whole = self.whole_table(layer, &question).map_err(of_depth)?;
                (whole.only(&rows_below(whole.bare(), zone)), None)
            };
            all.push(ZoneDepth {
                depth,
                sub_zones: below(zone, question.resolution, &table),
                table,
                located,
            });
        }
        Ok(ZoneData {
            depths: all,
            facts: facts(description, &question),
        })
    }
}

fn gridded(layer: &'static dyn Layer) -> Result<&'static LayerDescription, LayerError> {
    let description = layer.describe();
    if has_zones(description) {
        Ok(description)
    } else {
        Err(LayerError::UnknownLayer(description.id.to_owned()))
    }
}

fn facts(layer: &'static LayerDescription, question: &Question<'_>) -> ZoneFacts {
    ZoneFacts {
        layer,
        version: question.snapshot.version(),
        study_area: question.area.name.clone(),
        policy: question.scope.policy(),
    }
}

fn level_at(zone: CellIndex, depth: u8) -> Result<Resolution, LayerError> {
    let level = u8::from(zone.resolution()) + depth;
    let level = Resolution::try_from(level).ok();
    let level = level.filter(|&level| depth <= DEEPEST && level <= FINEST_LEVEL);
    level.ok_or_else(|| {
        let reason = format!(
            "goes below what there is: the deepest is {DEEPEST}, and level {FINEST_LEVEL} is the finest"
        );
        LayerError::of_parameter(DEPTH, reason)
    })
}

/// A study area with too many cells is a matter of the level, or the depth, that was asked.
fn of_level(error: LayerError) -> LayerError {
    too_many(error, LEVEL)
}

fn of_depth(error: LayerError) -> LayerError {
    too_many(error, DEPTH)
}

fn too_many(error: LayerError, parameter: &str) -> LayerError {
    match error {
        LayerError::StudyArea(why) => LayerError::of_parameter(parameter, why.to_string()),
        other => other,
    }
}

fn is_listed(zone: CellIndex, question: &Question<'_>) -> bool {
    zone.children_count(question.resolution) <= MOST_BELOW
}

/// The cells of the study area, or those of them below a zone.
fn cells_within(
    question: &Question<'_>,
    parent: Option<CellIndex>,
) -> Result<Vec<CellIndex>, LayerError> {
    if let Some(zone) = parent.filter(|&zone| is_listed(zone, question)) {
        return Ok(layers::cells_below(question, zone));
    }
    let grid = question.area.grid(question.resolution);
    let grid = grid.map_err(|error| match of_level(error) {
        LayerError::Parameters(errors) => {
            let why: Vec<String> = errors.into_iter().map(|error| error.reason).collect();
            let reason = format!("{}; ask with a parent-zone", why.join("; "));
            LayerError::of_parameter(LEVEL, reason)
        }
        other => other,
    })?;
    let is_below = |cell: &CellIndex| parent.is_none_or(|zone| is_below(*cell, zone));
    Ok(grid.cells.iter().copied().filter(is_below).collect())
}

fn is_below(cell: CellIndex, zone: CellIndex) -> bool {
    cell.parent(zone.resolution()) == Some(zone)
}

fn in_box(cells: Vec<CellIndex>, bbox: Option<&BoundingBox>) -> Vec<CellIndex> {
    let Some(bbox) = bbox else {
        return cells;
    };
    let boundaries = CellBoundaries::of(&cells);
    let meets = (0..)
        .zip(cells)
        .filter(|&(at, _)| boundaries.meets(at, bbox));
    meets.map(|(_, cell)| cell).collect()
}

/// The cells of a table that a question is about, ascending.
fn of_table(table: &LayerTable, asked: &ZoneQuery) -> Vec<CellIndex> {
    let Keys::Cells(cells) = &table.keys else {
        return Vec::new();
    };
    let wanted = |&(row, cell): &(usize, CellIndex)| {
        let shape = table.shapes[row];
        let meets = |bbox: &BoundingBox| shape.is_none_or(|at| table.boundaries.meets(at, bbox));
        asked.parent.is_none_or(|zone| is_below(cell, zone))
            && asked.bbox.as_ref().is_none_or(meets)
            && asked.filter.as_ref().is_none_or(|of| of.admits(table, row))
    };
    let rows = cells.iter().copied().enumerate();
    rows.filter(wanted).map(|(_, cell)| cell).collect()
}

/// Rows of a table whose cells lie below a zone; the cells are ascending.
fn rows_below(table: &LayerTable, zone: CellIndex) -> Vec<u32> {
    let Keys::Cells(cells) = &table.keys else {
        return Vec::new();
    };
    let rows = (0..).zip(cells);
    rows.filter(|&(_, &cell)| is_below(cell, zone))
        .map(|(row, _)| row)
        .collect()
}

/// All cells below a zone with their rows in a table that has no others.
fn below(zone: CellIndex, level: Resolution, table: &LayerTable) -> Vec<(CellIndex, Option<u32>)> {
    let row = |cell: CellIndex| match &table.keys {
        Keys::Cells(cells) => u32::try_from(cells.binary_search(&cell).ok()?).ok(),
        _ => None,
    };
    let mut cells: Vec<CellIndex> = zone.children(level).collect();
    cells.sort_unstable();
    cells.into_iter().map(|cell| (cell, row(cell))).collect()
}

/// Zones with whole families of them replaced by their parents, as often as that can be done; ascending as numbers, so that
/// larger ones come first.
pub fn compact(mut cells: Vec<CellIndex>) -> Vec<CellIndex> {
    cells.sort_unstable();
    cells.dedup();
    // The cells are distinct and of one resolution, which is all that can be wrong with them.
    let compacted = CellIndex::compact(&mut cells);
    debug_assert!(compacted.is_ok(), "distinct cells of one resolution");
    // Cells of several resolutions are not in the order of their numbers by themselves.
    cells.sort_unstable_by_key(|&cell| u64::from(cell));
    cells
}

/// Area of some cells together, in square metres.
pub fn area_m2(cells: &[CellIndex]) -> f64 {
    // Added one after the other, so that the sum is the same on any number of threads.
    let areas: Vec<f64> = cells.par_iter().map(|cell| cell.area_m2()).collect();
    areas.iter().sum()
}

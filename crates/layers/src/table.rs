//! The answer of a layer: columns of equal length, their keys and shapes, and what a reader must know to judge them.

use std::collections::BTreeMap;
use std::sync::Arc;

use h3o::{CellIndex, Resolution};
use naqsha_analytics::{Calibration, Evaluation};
use naqsha_model::{DayRange, IncidentId, Point};

use crate::boundaries::CellBoundaries;
use crate::description::{LayerDescription, Property, PropertyKind};
use crate::error::Unanswered;
use crate::period::Baseline;
use crate::scope::Scope;
use crate::steps::Steps;
use crate::study_areas::Grid;

/// The answer of a layer.
#[derive(Debug, Clone)]
pub struct LayerTable {
    /// The layer that answered.
    pub layer: &'static LayerDescription,
    /// Feature ids, in the order of the rows.
    pub keys: Keys,
    /// Shape of each row, as an index into `boundaries`; `None` is a record without a place.
    pub shapes: Vec<Option<u32>>,
    /// Cell boundaries, shared by every table over the same cells; lines of flows.
    pub boundaries: Arc<CellBoundaries>,
    /// Exact points, one a row, where the scope shows them: they replace the cell as a record's geometry. The middles of
    /// districts, for rows about those.
    pub points: Option<Vec<Option<Point>>>,
    /// Columns in the order of the layer's properties.
    pub columns: Vec<Column>,
    /// What a reader must know.
    pub metadata: Metadata,
}

impl LayerTable {
    /// A table over cells, ascending, with the shape of each among `boundaries`; its columns are still to be filled.
    pub(crate) fn of_cells(
        layer: &'static LayerDescription,
        cells: Vec<CellIndex>,
        (shapes, boundaries): (Vec<Option<u32>>, Arc<CellBoundaries>),
        metadata: Metadata,
    ) -> Self {
        Self {
            layer,
            keys: Keys::Cells(cells),
            shapes,
            boundaries,
            points: None,
            columns: unfilled(layer),
            metadata,
        }
    }

    /// The same of some cells of a grid, by their ascending positions in it.
    pub(crate) fn of_grid(
        layer: &'static LayerDescription,
        grid: &Grid,
        kept: &[u32],
        metadata: Metadata,
    ) -> Self {
        let cells = kept.iter().map(|&cell| grid.cells[cell as usize]).collect();
        let shapes = kept.iter().map(|&cell| Some(cell)).collect();
        let drawn = (shapes, grid.boundaries());
        Self::of_cells(layer, cells, drawn, metadata)
    }

    /// The same with a column of values for each property of the layer.
    pub(crate) fn filled(mut self, columns: impl IntoIterator<Item = Values>) -> Self {
        let properties = self.layer.properties.iter().zip(columns);
        self.columns = properties
            .map(|(property, values)| Column { property, values })
            .collect();
        debug_assert_eq!(
            self.layer.properties.len(),
            self.columns.len(),
            "a column for each property"
        );
        self
    }

    /// The same with some of its rows only.
    pub(crate) fn only(&self, rows: &[u32]) -> Self {
        let columns = self.columns.iter();
        let columns = columns.map(|column| Column {
            property: column.property,
            values: column.values.only(rows),
        });
        Self {
            columns: columns.collect(),
            ..self.without_columns(rows)
        }
    }

    /// Some of its rows, with columns that are still to be filled.
    pub(crate) fn without_columns(&self, rows: &[u32]) -> Self {
        Self {
            layer: self.layer,
            keys: self.keys.only(rows),
            shapes: gather(&self.shapes, rows),
            boundaries: Arc::clone(&self.boundaries),
            points: self.points.as_ref().map(|points| gather(points, rows)),
            columns: unfilled(self.layer),
            metadata: self.metadata.clone(),
        }
    }

    /// A table without rows.
    pub(crate) fn empty(layer: &'static LayerDescription, metadata: Metadata) -> Self {
        Self {
            layer,
            keys: Keys::Named(Vec::new()),
            shapes: Vec::new(),
            boundaries: Arc::new(CellBoundaries::of(&[])),
            points: None,
            columns: unfilled(layer),
            metadata,
        }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.shapes.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.shapes.is_empty()
    }

    /// About how much memory the columns take: 16 bytes a value.
    pub(crate) fn bytes(&self) -> u32 {
        u32::try_from(self.len() * (self.columns.len() + 1) * 16).unwrap_or(u32::MAX)
    }
}

/// A layer's columns without values.
pub(crate) fn unfilled(layer: &'static LayerDescription) -> Vec<Column> {
    let column = |property: &'static Property| Column {
        property,
        values: Values::none(property.kind),
    };
    layer.properties.iter().map(column).collect()
}

/// Feature ids.
#[derive(Debug, Clone)]
pub enum Keys {
    /// Features are cells, ascending.
    Cells(Vec<CellIndex>),
    /// Features are records.
    Incidents(Vec<IncidentId>),
    /// Features lead from one cell to another, ascending; their shapes are lines.
    Flows(Vec<(CellIndex, CellIndex)>),
    /// Features have names of their own, ascending: letters, digits, hyphens and dots.
    Named(Vec<String>),
}

impl Keys {
    fn only(&self, rows: &[u32]) -> Self {
        match self {
            Self::Cells(cells) => Self::Cells(gather(cells, rows)),
            Self::Incidents(ids) => Self::Incidents(gather(ids, rows)),
            Self::Flows(pairs) => Self::Flows(gather(pairs, rows)),
            Self::Named(names) => Self::Named(gather(names, rows)),
        }
    }

    /// The row of a feature's id as it is written: a cell's digits, those of two cells with a hyphen, or a name. Records are
    /// not looked up here.
    pub(crate) fn row(&self, id: &str) -> Option<u32> {
        let at = match self {
            Self::Cells(cells) => cells.binary_search(&id.parse().ok()?),
            Self::Flows(pairs) => {
                let (from, to) = id.split_once('-')?;
                pairs.binary_search(&(from.parse().ok()?, to.parse().ok()?))
            }
            Self::Named(names) => names.binary_search_by(|name| name.as_str().cmp(id)),
            Self::Incidents(_) => return None,
        };
        u32::try_from(at.ok()?).ok()
    }
}

/// Values of one property.
#[derive(Debug, Clone)]
pub struct Column {
    /// The property.
    pub property: &'static Property,
    /// One value a row.
    pub values: Values,
}

/// Typed values; `None` is null.
#[derive(Debug, Clone)]
pub enum Values {
    /// Whole numbers.
    Integers(Vec<Option<i64>>),
    /// Finite real numbers.
    Numbers(Vec<Option<f64>>),
    /// Truth values.
    Booleans(Vec<bool>),
    /// Texts.
    Texts(Vec<Option<String>>),
    /// Codes of closed lists.
    Choices(Vec<Option<&'static str>>),
    /// Cells.
    Cells(Vec<Option<CellIndex>>),
}

impl Values {
    fn only(&self, rows: &[u32]) -> Self {
        match self {
            Self::Integers(values) => Self::Integers(gather(values, rows)),
            Self::Numbers(values) => Self::Numbers(gather(values, rows)),
            Self::Booleans(values) => Self::Booleans(gather(values, rows)),
            Self::Texts(values) => Self::Texts(gather(values, rows)),
            Self::Choices(values) => Self::Choices(gather(values, rows)),
            Self::Cells(values) => Self::Cells(gather(values, rows)),
        }
    }

    /// No value of a type.
    fn none(kind: PropertyKind) -> Self {
        match kind {
            PropertyKind::Integer => Self::Integers(Vec::new()),
            PropertyKind::Number => Self::Numbers(Vec::new()),
            PropertyKind::Boolean => Self::Booleans(Vec::new()),
            PropertyKind::Text | PropertyKind::Date => Self::Texts(Vec::new()),
            PropertyKind::Choice(_) => Self::Choices(Vec::new()),
            PropertyKind::Cell => Self::Cells(Vec::new()),
        }
    }
}

/// The values of some rows.
fn gather<T: Clone>(values: &[T], rows: &[u32]) -> Vec<T> {
    rows.iter()
        .map(|&row| values[row as usize].clone())
        .collect()
}

/// What a reader must know to judge a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Metadata {
    /// Version of the data the answer is about.
    pub data_version: u64,
    /// The study area, for layers over cells.
    pub study_area: Option<StudyAreaFacts>,
    /// Resolution, for layers over cells.
    pub resolution: Option<Resolution>,
    /// Null model, for layers that test.
    pub null: Option<&'static str>,
    /// Number of cells that were tested.
    pub tested: Option<u64>,
    /// Greatest q of a hot or cold cell.
    pub alpha: Option<f64>,
    /// Procedure behind q.
    pub fdr: Option<&'static str>,
    /// Seed, where the null was sampled.
    pub seed: Option<u64>,
    /// What the answer says of the map as a whole, by name, beside the features; empty where a layer says nothing.
    pub statistics: Vec<(&'static str, Fact)>,
    /// How far a record reaches, for layers that smooth.
    pub bandwidth: Option<Bandwidth>,
    /// The steps of time, for layers that follow them.
    pub steps: Option<Steps>,
    /// The two periods, for layers that compare them.
    pub compared: Option<Compared>,
    /// What the layer's test finds on shuffled maps, where that was asked for.
    pub calibration: Option<Calibration>,
    /// Records that match the question and are not on the map.
    pub excluded: Excluded,
    /// Records that are spread over cells, where that was asked.
    pub apportioned: Option<Apportioned>,
    /// What rates are of, for layers of rates.
    pub rates: Option<RateFacts>,
    /// The rules of disclosure that were applied.
    pub policy: &'static str,
    /// Whether any record behind the answer is synthetic.
    pub synthetic: bool,
    /// Why there are no features; `None` where there are as many as match.
    pub unanswered: Option<Unanswered>,
    /// The forecast as made, and how good such forecasts were.
    pub forecast: Option<Box<ForecastFacts>>,
}

impl Metadata {
    /// What every answer says; a layer over cells and one that tests add the rest.
    pub(crate) fn plain(data_version: u64, scope: &Scope) -> Self {
        Self {
            data_version,
            study_area: None,
            resolution: None,
            null: None,
            tested: None,
            alpha: None,
            fdr: None,
            seed: None,
            statistics: Vec::new(),
            bandwidth: None,
            steps: None,
            compared: None,
            calibration: None,
            excluded: Excluded::default(),
            apportioned: None,
            rates: None,
            policy: scope.policy(),
            synthetic: false,
            unanswered: None,
            forecast: None,
        }
    }
}

/// Something that an answer says of the map as a whole.
#[derive(Debug, Clone, PartialEq)]
pub enum Fact {
    /// A whole number.
    Count(u64),
    /// A real number, `None` where it does not exist.
    Number(Option<f64>),
    /// A word, `None` where there is none.
    Word(Option<String>),
    /// Several things of one kind, each with its own facts.
    Rows(Vec<Vec<(&'static str, Self)>>),
}

/// How far a record reaches on a smoothed map.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bandwidth {
    /// In metres.
    pub metres: f64,
    /// Where it comes from, in words.
    pub rule: &'static str,
}

/// The two periods that a map compares.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Compared {
    /// What the later one is compared with.
    pub baseline: Baseline,
    /// The earlier one.
    pub before: DayRange,
    /// The later one.
    pub after: DayRange,
    /// Days of the later one over those of the earlier one.
    pub exposure_ratio: f64,
}

/// The study area as used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StudyAreaFacts {
    /// Its name.
    pub name: String,
    /// SHA-256 of its geometry, in hex.
    pub hash: String,
    /// Cells in it.
    pub cells: u64,
    /// Cells in it with at least one record.
    pub occupied: u64,
}

/// A forecast as made.
#[derive(Debug, Clone, PartialEq)]
pub struct ForecastFacts {
    /// The model.
    pub model: &'static str,
    /// Days that it is about.
    pub horizon: u32,
    /// The first of them, `YYYY-MM-DD`.
    pub first_day: String,
    /// The last of them.
    pub last_day: String,
    /// Records that it learned from.
    pub learned_from: u64,
    /// Days that it learned from.
    pub learned_days: u32,
    /// Records expected in the study area; none where too few are there to learn from.
    pub expected: Option<f64>,
    /// How good the model was on the last days, beside the naive forecast; none where there is too little to judge by.
    pub evaluation: Option<Evaluation>,
}

/// Records located only to a district or tehsil that are on the map as shares of cells: modelled, not observed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Apportioned {
    /// What they are spread by: `area` or `population`.
    pub by: &'static str,
    /// How many take part; none of them is among the excluded.
    pub records: u64,
    /// The part of them that lies in the study area: the sum of the shares on the map.
    pub inside: f64,
    /// The part of them that lies outside of it.
    pub outside: f64,
}

impl Apportioned {
    /// The modelled part of all that is on a map where `located` records have a cell; zero where nothing is.
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
    pub fn share(&self, located: u64) -> f64 {
        let all = located as f64 + self.inside;
        if all > 0.0 { self.inside / all } else { 0.0 }
    }
}

/// What rates are of, and what the map of them is as a whole.
#[derive(Debug, Clone, PartialEq)]
pub struct RateFacts {
    /// What events are divided by.
    pub denominator: Denominator,
    /// Cells of the study area that have none.
    pub cells_without: u64,
    /// Records in those cells; they count in no rate.
    pub records_without: u64,
    /// The rate of the whole map, per 100,000.
    pub overall: Option<f64>,
    /// Moran's I of the standardised rates (Assunção and Reis 1999): statistic, expectation, z, two-sided p.
    pub moran: Option<[f64; 4]>,
}

/// What events are divided by.
#[derive(Debug, Clone, PartialEq)]
pub enum Denominator {
    /// The population that was imported.
    Population {
        /// Of which time it is.
        vintage: String,
        /// Whether numbers of larger areas were spread over cells.
        modelled: bool,
        /// The finest resolution it has.
        resolution: Resolution,
        /// People in the study area.
        people: f64,
    },
    /// Nothing: a code and what to do about it.
    None {
        /// `no_population`, `population_too_coarse` or `no_denominator`.
        code: &'static str,
        /// The same for people.
        detail: String,
    },
}

/// Records that match the question and are not on the map, by reason.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Excluded {
    /// Records that match, on the map or not.
    pub matched: u64,
    /// Count by reason: `too_coarse`, `no_location`, `basis`, `outside_study_area`, `outside_steps`; of flows also
    /// `no_origin`, `no_destination`, `abroad`, `within_cell`; of forecasts `no_day`; of coverage `no_month`.
    pub reasons: BTreeMap<&'static str, u64>,
}

impl Excluded {
    /// Records left out.
    pub fn count(&self) -> u64 {
        self.reasons.values().sum()
    }

    /// Records left out as a share of those that match; zero where none match.
    pub fn share(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
        if self.matched == 0 {
            0.0
        } else {
            self.count() as f64 / self.matched as f64
        }
    }
}

//! Which features of a table are wanted, and in which order.

use std::cmp::Ordering;
use std::sync::Arc;

use h3o::CellIndex;

use crate::boundaries::BoundingBox;
use crate::description::{LayerDescription, PropertyKind};
use crate::filter::Predicate;
use crate::table::{Column, LayerTable, Values};

/// Which features of an answer are wanted, and what of them.
#[derive(Debug, Clone)]
pub struct Page {
    /// Features that share a point with this box.
    pub bbox: Option<BoundingBox>,
    /// Whether a box leaves out features without a place; else they are kept, as OGC API asks.
    pub located: bool,
    /// Features of which this is true.
    pub filter: Option<Arc<Predicate>>,
    /// Order of the features, the first key first; equal ones, and all where it is empty, stand as the layer has them.
    pub sort: Vec<SortKey>,
    /// Properties of a feature by their place among the layer's; all where `None`.
    pub properties: Option<Vec<usize>>,
    /// Whether features come with their geometry.
    pub geometry: bool,
    /// Features skipped.
    pub offset: u64,
    /// Most features returned.
    pub limit: usize,
}

impl Page {
    /// Every feature with all that it has.
    pub const ALL: Self = Self {
        bbox: None,
        located: false,
        filter: None,
        sort: Vec::new(),
        properties: None,
        geometry: true,
        offset: 0,
        limit: usize::MAX,
    };
}

/// A property to sort by. Features without a value come last, whichever the direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SortKey {
    column: usize,
    descending: bool,
}

impl SortKey {
    /// The key of a property of a layer; `None` where it has no such property.
    pub fn new(layer: &LayerDescription, name: &str, descending: bool) -> Option<Self> {
        let column = layer.properties.iter().position(|p| p.name == name)?;
        Some(Self { column, descending })
    }

    fn value(self, table: &LayerTable, row: usize) -> SortValue {
        let values = table.columns.get(self.column).map(|column| &column.values);
        match values {
            Some(Values::Integers(values)) => {
                values[row].map_or(SortValue::Null, SortValue::Integer)
            }
            Some(Values::Numbers(values)) => values[row].map_or(SortValue::Null, SortValue::Number),
            Some(Values::Booleans(values)) => SortValue::Integer(i64::from(values[row])),
            Some(Values::Texts(values)) => {
                values[row].clone().map_or(SortValue::Null, SortValue::Text)
            }
            Some(Values::Choices(values)) => values[row].map_or(SortValue::Null, SortValue::Code),
            Some(Values::Cells(values)) => values[row].map_or(SortValue::Null, SortValue::Cell),
            None => SortValue::Null,
        }
    }
}

/// What a row is sorted by; of one key, all are of one kind or null.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum SortValue {
    Null,
    Integer(i64),
    Number(f64),
    Text(String),
    Code(&'static str),
    Cell(CellIndex),
}

impl SortValue {
    fn order(&self, other: &Self, descending: bool) -> Ordering {
        let order = match (self, other) {
            (Self::Null, Self::Null) => return Ordering::Equal,
            (Self::Null, _) => return Ordering::Greater,
            (_, Self::Null) => return Ordering::Less,
            (Self::Integer(left), Self::Integer(right)) => left.cmp(right),
            (Self::Number(left), Self::Number(right)) => left.total_cmp(right),
            (Self::Text(left), Self::Text(right)) => left.cmp(right),
            (Self::Code(left), Self::Code(right)) => left.cmp(right),
            (Self::Cell(left), Self::Cell(right)) => left.cmp(right),
            _ => Ordering::Equal,
        };
        if descending { order.reverse() } else { order }
    }
}

/// What rows are sorted by, one value a key.
pub(crate) fn sort_values(keys: &[SortKey], table: &LayerTable, row: usize) -> Vec<SortValue> {
    keys.iter().map(|key| key.value(table, row)).collect()
}

/// Sorts what stands beside the values of its keys; what has equal ones stays in its order.
pub(crate) fn sort<T>(keys: &[SortKey], rows: &mut [(Vec<SortValue>, T)]) {
    rows.sort_by(|(left, _), (right, _)| {
        let orders = keys.iter().zip(left.iter().zip(right));
        orders
            .map(|(key, (left, right))| left.order(right, key.descending))
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    });
}

/// A table and the rows of it that a page holds.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The table; shared with other answers.
    pub table: Arc<LayerTable>,
    /// Rows of the page, in order.
    pub rows: Vec<u32>,
    /// Features that match, on this page or another.
    pub matched: u64,
    /// Version of the data.
    pub version: u64,
    /// Properties that are shown, by their place among the layer's; all where `None`.
    pub properties: Option<Vec<usize>>,
    /// Whether features are shown with their geometry.
    pub geometry: bool,
}

impl Answer {
    /// All rows of a table, with all that they have.
    pub fn whole(table: LayerTable, version: u64) -> Self {
        let rows: Vec<u32> = (0..u32::try_from(table.len()).unwrap_or(u32::MAX)).collect();
        Self {
            matched: rows.len() as u64,
            rows,
            table: Arc::new(table),
            version,
            properties: None,
            geometry: true,
        }
    }

    /// Columns that are shown, in the order of the layer's properties.
    pub fn columns(&self) -> impl Iterator<Item = &Column> {
        let shown = |at: &usize| {
            let shown = self.properties.as_ref();
            shown.is_none_or(|shown| shown.contains(at))
        };
        let columns = self.table.columns.iter().enumerate();
        columns
            .filter(move |(at, _)| shown(at))
            .map(|(_, column)| column)
    }
}

/// The rows of a whole table that a page holds, and how many match.
pub(crate) fn select(table: &LayerTable, page: &Page) -> (Vec<u32>, u64) {
    let all = u32::try_from(table.len()).unwrap_or(u32::MAX);
    let skip = usize::try_from(page.offset).unwrap_or(usize::MAX);
    if page.bbox.is_none() && page.filter.is_none() && page.sort.is_empty() {
        let rows = (0..all).skip(skip).take(page.limit).collect();
        return (rows, u64::from(all));
    }
    let near = page
        .bbox
        .as_ref()
        .map(|bbox| (bbox, table.boundaries.near(bbox)));
    let point = |row: usize| table.points.as_ref().and_then(|points| points[row]);
    let in_box = |row: usize| {
        let Some((bbox, near)) = &near else {
            return true;
        };
        match (point(row), table.shapes[row]) {
            (Some(point), _) => bbox.contains(point.lon(), point.lat()),
            (None, Some(shape)) => near.may_meet(shape) && table.boundaries.meets(shape, bbox),
            (None, None) => true,
        }
    };
    let chosen = |row: usize| {
        let filter = page.filter.as_ref();
        in_box(row) && filter.is_none_or(|filter| filter.admits(table, row))
    };
    let mut rows: Vec<u32> = (0..all).filter(|&row| chosen(row as usize)).collect();
    let matched = rows.len() as u64;
    if !page.sort.is_empty() {
        let keyed = |row: u32| (sort_values(&page.sort, table, row as usize), row);
        let mut keyed: Vec<_> = rows.into_iter().map(keyed).collect();
        sort(&page.sort, &mut keyed);
        rows = keyed.into_iter().map(|(_, row)| row).collect();
    }
    (
        rows.into_iter().skip(skip).take(page.limit).collect(),
        matched,
    )
}

/// Names of the properties that features of a layer can be sorted by: each has an order.
pub fn sortables(layer: &LayerDescription) -> impl Iterator<Item = &'static str> {
    layer
        .properties
        .iter()
        .filter(|property| !matches!(property.kind, PropertyKind::Boolean))
        .map(|property| property.name)
}

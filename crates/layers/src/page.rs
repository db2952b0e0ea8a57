//! Which features of a table are wanted, and in which order.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::boundaries::BoundingBox;
use crate::description::{LayerDescription, PropertyKind};
use crate::filter::Predicate;
use crate::table::{Column, LayerTable, Values};

/// Which features of an answer are wanted, and what of them.
#[derive(Debug, Clone)]
pub struct Page {
    /// Features that share a point with this box; those without a place are kept.
    pub bbox: Option<BoundingBox>,
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

    /// Order of two rows of a table of that layer.
    pub(crate) fn order(self, table: &LayerTable, left: usize, right: usize) -> Ordering {
        let Some(column) = table.columns.get(self.column) else {
            return Ordering::Equal;
        };
        match &column.values {
            Values::Integers(values) => self.directed(values[left], values[right], Ord::cmp),
            Values::Numbers(values) => self.directed(values[left], values[right], f64::total_cmp),
            Values::Booleans(values) => {
                self.directed(Some(values[left]), Some(values[right]), Ord::cmp)
            }
            Values::Texts(values) => {
                self.directed(values[left].as_ref(), values[right].as_ref(), Ord::cmp)
            }
            Values::Choices(values) => self.directed(values[left], values[right], Ord::cmp),
            Values::Cells(values) => self.directed(values[left], values[right], Ord::cmp),
        }
    }

    fn directed<T>(
        self,
        left: Option<T>,
        right: Option<T>,
        order: impl Fn(&T, &T) -> Ordering,
    ) -> Ordering {
        match (left, right) {
            (Some(left), Some(right)) if self.descending => order(&right, &left),
            (Some(left), Some(right)) => order(&left, &right),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        }
    }
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
    /// Columns that are shown, in the order of the layer's properties.
    pub fn columns(&self) -> impl Iterator<Item = &Column> {
        let shown = |at: &usize| {
            let shown = self.properties.as_ref();
            shown.is_none_or(|shown| shown.contains(at))
        };
        let columns = self.table.columns.iter().enumerate();
        columns.filter(move |(at, _)| shown(at)).map(|(_, column)| column)
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
    let mut rows: Vec<u32> = (0..all)
        .filter(|&row| meets(table, page, row as usize))
        .collect();
    let matched = rows.len() as u64;
    if !page.sort.is_empty() {
        rows.sort_by(|&left, &right| by_keys(table, &page.sort, left as usize, right as usize));
    }
    (
        rows.into_iter().skip(skip).take(page.limit).collect(),
        matched,
    )
}

/// Whether a row lies in the page's box and the page's filter is true of it.
fn meets(table: &LayerTable, page: &Page, row: usize) -> bool {
    let in_box = page.bbox.as_ref().is_none_or(|bbox| {
        table.shapes[row].is_none_or(|shape| table.boundaries.meets(shape, bbox))
    });
    in_box
        && page
            .filter
            .as_ref()
            .is_none_or(|filter| filter.admits(table, row))
}

pub(crate) fn by_keys(
    table: &LayerTable,
    keys: &[SortKey],
    left: usize,
    right: usize,
) -> Ordering {
    keys.iter()
        .map(|key| key.order(table, left, right))
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

/// Names of the properties that features of a layer can be sorted by: each has an order.
pub fn sortables(layer: &LayerDescription) -> impl Iterator<Item = &'static str> {
    layer
        .properties
        .iter()
        .filter(|property| !matches!(property.kind, PropertyKind::Boolean))
        .map(|property| property.name)
}

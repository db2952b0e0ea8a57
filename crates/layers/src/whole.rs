//! The answer of a layer for a whole study area, as it is kept for many questions.

use std::fmt;
use std::sync::{Arc, OnceLock};

use crate::page::{Page, select};
use crate::table::{LayerTable, Values};

/// Fills a layer's columns for some cells of its map, by their positions in it, in the order of the layer's properties.
type Columns = dyn Fn(&[u32]) -> Vec<Values> + Send + Sync;

/// Fills the columns of a table whose rows are cells of a map: the shape of each is its position in it.
pub(crate) struct Fill(Box<Columns>);

impl Fill {
    pub(crate) fn new(columns: impl Fn(&[u32]) -> Vec<Values> + Send + Sync + 'static) -> Self {
        Self(Box::new(columns))
    }

    fn fill(&self, table: LayerTable) -> LayerTable {
        let cells: Vec<u32> = table.shapes.iter().copied().flatten().collect();
        table.filled((self.0)(&cells))
    }
}

impl fmt::Debug for Fill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fill").finish_non_exhaustive()
    }
}

/// Bytes that what fills a table keeps for each of its rows, about: a count, a value, a test and its q.
const FILL_BYTES: u32 = 96;
/// A page of less than this part of a table has its own rows filled. What a map asks for are mostly such pages, and columns of
/// a country are tens of megabytes.
const PART: usize = 4;

/// A table over a whole study area. Where its layer can fill columns cell by cell, they are filled for the rows that are read,
/// and all of them at once when somebody reads many, or asks by their values.
#[derive(Debug)]
pub(crate) struct Whole {
    /// All but the columns, where `fill` fills them.
    bare: Arc<LayerTable>,
    fill: Option<Fill>,
    filled: OnceLock<Arc<LayerTable>>,
}

impl Whole {
    pub(crate) fn new(table: LayerTable, fill: Option<Fill>) -> Self {
        Self {
            bare: Arc::new(table),
            fill,
            filled: OnceLock::new(),
        }
    }

    /// Keys, shapes and what is said of all; of the columns only what they are of.
    pub(crate) fn bare(&self) -> &LayerTable {
        &self.bare
    }

    /// The table with all that it has.
    pub(crate) fn table(&self) -> &Arc<LayerTable> {
        match &self.fill {
            None => &self.bare,
            Some(fill) => self
                .filled
                .get_or_init(|| Arc::new(fill.fill(LayerTable::clone(&self.bare)))),
        }
    }

    /// The rows that a page holds: a table that has them, where they are in it, and how many match.
    pub(crate) fn page(&self, page: &Page) -> (Arc<LayerTable>, Vec<u32>, u64) {
        let by_values = page.filter.is_some() || !page.sort.is_empty();
        let asked = if by_values { self.table() } else { &self.bare };
        let (rows, matched) = select(asked, page);
        let (table, rows) = self.rows(rows);
        (table, rows, matched)
    }

    /// A table that has some rows, and where they are in it.
    pub(crate) fn rows(&self, rows: Vec<u32>) -> (Arc<LayerTable>, Vec<u32>) {
        if self.filled().is_some() || rows.len() >= self.bare.len() / PART {
            return (Arc::clone(self.table()), rows);
        }
        let all = 0..u32::try_from(rows.len()).unwrap_or(u32::MAX);
        (Arc::new(self.only(&rows)), all.collect())
    }

    /// The table of some rows.
    pub(crate) fn only(&self, rows: &[u32]) -> LayerTable {
        match (self.filled(), &self.fill) {
            (None, Some(fill)) => fill.fill(self.bare.without_columns(rows)),
            _ => self.table().only(rows),
        }
    }

    /// The table with all that it has, where nothing has to be filled for that.
    fn filled(&self) -> Option<&Arc<LayerTable>> {
        match self.fill {
            None => Some(&self.bare),
            Some(_) => self.filled.get(),
        }
    }

    /// About how much memory it takes once it is filled.
    pub(crate) fn bytes(&self) -> u32 {
        let rows = u32::try_from(self.bare.len()).unwrap_or(u32::MAX);
        let of_fill = self.fill.as_ref().map_or(0, |_| FILL_BYTES);
        let filling = rows.saturating_mul(of_fill);
        self.bare.bytes().saturating_add(filling)
    }
}

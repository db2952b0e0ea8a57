//! A whole answer of one version, page after page, so that records are never all in memory.

use std::sync::Arc;

use naqsha_layers::{Answer, Catalogue, LayerDescription, LayerError, LayerQuery, Page, Scope};

/// Records of one page: as many as lie together in a file.
const PAGE_ROWS: usize = 16_384;

/// A question whose answer is too long for one page.
#[derive(Debug, Clone)]
pub struct Pages {
    layer: &'static LayerDescription,
    query: LayerQuery,
    scope: Scope,
    page: Page,
    /// Features still wanted, and how many were skipped.
    left: u64,
    offset: u64,
}

impl Pages {
    /// A question and the page of it that is wanted, of any length.
    pub fn new(
        layer: &'static LayerDescription,
        query: LayerQuery,
        scope: Scope,
        page: Page,
    ) -> Self {
        Self {
            layer,
            query,
            scope,
            left: page.limit as u64,
            offset: page.offset,
            page,
        }
    }

    /// The first page; it may be empty.
    ///
    /// # Errors
    /// As those of [`Catalogue::answer`].
    pub fn first(&self, catalogue: &Catalogue) -> Result<Answer, LayerError> {
        // The table of cells is one and shared; its rows are numbers.
        let most = if self.layer.over_cells {
            usize::MAX
        } else {
            PAGE_ROWS
        };
        let page = Page {
            offset: self.offset,
            limit: usize::try_from(self.left).unwrap_or(usize::MAX).min(most),
            ..self.page.clone()
        };
        let mut answer = catalogue.answer(self.layer.id, &self.query, &self.scope, &page)?;
        // What is said of the whole is said on the first page, which does not know of the others' records.
        if !self.layer.over_cells && catalogue.synthetic() {
            let several = (answer.rows.len() as u64) < answer.matched;
            Arc::make_mut(&mut answer.table).metadata.synthetic |= several;
        }
        Ok(answer)
    }

    /// The page after one, of the same version; `None` after the last.
    ///
    /// # Errors
    /// As those of [`Catalogue::answer`].
    pub fn after(
        &mut self,
        before: &Answer,
        catalogue: &Catalogue,
    ) -> Result<Option<Answer>, LayerError> {
        let rows = before.rows.len() as u64;
        self.offset += rows;
        self.left = self.left.saturating_sub(rows);
        self.query.as_of = Some(before.version);
        if rows == 0 || self.left == 0 || self.offset >= before.matched {
            return Ok(None);
        }
        self.first(catalogue).map(Some)
    }
}

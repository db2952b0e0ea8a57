//! The layer `incidents` summed per cell, for maps at scales where single records cannot be told apart.

use std::sync::Arc;

use h3o::Resolution;

use super::{Answer, Catalogue, Page, refuse_damage, select};
use crate::error::LayerError;
use crate::layers;
use crate::query::LayerQuery;
use crate::scope::Scope;

impl Catalogue {
    /// The records of a question summed per cell at a resolution, or as fine as the scope shows records; one that is
    /// located more coarsely counts in its own cell. The sums and `excluded` are together the records that match.
    ///
    /// # Errors
    /// As [`Self::answer`].
    pub fn sums(
        &self,
        query: &LayerQuery,
        scope: Scope,
        resolution: Resolution,
        page: &Page,
    ) -> Result<Answer, LayerError> {
        if !scope.reads_unreleased() {
            return Err(LayerError::UnknownLayer("incidents".to_owned()));
        }
        let resolution = resolution.min(scope.finest_record_resolution());
        let snapshot = self.snapshot(query)?;
        refuse_damage(&snapshot, query.days)?;
        let version = snapshot.version();
        let key = format!("{version}|sums|{scope:?}|{resolution}|{query:?}");
        let table = self.tables.get_with(key, || {
            Arc::new(layers::sums_table(&snapshot, query, scope, resolution))
        });
        let (rows, matched) = select(&table, page);
        Ok(Answer {
            table,
            rows,
            matched,
            version,
        })
    }
}

//! The layer `incidents` summed per cell, for maps at scales where single records cannot be told apart.

use std::sync::Arc;

use h3o::Resolution;

use super::{Catalogue, refuse_damage};
use crate::error::LayerError;
use crate::layers::{self, Sums};
use crate::page::{Answer, Page, select};
use crate::query::LayerQuery;
use crate::scope::Scope;
use crate::whole::Whole;

impl Catalogue {
    /// The records of a question summed per cell at a resolution, or as fine as the scope shows records; one that is
    /// located more coarsely counts in its own cell. The sums and `excluded` are together the records that match; the
    /// page's box chooses among the cells, its filter among the records.
    ///
    /// # Errors
    /// As [`Self::answer`].
    pub fn sums(
        &self,
        query: &LayerQuery,
        scope: &Scope,
        resolution: Resolution,
        page: &Page,
    ) -> Result<Answer, LayerError> {
        if !scope.reads_unreleased() {
            return Err(LayerError::UnknownLayer("incidents".to_owned()));
        }
        let resolution = resolution.min(scope.finest_record_resolution());
        let query = &scope.narrow(query);
        let snapshot = self.snapshot(query)?;
        refuse_damage(&snapshot, query.days)?;
        let version = snapshot.version();
        let chosen = page.filter.as_ref().map_or("", |predicate| predicate.key());
        let key = format!("{version}|sums|{scope:?}|{resolution}|{query:?}|{chosen}");
        let compute = || {
            let mut filter = layers::filter(query);
            let whole = page
                .filter
                .as_ref()
                .is_none_or(|predicate| layers::narrow(&mut filter, predicate));
            let sums = if whole {
                Sums::of_index(&snapshot, scope.shares(&filter), resolution)
            } else {
                let everywhere = Page {
                    filter: page.filter.clone(),
                    ..Page::ALL
                };
                let records = self.answer("incidents", query, scope, &everywhere)?;
                Sums::of_records(&records.table, resolution)
            };
            let table = sums.table(version, scope, resolution);
            Ok(Arc::new(Whole::new(table, None)))
        };
        let whole = self
            .tables
            .try_get_with(key, compute)
            .map_err(|error: Arc<LayerError>| Arc::unwrap_or_clone(error))?;
        let in_box = Page {
            bbox: page.bbox,
            ..Page::ALL
        };
        let (table, rows, matched) = whole.page(&in_box);
        Ok(Answer {
            table,
            rows,
            matched,
            version,
            properties: None,
            geometry: true,
        })
    }

    /// Records by their ids, in their order; those that no live batch has are left out. The page chooses among them.
    ///
    /// # Errors
    /// As [`Self::answer`].
    pub fn records(
        &self,
        ids: &[naqsha_model::IncidentId],
        query: &LayerQuery,
        scope: &Scope,
        page: &Page,
    ) -> Result<Answer, LayerError> {
        if !scope.reads_unreleased() {
            return Err(LayerError::UnknownLayer("incidents".to_owned()));
        }
        let snapshot = self.snapshot(&scope.narrow(query))?;
        let mut found = snapshot.incidents(ids)?;
        found.retain(|stored| scope.admits(&stored.incident));
        let version = snapshot.version();
        let table = layers::incidents_table(&found, scope, version);
        let (rows, matched) = select(&table, page);
        Ok(Answer {
            table: Arc::new(table),
            rows,
            matched,
            version,
            properties: None,
            geometry: true,
        })
    }
}

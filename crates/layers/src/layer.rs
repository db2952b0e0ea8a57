//! The seam behind which a layer lives: a new one is one file, one line in the list, one schema, one golden test.

use h3o::Resolution;
use moka::sync::Cache;
use naqsha_store::Snapshot;

use crate::deployment::Deployment;
use crate::description::LayerDescription;
use crate::error::LayerError;
use crate::layers::{Chosen, Reports};
use crate::page::Page;
use crate::query::LayerQuery;
use crate::scope::{Narrowed, Scope};
use crate::study_areas::{NamedArea, StudyAreas};
use crate::table::LayerTable;
use crate::whole::{Fill, Whole};

/// What a layer is asked, everything resolved: no default is left open.
#[derive(Debug)]
pub(crate) struct Question<'a> {
    pub(crate) query: &'a Narrowed,
    pub(crate) scope: &'a Scope,
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) area: &'a NamedArea,
    pub(crate) areas: &'a StudyAreas,
    pub(crate) deployment: &'a Deployment,
    pub(crate) resolution: Resolution,
    pub(crate) permutations: u32,
    pub(crate) page: &'a Page,
    /// Records that earlier questions chose.
    pub(crate) chosen: &'a Cache<String, Chosen>,
    /// What agencies reported, as earlier questions read it.
    pub(crate) reports: &'a Cache<String, Reports>,
}

/// A table and how many features match in all: more than the table holds where the layer pages by itself.
#[derive(Debug)]
pub(crate) struct Computed {
    pub(crate) table: LayerTable,
    pub(crate) matched: u64,
    /// Fills the table's columns, where they are empty yet.
    fill: Option<Fill>,
}

impl Computed {
    /// A table that holds every feature that matches.
    pub(crate) fn all(table: LayerTable) -> Self {
        let matched = table.len() as u64;
        Self::some(table, matched)
    }

    /// A table that holds some of the features that match.
    pub(crate) const fn some(table: LayerTable, matched: u64) -> Self {
        Self {
            table,
            matched,
            fill: None,
        }
    }

    /// A table that holds every feature that matches, without its columns, and what fills them.
    pub(crate) fn unfilled(table: LayerTable, fill: Fill) -> Self {
        Self {
            fill: Some(fill),
            ..Self::all(table)
        }
    }

    /// The table for many questions.
    pub(crate) fn whole(self) -> Whole {
        Whole::new(self.table, self.fill)
    }
}

/// A layer: its description, and its table for a question.
pub(crate) trait Layer: Sync {
    /// What the layer is.
    fn describe(&self) -> &'static LayerDescription;
    /// Whether its tables hold one page of the features that match, so that none is kept.
    fn pages(&self) -> bool {
        false
    }
    /// Makes a question about a feature one whose answer has it, whatever its default is.
    fn narrow(&self, _query: &mut LayerQuery, _id: &str) {}
    /// The table that answers the question.
    fn compute(&self, question: &Question<'_>) -> Result<Computed, LayerError>;
}

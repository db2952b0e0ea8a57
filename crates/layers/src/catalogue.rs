//! The catalogue answers questions: it resolves defaults, checks the scope, keeps recent tables and selects rows.

mod numbers;
mod sums;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use h3o::{CellIndex, Resolution};
use moka::sync::Cache;
use naqsha_model::{DayRange, IncidentId};
use naqsha_store::{Snapshot, Store};

use crate::deployment::Deployment;
use crate::description::LayerDescription;
use crate::error::LayerError;
use crate::layer::{Computed, Layer, Question};
use crate::layers;
use crate::layers::{Chosen, Reports, bytes_of};
use crate::page::{Answer, Page};
use crate::query::{Defaults, LayerQuery};
use crate::scope::{Narrowed, Scope};
use crate::study_areas::{NamedArea, StudyAreas};
use crate::table::LayerTable;
use crate::whole::Whole;

pub use numbers::Numbering;

/// What is served, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    /// Version of the data.
    pub version: u64,
    /// Live batches.
    pub batches: u64,
    /// Live records.
    pub records: u64,
    /// Files of live batches that are not served.
    pub damaged: u64,
    /// Memory of the index.
    pub index_bytes: u64,
}

/// Bytes of tables over whole study areas that are kept: at resolution 7 of a country one takes about 30 MB.
const TABLE_BYTES: u64 = 512 << 20;

/// Bytes of places of records that filters chose: pages of one question are looked up in them.
const CHOSEN_BYTES: u64 = 64 << 20;

/// Bytes of what agencies reported: one kind of records of a national store takes some megabytes.
const REPORTS_BYTES: u64 = 32 << 20;

/// Scopes whose days are kept.
const DAYS_OF: u64 = 256;

/// Earlier versions that are kept, and for how long after they were last asked: they hold what was withdrawn since.
const PAST_VERSIONS: u64 = 4;
const PAST_IDLE: Duration = Duration::from_mins(5);

/// What is asked, before defaults.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) query: &'a Narrowed,
    pub(crate) scope: &'a Scope,
    pub(crate) page: &'a Page,
}

/// What every layer is, in catalogue order; no store is needed to know it.
pub fn descriptions() -> &'static [&'static LayerDescription] {
    layers::DESCRIPTIONS
}

/// The layers over one store.
pub struct Catalogue {
    store: Store,
    areas: StudyAreas,
    deployment: Deployment,
    defaults: Defaults,
    tables: Cache<String, Arc<Whole>>,
    past: Cache<u64, Arc<Snapshot>>,
    chosen: Cache<String, Chosen>,
    reports: Cache<String, Reports>,
    days: Cache<(u64, Scope), Option<DayRange>>,
}

impl std::fmt::Debug for Catalogue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Catalogue")
            .field("defaults", &self.defaults)
            .finish_non_exhaustive()
    }
}

impl Catalogue {
    /// The layers over `store`, with the study areas and defaults of the deployment.
    pub fn new(store: Store, areas: StudyAreas, defaults: Defaults) -> Self {
        Self {
            store,
            areas,
            deployment: Deployment::default(),
            defaults,
            tables: Cache::builder()
                .weigher(|_key, table: &Arc<Whole>| table.bytes())
                .max_capacity(TABLE_BYTES)
                .build(),
            past: Cache::builder()
                .max_capacity(PAST_VERSIONS)
                .time_to_idle(PAST_IDLE)
                .build(),
            chosen: Cache::builder()
                .weigher(|_key, chosen: &Chosen| {
                    u32::try_from(size_of_val(chosen.as_slice())).unwrap_or(u32::MAX)
                })
                .max_capacity(CHOSEN_BYTES)
                .build(),
            reports: Cache::builder()
                .weigher(|_key, reports: &Reports| bytes_of(reports))
                .max_capacity(REPORTS_BYTES)
                .build(),
            days: Cache::new(DAYS_OF),
        }
    }

    /// The same with what the deployment brought beside its records.
    #[must_use]
    pub fn with_deployment(mut self, deployment: Deployment) -> Self {
        self.deployment = deployment;
        self
    }

    /// What every layer is, in catalogue order.
    pub fn descriptions(&self) -> &'static [&'static LayerDescription] {
        descriptions()
    }

    /// What a layer is.
    ///
    /// # Errors
    /// [`LayerError::UnknownLayer`].
    pub fn describe(&self, id: &str) -> Result<&'static LayerDescription, LayerError> {
        layers::by_id(id).map(Layer::describe)
    }

    /// The study areas.
    pub const fn areas(&self) -> &StudyAreas {
        &self.areas
    }

    /// Version of the data now.
    pub fn version(&self) -> u64 {
        self.store.snapshot().version()
    }

    /// What is served now, in numbers.
    pub fn totals(&self) -> Totals {
        let snapshot = self.store.snapshot();
        Totals {
            version: snapshot.version(),
            batches: snapshot.batches().len() as u64,
            records: snapshot.live(),
            damaged: snapshot.damaged().len() as u64,
            index_bytes: snapshot.index_bytes(),
        }
    }

    /// First and last day of the live records that a scope reads.
    pub fn days(&self, scope: &Scope) -> Option<DayRange> {
        let snapshot = self.store.snapshot();
        let days = || scope.days(&snapshot, |_| true);
        match scope.only_agency() {
            None => days(),
            // A list of collections asks for each of them, and what others released is looked for among all records.
            Some(_) => self
                .days
                .get_with((snapshot.version(), scope.clone()), days),
        }
    }

    /// Whether any live record is synthetic.
    pub fn synthetic(&self) -> bool {
        self.store
            .snapshot()
            .batches()
            .iter()
            .any(|batch| batch.synthetic)
    }

    /// The study area of a question that names none: the deployment's, else the one that every live batch names, else
    /// `pakistan`.
    pub fn default_area(&self) -> Option<&NamedArea> {
        self.default_area_of(&self.store.snapshot())
    }

    fn default_area_of(&self, snapshot: &Snapshot) -> Option<&NamedArea> {
        let named = self
            .defaults
            .study_area
            .clone()
            .or_else(|| sole_area(snapshot));
        self.areas.get(named.as_deref().unwrap_or("pakistan")).ok()
    }

    /// Resolution of an answer about `area` where the question names none.
    pub fn default_resolution(&self, area: &NamedArea) -> Resolution {
        self.defaults.resolution.unwrap_or(area.default_resolution)
    }

    /// The features of a layer that a page holds.
    ///
    /// # Errors
    /// Whatever keeps the question from having a true answer; see [`LayerError`].
    pub fn answer(
        &self,
        layer: &str,
        query: &LayerQuery,
        scope: &Scope,
        page: &Page,
    ) -> Result<Answer, LayerError> {
        let query = &scope.narrow(query);
        let snapshot = self.snapshot(query)?;
        let asked = Asked { query, scope, page };
        let (layer, question) = self.question(layer, asked, &snapshot)?;
        if layer.pages() {
            let Computed { table, matched, .. } = computed(layer, &question)?;
            let rows = (0..u32::try_from(table.len()).unwrap_or(u32::MAX)).collect();
            return Ok(Answer {
                table: Arc::new(table),
                rows,
                matched,
                version: snapshot.version(),
                properties: page.properties.clone(),
                geometry: page.geometry,
            });
        }
        let whole = self.whole_table(layer, &question)?;
        let (table, rows, matched) = whole.page(page);
        Ok(Answer {
            table,
            rows,
            matched,
            version: snapshot.version(),
            properties: page.properties.clone(),
            geometry: page.geometry,
        })
    }

    /// The feature of a layer with an id: a cell's 15 hex digits, those of two with a hyphen, a record's ULID, or the name
    /// that a row of a table without cells has.
    ///
    /// # Errors
    /// [`LayerError::UnknownFeature`] where the layer has none, else as [`Self::answer`].
    pub fn feature(
        &self,
        layer: &str,
        id: &str,
        query: &LayerQuery,
        scope: &Scope,
    ) -> Result<Answer, LayerError> {
        let unknown = || LayerError::UnknownFeature(id.to_owned());
        let mut query = query.clone();
        // A flow's id begins with the cell it starts in.
        let first = id.split('-').next().unwrap_or_default();
        let cell = first.parse::<CellIndex>().ok();
        if let Some(cell) = cell {
            query.resolution = Some(cell.resolution());
            query.n_min = 0;
        }
        layers::by_id(layer)?.narrow(&mut query, id);
        let query = &scope.narrow(&query);
        let snapshot = self.snapshot(query)?;
        let version = snapshot.version();
        let asked = Asked {
            query,
            scope,
            page: &Page::ALL,
        };
        let (layer, question) = self.question(layer, asked, &snapshot)?;
        if layer.pages() {
            let id = IncidentId::parse(id).map_err(|_ulid| unknown())?;
            let stored = snapshot.incident(id)?;
            let stored = stored.filter(|stored| scope.admits(&stored.incident));
            let stored = stored.ok_or_else(unknown)?;
            let table = layers::incidents_table(&[stored], scope, version);
            return Ok(Answer {
                table: Arc::new(table),
                rows: vec![0],
                matched: 1,
                version,
                properties: None,
                geometry: true,
            });
        }
        let is_shown =
            |cell: CellIndex| (Resolution::Three..=Resolution::Nine).contains(&cell.resolution());
        if layer.describe().over_cells && !cell.is_some_and(is_shown) {
            return Err(unknown());
        }
        let whole = self.whole_table(layer, &question)?;
        let row = whole.bare().keys.row(id).ok_or_else(unknown)?;
        let (table, rows) = whole.rows(vec![row]);
        Ok(Answer {
            table,
            rows,
            matched: 1,
            version,
            properties: None,
            geometry: true,
        })
    }

    /// What the question is asked of: the newest version or an earlier one, everything as reported or one record of each
    /// cluster.
    pub(crate) fn snapshot(&self, query: &Narrowed) -> Result<Arc<Snapshot>, LayerError> {
        let newest = self.store.snapshot();
        let reported = match query.as_of {
            Some(version) if version != newest.version() => {
                let past = || {
                    let past = newest.as_of(version);
                    let past = past.ok_or(LayerError::UnknownVersion(version))?;
                    past.reached().map(|()| past).map_err(LayerError::Store)
                };
                self.past
                    .try_get_with(version, past)
                    .map_err(Arc::unwrap_or_clone)?
            }
            _ => newest,
        };
        if !query.deduplicated {
            return Ok(reported);
        }
        let deduplicated = reported.deduplicated();
        deduplicated.reached().map_err(LayerError::Store)?;
        Ok(deduplicated)
    }

    /// The layer asked and the question with nothing left open, if the scope may ask and the store is whole.
    pub(crate) fn question<'a>(
        &'a self,
        layer: &str,
        asked: Asked<'a>,
        snapshot: &'a Snapshot,
    ) -> Result<(&'static dyn Layer, Question<'a>), LayerError> {
        let Asked { query, scope, page } = asked;
        if !scope.reads_unreleased() {
            return Err(LayerError::UnknownLayer(layer.to_owned()));
        }
        let layer = layers::by_id(layer)?;
        let area = match &query.study_area {
            Some(name) => self.areas.get(name)?,
            None => self
                .default_area_of(snapshot)
                .ok_or_else(|| LayerError::UnknownStudyArea("(default)".to_owned()))?,
        };
        // Pages of records find out by themselves whether one of theirs is lost.
        if !layer.pages() {
            refuse_damage(snapshot, query.days)?;
        }
        let resolution = query
            .resolution
            .unwrap_or_else(|| self.default_resolution(area));
        let question = Question {
            query,
            scope,
            snapshot,
            area,
            areas: &self.areas,
            deployment: &self.deployment,
            resolution,
            permutations: self.defaults.permutations,
            page,
            chosen: &self.chosen,
            reports: &self.reports,
        };
        Ok((layer, question))
    }

    /// The table over the whole study area; computed once for equal questions about one version, however many ask.
    pub(crate) fn whole_table(
        &self,
        layer: &'static dyn Layer,
        question: &Question<'_>,
    ) -> Result<Arc<Whole>, LayerError> {
        let key = format!(
            "{}|{}|{:?}|{}|{}|{:?}",
            question.snapshot.version(),
            layer.describe().id,
            question.scope,
            question.area.hash(),
            question.resolution,
            LayerQuery {
                study_area: None,
                resolution: None,
                ..LayerQuery::clone(question.query)
            },
        );
        self.tables
            .try_get_with(key, || {
                computed(layer, question).map(|computed| Arc::new(computed.whole()))
            })
            .map_err(Arc::unwrap_or_clone)
    }
}

/// What a layer answers: where the data are too few or too many for it, a table without features that says so. The question
/// is a right one, and another day's data may answer it.
fn computed(layer: &'static dyn Layer, question: &Question<'_>) -> Result<Computed, LayerError> {
    let why = match layer.compute(question) {
        Err(LayerError::Unanswered(why)) => why,
        answered => return answered,
    };
    let mut metadata = layers::counted(question)?;
    let excluded = &mut metadata.excluded;
    let on_map = excluded.matched - excluded.count();
    if on_map > 0 {
        excluded.reasons.insert(why.code, on_map);
    }
    metadata.unanswered = Some(why);
    let table = LayerTable::empty(layer.describe(), metadata);
    Ok(Computed::all(table))
}

/// No count is true that a lost file may have added to; a question about other days has its answer.
pub(crate) fn refuse_damage(snapshot: &Snapshot, days: Option<DayRange>) -> Result<(), LayerError> {
    let lost = snapshot.damaged_within(days);
    let lost: Vec<String> = lost
        .map(|file| format!("{} ({})", file.path.display(), file.reason))
        .collect();
    if lost.is_empty() {
        Ok(())
    } else {
        Err(LayerError::Damaged(lost.join(", ")))
    }
}

fn sole_area(snapshot: &Snapshot) -> Option<String> {
    let named: BTreeSet<&str> = snapshot
        .batches()
        .iter()
        .filter_map(|batch| batch.study_area.as_deref())
        .collect();
    let only = *named.first()?;
    (named.len() == 1).then(|| only.to_owned())
}

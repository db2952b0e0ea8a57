//! A question in, a table out: the product's façade.
//!
//! A layer turns a [`LayerQuery`] about one pinned snapshot into a [`LayerTable`]: columns of numbers over cells or
//! incidents, with everything a reader needs to judge them (study area, what was tested, what was left out and why).
//! The command line, HTTP and any notebook get the same table.
//!
//! This crate knows nothing of HTTP, JSON, SQL or the storage engine's types.

mod aggregate;
mod border;
mod boundaries;
mod catalogue;
mod changes;
mod deployment;
mod description;
mod error;
mod explain;
pub mod filter;
mod interval;
mod layer;
mod layers;
mod page;
mod parameters;
mod period;
mod plane;
mod population;
mod query;
mod regions;
mod scope;
mod sites;
mod statutes;
mod steps;
mod study_areas;
mod table;
mod whole;
mod window;
mod zones;

pub use naqsha_analytics::Calibration;

pub use aggregate::{Aggregate, AggregateQuery, AggregateRow, GroupKey, MOST_ROWS, aggregated};
pub use border::{Border, Crossing};
pub use boundaries::{BoundingBox, CellBoundaries, InvalidBoundingBox};
pub use catalogue::{Catalogue, Numbering, Totals, descriptions};
pub use changes::{ChangeCursor, ChangePage, RecordChange};
pub use deployment::Deployment;
pub use description::{LayerDescription, Property, PropertyKind};
pub use error::{LayerError, Unanswered};
pub use explain::{Explanation, explain, explained};
pub use layers::{Located, counts_zeros as counts_every_cell};
pub use naqsha_analytics::{Evaluation, Scores};
pub use page::{Answer, Page, SortKey, sortables};
pub use parameters::{ForecastModelName, Parameter, ParameterError, ParameterKind};
pub use period::{Baseline, Period};
pub use plane::{PlaneBox, Projection};
pub use population::{People, Population, PopulationError};
pub use query::{Apportion, Defaults, LayerQuery, NullModel, ScanModel, Weight};
pub use regions::Regions;
pub use scope::Scope;
pub use sites::{ListedDistrict, Sites};
pub use statutes::{Cited, Sentences, is_proactive};
pub use steps::Steps;
pub use study_areas::{LabelledPlace, NamedArea, StudyAreas};
pub use table::{
    Apportioned, Bandwidth, Column, Compared, Denominator, Excluded, Fact, ForecastFacts, Keys,
    LayerTable, Metadata, RateFacts, StudyAreaFacts, Values,
};
pub use zones::{
    DEEPEST, FINEST_LEVEL, ZoneData, ZoneDepth, ZoneFacts, ZoneQuery, Zones, area_m2, compact,
    has_zones,
};

//! A question in, a table out: the product's façade.
//!
//! A layer turns a [`LayerQuery`] about one pinned snapshot into a [`LayerTable`]: columns of numbers over cells or
//! incidents, with everything a reader needs to judge them (study area, what was tested, what was left out and why).
//! The command line, HTTP and any notebook get the same table.
//!
//! This crate knows nothing of HTTP, JSON, SQL or the storage engine's types.

mod border;
mod boundaries;
mod catalogue;
mod deployment;
mod description;
mod error;
mod explain;
mod interval;
mod layer;
mod layers;
mod parameters;
mod period;
mod population;
mod query;
mod regions;
mod scope;
mod sites;
mod steps;
mod study_areas;
mod table;
mod window;

pub use naqsha_analytics::Calibration;

pub use border::{Border, Crossing};
pub use boundaries::{BoundingBox, CellBoundaries, InvalidBoundingBox};
pub use catalogue::{Answer, Catalogue, Page, descriptions};
pub use deployment::Deployment;
pub use description::{LayerDescription, Property, PropertyKind};
pub use error::{LayerError, Unanswered};
pub use explain::{Explanation, explain, explained};
pub use naqsha_analytics::{Evaluation, Scores};
pub use parameters::{ForecastModelName, Parameter, ParameterError, ParameterKind};
pub use period::{Baseline, Period};
pub use population::{People, Population, PopulationError};
pub use query::{Apportion, Defaults, LayerQuery, NullModel, ScanModel};
pub use regions::Regions;
pub use scope::{Role, Scope};
pub use sites::{ListedDistrict, Sites};
pub use steps::Steps;
pub use study_areas::{LabelledPlace, NamedArea, StudyAreas};
pub use table::{
    Apportioned, Bandwidth, Column, Compared, Denominator, Excluded, Fact, ForecastFacts, Keys,
    LayerTable, Metadata, RateFacts, StudyAreaFacts, Values,
};

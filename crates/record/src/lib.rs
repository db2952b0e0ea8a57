//! The canonical incident as JSON: the edge type of exports and of the store's rare columns, and its published schema.
//!
//! Knows the model and nothing else. What the model cannot hold cannot be written here, and what is read is checked by
//! the model's own constructors. `schemas/incident.schema.json` is made from these types and tested against drift.
//!
//! ```
//! use naqsha_model::Details;
//! use naqsha_record::DetailsRecord;
//!
//! let mut details = Details::default();
//! details.suspects.arrested = Some(2);
//! let json = serde_json::to_string(&DetailsRecord::from(&details))?;
//! assert_eq!(json, r#"{"suspects":{"arrested":2}}"#);
//! assert_eq!(Details::try_from(serde_json::from_str::<DetailsRecord>(&json)?)?, details);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod details;
mod incident;
mod location;
mod member;
mod modus;
mod schema;
mod time;

pub use details::{DetailsRecord, Unfit};
pub use incident::{IncidentRecord, RecordState, Source};
pub use schema::schema;

//! Bytes and a mapping profile in; accepted incidents, warnings and coded rejections out.
//!
//! This crate does not know the store, HTTP, file paths or the clock: bytes come from any `Read`, accepted incidents
//! go to a sink in chunks, and the sink says which it already held.

#![warn(clippy::indexing_slicing)]

mod cases;
mod check;
mod draft;
mod error;
mod explain;
mod finish;
mod generate;
#[cfg(test)]
mod golden;
mod ingest;
mod limits;
mod outcome;
mod plan;
mod profile;
mod read;
mod reference;
mod report;
mod rows;
mod seen;
mod settings;
mod source;
mod text;
mod values;

pub use check::{Check, check};
pub use error::{IngestError, Refusal};
pub use explain::{Explanation, explain};
pub use generate::{GenerateError, GenerateSettings, generate, manifest_says_synthetic};
pub use ingest::{Ingested, Sink, Verdict, ingest};
pub use limits::{CHUNK, Limits};
pub use outcome::{Outcome, Outcomes};
pub use profile::{OnChange, Profile, ProfileError, shipped_profiles};
pub use reference::Reference;
pub use report::{ReportInput, write_report};
pub use settings::Settings;
pub use source::digest;

pub use naqsha_model::Code;

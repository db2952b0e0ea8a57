//! Bytes and a mapping profile in; accepted incidents, warnings and coded rejections out.
//!
//! This crate does not know the store, HTTP, file paths or the clock: bytes come from any `Read + Seek`, accepted incidents
//! go to a sink in chunks, and the sink says which it already held.
//!
//! ```
//! use naqsha_ingest::{Profile, Reference, Settings, ingest, shipped_profiles};
//!
//! let file = "when,lon,lat,kind\n2024-05-06,67.0,30.2,DT\n13/25/2024,67.0,30.2,DT\n";
//! let (_, toml) = shipped_profiles().iter().find(|(id, _)| *id == "open.generic-points").expect("shipped");
//! let mut settings = Settings::received("2026-01-02T03:04:05Z".parse()?, "2026-01-02".parse()?);
//! for (name, column) in [("lon", "lon"), ("lat", "lat"), ("date", "when"), ("category", "kind")] {
//!     settings.set.insert(name.to_owned(), column.to_owned());
//! }
//! let mut taken = Vec::new();
//! let file = std::io::Cursor::new(file);
//! let done = ingest(file, &Profile::parse(toml)?, &Reference::embedded(), &settings, &mut |chunk| {
//!     taken.extend(chunk);
//!     Ok(Vec::new()) // none of them was held before
//! })?;
//! assert_eq!((done.rows, done.accepted, done.rejected, taken.len()), (2, 1, 1, 1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![warn(clippy::indexing_slicing)]

mod blocks;
mod canonical;
mod cases;
mod check;
mod consistency;
mod draft;
mod error;
mod explain;
mod finish;
mod generate;
#[cfg(test)]
mod golden;
mod ingest;
mod law;
mod limits;
mod locate;
mod outcome;
mod plan;
mod profile;
mod project;
mod read;
mod reader;
mod recall;
mod reference;
mod report;
mod secret;
mod seen;
mod settings;
mod source;
mod table;
mod tally;
mod text;
mod usual;
mod values;

pub use check::{Check, check};
pub use error::{IngestError, Refusal};
pub use explain::{Explanation, explain};
pub use generate::{
    CreateFile, GenerateError, GenerateSettings, generate, manifest_says_synthetic,
};
pub use ingest::{Ingested, Sink, Verdict, ingest};
pub use limits::{CHUNK, Limits, TABLE_MEMORY, TABLE_SECONDS};
pub use outcome::{Outcome, Outcomes};
pub use profile::{OnChange, Profile, ProfileError, WantedColumn, Wants, shipped_profiles};
pub use reference::{
    Boundaries, BoundaryError, BoundaryLevel, BoundaryUnit, Reference, TableError,
};
pub use report::{Remark, ReportInput, write_report, write_report_telling};
pub use secret::LinkageSecret;
pub use settings::Settings;
pub use source::{ReadSeek, digest};
pub use table::{TableFile, TableRequest, Tables, write_table};
pub use usual::UsualQuantities;

pub use naqsha_model::Code;

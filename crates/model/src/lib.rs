//! The nouns of Naqsha: values that cannot be wrong.
//!
//! Every other crate speaks in these types. This crate knows nothing of files, serialisation, SQL, HTTP or
//! statistics; each edge owns its own record type and converts.
//!
//! ```
//! use naqsha_model::{Category, Location, Metres, Point, Precision};
//!
//! let here = Point::new(74.3587, 31.5204)?; // longitude first, as GeoJSON
//! let location = Location::at_point(here, Metres::new(100.0)?, Precision::Street);
//! assert_eq!(location.cell().map(|cell| u8::from(cell.resolution())), Some(9));
//! assert_eq!(Category::parse("ADJ/OT")?.code(), "ADJ");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod category;
mod code;
mod coded;
mod credential;
mod details;
mod grading;
mod identity;
mod incident;
mod location;
mod members;
mod modus;
mod offence;
mod place;
mod role;
mod seizure;
mod status;
mod time;
mod units;

pub use category::{Adjacent, Category, CategorySet};
pub use code::{Code, Severity};
pub use coded::{Coded, UnknownCode};
pub use credential::{Credential, InvalidCredential};
pub use details::{
    AgeBand, Amount, Currency, Details, LinkBasis, Linkage, LinkageKey, LinkedCategory, Money,
    Suspects, Victims,
};
pub use grading::{Credibility, Grading, Reliability};
pub use identity::{Agency, BatchDigest, ContentDigest, IncidentId, InvalidIdentity, NaturalKey};
pub use incident::{
    CaseReference, Contradiction, DetectionMode, Handling, HandlingCode, Incident, Provenance,
    RecordStage,
};
pub use location::{Basis, Location, LocationMethod, Point, PointOutOfRange, Precision};
pub use members::Members;
pub use modus::{
    Circumstance, Circumstances, ControlMeans, CyberRelation, CyberType, Exploitation, Modus,
    Patronage, Recruiter, SmugglingAbuse, TfChannel, TfStage, TipAct,
};
pub use offence::{Offence, OffenceRole};
pub use place::{
    Bearing, Country, Offset, PlaceDetails, PlaceRole, Province, RouteNode, RouteRole, TravelMode,
};
pub use role::Role;
pub use seizure::{Concealment, Conversion, Seizure, Substance, Unit};
pub use status::Status;
pub use time::{Day, DayRange, Occurred, TimeOutOfRange, TimePrecision};
pub use units::{InvalidMetres, Metres, finest_resolution};

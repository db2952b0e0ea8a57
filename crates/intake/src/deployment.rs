//! What a deployment adds to an ingestion, as the program reads it.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use naqsha_ingest::{LinkageSecret, Profile, Reference, Tables};

/// What a deployment has could not be read.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct DeploymentError(pub String);

type Asked<T> = Arc<dyn Fn() -> Result<T, DeploymentError> + Send + Sync>;

/// Where a service finds what a command reads once: each is asked for every file, so that what a deployment changes beside
/// the service counts from the next file on.
#[derive(Clone)]
pub struct Deployment {
    /// Every profile, shipped or the deployment's own.
    pub profiles: Asked<Vec<Profile>>,
    /// The reference data with the deployment's boundaries, stations and names.
    pub reference: Asked<Arc<Reference>>,
    /// The secret of keyed hashes.
    pub secret: Asked<LinkageSecret>,
    /// What opens the tables of a file.
    pub tables: fn(&Path) -> Tables,
    /// The clock.
    pub now: fn() -> Timestamp,
    /// Bytes that may still be written where a folder is, where that can be told.
    pub free_bytes: fn(&Path) -> Option<u64>,
}

impl fmt::Debug for Deployment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Deployment")
    }
}

impl Deployment {
    /// The profile of a name.
    ///
    /// # Errors
    /// Where profiles cannot be read.
    pub fn profile(&self, name: &str) -> Result<Option<Profile>, DeploymentError> {
        let profiles = (self.profiles)()?;
        Ok(profiles.into_iter().find(|profile| profile.id() == name))
    }
}

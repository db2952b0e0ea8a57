//! What the caller says about one ingestion; the clock is among it.

use std::collections::BTreeMap;
use std::num::NonZero;

use jiff::Timestamp;
use jiff::civil::Date;
use naqsha_model::{Agency, CategorySet};

use crate::limits::Limits;
use crate::secret::LinkageSecret;
use crate::table::Tables;
use crate::usual::UsualQuantities;

/// What the caller says about one ingestion.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Values of the profile's parameters (`--set name=value`).
    pub set: BTreeMap<String, String>,
    /// Who sent the file, where that is not the profile's agency.
    pub agency: Option<Agency>,
    /// When the file was received.
    pub received_at: Timestamp,
    /// The day after which a date is in the future.
    pub today: Date,
    /// The deployment's secret, for profiles that make keyed hashes.
    pub secret: Option<LinkageSecret>,
    /// What the agency usually seizes at once; more is W503.
    pub usual: UsualQuantities,
    /// Threads that read rows, beside the caller's; the answer does not depend on it.
    pub threads: NonZero<usize>,
    /// Bounds on the file.
    pub limits: Limits,
    /// What reads workbooks and Parquet files; without it they are refused.
    pub tables: Option<Tables>,
    /// Incidents of the file per category as the bureau states them, repeats of records held (D701) among them; a
    /// difference is B903.
    pub control_totals: Vec<(CategorySet, u64)>,
    /// Data rows of the file as the bureau states them; a difference is B903.
    pub stated_rows: Option<u64>,
}

impl Settings {
    /// Settings without parameters: the profile's agency, default limits, no control totals.
    pub fn received(received_at: Timestamp, today: Date) -> Self {
        Self {
            set: BTreeMap::new(),
            agency: None,
            received_at,
            today,
            secret: None,
            usual: UsualQuantities::default(),
            threads: std::thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN),
            limits: Limits::default(),
            tables: None,
            control_totals: Vec::new(),
            stated_rows: None,
        }
    }
}

//! What is done to batches after their commit: withdrawal, restoration, release. Events are only ever added.

use std::collections::BTreeMap;

use jiff::Timestamp;
use naqsha_model::{BatchDigest, Code, DayRange};

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Records, or a whole batch, were taken out of what is current.
    Withdraw,
    /// A withdrawal was undone.
    Restore,
    /// A held batch became live.
    Release,
    /// A batch took the place of the records of its days, for as long as it is live itself.
    Replace,
}

impl Operation {
    pub(crate) const ALL: [Self; 4] = [Self::Withdraw, Self::Restore, Self::Release, Self::Replace];

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Withdraw => "withdraw",
            Self::Restore => "restore",
            Self::Release => "release",
            Self::Replace => "replace",
        }
    }
}

/// On whose authority something is done, why and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// Who does it.
    pub actor: String,
    /// Reason code or text; never empty.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// Which records of a batch are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// The batch as a whole.
    Batch,
    /// The records in these rows of its file.
    Rows(Vec<u64>),
    /// The records whose first day is one of these; a record without a time is in no period.
    Period(DayRange),
}

/// An event of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Order of events, from 1.
    pub number: u64,
    /// The store's version right after it.
    pub version: u64,
    /// On whose authority, why and when.
    pub act: Act,
    /// What was done.
    pub operation: Operation,
    /// The batch it was done to.
    pub batch: BatchDigest,
    /// How many records it names, of this batch and of others; `None` where it is about the whole batch.
    pub records: Option<u64>,
}

/// What an event did to what is current.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The version that snapshots taken from now on have, at least.
    pub version: u64,
    /// Incidents served before and no longer.
    pub gone: u64,
    /// Incidents served now and not before.
    pub back: u64,
    /// Records of a released batch that stay out because they repeat others, by D701 or D702.
    pub repeats: BTreeMap<Code, u64>,
}

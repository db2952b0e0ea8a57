//! A batch as the ledger knows it: what is said before it is written, and what is known once it is.

use std::collections::BTreeMap;

use jiff::Timestamp;
use naqsha_model::{Agency, BatchDigest, Code, DayRange};

use crate::manifest::Manifest;

/// What becomes of a record whose natural key is held with other content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnChange {
    /// It is reported as a repeat and not stored.
    Report,
    /// It becomes the incident's next revision; the record held is no longer current.
    Revise,
}

/// What is known of a batch before its first row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchHeader {
    /// SHA-256 of the bytes as received.
    pub digest: BatchDigest,
    /// Mapping profile with its version, such as `anf.seizure@1.0.0`.
    pub profile: String,
    /// Who sent it. Natural keys are compared within the agency.
    pub agency: Agency,
    /// Name of the file as received.
    pub file_name: String,
    /// When it was received; the first part of every incident's id.
    pub received_at: Timestamp,
    /// Whether the records are invented.
    pub synthetic: bool,
    /// Study area the profile names.
    pub study_area: Option<String>,
    /// What becomes of changed repeats.
    pub on_change: OnChange,
    /// The days whose current records, of the same agency and profile, the batch takes the place of.
    pub replaces: Option<DayRange>,
    /// What its sender states about it.
    pub manifest: Option<Manifest>,
}

/// How the rows of a batch fared: `rows = accepted + rejected + duplicate + skipped`; `warned` is part of `accepted`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BatchTotals {
    /// Data rows read.
    pub rows: u64,
    /// Rows accepted, with or without a warning.
    pub accepted: u64,
    /// Accepted rows that carry a warning.
    pub warned: u64,
    /// Rows rejected.
    pub rejected: u64,
    /// Rows that repeat a record held.
    pub duplicate: u64,
    /// Rows outside the mapped categories.
    pub skipped: u64,
    /// How often each code was raised.
    pub codes: BTreeMap<Code, u64>,
}

/// Whether a batch is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchState {
    /// Part of every snapshot from its version on.
    Live,
    /// Durable, but in no snapshot: its incidents and natural keys are not seen.
    Held,
    /// Taken out again: in no snapshot from the version of that event on.
    Withdrawn,
}

/// A committed batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchRecord {
    /// SHA-256 of the bytes as received.
    pub digest: BatchDigest,
    /// Order of commit, from 1, live and held batches together.
    pub sequence: u64,
    /// Mapping profile with its version.
    pub profile: String,
    /// Who sent it.
    pub agency: Agency,
    /// Name of the file as received.
    pub file_name: String,
    /// When it was received.
    pub received_at: Timestamp,
    /// Whether the records are invented.
    pub synthetic: bool,
    /// Study area the profile names.
    pub study_area: Option<String>,
    /// How its rows fared.
    pub totals: BatchTotals,
    /// Whether it is served.
    pub state: BatchState,
    /// What became of changed repeats.
    pub on_change: OnChange,
    /// The days whose records it takes the place of.
    pub replaces: Option<DayRange>,
    /// What its sender stated about it.
    pub manifest: Option<Manifest>,
    /// The store's version right after its commit; a held batch does not raise it.
    pub committed_version: u64,
}

impl BatchRecord {
    /// The codes for which it was held when it was committed; none where it was not.
    pub fn held_for(&self) -> impl Iterator<Item = Code> + '_ {
        self.totals
            .codes
            .keys()
            .copied()
            .filter(|code| code.holds())
    }
}

/// What a commit made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// The version that snapshots taken from now on have, at least.
    pub version: u64,
    /// The batch.
    pub batch: BatchRecord,
    /// How many of its records are later revisions of incidents held before.
    pub revised: u64,
    /// How many records held before it took the place of, by its period.
    pub replaced: u64,
}

/// How a record repeats one that is held, or one of its own batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RepeatKind {
    /// Same natural key, same content: not stored (D701).
    Same,
    /// Same natural key, other content: not stored (D702).
    Changed,
    /// Same natural key, other content, stored as the next revision: the status of its case went back (C804).
    WentBack,
}

/// What is to be said of a record that repeats another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Repeat {
    /// Its row in its file, 1-based.
    pub row: u64,
    /// How it repeats.
    pub kind: RepeatKind,
}

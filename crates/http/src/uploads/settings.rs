//! What taking files needs of the program, and every limit of it in one place.

use std::time::Duration;

use naqsha_intake::{Deployment, Stage};
use naqsha_store::Store;

/// What taking files needs of the program.
#[derive(Debug, Clone)]
pub struct Intake {
    /// Where batches go.
    pub store: Store,
    /// Where files lie until then.
    pub stage: Stage,
    /// Profiles, reference data, secret, tables, clock.
    pub deployment: Deployment,
    /// Whether a second person has to confirm a withdrawal or a restoration.
    pub four_eyes: bool,
    /// Whether requests without a key may send files: those of the machine's own operator, on a loopback address.
    pub without_key: bool,
    /// Limits.
    pub limits: UploadLimits,
}

/// Limits of uploads.
#[derive(Debug, Clone, Copy)]
pub struct UploadLimits {
    /// Bytes of a body as it is sent; more is 413.
    pub encoded_bytes: u64,
    /// Bytes of it once its content coding is undone; more is 413.
    pub decoded_bytes: u64,
    /// Decoded bytes for each that was sent; more is 413.
    pub ratio: u64,
    /// Decoded bytes below which no ratio is computed.
    pub ratio_floor: u64,
    /// Uploads that are worked on at the same time.
    pub at_once: usize,
    /// Uploads that are received or wait for their turn beside those; a further one gets 503.
    pub waiting: usize,
    /// Longest file that is answered with 201; a longer one becomes a job.
    pub immediate_bytes: u64,
    /// Bytes that stay free on the disk; less is 507.
    pub free_bytes: u64,
    /// How long a client may send nothing of its body; then 408.
    pub body_stall: Duration,
    /// How long a failing upload waits until it is tried again.
    pub retry: Duration,
    /// Lines of `/jobs/{id}/errors`; the report has all.
    pub error_lines: u64,
    /// How long reports of uploads are kept.
    pub keep: Duration,
    /// How long a file may take to arrive in parts.
    pub parts: Duration,
    /// Uploads that are remembered in memory; older ones are read from the ledger.
    pub remembered: usize,
}

impl Default for UploadLimits {
    fn default() -> Self {
        Self {
            encoded_bytes: 4 << 30,
            decoded_bytes: 16 << 30,
            ratio: 100,
            ratio_floor: 4 << 20,
            at_once: 2,
            waiting: 8,
            immediate_bytes: 8 << 20,
            free_bytes: 64 << 20,
            body_stall: Duration::from_secs(30),
            retry: Duration::from_secs(5),
            error_lines: 10_000,
            keep: Duration::from_hours(7 * 24),
            parts: Duration::from_hours(24),
            remembered: 256,
        }
    }
}

/// Longest Idempotency-Key.
pub(super) const LONGEST_KEY: usize = 255;

/// Longest reason of a withdrawal, in characters.
pub(super) const LONGEST_REASON: usize = 500;

/// How long an act waits for a second person.
pub(super) const PENDING: Duration = Duration::from_hours(7 * 24);

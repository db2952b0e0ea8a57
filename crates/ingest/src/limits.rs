//! Every bound on what a file may make the program hold: memory stays the same whatever the file.

/// Bounds on one file; crossing one refuses the file with B909, naming the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one field.
    pub field_bytes: usize,
    /// Bytes of one record.
    pub record_bytes: usize,
    /// Columns of the header.
    pub columns: usize,
    /// Bytes after decompression.
    pub decoded_bytes: u64,
    /// Decoded bytes per compressed byte.
    pub ratio: u64,
    /// Rows that carry a natural key: each costs 17 to 34 bytes for as long as the file is read.
    pub keyed_rows: usize,
    /// Rows that are not plainly accepted: each costs 8 bytes until the report is written.
    pub remarked_rows: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            field_bytes: 64 * 1024,
            record_bytes: 1024 * 1024,
            columns: 256,
            decoded_bytes: 16 * 1024 * 1024 * 1024,
            ratio: 100,
            keyed_rows: 5_000_000,
            remarked_rows: 8_000_000,
        }
    }
}

/// Incidents handed to the sink at a time.
pub const CHUNK: usize = 65_536;

/// Cases of several rows that may stand open at once; the oldest is closed when one more opens.
pub(crate) const OPEN_CASES: usize = 16_384;

/// Rows of one case.
pub(crate) const ROWS_OF_A_CASE: usize = 1_024;

/// Different points of one file of which the repeats are counted (W408): 24 to 48 bytes each.
pub(crate) const COUNTED_POINTS: usize = 65_536;

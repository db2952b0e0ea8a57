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
    /// Rows that carry a natural key: each costs 17 to 34 bytes for as long as the file is read, and as much in the store.
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
            keyed_rows: 3_500_000,
            remarked_rows: 4_000_000,
        }
    }
}

/// Rows judged together, and so the most incidents handed to the sink at a time: enough to make handing them over cheap,
/// few enough to stay in a processor's cache (an incident has some 700 bytes).
pub const CHUNK: usize = 256;

/// Cases of several rows that may stand open at once; the oldest is closed when one more opens.
pub(crate) const OPEN_CASES: usize = 16_384;

/// Rows of one case.
pub(crate) const ROWS_OF_A_CASE: usize = 1_024;

/// Different points of one file of which the repeats are counted (W408): 24 to 48 bytes each.
pub(crate) const COUNTED_POINTS: usize = 65_536;

/// Entries of an archive.
pub(crate) const ARCHIVE_ENTRIES: usize = 100;

/// Decoded bytes below which no ratio is computed: a short text of one word repeated packs well and harms nobody.
pub(crate) const RATIO_FLOOR: u64 = 4 * 1024 * 1024;

/// Compressed bytes that may be read without anything coming out: skippable frames and empty members cost time too.
pub(crate) const SILENCE: u64 = 8 * 1024 * 1024;

/// Greatest window of a zstd frame, as a power of two: 128 MiB, the greatest that `zstd` reads without being asked.
pub(crate) const ZSTD_WINDOW_LOG: u32 = 27;

/// Records looked at for a header where a format has none.
pub(crate) const HEADER_ROWS: usize = 1_000;

/// Bytes of text after which no more records are looked at for a header.
pub(crate) const HEADER_BYTES: usize = 8 * 1024 * 1024;

/// Objects and lists inside each other in one JSON record, a GeoJSON collection's own two among them.
pub(crate) const JSON_DEPTH: u32 = 32;

/// Bytes of a workbook's parts after decompression, all together.
pub(crate) const WORKBOOK_BYTES: u64 = 4 * 1024 * 1024 * 1024;

/// Bytes of a workbook or a Parquet file inside a compressed file or an archive: it is unpacked before it is read.
pub(crate) const PACKED_TABLE_BYTES: u64 = 1024 * 1024 * 1024;

/// Memory of the process that reads workbooks and Parquet files.
pub const TABLE_MEMORY: u64 = 512 * 1024 * 1024;

/// Processor time of that process in seconds.
pub const TABLE_SECONDS: u64 = 300;

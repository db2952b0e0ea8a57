//! What became of a file, as JSON: the command line prints it, and jobs of uploads hold it.

use std::collections::BTreeMap;

use naqsha_ingest::Ingested;
use naqsha_model::{BatchDigest, Code};
use naqsha_store::{BatchRecord, Committed};
use serde_json::{Value, json};

use crate::describe::state_word;
use crate::take::Done;

/// Of a file whose bytes were received before.
pub fn received(earlier: &BatchRecord) -> Value {
    let rows = earlier.totals.rows;
    let state = state_word(earlier.state);
    json!({ "rows": rows, "accepted": 0, "warned": 0, "rejected": 0, "duplicate": rows, "skipped": 0,
        "codes": { Code::B902.code(): 1 }, "batch": earlier.digest.to_string(), "state": state })
}

/// Of a file that was refused as a whole.
pub fn refused(code: Code) -> Value {
    json!({ "rows": 0, "accepted": 0, "warned": 0, "rejected": 0, "duplicate": 0,
        "skipped": 0, "codes": { code.code(): 1 }, "batch": Value::Null })
}

impl Done {
    /// How often each code was raised: with what the store alone sees, records that other agencies probably reported too
    /// (D703).
    pub fn codes(&self) -> &BTreeMap<Code, u64> {
        let committed = self.committed.as_ref();
        committed.map_or(&self.ingested.codes, |done| &done.batch.totals.codes)
    }

    /// Of a file that was read.
    pub fn summary(&self) -> Value {
        summary(self.digest, &self.ingested, self.committed.as_ref())
    }
}

/// Of a file that was read; without a batch where it was a dry run.
pub fn summary(digest: BatchDigest, ingested: &Ingested, committed: Option<&Committed>) -> Value {
    let codes = committed.map_or(&ingested.codes, |done| &done.batch.totals.codes);
    let codes: BTreeMap<&str, u64> = codes.iter().map(|(code, &n)| (code.code(), n)).collect();
    let categories: BTreeMap<String, u64> = ingested
        .categories
        .iter()
        .map(|(category, &n)| (category.to_string(), n))
        .collect();
    let columns: BTreeMap<&str, &BTreeMap<String, u64>> = ingested
        .columns
        .iter()
        .map(|(code, columns)| (code.code(), columns))
        .collect();
    let (revised, replaced) = committed.map_or((0, 0), |done| (done.revised, done.replaced));
    json!({ "rows": ingested.rows, "accepted": ingested.accepted, "warned": ingested.warned,
        "rejected": ingested.rejected, "duplicate": ingested.duplicate, "skipped": ingested.skipped,
        "incidents": ingested.incidents, "categories": categories, "codes": codes, "columns": columns,
        "batch": digest.to_string(), "data_version": committed.map(|done| done.version),
        "revised": revised, "replaced": replaced,
        "dry_run": committed.is_none(), "held": ingested.held.map(Code::code) })
}

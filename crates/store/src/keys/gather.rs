//! Keys on their way from Parquet files into memory or a run: sorted in memory, put aside where they are many.

use std::io::Result;
use std::path::Path;
use std::sync::Arc;

use super::run::{Covered, Run, RunWriter};
use super::{Entry, Limits, merge};

/// Entries of some batches, in any order.
pub(super) struct Gathered<'f> {
    folder: &'f Path,
    limits: Limits,
    waiting: Vec<Entry>,
    /// Sorted, in files without a name.
    aside: Vec<Run>,
    records: u64,
}

impl<'f> Gathered<'f> {
    pub(super) fn new(folder: &'f Path, limits: Limits) -> Self {
        Self {
            folder,
            limits,
            waiting: Vec::new(),
            aside: Vec::new(),
            records: 0,
        }
    }

    pub(super) fn limits(&self) -> Limits {
        self.limits
    }

    /// Records of the files that were read, with a key or without.
    pub(super) fn records(&self) -> u64 {
        self.records
    }

    /// Adds the entries of a file of so many records.
    pub(super) fn add(&mut self, entries: Vec<Entry>, records: u64) -> Result<()> {
        self.records += records;
        self.push(entries)
    }

    pub(super) fn push(&mut self, entries: Vec<Entry>) -> Result<()> {
        self.waiting.extend(entries);
        if self.waiting.len() < self.limits.waiting {
            return Ok(());
        }
        let mut aside = RunWriter::new(self.folder)?;
        for entry in self.sorted() {
            aside.push(&entry)?;
        }
        self.aside.push(aside.finish_nameless()?);
        Ok(())
    }

    fn sorted(&mut self) -> Vec<Entry> {
        self.waiting.sort_unstable_by_key(Entry::order);
        std::mem::take(&mut self.waiting)
    }

    /// The entries; few enough that none were put aside.
    pub(super) fn into_entries(self) -> Vec<Entry> {
        debug_assert!(self.aside.is_empty(), "what is kept in memory is less");
        self.waiting
    }

    /// Writes all as a run.
    pub(super) fn into_run(mut self, agency: &str, covered: &Covered) -> Result<Arc<Run>> {
        let waiting = self.sorted();
        let mut out = RunWriter::new(self.folder)?;
        for entry in merge::in_order(self.aside.iter(), waiting) {
            out.push(&entry?)?;
        }
        out.finish(agency, covered)
    }
}

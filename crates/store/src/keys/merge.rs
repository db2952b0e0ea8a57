//! Merges runs: one pass, a block of each in memory.

use std::io::Result;
use std::path::Path;
use std::sync::Arc;

use itertools::Itertools as _;

use super::Entry;
use super::run::{Covered, Run, RunWriter};

/// Writes the entries of runs as one.
pub(super) fn of_runs(folder: &Path, agency: &str, runs: &[Arc<Run>]) -> Result<Arc<Run>> {
    let covered = runs.iter().flat_map(|run| &run.covered);
    let covered: Covered = covered
        .map(|(&sequence, &batch)| (sequence, batch))
        .collect();
    let mut out = RunWriter::new(folder)?;
    for entry in in_order(runs.iter().map(Arc::as_ref), Vec::new()) {
        out.push(&entry?)?;
    }
    out.finish(agency, &covered)
}

/// The entries of runs, and others that are in order, in order; an error comes before all others.
pub(super) fn in_order<'r>(
    runs: impl Iterator<Item = &'r Run>,
    others: Vec<Entry>,
) -> impl Iterator<Item = Result<Entry>> {
    let boxed =
        |run: &'r Run| -> Box<dyn Iterator<Item = Result<Entry>> + 'r> { Box::new(run.all()) };
    let mut sources: Vec<_> = runs.map(boxed).collect();
    sources.push(Box::new(others.into_iter().map(Ok)));
    let order = |entry: &Result<Entry>| entry.as_ref().ok().map(Entry::order);
    sources
        .into_iter()
        .kmerge_by(move |left, right| order(left) < order(right))
}

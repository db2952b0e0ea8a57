//! Earlier versions: what a ledger says is only ever added to, so what any version showed can be worked out again.

use std::collections::HashSet;
use std::sync::Arc;

use naqsha_model::BatchDigest;

use crate::batch::BatchState;
use crate::contents::Contents;
use crate::manifest::NilReturn;
use crate::visibility::Visibility;
use crate::{BatchRecord, Snapshot};

impl Contents {
    /// What the ledger said at an earlier version.
    ///
    /// Links between revisions are kept whole: one that came later begins with a record that was not current yet.
    pub(crate) fn at(&self, version: u64) -> Self {
        let known = self.batches.iter().zip(&self.committed);
        let (batches, committed): (Vec<BatchRecord>, Vec<BatchState>) = known
            .filter(|(batch, _)| batch.committed_version <= version)
            .map(|(batch, &state)| (batch.clone(), state))
            .unzip();
        let digests: HashSet<BatchDigest> = batches.iter().map(|batch| batch.digest).collect();
        let files = self.files.iter();
        let events = self.events.iter();
        let links = self.cluster_links.iter();
        let decisions = self.decisions.iter();
        let mut past = Self {
            version,
            files: files
                .filter(|file| digests.contains(&file.batch))
                .cloned()
                .collect(),
            events: events
                .filter(|event| event.version <= version)
                .cloned()
                .collect(),
            links: Arc::clone(&self.links),
            nil_returns: self.nil_returns_at(version),
            cluster_links: links
                .filter(|link| link.version <= version)
                .cloned()
                .collect(),
            decisions: decisions
                .filter(|decision| decision.version <= version)
                .cloned()
                .collect(),
            batches,
            committed,
        };
        past.settle();
        past
    }

    /// The nil returns that were known at an earlier version.
    ///
    /// A nil return has no version of its own in the ledger, but raises it: those of which neither a batch nor an event nor
    /// a decision says that it raised them are theirs, in order. Programs before this one did not raise the version for
    /// one; what they stated comes first, and is known of every version.
    fn nil_returns_at(&self, version: u64) -> Vec<NilReturn> {
        let batches = self.batches.iter().zip(&self.committed);
        let batches = batches.filter(|(_, state)| **state == BatchState::Live);
        let raised: HashSet<u64> = batches
            .map(|(batch, _)| batch.committed_version)
            .chain(self.events.iter().map(|event| event.version))
            .chain(self.cluster_links.iter().map(|link| link.version))
            .chain(self.decisions.iter().map(|decision| decision.version))
            .collect();
        let theirs = (1..=self.version).rev().filter(|at| !raised.contains(at));
        let unversioned = std::iter::repeat(0);
        let newest_first = self.nil_returns.iter().rev();
        let known = newest_first.zip(theirs.chain(unversioned));
        let known = known.filter(|&(_, raised_to)| raised_to <= version);
        let mut known: Vec<NilReturn> = known.map(|(stated, _)| stated.clone()).collect();
        known.reverse();
        known
    }
}

impl Snapshot {
    /// The store as it was at an earlier version, `None` for one that is not reached yet.
    ///
    /// It answers every question as it was answered then, for withdrawals remove nothing. Files that are served now are
    /// shared with it; those withdrawn since are read and verified again, so it costs about as much as they did when the
    /// store was opened.
    pub fn as_of(self: &Arc<Self>, version: u64) -> Option<Arc<Self>> {
        if version == self.version() {
            return Some(Arc::clone(self));
        }
        if version > self.version() {
            return None;
        }
        let contents = Arc::new(self.contents().at(version));
        let visibility = Visibility::of(&contents);
        Some(Arc::new(Self::with(
            self.files().clone(),
            &contents,
            visibility,
            self.parts(),
            self.views(),
        )))
    }
}

//! Writes one batch: repeats apart, the rest to Parquet, then one commit.

use naqsha_model::Incident;

use crate::{BatchState, BatchTotals, Committed, Repeat, StoreError};

/// A batch being written. Dropping it abandons the batch and removes its files.
#[derive(Debug)]
pub struct BatchWriter {}

impl BatchWriter {
    /// Takes incidents in file order; gives back those that repeat a record and were not stored.
    ///
    /// Blocks while it writes.
    ///
    /// # Errors
    /// [`StoreError::CellTooFine`], and where a file cannot be written.
    pub fn push(&mut self, _incidents: Vec<Incident>) -> Result<Vec<Repeat>, StoreError> {
        todo!()
    }

    /// Makes the batch durable and, where it is live, visible.
    ///
    /// # Errors
    /// Where it cannot be made durable: then nothing of it is visible, and the store takes no more batches.
    #[expect(clippy::unused_async, reason = "signature first")]
    pub async fn commit(
        self,
        _totals: BatchTotals,
        _state: BatchState,
    ) -> Result<Committed, StoreError> {
        todo!()
    }

    /// Gives the batch up, as dropping does.
    pub fn abandon(self) {
        drop(self);
    }
}

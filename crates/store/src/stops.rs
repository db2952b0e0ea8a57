//! What is not written any more after a write that could not be made durable: nobody knows then what is on the disk, and trying
//! again proves nothing.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::StoreError;

/// What of a store has stopped.
#[derive(Debug, Default)]
pub(crate) struct Stops {
    /// Batches and what is done to them.
    batches: AtomicBool,
    /// Everything in the ledger.
    ledger: AtomicBool,
}

impl Stops {
    /// # Errors
    /// [`StoreError::Stopped`] where batches are not written any more.
    pub(crate) fn batches_go_on(&self) -> Result<(), StoreError> {
        goes_on(&self.batches)
    }

    /// # Errors
    /// [`StoreError::Stopped`] where nothing is added to the ledger any more.
    pub(crate) fn ledger_goes_on(&self) -> Result<(), StoreError> {
        goes_on(&self.ledger)
    }

    /// After a failed sync of a batch's files. The ledger does not rest on them: what is read goes on being recorded in it.
    pub(crate) fn stop_batches(&self) {
        self.batches.store(true, Ordering::Release);
    }

    /// After an error of the ledger that leaves open what is on the disk.
    pub(crate) fn after(&self, error: &StoreError) {
        if !error.changed_nothing() {
            self.ledger.store(true, Ordering::Release);
            self.stop_batches();
        }
    }
}

fn goes_on(stopped: &AtomicBool) -> Result<(), StoreError> {
    if stopped.load(Ordering::Acquire) {
        return Err(StoreError::Stopped);
    }
    Ok(())
}

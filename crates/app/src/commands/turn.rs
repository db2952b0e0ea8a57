//! Waiting for one's turn to write: batches are taken one at a time, over all programs and nodes.

use std::time::{Duration, Instant};

use naqsha_store::{BatchHeader, BatchWriter, Store, StoreError};

/// How long a file waits for others that are being taken.
const PATIENCE: Duration = Duration::from_mins(5);
const ASK_AGAIN: Duration = Duration::from_millis(200);

/// Begins a batch once no other is being written; none where the file was received, be it while this waited.
pub(super) async fn begin(
    store: &Store,
    header: &BatchHeader,
) -> Result<Option<BatchWriter>, StoreError> {
    if store.find_batch(&header.digest).is_some() {
        return Ok(None);
    }
    let patience = Instant::now() + PATIENCE;
    loop {
        match store.begin(header.clone()).await {
            Err(StoreError::Received(_)) => return Ok(None),
            Err(StoreError::Busy) if Instant::now() < patience => {
                tokio::time::sleep(ASK_AGAIN).await;
            }
            begun => return begun.map(Some),
        }
    }
}

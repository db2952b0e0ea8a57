//! Waiting for one's turn to write: batches are taken one at a time, over all programs and nodes.

use std::time::Duration;

use naqsha_store::{BatchHeader, BatchWriter, Store, StoreError};

use crate::TakeError;
use crate::watch::{Seen, Step, Watch};

/// How often a file asks again while others are being taken: for five minutes.
const ASKED: u32 = 1_500;
const ASK_AGAIN: Duration = Duration::from_millis(200);

/// Begins a batch once no other is being written; none where the file was received, be it while this waited.
pub(crate) async fn begin(
    store: &Store,
    header: &BatchHeader,
    watch: &Watch,
) -> Result<Option<BatchWriter>, TakeError> {
    if store.find_batch(&header.digest).is_some() {
        return Ok(None);
    }
    let mut left = ASKED;
    loop {
        match store.begin(header.clone()).await {
            Err(StoreError::Received(_)) => return Ok(None),
            Err(StoreError::Busy) if left > 0 => {
                left -= 1;
                if watch(Step::Waiting, Seen::Bytes(0)).is_break() {
                    return Err(TakeError::GivenUp);
                }
                tokio::time::sleep(ASK_AGAIN).await;
            }
            begun => return Ok(Some(begun?)),
        }
    }
}

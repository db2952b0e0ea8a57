//! What a service was asked under an idempotency key, and what it finally answered: the same question gets the same answer,
//! also after a crash.

use jiff::Timestamp;
use naqsha_model::{Agency, BatchDigest};

use crate::{AuditRecord, Store, StoreError};

/// A question that is durable: an upload whose bytes are staged, a withdrawal. What it asks is the caller's to say and to
/// read; the key itself is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Who asks. A key is compared within the agency.
    pub agency: Agency,
    /// SHA-256 of the Idempotency-Key.
    pub key_sha256: [u8; 32],
    /// SHA-256 of the body as received.
    pub body: BatchDigest,
    /// What is asked beside the body: the profile and all that changes what becomes of it, as one text.
    pub parameters: String,
    /// The job that works on it, by which it is asked for and answered.
    pub job: String,
    /// Id of the access key that it came with.
    pub uploader: String,
    /// When.
    pub received_at: Timestamp,
}

impl Receipt {
    /// Whether a later question under the same key is this one again, whoever asks and whenever.
    pub fn asks_the_same(&self, other: &Self) -> bool {
        (&self.body, &self.parameters) == (&other.body, &other.parameters)
    }
}

/// The final answer to a receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// The body's bytes.
    pub body: Vec<u8>,
    /// When it was given.
    pub at: Timestamp,
}

/// A reply with the job that it ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The receipt's job.
    pub job: String,
    /// What is answered.
    pub reply: Reply,
}

/// A receipt with its reply, once there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptReceipt {
    /// What was asked.
    pub receipt: Receipt,
    /// What was answered.
    pub reply: Option<Reply>,
}

/// What became of a receipt that was to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// It is durable now.
    New,
    /// The agency used the key before: this is what is kept under it, and nothing was added.
    Before(Box<KeptReceipt>),
}

impl Store {
    /// Keeps a receipt, once and for ever. It does not wait for a batch that is being written.
    ///
    /// Of any number of equal keys at once, over all programs and nodes, one is new.
    ///
    /// # Errors
    /// [`StoreError::Stopped`]; where it cannot be made durable, or another receipt has the job.
    pub async fn receive(&self, receipt: &Receipt) -> Result<Received, StoreError> {
        let (mut transaction, unsealed) = self.adding().await?;
        transaction.insert_receipt(receipt).await?;
        let kept = transaction
            .receipt_of_key(&receipt.agency, &receipt.key_sha256)
            .await?
            .ok_or_else(|| StoreError::NoSuchReceipt(receipt.job.clone()))?;
        if kept.receipt.job != receipt.job {
            // Nothing was added, so nothing has to be durable.
            return Ok(Received::Before(Box::new(kept)));
        }
        self.finish(transaction, unsealed).await?;
        Ok(Received::New)
    }

    /// Answers a receipt whose job ends without a batch or an event: refused, dismissed or failed. What the audit log tells of
    /// it is written in the same transaction. The answers of the others are written with what they tell
    /// ([`crate::BatchWriter::commit_with`], [`Store::withdraw_with`]).
    ///
    /// # Errors
    /// [`StoreError::NoSuchReceipt`], [`StoreError::Answered`], [`StoreError::Stopped`]; where it cannot be made durable.
    pub async fn answer(&self, answer: &Answer, told: AuditRecord) -> Result<(), StoreError> {
        let (mut transaction, unsealed) = self.adding().await?;
        transaction.insert_reply(answer).await?;
        let told = told.about(None, self.snapshot().version());
        transaction.append_audit(&[told]).await?;
        self.finish(transaction, unsealed).await
    }

    /// What an agency asked under a key.
    ///
    /// # Errors
    /// Where the ledger cannot be read.
    pub async fn receipt(
        &self,
        agency: &Agency,
        key_sha256: &[u8; 32],
    ) -> Result<Option<KeptReceipt>, StoreError> {
        let mut transaction = self.shared().ledger.reading().await?;
        let found = transaction.receipt_of_key(agency, key_sha256).await?;
        transaction.commit("read receipts").await?;
        Ok(found)
    }

    /// What a job works on, or worked on.
    ///
    /// # Errors
    /// Where the ledger cannot be read.
    pub async fn receipt_of_job(&self, job: &str) -> Result<Option<KeptReceipt>, StoreError> {
        let mut transaction = self.shared().ledger.reading().await?;
        let found = transaction.receipt_of_job(job).await?;
        transaction.commit("read receipts").await?;
        Ok(found)
    }

    /// Receipts without a reply, in order: what is to be taken up again after a crash.
    ///
    /// # Errors
    /// Where the ledger cannot be read.
    pub async fn unanswered(&self) -> Result<Vec<Receipt>, StoreError> {
        let mut transaction = self.shared().ledger.reading().await?;
        let found = transaction.unanswered().await?;
        transaction.commit("read receipts").await?;
        Ok(found)
    }
}

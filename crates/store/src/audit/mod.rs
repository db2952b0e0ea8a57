//! Who did or asked what, and whether it was allowed: an append-only chain in the ledger, and signed checkpoints outside it.
//!
//! A write commits with its record or not at all. The chain shows an edit, a gap or another order; that its end was cut off, or
//! that all of it was written anew, only a checkpoint shows that is kept elsewhere.

mod chain;
mod checkpoint;
mod verify;

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use naqsha_model::{Agency, AuditAction, AuditDecision, Role};

pub(crate) use chain::{Content, FIRST, from_hex, hex};
pub use checkpoint::{
    CHECKPOINT_RECORDS, CHECKPOINT_SECONDS, Checkpoint, CheckpointKey, Checkpoints,
};
pub use verify::{AuditCheck, AuditFault, AuditUnknown};

use crate::store::ledger_of;
use crate::{Places, Store, StoreError};

/// Folder in the store's folder that the checkpoints are in, where the deployment does not say otherwise.
pub const AUDIT_FOLDER: &str = "audit";

/// Characters of a subject, a request's id or a resource that are kept.
const LONGEST: usize = 200;
/// Characters of a purpose: it is a code.
const LONGEST_PURPOSE: usize = 32;

/// Who acts, as the audit log tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct By {
    /// Id of an access key, `anonymous`, or the login name of who runs a command.
    pub subject: String,
    /// The agency it acts for.
    pub agency: Option<Agency>,
    /// The role it acts in.
    pub role: Role,
    /// Code of what it is done for, where it was stated.
    pub purpose: Option<String>,
    /// Id of the request, where there is one.
    pub request: Option<String>,
}

impl By {
    /// Whoever runs a command on the store's machine.
    pub fn operator(name: &str) -> Self {
        Self {
            subject: name.to_owned(),
            agency: None,
            role: Role::Operator,
            purpose: None,
            request: None,
        }
    }

    /// A record of something that was refused, and not done.
    pub fn was_refused(&self, action: AuditAction, resource: String, at: Timestamp) -> AuditRecord {
        AuditRecord {
            decision: AuditDecision::Denied,
            ..self.did(action, resource, at)
        }
    }

    /// A record of something that was allowed and done once.
    pub fn did(&self, action: AuditAction, resource: String, at: Timestamp) -> AuditRecord {
        AuditRecord {
            at,
            by: self.clone(),
            action,
            resource,
            rows: None,
            decision: AuditDecision::Allowed,
            version: 0,
            times: 1,
        }
    }
}

/// A record of the audit log. It has no place for personal data, secrets or anybody's own words: texts are ids and codes, of
/// which two hundred characters are kept and none that could break a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRecord {
    /// When, UTC.
    pub at: Timestamp,
    /// Who.
    pub by: By,
    /// What.
    pub action: AuditAction,
    /// To what: `batch:<digest>`, `file:<digest>` where it became none, `key:<id>`, `link:<number>`, `layer:<name>`, the route
    /// of a request; with the codes for which it was held or refused.
    pub resource: String,
    /// Rows or features that it was about, where they were counted.
    pub rows: Option<u64>,
    /// Whether it was allowed.
    pub decision: AuditDecision,
    /// The store's version that was seen, or that came of it.
    pub version: u64,
    /// How many equal ones this stands for.
    pub times: u32,
}

impl AuditRecord {
    /// The same about so many rows.
    #[must_use]
    pub fn about(self, rows: Option<u64>, version: u64) -> Self {
        Self {
            rows,
            version,
            ..self
        }
    }

    pub(crate) fn content(&self, record: u64) -> Content {
        let by = &self.by;
        // No count of ours comes near 2⁶³.
        let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        Content {
            record: number(record),
            at: self.at.to_string(),
            subject: kept(&by.subject, LONGEST),
            agency: by.agency.as_ref().map(|agency| agency.as_str().to_owned()),
            role: self.by.role.code().to_owned(),
            action: self.action.code().to_owned(),
            resource: kept(&self.resource, LONGEST),
            rows: self.rows.map(number),
            decision: self.decision.code().to_owned(),
            purpose: by
                .purpose
                .as_deref()
                .map(|code| kept(code, LONGEST_PURPOSE)),
            request: by.request.as_deref().map(|id| kept(id, LONGEST)),
            version: number(self.version),
            times: i64::from(self.times),
        }
    }
}

/// What is kept of a text.
fn kept(text: &str, longest: usize) -> String {
    let plain = |letter: char| if letter.is_control() { '?' } else { letter };
    text.chars().take(longest).map(plain).collect()
}

/// A record as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptRecord {
    /// Its number, from 1 without a gap.
    pub record: u64,
    /// What it says.
    pub told: AuditRecord,
    /// The digest that the next one rests on.
    pub sha256: [u8; 32],
}

/// The last record of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditHead {
    /// Its number; 0 where there is none.
    pub record: u64,
    /// Its digest.
    pub sha256: [u8; 32],
}

impl Store {
    /// The same store for somebody else: what is done through it is told as theirs. Cheap; a service has one a request.
    #[must_use]
    pub fn acting_as(&self, by: By) -> Self {
        Self(Arc::clone(self.shared()), Arc::new(by))
    }

    /// Adds records of what was read or denied, all of them in one transaction, in their order: what a service gathered in some
    /// milliseconds. Writes add theirs by themselves.
    ///
    /// # Errors
    /// [`StoreError::Stopped`]; where they cannot be made durable: then what they are about must not be answered.
    pub async fn audit(&self, records: &[AuditRecord]) -> Result<(), StoreError> {
        if records.is_empty() {
            return Ok(());
        }
        let (mut transaction, unsealed) = self.adding().await?;
        transaction.append_audit(records).await?;
        self.finish(transaction, unsealed).await
    }

    /// Adds a record, with the version that the store has, to the audit log of one that is not open: of care that is about to
    /// be taken of it.
    ///
    /// # Errors
    /// As for [`Store::condition`]; where they cannot be made durable.
    pub async fn audit_at(
        dir: &Path,
        places: &Places,
        told: AuditRecord,
    ) -> Result<(), StoreError> {
        let ledger = ledger_of(dir, &places.ledger).await?;
        let added = ledger.audit(told).await;
        ledger.close().await;
        added
    }

    /// Records beyond a number, in order, so many at most.
    ///
    /// # Errors
    /// Where the ledger cannot be read, or holds what no program of ours writes.
    pub async fn audit_records(
        &self,
        since: u64,
        most: u32,
    ) -> Result<Vec<KeptRecord>, StoreError> {
        let mut transaction = self.shared().ledger.reading().await?;
        let records = transaction.audit_records(since, most).await?;
        transaction.commit("read the audit log").await?;
        Ok(records)
    }

    /// As [`Store::checkpoint`], of a store that is not open.
    ///
    /// # Errors
    /// As for [`Store::condition`] and [`Store::checkpoint`].
    pub async fn checkpoint_at(
        dir: &Path,
        places: &Places,
        to: &Checkpoints,
        now: Timestamp,
    ) -> Result<Option<Checkpoint>, StoreError> {
        let ledger = ledger_of(dir, &places.ledger).await?;
        let head = ledger.audit_head().await;
        ledger.close().await;
        let head = head?;
        checkpoint::append_due(to, head, now).await
    }

    /// Signs the last record and appends the checkpoint to its file, where one is due: a thousand records or a minute after
    /// the one before. A service asks this every second. None where nothing was due.
    ///
    /// # Errors
    /// Where ledger or file cannot be read or written.
    pub async fn checkpoint(
        &self,
        to: &Checkpoints,
        now: Timestamp,
    ) -> Result<Option<Checkpoint>, StoreError> {
        let head = self.shared().ledger.audit_head().await?;
        checkpoint::append_due(to, head, now).await
    }
}

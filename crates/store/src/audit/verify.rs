//! Whether the chain is as it was written, as far as chain and checkpoints can tell.

use std::fmt;
use std::path::Path;

use super::chain::{FIRST, from_hex};
use super::checkpoint::{self, Line};
use crate::ledger::Ledger;
use crate::store::{blocking, ledger_of};
use crate::{Places, Store, StoreError};

/// Records that are read at a time.
const PAGE: u32 = 5_000;

/// What a look at the whole audit log found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditCheck {
    /// Records that are there.
    pub records: u64,
    /// Checkpoints that they were compared with.
    pub checkpoints: u64,
    /// What is wrong, the first of it by the order of records; none where all is well.
    pub fault: Option<AuditFault>,
    /// What could not be known.
    pub unknown: Vec<AuditUnknown>,
}

/// What is wrong with an audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuditFault {
    /// Records were taken out.
    Missing {
        /// The first that is missing.
        from: u64,
        /// The last of them.
        to: u64,
    },
    /// A record is not what was written there: it was edited, or another was put in its place.
    Changed {
        /// Its number.
        record: u64,
    },
    /// The end was cut off: a checkpoint knows of later records.
    CutOff {
        /// The first that is missing.
        from: u64,
        /// The last that a checkpoint knows of.
        to: u64,
    },
    /// Records were written anew, with digests that fit: a checkpoint knows others.
    Rewritten {
        /// The first that may be another; it is one of these.
        from: u64,
        /// The one that surely is.
        to: u64,
    },
    /// A checkpoint is not what was signed, or not by the key that is known.
    Checkpoint {
        /// Line of its file.
        line: u64,
        /// What is wrong with it.
        why: &'static str,
    },
}

/// What could not be known of an audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuditUnknown {
    /// There are no checkpoints.
    NoCheckpoints,
    /// No checkpoint is of a record after this one.
    Since {
        /// Its number.
        record: u64,
    },
    /// A line that is no checkpoint: of a write that was cut short, or damaged.
    Torn {
        /// Line of the file.
        line: u64,
    },
    /// Nobody said which key the checkpoints must be signed with.
    Key,
}

impl AuditCheck {
    /// Whether nothing is wrong, as far as can be known.
    pub fn is_whole(&self) -> bool {
        self.fault.is_none()
    }

    fn found(&mut self, fault: AuditFault) {
        self.fault.get_or_insert(fault);
    }
}

impl AuditFault {
    /// The first bad record, or the first of those among which it is.
    pub const fn record(&self) -> Option<u64> {
        match *self {
            Self::Missing { from, .. }
            | Self::CutOff { from, .. }
            | Self::Rewritten { from, .. } => Some(from),
            Self::Changed { record } => Some(record),
            Self::Checkpoint { .. } => None,
        }
    }
}

impl fmt::Display for AuditFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { from, to } if from == to => write!(f, "record {from} is missing"),
            Self::Missing { from, to } => write!(f, "records {from} to {to} are missing"),
            Self::Changed { record } => write!(f, "record {record} is not what was written there"),
            Self::CutOff { from, to } => write!(
                f,
                "the end was cut off: records {from} to {to}, which a checkpoint knows of, are missing"
            ),
            Self::Rewritten { from, to } if from == to => {
                write!(
                    f,
                    "record {from} was written anew: a checkpoint knows another"
                )
            }
            Self::Rewritten { from, to } => write!(
                f,
                "one of the records {from} to {to} and all after it were written anew: a checkpoint knows others"
            ),
            Self::Checkpoint { line, why } => write!(f, "the checkpoint in line {line} {why}"),
        }
    }
}

impl fmt::Display for AuditUnknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCheckpoints => f.write_str(
                "there are no checkpoints: whether the end was cut off, or all of it written anew, cannot be seen",
            ),
            Self::Since { record } => write!(
                f,
                "no checkpoint is of a record after {record}: whether such were cut off or written anew cannot be seen"
            ),
            Self::Torn { line } => write!(f, "line {line} of the checkpoints cannot be read"),
            Self::Key => f.write_str("whose key signed the checkpoints is not known here"),
        }
    }
}

impl Store {
    /// Reads the whole audit log and compares it with its own digests, and with the checkpoints in a file; these with the
    /// public key that they must be signed with, where one is given. Nothing is written.
    ///
    /// Cost: a digest a record; memory is that of the checkpoints and of some thousand records.
    ///
    /// # Errors
    /// As for [`Store::scrub`].
    pub async fn verify_audit(
        dir: &Path,
        places: &Places,
        checkpoints: &Path,
        key: Option<[u8; 32]>,
    ) -> Result<AuditCheck, StoreError> {
        let ledger = ledger_of(dir, &places.ledger).await?;
        // Before the records: one that is signed meanwhile would seem to be of a record that is missing.
        let path = checkpoints.to_owned();
        let lines = blocking(move || checkpoint::read(&path)).await?;
        let mut check = AuditCheck::default();
        let known = known(lines, key, &mut check);
        follow(&ledger, &known, &mut check).await?;
        Ok(check)
    }
}

/// What checkpoints say: record and digest, in the order of records. What is wrong with them is told after the records.
struct Known {
    digests: Vec<(u64, [u8; 32])>,
    fault: Option<AuditFault>,
}

fn known(lines: Vec<Line>, key: Option<[u8; 32]>, check: &mut AuditCheck) -> Known {
    let (mut digests, mut fault) = (Vec::new(), None);
    if lines.is_empty() {
        check.unknown.push(AuditUnknown::NoCheckpoints);
    } else if key.is_none() {
        check.unknown.push(AuditUnknown::Key);
    }
    for (line, checkpoint) in lines {
        let Some(checkpoint) = checkpoint else {
            check.unknown.push(AuditUnknown::Torn { line });
            continue;
        };
        let why = if !checkpoint.is_signed() {
            "is not what was signed"
        } else if key.is_some_and(|key| from_hex(&checkpoint.key) != Some(key)) {
            "is signed with another key"
        } else if let Some(sha256) = from_hex(&checkpoint.sha256) {
            digests.push((checkpoint.record, sha256));
            continue;
        } else {
            "has no digest"
        };
        fault.get_or_insert(AuditFault::Checkpoint { line, why });
    }
    digests.sort_unstable();
    check.checkpoints = digests.len() as u64;
    Known { digests, fault }
}

/// Where the reading of a chain has got.
struct Reached {
    record: u64,
    /// None right after a gap: what the next one rests on is not there.
    sha256: Option<[u8; 32]>,
    /// The last record that a checkpoint agrees with.
    agreed: u64,
}

async fn follow(ledger: &Ledger, known: &Known, check: &mut AuditCheck) -> Result<(), StoreError> {
    let mut reached = Reached {
        record: 0,
        sha256: Some(FIRST),
        agreed: 0,
    };
    let mut checkpoints = known.digests.iter().peekable();
    let mut transaction = ledger.reading().await?;
    let mut since = i64::MIN;
    loop {
        let page = transaction.audit_page(since, PAGE).await?;
        let Some((last, _)) = page.last() else { break };
        since = last.record;
        for (content, sha256) in page {
            check.records += 1;
            let Some(number) = u64::try_from(content.record)
                .ok()
                .filter(|&number| number > reached.record)
            else {
                // Below one: no program of ours numbers so.
                check.found(AuditFault::Changed { record: 0 });
                continue;
            };
            if number > reached.record + 1 {
                let (from, to) = (reached.record + 1, number - 1);
                check.found(AuditFault::Missing { from, to });
                reached.sha256 = None;
            }
            let stated = from_hex(&sha256);
            let is_its_own = |before: [u8; 32]| stated == Some(content.digest(&before));
            if stated.is_none() || reached.sha256.is_some_and(|before| !is_its_own(before)) {
                check.found(AuditFault::Changed { record: number });
            }
            (reached.record, reached.sha256) = (number, stated);
            while let Some((record, known)) = checkpoints.next_if(|(record, _)| *record <= number) {
                if *record < number {
                    continue;
                }
                if stated == Some(*known) {
                    reached.agreed = number;
                } else {
                    let (from, to) = (reached.agreed + 1, number);
                    check.found(AuditFault::Rewritten { from, to });
                }
            }
        }
    }
    transaction.commit("read the audit log").await?;
    if let Some((to, _)) = checkpoints.last() {
        let (from, to) = (reached.record + 1, *to);
        check.found(AuditFault::CutOff { from, to });
    } else if reached.agreed < reached.record && !known.digests.is_empty() {
        let record = reached.agreed;
        check.unknown.push(AuditUnknown::Since { record });
    }
    if let Some(fault) = &known.fault {
        check.found(fault.clone());
    }
    Ok(())
}

//! Acts that wait for a second person: each a file in the stage, so that a restart forgets none.

use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use naqsha_model::BatchDigest;
use naqsha_store::Act;
use serde_json::{Value, json};

use super::content::disk;
use super::settings::{Intake, PENDING};
use crate::problem::{Kind, Problem};

/// What is done to a batch after its commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Withdraw,
    Restore,
}

impl Operation {
    const ALL: [Self; 2] = [Self::Withdraw, Self::Restore];

    const fn word(self) -> &'static str {
        match self {
            Self::Withdraw => "withdraw",
            Self::Restore => "restore",
        }
    }
}

/// What somebody asks for.
#[derive(Debug)]
pub(super) struct Asks {
    operation: Operation,
    batch: BatchDigest,
    by: String,
    reason: String,
    at: Timestamp,
}

/// Who began an act, and why.
#[derive(Debug)]
pub(super) struct First {
    pub(super) by: String,
    pub(super) reason: String,
}

impl Asks {
    pub(super) fn new(operation: Operation, batch: &BatchDigest, act: &Act) -> Self {
        Self {
            operation,
            batch: *batch,
            by: act.actor.clone(),
            reason: act.reason.clone(),
            at: act.at,
        }
    }

    pub(super) fn document(&self) -> Value {
        json!({ "operation": self.operation.word(), "batch": self.batch.to_string(), "by": self.by,
            "reason": self.reason, "at": self.at.to_string() })
    }
}

/// Who began what is asked, where another person did within the time; else it is noted as begun, and waits.
///
/// # Errors
/// 403 where who would confirm may not; 409 where the same person asks again.
pub(super) fn confirm(
    intake: &Intake,
    asks: &Asks,
    approves: bool,
) -> Result<Option<First>, Problem> {
    let waiting =
        read(intake, asks.operation, &asks.batch).filter(|waiting| is_young(waiting, asks.at));
    let Some(waiting) = waiting else {
        note(intake, asks).map_err(|error| disk(&error))?;
        return Ok(None);
    };
    let text = |member: &str| waiting[member].as_str().unwrap_or_default().to_owned();
    let first = First {
        by: text("by"),
        reason: text("reason"),
    };
    if first.by == asks.by {
        let detail = "It waits for a second person: whoever asked for it cannot confirm it.";
        return Err(Problem::new(Kind::Conflict, detail));
    }
    if !approves {
        let detail = "Only an approver of the agency can confirm it.";
        return Err(Problem::new(Kind::Forbidden, detail));
    }
    Ok(Some(first))
}

fn is_young(waiting: &Value, now: Timestamp) -> bool {
    let at: Option<Timestamp> = waiting["at"].as_str().and_then(|at| at.parse().ok());
    let most = SignedDuration::try_from(PENDING).unwrap_or(SignedDuration::ZERO);
    at.is_some_and(|at| now.duration_since(at) <= most)
}

/// What waits for a second person, of one batch.
pub(super) fn of_batch(intake: &Intake, batch: &BatchDigest) -> Vec<Value> {
    let now = (intake.deployment.now)();
    let each = Operation::ALL.iter();
    each.filter_map(|&operation| read(intake, operation, batch))
        .filter(|waiting| is_young(waiting, now))
        .collect()
}

/// Removes what was confirmed, or what does not matter any more.
pub(super) fn forget(intake: &Intake, operation: Operation, batch: &BatchDigest) {
    let path = path(intake, operation, batch);
    if let Err(error) = fs::remove_file(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(%error, "removing an act that waited");
    }
}

fn path(intake: &Intake, operation: Operation, batch: &BatchDigest) -> PathBuf {
    let name = format!("{}-{batch}.json", operation.word());
    intake.stage.folder().join(name)
}

fn read(intake: &Intake, operation: Operation, batch: &BatchDigest) -> Option<Value> {
    let text = fs::read(path(intake, operation, batch)).ok()?;
    serde_json::from_slice(&text).ok()
}

fn note(intake: &Intake, asks: &Asks) -> io::Result<()> {
    let path = path(intake, asks.operation, &asks.batch);
    let partial = path.with_extension("partial");
    let mut file = fs::File::create(&partial)?;
    writeln!(file, "{}", asks.document())?;
    file.sync_all()?;
    fs::rename(&partial, &path)?;
    fs::File::open(intake.stage.folder())?.sync_all()
}

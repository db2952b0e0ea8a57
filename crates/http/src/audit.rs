//! What is told of each request about data to whoever keeps the audit log: one bounded record, with nothing of the
//! request's own words in it but the ids of what was there.
//!
//! A place for the record is taken before the request is answered, so that it cannot be lost: where whoever keeps the log
//! does not take records any more, data are not given out (503).

use std::fmt;
use std::sync::Arc;

use naqsha_model::{Agency, Role};
use tokio::sync::mpsc::{self, OwnedPermit};

use crate::access::Subject;
use crate::problem::{Kind, Problem};

/// Longest path that a record has.
const LONGEST_OBJECT: usize = 256;

/// Whether somebody was let do what they asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Decision {
    /// They were; the status says what came of it.
    Allowed,
    /// Their role may not, or they have not said who they are.
    Denied,
    /// Their key is no good.
    Unknown,
}

impl Decision {
    /// The word in the log.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Denied => "denied",
            Self::Unknown => "unknown",
        }
    }
}

/// A request as the audit log has it. Its time is the log's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRecord {
    /// Id of the request, as in problem documents and in the log of the service.
    pub request: String,
    /// `key:ID`, `oidc:SUBJECT` or `anonymous`; `None` where the key was no good.
    pub subject: Option<String>,
    /// The role that they acted in.
    pub role: Option<Role>,
    /// The agency of the key.
    pub agency: Option<Agency>,
    /// What the route is for.
    pub action: &'static str,
    /// Method and template of the path.
    pub resource: String,
    /// The path, where there was something at it; at most 256 bytes.
    pub object: Option<String>,
    /// Whether they were let.
    pub decision: Decision,
    /// Status of the answer; 499 where the asker left before it.
    pub status: u16,
    /// Features that matched, where that is told.
    pub rows: Option<u64>,
    /// Version of the data that was read.
    pub data_version: Option<u64>,
}

/// Where records go. It is bounded: see [`AuditSink::new`].
#[derive(Clone)]
pub struct AuditSink(mpsc::Sender<AuditRecord>);

impl fmt::Debug for AuditSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AuditSink")
            .field(&self.0.capacity())
            .finish()
    }
}

impl AuditSink {
    /// A sink in which at most `waiting` records wait, and its other end. Whoever cannot keep what comes out of that end any
    /// more drops it: data are given out to nobody from then on.
    pub fn new(waiting: usize) -> (Self, mpsc::Receiver<AuditRecord>) {
        let (sender, receiver) = mpsc::channel(waiting.max(1));
        (Self(sender), receiver)
    }

    /// Takes a place for a record.
    ///
    /// # Errors
    /// 503 where there is none.
    pub(crate) fn begin(&self, record: AuditRecord) -> Result<Recording, Problem> {
        let detail = "What is asked cannot be recorded now, and nothing is given out unrecorded. Try again in a moment.";
        let place = self.0.clone().try_reserve_owned();
        let place = place.map_err(|_full| Problem::new(Kind::Unrecorded, detail))?;
        Ok(Recording {
            place: Some(place),
            record: Some(record),
        })
    }
}

/// A record that will be told, whatever becomes of the request.
pub(crate) struct Recording {
    place: Option<OwnedPermit<AuditRecord>>,
    record: Option<AuditRecord>,
}

impl Recording {
    /// Notes something of it.
    pub(crate) fn note(&mut self, note: impl FnOnce(&mut AuditRecord)) {
        if let Some(record) = &mut self.record {
            note(record);
        }
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        if let (Some(place), Some(record)) = (self.place.take(), self.record.take()) {
            place.send(record);
        }
    }
}

/// What is known of a request before it is answered.
pub(crate) fn record(
    request: String,
    subject: Option<&Arc<Subject>>,
    action: &'static str,
    resource: String,
) -> AuditRecord {
    AuditRecord {
        request,
        subject: subject.map(|subject| subject.who().to_string()),
        role: subject.map(|subject| subject.role()),
        agency: subject.and_then(|subject| subject.agency().cloned()),
        action,
        resource,
        object: None,
        decision: Decision::Allowed,
        status: 499,
        rows: None,
        data_version: None,
    }
}

/// A path as a record has it.
pub(crate) fn object(path: &str) -> Option<String> {
    let end = path.floor_char_boundary(LONGEST_OBJECT);
    path.get(..end).map(str::to_owned)
}

//! One upload on its way.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use naqsha_intake::{Seen, Step, Watch};
use naqsha_model::{Agency, BatchDigest};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::answers::Told;
use super::order::Order;
use crate::link::{self, Link};
use crate::negotiate::{EVENTS, JSON, NDJSON};
use crate::problem::Problem;

/// One upload on its way, or at its end.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) id: String,
    pub(super) agency: Agency,
    /// Id of its sender's key.
    pub(super) sender: String,
    pub(super) order: Order,
    pub(super) digest: BatchDigest,
    pub(super) received_at: Timestamp,
    pub(super) bytes: u64,
    pub(super) state: watch::Sender<State>,
    progress: Mutex<Progress>,
    given_up: AtomicBool,
}

/// How an upload stands.
#[derive(Debug, Clone)]
pub(super) enum State {
    /// It waits for its turn.
    Accepted,
    Running,
    /// It could not be taken just now; it will be tried again.
    Failing(Problem),
    Ended(Told),
}

#[derive(Debug, Clone, Copy)]
struct Progress {
    step: Step,
    bytes: u64,
    rows: u64,
}

impl Job {
    pub(super) fn new(
        (id, sender): (String, String),
        (agency, order): (Agency, Order),
        (digest, bytes): (BatchDigest, u64),
        received_at: Timestamp,
    ) -> Self {
        Self {
            id,
            agency,
            sender,
            order,
            digest,
            received_at,
            bytes,
            state: watch::Sender::new(State::Accepted),
            progress: Mutex::new(Progress {
                step: Step::Waiting,
                bytes: 0,
                rows: 0,
            }),
            given_up: AtomicBool::new(false),
        }
    }

    /// Sees how far it is, and gives it up where that was asked.
    pub(super) fn watch(self: &Arc<Self>) -> Watch {
        let job = Arc::clone(self);
        Arc::new(move |step, seen| {
            let mut progress = job.progress.lock().unwrap_or_else(PoisonError::into_inner);
            progress.step = step;
            match seen {
                Seen::Bytes(bytes) => progress.bytes = bytes,
                Seen::Rows(rows) => progress.rows = rows,
            }
            if job.is_given_up() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })
    }

    pub(super) fn give_up(&self) {
        self.given_up.store(true, Ordering::Release);
    }

    pub(super) fn is_given_up(&self) -> bool {
        self.given_up.load(Ordering::Acquire)
    }

    /// How it ended, if it has.
    pub(super) fn ended(&self) -> Option<Told> {
        match &*self.state.borrow() {
            State::Ended(told) => Some(told.clone()),
            _ => None,
        }
    }

    /// How it stands, as a document.
    pub(super) fn document(&self, base: &str) -> Value {
        let (status, message) = match &*self.state.borrow() {
            State::Accepted => ("accepted", "waits for its turn"),
            State::Running => ("running", "is read"),
            State::Failing(_) => (
                "running",
                "failed for a reason that passes, and is tried again",
            ),
            State::Ended(told) => return document(&self.id, told, base),
        };
        let progress = *self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        let mut document = status_of(&self.id, (status, message), base);
        document["progress"] = json!({
            "step": progress.step.word(),
            "bytes": progress.bytes,
            "of": self.bytes,
            "rows": progress.rows,
        });
        document
    }
}

/// An upload that has ended, as a document: its answer with how it stands.
pub(super) fn document(id: &str, told: &Told, base: &str) -> Value {
    let (status, message) = match told.status.as_u16() {
        200 | 201 => ("successful", "was taken"),
        410 => ("dismissed", "was given up"),
        _ => ("failed", "was refused"),
    };
    let mut document = status_of(id, (status, message), base);
    if let Value::Object(members) = told.value() {
        // The words of the code are more than what is said above.
        for (name, value) in members {
            if !["status", "job", "type", "title", "instance"].contains(&name.as_str()) {
                document[name] = value;
            }
        }
    }
    document
}

fn status_of(id: &str, (status, message): (&str, &str), base: &str) -> Value {
    let at = format!("{base}/jobs/{id}");
    let mut links = vec![
        Link::new(at.clone(), "self", JSON.media_type, "this job"),
        Link::new(
            format!("{at}/events"),
            "monitor",
            EVENTS.media_type,
            "how it goes on",
        ),
    ];
    if status == "successful" || status == "failed" {
        let errors = Link::new(
            format!("{at}/errors"),
            "related",
            NDJSON.media_type,
            "what is wrong",
        );
        links.push(errors);
    }
    if status == "successful" {
        let report = format!("{at}/report.csv");
        links.push(Link::new(
            report,
            "related",
            "text/csv",
            "the rows with what became of them",
        ));
    }
    json!({
        "id": id,
        "jobID": id,
        "processID": "upload",
        "type": "process",
        "status": status,
        "message": message,
        "links": link::to_json(&links),
    })
}

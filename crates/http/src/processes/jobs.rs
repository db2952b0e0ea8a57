//! Jobs: executions that go on after they were asked for. They live as long as the program does: what one gave can be
//! computed again by its inputs and its version, so that nothing of it is kept on disk.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use ring::rand::{SecureRandom as _, SystemRandom};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::timeout;

use super::execute::{Execution, Outcome, status_info};
use crate::access::{Action, Resource, Who, decide};
use crate::link::{self, Link};
use crate::negotiate::{EVENTS, Format, JSON, NDJSON};
use crate::problem::{Kind, Problem};
use crate::request::Asked;
use crate::service::Shared;
use crate::{events, uploads};

/// Jobs that are remembered; the oldest that has ended makes room for another.
const MOST_JOBS: usize = 64;
/// Bytes of results that are kept; the oldest go first.
const MOST_BYTES: usize = 256 << 20;

/// The jobs of the service, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Jobs {
    held: Mutex<VecDeque<Arc<Job>>>,
}

#[derive(Debug)]
struct Job {
    id: String,
    /// Who has begun it: to all others it is not there.
    owner: Who,
    process: &'static str,
    state: Mutex<Progress>,
    /// Told when it has ended.
    ended: watch::Sender<bool>,
}

#[derive(Debug)]
enum Progress {
    /// Waits for its turn or is computed.
    Running(Option<AbortHandle>),
    Ended(Result<Outcome, Problem>),
    Dismissed,
}

impl Job {
    /// Whether who asks is who has begun it.
    fn is_of(&self, asked: &Asked) -> bool {
        let owner = Resource::Of(&self.owner);
        decide(asked.subject(), Action::Compute, owner).is_ok()
    }

    fn status(&self) -> (&'static str, &'static str) {
        match &*lock(&self.state) {
            Progress::Running(_) => ("running", "waits for its turn or is computed"),
            Progress::Ended(Ok(_)) => ("successful", "has its results"),
            Progress::Ended(Err(_)) => ("failed", "the results say why"),
            Progress::Dismissed => ("dismissed", "was given up"),
        }
    }

    fn document(&self, base: &str) -> Value {
        let (status, message) = self.status();
        status_info(&self.id, self.process, status, message, base)
    }

    fn bytes(&self) -> usize {
        match &*lock(&self.state) {
            Progress::Ended(Ok(outcome)) => outcome.body.len(),
            _ => 0,
        }
    }

    fn runs(&self) -> bool {
        matches!(&*lock(&self.state), Progress::Running(_))
    }

    /// Notes how it ended, unless it was given up meanwhile.
    fn end(&self, outcome: Result<Outcome, Problem>) {
        let mut state = lock(&self.state);
        if matches!(*state, Progress::Running(_)) {
            *state = Progress::Ended(outcome);
        }
        drop(state);
        self.ended.send_replace(true);
    }
}

impl Jobs {
    /// Starts an execution; returns its id and its status.
    ///
    /// # Errors
    /// 503 where as many jobs run as are remembered.
    pub(super) fn start(
        &self,
        service: &Shared,
        execution: Execution,
        asked: &Asked,
    ) -> Result<(String, Value), Problem> {
        let job = Arc::new(Job {
            id: new_id()?,
            owner: asked.subject().who().clone(),
            process: execution.layer.id,
            state: Mutex::new(Progress::Running(None)),
            ended: watch::Sender::new(false),
        });
        self.hold(&job)?;
        let (worker, request, task) = (Arc::clone(service), asked.clone(), Arc::clone(&job));
        let running = tokio::spawn(async move {
            let runner = Arc::clone(&worker);
            let computed = worker
                .compute
                .run(move || execution.run(&runner, &request))
                .await;
            task.end(computed.and_then(|outcome| outcome));
            worker.jobs.make_room();
        });
        if let Progress::Running(handle) = &mut *lock(&job.state) {
            *handle = Some(running.abort_handle());
        }
        Ok((job.id.clone(), job.document(&asked.base)))
    }

    fn hold(&self, job: &Arc<Job>) -> Result<(), Problem> {
        let mut held = lock(&self.held);
        if held.len() >= MOST_JOBS {
            let ended = held.iter().position(|job| !job.runs());
            let busy = || {
                Problem::new(
                    Kind::Busy,
                    "As many jobs run as there may be. Try again in a moment.",
                )
            };
            held.remove(ended.ok_or_else(busy)?);
        }
        held.push_back(Arc::clone(job));
        Ok(())
    }

    /// Forgets the oldest results where there are too many bytes of them.
    fn make_room(&self) {
        let mut held = lock(&self.held);
        let mut bytes: usize = held.iter().map(|job| job.bytes()).sum();
        while bytes > MOST_BYTES
            && let Some(oldest) = held.iter().position(|job| job.bytes() > 0)
        {
            bytes -= held.remove(oldest).map_or(0, |job| job.bytes());
        }
    }

    fn get(&self, asked: &Asked, id: &str) -> Result<Arc<Job>, Problem> {
        let found = lock(&self.held).iter().find(|job| job.id == id).cloned();
        let found = found.filter(|job| job.is_of(asked));
        found.ok_or_else(|| Problem::new(Kind::NoSuchJob, "There is no such job."))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // Nothing panics while it holds one of these locks.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An id that nobody guesses.
pub(crate) fn new_id() -> Result<String, Problem> {
    let mut bytes = [0_u8; 16];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_unspecified| Problem::internal("the system gives no random bytes".to_owned()))?;
    Ok(bytes
        .iter()
        .fold(String::new(), |id, byte| id + &format!("{byte:02x}")))
}

/// The job that a request asks about, if it asks for the format that is offered and nothing else.
fn asked_for(
    service: &Shared,
    asked: &Asked,
    id: &str,
    format: &'static Format,
) -> Result<Arc<Job>, Problem> {
    asked.only(&[])?;
    asked.format(&[format])?;
    service.jobs.get(asked, id)
}

/// An answer that is true now and kept by nobody.
pub(crate) fn passing(format: &Format, body: impl IntoResponse) -> Response {
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static(format.media_type),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, body).into_response()
}

fn answer(document: &Value) -> Response {
    passing(&JSON, format!("{document}\n"))
}

pub(crate) fn not_ready() -> Problem {
    Problem::new(Kind::ResultNotReady, "The job has not ended yet.")
}

/// `/jobs`.
pub(crate) async fn jobs(
    State(service): State<Shared>,
    headers: HeaderMap,
    asked: Asked,
) -> Result<Response, Problem> {
    asked.only(&[])?;
    asked.format(&[&JSON])?;
    let mut jobs: Vec<Value> = lock(&service.jobs.held)
        .iter()
        .filter(|job| job.is_of(&asked))
        .map(|job| job.document(&asked.base))
        .collect();
    jobs.extend(uploads::documents(&service, &headers, &asked));
    let links = [Link::new(
        format!("{}/jobs", asked.base),
        "self",
        JSON.media_type,
        "jobs",
    )];
    Ok(answer(
        &json!({ "jobs": jobs, "links": link::to_json(&links) }),
    ))
}

/// `/jobs/{j}`.
pub(crate) fn job(service: &Shared, id: &str, asked: &Asked) -> Result<Response, Problem> {
    let job = asked_for(service, asked, id, &JSON)?;
    Ok(answer(&job.document(&asked.base)))
}

/// `/jobs/{j}/results`.
pub(crate) fn results(service: &Shared, id: &str, asked: &Asked) -> Result<Response, Problem> {
    asked.only(&[])?;
    let job = service.jobs.get(asked, id)?;
    match &*lock(&job.state) {
        Progress::Ended(Ok(outcome)) => Ok(outcome.clone().response()),
        Progress::Ended(Err(problem)) => Err(problem.clone()),
        Progress::Running(_) => Err(not_ready()),
        Progress::Dismissed => Err(Problem::new(Kind::NoSuchJob, "The job was given up.")),
    }
}

/// `/jobs/{j}/errors`: what was wrong with a job that failed, an object a line; nothing where it did not.
pub(crate) fn errors(service: &Shared, id: &str, asked: &Asked) -> Result<Response, Problem> {
    let job = asked_for(service, asked, id, &NDJSON)?;
    let lines = match &*lock(&job.state) {
        Progress::Running(_) => return Err(not_ready()),
        Progress::Ended(Err(problem)) => problem.lines(),
        Progress::Ended(Ok(_)) | Progress::Dismissed => String::new(),
    };
    Ok(passing(&NDJSON, lines))
}

/// How often a client that listens hears that the connection lives.
const STILL_THERE: Duration = Duration::from_secs(15);

/// `/jobs/{j}/events`: how the job stands now and, once, how it ended, as server-sent events.
pub(crate) fn events(service: &Shared, id: &str, asked: Asked) -> Result<Response, Problem> {
    let job = asked_for(service, &asked, id, &EVENTS)?;
    let mut ended = job.ended.subscribe();
    Ok(events::events(|listener| async move {
        let mut told = false;
        loop {
            let over = *ended.borrow_and_update();
            let listens = if over || !told {
                listener.tell("status", &job.document(&asked.base)).await
            } else {
                listener.still_there().await
            };
            told = true;
            if over || !listens {
                break;
            }
            // Either it has ended or it is time to be heard.
            let _elapsed = timeout(STILL_THERE, ended.changed()).await;
        }
        listener.end().await;
    }))
}

/// `DELETE /jobs/{j}`: a job that waits is not begun, of one that is computed nothing is kept.
pub(crate) fn dismiss(service: &Shared, id: &str, asked: &Asked) -> Result<Response, Problem> {
    asked.only(&[])?;
    let job = service.jobs.get(asked, id)?;
    if let Progress::Running(Some(handle)) =
        std::mem::replace(&mut *lock(&job.state), Progress::Dismissed)
    {
        handle.abort();
    }
    job.ended.send_replace(true);
    Ok(answer(&job.document(&asked.base)))
}

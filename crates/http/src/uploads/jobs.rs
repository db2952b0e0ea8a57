//! `/jobs/{id}` and what is below it, for uploads; other jobs are those of processes.

use std::io::Read as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::answers::Told;
use super::desk::Desk;
use super::job::{Job, State as JobState, document};
use super::who::uploader;
use super::work::{of_store, off_the_runtime, open};
use crate::events;
use crate::negotiate::{CSV, EVENTS, Format, JSON, NDJSON};
use crate::problem::{Kind, Problem};
use crate::processes::{self, not_ready, passing};
use crate::request::Asked;
use crate::service::Shared;
use crate::stream::{Message, Received, Sink};

/// An upload that is asked about.
enum Found {
    UnderWay(Arc<Job>),
    /// It has ended, and only the ledger remembers it.
    Kept(String, Told),
}

impl Found {
    fn id(&self) -> &str {
        match self {
            Self::UnderWay(job) => &job.id,
            Self::Kept(id, _) => id,
        }
    }

    fn ended(&self) -> Option<Told> {
        match self {
            Self::UnderWay(job) => job.ended(),
            Self::Kept(_, told) => Some(told.clone()),
        }
    }

    fn document(&self, base: &str) -> Value {
        match self {
            Self::UnderWay(job) => job.document(base),
            Self::Kept(id, told) => document(id, told, base),
        }
    }
}

/// What is asked about a job.
pub(crate) struct About {
    service: Shared,
    id: String,
    headers: HeaderMap,
    asked: Asked,
}

impl FromRequestParts<Shared> for About {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, service: &Shared) -> Result<Self, Response> {
        let id = Path::<String>::from_request_parts(parts, service).await;
        let Path(id) = id.map_err(IntoResponse::into_response)?;
        let asked = Asked::from_request_parts(parts, service).await;
        Ok(Self {
            service: Arc::clone(service),
            id,
            headers: parts.headers.clone(),
            asked: asked.map_err(IntoResponse::into_response)?,
        })
    }
}

impl About {
    /// The upload of the id, where there is one and the sender may know of it.
    async fn upload(&self) -> Result<Option<(Arc<Desk>, Found)>, Problem> {
        let Some(desk) = &self.service.desk else {
            return Ok(None);
        };
        let Ok(sender) = uploader(&self.service, &self.headers, self.asked.subject()) else {
            return Ok(None);
        };
        if let Some(job) = desk.job(&self.id) {
            let theirs = sender.is_of(&job.agency);
            return Ok(theirs.then(|| (Arc::clone(desk), Found::UnderWay(job))));
        }
        let kept = desk.intake.store.receipt_of_job(&self.id).await;
        let kept = kept.map_err(of_store)?;
        let Some(kept) = kept.filter(|kept| sender.is_of(&kept.receipt.agency)) else {
            return Ok(None);
        };
        let found = match kept.reply {
            Some(reply) => Found::Kept(self.id.clone(), Told::of(&reply)),
            None => Found::UnderWay(desk.job_of(&kept.receipt)?),
        };
        Ok(Some((Arc::clone(desk), found)))
    }

    /// Only what is offered, and no parameter.
    fn plain(&self, format: &'static Format) -> Result<(), Problem> {
        self.asked.only(&[])?;
        self.asked.format(&[format]).map(|_format| ())
    }

    fn document(&self, found: &Found) -> Response {
        passing(&JSON, format!("{}\n", found.document(&self.asked.base)))
    }
}

/// Documents of the uploads that an sender may know of.
pub(crate) fn documents(service: &Shared, headers: &HeaderMap, asked: &Asked) -> Vec<Value> {
    let sender = uploader(service, headers, asked.subject());
    let (Some(desk), Ok(sender)) = (&service.desk, sender) else {
        return Vec::new();
    };
    let jobs = desk.jobs();
    let theirs = jobs.iter().filter(|job| sender.is_of(&job.agency));
    theirs.map(|job| job.document(&asked.base)).collect()
}

/// `/jobs/{j}`.
pub(crate) async fn job(about: About) -> Result<Response, Problem> {
    let Some((_, found)) = about.upload().await? else {
        return processes::job(&about.service, &about.id, &about.asked);
    };
    about.plain(&JSON)?;
    Ok(about.document(&found))
}

/// `/jobs/{j}/results`: what the upload was answered.
pub(crate) async fn results(about: About) -> Result<Response, Problem> {
    let Some((_, found)) = about.upload().await? else {
        return processes::results(&about.service, &about.id, &about.asked);
    };
    about.asked.only(&[])?;
    let told = found.ended().ok_or_else(not_ready)?;
    Ok(passing(&JSON, told.body))
}

/// `/jobs/{j}/errors`: a line for each code of each row, or for what refused the file.
pub(crate) async fn errors(about: About) -> Result<Response, Problem> {
    let Some((desk, found)) = about.upload().await? else {
        return processes::errors(&about.service, &about.id, &about.asked);
    };
    about.plain(&NDJSON)?;
    found.ended().ok_or_else(not_ready)?;
    file(&NDJSON, desk.intake.stage.errors(found.id())).await
}

/// `/jobs/{j}/report.csv`: the sender's own rows with what became of them.
pub(crate) async fn report(about: About) -> Result<Response, Problem> {
    about.asked.only(&[])?;
    let found = about.upload().await?;
    let (desk, found) =
        found.ok_or_else(|| Problem::new(Kind::NoSuchJob, "There is no such job."))?;
    found.ended().ok_or_else(not_ready)?;
    let mut response = file(&CSV, desk.intake.stage.report(found.id())).await?;
    let name = format!("attachment; filename=\"{}-report.csv\"", found.id());
    if let Ok(name) = HeaderValue::from_str(&name) {
        response
            .headers_mut()
            .insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

/// Answers with a file of the stage, little of it in memory.
async fn file(format: &'static Format, path: PathBuf) -> Result<Response, Problem> {
    let opened = off_the_runtime(move || open(&path)).await?;
    let unread = |error: std::io::Error| Problem::internal(format!("reading the stage: {error}"));
    let opened = opened.map_err(unread)?;
    let gone =
        "It was refused before a row was read, was given up, or its report is not kept any more.";
    let mut opened = opened.ok_or_else(|| Problem::new(Kind::Gone, gone))?;
    let (sender, receiver) = mpsc::channel(4);
    tokio::task::spawn_blocking(move || {
        let mut sink = Sink::new(sender.clone());
        let sent = std::io::copy(&mut opened.by_ref(), &mut sink);
        let sent = sent.and_then(|_bytes| std::io::Write::flush(&mut sink));
        let last = if sent.is_ok() {
            Message::End
        } else {
            Message::Failed
        };
        // Nobody listens to a client that left.
        drop(sender.blocking_send(last));
    });
    let mut response = passing(format, "").into_response();
    *response.body_mut() = Body::new(Received(receiver));
    response.headers_mut().remove(header::CONTENT_LENGTH);
    Ok(response)
}

/// How often a client that listens hears how far the upload is.
const TELL_EVERY: Duration = Duration::from_millis(500);

/// `/jobs/{j}/events`: how far the upload is and, once, how it ended, as server-sent events.
pub(crate) async fn events(about: About) -> Result<Response, Problem> {
    let Some((_, found)) = about.upload().await? else {
        return processes::events(&about.service, &about.id, about.asked);
    };
    about.plain(&EVENTS)?;
    let base = about.asked.base;
    Ok(events::events(|listener| async move {
        let mut state = match &found {
            Found::UnderWay(job) => Some(job.state.subscribe()),
            Found::Kept(..) => None,
        };
        loop {
            let over = found.ended().is_some();
            let name = if over { "status" } else { "progress" };
            let listens = listener.tell(name, &found.document(&base)).await;
            let Some(state) = state.as_mut().filter(|_state| listens && !over) else {
                break;
            };
            let ends = state.wait_for(|state| matches!(state, JobState::Ended(_)));
            // Either it has ended or it is time to tell how far it is.
            drop(timeout(TELL_EVERY, ends).await);
        }
        listener.end().await;
    }))
}

/// How long a job that is given up has until it ends; then it is told as it stands.
const GIVEN_UP_WITHIN: Duration = Duration::from_secs(10);

/// `DELETE /jobs/{j}`: an upload that is not committed yet is given up, and nothing of it is stored.
pub(crate) async fn dismiss(about: About) -> Result<Response, Problem> {
    let Some((_, found)) = about.upload().await? else {
        return processes::dismiss(&about.service, &about.id, &about.asked);
    };
    about.asked.only(&[])?;
    if found.ended().is_some() {
        let detail = "The job has ended. A batch is taken back by DELETE of the batch.";
        return Err(Problem::new(Kind::Conflict, detail));
    }
    if let Found::UnderWay(job) = &found {
        job.give_up();
        let mut state = job.state.subscribe();
        let ends = state.wait_for(|state| matches!(state, JobState::Ended(_)));
        drop(timeout(GIVEN_UP_WITHIN, ends).await);
    }
    Ok(about.document(&found))
}

//! `POST /collections/incidents/batches`: a file in, a batch out.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, header};
use axum::response::Response;
use naqsha_model::{Agency, Code};
use naqsha_store::{KeptReceipt, Receipt};
use ring::digest::{SHA256, digest};

use super::answers::{Told, accepted, known};
use super::body::{self, Described};
use super::desk::{Claim, Desk, in_flight};
use super::job::{Job, State as JobState};
use super::order::Order;
use super::settings::LONGEST_KEY;
use super::who::{Uploader, uploader};
use super::work::{of_store, off_the_runtime};
use crate::problem::{Kind, Problem};
use crate::processes::{new_id, prefers_to_go_on};
use crate::request::Asked;
use crate::service::{Service, Shared};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// A request before its body was read.
struct Request {
    desk: Arc<Desk>,
    sender: Uploader,
    agency: Agency,
    order: Order,
    described: Described,
    base: String,
    prefers_job: bool,
}

/// `POST /collections/{collection}/batches`.
pub(crate) async fn receive(
    State(service): State<Shared>,
    Path(collection): Path<String>,
    asked: Asked,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let read = Request::read(&service, &collection, &asked, &headers).await;
    let request = match read {
        Ok(request) => request,
        Err(problem) => return refuse(body, problem).await,
    };
    if request.order.dry_run {
        return request.try_out(body).await;
    }
    let claimed = match key_of(&headers) {
        Ok(key) => request
            .desk
            .claim(&request.agency, key)
            .map(|claim| (claim, key)),
        Err(problem) => Err(problem),
    };
    let (claim, key) = match claimed {
        Ok(claimed) => claimed,
        Err(problem) => return refuse(body, problem).await,
    };
    let kept = request.desk.intake.store.receipt(&request.agency, &key);
    match kept.await.map_err(of_store)? {
        Some(kept) => request.repeat(body, claim, kept).await,
        None => request.take(body, claim, key).await,
    }
}

/// Refuses a request whose body was not read.
pub(super) async fn refuse(body: Body, problem: Problem) -> Result<Response, Problem> {
    body::discard(body).await;
    Err(problem)
}

/// Whose records the file holds, if the sender may send them.
pub(super) async fn agency_of(
    desk: &Arc<Desk>,
    order: &Order,
    sender: &Uploader,
) -> Result<Agency, Problem> {
    let (at, name) = (Arc::clone(desk), order.profile.clone());
    let profile = off_the_runtime(move || at.intake.deployment.profile(&name)).await?;
    let profile = profile.map_err(|error| Problem::internal(error.to_string()))?;
    let profile = profile.ok_or_else(|| {
        let reason = "is no profile of this service: /profiles lists them";
        Problem::parameters(vec![naqsha_layers::ParameterError::new("profile", reason)])
    })?;
    let agency = order.agency(&profile).clone();
    if sender.is_of(&agency) {
        Ok(agency)
    } else {
        let detail = format!("Your key is for another agency than {agency}.");
        Err(Problem::new(Kind::Forbidden, detail))
    }
}

/// SHA-256 of the idempotency key.
fn key_of(headers: &HeaderMap) -> Result<[u8; 32], Problem> {
    let bad = |detail: &str| Problem::new(Kind::BadRequest, detail);
    let mut keys = headers.get_all(IDEMPOTENCY_KEY).iter();
    let key = keys.next().ok_or_else(|| {
        bad("Idempotency-Key is missing: any text that is new for each file, so that sending it again is safe.")
    })?;
    let is_text = !key.is_empty() && key.to_str().is_ok();
    if keys.next().is_some() || !is_text || key.len() > LONGEST_KEY {
        return Err(bad(&format!(
            "Idempotency-Key is not one text of 1 to {LONGEST_KEY} characters."
        )));
    }
    let sha256 = digest(&SHA256, key.as_bytes());
    Ok(sha256
        .as_ref()
        .first_chunk()
        .copied()
        .expect("SHA-256 has 32 bytes"))
}

/// The file's name, where `Content-Disposition` tells one in plain characters.
fn named(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::CONTENT_DISPOSITION)?.to_str().ok()?;
    let (_, name) = value.split_once("filename=\"")?;
    let (name, _) = name.split_once('"')?;
    file_name(name)
}

/// The last part of a path, at most 255 characters.
pub(super) fn file_name(name: &str) -> Option<String> {
    let last = name.rsplit(['/', '\\']).next()?;
    let name: String = last.chars().filter(|c| !c.is_control()).take(255).collect();
    (!name.is_empty()).then_some(name)
}

impl Request {
    /// Reads everything but the body.
    async fn read(
        service: &Service,
        collection: &str,
        asked: &Asked,
        headers: &HeaderMap,
    ) -> Result<Self, Problem> {
        let desk = service.desk(collection)?;
        let sender = uploader(service, headers, asked.subject())?;
        let mut order = Order::read(asked.question())?;
        let described = Described::of(headers, &desk.intake.limits)?;
        order.file_name = named(headers).unwrap_or_default();
        let agency = agency_of(&desk, &order, &sender).await?;
        Ok(Self {
            desk,
            sender,
            agency,
            order,
            described,
            base: asked.base.clone(),
            prefers_job: prefers_to_go_on(headers),
        })
    }

    /// A file under a new key.
    async fn take(mut self, body: Body, claim: Claim, key: [u8; 32]) -> Result<Response, Problem> {
        let place = match self.desk.admit(self.described.length.unwrap_or_default()) {
            Ok(place) => place,
            Err(problem) => return refuse(body, problem).await,
        };
        let job = self.stage(body).await?;
        let (desk, base) = (Arc::clone(&self.desk), self.base.clone());
        let stage = &desk.intake.stage;
        if let Some(earlier) = desk.intake.store.find_batch(&job.digest) {
            let recorded = desk.record_refusal(&job, Code::B902).await;
            recorded.map_err(|problem| drop_stage(stage, &job.id, problem))?;
            let conflict = if self.sender.is_of(&earlier.agency) {
                known(&job.id, &earlier).response(&base, false)
            } else {
                return Err(drop_stage(stage, &job.id, received_by_another()));
            };
            drop(stage.forget(&job.id));
            return Ok(conflict);
        }
        let receipt = Receipt {
            agency: self.agency.clone(),
            key_sha256: key,
            body: job.digest,
            parameters: job.order.text(),
            job: job.id.clone(),
            uploader: self.sender.key.clone(),
            received_at: job.received_at,
        };
        match desk.intake.store.receive(&receipt).await {
            Ok(naqsha_store::Received::New) => {}
            // Another node has the key since this one looked.
            Ok(naqsha_store::Received::Before(_)) => {
                return Err(drop_stage(stage, &job.id, in_flight()));
            }
            Err(error) => return Err(drop_stage(stage, &job.id, of_store(error))),
        }
        desk.begin(&job, Some(place));
        if job.order.is_job {
            drop(claim);
            return Ok(accepted(&job.id).response(&base, false));
        }
        await_end(&job, &base, claim).await
    }

    /// A file that is looked at and not taken.
    async fn try_out(mut self, body: Body) -> Result<Response, Problem> {
        let place = match self.desk.admit(self.described.length.unwrap_or_default()) {
            Ok(place) => place,
            Err(problem) => return refuse(body, problem).await,
        };
        let job = self.stage(body).await?;
        self.desk.begin(&job, Some(place));
        if job.order.is_job {
            return Ok(accepted(&job.id).response(&self.base, false));
        }
        await_end(&job, &self.base, ()).await
    }

    /// A key that was used before: the same answer for the same file, and nothing is done again.
    async fn repeat(
        mut self,
        body: Body,
        claim: Claim,
        kept: KeptReceipt,
    ) -> Result<Response, Problem> {
        let KeptReceipt { receipt, reply } = kept;
        let desk = Arc::clone(&self.desk);
        let under_way = desk.job(&receipt.job);
        let was_job = Order::of_text(&receipt.parameters)?.is_job;
        let is_failing = |job: &Arc<Job>| matches!(&*job.state.borrow(), JobState::Failing(_));
        if reply.is_none() && !was_job && under_way.as_ref().is_some_and(|job| !is_failing(job)) {
            return refuse(body, in_flight()).await;
        }
        let described = std::mem::replace(&mut self.described, Described::nothing());
        let received = body::receive(body, described, None, desk.intake.limits).await?;
        if let Some(name) = received.file_name.as_deref().and_then(file_name) {
            self.order.file_name = name;
        }
        self.order.is_job = was_job;
        if (received.arrived.digest, self.order.text())
            != (receipt.body, receipt.parameters.clone())
        {
            let detail = "The Idempotency-Key was used for another file, or with other parameters. Nothing was done.";
            return Err(Problem::new(Kind::KeyReused, detail));
        }
        if was_job {
            return Ok(accepted(&receipt.job).response(&self.base, true));
        }
        if let Some(reply) = reply {
            return Ok(Told::of(&reply).response(&self.base, true));
        }
        match under_way {
            Some(job) => await_end(&job, &self.base, claim).await,
            // Another node works on it, or this one is about to take it up.
            None => Err(in_flight()),
        }
    }

    /// Receives the body and makes it durable.
    async fn stage(&mut self, body: Body) -> Result<Arc<Job>, Problem> {
        let id = new_id()?;
        let desk = Arc::clone(&self.desk);
        let limits = desk.intake.limits;
        let (at, of) = (Arc::clone(&desk), id.clone());
        let staging = off_the_runtime(move || at.intake.stage.receive(&of)).await?;
        let staging = staging.map_err(|error| super::content::disk(&error))?;
        let described = std::mem::replace(&mut self.described, Described::nothing());
        let received = body::receive(body, described, Some(staging), limits).await;
        let received = received.map_err(|problem| drop_stage(&desk.intake.stage, &id, problem))?;
        if let Some(name) = received.file_name.as_deref().and_then(file_name) {
            self.order.file_name = name;
        }
        let arrived = received.arrived;
        self.order.is_job = self.prefers_job || arrived.bytes > limits.immediate_bytes;
        Ok(Arc::new(Job::new(
            (id, self.sender.key.clone()),
            (self.agency.clone(), self.order.clone()),
            (arrived.digest, arrived.bytes),
            (desk.intake.deployment.now)(),
        )))
    }
}

/// Removes what was staged for a request that is refused.
fn drop_stage(stage: &naqsha_intake::Stage, job: &str, problem: Problem) -> Problem {
    // What cannot be removed now is when the stage is swept.
    drop(stage.forget(job));
    problem
}

pub(super) fn received_by_another() -> Problem {
    let detail = "B902: these bytes were received before, from another agency. Nothing was added.";
    Problem::new(Kind::Conflict, detail)
}

/// Waits until a job has ended, or cannot be taken just now; its key stays in flight until then, also where the client goes.
async fn await_end<C>(job: &Arc<Job>, base: &str, claim: C) -> Result<Response, Problem>
where
    C: Send + 'static,
{
    let mut state = job.state.subscribe();
    let settled = tokio::spawn(async move {
        let _claim = claim;
        let settled =
            state.wait_for(|state| matches!(state, JobState::Ended(_) | JobState::Failing(_)));
        settled.await.map(|state| state.clone())
    });
    match settled.await {
        Ok(Ok(JobState::Ended(told))) => Ok(told.response(base, false)),
        Ok(Ok(JobState::Failing(problem))) => Err(problem),
        other => Err(Problem::internal(format!(
            "an upload ended without an answer: {other:?}"
        ))),
    }
}

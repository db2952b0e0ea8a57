//! Where uploads are admitted, remembered and, after a crash, taken up again.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use naqsha_intake::refusal_record;
use naqsha_model::{Agency, Code};
use naqsha_store::{Answer, Receipt, Reply, StoreError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::answers::{Told, given_up};
use super::job::{Job, State};
use super::order::Order;
use super::settings::Intake;
use super::who::by_job;
use super::work::{of_store, work};
use crate::problem::{Kind, Problem};

/// An idempotency key of an agency.
type Key = (String, [u8; 32]);

/// Where uploads are admitted and remembered.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(super) intake: Intake,
    /// Turns to be worked on.
    pub(super) working: Semaphore,
    admitted: Arc<Semaphore>,
    /// Keys of requests that have no answer yet.
    in_flight: Mutex<HashSet<Key>>,
    jobs: Mutex<VecDeque<Arc<Job>>>,
}

/// A key that is in flight until this is dropped.
#[derive(Debug)]
pub(super) struct Claim {
    desk: Arc<Desk>,
    key: Key,
}

impl Drop for Claim {
    fn drop(&mut self) {
        lock(&self.desk.in_flight).remove(&self.key);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // Nothing panics while it holds one of these locks.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Desk {
    pub(crate) fn new(intake: Intake) -> Self {
        let limits = intake.limits;
        let at_once = limits.at_once.max(1);
        Self {
            intake,
            working: Semaphore::new(at_once),
            admitted: Arc::new(Semaphore::new(at_once + limits.waiting)),
            in_flight: Mutex::default(),
            jobs: Mutex::default(),
        }
    }

    /// Takes a key, unless a request with it is under way.
    pub(super) fn claim(
        self: &Arc<Self>,
        agency: &Agency,
        sha256: [u8; 32],
    ) -> Result<Claim, Problem> {
        let key = (agency.as_str().to_owned(), sha256);
        if !lock(&self.in_flight).insert(key.clone()) {
            return Err(in_flight());
        }
        Ok(Claim {
            desk: Arc::clone(self),
            key,
        })
    }

    /// Whether files are written at all: not after a write that could not be made durable.
    ///
    /// # Errors
    /// 503, until the service is started again.
    pub(crate) fn goes_on(&self) -> Result<(), Problem> {
        self.intake.store.takes_batches().map_err(of_store)
    }

    /// Whether the disk has space for so many bytes beside those that are to stay free.
    pub(crate) fn has_space_for(&self, bytes: u64) -> bool {
        let folder = self.intake.stage.folder();
        let free = (self.intake.deployment.free_bytes)(folder);
        let needed = self.intake.limits.free_bytes.saturating_add(bytes);
        free.is_none_or(|free| free >= needed)
    }

    /// A place in the queue.
    ///
    /// # Errors
    /// 503 where there is none, or nothing is written any more; 507 where the disk is nearly full.
    pub(super) fn admit(&self, bytes: u64) -> Result<OwnedSemaphorePermit, Problem> {
        // What could only wait for the next start is not accepted.
        self.goes_on()?;
        let place = Arc::clone(&self.admitted).try_acquire_owned();
        let place = place.map_err(|_full| {
            Problem::new(
                Kind::Busy,
                "Too many files are being taken. Try again in a moment.",
            )
        })?;
        if !self.has_space_for(bytes) {
            return Err(Problem::new(
                Kind::NoSpace,
                "The disk of the service is nearly full.",
            ));
        }
        Ok(place)
    }

    /// Remembers a job and begins it.
    pub(super) fn begin(self: &Arc<Self>, job: &Arc<Job>, place: Option<OwnedSemaphorePermit>) {
        let mut jobs = lock(&self.jobs);
        while jobs.len() >= self.intake.limits.remembered {
            let Some(oldest) = jobs.iter().position(|job| job.ended().is_some()) else {
                break;
            };
            jobs.remove(oldest);
        }
        jobs.push_back(Arc::clone(job));
        drop(jobs);
        tokio::spawn(work(Arc::clone(self), Arc::clone(job), place));
    }

    /// The job of an id, where it is remembered.
    pub(super) fn job(&self, id: &str) -> Option<Arc<Job>> {
        lock(&self.jobs).iter().find(|job| job.id == id).cloned()
    }

    /// Every job that is remembered, oldest first.
    pub(super) fn jobs(&self) -> Vec<Arc<Job>> {
        lock(&self.jobs).iter().cloned().collect()
    }

    /// Keeps a final answer that comes without a batch; one that another gave meanwhile is the one that counts.
    pub(super) async fn answer(&self, job: &Job, told: Told) -> Result<Told, StoreError> {
        let answer = Answer {
            job: job.id.clone(),
            reply: self.reply(&told),
        };
        let refused = refusal_record(&by_job(job), job.digest, &told.why(), answer.reply.at);
        match self.intake.store.answer(&answer, refused).await {
            Err(StoreError::Answered(_)) => Ok(self.answered(&job.id).await?.unwrap_or(told)),
            done => done.map(|()| told),
        }
    }

    /// Tells the audit log of a file that was refused before it became a job under way.
    pub(super) async fn record_refusal(&self, job: &Job, why: Code) -> Result<(), Problem> {
        if job.order.dry_run {
            return Ok(());
        }
        let (store, now) = (&self.intake.store, (self.intake.deployment.now)());
        let told = refusal_record(&by_job(job), job.digest, why.code(), now);
        let told = told.about(None, store.snapshot().version());
        store.audit(&[told]).await.map_err(of_store)
    }

    pub(super) fn reply(&self, told: &Told) -> Reply {
        Reply {
            status: told.status.as_u16(),
            body: told.body.clone(),
            at: (self.intake.deployment.now)(),
        }
    }

    /// The final answer that the ledger has.
    pub(super) async fn answered(&self, job: &str) -> Result<Option<Told>, StoreError> {
        let kept = self.intake.store.receipt_of_job(job).await?;
        Ok(kept
            .and_then(|kept| kept.reply)
            .map(|reply| Told::of(&reply)))
    }

    /// The job of a receipt that has no answer yet.
    pub(super) fn job_of(&self, receipt: &Receipt) -> Result<Arc<Job>, Problem> {
        let order = Order::of_text(&receipt.parameters)?;
        let file = self.intake.stage.file(&receipt.job);
        let bytes = std::fs::metadata(file).map_or(0, |metadata| metadata.len());
        Ok(Arc::new(Job::new(
            (receipt.job.clone(), receipt.uploader.clone()),
            (receipt.agency.clone(), order),
            (receipt.body, bytes),
            receipt.received_at,
        )))
    }
}

pub(super) fn in_flight() -> Problem {
    let detail = "A request with this Idempotency-Key is under way. Ask again in a moment.";
    Problem::new(Kind::InFlight, detail)
}

/// The uploads of a service, for the program that starts it.
#[derive(Debug, Clone)]
pub struct Uploads(Option<Arc<Desk>>);

/// How often the stage is swept.
const SWEEP_EVERY: Duration = Duration::from_hours(1);

impl Uploads {
    pub(crate) const fn of(desk: Option<Arc<Desk>>) -> Self {
        Self(desk)
    }

    /// Takes up what a crash or a stop left, then removes old reports for as long as the service runs.
    pub async fn look_after(self) {
        let Some(desk) = self.0 else { return };
        match desk.intake.store.unanswered().await {
            Ok(receipts) => {
                for receipt in receipts {
                    take_up(&desk, &receipt).await;
                }
            }
            Err(error) => tracing::error!(%error, "uploads that were not finished are not known"),
        }
        loop {
            sweep(&desk).await;
            tokio::time::sleep(SWEEP_EVERY).await;
        }
    }
}

async fn take_up(desk: &Arc<Desk>, receipt: &Receipt) {
    if desk.job(&receipt.job).is_some() {
        return;
    }
    let job = match desk.job_of(receipt) {
        Ok(job) => job,
        Err(_unreadable) => {
            tracing::error!(job = receipt.job, "an upload is not readable any more");
            return;
        }
    };
    if desk.intake.stage.file(&job.id).exists() {
        tracing::info!(job = job.id, "taking up an upload");
        desk.begin(&job, None);
        return;
    }
    let lost = given_up(
        &job.id,
        "The bytes that were staged are not there any more: send the file again, with another Idempotency-Key.",
    );
    match desk.answer(&job, lost).await {
        Ok(told) => drop(job.state.send_replace(State::Ended(told))),
        Err(error) => tracing::error!(%error, job = job.id, "an upload without its bytes"),
    }
}

/// Removes what nobody asks for any more: reports of some days ago, and files that became no upload.
async fn sweep(desk: &Arc<Desk>) {
    let (stage, now) = (&desk.intake.stage, (desk.intake.deployment.now)());
    let jobs = match stage.jobs(now) {
        Ok(jobs) => jobs,
        Err(error) => {
            tracing::warn!(%error, "looking through the stage");
            return;
        }
    };
    for (id, age) in jobs {
        let under_way = desk.job(&id).is_some_and(|job| job.ended().is_none());
        let limits = desk.intake.limits;
        let most = if stage.has_report(&id) {
            limits.keep
        } else {
            limits.parts
        };
        if under_way || age <= most.as_secs() {
            continue;
        }
        let unfinished = match desk.intake.store.receipt_of_job(&id).await {
            Ok(kept) => kept.is_some_and(|kept| kept.reply.is_none()),
            Err(_unread) => true,
        };
        if !unfinished && let Err(error) = stage.forget(&id) {
            tracing::warn!(%error, job = id, "removing a job of the stage");
        }
    }
}

//! Taking one staged file: the same path as a command's.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::sync::Arc;

use naqsha_ingest::{IngestError, Ingested, Profile, Remark};
use naqsha_intake::{Draft, TakeError, Taken, Taking};
use naqsha_store::{Answer, StoreError};
use serde_json::json;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::sleep;

use super::answers::{self, Told, created, given_up, known, refused, unsuitable, words};
use super::content::disk;
use super::desk::Desk;
use super::job::{Job, State};
use super::who::by_job;
use crate::problem::{Kind, Problem};
use crate::space::full;

/// Works on a job until it has ended: what fails for a reason that passes is tried again. A dry run is tried once.
pub(super) async fn work(desk: Arc<Desk>, job: Arc<Job>, place: Option<OwnedSemaphorePermit>) {
    let _place = place;
    loop {
        // The semaphore is never closed.
        let turn = desk.working.acquire().await;
        job.state.send_replace(State::Running);
        let attempt = tokio::spawn(attempt(Arc::clone(&desk), Arc::clone(&job))).await;
        drop(turn);
        let failed = match attempt {
            Ok(Ok(told)) => {
                end(&desk, &job, told);
                return;
            }
            Ok(Err(problem)) => problem,
            // A file that panics would do so again.
            Err(panic) => {
                let problem = Problem::internal(format!("taking an upload: {panic}"));
                job.state.send_replace(State::Failing(problem));
                return;
            }
        };
        if let Some(fault) = &failed.fault {
            tracing::error!(%fault, job = job.id, "an upload failed");
        }
        if job.order.dry_run {
            end(&desk, &job, answers::failed(&job.id, &failed));
            return;
        }
        job.state.send_replace(State::Failing(failed));
        sleep(desk.intake.limits.retry).await;
    }
}

/// Ends a job: its answer is durable already, and the bytes that were sent are not kept.
fn end(desk: &Desk, job: &Job, told: Told) {
    if let Err(error) = desk.intake.stage.discard_file(&job.id) {
        tracing::warn!(%error, job = job.id, "removing a staged file");
    }
    job.state.send_replace(State::Ended(told));
}

/// Takes the file once.
async fn attempt(desk: Arc<Desk>, job: Arc<Job>) -> Result<Told, Problem> {
    let preparing = Arc::clone(&job);
    let at = Arc::clone(&desk);
    let prepared = off_the_runtime(move || prepare(&at, &preparing)).await??;
    let Some(taking) = prepared else {
        let why = format!("there is no profile {:?} any more", job.order.profile);
        return keep(&desk, &job, unsuitable(&job.id, &why)).await;
    };
    let taking = Arc::new(taking);
    let draft = match taking.draft().await {
        Ok(Taken::New(draft)) => *draft,
        Ok(Taken::Before(earlier)) if job.order.dry_run => {
            return Ok(answers::tried_again(&job.id, &earlier));
        }
        Ok(Taken::Before(earlier)) => {
            // It may be this very upload, taken by another node meanwhile.
            if let Some(told) = desk.answered(&job.id).await.map_err(of_store)? {
                return Ok(told);
            }
            return keep(&desk, &job, known(&job.id, &earlier)).await;
        }
        Err(error) => return ended_early(&desk, &job, error).await,
    };
    let (desk_of_report, reported, of) = (Arc::clone(&desk), Arc::clone(&taking), Arc::clone(&job));
    // Before the commit, so that a batch never lacks its report.
    let draft = off_the_runtime(move || {
        write_report(&desk_of_report, &of, &reported, &draft).map(|()| draft)
    })
    .await?;
    let draft = match draft {
        Ok(draft) => draft,
        Err(error) => return ended_early(&desk, &job, error).await,
    };
    finish(&desk, &job, &taking, draft).await
}

async fn finish(
    desk: &Arc<Desk>,
    job: &Arc<Job>,
    taking: &Taking,
    draft: Draft,
) -> Result<Told, Problem> {
    if job.order.dry_run {
        let told = answers::tried(&job.id, draft.digest, &draft.ingested);
        draft
            .finish(taking, |_committed| None)
            .await
            .map_err(failure)?;
        return Ok(told);
    }
    let ingested: Ingested = draft.ingested.clone();
    let mut told = None;
    let answer = |committed: &naqsha_store::Committed| {
        let of_batch = created(&job.id, committed, &ingested);
        let reply = desk.reply(&of_batch);
        told = Some(of_batch);
        Some(Answer {
            job: job.id.clone(),
            reply,
        })
    };
    match draft.finish(taking, answer).await {
        Ok(_done) => told.ok_or_else(|| Problem::internal("a commit without an answer".to_owned())),
        Err(TakeError::Store(StoreError::Answered(_))) => {
            let told = desk.answered(&job.id).await.map_err(of_store)?;
            told.ok_or_else(|| Problem::internal("an answer that is not there".to_owned()))
        }
        Err(error) => ended_early(desk, job, error).await,
    }
}

/// Keeps a final answer in the ledger; a dry run has none there.
async fn keep(desk: &Arc<Desk>, job: &Job, told: Told) -> Result<Told, Problem> {
    if job.order.dry_run {
        return Ok(told);
    }
    desk.answer(job, told).await.map_err(of_store)
}

async fn ended_early(desk: &Arc<Desk>, job: &Arc<Job>, error: TakeError) -> Result<Told, Problem> {
    let told = match error {
        TakeError::Ingest(IngestError::Refused(refusal)) => {
            let line = json!({ "row": null, "column": refusal.columns.first(), "outcome": "refused",
                "code": refusal.code.code() });
            let (at, of) = (Arc::clone(desk), Arc::clone(job));
            let code = refusal.code;
            off_the_runtime(move || {
                let stage = &at.intake.stage;
                stage.keep(&of.id, &[stage.errors(&of.id)], |files| -> io::Result<()> {
                    files
                        .iter_mut()
                        .try_for_each(|file| write_line(file, line.clone(), code))
                })
            })
            .await?
            .map_err(|error| disk(&error))?;
            refused(&job.id, &refusal)
        }
        TakeError::Ingest(IngestError::Settings(why)) => unsuitable(&job.id, &why),
        TakeError::GivenUp => given_up(
            &job.id,
            "It was given up on request; nothing of it is stored.",
        ),
        other => return Err(failure(other)),
    };
    keep(desk, job, told).await
}

/// Everything that taking the file needs; none where its profile is gone.
fn prepare(desk: &Desk, job: &Arc<Job>) -> Result<Option<Taking>, Problem> {
    let deployment = &desk.intake.deployment;
    let unread = |error: naqsha_intake::DeploymentError| Problem::internal(error.to_string());
    let Some(profile) = deployment.profile(&job.order.profile).map_err(unread)? else {
        return Ok(None);
    };
    let file = desk.intake.stage.file(&job.id);
    let mut settings = naqsha_intake::settings(job.received_at);
    job.order.apply(&mut settings);
    settings.tables = Some((deployment.tables)(&file));
    if Profile::needs_secret(&profile) {
        settings.secret = Some((deployment.secret)().map_err(unread)?);
    }
    naqsha_intake::learn(&desk.intake.store, &profile, &mut settings);
    Ok(Some(Taking {
        store: desk.intake.store.acting_as(by_job(job)),
        profile: Arc::new(profile),
        reference: (deployment.reference)().map_err(unread)?,
        settings,
        options: job.order.options(&job.sender),
        file,
        watch: job.watch(),
    }))
}

/// Writes the report, and a line for each code of each row.
fn write_report(desk: &Desk, job: &Job, taking: &Taking, draft: &Draft) -> Result<(), TakeError> {
    let stage = &desk.intake.stage;
    let most = desk.intake.limits.error_lines;
    let writes = [stage.report(&job.id), stage.errors(&job.id)];
    let written = stage.keep(&job.id, &writes, |files| -> Result<(), Kept> {
        let [report, errors] = files else {
            return Ok(());
        };
        let mut report = BufWriter::new(report);
        let mut errors = BufWriter::new(errors);
        let mut lines = 0;
        let mut remarks = |remark: Remark<'_>| -> io::Result<()> {
            for &(code, column) in remark.codes {
                lines += 1;
                if lines > most {
                    break;
                }
                let line = json!({ "row": remark.row, "column": column, "outcome": remark.outcome.word(),
                    "code": code.code() });
                write_line(&mut errors, line, code)?;
            }
            Ok(())
        };
        taking.write_report(&draft.ingested, &mut report, &mut remarks)?;
        report.flush()?;
        errors.flush()?;
        Ok(())
    });
    written.map_err(|Kept(error)| error)
}

/// Why a report was not kept.
struct Kept(TakeError);

impl From<io::Error> for Kept {
    fn from(error: io::Error) -> Self {
        Self(TakeError::Ingest(IngestError::Write(error)))
    }
}

impl From<TakeError> for Kept {
    fn from(error: TakeError) -> Self {
        Self(error)
    }
}

fn write_line(
    to: &mut impl io::Write,
    mut line: serde_json::Value,
    code: naqsha_model::Code,
) -> io::Result<()> {
    let told = words(code);
    line["message"] = told["message"].clone();
    line["what_to_do"] = told["what_to_do"].clone();
    writeln!(to, "{line}")
}

/// A failure that passes, or that somebody has to look at.
fn failure(error: TakeError) -> Problem {
    match error {
        TakeError::Store(error) => of_store(error),
        TakeError::Ingest(IngestError::Write(error) | IngestError::Read(error))
        | TakeError::Open(error)
        | TakeError::Read(error) => disk(&error),
        TakeError::Ingest(IngestError::Sink(error)) => match error.downcast::<StoreError>() {
            Ok(error) => of_store(*error),
            Err(error) => Problem::internal(format!("taking an upload: {error}")),
        },
        other => Problem::internal(format!("taking an upload: {other:?}")),
    }
}

/// A failure of the store.
pub(super) fn of_store(error: StoreError) -> Problem {
    match error {
        StoreError::Busy => Problem::new(
            Kind::Busy,
            "Another batch is being written. Try again in a moment.",
        ),
        StoreError::Stopped => {
            let detail = "An earlier write could not be made durable, so that nothing is taken until the service is started again.";
            Problem::new(Kind::Stopped, detail)
        }
        error if error.is_full() => full(),
        error if error.is_away() => Problem::new(
            Kind::OutOfReach,
            "Where the records are kept does not answer now. Try again later.",
        ),
        error => Problem::internal(format!("the store: {error:?}")),
    }
}

/// Runs what reads or writes files on a thread that may wait.
pub(super) async fn off_the_runtime<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|join| Problem::internal(format!("an upload: {join}")))
}

/// A file of the stage, opened for reading.
pub(super) fn open(path: &std::path::Path) -> io::Result<Option<File>> {
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

//! What is done to a committed batch: withdrawal, restoration, release. The Parquet files are not touched.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use naqsha_model::{AuditAction, BatchDigest, Code};

use crate::audit::AuditRecord;
use crate::batch::{BatchRecord, BatchState};
use crate::cluster::find;
use crate::cluster::{Decision, DecisionRecord, LinkRecord};
use crate::contents::{Contents, EventRecord, Link, RecordAt, RowsByBatch};
use crate::event::{Act, Changed, Operation, Selection};
use crate::ledger::WriterLock;
use crate::ledger_write::Addition;
use crate::manifest::NilReturn;
use crate::receipt::Answer;
use crate::released;
use crate::selection;
use crate::snapshot::Snapshot;
use crate::store::blocking;
use crate::{Store, StoreError};

impl Store {
    /// Takes a batch, or some of its records, out of what is current. Records that these had superseded are current
    /// again; a record that is withdrawn by itself takes its earlier revisions with it.
    ///
    /// The bytes stay, and so does the fact: events are only added. Withdrawing a held batch discards it.
    ///
    /// # Errors
    /// [`StoreError::NoSuchBatch`], [`StoreError::NoSuchRecord`], [`StoreError::Refused`] where there is nothing to
    /// withdraw; as for [`Store::begin`].
    pub async fn withdraw(
        &self,
        batch: &BatchDigest,
        selection: Selection,
        act: Act,
    ) -> Result<Changed, StoreError> {
        self.withdraw_with(batch, selection, act, |_version| None)
            .await
    }

    /// Withdraws as [`Store::withdraw`] does, and in the same transaction answers the receipt that asked for it. The answer is
    /// made of the version that is current then.
    ///
    /// # Errors
    /// As for [`Store::withdraw`]; [`StoreError::NoSuchReceipt`], [`StoreError::Answered`]: then nothing is withdrawn.
    pub async fn withdraw_with(
        &self,
        batch: &BatchDigest,
        selection: Selection,
        act: Act,
        answer: impl FnOnce(u64) -> Option<Answer>,
    ) -> Result<Changed, StoreError> {
        let change = (Operation::Withdraw, selection);
        self.change(batch, change, act, answer).await
    }

    /// Undoes a withdrawal: of a whole batch, or of records withdrawn by themselves.
    ///
    /// # Errors
    /// As for [`Store::withdraw`].
    pub async fn restore(
        &self,
        batch: &BatchDigest,
        selection: Selection,
        act: Act,
    ) -> Result<Changed, StoreError> {
        self.restore_with(batch, selection, act, |_version| None)
            .await
    }

    /// Restores as [`Store::restore`] does, and answers the receipt that asked for it, as [`Store::withdraw_with`] does.
    ///
    /// # Errors
    /// As for [`Store::withdraw_with`].
    pub async fn restore_with(
        &self,
        batch: &BatchDigest,
        selection: Selection,
        act: Act,
        answer: impl FnOnce(u64) -> Option<Answer>,
    ) -> Result<Changed, StoreError> {
        let change = (Operation::Restore, selection);
        self.change(batch, change, act, answer).await
    }

    /// Makes a held batch live. Its natural keys are checked again: records that repeat what has become current since
    /// are left out and told, as they would have been had the batch come now.
    ///
    /// # Errors
    /// [`StoreError::NoSuchBatch`], [`StoreError::Refused`] where it is not held; as for [`Store::begin`].
    pub async fn release(&self, batch: &BatchDigest, act: Act) -> Result<Changed, StoreError> {
        self.release_with(batch, act, |_version| None).await
    }

    /// Releases as [`Store::release`] does, and answers the receipt that asked for it, as [`Store::withdraw_with`] does.
    ///
    /// # Errors
    /// As for [`Store::release`] and [`Store::withdraw_with`].
    pub async fn release_with(
        &self,
        batch: &BatchDigest,
        act: Act,
        answer: impl FnOnce(u64) -> Option<Answer>,
    ) -> Result<Changed, StoreError> {
        let mut lock = self.lock().await?;
        let snapshot = self.snapshot();
        let record = found(&snapshot, batch)?;
        if record.state != BatchState::Held {
            return Err(refused(&record, "is not held"));
        }
        let shared = Arc::clone(self.shared());
        let of = record.clone();
        let (known, checked) = blocking(move || {
            let (agency, profile) = (of.agency.as_str(), of.profile.as_str());
            let known = shared.known(snapshot, agency, profile, of.replaces)?;
            let mut checked = released::check_again(&known, &of)?;
            let at = (known.next_cluster_link(), known.snapshot.version() + 1);
            let ours = released::candidates(&known.snapshot, &of, &checked)?;
            checked.cluster_links = find::links(&known.snapshot, &ours, &checked.links, at)?;
            Ok((known, checked))
        })
        .await?;
        let event = EventRecord {
            number: known.snapshot.contents().heads().event + 1,
            version: known.snapshot.version() + 1,
            act: act.clone(),
            operation: Operation::Release,
            sequence: record.sequence,
            rows: None,
            left_out: checked.left_out,
        };
        let replacement =
            known
                .replacement(record.sequence, event.version, act)
                .map(|replacement| EventRecord {
                    number: event.number + 1,
                    ..replacement
                });
        let appended = Appended {
            action: AuditAction::Release,
            batch: record.digest,
            rows: Some(record.totals.accepted),
            answer: answer(event.version),
            events: std::iter::once(event).chain(replacement).collect(),
            links: checked.links,
            cluster_links: checked.cluster_links,
        };
        self.append(&mut lock, appended).await
    }

    /// Keeps an agency's statement that a period has nothing to report. Stating it again changes nothing.
    ///
    /// # Errors
    /// [`StoreError::NotNil`] where the agency has current records of the profile in the period; as for [`Store::begin`].
    pub async fn state_nil(&self, stated: NilReturn) -> Result<(), StoreError> {
        let mut lock = self.lock().await?;
        let (snapshot, of) = (self.snapshot(), stated.clone());
        let (version, is_known) = (snapshot.version() + 1, snapshot.contents().states(&stated));
        let held = blocking(move || {
            let agency = of.agency.as_str();
            let found = selection::of_period(&snapshot, agency, &of.profile, of.period)?;
            let seen = |(&sequence, rows): (&u64, &Vec<u64>)| {
                let at = |&row: &u64| RecordAt { sequence, row };
                rows.iter()
                    .map(at)
                    .filter(|&at| snapshot.visibility().sees(at))
                    .count()
            };
            Ok(found.iter().map(seen).sum::<usize>())
        });
        match held.await? {
            0 => {}
            records => return Err(StoreError::NotNil { records }),
        }
        if is_known {
            return Ok(());
        }
        let (first, last) = (stated.period.first().date(), stated.period.last().date());
        let resource = format!("nil:{}/{}/{first}..{last}", stated.agency, stated.profile);
        let told = self.did(AuditAction::NilReturn, resource, stated.received_at);
        lock.add_nil_return(version, &stated, &told.about(None, version))
            .await
            .inspect_err(|error| self.shared().stops.after(error))?;
        let contents = self.shared().ledger.contents().await?;
        self.shared().show_done(contents, Vec::new())?;
        Ok(())
    }

    /// Confirms a link between two incidents, or unlinks them. Either can be taken back by the other; the last word counts.
    ///
    /// # Errors
    /// [`StoreError::NoSuchLink`]; as for [`Store::begin`].
    pub async fn decide(&self, link: u64, decision: Decision, act: Act) -> Result<u64, StoreError> {
        let mut lock = self.lock().await?;
        let snapshot = self.snapshot();
        let contents = snapshot.contents();
        if !contents
            .cluster_links
            .iter()
            .any(|known| known.number == link)
        {
            return Err(StoreError::NoSuchLink(link));
        }
        let decided = DecisionRecord {
            number: contents.heads().decision + 1,
            version: contents.version + 1,
            act,
            decision,
            link,
        };
        let addition = Addition {
            decision: Some(&decided),
            ..Addition::default()
        };
        let action = match decision {
            Decision::Confirm => AuditAction::Confirm,
            Decision::Unlink => AuditAction::Unlink,
        };
        let told = self.did(action, format!("link:{link}"), decided.act.at);
        let told = told.about(None, decided.version);
        let shared = Arc::clone(self.shared());
        lock.add(decided.version, addition, &told)
            .await
            .inspect_err(|error| shared.stops.after(error))?;
        let mut contents = Contents::clone(contents);
        blocking(move || {
            let version = decided.version;
            contents.version = version;
            contents.decisions.push(decided);
            shared.show_done(contents, Vec::new())?;
            Ok(version)
        })
        .await
    }

    /// A record of whoever acts through this store.
    pub(crate) fn did(&self, action: AuditAction, resource: String, at: Timestamp) -> AuditRecord {
        let told = self.1.did(action, resource, at);
        told.about(None, self.snapshot().version())
    }

    async fn change(
        &self,
        batch: &BatchDigest,
        (operation, selection): (Operation, Selection),
        act: Act,
        answer: impl FnOnce(u64) -> Option<Answer>,
    ) -> Result<Changed, StoreError> {
        let mut lock = self.lock().await?;
        let snapshot = self.snapshot();
        let record = found(&snapshot, batch)?;
        let withdrawn = record.state == BatchState::Withdrawn;
        match (operation, &selection) {
            (Operation::Withdraw, _) if withdrawn => return Err(refused(&record, "is withdrawn")),
            (Operation::Restore, Selection::Batch) if !withdrawn => {
                return Err(refused(&record, "is not withdrawn as a whole"));
            }
            (_, Selection::Rows(_) | Selection::Period(_)) if record.state != BatchState::Live => {
                return Err(refused(
                    &record,
                    "is not live: its records cannot be told apart",
                ));
            }
            _ => {}
        }
        let (at, of) = (Arc::clone(&snapshot), record.clone());
        let rows = blocking(move || rows(&at, &of, operation, &selection)).await?;
        if rows.as_ref().is_some_and(BTreeMap::is_empty) {
            return Err(refused(&record, "has no such record to change"));
        }
        let contents = snapshot.contents();
        let event = EventRecord {
            number: contents.heads().event + 1,
            version: contents.version,
            act,
            operation,
            sequence: record.sequence,
            rows,
            left_out: BTreeMap::new(),
        };
        // What changes nothing that is current, as the discarding of a held batch, leaves the version.
        let mut after = Contents::clone(contents);
        after.add_event(event.clone());
        let shown = |contents: &Contents| {
            contents
                .batches
                .iter()
                .filter(|b| b.state == BatchState::Live)
                .count()
        };
        let version =
            contents.version + u64::from(event.rows.is_some() || shown(contents) != shown(&after));
        let appended = Appended {
            action: match operation {
                Operation::Restore => AuditAction::Restore,
                _ => AuditAction::Withdraw,
            },
            batch: record.digest,
            rows: Some(match &event.rows {
                Some(rows) => rows.values().map(|rows| rows.len() as u64).sum(),
                None => record.totals.accepted,
            }),
            answer: answer(version),
            events: vec![EventRecord { version, ..event }],
            links: Vec::new(),
            cluster_links: Vec::new(),
        };
        self.append(&mut lock, appended).await
    }

    /// Adds events to the ledger, durably, and shows what is current then.
    async fn append(
        &self,
        lock: &mut WriterLock,
        appended: Appended,
    ) -> Result<Changed, StoreError> {
        let Appended {
            action,
            batch,
            rows,
            events,
            links,
            cluster_links,
            answer,
        } = appended;
        let shared = Arc::clone(self.shared());
        let before = self.snapshot();
        let Some(last) = events.last() else {
            return Err(StoreError::Interrupted);
        };
        let addition = Addition {
            links: &links,
            events: &events,
            cluster_links: &cluster_links,
            answer: answer.as_ref(),
            ..Addition::default()
        };
        let told = self.did(action, format!("batch:{batch}"), last.act.at);
        let told = told.about(rows, last.version);
        lock.add(last.version, addition, &told)
            .await
            .inspect_err(|error| shared.stops.after(error))?;
        blocking(move || {
            let mut contents = Contents::clone(before.contents());
            contents.add_links(&links);
            contents.cluster_links.extend(cluster_links);
            let left_out = events.iter().flat_map(|event| &event.left_out);
            let repeats = left_out
                .map(|(&code, rows)| (code, rows.len() as u64))
                .collect();
            for event in events {
                contents.add_event(event);
            }
            shared.show_done(contents, Vec::new())?;
            Ok(compared(&before, &shared.snapshot(), repeats))
        })
        .await
    }
}

/// What an act after the commit of its batch adds.
#[derive(Debug)]
struct Appended {
    action: AuditAction,
    batch: BatchDigest,
    /// How many it was asked for.
    rows: Option<u64>,
    events: Vec<EventRecord>,
    links: Vec<Link>,
    cluster_links: Vec<LinkRecord>,
    answer: Option<Answer>,
}

fn found(snapshot: &Snapshot, batch: &BatchDigest) -> Result<BatchRecord, StoreError> {
    let found = snapshot.contents().find(batch).cloned();
    found.ok_or(StoreError::NoSuchBatch(*batch))
}

fn refused(batch: &BatchRecord, why: &'static str) -> StoreError {
    StoreError::Refused {
        batch: batch.digest,
        why,
    }
}

/// The rows an event names; `None` for a whole batch.
fn rows(
    snapshot: &Snapshot,
    batch: &BatchRecord,
    operation: Operation,
    selection: &Selection,
) -> Result<Option<RowsByBatch>, StoreError> {
    if *selection == Selection::Batch {
        return Ok(None);
    }
    let visibility = snapshot.visibility();
    let selected = selection::of_batch(snapshot, batch, selection)?;
    let changes = selected.into_iter().filter(|&at| match operation {
        Operation::Restore => visibility.is_withdrawn(at),
        _ => visibility.sees(at),
    });
    Ok(Some(selection::with_earlier(snapshot.contents(), changes)))
}

/// How many incidents went and came.
fn compared(before: &Snapshot, after: &Snapshot, repeats: BTreeMap<Code, u64>) -> Changed {
    let (mut gone, mut back) = (0, 0);
    let (was, is) = (before.current_by_file(), after.current_by_file());
    for (file, &seen) in &was {
        gone += seen.saturating_sub(is.get(file).copied().unwrap_or(0));
    }
    for (file, &seen) in &is {
        back += seen.saturating_sub(was.get(file).copied().unwrap_or(0));
    }
    Changed {
        version: after.version(),
        gone,
        back,
        repeats,
    }
}

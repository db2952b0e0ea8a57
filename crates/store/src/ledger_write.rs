//! What is added to the ledger: one transaction for a commit, one for an event.

use std::collections::BTreeMap;

use naqsha_model::BatchDigest;

use crate::StoreError;
use crate::batch::{BatchRecord, BatchState, OnChange};
use crate::cluster::{DecisionRecord, LinkRecord};
use crate::contents::{EventRecord, Link};
use crate::files::FileRecord;
use crate::ledger::{WriterLock, failed};
use crate::ledger_statement::{Transaction, Value, integer, maybe_integer, text};
use crate::manifest::{Manifest, NilReturn};
use crate::packed;
use crate::receipt::Answer;

/// All that one transaction adds.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Addition<'a> {
    pub batch: Option<&'a BatchRecord>,
    pub files: &'a [FileRecord],
    pub links: &'a [Link],
    pub events: &'a [EventRecord],
    pub cluster_links: &'a [LinkRecord],
    pub decision: Option<&'a DecisionRecord>,
    /// What the receipt that asked for it is answered.
    pub answer: Option<&'a Answer>,
}

impl WriterLock {
    /// Adds a batch with its files, events, or both, and raises the version. Durable when this returns.
    ///
    /// # Errors
    /// [`StoreError::NoSuchReceipt`] and [`StoreError::Answered`] leave everything as it was; after any other nobody knows.
    pub(crate) async fn add(
        &mut self,
        version: u64,
        added: Addition<'_>,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        let unsealed = transaction.unsealed().await?;
        if let Some(batch) = added.batch {
            insert_batch(&mut transaction, batch)
                .await
                .map_err(failed("add the batch"))?;
            for file in added.files {
                insert_file(&mut transaction, batch.sequence, file)
                    .await
                    .map_err(failed("add a file"))?;
            }
        }
        insert_links(&mut transaction, added.links)
            .await
            .map_err(failed("add revisions"))?;
        for event in added.events {
            insert_event(&mut transaction, event)
                .await
                .map_err(failed("add the event"))?;
        }
        for link in added.cluster_links {
            insert_cluster_link(&mut transaction, link)
                .await
                .map_err(failed("add a link"))?;
        }
        if let Some(decision) = added.decision {
            insert_decision(&mut transaction, decision)
                .await
                .map_err(failed("add a decision"))?;
        }
        if let Some(answer) = added.answer {
            transaction.insert_reply(answer).await?;
        }
        transaction
            .execute("UPDATE meta SET version = $1", [integer(version)])
            .await
            .map_err(failed("raise the version"))?;
        transaction.seal(unsealed, added.links).await?;
        transaction.commit("commit").await
    }

    /// Adds a nil return, which raises the version: answers about what was reported differ from then on. Durable when this
    /// returns.
    pub(crate) async fn add_nil_return(
        &mut self,
        version: u64,
        stated: &NilReturn,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        let unsealed = transaction.unsealed().await?;
        transaction
            .execute(
                "INSERT INTO nil_returns (agency, profile, first_day, last_day, received_at, \
                 uploader, approver) VALUES ($1, $2, $3, $4, $5, $6, $7)",
                [
                    text(stated.agency.as_str()),
                    text(&stated.profile),
                    integer(stated.period.first().0),
                    integer(stated.period.last().0),
                    text(&stated.received_at.to_string()),
                    text(&stated.uploader),
                    Value::Text(stated.approver.as_deref()),
                ],
            )
            .await
            .map_err(failed("add a nil return"))?;
        transaction
            .execute("UPDATE meta SET version = $1", [integer(version)])
            .await
            .map_err(failed("raise the version"))?;
        transaction.seal(unsealed, &[]).await?;
        transaction.commit("add a nil return").await
    }
}

async fn insert_batch(
    transaction: &mut Transaction<'_>,
    batch: &BatchRecord,
) -> Result<(), sqlx::Error> {
    let totals = &batch.totals;
    transaction
        .execute(
            "INSERT INTO batches (sequence, digest, profile, agency, file_name, \
             received_at, synthetic, study_area, state, committed_version, total_rows, \
             accepted, warned, rejected, duplicate, skipped, on_change, \
             replaces_first_day, replaces_last_day) VALUES ($1, $2, $3, $4, $5, $6, $7, \
             $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)",
            [
                integer(batch.sequence),
                text(&batch.digest.to_string()),
                text(&batch.profile),
                text(batch.agency.as_str()),
                text(&batch.file_name),
                text(&batch.received_at.to_string()),
                Value::Flag(batch.synthetic),
                Value::Text(batch.study_area.as_deref()),
                text(match batch.state {
                    BatchState::Held => "held",
                    BatchState::Live | BatchState::Withdrawn => "live",
                }),
                integer(batch.committed_version),
                integer(totals.rows),
                integer(totals.accepted),
                integer(totals.warned),
                integer(totals.rejected),
                integer(totals.duplicate),
                integer(totals.skipped),
                text(match batch.on_change {
                    OnChange::Report => "report",
                    OnChange::Revise => "revise",
                }),
                maybe_integer(batch.replaces.map(|days| days.first().0)),
                maybe_integer(batch.replaces.map(|days| days.last().0)),
            ],
        )
        .await?;
    for (code, &count) in &totals.codes {
        transaction
            .execute(
                "INSERT INTO code_totals (sequence, code, count) VALUES ($1, $2, $3)",
                [integer(batch.sequence), text(code.code()), integer(count)],
            )
            .await?;
    }
    if let Some(manifest) = &batch.manifest {
        insert_manifest(transaction, batch.sequence, manifest).await?;
    }
    Ok(())
}

async fn insert_manifest(
    transaction: &mut Transaction<'_>,
    sequence: u64,
    manifest: &Manifest,
) -> Result<(), sqlx::Error> {
    transaction
        .execute(
            "INSERT INTO manifests (sequence, first_day, last_day, stated_rows, uploader, \
             approver) VALUES ($1, $2, $3, $4, $5, $6)",
            [
                integer(sequence),
                maybe_integer(manifest.period.map(|days| days.first().0)),
                maybe_integer(manifest.period.map(|days| days.last().0)),
                maybe_integer(manifest.rows),
                Value::Text(manifest.uploader.as_deref()),
                Value::Text(manifest.approver.as_deref()),
            ],
        )
        .await?;
    for (categories, stated) in &manifest.control_totals {
        transaction
            .execute(
                "INSERT INTO control_totals (sequence, categories, stated) VALUES ($1, $2, $3)",
                [integer(sequence), text(categories), integer(*stated)],
            )
            .await?;
    }
    Ok(())
}

async fn insert_file(
    transaction: &mut Transaction<'_>,
    sequence: u64,
    file: &FileRecord,
) -> Result<(), sqlx::Error> {
    transaction
        .execute(
            "INSERT INTO files (sequence, part, path, sha256, row_count, byte_count, \
             first_source_row, last_source_row, first_day, last_day, timeless) VALUES \
             ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            [
                integer(sequence),
                integer(file.part),
                text(&file.path().to_string_lossy()),
                text(&BatchDigest::new(file.sha256).to_string()),
                integer(file.rows),
                integer(file.bytes),
                integer(file.source_rows.0),
                integer(file.source_rows.1),
                maybe_integer(file.days.map(|days| days.first().0)),
                maybe_integer(file.days.map(|days| days.last().0)),
                integer(file.timeless),
            ],
        )
        .await
}

async fn insert_links(
    transaction: &mut Transaction<'_>,
    links: &[Link],
) -> Result<(), sqlx::Error> {
    let mut by_batches: BTreeMap<(u64, u64), Vec<&Link>> = BTreeMap::new();
    for link in links {
        let batches = (link.record.sequence, link.first.sequence);
        by_batches.entry(batches).or_default().push(link);
    }
    for ((sequence, first_sequence), mut links) in by_batches {
        links.sort_unstable_by_key(|link| link.record.row);
        transaction
            .execute(
                "INSERT INTO revisions (sequence, first_sequence, links) VALUES ($1, $2, $3)",
                [
                    integer(sequence),
                    integer(first_sequence),
                    Value::Bytes(packed::links(links.into_iter())),
                ],
            )
            .await?;
    }
    Ok(())
}

async fn insert_event(
    transaction: &mut Transaction<'_>,
    event: &EventRecord,
) -> Result<(), sqlx::Error> {
    transaction
        .execute(
            "INSERT INTO events (event, version, at, actor, operation, reason, sequence) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            [
                integer(event.number),
                integer(event.version),
                text(&event.act.at.to_string()),
                text(&event.act.actor),
                text(event.operation.word()),
                text(&event.act.reason),
                integer(event.sequence),
            ],
        )
        .await?;
    let asked = event
        .rows
        .iter()
        .flatten()
        .map(|(&sequence, rows)| (sequence, "", rows));
    let left_out = event
        .left_out
        .iter()
        .map(|(code, rows)| (event.sequence, code.code(), rows));
    for (sequence, code, rows) in asked.chain(left_out) {
        transaction
            .execute(
                "INSERT INTO event_rows (event, sequence, code, row_list) VALUES ($1, $2, $3, \
                 $4)",
                [
                    integer(event.number),
                    integer(sequence),
                    text(code),
                    Value::Bytes(packed::rows(rows)),
                ],
            )
            .await?;
    }
    Ok(())
}

async fn insert_cluster_link(
    transaction: &mut Transaction<'_>,
    link: &LinkRecord,
) -> Result<(), sqlx::Error> {
    let [(left, left_rank), (right, right_rank)] = link.sides;
    transaction
        .execute(
            "INSERT INTO cluster_links (link, version, left_sequence, left_row, \
             left_rank, right_sequence, right_row, right_rank, score, basis) VALUES ($1, \
             $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            [
                integer(link.number),
                integer(link.version),
                integer(left.sequence),
                integer(left.row),
                integer(left_rank),
                integer(right.sequence),
                integer(right.row),
                integer(right_rank),
                integer(link.score),
                text(&link.basis),
            ],
        )
        .await
}

async fn insert_decision(
    transaction: &mut Transaction<'_>,
    decision: &DecisionRecord,
) -> Result<(), sqlx::Error> {
    transaction
        .execute(
            "INSERT INTO cluster_decisions (decision, version, at, actor, operation, \
             reason, link) VALUES ($1, $2, $3, $4, $5, $6, $7)",
            [
                integer(decision.number),
                integer(decision.version),
                text(&decision.act.at.to_string()),
                text(&decision.act.actor),
                text(decision.decision.word()),
                text(&decision.act.reason),
                integer(decision.link),
            ],
        )
        .await
}

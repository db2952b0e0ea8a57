//! What is added to the ledger: one transaction for a commit, one for an event.

use std::collections::BTreeMap;

use sqlx::sqlite::SqliteConnection;

use crate::StoreError;
use crate::batch::{BatchRecord, BatchState, OnChange};
use crate::cluster::{DecisionRecord, LinkRecord};
use crate::contents::{EventRecord, Link};
use crate::files::FileRecord;
use crate::ledger::{Ledger, failed};
use crate::manifest::{Manifest, NilReturn};
use crate::packed;
use crate::seal;

/// All that one transaction adds.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Addition<'a> {
    pub batch: Option<&'a BatchRecord>,
    pub files: &'a [FileRecord],
    pub links: &'a [Link],
    pub events: &'a [EventRecord],
    pub cluster_links: &'a [LinkRecord],
    pub decision: Option<&'a DecisionRecord>,
}

impl Ledger {
    /// Adds a batch with its files, events, or both, and raises the version. Durable when this returns.
    pub(crate) async fn add(&self, version: u64, added: Addition<'_>) -> Result<(), StoreError> {
        let mut transaction = self.pool.begin().await.map_err(failed("begin"))?;
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
        sqlx::query("UPDATE meta SET version = ?")
            .bind(signed(version))
            .execute(&mut *transaction)
            .await
            .map_err(failed("raise the version"))?;
        seal::renew(&mut transaction).await?;
        transaction.commit().await.map_err(failed("commit"))
    }
}

impl Ledger {
    /// Adds a nil return; one that stands already is left as it is. Durable when this returns.
    pub(crate) async fn add_nil_return(&self, stated: &NilReturn) -> Result<(), StoreError> {
        let mut transaction = self.pool.begin().await.map_err(failed("begin"))?;
        sqlx::query(
            "INSERT INTO nil_returns (agency, profile, first_day, last_day, received_at, uploader, approver)
             VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        )
        .bind(stated.agency.as_str())
        .bind(&stated.profile)
        .bind(stated.period.first().0)
        .bind(stated.period.last().0)
        .bind(stated.received_at.to_string())
        .bind(&stated.uploader)
        .bind(stated.approver.as_deref())
        .execute(&mut *transaction)
        .await
        .map_err(failed("add a nil return"))?;
        seal::renew(&mut transaction).await?;
        transaction.commit().await.map_err(failed("commit"))
    }
}

async fn insert_batch(
    connection: &mut SqliteConnection,
    batch: &BatchRecord,
) -> Result<(), sqlx::Error> {
    let totals = &batch.totals;
    sqlx::query(
        "INSERT INTO batches (sequence, digest, profile, agency, file_name, received_at, synthetic, study_area,
             state, committed_version, total_rows, accepted, warned, rejected, duplicate, skipped,
             on_change, replaces_first_day, replaces_last_day)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(signed(batch.sequence))
    .bind(batch.digest.to_string())
    .bind(&batch.profile)
    .bind(batch.agency.as_str())
    .bind(&batch.file_name)
    .bind(batch.received_at.to_string())
    .bind(batch.synthetic)
    .bind(batch.study_area.as_deref())
    .bind(match batch.state {
        BatchState::Held => "held",
        BatchState::Live | BatchState::Withdrawn => "live",
    })
    .bind(signed(batch.committed_version))
    .bind(signed(totals.rows))
    .bind(signed(totals.accepted))
    .bind(signed(totals.warned))
    .bind(signed(totals.rejected))
    .bind(signed(totals.duplicate))
    .bind(signed(totals.skipped))
    .bind(match batch.on_change {
        OnChange::Report => "report",
        OnChange::Revise => "revise",
    })
    .bind(batch.replaces.map(|days| days.first().0))
    .bind(batch.replaces.map(|days| days.last().0))
    .execute(&mut *connection)
    .await?;
    for (code, &count) in &totals.codes {
        sqlx::query("INSERT INTO code_totals (sequence, code, count) VALUES (?, ?, ?)")
            .bind(signed(batch.sequence))
            .bind(code.code())
            .bind(signed(count))
            .execute(&mut *connection)
            .await?;
    }
    if let Some(manifest) = &batch.manifest {
        insert_manifest(connection, batch.sequence, manifest).await?;
    }
    Ok(())
}

async fn insert_manifest(
    connection: &mut SqliteConnection,
    sequence: u64,
    manifest: &Manifest,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO manifests (sequence, first_day, last_day, stated_rows, uploader, approver) VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(signed(sequence))
    .bind(manifest.period.map(|days| days.first().0))
    .bind(manifest.period.map(|days| days.last().0))
    .bind(manifest.rows.map(signed))
    .bind(manifest.uploader.as_deref())
    .bind(manifest.approver.as_deref())
    .execute(&mut *connection)
    .await?;
    for (categories, stated) in &manifest.control_totals {
        sqlx::query("INSERT INTO control_totals (sequence, categories, stated) VALUES (?, ?, ?)")
            .bind(signed(sequence))
            .bind(categories)
            .bind(signed(*stated))
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

async fn insert_file(
    connection: &mut SqliteConnection,
    sequence: u64,
    file: &FileRecord,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO files (sequence, part, path, sha256, row_count, byte_count, first_source_row, last_source_row,
             first_day, last_day, timeless)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(signed(sequence))
    .bind(file.part)
    .bind(file.path().to_string_lossy().into_owned())
    .bind(naqsha_model::BatchDigest::new(file.sha256).to_string())
    .bind(signed(file.rows))
    .bind(signed(file.bytes))
    .bind(signed(file.source_rows.0))
    .bind(signed(file.source_rows.1))
    .bind(file.days.map(|days| days.first().0))
    .bind(file.days.map(|days| days.last().0))
    .bind(signed(file.timeless))
    .execute(connection)
    .await
    .map(drop)
}

async fn insert_links(
    connection: &mut SqliteConnection,
    links: &[Link],
) -> Result<(), sqlx::Error> {
    let mut by_batches: BTreeMap<(u64, u64), Vec<&Link>> = BTreeMap::new();
    for link in links {
        let batches = (link.record.sequence, link.first.sequence);
        by_batches.entry(batches).or_default().push(link);
    }
    for ((sequence, first_sequence), mut links) in by_batches {
        links.sort_unstable_by_key(|link| link.record.row);
        sqlx::query("INSERT INTO revisions (sequence, first_sequence, links) VALUES (?, ?, ?)")
            .bind(signed(sequence))
            .bind(signed(first_sequence))
            .bind(packed::links(links.into_iter()))
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

async fn insert_event(
    connection: &mut SqliteConnection,
    event: &EventRecord,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO events (event, version, at, actor, operation, reason, sequence) VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(signed(event.number))
    .bind(signed(event.version))
    .bind(event.act.at.to_string())
    .bind(&event.act.actor)
    .bind(event.operation.word())
    .bind(&event.act.reason)
    .bind(signed(event.sequence))
    .execute(&mut *connection)
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
        sqlx::query("INSERT INTO event_rows (event, sequence, code, row_list) VALUES (?, ?, ?, ?)")
            .bind(signed(event.number))
            .bind(signed(sequence))
            .bind(code)
            .bind(packed::rows(rows))
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

async fn insert_cluster_link(
    connection: &mut SqliteConnection,
    link: &LinkRecord,
) -> Result<(), sqlx::Error> {
    let [(left, left_rank), (right, right_rank)] = link.sides;
    sqlx::query(
        "INSERT INTO cluster_links (link, version, left_sequence, left_row, left_rank, right_sequence, right_row,
             right_rank, score, basis) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(signed(link.number))
    .bind(signed(link.version))
    .bind(signed(left.sequence))
    .bind(signed(left.row))
    .bind(left_rank)
    .bind(signed(right.sequence))
    .bind(signed(right.row))
    .bind(right_rank)
    .bind(link.score)
    .bind(&link.basis)
    .execute(connection)
    .await
    .map(drop)
}

async fn insert_decision(
    connection: &mut SqliteConnection,
    decision: &DecisionRecord,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO cluster_decisions (decision, version, at, actor, operation, reason, link) VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(signed(decision.number))
    .bind(signed(decision.version))
    .bind(decision.act.at.to_string())
    .bind(&decision.act.actor)
    .bind(decision.decision.word())
    .bind(&decision.act.reason)
    .bind(signed(decision.link))
    .execute(connection)
    .await
    .map(drop)
}

/// The database's integers; no count of ours comes near 2⁶³.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

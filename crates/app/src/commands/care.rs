//! `naqsha verify`, `backup`, `restore` and `compact`: care of the store, beside a running service.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use naqsha_model::AuditAction;
use naqsha_store::{Amount, AuditRecord, Backup, Compaction, Scrub, Store};
use serde_json::json;

use super::free_space::available_bytes;
use super::{Context, audit, print_line};
use crate::clock;
use crate::exit::Damaged;

#[derive(Debug, Args)]
pub(crate) struct BackupArgs {
    /// New or empty folder for the copy.
    #[arg(long)]
    out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    /// Folder of the backup.
    #[arg(long)]
    from: PathBuf,
}

/// Reads everything the ledger names; exits 4 where something is not as it was written, and names it.
pub(super) async fn verify(context: &Context) -> anyhow::Result<()> {
    let scrub = Store::scrub(&context.data, &context.config.places())
        .await
        .context("reading the store")?;
    let check = audit::check(context, None, None)
        .await
        .context("reading the audit log")?;
    if context.json {
        let mut told = as_json(&scrub);
        told["whole"] = (scrub.is_whole() && check.is_whole()).into();
        told["audit"] = audit::as_json(&check);
        print_line(&told.to_string())?;
    } else {
        print_findings(&scrub)?;
        audit::print_check(&check)?;
    }
    if scrub.is_whole() {
        return audit::refuse(&check);
    }
    let (files, ledger) = (scrub.damaged.len(), scrub.ledger.len());
    Err(Damaged(format!(
        "{files} damaged files, {ledger} faults of the ledger"
    ))
    .into())
}

fn print_findings(scrub: &Scrub) -> anyhow::Result<()> {
    let Scrub {
        batches,
        files,
        rows,
        bytes,
        ..
    } = scrub;
    print_line(&format!(
        "{batches} batches, {files} files, {rows} records, {bytes} bytes read"
    ))?;
    for file in &scrub.damaged {
        let (path, batch) = (file.path.display(), file.batch);
        let (rows, reason) = (file.rows, &file.reason);
        print_line(&format!(
            "damaged: {path} of batch {batch}, {rows} records: {reason}"
        ))?;
    }
    for fault in &scrub.ledger {
        print_line(&format!("ledger: {fault}"))?;
    }
    for path in &scrub.unnamed {
        print_line(&format!(
            "no batch names {}: left by a batch that was cut short, removed when the next one begins",
            path.display()
        ))?;
    }
    if scrub.is_whole() {
        print_line("everything is as it was written")?;
    }
    Ok(())
}

fn as_json(scrub: &Scrub) -> serde_json::Value {
    let damaged = scrub.damaged.iter().map(|file| {
        json!({ "path": file.path, "batch": file.batch.to_string(), "rows": file.rows, "reason": file.reason })
    });
    json!({
        "whole": scrub.is_whole(), "batches": scrub.batches, "files": scrub.files, "rows": scrub.rows,
        "bytes": scrub.bytes, "damaged": damaged.collect::<Vec<_>>(), "ledger": scrub.ledger,
        "unnamed": scrub.unnamed,
    })
}

pub(super) async fn backup(context: &Context, args: BackupArgs) -> anyhow::Result<()> {
    tell_audit(context, AuditAction::Backup).await?;
    let backup = Store::backup(&context.data, &context.config.places(), &args.out)
        .await
        .context("copying the store")?;
    tell(context, &backup, "copied to", &args.out)
}

pub(super) async fn restore(context: &Context, args: RestoreArgs) -> anyhow::Result<()> {
    let backup = Store::restore_backup(&args.from, &context.data, &context.config.places().files)
        .await
        .context("restoring the store")?;
    // A restored store that cannot be opened is no store.
    let store = context.open_store().await?;
    let version = store.snapshot().version();
    let told = done(AuditAction::RestoreBackup).about(None, version);
    store
        .audit(&[told])
        .await
        .context("writing to the audit log")?;
    let damaged = store.snapshot().damaged().len();
    if damaged > 0 {
        return Err(Damaged(format!("{damaged} files are damaged already")).into());
    }
    tell(context, &backup, "restored to", &context.data)
}

/// Refuses where the ledger could not be written a second time.
pub(super) async fn compact(context: &Context) -> anyhow::Result<()> {
    let places = context.config.places();
    let needed = Store::compaction_bytes(&context.data).context("looking at the ledger")?;
    if let Ok(available) = available_bytes(&context.data)
        && available < needed
    {
        anyhow::bail!("{available} bytes are free, {needed} are needed to write the ledger anew");
    }
    tell_audit(context, AuditAction::Compact).await?;
    let compaction = Store::compact(&context.data, &places)
        .await
        .context("compacting the store")?;
    let freed = compaction.freed_bytes();
    let Compaction {
        files,
        indexes,
        ledger_bytes,
    } = compaction;
    if context.json {
        let amount = |Amount { files, bytes }| json!({ "files": files, "bytes": bytes });
        let told = json!({ "freed_bytes": freed, "unnamed": amount(files), "indexes": amount(indexes),
            "ledger_bytes": ledger_bytes });
        return print_line(&told.to_string());
    }
    print_line(&format!(
        "{freed} bytes freed: {} files of no batch ({} bytes), {} indexes of no file ({} bytes), the ledger by {ledger_bytes} bytes",
        files.files, files.bytes, indexes.files, indexes.bytes
    ))
}

/// Puts what is about to be done to the store as a whole into its audit log; where that fails, it is not done.
async fn tell_audit(context: &Context, action: AuditAction) -> anyhow::Result<()> {
    Store::audit_at(&context.data, &context.config.places(), done(action))
        .await
        .context("writing to the audit log")
}

fn done(action: AuditAction) -> AuditRecord {
    Context::by().did(action, "store".to_owned(), clock::now())
}

fn tell(
    context: &Context,
    backup: &Backup,
    done: &str,
    folder: &std::path::Path,
) -> anyhow::Result<()> {
    let (version, batches) = (backup.version, backup.batches);
    let (files, bytes) = (backup.files.len(), backup.bytes());
    if context.json {
        let told = json!({ "folder": folder, "data_version": version, "batches": batches, "files": files, "bytes": bytes });
        return print_line(&told.to_string());
    }
    print_line(&format!(
        "version {version}, {batches} batches, {files} files, {bytes} bytes {done} {}",
        folder.display()
    ))
}

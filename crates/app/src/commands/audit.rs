//! `naqsha audit`: who did or asked what, read and verified offline; and the checkpoints that commands sign.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Subcommand;
use naqsha_model::{Agency, AuditAction, BatchDigest};
use naqsha_store::{
    AUDIT_FOLDER, AuditCheck, AuditFault, Checkpoints, KeptRecord, Store, StoreError,
};
use serde_json::{Value, json};

use super::{Context, print_line};
use crate::exit::{Damaged, Refused, Usage};
use crate::{clock, deployment};

/// Name of the checkpoints in the folder of the audit log.
const CHECKPOINTS: &str = "checkpoints.jsonl";
/// Records that are read at a time.
const PAGE: u32 = 10_000;

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Compare the whole log with its own digests and with signed checkpoints; exits 4 and names the first bad record.
    Verify {
        /// Checkpoints as another machine kept them. Default: those that the deployment writes.
        #[arg(long, value_name = "FILE")]
        checkpoints: Option<PathBuf>,
        /// Public key that must have signed them, 64 hexadecimal digits. Default: the deployment's own.
        #[arg(long, value_name = "HEX")]
        key: Option<String>,
    },
    /// Print the records, oldest first; with --json one object a line.
    List {
        /// Only records with a higher number.
        #[arg(long, value_name = "N", default_value_t = 0)]
        since: u64,
    },
}

pub(super) async fn run(context: &Context, command: AuditCommand) -> anyhow::Result<()> {
    match command {
        AuditCommand::Verify { checkpoints, key } => {
            let key = key.as_deref().map(public_key).transpose()?;
            let check = check(context, checkpoints.as_deref(), key).await?;
            if context.json {
                print_line(&as_json(&check).to_string())?;
            } else {
                print_check(&check)?;
            }
            refuse(&check)
        }
        AuditCommand::List { since } => list(context, since).await,
    }
}

fn public_key(text: &str) -> Result<[u8; 32], Usage> {
    let key = BatchDigest::parse(text).map(|key| *key.bytes());
    key.map_err(|_hex| Usage("--key is 64 lower-case hexadecimal digits".to_owned()))
}

/// Where the deployment's checkpoints are.
fn path(context: &Context) -> PathBuf {
    let named = context.config.audit.checkpoints.clone();
    named.unwrap_or_else(|| context.data.join(AUDIT_FOLDER).join(CHECKPOINTS))
}

/// The file that checkpoints go to, with the key that signs them; the key is made the first time.
pub(super) fn checkpoints(context: &Context) -> anyhow::Result<Checkpoints> {
    let key = deployment::checkpoint_key(&context.data)?;
    Ok(Checkpoints::new(&path(context), key))
}

/// Looks at the whole log, as `naqsha verify` does too.
pub(super) async fn check(
    context: &Context,
    checkpoints: Option<&Path>,
    key: Option<[u8; 32]>,
) -> anyhow::Result<AuditCheck> {
    let at = checkpoints.map_or_else(|| path(context), Path::to_owned);
    if checkpoints.is_some() && !at.is_file() {
        return Err(Usage(format!("there are no checkpoints at {}", at.display())).into());
    }
    let key = match key {
        Some(key) => Some(key),
        None => deployment::known_checkpoint_key(&context.data)?.map(|key| key.public()),
    };
    let places = context.config.places();
    Ok(Store::verify_audit(&context.data, &places, &at, key).await?)
}

pub(super) fn refuse(check: &AuditCheck) -> anyhow::Result<()> {
    match &check.fault {
        None => Ok(()),
        Some(fault) => Err(Damaged(format!("audit log: {fault}")).into()),
    }
}

pub(super) fn print_check(check: &AuditCheck) -> anyhow::Result<()> {
    print_line(&format!(
        "audit log: {} records, {} checkpoints",
        check.records, check.checkpoints
    ))?;
    if let Some(fault) = &check.fault {
        print_line(&format!("audit log: {fault}"))?;
    } else {
        print_line("audit log: every record follows from the one before it")?;
    }
    for unknown in &check.unknown {
        print_line(&format!("audit log, not known: {unknown}"))?;
    }
    Ok(())
}

pub(super) fn as_json(check: &AuditCheck) -> Value {
    let unknown: Vec<String> = check.unknown.iter().map(ToString::to_string).collect();
    let fault = check.fault.as_ref();
    json!({
        "whole": check.is_whole(), "records": check.records, "checkpoints": check.checkpoints,
        "first_bad": fault.and_then(AuditFault::record),
        "fault": fault.map(ToString::to_string), "unknown": unknown,
    })
}

/// Runs a command that may write to the audit log, and signs a checkpoint after it where one is due. What was done stays done
/// where that fails: the next one signs for it.
pub(super) async fn signed(
    context: &Context,
    command: impl Future<Output = anyhow::Result<()>>,
) -> anyhow::Result<()> {
    let done = command.await;
    let wrote = match &done {
        Ok(()) => true,
        Err(error) => error.is::<Refused>(),
    };
    if wrote {
        let places = context.config.places();
        let checkpoint = async {
            let to = checkpoints(context)?;
            match context.opened.get() {
                Some(store) => store.checkpoint(&to, clock::now()).await?,
                None => Store::checkpoint_at(&context.data, &places, &to, clock::now()).await?,
            };
            anyhow::Ok(())
        };
        if let Err(error) = checkpoint.await {
            tracing::warn!("signing a checkpoint of the audit log: {error:#}");
        }
    }
    done
}

async fn list(context: &Context, mut since: u64) -> anyhow::Result<()> {
    let store = context.open_store().await?;
    // Before the first is shown; so it is the last of them.
    let version = store.snapshot().version();
    let told = Context::by().did(AuditAction::ReadAudit, "audit".to_owned(), clock::now());
    let recorded = store.audit(&[told.about(None, version)]).await;
    recorded.context("writing to the audit log")?;
    loop {
        let page = store.audit_records(since, PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        since = last.record;
        for kept in &page {
            print_line(&if context.json {
                describe(kept).to_string()
            } else {
                line(kept)
            })?;
        }
    }
}

fn line(kept: &KeptRecord) -> String {
    let told = &kept.told;
    let of = told.by.agency.as_ref().map_or("-", Agency::as_str);
    let rows = told
        .rows
        .map_or_else(|| "-".to_owned(), |rows| rows.to_string());
    format!(
        "{:>8}  {}  {}  {} of {of}  {}  {}  {}  rows {rows}  version {}",
        kept.record,
        told.at,
        told.by.subject,
        told.by.role,
        told.decision,
        told.action,
        told.resource,
        told.version
    )
}

fn describe(kept: &KeptRecord) -> Value {
    let told = &kept.told;
    json!({
        "record": kept.record,
        "at": told.at.to_string(),
        "subject": told.by.subject,
        "agency": told.by.agency.as_ref().map(Agency::as_str),
        "role": told.by.role.code(),
        "action": told.action.code(),
        "resource": told.resource,
        "rows": told.rows,
        "decision": told.decision.code(),
        "purpose": told.by.purpose,
        "request": told.by.request,
        "data_version": told.version,
        "times": told.times,
        "sha256": BatchDigest::new(kept.sha256).to_string(),
    })
}

/// How often a service sees whether a checkpoint is due.
const SIGN_EVERY: std::time::Duration = std::time::Duration::from_secs(1);

/// Signs checkpoints for as long as the service runs.
pub(super) async fn keep_signing(store: Store, to: Checkpoints) {
    let mut ticks = tokio::time::interval(SIGN_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match store.checkpoint(&to, clock::now()).await {
            Err(StoreError::Interrupted) => return,
            Err(error) => {
                let error = anyhow::Error::from(error);
                tracing::error!("signing a checkpoint of the audit log: {error:#}");
            }
            Ok(_) => {}
        }
    }
}

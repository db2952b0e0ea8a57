//! `naqsha batch`: what the ledger holds.

use clap::Subcommand;
use naqsha_store::{BatchRecord, BatchState};
use serde_json::{Value, json};

use super::{Context, print_line};
use crate::exit::Usage;

#[derive(Debug, Subcommand)]
pub(crate) enum BatchCommand {
    /// The live batches, oldest first.
    List,
    /// One batch by its digest or the start of it.
    Show {
        /// SHA-256 of the batch, or its first digits.
        batch: String,
    },
}

pub(super) async fn run(context: &Context, command: BatchCommand) -> anyhow::Result<()> {
    let store = context.open_store().await?;
    let snapshot = store.snapshot();
    match command {
        BatchCommand::List if context.json => {
            let batches: Vec<Value> = snapshot.batches().iter().map(describe).collect();
            print_line(&json!({ "batches": batches }).to_string())
        }
        BatchCommand::List => {
            for batch in snapshot.batches() {
                let digest = batch.digest.to_string();
                print_line(&format!(
                    "{}  {}  {:>9} accepted  {}",
                    digest.get(..12).unwrap_or(&digest),
                    batch.profile,
                    batch.totals.accepted,
                    batch.file_name
                ))?;
            }
            Ok(())
        }
        BatchCommand::Show { batch } => {
            let mut found = snapshot
                .batches()
                .iter()
                .filter(|record| record.digest.to_string().starts_with(&batch));
            match (found.next(), found.next()) {
                (Some(record), None) => {
                    print_line(&serde_json::to_string_pretty(&describe(record))?)
                }
                (None, _) => Err(anyhow::anyhow!("no live batch starts with {batch:?}")),
                (Some(_), Some(_)) => {
                    Err(Usage(format!("more than one batch starts with {batch:?}")).into())
                }
            }
        }
    }
}

fn describe(batch: &BatchRecord) -> Value {
    let totals = &batch.totals;
    json!({
        "batch": batch.digest.to_string(),
        "profile": batch.profile,
        "agency": batch.agency.as_str(),
        "file": batch.file_name,
        "received_at": batch.received_at.to_string(),
        "synthetic": batch.synthetic,
        "study_area": batch.study_area,
        "state": match batch.state { BatchState::Live => "live", BatchState::Held => "held" },
        "data_version": batch.committed_version,
        "rows": totals.rows,
        "accepted": totals.accepted,
        "warned": totals.warned,
        "rejected": totals.rejected,
        "duplicate": totals.duplicate,
        "skipped": totals.skipped,
        "codes": totals.codes.iter().map(|(code, n)| (code.code().to_owned(), json!(n))).collect::<serde_json::Map<_, _>>(),
    })
}

//! `naqsha batch`: what the ledger holds, and what is done to a batch after its commit.

use clap::{Args, Subcommand};
use naqsha_intake::{days, describe, held_for, parse_period, state_word, withdrawal};
use naqsha_model::IncidentId;
use naqsha_store::{Act, BatchRecord, BatchState, Changed, NilReturn, Selection, Store};
use serde_json::{Map, Value, json};

use super::{Context, print_line};
use crate::exit::Usage;
use crate::{actor, clock};

#[derive(Debug, Subcommand)]
pub(crate) enum BatchCommand {
    /// All batches, oldest first: live, held and withdrawn ones.
    List,
    /// One batch with what was done to it.
    Show {
        /// SHA-256 of the batch, or its first digits.
        batch: String,
    },
    /// Take a batch, or some of its records, out of every current answer. A held batch is discarded.
    Withdraw {
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        part: Part,
        /// Why: a reason code or a few words.
        #[arg(long)]
        reason: String,
    },
    /// Undo a withdrawal.
    Restore {
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        part: Part,
        /// Why: a reason code or a few words.
        #[arg(long, default_value = "restored")]
        reason: String,
    },
    /// Make a held batch live, leaving out what it would repeat.
    Release {
        #[command(flatten)]
        target: Target,
        /// Why: a reason code or a few words.
        #[arg(long)]
        reason: String,
    },
}

/// The batch something is done to, and by whom.
#[derive(Debug, Args)]
pub(crate) struct Target {
    /// SHA-256 of the batch, or its first digits.
    batch: String,
    /// Who does it, where that is not the login name.
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

/// Some records of a batch instead of all of it.
#[derive(Debug, Args)]
pub(crate) struct Part {
    /// A record by its row in the file or by its id, repeatable.
    #[arg(long, value_name = "ROW|ID", conflicts_with = "period")]
    record: Vec<String>,
    /// The records of these months or days: 2024-01..2024-03.
    #[arg(long)]
    period: Option<String>,
}

pub(super) async fn run(context: &Context, command: BatchCommand) -> anyhow::Result<()> {
    let store = context.open_store().await?;
    match command {
        BatchCommand::List => list(context, &store),
        BatchCommand::Show { batch } => {
            let batch = find(&store, &batch)?;
            print_line(&serde_json::to_string_pretty(&describe(&store, &batch))?)
        }
        BatchCommand::Withdraw {
            target,
            part,
            reason,
        } => {
            let batch = find(&store, &target.batch)?;
            let selection = part.selection(&store, &batch)?;
            let act = target.act(reason)?;
            let changed = store.withdraw(&batch.digest, selection, act).await?;
            say(context, &store, &batch, &changed)
        }
        BatchCommand::Restore {
            target,
            part,
            reason,
        } => {
            let batch = find(&store, &target.batch)?;
            let selection = part.selection(&store, &batch)?;
            let act = target.act(reason)?;
            let changed = store.restore(&batch.digest, selection, act).await?;
            say(context, &store, &batch, &changed)
        }
        BatchCommand::Release { target, reason } => {
            let batch = find(&store, &target.batch)?;
            let changed = store.release(&batch.digest, target.act(reason)?).await?;
            say(context, &store, &batch, &changed)
        }
    }
}

impl Target {
    fn act(&self, reason: String) -> Result<Act, Usage> {
        if reason.trim().is_empty() {
            return Err(Usage("--reason is empty".to_owned()));
        }
        Ok(Act {
            actor: self.by.clone().unwrap_or_else(actor::name),
            reason,
            at: clock::now(),
        })
    }
}

impl Part {
    fn selection(&self, store: &Store, batch: &BatchRecord) -> anyhow::Result<Selection> {
        if let Some(period) = &self.period {
            return Ok(Selection::Period(parse_period(period)?));
        }
        if self.record.is_empty() {
            return Ok(Selection::Batch);
        }
        let rows = self.record.iter().map(|text| row(store, batch, text));
        Ok(Selection::Rows(rows.collect::<anyhow::Result<_>>()?))
    }
}

/// The row of a batch's file that is meant: a number is the row itself; an id leads to the record that is current.
fn row(store: &Store, batch: &BatchRecord, text: &str) -> anyhow::Result<u64> {
    if let Ok(row) = text.parse() {
        return Ok(row);
    }
    let id = IncidentId::parse(text)
        .map_err(|_ulid| Usage(format!("{text:?} is neither a row nor a record's id")))?;
    let found = store.snapshot().incident(id)?;
    match found.filter(|found| found.batch == batch.digest) {
        Some(found) => Ok(found.incident.provenance.row),
        None if id.is_of(&batch.digest) => Ok(id.row()),
        None => Err(Usage(format!("{text} is no record of batch {}", batch.digest)).into()),
    }
}

/// The batch whose digest starts so.
fn find(store: &Store, start: &str) -> anyhow::Result<BatchRecord> {
    let mut found = store
        .batches()
        .into_iter()
        .filter(|batch| batch.digest.to_string().starts_with(start));
    match (found.next(), found.next()) {
        (Some(batch), None) => Ok(batch),
        (None, _) => Err(anyhow::anyhow!("no batch starts with {start:?}")),
        (Some(_), Some(_)) => {
            Err(Usage(format!("more than one batch starts with {start:?}")).into())
        }
    }
}

fn list(context: &Context, store: &Store) -> anyhow::Result<()> {
    let batches = store.batches();
    if context.json {
        let batches: Vec<Value> = batches.iter().map(|batch| describe(store, batch)).collect();
        let nil: Vec<Value> = store.nil_returns().iter().map(describe_nil).collect();
        return print_line(&json!({ "batches": batches, "nil_returns": nil }).to_string());
    }
    for batch in &batches {
        let digest = batch.digest.to_string();
        let why = match batch.state {
            BatchState::Live => String::new(),
            BatchState::Held => held_for(batch).join(" "),
            BatchState::Withdrawn => withdrawal(store, batch)
                .map(|event| format!("{} {}", event.act.at, event.act.reason))
                .unwrap_or_default(),
        };
        let line = format!(
            "{}  {:<9}  {}  {:>9} accepted  {}  {why}",
            digest.get(..12).unwrap_or(&digest),
            state_word(batch.state),
            batch.profile,
            batch.totals.accepted,
            batch.file_name
        );
        print_line(line.trim_end())?;
    }
    for stated in store.nil_returns() {
        let (first, last) = (stated.period.first().date(), stated.period.last().date());
        print_line(&format!(
            "nil return    {}  {}  {first} to {last}, by {}",
            stated.agency, stated.profile, stated.uploader
        ))?;
    }
    Ok(())
}

fn describe_nil(stated: &NilReturn) -> Value {
    json!({
        "agency": stated.agency.as_str(),
        "profile": stated.profile,
        "period": days(stated.period),
        "received_at": stated.received_at.to_string(),
        "uploader": stated.uploader,
        "approver": stated.approver,
    })
}

fn say(
    context: &Context,
    store: &Store,
    batch: &BatchRecord,
    changed: &Changed,
) -> anyhow::Result<()> {
    let now = store
        .find_batch(&batch.digest)
        .map_or("unknown", |batch| state_word(batch.state));
    if context.json {
        let repeats = changed
            .repeats
            .iter()
            .map(|(code, n)| (code.code().to_owned(), json!(n)));
        return print_line(
            &json!({ "batch": batch.digest.to_string(), "state": now, "data_version": changed.version,
                "gone": changed.gone, "back": changed.back, "codes": repeats.collect::<Map<_, _>>() })
            .to_string(),
        );
    }
    print_line(&format!(
        "batch {} is {now}: {} records gone, {} back, version {}",
        batch.digest, changed.gone, changed.back, changed.version
    ))?;
    for (&code, &count) in &changed.repeats {
        print_line(&format!(
            "  {code} × {count}: {}",
            naqsha_ingest::explain(code).en
        ))?;
    }
    Ok(())
}

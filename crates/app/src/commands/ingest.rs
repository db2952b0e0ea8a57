//! `naqsha ingest`: a file, through a profile, into the store; the same path as an upload (`naqsha_intake`).

use std::fs::File;
use std::io::{BufWriter, IsTerminal as _};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use naqsha_ingest::{IngestError, Ingested, Settings};
use naqsha_intake::{
    Done, Options, Seen, Step, Synthetic, TakeError, Taken, Taking, Watch, parse_period,
};
use naqsha_model::{Agency, BatchDigest, CategorySet, Code, DayRange};
use naqsha_store::{BatchRecord, BatchState};

use super::{Context, print_line, profile, stated};
use crate::clock;
use crate::deployment;
use crate::exit::{Refused, Usage};
use crate::manifest::{self, Manifest};
use crate::tables::tables;

#[derive(Debug, Args)]
pub(crate) struct IngestArgs {
    /// Mapping profile; a manifest names it too.
    #[arg(long, required_unless_present = "manifest")]
    profile: Option<String>,
    /// Files to take.
    #[arg(required_unless_present = "manifest")]
    files: Vec<PathBuf>,
    /// What the bureau states about the file (one file at a time; none for a nil return): agency, period, profile,
    /// rows, control totals, uploader, approver, as TOML.
    #[arg(long, value_name = "M.toml")]
    manifest: Option<PathBuf>,
    /// Report what would happen; store nothing.
    #[arg(long)]
    dry_run: bool,
    /// Write the file's own rows with what became of each (one file at a time).
    #[arg(long, value_name = "OUT.csv")]
    report: Option<PathBuf>,
    /// Who sends the file, where that is not the profile's agency.
    #[arg(long)]
    agency: Option<String>,
    /// Total of accepted incidents of a category as the bureau states it, repeatable.
    #[arg(long, value_name = "CAT=N")]
    control_total: Vec<String>,
    /// Let changed records take the place of those held, whatever the profile says: a correction.
    #[arg(long)]
    revise: bool,
    /// Take the place of all records of these months or days (2024-01..2024-03) of the same agency and profile.
    #[arg(long, value_name = "PERIOD")]
    replace_period: Option<String>,
    /// Parameter of the profile, repeatable.
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
}

pub(super) async fn run(context: &Context, args: IngestArgs) -> anyhow::Result<()> {
    if args.report.is_some() && args.files.len() > 1 {
        return Err(Usage("--report takes one file at a time".to_owned()).into());
    }
    let manifest = args.manifest.as_deref().map(manifest::read).transpose()?;
    let named = manifest.as_ref().map(|manifest| manifest.profile.clone());
    let name = args.profile.clone().or_else(|| named.clone());
    let profile = profile::load(&context.data, &name.unwrap_or_default())?;
    let period = args.replace_period.as_deref();
    let replaces = period.map(parse_period).transpose()?;
    let store = context.open_store().await?;
    if let Some(manifest) = &manifest {
        stated::check(&args.files, args.agency.as_deref(), &profile, manifest)?;
        if manifest.nil_return {
            return stated::nil(context, &store, manifest).await;
        }
    }
    let profile = Arc::new(profile);
    let reference = Arc::new(deployment::reference(&context.data)?);
    let mut settings = settings(&args)?;
    if let Some(manifest) = &manifest {
        settings.agency = Some(manifest.agency.clone());
        settings.stated_rows = manifest.rows;
        let totals = manifest.control_totals.iter();
        settings
            .control_totals
            .extend(totals.map(|&(set, _, stated)| (set, stated)));
    }
    tokio::task::block_in_place(|| naqsha_intake::learn(&store, &profile, &mut settings));
    if profile.needs_secret() {
        settings.secret = Some(deployment::linkage_secret(&context.data)?);
    }
    let mut held = Vec::new();
    for file in &args.files {
        let taking = Taking {
            store: store.clone(),
            profile: Arc::clone(&profile),
            reference: Arc::clone(&reference),
            settings: Settings {
                tables: Some(tables(file)),
                ..settings.clone()
            },
            options: options(&args, file, manifest.as_ref(), replaces)?,
            file: file.clone(),
            watch: progress(file),
        };
        let taken = take(context, &args, Arc::new(taking)).await;
        if let Some(code) = taken.with_context(|| file.display().to_string())? {
            held.push(format!("{} ({code})", file.display()));
        }
    }
    if held.is_empty() {
        Ok(())
    } else {
        Err(Refused(format!("held: {}", held.join(", "))).into())
    }
}

fn settings(args: &IngestArgs) -> anyhow::Result<Settings> {
    let mut settings = naqsha_intake::settings(clock::now());
    for pair in &args.set {
        let (name, value) = pair
            .split_once('=')
            .ok_or_else(|| Usage(format!("--set {pair:?} is not NAME=VALUE")))?;
        settings.set.insert(name.to_owned(), value.to_owned());
    }
    for pair in &args.control_total {
        let total = pair
            .split_once('=')
            .and_then(|(category, n)| Some((CategorySet::parse(category).ok()?, n.parse().ok()?)));
        settings
            .control_totals
            .push(total.ok_or_else(|| Usage(format!("--control-total {pair:?} is not CAT=N")))?);
    }
    settings.agency = args
        .agency
        .as_deref()
        .map(Agency::new)
        .transpose()
        .map_err(|error| Usage(error.to_string()))?;
    Ok(settings)
}

fn options(
    args: &IngestArgs,
    file: &Path,
    manifest: Option<&Manifest>,
    replaces: Option<DayRange>,
) -> anyhow::Result<Options> {
    let name = file.file_name().unwrap_or_default();
    Ok(Options {
        file_name: name.to_string_lossy().into_owned(),
        dry_run: args.dry_run,
        revise: args.revise,
        replaces,
        manifest: manifest.map(Manifest::record),
        synthetic: synthetic(file)?,
        shown_here: false,
    })
}

/// Files that `naqsha generate` made are named with their digest in the manifest beside them.
fn synthetic(file: &Path) -> anyhow::Result<Synthetic> {
    let manifest = file.with_file_name("MANIFEST.toml");
    if !manifest.exists() {
        return Ok(Synthetic::No);
    }
    let text = std::fs::read_to_string(&manifest)
        .with_context(|| format!("reading {}", manifest.display()))?;
    Ok(Synthetic::IfListed(text))
}

/// Takes one file; answers with the code for which its batch is held, if it is.
async fn take(
    context: &Context,
    args: &IngestArgs,
    taking: Arc<Taking>,
) -> anyhow::Result<Option<Code>> {
    let done = match taking.take().await {
        Ok(Taken::New(done)) => done,
        Ok(Taken::Before(earlier)) => {
            record_refusal(&taking, earlier.digest, Code::B902).await?;
            say_received(context, &taking, &earlier)?;
            return Ok((earlier.state == BatchState::Held).then_some(Code::B902));
        }
        Err(error) => {
            if let TakeError::Ingest(IngestError::Refused(refusal)) = &error {
                record_refusal(&taking, taking.digest().await?, refusal.code).await?;
            }
            return Err(refused(context, error)?);
        }
    };
    if let Some(path) = &args.report {
        tokio::task::block_in_place(|| write_report(path, &taking, &done))?;
    }
    done.confirm(&taking)?;
    say(context, args, &taking, &done)?;
    Ok(done.held())
}

/// Tells the audit log of a file that became no batch. One that was only tried out was not to become one.
async fn record_refusal(taking: &Taking, file: BatchDigest, why: Code) -> anyhow::Result<()> {
    if taking.options.dry_run {
        return Ok(());
    }
    let version = taking.store.snapshot().version();
    let told = naqsha_intake::refusal_record(&Context::by(), file, why.code(), clock::now());
    let recorded = taking.store.audit(&[told.about(None, version)]).await;
    recorded.context("writing to the audit log")
}

/// A file that was not taken, in the words of its code; where it was refused, machines learn the code too.
fn refused(context: &Context, error: TakeError) -> anyhow::Result<anyhow::Error> {
    Ok(match error {
        TakeError::Ingest(error) => {
            if let (true, Some(code)) = (context.json, error.code()) {
                print_line(&naqsha_intake::refused(code).to_string())?;
            }
            explained(error)
        }
        TakeError::Store(error) => error.into(),
        other => other.into(),
    })
}

fn write_report(path: &Path, taking: &Taking, done: &Done) -> anyhow::Result<()> {
    let file = File::create(path).with_context(|| format!("creating {}", path.display()))?;
    let mut out = BufWriter::new(file);
    match taking.write_report(&done.ingested, &mut out, &mut |_remark| Ok(())) {
        Err(TakeError::Ingest(error)) => Err(error.into()),
        written => Ok(written?),
    }
}

fn say_received(context: &Context, taking: &Taking, earlier: &BatchRecord) -> anyhow::Result<()> {
    if context.json {
        return print_line(&naqsha_intake::received(earlier).to_string());
    }
    let state = naqsha_intake::state_word(earlier.state);
    let now = match (
        earlier.state,
        naqsha_intake::withdrawal(&taking.store, earlier),
    ) {
        (BatchState::Withdrawn, Some(event)) => format!(
            ", which is withdrawn since {} ({}); `naqsha batch restore` brings it back",
            event.act.at, event.act.reason
        ),
        (BatchState::Live, _) => String::new(),
        _ => format!(", which is {state}"),
    };
    print_line(&format!(
        "{}: B902: these bytes were received before, as batch {}{now}; nothing was added",
        taking.file.display(),
        earlier.digest
    ))
}

fn say(context: &Context, args: &IngestArgs, taking: &Taking, done: &Done) -> anyhow::Result<()> {
    if context.json {
        return print_line(&done.summary().to_string());
    }
    let ingested = &done.ingested;
    print_line(&format!(
        "{}: {} rows: {} accepted ({} with warnings), {} rejected, {} duplicate, {} skipped{}",
        taking.file.display(),
        ingested.rows,
        ingested.accepted,
        ingested.warned,
        ingested.rejected,
        ingested.duplicate,
        ingested.skipped,
        if args.dry_run {
            " (dry run: nothing stored)"
        } else {
            ""
        },
    ))?;
    let committed = done.committed.as_ref();
    let (revised, replaced) = committed.map_or((0, 0), |done| (done.revised, done.replaced));
    if revised + replaced > 0 {
        print_line(&format!(
            "  {revised} records revised, {replaced} of the period replaced"
        ))?;
    }
    for (&code, &count) in done.codes() {
        print_line(&format!(
            "  {code} × {count}: {}{}",
            naqsha_ingest::explain(code).en,
            in_columns(ingested, code)
        ))?;
    }
    Ok(())
}

/// In which columns a code was raised, most often first: where the clerk starts.
fn in_columns(ingested: &Ingested, code: Code) -> String {
    let Some(columns) = ingested.columns.get(&code) else {
        return String::new();
    };
    let mut columns: Vec<_> = columns.iter().collect();
    columns.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let named: Vec<String> = columns
        .iter()
        .map(|(name, count)| format!("{name} {count}"))
        .collect();
    format!(" ({})", named.join(", "))
}

/// A refused file is told in the words of its code, and what to do about it.
fn explained(error: IngestError) -> anyhow::Error {
    match error.code() {
        None => error.into(),
        Some(code) => {
            let explanation = naqsha_ingest::explain(code);
            anyhow::Error::new(error).context(format!(
                "{code}: {}; {}",
                explanation.en, explanation.what_to_do_en
            ))
        }
    }
}

/// A bar on stderr for each step, where somebody watches and the file is large enough to take a while.
fn progress(file: &Path) -> Watch {
    const A_WHILE: u64 = 8 << 20;
    let bytes = std::fs::metadata(file).map_or(0, |metadata| metadata.len());
    if bytes < A_WHILE || !std::io::stderr().is_terminal() {
        return naqsha_intake::nobody();
    }
    let shown: Mutex<Option<(Step, ProgressBar)>> = Mutex::new(None);
    Arc::new(move |step, seen| {
        // A bar that a panic left as it was is still a bar.
        let mut shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
        if shown.as_ref().is_none_or(|(of, _)| *of != step) {
            *shown = bar(bytes, step).map(|bar| (step, bar));
        }
        if let (Some((_, bar)), Seen::Bytes(at)) = (&*shown, seen) {
            bar.set_position(at);
        }
        ControlFlow::Continue(())
    })
}

fn bar(bytes: u64, step: Step) -> Option<ProgressBar> {
    let reads = matches!(step, Step::Reading | Step::Ingesting | Step::Reporting);
    let style = ProgressStyle::with_template("{msg} {bar:40} {bytes}/{total_bytes} {eta}").ok()?;
    let bar = || {
        ProgressBar::new(bytes)
            .with_style(style)
            .with_message(step.word())
    };
    reads.then(bar)
}

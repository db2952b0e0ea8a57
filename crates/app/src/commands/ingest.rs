//! `naqsha ingest`: a file, through a profile, into the store; the same path as an upload.
//!
//! A file is read three times, each time as a stream: for its digest (its identity), for its records, and for the report.
//! That it is the same file each time is seen by its [`Stamp`].

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::File;
use std::io::{BufReader, BufWriter, IsTerminal as _, Read, Seek, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::ToSpan as _;
use naqsha_ingest::{
    IngestError, Ingested, Profile, Reference, ReportInput, Settings, UsualQuantities, Verdict,
};
use naqsha_model::{Agency, BatchDigest, CategorySet, Code, DayRange, Incident};
use naqsha_store::{
    BatchHeader, BatchRecord, BatchState, BatchTotals, BatchWriter, Committed, OnChange,
    RepeatKind, Store,
};
use serde_json::{Value, json};

use super::{Context, batch, print_line, profile, stated, turn};
use crate::clock;
use crate::deployment;
use crate::exit::{Refused, Usage};
use crate::manifest::{self, Manifest};
use crate::period;
use crate::tables::tables;
use crate::unchanged::Stamp;

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
    let replaces = period.map(period::parse).transpose()?;
    let store = context.open_store().await?;
    if let Some(manifest) = &manifest {
        stated::check(&args.files, args.agency.as_deref(), &profile, manifest)?;
        if manifest.nil_return {
            return stated::nil(context, &store, manifest).await;
        }
    }
    let reference = deployment::reference(&context.data)?;
    let mut settings = settings(&args)?;
    if let Some(manifest) = &manifest {
        settings.agency = Some(manifest.agency.clone());
        settings.stated_rows = manifest.rows;
        let totals = manifest.control_totals.iter();
        settings
            .control_totals
            .extend(totals.map(|&(set, _, stated)| (set, stated)));
    }
    if profile.has_quantities() {
        let agency = settings.agency.as_ref().unwrap_or(profile.agency());
        let history = tokio::task::block_in_place(|| store.snapshot().seized(agency.as_str()));
        settings.usual = UsualQuantities::learned(history);
    }
    if profile.needs_secret() {
        settings.secret = Some(deployment::linkage_secret(&context.data)?);
    }
    let mut held = Vec::new();
    for file in &args.files {
        let settings = Settings {
            tables: Some(tables(file)),
            ..settings.clone()
        };
        let job = Job {
            context,
            args: &args,
            profile: &profile,
            reference: &reference,
            settings: &settings,
            replaces,
            manifest: manifest.as_ref(),
            file,
        };
        if let Some(code) = job
            .run(&store)
            .await
            .with_context(|| file.display().to_string())?
        {
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
    let now = clock::now();
    // Agencies report in Pakistan's days; a record of tomorrow anywhere on earth is still E302 a day later.
    let today = jiff::tz::TimeZone::UTC
        .to_datetime(now)
        .date()
        .saturating_add(1.day());
    let mut settings = Settings::received(now, today);
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

/// One file on its way.
struct Job<'a> {
    context: &'a Context,
    args: &'a IngestArgs,
    profile: &'a Profile,
    reference: &'a Reference,
    settings: &'a Settings,
    replaces: Option<DayRange>,
    manifest: Option<&'a Manifest>,
    file: &'a Path,
}

impl Job<'_> {
    /// Takes the file; answers with the code for which its batch is held, if it is.
    async fn run(&self, store: &Store) -> anyhow::Result<Option<Code>> {
        let stamp = Stamp::of(self.file)?;
        let digest = tokio::task::block_in_place(|| {
            naqsha_ingest::digest(self.open("reading")?).context("reading")
        })?;
        // The files before this one were not shown here.
        store.refresh().await?;
        let Some(writer) = turn::begin(store, &self.header(digest)?).await? else {
            let earlier = store.find_batch(&digest).context("looking it up")?;
            self.say_received(store, &earlier)?;
            return Ok((earlier.state == BatchState::Held).then_some(Code::B902));
        };
        let mut writer = writer.unseen_here();
        let ingested = tokio::task::block_in_place(|| self.ingest(&mut writer))?;
        if !stamp.still_fits(self.file)? {
            bail!("the file changed while it was read; nothing was stored");
        }
        let held = ingested.held;
        let committed = if self.args.dry_run {
            writer.abandon();
            None
        } else {
            let state = if held.is_some() {
                BatchState::Held
            } else {
                BatchState::Live
            };
            Some(writer.commit(totals(&ingested), state).await?)
        };
        tokio::task::block_in_place(|| self.write_report(&ingested))?;
        if !stamp.still_fits(self.file)? {
            bail!(
                "the file changed after it was read: the report may be about other rows than were stored"
            );
        }
        self.say(&ingested, digest, committed.as_ref())?;
        Ok(held)
    }

    fn open(&self, doing: &'static str) -> anyhow::Result<impl Read + Seek> {
        let file = File::open(self.file).context("opening the file")?;
        Ok(BufReader::with_capacity(
            1 << 16,
            progress(&file, doing)?.wrap_read(file),
        ))
    }

    fn header(&self, digest: BatchDigest) -> anyhow::Result<BatchHeader> {
        let study_area = self
            .settings
            .set
            .get("study_area")
            .map(String::as_str)
            .or(self.profile.study_area());
        Ok(BatchHeader {
            digest,
            profile: format!("{}@{}", self.profile.id(), self.profile.version()),
            agency: self
                .settings
                .agency
                .clone()
                .unwrap_or_else(|| self.profile.agency().clone()),
            file_name: self
                .file
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
            received_at: self.settings.received_at,
            synthetic: self.is_synthetic(&digest)?,
            study_area: study_area.map(str::to_owned),
            on_change: match self.profile.on_change() {
                _ if self.args.revise => OnChange::Revise,
                naqsha_ingest::OnChange::Report => OnChange::Report,
                naqsha_ingest::OnChange::Revise => OnChange::Revise,
            },
            replaces: self.replaces,
            manifest: self.manifest.map(Manifest::record),
        })
    }

    /// Files that `naqsha generate` made are named with their digest in the manifest beside them.
    fn is_synthetic(&self, digest: &BatchDigest) -> anyhow::Result<bool> {
        let manifest = self.file.with_file_name("MANIFEST.toml");
        if !manifest.exists() {
            return Ok(false);
        }
        let text = std::fs::read_to_string(&manifest)
            .with_context(|| format!("reading {}", manifest.display()))?;
        Ok(naqsha_ingest::manifest_says_synthetic(&text, digest))
    }

    fn ingest(&self, writer: &mut BatchWriter) -> anyhow::Result<Ingested> {
        let mut sink =
            |incidents: Vec<Incident>| -> Result<Vec<Verdict>, Box<dyn Error + Send + Sync>> {
                let repeats = writer.push(incidents)?;
                Ok(repeats
                    .into_iter()
                    .map(|repeat| Verdict {
                        row: repeat.row,
                        code: match repeat.kind {
                            RepeatKind::Same => Code::D701,
                            RepeatKind::Changed => Code::D702,
                            RepeatKind::WentBack => Code::C804,
                        },
                    })
                    .collect())
            };
        let source = self.open("ingesting")?;
        match naqsha_ingest::ingest(
            source,
            self.profile,
            self.reference,
            self.settings,
            &mut sink,
        ) {
            Ok(ingested) => Ok(ingested),
            Err(error) => {
                if let (true, Some(code)) = (self.context.json, error.code()) {
                    let refused = json!({ "rows": 0, "accepted": 0, "warned": 0, "rejected": 0, "duplicate": 0,
                        "skipped": 0, "codes": { code.code(): 1 }, "batch": Value::Null });
                    print_line(&refused.to_string())?;
                }
                Err(explained(error))
            }
        }
    }

    fn write_report(&self, ingested: &Ingested) -> anyhow::Result<()> {
        let Some(path) = &self.args.report else {
            return Ok(());
        };
        let file = File::create(path).with_context(|| format!("creating {}", path.display()))?;
        let mut out = BufWriter::new(file);
        let source = self.open("reporting")?;
        naqsha_ingest::write_report(
            source,
            ReportInput {
                profile: self.profile,
                reference: self.reference,
                settings: self.settings,
                outcomes: &ingested.outcomes,
            },
            &mut out,
        )?;
        out.flush()
            .with_context(|| format!("writing {}", path.display()))
    }

    fn say_received(&self, store: &Store, earlier: &BatchRecord) -> anyhow::Result<()> {
        let rows = earlier.totals.rows;
        let state = batch::state(earlier.state);
        if self.context.json {
            let codes = BTreeMap::from([(Code::B902.code(), 1_u64)]);
            return print_line(
                &json!({ "rows": rows, "accepted": 0, "warned": 0, "rejected": 0, "duplicate": rows, "skipped": 0,
                    "codes": codes, "batch": earlier.digest.to_string(), "state": state })
                .to_string(),
            );
        }
        let now = match (earlier.state, batch::withdrawal(store, earlier)) {
            (BatchState::Withdrawn, Some(event)) => format!(
                ", which is withdrawn since {} ({}); `naqsha batch restore` brings it back",
                event.act.at, event.act.reason
            ),
            (BatchState::Live, _) => String::new(),
            _ => format!(", which is {state}"),
        };
        print_line(&format!(
            "{}: B902: these bytes were received before, as batch {}{now}; nothing was added",
            self.file.display(),
            earlier.digest
        ))
    }

    fn say(
        &self,
        ingested: &Ingested,
        digest: BatchDigest,
        committed: Option<&Committed>,
    ) -> anyhow::Result<()> {
        // The store adds what it alone sees: records that other agencies probably reported too (D703).
        let codes = committed.map_or(&ingested.codes, |done| &done.batch.totals.codes);
        let (revised, replaced) = committed.map_or((0, 0), |done| (done.revised, done.replaced));
        if self.context.json {
            let codes: BTreeMap<&str, u64> =
                codes.iter().map(|(code, &n)| (code.code(), n)).collect();
            return print_line(
                &json!({ "rows": ingested.rows, "accepted": ingested.accepted, "warned": ingested.warned,
                    "rejected": ingested.rejected, "duplicate": ingested.duplicate, "skipped": ingested.skipped,
                    "incidents": ingested.incidents, "categories": categories(ingested), "codes": codes, "columns": columns(ingested), "batch": digest.to_string(),
                    "data_version": committed.map(|done| done.version), "revised": revised, "replaced": replaced,
                    "dry_run": self.args.dry_run, "held": ingested.held.map(Code::code) })
                .to_string(),
            );
        }
        print_line(&format!(
            "{}: {} rows: {} accepted ({} with warnings), {} rejected, {} duplicate, {} skipped{}",
            self.file.display(),
            ingested.rows,
            ingested.accepted,
            ingested.warned,
            ingested.rejected,
            ingested.duplicate,
            ingested.skipped,
            if self.args.dry_run {
                " (dry run: nothing stored)"
            } else {
                ""
            },
        ))?;
        if revised + replaced > 0 {
            print_line(&format!(
                "  {revised} records revised, {replaced} of the period replaced"
            ))?;
        }
        for (&code, &count) in codes {
            print_line(&format!(
                "  {code} × {count}: {}{}",
                naqsha_ingest::explain(code).en,
                in_columns(ingested, code)
            ))?;
        }
        Ok(())
    }
}

/// Incidents taken, by category: what a manifest states as control totals.
fn categories(ingested: &Ingested) -> BTreeMap<String, u64> {
    let categories = ingested.categories.iter();
    categories
        .map(|(category, &n)| (category.to_string(), n))
        .collect()
}

fn columns(ingested: &Ingested) -> BTreeMap<&str, &BTreeMap<String, u64>> {
    let columns = ingested.columns.iter();
    columns
        .map(|(code, columns)| (code.code(), columns))
        .collect()
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

fn totals(ingested: &Ingested) -> BatchTotals {
    BatchTotals {
        rows: ingested.rows,
        accepted: ingested.accepted,
        warned: ingested.warned,
        rejected: ingested.rejected,
        duplicate: ingested.duplicate,
        skipped: ingested.skipped,
        codes: ingested.codes.clone(),
    }
}

/// A bar on stderr where somebody watches and the file is large enough to take a while.
fn progress(file: &File, doing: &'static str) -> anyhow::Result<ProgressBar> {
    const A_WHILE: u64 = 8 << 20;
    let bytes = file
        .metadata()
        .context("reading the size of the file")?
        .len();
    if bytes < A_WHILE || !std::io::stderr().is_terminal() {
        return Ok(ProgressBar::hidden());
    }
    let style = ProgressStyle::with_template("{msg} {bar:40} {bytes}/{total_bytes} {eta}")
        .context("the bar's template")?;
    Ok(ProgressBar::new(bytes)
        .with_style(style)
        .with_message(doing))
}

//! `naqsha profile`: mapping profiles, shipped and of the deployment.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Subcommand;
use naqsha_ingest::{Profile, Settings};
use serde_json::json;

use super::{Context, print_line};
use crate::clock;
use crate::deployment;
use crate::exit::Usage;
use crate::tables::tables;

#[derive(Debug, Subcommand)]
pub(crate) enum ProfileCommand {
    /// Every profile.
    List,
    /// A profile as written.
    Show {
        /// Name of the profile.
        profile: String,
    },
    /// How well a profile fits a file: columns and values it does not know.
    Check {
        /// Name of the profile.
        profile: String,
        /// A file of the bureau.
        file: PathBuf,
        /// Parameter of the profile, repeatable.
        #[arg(long, value_name = "NAME=VALUE")]
        set: Vec<String>,
    },
}

pub(super) fn run(context: &Context, command: ProfileCommand) -> anyhow::Result<()> {
    match command {
        ProfileCommand::List => list(context),
        ProfileCommand::Show { profile } => print_line(text(&context.data, &profile)?.trim_end()),
        ProfileCommand::Check { profile, file, set } => check(context, &profile, &file, &set),
    }
}

/// Reads a profile by name.
pub(super) fn load(data: &Path, name: &str) -> anyhow::Result<Profile> {
    Profile::parse(&text(data, name)?).with_context(|| format!("reading the profile {name}"))
}

/// Every profile's text by name; one of the deployment replaces a shipped one.
fn texts(data: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let mut texts: BTreeMap<String, String> = naqsha_ingest::shipped_profiles()
        .iter()
        .map(|&(name, text)| (name.to_owned(), text.to_owned()))
        .collect();
    let folder = data.join("profiles");
    if !folder.exists() {
        return Ok(texts);
    }
    for entry in
        std::fs::read_dir(&folder).with_context(|| format!("reading {}", folder.display()))?
    {
        let path = entry
            .with_context(|| format!("reading {}", folder.display()))?
            .path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            let text = std::fs::read_to_string(&path)
                .with_context(|| format!("reading {}", path.display()))?;
            let profile =
                Profile::parse(&text).with_context(|| format!("reading {}", path.display()))?;
            texts.insert(profile.id().to_owned(), text);
        }
    }
    Ok(texts)
}

fn text(data: &Path, name: &str) -> anyhow::Result<String> {
    let mut texts = texts(data)?;
    let names: Vec<_> = texts.keys().cloned().collect();
    let unknown = || {
        Usage(format!(
            "there is no profile {name:?}; there are {}",
            names.join(", ")
        ))
    };
    texts.remove(name).ok_or_else(|| unknown().into())
}

/// Every profile, by name.
pub(super) fn all(data: &Path) -> anyhow::Result<Vec<Profile>> {
    let read = |(name, text): (String, String)| {
        Profile::parse(&text).with_context(|| format!("reading the profile {name}"))
    };
    texts(data)?.into_iter().map(read).collect()
}

fn list(context: &Context) -> anyhow::Result<()> {
    let profiles = all(&context.data)?;
    if context.json {
        let profiles: Vec<_> = profiles
            .iter()
            .map(|p| json!({ "profile": p.id(), "version": p.version(), "agency": p.agency().as_str(), "study_area": p.study_area() }))
            .collect();
        return print_line(&json!({ "profiles": profiles }).to_string());
    }
    for profile in profiles {
        print_line(&format!(
            "{:<22} {:<8} {}",
            profile.id(),
            profile.version(),
            profile.agency()
        ))?;
    }
    Ok(())
}

fn check(context: &Context, name: &str, file: &Path, set: &[String]) -> anyhow::Result<()> {
    let profile = load(&context.data, name)?;
    let now = clock::now();
    let mut settings = Settings::received(now, jiff::tz::TimeZone::UTC.to_datetime(now).date());
    settings.secret = Some(deployment::throwaway_secret());
    settings.tables = Some(tables(file));
    for pair in set {
        let (name, value) = pair
            .split_once('=')
            .ok_or_else(|| Usage(format!("--set {pair:?} is not NAME=VALUE")))?;
        settings.set.insert(name.to_owned(), value.to_owned());
    }
    let source =
        BufReader::new(File::open(file).with_context(|| format!("opening {}", file.display()))?);
    let check = naqsha_ingest::check(
        source,
        &profile,
        &deployment::reference(&context.data)?,
        &settings,
    )?;
    if context.json {
        return print_line(
            &json!({ "profile": profile.id(), "rows": check.rows, "mapped": check.mapped,
                "dropped": check.dropped, "unmapped_columns": check.unmapped,
                "missing_columns": check.missing, "unmapped_values": check.unmapped_values })
            .to_string(),
        );
    }
    print_line(&format!("{}: {} rows", file.display(), check.rows))?;
    for (column, filled) in &check.mapped {
        print_line(&format!("  mapped: {column} ({filled} rows with a value)"))?;
    }
    print_line(&format!("  dropped: {}", check.dropped.join(", ")))?;
    print_line(&format!(
        "  unmapped columns: {}",
        check.unmapped.join(", ")
    ))?;
    print_line(&format!("  missing columns: {}", check.missing.join(", ")))?;
    for (column, values) in &check.unmapped_values {
        print_line(&format!("  values of {column} not in the map: {values:?}"))?;
    }
    Ok(())
}

//! What a manifest states, held against the command and kept where there is no file.

use std::path::PathBuf;

use naqsha_ingest::Profile;
use naqsha_store::{NilReturn, Store};
use serde_json::{Value, json};

use super::{Context, print_line};
use crate::clock;
use crate::exit::{Refused, Usage};
use crate::manifest::Manifest;

/// What a manifest says has to go with the command and the profile.
pub(super) fn check(
    files: &[PathBuf],
    agency: Option<&str>,
    profile: &Profile,
    manifest: &Manifest,
) -> anyhow::Result<()> {
    let usage = |text: &str| Err(Usage(text.to_owned()).into());
    match (manifest.nil_return, files.len()) {
        (true, 0) | (false, 1) => {}
        (true, _) => return usage("a nil return comes without a file"),
        (false, _) => return usage("a manifest is about one file"),
    }
    if manifest.profile != profile.id() {
        return usage("the manifest names another profile");
    }
    if agency.is_some_and(|agency| agency != manifest.agency.as_str()) {
        return usage("the manifest names another agency");
    }
    match &manifest.version {
        Some(version) if version != profile.version() => Err(Refused(format!(
            "the manifest was made for {}@{version}, this is {}",
            profile.id(),
            profile.version()
        ))
        .into()),
        _ => Ok(()),
    }
}

/// Keeps a nil return and says so.
pub(super) async fn nil(
    context: &Context,
    store: &Store,
    manifest: &Manifest,
) -> anyhow::Result<()> {
    let (first, last) = (
        manifest.period.first().date(),
        manifest.period.last().date(),
    );
    let stated = NilReturn {
        agency: manifest.agency.clone(),
        profile: manifest.profile.clone(),
        period: manifest.period,
        received_at: clock::now(),
        uploader: manifest.uploader.clone(),
        approver: manifest.approver.clone(),
    };
    store.state_nil(stated).await?;
    print_line(&if context.json {
        json!({ "rows": 0, "accepted": 0, "warned": 0, "rejected": 0, "duplicate": 0, "skipped": 0, "codes": {},
            "batch": Value::Null, "nil_return": format!("{first}..{last}") })
        .to_string()
    } else {
        format!(
            "{} states that {first} to {last} has nothing to report",
            manifest.agency
        )
    })
}

//! `naqsha doctor`: is the deployment in order, and what is to be done where it is not.

use std::path::Path;

use naqsha_store::{Condition, Places, Store};
use serde_json::json;

use super::free_space::available_bytes;
use super::{Context, print_line};
use crate::exit::Damaged;
use crate::{deployment, reference};

/// Below this much free space nobody should begin a batch.
const LEAST_FREE_BYTES: u64 = 64 << 20;

/// How a thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Well,
    /// Works, but somebody should know.
    Note,
    /// Does not work, or soon will not.
    Wrong,
    /// Something stored is not as it was written.
    Damaged,
}

impl Verdict {
    const fn word(self) -> &'static str {
        match self {
            Self::Well => "well",
            Self::Note => "note",
            Self::Wrong => "wrong",
            Self::Damaged => "damaged",
        }
    }
}

/// What was looked at, and what was seen.
struct Finding {
    verdict: Verdict,
    of: &'static str,
    seen: String,
    /// By which a program that looks after the deployment knows it.
    code: Option<&'static str>,
}

/// Exits 4 where something is damaged, 1 where something is wrong; notes do not change the exit code.
pub(super) async fn run(context: &Context) -> anyhow::Result<()> {
    let mut findings = store(&context.data, &context.config.places()).await;
    findings.push(free_space(&context.data));
    findings.push(secret(&context.data, &OF_LINKAGE));
    findings.push(secret(&context.data, &OF_CHECKPOINTS));
    findings.push(configuration(context));
    findings.push(added_reference(&context.data));
    for Finding {
        verdict,
        of,
        seen,
        code,
    } in &findings
    {
        let line = if context.json {
            json!({ "verdict": verdict.word(), "of": of, "seen": seen, "code": code }).to_string()
        } else {
            let code = code.map_or(String::new(), |code| format!(" [{code}]"));
            format!("{:<8} {of}: {seen}{code}", verdict.word())
        };
        print_line(&line)?;
    }
    let count = |wanted| {
        let found = findings.iter().filter(|finding| finding.verdict == wanted);
        found.count()
    };
    match (count(Verdict::Damaged), count(Verdict::Wrong)) {
        (0, 0) => Ok(()),
        (0, wrong) => Err(anyhow::anyhow!("{wrong} of these are wrong")),
        (damaged, _) => Err(Damaged(format!("{damaged} of these are damaged")).into()),
    }
}

fn finding(of: &'static str, verdict: Verdict, seen: impl Into<String>) -> Finding {
    let seen = seen.into();
    Finding {
        verdict,
        of,
        seen,
        code: None,
    }
}

/// Ledger, files by presence and length (`naqsha verify` reads them), the writer's lock.
async fn store(folder: &Path, places: &Places) -> Vec<Finding> {
    let condition = match Store::condition(folder, places).await {
        Ok(condition) => condition,
        Err(error) => {
            let verdict = if error.is_damage() {
                Verdict::Damaged
            } else {
                Verdict::Wrong
            };
            return vec![finding(
                "store",
                verdict,
                format!("{:#}", anyhow::Error::from(error)),
            )];
        }
    };
    let Condition {
        format,
        version,
        batches,
        files,
        bytes,
        misfits,
        unnamed,
        older_ledgers,
        is_writing,
    } = condition;
    let seen = format!(
        "format {format}, version {version}, {batches} batches, {files} files of {bytes} bytes"
    );
    let mut findings = vec![finding("store", Verdict::Well, seen)];
    let list = |paths: &[std::path::PathBuf]| {
        let shown: Vec<_> = paths
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        shown.join(", ")
    };
    findings.push(match misfits.as_slice() {
        [] => finding(
            "files",
            Verdict::Well,
            "each is there with its length; `naqsha verify` reads them all",
        ),
        paths => finding(
            "files",
            Verdict::Damaged,
            format!("missing or of another length: {}", list(paths)),
        ),
    });
    if is_writing {
        findings.push(finding("writer", Verdict::Note, "a batch is being written"));
    } else if !unnamed.is_empty() {
        let seen = format!(
            "left by a batch that was cut short, removed when the next begins: {}",
            list(&unnamed)
        );
        findings.push(finding("writer", Verdict::Note, seen));
    }
    if !older_ledgers.is_empty() {
        let seen = format!(
            "kept from before a migration, not needed once all is well: {}",
            list(&older_ledgers)
        );
        findings.push(finding("older ledgers", Verdict::Note, seen));
    }
    findings
}

fn free_space(folder: &Path) -> Finding {
    const OF: &str = "free space";
    match available_bytes(folder) {
        Err(error) => finding(OF, Verdict::Note, format!("not known: {error}")),
        Ok(bytes) if bytes < LEAST_FREE_BYTES => finding(
            OF,
            Verdict::Wrong,
            format!("{bytes} bytes, less than {LEAST_FREE_BYTES}"),
        ),
        Ok(bytes) => finding(OF, Verdict::Well, format!("{bytes} bytes")),
    }
}

/// A file that only its owner may read.
struct Secret {
    of: &'static str,
    file: &'static str,
    made: &'static str,
    read: fn(&Path) -> anyhow::Result<()>,
}

/// Whoever reads it can compute the keys of all identity numbers.
const OF_LINKAGE: Secret = Secret {
    of: "secret of linkage keys",
    file: deployment::SECRET,
    made: "when a profile first needs it",
    read: |data| deployment::linkage_secret(data).map(drop),
};

/// Whoever reads it can sign for an audit log that was written anew.
const OF_CHECKPOINTS: Secret = Secret {
    of: "secret of checkpoints",
    file: deployment::CHECKPOINT_SECRET,
    made: "when the first checkpoint is signed",
    read: |data| deployment::checkpoint_key(data).map(drop),
};

fn secret(data: &Path, secret: &Secret) -> Finding {
    let of = secret.of;
    let path = data.join(secret.file);
    match std::fs::metadata(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => finding(
            of,
            Verdict::Note,
            format!("none yet; it is made {}", secret.made),
        ),
        Err(error) => finding(of, Verdict::Wrong, error.to_string()),
        Ok(metadata) if is_open_to_others(&metadata) => Finding {
            code: Some("secret-open-to-others"),
            ..finding(
                of,
                Verdict::Wrong,
                format!("{} is readable by others: chmod 600", path.display()),
            )
        },
        Ok(_) => match (secret.read)(data) {
            Ok(()) => finding(of, Verdict::Well, "there, readable by its owner only"),
            Err(error) => finding(of, Verdict::Wrong, format!("{error:#}")),
        },
    }
}

#[cfg(unix)]
fn is_open_to_others(metadata: &std::fs::Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o077 != 0
}

#[cfg(not(unix))]
const fn is_open_to_others(_metadata: &std::fs::Metadata) -> bool {
    false
}

fn configuration(context: &Context) -> Finding {
    const OF: &str = "configuration";
    match context.config.defaults() {
        Ok(_) => finding(OF, Verdict::Well, "readable; every key is known"),
        Err(error) => finding(OF, Verdict::Wrong, format!("{error:#}")),
    }
}

/// The deployment's stations, boundaries, organisations and study areas.
fn added_reference(data: &Path) -> Finding {
    const OF: &str = "the deployment's own tables";
    let read = deployment::reference(data).and_then(|_| reference::study_areas(data));
    match read {
        Ok(_) => finding(OF, Verdict::Well, "readable"),
        Err(error) => finding(OF, Verdict::Wrong, format!("{error:#}")),
    }
}

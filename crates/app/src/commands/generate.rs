//! `naqsha generate`: synthetic bureau files in the shipped profiles.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use naqsha_ingest::Reference;
use naqsha_ingest::generate::{self, GenerateSettings};

use super::{Context, print_line};
use crate::exit::Usage;

#[derive(Debug, Args)]
pub(crate) struct GenerateArgs {
    /// How many incidents, over all profiles.
    #[arg(long)]
    incidents: u64,
    /// Seed: the same seed gives the same bytes.
    #[arg(long)]
    seed: u64,
    /// Folder to write into.
    #[arg(long)]
    out: PathBuf,
    /// Share of damaged rows, 0 to 1.
    #[arg(long, default_value_t = 0.0)]
    messy: f64,
}

pub(super) fn run(context: &Context, args: &GenerateArgs) -> anyhow::Result<()> {
    if !(0.0..=1.0).contains(&args.messy) {
        return Err(Usage(format!(
            "--messy is a share from 0 to 1, not {}",
            args.messy
        ))
        .into());
    }
    std::fs::create_dir_all(&args.out)
        .with_context(|| format!("creating {}", args.out.display()))?;
    let settings = GenerateSettings {
        incidents: args.incidents,
        seed: args.seed,
        messy: args.messy,
    };
    let mut names = Vec::new();
    for file in generate::generate(&settings, &Reference::embedded()) {
        let path = args.out.join(&file.name);
        std::fs::write(&path, &file.bytes)
            .with_context(|| format!("writing {}", path.display()))?;
        names.push(file.name);
    }
    if context.json {
        return print_line(
            &serde_json::json!({ "out": args.out, "files": names, "synthetic": true }).to_string(),
        );
    }
    print_line(&format!(
        "{} synthetic files in {}: {}",
        names.len(),
        args.out.display(),
        names.join(", ")
    ))
}

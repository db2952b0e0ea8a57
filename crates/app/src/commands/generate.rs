//! `naqsha generate`: synthetic bureau files in the shipped profiles.

use std::fs::File;
use std::io::BufWriter;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use naqsha_ingest::{GenerateSettings, Reference};

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
    /// Share of rows that name a person in a text that is kept, 0 to 1; above 0.01 batches are held.
    #[arg(long)]
    private: Option<f64>,
    /// First year of the incidents.
    #[arg(long, default_value_t = 2023)]
    first_year: i16,
    /// Last year of the incidents.
    #[arg(long, default_value_t = 2024)]
    last_year: i16,
}

pub(super) fn run(context: &Context, args: &GenerateArgs) -> anyhow::Result<()> {
    for (name, share) in [("messy", Some(args.messy)), ("private", args.private)] {
        if let Some(share) = share.filter(|share| !(0.0..=1.0).contains(share)) {
            return Err(Usage(format!("--{name} is a share from 0 to 1, not {share}")).into());
        }
    }
    if args.first_year > args.last_year {
        return Err(Usage("--first-year is after --last-year".to_owned()).into());
    }
    std::fs::create_dir_all(&args.out)
        .with_context(|| format!("creating {}", args.out.display()))?;
    let mut settings = GenerateSettings::new(args.incidents, args.seed, args.messy);
    (settings.first_year, settings.last_year) = (args.first_year, args.last_year);
    if let Some(private) = args.private {
        settings.private = private;
    }
    let mut names = Vec::new();
    naqsha_ingest::generate(&settings, &Reference::embedded(), &mut |name| {
        names.push(name.to_owned());
        let file = File::create(args.out.join(name))?;
        Ok(Box::new(BufWriter::new(file)))
    })
    .with_context(|| format!("writing into {}", args.out.display()))?;
    if context.json {
        let made = serde_json::json!({ "out": args.out, "files": names, "synthetic": true });
        return print_line(&made.to_string());
    }
    print_line(&format!(
        "{} synthetic files in {}: {}",
        names.len(),
        args.out.display(),
        names.join(", ")
    ))
}

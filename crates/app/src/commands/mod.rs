//! The command line: one file a command.

mod audit;
mod batch;
mod boundaries;
mod care;
mod cluster;
mod doctor;
mod export;
mod free_space;
mod generate;
mod ingest;
mod init;
mod key;
mod layer;
mod population;
mod profile;
mod serve;
mod stated;
mod stations;
mod study_area;
mod tls;

pub(crate) use key::KEY_DAYS;

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::OnceLock;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use naqsha_store::{By, Store};

use crate::actor;
use crate::config::Config;
use crate::stats::{self, StatsArgs};
use crate::tables;

/// Crime mapping on H3: bureau files in, hotspot layers out.
#[derive(Debug, Parser)]
#[command(name = "naqsha", version)]
pub(crate) struct Cli {
    /// Configuration file (default: naqsha.toml where it exists).
    #[arg(long, global = true)]
    config: Option<PathBuf>,
    /// Folder of the store.
    #[arg(long, global = true, default_value = "naqsha-data")]
    data: PathBuf,
    /// More log lines on stderr (twice for debug).
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Machine output on stdout.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Create a store.
    Init,
    /// Take files into the store through a mapping profile.
    Ingest(ingest::IngestArgs),
    /// Mapping profiles.
    #[command(subcommand)]
    Profile(profile::ProfileCommand),
    /// Batches in the ledger.
    #[command(subcommand)]
    Batch(batch::BatchCommand),
    /// Keys by which a service knows who asks.
    #[command(subcommand)]
    Key(key::KeyCommand),
    /// The audit log: who did or asked what.
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// The deployment's own boundaries.
    #[command(subcommand)]
    Boundaries(boundaries::BoundariesCommand),
    /// The deployment's own police stations.
    #[command(subcommand)]
    Stations(stations::StationsCommand),
    /// How many people live where: what rates are per head of.
    #[command(subcommand)]
    Population(population::PopulationCommand),
    /// Records of different agencies that are probably one matter.
    #[command(subcommand)]
    Cluster(cluster::ClusterCommand),
    /// Named analysis areas.
    #[command(subcommand)]
    StudyArea(study_area::StudyAreaCommand),
    /// The catalogue of layers.
    #[command(subcommand)]
    Layer(layer::LayerCommand),
    /// Write a layer to a file: the same numbers as over HTTP.
    Export(export::ExportArgs),
    /// Serve the layers over HTTP.
    Serve(serve::ServeArgs),
    /// Write synthetic bureau files in the shipped profiles.
    Generate(generate::GenerateArgs),
    /// Statistics on a table of one's own.
    Stats(StatsArgs),
    /// Read everything that the ledger names and compare it with its digests.
    Verify,
    /// Copy the store, while it is used, into a folder.
    Backup(care::BackupArgs),
    /// Bring a backup back, into a folder that does not exist or is empty.
    Restore(care::RestoreArgs),
    /// Remove what the store does not need: files of no batch, indexes of no file, free pages of the ledger.
    Compact,
    /// Look whether the deployment is in order: store, folder, secret, configuration.
    Doctor,
    /// Reads a table for the program itself.
    #[command(name = tables::COMMAND, hide = true)]
    ReadTable {
        /// What to read, as JSON.
        request: String,
    },
}

/// What every command is given.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) config: Config,
    pub(crate) data: PathBuf,
    pub(crate) json: bool,
    /// The store that the command opened, until it has ended: opened a second time, its journal would be synced a second time,
    /// and a sync that is repeated after one that failed proves nothing.
    opened: OnceLock<Store>,
}

impl Context {
    /// Keeps a store for as long as the command runs; gives it, acting for whoever runs the command.
    fn keep(&self, store: &Store) -> Store {
        let store = store.acting_as(Self::by());
        self.opened.get_or_init(|| store.clone());
        store
    }

    /// Opens the store on a runtime of its own.
    pub(crate) async fn open_store(&self) -> anyhow::Result<Store> {
        Store::open_with(&self.data, &self.config.places())
            .await
            .map(|store| self.keep(&store))
            .context("opening the store (`naqsha init` makes one)")
    }

    /// Whoever runs the command, as the audit log tells it.
    pub(crate) fn by() -> By {
        By::operator(&actor::name())
    }
}

/// Runs the command.
pub(crate) fn run(cli: Cli) -> anyhow::Result<()> {
    let context = Context {
        config: Config::load(cli.config.as_deref())?,
        data: cli.data,
        json: cli.json,
        opened: OnceLock::new(),
    };
    match cli.command {
        Command::Init => block_on(audit::signed(&context, init::run(&context))),
        Command::Ingest(args) => block_on(audit::signed(&context, ingest::run(&context, args))),
        Command::Profile(command) => profile::run(&context, command),
        Command::Batch(command) => block_on(audit::signed(&context, batch::run(&context, command))),
        Command::Key(command) => block_on(audit::signed(&context, key::run(&context, command))),
        Command::Audit(command) => block_on(audit::signed(&context, audit::run(&context, command))),
        Command::Boundaries(command) => boundaries::run(&context, &command),
        Command::Stations(command) => stations::run(&context, &command),
        Command::Population(command) => population::run(&context, &command),
        Command::Cluster(command) => {
            block_on(audit::signed(&context, cluster::run(&context, command)))
        }
        Command::StudyArea(command) => study_area::run(&context, &command),
        Command::Layer(command) => layer::run(&context, command),
        Command::Export(args) => block_on(audit::signed(&context, export::run(&context, args))),
        Command::Serve(args) => block_on(serve::run(&context, args)),
        Command::Generate(args) => generate::run(&context, &args),
        Command::Stats(args) => Ok(stats::run(args)?),
        Command::Verify => block_on(care::verify(&context)),
        Command::Backup(args) => block_on(audit::signed(&context, care::backup(&context, args))),
        Command::Restore(args) => block_on(audit::signed(&context, care::restore(&context, args))),
        Command::Compact => block_on(audit::signed(&context, care::compact(&context))),
        Command::Doctor => block_on(doctor::run(&context)),
        Command::ReadTable { request } => tables::read(&request),
    }
}

fn block_on(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("starting the runtime")?
        .block_on(work)
}

/// Writes one line on stdout; a reader that has gone away is not a failure.
pub(crate) fn print_line(line: &str) -> anyhow::Result<()> {
    match writeln!(std::io::stdout().lock(), "{line}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(error).context("writing to stdout")
        }
        _ => Ok(()),
    }
}

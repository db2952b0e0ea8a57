//! `naqsha stats`: the statistics on a user's own CSV, one JSON object on stdout. It knows no store and no incidents.

mod aoristic;
mod change;
mod colocation;
mod concentration;
mod corridors;
mod emerging;
mod fdr;
mod flows;
mod forecast;
mod geary;
mod general_g;
mod gi;
mod graph;
pub(crate) mod harm;
mod instant;
mod join_count;
mod kde;
mod knox;
mod local_moran;
mod losh;
mod mann_kendall;
mod metric;
mod moran;
mod pai;
mod rates;
mod scan;
mod series;
mod table;

use std::io::Write as _;

use clap::{Args, Subcommand};
use serde::Serialize;

/// Statistics on any table.
#[derive(Debug, Args)]
pub(crate) struct StatsArgs {
    #[command(subcommand)]
    statistic: Statistic,
}

#[derive(Debug, Subcommand)]
enum Statistic {
    /// Getis-Ord Gi or Gi* of every row: where are the high and low neighbourhoods?
    Gi(gi::GiArgs),
    /// Local Moran's I of every row: which places are like their surroundings, which stand out?
    LocalMoran(local_moran::LocalMoranArgs),
    /// Local spatial heteroscedasticity: where are values uneven?
    Losh(losh::LoshArgs),
    /// Global Moran's I: is there any clustering at all?
    Moran(moran::MoranArgs),
    /// Getis-Ord general G: do high values, or low ones, lie together?
    GeneralG(general_g::GeneralGArgs),
    /// Geary's C: do neighbours differ less than any two places?
    Geary(geary::GearyArgs),
    /// Join counts of zeros and ones: are the ones beside each other?
    JoinCount(join_count::JoinCountArgs),
    /// Rates of events per head, raw or smoothed, and excess risk.
    Rates(rates::RatesArgs),
    /// Mann-Kendall: does a series rise or fall?
    MannKendall(mann_kendall::MannKendallArgs),
    /// Two periods compared: did more happen in a place, or less, than chance would have it?
    Change(change::ChangeArgs),
    /// Emerging hot spots: what has become of each place over time?
    Emerging(emerging::EmergingArgs),
    /// Knox and near repeats: do events close in space come close in time?
    Knox(knox::KnoxArgs),
    /// Aoristic weights: when do events happen of which only a stretch of time is known?
    Aoristic(aoristic::AoristicArgs),
    /// Scan statistics: which circle, or stretch of time in it, holds too many cases?
    Scan(scan::ScanArgs),
    /// Colocation quotients: are events of one type surrounded by another?
    Colocation(colocation::ColocationArgs),
    /// Kernel density on H3: how many events per square kilometre?
    Kde(kde::KdeArgs),
    /// Flows: what goes from where to where, gross or net, and do strong flows run beside strong ones?
    Flows(flows::FlowsArgs),
    /// Corridors: the cheapest ways from one place to another.
    Corridors(corridors::CorridorsArgs),
    /// Forecasts: how many events does each cell expect, and does the model beat the naive one?
    Forecast(forecast::ForecastArgs),
    /// Harm: how many days of imprisonment do statutes threaten with for what happened?
    Harm(harm::HarmArgs),
    /// Gini and Lorenz: how much is in how few places?
    Concentration(concentration::ConcentrationArgs),
    /// Prediction accuracy: how much happened where a forecast said?
    Pai(pai::PaiArgs),
    /// False discovery rates: the q-values of a list of p-values.
    Fdr(fdr::FdrArgs),
}

/// Why a statistic was not printed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StatsError {
    /// The arguments do not fit each other or the file: exit 2.
    #[error("{0}")]
    Usage(String),
    /// A file cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: String,
        /// Why.
        source: csv::Error,
    },
    /// A row holds what it must not.
    #[error("{path}: line {line}: {problem}")]
    Row {
        /// The file.
        path: String,
        /// Its line, from 1.
        line: u64,
        /// What is wrong.
        problem: String,
    },
    /// The file as a whole does not serve.
    #[error("{path}: {problem}")]
    File {
        /// The file.
        path: String,
        /// What is wrong.
        problem: String,
    },
    /// The neighbours do not make a graph.
    #[error("neighbours")]
    Graph(#[source] naqsha_analytics::NeighboursError),
    /// The statistic refused its input.
    #[error("statistic")]
    Statistic(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The answer cannot be written.
    #[error("cannot write the answer")]
    Write(#[source] std::io::Error),
}

/// Computes what the arguments ask for and prints it.
///
/// # Errors
/// [`StatsError::Usage`] where the arguments are wrong, the others where files or values are.
pub(crate) fn run(args: StatsArgs) -> Result<(), StatsError> {
    match args.statistic {
        Statistic::Gi(args) => print(&gi::answer(&args)?),
        Statistic::Moran(args) => print(&moran::answer(&args)?),
        Statistic::LocalMoran(args) => print(&local_moran::answer(&args)?),
        Statistic::Losh(args) => print(&losh::answer(&args)?),
        Statistic::GeneralG(args) => print(&general_g::answer(&args)?),
        Statistic::Geary(args) => print(&geary::answer(&args)?),
        Statistic::JoinCount(args) => print(&join_count::answer(&args)?),
        Statistic::Rates(args) => print(&rates::answer(&args)?),
        Statistic::MannKendall(args) => print(&mann_kendall::answer(&args)?),
        Statistic::Change(args) => print(&change::answer(&args)?),
        Statistic::Emerging(args) => print(&emerging::answer(&args)?),
        Statistic::Knox(args) => print(&knox::answer(&args)?),
        Statistic::Aoristic(args) => print(&aoristic::answer(&args)?),
        Statistic::Scan(args) => print(&scan::answer(&args)?),
        Statistic::Colocation(args) => print(&colocation::answer(&args)?),
        Statistic::Kde(args) => print(&kde::answer(&args)?),
        Statistic::Flows(args) => print(&flows::answer(&args)?),
        Statistic::Corridors(args) => print(&corridors::answer(&args)?),
        Statistic::Forecast(args) => print(&forecast::answer(&args)?),
        Statistic::Harm(args) => print(&harm::answer(&args)?),
        Statistic::Concentration(args) => print(&concentration::answer(&args)?),
        Statistic::Pai(args) => print(&pai::answer(&args)?),
        Statistic::Fdr(args) => print(&fdr::answer(&args)?),
    }
}

fn print(answer: &impl Serialize) -> Result<(), StatsError> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    serde_json::to_writer(&mut out, answer).map_err(|error| StatsError::Write(error.into()))?;
    out.write_all(b"\n")
        .and_then(|()| out.flush())
        .map_err(StatsError::Write)
}

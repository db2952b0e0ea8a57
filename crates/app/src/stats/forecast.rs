//! `naqsha stats forecast`.

use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use clap::{Args, ValueEnum};
use h3o::{CellIndex, LatLng, Resolution};
use naqsha_analytics::{
    Evaluation, Fold, ForecastError, ForecastModel, Happening, Outlook, Scores, Spell, outlook,
    walk_forward,
};
use serde::Serialize;

use super::StatsError;
use super::instant::{Clock, instant};
use super::table::{Csv, number, text};

/// Arguments of `stats forecast`.
#[derive(Debug, Args)]
pub(super) struct ForecastArgs {
    /// CSV of events with columns `lon`, `lat` and `t`: days as numbers, or dates.
    #[arg(long, value_name = "E.csv")]
    events: PathBuf,
    /// How the events to come are spread.
    #[arg(long, value_enum)]
    model: ModelName,
    /// The H3 resolution, 0 to 15.
    #[arg(long, value_name = "R")]
    resolution: u8,
    /// How many days the forecast is about, from the day after the last event on.
    #[arg(long, value_name = "D", default_value_t = 7.0)]
    horizon: f64,
    /// How far an event of the density reaches, and the standard deviation of the widest kernel of the self-exciting background, in
    /// metres.
    #[arg(long, value_name = "M", default_value_t = 1_000.0)]
    bandwidth: f64,
    /// How many days the density looks back.
    #[arg(long, value_name = "D", default_value_t = 91.0)]
    window: f64,
    /// CSV with an `id` column: the cells of the study area. Default: those within two cells of an event.
    #[arg(long, value_name = "C.csv")]
    cells: Option<PathBuf>,
    /// Judge the model on forecasts of the past, beside the naive one.
    #[arg(long)]
    evaluate: bool,
    /// How many such forecasts, one horizon each.
    #[arg(long, value_name = "N", default_value_t = 8)]
    folds: u32,
    /// The share of the area that is chosen.
    #[arg(long, default_value_t = 0.2)]
    share: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ModelName {
    /// As all events so far.
    Naive,
    /// Near and recent events: 1/((1 + weeks)(1 + cells)).
    Prospective,
    /// The density of the last days.
    Kde,
    /// A background, and events that set off others.
    SelfExciting,
}

impl ModelName {
    const fn code(self) -> &'static str {
        match self {
            Self::Naive => "naive",
            Self::Prospective => "prospective",
            Self::Kde => "kde",
            Self::SelfExciting => "self-exciting",
        }
    }
}

/// The answer; cells ascending.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    n: usize,
    model: &'static str,
    resolution: u8,
    cells: usize,
    /// Events that the forecast learned from: those inside the cells.
    learned_from: usize,
    from: serde_json::Value,
    to: serde_json::Value,
    horizon: f64,
    expected: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    fit: Option<Fit>,
    #[serde(skip_serializing_if = "Option::is_none")]
    evaluation: Option<Judged>,
    rows: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Row {
    cell: String,
    expected: f64,
    share: f64,
    /// Cells with a higher risk per km², and one.
    rank: usize,
}

#[derive(Debug, Serialize)]
struct Fit {
    background_per_day: f64,
    /// Of it, those of each width of the kernel: the bandwidth, a half, a quarter and an eighth of it.
    background: [f64; 4],
    offspring: f64,
    decay_per_day: f64,
    sigma_m: f64,
    log_likelihood: f64,
    steps: u32,
    pairs: usize,
}

#[derive(Debug, Serialize)]
struct Judged {
    share: f64,
    happened: usize,
    beats_naive: bool,
    folds_won: usize,
    gain_per_event: Option<f64>,
    model: ScoreRow,
    naive: ScoreRow,
    folds: Vec<FoldRow>,
}

#[derive(Debug, Serialize)]
struct ScoreRow {
    expected: f64,
    hit_rate: Option<f64>,
    pai: Option<f64>,
    pei: Option<f64>,
    rri: Option<f64>,
    crps: f64,
    log_score: f64,
    brier: f64,
    curve: Vec<[f64; 2]>,
}

#[derive(Debug, Serialize)]
struct FoldRow {
    from: f64,
    learned_from: usize,
    happened: usize,
    expected: f64,
    log_score: f64,
    naive_log_score: f64,
}

pub(super) fn answer(args: &ForecastArgs) -> Result<Answer, StatsError> {
    let resolution = Resolution::try_from(args.resolution)
        .map_err(|error| StatsError::Usage(format!("--resolution: {error}")))?;
    let (events, clock) = read(&args.events)?;
    let cells = match &args.cells {
        Some(path) => listed(path, resolution)?,
        None => around(&events, resolution),
    };
    let days = || events.iter().map(|event| event.day);
    let spell = Spell {
        from: days().fold(f64::INFINITY, f64::min).floor(),
        to: days().fold(f64::NEG_INFINITY, f64::max).floor() + 1.0,
        horizon: args.horizon,
    };
    let model = match args.model {
        ModelName::Naive => ForecastModel::Naive,
        ModelName::Prospective => ForecastModel::Prospective,
        ModelName::Kde => ForecastModel::Kde {
            bandwidth_m: args.bandwidth,
            window_days: args.window,
        },
        ModelName::SelfExciting => ForecastModel::SelfExciting {
            bandwidth_m: args.bandwidth,
        },
    };
    let refused = |error| refused(args, error);
    let found = outlook(&events, &cells, model, spell).map_err(refused)?;
    let evaluation = args
        .evaluate
        .then(|| walk_forward(&events, &cells, model, spell, (args.folds, args.share)))
        .transpose()
        .map_err(refused)?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "days of events are far below 2^63"
    )]
    let day = |day: f64| clock.written(day as i64);
    Ok(Answer {
        n: events.len(),
        model: args.model.code(),
        resolution: args.resolution,
        cells: cells.len(),
        learned_from: found.learned_from,
        from: day(spell.from),
        to: day(spell.to),
        horizon: args.horizon,
        expected: found.total(),
        fit: found.fit.map(|fit| Fit {
            background_per_day: fit.background_per_day,
            background: fit.background,
            offspring: fit.offspring,
            decay_per_day: fit.decay_per_day,
            sigma_m: fit.sigma_m,
            log_likelihood: fit.log_likelihood,
            steps: fit.steps,
            pairs: fit.pairs,
        }),
        evaluation: evaluation.as_ref().map(Judged::of),
        rows: rows(&cells, &found),
    })
}

fn rows(cells: &[CellIndex], found: &Outlook) -> Vec<Row> {
    let (total, ranks) = (found.total(), found.ranks());
    let each = cells.iter().zip(&found.expected).zip(ranks);
    each.map(|((cell, expected), rank)| Row {
        cell: cell.to_string(),
        expected: *expected,
        share: expected / total,
        rank,
    })
    .collect()
}

fn refused(args: &ForecastArgs, error: ForecastError) -> StatsError {
    match error {
        ForecastError::Points(_) => StatsError::File {
            path: args.events.display().to_string(),
            problem: "some coordinates are out of range".to_owned(),
        },
        ForecastError::TooFew(_) | ForecastError::Cells => StatsError::Statistic(error.into()),
        error => StatsError::Usage(error.to_string()),
    }
}

impl Judged {
    fn of(found: &Evaluation) -> Self {
        Self {
            share: found.share,
            happened: found.happened,
            beats_naive: found.beats_naive(),
            folds_won: found.folds_won(),
            gain_per_event: found.gain_per_event,
            model: ScoreRow::of(&found.model),
            naive: ScoreRow::of(&found.naive),
            folds: found.folds.iter().map(FoldRow::of).collect(),
        }
    }
}

impl ScoreRow {
    fn of(scores: &Scores) -> Self {
        Self {
            expected: scores.expected,
            hit_rate: scores.hit_rate,
            pai: scores.pai,
            pei: scores.pei,
            rri: scores.rri,
            crps: scores.crps,
            log_score: scores.log_score,
            brier: scores.brier,
            curve: scores.curve.clone(),
        }
    }
}

impl FoldRow {
    const fn of(fold: &Fold) -> Self {
        Self {
            from: fold.from,
            learned_from: fold.learned_from,
            happened: fold.happened,
            expected: fold.expected,
            log_score: fold.log_score,
            naive_log_score: fold.naive_log_score,
        }
    }
}

fn read(path: &Path) -> Result<(Vec<Happening>, Clock), StatsError> {
    let csv = Csv::open(path)?;
    let (lon, lat, t) = (csv.column("lon")?, csv.column("lat")?, csv.column("t")?);
    let (mut events, mut clocks) = (Vec::new(), Vec::new());
    csv.each(|row| {
        let at = [number(row, lon, "lon")?, number(row, lat, "lat")?];
        let (day, clock) = instant(text(row, t)?)?;
        events.push(Happening { at, day });
        clocks.push(clock);
        Ok(())
    })?;
    Ok((events, Clock::common(clocks)?))
}

/// The cells of a file, ascending.
fn listed(path: &Path, resolution: Resolution) -> Result<Vec<CellIndex>, StatsError> {
    let csv = Csv::open(path)?;
    let id = csv.column("id")?;
    let mut cells = Vec::new();
    csv.each(|row| {
        let field = text(row, id)?;
        let cell = CellIndex::from_str(field)
            .map_err(|error| format!("`{field}` is not an H3 cell: {error}"))?;
        if cell.resolution() != resolution {
            return Err(format!("`{field}` is not of resolution {resolution}"));
        }
        cells.push(cell);
        Ok(())
    })?;
    cells.sort_unstable();
    cells.dedup();
    Ok(cells)
}

/// The cells within two of an event's, ascending.
fn around(events: &[Happening], resolution: Resolution) -> Vec<CellIndex> {
    let home = |event: &Happening| {
        let point = LatLng::new(event.at[1], event.at[0]).ok()?;
        Some(point.to_cell(resolution))
    };
    let mut homes: Vec<CellIndex> = events.iter().filter_map(home).collect();
    homes.sort_unstable();
    homes.dedup();
    let disks = homes.iter().flat_map(|cell| cell.grid_disk::<Vec<_>>(2));
    let mut cells: Vec<CellIndex> = disks.collect();
    cells.sort_unstable();
    cells.dedup();
    cells
}

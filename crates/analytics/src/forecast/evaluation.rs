//! Walking forward: forecasts made on days that are past, judged by what came after, beside the naive one.

use h3o::CellIndex;

use super::poisson::{brier, crps, log_score};
use super::{ForecastError, ForecastModel, Ground, Happening, Outlook, Spell, ahead};
use crate::pai::{Forecast, forecast_accuracy, height};

/// The shares of the area at which the hit rate is given.
const CURVE: [f64; 14] = [
    0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0,
];

/// One forecast of the past and what came of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fold {
    /// When it was made.
    pub from: f64,
    /// Until when it holds.
    pub to: f64,
    /// Events that it learned from.
    pub learned_from: usize,
    /// Events that happened.
    pub happened: usize,
    /// Events that it expected.
    pub expected: f64,
    /// Its logarithmic score, and that of the naive one: mean over the cells, less is better.
    pub log_score: f64,
    /// The naive one's.
    pub naive_log_score: f64,
}

/// How good a model's forecasts were, over all folds.
#[derive(Debug, Clone, PartialEq)]
pub struct Scores {
    /// Share of the events that lie in the chosen area; none where nothing happened, as the next four.
    pub hit_rate: Option<f64>,
    /// Hit rate over the share of the area.
    pub pai: Option<f64>,
    /// Hit rate over the largest one that so much area could have (PEI*).
    pub pei: Option<f64>,
    /// Recapture rate: hit rate over that of the same areas in the days before (Levine 2008); none where that is 0.
    pub rri: Option<f64>,
    /// [share of the area, hit rate].
    pub curve: Vec<[f64; 2]>,
    /// Continuous ranked probability score of the count of a cell, mean over cells and folds; less is better.
    pub crps: f64,
    /// −ln of the probability of the count of a cell, mean; less is better.
    pub log_score: f64,
    /// Brier score of whether anything happens in a cell, mean; less is better.
    pub brier: f64,
    /// Events expected in all folds.
    pub expected: f64,
}

/// A model and the naive baseline on the same days.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// The share of the area that is chosen.
    pub share: f64,
    /// Forecasts, the earliest first.
    pub folds: Vec<Fold>,
    /// Events that happened in all folds.
    pub happened: usize,
    /// The model.
    pub model: Scores,
    /// The baseline.
    pub naive: Scores,
    /// How much likelier the model held each event than the baseline did, as the mean logarithm; none without events.
    pub gain_per_event: Option<f64>,
}

impl Evaluation {
    /// Whether the model's logarithmic score is better than the baseline's.
    pub fn beats_naive(&self) -> bool {
        self.model.log_score < self.naive.log_score
    }

    /// In how many folds it is better.
    pub fn folds_won(&self) -> usize {
        let won = |fold: &&Fold| fold.log_score < fold.naive_log_score;
        self.folds.iter().filter(won).count()
    }
}

/// Makes the last `folds` forecasts of `spell.horizon` days each that end by `spell.to`, from what was known before each
/// of them, and judges them.
///
/// Cells with equal forecasts at the border of the chosen area are taken in parts. Hit rates are those of all events of
/// all folds together. *Cost*: that of two [`outlook`](super::outlook)s a fold.
///
/// # Errors
/// As [`outlook`](super::outlook); [`ForecastError::TooShort`] where the first fold would have less than one horizon to
/// learn from, [`ForecastError::Share`].
///
/// # References
/// Chainey, Tompson & Uhlig 2008, <https://doi.org/10.1057/palgrave.sj.8350066>; Levine 2008,
/// <https://doi.org/10.1057/palgrave.sj.8350067>; Gneiting & Raftery 2007, <https://doi.org/10.1198/016214506000001437>.
pub fn walk_forward(
    events: &[Happening],
    cells: &[CellIndex],
    model: ForecastModel,
    spell: Spell,
    (folds, share): (u32, f64),
) -> Result<Evaluation, ForecastError> {
    if !(share > 0.0 && share <= 1.0) {
        return Err(ForecastError::Share(share));
    }
    let ground = Ground::new(cells)?;
    let events = ground.events(events)?;
    let first = spell.to - f64::from(folds) * spell.horizon;
    if folds == 0 || first - spell.from < spell.horizon {
        return Err(ForecastError::TooShort {
            folds,
            horizon: spell.horizon,
        });
    }
    let mut rows = Vec::new();
    let (mut of_model, mut of_naive) = (Judged::new(share), Judged::new(share));
    for fold in 0..folds {
        let from = spell.to - f64::from(folds - fold) * spell.horizon;
        let before = Spell { to: from, ..spell };
        let within = |event: &&Happening, from: f64, to: f64| event.day >= from && event.day < to;
        let came: Vec<Happening> = events
            .iter()
            .filter(|event| within(event, from, from + spell.horizon))
            .copied()
            .collect();
        let known: Vec<Happening> = events
            .iter()
            .filter(|event| within(event, spell.from, from))
            .copied()
            .collect();
        let (came, known) = (ground.counts(&came), ground.counts(&known));
        let ours = ahead(&ground, &events, model, before)?;
        let theirs = ahead(&ground, &events, ForecastModel::Naive, before)?;
        let log_score = of_model.add(&ground, &ours, &came, &known);
        let naive_log_score = of_naive.add(&ground, &theirs, &came, &known);
        rows.push(Fold {
            from,
            to: from + spell.horizon,
            learned_from: ours.learned_from,
            happened: whole(came.iter().sum()),
            expected: ours.total(),
            log_score,
            naive_log_score,
        });
    }
    let gain = (of_naive.log_score - of_model.log_score) / of_model.happened;
    Ok(Evaluation {
        share,
        happened: whole(of_model.happened),
        gain_per_event: (of_model.happened > 0.0).then_some(gain),
        folds: rows,
        model: of_model.scores(),
        naive: of_naive.scores(),
    })
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count"
)]
fn whole(count: f64) -> usize {
    count as usize
}

/// Sums over the folds.
struct Judged {
    share: f64,
    happened: f64,
    hits: f64,
    /// The hits of the best area of the same size.
    best: f64,
    known: f64,
    /// Events of the days before that lie in the chosen area.
    known_hits: f64,
    curve: [f64; CURVE.len()],
    cells: f64,
    crps: f64,
    log_score: f64,
    brier: f64,
    expected: f64,
}

impl Judged {
    const fn new(share: f64) -> Self {
        Self {
            share,
            happened: 0.0,
            hits: 0.0,
            best: 0.0,
            known: 0.0,
            known_hits: 0.0,
            curve: [0.0; CURVE.len()],
            cells: 0.0,
            crps: 0.0,
            log_score: 0.0,
            brier: 0.0,
            expected: 0.0,
        }
    }

    /// Judges one forecast; its mean logarithmic score.
    fn add(&mut self, ground: &Ground<'_>, made: &Outlook, came: &[f64], known: &[f64]) -> f64 {
        let mut log_sum = 0.0;
        for (&expected, &count) in made.expected.iter().zip(came) {
            self.crps += crps(count, expected);
            self.brier += brier(count, expected);
            log_sum += log_score(count, expected);
        }
        #[expect(
            clippy::cast_precision_loss,
            reason = "numbers of cells are far below 2^53"
        )]
        let cells = came.len() as f64;
        self.cells += cells;
        self.log_score += log_sum;
        self.expected += made.total();
        let densities = |values: &[f64]| -> Vec<f64> {
            let pairs = values.iter().zip(ground.areas_km2());
            pairs.map(|(value, area)| value / area).collect()
        };
        let chosen = &made.risk;
        let judge = |scores: &[f64], outcomes: &[f64]| {
            let forecast = Forecast {
                scores,
                areas: ground.areas_km2(),
                outcomes,
            };
            forecast_accuracy(forecast, self.share).ok()
        };
        if let (Some(found), Some(best)) = (judge(chosen, came), judge(&densities(came), came)) {
            let happened: f64 = came.iter().sum();
            self.happened += happened;
            self.hits += found.hit_rate * happened;
            self.best += best.hit_rate * happened;
            for (sum, share) in self.curve.iter_mut().zip(CURVE) {
                *sum += height(&found.curve, share) * happened;
            }
            if let Some(before) = judge(chosen, known) {
                let learned: f64 = known.iter().sum();
                self.known += learned;
                self.known_hits += before.hit_rate * learned;
            }
        }
        log_sum / cells
    }

    fn scores(&self) -> Scores {
        let some = self.happened > 0.0;
        let hit_rate = some.then(|| self.hits / self.happened);
        let before = (self.known_hits > 0.0).then(|| self.known_hits / self.known);
        let point = |(sum, share): (&f64, f64)| [share, sum / self.happened];
        Scores {
            hit_rate,
            pai: hit_rate.map(|rate| rate / self.share),
            pei: some.then(|| self.hits / self.best),
            rri: hit_rate.zip(before).map(|(rate, before)| rate / before),
            curve: if some {
                self.curve.iter().zip(CURVE).map(point).collect()
            } else {
                Vec::new()
            },
            crps: self.crps / self.cells,
            log_score: self.log_score / self.cells,
            brier: self.brier / self.cells,
            expected: self.expected,
        }
    }
}

//! Forecasts: how many events does each cell of a study area expect in the days to come, and was such a forecast ever
//! better than the naive one?

mod evaluation;
mod ground;
mod pairs;
mod poisson;
mod prospective;
mod self_exciting;
mod spread;
#[cfg(test)]
mod tests;

use ground::Ground;
use h3o::CellIndex;

use crate::kde::{Extent, KdeError, kde};
use crate::neighbours::{NeighboursError, Points};

pub use evaluation::{Evaluation, Fold, Scores, walk_forward};
pub use self_exciting::SelfExciting;

/// An event: where and when.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Happening {
    /// Longitude and latitude in degrees.
    pub at: [f64; 2],
    /// When, in days from any origin.
    pub day: f64,
}

/// How the events to come are spread over the cells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ForecastModel {
    /// As all events so far: the baseline that a model must beat.
    Naive,
    /// By the prospective near-repeat weights 1/((1 + weeks)(1 + cells)) of the last eight weeks within eight cells
    /// (Bowers, Johnson & Pease 2004, as open-cp computes them).
    Prospective,
    /// As the kernel density of the last days.
    Kde {
        /// How far an event reaches, in metres.
        bandwidth_m: f64,
        /// How many days count.
        window_days: f64,
    },
    /// Background and aftershocks: each event raises the risk near it for a while (Mohler et al. 2011).
    SelfExciting {
        /// Standard deviation of the background's kernel, in metres.
        bandwidth_m: f64,
    },
}

/// The days that a forecast learns from and those that it is about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spell {
    /// The first moment that counts.
    pub from: f64,
    /// The moment the forecast is made; events from then on are not used.
    pub to: f64,
    /// How many days it is about.
    pub horizon: f64,
}

/// A forecast.
#[derive(Debug, Clone, PartialEq)]
pub struct Outlook {
    /// Events expected in each cell within the horizon, in the order of the cells, above zero.
    pub expected: Vec<f64>,
    /// What the cells are ranked by: the model's own risk per km², in its own unit, without the part that is spread evenly. Equal
    /// risks are ties.
    pub risk: Vec<f64>,
    /// Events that it learned from.
    pub learned_from: usize,
    /// What was fitted, of the self-exciting model.
    pub fit: Option<SelfExciting>,
}

impl Outlook {
    /// Of a model's scores times a scale, and an even part by area.
    fn new(
        ground: &Ground<'_>,
        scores: &[f64],
        (scale, even): (f64, f64),
        learned_from: usize,
    ) -> Self {
        let cells = scores.iter().zip(ground.area_shares());
        Self {
            expected: cells
                .map(|(score, area)| score * scale + area * even)
                .collect(),
            risk: scores
                .iter()
                .zip(ground.areas_km2())
                .map(|(score, area)| score / area)
                .collect(),
            learned_from,
            fit: None,
        }
    }

    /// How many cells have a higher risk, and one: cells of equal risk share a rank.
    pub fn ranks(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.risk.len()).collect();
        order.sort_unstable_by(|a, b| self.risk[*b].total_cmp(&self.risk[*a]).then(a.cmp(b)));
        let mut ranks = vec![0; order.len()];
        for (at, &cell) in order.iter().enumerate() {
            let tied = at > 0 && self.risk[order[at - 1]].total_cmp(&self.risk[cell]).is_eq();
            ranks[cell] = if tied { ranks[order[at - 1]] } else { at + 1 };
        }
        ranks
    }

    /// Events expected in all cells.
    pub fn total(&self) -> f64 {
        self.expected.iter().sum()
    }
}

/// A forecast that cannot be made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ForecastError {
    /// There are no cells, or they are not strictly ascending and of one resolution.
    #[error("the cells are none, or not ascending and of one resolution")]
    Cells,
    /// A day is not finite, or the days are not in order.
    #[error("the days are not finite numbers in order")]
    Days,
    /// No event to learn from.
    #[error("there are {0} events to learn from; at least {FEWEST} are needed")]
    TooFew(usize),
    /// The spell is too short for so many folds.
    #[error("{folds} folds of {horizon} days leave fewer than {horizon} days to learn from")]
    TooShort {
        /// How many folds.
        folds: u32,
        /// How long each one is.
        horizon: f64,
    },
    /// The bandwidth or the window is not above zero, or too large to be measured in the plane.
    #[error("a bandwidth of {bandwidth_m} m, over {window_days} days, is out of range")]
    OutOfRange {
        /// The bandwidth.
        bandwidth_m: f64,
        /// The days, where the model has them.
        window_days: f64,
    },
    /// More events, or pairs of events, than the self-exciting model takes.
    #[error("{what} exceed the limit of {limit}: take fewer days, or a smaller bandwidth")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// A share of the area that is not above 0 and at most 1.
    #[error("{0} is not a share of the area above 0 and at most 1")]
    Share(f64),
    /// A point is out of range.
    #[error("points")]
    Points(#[source] NeighboursError),
    /// The density cannot be computed.
    #[error("density")]
    Density(#[from] KdeError),
}

/// Events that a forecast learns from, at least.
const FEWEST: usize = 2;

/// The part of every forecast that is spread evenly over the area, so that no cell is held to be impossible: one event there
/// would make any score of the whole infinite.
const EVEN: f64 = 0.01;

/// The expected total is the mean of so many days, whole weeks, or of all where there are fewer.
const TOTAL_DAYS: f64 = 364.0;

/// The events expected in each cell within the horizon.
///
/// `cells` are the study area: ascending, of one resolution. Events outside of them, or outside the spell, are not used.
/// How many events to expect in all is the mean of the last 364 days, for each model but the self-exciting one, which says
/// so itself; one hundredth of it is spread evenly. *Edge cases*: where a model sees nothing (no event in its window) all
/// is spread evenly.
///
/// *Cost*: O(n log n) and, for n events and c cells in reach of each: O(n·c); the self-exciting model O(iterations · pairs).
/// The order of the events and the number of threads change no digit.
///
/// # Errors
/// [`ForecastError`].
///
/// # References
/// Bowers, Johnson & Pease 2004, <https://doi.org/10.1093/bjc/azh036>; Mohler et al. 2011,
/// <https://doi.org/10.1198/jasa.2011.ap09546>; Mohler 2014, <https://doi.org/10.1016/j.ijforecast.2014.01.004>.
///
/// ```
/// use h3o::{LatLng, Resolution};
/// use naqsha_analytics::{ForecastModel, Happening, Spell, outlook};
/// let home = LatLng::new(31.55, 74.35)?.to_cell(Resolution::Eight);
/// let mut cells: Vec<_> = home.grid_disk(2);
/// cells.sort_unstable();
/// let events = [1.0, 8.0].map(|day| Happening { at: [74.35, 31.55], day });
/// let spell = Spell { from: 0.0, to: 14.0, horizon: 7.0 };
/// let found = outlook(&events, &cells, ForecastModel::Prospective, spell)?;
/// assert!((found.total() - 1.0).abs() < 1e-9); // two in two weeks: one a week
/// let at = cells.binary_search(&home).expect("the cell is in its own disk");
/// assert!(found.expected.iter().all(|expected| *expected <= found.expected[at]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn outlook(
    events: &[Happening],
    cells: &[CellIndex],
    model: ForecastModel,
    spell: Spell,
) -> Result<Outlook, ForecastError> {
    let ground = Ground::new(cells)?;
    let events = ground.events(events)?;
    ahead(&ground, &events, model, spell)
}

/// As [`outlook`], of events in their order of time that lie in cells of the ground.
fn ahead(
    ground: &Ground<'_>,
    events: &[Happening],
    model: ForecastModel,
    spell: Spell,
) -> Result<Outlook, ForecastError> {
    let valid = spell.from.is_finite() && spell.to > spell.from && spell.horizon > 0.0;
    if !valid || !(spell.to + spell.horizon).is_finite() {
        return Err(ForecastError::Days);
    }
    let known = |event: &&Happening| event.day >= spell.from && event.day < spell.to;
    let events: Vec<Happening> = events.iter().filter(known).copied().collect();
    if events.len() < FEWEST {
        return Err(ForecastError::TooFew(events.len()));
    }
    let scores = match model {
        ForecastModel::SelfExciting { bandwidth_m } => {
            let fit = self_exciting::fit(ground, &events, spell, bandwidth_m)?;
            let (own, even) = self_exciting::expected(ground, &events, spell, bandwidth_m, &fit);
            return Ok(Outlook {
                fit: Some(fit),
                ..Outlook::new(ground, &own, (1.0, even), events.len())
            });
        }
        ForecastModel::Naive => ground.counts(&events),
        ForecastModel::Prospective => prospective::scores(ground, &events, spell.to),
        ForecastModel::Kde {
            bandwidth_m,
            window_days,
        } => density(ground, &events, spell, bandwidth_m, window_days)?,
    };
    let days = (spell.to - spell.from).min(TOTAL_DAYS);
    let recent = events.iter().filter(|event| event.day >= spell.to - days);
    #[expect(
        clippy::cast_precision_loss,
        reason = "numbers of events are far below 2^53"
    )]
    let total = recent.count() as f64 / days * spell.horizon;
    // A quiet year still expects something of the one before.
    let total = total.max(spell.horizon / days / 2.0);
    let sum: f64 = scores.iter().sum();
    let (scale, even) = if sum > 0.0 {
        ((1.0 - EVEN) * total / sum, EVEN * total)
    } else {
        (0.0, total)
    };
    Ok(Outlook::new(ground, &scores, (scale, even), events.len()))
}

/// The density of the last days, times the area: events' kernels are made whole at the edge of the area.
fn density(
    ground: &Ground<'_>,
    events: &[Happening],
    spell: Spell,
    bandwidth_m: f64,
    window_days: f64,
) -> Result<Vec<f64>, ForecastError> {
    if window_days.is_nan() || window_days <= 0.0 {
        return Err(ForecastError::OutOfRange {
            bandwidth_m,
            window_days,
        });
    }
    let recent = events
        .iter()
        .filter(|event| event.day >= spell.to - window_days);
    let points: Vec<[f64; 2]> = recent.map(|event| event.at).collect();
    let extent = Extent::Within(ground.cells());
    let found = kde(&points, bandwidth_m, ground.resolution(), extent)?;
    let areas = ground.areas_km2();
    let masses = found.iter().zip(areas);
    Ok(masses.map(|((_, density), area)| density * area).collect())
}

fn check(points: &[[f64; 2]]) -> Result<(), ForecastError> {
    Points::LonLat(points)
        .check()
        .map_err(ForecastError::Points)
}

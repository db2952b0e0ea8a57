//! Emerging hot spots: what has become of each place over time?
//!
//! This file computes the series, `counts` those of counts, which are most; `pattern` names them.

mod counts;
mod pattern;
#[cfg(test)]
mod tests;

use rayon::prelude::*;

use crate::error::LocalError;
use crate::fdr::{Method, Tail, fdr};
use crate::gi::{GiRow, gi_star};
use crate::lag::Null;
use crate::mann_kendall::{Autocorrelation, Trend, mann_kendall};
use crate::neighbours::Neighbours;
use crate::reason::Reason;
use counts::Cube;
pub use pattern::{Course, Direction, Pattern, Step, pattern};

/// The fewest steps that a trend and nine tenths can be told of.
pub const FEWEST_STEPS: usize = 10;

/// At which levels steps and trends count as significant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Levels {
    /// q of a step, over all steps of all places.
    pub step: f64,
    /// p of a trend.
    pub trend: f64,
}

/// What became of one place.
#[derive(Debug, Clone, PartialEq)]
pub struct Emerging {
    /// Gi* z of every step.
    pub z: Vec<f64>,
    /// Whether each step was significant.
    pub steps: Vec<Step>,
    /// q of the last step.
    pub last_q: f64,
    /// The Mann–Kendall trend of z; `None` where z never changes.
    pub trend: Option<Trend>,
    /// The class.
    pub pattern: Pattern,
}

/// Why no patterns were told.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum EmergingError {
    /// Too few steps.
    #[error("{0} steps; patterns are told of at least {FEWEST_STEPS}")]
    TooFewSteps(usize),
    /// The statistic refused its input; positions count steps within places.
    #[error("the statistic of each step")]
    Step(#[source] LocalError),
}

/// The pattern of every place, in the order of the graph's units.
///
/// `values` holds the steps of the first place, then those of the second, and so on. The neighbourhood of a step is the
/// place and its neighbours at that step and the one before: never a later one, so that what is told of a day does not
/// change when the next one comes. Its Gi* is tested against the values of all places and steps; a step is significant
/// where its two-sided p is, after Benjamini–Hochberg over all steps of all places.
///
/// *Edge cases*: a place without neighbours is [`Reason::Isolated`]; where a step has no statistic (all values equal),
/// [`Reason::InsufficientVariation`]. An island's values stay among the others'.
///
/// *Cost*: that of [`gi_star`] over places × steps, and O(steps²) a place.
///
/// # Errors
/// [`EmergingError`].
///
/// # References
/// Esri, *How Emerging Hot Spot Analysis works*, with our order of rules ([`pattern`]); Mann 1945; Getis & Ord 1992.
///
/// ```
/// use naqsha_analytics::{Levels, Neighbours, Null, Pattern, emerging};
/// let pair = Neighbours::from_links(3, &[(0, 1, 1.0), (1, 0, 1.0), (2, 1, 1.0)])?;
/// let levels = Levels { step: 0.05, trend: 0.05 };
/// let rows = emerging(&[1.0, 0.0].repeat(15), &pair, Null::Exact, levels)?;
/// assert_eq!(rows[0].as_ref().expect("it has a neighbour").pattern, Pattern::None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn emerging(
    values: &[f64],
    neighbours: &Neighbours,
    null: Null,
    levels: Levels,
) -> Result<Vec<Result<Emerging, Reason>>, EmergingError> {
    match cube(values, neighbours, null)? {
        Some(cube) => Ok(cube.places(levels)),
        None => by_graph(values, neighbours, null, levels),
    }
}

/// The patterns of places by the graph of their steps: for any values and weights.
fn by_graph(
    values: &[f64],
    neighbours: &Neighbours,
    null: Null,
    levels: Levels,
) -> Result<Vec<Result<Emerging, Reason>>, EmergingError> {
    let steps = steps(values, neighbours)?;
    let rows = bins(values, neighbours, null)?;
    let p_values: Vec<Option<f64>> = rows.iter().map(GiRow::p_two_sided).collect();
    // Probabilities by construction: the list is never refused.
    let q_values = fdr(&p_values, Method::BenjaminiHochberg).unwrap_or_default();
    Ok(rows
        .par_chunks_exact(steps)
        .zip(q_values.par_chunks_exact(steps))
        .map(|(rows, q_values)| place(rows, q_values, levels))
        .collect())
}

/// The two-sided p of every step of every place, as [`emerging`] tests them: for looking at the test, not at places.
///
/// # Errors
/// As [`emerging`].
pub fn emerging_p(
    values: &[f64],
    neighbours: &Neighbours,
    null: Null,
) -> Result<Vec<Option<f64>>, EmergingError> {
    if let Some(cube) = cube(values, neighbours, null)? {
        return Ok(cube.p_values());
    }
    let rows = bins(values, neighbours, null)?;
    Ok(rows.iter().map(GiRow::p_two_sided).collect())
}

/// How many steps every place has.
fn steps(values: &[f64], neighbours: &Neighbours) -> Result<usize, EmergingError> {
    let steps = values.len() / neighbours.len().max(1);
    if steps < FEWEST_STEPS {
        return Err(EmergingError::TooFewSteps(steps));
    }
    Ok(steps)
}

/// The counts of every step, where they are counts, tested exactly, and neighbours have no weights.
fn cube(
    values: &[f64],
    neighbours: &Neighbours,
    null: Null,
) -> Result<Option<Cube>, EmergingError> {
    if null != Null::Exact || !neighbours.unweighted() {
        return Ok(None);
    }
    let steps = steps(values, neighbours)?;
    Cube::new(values, neighbours, steps)
        .map(Some)
        .map_err(EmergingError::Step)
}

/// Gi* of every step of every place.
fn bins(values: &[f64], neighbours: &Neighbours, null: Null) -> Result<Vec<GiRow>, EmergingError> {
    let steps = steps(values, neighbours)?;
    gi_star(values, &neighbours.over_steps(steps), null).map_err(EmergingError::Step)
}

fn place(rows: &[GiRow], q_values: &[Option<f64>], levels: Levels) -> Result<Emerging, Reason> {
    let mut steps = Steps::with_capacity(rows.len());
    for (row, q) in rows.iter().zip(q_values) {
        let found = row.outcome?;
        let q = q.unwrap_or(1.0);
        steps.push(found.z, q, significant(found.tail(), q, levels));
    }
    Ok(steps.named(levels))
}

fn significant(tail: Tail, q: f64, levels: Levels) -> Step {
    match tail {
        Tail::Upper if q <= levels.step => Step::Hot,
        Tail::Lower if q <= levels.step => Step::Cold,
        Tail::Upper | Tail::Lower | Tail::Neither => Step::Neither,
    }
}

/// The steps of one place.
struct Steps {
    z: Vec<f64>,
    sides: Vec<Step>,
    last_q: f64,
}

impl Steps {
    fn with_capacity(steps: usize) -> Self {
        Self {
            z: Vec::with_capacity(steps),
            sides: Vec::with_capacity(steps),
            last_q: 1.0,
        }
    }

    fn push(&mut self, z: f64, q: f64, step: Step) {
        self.z.push(z);
        self.sides.push(step);
        self.last_q = q;
    }

    /// What they make together.
    fn named(self, levels: Levels) -> Emerging {
        let trend = mann_kendall(&self.z, Autocorrelation::Ignored).ok();
        let direction = match trend {
            Some(trend) if trend.p() < levels.trend && trend.s > 0.0 => Direction::Up,
            Some(trend) if trend.p() < levels.trend => Direction::Down,
            Some(_) | None => Direction::Level,
        };
        Emerging {
            pattern: pattern(&self.sides, direction),
            z: self.z,
            steps: self.sides,
            last_q: self.last_q,
            trend,
        }
    }
}

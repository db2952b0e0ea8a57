//! The statistic and its z: first and second moments of the values, per place.

use super::{GiOptions, Own};
use crate::neighbours::{Neighbours, WeightStyle};
use crate::reason::Reason;

/// Sums over the whole map, taken once. Deviations are from the mean, so that large offsets do not cancel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Moments {
    count: f64,
    sum: f64,
    mean: f64,
    /// Σ (y − mean)².
    squares: f64,
    variation: Variation,
}

/// What is left to vary once one place is set aside.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Variation {
    /// All values are equal.
    None,
    /// All are equal but one, which is this value: without its place nothing varies.
    AllButOne(f64),
    /// At least two differ whichever place is set aside.
    Enough,
}

/// A place's statistic, standardised.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Standard {
    pub(crate) statistic: f64,
    pub(crate) expected: f64,
    pub(crate) z: f64,
}

/// The weights of one neighbourhood, summed in three ways.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Neighbourhood {
    pub(crate) weights: f64,
    pub(crate) squares: f64,
    pub(crate) lag: f64,
}

impl Moments {
    #[expect(
        clippy::cast_precision_loss,
        reason = "numbers of places are far below 2^53"
    )]
    pub(crate) fn new(values: &[f64]) -> Self {
        let count = values.len() as f64;
        let sum: f64 = values.iter().sum();
        let mean = if values.is_empty() { 0.0 } else { sum / count };
        let squares = values
            .iter()
            .map(|value| (value - mean) * (value - mean))
            .sum();
        Self {
            count,
            sum,
            mean,
            squares,
            variation: Variation::of(values),
        }
    }

    /// The statistic of a place, or why it has none. `sum` is that of its neighbours, where it is known.
    pub(crate) fn standardise(
        &self,
        values: &[f64],
        neighbours: &Neighbours,
        unit: usize,
        (options, sum): (GiOptions, Option<u32>),
    ) -> Result<Standard, Reason> {
        neighbours.connected(unit)?;
        let hood = Neighbourhood::new(values, neighbours, unit, (options, sum));
        self.of(hood, values[unit], options.own)
    }

    /// The statistic of a neighbourhood around a place with this value, or why it has none.
    pub(crate) fn of(
        &self,
        hood: Neighbourhood,
        own: f64,
        member: Own,
    ) -> Result<Standard, Reason> {
        // Population: the whole map for Gi*, all others for Gi.
        let (count, sum, mean, squares) = match member {
            Own::Included => (self.count, self.sum, self.mean, self.squares),
            Own::Excluded => {
                let others = self.count - 1.0;
                let deviation = own - self.mean;
                let squares = self.squares - deviation * deviation * self.count / others;
                (
                    others,
                    self.sum - own,
                    self.mean - deviation / others,
                    squares,
                )
            }
        };
        let varies = match (self.variation, member) {
            (Variation::None, _) => false,
            (Variation::AllButOne(lone), Own::Excluded) => lone.total_cmp(&own).is_ne(),
            (Variation::AllButOne(_) | Variation::Enough, _) => true,
        };
        let spread = (count * hood.squares - hood.weights * hood.weights) / (count - 1.0);
        // A neighbourhood of the whole map has spread 0 up to rounding.
        if !varies || sum == 0.0 || count < 2.0 || spread <= count * hood.squares * 1e-14 {
            return Err(Reason::InsufficientVariation);
        }
        Ok(Standard {
            statistic: hood.lag / sum,
            expected: hood.weights / count,
            z: (hood.lag - hood.weights * mean) / (squares / count * spread).sqrt(),
        })
    }
}

impl Variation {
    #[expect(clippy::float_cmp, reason = "equal values are the question")]
    fn of(values: &[f64]) -> Self {
        let Some(&first) = values.first() else {
            return Self::None;
        };
        let Some(&second) = values.iter().find(|value| **value != first) else {
            return Self::None;
        };
        let (mut firsts, mut seconds) = (0_u32, 0_u32);
        for value in values {
            if *value == first {
                firsts = firsts.saturating_add(1);
            } else if *value == second {
                seconds = seconds.saturating_add(1);
            } else {
                return Self::Enough;
            }
            if firsts > 1 && seconds > 1 {
                return Self::Enough;
            }
        }
        // Of two single values either would do: the other population then has one member, refused by its count.
        Self::AllButOne(if firsts == 1 { first } else { second })
    }
}

impl Neighbourhood {
    fn new(
        values: &[f64],
        neighbours: &Neighbours,
        unit: usize,
        (options, sum): (GiOptions, Option<u32>),
    ) -> Self {
        let mut hood = Self {
            weights: 0.0,
            squares: 0.0,
            lag: 0.0,
        };
        if neighbours.unweighted() {
            #[expect(
                clippy::cast_precision_loss,
                reason = "neighbour counts are far below 2^53"
            )]
            let degree = neighbours.degree(unit) as f64;
            let others = || neighbours.of(unit).iter();
            let lag = sum.map_or_else(
                || others().map(|&other| values[other as usize]).sum(),
                f64::from,
            );
            hood = Self {
                weights: degree,
                squares: degree,
                lag,
            };
        } else {
            for (other, weight) in neighbours.weighted(unit) {
                hood.add(values[other], weight);
            }
        }
        if options.own == Own::Included {
            let weight = neighbours
                .weights_of(unit)
                .map_or(1.0, |row| row.iter().copied().fold(0.0, f64::max));
            hood.add(values[unit], weight);
        }
        if options.style == WeightStyle::RowStandardised {
            let total = hood.weights;
            hood = Self {
                weights: 1.0,
                squares: hood.squares / (total * total),
                lag: hood.lag / total,
            };
        }
        hood
    }

    fn add(&mut self, value: f64, weight: f64) {
        self.weights += weight;
        self.squares += weight * weight;
        self.lag += weight * value;
    }
}

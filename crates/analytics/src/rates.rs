//! Rates of events per head: raw, and smoothed where a small population makes them noise.

use crate::error::MapError;
use crate::neighbours::Neighbours;
use crate::reason::Reason;

/// What is computed for each place from its events e and its population b.
#[derive(Debug, Clone, Copy)]
pub enum Rate<'a> {
    /// e / b.
    Raw,
    /// Drawn towards the rate of the whole map, the more the smaller the population.
    EmpiricalBayes,
    /// Drawn towards the rate of the place and its neighbours.
    LocalEmpiricalBayes(&'a Neighbours),
    /// e / (m b): events over what the rate of the whole map leads one to expect.
    Excess,
}

/// The rate of every place, in the order of the lists. No unit but the population's: multiply for "per 100,000".
///
/// Empirical Bayes: θᵢ = m + wᵢ (rᵢ − m) with wᵢ = A / (A + m/bᵢ), m = Σe/Σb and A = max(0, Σb(r−m)²/Σb − m/b̄); for
/// the local one m, A and b̄ are those of the place itself and its neighbours, whatever their weights.
///
/// *Edge cases*: a place without population is [`Reason::NoDenominator`] and its events count nowhere, so that they do
/// not raise the rate of others. Without events every rate is zero; their excess does not exist,
/// [`Reason::InsufficientVariation`]. A place without neighbours is its own surroundings: its local rate is the raw
/// one.
///
/// *Cost*: O(n + m) for m links.
///
/// # Errors
/// [`MapError`]: lists or graph differ in length, or a number is negative or not finite.
///
/// # References
/// Marshall 1991, <https://doi.org/10.2307/2347593>.
///
/// ```
/// use naqsha_analytics::{Rate, Reason, rates};
/// let found = rates(&[2.0, 0.0, 1.0], &[100.0, 50.0, 0.0], Rate::Raw)?;
/// assert_eq!(found, [Ok(0.02), Ok(0.0), Err(Reason::NoDenominator)]);
/// # Ok::<(), naqsha_analytics::MapError>(())
/// ```
pub fn rates(
    events: &[f64],
    populations: &[f64],
    rate: Rate<'_>,
) -> Result<Vec<Result<f64, Reason>>, MapError> {
    let valid = |value: f64| value.is_finite() && value >= 0.0;
    MapError::check(events, populations.len(), valid)?;
    MapError::check(populations, events.len(), valid)?;
    let places = Places {
        events,
        populations,
    };
    let all = 0..events.len();
    Ok(match rate {
        Rate::Raw => all.map(|unit| places.raw(unit)).collect(),
        Rate::Excess => {
            let mean = places.level(all.clone()).map(|level| level.mean);
            all.map(|unit| places.excess(unit, mean)).collect()
        }
        Rate::EmpiricalBayes => {
            let level = places.level(all.clone());
            all.map(|unit| places.shrunk(unit, level)).collect()
        }
        Rate::LocalEmpiricalBayes(neighbours) => {
            if neighbours.len() != events.len() {
                return Err(MapError::LengthMismatch {
                    values: events.len(),
                    units: neighbours.len(),
                });
            }
            let around = |unit: usize| {
                let others = neighbours.of(unit).iter().map(|other| *other as usize);
                places.level(others.chain([unit]))
            };
            all.map(|unit| places.shrunk(unit, around(unit))).collect()
        }
    })
}

struct Places<'a> {
    events: &'a [f64],
    populations: &'a [f64],
}

/// The rate of a set of places, and how much their rates differ beyond chance.
#[derive(Debug, Clone, Copy)]
struct Level {
    mean: f64,
    between: f64,
}

impl Places<'_> {
    fn raw(&self, unit: usize) -> Result<f64, Reason> {
        if self.populations[unit] > 0.0 {
            Ok(self.events[unit] / self.populations[unit])
        } else {
            Err(Reason::NoDenominator)
        }
    }

    fn excess(&self, unit: usize, mean: Option<f64>) -> Result<f64, Reason> {
        let raw = self.raw(unit)?;
        match mean {
            Some(mean) if mean > 0.0 => Ok(raw / mean),
            Some(_) | None => Err(Reason::InsufficientVariation),
        }
    }

    fn shrunk(&self, unit: usize, level: Option<Level>) -> Result<f64, Reason> {
        let raw = self.raw(unit)?;
        let Level { mean, between } = level.ok_or(Reason::NoDenominator)?;
        let chance = mean / self.populations[unit];
        if between + chance > 0.0 {
            Ok(mean + (raw - mean) * (between / (between + chance)))
        } else {
            Ok(mean)
        }
    }

    /// `None` where nobody lives.
    #[expect(
        clippy::cast_precision_loss,
        reason = "numbers of places are far below 2^53"
    )]
    fn level(&self, units: impl Iterator<Item = usize> + Clone) -> Option<Level> {
        let peopled = units.filter(|unit| self.populations[*unit] > 0.0);
        let count = peopled.clone().count() as f64;
        let people: f64 = peopled.clone().map(|unit| self.populations[unit]).sum();
        let events: f64 = peopled.clone().map(|unit| self.events[unit]).sum();
        if people <= 0.0 {
            return None;
        }
        let mean = events / people;
        let squares: f64 = peopled
            .map(|unit| {
                let population = self.populations[unit];
                population * (self.events[unit] / population - mean).powi(2)
            })
            .sum();
        let between = (squares / people - mean / (people / count)).max(0.0);
        Some(Level { mean, between })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_without_people_count_nowhere() {
        let (events, people) = ([1.0, 9.0, 5.0], [100.0, 50.0, 0.0]);
        for rate in [Rate::EmpiricalBayes, Rate::Excess] {
            let found = rates(&events, &people, rate).unwrap();
            assert_eq!(found[2], Err(Reason::NoDenominator));
            assert_eq!(found[..2], rates(&events[..2], &people[..2], rate).unwrap());
        }
    }

    #[test]
    fn a_place_alone_keeps_its_raw_rate() {
        let alone = Neighbours::from_links(2, &[]).unwrap();
        let found = rates(
            &[1.0, 9.0],
            &[100.0, 50.0],
            Rate::LocalEmpiricalBayes(&alone),
        )
        .unwrap();
        assert_eq!(found, [Ok(0.01), Ok(0.18)]);
    }

    #[test]
    fn without_events_rates_are_zero_and_excess_does_not_exist() {
        let (events, people) = ([0.0; 3], [5.0, 6.0, 7.0]);
        let eb = rates(&events, &people, Rate::EmpiricalBayes).unwrap();
        assert_eq!(eb, [Ok(0.0); 3]);
        let excess = rates(&events, &people, Rate::Excess).unwrap();
        assert_eq!(excess, [Err(Reason::InsufficientVariation); 3]);
    }

    #[test]
    fn negative_numbers_are_refused() {
        let found = rates(&[1.0, -1.0], &[5.0, 5.0], Rate::Raw);
        assert_eq!(found, Err(MapError::OutOfRange(1)));
        let found = rates(&[1.0, 1.0], &[-5.0, 5.0], Rate::Raw);
        assert_eq!(found, Err(MapError::OutOfRange(0)));
    }
}

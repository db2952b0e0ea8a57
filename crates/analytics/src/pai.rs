//! The prediction accuracy index: how much of what happened lies in the area that a forecast ranked highest?

use crate::error::MapError;
use crate::reason::Reason;

/// A forecast beside what happened, place by place.
#[derive(Debug, Clone, Copy)]
pub struct Forecast<'a> {
    /// How much is expected; only the order matters.
    pub scores: &'a [f64],
    /// The area of each place, in any unit, above zero.
    pub areas: &'a [f64],
    /// How much happened.
    pub outcomes: &'a [f64],
}

/// How well a forecast chose a share of the area.
#[derive(Debug, Clone, PartialEq)]
pub struct Accuracy {
    /// The share of what happened that lies in the chosen area.
    pub hit_rate: f64,
    /// Hit rate over the share of the area (Chainey, Tompson & Uhlig 2008): 1 is no better than chance.
    pub pai: f64,
    /// PAI over the largest one that any choice of so much area has: 1 is perfect (PEI*, Hunt 2016).
    pub pei: f64,
    /// From (0, 0) to (1, 1): share of the area, hit rate, after each group of places with equal scores.
    pub curve: Vec<[f64; 2]>,
}

/// Judges a forecast at one share of the area, from the highest score down.
///
/// The last group of equal scores is taken fractionally: its part of the area has the same part of its outcomes, so
/// that ties have no lucky order. PAI alone rewards small areas, so the whole curve is given.
///
/// *Edge cases*: nothing happened anywhere: [`Reason::InsufficientVariation`]. *Cost*: O(n log n).
///
/// # Errors
/// [`MapError`]: lists differ in length; a number is not finite, an outcome negative, an area or the share not above
/// zero (`OutOfRange` of the list's length stands for the share); nothing happened.
///
/// # References
/// Chainey, Tompson & Uhlig 2008, <https://doi.org/10.1057/palgrave.sj.8350066>; NIJ Real-Time Crime Forecasting
/// Challenge 2017.
///
/// ```
/// use naqsha_analytics::{Forecast, forecast_accuracy};
/// let forecast = Forecast { scores: &[3.0, 2.0, 1.0, 0.0], areas: &[1.0; 4], outcomes: &[3.0, 0.0, 1.0, 0.0] };
/// let found = forecast_accuracy(forecast, 0.25)?;
/// assert_eq!((found.hit_rate, found.pai, found.pei), (0.75, 3.0, 1.0));
/// # Ok::<(), naqsha_analytics::MapError>(())
/// ```
pub fn forecast_accuracy(forecast: Forecast<'_>, share: f64) -> Result<Accuracy, MapError> {
    let Forecast {
        scores,
        areas,
        outcomes,
    } = forecast;
    let units = scores.len();
    MapError::check(scores, units, f64::is_finite)?;
    MapError::check(areas, units, |area| area.is_finite() && area > 0.0)?;
    MapError::check(outcomes, units, |n| n.is_finite() && n >= 0.0)?;
    if !(share > 0.0 && share <= 1.0) {
        return Err(MapError::OutOfRange(units));
    }
    if outcomes.iter().sum::<f64>() <= 0.0 {
        return Err(MapError::Undefined(Reason::InsufficientVariation));
    }
    let curve = curve(scores, areas, outcomes);
    let hit_rate = height(&curve, share);
    let densities: Vec<f64> = outcomes
        .iter()
        .zip(areas)
        .map(|(n, area)| n / area)
        .collect();
    // The best choice is the one that knew the outcome.
    let best = self::curve(&densities, areas, outcomes);
    Ok(Accuracy {
        hit_rate,
        pai: hit_rate / share,
        pei: hit_rate / height(&best, share),
        curve,
    })
}

/// Share of the area and hit rate, cumulated over groups of equal scores from the highest down.
#[expect(clippy::float_cmp, reason = "equal scores are the question")]
fn curve(scores: &[f64], areas: &[f64], outcomes: &[f64]) -> Vec<[f64; 2]> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_unstable_by(|a, b| scores[*b].total_cmp(&scores[*a]).then(a.cmp(b)));
    let all = [areas.iter().sum::<f64>(), outcomes.iter().sum::<f64>()];
    let mut points = vec![[0.0, 0.0]];
    let mut sums = [0.0, 0.0];
    for group in order.chunk_by(|a, b| scores[*a] == scores[*b]) {
        for unit in group {
            sums = [sums[0] + areas[*unit], sums[1] + outcomes[*unit]];
        }
        points.push([(sums[0] / all[0]).min(1.0), (sums[1] / all[1]).min(1.0)]);
    }
    if let Some(last) = points.last_mut() {
        *last = [1.0, 1.0];
    }
    points
}

/// The height of a curve between its points.
pub(crate) fn height(curve: &[[f64; 2]], share: f64) -> f64 {
    let next = curve
        .partition_point(|point| point[0] < share)
        .clamp(1, curve.len() - 1);
    let ([x0, y0], [x1, y1]) = (curve[next - 1], curve[next]);
    if x1 > x0 {
        y0 + (y1 - y0) * (share - x0) / (x1 - x0)
    } else {
        y1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The grid of open-cp's tests (Artistic-2.0): eight cells with risks 1 to 8, one event in each.
    #[test]
    fn hit_rates_of_an_even_outcome_are_those_of_open_cp() {
        let scores: Vec<f64> = (1..=8).map(f64::from).collect();
        let forecast = Forecast {
            scores: &scores,
            areas: &[200.0; 8],
            outcomes: &[1.0; 8],
        };
        for (share, hit_rate) in [(1.0, 1.0), (0.5, 0.5), (0.375, 0.375), (0.125, 0.125)] {
            let found = forecast_accuracy(forecast, share).unwrap();
            assert!((found.hit_rate - hit_rate).abs() < 1e-15);
            assert!((found.pai - 1.0).abs() < 1e-15 && (found.pei - 1.0).abs() < 1e-15);
            assert_eq!(found.curve.len(), 9);
        }
    }

    #[test]
    fn a_tie_is_taken_in_parts_whatever_its_order() {
        let judge = |outcomes: &[f64]| {
            let forecast = Forecast {
                scores: &[5.0, 1.0, 1.0, 1.0],
                areas: &[1.0, 1.0, 2.0, 1.0],
                outcomes,
            };
            forecast_accuracy(forecast, 0.4).unwrap()
        };
        // One whole place and a quarter of the three tied ones.
        let found = judge(&[2.0, 6.0, 0.0, 2.0]);
        assert!((found.hit_rate - (2.0 + 8.0 / 4.0) / 10.0).abs() < 1e-15);
        let turned = judge(&[2.0, 2.0, 0.0, 6.0]);
        assert!((found.hit_rate - turned.hit_rate).abs() < 1e-15);
        // At best: the place with 6 and one of those with 2.
        assert!((found.pei - 0.4 / 0.8).abs() < 1e-15);
    }

    #[test]
    fn areas_count_not_places() {
        let forecast = Forecast {
            scores: &[2.0, 1.0],
            areas: &[1.0, 9.0],
            outcomes: &[1.0, 1.0],
        };
        let found = forecast_accuracy(forecast, 0.1).unwrap();
        assert_eq!((found.hit_rate, found.pai), (0.5, 5.0));
    }

    #[test]
    fn nothing_happened_has_a_reason_and_bad_numbers_are_refused() {
        let judge = |areas: &[f64; 2], outcomes: &[f64; 2], share| {
            let forecast = Forecast {
                scores: &[1.0, 2.0],
                areas,
                outcomes,
            };
            forecast_accuracy(forecast, share).unwrap_err()
        };
        let flat = MapError::Undefined(Reason::InsufficientVariation);
        assert_eq!(judge(&[1.0, 1.0], &[0.0, 0.0], 0.5), flat);
        assert_eq!(
            judge(&[1.0, 0.0], &[0.0, 1.0], 0.5),
            MapError::OutOfRange(1)
        );
        assert_eq!(
            judge(&[1.0, 1.0], &[0.0, 1.0], 0.0),
            MapError::OutOfRange(2)
        );
    }
}

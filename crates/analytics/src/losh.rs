//! Local spatial heteroscedasticity (LOSH): where do values differ from their surroundings more than elsewhere?

use crate::error::LocalError;
use crate::gamma::chi_square_upper;
use crate::neighbours::Neighbours;
use crate::reason::Reason;

/// LOSH of one place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Losh {
    /// Hᵢ: 1 on average; above 1 where the neighbourhood is uneven.
    pub statistic: f64,
    /// Its variance under shuffling of the residuals.
    pub variance: f64,
    /// The probability of an H at least as large: 2H/V against chi-square with 2/V degrees of freedom.
    pub p_upper: f64,
}

/// LOSH of every place, in the order of the values.
///
/// Hᵢ = Σⱼ wᵢⱼ eⱼ² / (h1 Σⱼ wᵢⱼ), with eⱼ the difference of yⱼ from the weighted mean of its own neighbours (without
/// itself) and h1 the mean of all e². Row standardisation changes nothing.
///
/// *Edge cases*: a place without neighbours is [`Reason::Isolated`]; it has no residual either, so it counts nowhere:
/// not in h1 nor in n, and its neighbours leave it out. Where all residuals are equal,
/// [`Reason::InsufficientVariation`]. *Cost*: O(m) for m links.
///
/// # Errors
/// [`LocalError`]: lengths differ or values are not finite.
///
/// # References
/// Ord & Getis 2012, <https://doi.org/10.1007/s00168-011-0492-y>.
///
/// ```
/// use naqsha_analytics::{Neighbours, losh};
/// let links = [(0, 1), (1, 2), (2, 3), (3, 4)].map(|(a, b)| [(a, b, 1.0), (b, a, 1.0)]);
/// let row = Neighbours::from_links(5, links.as_flattened())?;
/// let found = losh(&[1.0, 1.0, 1.0, 1.0, 7.0], &row)?;
/// assert!(found[0].expect("it has a neighbour").statistic < found[4].expect("it has one").statistic);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn losh(
    values: &[f64],
    neighbours: &Neighbours,
) -> Result<Vec<Result<Losh, Reason>>, LocalError> {
    LocalError::check(values, neighbours.len())?;
    let residuals: Vec<Option<f64>> = (0..values.len())
        .map(|unit| {
            neighbours.connected(unit).ok()?;
            let lag: f64 = neighbours
                .weighted(unit)
                .map(|(other, weight)| weight * values[other])
                .sum();
            Some((values[unit] - lag / neighbours.row_sum(unit)).powi(2))
        })
        .collect();
    let known: Vec<f64> = residuals.iter().copied().flatten().collect();
    #[expect(
        clippy::cast_precision_loss,
        reason = "numbers of places are far below 2^53"
    )]
    let n = known.len() as f64;
    let mean = known.iter().sum::<f64>() / n;
    let spread = known.iter().map(|e| (e - mean).powi(2)).sum::<f64>() / n;
    let place = |unit: usize| {
        neighbours.connected(unit)?;
        let (mut weights, mut squares, mut lag) = (0.0, 0.0, 0.0);
        for (other, weight) in neighbours.weighted(unit) {
            if let Some(residual) = residuals[other] {
                weights += weight;
                squares += weight * weight;
                lag += weight * residual;
            }
        }
        if weights <= 0.0 {
            return Err(Reason::Isolated);
        }
        let around = (n * squares - weights * weights) / (n - 1.0);
        let variance = spread * around / (mean * weights).powi(2);
        // Zero up to rounding: equal residuals, or a neighbourhood of the whole map.
        if n < 2.0 || mean <= 0.0 || spread <= 1e-24 * mean * mean || around <= 1e-14 * n * squares
        {
            return Err(Reason::InsufficientVariation);
        }
        let statistic = lag / (mean * weights);
        Ok(Losh {
            statistic,
            variance,
            p_upper: chi_square_upper(2.0 * statistic / variance, 2.0 / variance),
        })
    };
    Ok((0..values.len()).map(place).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_isolated_place_counts_nowhere() {
        let links = [(0, 1), (1, 2), (2, 3), (3, 4)].map(|(a, b)| [(a, b, 1.0), (b, a, 1.0)]);
        let alone = Neighbours::from_links(6, links.as_flattened()).unwrap();
        let without = Neighbours::from_links(5, links.as_flattened()).unwrap();
        let found = losh(&[1.0, 4.0, 2.0, 9.0, 7.0, 1000.0], &alone).unwrap();
        assert_eq!(found[5], Err(Reason::Isolated));
        assert_eq!(
            found[..5],
            losh(&[1.0, 4.0, 2.0, 9.0, 7.0], &without).unwrap()
        );
    }

    #[test]
    fn a_neighbour_without_neighbours_is_left_out() {
        let links = [(0, 1), (1, 2), (2, 3)].map(|(a, b)| [(a, b, 1.0), (b, a, 1.0)]);
        let values = [1.0, 4.0, 2.0, 9.0, 5.0];
        // Place 4 is looked at by place 0 and looks at nobody: it has a part in the mean around 0, but no residual.
        let links = [links.as_flattened(), &[(0, 4, 1.0)]].concat();
        let found = losh(&values, &Neighbours::from_links(5, &links).unwrap()).unwrap();
        let squares = [12.25_f64, 6.25, 20.25, 49.0];
        let mean = squares.iter().sum::<f64>() / 4.0;
        let first = found[0].unwrap().statistic;
        assert!((first - squares[1] / mean).abs() < 1e-12, "{first}");
    }

    #[test]
    fn a_flat_map_has_a_reason() {
        let graph = Neighbours::from_links(3, &[(0, 1, 1.0), (1, 0, 1.0), (2, 1, 1.0)]).unwrap();
        let found = losh(&[2.0; 3], &graph).unwrap();
        assert!(
            found
                .iter()
                .all(|place| *place == Err(Reason::InsufficientVariation))
        );
    }
}

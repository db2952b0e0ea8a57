//! Concentration: how much of all crime is in how few places?

use crate::error::MapError;
use crate::reason::Reason;

/// How unequally counts are spread over places.
#[derive(Debug, Clone, PartialEq)]
pub struct Concentration {
    /// Gini's coefficient: 0 where all places have the same, (n − 1)/n where one place has all.
    pub gini: f64,
    /// max(1, n/c)·(G − 1) + 1 for c crimes in n places: 0 where every crime is in a place of its own, although most
    /// places are then empty; 1 − 1/c where one place has all, if c < n.
    pub generalized_gini: f64,
    /// The Lorenz curve, from (0, 0) to (1, 1): share of places, share of crimes, from the least to the most affected.
    /// Places with equal counts make one point.
    pub lorenz: Vec<[f64; 2]>,
}

/// The concentration of counts, or other values that are not negative, over places. Zeros are places too.
///
/// *Edge cases*: no places, or a sum of zero, is [`Reason::InsufficientVariation`]. *Cost*: O(n log n).
///
/// # Errors
/// [`MapError`]: a value is negative or not finite, or the sum is zero.
///
/// # References
/// Bernasco & Steenbeek 2017, <https://doi.org/10.1007/s10940-016-9324-7>.
///
/// ```
/// use naqsha_analytics::concentration;
/// let apart = concentration(&[1.0, 0.0, 0.0, 1.0])?;
/// assert_eq!((apart.gini, apart.generalized_gini), (0.5, 0.0));
/// let together = concentration(&[2.0, 0.0, 0.0, 0.0])?;
/// assert_eq!((together.gini, together.generalized_gini), (0.75, 0.5));
/// # Ok::<(), naqsha_analytics::MapError>(())
/// ```
#[expect(
    clippy::cast_precision_loss,
    reason = "numbers of places are far below 2^53"
)]
pub fn concentration(values: &[f64]) -> Result<Concentration, MapError> {
    MapError::check(values, values.len(), |value| {
        value.is_finite() && value >= 0.0
    })?;
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let n = sorted.len() as f64;
    let sum: f64 = sorted.iter().sum();
    if sum <= 0.0 {
        return Err(MapError::Undefined(Reason::InsufficientVariation));
    }
    let weighted: f64 = sorted
        .iter()
        .enumerate()
        .map(|(at, value)| (2.0 * (at + 1) as f64 - n - 1.0) * value)
        .sum();
    let gini = weighted / (n * sum);
    let mut lorenz = vec![[0.0, 0.0]];
    let (mut places, mut crimes) = (0.0, 0.0);
    for (at, value) in sorted.iter().enumerate() {
        (places, crimes) = (places + 1.0, crimes + value);
        if sorted.get(at + 1).is_none_or(|next| next > value) {
            lorenz.push([places / n, (crimes / sum).min(1.0)]);
        }
    }
    Ok(Concentration {
        gini,
        generalized_gini: (n / sum).max(1.0) * (gini - 1.0) + 1.0,
        lorenz,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_curve_has_one_point_for_equal_places() {
        let found = concentration(&[3.0, 0.0, 0.0, 1.0]).unwrap();
        assert_eq!(
            found.lorenz,
            [[0.0, 0.0], [0.5, 0.0], [0.75, 0.25], [1.0, 1.0]]
        );
    }

    #[test]
    fn where_crimes_outnumber_places_the_two_coefficients_are_one() {
        let found = concentration(&[3.0, 5.0, 1.0]).unwrap();
        assert!((found.gini - 8.0 / 27.0).abs() < 1e-15);
        assert!((found.generalized_gini - found.gini).abs() < 1e-15);
    }

    #[test]
    fn nothing_anywhere_has_a_reason_and_negative_values_are_refused() {
        let flat = Err(MapError::Undefined(Reason::InsufficientVariation));
        assert_eq!(concentration(&[0.0, 0.0]), flat);
        assert_eq!(concentration(&[]), flat);
        assert_eq!(concentration(&[1.0, -1.0]), Err(MapError::OutOfRange(1)));
    }

    proptest! {
        /// The area between the diagonal and the curve is the other definition of Gini's coefficient.
        #[test]
        fn gini_is_twice_the_area_above_the_curve(values in proptest::collection::vec(0_u32..9, 1..40)) {
            let values: Vec<f64> = values.into_iter().map(f64::from).collect();
            if let Ok(found) = concentration(&values) {
                let below: f64 = found
                    .lorenz
                    .windows(2)
                    .map(|pair| (pair[1][0] - pair[0][0]) * (pair[0][1] + pair[1][1]) / 2.0)
                    .sum();
                prop_assert!((found.gini - (1.0 - 2.0 * below)).abs() < 1e-12);
            }
        }
    }
}

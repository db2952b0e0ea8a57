//! Values as deviations from their mean.

use crate::error::MapError;
use crate::reason::Reason;

/// Deviations from the mean.
///
/// # Errors
/// As many values as units, all finite, not all equal.
pub(crate) fn deviations(values: &[f64], units: usize) -> Result<Vec<f64>, MapError> {
    MapError::check(values, units, f64::is_finite)?;
    if values
        .windows(2)
        .all(|pair| pair[0].total_cmp(&pair[1]).is_eq())
    {
        return Err(MapError::Undefined(Reason::InsufficientVariation));
    }
    #[expect(
        clippy::cast_precision_loss,
        reason = "numbers of places are far below 2^53"
    )]
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    Ok(values.iter().map(|value| value - mean).collect())
}

/// Deviations in population standard deviations.
pub(crate) fn scores(deviations: Vec<f64>) -> Vec<f64> {
    #[expect(
        clippy::cast_precision_loss,
        reason = "numbers of places are far below 2^53"
    )]
    let variance = deviations.iter().map(|d| d * d).sum::<f64>() / deviations.len() as f64;
    deviations
        .into_iter()
        .map(|d| d / variance.sqrt())
        .collect()
}

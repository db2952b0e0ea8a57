//! Tail probabilities of the standard normal distribution, right in the far tail.

use std::f64::consts::FRAC_1_SQRT_2;

/// The probability that a standard normal value is at least `z`.
///
/// Relative accuracy is kept in the far tail, down to about 1e-300 (complementary error function of `libm`, after
/// Cody 1969, <https://doi.org/10.1090/S0025-5718-1969-0247736-4>).
///
/// ```
/// use naqsha_analytics::upper_tail;
/// assert_eq!(upper_tail(0.0), 0.5);
/// assert!((upper_tail(10.0) / 7.619_853_024_160_527e-24 - 1.0).abs() < 1e-13); // Mathematica, scipy.stats.norm.sf
/// ```
pub fn upper_tail(z: f64) -> f64 {
    0.5 * libm::erfc(z * FRAC_1_SQRT_2)
}

/// The probability that a standard normal value is at most `z`.
pub fn lower_tail(z: f64) -> f64 {
    upper_tail(-z)
}

/// The probability that a standard normal value is at least as far from zero as `z`.
pub fn two_sided(z: f64) -> f64 {
    libm::erfc(z.abs() * FRAC_1_SQRT_2)
}

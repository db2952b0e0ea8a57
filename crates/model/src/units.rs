//! Lengths, and the H3 resolution that a location uncertainty supports.

use h3o::Resolution;

/// A length in metres: finite and not negative.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Metres(f64);

/// A length that is not a finite, non-negative number.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("{0} is not a length in metres")]
pub struct InvalidMetres(pub f64);

impl Metres {
    /// Checks a length.
    ///
    /// # Errors
    /// [`InvalidMetres`] for NaN, infinities and negative numbers.
    pub fn new(metres: f64) -> Result<Self, InvalidMetres> {
        if metres.is_finite() && metres >= 0.0 {
            Ok(Self(metres))
        } else {
            Err(InvalidMetres(metres))
        }
    }

    /// The number of metres.
    pub const fn get(self) -> f64 {
        self.0
    }
}

/// How far an uncertainty may exceed the average edge and still count as supported: the 8-point bearing error of a
/// 10 km offset, 3.83 km, belongs at resolution 6, whose average edge is 3.725 km.
const EDGE_TOLERANCE: f64 = 1.05;

/// The finest resolution, at most 9, whose average edge is at least the uncertainty.
///
/// `None` where even resolution 3 (69 km) is too fine: the record has an area, not a cell.
///
/// ```
/// use naqsha_model::{Metres, finest_resolution};
/// let at = |metres: f64| finest_resolution(Metres::new(metres).unwrap()).map(u8::from);
/// assert_eq!((at(100.0), at(2_000.0), at(25_000.0), at(200_000.0)), (Some(9), Some(6), Some(4), None));
/// ```
pub fn finest_resolution(uncertainty: Metres) -> Option<Resolution> {
    (3..=9)
        .rev()
        .filter_map(|r| Resolution::try_from(r).ok())
        .find(|resolution| resolution.edge_length_m() * EDGE_TOLERANCE >= uncertainty.get())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_finite_and_not_negative() {
        assert!(Metres::new(f64::NAN).is_err());
        assert!(Metres::new(-1.0).is_err());
        assert_eq!(
            Metres::new(0.0).map(finest_resolution),
            Ok(Some(Resolution::Nine))
        );
    }

    #[test]
    fn a_bearing_error_over_ten_kilometres_supports_resolution_six() {
        let error = Metres::new(0.3827 * 10_000.0).unwrap();
        assert_eq!(finest_resolution(error), Some(Resolution::Six));
    }
}

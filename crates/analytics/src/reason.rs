//! Why a statistic has no value.

/// Why a statistic could not be computed for a place, or for a whole map.
///
/// It stands in for NaN, which never leaves this crate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The place has no neighbour inside the study area.
    Isolated,
    /// The values do not vary enough: all equal, or a zero sum where the statistic divides by it.
    InsufficientVariation,
    /// A rate has a zero population below it.
    NoDenominator,
}

impl Reason {
    /// The code used at the edges.
    ///
    /// ```
    /// assert_eq!(naqsha_analytics::Reason::Isolated.code(), "isolated");
    /// ```
    pub const fn code(self) -> &'static str {
        match self {
            Self::Isolated => "isolated",
            Self::InsufficientVariation => "insufficient_variation",
            Self::NoDenominator => "no_denominator",
        }
    }
}

//! Civil steps of time: weeks from Monday, months, quarters and years.

/// Length of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Period {
    /// From Monday to Sunday.
    Week,
    /// A month of the civil calendar.
    Month,
    /// Three months, the first from January.
    Quarter,
    /// From January to December.
    Year,
}

impl Period {
    /// The code used in parameters and metadata.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
        }
    }

    pub(crate) fn parse(code: &str) -> Option<Self> {
        let all = [Self::Week, Self::Month, Self::Quarter, Self::Year];
        all.into_iter().find(|period| period.code() == code)
    }
}

/// What the last step is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Baseline {
    /// The step before.
    Previous,
    /// The same step a year earlier.
    YearBefore,
}

impl Baseline {
    /// The code used in parameters and metadata.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Previous => "previous",
            Self::YearBefore => "year_before",
        }
    }

    pub(crate) fn parse(code: &str) -> Option<Self> {
        let all = [Self::Previous, Self::YearBefore];
        all.into_iter().find(|baseline| baseline.code() == code)
    }
}

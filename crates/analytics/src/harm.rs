//! Harm in days of imprisonment: what a statute threatens, as one number an offence.

/// What a statute threatens with, in years; imprisonment for life and death are 25.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sentence {
    /// The least, where it states one.
    pub least_years: Option<f64>,
    /// The most.
    pub most_years: f64,
}

/// Which number stands for a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Assumption {
    /// The least where one is stated, else a quarter of the most: the index.
    Index,
    /// The least, and nothing where none is stated.
    Least,
    /// A quarter of the most.
    Quarter,
    /// Half of the most.
    Half,
}

const DAYS_A_YEAR: f64 = 365.0;

/// The harm of an offence, in days of 365 a year.
///
/// Pakistan has no sentencing guideline, whose starting point the Cambridge index takes; the least that the statute states
/// stands for it. The other assumptions tell how much of an answer is owed to that.
///
/// # References
/// Sherman, Neyroud & Neyroud 2016, <https://doi.org/10.1093/police/paw003>.
///
/// ```
/// use naqsha_analytics::{Assumption, Sentence, harm_days};
/// let trafficking = Sentence { least_years: None, most_years: 7.0 };
/// assert_eq!(harm_days(trafficking, Assumption::Index), 638.75);
/// assert_eq!(harm_days(trafficking, Assumption::Least), 0.0);
/// ```
pub fn harm_days(sentence: Sentence, assumption: Assumption) -> f64 {
    let Sentence {
        least_years,
        most_years,
    } = sentence;
    let years = match assumption {
        Assumption::Index => least_years.unwrap_or(most_years / 4.0),
        Assumption::Least => least_years.unwrap_or(0.0),
        Assumption::Quarter => most_years / 4.0,
        Assumption::Half => most_years / 2.0,
    };
    years * DAYS_A_YEAR
}

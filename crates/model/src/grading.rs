//! How far a record can be trusted: the Admiralty system.

use crate::coded::coded;

coded! {
    /// Reliability of the source.
    Reliability, "reliability" {
        /// Completely reliable.
        A = "A",
        /// Usually reliable.
        B = "B",
        /// Fairly reliable.
        C = "C",
        /// Not usually reliable.
        D = "D",
        /// Unreliable.
        E = "E",
        /// Cannot be judged.
        F = "F",
    }
}

coded! {
    /// Credibility of the information.
    Credibility, "credibility" {
        /// Confirmed by other sources.
        Confirmed = "1",
        /// Probably true.
        ProbablyTrue = "2",
        /// Possibly true.
        PossiblyTrue = "3",
        /// Doubtful.
        Doubtful = "4",
        /// Improbable.
        Improbable = "5",
        /// Cannot be judged.
        Unjudged = "6",
    }
}

/// Reliability of the source and credibility of the information, such as `B2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grading {
    /// Reliability of the source.
    pub reliability: Reliability,
    /// Credibility of the information.
    pub credibility: Credibility,
}

impl Grading {
    /// `F6`: neither can be judged; what a source that states no grading has.
    pub const UNJUDGED: Self = Self {
        reliability: Reliability::F,
        credibility: Credibility::Unjudged,
    };

    /// Reads `B2`, `b-2` or `B/2`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut letters = text.chars().filter(|c| !matches!(c, ' ' | '-' | '/'));
        let (letter, digit) = (letters.next()?.to_ascii_uppercase(), letters.next()?);
        let mut buffer = [0; 4];
        let grading = Self {
            reliability: Reliability::parse(letter.encode_utf8(&mut buffer)).ok()?,
            credibility: Credibility::parse(digit.encode_utf8(&mut buffer)).ok()?,
        };
        letters.next().is_none().then_some(grading)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gradings_are_a_letter_and_a_digit() {
        let b2 = Grading {
            reliability: Reliability::B,
            credibility: Credibility::ProbablyTrue,
        };
        for text in ["B2", "b-2", "B / 2"] {
            assert_eq!(Grading::parse(text), Some(b2), "{text}");
        }
        for text in ["", "B", "G2", "B7", "B22", "2B"] {
            assert_eq!(Grading::parse(text), None, "{text}");
        }
    }
}

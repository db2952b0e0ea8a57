//! What texts were read as before. Citations, stations, districts and places repeat from row to row, and looking one up by
//! its words costs more than the rest of the row together.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use naqsha_model::Code;

use crate::reference::{DistrictId, NamedStation};
use crate::values::cited::Cited;

/// Texts of one kind that are remembered; then it begins anew.
const MOST: usize = 16_384;

/// Answers by text.
#[derive(Debug)]
pub(crate) struct Recall<T> {
    known: HashMap<String, T, RandomState>,
}

// Derived, it would ask for a default answer.
impl<T> Default for Recall<T> {
    fn default() -> Self {
        Self {
            known: HashMap::default(),
        }
    }
}

impl<T: Clone> Recall<T> {
    /// The answer to a text; `read` must not depend on anything else.
    pub(crate) fn of(&mut self, text: &str, read: impl FnOnce() -> T) -> T {
        if let Some(known) = self.known.get(text) {
            return known.clone();
        }
        let answer = read();
        if self.known.len() == MOST {
            self.known.clear();
        }
        self.known.insert(text.to_owned(), answer.clone());
        answer
    }
}

/// A text that is kept, without the personal data that was in it.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub(crate) text: String,
    /// What was found in it.
    pub(crate) codes: Vec<Code>,
    /// Whether it said who the victim is.
    pub(crate) names_a_victim: bool,
}

/// What the rows of one file had before.
#[derive(Debug, Default)]
pub(crate) struct Recalled {
    /// By the statute that sections without one belong to.
    citations: Vec<(String, Recall<Result<Cited, Code>>)>,
    /// By the stated district.
    stations: HashMap<Option<DistrictId>, Recall<Result<NamedStation, Code>>>,
    pub(crate) districts: Recall<Result<(DistrictId, Option<Code>), Code>>,
    pub(crate) texts: Recall<Kept>,
}

impl Recalled {
    /// Citations of a column whose sections belong to a statute.
    pub(crate) fn citations(&mut self, default_statute: &str) -> &mut Recall<Result<Cited, Code>> {
        let known = self
            .citations
            .iter()
            .position(|(statute, _)| statute == default_statute);
        let at = known.unwrap_or_else(|| {
            self.citations
                .push((default_statute.to_owned(), Recall::default()));
            self.citations.len() - 1
        });
        let (_, recall) = self.citations.get_mut(at).expect("found or added");
        recall
    }

    /// Stations beside which a district was stated, or none.
    pub(crate) fn stations(
        &mut self,
        stated: Option<DistrictId>,
    ) -> &mut Recall<Result<NamedStation, Code>> {
        self.stations.entry(stated).or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_once_and_answered_alike() {
        let mut recall = Recall::default();
        let mut read = 0;
        for text in ["a", "b", "a", "b"] {
            let answer = recall.of(text, || {
                read += 1;
                text == "a"
            });
            assert_eq!(answer, text == "a");
        }
        assert_eq!(read, 2);
    }

    #[test]
    fn it_stays_small() {
        let mut recall = Recall::default();
        for number in 0..3 * MOST {
            assert_eq!(recall.of(&number.to_string(), || number), number);
            assert!(recall.known.len() <= MOST);
        }
    }
}

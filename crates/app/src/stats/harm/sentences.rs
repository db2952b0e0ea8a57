//! Our table of sentences, edition 1: what each section threatens with, and where that stands.

use std::collections::HashMap;

use naqsha_analytics::Sentence;

use crate::reference::HARM_1;

/// Which edition is used; one that has been published is never changed.
pub(super) const EDITION: u32 = 1;

/// One row of the table.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cited {
    /// The section as the table has it.
    pub(super) section: String,
    pub(super) sentence: Sentence,
    /// The act and the section that punishes.
    pub(super) citation: String,
    /// `V` where the years were seen in a published source, `K` where they are to be checked.
    pub(super) tag: String,
}

/// The table by statute and section.
pub(super) struct Sentences(HashMap<(String, String), Cited>);

impl Sentences {
    /// Reads the embedded table; a row that is not one is left out, and a test counts them.
    pub(super) fn embedded() -> Self {
        let records = csv::Reader::from_reader(HARM_1.as_bytes()).into_records();
        let rows = records.filter_map(Result::ok).filter_map(|record| {
            let field = |at| record.get(at).unwrap_or_default();
            let cited = Cited {
                section: format!("{} {}", field(0), field(1)),
                sentence: Sentence {
                    least_years: field(2).parse().ok(),
                    most_years: field(3).parse().ok()?,
                },
                citation: field(4).to_owned(),
                tag: field(5).to_owned(),
            };
            Some(((field(0).to_owned(), spelled(field(1))), cited))
        });
        Self(rows.collect())
    }

    /// The row of a section, written as `STATUTE SECTION`, or of the one that it is a clause of: `PTPA-2018 3(1)(a)` is
    /// part of `3(1)`. A letter makes another section: `22A` is no part of `22`.
    pub(super) fn find(&self, text: &str) -> Option<&Cited> {
        let (statute, section) = text.trim().split_once(' ')?;
        let mut section = section.trim();
        loop {
            let key = (statute.to_owned(), spelled(section));
            if let Some(found) = self.0.get(&key) {
                return Some(found);
            }
            section = section.strip_suffix(')')?.rsplit_once('(')?.0;
        }
    }
}

/// A section without hyphens, spaces and capitals, and without brackets around a letter: `9-C` and `9(c)` are one.
fn spelled(section: &str) -> String {
    let lower: String = section
        .chars()
        .filter(|letter| !matches!(letter, '-' | ' '))
        .flat_map(char::to_lowercase)
        .collect();
    let letters: Vec<char> = lower.chars().collect();
    let is_letter = |at: Option<usize>| {
        at.and_then(|at| letters.get(at))
            .is_some_and(|l| l.is_alphabetic())
    };
    let kept = letters
        .iter()
        .enumerate()
        .filter(|(at, letter)| match letter {
            '(' => !is_letter(Some(at + 1)),
            ')' => !is_letter(at.checked_sub(1)),
            _ => true,
        });
    kept.map(|(_, letter)| letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_a_sentence_and_says_where_it_stands() {
        let sentences = Sentences::embedded();
        assert_eq!(sentences.0.len(), HARM_1.lines().count() - 1);
        for cited in sentences.0.values() {
            assert!(
                cited.citation.contains(", s. ") && ["V", "K"].contains(&&*cited.tag),
                "{cited:?}"
            );
            let Sentence {
                least_years,
                most_years,
            } = cited.sentence;
            assert!(
                least_years.is_none_or(|least| least > 0.0 && least <= most_years),
                "{cited:?}"
            );
            assert!(most_years > 0.0 && most_years <= 25.0, "{cited:?}");
        }
    }

    #[test]
    fn spellings_and_clauses_find_their_section_and_other_sections_do_not() {
        let sentences = Sentences::embedded();
        let found = |text| sentences.find(text).map(|cited| cited.section.as_str());
        for (text, section) in [
            ("CNSA-1997 9-C", "CNSA-1997 9(c)"),
            ("CNSA-1997 9(c)", "CNSA-1997 9(c)"),
            ("PTPA-2018 3(1)(a)", "PTPA-2018 3(1)"),
            ("PPC-1860 371-A", "PPC-1860 371-A"),
            ("PECA-2016 14(2)", "PECA-2016 14"),
        ] {
            assert_eq!(found(text), Some(section), "{text}");
        }
        for text in [
            "PECA-2016 22A",
            "CNSA-1997 9",
            "PTPA-2018 31",
            "PPC-1860 34",
            "9(c)",
            "",
        ] {
            assert_eq!(found(text), None, "{text}");
        }
    }
}

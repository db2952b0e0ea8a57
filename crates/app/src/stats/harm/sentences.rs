//! Our table of sentences, edition 1: what each section threatens with, and where that stands.

use naqsha_analytics::Sentence;
use naqsha_layers::{Cited, Sentences};

use crate::reference::HARM_1;

/// Which edition is used; one that has been published is never changed.
const EDITION: u32 = 1;

/// Reads the embedded table; a row that is not one is left out, and a test counts them.
pub(crate) fn embedded() -> Sentences {
    let records = csv::Reader::from_reader(HARM_1.as_bytes()).into_records();
    let rows = records.filter_map(Result::ok).filter_map(|record| {
        let field = |at| record.get(at).unwrap_or_default();
        Some(Cited {
            section: format!("{} {}", field(0), field(1)),
            sentence: Sentence {
                least_years: field(2).parse().ok(),
                most_years: field(3).parse().ok()?,
            },
            citation: field(4).to_owned(),
            tag: field(5).to_owned(),
        })
    });
    Sentences::new(EDITION, rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_a_sentence_and_says_where_it_stands() {
        let sentences = embedded();
        assert_eq!(sentences.rows().count(), HARM_1.lines().count() - 1);
        for cited in sentences.rows() {
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
        let sentences = embedded();
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

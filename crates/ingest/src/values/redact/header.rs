//! Columns that are never accepted, and texts that tell who was harmed.

use naqsha_model::Code;

use crate::text::words;

use super::plain::Plain;
use super::words as lists;

/// Whether a column's header asks for caste, tribe, religion, sect or ethnicity (P605), in either script.
///
/// ```text
/// "Caste/Tribe" and "قوم" are blocked, "Broadcaster" and "قومیت" (nationality) are not.
/// ```
pub(crate) fn blocked_header(header: &str) -> bool {
    words(header).iter().any(|word| {
        matches!(
            word.as_str(),
            "caste"
                | "castes"
                | "religion"
                | "religions"
                | "religious"
                | "sect"
                | "sects"
                | "sectarian"
                | "ethnicity"
                | "ethnic"
                | "ethnicities"
                | "tribe"
                | "tribes"
                | "tribal"
                | "zat"
                | "qaum"
                | "qoum"
                | "quom"
                | "mazhab"
                | "firqa"
                | "biradari"
                | "biraderi"
                | "قوم"
                | "ذات"
                | "مذہب"
                | "مذھب"
                | "مذہبی"
                | "فرقہ"
                | "مسلک"
                | "برادری"
                | "قبیلہ"
                | "عقیدہ"
        )
    })
}

/// Whether a kept text tells who a victim is: personal data of anybody, whose codes `found` are what [`redact`] says of it,
/// or a name behind the word for a victim.
///
/// Meant for records of trafficking and sexual offences, which are rejected with P604 then; called on the text as received.
pub(crate) fn names_a_victim(text: &str, found: &[Code]) -> bool {
    if !found.is_empty() {
        return true;
    }
    if text.is_ascii() && !super::mentions_a_party(text) {
        return false;
    }
    let plain = Plain::new(text);
    let words: Vec<&str> = plain
        .tokens
        .iter()
        .filter(|token| token.kind == super::plain::Kind::Letters)
        .map(|token| plain.of(token))
        .collect();
    let capital = |word: &str| word.starts_with(|c: char| c.is_ascii_uppercase());
    words.iter().enumerate().any(|(i, word)| {
        let lower = word.to_lowercase();
        let next = words
            .get(i + 1)
            .map(|next| (next.to_lowercase(), capital(next)));
        lists::is_victim(&lower)
            && next.is_some_and(|(next, capital)| {
                lists::is_given_name(&next)
                    || (capital && !capital_text(text) && !lists::is_stop(&next))
            })
    })
}

/// Whether capitals tell nothing, because everything is written in them.
fn capital_text(text: &str) -> bool {
    !text.bytes().any(|b| b.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::super::redact;
    use super::*;

    #[test]
    fn columns_of_caste_and_religion_are_blocked_in_both_scripts() {
        for header in [
            "Caste",
            "CASTE/TRIBE",
            "Religion of accused",
            "قوم",
            "ذات برادری",
            "مذہب",
            "مذھب",
            "فرقہ",
            "Ethnicity",
            "sect",
        ] {
            assert!(blocked_header(header), "{header}");
        }
        for header in [
            "Broadcaster",
            "قومیت",
            "District",
            "Section",
            "Nationality",
            "U/S",
            "ذاتی گاڑی",
            "Rate",
        ] {
            assert!(!blocked_header(header), "{header}");
        }
    }

    #[test]
    fn a_text_that_names_a_victim_is_known() {
        for text in [
            "Victim Ayesha was kept at a house near GT Road",
            "victim Shabnam recovered from Multan",
            "Mst. Nasreen, kept in Rawat",
            "متاثرہ زینب کو بازیاب کرایا گیا",
            "daughter of Ghulam Rasool",
            "contact 0300-1234567",
        ] {
            assert!(names_a_victim(text, &redact(text).codes), "{text}");
        }
        for text in [
            "Victim was kept at a house near GT Road",
            "victims recovered from Multan",
            "",
            "house near Lari Adda",
            "متاثرہ لڑکی کو بازیاب کرایا گیا",
        ] {
            assert!(!names_a_victim(text, &redact(text).codes), "{text}");
        }
    }
}

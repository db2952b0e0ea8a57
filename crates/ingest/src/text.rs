//! Text as bureaus type it: digits of three scripts, folded spelling, nothing of meaning.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

/// Replaces digits, dashes, spaces and separators of other scripts by ASCII ones and drops invisible marks; ASCII text is
/// returned as it is.
pub(crate) fn ascii_digits(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(
        text.chars()
            .filter(|&c| !invisible(c))
            .map(ascii_sign)
            .collect(),
    )
}

/// Urdu, Arabic, Devanagari or full-width digits as ASCII ones; other characters as they are.
pub(crate) fn ascii_digit(c: char) -> char {
    let zero = match c {
        '\u{6f0}'..='\u{6f9}' => 0x6f0,
        '\u{660}'..='\u{669}' => 0x660,
        '\u{966}'..='\u{96f}' => 0x966,
        '\u{ff10}'..='\u{ff19}' => 0xff10,
        _ => return c,
    };
    char::from_digit(u32::from(c) - zero, 10).unwrap_or(c)
}

/// A digit, dash, space or separator as ASCII has it.
fn ascii_sign(c: char) -> char {
    match c {
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}' => '-',
        '\u{66b}' => '.',
        '\u{66c}' => ',',
        _ if !c.is_ascii() && c.is_whitespace() => ' ',
        _ => ascii_digit(c),
    }
}

/// The one spelling of a character that patterns are written in; none for what is invisible or only a vowel sign.
pub(crate) fn plain_char(c: char) -> Option<char> {
    if c.is_ascii() {
        return Some(c);
    }
    if invisible(c) || accent(c) {
        return None;
    }
    Some(match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).map_or(c, ascii_digit),
        _ => urdu_letter(ascii_sign(c)),
    })
}

/// Joiners, marks of direction, soft hyphens, tatweel: nothing that a reader sees.
fn invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{640}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

/// Folds spelling for comparison: compatibility forms, letter case, Arabic to Urdu letters without vowel signs, digits,
/// dashes, spaces.
///
/// Two spellings that fold alike are the same header, value or name.
pub(crate) fn fold(text: &str) -> String {
    if !text.chars().all(is_normal) {
        return fold_any(text);
    }
    let mut folded = String::with_capacity(text.len());
    for c in text.chars() {
        let c = if c.is_ascii() {
            c.to_ascii_lowercase()
        } else {
            ascii_digit(urdu_letter(c))
        };
        push_folded(&mut folded, c);
    }
    without_last_space(folded)
}

/// [`fold`] of any text, by way of its compatibility forms.
fn fold_any(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.nfkc().filter(|&c| !invisible(c)) {
        match c {
            // Typed after a Farsi yeh, the hamza has no composed form that NFKC would make.
            '\u{654}' if folded.ends_with('ی') => {
                folded.pop();
                folded.push('ئ');
            }
            _ if vowel_sign(c) => {}
            _ => c
                .to_lowercase()
                .map(|c| ascii_sign(urdu_letter(c)))
                .for_each(|c| push_folded(&mut folded, c)),
        }
    }
    without_last_space(folded)
}

fn without_last_space(mut folded: String) -> String {
    if folded.ends_with(' ') {
        folded.pop();
    }
    folded
}

/// ASCII, or a letter, digit or sign of Urdu that stands for itself whatever stands beside it: most of what bureaus type,
/// and folded without normalising.
const fn is_normal(c: char) -> bool {
    c.is_ascii() || is_urdu_letter(c) || matches!(c, '،' | '؛' | '؟' | '۔' | '٠'..='٩' | '۰'..='۹')
}

/// Letters of Arabic script without marks, joiners and compatibility forms.
const fn is_urdu_letter(c: char) -> bool {
    matches!(c, '\u{621}'..='\u{63a}' | '\u{641}'..='\u{64a}' | '\u{671}'..='\u{674}' | '\u{679}'..='\u{6d3}')
}

/// Whether a character is a letter; without a search in the tables of Unicode for those of English and Urdu.
pub(crate) fn is_letter(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_alphabetic()
    } else {
        is_urdu_letter(c) || c.is_alphabetic()
    }
}

/// Whether a character is a letter or a digit of any script.
pub(crate) fn is_letter_or_digit(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_alphanumeric()
    } else {
        is_urdu_letter(c) || c.is_alphanumeric()
    }
}

fn push_folded(folded: &mut String, c: char) {
    if c.is_whitespace() || c.is_control() {
        if !folded.is_empty() && !folded.ends_with(' ') {
            folded.push(' ');
        }
    } else {
        folded.push(c);
    }
}

const fn urdu_letter(c: char) -> char {
    match c {
        'ي' | 'ى' => 'ی',
        'ك' => 'ک',
        'ۀ' | 'ة' | 'ۃ' | 'ۂ' | 'ه' | 'ە' => 'ہ',
        'أ' | 'إ' | 'ٱ' => 'ا',
        _ => c,
    }
}

/// A folded name without accents.
fn bare(text: &str) -> String {
    let folded = fold(text);
    if folded.is_ascii() {
        folded
    } else if folded.chars().all(is_normal) {
        folded.chars().map(without_hamza).collect()
    } else {
        folded.nfd().filter(|&c| !accent(c)).collect()
    }
}

/// A folded letter as its decomposition has it without accents.
const fn without_hamza(c: char) -> char {
    match c {
        'آ' => 'ا',
        'ؤ' => 'و',
        'ئ' => 'ي',
        'ۓ' => 'ے',
        _ => c,
    }
}

fn is_of_a_word(c: char) -> bool {
    is_letter_or_digit(c) || c == '\''
}

/// A folded name without accents, cut into words of letters and digits.
pub(crate) fn words(text: &str) -> Vec<String> {
    bare(text)
        .split(|c: char| !is_of_a_word(c))
        .filter(|w| !w.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The letters and digits of [`words`], one after another.
pub(crate) fn letters(text: &str) -> String {
    let mut bare = bare(text);
    bare.retain(is_of_a_word);
    bare
}

const fn accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}') || vowel_sign(c)
}

/// Zabar, zer, pesh, shadda and the other marks that Urdu is mostly written without.
const fn vowel_sign(c: char) -> bool {
    matches!(c, '\u{610}'..='\u{61a}' | '\u{64b}'..='\u{65f}' | '\u{670}' | '\u{6d6}'..='\u{6dc}' | '\u{6df}'..='\u{6e8}' | '\u{6ea}'..='\u{6ed}')
}

/// A name as a stable key: folded words joined by `-`.
pub(crate) fn slug(text: &str) -> String {
    words(text).join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_fold_alike() {
        assert_eq!(fold("  FIR   No "), fold("fir no"));
        assert_eq!(fold("تاريخ"), fold("تاریخ"));
        assert_eq!(fold("ك\u{200c}و"), "کو");
        assert_eq!(fold("ＦＩＲ"), "fir");
    }

    #[test]
    fn vowel_signs_directions_and_joiners_mean_nothing() {
        for (typed, folded) in [
            ("تَھانہ", "تھانہ"),
            ("ضـــلع", "ضلع"),
            ("\u{200f}تاریخ\u{202c}", "تاریخ"),
            ("تھانة", "تھانہ"),
            ("مى", "می"),
            ("م\u{6cc}\u{654}ی", "مئی"),
            ("FIR\u{a0}No\u{2013}1", "fir no-1"),
            ("ﻣﺎﺭﭺ", "مارچ"),
        ] {
            assert_eq!(fold(typed), folded, "{typed}");
        }
    }

    #[test]
    fn digits_of_three_scripts_are_one() {
        assert_eq!(ascii_digits("۶۰۴/٢٣"), "604/23");
        assert_eq!(ascii_digits("−۳۱٫۵\u{a0}km ١٬٢٥٠"), "-31.5 km 1,250");
    }

    #[test]
    fn letters_are_those_of_unicode() {
        for c in '\0'..=char::MAX {
            assert_eq!(is_letter(c), c.is_alphabetic(), "{c:?}");
            assert_eq!(is_letter_or_digit(c), c.is_alphanumeric(), "{c:?}");
            if is_normal(c) {
                assert_eq!(fold(&c.to_string()), fold_any(&c.to_string()), "{c:?}");
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in "\\PC{0,20}|[ء-ۓ\u{64b}-\u{655}\u{200b}-\u{200f} A-z]{0,20}") {
            let once = fold(&text);
            proptest::prop_assert_eq!(fold(&once), once);
        }

        #[test]
        fn what_needs_no_normalising_folds_as_if_it_were_normalised(text in "[ -~\t\u{600}-\u{6ff}]{0,20}|[ A-z0-9آ-ۓ۰-۹،۔]{0,20}") {
            let any = fold_any(&text);
            proptest::prop_assert_eq!(fold(&text), any.as_str());
            let plain: String = any.nfd().filter(|&c| !accent(c)).collect();
            proptest::prop_assert_eq!(bare(&text), plain);
        }
    }
}

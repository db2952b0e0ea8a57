//! Text as bureaus type it: digits of three scripts, folded spelling, nothing of meaning.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

/// Replaces Urdu and Arabic digits by ASCII ones and drops invisible marks; ASCII text is returned as it is.
pub(crate) fn ascii_digits(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(
        text.chars()
            .filter(|&c| !invisible(c))
            .map(ascii_digit)
            .collect(),
    )
}

pub(crate) fn ascii_digit(c: char) -> char {
    let value = match c {
        '\u{6f0}'..='\u{6f9}' => u32::from(c) - 0x6f0,
        '\u{660}'..='\u{669}' => u32::from(c) - 0x660,
        _ => return c,
    };
    char::from_digit(value, 10).unwrap_or(c)
}

fn invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{640}' | '\u{feff}')
}

/// Folds spelling for comparison: compatibility forms, letter case, Arabic to Urdu letters, digits, spaces.
///
/// Two spellings that fold alike are the same header, value or name.
pub(crate) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    if text.is_ascii() {
        text.bytes()
            .for_each(|b| push_folded(&mut folded, char::from(b.to_ascii_lowercase())));
    } else {
        text.nfkc()
            .filter(|&c| !invisible(c))
            .flat_map(char::to_lowercase)
            .map(urdu_letter)
            .map(ascii_digit)
            .for_each(|c| push_folded(&mut folded, c));
    }
    if folded.ends_with(' ') {
        folded.pop();
    }
    folded
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
        'ۀ' | 'ة' | 'ه' => 'ہ',
        _ => c,
    }
}

/// A folded name without accents, cut into words of letters and digits.
pub(crate) fn words(text: &str) -> Vec<String> {
    let text = fold(text);
    let bare = if text.is_ascii() {
        text
    } else {
        text.nfd().filter(|&c| !accent(c)).collect()
    };
    bare.split(|c: char| !c.is_alphanumeric() && c != '\'')
        .filter(|w| !w.is_empty())
        .map(str::to_owned)
        .collect()
}

const fn accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{64b}'..='\u{65f}' | '\u{670}')
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
    fn digits_of_three_scripts_are_one() {
        assert_eq!(ascii_digits("۶۰۴/٢٣"), "604/23");
    }
}

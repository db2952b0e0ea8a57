//! Personal data in kept text: found by pattern in any digit script, replaced before anything is stored.

use std::borrow::Cow;
use std::sync::LazyLock;

use naqsha_model::Code;
use regex::Regex;

/// What a redacted span reads as.
pub(crate) const MASK: &str = "[redacted]";

/// A text free of the known patterns, and the codes of what was found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Redacted<'a> {
    pub(crate) text: Cow<'a, str>,
    pub(crate) codes: Vec<Code>,
}

struct Pattern {
    regex: Regex,
    code: Code,
}

fn pattern(code: Code, source: &str) -> Pattern {
    let digit = "[0-9\u{6f0}-\u{6f9}\u{660}-\u{669}]";
    let source = source
        .replace('N', digit)
        .replace("_S_", "[-\u{2010}-\u{2015}./ ]?");
    Pattern {
        regex: Regex::new(&source).expect("the patterns of this file are valid"),
        code,
    }
}

static PATTERNS: LazyLock<Vec<Pattern>> = LazyLock::new(|| {
    vec![
        pattern(Code::E112, r"[1-8][.,]N{2,}\s?[eE]\+?1[0-9]"),
        pattern(Code::P601, r"(?i)[\w.+-]+@[\w-]+(\.[\w-]+)+"),
        pattern(Code::P601, r"(?i)\bPKN{2}\s?[A-Z]{4}(\s?N{4}){4}\b"),
        // Identity card: five digits, seven digits, one digit; longer numbers (IMEI, accounts) by length alone.
        pattern(Code::P601, r"N{5}_S_N{7}_S_N"),
        pattern(Code::P601, r"(\+\s?|N{2})?N{2}_S_N{3}_S_N{7}"),
        pattern(Code::P601, r"N{4}_S_N{7}"),
        pattern(Code::P601, r"\(?0N{1,4}\)?_S_N{6,8}"),
        pattern(Code::P601, r"N{10,}"),
        pattern(Code::P601, r"\b[A-Z]{2}N{7}\b"),
        pattern(
            Code::P602,
            r"(?i)(\S+\s+){0,3}(s\s?/\s?o|d\s?/\s?o|w\s?/\s?o|son of|daughter of|wife of|\bولد|\bبنت|\bزوجہ|\bزوجه)\b\s*\S+(\s+\S+)?",
        ),
        pattern(Code::P602, r"(\S+\s+){1,2}(سکنہ|ساکن)\b"),
        pattern(Code::P602, r"\b(قوم|ذات)\s+\S+"),
    ]
});

/// Replaces identity-card, phone, account, passport and e-mail patterns (P601) and names beside relation markers (P602).
pub(crate) fn redact(text: &str) -> Redacted<'_> {
    let mut redacted = Redacted {
        text: Cow::Borrowed(text),
        codes: Vec::new(),
    };
    if !suspicious(text) || is_digest(text) {
        return redacted;
    }
    for pattern in PATTERNS.iter() {
        if !pattern.regex.is_match(&redacted.text) {
            continue;
        }
        let replaced = pattern.regex.replace_all(&redacted.text, MASK).into_owned();
        redacted.text = Cow::Owned(replaced);
        if !redacted.codes.contains(&pattern.code) {
            redacted.codes.push(pattern.code);
        }
    }
    redacted
}

/// A SHA-256 or similar: its runs of digits are no numbers. Letters among at least 32 hex digits tell it from an account.
fn is_digest(text: &str) -> bool {
    let hex = text.bytes().all(|b| b.is_ascii_hexdigit());
    let letters = text.bytes().filter(u8::is_ascii_alphabetic).count();
    hex && (32..=128).contains(&text.len()) && letters >= 4
}

/// A cheap test that no pattern can pass unseen: most texts have neither seven digits nor a marker.
fn suspicious(text: &str) -> bool {
    if !text.is_ascii() {
        return true;
    }
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let marker = text
        .as_bytes()
        .windows(2)
        .any(|pair| matches!(pair, [b'/', b'o' | b'O' | b' ']));
    digits >= 7
        || marker
        || text.contains('@')
        || text.contains("E+")
        || text.contains(" of ")
        || text.contains("e+")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_stays_and_a_long_number_does_not() {
        let digest = "170c41944fe890a7f20d58e7595c51c9baf1ff3ef0bd57659c1234567890123e";
        assert_eq!(redact(digest).text, digest);
        assert_eq!(redact(&format!("CNIC {digest}")).codes, [Code::P601]);
        assert_eq!(
            redact("01234567890123456789012345678901").codes,
            [Code::P601]
        );
    }

    #[test]
    fn places_and_short_numbers_stay() {
        for text in [
            "On or near Swithen Hill",
            "Chak 123/7-R, Burewala",
            "Torkham border, NLC terminal",
            "Ring Road, Peshawar",
        ] {
            let redacted = redact(text);
            assert_eq!((redacted.text.as_ref(), redacted.codes.len()), (text, 0));
        }
    }

    #[test]
    fn no_digit_of_a_number_remains() {
        for text in [
            "35202-1234567-1",
            "۳۵۲۰۲۱۲۳۴۵۶۷۱",
            "0300-1234567",
            "+92 300 1234567",
            "0300 1234567",
            "042-35761234",
            "x@y.pk",
        ] {
            let redacted = redact(text);
            assert_eq!(redacted.text, MASK, "{text}");
            assert_eq!(redacted.codes, [Code::P601], "{text}");
        }
    }

    #[test]
    fn names_beside_relation_markers_go() {
        let redacted = redact("shop of Muhammad Aslam s/o Ghulam Rasool near bazaar");
        assert_eq!(redacted.codes, [Code::P602]);
        assert!(
            !redacted.text.contains("Aslam") && !redacted.text.contains("Rasool"),
            "{}",
            redacted.text
        );
        assert_eq!(redact("محمد اسلم ولد غلام رسول").text, MASK);
    }
}

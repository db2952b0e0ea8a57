//! Personal data in kept text: found by pattern in any digit script, replaced before anything is stored.

mod accounts;
#[cfg(test)]
mod corpus;
mod header;
mod names;
mod numbers;
mod plain;
mod records;
#[cfg(test)]
mod tests;
mod words;

use std::borrow::Cow;
use std::ops::Range;

use naqsha_model::Code;

pub(crate) use header::{blocked_header, names_a_victim};
use plain::Plain;

/// What a redacted span reads as.
pub(crate) const MASK: &str = "[redacted]";

/// A text free of the known patterns, and the codes of what was found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Redacted<'a> {
    pub(crate) text: Cow<'a, str>,
    /// Each code once, in the order of the text.
    pub(crate) codes: Vec<Code>,
}

/// Replaces numbers and addresses of persons (P601), names (P602) and what spreadsheets left of a number (E112).
///
/// Digits of every script count alike, split by spaces, dashes or invisible characters; redacting twice changes nothing.
/// A text without digits, markers or letters beyond ASCII is returned after one pass over its bytes.
pub(crate) fn redact(text: &str) -> Redacted<'_> {
    let mut redacted = Redacted {
        text: Cow::Borrowed(text),
        codes: Vec::new(),
    };
    if !suspicious(text) || is_digest(text) {
        return redacted;
    }
    // What is replaced can bring its neighbours under another rule, as a marker that lost one of its names.
    for _ in 0..ROUNDS {
        let spans = spans(&redacted.text);
        if spans.is_empty() {
            break;
        }
        for (_, code) in &spans {
            if !redacted.codes.contains(code) {
                redacted.codes.push(*code);
            }
        }
        redacted.text = Cow::Owned(masked(&redacted.text, &spans));
    }
    redacted
}

/// Each round shortens what can still be found; two are the rule.
const ROUNDS: usize = 8;

/// What is personal in `text`, in order, as disjoint ranges of bytes; neighbours over a space are one.
fn spans(text: &str) -> Vec<numbers::Found> {
    let plain = Plain::new(text);
    let mut found = Vec::new();
    accounts::find(&plain, &mut found);
    numbers::find(&plain, &mut found);
    names::find(&plain, &mut found);
    found.sort_by_key(|(span, _)| (span.start, span.end));
    let mut spans: Vec<numbers::Found> = Vec::with_capacity(found.len());
    for (span, code) in found {
        match spans.last_mut() {
            Some((last, of))
                if touches(&plain, last, &span) && (*of == code || span.start < last.end) =>
            {
                last.end = last.end.max(span.end);
            }
            _ => spans.push((span, code)),
        }
    }
    for (span, _) in &mut spans {
        *span = plain.original(span);
    }
    spans
}

fn touches(plain: &Plain<'_>, last: &Range<usize>, next: &Range<usize>) -> bool {
    next.start <= last.end || plain.slice(last.end, next.start).trim().is_empty()
}

fn masked(text: &str, spans: &[numbers::Found]) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut from = 0;
    for (span, _) in spans {
        masked.push_str(text.get(from..span.start).unwrap_or_default());
        masked.push_str(MASK);
        from = span.end;
    }
    masked.push_str(text.get(from..).unwrap_or_default());
    masked
}

/// A SHA-256 or similar: its runs of digits are no numbers. Letters among at least 32 hex digits tell it from an account.
fn is_digest(text: &str) -> bool {
    let hex = text.bytes().all(|b| b.is_ascii_hexdigit());
    let letters = text.bytes().filter(u8::is_ascii_alphabetic).count();
    hex && (32..=128).contains(&text.len()) && letters >= 4
}

/// A cheap test that no pattern can pass unseen: most texts have neither digits enough, nor a sign, nor a leading word.
fn suspicious(text: &str) -> bool {
    let mut digits = 0;
    let mut word = 0;
    let bytes = text.as_bytes();
    for (i, &b) in bytes.iter().enumerate() {
        match b {
            b'0'..=b'9' => digits += 1,
            // "s/o" and its like.
            b'/' if bytes
                .iter()
                .skip(i + 1)
                .find(|b| **b != b' ')
                .is_some_and(|b| matches!(b, b'o' | b'O')) =>
            {
                return true;
            }
            // Beyond ASCII anything may be a digit, a marker or a name.
            b'@' | b'*' | 0x80.. => return true,
            _ => {}
        }
        if b.is_ascii_alphabetic() {
            word += 1;
        } else {
            if word > 0 && leads(bytes.get(i - word..i).unwrap_or_default(), b) {
                return true;
            }
            word = 0;
        }
    }
    digits >= 3 || leads(bytes.get(bytes.len() - word..).unwrap_or_default(), b' ')
}

/// Whether a text of ASCII has a word for a party of a case, or another that may lead a name.
fn mentions_a_party(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphabetic()).any(|word| {
        !word.is_empty() && (leads(word.as_bytes(), b' ') || word.eq_ignore_ascii_case("girl"))
    })
}

/// Whether a word may begin or lead personal data.
fn leads(word: &[u8], next: u8) -> bool {
    let mut lower = [0_u8; 12];
    let Some(lower) = lower.get_mut(..word.len()) else {
        return false;
    };
    lower.copy_from_slice(word);
    lower.make_ascii_lowercase();
    match &*lower {
        b"http" | b"https" | b"www" | b"t" | b"wa" | b"fb" | b"facebook" | b"instagram"
        | b"twitter" | b"tiktok" | b"youtube" | b"x" => matches!(next, b':' | b'.'),
        lower => std::str::from_utf8(lower).is_ok_and(|word| {
            matches!(
                word,
                "son"
                    | "daughter"
                    | "wife"
                    | "widow"
                    | "husband"
                    | "resident"
                    | "alias"
                    | "urf"
                    | "caste"
            ) || words::is_honorific(word)
                || words::is_party(word)
                || words::is_title(word)
        }),
    }
}

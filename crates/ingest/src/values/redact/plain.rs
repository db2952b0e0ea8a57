//! A text in the one spelling that the personal-data patterns know, with the way back to the original bytes.

use std::borrow::Cow;
use std::iter::once;
use std::ops::Range;

use unicode_normalization::UnicodeNormalization;

use crate::text::{is_letter, plain_char};

/// What a run of characters is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Digits,
    Letters,
    Space,
    /// One character that is none of the others.
    Mark,
}

/// A run of one kind, as bytes of the plain text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// A text with ASCII digits, dashes and spaces, Urdu letters, and no invisible characters, cut into tokens.
#[derive(Debug)]
pub(super) struct Plain<'t> {
    pub(super) text: Cow<'t, str>,
    pub(super) tokens: Vec<Token>,
    /// Byte of the original for every byte of the plain text and its end; none where the text is ASCII.
    origin: Option<Vec<usize>>,
}

impl<'t> Plain<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let (plain, origin) = if text.is_ascii() {
            (Cow::Borrowed(text), None)
        } else {
            let (plain, origin) = spelt_plainly(text);
            (Cow::Owned(plain), Some(origin))
        };
        let tokens = tokens(&plain);
        Self {
            text: plain,
            tokens,
            origin,
        }
    }

    /// Bytes `start..end` of the plain text; the patterns only hold bounds of tokens or ASCII characters.
    pub(super) fn slice(&self, start: usize, end: usize) -> &str {
        self.text.get(start..end).unwrap_or_default()
    }

    pub(super) fn of(&self, token: &Token) -> &str {
        self.slice(token.start, token.end)
    }

    /// The bytes of the original that became `span`, with the invisible characters inside it.
    pub(super) fn original(&self, span: &Range<usize>) -> Range<usize> {
        match &self.origin {
            None => span.clone(),
            Some(origin) => {
                let at = |i: usize| origin.get(i).copied().unwrap_or_default();
                at(span.start)..at(span.end)
            }
        }
    }
}

fn spelt_plainly(text: &str) -> (String, Vec<usize>) {
    let mut plain = String::with_capacity(text.len());
    let mut origin = Vec::with_capacity(text.len() + 1);
    for (at, c) in text.char_indices() {
        if let '\u{fb50}'..='\u{fefc}' = c {
            // Forms of letters from old systems, some of them two letters in one.
            plain.extend(once(c).nfkc().filter_map(plain_char));
        } else if let Some(c) = plain_char(c) {
            plain.push(c);
        }
        origin.resize(plain.len(), at);
    }
    origin.push(text.len());
    (plain, origin)
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::with_capacity(16);
    for (start, c) in text.char_indices() {
        let kind = if c.is_ascii_digit() {
            Kind::Digits
        } else if is_letter(c) {
            Kind::Letters
        } else if c.is_whitespace() || c.is_control() {
            Kind::Space
        } else {
            Kind::Mark
        };
        let end = start + c.len_utf8();
        match tokens.last_mut() {
            Some(last) if last.kind == kind && kind != Kind::Mark => last.end = end,
            _ => tokens.push(Token { kind, start, end }),
        }
    }
    tokens
}

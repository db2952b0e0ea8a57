//! The words and signs of a clause.

/// A word or a sign of a clause.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Word(String),
    /// In double quotes: a name, whatever it is.
    Quoted(String),
    Text(String),
    Number(f64),
    Sign(&'static str),
}

impl Token {
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Word(word) | Self::Quoted(word) => format!("{word:?}"),
            Self::Text(text) => format!("the text {text:?}"),
            Self::Number(number) => number.to_string(),
            Self::Sign(sign) => format!("{sign:?}"),
        }
    }
}

/// Longest first, so that `<=` is not `<`.
const SIGNS: [&str; 12] = [
    "<>", "!=", "<=", ">=", "=", "<", ">", "(", ")", ",", "-", "+",
];

/// The words and signs of a clause.
///
/// # Errors
/// What is none, in words.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = if first == '\'' || first == '"' {
            let (inner, length) = quoted(rest, first)?;
            let token = if first == '"' {
                Token::Quoted(inner)
            } else {
                Token::Text(inner)
            };
            (token, length)
        } else if first.is_ascii_digit() || first == '.' {
            number(rest)?
        } else if first.is_alphabetic() || first == '_' {
            let in_word = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
            let length = rest.find(|c| !in_word(c)).unwrap_or(rest.len());
            let (word, _) = rest.split_at(length);
            (Token::Word(word.to_owned()), length)
        } else {
            let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
            let sign = sign.ok_or_else(|| format!("has {first:?}, which means nothing here"))?;
            (Token::Sign(sign), sign.len())
        };
        tokens.push(token);
        rest = rest.split_at(length).1.trim_start();
    }
    Ok(tokens)
}

/// The number that a text begins with, and how many bytes it has. The sign of an exponent belongs to it.
fn number(text: &str) -> Result<(Token, usize), String> {
    let bytes = text.as_bytes();
    let belongs = |&at: &usize| match bytes[at] {
        b'.' => true,
        b'+' | b'-' => at > 0 && matches!(bytes[at - 1], b'e' | b'E'),
        byte => byte.is_ascii_alphanumeric(),
    };
    let length = (0..bytes.len()).take_while(belongs).count();
    let (digits, _) = text.split_at(length);
    let number: Option<f64> = digits.parse().ok();
    let number = number.filter(|number| number.is_finite());
    let number = number.ok_or_else(|| format!("has {digits:?}, which is no number"))?;
    Ok((Token::Number(number), length))
}

/// What stands between quotes, a doubled one for one, and how many bytes that was.
fn quoted(text: &str, quote: char) -> Result<(String, usize), String> {
    let mut inner = String::new();
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, char)) = chars.next() {
        if char != quote {
            inner.push(char);
        } else if chars.peek().is_some_and(|&(_, next)| next == quote) {
            chars.next();
            inner.push(quote);
        } else {
            return Ok((inner, at + 1));
        }
    }
    Err(format!("has a {quote} that is not closed"))
}

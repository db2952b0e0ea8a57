//! Words and signs of CQL2 text.

/// A word or sign.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A name or keyword, as written.
    Word(String),
    /// A name between double quotes: never a keyword.
    Name(String),
    /// A text between single quotes.
    Text(String),
    /// A number without sign.
    Number(f64),
    /// `=`, `<>`, `(`, …
    Sign(&'static str),
}

/// A token and the character, from 1, at which it starts.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Placed {
    pub(super) token: Token,
    pub(super) at: usize,
}

/// Longer signs first.
const SIGNS: [&str; 15] = [
    "<>", "<=", ">=", "=", "<", ">", "(", ")", ",", "+", "-", "*", "/", "%", "^",
];

/// The tokens of a text.
pub(super) fn tokens(text: &str) -> Result<Vec<Placed>, String> {
    let chars: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&char) = chars.get(at) {
        if char.is_whitespace() {
            at += 1;
            continue;
        }
        let rest = &chars[at..];
        let (token, length) = match char {
            '\'' => quoted(rest, '\'').map(|(text, length)| (Token::Text(text), length)),
            '"' => quoted(rest, '"').map(|(name, length)| (Token::Name(name), length)),
            '0'..='9' | '.' => number(rest),
            char if starts_word(char) => Some(word(rest)),
            _ => sign(rest),
        }
        .ok_or_else(|| format!("at character {}: not understood", at + 1))?;
        tokens.push(Placed { token, at: at + 1 });
        at += length;
    }
    Ok(tokens)
}

fn starts_word(char: char) -> bool {
    char == '_' || char == ':' || char.is_alphabetic()
}

fn word(chars: &[char]) -> (Token, usize) {
    let part = |char: &&char| starts_word(**char) || **char == '.' || char.is_alphanumeric();
    let word: String = chars.iter().take_while(part).collect();
    let length = word.chars().count();
    (Token::Word(word), length)
}

/// What stands between quotes; a quote within is doubled, or of a text also written after a backslash.
fn quoted(chars: &[char], quote: char) -> Option<(String, usize)> {
    let mut text = String::new();
    let mut at = 1;
    loop {
        match (chars.get(at)?, chars.get(at + 1)) {
            (&found, Some(&next)) if found == quote && next == quote => {
                text.push(quote);
                at += 2;
            }
            (&found, _) if found == quote => return Some((text, at + 1)),
            ('\\', Some(&next)) if next == quote && quote == '\'' => {
                text.push(quote);
                at += 2;
            }
            (&other, _) => {
                text.push(other);
                at += 1;
            }
        }
    }
}

fn number(chars: &[char]) -> Option<(Token, usize)> {
    let mut length = 0;
    let digits = |from: usize| {
        chars
            .iter()
            .skip(from)
            .take_while(|char| char.is_ascii_digit())
            .count()
    };
    length += digits(length);
    if chars.get(length) == Some(&'.') {
        length += 1;
        length += digits(length);
    }
    if matches!(chars.get(length), Some('e' | 'E')) {
        let sign = usize::from(matches!(chars.get(length + 1), Some('+' | '-')));
        let exponent = digits(length + 1 + sign);
        if exponent > 0 {
            length += 1 + sign + exponent;
        }
    }
    let text: String = chars.iter().take(length).collect();
    let number: f64 = text.parse().ok()?;
    number
        .is_finite()
        .then_some((Token::Number(number), length))
}

fn sign(chars: &[char]) -> Option<(Token, usize)> {
    let starts = |sign: &&&str| {
        let mut wanted = sign.chars();
        let mut given = chars.iter();
        wanted.all(|char| given.next() == Some(&char))
    };
    let sign = SIGNS.iter().find(starts)?;
    Some((Token::Sign(sign), sign.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_doubled_or_escaped() {
        let one = |text| tokens(text).map(|tokens| tokens[0].token.clone());
        assert_eq!(one("'O''Brien'"), Ok(Token::Text("O'Brien".to_owned())));
        assert_eq!(one(r"'O\'Brien'"), Ok(Token::Text("O'Brien".to_owned())));
        assert_eq!(one(r"'50\%'"), Ok(Token::Text(r"50\%".to_owned())));
        assert_eq!(one("\"a \"\"b\""), Ok(Token::Name("a \"b".to_owned())));
        assert_eq!(one("'لاہور'"), Ok(Token::Text("لاہور".to_owned())));
        assert!(tokens("'open").is_err() && tokens("a ; b").is_err());
    }

    #[test]
    fn numbers_have_no_sign_and_may_have_an_exponent() {
        let numbers = |text| -> Vec<Token> {
            tokens(text)
                .unwrap()
                .into_iter()
                .map(|placed| placed.token)
                .collect()
        };
        assert_eq!(numbers("1.5e-3"), [Token::Number(0.0015)]);
        assert_eq!(numbers("-2"), [Token::Sign("-"), Token::Number(2.0)]);
        assert_eq!(
            numbers("1e"),
            [Token::Number(1.0), Token::Word("e".to_owned())]
        );
        assert!(tokens("1e999").is_err() && tokens(".").is_err());
    }
}

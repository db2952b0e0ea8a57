//! The clause `where`, a part of SQL-92: comparisons, `IN`, `LIKE`, `BETWEEN`, `IS NULL`, `AND`, `OR`, `NOT`, `UPPER` and
//! `LOWER`, dates. It becomes the expression that filters of every language become; no text of it reaches anything else.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use naqsha_layers::filter::{Comparison, Expression, Scalar};
use naqsha_layers::{LayerDescription, PropertyKind};

use super::fields::{Field, OBJECT_ID};

/// How deep parentheses and `NOT` may be nested.
const DEEPEST: usize = 32;

/// What a clause says: which numbers, and what of the properties.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Clause {
    /// Numbers that features must have, where it says so.
    pub(super) numbers: Option<Vec<u64>>,
    /// What else must be true; `None` where it says nothing.
    pub(super) condition: Option<Expression>,
}

/// Reads a clause about a layer.
///
/// # Errors
/// What is wrong, and near which word.
pub(super) fn parse(layer: &'static LayerDescription, text: &str) -> Result<Clause, String> {
    let mut parser = Parser {
        layer,
        tokens: tokens(text)?,
        at: 0,
    };
    let whole = parser.or(1)?;
    if let Some(token) = parser.peek() {
        return Err(format!("does not go on with {}", token.shown()));
    }
    split(whole)
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    /// In double quotes: a name, whatever it is.
    Quoted(String),
    Text(String),
    Number(f64),
    Sign(&'static str),
}

impl Token {
    fn shown(&self) -> String {
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

fn tokens(text: &str) -> Result<Vec<Token>, String> {
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

struct Parser {
    layer: &'static LayerDescription,
    tokens: Vec<Token>,
    at: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Result<Token, String> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token.ok_or_else(|| "ends too early".to_owned())
    }

    /// Takes a keyword where it is next.
    fn word(&mut self, keyword: &str) -> bool {
        let is_next =
            matches!(self.peek(), Some(Token::Word(word)) if word.eq_ignore_ascii_case(keyword));
        self.at += usize::from(is_next);
        is_next
    }

    /// Takes a sign where it is next.
    fn sign(&mut self, sign: &str) -> bool {
        let is_next = matches!(self.peek(), Some(Token::Sign(next)) if *next == sign);
        self.at += usize::from(is_next);
        is_next
    }

    fn expect(&mut self, sign: &str) -> Result<(), String> {
        if self.sign(sign) {
            return Ok(());
        }
        let found = self.peek().map_or("the end".to_owned(), Token::shown);
        Err(format!("has {found} where {sign:?} is missing"))
    }

    fn or(&mut self, depth: usize) -> Result<Expression, String> {
        let mut members = vec![self.and(depth)?];
        while self.word("OR") {
            members.push(self.and(depth)?);
        }
        Ok(one_or(members, Expression::Or))
    }

    fn and(&mut self, depth: usize) -> Result<Expression, String> {
        let mut members = vec![self.not(depth)?];
        while self.word("AND") {
            members.push(self.not(depth)?);
        }
        Ok(one_or(members, Expression::And))
    }

    fn not(&mut self, depth: usize) -> Result<Expression, String> {
        if depth > DEEPEST {
            return Err(format!("is nested deeper than {DEEPEST}"));
        }
        if self.word("NOT") {
            return Ok(Expression::Not(Box::new(self.not(depth + 1)?)));
        }
        // A parenthesis may hold a condition or a value.
        let from = self.at;
        if self.sign("(") {
            if let Ok(inner) = self.or(depth + 1)
                && self.sign(")")
            {
                return Ok(inner);
            }
            self.at = from;
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Result<Expression, String> {
        let left = self.value()?;
        if self.word("IS") {
            let negated = self.word("NOT");
            if !self.word("NULL") {
                return Err("has IS without NULL".to_owned());
            }
            return Ok(negate(negated, Expression::IsNull(left)));
        }
        let negated = self.word("NOT");
        if self.word("IN") {
            self.expect("(")?;
            let mut members = vec![self.value()?];
            while self.sign(",") {
                members.push(self.value()?);
            }
            self.expect(")")?;
            let members = members
                .into_iter()
                .map(|member| self.alike(left.clone(), member).1);
            let members = members.collect();
            let left = self.alike(left, Scalar::Boolean(true)).0;
            return Ok(negate(negated, Expression::In(left, members)));
        }
        if self.word("LIKE") {
            let pattern = self.value()?;
            if self.word("ESCAPE") && self.next()? != Token::Text("\\".to_owned()) {
                return Err("has another ESCAPE than '\\'".to_owned());
            }
            let (left, pattern) = self.alike(left, pattern);
            return Ok(negate(negated, Expression::Like(left, pattern)));
        }
        if self.word("BETWEEN") {
            let low = self.value()?;
            if !self.word("AND") {
                return Err("has BETWEEN without AND".to_owned());
            }
            let high = self.value()?;
            let (_, high) = self.alike(left.clone(), high);
            let (left, low) = self.alike(left, low);
            return Ok(negate(negated, Expression::Between(left, [low, high])));
        }
        if negated {
            return Err("has NOT where IN, LIKE or BETWEEN is missing".to_owned());
        }
        let how = match self.next()? {
            Token::Sign("=") => Comparison::Equal,
            Token::Sign("<>" | "!=") => Comparison::NotEqual,
            Token::Sign("<") => Comparison::Less,
            Token::Sign(">") => Comparison::Greater,
            Token::Sign("<=") => Comparison::LessOrEqual,
            Token::Sign(">=") => Comparison::GreaterOrEqual,
            other => {
                return Err(format!(
                    "has {} where a comparison is missing",
                    other.shown()
                ));
            }
        };
        let right = self.value()?;
        let (left, right) = self.alike(left, right);
        Ok(Expression::Compare(how, left, right))
    }

    fn value(&mut self) -> Result<Scalar, String> {
        self.value_at(1)
    }

    fn value_at(&mut self, depth: usize) -> Result<Scalar, String> {
        if depth > DEEPEST {
            return Err(format!("is nested deeper than {DEEPEST}"));
        }
        match self.next()? {
            Token::Text(text) => Ok(Scalar::Text(text)),
            Token::Number(number) => Ok(Scalar::Number(number)),
            Token::Sign("-") => match self.next()? {
                Token::Number(number) => Ok(Scalar::Number(-number)),
                other => Err(format!("has - before {}", other.shown())),
            },
            Token::Sign("(") => {
                let inner = self.value_at(depth + 1)?;
                self.expect(")")?;
                Ok(inner)
            }
            Token::Quoted(name) => Ok(self.property(&name)),
            Token::Word(word) => self.named(&word, depth),
            Token::Sign(sign) => Err(format!("has {sign:?} where a value is missing")),
        }
    }

    fn named(&mut self, word: &str, depth: usize) -> Result<Scalar, String> {
        let is = |keyword: &str| word.eq_ignore_ascii_case(keyword);
        if (is("UPPER") || is("LOWER")) && self.sign("(") {
            let inner = self.value_at(depth + 1)?;
            self.expect(")")?;
            return Ok(Scalar::CaseInsensitive(Box::new(inner)));
        }
        if (is("DATE") || is("TIMESTAMP"))
            && let Some(Token::Text(text)) = self.peek().cloned()
        {
            self.at += 1;
            return moment(&text);
        }
        match word.to_ascii_uppercase().as_str() {
            "TRUE" => Ok(Scalar::Boolean(true)),
            "FALSE" => Ok(Scalar::Boolean(false)),
            _ => Ok(self.property(word)),
        }
    }

    /// The property of a name, which SQL writes in any case.
    fn property(&self, name: &str) -> Scalar {
        let field = Field::named(self.layer, name);
        Scalar::Property(
            field
                .map_or(name, |field| field.name(self.layer))
                .to_owned(),
        )
    }

    /// Two values as the properties among them are: what ArcGIS sees as 0 and 1 may be a truth, and where case is said not
    /// to matter on one side it does on neither.
    fn alike(&self, left: Scalar, right: Scalar) -> (Scalar, Scalar) {
        let (left, right) = if self.is_truth(&left) || self.is_truth(&right) {
            (truth(left), truth(right))
        } else {
            (left, right)
        };
        let folds = |value: &Scalar| matches!(value, Scalar::CaseInsensitive(_));
        let fold = |value: Scalar| {
            if folds(&value) {
                value
            } else {
                Scalar::CaseInsensitive(Box::new(value))
            }
        };
        if folds(&left) || folds(&right) {
            (fold(left), fold(right))
        } else {
            (left, right)
        }
    }

    fn is_truth(&self, value: &Scalar) -> bool {
        let Scalar::Property(name) = value else {
            return false;
        };
        let mut properties = self.layer.properties.iter();
        properties.any(|one| one.name == name && one.kind == PropertyKind::Boolean)
    }
}

fn truth(value: Scalar) -> Scalar {
    match value {
        Scalar::Number(0.0) => Scalar::Boolean(false),
        Scalar::Number(1.0) => Scalar::Boolean(true),
        other => other,
    }
}

fn negate(negated: bool, expression: Expression) -> Expression {
    if negated {
        Expression::Not(Box::new(expression))
    } else {
        expression
    }
}

fn one_or(
    mut members: Vec<Expression>,
    join: impl FnOnce(Vec<Expression>) -> Expression,
) -> Expression {
    match members.pop() {
        Some(only) if members.is_empty() => only,
        Some(last) => {
            members.push(last);
            join(members)
        }
        None => Expression::Literal(true),
    }
}

/// A day, or an instant of UTC.
fn moment(text: &str) -> Result<Scalar, String> {
    if let Ok(date) = text.parse::<Date>()
        && text.len() == 10
    {
        return Ok(Scalar::Date(date));
    }
    let civil = || {
        let civil: DateTime = text.parse().ok()?;
        TimeZone::UTC.to_timestamp(civil).ok()
    };
    let instant = text.parse::<Timestamp>().ok().or_else(civil);
    instant
        .map(Scalar::Timestamp)
        .ok_or_else(|| format!("has {text:?}, which is no date"))
}

/// Takes what is said of numbers out of the conjunction; said anywhere else it cannot be answered.
fn split(whole: Expression) -> Result<Clause, String> {
    let members = match whole {
        Expression::And(members) => members,
        other => vec![other],
    };
    let mut numbers: Option<Vec<u64>> = None;
    let mut rest = Vec::new();
    for member in members {
        let listed = match &member {
            Expression::Compare(Comparison::Equal, Scalar::Property(name), value)
                if name == OBJECT_ID =>
            {
                whole_numbers(std::slice::from_ref(value))
            }
            Expression::In(Scalar::Property(name), values) if name == OBJECT_ID => {
                whole_numbers(values)
            }
            // What SQL has for "everything".
            Expression::Compare(Comparison::Equal, Scalar::Number(left), Scalar::Number(right))
                if left.to_bits() == right.to_bits() =>
            {
                continue;
            }
            _ => None,
        };
        match (listed, &mut numbers) {
            (None, _) => rest.push(member),
            (Some(listed), None) => numbers = Some(listed),
            (Some(listed), Some(known)) => known.retain(|number| listed.contains(number)),
        }
    }
    let condition = (!rest.is_empty()).then(|| one_or(rest, Expression::And));
    if format!("{condition:?}").contains(&format!("Property({OBJECT_ID:?})")) {
        return Err(format!(
            "asks for {OBJECT_ID} otherwise than by = or IN beside an AND"
        ));
    }
    Ok(Clause { numbers, condition })
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be whole, and small enough to be exact"
)]
fn whole_numbers(values: &[Scalar]) -> Option<Vec<u64>> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let whole = |value: &Scalar| match value {
        Scalar::Number(number) if number.fract() == 0.0 && (0.0..EXACT).contains(number) => {
            Some(*number as u64)
        }
        _ => None,
    };
    values.iter().map(whole).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer() -> &'static LayerDescription {
        naqsha_layers::descriptions()
            .iter()
            .find(|layer| layer.id == "hotspots")
            .unwrap()
    }

    fn read(text: &str) -> Clause {
        parse(layer(), text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    fn property(name: &str) -> Scalar {
        Scalar::Property(name.to_owned())
    }

    #[test]
    fn everything_is_no_condition() {
        for text in ["1=1", " 1 = 1 ", "(1=1)", "1=1 AND 1=1"] {
            assert_eq!(
                read(text),
                Clause {
                    numbers: None,
                    condition: None
                },
                "{text}"
            );
        }
        assert!(read("1=0").condition.is_some());
    }

    #[test]
    fn clauses_become_the_expressions_that_they_say() {
        let n = || property("n");
        let class = || property("class");
        let text = |text: &str| Scalar::Text(text.to_owned());
        let number = Scalar::Number;
        let hot = || Expression::Compare(Comparison::Equal, class(), text("hot"));
        let cases = [
            ("class = 'hot'", hot()),
            ("CLASS='hot'", hot()),
            ("\"class\" = 'hot'", hot()),
            ("(class) = ('hot')", hot()),
            (
                "n >= -1.5e1",
                Expression::Compare(Comparison::GreaterOrEqual, n(), number(-15.0)),
            ),
            (
                "NOT n<>3",
                Expression::Not(Box::new(Expression::Compare(
                    Comparison::NotEqual,
                    n(),
                    number(3.0),
                ))),
            ),
            (
                "class IN ('hot','it''s')",
                Expression::In(class(), vec![text("hot"), text("it's")]),
            ),
            (
                "class NOT LIKE 'h%'",
                Expression::Not(Box::new(Expression::Like(class(), text("h%")))),
            ),
            (
                "n BETWEEN 1 AND 3",
                Expression::Between(n(), [number(1.0), number(3.0)]),
            ),
            (
                "class IS NOT NULL",
                Expression::Not(Box::new(Expression::IsNull(class()))),
            ),
            (
                "n = 1 OR n = 2 AND class = 'hot'",
                Expression::Or(vec![
                    Expression::Compare(Comparison::Equal, n(), number(1.0)),
                    Expression::And(vec![
                        Expression::Compare(Comparison::Equal, n(), number(2.0)),
                        hot(),
                    ]),
                ]),
            ),
            (
                "UPPER(class) = 'HOT'",
                Expression::Compare(
                    Comparison::Equal,
                    Scalar::CaseInsensitive(Box::new(class())),
                    Scalar::CaseInsensitive(Box::new(text("HOT"))),
                ),
            ),
            (
                "n > DATE '2024-02-29'",
                Expression::Compare(
                    Comparison::Greater,
                    n(),
                    Scalar::Date(jiff::civil::date(2024, 2, 29)),
                ),
            ),
            (
                "edge = 1",
                Expression::Compare(Comparison::Equal, property("edge"), Scalar::Boolean(true)),
            ),
        ];
        for (clause, expected) in cases {
            assert_eq!(read(clause).condition, Some(expected), "{clause}");
        }
    }

    #[test]
    fn numbers_are_taken_out_of_a_conjunction_and_refused_elsewhere() {
        assert_eq!(
            read("objectid IN (3, 4,5) AND OBJECTID = 4"),
            Clause {
                numbers: Some(vec![4]),
                condition: None
            }
        );
        let both = read("OBJECTID=7 AND n>1");
        assert_eq!(both.numbers, Some(vec![7]));
        assert!(both.condition.is_some());
        for wrong in [
            "OBJECTID > 3",
            "OBJECTID = 1 OR n = 1",
            "NOT OBJECTID = 1",
            "OBJECTID = 1.5",
        ] {
            assert!(parse(layer(), wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_no_clause_is_refused_and_nothing_overflows() {
        let deep = format!("{}1=1{}", "(".repeat(5_000), ")".repeat(5_000));
        let nots = format!("{}1=1", "NOT ".repeat(5_000));
        for wrong in [
            "",
            "1=",
            "class = 'hot",
            "class = 'hot' extra",
            "class LIKE",
            "n IN ()",
            "n BETWEEN 1",
            "class = 'a'; DROP TABLE incidents",
            "1=1 --",
            "n = 1e999",
            "n = 1x",
            "class = 'a' UNION SELECT 1",
            "n ? 1",
            "DATE 'yesterday' = n",
            deep.as_str(),
            nots.as_str(),
        ] {
            assert!(parse(layer(), wrong).is_err(), "{wrong}");
        }
    }
}

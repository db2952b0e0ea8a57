//! The clause `where`, a part of SQL-92: comparisons, `IN`, `LIKE`, `BETWEEN`, `IS NULL`, `AND`, `OR`, `NOT`, `UPPER` and
//! `LOWER`, dates. It becomes the expression that filters of every language become; no text of it reaches anything else.

#[cfg(test)]
mod tests;
mod tokens;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use naqsha_layers::filter::{Comparison, Expression, Scalar};
use naqsha_layers::{LayerDescription, PropertyKind};

use self::tokens::{Token, tokens};
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

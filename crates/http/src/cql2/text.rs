//! CQL2 text: a parser by recursive descent, one function a precedence.

use jiff::Timestamp;
use jiff::civil::Date;
use naqsha_layers::filter::{Comparison, DEEPEST, Expression, Scalar, Shape, Span, SpanEnd};

use super::lexer::{Placed, Token, tokens};
use super::{box_of, names, wkt};

/// The expression that a text says.
///
/// # Errors
/// What was expected where, by the character.
pub(crate) fn parse(text: &str) -> Result<Expression, String> {
    let mut parser = Parser {
        tokens: tokens(text)?,
        next: 0,
        depth: 0,
    };
    let term = parser.disjunction()?;
    if parser.next < parser.tokens.len() {
        return Err(parser.expected("the end, AND or OR"));
    }
    parser.condition(term)
}

pub(super) struct Parser {
    tokens: Vec<Placed>,
    next: usize,
    depth: usize,
}

/// What an expression in parentheses may turn out to be.
enum Term {
    Condition(Expression),
    Value(Scalar),
}

impl Parser {
    fn disjunction(&mut self) -> Result<Term, String> {
        self.joined("OR", Self::conjunction, Expression::Or)
    }

    fn conjunction(&mut self) -> Result<Term, String> {
        self.joined("AND", Self::negation, Expression::And)
    }

    fn joined(
        &mut self,
        word: &str,
        member: fn(&mut Self) -> Result<Term, String>,
        join: fn(Vec<Expression>) -> Expression,
    ) -> Result<Term, String> {
        let first = member(self)?;
        if !self.at_word(word) {
            return Ok(first);
        }
        let mut members = vec![self.condition(first)?];
        while self.take_word(word) {
            let next = member(self)?;
            members.push(self.condition(next)?);
        }
        Ok(Term::Condition(join(members)))
    }

    fn negation(&mut self) -> Result<Term, String> {
        if !self.take_word("NOT") {
            return self.predicate();
        }
        self.deeper(|parser| {
            let term = parser.negation()?;
            let condition = parser.condition(term)?;
            Ok(Term::Condition(Expression::Not(Box::new(condition))))
        })
    }

    fn predicate(&mut self) -> Result<Term, String> {
        if let Some(relation) = self.relation()? {
            return Ok(Term::Condition(relation));
        }
        let left = self.sum()?;
        if let Some(how) = self.comparison() {
            let left = self.value(left)?;
            let right = self.sum()?;
            let right = self.value(right)?;
            return Ok(Term::Condition(Expression::Compare(how, left, right)));
        }
        let negated = self.at_word("NOT");
        if negated {
            self.next += 1;
        }
        let condition = if self.take_word("LIKE") {
            let left = self.value(left)?;
            let pattern = self.sum()?;
            Expression::Like(left, self.value(pattern)?)
        } else if self.take_word("BETWEEN") {
            let left = self.value(left)?;
            let low = self.sum()?;
            let low = self.value(low)?;
            self.word("AND")?;
            let high = self.sum()?;
            Expression::Between(left, [low, self.value(high)?])
        } else if self.take_word("IN") {
            let left = self.value(left)?;
            Expression::In(left, self.list()?)
        } else if !negated && self.take_word("IS") {
            let not = self.take_word("NOT");
            self.word("NULL")?;
            let null = Expression::IsNull(self.value(left)?);
            return Ok(Term::Condition(negate(null, not)));
        } else if negated {
            return Err(self.expected("LIKE, BETWEEN or IN"));
        } else {
            return Ok(left);
        };
        Ok(Term::Condition(negate(condition, negated)))
    }

    fn list(&mut self) -> Result<Vec<Scalar>, String> {
        self.sign("(")?;
        let mut members = Vec::new();
        loop {
            let member = self.sum()?;
            members.push(self.value(member)?);
            if self.take_sign(")") {
                return Ok(members);
            }
            self.sign(",")?;
        }
    }

    /// A relation of geometries or of stretches of time, where one starts here.
    fn relation(&mut self) -> Result<Option<Expression>, String> {
        let Some(name) = self.called() else {
            return Ok(None);
        };
        if let Some(relation) = names::spatial(&name) {
            self.next += 2;
            let left = self.shape()?;
            self.sign(",")?;
            let right = self.shape()?;
            self.sign(")")?;
            return Ok(Some(Expression::Spatial(relation, left, right)));
        }
        if let Some(relation) = names::temporal(&name) {
            self.next += 2;
            let left = self.span()?;
            self.sign(",")?;
            let right = self.span()?;
            self.sign(")")?;
            return Ok(Some(Expression::Temporal(relation, left, right)));
        }
        Ok(None)
    }

    fn shape(&mut self) -> Result<Shape, String> {
        if self.called().as_deref() == Some("bbox") {
            self.next += 2;
            let mut numbers = vec![self.signed()?];
            while self.take_sign(",") {
                numbers.push(self.signed()?);
            }
            self.sign(")")?;
            return box_of(&numbers).map(Shape::Literal);
        }
        if let Some(geometry) = self.deeper(wkt::geometry)? {
            return Ok(Shape::Literal(geometry));
        }
        self.name().map(Shape::Property)
    }

    fn span(&mut self) -> Result<Span, String> {
        if self.called().as_deref() == Some("interval") {
            self.next += 2;
            let start = self.end()?;
            self.sign(",")?;
            let end = self.end()?;
            self.sign(")")?;
            return Ok(Span { start, end });
        }
        let instant = self.end()?;
        Ok(Span {
            start: instant.clone(),
            end: instant,
        })
    }

    fn end(&mut self) -> Result<SpanEnd, String> {
        if let Some(Token::Text(text)) = self.peek().cloned() {
            let end = end_of(&text).ok_or_else(|| self.expected("a date, an instant or '..'"))?;
            self.next += 1;
            return Ok(end);
        }
        match self.instant()? {
            Some(Scalar::Date(date)) => Ok(SpanEnd::Date(date)),
            Some(Scalar::Timestamp(instant)) => Ok(SpanEnd::Timestamp(instant)),
            _ => self.name().map(SpanEnd::Property),
        }
    }

    fn sum(&mut self) -> Result<Term, String> {
        self.combined(&["+", "-"], Self::product)
    }

    fn product(&mut self) -> Result<Term, String> {
        self.combined(&["*", "/", "%", "div"], Self::power)
    }

    fn power(&mut self) -> Result<Term, String> {
        self.combined(&["^"], Self::factor)
    }

    fn combined(
        &mut self,
        signs: &[&str],
        operand: fn(&mut Self) -> Result<Term, String>,
    ) -> Result<Term, String> {
        let mut left = operand(self)?;
        let mut added = 0;
        let outcome = loop {
            let sign = signs
                .iter()
                .find(|sign| self.at_sign(sign) || self.at_word(sign));
            let Some(how) = sign.and_then(|sign| names::arithmetic(sign)) else {
                break Ok(left);
            };
            self.next += 1;
            // A chain leans to the left: its length is its depth.
            added += 1;
            self.depth += 1;
            if self.depth > DEEPEST {
                break Err(format!("is nested deeper than {DEEPEST}"));
            }
            let first = self.value(left)?;
            let right = operand(self)?;
            let right = self.value(right)?;
            left = Term::Value(Scalar::Arithmetic(how, Box::new(first), Box::new(right)));
        };
        self.depth -= added;
        outcome
    }

    fn factor(&mut self) -> Result<Term, String> {
        if self.take_sign("-") {
            return self.deeper(|parser| {
                let term = parser.factor()?;
                Ok(Term::Value(match parser.value(term)? {
                    Scalar::Number(number) => Scalar::Number(-number),
                    other => Scalar::Arithmetic(
                        naqsha_layers::filter::Arithmetic::Subtract,
                        Box::new(Scalar::Number(0.0)),
                        Box::new(other),
                    ),
                }))
            });
        }
        if self.take_sign("+") {
            return self.deeper(Self::factor);
        }
        if self.take_sign("(") {
            return self.deeper(|parser| {
                let term = parser.disjunction()?;
                parser.sign(")")?;
                Ok(term)
            });
        }
        self.primary().map(Term::Value)
    }

    fn primary(&mut self) -> Result<Scalar, String> {
        if let Some(instant) = self.instant()? {
            return Ok(instant);
        }
        let fold = self.called();
        if let Some(name @ ("casei" | "accenti")) = fold.as_deref() {
            self.next += 2;
            let case = name == "casei";
            return self.deeper(|parser| {
                let term = parser.sum()?;
                let text = Box::new(parser.value(term)?);
                parser.sign(")")?;
                Ok(if case {
                    Scalar::CaseInsensitive(text)
                } else {
                    Scalar::AccentInsensitive(text)
                })
            });
        }
        if let Some(name) = fold {
            return Err(self.expected(&format!(
                "something other than the function {name:?}, which is not known,"
            )));
        }
        let scalar = match self.peek() {
            Some(Token::Number(number)) => Scalar::Number(*number),
            Some(Token::Text(text)) => Scalar::Text(text.clone()),
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("TRUE") => Scalar::Boolean(true),
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("FALSE") => Scalar::Boolean(false),
            _ => return self.name().map(Scalar::Property),
        };
        self.next += 1;
        Ok(scalar)
    }

    /// `DATE('…')` or `TIMESTAMP('…')`, where one starts here.
    fn instant(&mut self) -> Result<Option<Scalar>, String> {
        let name = match self.called() {
            Some(name) if name == "date" || name == "timestamp" => name,
            _ => return Ok(None),
        };
        self.next += 2;
        let read = match self.peek() {
            Some(Token::Text(text)) if name == "date" => text.parse().ok().map(Scalar::Date),
            Some(Token::Text(text)) => text.parse().ok().map(Scalar::Timestamp),
            _ => None,
        };
        let wanted = if name == "date" {
            "a date 'YYYY-MM-DD'"
        } else {
            "an instant 'YYYY-MM-DDThh:mm:ssZ'"
        };
        let scalar = read.ok_or_else(|| self.expected(wanted))?;
        self.next += 1;
        self.sign(")")?;
        Ok(Some(scalar))
    }

    fn name(&mut self) -> Result<String, String> {
        let name = match self.peek() {
            Some(Token::Name(name)) => name.clone(),
            Some(Token::Word(word)) if !is_keyword(word) => word.clone(),
            _ => return Err(self.expected("a property or a value")),
        };
        self.next += 1;
        Ok(name)
    }

    fn condition(&self, term: Term) -> Result<Expression, String> {
        match term {
            Term::Condition(condition) => Ok(condition),
            Term::Value(Scalar::Property(name)) => Ok(Expression::Property(name)),
            Term::Value(Scalar::Boolean(truth)) => Ok(Expression::Literal(truth)),
            Term::Value(_) => Err(self.expected("a comparison")),
        }
    }

    fn value(&self, term: Term) -> Result<Scalar, String> {
        match term {
            Term::Value(scalar) => Ok(scalar),
            Term::Condition(_) => {
                Err(self.expected("AND, OR or the end: a condition has no value"))
            }
        }
    }

    fn comparison(&mut self) -> Option<Comparison> {
        let Some(Token::Sign(sign)) = self.peek() else {
            return None;
        };
        let how = names::comparison(sign)?;
        self.next += 1;
        Some(how)
    }

    /// A number with its sign.
    pub(super) fn signed(&mut self) -> Result<f64, String> {
        let negative = self.take_sign("-");
        if !negative {
            self.take_sign("+");
        }
        match self.peek() {
            Some(Token::Number(number)) => {
                let number = *number;
                self.next += 1;
                Ok(if negative { -number } else { number })
            }
            _ => Err(self.expected("a number")),
        }
    }

    pub(super) fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|placed| &placed.token)
    }

    /// The lower-case name of the function that is called here.
    fn called(&self) -> Option<String> {
        let open = self.tokens.get(self.next + 1).map(|placed| &placed.token);
        match (self.peek(), open) {
            (Some(Token::Word(word)), Some(Token::Sign("("))) if !is_keyword(word) => {
                Some(word.to_ascii_lowercase())
            }
            _ => None,
        }
    }

    pub(super) fn at_word(&self, word: &str) -> bool {
        matches!(self.peek(), Some(Token::Word(found)) if found.eq_ignore_ascii_case(word))
    }

    pub(super) fn take_word(&mut self, word: &str) -> bool {
        let there = self.at_word(word);
        self.next += usize::from(there);
        there
    }

    fn word(&mut self, word: &str) -> Result<(), String> {
        if self.take_word(word) {
            Ok(())
        } else {
            Err(self.expected(word))
        }
    }

    fn at_sign(&self, sign: &str) -> bool {
        matches!(self.peek(), Some(Token::Sign(found)) if *found == sign)
    }

    pub(super) fn take_sign(&mut self, sign: &str) -> bool {
        let there = self.at_sign(sign);
        self.next += usize::from(there);
        there
    }

    pub(super) fn sign(&mut self, sign: &str) -> Result<(), String> {
        if self.take_sign(sign) {
            Ok(())
        } else {
            Err(self.expected(&format!("{sign:?}")))
        }
    }

    /// Goes on one level deeper.
    pub(super) fn deeper<T>(
        &mut self,
        parse: impl FnOnce(&mut Self) -> Result<T, String>,
    ) -> Result<T, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(format!("is nested deeper than {DEEPEST}"));
        }
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    pub(super) fn expected(&self, what: &str) -> String {
        match self.tokens.get(self.next) {
            Some(placed) => format!("at character {}: expected {what}", placed.at),
            None => format!("at the end: expected {what}"),
        }
    }
}

fn negate(condition: Expression, negated: bool) -> Expression {
    if negated {
        Expression::Not(Box::new(condition))
    } else {
        condition
    }
}

/// Words that are no names unless they are quoted.
fn is_keyword(word: &str) -> bool {
    const KEYWORDS: [&str; 11] = [
        "AND", "OR", "NOT", "LIKE", "BETWEEN", "IN", "IS", "NULL", "TRUE", "FALSE", "DIV",
    ];
    KEYWORDS
        .iter()
        .any(|keyword| keyword.eq_ignore_ascii_case(word))
}

/// An end of an interval as it is written in either language.
pub(super) fn end_of(text: &str) -> Option<SpanEnd> {
    if text == ".." {
        return Some(SpanEnd::Open);
    }
    if text.len() == 10 {
        return text.parse::<Date>().ok().map(SpanEnd::Date);
    }
    text.parse::<Timestamp>().ok().map(SpanEnd::Timestamp)
}

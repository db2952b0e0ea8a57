//! From names to columns: looking properties up and checking types.

use super::evaluate::{Absent, Lies, Node};
use super::like::Pattern;
use super::relation::Drawn;
use super::scalar::{
    Instant, Number, Row, Text, Truth, case_folded, first_instant, instant_of, without_accents,
};
use super::{
    Comparison, DEEPEST, Expression, GEOMETRY, MOST_OPERANDS, Scalar, Shape, Span, SpanEnd,
};
use crate::description::{LayerDescription, PropertyKind};
use crate::table::LayerTable;

/// A filter that can be asked of each row of a layer's table.
#[derive(Debug, Clone)]
pub struct Predicate {
    layer: &'static LayerDescription,
    node: Node,
    /// What it was bound from, as the key of what it selects.
    text: String,
}

/// What a predicate says of one property: its value is among these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Implied {
    pub(crate) property: &'static str,
    pub(crate) texts: Vec<String>,
}

impl Predicate {
    /// Binds an expression to the properties of a layer.
    ///
    /// A text beside a date is read as one. Cost: O(nodes), and of geometries what their check takes.
    ///
    /// # Errors
    /// The first thing that is wrong, in words: an unknown property, values that cannot be compared, a geometry that is
    /// not valid, more operands than [`MOST_OPERANDS`] or deeper than [`DEEPEST`].
    pub fn bind(layer: &'static LayerDescription, expression: &Expression) -> Result<Self, String> {
        let mut binding = Binding { layer, operands: 0 };
        let node = binding.expression(expression, 1)?;
        Ok(Self {
            layer,
            node,
            text: format!("{expression:?}"),
        })
    }

    /// Whether a row is in the answer: the condition is true of it, not merely open.
    pub fn admits(&self, table: &LayerTable, row: usize) -> bool {
        debug_assert_eq!(self.layer.id, table.layer.id, "bound to another layer");
        self.node.holds(Row { table, row }) == Some(true)
    }

    /// Equal for equal expressions.
    pub(crate) fn key(&self) -> &str {
        &self.text
    }

    /// The properties whose value must be among some texts for the whole to be true, and whether nothing else is asked.
    pub(crate) fn implied(&self) -> (Vec<Implied>, bool) {
        let parts = match &self.node {
            Node::And(members) => members.as_slice(),
            other => std::slice::from_ref(other),
        };
        let implied: Vec<Implied> = parts.iter().filter_map(|part| self.listed(part)).collect();
        let whole = implied.len() == parts.len();
        (implied, whole)
    }

    /// The property and the texts of `p = 'a'`, or of `p = 'a' OR p = 'b'`.
    fn listed(&self, node: &Node) -> Option<Implied> {
        let one = |node: &Node| match node {
            Node::Texts(Comparison::Equal, Text::Column(column), Text::Literal(text))
            | Node::Texts(Comparison::Equal, Text::Literal(text), Text::Column(column)) => {
                Some((*column, text.clone()))
            }
            _ => None,
        };
        let members = match node {
            Node::Or(members) => members.as_slice(),
            other => std::slice::from_ref(other),
        };
        let mut listed = members.iter().map(one);
        let (column, first) = listed.next()??;
        let mut texts = vec![first];
        for other in listed {
            let (same, text) = other?;
            (same == column).then(|| texts.push(text))?;
        }
        let property = self.layer.properties.get(column)?.name;
        Some(Implied { property, texts })
    }
}

struct Binding {
    layer: &'static LayerDescription,
    operands: usize,
}

/// A value whose type is known.
enum Typed {
    Number(Number),
    Text(Text),
    Instant(Instant),
    Truth(Truth),
}

impl Typed {
    const fn name(&self) -> &'static str {
        match self {
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::Instant(_) => "a date or instant",
            Self::Truth(_) => "true or false",
        }
    }
}

impl Binding {
    fn expression(&mut self, expression: &Expression, depth: usize) -> Result<Node, String> {
        if depth > DEEPEST {
            return Err(format!("is nested deeper than {DEEPEST}"));
        }
        match expression {
            Expression::Literal(truth) => Ok(Node::Truth(Truth::Literal(*truth))),
            Expression::Property(name) => match self.property(name)? {
                Typed::Truth(truth) => Ok(Node::Truth(truth)),
                other => Err(format!(
                    "{name:?} is {}, and a condition is true or false",
                    other.name()
                )),
            },
            Expression::And(members) => Ok(Node::And(self.members(members, depth)?)),
            Expression::Or(members) => Ok(Node::Or(self.members(members, depth)?)),
            Expression::Not(member) => Ok(Node::Not(Box::new(self.expression(member, depth + 1)?))),
            Expression::Compare(how, left, right) => self.compare(*how, left, right, depth),
            Expression::Between(of, [low, high]) => Ok(Node::And(vec![
                self.compare(Comparison::GreaterOrEqual, of, low, depth)?,
                self.compare(Comparison::LessOrEqual, of, high, depth)?,
            ])),
            Expression::In(of, members) => {
                self.count(members.len())?;
                let equal = |member| self.compare(Comparison::Equal, of, member, depth);
                Ok(Node::Or(
                    members.iter().map(equal).collect::<Result<_, _>>()?,
                ))
            }
            Expression::Like(of, pattern) => self.like(of, pattern, depth),
            Expression::IsNull(Scalar::Property(name)) if name == GEOMETRY => {
                Ok(Node::Null(Absent::Geometry))
            }
            Expression::IsNull(of) => Ok(Node::Null(match self.scalar(of, depth)? {
                Typed::Number(number) => Absent::Number(number),
                Typed::Text(text) => Absent::Text(text),
                Typed::Instant(instant) => Absent::Instant(instant),
                Typed::Truth(truth) => Absent::Truth(truth),
            })),
            Expression::Spatial(relation, left, right) => {
                Ok(Node::Spatial(*relation, Self::lies(left, right)?))
            }
            Expression::Temporal(relation, left, right) => Ok(Node::Temporal(
                *relation,
                self.span(left)?,
                self.span(right)?,
            )),
        }
    }

    fn members(&mut self, members: &[Expression], depth: usize) -> Result<Vec<Node>, String> {
        self.count(members.len())?;
        let bind = |member| self.expression(member, depth + 1);
        members.iter().map(bind).collect()
    }

    fn count(&mut self, more: usize) -> Result<(), String> {
        self.operands = self.operands.saturating_add(more);
        if self.operands > MOST_OPERANDS {
            return Err(format!("has more than {MOST_OPERANDS} operands"));
        }
        Ok(())
    }

    fn compare(
        &mut self,
        how: Comparison,
        left: &Scalar,
        right: &Scalar,
        depth: usize,
    ) -> Result<Node, String> {
        let (left, right) = (self.scalar(left, depth)?, self.scalar(right, depth)?);
        match (left, right) {
            (Typed::Number(left), Typed::Number(right)) => Ok(Node::Numbers(how, left, right)),
            (Typed::Text(left), Typed::Text(right)) => Ok(Node::Texts(how, left, right)),
            (Typed::Instant(left), Typed::Instant(right)) => Ok(Node::Instants(how, left, right)),
            (Typed::Truth(left), Typed::Truth(right)) => Ok(Node::Truths(how, left, right)),
            (Typed::Instant(left), Typed::Text(Text::Literal(text))) => {
                Ok(Node::Instants(how, left, written(&text)?))
            }
            (Typed::Text(Text::Literal(text)), Typed::Instant(right)) => {
                Ok(Node::Instants(how, written(&text)?, right))
            }
            (left, right) => Err(format!(
                "{} cannot be compared with {}",
                left.name(),
                right.name()
            )),
        }
    }

    fn like(&mut self, of: &Scalar, pattern: &Scalar, depth: usize) -> Result<Node, String> {
        let Typed::Text(text) = self.scalar(of, depth)? else {
            return Err("LIKE compares texts".to_owned());
        };
        let pattern = pattern_text(pattern)
            .ok_or_else(|| "the pattern of LIKE is not a text written out".to_owned())?;
        Ok(Node::Like(text, Pattern::new(&pattern)))
    }

    fn scalar(&mut self, scalar: &Scalar, depth: usize) -> Result<Typed, String> {
        if depth > DEEPEST {
            return Err(format!("is nested deeper than {DEEPEST}"));
        }
        match scalar {
            Scalar::Property(name) => self.property(name),
            Scalar::Text(text) => Ok(Typed::Text(Text::Literal(text.clone()))),
            Scalar::Number(number) => Ok(Typed::Number(Number::Literal(*number))),
            Scalar::Boolean(truth) => Ok(Typed::Truth(Truth::Literal(*truth))),
            Scalar::Date(day) => first_instant(*day)
                .map(|instant| Typed::Instant(Instant::Literal(instant)))
                .ok_or_else(|| format!("{day} is out of range")),
            Scalar::Timestamp(instant) => {
                Ok(Typed::Instant(Instant::Literal(instant.as_nanosecond())))
            }
            Scalar::CaseInsensitive(text) => match self.scalar(text, depth + 1)? {
                Typed::Text(text) => Ok(Typed::Text(Text::CaseInsensitive(Box::new(text)))),
                other => Err(format!("{} has no case", other.name())),
            },
            Scalar::AccentInsensitive(text) => match self.scalar(text, depth + 1)? {
                Typed::Text(text) => Ok(Typed::Text(Text::AccentInsensitive(Box::new(text)))),
                other => Err(format!("{} has no accents", other.name())),
            },
            Scalar::Arithmetic(how, left, right) => {
                match (
                    self.scalar(left, depth + 1)?,
                    self.scalar(right, depth + 1)?,
                ) {
                    (Typed::Number(left), Typed::Number(right)) => Ok(Typed::Number(
                        Number::Combined(*how, Box::new(left), Box::new(right)),
                    )),
                    _ => Err("only numbers can be reckoned with".to_owned()),
                }
            }
        }
    }

    fn property(&self, name: &str) -> Result<Typed, String> {
        let properties = self.layer.properties.iter();
        let found = properties
            .enumerate()
            .find(|(_, property)| property.name == name);
        let (column, property) = found.ok_or_else(|| self.unknown(name))?;
        Ok(match property.kind {
            PropertyKind::Integer | PropertyKind::Number => Typed::Number(Number::Column(column)),
            PropertyKind::Boolean => Typed::Truth(Truth::Column(column)),
            PropertyKind::Text | PropertyKind::Choice(_) | PropertyKind::Cell => {
                Typed::Text(Text::Column(column))
            }
            PropertyKind::Date => Typed::Instant(Instant::Column(column)),
        })
    }

    fn unknown(&self, name: &str) -> String {
        if name == GEOMETRY {
            return format!("{GEOMETRY:?} is the geometry, which has relations and no value");
        }
        if self
            .layer
            .parameters
            .iter()
            .any(|parameter| parameter.name() == name)
        {
            return format!(
                "{name:?} is a parameter of the layer and no property: ask it as {name}=… beside the filter"
            );
        }
        let names: Vec<&str> = self.layer.properties.iter().map(|p| p.name).collect();
        format!(
            "the layer {} has no property {name:?}; it has {}, {GEOMETRY}",
            self.layer.id,
            names.join(", ")
        )
    }

    fn lies(left: &Shape, right: &Shape) -> Result<Lies, String> {
        for shape in [left, right] {
            if let Shape::Property(name) = shape
                && name != GEOMETRY
            {
                return Err(format!(
                    "{name:?} is no geometry; that is called {GEOMETRY:?}"
                ));
            }
        }
        Ok(match (left, right) {
            (Shape::Property(_), Shape::Literal(other)) => Lies::FeatureTo(Drawn::new(other)?),
            (Shape::Literal(other), Shape::Property(_)) => Lies::ToFeature(Drawn::new(other)?),
            (Shape::Literal(left), Shape::Literal(right)) => {
                Lies::Literals(Box::new([Drawn::new(left)?, Drawn::new(right)?]))
            }
            (Shape::Property(_), Shape::Property(_)) => Lies::FeatureToItself,
        })
    }

    fn span(&self, span: &Span) -> Result<[Instant; 2], String> {
        let ends = [self.end(&span.start, true)?, self.end(&span.end, false)?];
        if let [Instant::Literal(start), Instant::Literal(end)] = ends
            && start > end
        {
            return Err("an interval ends before it starts".to_owned());
        }
        Ok(ends)
    }

    fn end(&self, end: &SpanEnd, start: bool) -> Result<Instant, String> {
        match end {
            SpanEnd::Open => Ok(Instant::Open { start }),
            SpanEnd::Date(day) => first_instant(*day)
                .map(Instant::Literal)
                .ok_or_else(|| format!("{day} is out of range")),
            SpanEnd::Timestamp(instant) => Ok(Instant::Literal(instant.as_nanosecond())),
            SpanEnd::Property(name) => match self.property(name)? {
                Typed::Instant(instant) => Ok(instant),
                other => Err(format!("{name:?} is {}, not a date", other.name())),
            },
        }
    }
}

fn written(text: &str) -> Result<Instant, String> {
    instant_of(text)
        .map(Instant::Literal)
        .ok_or_else(|| format!("{text:?} is neither a date nor an RFC 3339 instant"))
}

/// The text of a pattern, folded as it is compared.
fn pattern_text(pattern: &Scalar) -> Option<String> {
    match pattern {
        Scalar::Text(text) => Some(text.clone()),
        Scalar::CaseInsensitive(text) => Some(case_folded(&pattern_text(text)?)),
        Scalar::AccentInsensitive(text) => Some(without_accents(&pattern_text(text)?)),
        _ => None,
    }
}

//! CQL2 JSON.

use geo::Geometry;
use jiff::Timestamp;
use jiff::civil::Date;
use naqsha_layers::filter::{DEEPEST, Expression, Scalar, Shape, Span, SpanEnd};
use serde_json::{Map, Value};

use super::text::end_of;
use super::{box_of, names};

/// The expression that a JSON value says.
///
/// # Errors
/// What is wrong, with a JSON pointer to it.
pub(crate) fn parse(value: &Value) -> Result<Expression, String> {
    Place {
        path: String::new(),
        depth: 1,
    }
    .expression(value)
}

/// Where in the document something stands.
#[derive(Debug, Clone)]
struct Place {
    path: String,
    depth: usize,
}

impl Place {
    fn expression(&self, value: &Value) -> Result<Expression, String> {
        if let Value::Bool(truth) = value {
            return Ok(Expression::Literal(*truth));
        }
        if let Some(name) = property(value) {
            return Ok(Expression::Property(name));
        }
        let (op, args) = self.operation(value)?;
        if let Some(how) = names::comparison(op) {
            let [left, right] = self.exactly(args)?;
            return Ok(Expression::Compare(how, left.scalar()?, right.scalar()?));
        }
        if let Some(relation) = names::spatial(&op.to_ascii_lowercase()) {
            let [left, right] = self.exactly(args)?;
            return Ok(Expression::Spatial(relation, left.shape()?, right.shape()?));
        }
        if let Some(relation) = names::temporal(&op.to_ascii_lowercase()) {
            let [left, right] = self.exactly(args)?;
            return Ok(Expression::Temporal(relation, left.span()?, right.span()?));
        }
        match op {
            "and" | "or" => {
                let members = self
                    .each(args)
                    .map(|(place, value)| place.expression(value));
                let members: Vec<_> = members.collect::<Result<_, _>>()?;
                if members.len() < 2 {
                    return Err(self.wrong("has two arguments or more"));
                }
                Ok(if op == "and" {
                    Expression::And(members)
                } else {
                    Expression::Or(members)
                })
            }
            "not" => {
                let [member] = self.exactly(args)?;
                Ok(Expression::Not(Box::new(member.0.expression(member.1)?)))
            }
            "like" => {
                let [left, right] = self.exactly(args)?;
                Ok(Expression::Like(left.scalar()?, right.scalar()?))
            }
            "between" => {
                let [of, low, high] = self.exactly(args)?;
                Ok(Expression::Between(
                    of.scalar()?,
                    [low.scalar()?, high.scalar()?],
                ))
            }
            "in" => {
                let [of, list] = self.exactly(args)?;
                let members = list.1.as_array().ok_or_else(|| list.0.wrong("is a list"))?;
                let members = list
                    .0
                    .each(members)
                    .map(|(place, value)| place.scalar(value));
                Ok(Expression::In(
                    of.scalar()?,
                    members.collect::<Result<_, _>>()?,
                ))
            }
            "isNull" => {
                let [of] = self.exactly(args)?;
                Ok(Expression::IsNull(of.scalar()?))
            }
            _ => Err(self.wrong("names an operator of CQL2")),
        }
    }

    fn scalar(&self, value: &Value) -> Result<Scalar, String> {
        match value {
            Value::Bool(truth) => return Ok(Scalar::Boolean(*truth)),
            Value::String(text) => return Ok(Scalar::Text(text.clone())),
            Value::Number(number) => {
                let number = number.as_f64().filter(|number| number.is_finite());
                return number
                    .map(Scalar::Number)
                    .ok_or_else(|| self.wrong("is a finite number"));
            }
            _ => {}
        }
        if let Some(name) = property(value) {
            return Ok(Scalar::Property(name));
        }
        if let Some(text) = value.get("date") {
            let date = text.as_str().and_then(|text| text.parse::<Date>().ok());
            return date
                .map(Scalar::Date)
                .ok_or_else(|| self.wrong("is a date YYYY-MM-DD"));
        }
        if let Some(text) = value.get("timestamp") {
            let instant = text
                .as_str()
                .and_then(|text| text.parse::<Timestamp>().ok());
            return instant
                .map(Scalar::Timestamp)
                .ok_or_else(|| self.wrong("is an RFC 3339 instant"));
        }
        let (op, args) = self.operation(value)?;
        if let Some(how) = names::arithmetic(op) {
            let [left, right] = self.exactly(args)?;
            let (left, right) = (Box::new(left.scalar()?), Box::new(right.scalar()?));
            return Ok(Scalar::Arithmetic(how, left, right));
        }
        match op {
            "casei" => {
                let [text] = self.exactly(args)?;
                Ok(Scalar::CaseInsensitive(Box::new(text.scalar()?)))
            }
            "accenti" => {
                let [text] = self.exactly(args)?;
                Ok(Scalar::AccentInsensitive(Box::new(text.scalar()?)))
            }
            _ => Err(self.wrong("is a value, or an operator that has one")),
        }
    }

    fn shape(&self, value: &Value) -> Result<Shape, String> {
        if let Some(name) = property(value) {
            return Ok(Shape::Property(name));
        }
        if let Some(corners) = value.get("bbox").and_then(Value::as_array) {
            let numbers: Option<Vec<f64>> = corners.iter().map(Value::as_f64).collect();
            let numbers = numbers.ok_or_else(|| self.wrong("is a box of numbers"))?;
            return box_of(&numbers)
                .map(Shape::Literal)
                .map_err(|error| self.wrong(&error));
        }
        if open_ring(value) {
            return Err(self.wrong("has rings that end where they start"));
        }
        let geometry = serde_json::from_value::<geojson::Geometry>(value.clone());
        let geometry = geometry
            .map_err(|error| error.to_string())
            .and_then(|geometry| {
                Geometry::<f64>::try_from(geometry).map_err(|error| error.to_string())
            })
            .map_err(|error| self.wrong(&format!("is a GeoJSON geometry ({error})")));
        geometry.map(Shape::Literal)
    }

    fn span(&self, value: &Value) -> Result<Span, String> {
        if let Some(ends) = value.get("interval").and_then(Value::as_array) {
            let [start, end] = self.exactly(ends)?;
            return Ok(Span {
                start: start.0.end(start.1)?,
                end: end.0.end(end.1)?,
            });
        }
        let instant = self.end(value)?;
        Ok(Span {
            start: instant.clone(),
            end: instant,
        })
    }

    fn end(&self, value: &Value) -> Result<SpanEnd, String> {
        if let Some(text) = value.as_str() {
            return end_of(text).ok_or_else(|| self.wrong("is a date, an instant or \"..\""));
        }
        match self.scalar(value)? {
            Scalar::Property(name) => Ok(SpanEnd::Property(name)),
            Scalar::Date(date) => Ok(SpanEnd::Date(date)),
            Scalar::Timestamp(instant) => Ok(SpanEnd::Timestamp(instant)),
            _ => Err(self.wrong("is a date, an instant, an interval or a property")),
        }
    }

    fn operation<'v>(&self, value: &'v Value) -> Result<(&'v str, &'v [Value]), String> {
        if self.depth > DEEPEST {
            return Err(format!("is nested deeper than {DEEPEST}"));
        }
        let op = value.get("op").and_then(Value::as_str);
        let args = value.get("args").and_then(Value::as_array);
        match (op, args) {
            (Some(op), Some(args)) => Ok((op, args)),
            _ => Err(self.wrong("is an object with \"op\" and \"args\"")),
        }
    }

    fn exactly<'v, const N: usize>(&self, args: &'v [Value]) -> Result<[Placed<'v>; N], String> {
        let placed: Vec<Placed<'v>> = self
            .each(args)
            .map(|(place, value)| Placed(place, value))
            .collect();
        placed
            .try_into()
            .map_err(|_count| self.wrong(&format!("has {N} arguments")))
    }

    fn each<'v>(&self, args: &'v [Value]) -> impl Iterator<Item = (Self, &'v Value)> {
        let within = if self.path.is_empty() {
            ""
        } else {
            self.path.as_str()
        };
        args.iter().enumerate().map(move |(i, value)| {
            let place = Self {
                path: format!("{within}/args/{i}"),
                depth: self.depth + 1,
            };
            (place, value)
        })
    }

    fn wrong(&self, what: &str) -> String {
        let at = if self.path.is_empty() {
            "the whole"
        } else {
            &self.path
        };
        format!("{at}: expected what {what}")
    }
}

/// A value and where it stands.
#[derive(Debug)]
struct Placed<'v>(Place, &'v Value);

impl Placed<'_> {
    fn scalar(&self) -> Result<Scalar, String> {
        self.0.scalar(self.1)
    }

    fn shape(&self) -> Result<Shape, String> {
        self.0.shape(self.1)
    }

    fn span(&self) -> Result<Span, String> {
        self.0.span(self.1)
    }
}

/// The name where a value is nothing but `{"property": name}`.
fn property(value: &Value) -> Option<String> {
    let object: &Map<String, Value> = value.as_object()?;
    let name = object.get("property")?.as_str()?;
    (object.len() == 1).then(|| name.to_owned())
}

/// Whether a ring of a polygon does not end where it starts; a polygon that is built of it would be closed silently.
fn open_ring(geometry: &Value) -> bool {
    let rings = |polygon: &Value| {
        let open = |ring: &Value| {
            let positions = ring.as_array().map_or(&[][..], Vec::as_slice);
            positions.len() < 4 || positions.first() != positions.last()
        };
        polygon
            .as_array()
            .is_some_and(|rings| rings.iter().any(open))
    };
    let members = |name: &str| {
        geometry
            .get(name)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    };
    match geometry.get("type").and_then(Value::as_str) {
        Some("Polygon") => rings(&geometry["coordinates"]),
        Some("MultiPolygon") => members("coordinates").any(rings),
        Some("GeometryCollection") => members("geometries").any(open_ring),
        _ => false,
    }
}

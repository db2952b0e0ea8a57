//! What a filter says before its names are known: the abstract syntax that text, JSON and SQL-like clauses share.

use geo::{Coord, Geometry, MapCoords as _};
use jiff::Timestamp;
use jiff::civil::Date;

/// A condition.
#[derive(Debug, Clone, PartialEq)]
pub enum Expression {
    /// True or false.
    Literal(bool),
    /// A property that is itself true or false.
    Property(String),
    /// True where all are.
    And(Vec<Self>),
    /// True where one is.
    Or(Vec<Self>),
    /// The opposite.
    Not(Box<Self>),
    /// Two values compared.
    Compare(Comparison, Scalar, Scalar),
    /// A value between two others, both included.
    Between(Scalar, [Scalar; 2]),
    /// A value equal to one of a list.
    In(Scalar, Vec<Scalar>),
    /// A text that fits a pattern: `%` stands for any characters, `_` for one, `\` takes the next as it is.
    Like(Scalar, Scalar),
    /// A property without a value; the geometry counts as one.
    IsNull(Scalar),
    /// How two geometries lie.
    Spatial(SpatialRelation, Shape, Shape),
    /// How two stretches of time lie.
    Temporal(TemporalRelation, Span, Span),
}

impl Expression {
    /// The same with every position of its geometries moved; `None` where one cannot be.
    #[must_use]
    pub fn map_positions(self, map: &impl Fn([f64; 2]) -> Option<[f64; 2]>) -> Option<Self> {
        let all = |members: Vec<Self>| {
            let moved = members.into_iter().map(|member| member.map_positions(map));
            moved.collect::<Option<Vec<_>>>()
        };
        Some(match self {
            Self::And(members) => Self::And(all(members)?),
            Self::Or(members) => Self::Or(all(members)?),
            Self::Not(member) => Self::Not(Box::new(member.map_positions(map)?)),
            Self::Spatial(relation, left, right) => {
                Self::Spatial(relation, left.moved(map)?, right.moved(map)?)
            }
            other => other,
        })
    }
}

/// How two values compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// The same.
    Equal,
    /// Not the same.
    NotEqual,
    /// The first is smaller.
    Less,
    /// The first is greater.
    Greater,
    /// The first is not greater.
    LessOrEqual,
    /// The first is not smaller.
    GreaterOrEqual,
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    /// That of a property.
    Property(String),
    /// A text.
    Text(String),
    /// A number, finite.
    Number(f64),
    /// True or false.
    Boolean(bool),
    /// A day; it compares as its first instant in UTC.
    Date(Date),
    /// An instant.
    Timestamp(Timestamp),
    /// A text whose case does not matter.
    CaseInsensitive(Box<Self>),
    /// A text whose accents do not matter.
    AccentInsensitive(Box<Self>),
    /// Two numbers combined.
    Arithmetic(Arithmetic, Box<Self>, Box<Self>),
}

/// How two numbers combine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arithmetic {
    /// Sum.
    Add,
    /// Difference.
    Subtract,
    /// Product.
    Multiply,
    /// Quotient; null where it is divided by zero.
    Divide,
    /// Whole part of the quotient.
    WholeDivide,
    /// Remainder, with the sign of the first.
    Remainder,
    /// Power.
    Power,
}

/// A geometry.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// That of the feature, by the name it was called.
    Property(String),
    /// One that was written out, in longitude and latitude.
    Literal(Geometry<f64>),
}

impl Shape {
    fn moved(self, map: &impl Fn([f64; 2]) -> Option<[f64; 2]>) -> Option<Self> {
        let Self::Literal(geometry) = self else {
            return Some(self);
        };
        let moved = geometry.try_map_coords(|at| {
            let [x, y] = map([at.x, at.y]).ok_or(())?;
            Ok::<_, ()>(Coord { x, y })
        });
        moved.ok().map(Self::Literal)
    }
}

/// How two geometries lie, after the nine intersections of OGC 06-103r4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpatialRelation {
    /// They share a point.
    Intersects,
    /// They share none.
    Disjoint,
    /// They are the same set of points.
    Equals,
    /// Only their boundaries meet.
    Touches,
    /// They share inner points in fewer dimensions than the greater of them has.
    Crosses,
    /// The first lies in the second.
    Within,
    /// The second lies in the first.
    Contains,
    /// They have the same dimension, share inner points, and each has others.
    Overlaps,
}

/// A stretch of time, or an instant, which is one that ends where it starts.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// Where it starts.
    pub start: SpanEnd,
    /// Where it ends.
    pub end: SpanEnd,
}

/// An end of a stretch of time.
#[derive(Debug, Clone, PartialEq)]
pub enum SpanEnd {
    /// There is none.
    Open,
    /// That of a property of dates.
    Property(String),
    /// A day; its first instant in UTC.
    Date(Date),
    /// An instant.
    Timestamp(Timestamp),
}

/// How two stretches of time lie, after Allen (1983) and CQL2 §7.9.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TemporalRelation {
    /// The first starts after the second has ended.
    After,
    /// The first ends before the second starts.
    Before,
    /// The first starts earlier and ends later.
    Contains,
    /// They share no instant.
    Disjoint,
    /// The first starts later and ends earlier.
    During,
    /// Both ends are the same.
    Equals,
    /// The first starts earlier and ends with the second.
    FinishedBy,
    /// The first starts later and ends with the second.
    Finishes,
    /// They share an instant.
    Intersects,
    /// The first ends where the second starts.
    Meets,
    /// The first starts where the second ends.
    MetBy,
    /// The first starts within the second and ends later.
    OverlappedBy,
    /// The first starts earlier and ends within the second.
    Overlaps,
    /// They start together, the first ends later.
    StartedBy,
    /// They start together, the first ends earlier.
    Starts,
}

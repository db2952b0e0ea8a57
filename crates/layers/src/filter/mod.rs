//! Filters over the features of a layer: an expression as a language wrote it, and the same bound to a layer's properties.
//!
//! An [`Expression`] is what OGC's Common Query Language (CQL2, OGC 21-065r2) or the `where` of a feature service says:
//! names are text and nothing is known of types. [`Predicate::bind`] looks the names up among the properties of a layer
//! (a closed list: no text of a user reaches anything but a comparison) and checks the types; what it returns can be asked
//! of each row and cannot fail. Logic is three-valued: a comparison with null is neither true nor false, and a feature is
//! in the answer where the whole is true.

mod bind;
mod evaluate;
mod expression;
mod like;
mod relation;
mod scalar;
mod span;

pub(crate) use bind::Implied;
pub use bind::Predicate;
pub use expression::{
    Arithmetic, Comparison, Expression, Scalar, Shape, Span, SpanEnd, SpatialRelation,
    TemporalRelation,
};

/// Most operands of the logical operators and members of lists in one filter.
pub const MOST_OPERANDS: usize = 256;
/// How deep a filter may be nested.
pub const DEEPEST: usize = 32;
/// Most positions of all geometries of one filter together.
pub const MOST_POSITIONS: usize = 100_000;

/// Name that the geometry of a feature has in filters.
pub const GEOMETRY: &str = "geometry";

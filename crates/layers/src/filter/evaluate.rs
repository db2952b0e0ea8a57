//! Asking a bound filter of a row: true, false, or neither.

use super::like::Pattern;
use super::relation::Drawn;
use super::scalar::{Instant, Number, Row, Text, Truth};
use super::span::Stretch;
use super::{Comparison, SpatialRelation, TemporalRelation};

/// A condition whose names are columns and whose types are right.
#[derive(Debug, Clone)]
pub(super) enum Node {
    Truth(Truth),
    And(Vec<Self>),
    Or(Vec<Self>),
    Not(Box<Self>),
    Numbers(Comparison, Number, Number),
    Texts(Comparison, Text, Text),
    Instants(Comparison, Instant, Instant),
    Truths(Comparison, Truth, Truth),
    Like(Text, Pattern),
    Null(Absent),
    Spatial(SpatialRelation, Lies),
    Temporal(TemporalRelation, [Instant; 2], [Instant; 2]),
}

/// What is asked for being null.
#[derive(Debug, Clone)]
pub(super) enum Absent {
    Number(Number),
    Text(Text),
    Instant(Instant),
    Truth(Truth),
    Geometry,
}

/// Which two geometries.
#[derive(Debug, Clone)]
pub(super) enum Lies {
    FeatureTo(Drawn),
    ToFeature(Drawn),
    Literals(Box<[Drawn; 2]>),
    FeatureToItself,
}

impl Node {
    pub(super) fn holds(&self, row: Row<'_>) -> Option<bool> {
        match self {
            Self::Truth(truth) => truth.of(row),
            Self::And(members) => all(members, row),
            Self::Or(members) => {
                // One that is true decides, one that is neither leaves it open.
                let mut open = false;
                for member in members {
                    match member.holds(row) {
                        Some(true) => return Some(true),
                        Some(false) => {}
                        None => open = true,
                    }
                }
                (!open).then_some(false)
            }
            Self::Not(member) => member.holds(row).map(|truth| !truth),
            Self::Numbers(how, left, right) => {
                let order = left.of(row)?.partial_cmp(&right.of(row)?)?;
                Some(how.admits(order))
            }
            Self::Texts(how, left, right) => {
                Some(how.admits(left.of(row)?.as_ref().cmp(right.of(row)?.as_ref())))
            }
            Self::Instants(how, left, right) => {
                Some(how.admits(left.of(row)?.cmp(&right.of(row)?)))
            }
            Self::Truths(how, left, right) => Some(how.admits(left.of(row)?.cmp(&right.of(row)?))),
            Self::Like(text, pattern) => Some(pattern.fits(&text.of(row)?)),
            Self::Null(absent) => Some(absent.of(row)),
            Self::Spatial(relation, lies) => match lies {
                Lies::FeatureTo(other) => relation.of_feature(row, other),
                Lies::ToFeature(other) => relation.to_feature(other, row),
                Lies::Literals(both) => Some(relation.of_literals(&both[0], &both[1])),
                Lies::FeatureToItself => relation.of_itself(row),
            },
            Self::Temporal(relation, left, right) => {
                Some(relation.holds(stretch(left, row)?, stretch(right, row)?))
            }
        }
    }
}

fn all(members: &[Node], row: Row<'_>) -> Option<bool> {
    let mut open = false;
    for member in members {
        match member.holds(row) {
            Some(false) => return Some(false),
            Some(true) => {}
            None => open = true,
        }
    }
    (!open).then_some(true)
}

fn stretch(ends: &[Instant; 2], row: Row<'_>) -> Option<Stretch> {
    Some(Stretch {
        start: ends[0].of(row)?,
        end: ends[1].of(row)?,
    })
}

impl Absent {
    fn of(&self, row: Row<'_>) -> bool {
        match self {
            Self::Number(number) => number.of(row).is_none(),
            Self::Text(text) => text.of(row).is_none(),
            Self::Instant(instant) => instant.of(row).is_none(),
            Self::Truth(truth) => truth.of(row).is_none(),
            Self::Geometry => {
                let shape = row.table.shapes.get(row.row).copied().flatten();
                let points = row.table.points.as_ref();
                shape.is_none() && points.is_none_or(|points| points[row.row].is_none())
            }
        }
    }
}

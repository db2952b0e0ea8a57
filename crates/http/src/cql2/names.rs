//! Names of relations, the same in text and JSON but for case.

use naqsha_layers::filter::{Arithmetic, Comparison, SpatialRelation, TemporalRelation};

/// The relation of a lower-case name such as `s_intersects`.
pub(super) fn spatial(name: &str) -> Option<SpatialRelation> {
    Some(match name {
        "s_intersects" => SpatialRelation::Intersects,
        "s_disjoint" => SpatialRelation::Disjoint,
        "s_equals" => SpatialRelation::Equals,
        "s_touches" => SpatialRelation::Touches,
        "s_crosses" => SpatialRelation::Crosses,
        "s_within" => SpatialRelation::Within,
        "s_contains" => SpatialRelation::Contains,
        "s_overlaps" => SpatialRelation::Overlaps,
        _ => return None,
    })
}

/// The relation of a lower-case name such as `t_during`.
pub(super) fn temporal(name: &str) -> Option<TemporalRelation> {
    Some(match name {
        "t_after" => TemporalRelation::After,
        "t_before" => TemporalRelation::Before,
        "t_contains" => TemporalRelation::Contains,
        "t_disjoint" => TemporalRelation::Disjoint,
        "t_during" => TemporalRelation::During,
        "t_equals" => TemporalRelation::Equals,
        "t_finishedby" => TemporalRelation::FinishedBy,
        "t_finishes" => TemporalRelation::Finishes,
        "t_intersects" => TemporalRelation::Intersects,
        "t_meets" => TemporalRelation::Meets,
        "t_metby" => TemporalRelation::MetBy,
        "t_overlappedby" => TemporalRelation::OverlappedBy,
        "t_overlaps" => TemporalRelation::Overlaps,
        "t_startedby" => TemporalRelation::StartedBy,
        "t_starts" => TemporalRelation::Starts,
        _ => return None,
    })
}

pub(super) fn comparison(sign: &str) -> Option<Comparison> {
    Some(match sign {
        "=" => Comparison::Equal,
        "<>" => Comparison::NotEqual,
        "<" => Comparison::Less,
        ">" => Comparison::Greater,
        "<=" => Comparison::LessOrEqual,
        ">=" => Comparison::GreaterOrEqual,
        _ => return None,
    })
}

pub(super) fn arithmetic(sign: &str) -> Option<Arithmetic> {
    Some(match sign {
        "+" => Arithmetic::Add,
        "-" => Arithmetic::Subtract,
        "*" => Arithmetic::Multiply,
        "/" => Arithmetic::Divide,
        "div" => Arithmetic::WholeDivide,
        "%" => Arithmetic::Remainder,
        "^" => Arithmetic::Power,
        _ => return None,
    })
}

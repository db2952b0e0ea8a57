//! How stretches of time lie to each other.

use super::TemporalRelation;

/// First and last instant in nanoseconds since 1970; an open end is the least or the greatest number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) start: i128,
    pub(super) end: i128,
}

impl TemporalRelation {
    /// Whether the first stretch lies to the second as this says (CQL2 table 9).
    pub(super) const fn holds(self, a: Stretch, b: Stretch) -> bool {
        let apart = a.end < b.start || a.start > b.end;
        match self {
            Self::After => a.start > b.end,
            Self::Before => a.end < b.start,
            Self::Contains => a.start < b.start && a.end > b.end,
            Self::Disjoint => apart,
            Self::During => a.start > b.start && a.end < b.end,
            Self::Equals => a.start == b.start && a.end == b.end,
            Self::FinishedBy => a.start < b.start && a.end == b.end,
            Self::Finishes => a.start > b.start && a.end == b.end,
            Self::Intersects => !apart,
            Self::Meets => a.end == b.start,
            Self::MetBy => a.start == b.end,
            Self::OverlappedBy => a.start > b.start && a.start < b.end && a.end > b.end,
            Self::Overlaps => a.start < b.start && a.end > b.start && a.end < b.end,
            Self::StartedBy => a.start == b.start && a.end > b.end,
            Self::Starts => a.start == b.start && a.end < b.end,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Allen's thirteen relations of proper intervals: each pair has exactly one, and its inverse the other way round.
    #[test]
    fn proper_intervals_have_exactly_one_of_allens_relations() {
        use TemporalRelation::{
            After, Before, Contains, During, Equals, FinishedBy, Finishes, Meets, MetBy,
            OverlappedBy, Overlaps, StartedBy, Starts,
        };
        let thirteen = [
            (Before, After),
            (Meets, MetBy),
            (Overlaps, OverlappedBy),
            (Starts, StartedBy),
            (During, Contains),
            (Finishes, FinishedBy),
            (Equals, Equals),
        ];
        let all: Vec<Stretch> = (0..6)
            .flat_map(|start| (start + 1..7).map(move |end| Stretch { start, end }))
            .collect();
        for &a in &all {
            for &b in &all {
                let mut holding = 0;
                for (one, inverse) in thirteen {
                    assert_eq!(one.holds(a, b), inverse.holds(b, a), "{one:?} {a:?} {b:?}");
                    holding += u32::from(one.holds(a, b));
                    holding += u32::from(inverse != one && inverse.holds(a, b));
                }
                assert_eq!(holding, 1, "{a:?} {b:?}");
                assert_ne!(
                    TemporalRelation::Intersects.holds(a, b),
                    TemporalRelation::Disjoint.holds(a, b)
                );
            }
        }
    }
}

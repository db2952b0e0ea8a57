//! Which days of a record a question admits.

use naqsha_model::DayRange;

/// The bounds that a record's first and last day must keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Days {
    /// The days asked about.
    pub(crate) asked: DayRange,
    starts_from: u16,
    starts_to: u16,
    ends_from: u16,
    ends_to: u16,
}

impl Days {
    /// Of records that share a day with `asked`, or of those that have no other day.
    pub(crate) const fn new(asked: DayRange, only_within: bool) -> Self {
        let (from, to) = (asked.first().0, asked.last().0);
        let (starts_from, ends_to) = if only_within {
            (from, to)
        } else {
            (0, u16::MAX)
        };
        Self {
            asked,
            starts_from,
            starts_to: to,
            ends_from: from,
            ends_to,
        }
    }

    /// Whether a record passes that starts and ends on these days; no branch, so that many are told at once.
    #[expect(clippy::needless_bitwise_bool, reason = "no branch, no jump")]
    pub(crate) const fn admit(self, starts: u16, ends: u16) -> bool {
        (starts >= self.starts_from)
            & (starts <= self.starts_to)
            & (ends >= self.ends_from)
            & (ends <= self.ends_to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use naqsha_model::Day;

    #[test]
    fn a_record_of_several_days_touches_more_than_it_lies_within() {
        let asked = DayRange::new(Day(10), Day(19)).unwrap();
        let (touching, within) = (Days::new(asked, false), Days::new(asked, true));
        // First and last day, whether it touches, whether it lies within.
        for (starts, ends, touches, lies) in [
            (10, 10, true, true),
            (19, 19, true, true),
            (12, 17, true, true),
            (10, 19, true, true),
            (9, 10, true, false),
            (19, 20, true, false),
            (0, u16::MAX, true, false),
            (0, 9, false, false),
            (20, 30, false, false),
        ] {
            assert_eq!(touching.admit(starts, ends), touches, "{starts} {ends}");
            assert_eq!(within.admit(starts, ends), lies, "{starts} {ends}");
        }
    }
}

//! The stable validation codes that bureaus see.
//!
//! Their wording lives with ingestion; here is only which codes exist and what each does to a record.

use crate::coded::coded;

/// What a code does to the record, column or batch it is raised for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Severity {
    /// The record is rejected.
    Reject,
    /// The record is accepted with a warning.
    Warn,
    /// The record is accepted and marked for a consistency review.
    Review,
    /// The row is not taken, and that is not an error.
    Skip,
    /// The row repeats a record already held.
    Duplicate,
    /// The whole batch is refused or held.
    Batch,
}

coded! {
    /// A validation code.
    Code, "validation code" {
        /// Required value missing.
        E101 = "E101",
        /// Duplicate header.
        E102 = "E102",
        /// Column neither mapped nor dropped.
        E103 = "E103",
        /// Unknown member of a closed list.
        E104 = "E104",
        /// FIR number became a spreadsheet date.
        E110 = "E110",
        /// FIR number unreadable.
        E111 = "E111",
        /// CNIC or other long number destroyed by a spreadsheet.
        E112 = "E112",
        /// Unknown statute or section.
        E201 = "E201",
        /// Only modifier sections cited.
        E202 = "E202",
        /// Value not in the profile's map.
        E203 = "E203",
        /// Section repealed or not yet in force on the date.
        W204 = "W204",
        /// Category from sections differs from the column.
        W205 = "W205",
        /// Unreadable date.
        E301 = "E301",
        /// Date in the future.
        E302 = "E302",
        /// Reported before it occurred.
        E303 = "E303",
        /// Local time does not exist (clocks went forward).
        W304 = "W304",
        /// Local time is ambiguous (clocks went back).
        W305 = "W305",
        /// Reported more than two years after it occurred.
        W306 = "W306",
        /// Hijri date converted with the tabular calendar.
        W307 = "W307",
        /// Excel serial number read as a date.
        W308 = "W308",
        /// Two-digit year placed by the profile's pivot.
        W309 = "W309",
        /// Outside Pakistan and no foreign flag.
        E401 = "E401",
        /// Latitude and longitude were swapped.
        W402 = "W402",
        /// Place is a centroid; precision lowered.
        W403 = "W403",
        /// Unknown district.
        E404 = "E404",
        /// District renamed or split.
        W405 = "W405",
        /// Ambiguous place or station.
        E406 = "E406",
        /// Point not in the stated district.
        W407 = "W407",
        /// (0,0), or one point repeated by more than 25 records.
        W408 = "W408",
        /// Spelling of a place corrected.
        W409 = "W409",
        /// Not a number.
        E501 = "E501",
        /// Unit inferred.
        W502 = "W502",
        /// Implausible quantity.
        W503 = "W503",
        /// Negative or zero quantity.
        E504 = "E504",
        /// Unit invalid for the drug.
        E505 = "E505",
        /// Legacy unit converted.
        W506 = "W506",
        /// Tablet mass assumed.
        W507 = "W507",
        /// CNIC or phone number in a kept text, redacted.
        P601 = "P601",
        /// Personal name in a kept text, redacted.
        P602 = "P602",
        /// Personal data in more than 1% of a column.
        P603 = "P603",
        /// Victim identity in a trafficking or sexual-offence record.
        P604 = "P604",
        /// Blocked column (caste, religion).
        P605 = "P605",
        /// Duplicate row.
        D701 = "D701",
        /// Same natural key, other content.
        D702 = "D702",
        /// Probable duplicate of another agency's record.
        D703 = "D703",
        /// Human trafficking without act, means or purpose.
        C801 = "C801",
        /// Minor victim: means not needed.
        C802 = "C802",
        /// Smuggling of migrants without a border or foreign place.
        C803 = "C803",
        /// Status went backwards.
        C804 = "C804",
        /// A complaint counted as a case.
        C805 = "C805",
        /// Encoding unreadable.
        B901 = "B901",
        /// These bytes were received before.
        B902 = "B902",
        /// Control total differs.
        B903 = "B903",
        /// More than a fifth of the rows rejected: batch held.
        B904 = "B904",
        /// Profile expired.
        B905 = "B905",
        /// File empty or header only.
        B906 = "B906",
        /// Compression truncated or undecodable.
        B907 = "B907",
        /// Not the declared format.
        B908 = "B908",
        /// Over a limit.
        B909 = "B909",
        /// Rows are aggregates, not incidents.
        B910 = "B910",
        /// Row outside the mapped categories.
        I901 = "I901",
        /// Handling code missing.
        H951 = "H951",
        /// Unknown recipient in `releasable_to`.
        H952 = "H952",
    }
}

impl Code {
    /// Whether a batch that has it waits for a decision. Other codes of a whole file refuse it, or only tell of it.
    pub const fn holds(self) -> bool {
        matches!(self, Self::P603 | Self::B903 | Self::B904)
    }

    /// What the code does.
    pub fn severity(self) -> Severity {
        match self {
            // A destroyed number is dropped, as every number of a person is: the record itself is whole.
            Self::P601 | Self::P602 | Self::E112 => Severity::Warn,
            Self::P603 | Self::P605 | Self::E102 | Self::E103 => Severity::Batch,
            Self::D703 => Severity::Review,
            Self::P604 | Self::H951 | Self::H952 => Severity::Reject,
            _ => match self.code().as_bytes()[0] {
                b'E' => Severity::Reject,
                b'W' => Severity::Warn,
                b'C' => Severity::Review,
                b'D' => Severity::Duplicate,
                b'I' => Severity::Skip,
                _ => Severity::Batch,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_letter_tells_the_severity_but_for_the_named_exceptions() {
        assert_eq!(Code::E301.severity(), Severity::Reject);
        assert_eq!(Code::W403.severity(), Severity::Warn);
        assert_eq!(Code::P601.severity(), Severity::Warn);
        assert_eq!(Code::P604.severity(), Severity::Reject);
        assert_eq!(Code::E103.severity(), Severity::Batch);
        assert_eq!(Code::D702.severity(), Severity::Duplicate);
        assert_eq!(Code::I901.severity(), Severity::Skip);
        assert_eq!(Code::B904.severity(), Severity::Batch);
        // Rows of totals are skipped with it, and the batch is live.
        assert_eq!(Code::B910.severity(), Severity::Batch);
        assert!(Code::B904.holds() && !Code::B910.holds());
    }
}

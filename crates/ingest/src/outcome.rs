//! What became of each row: only rows that are not plainly accepted are remembered, eight bytes each.

use std::collections::{BTreeMap, HashMap};

use naqsha_model::Code;

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// Taken without a remark.
    Accepted,
    /// Taken with a warning.
    Warned,
    /// Not taken; its codes say why.
    Rejected,
    /// Repeats a record already held.
    Duplicate,
    /// Not a record of this service.
    Skipped,
}

impl Outcome {
    /// The word in the report.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Warned => "warned",
            Self::Rejected => "rejected",
            Self::Duplicate => "duplicate",
            Self::Skipped => "skipped",
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Remark {
    row: u32,
    codes: u16,
    outcome: Outcome,
}

/// The rows of a file that are not plainly accepted.
#[derive(Debug, Clone, Default)]
pub struct Outcomes {
    remarks: Vec<Remark>,
    sets: Vec<Box<[Code]>>,
    index: HashMap<Box<[Code]>, u16>,
}

impl Outcomes {
    /// Remembers a row. Distinct sets of codes beyond 65,535 are remembered as the last one.
    pub(crate) fn record(&mut self, row: u64, outcome: Outcome, codes: &[Code]) {
        let index = if let Some(&index) = self.index.get(codes) {
            index
        } else {
            let index = u16::try_from(self.sets.len()).unwrap_or(u16::MAX);
            if index < u16::MAX {
                self.sets.push(codes.into());
                self.index.insert(codes.into(), index);
            }
            index.min(u16::MAX - 1)
        };
        self.remarks.push(Remark {
            row: u32::try_from(row).unwrap_or(u32::MAX),
            codes: index,
            outcome,
        });
    }

    pub(crate) fn sort(&mut self) {
        self.remarks.sort_unstable_by_key(|remark| remark.row);
    }

    /// Number of rows remembered.
    pub const fn len(&self) -> usize {
        self.remarks.len()
    }

    /// Whether every row was plainly accepted.
    pub const fn is_empty(&self) -> bool {
        self.remarks.is_empty()
    }

    /// Rows in file order: 1-based data row, outcome, codes.
    pub fn iter(&self) -> impl Iterator<Item = (u64, Outcome, &[Code])> {
        self.remarks
            .iter()
            .map(|remark| (u64::from(remark.row), remark.outcome, self.codes(*remark)))
    }

    /// What became of a row.
    pub fn of(&self, row: u64) -> (Outcome, &[Code]) {
        let found = u32::try_from(row)
            .ok()
            .and_then(|row| self.remarks.binary_search_by_key(&row, |r| r.row).ok());
        match found.and_then(|i| self.remarks.get(i)) {
            Some(remark) => (remark.outcome, self.codes(*remark)),
            None => (Outcome::Accepted, &[]),
        }
    }

    fn codes(&self, remark: Remark) -> &[Code] {
        self.sets
            .get(usize::from(remark.codes))
            .map_or(&[], |set| set)
    }
}

/// How often each code was raised.
pub(crate) type CodeCounts = BTreeMap<Code, u64>;

pub(crate) fn count(counts: &mut CodeCounts, codes: &[Code]) {
    for &code in codes {
        *counts.entry(code).or_default() += 1;
    }
}

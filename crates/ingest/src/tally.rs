//! Everything counted on the way through a file, and what comes of it at the end.

use std::collections::BTreeMap;

use csv::StringRecord;
use naqsha_model::{Category, Code};

use crate::ingest::Ingested;
use crate::outcome::{CodeCounts, Outcome, Outcomes, count};
use crate::profile::Profile;
use crate::settings::Settings;

/// Incidents by category.
#[derive(Debug, Default)]
pub(crate) struct CategoryCounts([u64; Category::COUNT]);

impl CategoryCounts {
    pub(crate) fn add(&mut self, category: Category) {
        if let Some(count) = self.0.get_mut(usize::from(category.index())) {
            *count += 1;
        }
    }

    /// Categories that occur, with how often.
    fn iter(&self) -> impl Iterator<Item = (Category, u64)> {
        (0..)
            .zip(&self.0)
            .filter(|&(_, &count)| count > 0)
            .filter_map(|(index, &count)| Some((Category::from_index(index)?, count)))
    }
}

/// Everything counted on the way.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) rows: u64,
    by_outcome: [u64; 5],
    pub(crate) incidents: u64,
    pub(crate) categories: CategoryCounts,
    /// Incidents taken and those held already, by category: what a control total is compared with.
    pub(crate) stated: CategoryCounts,
    codes: CodeCounts,
    /// By code and column.
    blamed: BTreeMap<(Code, usize), u64>,
    pub(crate) outcomes: Outcomes,
    pub(crate) private_columns: Vec<String>,
    pub(crate) header: StringRecord,
}

impl Tally {
    pub(crate) fn blame(&mut self, blamed: &[(Code, usize)]) {
        for &blamed in blamed {
            *self.blamed.entry(blamed).or_default() += 1;
        }
    }

    fn columns(&self) -> BTreeMap<Code, BTreeMap<String, u64>> {
        let mut columns: BTreeMap<Code, BTreeMap<String, u64>> = BTreeMap::new();
        for (&(code, column), &count) in &self.blamed {
            let header = self.header.get(column).unwrap_or_default().to_owned();
            *columns.entry(code).or_default().entry(header).or_default() += count;
        }
        columns
    }

    pub(crate) fn count(&mut self, outcome: Outcome) {
        if let Some(n) = self.by_outcome.get_mut(outcome as usize) {
            *n += 1;
        }
    }

    pub(crate) fn remark(&mut self, row: u64, outcome: Outcome, codes: &[Code]) {
        self.count(outcome);
        count(&mut self.codes, codes);
        self.outcomes.record(row, outcome, codes);
    }

    pub(crate) fn finish(mut self, profile: &Profile, settings: &Settings) -> Ingested {
        let [accepted, warned, rejected, duplicate, skipped] = self.by_outcome;
        let rows_differ = settings.stated_rows.is_some_and(|rows| rows != self.rows);
        let totals_differ = settings.control_totals.iter().any(|(set, stated)| {
            let found: u64 = self
                .stated
                .iter()
                .filter(|(category, _)| set.contains_index(category.index()))
                .map(|(_, n)| n)
                .sum();
            found != *stated
        });
        let batch_codes: Vec<Code> = [
            (!self.private_columns.is_empty(), Code::P603),
            (rejected * 5 > self.rows, Code::B904),
            (rows_differ || totals_differ, Code::B903),
        ]
        .into_iter()
        .filter_map(|(holds, code)| holds.then_some(code))
        .collect();
        let held = batch_codes.first().copied();
        count(&mut self.codes, &batch_codes);
        let columns = self.columns();
        Ingested {
            columns,
            rows: self.rows,
            accepted: accepted + warned,
            warned,
            rejected,
            duplicate,
            skipped,
            incidents: self.incidents,
            categories: self.categories.iter().collect(),
            codes: self.codes,
            outcomes: self.outcomes,
            held,
            columns_with_personal_data: self.private_columns,
            study_area: settings
                .set
                .get("study_area")
                .cloned()
                .or_else(|| profile.study_area().map(str::to_owned)),
        }
    }
}

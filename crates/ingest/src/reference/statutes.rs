//! Sections of law: what each does, what it is counted as, how severe it is.

use std::collections::HashMap;

use naqsha_model::{Adjacent, Category, OffenceRole};

use super::in_force::Periods;
use super::records;

/// One row of the statute table.
#[derive(Debug, Clone)]
pub(crate) struct Section {
    pub(crate) number: String,
    pub(crate) category: Category,
    pub(crate) iccs: String,
    pub(crate) role: OffenceRole,
    /// Harm in days: the least punishment where one is stated, else a quarter of the most.
    pub(crate) weight: f64,
}

/// The statute table.
#[derive(Debug)]
pub(crate) struct Statutes {
    by_key: HashMap<(String, String), Section>,
    keys: Vec<String>,
    periods: Periods,
}

impl Statutes {
    /// Reads the table of sections and the table of when they were in force.
    pub(super) fn parse(table: &str, in_force: &str) -> Self {
        let mut statutes = Self {
            by_key: HashMap::new(),
            keys: Vec::new(),
            periods: Periods::parse(in_force),
        };
        for record in records(table) {
            let field = |i| record.get(i).unwrap_or_default();
            let category = match field(3) {
                adjacent if Adjacent::parse(adjacent).is_ok() => {
                    Category::parse(&format!("ADJ/{adjacent}"))
                }
                code => Category::parse(code),
            };
            let (Ok(category), Ok(role)) = (category, OffenceRole::parse(field(6))) else {
                continue;
            };
            let section = Section {
                number: field(1).to_owned(),
                category,
                iccs: field(5).to_owned(),
                role,
                weight: weight(field(7), field(8)),
            };
            if !statutes.keys.iter().any(|key| key == field(0)) {
                statutes.keys.push(field(0).to_owned());
            }
            statutes
                .by_key
                .insert((field(0).to_owned(), loose(field(1))), section);
        }
        statutes
    }

    /// The row of a section, or of the nearest section that contains it: `9(1)3(c)` is part of `9`.
    pub(crate) fn find(&self, statute: &str, section: &str) -> Option<&Section> {
        let mut key = loose(section);
        loop {
            if let Some(found) = self.by_key.get(&(statute.to_owned(), key.clone())) {
                return Some(found);
            }
            let shorter = key.rfind('(').or_else(|| {
                key.rfind(|c: char| c.is_ascii_digit())
                    .filter(|&i| i + 1 < key.len())
                    .map(|i| i + 1)
            })?;
            key.truncate(shorter);
            if key.is_empty() {
                return None;
            }
        }
    }

    /// Whether the table has a statute of this key.
    pub(crate) fn has(&self, statute: &str) -> bool {
        self.keys.iter().any(|key| key == statute)
    }

    pub(super) const fn periods(&self) -> &Periods {
        &self.periods
    }

    /// Keys of the statutes.
    #[cfg(test)]
    pub(super) fn keys(&self) -> &[String] {
        &self.keys
    }

    /// Number of sections.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.by_key.len()
    }
}

/// The weight of a punishment of years, as the harm index has it: proactive and reported offences alike.
fn weight(least: &str, most: &str) -> f64 {
    let years = |text: &str| fast_float2::parse::<f64, _>(text.as_bytes()).ok();
    365.25
        * years(least)
            .or_else(|| years(most).map(|most| most / 4.0))
            .unwrap_or(0.0)
}

/// A section without dashes, spaces and capitals.
pub(super) fn loose(section: &str) -> String {
    section
        .chars()
        .filter(|c| !matches!(c, '-' | ' '))
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::Reference;

    #[test]
    fn every_row_of_the_table_is_a_section() {
        let rows = super::super::SECTIONS.lines().count() - 1;
        assert_eq!(Reference::embedded().statutes.len(), rows);
    }

    #[test]
    fn a_part_belongs_to_its_section() {
        let statutes = Reference::embedded().statutes;
        assert_eq!(
            statutes
                .find("CNSA-1997", "9(1)3(c)")
                .map(|s| s.number.as_str()),
            Some("9")
        );
        assert_eq!(
            statutes
                .find("PECA-2016", "26-A")
                .map(|s| s.number.as_str()),
            Some("26A")
        );
        assert!(statutes.find("PECA-2016", "99").is_none());
    }
}

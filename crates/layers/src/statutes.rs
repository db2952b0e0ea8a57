//! What sections of law threaten with: a table that the deployment brings, and how a section is found in it.

use std::collections::HashMap;

use naqsha_analytics::Sentence;
use naqsha_model::{DetectionMode, RecordStage};

/// One section of law.
#[derive(Debug, Clone, PartialEq)]
pub struct Cited {
    /// The statute and the section as the table has them, such as `CNSA-1997 9(c)`.
    pub section: String,
    /// What it threatens with.
    pub sentence: Sentence,
    /// The act and the section that punishes.
    pub citation: String,
    /// `V` where the years were seen in a published source, `K` where they are to be checked.
    pub tag: String,
}

/// The table by statute and section.
#[derive(Debug, Clone, Default)]
pub struct Sentences {
    edition: u32,
    by_section: HashMap<(String, String), Cited>,
}

impl Sentences {
    /// An edition of the table. A row whose section is not written as `STATUTE SECTION` is found by nobody.
    pub fn new(edition: u32, rows: impl IntoIterator<Item = Cited>) -> Self {
        let keyed = rows.into_iter().filter_map(|cited| {
            let (statute, section) = cited.section.split_once(' ')?;
            Some(((statute.to_owned(), spelled(section)), cited))
        });
        Self {
            edition,
            by_section: keyed.collect(),
        }
    }

    /// Which edition it is; one that has been published is never changed.
    pub const fn edition(&self) -> u32 {
        self.edition
    }

    /// Every row, in no order.
    pub fn rows(&self) -> impl Iterator<Item = &Cited> {
        self.by_section.values()
    }

    /// The row of a section, written as `STATUTE SECTION`, or of the one that it is a clause of: `PTPA-2018 3(1)(a)` is
    /// part of `3(1)`. A letter makes another section: `22A` is no part of `22`.
    pub fn find(&self, text: &str) -> Option<&Cited> {
        let (statute, section) = text.trim().split_once(' ')?;
        self.find_in(statute, section)
    }

    /// The same of a section of a statute.
    pub fn find_in(&self, statute: &str, section: &str) -> Option<&Cited> {
        let mut section = section.trim();
        loop {
            let key = (statute.to_owned(), spelled(section));
            if let Some(found) = self.by_section.get(&key) {
                return Some(found);
            }
            section = section.strip_suffix(')')?.rsplit_once('(')?.0;
        }
    }
}

/// A section without hyphens, spaces and capitals, and without brackets around a letter: `9-C` and `9(c)` are one.
fn spelled(section: &str) -> String {
    let lower: String = section
        .chars()
        .filter(|letter| !matches!(letter, '-' | ' '))
        .flat_map(char::to_lowercase)
        .collect();
    let letters: Vec<char> = lower.chars().collect();
    let is_letter = |at: Option<usize>| {
        at.and_then(|at| letters.get(at))
            .is_some_and(|l| l.is_alphabetic())
    };
    let kept = letters
        .iter()
        .enumerate()
        .filter(|(at, letter)| match letter {
            '(' => !is_letter(Some(at + 1)),
            ')' => !is_letter(at.checked_sub(1)),
            _ => true,
        });
    kept.map(|(_, letter)| letter).collect()
}

/// Whether controls found an event: by how it came to notice where that is stated, else by its register, if it is known.
pub fn is_proactive(stage: Option<RecordStage>, detection: DetectionMode) -> bool {
    match detection {
        DetectionMode::Proactive
        | DetectionMode::IntelligenceLed
        | DetectionMode::BorderCheck
        | DetectionMode::FinancialIntelligence => true,
        DetectionMode::VictimReport
        | DetectionMode::ThirdPartyReport
        | DetectionMode::NgoReferral
        | DetectionMode::ForeignReferral => false,
        DetectionMode::Unknown => {
            matches!(stage, Some(RecordStage::Seizure | RecordStage::StrReferral))
        }
    }
}

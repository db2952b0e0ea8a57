//! Rows that are lines of one case, gathered into one incident. Bounded: the oldest case is closed for a new one.

use std::collections::{HashMap, VecDeque};

use naqsha_model::{Code, ContentDigest, Details, Incident, NaturalKey, Seizure};

use crate::limits::{OPEN_CASES, ROWS_OF_A_CASE};

/// One case with its lines so far.
#[derive(Debug)]
pub(crate) struct Case {
    /// The incident as its first good row tells it, with the lines of the later ones.
    pub(crate) incident: Option<Incident>,
    /// What every line repeats; none as long as there is one line.
    head: Option<ContentDigest>,
    /// Data rows of the case.
    pub(crate) rows: Vec<u64>,
    /// Codes of the rows that cannot be taken: one bad line keeps the whole case back.
    pub(crate) failed: Vec<Code>,
}

/// What a row is to its case.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A line of it.
    Line,
    /// A line that stood there already (D701), or one that contradicts the case (D702).
    Repeat(Code),
}

/// The cases that may still get lines.
#[derive(Debug, Default)]
pub(crate) struct Cases {
    /// Boxed: an incident is large, and the table is filled and emptied all the time.
    open: HashMap<NaturalKey, Box<Case>>,
    order: VecDeque<NaturalKey>,
}

/// Adds the linkage keys of a line to its case; whether there was a new one.
fn add_keys(known: &mut Incident, details: Option<Box<Details>>) -> bool {
    let Some(line) = details.map(|details| details.linkage) else {
        return false;
    };
    let linkage = &mut known.details_mut().linkage;
    let mut fresh = false;
    for (keys, more) in [
        (&mut linkage.person_keys, line.person_keys),
        (&mut linkage.vehicle_keys, line.vehicle_keys),
        (&mut linkage.account_keys, line.account_keys),
    ] {
        let before = keys.len();
        keys.extend(more);
        keys.sort_unstable();
        keys.dedup();
        fresh |= keys.len() > before;
    }
    if *known.details() == Details::default() {
        known.details = None;
    }
    fresh
}

impl Cases {
    /// Adds a good row; `head` digests a row without its line.
    pub(crate) fn add(
        &mut self,
        key: NaturalKey,
        incident: Incident,
        mut head: impl FnMut(&Incident) -> ContentDigest,
    ) -> Place {
        let row = incident.provenance.row;
        let case = self.case(key);
        let Some(known) = &mut case.incident else {
            case.incident = Some(incident);
            case.rows.push(row);
            return Place::Line;
        };
        let head_of_case = *case.head.get_or_insert_with(|| head(known));
        if head_of_case != head(&incident) || case.rows.len() >= ROWS_OF_A_CASE {
            return Place::Repeat(Code::D702);
        }
        let fresh: Vec<Seizure> = incident
            .seizures
            .into_iter()
            .filter(|line| !known.seizures.contains(line))
            .collect();
        let persons = add_keys(known, incident.details);
        if fresh.is_empty() && !persons {
            return Place::Repeat(Code::D701);
        }
        known.seizures.extend(fresh);
        for code in incident.provenance.warnings {
            if !known.provenance.warnings.contains(&code) {
                known.provenance.warnings.push(code);
            }
        }
        known.provenance.warnings.sort_unstable();
        case.rows.push(row);
        Place::Line
    }

    /// Adds a row that cannot be taken.
    pub(crate) fn fail(&mut self, key: NaturalKey, row: u64, codes: &[Code]) {
        let case = self.case(key);
        case.rows.push(row);
        for &code in codes {
            if !case.failed.contains(&code) {
                case.failed.push(code);
            }
        }
    }

    fn case(&mut self, key: NaturalKey) -> &mut Case {
        self.open.entry(key).or_insert_with(|| {
            self.order.push_back(key);
            Box::new(Case {
                incident: None,
                head: None,
                rows: Vec::new(),
                failed: Vec::new(),
            })
        })
    }

    /// Closes the oldest case, where there are too many.
    pub(crate) fn overdue(&mut self) -> Option<Box<Case>> {
        if self.open.len() > OPEN_CASES {
            self.close()
        } else {
            None
        }
    }

    /// Closes the oldest case.
    pub(crate) fn close(&mut self) -> Option<Box<Case>> {
        self.order
            .pop_front()
            .and_then(|key| self.open.remove(&key))
    }
}

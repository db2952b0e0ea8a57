//! Harm of a question's records: the days of imprisonment that the law threatens what they cite with, cell by cell.
//!
//! Records that were reported and records that controls found are never added: a question asks for one of them, and is told how
//! many the other are.

use std::collections::BTreeMap;

use h3o::{CellIndex, Resolution};
use naqsha_analytics::{Assumption, Sentence, harm_days};
use naqsha_model::Incident;

use crate::error::LayerError;
use crate::layer::Question;
use crate::layers::records;
use crate::parameters::Parameter;
use crate::query::{Apportion, NullModel, Weight};
use crate::statutes::{Sentences, is_proactive};
use crate::study_areas::Grid;
use crate::table::Fact;

/// Records that one answer reads: what they cite is in the records themselves.
const RECORD_LIMIT: usize = 500_000;

/// What numbers may stand for a sentence; the first is the one that is mapped.
const ASSUMPTIONS: [Assumption; 4] = [
    Assumption::Index,
    Assumption::Least,
    Assumption::Quarter,
    Assumption::Half,
];

/// The harm of the records on a map.
pub(crate) struct Harm {
    /// Days by the cell in which records are known, at resolution 9 or as coarse as they are; ascending.
    places: Vec<(CellIndex, f64)>,
    sums: Sums,
    weight: Weight,
    edition: u32,
}

/// Sums of the records of a place.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    /// By assumption.
    days: [f64; ASSUMPTIONS.len()],
    /// Records with a sentence, of the kind that is asked for.
    records: u64,
    /// Those without.
    unweighted: u64,
    /// Records of the other kind.
    others: u64,
}

impl Sums {
    fn add(&mut self, other: &Self) {
        for (sum, days) in self.days.iter_mut().zip(other.days) {
            *sum += days;
        }
        self.records += other.records;
        self.unweighted += other.unweighted;
        self.others += other.others;
    }
}

impl Harm {
    /// The harm of a question's records in the cells of its grid; `None` where it asks for numbers of records.
    ///
    /// *Cost*: reads every record, some 5 µs each.
    ///
    /// # Errors
    /// What harm does not go together with, no table of sentences, more records than one answer reads, or a store that cannot
    /// be read.
    pub(crate) fn of(question: &Question<'_>, grid: &Grid) -> Result<Option<Self>, LayerError> {
        let weight = question.query.weight;
        if weight == Weight::Count {
            return Ok(None);
        }
        let sentences = sentences(question)?;
        let by_place = read(question, sentences)?;
        let mut harm = Self {
            places: Vec::new(),
            sums: Sums::default(),
            weight,
            edition: sentences.edition(),
        };
        for (place, sums) in by_place {
            let home = place.parent(question.resolution);
            if home.is_some_and(|home| grid.cells.binary_search(&home).is_ok()) {
                harm.sums.add(&sums);
                harm.places.push((place, sums.days[0]));
            }
        }
        Ok(Some(harm))
    }

    /// Days by the cell in which records are known.
    pub(crate) fn places(&self) -> &[(CellIndex, f64)] {
        &self.places
    }

    /// Days in each cell of the grid that it was read for.
    pub(crate) fn over(&self, grid: &Grid, resolution: Resolution) -> Vec<f64> {
        let mut days = vec![0.0; grid.cells.len()];
        for (place, of_place) in &self.places {
            let home = place.parent(resolution);
            if let Some(at) = home.and_then(|home| grid.cells.binary_search(&home).ok()) {
                days[at] += of_place;
            }
        }
        days
    }

    /// Records on the map that have a sentence.
    pub(crate) const fn records(&self) -> u64 {
        self.sums.records
    }

    /// What the answer says of the map as a whole.
    pub(crate) fn facts(&self) -> Vec<(&'static str, Fact)> {
        let [days, least, quarter, half] = self.sums.days.map(|days| Fact::Number(Some(days)));
        let others = match self.weight {
            Weight::HarmProactive => "harm_records_reported",
            Weight::Harm | Weight::Count => "harm_records_proactive",
        };
        vec![
            ("weight", Fact::Word(Some(self.weight.code().to_owned()))),
            ("harm_edition", Fact::Count(u64::from(self.edition))),
            ("harm_records", Fact::Count(self.sums.records)),
            ("harm_records_unweighted", Fact::Count(self.sums.unweighted)),
            (others, Fact::Count(self.sums.others)),
            ("harm_days", days),
            ("harm_days_if_least", least),
            ("harm_days_if_quarter", quarter),
            ("harm_days_if_half", half),
        ]
    }
}

/// The table of sentences, where the question can be answered from it.
fn sentences<'q>(question: &Question<'q>) -> Result<&'q Sentences, LayerError> {
    let refused =
        |reason: &str| LayerError::of_parameter(Parameter::Weight.name(), reason.to_owned());
    if question.query.apportion != Apportion::None {
        return Err(refused(
            "shares of records, which `apportion` makes, have no harm: ask for one of the two",
        ));
    }
    if question.query.null == Some(NullModel::Exact) {
        let reason =
            "the exact null needs counts, and harm is in days: ask mc or normal".to_owned();
        return Err(LayerError::of_parameter(Parameter::Null.name(), reason));
    }
    question
        .deployment
        .sentences()
        .ok_or_else(|| refused("there is no table of sentences to weigh records by"))
}

/// Reads the records of a question that have a cell fine enough.
fn read(
    question: &Question<'_>,
    sentences: &Sentences,
) -> Result<BTreeMap<CellIndex, Sums>, LayerError> {
    let places = records::counted(question)?;
    if places.len() > RECORD_LIMIT {
        let reason = format!(
            "harm is of what each record cites, and {} match; the limit is {RECORD_LIMIT}: narrow datetime, category or agency",
            places.len()
        );
        return Err(LayerError::unanswered("too_many_records", reason));
    }
    let mut sums: BTreeMap<CellIndex, Sums> = BTreeMap::new();
    records::each(question, &places, |incident| {
        if let Some(cell) = incident.location.cell() {
            let place = cell.parent(Resolution::Nine).unwrap_or(cell);
            let of_record = weigh(incident, question.query.weight, sentences);
            sums.entry(place).or_default().add(&of_record);
        }
    })?;
    Ok(sums)
}

/// A record by itself: the gravest of the sections that it cites counts.
fn weigh(incident: &Incident, weight: Weight, sentences: &Sentences) -> Sums {
    let mut sums = Sums::default();
    let proactive = is_proactive(Some(incident.stage), incident.detection);
    if proactive != (weight == Weight::HarmProactive) {
        sums.others = 1;
        return sums;
    }
    let cited = incident.offences.iter();
    let cited = cited.filter_map(|cited| sentences.find_in(&cited.statute, &cited.section));
    let days = |of: Sentence| harm_days(of, Assumption::Index);
    let graver = |a: Sentence, b: Sentence| if days(b) > days(a) { b } else { a };
    let gravest = cited.map(|cited| cited.sentence).reduce(graver);
    match gravest {
        Some(sentence) => {
            sums.records = 1;
            sums.days = ASSUMPTIONS.map(|assumption| harm_days(sentence, assumption));
        }
        None => sums.unweighted = 1,
    }
    sums
}

//! Counts over the cells of a study area, step by step.

use std::collections::BTreeMap;
use std::sync::Arc;

use h3o::CellIndex;
use naqsha_model::DayRange;
use naqsha_store::{BatchRecord, Filter};

use crate::error::LayerError;
use crate::layer::Question;
use crate::layers::tally::{COUNTED_BASES, Tally, filter, tally_of};
use crate::study_areas::Grid;
use crate::table::{Excluded, StudyAreaFacts};

/// Why a question about time has no answer: the data cover fewer complete steps than it needs.
pub(crate) const TOO_FEW_STEPS: &str = "too_few_steps";

/// A count for every cell of the study area and every step, zeros included.
pub(crate) struct Stepped {
    /// The steps of the first cell, then those of the second, and so on.
    pub(crate) counts: Vec<u32>,
    /// Of all steps together; what lies in none of them wholly is excluded.
    pub(crate) tally: Tally,
}

/// The days that the live batches of a question's study area and agencies cover.
///
/// A batch whose profile names no study area counts for each.
pub(crate) fn covered(question: &Question<'_>) -> Option<DayRange> {
    let of_area = |batch: &BatchRecord| {
        let named = batch.study_area.as_deref();
        named.is_none_or(|named| named == question.area.name)
    };
    let of_agency = |batch: &BatchRecord| {
        let asked = question.query.agencies.as_deref();
        asked.is_none_or(|codes| codes.iter().any(|code| code == batch.agency.as_str()))
    };
    let (scope, snapshot) = (question.scope, question.snapshot);
    let narrow = scope.days(snapshot, |batch| of_area(batch) && of_agency(batch));
    // A batch may hold records of other agencies than the one that sent it. Who reads for one agency is told nothing of the
    // others' days.
    let of_others = || snapshot.extent_days_of(of_area);
    let may_tell = scope.only_agency().is_none();
    narrow.or_else(|| may_tell.then(of_others).flatten())
}

/// The filter of a question for one step: records that lie in it and nowhere else.
fn within(question: &Question<'_>, step: DayRange) -> Filter<'static> {
    Filter {
        days: Some(step),
        only_within_days: true,
        ..filter(question.query)
    }
}

/// Records of a question that have a day in a range, or that lie wholly within it.
fn count(question: &Question<'_>, days: Option<DayRange>, only_within_days: bool) -> u64 {
    question.snapshot.count(&Filter {
        days,
        only_within_days,
        ..filter(question.query)
    })
}

/// Records of a question that touch one of two periods, the earlier first; one that touches both counts once.
pub(crate) fn touching_either(question: &Question<'_>, before: DayRange, after: DayRange) -> u64 {
    let all = DayRange::ALL;
    let within = |first: u32, last: u32| {
        let day = |number: u32| u16::try_from(number).map(naqsha_model::Day);
        let days = day(first).ok().zip(day(last).ok());
        let days = days.and_then(|(first, last)| DayRange::new(first, last).ok());
        days.map_or(0, |days| count(question, Some(days), true))
    };
    let (first, last) = (u32::from(all.first().0), u32::from(all.last().0));
    let (start, end) = (u32::from(before.first().0), u32::from(after.last().0));
    let (from, to) = (u32::from(before.last().0), u32::from(after.first().0));
    // What touches neither lies before, between or after.
    let before_all = if start > first {
        within(first, start - 1)
    } else {
        0
    };
    let after_all = if end < last { within(end + 1, last) } else { 0 };
    let between = if from + 1 < to {
        within(from + 1, to - 1)
    } else {
        0
    };
    count(question, None, false) - before_all - between - after_all
}

/// Records of a question that touch the days it asks about.
pub(crate) fn touching(question: &Question<'_>) -> u64 {
    count(question, question.query.days, false)
}

impl Stepped {
    /// Counts the records of each step where something happened; `matched` are those that a step might have held.
    ///
    /// Cost: a count of the map for each step.
    pub(crate) fn of(
        question: &Question<'_>,
        steps: &[DayRange],
        matched: u64,
    ) -> Result<Self, LayerError> {
        let grid = question.area.grid(question.resolution)?;
        let mut sum = Sum::new(&grid, steps.len());
        for (nth, step) in steps.iter().enumerate() {
            let filter = within(question, *step);
            sum.add(nth, tally_of(question, Some(&COUNTED_BASES), filter)?);
        }
        sum.told(question, matched)
    }
}

/// What the steps so far hold.
struct Sum {
    grid: Arc<Grid>,
    steps: usize,
    counts: Vec<u32>,
    reasons: BTreeMap<&'static str, u64>,
    matched: u64,
    synthetic: bool,
}

impl Sum {
    fn new(grid: &Arc<Grid>, steps: usize) -> Self {
        Self {
            grid: Arc::clone(grid),
            steps,
            counts: vec![0; grid.cells.len() * steps],
            reasons: BTreeMap::new(),
            matched: 0,
            synthetic: false,
        }
    }

    fn add(&mut self, nth: usize, tally: Tally) {
        let positions = self.grid.positions(&tally.cells);
        for (position, count) in positions.into_iter().zip(tally.counts) {
            if let Some(cell) = position {
                self.counts[cell * self.steps + nth] = count;
            }
        }
        self.matched += tally.excluded.matched;
        self.synthetic |= tally.synthetic;
        for (reason, count) in tally.excluded.reasons {
            *self.reasons.entry(reason).or_default() += count;
        }
    }

    fn told(mut self, question: &Question<'_>, matched: u64) -> Result<Stepped, LayerError> {
        let outside = matched.saturating_sub(self.matched);
        if outside > 0 {
            self.reasons.insert("outside_steps", outside);
        }
        let totals = self.counts.chunks_exact(self.steps.max(1));
        let totals = totals.map(|steps| steps.iter().sum::<u32>());
        let held = self.grid.cells.iter().copied().zip(totals);
        let (cells, counts): (Vec<CellIndex>, Vec<u32>) =
            held.filter(|&(_, count)| count > 0).unzip();
        let facts = StudyAreaFacts {
            name: question.area.name.clone(),
            hash: question.area.hash().to_owned(),
            cells: question.area.size(question.resolution)?,
            occupied: cells.len() as u64,
        };
        Ok(Stepped {
            counts: self.counts,
            tally: Tally {
                cells,
                counts,
                shared: None,
                excluded: Excluded {
                    matched,
                    reasons: self.reasons,
                },
                facts,
                synthetic: self.synthetic,
            },
        })
    }
}

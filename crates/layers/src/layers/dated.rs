//! Records with a day and a cell each, one by one: what a forecast learns from.

use std::collections::BTreeMap;

use h3o::{CellIndex, LatLng};
use naqsha_analytics::Happening;
use naqsha_model::{Day, DayRange, Incident};

use crate::error::LayerError;
use crate::layer::Question;
use crate::layers::tally::{COUNTED_BASES, filter};
use crate::study_areas::Grid;

/// Days that a forecast learns from, at most: 104 weeks.
pub(super) const TRAINING_DAYS: u32 = 728;

/// Records that one answer reads: their days are in the records themselves.
const RECORD_LIMIT: u64 = 100_000;

/// Records read at once.
const PAGE: usize = 20_000;

/// Records inside the study area, in the days that are learned from.
#[derive(Debug)]
pub(super) struct Dated {
    /// In the middle of their own cells; days are those of the calendar.
    pub(super) events: Vec<Happening>,
    /// The cell of each at the resolution of the question.
    cells: Vec<CellIndex>,
    pub(super) first: Day,
    pub(super) last: Day,
    /// Records that match in those days.
    pub(super) matched: u64,
    pub(super) reasons: BTreeMap<&'static str, u64>,
    pub(super) synthetic: bool,
}

impl Dated {
    /// Reads the records of the last days of a question.
    ///
    /// *Cost*: reads every record of those days, some 5 µs each.
    ///
    /// # Errors
    /// More records than one answer reads, or the store cannot be read.
    pub(super) fn read(question: &Question<'_>) -> Result<Self, LayerError> {
        let days = days(question);
        let mut filter = filter(question.query);
        filter.days = Some(days);
        let mut found = Self {
            events: Vec::new(),
            cells: Vec::new(),
            first: days.first(),
            last: days.last(),
            matched: 0,
            reasons: BTreeMap::new(),
            synthetic: false,
        };
        let mut offset = 0;
        loop {
            let page = question.snapshot.rows(&filter, offset, PAGE)?;
            found.matched = page.matched;
            if page.matched > RECORD_LIMIT {
                let reason = format!(
                    "forecasts read each record, and {} match; the limit is {RECORD_LIMIT}: narrow it, or category or agency",
                    page.matched
                );
                return Err(LayerError::unanswered("too_many_records", reason));
            }
            for row in &page.rows {
                match event(&row.incident, question, days) {
                    Ok((event, cell)) => {
                        found.synthetic |= row.synthetic;
                        found.events.push(event);
                        found.cells.push(cell);
                    }
                    Err(reason) => *found.reasons.entry(reason).or_default() += 1,
                }
            }
            offset += page.rows.len() as u64;
            if page.rows.is_empty() || offset >= page.matched {
                break;
            }
        }
        found.within(question);
        Ok(found)
    }

    /// Leaves out what lies outside the study area.
    fn within(&mut self, question: &Question<'_>) {
        let mut distinct = self.cells.clone();
        distinct.sort_unstable();
        distinct.dedup();
        let contained = question.area.contain(question.resolution, &distinct);
        let inside: Vec<CellIndex> = distinct
            .iter()
            .zip(contained)
            .filter_map(|(cell, contained)| contained.then_some(*cell))
            .collect();
        let (events, cells) = (
            std::mem::take(&mut self.events),
            std::mem::take(&mut self.cells),
        );
        let mut outside = 0;
        for (event, cell) in events.into_iter().zip(cells) {
            if inside.binary_search(&cell).is_ok() {
                self.events.push(event);
                self.cells.push(cell);
            } else {
                outside += 1;
            }
        }
        if outside > 0 {
            self.reasons.insert("outside_study_area", outside);
        }
    }

    /// Records in each cell of the grid.
    pub(super) fn counts(&self, grid: &Grid) -> Vec<u32> {
        let mut counts = vec![0; grid.cells.len()];
        for at in self
            .cells
            .iter()
            .filter_map(|cell| grid.cells.binary_search(cell).ok())
        {
            counts[at] += 1;
        }
        counts
    }
}

/// The days asked for, or all that have data; the last 728 of them.
fn days(question: &Question<'_>) -> DayRange {
    let data = question.scope.days(question.snapshot, |_| true);
    let data = data.unwrap_or(DayRange::ALL);
    let asked = question.query.days.unwrap_or(data);
    // An open end is the last day of the data, not the end of the calendar.
    let last = if asked.last() == DayRange::ALL.last() {
        data.last()
    } else {
        asked.last()
    };
    let earliest = last
        .0
        .saturating_sub(u16::try_from(TRAINING_DAYS - 1).unwrap_or(u16::MAX));
    let first = asked
        .first()
        .0
        .max(data.first().0)
        .max(earliest)
        .min(last.0);
    DayRange::new(Day(first), last).unwrap_or(asked)
}

/// When and where, or why that is not known well enough.
fn event(
    incident: &Incident,
    question: &Question<'_>,
    days: DayRange,
) -> Result<(Happening, CellIndex), &'static str> {
    let location = &incident.location;
    let own = location.cell().ok_or("no_location")?;
    if question.query.bases.is_none() && !COUNTED_BASES.contains(&location.basis) {
        return Err("basis");
    }
    let cell = own.parent(question.resolution).ok_or("too_coarse")?;
    let when = incident.when().ok_or("no_day")?.days;
    if when.first() != when.last() || !when.intersects(days) {
        return Err("no_day");
    }
    let event = Happening {
        at: within_parent(own, cell),
        day: f64::from(when.first().0),
    };
    Ok((event, cell))
}

/// The middle of a cell; halfway to its parent's where it lies in the next one: counts go by parents.
fn within_parent(own: CellIndex, parent: CellIndex) -> [f64; 2] {
    let (centre, middle) = (LatLng::from(own), LatLng::from(parent));
    if centre.to_cell(parent.resolution()) == parent {
        return [centre.lng(), centre.lat()];
    }
    [
        f64::midpoint(centre.lng(), middle.lng()),
        f64::midpoint(centre.lat(), middle.lat()),
    ]
}

//! Records by group: exact numbers by any of category, register, basis, agency, step of time and cell.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use foldhash::fast::RandomState;
use h3o::{CellIndex, Resolution};
use naqsha_model::{Basis, Category, DayRange, RecordStage};
use rayon::prelude::*;

use crate::cells;
use crate::index::{Held, Index, Kind, Part};
use crate::query::Filter;
use crate::scan::{Passing, Scan};
use crate::snapshot::Snapshot;

/// Which records, and what they are told apart by.
#[derive(Debug, Clone, Default)]
pub struct GroupQuery<'a> {
    /// Which records.
    pub filter: Filter<'a>,
    /// What is told apart, in any order.
    pub by: Vec<GroupedBy>,
    /// For each day number the step that it is of, where steps are told apart; a record is of the step of its first day.
    pub steps: Option<&'a [u16]>,
    /// Where only records in cells count; all count where `None`.
    pub cells: Option<GroupCells<'a>>,
}

/// Something that kinds of records are told apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GroupedBy {
    /// Category, with its subtype.
    Category,
    /// Register.
    Stage,
    /// What the place is the place of.
    Basis,
    /// Who sent the record.
    Agency,
}

/// The cells whose records count.
#[derive(Clone, Copy)]
pub struct GroupCells<'a> {
    /// Resolution of the cells; a record known more coarsely counts in none.
    pub resolution: Resolution,
    /// Whether a cell's records count. Asked once for each run of equal cells, from many threads.
    pub keep: &'a (dyn Fn(CellIndex) -> bool + Sync),
    /// Whether cells are told apart.
    pub apart: bool,
}

impl GroupCells<'_> {
    /// The cell that records of a cell are counted under, `None` where they do not count.
    pub(crate) fn counted(&self, cell: u64) -> Option<u64> {
        let kept = (self.keep)(CellIndex::try_from(cell).ok()?);
        kept.then_some(if self.apart { cell } else { 0 })
    }
}

impl std::fmt::Debug for GroupCells<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GroupCells")
            .field("resolution", &self.resolution)
            .field("apart", &self.apart)
            .finish_non_exhaustive()
    }
}

/// Records that are alike in all that was told apart; what was not is `None`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group {
    /// The cell.
    pub cell: Option<CellIndex>,
    /// The category.
    pub category: Option<Category>,
    /// The register.
    pub stage: Option<RecordStage>,
    /// What the place is the place of.
    pub basis: Option<Basis>,
    /// Who sent them.
    pub agency: Option<Arc<str>>,
    /// The step of time; `None` also for records without a time.
    pub step: Option<u16>,
    /// How many, at least 1.
    pub count: u64,
    /// Whether one of them is of a synthetic batch.
    pub synthetic: bool,
}

/// What a kind of record is told apart by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Label {
    category: Option<Category>,
    stage: Option<RecordStage>,
    basis: Option<Basis>,
    agency: Option<Arc<str>>,
}

impl Label {
    fn of(kind: &Kind, query: &GroupQuery<'_>) -> Self {
        let by = |what| query.by.contains(&what);
        Self {
            category: by(GroupedBy::Category).then_some(kind.category),
            stage: by(GroupedBy::Stage).then_some(kind.stage),
            basis: by(GroupedBy::Basis).then_some(kind.basis),
            agency: by(GroupedBy::Agency).then(|| Arc::clone(&kind.agency)),
        }
    }
}

/// Cell (zero where none is told apart), label, and step (`None` without a time, or where none is told apart).
type Key = (u64, u32, Option<u16>);

/// Numbers by key, and whether one of the records is invented.
#[derive(Debug, Default)]
pub(crate) struct Groups(HashMap<Key, (u64, bool), RandomState>);

/// A question with the labels of all kinds that there are.
#[derive(Debug)]
pub(crate) struct Grouping<'q> {
    pub(crate) query: &'q GroupQuery<'q>,
    labels: BTreeMap<Label, u32>,
}

impl<'q> Grouping<'q> {
    fn new<'k>(query: &'q GroupQuery<'q>, kinds: impl Iterator<Item = &'k Kind>) -> Self {
        let mut labels: BTreeMap<Label, u32> = BTreeMap::new();
        for kind in kinds {
            labels.entry(Label::of(kind, query)).or_default();
        }
        for (number, label) in (0..).zip(labels.values_mut()) {
            *label = number;
        }
        Self { query, labels }
    }

    /// The label of a kind.
    pub(crate) fn label(&self, kind: &Kind) -> u32 {
        let label = self.labels.get(&Label::of(kind, self.query));
        label.copied().unwrap_or_default()
    }

    fn step(&self, first: u16, last: u16) -> Option<u16> {
        let steps = self.query.steps?;
        let is_any = DayRange::ALL.first().0 == first && DayRange::ALL.last().0 == last;
        steps.get(usize::from(first)).copied().filter(|_| !is_any)
    }

    /// Counts a record.
    pub(crate) fn add(
        &self,
        groups: &mut Groups,
        (cell, label): (u64, u32),
        days: (u16, u16),
        synthetic: bool,
    ) {
        let step = self.step(days.0, days.1);
        let sum = groups.0.entry((cell, label, step)).or_default();
        *sum = (sum.0 + 1, sum.1 | synthetic);
    }

    fn told(&self, groups: Groups) -> Vec<Group> {
        let labels: Vec<&Label> = self.labels.keys().collect();
        let group = |((cell, label, step), (count, synthetic)): (Key, (u64, bool))| {
            let label = labels.get(label as usize)?;
            Some(Group {
                cell: CellIndex::try_from(cell).ok(),
                category: label.category,
                stage: label.stage,
                basis: label.basis,
                agency: label.agency.clone(),
                step,
                count,
                synthetic,
            })
        };
        let mut told: Vec<Group> = groups.0.into_iter().filter_map(group).collect();
        told.par_sort_unstable();
        told
    }
}

impl Groups {
    pub(crate) fn plus(self, other: Self) -> Self {
        let (mut large, small) = if self.0.len() >= other.0.len() {
            (self, other)
        } else {
            (other, self)
        };
        for (key, (count, synthetic)) in small.0 {
            let sum = large.0.entry(key).or_default();
            *sum = (sum.0 + count, sum.1 | synthetic);
        }
        large
    }
}

impl Snapshot {
    /// Records by group, ascending by cell, category, register, basis, agency and step.
    ///
    /// Without cells the sum is [`Self::count`] of the filter; with cells that are all kept it is that of the counts of
    /// [`Self::cube`] at their resolution.
    ///
    /// Cost: O(records of the filter's area), over all threads of rayon's pool.
    pub fn groups(&self, query: &GroupQuery<'_>) -> Vec<Group> {
        let apart = self.parts().iter().filter_map(|part| match &part.held {
            Held::Apart(index) => Some(index),
            Held::Merged => None,
        });
        let of_views = self.views().iter();
        let of_views = of_views.flat_map(|view| view.merged.kinds.iter().map(|of| &of.kind));
        let kinds = apart.flat_map(|index| index.kinds.iter()).chain(of_views);
        let grouping = Grouping::new(query, kinds);
        let scan = Scan::new(&query.filter, None);
        let of_part = |part: &Arc<Part>| match &part.held {
            Held::Apart(index) => {
                let passing = scan.passing(index, part.hidden.as_deref());
                of_index(&grouping, part, index, &passing)
            }
            Held::Merged => Groups::default(),
        };
        let apart = self.parts().par_iter().map(of_part);
        let apart = apart.reduce(Groups::default, Groups::plus);
        let merged = self.views().iter();
        let merged = merged.map(|view| view.groups(&scan, &grouping));
        grouping.told(merged.fold(apart, Groups::plus))
    }
}

fn of_index(grouping: &Grouping<'_>, part: &Part, index: &Index, passing: &Passing) -> Groups {
    let labels: Vec<u32> = index.kinds.iter().map(|k| grouping.label(k)).collect();
    let mut groups = Groups::default();
    let mut add = |cell: u64, rows: std::ops::Range<usize>| {
        for row in rows.filter(|&row| passing.counts(row)) {
            let columns = [
                &index.rows.first_day,
                &index.rows.last_day,
                &index.rows.kind,
            ];
            if let [Some(&first), Some(&last), Some(&kind)] = columns.map(|of| of.get(row))
                && let Some(&label) = labels.get(usize::from(kind))
            {
                let synthetic = part.batch.synthetic;
                grouping.add(&mut groups, (cell, label), (first, last), synthetic);
            }
        }
    };
    let Some(of) = grouping.query.cells else {
        add(0, 0..index.rows.len());
        return groups;
    };
    let finer = index.segments.iter();
    for segment in finer.filter(|segment| segment.resolution >= Some(of.resolution)) {
        for (cell, rows) in segment.runs(|entry| cells::parent(entry, of.resolution)) {
            if let Some(cell) = of.counted(cell) {
                add(cell, rows);
            }
        }
    }
    groups
}

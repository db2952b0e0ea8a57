//! What of a merged index a snapshot sees: the rows of its files that are current in it.
#![expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "positions come from the index itself; it has fewer than 2^32 rows"
)]

use std::sync::Arc;

use super::calendar::Spot;
use super::{FileKey, Merged};
use crate::hidden::Hidden;

/// Of eight rows that are gone, more than one: then a question looks at all rows and takes none off.
const FEW: usize = 8;

/// A merged index as a snapshot sees it.
#[derive(Debug)]
pub(crate) struct View {
    pub merged: Arc<Merged>,
    /// `None` where every row is current.
    pub gone: Option<Gone>,
}

/// What a snapshot sees of a file.
#[derive(Debug, Clone)]
pub(crate) enum State {
    /// All of it.
    Whole,
    /// All but these rows.
    Partly(Arc<Hidden>),
    /// Nothing: its batch is not live, or it is held elsewhere.
    Absent,
}

/// The rows that are not current.
#[derive(Debug)]
pub(crate) struct Gone {
    states: Vec<State>,
    /// One bit a row.
    bits: Box<[u64]>,
    /// The rows, ascending, each with its spot in the calendar, where they are few.
    pub(super) rows: Option<Box<[(u32, Spot)]>>,
}

impl View {
    /// The view of a snapshot; the one of the snapshot before is kept where nothing changed.
    ///
    /// Cost: O(rows) where something changed, else O(files).
    pub(crate) fn of(before: &Arc<Self>, state: impl Fn(FileKey) -> State) -> Arc<Self> {
        let merged = &before.merged;
        let states: Vec<State> = merged.files.iter().map(|&file| state(file)).collect();
        let same = match &before.gone {
            None => states.iter().all(|state| matches!(state, State::Whole)),
            Some(gone) => gone.is_for(&states),
        };
        if same {
            Arc::clone(before)
        } else {
            Arc::new(Self::new(merged, states))
        }
    }

    pub(crate) fn whole(merged: Merged) -> Self {
        Self {
            merged: Arc::new(merged),
            gone: None,
        }
    }

    fn new(merged: &Arc<Merged>, states: Vec<State>) -> Self {
        let rows = merged.rows();
        let mut bits = vec![0_u64; rows.div_ceil(64)];
        let mut seen = vec![0_usize; states.len()];
        let mut count = 0;
        for (row, &part) in merged.columns.part.iter().enumerate() {
            let part = usize::from(part);
            let position = seen[part];
            seen[part] += 1;
            let is_gone = match &states[part] {
                State::Whole => false,
                State::Partly(hidden) => hidden.hides(position),
                State::Absent => true,
            };
            bits[row / 64] |= u64::from(is_gone) << (row % 64);
            count += usize::from(is_gone);
        }
        let merged = Arc::clone(merged);
        if count == 0 {
            return Self { merged, gone: None };
        }
        let mut gone = Gone {
            states,
            bits: bits.into(),
            rows: None,
        };
        if count <= rows / FEW {
            let mut few = Vec::with_capacity(count);
            merged.calendar.each_spot(&merged.segments, |spot, rows| {
                let rows = rows.filter(|&row| gone.is_gone(row));
                few.extend(rows.map(|row| (row as u32, spot)));
            });
            gone.rows = Some(few.into());
        }
        Self {
            merged,
            gone: Some(gone),
        }
    }

    /// Memory in bytes, without its constant part.
    pub(crate) fn bytes(&self) -> usize {
        let gone = self.gone.as_ref().map_or(0, |gone| {
            8 * gone.bits.len() + 8 * gone.rows.as_ref().map_or(0, |rows| rows.len())
        });
        self.merged.bytes() + gone
    }
}

impl Gone {
    pub(crate) fn is_gone(&self, row: usize) -> bool {
        self.bits[row / 64] >> (row % 64) & 1 == 1
    }

    fn is_for(&self, states: &[State]) -> bool {
        let same = |pair: (&State, &State)| match pair {
            (State::Whole, State::Whole) | (State::Absent, State::Absent) => true,
            (State::Partly(ours), State::Partly(theirs)) => Arc::ptr_eq(ours, theirs),
            _ => false,
        };
        self.states.iter().zip(states).all(same)
    }
}

//! Makes one index of several: their runs of equal cells are sorted region by region, and the rows copied.
#![expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "positions come from the sources themselves; what does not fit is refused before it is used"
)]

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use foldhash::fast::RandomState;
use h3o::CellIndex;
use rayon::prelude::*;

use super::calendar::Calendar;
use super::cells::{Cells, MOST_ROWS};
use super::{Columns, FileKey, Merged, MergedKind, Segment};
use crate::cells;
use crate::index::{Held, Index, Part};

/// Regions that are merged on their own, side by side.
const REGIONS: usize = 64;

/// Files of one merged index, and kinds of it: what a number of two bytes counts.
const MOST: usize = 1 << 16;

/// What goes into a merged index.
#[derive(Debug)]
pub(crate) enum Input {
    /// A file by itself.
    File(Arc<Part>, Arc<Index>),
    /// A merged index, as it is.
    Merged(Arc<Merged>),
}

impl Input {
    pub(crate) fn rows(&self) -> usize {
        match self {
            Self::File(_, index) => index.rows.len(),
            Self::Merged(merged) => merged.rows(),
        }
    }

    /// A file that lies by itself.
    pub(crate) fn of_file(part: &Arc<Part>) -> Option<Self> {
        match &part.held {
            Held::Apart(index) => Some(Self::File(Arc::clone(part), Arc::clone(index))),
            Held::Merged => None,
        }
    }
}

impl Merged {
    /// One index of several; `None` where they are more than one can hold.
    ///
    /// Cost: O(rows + cells · log cells) over all threads of rayon's pool, and the memory of the result besides the inputs.
    pub(crate) fn of(inputs: &[Input]) -> Option<Self> {
        let rows: usize = inputs.iter().map(Input::rows).sum();
        let mut names = Names::default();
        let mut pieces = Vec::new();
        for input in inputs {
            names.add(input, &mut pieces);
        }
        if rows >= MOST_ROWS || names.kinds.len() > MOST || names.files.len() > MOST {
            return None;
        }
        let mut columns = Columns {
            first_day: vec![0; rows],
            last_day: vec![0; rows],
            kind: vec![0; rows],
            part: vec![0; rows],
        };
        let segments = merge(&pieces, &mut columns);
        let calendar = Calendar::new(&columns, &segments, alike(&names.kinds))?;
        let invented = names.kinds.iter().filter(|kind| kind.synthetic).count();
        let uniform = invented == 0 || invented == names.kinds.len();
        Some(Self {
            files: names.files,
            kinds: names.kinds,
            synthetic: uniform.then_some(invented > 0),
            columns,
            segments,
            calendar,
        })
    }
}

/// For each kind the first that differs from it in its recipients at most.
fn alike(kinds: &[MergedKind]) -> Vec<u16> {
    let mut first: HashMap<MergedKind, u16, RandomState> = HashMap::default();
    let numbered = kinds.iter().zip(0..=u16::MAX);
    let same = numbered.map(|(of, number)| {
        let kind = of.kind.without_recipients();
        *first
            .entry(MergedKind { kind, ..of.clone() })
            .or_insert(number)
    });
    same.collect()
}

/// Files and kinds of the inputs, numbered anew.
#[derive(Default)]
struct Names {
    files: Vec<FileKey>,
    kinds: Vec<MergedKind>,
    known: HashMap<MergedKind, usize, RandomState>,
}

impl Names {
    fn kind(&mut self, kind: MergedKind) -> u16 {
        let next = self.kinds.len();
        let number = *self.known.entry(kind.clone()).or_insert(next);
        if number == next {
            self.kinds.push(kind);
        }
        // Where there are more, the result is not used.
        number as u16
    }

    /// Adds what an input names, and its pieces.
    fn add<'i>(&mut self, input: &'i Input, pieces: &mut Vec<Piece<'i>>) {
        let first_file = self.files.len();
        let (kinds, part): (Arc<[u16]>, PartOf<'_>) = match input {
            Input::File(part, index) => {
                self.files.push((part.file.batch, part.file.part));
                let study_area: Option<Arc<str>> = part.batch.study_area.as_deref().map(Arc::from);
                let kinds = index.kinds.iter().map(|kind| {
                    self.kind(MergedKind {
                        kind: kind.clone(),
                        synthetic: part.batch.synthetic,
                        study_area: study_area.clone(),
                    })
                });
                (kinds.collect(), PartOf::One(first_file as u16))
            }
            Input::Merged(merged) => {
                self.files.extend(&merged.files);
                let kinds = merged.kinds.iter().map(|kind| self.kind(kind.clone()));
                let part = PartOf::Each(&merged.columns.part, first_file as u16);
                (kinds.collect(), part)
            }
        };
        let piece = |entries, rows: &Range<usize>| Piece {
            entries,
            end: rows.end,
            columns: match input {
                Input::File(_, index) => {
                    let rows = &index.rows;
                    [&rows.first_day, &rows.last_day, &rows.kind].map(Vec::as_slice)
                }
                Input::Merged(merged) => {
                    let rows = &merged.columns;
                    [&rows.first_day, &rows.last_day, &rows.kind].map(Vec::as_slice)
                }
            },
            kinds: Arc::clone(&kinds),
            part,
        };
        match input {
            Input::File(_, index) => pieces.extend(index.segments.iter().map(|of| {
                let entries = match of.resolution {
                    Some(_) => Entries::Packed(&of.entries),
                    None => Entries::Nowhere(of.rows.start),
                };
                piece(entries, &of.rows)
            })),
            Input::Merged(merged) => pieces.extend(
                merged
                    .segments
                    .iter()
                    .map(|of| piece(Entries::Plain(&of.cells), &of.rows)),
            ),
        }
    }
}

/// The rows of one stored resolution of an input.
struct Piece<'i> {
    entries: Entries<'i>,
    end: usize,
    /// First day, last day and kind.
    columns: [&'i [u16]; 3],
    /// The new number of each kind.
    kinds: Arc<[u16]>,
    part: PartOf<'i>,
}

/// Distinct cells with their first rows, as different indexes hold them.
#[derive(Clone, Copy)]
enum Entries<'i> {
    Packed(&'i [u64]),
    Plain(&'i Cells),
    /// Rows without a cell, from one on.
    Nowhere(usize),
}

#[derive(Clone, Copy)]
enum PartOf<'i> {
    One(u16),
    /// Numbers, to which one is added.
    Each(&'i [u16], u16),
}

impl Piece<'_> {
    fn len(&self) -> usize {
        match self.entries {
            Entries::Packed(entries) => entries.len(),
            Entries::Plain(cells) => cells.len(),
            Entries::Nowhere(_) => 1,
        }
    }

    /// The cell of an entry, 0 where it has none.
    fn cell(&self, entry: usize) -> u64 {
        match self.entries {
            Entries::Packed(entries) => cells::cell_of(entries[entry]),
            Entries::Plain(cells) => cells.cell(entry),
            Entries::Nowhere(_) => 0,
        }
    }

    /// The first row of an entry; behind the last entry, the end.
    fn start(&self, entry: usize) -> usize {
        match self.entries {
            _ if entry == self.len() => self.end,
            Entries::Packed(entries) => cells::offset_of(entries[entry]),
            Entries::Plain(cells) => cells.start(entry).unwrap_or(self.end),
            Entries::Nowhere(start) => start,
        }
    }

    /// The first entry whose cell is not before this one.
    fn at(&self, cell: u64) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            if self.cell(middle) < cell {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }
}

/// A run of rows of one cell in one piece.
struct Run {
    cell: u64,
    piece: u32,
    start: u32,
    rows: u32,
}

/// What is written to: a region's share of the columns.
struct Share<'c> {
    from: u64,
    to: u64,
    first_row: usize,
    first_day: &'c mut [u16],
    last_day: &'c mut [u16],
    kind: &'c mut [u16],
    part: &'c mut [u16],
}

/// Fills the columns and gives their cells.
fn merge(pieces: &[Piece<'_>], columns: &mut Columns) -> Vec<Segment> {
    let shares = shares(pieces, columns);
    let merged: Vec<Vec<(u64, u32)>> = shares
        .into_par_iter()
        .map(|mut share| fill(pieces, &mut share))
        .collect();
    let mut segments: Vec<Segment> = Vec::new();
    let rows = columns.kind.len();
    for (cell, start) in merged.into_iter().flatten() {
        let resolution = CellIndex::try_from(cell).ok().map(CellIndex::resolution);
        if segments
            .last()
            .is_none_or(|last| last.resolution != resolution)
        {
            if let Some(last) = segments.last_mut() {
                last.rows.end = start as usize;
            }
            segments.push(Segment {
                resolution,
                rows: start as usize..rows,
                cells: Cells::default(),
            });
        }
        if let Some(last) = segments.last_mut() {
            last.cells.push(cell, start);
        }
    }
    for segment in &mut segments {
        segment.cells.shrink_to_fit();
    }
    segments
}

/// Regions of about equally many cells, each with its part of the columns.
fn shares<'c>(pieces: &[Piece<'_>], columns: &'c mut Columns) -> Vec<Share<'c>> {
    let step = pieces.iter().map(Piece::len).sum::<usize>() / (REGIONS * 64) + 1;
    let mut sample: Vec<u64> = pieces
        .iter()
        .flat_map(|piece| (0..piece.len()).step_by(step).map(|at| piece.cell(at)))
        .collect();
    sample.sort_unstable();
    let bounds = (1..REGIONS).filter_map(|n| sample.get(n * sample.len() / REGIONS).copied());
    let mut bounds: Vec<u64> = [0].into_iter().chain(bounds).chain([u64::MAX]).collect();
    bounds.dedup();

    let mut rest = (
        columns.first_day.as_mut_slice(),
        columns.last_day.as_mut_slice(),
        columns.kind.as_mut_slice(),
        columns.part.as_mut_slice(),
    );
    let mut first_row = 0;
    let mut shares = Vec::new();
    for pair in bounds.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let rows = |piece: &Piece<'_>| piece.start(piece.at(to)) - piece.start(piece.at(from));
        let rows: usize = pieces.iter().map(rows).sum();
        let first_day = rest.0.split_at_mut(rows);
        let last_day = rest.1.split_at_mut(rows);
        let kind = rest.2.split_at_mut(rows);
        let part = rest.3.split_at_mut(rows);
        shares.push(Share {
            from,
            to,
            first_row,
            first_day: first_day.0,
            last_day: last_day.0,
            kind: kind.0,
            part: part.0,
        });
        rest = (first_day.1, last_day.1, kind.1, part.1);
        first_row += rows;
    }
    shares
}

/// Merges one region; gives its cells with their first rows.
fn fill(pieces: &[Piece<'_>], share: &mut Share<'_>) -> Vec<(u64, u32)> {
    let mut runs = Vec::new();
    for (number, piece) in (0..).zip(pieces) {
        for entry in piece.at(share.from)..piece.at(share.to) {
            let start = piece.start(entry);
            runs.push(Run {
                cell: piece.cell(entry),
                piece: number,
                start: start as u32,
                rows: (piece.start(entry + 1) - start) as u32,
            });
        }
    }
    // Pieces in order, so that the rows of a file keep theirs.
    runs.sort_unstable_by_key(|run| (run.cell, run.piece));
    let (mut cells, mut at) = (Vec::new(), 0);
    for run in runs {
        if cells.last().is_none_or(|&(cell, _)| cell != run.cell) {
            cells.push((run.cell, (share.first_row + at) as u32));
        }
        let piece = &pieces[run.piece as usize];
        let from = run.start as usize..(run.start + run.rows) as usize;
        let to = at..at + from.len();
        share.first_day[to.clone()].copy_from_slice(&piece.columns[0][from.clone()]);
        share.last_day[to.clone()].copy_from_slice(&piece.columns[1][from.clone()]);
        let kinds = share.kind[to.clone()].iter_mut();
        for (kind, &old) in kinds.zip(&piece.columns[2][from.clone()]) {
            *kind = piece.kinds[usize::from(old)];
        }
        match piece.part {
            PartOf::One(part) => share.part[to.clone()].fill(part),
            PartOf::Each(parts, more) => {
                let parts = share.part[to.clone()].iter_mut().zip(&parts[from]);
                parts.for_each(|(part, &old)| *part = old + more);
            }
        }
        at = to.end;
    }
    cells
}

//! The index of one file: distinct cells with row offsets, and a few bytes of each row. Immutable.
//!
//! Positions are those of the file, so a position leads to the record without a pointer. Costs 6 bytes a row and 8 bytes
//! a distinct cell: at most 14 bytes a row.

mod kind;
pub(crate) mod persisted;

pub(crate) use kind::Kind;

use std::ops::Range;
use std::sync::Arc;

use h3o::{CellIndex, Resolution};
use naqsha_model::{Day, DayRange};
use polars_core::prelude::{DataFrame, UInt16Chunked};

use crate::batch::BatchRecord;
use crate::cells;
use crate::columns::INDEX_COLUMNS;
use crate::files::{self, FileRecord, Files, Unread};
use crate::hidden::{self, Hidden};
use crate::rows::Unreadable;
use crate::scan::{OUT, Scan};

/// Days of a row without a time: they share a day with any range.
pub(crate) const ANY_DAY: (u16, u16) = (DayRange::ALL.first().0, DayRange::ALL.last().0);

/// One file in memory, with the rows of it that are not current.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub batch: Arc<BatchRecord>,
    pub file: FileRecord,
    pub held: Held,
    pub hidden: Option<Arc<Hidden>>,
}

/// Where the index of a part is in memory.
#[derive(Debug, Clone)]
pub(crate) enum Held {
    /// By itself.
    Apart(Arc<Index>),
    /// Its rows are among those of a [`Merged`](crate::merged::Merged).
    Merged,
}

/// What is kept of a file; the columns run in parallel, in file order.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Index {
    pub rows: Rows,
    /// In order of appearance.
    pub kinds: Vec<Kind>,
    /// In file order: rows without a cell first, then by resolution.
    pub segments: Vec<Segment>,
}

/// The columns.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Rows {
    pub first_day: Vec<u16>,
    pub last_day: Vec<u16>,
    /// Positions in [`Index::kinds`].
    pub kind: Vec<u16>,
}

/// The rows of one stored resolution, or those without a cell.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    pub resolution: Option<Resolution>,
    pub rows: Range<usize>,
    /// Distinct cells and their first rows, see [`cells::entry`]; empty without a cell.
    pub entries: Vec<u64>,
}

impl Part {
    /// Takes the index that is kept of a file, else reads and verifies the file and keeps its index. `hidden` are rows of
    /// the bureau's file that are not current, ascending.
    ///
    /// Where the index is kept, the file itself is only seen to be there with its length: its bytes are verified when
    /// records of it are read.
    pub(crate) fn open(
        files: &Files,
        batch: &Arc<BatchRecord>,
        file: &FileRecord,
        hidden: &[u64],
    ) -> Result<Self, Unread> {
        files.fits(file)?;
        let held = Held::Apart(Arc::new(Index::load(files, file)?));
        Self::whole(batch, file, held).hiding(files, batch, hidden)
    }

    /// A part whose rows are among those of a merged index.
    pub(crate) fn merged(
        files: &Files,
        batch: &Arc<BatchRecord>,
        file: &FileRecord,
        hidden: &[u64],
    ) -> Result<Self, Unread> {
        files.fits(file)?;
        Self::whole(batch, file, Held::Merged).hiding(files, batch, hidden)
    }

    fn whole(batch: &Arc<BatchRecord>, file: &FileRecord, held: Held) -> Self {
        Self {
            batch: Arc::clone(batch),
            file: file.clone(),
            held,
            hidden: None,
        }
    }

    /// Its index, which is read again where it is merged with others.
    pub(crate) fn index(&self, files: &Files) -> Result<Arc<Index>, Unread> {
        match &self.held {
            Held::Apart(index) => Ok(Arc::clone(index)),
            Held::Merged => Index::load(files, &self.file).map(Arc::new),
        }
    }

    /// The same part, with its rows among those of a merged index.
    pub(crate) fn once_merged(&self) -> Self {
        let held = Held::Merged;
        Self {
            held,
            ..self.clone()
        }
    }

    /// The same file with other rows hidden; it is read where they were not hidden before.
    pub(crate) fn hiding(
        &self,
        files: &Files,
        batch: &Arc<BatchRecord>,
        hidden: &[u64],
    ) -> Result<Self, Unread> {
        let mask = match &self.hidden {
            _ if hidden.is_empty() => None,
            Some(mask) if mask.is_for(hidden) => Some(Arc::clone(mask)),
            _ => {
                let at = hidden::read_source_rows(files, &self.file)?;
                let index = self.index(files)?;
                Some(Arc::new(Hidden::new(&at, hidden, &index.rows)))
            }
        };
        Ok(Self {
            batch: Arc::clone(batch),
            file: self.file.clone(),
            held: self.held.clone(),
            hidden: mask,
        })
    }

    /// Number of rows that are current.
    pub(crate) fn seen(&self) -> u64 {
        self.file.rows - self.hidden.as_ref().map_or(0, |hidden| hidden.count)
    }

    /// First and last day of the current rows that have a time.
    pub(crate) fn days(&self) -> Option<DayRange> {
        self.hidden
            .as_ref()
            .map_or(self.file.days, |hidden| hidden.days)
    }

    /// First and last day of the rows that pass and have a time; nothing of rows that are among those of a merged index.
    pub(crate) fn days_of(&self, scan: &Scan<'_>) -> Option<DayRange> {
        let Held::Apart(index) = &self.held else {
            return None;
        };
        if !index.kinds.iter().any(|kind| scan.verdict(kind) != OUT) {
            return None;
        }
        let passing = scan.passing(index, self.hidden.as_deref());
        let positions = passing.positions(index.rows.len());
        files::hull(positions.filter_map(|position| day_range(&index.rows, position)))
    }

    /// Whether the row at a position is hidden.
    pub(crate) fn hides(&self, position: usize) -> bool {
        self.hidden
            .as_ref()
            .is_some_and(|hidden| hidden.hides(position))
    }

    /// Memory of the index, where it has its own, and of the mask, in bytes, without its constant part.
    pub(crate) fn bytes(&self) -> usize {
        let index = match &self.held {
            Held::Apart(index) => index.bytes(),
            Held::Merged => 0,
        };
        index + self.hidden.as_ref().map_or(0, |hidden| hidden.bytes())
    }
}

impl Index {
    /// Takes the index that is kept of a file, else reads and verifies the file and keeps its index.
    fn load(files: &Files, file: &FileRecord) -> Result<Self, Unread> {
        match persisted::read(files.folder(), file) {
            Some(index) => Ok(index),
            None => Self::of_file(files, file),
        }
    }

    /// Reads and verifies a file, and keeps its index beside it.
    fn of_file(files: &Files, file: &FileRecord) -> Result<Self, Unread> {
        let bytes = files.verified(file)?;
        let frame =
            files::read_columns(&bytes, &INDEX_COLUMNS).map_err(|error| error.to_string())?;
        let index = Self::new(file, &frame)?;
        persisted::keep(files.folder(), file, &index);
        Ok(index)
    }

    /// Indexes the frame of a file.
    pub(crate) fn new(file: &FileRecord, frame: &DataFrame) -> Result<Self, Unreadable> {
        if frame.height() as u64 != file.rows || frame.height() > cells::MAX_ROWS {
            return Err(format!("{} rows instead of {}", frame.height(), file.rows));
        }
        let (kinds, kind) = kind::kinds(frame)?;
        let (first_day, last_day) = days(frame)?.into_iter().unzip();
        Ok(Self {
            rows: Rows {
                first_day,
                last_day,
                kind,
            },
            kinds,
            segments: segments(frame)?,
        })
    }

    fn bytes(&self) -> usize {
        let cells = self.segments.iter().map(|segment| segment.entries.len());
        6 * self.rows.len() + 8 * cells.sum::<usize>()
    }

    /// The kind of the row at a position.
    pub(crate) fn kind(&self, position: usize) -> Option<&Kind> {
        self.kinds.get(usize::from(*self.rows.kind.get(position)?))
    }
}

impl Rows {
    pub(crate) fn len(&self) -> usize {
        self.kind.len()
    }
}

/// The days of a row, `None` where it has no time.
pub(crate) fn day_range(rows: &Rows, position: usize) -> Option<DayRange> {
    let days = (
        *rows.first_day.get(position)?,
        *rows.last_day.get(position)?,
    );
    if days == ANY_DAY {
        return None;
    }
    DayRange::new(Day(days.0), Day(days.1)).ok()
}

impl Segment {
    /// The first row of an entry; behind the last entry, the end of the rows.
    pub(crate) fn first_row(&self, entry: usize) -> usize {
        let entry = self.entries.get(entry);
        entry.map_or(self.rows.end, |&entry| cells::offset_of(entry))
    }

    /// Runs of rows whose cells have the same `key`, with the key, in order.
    pub(crate) fn runs<'s>(
        &'s self,
        key: impl Fn(u64) -> u64 + 's,
    ) -> impl Iterator<Item = (u64, Range<usize>)> + 's {
        let mut entries = self.entries.iter().copied().peekable();
        std::iter::from_fn(move || {
            let first = entries.next()?;
            let key_of_run = key(first);
            while entries.next_if(|&next| key(next) == key_of_run).is_some() {}
            let end = entries
                .peek()
                .map_or(self.rows.end, |&next| cells::offset_of(next));
            Some((key_of_run, cells::offset_of(first)..end))
        })
    }
}

/// Days of each record: when it happened, else when it was reported.
fn days(frame: &DataFrame) -> Result<Vec<(u16, u16)>, Unreadable> {
    let [occurred, reported] = [
        ["occurred_first_day", "occurred_last_day"],
        ["reported_first_day", "reported_last_day"],
    ]
    .map(|names| ranges(frame, names));
    let mut days = vec![ANY_DAY; frame.height()];
    // The later of them overwrites.
    for (first, last) in [reported?, occurred?].into_iter().flatten() {
        let ranges = first.iter().zip(last.iter());
        for (day, (first, last)) in days.iter_mut().zip(ranges) {
            if let (Some(first), Some(last)) = (first, last) {
                *day = (first, last);
            }
        }
    }
    Ok(days)
}

/// First and last days; none where no record has them.
fn ranges<'f>(
    frame: &'f DataFrame,
    [first, last]: [&str; 2],
) -> Result<Option<(&'f UInt16Chunked, &'f UInt16Chunked)>, Unreadable> {
    let column = |name: &str| {
        let column = frame.column(name).ok();
        let days = column.map(|column| column.u16()).transpose();
        days.map_err(|error| error.to_string())
    };
    Ok(column(first)?.zip(column(last)?))
}

fn segments(frame: &DataFrame) -> Result<Vec<Segment>, Unreadable> {
    let Ok(cells) = frame.column("cell") else {
        return Ok(vec![Segment {
            resolution: None,
            rows: 0..frame.height(),
            entries: Vec::new(),
        }]);
    };
    let cells = cells.i64().map_err(|error| error.to_string())?;
    let mut segments: Vec<Segment> = Vec::new();
    let mut previous = None;
    for (row, cell) in cells.iter().enumerate() {
        if row > 0 && cell == previous {
            continue;
        }
        if cell < previous {
            return Err("its rows are not in the order of their cells".to_owned());
        }
        previous = cell;
        let cell = cell
            .map(|cell| CellIndex::try_from(cell.cast_unsigned()))
            .transpose()
            .map_err(|e| e.to_string())?;
        let resolution = cell.map(CellIndex::resolution);
        if segments
            .last()
            .is_none_or(|segment| segment.resolution != resolution)
        {
            if let Some(finished) = segments.last_mut() {
                finished.rows.end = row;
            }
            segments.push(Segment {
                resolution,
                rows: row..cells.len(),
                entries: Vec::new(),
            });
        }
        if let (Some(cell), Some(segment)) = (cell, segments.last_mut()) {
            let offset = u32::try_from(row).map_err(|error| error.to_string())?;
            segment.entries.push(cells::entry(cell.into(), offset));
        }
    }
    if segments.last().and_then(|segment| segment.resolution) > Some(Resolution::Nine) {
        return Err("it has a cell finer than resolution 9".to_owned());
    }
    for segment in &mut segments {
        segment.entries.shrink_to_fit();
    }
    Ok(segments)
}

//! Which records an event names: rows, a period, and with each record its earlier revisions.

use std::collections::BTreeSet;

use naqsha_model::DayRange;

use crate::StoreError;
use crate::batch::BatchRecord;
use crate::contents::{Contents, RecordAt, RowsByBatch};
use crate::event::Selection;
use crate::index::{Part, day_range};
use crate::snapshot::Snapshot;

/// Whether a record whose days are these is of a period: its first day decides, so that periods without a gap have every
/// record that has a time once.
fn is_of(days: Option<DayRange>, period: DayRange) -> bool {
    days.is_some_and(|days| (period.first()..=period.last()).contains(&days.first()))
}

/// The current records of an agency and profile, of any version, in a period, with their earlier revisions.
pub(crate) fn of_period(
    snapshot: &Snapshot,
    agency: &str,
    profile: &str,
    period: DayRange,
) -> Result<RowsByBatch, StoreError> {
    let name = |profile: &str| profile.split('@').next().unwrap_or_default().to_owned();
    let of_profile = |batch: &BatchRecord| {
        batch.agency.as_str() == agency && name(&batch.profile) == name(profile)
    };
    let mut found = BTreeSet::new();
    for part in snapshot
        .parts()
        .iter()
        .filter(|part| of_profile(&part.batch))
    {
        found.extend(in_period(snapshot, part, period)?);
    }
    let current = found
        .into_iter()
        .filter(|&at| snapshot.visibility().sees(at));
    Ok(with_earlier(snapshot.contents(), current))
}

/// The records of a live batch that are selected, current or not.
///
/// # Errors
/// [`StoreError::NoSuchRecord`] for a row that is not one of its records.
pub(crate) fn of_batch(
    snapshot: &Snapshot,
    batch: &BatchRecord,
    selection: &Selection,
) -> Result<BTreeSet<RecordAt>, StoreError> {
    let sequence = batch.sequence;
    let parts = || {
        snapshot
            .parts()
            .iter()
            .filter(|part| part.batch.sequence == sequence)
    };
    let mut found = BTreeSet::new();
    match selection {
        Selection::Batch => {}
        Selection::Period(period) => {
            for part in parts() {
                found.extend(in_period(snapshot, part, *period)?);
            }
        }
        Selection::Rows(rows) => {
            let mut held = BTreeSet::new();
            for part in parts() {
                held.extend(snapshot.source_rows(part)?);
            }
            for &row in rows {
                if !held.contains(&row) {
                    return Err(StoreError::NoSuchRecord {
                        batch: batch.digest,
                        row,
                    });
                }
                found.insert(RecordAt { sequence, row });
            }
        }
    }
    Ok(found)
}

fn in_period(
    snapshot: &Snapshot,
    part: &Part,
    period: DayRange,
) -> Result<Vec<RecordAt>, StoreError> {
    let index = snapshot.index(part)?;
    let rows = &index.rows;
    let positions: Vec<usize> = (0..rows.len())
        .filter(|&position| is_of(day_range(rows, position), period))
        .collect();
    if positions.is_empty() {
        return Ok(Vec::new());
    }
    let at = snapshot.source_rows(part)?;
    let sequence = part.batch.sequence;
    let record = |&position: &usize| at.get(position).map(|&row| RecordAt { sequence, row });
    Ok(positions.iter().filter_map(record).collect())
}

/// Records and all earlier revisions of their incidents, by batch, ascending.
pub(crate) fn with_earlier(
    contents: &Contents,
    records: impl Iterator<Item = RecordAt>,
) -> RowsByBatch {
    let mut all = BTreeSet::new();
    for record in records {
        all.insert(record);
        if let Some(link) = contents.links.of(record) {
            let later = contents.links.after(link.first).iter();
            let earlier = later.take_while(|other| other.revision < link.revision);
            all.extend(earlier.map(|other| other.record).chain([link.first]));
        }
    }
    let mut by_batch = RowsByBatch::new();
    for RecordAt { sequence, row } in all {
        by_batch.entry(sequence).or_default().push(row);
    }
    by_batch
}

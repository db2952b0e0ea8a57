//! The records of a snapshot: pages of them, and one by its id.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use naqsha_model::IncidentId;

use crate::contents::RecordAt;
use crate::files::{self, FileRecord, ROW_GROUP, Unread};
use crate::hidden::read_source_rows;
use crate::index::Part;
use crate::older;
use crate::rows;
use crate::scan::Scan;
use crate::{BatchRecord, Filter, Page, Snapshot, StoreError, StoredIncident};

/// Where a record lies: of which file of a version, and at which position in it. It means nothing in another version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordPlace {
    part: u32,
    position: u32,
}

impl Snapshot {
    /// A page of the records that pass a filter, in an order that is stable for a version.
    ///
    /// Cost: the filter is decided on the index; then only files with records of the page are read, and of those the
    /// row groups that hold them.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where a damaged file may hold such records.
    pub fn rows(&self, filter: &Filter<'_>, offset: u64, limit: usize) -> Result<Page, StoreError> {
        self.rows_of(std::slice::from_ref(filter), offset, limit)
    }

    /// The same of the records that pass one of some filters, of which no record passes two.
    ///
    /// # Errors
    /// As [`Self::rows`].
    pub fn rows_of(
        &self,
        filters: &[Filter<'_>],
        offset: u64,
        limit: usize,
    ) -> Result<Page, StoreError> {
        let counts = self.counts_of(filters)?;
        let mut page = Page {
            rows: Vec::new(),
            matched: counts.iter().sum(),
        };
        let mut skip = offset;
        for (part, &count) in self.parts().iter().zip(&counts) {
            if skip >= count {
                skip -= count;
                continue;
            }
            let wanted = limit - page.rows.len();
            if wanted == 0 {
                break;
            }
            let skipped = usize::try_from(skip).expect("fewer than the rows of a file");
            let positions = self.positions(part, filters)?;
            let from = positions.get(skipped..).unwrap_or_default();
            let wanted = from.get(..wanted).unwrap_or(from);
            page.rows.extend(self.fetch(part, wanted)?);
            skip = 0;
        }
        Ok(page)
    }

    /// Where the records that pass one of some filters are, of which none passes two, in the order of [`Self::rows_of`]: for
    /// who must look into them before it is known which are wanted.
    ///
    /// Cost: O(records), of files that are merged with others also reading their index.
    ///
    /// # Errors
    /// As [`Self::rows`].
    pub fn places(&self, filters: &[Filter<'_>]) -> Result<Vec<RecordPlace>, StoreError> {
        let counts = self.counts_of(filters)?;
        let mut places =
            Vec::with_capacity(usize::try_from(counts.iter().sum::<u64>()).unwrap_or(0));
        for ((part, at), &count) in self.parts().iter().zip(0..).zip(&counts) {
            if count == 0 {
                continue;
            }
            let place = |position| RecordPlace {
                part: at,
                position: u32::try_from(position).expect("fewer rows a file than 2^32"),
            };
            places.extend(self.positions(part, filters)?.into_iter().map(place));
        }
        Ok(places)
    }

    /// The records at some places of this version, in their order.
    ///
    /// Cost: of each file with one of them, the row groups that hold them.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where a file has been damaged since.
    pub fn rows_at(&self, places: &[RecordPlace]) -> Result<Vec<StoredIncident>, StoreError> {
        let mut ordered: Vec<(RecordPlace, usize)> = places.iter().copied().zip(0..).collect();
        ordered.sort_unstable();
        let mut found: Vec<(usize, StoredIncident)> = Vec::with_capacity(places.len());
        for of_part in ordered.chunk_by(|(left, _), (right, _)| left.part == right.part) {
            let part = of_part.first().map(|(place, _)| place.part as usize);
            let Some(part) = part.and_then(|part| self.parts().get(part)) else {
                continue;
            };
            let positions = of_part.iter().map(|(place, _)| place.position as usize);
            let records = self.fetch(part, &positions.collect::<Vec<_>>())?;
            found.extend(of_part.iter().map(|(_, nth)| *nth).zip(records));
        }
        found.sort_unstable_by_key(|(nth, _)| *nth);
        Ok(found.into_iter().map(|(_, record)| record).collect())
    }

    /// Records of each part that pass one of some filters.
    fn counts_of(&self, filters: &[Filter<'_>]) -> Result<Vec<u64>, StoreError> {
        let mut sums = vec![0; self.parts().len()];
        for filter in filters {
            self.refuse_lost(filter)?;
            for (sum, count) in sums.iter_mut().zip(self.counts(filter)) {
                *sum += count;
            }
        }
        Ok(sums)
    }

    /// Where in a part the records lie that pass one of some filters, ascending.
    fn positions(&self, part: &Part, filters: &[Filter<'_>]) -> Result<Vec<usize>, StoreError> {
        let index = self.index(part)?;
        let mut positions = Vec::new();
        for filter in filters {
            let passing = Scan::new(filter, None).passing(&index, part.hidden.as_deref());
            positions.extend(passing.positions(index.rows.len()));
        }
        if filters.len() > 1 {
            positions.sort_unstable();
        }
        Ok(positions)
    }

    fn refuse_lost(&self, filter: &Filter<'_>) -> Result<(), StoreError> {
        let lost = self
            .lost()
            .iter()
            .position(|file| file.may_hold(filter.days));
        lost.map_or(Ok(()), |at| Err(self.damage(at)))
    }

    /// One incident in its current revision, `None` where no live batch has it.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where a damaged file may hold it.
    pub fn incident(&self, id: IncidentId) -> Result<Option<StoredIncident>, StoreError> {
        for current in self.current(id) {
            if let Some(found) = self.record(current)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Incidents in their current revisions, in the order of the ids; those that no live batch has are left out.
    ///
    /// Cost: each file with one of them is looked into once, however many it holds.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where a damaged file may hold one of them.
    pub fn incidents(&self, ids: &[IncidentId]) -> Result<Vec<StoredIncident>, StoreError> {
        let mut rows_of: BTreeMap<usize, Vec<u64>> = BTreeMap::new();
        let mut places = Vec::with_capacity(ids.len());
        for current in ids.iter().flat_map(|&id| self.current(id)) {
            let Some(batch) = self.contents().batch(current.sequence) else {
                continue;
            };
            let holds = |file: &FileRecord| {
                file.batch == batch.digest
                    && (file.source_rows.0..=file.source_rows.1).contains(&current.row)
            };
            if let Some(at) = self.lost().iter().position(holds) {
                return Err(self.damage(at));
            }
            for (at, part) in self.parts().iter().enumerate() {
                if !holds(&part.file) {
                    continue;
                }
                let rows = match rows_of.entry(at) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(unknown) => unknown.insert(self.source_rows(part)?),
                };
                let position = rows.iter().position(|&row| row == current.row);
                let position = position.filter(|&position| !part.hides(position));
                places.extend(position.map(|position| RecordPlace {
                    part: u32::try_from(at).expect("fewer files than 2^32"),
                    position: u32::try_from(position).expect("fewer rows a file than 2^32"),
                }));
            }
        }
        self.rows_at(&places)
    }

    /// Where the current revision of an incident may be.
    fn current(&self, id: IncidentId) -> impl Iterator<Item = RecordAt> + '_ {
        let batches = self.contents().batches.iter();
        let of_id = batches.filter(move |batch| id_of(batch, id.row()) == id);
        of_id.filter_map(move |batch| {
            let record = RecordAt {
                sequence: batch.sequence,
                row: id.row(),
            };
            let first = self.contents().links.of(record).is_none();
            first.then(|| self.visibility().current(&self.contents().links, record))?
        })
    }

    /// A current record by where it is stored, `None` where its batch has no such row.
    pub(crate) fn record(&self, record: RecordAt) -> Result<Option<StoredIncident>, StoreError> {
        let Some(batch) = self.contents().batch(record.sequence) else {
            return Ok(None);
        };
        let holds = |file: &FileRecord| {
            file.batch == batch.digest
                && (file.source_rows.0..=file.source_rows.1).contains(&record.row)
        };
        for part in self.parts().iter().filter(|part| holds(&part.file)) {
            if let Some(at) = self.position(part, record.row)? {
                return Ok(self.fetch(part, &[at])?.pop());
            }
        }
        match self.lost().iter().position(holds) {
            Some(at) => Err(self.damage(at)),
            None => Ok(None),
        }
    }

    /// Current records in some rows of a batch; each file that may hold one is read once.
    pub(crate) fn records_of(
        &self,
        sequence: u64,
        rows: &BTreeSet<u64>,
    ) -> Result<Vec<StoredIncident>, StoreError> {
        let mut found = Vec::with_capacity(rows.len());
        let may_hold = |file: &FileRecord| {
            let (first, last) = file.source_rows;
            rows.range(first..=last).next().is_some()
        };
        let parts = self.parts().iter();
        let of_batch = parts.filter(|part| part.batch.sequence == sequence);
        for part in of_batch.filter(|part| may_hold(&part.file)) {
            let held = self.source_rows(part)?;
            let positions = (0..).zip(held).filter(|(_, row)| rows.contains(row));
            let positions: Vec<usize> = positions.map(|(position, _)| position).collect();
            found.extend(self.fetch(part, &positions)?);
        }
        let batch = self.contents().batch(sequence).map(|batch| batch.digest);
        let missing = found.len() < rows.len();
        let lost = |file: &FileRecord| Some(file.batch) == batch && may_hold(file);
        match self.lost().iter().position(lost).filter(|_| missing) {
            Some(at) => Err(self.damage(at)),
            None => Ok(found),
        }
    }

    /// The position in a part of a row of the bureau's file.
    fn position(&self, part: &Part, row: u64) -> Result<Option<usize>, StoreError> {
        let rows = self.source_rows(part)?;
        let found = rows.iter().position(|&found| found == row);
        Ok(found.filter(|&position| !part.hides(position)))
    }

    /// The bureau's row of each position of a part.
    pub(crate) fn source_rows(&self, part: &Part) -> Result<Vec<u64>, StoreError> {
        let read = read_source_rows(self.files(), &part.file);
        read.map_err(|unread| self.files().error(&part.file, unread))
    }

    /// Records at ascending positions of a part.
    fn fetch(&self, part: &Part, positions: &[usize]) -> Result<Vec<StoredIncident>, StoreError> {
        let incidents = self.incidents_at(part, positions)?;
        let stored = incidents
            .into_iter()
            .map(|incident| self.stored(&part.batch, incident));
        Ok(stored.collect())
    }

    /// Records at ascending positions of a part, as accepted. Nothing is read where there are none.
    pub(crate) fn incidents_at(
        &self,
        part: &Part,
        positions: &[usize],
    ) -> Result<Vec<naqsha_model::Incident>, StoreError> {
        if positions.is_empty() {
            return Ok(Vec::new());
        }
        let read = || -> Result<Vec<naqsha_model::Incident>, Unread> {
            let bytes = self.files().verified(&part.file)?;
            let mut found: Vec<naqsha_model::Incident> = Vec::with_capacity(positions.len());
            for group in positions.chunk_by(|left, right| left / ROW_GROUP == right / ROW_GROUP) {
                let (Some(&first), Some(&last)) = (group.first(), group.last()) else {
                    continue;
                };
                let frame = files::read_rows(&bytes, first, last - first + 1)
                    .map_err(|error| error.to_string())?;
                let frame = older::present(frame)?;
                let within: Vec<usize> = group.iter().map(|position| position - first).collect();
                found.extend(rows::incidents(&frame, &within, part.batch.received_at)?);
            }
            Ok(found)
        };
        read().map_err(|unread| self.files().error(&part.file, unread))
    }

    fn stored(&self, batch: &BatchRecord, incident: naqsha_model::Incident) -> StoredIncident {
        let record = RecordAt {
            sequence: batch.sequence,
            row: incident.provenance.row,
        };
        let link = self.contents().links.of(record);
        let first = link.map_or(record, |link| link.first);
        let of = self.contents().batch(first.sequence).unwrap_or(batch);
        StoredIncident {
            id: id_of(of, first.row),
            revision: link.map_or(1, |link| link.revision),
            batch: batch.digest,
            profile: batch.profile.clone(),
            synthetic: batch.synthetic,
            incident,
        }
    }
}

pub(crate) fn id_of(batch: &BatchRecord, row: u64) -> IncidentId {
    let received_ms = u64::try_from(batch.received_at.as_millisecond()).unwrap_or(0);
    IncidentId::new(received_ms, &batch.digest, row)
}

//! Natural keys stored, by agency: what a repeat is known by.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use naqsha_model::{ContentDigest, NaturalKey, Status};

use crate::StoreError;
use crate::columns::{KEY_COLUMNS, STATUS_COLUMN};
use crate::contents::RecordAt;
use crate::files::{self, FileRecord, Files, Unread};
use crate::hidden::{ROW_COLUMN, source_rows};
use crate::older;
use crate::rows::whole;
use crate::snapshot::Snapshot;

/// A record with a natural key: where it is stored and what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Keyed {
    pub at: RecordAt,
    pub content: ContentDigest,
    pub status: Option<Status>,
}

/// All records of an agency's keys, current or not.
#[derive(Debug, Default, Clone)]
pub(crate) struct Keys {
    /// One record of each key.
    one: HashMap<NaturalKey, Keyed>,
    /// The others, of keys that have several.
    others: HashMap<NaturalKey, Vec<Keyed>>,
    /// Batches read.
    batches: HashSet<u64>,
}

/// How an incident that a key names stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Its current record, if one is seen.
    pub current: Option<Keyed>,
    /// The record that gives it its id.
    pub first: RecordAt,
    /// What its next revision is numbered.
    pub next: u32,
}

impl Keys {
    /// The incident that a key names, `None` where it is new. `seen` tells whether a record is current.
    pub(crate) fn standing(
        &self,
        key: &NaturalKey,
        snapshot: &Snapshot,
        seen: impl Fn(RecordAt) -> bool,
    ) -> Option<Standing> {
        let one = self.one.get(key)?;
        let others = self.others.get(key).map_or(&[][..], Vec::as_slice);
        let all = || others.iter().chain([one]);
        Some(Standing {
            current: all().copied().find(|keyed| seen(keyed.at)),
            first: snapshot.contents().links.first_of(one.at),
            next: u32::try_from(others.len() + 2).unwrap_or(u32::MAX),
        })
    }

    fn add(&mut self, key: NaturalKey, keyed: Keyed) {
        if let Some(other) = self.one.insert(key, keyed) {
            self.others.entry(key).or_default().push(other);
        }
    }
}

/// Keys read so far. One writer at a time uses it.
#[derive(Debug, Default)]
pub(crate) struct KeyCache {
    agencies: HashMap<String, Arc<Keys>>,
}

impl KeyCache {
    /// Keys of all batches of an agency that are or were live; reads the files of those that were not read before.
    ///
    /// Memory: about 90 bytes a record with a key, kept for the next batch.
    pub(crate) fn of(
        &mut self,
        agency: &str,
        snapshot: &Snapshot,
    ) -> Result<Arc<Keys>, StoreError> {
        let contents = snapshot.contents();
        let keys = self.agencies.entry(agency.to_owned()).or_default();
        let new = contents.batches.iter().filter(|batch| {
            batch.agency.as_str() == agency
                && !keys.batches.contains(&batch.sequence)
                && contents.was_live(batch.sequence)
        });
        let new: HashMap<_, u64> = new.map(|batch| (batch.digest, batch.sequence)).collect();
        if new.is_empty() {
            return Ok(Arc::clone(keys));
        }
        // A batch is counted as read only with all of its files, so that an error leaves what was known.
        let mut more = Keys::clone(keys);
        for file in &contents.files {
            let Some(&sequence) = new.get(&file.batch) else {
                continue;
            };
            let left_out = |at| snapshot.visibility().is_left_out(at);
            let read = read_keys(snapshot.files(), file, sequence);
            let read = read.map_err(|unread| snapshot.files().error(file, unread))?;
            for (key, keyed) in read {
                if !left_out(keyed.at) {
                    more.add(key, keyed);
                }
            }
        }
        more.batches.extend(new.values());
        *keys = Arc::new(more);
        Ok(Arc::clone(keys))
    }
}

/// The keyed records of a file.
pub(crate) fn read_keys(
    files: &Files,
    file: &FileRecord,
    sequence: u64,
) -> Result<Vec<(NaturalKey, Keyed)>, Unread> {
    let bytes = files.verified(file)?;
    let columns: Vec<&str> = KEY_COLUMNS
        .into_iter()
        .chain([ROW_COLUMN, STATUS_COLUMN])
        .collect();
    let frame = files::read_columns(&bytes, &columns).map_err(|error| error.to_string())?;
    let rows = source_rows(&frame)?;
    if frame.column(KEY_COLUMNS[0]).is_err() {
        return Ok(Vec::new());
    }
    let [key_high, key_low, content_high, content_low] = KEY_COLUMNS.map(|name| {
        frame
            .column(name)
            .and_then(|column| column.i64())
            .map_err(|error| error.to_string())
    });
    let keys = key_high?.iter().zip(key_low?.iter());
    let contents = content_high?.iter().zip(content_low?.iter());
    let statuses = older::statuses(&frame)?;
    let mut keyed = Vec::new();
    for (position, ((row, (key_high, key_low)), (content_high, content_low))) in
        rows.into_iter().zip(keys).zip(contents).enumerate()
    {
        if let (Some(key), Some(content)) =
            (whole(key_high, key_low), whole(content_high, content_low))
        {
            let record = Keyed {
                at: RecordAt { sequence, row },
                content: ContentDigest(content),
                status: statuses.get(position).copied().flatten(),
            };
            keyed.push((NaturalKey(key), record));
        }
    }
    Ok(keyed)
}

//! What became of records between two versions, and where a reader has got to.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use naqsha_model::IncidentId;
use naqsha_store::{Change, ChangePlace, Snapshot, StoredIncident};

use crate::catalogue::Catalogue;
use crate::error::LayerError;
use crate::layers;
use crate::page::Answer;
use crate::query::LayerQuery;
use crate::scope::Scope;

/// How far a reader of changes has got.
///
/// It holds the version that is read from; while a page is not the last of its series, also the version that is read up to
/// and the place where the page ended; and a number by which the service knows its own history again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangeCursor {
    since: u64,
    until: Option<(u64, ChangePlace)>,
    history: u64,
}

impl ChangeCursor {
    /// The newest version that it names.
    fn version(self) -> u64 {
        self.until.map_or(self.since, |(until, _)| until)
    }

    /// Reads what a page gave.
    ///
    /// # Errors
    /// What would be right, for anything else.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || "is no cursor that an answer gave".to_owned();
        let read = || {
            let mut parts = text.split('-');
            let mut number = || u64::from_str_radix(parts.next()?, 16).ok();
            let (history, since) = (number()?, number()?);
            let until = match number() {
                None => None,
                Some(until) => Some((until, (number()?, number()?))),
            };
            let cursor = Self {
                since,
                until,
                history,
            };
            // One spelling only: signs and leading zeros are not ours.
            let is_ours = cursor.to_string() == text && cursor.version() >= since;
            is_ours.then_some(cursor)
        };
        read().ok_or_else(wrong)
    }
}

impl fmt::Display for ChangeCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}-{:x}", self.history, self.since)?;
        match self.until {
            Some((until, (sequence, row))) => write!(f, "-{until:x}-{sequence:x}-{row:x}"),
            None => Ok(()),
        }
    }
}

/// What became of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordChange {
    /// It is new or revised: its row among the records of the page, and which revision it is now.
    Upsert {
        /// Row of the answer's table.
        row: u32,
        /// From 1.
        revision: u32,
    },
    /// It is there no longer.
    Gone(IncidentId),
}

/// A page of changes.
#[derive(Debug, Clone)]
pub struct ChangePage {
    /// In the order in which records came to the store.
    pub changes: Vec<RecordChange>,
    /// The records of the page as the scope shows them, at the version that is read up to.
    pub records: Answer,
    /// To go on from.
    pub cursor: ChangeCursor,
    /// Whether there are more changes up to the same version.
    pub has_more: bool,
}

impl Catalogue {
    /// What became of records since a cursor, or of all where there is none; at most `limit` of them.
    ///
    /// All pages of a series are about the version that was newest when it began.
    ///
    /// # Errors
    /// [`LayerError::HistoryGone`] where the cursor is of a history that the store does not have; else as
    /// [`Self::answer`].
    pub fn changes(
        &self,
        scope: &Scope,
        cursor: Option<ChangeCursor>,
        limit: usize,
    ) -> Result<ChangePage, LayerError> {
        let layer = layers::INCIDENTS.id;
        if !scope.reads_unreleased() {
            return Err(LayerError::UnknownLayer(layer.to_owned()));
        }
        let newest = self.version();
        let version = cursor.map_or(0, ChangeCursor::version);
        let until = cursor.and_then(|cursor| cursor.until);
        let to = until.map_or(newest, |(until, _)| until);
        if version > newest {
            return Err(LayerError::HistoryGone);
        }
        let at = |version| {
            self.snapshot(&scope.narrow(&LayerQuery {
                as_of: Some(version),
                ..LayerQuery::default()
            }))
        };
        let snapshot = at(to)?;
        if cursor.is_some_and(|cursor| snapshot.history(version) != cursor.history) {
            return Err(LayerError::HistoryGone);
        }
        let since = cursor.map_or(0, |cursor| cursor.since);
        let mut after = until.map(|(_, after)| after);
        let page = loop {
            let mut page = snapshot.changes(since, after, limit)?;
            if scope.only_agency().is_some() {
                keep_admitted(scope, &mut page.changes, || at(since))?;
            }
            // A page of others' changes alone would tell how many there are.
            match page.more {
                Some(more) if page.changes.is_empty() => after = Some(more),
                _ => break page,
            }
        };
        let mut stored: Vec<StoredIncident> = Vec::new();
        let mut changes = Vec::with_capacity(page.changes.len());
        for change in page.changes {
            changes.push(match change {
                Change::Gone(id) => RecordChange::Gone(id),
                Change::Upsert(record) => {
                    let row = u32::try_from(stored.len()).unwrap_or(u32::MAX);
                    let revision = record.revision;
                    stored.push(*record);
                    RecordChange::Upsert { row, revision }
                }
            });
        }
        let table = layers::incidents_table(&stored, scope, snapshot.version());
        let history = snapshot.history(to);
        let cursor = match page.more {
            None => ChangeCursor {
                since: to,
                until: None,
                history,
            },
            Some(after) => ChangeCursor {
                since,
                until: Some((to, after)),
                history,
            },
        };
        Ok(ChangePage {
            changes,
            has_more: cursor.until.is_some(),
            cursor,
            records: Answer::whole(table, snapshot.version()),
        })
    }
}

/// Keeps the changes of records that a scope reads. One that is gone is judged as it was before it went; one that was read
/// before and is no longer, as its agency took back whom it is released to, is gone to who asks.
fn keep_admitted(
    scope: &Scope,
    changes: &mut Vec<Change>,
    then: impl Fn() -> Result<Arc<Snapshot>, LayerError>,
) -> Result<(), LayerError> {
    let unread = |change: &Change| match change {
        Change::Gone(id) => Some(*id),
        Change::Upsert(record) => (!scope.admits(&record.incident)).then_some(record.id),
    };
    let asked: Vec<IncidentId> = changes.iter().filter_map(unread).collect();
    let found = if asked.is_empty() {
        Vec::new()
    } else {
        then()?.incidents(&asked)?
    };
    let admitted = found.iter().filter(|stored| scope.admits(&stored.incident));
    let admitted: BTreeSet<IncidentId> = admitted.map(|stored| stored.id).collect();
    let kept = std::mem::take(changes).into_iter();
    let kept = kept.filter_map(|change| match unread(&change) {
        None => Some(change),
        Some(id) => admitted.contains(&id).then_some(Change::Gone(id)),
    });
    changes.extend(kept);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_nothing_else_is_one() {
        for until in [None, Some((9, (3, 250)))] {
            let cursor = ChangeCursor {
                since: 5,
                until,
                history: 0x0123_4567_89ab_cdef,
            };
            assert_eq!(ChangeCursor::parse(&cursor.to_string()), Ok(cursor));
        }
        let wrong = [
            "",
            "5",
            "0123456789abcdef",
            "0123456789abcdef-+5",
            "0123456789abcdef-05",
            "123-5",
            "0123456789abcdef-5-9",
            "0123456789abcdef-5-9-3",
            "0123456789abcdef-5-4-3-2",
            "0123456789abcdef-5-9-3-2-1",
            "0123456789ABCDEF-5",
        ];
        for text in wrong {
            assert!(ChangeCursor::parse(text).is_err(), "{text}");
        }
    }
}

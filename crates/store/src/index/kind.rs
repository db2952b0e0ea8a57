//! The kind of a record: all that a filter may ask of it besides its days and its place.
//!
//! A store has some hundred kinds, however many records. So a filter is decided once a kind, and a record costs one look
//! into a table, whatever is asked. Whom a record may be released to is part of its kind, and so costs no byte a record.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;
use naqsha_model::{Basis, Category, HandlingCode, Precision, RecordStage};
use polars_core::prelude::{ChunkedArray, DataFrame, StringChunked};

use crate::columns::RECIPIENTS_COLUMN;
use crate::query::Reader;
use crate::rows::Unreadable;
use crate::text;

/// Codes of agencies, ascending, each once.
pub(crate) type Recipients = Arc<[Box<str>]>;

/// What is asked of a record by name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Kind {
    pub category: Category,
    pub stage: RecordStage,
    pub basis: Basis,
    pub precision: Precision,
    pub handling: HandlingCode,
    pub agency: Arc<str>,
    pub recipients: Recipients,
}

impl Kind {
    /// The members as one byte each, in the order of the fields.
    pub(crate) const fn members(&self) -> [u8; 5] {
        [
            self.category.index(),
            self.stage.index(),
            self.basis.index(),
            self.precision.index(),
            self.handling.index(),
        ]
    }

    /// What [`Self::members`] gave, `None` where a byte is no member.
    pub(crate) fn of(members: [u8; 5], agency: Arc<str>, recipients: Recipients) -> Option<Self> {
        let [category, stage, basis, precision, handling] = members;
        Some(Self {
            category: Category::from_index(category)?,
            stage: RecordStage::from_index(stage)?,
            basis: Basis::from_index(basis)?,
            precision: Precision::from_index(precision)?,
            handling: HandlingCode::from_index(handling)?,
            agency,
            recipients,
        })
    }

    /// The same for whoever does not ask whom it may be released to.
    pub(crate) fn without_recipients(&self) -> Self {
        Self {
            recipients: Recipients::default(),
            ..self.clone()
        }
    }

    /// Whether it is one of those that a reader means.
    pub(crate) fn is_read_by(&self, reader: &Reader) -> bool {
        let recipients = self.recipients.iter().map(|code| &**code);
        reader.reads(&self.agency, self.handling, recipients)
    }
}

/// The kinds of a frame in order of appearance, and the kind of each row.
pub(crate) fn kinds(frame: &DataFrame) -> Result<(Vec<Kind>, Vec<u16>), Unreadable> {
    let columns = ["category", "stage", "basis", "precision", "handling"];
    let [category, stage, basis, precision, handling] =
        columns.map(|name| frame.column(name).and_then(|column| column.u8()));
    let members = [category, stage, basis, precision, handling];
    let [category, stage, basis, precision, handling] =
        members.map(|column| column.map_err(|error| error.to_string()));
    let members = [category?, stage?, basis?, precision?, handling?];
    let agencies = frame.column("agency").and_then(|column| column.str());
    let agencies = agencies.map_err(|error| error.to_string())?;
    if members.iter().any(|column| column.null_count() > 0) || agencies.null_count() > 0 {
        return Err("a record lacks what every record has".to_owned());
    }
    let (sets, recipients) = recipients(frame)?;

    let mut known: HashMap<([u8; 5], &str, u32), u16, RandomState> = HashMap::default();
    let (mut kinds, mut rows) = (Vec::new(), Vec::with_capacity(frame.height()));
    let mut each = members.map(ChunkedArray::into_no_null_iter);
    let mut recipients = recipients.into_iter();
    let mut last = None;
    for agency in agencies.iter().flatten() {
        let bytes = each
            .each_mut()
            .map(|column| column.next().unwrap_or(u8::MAX));
        let set = recipients.next().unwrap_or(NOBODY);
        let key = (bytes, agency, set);
        let same = last.filter(|&(previous, _)| previous == key);
        let found = same
            .map(|(_, kind)| kind)
            .or_else(|| known.get(&key).copied());
        let kind = if let Some(kind) = found {
            kind
        } else {
            let new = u16::try_from(kinds.len()).map_err(|error| error.to_string())?;
            let set = sets.get(set as usize).cloned().unwrap_or_default();
            let kind = Kind::of(bytes, Arc::from(agency), set);
            kinds.push(kind.ok_or("a record has an unknown member")?);
            known.insert(key, new);
            new
        };
        last = Some((key, kind));
        rows.push(kind);
    }
    Ok((kinds, rows))
}

/// The number of the set of recipients that has none.
const NOBODY: u32 = 0;

/// The sets of recipients of a frame, and the set of each row; no row has one where no record names any.
fn recipients(frame: &DataFrame) -> Result<(Vec<Recipients>, Vec<u32>), Unreadable> {
    let mut sets = vec![Recipients::default()];
    // A column of which no row has a value is not there.
    let Ok(column) = frame.column(RECIPIENTS_COLUMN) else {
        return Ok((sets, Vec::new()));
    };
    let lists: &StringChunked = column.str().map_err(|error| error.to_string())?;
    let mut number_of: HashMap<Recipients, u32, RandomState> = HashMap::default();
    number_of.insert(Recipients::default(), NOBODY);
    let mut known: HashMap<&str, u32, RandomState> = HashMap::default();
    let mut rows = Vec::with_capacity(lists.len());
    for list in lists.iter() {
        let Some(list) = list else {
            rows.push(NOBODY);
            continue;
        };
        let number = if let Some(&number) = known.get(list) {
            number
        } else {
            let set = read(list).ok_or("a list of recipients does not read back")?;
            let next = u32::try_from(sets.len()).map_err(|error| error.to_string())?;
            let number = *number_of.entry(Arc::clone(&set)).or_insert(next);
            if number == next {
                sets.push(set);
            }
            known.insert(list, number);
            number
        };
        rows.push(number);
    }
    Ok((sets, rows))
}

/// A list as it is written to a file.
fn read(list: &str) -> Option<Recipients> {
    let named = text::records(list)?.into_iter().flatten();
    let mut named: Vec<Box<str>> = named
        .map(|code| code.map(Into::into))
        .collect::<Option<_>>()?;
    named.sort_unstable();
    named.dedup();
    Some(named.into())
}

//! The kind of a record: all that a filter may ask of it besides its days and its place.
//!
//! A store has some hundred kinds, however many records. So a filter is decided once a kind, and a record costs one look
//! into a table, whatever is asked.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;
use naqsha_model::{Basis, Category, HandlingCode, Precision, RecordStage};
use polars_core::prelude::{ChunkedArray, DataFrame};

use crate::rows::Unreadable;

/// What is asked of a record by name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Kind {
    pub category: Category,
    pub stage: RecordStage,
    pub basis: Basis,
    pub precision: Precision,
    pub handling: HandlingCode,
    pub agency: Arc<str>,
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
    pub(crate) fn of(members: [u8; 5], agency: Arc<str>) -> Option<Self> {
        let [category, stage, basis, precision, handling] = members;
        Some(Self {
            category: Category::from_index(category)?,
            stage: RecordStage::from_index(stage)?,
            basis: Basis::from_index(basis)?,
            precision: Precision::from_index(precision)?,
            handling: HandlingCode::from_index(handling)?,
            agency,
        })
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

    let mut known: HashMap<([u8; 5], &str), u16, RandomState> = HashMap::default();
    let (mut kinds, mut rows) = (Vec::new(), Vec::with_capacity(frame.height()));
    let mut each = members.map(ChunkedArray::into_no_null_iter);
    let mut last = None;
    for agency in agencies.iter().flatten() {
        let bytes = each
            .each_mut()
            .map(|column| column.next().unwrap_or(u8::MAX));
        let key = (bytes, agency);
        let same = last.filter(|&(previous, _)| previous == key);
        let found = same
            .map(|(_, kind)| kind)
            .or_else(|| known.get(&key).copied());
        let kind = if let Some(kind) = found {
            kind
        } else {
            let new = u16::try_from(kinds.len()).map_err(|error| error.to_string())?;
            let kind = Kind::of(bytes, Arc::from(agency));
            kinds.push(kind.ok_or("a record has an unknown member")?);
            known.insert(key, new);
            new
        };
        last = Some((key, kind));
        rows.push(kind);
    }
    Ok((kinds, rows))
}

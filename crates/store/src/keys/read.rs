//! Natural keys as the Parquet files have them.

use naqsha_model::{ContentDigest, NaturalKey};

use super::{Entry, Keyed};
use crate::columns::{KEY_COLUMNS, STATUS_COLUMN};
use crate::contents::RecordAt;
use crate::files::{self, FileRecord, Files, Unread};
use crate::hidden::{ROW_COLUMN, source_rows};
use crate::older;
use crate::rows::whole;

/// The keyed records of a file, in its order.
pub(crate) fn read_keys(
    files: &Files,
    file: &FileRecord,
    sequence: u64,
) -> Result<Vec<Entry>, Unread> {
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
    let mut entries = Vec::new();
    for (position, ((row, (key_high, key_low)), (content_high, content_low))) in
        rows.into_iter().zip(keys).zip(contents).enumerate()
    {
        if let (Some(key), Some(content)) =
            (whole(key_high, key_low), whole(content_high, content_low))
        {
            let keyed = Keyed {
                at: RecordAt { sequence, row },
                content: ContentDigest(content),
                status: statuses.get(position).copied().flatten(),
            };
            entries.push(Entry {
                key: NaturalKey(key),
                keyed,
            });
        }
    }
    Ok(entries)
}

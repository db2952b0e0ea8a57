//! Natural keys held, by agency: what a repeat is known by.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use naqsha_model::{ContentDigest, NaturalKey};

use crate::StoreError;
use crate::columns::KEY_COLUMNS;
use crate::files::{self, FileRecord};
use crate::index::Part;
use crate::rows::{Unreadable, whole};
use crate::snapshot::Snapshot;

/// Keys with the content they are held with.
pub(crate) type Held = HashMap<NaturalKey, ContentDigest>;

/// Keys read so far. One writer at a time uses it.
#[derive(Debug, Default)]
pub(crate) struct KeyCache {
    agencies: HashMap<String, AgencyKeys>,
}

#[derive(Debug, Default)]
struct AgencyKeys {
    /// Batches up to this sequence are read.
    sequence: u64,
    held: Arc<Held>,
}

impl KeyCache {
    /// Keys of an agency's live batches; reads the files of those batches that were not read before.
    ///
    /// Memory: about 50 bytes a record with a key, kept for the next batch.
    pub(crate) fn of(
        &mut self,
        agency: &str,
        snapshot: &Snapshot,
    ) -> Result<Arc<Held>, StoreError> {
        if let Some(file) = snapshot.damaged_of(agency) {
            return Err(StoreError::Damaged {
                path: file.path.clone(),
                reason: file.reason.clone(),
            });
        }
        let keys = self.agencies.entry(agency.to_owned()).or_default();
        let new = |part: &&Arc<Part>| {
            part.batch.agency.as_str() == agency && part.batch.sequence > keys.sequence
        };
        let parts: Vec<&Arc<Part>> = snapshot.parts().iter().filter(new).collect();
        let held = Arc::make_mut(&mut keys.held);
        for part in &parts {
            let damaged = |reason| StoreError::Damaged {
                path: part.file.path(),
                reason,
            };
            add_keys(snapshot.folder(), &part.file, held).map_err(damaged)?;
        }
        keys.sequence = parts
            .iter()
            .map(|part| part.batch.sequence)
            .fold(keys.sequence, u64::max);
        Ok(Arc::clone(&keys.held))
    }
}

fn add_keys(store: &Path, file: &FileRecord, held: &mut Held) -> Result<(), Unreadable> {
    let bytes = files::verified(store, file)?;
    let frame =
        files::read_columns(&bytes, Some(&KEY_COLUMNS)).map_err(|error| error.to_string())?;
    let [key_high, key_low, content_high, content_low] = KEY_COLUMNS.map(|name| {
        frame
            .column(name)
            .and_then(|column| column.i64())
            .map_err(|error| error.to_string())
    });
    let keys = key_high?.iter().zip(key_low?.iter());
    let contents = content_high?.iter().zip(content_low?.iter());
    for ((key_high, key_low), (content_high, content_low)) in keys.zip(contents) {
        if let (Some(key), Some(content)) =
            (whole(key_high, key_low), whole(content_high, content_low))
        {
            held.insert(NaturalKey(key), ContentDigest(content));
        }
    }
    Ok(())
}

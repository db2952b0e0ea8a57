//! What is in the records themselves and not in the index: read record by record, some at a time.

use naqsha_model::Incident;
use naqsha_store::RecordPlace;

use crate::error::LayerError;
use crate::layer::Question;
use crate::layers::tally::{COUNTED_BASES, filter};

/// Records that are in memory at a time.
const CHUNK: usize = 8_192;

/// Where the records are that a question counts: those of [`COUNTED_BASES`] unless it names others.
///
/// # Errors
/// The store cannot be read.
pub(super) fn counted(question: &Question<'_>) -> Result<Vec<RecordPlace>, LayerError> {
    let mut filter = filter(question.query);
    if filter.bases.is_none() {
        filter.bases = Some(COUNTED_BASES.to_vec());
    }
    Ok(question.snapshot.places(&[filter])?)
}

/// Reads records one after the other.
///
/// *Cost*: some 5 µs each.
///
/// # Errors
/// The store cannot be read.
pub(super) fn each(
    question: &Question<'_>,
    places: &[RecordPlace],
    mut take: impl FnMut(&Incident),
) -> Result<(), LayerError> {
    for some in places.chunks(CHUNK) {
        for row in question.snapshot.rows_at(some)? {
            take(&row.incident);
        }
    }
    Ok(())
}

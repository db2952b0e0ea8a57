//! Records that have no cell, by the district or tehsil they name: which counts can take part by apportionment.

use std::collections::BTreeMap;

use naqsha_model::{Details, Precision};
use naqsha_record::DetailsRecord;
use polars_core::prelude::DataFrame;
use rayon::prelude::*;

use crate::files::{self, Unread};
use crate::index::{Index, Part};
use crate::rows::Unreadable;
use crate::scan::{COUNTED, Passing, Scan};
use crate::{CubeQuery, NamedCount, Snapshot, StoreError};

/// The columns that name a place.
const COLUMNS: [&str; 2] = ["district", "details"];

/// Counts, and whether a record of them is invented, by district and tehsil.
type Counts = BTreeMap<(String, Option<String>), (u64, bool)>;

impl Snapshot {
    /// Records that pass a question and count, have no cell, and are known to lie in a district or a tehsil of one:
    /// part of the `no_location` of [`Self::cube`] for the same question, ascending by district and tehsil.
    ///
    /// Cost: files with such records are read and verified whole, and of their columns two are decoded for the rows
    /// without a cell.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where such a file is not as it was written; [`StoreError::Object`] where it is away.
    pub fn named(&self, query: &CubeQuery<'_>) -> Result<Vec<NamedCount>, StoreError> {
        let scan = Scan::new(&query.filter, query.counted_bases.as_deref());
        let of_part = |part: &std::sync::Arc<Part>| {
            let index = self.index(part)?;
            let passing = scan.passing(&index, part.hidden.as_deref());
            let positions = positions(&index, &passing);
            self.named_at(part, &positions)
                .map_err(|unread| self.files().error(&part.file, unread))
        };
        let counts = self.files().in_parallel(|| {
            let each: Result<Vec<Counts>, StoreError> =
                self.parts().par_iter().map(of_part).collect();
            each
        });
        let mut all = Counts::new();
        for (place, (count, synthetic)) in counts?.into_iter().flatten() {
            let sum = all.entry(place).or_default();
            *sum = (sum.0 + count, sum.1 | synthetic);
        }
        let named = all
            .into_iter()
            .map(|((district, tehsil), (count, synthetic))| NamedCount {
                district,
                tehsil,
                count,
                synthetic,
            });
        Ok(named.collect())
    }

    fn named_at(&self, part: &Part, positions: &[usize]) -> Result<Counts, Unread> {
        let (Some(&first), Some(&last)) = (positions.first(), positions.last()) else {
            return Ok(Counts::new());
        };
        let bytes = self.files().verified(&part.file)?;
        let frame = files::read_slice(&bytes, &COLUMNS, first, last - first + 1)
            .map_err(|error| error.to_string())?;
        let mut counts = Counts::new();
        for position in positions {
            if let Some(place) = place(&frame, position - first)? {
                counts.entry(place).or_default().0 += 1;
            }
        }
        for (_, synthetic) in counts.values_mut() {
            *synthetic = part.batch.synthetic;
        }
        Ok(counts)
    }
}

/// Rows without a cell that count and whose place is an area that is no larger than a district.
fn positions(index: &Index, passing: &Passing) -> Vec<usize> {
    let without_cell = index.segments.iter().filter(|of| of.resolution.is_none());
    let rows = without_cell.flat_map(|segment| segment.rows.clone());
    let counts = |&row: &usize| match passing {
        Passing::All => true,
        Passing::Each(verdicts) => verdicts.get(row) == Some(&COUNTED),
    };
    let known = |row: &usize| {
        let kind = index.kind(*row);
        kind.is_some_and(|kind| kind.precision <= Precision::District)
    };
    rows.filter(counts).filter(known).collect()
}

/// The district, and tehsil, that a row names.
fn place(frame: &DataFrame, row: usize) -> Result<Option<(String, Option<String>)>, Unreadable> {
    let text = |column: &str| -> Result<Option<&str>, Unreadable> {
        // A column of which no row has a value is not there.
        let Ok(column) = frame.column(column) else {
            return Ok(None);
        };
        Ok(column.str().map_err(|error| error.to_string())?.get(row))
    };
    let Some(district) = text("district")? else {
        return Ok(None);
    };
    // Most details name no tehsil, and are not parsed.
    let tehsil = match text("details")?.filter(|details| details.contains("\"tehsil\"")) {
        Some(details) => {
            let record: DetailsRecord =
                serde_json::from_str(details).map_err(|error| error.to_string())?;
            let details = Details::try_from(record).map_err(|error| error.to_string())?;
            details.place.tehsil
        }
        None => None,
    };
    Ok(Some((district.to_owned(), tehsil)))
}

//! What agencies reported: records by district and month, those that a question asks about beside all there are.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use foldhash::fast::RandomState;
use polars_core::prelude::DataFrame;
use rayon::prelude::*;

use crate::files::{self, Unread};
use crate::index::{Index, Part};
use crate::months::month_of;
use crate::scan::Scan;
use crate::{Filter, Reported, Snapshot, StoreError};

/// A record is of a month where its days are no more than the longest one has: a crime of the night to the first is of the
/// month in which the night began, one of "some time this year" is of none.
const LONGEST_MONTH: u16 = 31;

/// Records of a part: by the number of their kind's agency, their district and the number of their month.
type Counted<'f> = HashMap<(usize, Option<&'f str>, Option<u16>), (u64, u64), RandomState>;

/// The same of many parts: by study area, agency, profile, district and month.
type Key = (
    Option<String>,
    Arc<str>,
    String,
    Option<String>,
    Option<(i16, i8)>,
);
type Sums = BTreeMap<Key, (u64, u64, bool)>;

impl Snapshot {
    /// Current records by study area of their batch, agency, profile, district and month, in that order; and how many of
    /// each pass a filter. Of records that the filter's reader may not read nothing is told.
    ///
    /// Cost: every file is read and verified whole, and one of its columns is decoded.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where a file is not as it was written; [`StoreError::Object`] where it is away.
    pub fn reported(&self, filter: &Filter<'_>) -> Result<Vec<Reported>, StoreError> {
        let scan = Scan::new(filter, None);
        let of_part = |part: &Arc<Part>| {
            let index = self.index(part)?;
            self.of_part(part, &index, &scan)
                .map_err(|unread| self.files().error(&part.file, unread))
        };
        let sums = self.files().in_parallel(|| {
            let each: Result<Vec<Sums>, StoreError> =
                self.parts().par_iter().map(of_part).collect();
            each
        });
        let mut all = Sums::new();
        for (key, (records, matching, synthetic)) in sums?.into_iter().flatten() {
            let sum = all.entry(key).or_default();
            *sum = (sum.0 + records, sum.1 + matching, sum.2 | synthetic);
        }
        let told = |(key, (records, matching, synthetic)): (Key, (u64, u64, bool))| {
            let (study_area, agency, profile, district, month) = key;
            Reported {
                study_area,
                agency,
                profile,
                district,
                month,
                records,
                matching,
                synthetic,
            }
        };
        Ok(all.into_iter().map(told).collect())
    }

    fn of_part(&self, part: &Part, index: &Index, scan: &Scan<'_>) -> Result<Sums, Unread> {
        let bytes = self.files().verified(&part.file)?;
        let frame =
            files::read_columns(&bytes, &["district"]).map_err(|error| error.to_string())?;
        let counted = counted(part, index, scan, &frame)?;
        let profile = part.batch.profile.split('@').next().unwrap_or_default();
        let mut sums = Sums::new();
        for ((kind, district, month), (records, matching)) in counted {
            let Some(kind) = index.kinds.get(kind) else {
                continue;
            };
            let key = (
                part.batch.study_area.clone(),
                Arc::clone(&kind.agency),
                profile.to_owned(),
                district.map(str::to_owned),
                month.and_then(month_of),
            );
            sums.insert(key, (records, matching, part.batch.synthetic));
        }
        Ok(sums)
    }
}

fn counted<'f>(
    part: &Part,
    index: &Index,
    scan: &Scan<'_>,
    frame: &'f DataFrame,
) -> Result<Counted<'f>, Unread> {
    // A column of which no row has a value is not there.
    let districts = frame.column("district").ok();
    let districts = districts.map(|column| column.str()).transpose();
    let districts = districts.map_err(|error| error.to_string())?;
    let passing = scan.passing(index, part.hidden.as_deref());
    // Kinds of one agency are one here.
    let agencies: Vec<usize> = index
        .kinds
        .iter()
        .map(|kind| {
            let same = |other: &crate::index::Kind| other.agency == kind.agency;
            index.kinds.iter().position(same).unwrap_or_default()
        })
        .collect();
    let mut counted = Counted::default();
    let read: Vec<bool> = index.kinds.iter().map(|kind| scan.reads(kind)).collect();
    let seen = (0..index.rows.len()).filter(|&row| !part.hides(row));
    for row in seen {
        let kind = index.rows.kind.get(row).map(|&kind| usize::from(kind));
        if kind.is_none_or(|kind| read.get(kind) != Some(&true)) {
            continue;
        }
        let agency = kind.and_then(|kind| agencies.get(kind).copied());
        let key = (
            agency.unwrap_or(usize::MAX),
            districts.and_then(|districts| districts.get(row)),
            month(index, row),
        );
        let sum = counted.entry(key).or_default();
        sum.0 += 1;
        sum.1 += u64::from(passing.counts(row));
    }
    Ok(counted)
}

/// The number of the month that a row is of.
fn month(index: &Index, row: usize) -> Option<u16> {
    let days = crate::index::day_range(&index.rows, row)?;
    let is_known = days.last().0 - days.first().0 < LONGEST_MONTH;
    is_known.then(|| crate::months::number_of(days.first()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use naqsha_model::{Day, DayRange};

    #[test]
    fn a_night_to_the_first_is_of_the_month_before_and_a_quarter_of_none() {
        let range = |first, last| DayRange::new(Day(first), Day(last)).unwrap();
        let rows = |days: DayRange| crate::index::Rows {
            first_day: vec![days.first().0],
            last_day: vec![days.last().0],
            kind: vec![0],
        };
        let index = |days| Index {
            rows: rows(days),
            kinds: Vec::new(),
            segments: Vec::new(),
        };
        // Day 0 is the first of a year.
        let january = crate::months::number_of(Day(0));
        assert_eq!(month(&index(range(30, 31)), 0), Some(january));
        assert_eq!(month(&index(range(0, 30)), 0), Some(january));
        assert_eq!(month(&index(range(0, 31)), 0), None);
        assert_eq!(month(&index(DayRange::ALL), 0), None);
    }
}

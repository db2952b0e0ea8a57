//! What an agency seized before.

use naqsha_model::Substance;

use crate::files::{self, Unread};
use crate::index::Part;
use crate::older;
use crate::rows;
use crate::snapshot::Snapshot;

/// Records that are looked at, the newest batches first: what is usual does not need more.
const LOOKED_AT: u64 = 500_000;

impl Snapshot {
    /// Substances and kilograms of the current seizures of an agency, in no order. What an unreadable file holds is left out
    /// with a warning in the log: this is no answer to anybody's question, but the measure of what is usual.
    ///
    /// Cost: O(records of the agency's batches), at most half a million; a file none of whose records has a seizure costs
    /// its digest.
    pub fn seized(&self, agency: &str) -> Vec<(Substance, f64)> {
        let mut seized = Vec::new();
        let mut left = LOOKED_AT;
        let mut of_agency: Vec<_> = self
            .parts()
            .iter()
            .filter(|part| part.batch.agency.as_str() == agency)
            .collect();
        of_agency.sort_by_key(|part| std::cmp::Reverse(part.batch.sequence));
        for part in of_agency {
            if left == 0 {
                break;
            }
            left = left.saturating_sub(part.file.rows);
            if let Err(unread) = self.seized_in(part, &mut seized) {
                let error = self.files().error(&part.file, unread);
                tracing::warn!(%error, "left out of what is usual");
            }
        }
        seized
    }

    fn seized_in(&self, part: &Part, seized: &mut Vec<(Substance, f64)>) -> Result<(), Unread> {
        let bytes = self.files().verified(&part.file)?;
        let frame = files::read_columns(&bytes, &["seizures"]).map_err(|e| e.to_string())?;
        let Ok(lists) = frame.column("seizures") else {
            return Ok(());
        };
        let lists = lists.str().map_err(|error| error.to_string())?;
        let current = lists
            .iter()
            .enumerate()
            .filter(|&(position, _)| !part.hides(position));
        for list in current.filter_map(|(_, list)| list) {
            let lines = rows::seizures(&older::seizures(list))?;
            let weighed = |line: &naqsha_model::Seizure| Some((line.substance, line.kilograms?));
            seized.extend(lines.iter().filter_map(weighed));
        }
        Ok(())
    }
}

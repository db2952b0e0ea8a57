//! A held batch when it is released: what its keys say now, and which of its records others may have reported.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use naqsha_model::Code;

use crate::StoreError;
use crate::batch::{BatchRecord, OnChange};
use crate::cluster::LinkRecord;
use crate::cluster::find::{self, Candidate};
use crate::contents::Link;
use crate::index::Part;
use crate::keys::{self, Entry};
use crate::known::Known;
use crate::snapshot::Snapshot;

/// What the keys of a held batch say now.
pub(crate) struct Checked {
    pub(crate) links: Vec<Link>,
    pub(crate) left_out: BTreeMap<Code, Vec<u64>>,
    pub(crate) cluster_links: Vec<LinkRecord>,
}

/// The records of a batch being released that other agencies may have reported too.
pub(crate) fn candidates(
    snapshot: &Snapshot,
    batch: &BatchRecord,
    checked: &Checked,
) -> Result<Vec<Candidate>, StoreError> {
    let left_out: BTreeSet<u64> = checked.left_out.values().flatten().copied().collect();
    let (shared, mut candidates) = (Arc::new(batch.clone()), Vec::new());
    let files = &snapshot.contents().files;
    for file in files.iter().filter(|file| file.batch == batch.digest) {
        let part = Part::open(snapshot.files(), &shared, file, &[]);
        let part = part.map_err(|unread| snapshot.files().error(file, unread))?;
        let positions: Vec<usize> = (0..snapshot.index(&part)?.rows.len()).collect();
        let incidents = snapshot.incidents_at(&part, &positions)?;
        let kept = incidents
            .iter()
            .filter(|incident| !left_out.contains(&incident.provenance.row));
        candidates.extend(kept.filter_map(|incident| Candidate::of(batch.sequence, incident)));
        candidates.truncate(find::COMPARED);
    }
    Ok(candidates)
}

/// Compares the keys of a held batch with what is current now.
pub(crate) fn check_again(known: &Known, batch: &BatchRecord) -> Result<Checked, StoreError> {
    let mut checked = Checked {
        links: Vec::new(),
        left_out: BTreeMap::new(),
        cluster_links: Vec::new(),
    };
    let contents = known.snapshot.contents();
    for file in contents
        .files
        .iter()
        .filter(|file| file.batch == batch.digest)
    {
        let files = known.snapshot.files();
        let read = keys::read_keys(files, file, batch.sequence);
        let read = read.map_err(|unread| files.error(file, unread))?;
        let standings = known.standings(read.iter().map(|entry| entry.key))?;
        for Entry { key, keyed } in read {
            let Some(standing) = standings.get(&key) else {
                continue;
            };
            let code = match standing.current {
                None => None,
                Some(current) if current.content == keyed.content => Some(Code::D701),
                // What came after the batch knows more than the batch.
                Some(current)
                    if batch.on_change == OnChange::Revise
                        && current.at.sequence < batch.sequence =>
                {
                    None
                }
                Some(_) => Some(Code::D702),
            };
            match code {
                Some(code) => checked.left_out.entry(code).or_default().push(keyed.at.row),
                None => checked.links.push(Link {
                    record: keyed.at,
                    first: standing.first,
                    revision: standing.next,
                }),
            }
        }
    }
    checked
        .left_out
        .values_mut()
        .for_each(|rows| rows.sort_unstable());
    Ok(checked)
}

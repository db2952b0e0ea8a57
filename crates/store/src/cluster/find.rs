//! Looks for records of other agencies that a new batch may repeat. The work is bounded, whatever the store.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use naqsha_model::{Category, Day, DayRange, Incident};

use crate::StoreError;
use crate::cluster::LinkRecord;
use crate::cluster::score::{self, Features, REVIEW, score};
use crate::contents::{Contents, Link, RecordAt};
use crate::index::{Part, day_range};
use crate::snapshot::Snapshot;

/// Records of a batch that are compared: the first of those that have goods, keys or references.
pub(crate) const COMPARED: usize = 20_000;
/// Records of other agencies that are read to be compared with.
const READ: usize = 100_000;
/// Pairs that are scored.
const PAIRS: usize = 5_000_000;
/// Links of a batch.
const MOST_LINKS: usize = 20_000;

/// A record that is compared.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    pub at: RecordAt,
    pub features: Features,
}

impl Candidate {
    /// The record, where it may be found to be a duplicate.
    pub(crate) fn of(sequence: u64, incident: &Incident) -> Option<Self> {
        // Asked of every record of every batch, so before anything is copied.
        if !score::is_telling(incident) {
            return None;
        }
        let row = incident.provenance.row;
        let features = Features::of(incident)?;
        Some(Self {
            at: RecordAt { sequence, row },
            features,
        })
    }
}

/// Links of new records to current records of other agencies, numbered from `number`; `new` are links to earlier revisions.
pub(crate) fn links(
    snapshot: &Snapshot,
    ours: &[Candidate],
    new: &[Link],
    (number, version): (u64, u64),
) -> Result<Vec<LinkRecord>, StoreError> {
    if ours.is_empty() {
        return Ok(Vec::new());
    }
    let revised: HashMap<RecordAt, RecordAt> =
        new.iter().map(|link| (link.record, link.first)).collect();
    let contents = snapshot.contents();
    let known = pairs_known(contents);
    let by_day = by_day(ours);
    let mut found: BTreeMap<[RecordAt; 2], LinkRecord> = BTreeMap::new();
    let (mut read, mut pairs) = (0, 0);
    for part in snapshot.parts() {
        let positions = near(snapshot, part, ours, &by_day)?;
        read += positions.len();
        if read > READ || pairs > PAIRS {
            tracing::warn!(
                READ,
                PAIRS,
                "more records than are compared; the rest is not looked at"
            );
            break;
        }
        for theirs in snapshot.incidents_at(part, &positions)? {
            let at = RecordAt {
                sequence: part.batch.sequence,
                row: theirs.provenance.row,
            };
            let Some(features) = Features::of(&theirs) else {
                continue;
            };
            let meeting: BTreeSet<usize> = around(features.days.first().0, features.days.last().0)
                .flat_map(|day| by_day.get(&(features.category, day)).into_iter().flatten())
                .copied()
                .collect();
            pairs += meeting.len();
            for our in meeting
                .into_iter()
                .filter_map(|position| ours.get(position))
            {
                let Some(score) =
                    score(&our.features, &features).filter(|s| s.hundredths >= REVIEW)
                else {
                    continue;
                };
                let first = revised.get(&our.at).copied().unwrap_or(our.at);
                let mut sides = [
                    (contents.links.first_of(at), features.rank()),
                    (first, our.features.rank()),
                ];
                sides.sort_unstable();
                let pair = sides.map(|(record, _)| record);
                if found.len() < MOST_LINKS && !known.contains(&pair) {
                    let link = LinkRecord {
                        number: 0,
                        version,
                        sides,
                        score: score.hundredths,
                        basis: score.basis.join(" "),
                    };
                    found.entry(pair).or_insert(link);
                }
            }
        }
    }
    let numbered = found.into_values().zip(number..);
    Ok(numbered
        .map(|(link, number)| LinkRecord { number, ..link })
        .collect())
}

fn pairs_known(contents: &Contents) -> HashSet<[RecordAt; 2]> {
    let links = contents.cluster_links.iter();
    links
        .map(|link| link.sides.map(|(record, _)| record))
        .collect()
}

/// Days on which a record may meet one of these days.
fn around(first: u16, last: u16) -> impl Iterator<Item = u16> {
    first.saturating_sub(2)..=last.saturating_add(2)
}

fn by_day(ours: &[Candidate]) -> HashMap<(Category, u16), Vec<usize>> {
    let mut by_day: HashMap<(Category, u16), Vec<usize>> = HashMap::new();
    for (position, candidate) in ours.iter().enumerate() {
        let days = candidate.features.days;
        for day in days.first().0..=days.last().0 {
            by_day
                .entry((candidate.features.category, day))
                .or_default()
                .push(position);
        }
    }
    by_day
}

/// Current records of another agency whose category and days meet one of ours.
fn near(
    snapshot: &Snapshot,
    part: &Part,
    ours: &[Candidate],
    by_day: &HashMap<(Category, u16), Vec<usize>>,
) -> Result<Vec<usize>, StoreError> {
    let same_agency =
        |candidate: &Candidate| candidate.features.agency == part.batch.agency.as_str();
    let days = by_day.keys().map(|&(_, day)| day);
    let reach = DayRange::new(
        Day(days.clone().min().unwrap_or(0).saturating_sub(2)),
        Day(days.max().unwrap_or(0).saturating_add(2)),
    );
    let meets = |held: DayRange| reach.is_ok_and(|reach| reach.intersects(held));
    // Asked before the index, which may have to be read.
    if ours.iter().all(same_agency) || !part.file.days.is_some_and(meets) {
        return Ok(Vec::new());
    }
    let index = snapshot.index(part)?;
    let meets = |position: &usize| {
        let kind = index.kind(*position);
        let (Some(kind), Some(days)) = (kind, day_range(&index.rows, *position)) else {
            return false;
        };
        !part.hides(*position)
            && days.last().0 - days.first().0 < 7
            && around(days.first().0, days.last().0)
                .any(|day| by_day.contains_key(&(kind.category, day)))
    };
    Ok((0..index.rows.len()).filter(meets).collect())
}

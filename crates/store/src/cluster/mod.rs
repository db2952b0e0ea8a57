//! Records of different agencies that are probably one matter: linked with a score and its basis, never merged.
//!
//! A link joins two incidents by their first records, so it outlives revisions. Linked incidents that are current form a
//! cluster; exactly one of them is counted where de-duplicated totals are asked for. What people decide about a link is
//! added to the ledger, and the last word counts.

pub(crate) mod find;
pub(crate) mod score;

use std::collections::{BTreeMap, BTreeSet};

use naqsha_model::IncidentId;

use crate::contents::{Contents, RecordAt};
use crate::event::Act;
use crate::snapshot::Snapshot;

/// A link of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LinkRecord {
    pub number: u64,
    pub version: u64,
    /// First records of the two incidents, with their ranks.
    pub sides: [(RecordAt, u8); 2],
    /// In hundredths.
    pub score: u8,
    /// What the score rests on, words separated by a space.
    pub basis: String,
}

/// What somebody decided about a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The two are one matter.
    Confirm,
    /// They are not.
    Unlink,
}

impl Decision {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::Unlink => "unlink",
        }
    }
}

/// A decision of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DecisionRecord {
    pub number: u64,
    pub version: u64,
    pub act: Act,
    pub decision: Decision,
    pub link: u64,
}

/// Two incidents of different agencies that are probably one matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterLink {
    /// Its number, by which it is confirmed or unlinked.
    pub number: u64,
    /// The two incidents.
    pub incidents: [IncidentId; 2],
    /// In hundredths: 70 and more link by themselves, 45 and more ask for a review.
    pub score: u8,
    /// What the score rests on.
    pub basis: String,
    /// Whether the two are linked now.
    pub linked: bool,
    /// The last decision about it, if there was one.
    pub decision: Option<(Decision, Act)>,
}

/// Incidents that are one matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cluster {
    /// The id of its first incident.
    pub id: IncidentId,
    /// Its incidents, in order of storage.
    pub incidents: Vec<IncidentId>,
    /// The one that is counted.
    pub counted: IncidentId,
    /// Numbers of its links.
    pub links: Vec<u64>,
}

/// A cluster by where its incidents are stored: the record that counts first.
struct Group {
    counted: RecordAt,
    members: Vec<RecordAt>,
    links: Vec<u64>,
}

fn last_decision(contents: &Contents, link: u64) -> Option<&DecisionRecord> {
    contents
        .decisions
        .iter()
        .rev()
        .find(|decision| decision.link == link)
}

fn is_linked(contents: &Contents, link: &LinkRecord) -> bool {
    match last_decision(contents, link.number).map(|decision| decision.decision) {
        Some(decision) => decision == Decision::Confirm,
        None => link.score >= score::LINKED,
    }
}

/// The record that stands for the cluster of a record so far.
fn lead(leader: &BTreeMap<RecordAt, RecordAt>, mut record: RecordAt) -> RecordAt {
    while let Some(&next) = leader.get(&record).filter(|&&next| next != record) {
        record = next;
    }
    record
}

/// The clusters of what is current.
fn groups(contents: &Contents, current: impl Fn(RecordAt) -> bool) -> Vec<Group> {
    let mut leader: BTreeMap<RecordAt, RecordAt> = BTreeMap::new();
    let mut ranks: BTreeMap<RecordAt, u8> = BTreeMap::new();
    let linked: Vec<&LinkRecord> = contents
        .cluster_links
        .iter()
        .filter(|link| {
            link.sides.iter().all(|&(record, _)| current(record)) && is_linked(contents, link)
        })
        .collect();
    for link in &linked {
        let [left, right] = link.sides.map(|(record, rank)| {
            ranks.insert(record, rank);
            lead(&leader, record)
        });
        leader.insert(left.max(right), left.min(right));
        leader.entry(left.min(right)).or_insert(left.min(right));
    }
    let mut groups: BTreeMap<RecordAt, Group> = BTreeMap::new();
    for (&record, rank) in &ranks {
        let group = groups.entry(lead(&leader, record)).or_insert(Group {
            counted: record,
            members: Vec::new(),
            links: Vec::new(),
        });
        if Some(rank) < ranks.get(&group.counted) {
            group.counted = record;
        }
        group.members.push(record);
    }
    for link in linked {
        let [(left, _), _] = link.sides;
        if let Some(group) = groups.get_mut(&lead(&leader, left)) {
            group.links.push(link.number);
        }
    }
    groups.into_values().collect()
}

/// How many records of a batch have one of the links.
pub(crate) fn records_of(sequence: u64, links: &[LinkRecord]) -> u64 {
    let own: BTreeSet<RecordAt> = links
        .iter()
        .flat_map(|link| link.sides.map(|(record, _)| record))
        .filter(|record| record.sequence == sequence)
        .collect();
    own.len() as u64
}

/// Where the current records of incidents that are in a cluster and not counted are stored.
pub(crate) fn uncounted(snapshot: &Snapshot) -> BTreeSet<RecordAt> {
    let contents = snapshot.contents();
    let now = |first| snapshot.visibility().current(&contents.links, first);
    groups(contents, |first| now(first).is_some())
        .iter()
        .flat_map(|group| {
            group
                .members
                .iter()
                .filter(|&&member| member != group.counted)
        })
        .filter_map(|&member| now(member))
        .collect()
}

impl Snapshot {
    /// The clusters of current incidents, in order of storage.
    pub fn clusters(&self) -> Vec<Cluster> {
        let contents = self.contents();
        let current = |first| self.visibility().current(&contents.links, first).is_some();
        let ids = |records: &[RecordAt]| records.iter().filter_map(|&at| self.id_at(at)).collect();
        groups(contents, current)
            .iter()
            .filter_map(|group| {
                Some(Cluster {
                    id: self.id_at(*group.members.first()?)?,
                    incidents: ids(&group.members),
                    counted: self.id_at(group.counted)?,
                    links: group.links.clone(),
                })
            })
            .collect()
    }

    /// All links between current incidents, linked or not, in order.
    pub fn cluster_links(&self) -> Vec<ClusterLink> {
        let contents = self.contents();
        let current = |first| self.visibility().current(&contents.links, first).is_some();
        contents
            .cluster_links
            .iter()
            .filter(|link| link.sides.iter().all(|&(record, _)| current(record)))
            .filter_map(|link| {
                let [(left, _), (right, _)] = link.sides;
                let decided = last_decision(contents, link.number);
                Some(ClusterLink {
                    number: link.number,
                    incidents: [self.id_at(left)?, self.id_at(right)?],
                    score: link.score,
                    basis: link.basis.clone(),
                    linked: is_linked(contents, link),
                    decision: decided.map(|record| (record.decision, record.act.clone())),
                })
            })
            .collect()
    }
}

//! One record of a natural key, and its bytes in a run.

use naqsha_model::{ContentDigest, NaturalKey, Status};

use crate::contents::RecordAt;

/// A record with a natural key: where it is stored and what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Keyed {
    pub at: RecordAt,
    pub content: ContentDigest,
    pub status: Option<Status>,
}

/// A key and one of its records, in the order of runs: by key, then by where the record is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub key: NaturalKey,
    pub keyed: Keyed,
}

/// Bytes of an entry.
pub(super) const ENTRY: usize = 49;

const NO_STATUS: u8 = 255;

impl Entry {
    pub(super) fn order(&self) -> (NaturalKey, RecordAt) {
        (self.key, self.keyed.at)
    }

    /// Numbers are big-endian, so that bytes are ordered as entries are.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.key.0.to_be_bytes());
        out.extend(self.keyed.at.sequence.to_be_bytes());
        out.extend(self.keyed.at.row.to_be_bytes());
        out.extend(self.keyed.content.0.to_be_bytes());
        out.push(self.keyed.status.map_or(NO_STATUS, Status::index));
    }

    /// `None` where the bytes are not those of an entry.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let (key, rest) = bytes.split_first_chunk()?;
        let (sequence, rest) = rest.split_first_chunk()?;
        let (row, rest) = rest.split_first_chunk()?;
        let (content, rest) = rest.split_first_chunk()?;
        let status = match rest {
            [NO_STATUS] => None,
            &[status] => Some(Status::from_index(status)?),
            _ => return None,
        };
        Some(Self {
            key: NaturalKey(u128::from_be_bytes(*key)),
            keyed: Keyed {
                at: RecordAt {
                    sequence: u64::from_be_bytes(*sequence),
                    row: u64::from_be_bytes(*row),
                },
                content: ContentDigest(u128::from_be_bytes(*content)),
                status,
            },
        })
    }
}

//! Natural keys seen in one file: bounded memory, no growth spike.

use std::collections::HashMap;

use naqsha_model::{Code, Incident};

use crate::error::Refusal;

/// How an incident stands to those before it in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sight {
    /// Its key is new, or it has none.
    First,
    /// Its key was seen with the same content.
    Same,
    /// Its key was seen with other content.
    Changed,
}

/// 64 bits of each key and content: among five million keys two collide with a probability below 10⁻⁶.
///
/// Sharded, so that growing copies a 256th of the table at a time.
pub(crate) struct Seen {
    shards: Vec<HashMap<u64, u64>>,
    len: usize,
    limit: usize,
}

impl Seen {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            shards: vec![HashMap::new(); 256],
            len: 0,
            limit,
        }
    }

    /// Looks an incident up and remembers it.
    pub(crate) fn look(&mut self, incident: &Incident) -> Result<Sight, Refusal> {
        let Some(key) = incident.natural_key else {
            return Ok(Sight::First);
        };
        let [shard, ..] = key.0.to_be_bytes();
        let (key, content) = (low_half(key.0), low_half(incident.content.0));
        let Some(shard) = self.shards.get_mut(usize::from(shard)) else {
            return Ok(Sight::First);
        };
        match shard.get(&key) {
            Some(&seen) if seen == content => Ok(Sight::Same),
            Some(_) => Ok(Sight::Changed),
            None if self.len == self.limit => Err(Refusal::new(
                Code::B909,
                format!("more than {} rows with an id or case number", self.limit),
            )),
            None => {
                shard.insert(key, content);
                self.len += 1;
                Ok(Sight::First)
            }
        }
    }
}

fn low_half(bits: u128) -> u64 {
    u64::try_from(bits & u128::from(u64::MAX)).unwrap_or_default()
}

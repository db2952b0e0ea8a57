//! Natural keys of a batch that is being written: bounded memory, no growth spike.

use std::collections::HashMap;

use naqsha_model::{ContentDigest, NaturalKey};

/// 64 bits of each key and content: among five million keys two collide with a probability below 10⁻⁶.
///
/// 17 to 34 bytes a record. Sharded, so that growing copies a 256th of the table at a time.
pub(crate) struct OwnKeys(Vec<HashMap<u64, u64>>);

impl Default for OwnKeys {
    fn default() -> Self {
        Self(vec![HashMap::new(); 256])
    }
}

impl OwnKeys {
    /// Whether a record of the key has the same content; none where there is no record of it.
    pub(crate) fn repeats(&self, key: NaturalKey, content: ContentDigest) -> Option<bool> {
        let (shard, key) = place(key);
        let held = self.0.get(shard)?.get(&key)?;
        Some(*held == low_half(content.0))
    }

    /// Remembers a record.
    pub(crate) fn add(&mut self, key: NaturalKey, content: ContentDigest) {
        let (shard, key) = place(key);
        if let Some(shard) = self.0.get_mut(shard) {
            shard.insert(key, low_half(content.0));
        }
    }
}

fn place(key: NaturalKey) -> (usize, u64) {
    let [shard, ..] = key.0.to_be_bytes();
    (usize::from(shard), low_half(key.0))
}

fn low_half(bits: u128) -> u64 {
    u64::try_from(bits & u128::from(u64::MAX)).unwrap_or_default()
}

//! Ways in which bytes rot.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::kept::{Kept, is_current};

const LEDGER: &str = "ledger.sqlite";

/// Bytes that change places or are lost together: what a disk writes at once.
const BLOCK: usize = 512;

/// `SplitMix64`: small, seeded, the same everywhere.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ z >> 31) % bound as u64).unwrap()
    }
}

/// A file with other bytes than it had.
pub(crate) struct Damage {
    pub(crate) path: PathBuf,
    pub(crate) bytes: Vec<u8>,
    what: String,
}

impl Damage {
    /// Any damage of any file; two in three are of Parquet files. The bytes do differ.
    pub(crate) fn any(kept: &Kept, random: &mut Random) -> Self {
        loop {
            let wants_ledger = random.below(3) == 0;
            let files: Vec<(&PathBuf, &Vec<u8>)> = kept
                .files()
                .iter()
                .filter(|(path, _)| path.ends_with(LEDGER) == wants_ledger)
                .collect();
            let (path, whole) = files[random.below(files.len())];
            let (bytes, what) = damaged(whole, random);
            if bytes != *whole {
                return Self {
                    path: path.clone(),
                    bytes,
                    what,
                };
            }
        }
    }

    pub(crate) fn is_of_ledger(&self) -> bool {
        self.path.ends_with(LEDGER)
    }

    /// Whether the file holds what is served; a withdrawn batch is not looked at.
    pub(crate) fn is_of_current(&self) -> bool {
        is_current(&self.path)
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.path.file_name().map_or(self.path.as_path(), Path::new);
        write!(formatter, "{}: {}", name.display(), self.what)
    }
}

fn damaged(whole: &[u8], random: &mut Random) -> (Vec<u8>, String) {
    let mut bytes = whole.to_vec();
    let blocks = bytes.len().div_ceil(BLOCK);
    match random.below(10) {
        // Most often a few bits, as memory and cables do it.
        0..6 => {
            let flips: Vec<(usize, usize)> = (0..=random.below(3))
                .map(|_| (random.below(bytes.len()), random.below(8)))
                .collect();
            for &(at, bit) in &flips {
                bytes[at] ^= 1 << bit;
            }
            (bytes, format!("bits {flips:?} (byte, bit) flipped"))
        }
        6 | 7 => {
            let length = random.below(bytes.len());
            bytes.truncate(length);
            (bytes, format!("cut to {length} bytes"))
        }
        8 => {
            let (one, other) = (random.below(blocks), random.below(blocks));
            let length = BLOCK.min(bytes.len() - one.max(other) * BLOCK);
            for at in 0..length {
                bytes.swap(one * BLOCK + at, other * BLOCK + at);
            }
            (bytes, format!("blocks {one} and {other} swapped"))
        }
        _ => {
            let block = random.below(blocks) * BLOCK;
            let end = bytes.len().min(block + BLOCK);
            bytes[block..end].fill(0);
            (bytes, format!("block at {block} zeroed"))
        }
    }
}

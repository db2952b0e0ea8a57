//! A seeded generator: the same numbers on every machine, so that a run can be repeated.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// `SplitMix64` (Steele, Lea and Flood, 2014, doi:10.1145/2660193.2660195).
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    /// The generator of a seed.
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Any number.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ z >> 31
    }

    /// A number below a bound, which is not zero.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let bound = bound.max(1) as u64;
        usize::try_from(self.next() % bound).unwrap_or_default()
    }

    /// True once in so many times.
    pub(crate) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// A time below a limit, to the microsecond.
    pub(crate) fn time_below(&mut self, limit: Duration) -> Duration {
        let limit = usize::try_from(limit.as_micros()).unwrap_or(usize::MAX);
        Duration::from_micros(self.below(limit) as u64)
    }
}

/// A seed for a run that names none: six digits, which are easy to say.
pub(crate) fn any_seed() -> u64 {
    RandomState::new().hash_one("seed") % 1_000_000
}

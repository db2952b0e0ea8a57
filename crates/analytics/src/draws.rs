//! Random draws that do not depend on who draws them: ChaCha8, one stream per purpose.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A stream of random numbers, fixed by the run's seed and the stream's number on every machine.
pub(crate) struct Draws(ChaCha8Rng);

impl Draws {
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        let mut generator = ChaCha8Rng::from_seed(key);
        generator.set_stream(stream);
        Self(generator)
    }

    /// A number in 0..bound, each equally likely (Lemire 2019, <https://doi.org/10.1145/3230636>).
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the halves of a 64-bit product"
    )]
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        loop {
            let product = u64::from(self.0.next_u32()) * u64::from(bound);
            let rest = product as u32;
            // The division is needed only where the rest is below the bound already.
            if rest >= bound || rest >= bound.wrapping_neg() % bound {
                return (product >> 32) as u32;
            }
        }
    }

    /// A number from 0 to below 1, in steps of 2⁻⁵³.
    #[expect(clippy::cast_precision_loss, reason = "53 bits are left")]
    pub(crate) fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
    }

    /// Shuffles a list: every order equally likely (Fisher–Yates).
    pub(crate) fn shuffle<T>(&mut self, list: &mut [T]) {
        for at in (1..list.len()).rev() {
            let bound = u32::try_from(at + 1).unwrap_or(u32::MAX);
            list.swap(at, self.below(bound) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_differ_and_repeat() {
        let take = |seed, stream| {
            let mut draws = Draws::new(seed, stream);
            (0..8).map(|_| draws.below(1_000_000)).collect::<Vec<_>>()
        };
        assert_eq!(take(7, 1), take(7, 1));
        assert_ne!(take(7, 1), take(7, 2));
        assert_ne!(take(7, 1), take(8, 1));
    }

    #[test]
    fn every_number_below_the_bound_is_equally_likely() {
        let mut draws = Draws::new(1, 0);
        let mut tally = [0_u32; 7];
        for _ in 0..70_000 {
            tally[draws.below(7) as usize] += 1;
        }
        // 4 standard errors of a binomial count: 4·√(70,000·(1/7)·(6/7)) = 370.
        assert!(
            tally.iter().all(|count| count.abs_diff(10_000) < 370),
            "{tally:?}"
        );
    }
}

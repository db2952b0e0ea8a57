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

    /// A number in 0..bound, each equally likely.
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        loop {
            if let Some(drawn) = scaled(self.0.next_u32(), bound) {
                return drawn;
            }
        }
    }

    /// A number from 0 to below 1, in steps of 2⁻⁵³.
    #[expect(clippy::cast_precision_loss, reason = "53 bits are left")]
    pub(crate) fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
    }

    /// Shuffles a list: every order equally likely (Fisher–Yates).
    ///
    /// The draws are those of [`Self::below`] for each bound in turn, taken from the generator many at a time.
    pub(crate) fn shuffle<T>(&mut self, list: &mut [T]) {
        let mut words = [0; 4 * WORDS];
        let mut left = u32::try_from(list.len()).unwrap_or(u32::MAX);
        while left > 1 {
            // A word serves at most one draw, so none of these is too many.
            let many = WORDS.min(left as usize - 1);
            self.0.fill_bytes(&mut words[..4 * many]);
            for word in words[..4 * many].as_chunks::<4>().0 {
                let word = u32::from_le_bytes(*word);
                if let Some(drawn) = scaled(word, left) {
                    left -= 1;
                    list.swap(left as usize, drawn as usize);
                }
            }
        }
    }
}

/// Words taken at once, in a buffer on the stack.
const WORDS: usize = 256;

/// A word as a number in 0..bound, or `None` where another has to be drawn (Lemire 2019, <https://doi.org/10.1145/3230636>).
#[expect(
    clippy::cast_possible_truncation,
    reason = "the halves of a 64-bit product"
)]
fn scaled(word: u32, bound: u32) -> Option<u32> {
    let product = u64::from(word) * u64::from(bound);
    let rest = product as u32;
    // The division is needed only where the rest is below the bound already.
    (rest >= bound || rest >= bound.wrapping_neg() % bound).then_some((product >> 32) as u32)
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
    fn a_shuffle_is_the_draws_of_every_bound_in_turn() {
        for many in [0, 1, 2, 255, 256, 257, 258, 3_000] {
            let mut shuffled: Vec<u32> = (0..many).collect();
            let mut one_by_one = shuffled.clone();
            let [mut at_once, mut in_turn] = [Draws::new(3, 9), Draws::new(3, 9)];
            at_once.shuffle(&mut shuffled);
            for bound in (2..=many).rev() {
                one_by_one.swap(bound as usize - 1, in_turn.below(bound) as usize);
            }
            assert_eq!(shuffled, one_by_one);
            // Neither has taken more from the stream than the other.
            assert_eq!(at_once.below(u32::MAX), in_turn.below(u32::MAX));
        }
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

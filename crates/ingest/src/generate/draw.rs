//! Draws from a named generator: the same on every machine.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// One stream of draws.
pub(super) struct Draw(ChaCha8Rng);

impl Draw {
    pub(super) fn new(seed: u64, stream: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        Self(rng)
    }

    /// A number below `n`; 0 where `n` is 0. The bias of the multiplication is below 2⁻³² for the `n` used here.
    pub(super) fn below(&mut self, n: usize) -> usize {
        let product = u128::from(self.0.next_u64()) * n as u128;
        usize::try_from(product >> 64).unwrap_or_default()
    }

    /// A number in `[0, 1)`.
    pub(super) fn unit(&mut self) -> f64 {
        let bits = u32::try_from(self.0.next_u64() >> 32).unwrap_or_default();
        f64::from(bits) / 4_294_967_296.0
    }

    /// Whether something of this probability happens.
    pub(super) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// One of a list that is not empty.
    pub(super) fn one_of<T: Copy + Default>(&mut self, list: &[T]) -> T {
        list.get(self.below(list.len()))
            .copied()
            .unwrap_or_default()
    }

    /// So many digits, the first of them not 0.
    pub(super) fn digits(&mut self, n: usize) -> String {
        (0..n)
            .map(|i| {
                let digit = if i == 0 {
                    1 + self.below(9)
                } else {
                    self.below(10)
                };
                char::from_digit(u32::try_from(digit).unwrap_or_default(), 10).unwrap_or('0')
            })
            .collect()
    }
}

//! The binomial law: its tails, right in the far tail and for many trials.

use std::f64::consts::TAU;

/// How many of n trials succeed.
pub(crate) struct Binomial {
    n: u64,
    /// The probability of success, and of failure: both are given so that neither loses digits.
    p: f64,
    q: f64,
}

impl Binomial {
    pub(crate) const fn new(n: u64, p: f64, q: f64) -> Self {
        Self { n, p, q }
    }

    pub(crate) fn mean(&self) -> f64 {
        real(self.n) * self.p
    }

    /// P(K ≥ k).
    pub(crate) fn upper(&self, k: u64) -> f64 {
        if k == 0 {
            return 1.0;
        }
        if real(k) > self.mean() {
            self.from(k)
        } else {
            // Both sides are summed where their terms fall.
            1.0 - self.up_to(k - 1)
        }
    }

    /// P(K ≤ k).
    pub(crate) fn lower(&self, k: u64) -> f64 {
        if k >= self.n {
            return 1.0;
        }
        if real(k) < self.mean() {
            self.up_to(k)
        } else {
            1.0 - self.from(k + 1)
        }
    }

    /// The sum of the law from k, which lies above the mean, up to n.
    fn from(&self, k: u64) -> f64 {
        let (mut term, mut sum) = (self.mass(k), 0.0);
        for at in k..=self.n {
            sum += term;
            term *= real(self.n - at) / (real(at) + 1.0) * (self.p / self.q);
            if term < sum * NEGLIGIBLE {
                break;
            }
        }
        sum.min(1.0)
    }

    /// The sum of the law from 0 up to k, which lies below the mean.
    fn up_to(&self, k: u64) -> f64 {
        let (mut term, mut sum) = (self.mass(k), 0.0);
        for at in (0..=k).rev() {
            sum += term;
            term *= real(at) / (real(self.n - at) + 1.0) * (self.q / self.p);
            if term < sum * NEGLIGIBLE {
                break;
            }
        }
        sum.min(1.0)
    }

    /// P(K = k), by the deviance from the mean so that no digit is lost to large factorials (Loader 2000).
    fn mass(&self, k: u64) -> f64 {
        let (n, successes, failures) = (real(self.n), real(k), real(self.n - k));
        if k == 0 {
            return (n * self.log(self.q, self.p)).exp();
        }
        if k == self.n {
            return (n * self.log(self.p, self.q)).exp();
        }
        let exponent = remainder(n)
            - remainder(successes)
            - remainder(failures)
            - deviance(successes, n * self.p)
            - deviance(failures, n * self.q);
        exponent.exp() * (n / (TAU * successes * failures)).sqrt()
    }

    /// ln of a probability, by its complement where it is near one.
    #[expect(clippy::unused_self, reason = "the pair is this law's")]
    fn log(&self, of: f64, complement: f64) -> f64 {
        if complement < 0.5 {
            (-complement).ln_1p()
        } else {
            of.ln()
        }
    }
}

/// What is left of a sum when terms shrink below this share of it: they fall at least geometrically.
const NEGLIGIBLE: f64 = 1e-18;

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of events are far below 2^53"
)]
const fn real(count: u64) -> f64 {
    count as f64
}

/// ln n! − ln(√(2πn) (n/e)ⁿ), what Stirling's formula leaves out.
fn remainder(n: f64) -> f64 {
    if n <= 15.0 {
        let factorial: f64 = (2_u32..=15)
            .map(f64::from)
            .take_while(|of| *of <= n)
            .product();
        return factorial.ln() - (n + 0.5) * n.ln() + n - 0.5 * TAU.ln();
    }
    let square = n * n;
    (1.0 / 12.0
        - (1.0 / 360.0
            - (1.0 / 1_260.0 - (1.0 / 1_680.0 - 1.0 / 1_188.0 / square) / square) / square)
            / square)
        / n
}

/// x ln(x/m) + m − x, without loss of digits where x is near m.
fn deviance(x: f64, mean: f64) -> f64 {
    if (x - mean).abs() >= 0.1 * (x + mean) {
        return x * (x / mean).ln() + mean - x;
    }
    let v = (x - mean) / (x + mean);
    let mut sum = (x - mean) * v;
    let mut power = 2.0 * x * v;
    for odd in (3_u32..2_001).step_by(2) {
        power *= v * v;
        let next = sum + power / f64::from(odd);
        if next.to_bits() == sum.to_bits() {
            break;
        }
        sum = next;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: [(u64, f64, u64, f64, f64); 12] = [
        (3, 0.5, 3, 0.125, 1.0),
        (
            20,
            0.5,
            3,
            0.999_798_774_719_238_28,
            0.001_288_414_001_464_843_8,
        ),
        (
            20,
            0.5,
            17,
            0.001_288_414_001_464_843_8,
            0.999_798_774_719_238_28,
        ),
        (
            61,
            0.25,
            40,
            2.880_500_003_026_196_5e-11,
            0.999_999_999_995_150_35,
        ),
        (400, 0.5, 290, 4.143_194_000_491_803_6e-20, 1.0),
        (1_000, 0.001, 0, 1.0, 0.367_695_424_770_964_04),
        (
            1_000,
            0.001,
            9,
            1.093_609_520_480_018e-6,
            0.999_999_892_571_661_32,
        ),
        (
            5_000,
            0.484_375,
            2_300,
            0.999_735_119_146_586_11,
            0.000_294_211_831_588_056_24,
        ),
        (
            120_000,
            0.5,
            61_200,
            2.171_541_836_766_938_6e-12,
            0.999_999_999_997_915_29,
        ),
        (120_000, 0.5, 58_000, 1.0, 3.903_919_398_002_174_9e-31),
        (
            2_000_000,
            0.062_5,
            126_000,
            0.001_769_729_842_146_420_7,
            0.998_246_731_239_109_17,
        ),
        (30, 0.968_75, 30, 0.385_790_443_494_763_95, 1.0),
    ];

    #[test]
    fn tails_are_those_of_scipy_far_out_and_for_many_trials() {
        // mpmath at 60 digits; scipy 1.17.1 agrees to 3e-12: binom.sf(k - 1, n, p), binom.cdf(k, n, p).
        for (n, p, k, upper, lower) in TABLE {
            let law = Binomial::new(n, p, 1.0 - p);
            for (found, expected) in [(law.upper(k), upper), (law.lower(k), lower)] {
                assert!(
                    (found - expected).abs() <= 1e-11 * expected,
                    "{n} {p} {k}: {found} {expected}"
                );
            }
        }
    }

    #[test]
    fn the_two_tails_share_the_value_itself() {
        for n in [0, 1, 2, 7, 40, 900] {
            for k in 0..=n {
                let law = Binomial::new(n, 0.3, 0.7);
                let both = law.upper(k) + law.lower(k) - law.mass(k);
                assert!((both - 1.0).abs() < 1e-12, "{n} {k}: {both}");
            }
        }
    }
}

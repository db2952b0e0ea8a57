//! Scores of a Poisson forecast against a count: the less, the better.

/// The chance of exactly `count` events where `expected` are.
fn mass(count: f64, expected: f64) -> f64 {
    log_mass(count, expected).exp()
}

fn log_mass(count: f64, expected: f64) -> f64 {
    if expected <= 0.0 {
        return if count > 0.0 { f64::NEG_INFINITY } else { 0.0 };
    }
    count * expected.ln() - expected - libm::lgamma(count + 1.0)
}

/// −ln of the chance of what happened (Good 1952).
pub(super) fn log_score(count: f64, expected: f64) -> f64 {
    -log_mass(count, expected)
}

/// (chance of any event − whether there was one)² (Brier 1950).
pub(super) fn brier(count: f64, expected: f64) -> f64 {
    let any = -(-expected).exp_m1();
    (any - if count > 0.0 { 1.0 } else { 0.0 }).powi(2)
}

/// The continuous ranked probability score, Σₖ (P(X ≤ k) − [k ≥ count])² (Matheson & Winkler 1976).
pub(super) fn crps(count: f64, expected: f64) -> f64 {
    // Far below the mean nothing adds up to anything: the sum begins there, or at the count.
    let start = (expected - 40.0 * expected.sqrt() - 40.0).floor().max(0.0);
    let mut k = start.min(count);
    let mut here = mass(k, expected);
    let mut below = here;
    let mut score = 0.0;
    loop {
        let reached = k >= count;
        score += if reached {
            (1.0 - below).powi(2)
        } else {
            below.powi(2)
        };
        if reached && (1.0 - below < 1e-12 || k > expected + 40.0 * expected.sqrt() + 40.0) {
            return score;
        }
        k += 1.0;
        here *= expected / k;
        // Where the sum began so low that nothing was left to go on with.
        if here < f64::MIN_POSITIVE {
            here = mass(k, expected);
        }
        below += here;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_those_of_the_closed_forms() {
        // scipy 1.17.1: (y − λ)(2F(y) − 1) + 2λf(y) − λ(I0 + I1)(2λ)/exp(2λ) (Wei & Held 2014), poisson.logpmf.
        for (count, expected, score, log) in CLOSED {
            assert!((crps(count, expected) - score).abs() < 1e-9 * (1.0 + score));
            assert!((log_score(count, expected) - log).abs() < 1e-9 * (1.0 + log));
        }
        assert!((brier(0.0, 0.5) - (1.0 - (-0.5_f64).exp()).powi(2)).abs() < 1e-15);
        assert!((brier(3.0, 0.5) - (-1.0_f64).exp()).abs() < 1e-15);
        assert_eq!((crps(3.0, 0.0), crps(0.0, 0.0)), (3.0, 0.0));
    }

    const CLOSED: [(f64, f64, f64, f64); 9] = [
        (0.0, 1e-6, 9.999_989_996_816_93e-13, 1e-6),
        (1.0, 1e-6, 0.999_998_000_001_999_8, 13.815_511_557_964_273),
        (0.0, 0.05, 0.002_380_031_370_444_499, 0.05),
        (2.0, 0.05, 1.902_420_671_823_372, 6.734_611_727_667_927),
        (0.0, 1.5, 0.840_259_398_811_310_5, 1.5),
        (1.0, 1.5, 0.286_519_719_108_169_87, 1.094_534_891_891_835_6),
        (7.0, 1.5, 4.840_663_454_347_709, 7.186_905_604_308_264),
        (30.0, 25.0, 3.089_859_184_523_848_3, 3.091_961_602_784_138_6),
        (900.0, 1000.0, 82.170_659_642_099_35, 9.495_764_415_411_94),
    ];
}

//! How surprising a zone is: log likelihood ratios.

/// c ln(c/e), which is 0 for c = 0.
fn part(count: f64, expected: f64) -> f64 {
    if count > 0.0 {
        count * (count / expected).ln()
    } else {
        0.0
    }
}

/// Poisson: c ln(c/e) + (C − c) ln((C − c)/(C − e)) where c > e, else 0 (Kulldorff 1997).
pub(super) fn poisson(cases: f64, expected: f64, all: f64) -> f64 {
    if cases > expected {
        part(cases, expected) + part(all - cases, all - expected)
    } else {
        0.0
    }
}

/// Bernoulli: c cases among n, where their share is above that of C among N, else 0 (Kulldorff 1997).
pub(super) fn bernoulli(cases: f64, people: f64, all_cases: f64, all: f64) -> f64 {
    let expected = people * all_cases / all;
    if cases <= expected {
        return 0.0;
    }
    // Each part beside what the same number would be at the common share.
    part(cases, expected)
        + part(people - cases, people - expected)
        + part(all_cases - cases, all_cases - expected)
        + part(
            all - people - (all_cases - cases),
            all - people - (all_cases - expected),
        )
}

/// (c/e) / ((C − c)/(C − e)); `None` where no case is outside.
#[expect(
    clippy::cast_precision_loss,
    reason = "numbers of cases are far below 2^53"
)]
pub(super) fn relative_risk(cases: u64, expected: f64, all: f64) -> Option<f64> {
    let outside = (all - cases as f64) / (all - expected);
    (outside > 0.0).then(|| cases as f64 / expected / outside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_of_published_clusters_follow_from_their_counts() {
        // SaTScan 9.4.4, space-time permutation, 100 cases: E of the first is 0.42, of the second 0.96.
        assert!((poisson(3.0, 0.42, 100.0) - 3.352_053).abs() < 1e-6);
        assert!((poisson(4.0, 0.96, 100.0) - 2.715_606).abs() < 1e-6);
        assert_eq!(poisson(1.0, 1.0, 9.0).to_bits(), 0);
    }

    #[test]
    fn bernoulli_is_the_difference_of_two_log_likelihoods() {
        let log = |c: f64, n: f64| c * (c / n).ln() + (n - c) * ((n - c) / n).ln();
        let expected = log(7.0, 10.0) + log(13.0, 50.0) - log(20.0, 60.0);
        assert!((bernoulli(7.0, 10.0, 20.0, 60.0) - expected).abs() < 1e-12);
        // All of a zone are cases: ln 0 does not arise.
        assert!(bernoulli(5.0, 5.0, 20.0, 60.0).is_finite());
        assert_eq!(bernoulli(1.0, 10.0, 20.0, 60.0).to_bits(), 0);
    }
}

//! How surely a number of events is known: the exact interval of a Poisson mean.

use crate::gamma::gamma_quantile;

/// The mean of a Poisson count from `events` seen, with this confidence: lower and upper end (Garwood 1936).
///
/// The lower end is the mean under which as many events or more have the probability (1 − confidence)/2, the upper end the
/// one under which as many or fewer have it; the coverage is at least the confidence. Without events the lower end is 0
/// and the upper one is not: nothing seen is not nothing there.
///
/// *Edge cases*: a confidence outside 0 to 1 is taken as the nearer bound (an interval of a point, or up to infinity).
/// *Cost*: some µs for counts of hundreds, about a ms for a million.
///
/// # References
/// Garwood 1936, <https://doi.org/10.1093/biomet/28.3-4.437>.
///
/// ```
/// let (lower, upper) = naqsha_analytics::poisson_interval(0, 0.95);
/// assert_eq!(lower, 0.0);
/// // The rule of three, two-sided: -ln 0.025.
/// assert!((upper - 3.688_879_454_113_936).abs() < 1e-12);
/// ```
pub fn poisson_interval(events: u64, confidence: f64) -> (f64, f64) {
    let tail = (1.0 - confidence.clamp(0.0, 1.0)) / 2.0;
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    let events = events as f64;
    let lower = if events > 0.0 {
        gamma_quantile(tail, events)
    } else {
        0.0
    };
    (lower, gamma_quantile(1.0 - tail, events + 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORACLE: [(u64, f64, f64); 6] = [
        (1, 0.025_317_807_984_289_876, 5.571_643_390_938_898),
        (2, 0.242_209_278_543_964_96, 7.224_687_667_723_96),
        (19, 11.439_241_164_366_73, 29.670_853_571_585_59),
        (100, 81.363_991_250_923_14, 121.626_793_792_426_38),
        (1_234, 1_166.101_718_517_549_2, 1_304.820_370_528_922_5),
        (100_000, 99_381.152_663_744_72, 100_621.744_739_743_88),
    ];

    #[test]
    fn ends_are_those_of_scipy() {
        // scipy 1.17.1: chi2.ppf(.025, 2n) / 2 and chi2.ppf(.975, 2n + 2) / 2.
        for (events, lower, upper) in ORACLE {
            let found = poisson_interval(events, 0.95);
            assert!((found.0 / lower - 1.0).abs() < 1e-10, "{events}: {found:?}");
            assert!((found.1 / upper - 1.0).abs() < 1e-10, "{events}: {found:?}");
        }
    }
}

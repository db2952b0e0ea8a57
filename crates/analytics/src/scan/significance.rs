//! What the largest ratios of random maps say about one that was found.

use std::f64::consts::PI;

/// Euler's constant γ.
const EULER: f64 = 0.577_215_664_901_532_9;

/// Ratios closer than this count as equal: the order of addition must not decide a tie.
const TIE: f64 = 1e-9;

/// The largest ratio of every random map.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Maxima(Vec<f64>);

impl Maxima {
    pub(super) const fn new(maxima: Vec<f64>) -> Self {
        Self(maxima)
    }

    /// (1 + random maps at least as extreme) / (1 + R).
    #[expect(clippy::cast_precision_loss, reason = "numbers of maps are below 2^32")]
    pub(super) fn p(&self, ratio: f64) -> f64 {
        let above = self.0.iter().filter(|other| **other >= ratio - TIE).count();
        (above as f64 + 1.0) / (self.0.len() as f64 + 1.0)
    }

    /// The upper tail of the Gumbel law with the mean and deviation of the maxima (Abrams, Kulldorff & Kleinman 2010,
    /// <https://doi.org/10.1186/1476-072X-9-61>); `None` where they do not vary.
    #[expect(clippy::cast_precision_loss, reason = "numbers of maps are below 2^32")]
    pub(super) fn p_gumbel(&self, ratio: f64) -> Option<f64> {
        let n = self.0.len() as f64;
        let mean = self.0.iter().sum::<f64>() / n;
        let squares: f64 = self.0.iter().map(|max| (max - mean).powi(2)).sum();
        let scale = (squares / (n - 1.0) * 6.0).sqrt() / PI;
        if n < 2.0 || scale <= 0.0 {
            return None;
        }
        let standard = (ratio - (mean - EULER * scale)) / scale;
        // 1 − exp(−exp(−x)), right to the far tail.
        Some(-(-(-standard).exp()).exp_m1())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gumbel_tail_is_that_of_scipy() {
        // scipy 1.17.1: gumbel_r.sf(9, loc, scale) with the moments of these maxima.
        let maxima = Maxima::new(vec![3.0, 4.0, 5.5, 2.5, 6.0]);
        assert!((maxima.p_gumbel(9.0).unwrap() - 0.009_856_884_071_486_837).abs() < 1e-12);
        assert!((maxima.p(5.5) - 0.5).abs() < 1e-15);
        assert_eq!(Maxima::new(vec![1.0, 1.0]).p_gumbel(2.0), None);
    }
}

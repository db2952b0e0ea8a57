//! The incomplete gamma function, and the tails that follow from it: chi-square and Poisson.

/// Terms after which a series or fraction that has not settled is taken as it is; 10,000 settle up to a = 10⁷.
const TERMS: u32 = 10_000;

/// The regularised lower and upper incomplete gamma functions P(a, x) and Q(a, x) = 1 − P(a, x), for a > 0, x ≥ 0.
///
/// The smaller of the two keeps its relative accuracy (about 1e-13 for small a, 1e-10 for a of a thousand): below a + 1 the series
/// of P is summed, above it the continued fraction of Q (Lentz). Abramowitz & Stegun 1964, 6.5.29 and 6.5.31.
fn incomplete(a: f64, x: f64) -> (f64, f64) {
    if x <= 0.0 {
        return (0.0, 1.0);
    }
    let front = (a * x.ln() - x - libm::lgamma(a)).exp();
    if x < a + 1.0 {
        let (mut term, mut sum, mut n) = (1.0 / a, 1.0 / a, a);
        for _ in 0..TERMS {
            n += 1.0;
            term *= x / n;
            sum += term;
            if term < sum * f64::EPSILON {
                break;
            }
        }
        let lower = (front * sum).min(1.0);
        (lower, 1.0 - lower)
    } else {
        let mut denominator = x + 1.0 - a;
        let (mut above, mut below) = (f64::MAX, 1.0 / denominator);
        let mut fraction = below;
        for i in (1..TERMS).map(f64::from) {
            let step = -i * (i - a);
            denominator += 2.0;
            below = 1.0 / (step * below + denominator);
            above = denominator + step / above;
            fraction *= above * below;
            if (above * below - 1.0).abs() < f64::EPSILON {
                break;
            }
        }
        let upper = (front * fraction).min(1.0);
        (1.0 - upper, upper)
    }
}

/// The probability that a chi-square value with `freedom` degrees of freedom (any positive number) is at least `x`.
pub(crate) fn chi_square_upper(x: f64, freedom: f64) -> f64 {
    incomplete(freedom / 2.0, x / 2.0).1
}

/// The value below which a gamma variable of shape `a` > 0 and scale 1 lies with probability `p`: the x of P(a, x) = p.
///
/// Found by halving, so that it is as exact as P is; 0 for p = 0 and infinite for p = 1.
pub(crate) fn gamma_quantile(p: f64, a: f64) -> f64 {
    if p <= 0.0 {
        return 0.0;
    }
    if p >= 1.0 {
        return f64::INFINITY;
    }
    // Of the two tails the smaller is compared: it has its digits.
    let below = |x: f64| {
        let (lower, upper) = incomplete(a, x);
        if p <= 0.5 { lower < p } else { upper > 1.0 - p }
    };
    let mut high = a + 1.0;
    while below(high) {
        high *= 2.0;
    }
    let mut low = 0.0;
    loop {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            return middle;
        }
        if below(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chi_square_tails_are_those_of_scipy() {
        // scipy 1.17.1: scipy.stats.chi2.sf(x, df).
        for (x, freedom, p) in [
            (0.001, 1.0, 0.974_772_879_369_960_4),
            (8.166_666_666_666_666, 1.0, 0.004_266_724_822_176_128),
            (3.0, 2.5, 0.305_849_629_445_819_06),
            (60.0, 4.0, 2.900_863_120_340_457_3e-12),
            (500.0, 480.0, 0.255_208_419_036_934_25),
            (0.0, 3.0, 1.0),
        ] {
            let found = chi_square_upper(x, freedom);
            assert!((found / p - 1.0).abs() < 1e-10, "{x} {freedom}: {found}");
        }
    }
}

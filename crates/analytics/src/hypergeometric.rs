//! The hypergeometric law: hits among draws without replacement.

/// A term of this share of the sum so far adds nothing to it.
const NEGLIGIBLE: f64 = 1e-20;

/// P(X ≥ `least`) for the hits X among `drawn` of `all` things, `marked` of which are hits.
///
/// Terms are walked from the most likely one outwards by their ratios, so that a far tail keeps its relative accuracy
/// (about 1e-12). A tail too small for f64 is the smallest number above zero: what can occur is not impossible.
///
/// *Edge cases*: 1 where every draw has that many hits, 0 where none has.
/// *Cost*: O(deviation of X), in a far tail O(`least` − mode).
pub(crate) fn upper_tail(all: u64, marked: u64, drawn: u64, least: u64) -> f64 {
    let fewest = (marked + drawn).saturating_sub(all);
    let most = marked.min(drawn);
    if least <= fewest {
        return 1.0;
    }
    if least > most {
        return 0.0;
    }
    let mode = ((marked + 1) * (drawn + 1) / (all + 2)).clamp(fewest, most);
    // C(marked, x + 1) C(all − marked, drawn − x − 1) over C(marked, x) C(all − marked, drawn − x).
    let ratio = |hits: u64| {
        let spare = real(all - marked + hits + 1) - real(drawn);
        real(marked - hits) * real(drawn - hits) / (real(hits + 1) * spare)
    };
    let (mut below, mut tail) = (0.0, 0.0);
    let mut term = 1.0;
    for hits in mode..=most {
        let sum = if hits >= least { &mut tail } else { &mut below };
        *sum += term;
        if hits >= least && term <= NEGLIGIBLE * *sum {
            break;
        }
        term *= ratio(hits);
    }
    let mut term = 1.0;
    for hits in (fewest..mode).rev() {
        term /= ratio(hits);
        let sum = if hits >= least { &mut tail } else { &mut below };
        *sum += term;
        if term <= NEGLIGIBLE {
            break;
        }
    }
    (tail / (below + tail)).clamp(f64::MIN_POSITIVE, 1.0)
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn real(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers of choices, exactly.
    fn choose(n: u64, k: u64) -> u128 {
        (0..k).fold(1, |ways, i| ways * u128::from(n - i) / u128::from(i + 1))
    }

    #[test]
    #[expect(
        clippy::cast_precision_loss,
        reason = "a quotient of two whole numbers"
    )]
    fn tails_are_those_of_all_choices() {
        for all in 1..16_u64 {
            for (marked, drawn) in (0..=all).flat_map(|m| (0..=all).map(move |d| (m, d))) {
                for least in 0..=drawn + 1 {
                    let hits = |x: &u64| drawn - x <= all - marked;
                    let ways = (least..=drawn.min(marked)).filter(hits);
                    let ways: u128 = ways
                        .map(|x| choose(marked, x) * choose(all - marked, drawn - x))
                        .sum();
                    let expected = ways as f64 / choose(all, drawn) as f64;
                    let found = upper_tail(all, marked, drawn, least);
                    assert!(
                        (found - expected).abs() < 1e-14 * expected.max(1e-3),
                        "{all} {marked} {drawn} {least}: {found} {expected}"
                    );
                }
            }
        }
    }

    #[test]
    fn far_tails_are_those_of_exact_fractions() {
        // Sums of products of binomials as fractions, in Python.
        for (all, marked, drawn, least, expected) in [
            (10_000, 300, 200, 40, 2.778_870_321_567_401e-22),
            (1_000_000, 900, 700, 12, 3.925_904_430_141_916e-12),
        ] {
            let found = upper_tail(all, marked, drawn, least);
            assert!((found / expected - 1.0).abs() < 1e-9, "{found}");
        }
        let beyond = upper_tail(10_000_000, 5_000, 5_000, 5_000);
        assert!(beyond > 0.0 && beyond < 1e-300);
    }
}

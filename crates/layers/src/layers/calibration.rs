//! What a layer's own test finds on its map once that is shuffled, so that there is nothing to find.

use naqsha_analytics::{Calibration, calibrate};

use crate::error::LayerError;
use crate::layer::Question;
use crate::query::NullModel;

/// Most shuffles of a map.
const MOST: u64 = 99;

/// Most tests of all shuffles together, which bounds the cost: 99 shuffles up to 40,000 cells, 25 of 160,000 cells, 3 of
/// a million, and one of whatever is larger. A sampled null costs a hundred times as much and gets that many fewer.
const TESTS: u64 = 4_000_000;
const SAMPLED: u64 = 100;

/// How many times a map of so many tests is shuffled.
fn shuffles(tests: usize, null: NullModel) -> u32 {
    let budget = match null {
        NullModel::Exact | NullModel::Normal => TESTS,
        NullModel::MonteCarlo => TESTS / SAMPLED,
    };
    let many = (budget / (tests as u64).max(1)).clamp(1, MOST);
    u32::try_from(many).unwrap_or(1)
}

/// The figures where the question asks for them and something is tested; `test` gives the p-values of the n-th of the shuffled maps.
pub(crate) fn calibration(
    question: &Question<'_>,
    (tests, null): (usize, NullModel),
    test: impl FnMut(u32) -> Result<Vec<Option<f64>>, LayerError>,
) -> Result<Option<Calibration>, LayerError> {
    if !question.query.calibrate || tests == 0 {
        return Ok(None);
    }
    calibrate(shuffles(tests, null), question.query.alpha, test)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_maps_are_shuffled_often_and_large_ones_at_least_once() {
        let many = [721, 40_000, 159_565, 1_116_946, 8_300_000];
        assert_eq!(
            many.map(|tests| shuffles(tests, NullModel::Exact)),
            [99, 99, 25, 3, 1]
        );
        assert_eq!(
            many.map(|tests| shuffles(tests, NullModel::MonteCarlo)),
            [55, 1, 1, 1, 1]
        );
    }
}

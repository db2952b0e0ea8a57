//! Join counts: are the places of one kind, marked 1, beside each other?

use crate::error::MapError;
use crate::gamma::chi_square_upper;
use crate::neighbours::Neighbours;
use crate::reason::Reason;

/// Joins between places marked 1 (black) and 0 (white). A join is a link; half a link where only one direction exists.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct JoinCount {
    /// Black beside black.
    pub bb: f64,
    /// White beside white.
    pub ww: f64,
    /// Black beside white.
    pub bw: f64,
    /// All joins.
    pub j: f64,
    /// Independence of the two ends, or why it was not tested.
    pub independence: Result<ChiSquare, Reason>,
}

/// Pearson's statistic of a table of four, with Yates' correction, and its p.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChiSquare {
    /// The statistic, with one degree of freedom.
    pub statistic: f64,
    /// The probability of one at least as large, of either direction of dependence.
    pub p: f64,
}

/// Join counts of a map of zeros and ones. Weights do not enter: a link counts or does not.
///
/// The joins are not independent observations, so `independence` is a rough guide, as in `PySAL`.
///
/// *Edge cases*: where all linked places have one colour there is nothing to test,
/// [`Reason::InsufficientVariation`]. *Cost*: O(m) for m links.
///
/// # Errors
/// [`MapError`]: lengths differ, a value is neither 0 nor 1, or no link has a weight ([`Reason::Isolated`]).
///
/// # References
/// Cliff & Ord 1981, *Spatial Processes*, ch. 1; Yates 1934, <https://doi.org/10.2307/2983604>.
///
/// ```
/// use naqsha_analytics::{Neighbours, join_count};
/// let links = [(0, 1), (1, 2), (2, 3)].map(|(a, b)| [(a, b, 1.0), (b, a, 1.0)]);
/// let row = Neighbours::from_links(4, links.as_flattened())?;
/// let found = join_count(&[1.0, 1.0, 0.0, 0.0], &row)?;
/// assert_eq!((found.bb, found.bw, found.ww, found.j), (1.0, 1.0, 1.0, 3.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn join_count(values: &[f64], neighbours: &Neighbours) -> Result<JoinCount, MapError> {
    let (zero, one) = (0.0_f64.to_bits(), 1.0_f64.to_bits());
    // Adding zero turns −0 into 0.
    let bits = |value: f64| (value + 0.0).to_bits();
    MapError::check(values, neighbours.len(), |value| {
        bits(value) == zero || bits(value) == one
    })?;
    // Half a join for each directed link, by the colours of its start and its end.
    let mut halves = [[0.0_f64; 2]; 2];
    for from in 0..values.len() {
        for (to, _) in neighbours.weighted(from).filter(|link| link.1 > 0.0) {
            let colour = |unit: usize| usize::from(bits(values[unit]) == one);
            halves[colour(from)][colour(to)] += 0.5;
        }
    }
    let [[ww, wb], [bw, bb]] = halves;
    let j = ww + wb + bw + bb;
    if j > 0.0 {
        Ok(JoinCount {
            bb,
            ww,
            bw: wb + bw,
            j,
            independence: independence(halves),
        })
    } else {
        Err(MapError::Undefined(Reason::Isolated))
    }
}

fn independence(table: [[f64; 2]; 2]) -> Result<ChiSquare, Reason> {
    let rows = table.map(|row| row[0] + row[1]);
    let columns = [table[0][0] + table[1][0], table[0][1] + table[1][1]];
    let all = rows[0] + rows[1];
    let mut statistic = 0.0;
    for (row, row_sum) in table.iter().zip(rows) {
        for (observed, column_sum) in row.iter().zip(columns) {
            let expected = row_sum * column_sum / all;
            if expected <= 0.0 {
                return Err(Reason::InsufficientVariation);
            }
            let difference = (observed - expected).abs();
            statistic += (difference - difference.min(0.5)).powi(2) / expected;
        }
    }
    Ok(ChiSquare {
        statistic,
        p: chi_square_upper(statistic, 1.0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rook(side: u32) -> Neighbours {
        let mut links = Vec::new();
        for unit in 0..side * side {
            if unit % side + 1 < side {
                links.extend([(unit, unit + 1, 1.0), (unit + 1, unit, 1.0)]);
            }
            if unit + side < side * side {
                links.extend([(unit, unit + side, 1.0), (unit + side, unit, 1.0)]);
            }
        }
        Neighbours::from_links((side * side) as usize, &links).unwrap()
    }

    #[test]
    fn the_lattice_of_esda_has_its_counts() {
        let mut values = [0.0; 16];
        values[8..].fill(1.0);
        let found = join_count(&values, &rook(4)).unwrap();
        assert_eq!(
            (found.bb, found.bw, found.ww, found.j),
            (10.0, 4.0, 10.0, 24.0)
        );
        let test = found.independence.unwrap();
        assert!((test.statistic - 8.166_666_666_666_666).abs() < 1e-12);
        assert!((test.p - 0.004_266_724_822_176_128).abs() < 1e-14);
    }

    #[test]
    fn one_colour_is_not_tested_and_other_values_are_refused() {
        let found = join_count(&[1.0; 4], &rook(2)).unwrap();
        assert_eq!(found.independence, Err(Reason::InsufficientVariation));
        assert_eq!(
            join_count(&[1.0, 0.0, 2.0, 0.0], &rook(2)),
            Err(MapError::OutOfRange(2))
        );
    }
}

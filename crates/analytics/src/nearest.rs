//! Which of some places lies nearest to each of others, and how far away.

use rayon::prelude::*;

use crate::neighbours::{Metric, NeighboursError, Points};

/// For each of the first `from` points the nearest of those behind them: its position among these, and its distance in
/// metres, or in the unit of planar points. Of equally near ones the first.
///
/// *Edge cases*: without others, `None`. *Cost*: O(n·m) chords and a few distances each, in parallel.
///
/// # Errors
/// Coordinates out of range.
///
/// ```
/// use naqsha_analytics::{Points, nearest_of};
/// let places = [[0.0, 0.0], [9.0, 0.0], [1.0, 0.0], [6.0, 0.0]];
/// // The last two are searched for the nearest to each of the first two.
/// let found = nearest_of(Points::Planar(&places), 2)?;
/// assert_eq!(found, [Some((0, 1.0)), Some((1, 3.0))]);
/// # Ok::<(), naqsha_analytics::NeighboursError>(())
/// ```
pub fn nearest_of(
    points: Points<'_>,
    from: usize,
) -> Result<Vec<Option<(usize, f64)>>, NeighboursError> {
    points.check()?;
    let (Points::Planar(list) | Points::LonLat(list)) = points;
    let asked = from.min(list.len());
    let spots: Vec<[f64; 3]> = list.iter().map(|place| spot(points, *place)).collect();
    let of = |at: usize| {
        let chord = |other: &[f64; 3]| {
            let apart = |axis: usize| (spots[at][axis] - other[axis]).powi(2);
            (apart(0) + apart(1) + apart(2)).sqrt()
        };
        let chords: Vec<f64> = spots[asked..].iter().map(chord).collect();
        let least = chords.iter().copied().fold(f64::INFINITY, f64::min);
        let near = (0..chords.len()).filter(|other| chords[*other] <= least * SLACK + 1e-9);
        let apart = near.map(|other| (other, points.apart(Metric::Straight, at, asked + other)));
        apart.min_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)))
    };
    Ok((0..asked).into_par_iter().map(of).collect())
}

/// How much farther than the nearest along the chord the nearest on the ellipsoid may be: the two differ by 0.6 %.
const SLACK: f64 = 1.02;

/// A place in the plane, or on the unit sphere.
fn spot(points: Points<'_>, [x, y]: [f64; 2]) -> [f64; 3] {
    match points {
        Points::Planar(_) => [x, y, 0.0],
        Points::LonLat(_) => {
            let ((sin_x, cos_x), (sin_y, cos_y)) =
                (x.to_radians().sin_cos(), y.to_radians().sin_cos());
            [cos_y * cos_x, cos_y * sin_x, sin_y]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_is_that_of_all_distances() {
        let mut draws = crate::draws::Draws::new(3, 1);
        let place = |draws: &mut crate::draws::Draws| {
            [60.0 + 18.0 * draws.unit(), 24.0 + 13.0 * draws.unit()]
        };
        let list: Vec<[f64; 2]> = (0..300).map(|_| place(&mut draws)).collect();
        let points = Points::LonLat(&list);
        for (at, found) in nearest_of(points, 100).unwrap().into_iter().enumerate() {
            let all =
                (0..200).map(|other| (other, points.apart(Metric::Straight, at, 100 + other)));
            assert_eq!(found, all.min_by(|a, b| a.1.total_cmp(&b.1)));
        }
        assert_eq!(nearest_of(Points::LonLat(&list[..3]), 3), Ok(vec![None; 3]));
        assert!(nearest_of(Points::LonLat(&[[0.0, 99.0]]), 1).is_err());
    }
}

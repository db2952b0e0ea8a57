//! The shortest way over the globe between two places, as a line to be drawn.

use geo::{Distance as _, Geodesic, InterpolatePoint as _, Point};

/// A line over the globe.
#[derive(Debug, Clone, PartialEq)]
pub struct Beeline {
    /// Longitude and latitude in degrees, from the first place to the last. Longitudes do not jump: a line over the
    /// antimeridian runs on beyond ±180.
    pub points: Vec<[f64; 2]>,
    /// Its length in metres.
    pub length_m: f64,
}

/// The shortest line between two places given as longitude and latitude in degrees, along the WGS 84 ellipsoid (Karney
/// 2013), with a point at least every `step_m`, above zero.
///
/// *Edge cases*: two places that are the same give two points and no length.
///
/// ```
/// // From Fiji to Samoa, over the antimeridian.
/// let found = naqsha_analytics::beeline([178.44, -18.14], [-171.77, -13.83], 50_000.0);
/// assert!((found.length_m - 1_151_005.482).abs() < 0.001); // pyproj 3.7.2
/// assert!(found.points.windows(2).all(|pair| pair[0][0] < pair[1][0]));
/// assert!((found.points[found.points.len() - 1][0] - 188.23).abs() < 1e-9);
/// ```
pub fn beeline(from: [f64; 2], to: [f64; 2], step_m: f64) -> Beeline {
    let (start, end) = (Point::from(from), Point::from(to));
    let length_m = Geodesic.distance(start, end);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a positive number of parts; the globe is 20,000 km long"
    )]
    let parts = (length_m / step_m).ceil().max(1.0) as u32;
    let part = |at: u32| {
        let share = f64::from(at) / f64::from(parts);
        let point = Geodesic.point_at_ratio_between(start, end, share);
        [point.x(), point.y()]
    };
    let inner = (1..parts).map(part);
    let mut points = vec![from];
    for [lon, lat] in inner.chain([to]) {
        let turns = points
            .last()
            .map_or(0.0, |last| ((last[0] - lon) / 360.0).round());
        points.push([lon + 360.0 * turns, lat]);
    }
    Beeline { points, length_m }
}

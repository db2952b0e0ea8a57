//! Points that too many rows of one file share: software that knows no place writes the same one each time.

use std::collections::HashMap;

use naqsha_model::Point;

use crate::limits::COUNTED_POINTS;

/// Rows that may share a point; the next ones are told so (W408).
const MOST_AT_ONE_POINT: u32 = 25;

/// How often each point came, for the first [`COUNTED_POINTS`] different points of a file; later new ones are not counted.
#[derive(Debug, Default)]
pub(crate) struct RepeatedPoints {
    seen: HashMap<(u64, u64), u32>,
}

impl RepeatedPoints {
    /// Counts a point; true from the 26th time on. The rows before cannot be told: they were handed on.
    pub(crate) fn count(&mut self, point: Point) -> bool {
        let key = (point.lon().to_bits(), point.lat().to_bits());
        if let Some(times) = self.seen.get_mut(&key) {
            *times = times.saturating_add(1);
            return *times > MOST_AT_ONE_POINT;
        }
        if self.seen.len() < COUNTED_POINTS {
            self.seen.insert(key, 1);
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_twenty_sixth_row_at_a_point_is_the_first_too_many() {
        let mut points = RepeatedPoints::default();
        let here = Point::new(74.0, 31.0).unwrap();
        let there = Point::new(74.0, 31.000_001).unwrap();
        assert_eq!((0..30).filter(|_| points.count(here)).count(), 5);
        assert_eq!((0..25).filter(|_| points.count(there)).count(), 0);
    }

    #[test]
    fn the_memory_of_points_is_bounded() {
        let mut points = RepeatedPoints::default();
        for i in 0..COUNTED_POINTS + 1_000 {
            #[expect(clippy::cast_precision_loss, reason = "small numbers")]
            let lon = i as f64 * 1e-4;
            points.count(Point::new(lon, 30.0).unwrap());
        }
        assert_eq!(points.seen.len(), COUNTED_POINTS);
    }
}

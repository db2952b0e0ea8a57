//! What makes a polygon unusable as a study area, by ring and reason.

use geo::{BoundingRect, CoordsIter, Polygon, Validation};

use super::StudyAreaError;

pub(super) fn check_polygon(number: usize, polygon: &Polygon<f64>) -> Result<(), StudyAreaError> {
    let rings = std::iter::once(polygon.exterior()).chain(polygon.interiors());
    for (ring, line) in rings.enumerate() {
        let invalid = |problem| StudyAreaError::InvalidRing {
            polygon: number,
            ring,
            problem,
        };
        if line.coords_count() < 4 {
            return Err(invalid("fewer than three corners"));
        }
        let in_range =
            |x: f64, y: f64| (-180.0..=180.0).contains(&x) && (-90.0..=90.0).contains(&y);
        if !line.coords().all(|corner| in_range(corner.x, corner.y)) {
            return Err(invalid("a corner outside longitude ±180, latitude ±90"));
        }
        if line
            .lines()
            .any(|edge| (edge.start.x - edge.end.x).abs() > 180.0)
        {
            return Err(StudyAreaError::Antimeridian(number));
        }
        if line
            .bounding_rect()
            .is_none_or(|bounds| bounds.width() == 0.0 || bounds.height() == 0.0)
        {
            return Err(invalid("no area"));
        }
    }
    polygon
        .check_validation()
        .map_err(|error| StudyAreaError::InvalidPolygon {
            polygon: number,
            problem: error.to_string(),
        })
}

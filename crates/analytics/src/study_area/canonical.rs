//! A form of polygons that does not depend on how they were written: the digest is taken over it.

use geo::{LineString, Polygon};

/// A ring as bit patterns of its corners, so that it can be ordered and hashed.
pub(super) type Ring = Vec<[u64; 2]>;

pub(super) fn canonical_polygon(polygon: &Polygon<f64>) -> Vec<Ring> {
    let mut holes: Vec<Ring> = polygon.interiors().iter().map(canonical_ring).collect();
    holes.sort_unstable();
    std::iter::once(canonical_ring(polygon.exterior()))
        .chain(holes)
        .collect()
}

/// The ring without its closing corner, started at its smallest corner, in the direction that comes first.
fn canonical_ring(line: &LineString<f64>) -> Ring {
    // Adding zero turns −0 into 0.
    let mut corners: Ring = line
        .coords()
        .map(|corner| [(corner.x + 0.0).to_bits(), (corner.y + 0.0).to_bits()])
        .collect();
    corners.pop();
    corners.dedup();
    let Some(start) = (0..corners.len()).min_by_key(|at| corners[*at]) else {
        return corners;
    };
    corners.rotate_left(start);
    let mut reversed = corners.clone();
    reversed[1..].reverse();
    corners.min(reversed)
}

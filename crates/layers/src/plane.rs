//! Boxes of a plane that a projection makes of the globe: their sides are no meridians and parallels.

/// A projection of the globe, named so that two of one name are one.
#[derive(Debug, Clone, Copy)]
pub struct Projection {
    /// Name of the projection.
    pub name: &'static str,
    /// Longitude and latitude in degrees to the plane; `None` where the projection does not reach.
    pub forward: fn([f64; 2]) -> Option<[f64; 2]>,
}

impl PartialEq for Projection {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// A box with sides along the axes of a plane, edges included.
///
/// A shape meets it if what becomes of the shape in the plane does: its vertices are projected and joined by straight
/// lines there, as they are drawn by whoever asks for the plane's coordinates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlaneBox {
    corners: [f64; 4],
    projection: Projection,
}

impl PlaneBox {
    /// The box `[least x, least y, greatest x, greatest y]`; `None` where that is not finite or upside down.
    pub fn new(corners: [f64; 4], projection: Projection) -> Option<Self> {
        let [west, south, east, north] = corners;
        let sound = corners.iter().all(|corner| corner.is_finite()) && west <= east;
        (sound && south <= north).then_some(Self {
            corners,
            projection,
        })
    }

    /// `[least x, least y, greatest x, greatest y]`.
    pub const fn corners(&self) -> [f64; 4] {
        self.corners
    }

    /// A shape of millionths of a degree in the plane; `None` where the projection does not reach all of it.
    pub(crate) fn project(&self, shape: &[[i32; 2]]) -> Option<Vec<[f64; 2]>> {
        let degrees = |micro: i32| f64::from(micro) / 1e6;
        let forward = self.projection.forward;
        let vertices = shape.iter();
        vertices
            .map(|vertex| forward(vertex.map(degrees)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boundaries::{BoundingBox, CellBoundaries};
    use h3o::{CellIndex, LatLng, Resolution};

    /// A plane turned by an eighth: a box of it is a diamond of degrees.
    const TURNED: Projection = Projection {
        name: "turned",
        forward: |[lon, lat]| (lat < 80.0).then_some([lon + lat, lat - lon]),
    };

    #[test]
    fn a_box_of_a_turned_plane_is_a_diamond() {
        let plane = PlaneBox::new([99.0, -41.0, 101.0, -39.0], TURNED).unwrap();
        // |lon - 70| + |lat - 30| ≤ 1, within two degrees of each.
        let bbox = BoundingBox::new([69.0, 29.0, 71.0, 31.0]).unwrap();
        let diamond = bbox.around(plane);
        let cell = |lon: f64, lat: f64| LatLng::new(lat, lon).unwrap().to_cell(Resolution::Seven);
        let meets = |cell: CellIndex, bbox| CellBoundaries::of(&[cell]).meets(0, &bbox);
        for (lon, lat, expected) in [
            (70.0, 30.0, true),
            (70.95, 30.0, true),
            (70.45, 30.45, true),
            (70.6, 30.6, false),
            (69.1, 30.9, false),
        ] {
            assert!(meets(cell(lon, lat), bbox), "{lon} {lat} is in the square");
            assert_eq!(meets(cell(lon, lat), diamond), expected, "{lon} {lat}");
        }
        let line = CellBoundaries::between(&[(cell(69.1, 30.9), cell(70.95, 30.9))]);
        assert!(
            line.meets(0, &bbox) && line.meets(0, &diamond),
            "over its upper corner"
        );
        let beside = CellBoundaries::between(&[(cell(69.1, 30.9), cell(69.3, 30.9))]);
        assert!(beside.meets(0, &bbox) && !beside.meets(0, &diamond));
    }

    #[test]
    fn boxes_are_checked() {
        assert!(PlaneBox::new([0.0, 0.0, 0.0, 0.0], TURNED).is_some());
        for wrong in [
            [1.0, 0.0, 0.0, 0.0],
            [0.0, 1.0, 0.0, 0.0],
            [0.0, f64::NAN, 0.0, 0.0],
            [0.0, 0.0, f64::INFINITY, 0.0],
        ] {
            assert!(PlaneBox::new(wrong, TURNED).is_none(), "{wrong:?}");
        }
    }
}

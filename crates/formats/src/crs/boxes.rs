//! Boxes in a coordinate reference system, as the layers select by them.

use naqsha_layers::{BoundingBox, PlaneBox, Projection};

use super::{Crs, HALF_TURN_M};

/// Points along each side of a box of a plane by which its surroundings in degrees are found.
const SAMPLES: u32 = 64;

/// Why four numbers are no box of a system.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum InvalidBox {
    /// Not within ±180 and ±90, or south above north.
    #[error("{0}")]
    Degrees(#[from] naqsha_layers::InvalidBoundingBox),
    /// Not finite, or upside down.
    #[error("is not a box of least x, least y, greatest x, greatest y in metres")]
    Plane,
    /// Nothing on the globe is there.
    #[error("lies wholly beyond the world of the coordinate reference system")]
    Beyond,
}

impl Crs {
    /// The box of two corners, their coordinates in the order of the system's axes.
    ///
    /// A box in degrees or of web Mercator is one of meridians and parallels, and selects by them; in both the first
    /// easting may be the greater one: the box crosses the antimeridian. A box of a UTM zone is none, and selects by what
    /// features become in the zone's plane.
    ///
    /// # Errors
    /// [`InvalidBox`].
    pub fn bounding_box(self, [a, b, c, d]: [f64; 4]) -> Result<BoundingBox, InvalidBox> {
        match self {
            Self::Crs84 => Ok(BoundingBox::new([a, b, c, d])?),
            Self::Epsg4326 => Ok(BoundingBox::new([b, a, d, c])?),
            Self::WebMercator => self.mercator_box([a, b, c, d]),
            Self::Utm41 => self.zone_box([a, b, c, d], &ZONE_41),
            Self::Utm42 => self.zone_box([a, b, c, d], &ZONE_42),
            Self::Utm43 => self.zone_box([a, b, c, d], &ZONE_43),
        }
    }

    /// What reaches beyond the world on a map that shows all of it is cut off at its edge.
    fn mercator_box(self, [west, south, east, north]: [f64; 4]) -> Result<BoundingBox, InvalidBox> {
        let finite = [west, south, east, north].iter().all(|c| c.is_finite());
        if !finite || south > north {
            return Err(InvalidBox::Plane);
        }
        let beyond = |x: f64| x.abs() > HALF_TURN_M;
        if beyond(west) && beyond(east) && west.signum() * east.signum() > 0.0 {
            return Err(InvalidBox::Beyond);
        }
        let within = |x: f64| x.clamp(-HALF_TURN_M, HALF_TURN_M);
        let corner = |x: f64, y: f64| self.inverse([within(x), y]).ok_or(InvalidBox::Plane);
        let [west, south] = corner(west, south)?;
        let [east, north] = corner(east, north)?;
        // The last bit of half a turn.
        let [west, east] = [west, east].map(|lon| lon.clamp(-180.0, 180.0));
        Ok(BoundingBox::new([west, south, east, north])?)
    }

    fn zone_box(
        self,
        corners: [f64; 4],
        projection: &Projection,
    ) -> Result<BoundingBox, InvalidBox> {
        let plane = PlaneBox::new(corners, *projection).ok_or(InvalidBox::Plane)?;
        let around = self
            .surroundings(corners)
            .unwrap_or([-180.0, -90.0, 180.0, 90.0]);
        Ok(BoundingBox::new(around)?.around(plane))
    }

    /// A box in degrees that holds all of a box of the zone's plane; `None` where only the whole globe does for sure.
    ///
    /// Longitude and (isometric) latitude have no extreme inside of a box without a pole, since the projection is
    /// conformal and they are harmonic; between two samples of a side they go no further beyond both than the two lie
    /// apart, by which the box is widened.
    fn surroundings(self, [west, south, east, north]: [f64; 4]) -> Option<[f64; 4]> {
        let share = |i: u32| f64::from(i) / f64::from(SAMPLES);
        let x = |i: u32| west + share(i) * (east - west);
        let y = |i: u32| south + share(i) * (north - south);
        let sides = (0..SAMPLES)
            .map(|i| [x(i), south])
            .chain((0..SAMPLES).map(|i| [east, y(i)]))
            .chain((0..SAMPLES).map(|i| [x(SAMPLES - i), north]))
            .chain((0..=SAMPLES).map(|i| [west, y(SAMPLES - i)]));
        let outline: Vec<[f64; 2]> = sides
            .map(|corner| {
                self.inverse(corner)
                    .filter(|found| self.leads_back(corner, *found))
            })
            .collect::<Option<_>>()?;
        let first = outline.first()?;
        let mut bounds = [first[0], first[1], first[0], first[1]];
        let mut gap = [0.0_f64; 2];
        for (i, &[lon, lat]) in outline.iter().enumerate() {
            let [before_lon, before_lat] = outline[i.saturating_sub(1)];
            gap = [
                gap[0].max((lon - before_lon).abs()),
                gap[1].max((lat - before_lat).abs()),
            ];
            bounds = [
                bounds[0].min(lon),
                bounds[1].min(lat),
                bounds[2].max(lon),
                bounds[3].max(lat),
            ];
        }
        // Near a pole or the antimeridian of the zone, degrees jump.
        let calm = gap[0] < 10.0 && gap[1] < 10.0 && bounds[3] < 85.0 && bounds[1] > -85.0;
        let wide = [
            bounds[0] - gap[0],
            bounds[1] - gap[1],
            bounds[2] + gap[0],
            bounds[3] + gap[1],
        ];
        (calm && wide[0] >= -180.0 && wide[2] <= 180.0).then_some([
            wide[0],
            wide[1].max(-90.0),
            wide[2],
            wide[3].min(90.0),
        ])
    }

    /// Whether degrees found for a corner become that corner again, to a metre: far from its meridian a zone's inverse
    /// gives degrees that do not.
    fn leads_back(self, [x, y]: [f64; 2], degrees: [f64; 2]) -> bool {
        self.exact(degrees)
            .is_some_and(|[back_x, back_y]| (back_x - x).abs() < 1.0 && (back_y - y).abs() < 1.0)
    }
}

const ZONE_41: Projection = Projection {
    name: "UTM 41N",
    forward: |degrees| Crs::Utm41.exact(degrees),
};
const ZONE_42: Projection = Projection {
    name: "UTM 42N",
    forward: |degrees| Crs::Utm42.exact(degrees),
};
const ZONE_43: Projection = Projection {
    name: "UTM 43N",
    forward: |degrees| Crs::Utm43.exact(degrees),
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_come_in_the_order_of_the_system() {
        let corners = |crs: Crs, numbers| crs.bounding_box(numbers).map(|bbox| bbox.corners());
        assert_eq!(
            corners(Crs::Epsg4326, [31.0, 74.0, 32.0, 75.0]),
            Ok([74.0, 31.0, 75.0, 32.0])
        );
        assert_eq!(
            corners(Crs::Epsg4326, [-10.0, 177.0, 0.0, -177.0]),
            Ok([177.0, -10.0, -177.0, 0.0]),
            "across the antimeridian"
        );
        let world = [-4e7, -4e7, 4e7, 4e7];
        let [west, south, east, north] = corners(Crs::WebMercator, world).unwrap();
        assert!((west + 180.0).abs() < 1e-9 && (east - 180.0).abs() < 1e-9);
        assert!(south < -89.0 && north > 89.0);
        assert_eq!(
            corners(Crs::WebMercator, [3e7, 0.0, 4e7, 1.0]),
            Err(InvalidBox::Beyond)
        );
        assert_eq!(
            corners(Crs::WebMercator, [0.0, 2.0, 1.0, 1.0]),
            Err(InvalidBox::Plane)
        );
        assert_eq!(
            corners(Crs::Utm42, [2.0, 0.0, 1.0, 1.0]),
            Err(InvalidBox::Plane)
        );
    }

    #[test]
    fn the_surroundings_hold_all_of_the_box() {
        for corners in [
            [400_000.0, 3_400_000.0, 600_000.0, 3_600_000.0],
            [-500_000.0, 2_500_000.0, 1_500_000.0, 4_200_000.0],
        ] {
            let [west, south, east, north] = Crs::Utm42.surroundings(corners).unwrap();
            for i in 0..=40 {
                for j in 0..=40 {
                    let at = |low: f64, high: f64, i: i32| low + f64::from(i) / 40.0 * (high - low);
                    let corner = [at(corners[0], corners[2], i), at(corners[1], corners[3], j)];
                    let [lon, lat] = Crs::Utm42.inverse(corner).unwrap();
                    assert!((west..=east).contains(&lon) && (south..=north).contains(&lat));
                }
            }
        }
        assert_eq!(
            Crs::Utm42.surroundings([-3e7, -3e7, 3e7, 3e7]),
            None,
            "no plane is that wide"
        );
    }
}

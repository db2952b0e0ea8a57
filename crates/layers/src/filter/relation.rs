//! How the geometry of a row lies to one that was written out.

use geo::{
    BooleanOps as _, BoundingRect as _, Coord, Geometry, LineString, Point, Polygon, Rect,
    Relate as _, Validation as _,
};

use super::scalar::Row;
use super::{MOST_POSITIONS, SpatialRelation};

const MICRO: f64 = 1e6;

/// A geometry that was checked, with the box around it.
#[derive(Debug, Clone)]
pub(super) struct Drawn {
    geometry: Geometry<f64>,
    around: Rect<f64>,
}

impl Drawn {
    /// Checks that a geometry lies on the globe and is what it says: rings are closed and do not cross themselves.
    pub(super) fn new(geometry: &Geometry<f64>) -> Result<Self, String> {
        use geo::CoordsIter as _;
        let positions = geometry.coords_count();
        if positions > MOST_POSITIONS {
            return Err(format!(
                "a geometry has {positions} positions, the most are {MOST_POSITIONS}"
            ));
        }
        let on_globe =
            |at: Coord<f64>| (-180.0..=180.0).contains(&at.x) && (-90.0..=90.0).contains(&at.y);
        if !geometry.coords_iter().all(on_globe) {
            return Err("a position is not within ±180 and ±90 degrees".to_owned());
        }
        geometry
            .check_validation()
            .map_err(|error| format!("a geometry is not valid: {error}"))?;
        let around = geometry
            .bounding_rect()
            .ok_or_else(|| "a geometry is empty".to_owned())?;
        Ok(Self {
            geometry: geometry.clone(),
            around,
        })
    }
}

impl SpatialRelation {
    /// Whether the geometry of a row lies to another as this says; null where it has none.
    pub(super) fn of_feature(self, row: Row<'_>, other: &Drawn) -> Option<bool> {
        let feature = Feature::of(row)?;
        if !feature.may_touch(other.around) {
            return Some(self == Self::Disjoint);
        }
        Some(self.holds(&feature.geometry(), &other.geometry))
    }

    /// The other way round.
    pub(super) fn to_feature(self, other: &Drawn, row: Row<'_>) -> Option<bool> {
        let turned = match self {
            Self::Within => Self::Contains,
            Self::Contains => Self::Within,
            same => same,
        };
        turned.of_feature(row, other)
    }

    pub(super) fn of_literals(self, left: &Drawn, right: &Drawn) -> bool {
        self.holds(&left.geometry, &right.geometry)
    }

    /// Of the geometry of a row to itself.
    pub(super) fn of_itself(self, row: Row<'_>) -> Option<bool> {
        Feature::of(row)?;
        Some(matches!(
            self,
            Self::Intersects | Self::Equals | Self::Within | Self::Contains
        ))
    }

    fn holds(self, left: &Geometry<f64>, right: &Geometry<f64>) -> bool {
        let matrix = left.relate(right);
        match self {
            Self::Intersects => matrix.is_intersects(),
            Self::Disjoint => matrix.is_disjoint(),
            Self::Equals => matrix.is_equal_topo(),
            Self::Touches => matrix.is_touches(),
            Self::Crosses => matrix.is_crosses(),
            Self::Within => matrix.is_within(),
            Self::Contains => matrix.is_contains(),
            Self::Overlaps => matrix.is_overlaps(),
        }
    }
}

/// The geometry of a row before it is built: most rows are told apart by the box around them.
#[derive(Debug, Clone, Copy)]
enum Feature<'a> {
    Point(naqsha_model::Point),
    /// Corners in millionths of a degree, the first not repeated.
    Ring(&'a [[i32; 2]]),
    Line(&'a [[i32; 2]]),
}

/// A shape that is kept whole across the antimeridian runs beyond ±180; it is seen from both sides.
const TURNS: [f64; 3] = [0.0, -360.0, 360.0];

impl<'a> Feature<'a> {
    fn of(row: Row<'a>) -> Option<Self> {
        let table = row.table;
        let point = table
            .points
            .as_ref()
            .and_then(|points| *points.get(row.row)?);
        if let Some(point) = point {
            return Some(Self::Point(point));
        }
        let positions = table.boundaries.ring((*table.shapes.get(row.row)?)?);
        Some(if table.boundaries.are_lines() {
            Self::Line(positions)
        } else {
            Self::Ring(positions)
        })
    }

    /// False only where no point of the box can be one of the feature.
    fn may_touch(self, other: Rect<f64>) -> bool {
        let (min, max) = match self {
            Self::Point(point) => ([point.lon(), point.lat()], [point.lon(), point.lat()]),
            Self::Ring(positions) | Self::Line(positions) => {
                let first = positions.first().copied().unwrap_or_default();
                let (min, max) = positions.iter().fold((first, first), |(min, max), at| {
                    (
                        [min[0].min(at[0]), min[1].min(at[1])],
                        [max[0].max(at[0]), max[1].max(at[1])],
                    )
                });
                let degrees = |at: [i32; 2]| at.map(|micro| f64::from(micro) / MICRO);
                (degrees(min), degrees(max))
            }
        };
        min[1] <= other.max().y
            && other.min().y <= max[1]
            && TURNS
                .iter()
                .any(|turn| min[0] + turn <= other.max().x && other.min().x <= max[0] + turn)
    }

    fn geometry(self) -> Geometry<f64> {
        match self {
            Self::Point(point) => Point::new(point.lon(), point.lat()).into(),
            Self::Ring(positions) => {
                let polygon = Polygon::new(line(positions), Vec::new());
                if within(positions) {
                    return polygon.into();
                }
                let sides = TURNS.map(|turn| world().intersection(&turned(&polygon, turn)));
                let parts = sides.into_iter().flat_map(|side| side.0);
                Geometry::MultiPolygon(parts.collect())
            }
            Self::Line(positions) => {
                let whole = line(positions);
                if within(positions) {
                    return whole.into();
                }
                let sides = TURNS.map(|turn| {
                    let side = geo::MultiLineString::new(vec![turned(&whole, turn)]);
                    world().clip(&side, false)
                });
                Geometry::MultiLineString(sides.into_iter().flat_map(|side| side.0).collect())
            }
        }
    }
}

fn within(positions: &[[i32; 2]]) -> bool {
    positions.iter().all(|at| at[0].abs() <= 180_000_000)
}

fn line(positions: &[[i32; 2]]) -> LineString<f64> {
    let coord = |&[lon, lat]: &[i32; 2]| Coord {
        x: f64::from(lon) / MICRO,
        y: f64::from(lat) / MICRO,
    };
    positions.iter().map(coord).collect()
}

fn world() -> Polygon<f64> {
    Rect::new(
        Coord {
            x: -180.0,
            y: -90.0,
        },
        Coord { x: 180.0, y: 90.0 },
    )
    .to_polygon()
}

fn turned<G: geo::MapCoords<f64, f64, Output = G>>(geometry: &G, turn: f64) -> G {
    geometry.map_coords(|at| Coord {
        x: at.x + turn,
        y: at.y,
    })
}

//! A deployer's boundaries: polygons in an R*-tree, and which of them holds a point.
//!
//! Nothing of them is drawn here; they say in which district a point lies. Straight edges in longitude and latitude.

use geo::coordinate_position::{CoordPos, CoordinatePosition as _};
use geo::{
    BoundingRect as _, Centroid as _, Coord, InteriorPoint as _, MultiPolygon, Validation as _,
};
use geojson::{Feature, FeatureCollection, GeoJson, GeometryValue};
use naqsha_model::Point;
use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};

use super::district::{DistrictId, Districts};
use super::province::Provinces;

/// Which units a file of boundaries holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BoundaryLevel {
    /// Provinces and territories.
    Province,
    /// Divisions.
    Division,
    /// Districts.
    District,
    /// Tehsils.
    Tehsil,
}

impl BoundaryLevel {
    /// All levels, from coarse to fine.
    pub const ALL: [Self; 4] = [Self::Province, Self::Division, Self::District, Self::Tehsil];

    /// The word for it on the command line and in file names.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Province => "province",
            Self::Division => "division",
            Self::District => "district",
            Self::Tehsil => "tehsil",
        }
    }
}

/// A file of boundaries that cannot be taken.
#[derive(Debug, thiserror::Error)]
pub enum BoundaryError {
    /// Not GeoJSON, or not a collection of features.
    #[error("this is not a GeoJSON FeatureCollection: {0}")]
    NotFeatures(String),
    /// One feature cannot be taken.
    #[error("feature {number}{}: {reason}", name.as_deref().map(|n| format!(" ({n})")).unwrap_or_default())]
    Feature {
        /// Position in the file, from 1.
        number: usize,
        /// Its name, where it has one.
        name: Option<String>,
        /// What is wrong with it.
        reason: String,
    },
    /// No feature at all.
    #[error("there is no feature in it")]
    Empty,
}

/// One unit of a level.
#[derive(Debug, Clone)]
struct Unit {
    name: String,
    /// The district it is, or lies in, by the district table; none where the table does not know the name.
    district: Option<DistrictId>,
    /// OCHA code of the province that it is or lies in.
    province: Option<String>,
    shape: MultiPolygon<f64>,
    centroid: Option<Point>,
}

/// The box of a polygon, with the place of its unit and its own within the unit.
type PolygonBox = GeomWithData<Rectangle<[f64; 2]>, (usize, usize)>;

/// The polygons of one level and vintage.
#[derive(Debug)]
pub struct Boundaries {
    level: BoundaryLevel,
    units: Vec<Unit>,
    /// One box for each polygon, so that islands do not stretch their unit's.
    tree: RTree<PolygonBox>,
}

impl Boundaries {
    /// Reads a GeoJSON `FeatureCollection` of polygons; `name_field` is the property that names a unit, `code_field` the one
    /// that has its OCHA code of the district table's vintage, tried first.
    ///
    /// # Errors
    /// [`BoundaryError`] for text that is not such a collection; for a feature without geometry or name; for rings that
    /// cross themselves or each other, that do not close, or that leave ±180 and ±90; for names that occur twice.
    pub fn parse(
        text: &str,
        level: BoundaryLevel,
        name_field: &str,
        code_field: Option<&str>,
        reference: &super::Reference,
    ) -> Result<Self, BoundaryError> {
        let collection = match text.parse::<GeoJson>() {
            Ok(GeoJson::FeatureCollection(collection)) => collection,
            Ok(_) => {
                return Err(BoundaryError::NotFeatures(
                    "it is one feature or geometry".to_owned(),
                ));
            }
            Err(error) => return Err(BoundaryError::NotFeatures(error.to_string())),
        };
        let units = units(collection, level, name_field, code_field, reference)?;
        if units.is_empty() {
            return Err(BoundaryError::Empty);
        }
        let boxes = units
            .iter()
            .enumerate()
            .flat_map(|(unit, Unit { shape, .. })| {
                shape.iter().enumerate().filter_map(move |(part, polygon)| {
                    let rect = polygon.bounding_rect()?;
                    let corners = Rectangle::from_corners(rect.min().into(), rect.max().into());
                    Some(GeomWithData::new(corners, (unit, part)))
                })
            });
        let tree = RTree::bulk_load(boxes.collect());
        Ok(Self { level, units, tree })
    }

    /// The level.
    pub const fn level(&self) -> BoundaryLevel {
        self.level
    }

    /// How many units there are.
    pub fn len(&self) -> usize {
        self.units.len()
    }

    /// Whether there is no unit; [`Self::parse`] refuses such a file.
    pub fn is_empty(&self) -> bool {
        self.units.is_empty()
    }

    /// Names of units that the tables of provinces, divisions and districts do not know; tehsils have no table.
    pub fn unknown_names(&self) -> impl Iterator<Item = &str> {
        let unknown = move |unit: &&Unit| match self.level {
            BoundaryLevel::Province | BoundaryLevel::Division => unit.province.is_none(),
            BoundaryLevel::District => unit.district.is_none(),
            BoundaryLevel::Tehsil => false,
        };
        self.units
            .iter()
            .filter(unknown)
            .map(|unit| unit.name.as_str())
    }

    /// The name of the unit that holds a point, as the file has it; a point on a shared edge is in the first of the file.
    pub fn name_at(&self, point: Point) -> Option<&str> {
        self.unit_at(point).map(|unit| unit.name.as_str())
    }

    /// Each unit's name as the file has it, the district it is by the district table, a point inside it, and its shape.
    pub(crate) fn units(
        &self,
    ) -> impl Iterator<Item = (&str, Option<DistrictId>, Option<Point>, &MultiPolygon<f64>)> {
        self.units.iter().map(|unit| {
            let inside = unit.shape.interior_point();
            let inside = inside.and_then(|point| Point::new(point.x(), point.y()).ok());
            (unit.name.as_str(), unit.district, inside, &unit.shape)
        })
    }

    /// The district that holds a point.
    pub(crate) fn district_at(&self, point: Point) -> Option<DistrictId> {
        self.unit_at(point)?.district
    }

    /// The province that holds a point, by its OCHA code.
    pub(crate) fn province_at(&self, point: Point) -> Option<&str> {
        self.unit_at(point)?.province.as_deref()
    }

    /// Whether a point is, to some hundred metres, where a table would put a whole district.
    pub(crate) fn is_centroid(&self, point: Point) -> bool {
        let near = |centroid: Point| {
            let east_m =
                (centroid.lon() - point.lon()) * METRES_PER_DEGREE * point.lat().to_radians().cos();
            let north_m = (centroid.lat() - point.lat()) * METRES_PER_DEGREE;
            east_m.hypot(north_m) <= CENTROID_M
        };
        self.units.iter().filter_map(|unit| unit.centroid).any(near)
    }

    fn unit_at(&self, point: Point) -> Option<&Unit> {
        let coord = Coord {
            x: point.lon(),
            y: point.lat(),
        };
        let envelope = AABB::from_point([coord.x, coord.y]);
        let holding = self
            .tree
            .locate_in_envelope_intersecting(envelope)
            .filter_map(|found| {
                let (unit, part) = found.data;
                let polygon = self.units.get(unit)?.shape.0.get(part)?;
                (polygon.coordinate_position(&coord) != CoordPos::Outside).then_some(unit)
            });
        self.units.get(holding.min()?)
    }
}

/// How near a point must be to a centroid to be one: published centroids differ by their rounding and by the polygons.
const CENTROID_M: f64 = 100.0;
const METRES_PER_DEGREE: f64 = 111_320.0;

fn units(
    collection: FeatureCollection,
    level: BoundaryLevel,
    name_field: &str,
    code_field: Option<&str>,
    reference: &super::Reference,
) -> Result<Vec<Unit>, BoundaryError> {
    let mut units: Vec<Unit> = Vec::new();
    for (index, feature) in collection.features.into_iter().enumerate() {
        let name = property(&feature, name_field);
        let fault = |reason: String| BoundaryError::Feature {
            number: index + 1,
            name: name.clone(),
            reason,
        };
        let Some(name) = name.clone() else {
            return Err(fault(format!("it has no property {name_field:?}")));
        };
        if level != BoundaryLevel::Tehsil && units.iter().any(|unit| unit.name == name) {
            return Err(fault("the name occurs twice".to_owned()));
        }
        let code = code_field.and_then(|field| property(&feature, field));
        let shape = shape(feature).map_err(fault)?;
        let centroid = shape.centroid().and_then(|c| Point::new(c.x(), c.y()).ok());
        let (district, province) = known(
            level,
            &name,
            code.as_deref(),
            &reference.districts,
            &reference.provinces,
        );
        units.push(Unit {
            name,
            district,
            province,
            shape,
            centroid,
        });
    }
    Ok(units)
}

fn known(
    level: BoundaryLevel,
    name: &str,
    code: Option<&str>,
    districts: &Districts,
    provinces: &Provinces,
) -> (Option<DistrictId>, Option<String>) {
    match level {
        BoundaryLevel::Province => {
            let province = code
                .and_then(|code| provinces.find(code))
                .or_else(|| provinces.find(name));
            (None, province.map(str::to_owned))
        }
        BoundaryLevel::District => {
            let by_code = code.and_then(|code| districts.of_code(code));
            let district = by_code.or_else(|| districts.find(name).ok().map(|found| found.id));
            let province = district.map(|id| districts.get(id).province.clone());
            (district, province)
        }
        BoundaryLevel::Division => {
            let province = provinces
                .division(name)
                .map(|(_, province)| province.to_owned());
            (None, province)
        }
        BoundaryLevel::Tehsil => (None, None),
    }
}

fn property(feature: &Feature, name: &str) -> Option<String> {
    let value = feature.property(name)?;
    let text = value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned);
    Some(text.trim().to_owned()).filter(|text| !text.is_empty() && text != "null")
}

fn shape(feature: Feature) -> Result<MultiPolygon<f64>, String> {
    let geometry = feature.geometry.ok_or("it has no geometry")?;
    let rings_close = |rings: &[Vec<geojson::Position>]| {
        rings
            .iter()
            .all(|ring| ring.len() >= 4 && ring.first() == ring.last())
    };
    let (closed, shape) = match &geometry.value {
        GeometryValue::Polygon { coordinates } => {
            let closed = rings_close(coordinates);
            (
                closed,
                geo::Polygon::try_from(geometry).map(|polygon| MultiPolygon(vec![polygon])),
            )
        }
        GeometryValue::MultiPolygon { coordinates } => {
            let closed = coordinates.iter().all(|rings| rings_close(rings));
            (closed, MultiPolygon::try_from(geometry))
        }
        _ => return Err("its geometry is not a polygon".to_owned()),
    };
    if !closed {
        return Err("a ring does not close, or has fewer than four positions".to_owned());
    }
    let shape = shape.map_err(|error| error.to_string())?;
    let Some(rect) = shape.bounding_rect() else {
        return Err("its geometry is empty".to_owned());
    };
    if Point::new(rect.min().x, rect.min().y).is_err()
        || Point::new(rect.max().x, rect.max().y).is_err()
    {
        return Err(
            "it leaves ±180 degrees of longitude or ±90 of latitude: is it in degrees (WGS 84)?"
                .to_owned(),
        );
    }
    if rect.width() > 180.0 {
        return Err("it crosses the antimeridian".to_owned());
    }
    for polygon in &shape {
        polygon
            .check_validation()
            .map_err(|error| error.to_string())?;
    }
    Ok(shape)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reference;

    fn square(name: &str, ring: &str) -> String {
        format!(
            r#"{{"type":"Feature","properties":{{"d":"{name}"}},"geometry":{{"type":"Polygon","coordinates":[{ring}]}}}}"#
        )
    }

    fn parse(features: &[String]) -> Result<Boundaries, BoundaryError> {
        let text = format!(
            r#"{{"type":"FeatureCollection","features":[{}]}}"#,
            features.join(",")
        );
        Boundaries::parse(
            &text,
            BoundaryLevel::District,
            "d",
            None,
            &Reference::embedded(),
        )
    }

    const LAHORE: &str = "[[74,31],[75,31],[75,32],[74,32],[74,31]],[[74.4,31.4],[74.6,31.4],[74.6,31.6],[74.4,31.6],[74.4,31.4]]";

    #[test]
    fn a_hole_is_outside_and_an_edge_is_inside() {
        let boundaries = parse(&[
            square("Lahore", LAHORE),
            square("Kasur", "[[75,31],[76,31],[76,32],[75,32],[75,31]]"),
        ])
        .unwrap();
        let at = |lon: f64, lat: f64| boundaries.name_at(Point::new(lon, lat).unwrap());
        assert_eq!(at(74.1, 31.1), Some("Lahore"));
        assert_eq!(at(74.5, 31.5), None, "in the hole");
        assert_eq!(
            at(75.0, 31.5),
            Some("Lahore"),
            "on the shared edge: the first of the file"
        );
        assert_eq!(at(75.1, 31.5), Some("Kasur"));
        assert_eq!(at(80.0, 31.5), None);
        assert!(boundaries.is_centroid(Point::new(75.5, 31.5).unwrap()));
        assert!(!boundaries.is_centroid(Point::new(75.51, 31.5).unwrap()));
    }

    #[test]
    fn what_is_not_a_set_of_sound_polygons_is_refused_by_name() {
        for (feature, reason) in [
            (square("Lahore", "[[74,31],[75,32],[75,31],[74,32],[74,31]]"), "(Lahore)"),
            (square("Lahore", "[[74,31],[75,31],[75,32]]"), "does not close"),
            (square("Lahore", "[[740000,3100000],[750000,3100000],[750000,3200000],[740000,3100000]]"), "degrees"),
            (square("", LAHORE), "no property"),
            (r#"{"type":"Feature","properties":{"d":"x"},"geometry":{"type":"Point","coordinates":[1,2]}}"#.to_owned(), "not a polygon"),
            (r#"{"type":"Feature","properties":{"d":"x"},"geometry":null}"#.to_owned(), "no geometry"),
        ] {
            let error = parse(&[feature]).unwrap_err().to_string();
            assert!(error.contains(reason) && error.contains("feature 1"), "{error}");
        }
        assert!(matches!(parse(&[]), Err(BoundaryError::Empty)));
        let twice = parse(&[square("Lahore", LAHORE), square("Lahore", LAHORE)]);
        assert!(twice.unwrap_err().to_string().contains("twice"));
    }

    #[test]
    fn a_name_that_the_district_table_does_not_know_is_said() {
        let boundaries = parse(&[square("Atlantis", LAHORE)]).unwrap();
        assert_eq!(boundaries.unknown_names().collect::<Vec<_>>(), ["Atlantis"]);
    }
}

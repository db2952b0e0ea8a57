//! Which cells a map consists of: those whose centre lies in the study area, whether anything happened there or not.

use geo::orient::Direction;
use geo::{
    BoundingRect, CoordsIter, GeodesicArea, Intersects, LineString, MultiPolygon, Orient, Point,
    Polygon, Validation,
};
use h3o::geom::{ContainmentMode, TilerBuilder};
use h3o::{CellIndex, LatLng, Resolution};
use sha2::{Digest, Sha256};

/// The most cells a study area may have at the resolution asked for.
///
/// Pakistan has 1.1 million cells at resolution 8 and 7.8 million at 9.
pub const CELL_LIMIT: u64 = 2_000_000;

/// An analysis area: polygons, or a list of cells. It is never drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct StudyArea(Shape);

#[derive(Debug, Clone, PartialEq)]
enum Shape {
    Polygons(MultiPolygon<f64>),
    /// Ascending, none inside another.
    Cells(Vec<CellIndex>),
}

/// A study area that cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum StudyAreaError {
    /// There is nothing in it.
    #[error("the study area is empty")]
    Empty,
    /// A ring has fewer than three distinct corners, leaves the range of coordinates, or is not finite.
    #[error("ring {ring} of polygon {polygon} is invalid: {problem}")]
    InvalidRing {
        /// Position of the polygon, from 0.
        polygon: usize,
        /// Position of the ring, 0 is the exterior.
        ring: usize,
        /// What is wrong.
        problem: &'static str,
    },
    /// A polygon crosses itself or its holes leave it.
    #[error("polygon {polygon} is invalid: {problem}")]
    InvalidPolygon {
        /// Position of the polygon, from 0.
        polygon: usize,
        /// What is wrong.
        problem: String,
    },
    /// A polygon reaches over longitude 180.
    #[error("polygon {0} crosses the antimeridian: split it at longitude 180")]
    Antimeridian(usize),
    /// The area is too large for the resolution.
    #[error(
        "about {estimate} cells at resolution {resolution} exceed the limit of {CELL_LIMIT} cells"
    )]
    TooManyCells {
        /// How many there would be, roughly.
        estimate: u64,
        /// The resolution asked for.
        resolution: Resolution,
    },
}

impl StudyArea {
    /// An area bounded by polygons: longitude and latitude in degrees, edges straight in these coordinates.
    ///
    /// Overlapping polygons count once; holes are outside.
    ///
    /// # Errors
    /// No polygon, invalid rings, polygons that cross themselves or the antimeridian.
    pub fn from_polygons(polygons: MultiPolygon<f64>) -> Result<Self, StudyAreaError> {
        if polygons.0.is_empty() {
            return Err(StudyAreaError::Empty);
        }
        for (number, polygon) in polygons.iter().enumerate() {
            check_polygon(number, polygon)?;
        }
        // A clockwise exterior would have the area of the rest of the globe.
        let mut oriented = polygons;
        oriented
            .0
            .iter_mut()
            .for_each(|polygon| *polygon = polygon.orient(Direction::Default));
        Ok(Self(Shape::Polygons(oriented)))
    }

    /// An area that is a list of cells of any resolutions, such as a compacted mask. Repeated and nested cells count
    /// once.
    ///
    /// # Errors
    /// An empty list.
    pub fn from_cells(mut cells: Vec<CellIndex>) -> Result<Self, StudyAreaError> {
        if cells.is_empty() {
            return Err(StudyAreaError::Empty);
        }
        cells.sort_unstable();
        cells.dedup();
        let inside_another = |cell: &CellIndex| {
            (0..u8::from(cell.resolution()))
                .filter_map(|coarser| cell.parent(Resolution::try_from(coarser).ok()?))
                .any(|parent| cells.binary_search(&parent).is_ok())
        };
        let kept = cells
            .iter()
            .copied()
            .filter(|cell| !inside_another(cell))
            .collect();
        Ok(Self(Shape::Cells(kept)))
    }

    /// The cells of one resolution whose centre is in the area, ascending.
    ///
    /// Of a cell list, at finer resolutions: the index descendants of the listed cells; at coarser ones: the cells
    /// whose centre lies in a listed cell. An area smaller than the cells may hold no centre: then the list is empty.
    ///
    /// *Cost*: O(cells + boundary); 24 ms for a country at resolution 7, 0.1 s at 8.
    ///
    /// # Errors
    /// [`StudyAreaError::TooManyCells`], judged by area before anything is allocated.
    ///
    /// ```
    /// use h3o::{CellIndex, Resolution};
    /// use naqsha_analytics::StudyArea;
    /// let area = StudyArea::from_cells(vec![CellIndex::try_from(0x0874_24d0_41ff_ffff)?])?;
    /// assert_eq!(area.cells(Resolution::Eight)?.len(), 7);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn cells(&self, resolution: Resolution) -> Result<Vec<CellIndex>, StudyAreaError> {
        let too_many = |estimate| StudyAreaError::TooManyCells {
            estimate,
            resolution,
        };
        let estimate = self.estimate(resolution);
        if estimate > CELL_LIMIT {
            return Err(too_many(estimate));
        }
        let mut cells = match &self.0 {
            Shape::Polygons(polygons) => cover(polygons, resolution)?,
            Shape::Cells(listed) => listed
                .iter()
                .flat_map(|cell| at_resolution(*cell, resolution))
                .collect(),
        };
        cells.sort_unstable();
        cells.dedup();
        let count = cells.len() as u64;
        if count > CELL_LIMIT {
            Err(too_many(count))
        } else {
            Ok(cells)
        }
    }

    /// Whether the centre of a cell is in the area: whether [`StudyArea::cells`] of its resolution has it, without
    /// listing them.
    ///
    /// *Cost*: O(log of the list) for cell lists, O(corners) for polygons.
    pub fn contains(&self, cell: CellIndex) -> bool {
        match &self.0 {
            Shape::Polygons(polygons) => {
                let centre = LatLng::from(cell);
                polygons.intersects(&Point::new(centre.lng(), centre.lat()))
            }
            Shape::Cells(listed) => {
                let related = |resolution| match resolution {
                    coarser if coarser <= cell.resolution() => cell.parent(coarser),
                    finer => cell.center_child(finer),
                };
                Resolution::range(Resolution::Zero, Resolution::Fifteen)
                    .filter_map(related)
                    .any(|related| listed.binary_search(&related).is_ok())
            }
        }
    }

    /// How many cells [`StudyArea::cells`] lists, of a cell list without listing them and so without a limit.
    ///
    /// # Errors
    /// As [`StudyArea::cells`], for polygons and for resolutions coarser than the list's.
    pub fn count(&self, resolution: Resolution) -> Result<u64, StudyAreaError> {
        match &self.0 {
            Shape::Cells(listed) if listed.iter().all(|cell| cell.resolution() <= resolution) => {
                Ok(self.estimate(resolution))
            }
            _ => Ok(self.cells(resolution)?.len() as u64),
        }
    }

    /// Roughly how many cells [`StudyArea::cells`] returns: exact for cell lists, by area for polygons.
    fn estimate(&self, resolution: Resolution) -> u64 {
        match &self.0 {
            Shape::Polygons(polygons) => {
                let area_km2: f64 = polygons
                    .iter()
                    .map(|polygon| polygon.geodesic_area_unsigned() / 1e6)
                    .sum();
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a saturating estimate"
                )]
                let cells = (area_km2 / resolution.area_km2()) as u64;
                cells
            }
            Shape::Cells(cells) => cells.iter().fold(0_u64, |sum, cell| {
                sum.saturating_add(if cell.resolution() <= resolution {
                    cell.children_count(resolution)
                } else {
                    1
                })
            }),
        }
    }

    /// SHA-256 of the area in a canonical form.
    ///
    /// It does not depend on the order of polygons, holes or cells, on where a ring starts or on its direction.
    pub fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        match &self.0 {
            Shape::Polygons(polygons) => {
                hash.update(b"naqsha study area 1: polygons");
                let mut canonical: Vec<Vec<Ring>> =
                    polygons.iter().map(canonical_polygon).collect();
                canonical.sort_unstable();
                for polygon in canonical {
                    hash.update((polygon.len() as u64).to_le_bytes());
                    for ring in polygon {
                        hash.update((ring.len() as u64).to_le_bytes());
                        for corner in ring {
                            hash.update(corner[0].to_le_bytes());
                            hash.update(corner[1].to_le_bytes());
                        }
                    }
                }
            }
            Shape::Cells(cells) => {
                hash.update(b"naqsha study area 1: cells");
                for cell in cells {
                    hash.update(u64::from(*cell).to_le_bytes());
                }
            }
        }
        hash.finalize().into()
    }
}

/// The cells of a resolution that a listed cell stands for.
fn at_resolution(cell: CellIndex, resolution: Resolution) -> Vec<CellIndex> {
    if cell.resolution() <= resolution {
        return cell.children(resolution).collect();
    }
    // A coarser cell's centre is the centre of its central descendant.
    let centred = |parent: &CellIndex| parent.center_child(cell.resolution()) == Some(cell);
    cell.parent(resolution)
        .filter(centred)
        .into_iter()
        .collect()
}

fn cover(
    polygons: &MultiPolygon<f64>,
    resolution: Resolution,
) -> Result<Vec<CellIndex>, StudyAreaError> {
    let mut cells = Vec::new();
    for (number, polygon) in polygons.iter().enumerate() {
        // One polygon at a time: overlapping ones must not cancel each other.
        let mut tiler = TilerBuilder::new(resolution)
            .containment_mode(ContainmentMode::ContainsCentroid)
            .disable_transmeridian_heuristic()
            .build();
        let refused = |error: h3o::error::InvalidGeometry| StudyAreaError::InvalidPolygon {
            polygon: number,
            problem: error.to_string(),
        };
        tiler.add(polygon.clone()).map_err(refused)?;
        cells.extend(tiler.into_coverage());
    }
    Ok(cells)
}

fn check_polygon(number: usize, polygon: &Polygon<f64>) -> Result<(), StudyAreaError> {
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

/// A ring as bit patterns of its corners, so that it can be ordered and hashed.
type Ring = Vec<[u64; 2]>;

fn canonical_polygon(polygon: &Polygon<f64>) -> Vec<Ring> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use geo::polygon;

    /// A concave polygon with a hole around Lahore.
    fn lahore() -> Polygon<f64> {
        polygon!(
            exterior: [(x: 74.10, y: 31.35), (x: 74.55, y: 31.30), (x: 74.60, y: 31.65), (x: 74.35, y: 31.50), (x: 74.15, y: 31.70)],
            interiors: [[(x: 74.30, y: 31.40), (x: 74.40, y: 31.40), (x: 74.35, y: 31.47)]],
        )
    }

    fn area(polygons: Vec<Polygon<f64>>) -> Result<StudyArea, StudyAreaError> {
        StudyArea::from_polygons(MultiPolygon::new(polygons))
    }

    fn resolution(number: u8) -> Resolution {
        Resolution::try_from(number).unwrap()
    }

    /// Count, exclusive or of all cells, first cell: from the Python package h3 4.5.0,
    ///
    /// ```python
    /// outer = [(74.10,31.35),(74.55,31.30),(74.60,31.65),(74.35,31.50),(74.15,31.70)]
    /// hole = [(74.30,31.40),(74.40,31.40),(74.35,31.47)]
    /// poly = h3.LatLngPoly([(y, x) for x, y in outer], [(y, x) for x, y in hole])
    /// cells = sorted(int(c, 16) for c in h3.polygon_to_cells(poly, r))
    /// print(r, len(cells), hex(functools.reduce(operator.xor, cells)), hex(cells[0]))
    /// ```
    const PYTHON: [(u8, usize, u64, u64); 6] = [
        (4, 1, 0x0844_24d1_ffff_ffff, 0x0844_24d1_ffff_ffff),
        (5, 6, 0x1_4000_0000, 0x0854_24d0_3fff_ffff),
        (6, 33, 0x0864_24d5_77ff_ffff, 0x0864_24d0_07ff_ffff),
        (7, 216, 0xe_bb00_0000, 0x0874_24d0_00ff_ffff),
        (8, 1_518, 0xf_1a00_0000, 0x0884_24d0_001f_ffff),
        (9, 10_685, 0x0894_24d2_3297_ffff, 0x0894_24d0_0003_ffff),
    ];

    #[test]
    fn cells_of_a_polygon_are_those_of_the_python_package() {
        let area = area(vec![lahore()]).unwrap();
        for (number, count, exclusive_or, first) in PYTHON {
            let cells = area.cells(resolution(number)).unwrap();
            assert!(cells.is_sorted());
            assert_eq!(cells.len(), count, "resolution {number}");
            assert_eq!(u64::from(cells[0]), first);
            assert_eq!(
                cells.iter().fold(0, |all, cell| all ^ u64::from(*cell)),
                exclusive_or
            );
        }
    }

    #[test]
    fn overlapping_polygons_count_once() {
        let once = area(vec![lahore()])
            .unwrap()
            .cells(Resolution::Eight)
            .unwrap();
        assert_eq!(
            area(vec![lahore(), lahore()])
                .unwrap()
                .cells(Resolution::Eight)
                .unwrap(),
            once
        );
    }

    #[test]
    fn a_cell_list_gives_descendants_below_and_centres_above() {
        let nine = area(vec![lahore()])
            .unwrap()
            .cells(Resolution::Nine)
            .unwrap();
        let list = StudyArea::from_cells(nine.clone()).unwrap();
        assert_eq!(list.cells(Resolution::Nine).unwrap(), nine);
        assert_eq!(list.cells(Resolution::Ten).unwrap().len(), nine.len() * 7);
        // A coarser cell belongs if the listed cell over its centre does; so the polygon's own centres differ by few.
        let seven = list.cells(Resolution::Seven).unwrap();
        let centred = |cell: &CellIndex| {
            nine.binary_search(&cell.center_child(Resolution::Nine).unwrap())
                .is_ok()
        };
        assert!(seven.iter().all(centred) && seven.len() == PYTHON[3].1);
    }

    #[test]
    fn a_compacted_list_is_the_same_area() {
        let nine = area(vec![lahore()])
            .unwrap()
            .cells(Resolution::Nine)
            .unwrap();
        let mut compact = nine.clone();
        CellIndex::compact(&mut compact).unwrap();
        assert!(compact.len() < nine.len() / 5);
        let (list, compact) = (
            StudyArea::from_cells(nine).unwrap(),
            StudyArea::from_cells(compact).unwrap(),
        );
        for number in 5..=9 {
            assert_eq!(
                list.cells(resolution(number)),
                compact.cells(resolution(number))
            );
        }
    }

    #[test]
    fn nested_and_repeated_cells_count_once() {
        let parent = CellIndex::try_from(0x0874_24d0_41ff_ffff_u64).unwrap();
        let child = parent.center_child(Resolution::Eight).unwrap();
        let list = StudyArea::from_cells(vec![child, parent, child]).unwrap();
        assert_eq!(list.cells(Resolution::Eight).unwrap().len(), 7);
        assert_eq!(
            list.digest(),
            StudyArea::from_cells(vec![parent]).unwrap().digest()
        );
        assert_eq!(
            StudyArea::from_cells(Vec::new()),
            Err(StudyAreaError::Empty)
        );
    }

    #[test]
    fn a_cell_is_contained_where_the_list_of_its_resolution_has_it() {
        let square = polygon![(x: 74.1, y: 31.3), (x: 74.5, y: 31.3), (x: 74.5, y: 31.7), (x: 74.1, y: 31.7)];
        let square = area(vec![square]).unwrap();
        let mut sevens = square.cells(Resolution::Seven).unwrap();
        CellIndex::compact(&mut sevens).unwrap();
        let mask = StudyArea::from_cells(sevens).unwrap();
        let around = polygon![(x: 73.9, y: 31.1), (x: 74.7, y: 31.1), (x: 74.7, y: 31.9), (x: 73.9, y: 31.9)];
        for resolution in [
            Resolution::Five,
            Resolution::Six,
            Resolution::Seven,
            Resolution::Eight,
        ] {
            let candidates = area(vec![around.clone()])
                .unwrap()
                .cells(resolution)
                .unwrap();
            for within in [&square, &mask] {
                let listed = within.cells(resolution).unwrap();
                assert_eq!(within.count(resolution), Ok(listed.len() as u64));
                let contained: Vec<_> = candidates
                    .iter()
                    .copied()
                    .filter(|&cell| within.contains(cell))
                    .collect();
                assert_eq!(contained, listed, "at {resolution}");
            }
        }
    }

    #[test]
    fn the_direction_of_a_ring_does_not_matter() {
        let anticlockwise = polygon![(x: 74.1, y: 31.3), (x: 74.5, y: 31.3), (x: 74.5, y: 31.7), (x: 74.1, y: 31.7)];
        let mut points = anticlockwise.exterior().0.clone();
        points.reverse();
        let clockwise = Polygon::new(LineString(points), Vec::new());
        let cells = |polygon| {
            area(vec![polygon])
                .unwrap()
                .cells(Resolution::Eight)
                .unwrap()
        };
        assert_eq!(cells(clockwise), cells(anticlockwise));
    }

    #[test]
    fn a_country_at_too_fine_a_resolution_is_refused_by_estimate() {
        let country = polygon![(x: 61.0, y: 24.0), (x: 77.0, y: 24.0), (x: 77.0, y: 37.0), (x: 61.0, y: 37.0)];
        let country = area(vec![country]).unwrap();
        let error = country.cells(Resolution::Twelve).unwrap_err();
        assert!(
            matches!(error, StudyAreaError::TooManyCells { estimate, .. } if estimate > CELL_LIMIT)
        );
        assert!(error.to_string().contains("2000000"), "{error}");
        assert!(country.cells(Resolution::Five).is_ok());
        let globe = StudyArea::from_cells(CellIndex::base_cells().collect()).unwrap();
        assert!(globe.cells(Resolution::Fifteen).is_err());
    }

    #[test]
    fn damaged_polygons_are_refused_with_their_place() {
        let refuse = |polygon| area(vec![lahore(), polygon]).unwrap_err();
        let over = refuse(
            polygon![(x: 179.0, y: 0.0), (x: -179.0, y: 0.0), (x: -179.0, y: 1.0), (x: 179.0, y: 1.0)],
        );
        assert_eq!(over, StudyAreaError::Antimeridian(1));
        let swapped =
            refuse(polygon![(x: 31.0, y: 100.0), (x: 32.0, y: 100.0), (x: 32.0, y: 101.0)]);
        assert!(matches!(
            swapped,
            StudyAreaError::InvalidRing {
                polygon: 1,
                ring: 0,
                ..
            }
        ));
        let flat = refuse(polygon![(x: 1.0, y: 1.0), (x: 2.0, y: 1.0), (x: 3.0, y: 1.0)]);
        assert!(matches!(
            flat,
            StudyAreaError::InvalidRing {
                problem: "no area",
                ..
            }
        ));
        let crossed = refuse(
            polygon![(x: 0.0, y: 0.0), (x: 2.0, y: 2.0), (x: 2.0, y: 0.0), (x: 0.0, y: 2.0)],
        );
        assert!(matches!(
            crossed,
            StudyAreaError::InvalidPolygon { polygon: 1, .. }
        ));
        let nan = refuse(polygon![(x: f64::NAN, y: 0.0), (x: 2.0, y: 2.0), (x: 2.0, y: 0.0)]);
        assert!(matches!(nan, StudyAreaError::InvalidRing { .. }));
    }

    #[test]
    fn the_digest_sees_the_area_and_not_how_it_was_written() {
        let mut corners: Vec<_> = lahore().exterior().coords().copied().collect();
        corners.pop();
        corners.rotate_left(2);
        corners.reverse();
        let turned = Polygon::new(LineString::new(corners), lahore().interiors().to_vec());
        let digest = |polygon| area(vec![polygon]).unwrap().digest();
        assert_eq!(digest(lahore()), digest(turned));
        assert_ne!(
            digest(lahore()),
            digest(Polygon::new(lahore().exterior().clone(), Vec::new()))
        );
    }
}

//! Which cells a map consists of: those whose centre lies in the study area, whether anything happened there or not.

mod canonical;
#[cfg(test)]
mod tests;
mod validity;

use geo::orient::Direction;
use geo::{GeodesicArea, Intersects, MultiPolygon, Orient, Point};
use h3o::geom::{ContainmentMode, TilerBuilder};
use h3o::{CellIndex, LatLng, Resolution};
use ring::digest::{Context, SHA256};

use canonical::{Ring, canonical_polygon};
use validity::check_polygon;

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
        let mut hash = Context::new(&SHA256);
        match &self.0 {
            Shape::Polygons(polygons) => {
                hash.update(b"naqsha study area 1: polygons");
                let mut canonical: Vec<Vec<Ring>> =
                    polygons.iter().map(canonical_polygon).collect();
                canonical.sort_unstable();
                for polygon in canonical {
                    hash.update(&(polygon.len() as u64).to_le_bytes());
                    for ring in polygon {
                        hash.update(&(ring.len() as u64).to_le_bytes());
                        for corner in ring {
                            hash.update(&corner[0].to_le_bytes());
                            hash.update(&corner[1].to_le_bytes());
                        }
                    }
                }
            }
            Shape::Cells(cells) => {
                hash.update(b"naqsha study area 1: cells");
                for cell in cells {
                    hash.update(&u64::from(*cell).to_le_bytes());
                }
            }
        }
        let sha256 = hash.finish();
        let sha256 = sha256.as_ref().first_chunk().copied();
        sha256.expect("SHA-256 has 32 bytes")
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

//! Cell boundaries and boxes in whole millionths of a degree: computed once per set of cells, since computing a
//! boundary costs more than writing it.

use h3o::{CellIndex, LatLng};
use naqsha_analytics::beeline;
use naqsha_store::Reach;
use rayon::prelude::*;

use crate::plane::PlaneBox;
use crate::window::{line_meets_window, ring_meets_window};

/// A longitude/latitude box in degrees; `west > east` crosses the antimeridian. Or a box of a plane, with one in degrees
/// around it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BoundingBox {
    west: f64,
    south: f64,
    east: f64,
    north: f64,
    plane: Option<PlaneBox>,
}

/// A box that is not on the globe.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("{0:?} is not a box west,south,east,north within ±180 and ±90 with south at most north")]
pub struct InvalidBoundingBox(pub [f64; 4]);

const MICRO: f64 = 1e6;

impl BoundingBox {
    /// Checks `[west, south, east, north]`.
    ///
    /// # Errors
    /// [`InvalidBoundingBox`] for NaN, values out of range, and south above north.
    pub fn new(corners: [f64; 4]) -> Result<Self, InvalidBoundingBox> {
        let [west, south, east, north] = corners;
        let on_globe = [west, east]
            .iter()
            .all(|lon| (-180.0..=180.0).contains(lon))
            && [south, north]
                .iter()
                .all(|lat| (-90.0..=90.0).contains(lat));
        if on_globe && south <= north {
            Ok(Self {
                west,
                south,
                east,
                north,
                plane: None,
            })
        } else {
            Err(InvalidBoundingBox(corners))
        }
    }

    /// The box of a plane, whose surroundings in degrees are this one: what lies in it lies in this one too.
    #[must_use]
    pub const fn around(mut self, plane: PlaneBox) -> Self {
        self.plane = Some(plane);
        self
    }

    /// `[west, south, east, north]` in degrees, of a box of a plane those of its surroundings.
    pub const fn corners(&self) -> [f64; 4] {
        [self.west, self.south, self.east, self.north]
    }

    /// Whether a position lies inside or on the edge.
    pub fn contains(&self, lon: f64, lat: f64) -> bool {
        let in_lon = if self.west <= self.east {
            (self.west..=self.east).contains(&lon)
        } else {
            lon >= self.west || lon <= self.east
        };
        in_lon && (self.south..=self.north).contains(&lat)
    }

    /// Whether the two boxes share a point; both are taken not to cross the antimeridian, as study areas do not.
    pub(crate) const fn overlaps(&self, other: &Self) -> bool {
        self.west <= other.east
            && other.west <= self.east
            && self.south <= other.north
            && other.south <= self.north
    }

    /// How much of what lies below a cell shares a point with the box.
    ///
    /// All descendants of a cell lie within twice its mean edge of its centre. Where that comes near a pole or the
    /// antimeridian, or the box crosses it, nothing is said.
    pub(crate) fn reach(&self, cell: CellIndex) -> Reach {
        const KM_A_DEGREE: f64 = 111.0;
        let centre = LatLng::from(cell);
        let height = 2.0 * cell.resolution().edge_length_km() / KM_A_DEGREE;
        let [south, north] = [centre.lat() - height, centre.lat() + height];
        let width = height / south.abs().max(north.abs()).to_radians().cos();
        let [west, east] = [centre.lng() - width, centre.lng() + width];
        if south < -80.0 || north > 80.0 || west < -180.0 || east > 180.0 || self.west > self.east {
            Reach::Part
        } else if self.west > east || west > self.east || self.south > north || south > self.north {
            Reach::Nothing
        } else if self.plane.is_none()
            && self.west <= west
            && east <= self.east
            && self.south <= south
            && north <= self.north
        {
            Reach::All
        } else {
            Reach::Part
        }
    }

    /// The box as windows in millionths of a degree: two where it crosses the antimeridian, and each also one turn away, since
    /// a shape kept whole across the antimeridian runs beyond ±180.
    fn windows(&self) -> impl Iterator<Item = [f64; 4]> {
        let halves = if self.west <= self.east {
            [Some([self.west, self.east]), None]
        } else {
            [Some([self.west, 180.0]), Some([-180.0, self.east])]
        };
        let (south, north) = (self.south, self.north);
        halves.into_iter().flatten().flat_map(move |[west, east]| {
            let window = move |turn| [west + turn, south, east + turn, north];
            [0.0, -360.0, 360.0].map(|turn| window(turn).map(|degrees| degrees * MICRO))
        })
    }

    /// Whether a shape of `(lon, lat)` in millionths of a degree shares a point with the box.
    fn meets(&self, shape: &[[i32; 2]], within: fn(&[[f64; 2]], [f64; 4]) -> bool) -> bool {
        let micros: Vec<[f64; 2]> = shape.iter().map(|vertex| vertex.map(f64::from)).collect();
        let near = self.windows().any(|window| within(&micros, window));
        near && self.plane.is_none_or(|plane| {
            let projected = plane.project(shape);
            projected.is_some_and(|shape| within(&shape, plane.corners()))
        })
    }
}

/// Boundaries of a list of cells, or lines between the cells of a list of pairs.
#[derive(Debug, Clone, Default)]
pub struct CellBoundaries {
    offsets: Vec<u32>,
    /// Vertices as `[lon, lat]` in millionths of a degree; of a boundary anticlockwise, the first not repeated.
    vertices: Vec<[i32; 2]>,
    /// Whether they are lines.
    lines: bool,
    /// West, south, east and north of each run of [`RUN`] shapes, in millionths of a degree.
    runs: Vec<[i32; 4]>,
}

/// Shapes of a run: cells in ascending order lie near each other, so that most runs are far from a small box.
const RUN: usize = 64;

/// Which shapes may share a point with a box: the others are told by the boxes around runs of shapes.
#[derive(Debug)]
pub(crate) struct Near(Vec<bool>);

impl Near {
    /// Whether the shape at `index` may.
    pub(crate) fn may_meet(&self, index: u32) -> bool {
        self.0.get(index as usize / RUN).copied().unwrap_or(true)
    }
}

/// A line bends at least every so many metres: at the latitudes of Pakistan it is then within 100 m of the true one.
const BEND_M: f64 = 50_000.0;

impl CellBoundaries {
    /// Computes the boundaries of `cells`, in their order. About 0.6 µs a cell and core.
    ///
    /// Longitudes of a cell that crosses the antimeridian run beyond ±180 instead of jumping (RFC 7946 §3.1.9 cutting is
    /// left to the writer of a format).
    pub fn of(cells: &[CellIndex]) -> Self {
        Self::joined(cells.par_iter().map(|&cell| ring(cell)).collect(), false)
    }

    /// Computes the geodesics between the centres of pairs of cells, in their order; longitudes as of [`Self::of`].
    pub fn between(pairs: &[(CellIndex, CellIndex)]) -> Self {
        let centre = |cell: CellIndex| {
            let centre = LatLng::from(cell);
            [centre.lng(), centre.lat()]
        };
        let line = |&(from, to): &(CellIndex, CellIndex)| {
            let beeline = beeline(centre(from), centre(to), BEND_M);
            let micros = beeline
                .points
                .iter()
                .map(|&[lon, lat]| [micro(lon), micro(lat)]);
            micros.collect()
        };
        Self::joined(pairs.par_iter().map(line).collect(), true)
    }

    fn joined(rings: Vec<Vec<[i32; 2]>>, lines: bool) -> Self {
        let mut offsets = Vec::with_capacity(rings.len() + 1);
        let mut vertices = Vec::with_capacity(rings.len() * 6);
        offsets.push(0);
        for ring in rings {
            vertices.extend(ring);
            offsets.push(
                u32::try_from(vertices.len())
                    .expect("at most 10 vertices for each of 2,000,000 cells"),
            );
        }
        let runs = offsets
            .windows(2)
            .collect::<Vec<_>>()
            .chunks(RUN)
            .map(|run| {
                let ends = run.first().zip(run.last());
                let (from, to) = ends.map_or((0, 0), |(first, last)| (first[0], last[1]));
                around(&vertices[from as usize..to as usize])
            })
            .collect();
        Self {
            offsets,
            vertices,
            lines,
            runs,
        }
    }

    /// Which shapes may share a point with a box. Cost: O(shapes / 64).
    pub(crate) fn near(&self, bbox: &BoundingBox) -> Near {
        let windows: Vec<[f64; 4]> = bbox.windows().collect();
        let near = |run: &[i32; 4]| {
            let [west, south, east, north] = run.map(f64::from);
            windows
                .iter()
                .any(|[w, s, e, n]| west <= *e && *w <= east && south <= *n && *s <= north)
        };
        Near(self.runs.iter().map(near).collect())
    }

    /// Whether these are lines from cell to cell instead of boundaries.
    pub const fn are_lines(&self) -> bool {
        self.lines
    }

    /// Number of cells.
    pub fn len(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    /// Whether there are no cells.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The ring of the cell at `index` as `[lon, lat]` in millionths of a degree, anticlockwise, the first not repeated; or
    /// the line of the pair at `index`.
    pub fn ring(&self, index: u32) -> &[[i32; 2]] {
        let index = index as usize;
        let (from, to) = (
            self.offsets[index] as usize,
            self.offsets[index + 1] as usize,
        );
        &self.vertices[from..to]
    }

    /// Whether the cell, or the line, at `index` shares a point with the box.
    pub fn meets(&self, index: u32, bbox: &BoundingBox) -> bool {
        let within = if self.lines {
            line_meets_window
        } else {
            ring_meets_window
        };
        bbox.meets(self.ring(index), within)
    }

    /// `[west, south, east, north]` of all cells in degrees, or `None` without cells.
    pub fn extent(&self) -> Option<[f64; 4]> {
        (!self.vertices.is_empty())
            .then(|| around(&self.vertices).map(|micro| f64::from(micro) / MICRO))
    }
}

/// West, south, east and north of some vertices; without any, a box that meets none.
fn around(vertices: &[[i32; 2]]) -> [i32; 4] {
    let nothing = [i32::MAX, i32::MAX, i32::MIN, i32::MIN];
    vertices.iter().fold(nothing, |[w, s, e, n], &[x, y]| {
        [w.min(x), s.min(y), e.max(x), n.max(y)]
    })
}

fn ring(cell: CellIndex) -> Vec<[i32; 2]> {
    let centre = LatLng::from(cell).lng();
    cell.boundary()
        .iter()
        .map(|vertex| {
            // Vertices on the far side of the antimeridian are moved next to the centre, so that the ring stays whole.
            let lon = match vertex.lng() - centre {
                gap if gap > 180.0 => vertex.lng() - 360.0,
                gap if gap < -180.0 => vertex.lng() + 360.0,
                _ => vertex.lng(),
            };
            [micro(lon), micro(vertex.lat())]
        })
        .collect()
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "at most 540 million, in range of i32"
)]
fn micro(degrees: f64) -> i32 {
    (degrees * MICRO).round() as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lahore() -> CellIndex {
        LatLng::new(31.5204, 74.3587)
            .unwrap()
            .to_cell(h3o::Resolution::Seven)
    }

    #[test]
    fn a_cell_meets_the_boxes_that_touch_it_and_no_other() {
        let boundaries = CellBoundaries::of(&[lahore()]);
        let meets = |corners| boundaries.meets(0, &BoundingBox::new(corners).unwrap());
        assert!(meets([74.0, 31.0, 75.0, 32.0]), "box around the cell");
        assert!(
            meets([74.3587, 31.5204, 74.3587, 31.5204]),
            "box inside the cell"
        );
        assert!(!meets([75.0, 31.0, 76.0, 32.0]));
        assert!(
            !meets([177.0, 65.0, -177.0, 70.0]),
            "a box across the antimeridian elsewhere"
        );
        assert!(
            meets([170.0, 31.0, 75.0, 32.0]),
            "a box that goes the long way round"
        );
        let [west, south, ..] = boundaries.extent().unwrap();
        assert!(
            !meets([west, south, west + 0.000_01, south + 0.000_01]),
            "the corner of the cell's own box is empty"
        );
    }

    #[test]
    fn what_is_far_from_a_box_does_not_meet_it() {
        let centre = LatLng::new(-17.0, 179.9)
            .unwrap()
            .to_cell(h3o::Resolution::Five);
        let mut cells: Vec<CellIndex> = centre.grid_disk(30);
        cells.extend(
            lahore()
                .parent(h3o::Resolution::Five)
                .unwrap()
                .grid_disk::<Vec<_>>(30),
        );
        cells.sort_unstable();
        let boundaries = CellBoundaries::of(&cells);
        let (mut met, mut far) = (0, 0);
        for corners in [
            [179.5, -17.5, -179.9, -16.5],
            [-180.0, -17.2, -179.8, -17.0],
            [74.0, 31.0, 74.5, 31.5],
            [0.0, 0.0, 1.0, 1.0],
        ] {
            let bbox = BoundingBox::new(corners).unwrap();
            let near = boundaries.near(&bbox);
            for index in 0..u32::try_from(cells.len()).unwrap() {
                let meets = boundaries.meets(index, &bbox);
                assert!(near.may_meet(index) || !meets, "{corners:?} {index}");
                met += u32::from(meets);
                far += u32::from(!near.may_meet(index));
            }
        }
        assert!(met > 50 && far > 5_000, "{met} {far}");
    }

    #[test]
    fn what_is_said_of_a_region_holds_for_each_cell_below_it() {
        use h3o::Resolution;
        let corners = [
            [66.0, 24.0, 67.5, 25.2],
            [60.0, 20.0, 80.0, 40.0],
            [74.0, 31.0, 74.01, 31.01],
            [-179.5, -20.0, 179.5, 70.0],
            [179.0, -18.0, -179.0, -16.0],
        ];
        let (mut whole, mut none, mut open) = (0, 0, 0);
        for bbox in corners.map(|corners| BoundingBox::new(corners).unwrap()) {
            let [west, south, east, north] = bbox.corners();
            let corner = LatLng::new(south, west).unwrap();
            let middle = LatLng::new(south.midpoint(north), west.midpoint(east)).unwrap();
            for coarse in [Resolution::One, Resolution::Three, Resolution::Five] {
                let finer = Resolution::try_from(u8::from(coarse) + 3).unwrap();
                let regions = [corner, middle].map(|at| at.to_cell(coarse).grid_disk::<Vec<_>>(2));
                for region in regions.concat() {
                    let reach = bbox.reach(region);
                    for cell in region.children(finer).step_by(5) {
                        let meets = CellBoundaries::of(&[cell]).meets(0, &bbox);
                        match reach {
                            Reach::All => assert!(meets, "{region} {cell} {bbox:?}"),
                            Reach::Nothing => assert!(!meets, "{region} {cell} {bbox:?}"),
                            Reach::Part => {}
                        }
                    }
                    *match reach {
                        Reach::All => &mut whole,
                        Reach::Nothing => &mut none,
                        Reach::Part => &mut open,
                    } += 1;
                }
            }
        }
        assert!(
            whole > 10 && none > 50 && open > 50,
            "{whole} {none} {open}"
        );
    }

    #[test]
    fn a_line_meets_the_boxes_it_passes_and_no_other() {
        let cell = |lat, lon| {
            LatLng::new(lat, lon)
                .unwrap()
                .to_cell(h3o::Resolution::Five)
        };
        let pairs = [
            (cell(24.9, 67.0), cell(31.5, 74.3)),
            (cell(-18.1, 178.4), cell(-13.8, -171.8)),
        ];
        let lines = CellBoundaries::between(&pairs);
        let meets = |index, corners| lines.meets(index, &BoundingBox::new(corners).unwrap());
        assert!(lines.are_lines() && lines.ring(0).len() > 20);
        assert!(meets(0, [70.0, 27.0, 71.0, 29.0]), "on the way");
        assert!(meets(0, [60.0, 20.0, 80.0, 40.0]), "around it");
        assert!(
            !meets(0, [67.0, 29.0, 68.0, 31.0]),
            "beside it, within its own box"
        );
        assert!(!meets(0, [68.0, 24.0, 74.0, 25.0]));
        assert!(
            meets(1, [-179.0, -18.0, -178.0, -16.0]),
            "beyond the antimeridian"
        );
        assert!(meets(1, [179.0, -19.0, -179.0, -16.0]), "a box across it");
        assert!(
            !meets(1, [-100.0, -19.0, 100.0, -13.0]),
            "the other way round"
        );
    }

    #[test]
    fn boxes_are_checked() {
        assert!(BoundingBox::new([0.0, 10.0, 1.0, 9.0]).is_err());
        assert!(BoundingBox::new([0.0, 0.0, 181.0, 9.0]).is_err());
        assert!(
            BoundingBox::new([31.0, 74.0, 32.0, 75.0]).is_ok(),
            "swapped but on the globe is legal"
        );
        assert!(BoundingBox::new([f64::NAN, 0.0, 1.0, 1.0]).is_err());
    }

    #[test]
    fn a_ring_across_the_antimeridian_stays_whole() {
        let fiji = LatLng::new(-17.0, 179.999)
            .unwrap()
            .to_cell(h3o::Resolution::Three);
        let boundaries = CellBoundaries::of(&[fiji]);
        let lons: Vec<i32> = boundaries.ring(0).iter().map(|v| v[0]).collect();
        let width = lons.iter().max().unwrap() - lons.iter().min().unwrap();
        assert!(width < 3_000_000, "about 1.4 degrees, was {width}");
    }
}

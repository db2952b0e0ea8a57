//! Covers against the Python `h3` package, and properties of areas.

use super::*;
use geo::{LineString, Polygon, polygon};

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
    let square =
        polygon![(x: 74.1, y: 31.3), (x: 74.5, y: 31.3), (x: 74.5, y: 31.7), (x: 74.1, y: 31.7)];
    let square = area(vec![square]).unwrap();
    let mut sevens = square.cells(Resolution::Seven).unwrap();
    CellIndex::compact(&mut sevens).unwrap();
    let mask = StudyArea::from_cells(sevens).unwrap();
    let around =
        polygon![(x: 73.9, y: 31.1), (x: 74.7, y: 31.1), (x: 74.7, y: 31.9), (x: 73.9, y: 31.9)];
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
    let anticlockwise =
        polygon![(x: 74.1, y: 31.3), (x: 74.5, y: 31.3), (x: 74.5, y: 31.7), (x: 74.1, y: 31.7)];
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
    let country =
        polygon![(x: 61.0, y: 24.0), (x: 77.0, y: 24.0), (x: 77.0, y: 37.0), (x: 61.0, y: 37.0)];
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
    let swapped = refuse(polygon![(x: 31.0, y: 100.0), (x: 32.0, y: 100.0), (x: 32.0, y: 101.0)]);
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
    let crossed =
        refuse(polygon![(x: 0.0, y: 0.0), (x: 2.0, y: 2.0), (x: 2.0, y: 0.0), (x: 0.0, y: 2.0)]);
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

//! Sums, edges and widths of densities.

use std::f64::consts::PI;

use super::*;
use crate::neighbours::Metric;

fn scattered(count: u32) -> Vec<[f64; 2]> {
    // A plain congruential sequence over Lahore and around.
    let mut state = 7_u64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        f64::from(u32::try_from(state >> 40).unwrap()) / f64::from(1_u32 << 24)
    };
    (0..count)
        .map(|_| [74.1 + 0.5 * next(), 31.3 + 0.5 * next()])
        .collect()
}

fn integral(cells: &[(CellIndex, f64)]) -> f64 {
    cells
        .iter()
        .map(|(cell, density)| density * cell.area_km2())
        .sum()
}

#[test]
fn the_sum_over_cells_is_the_number_of_events_within_a_hundredth() {
    let points = scattered(60);
    for bandwidth in [10.0, 500.0, 1_000.0, 2_000.0, 2_500.0, 4_000.0] {
        for point in &points {
            // Each event alone: errors must not cancel.
            let cells = kde(&[*point], bandwidth, Resolution::Eight, Extent::Everywhere).unwrap();
            let sum = integral(&cells);
            assert!(
                (sum - 1.0).abs() <= 0.01,
                "{bandwidth} m at {point:?}: {sum}"
            );
        }
    }
}

/// From two and a half distances between cells on nothing is scaled: the density is the kernel's own.
#[test]
fn kernels_that_are_wide_enough_are_not_scaled() {
    for point in scattered(60) {
        let cell = LatLng::new(point[1], point[0])
            .unwrap()
            .to_cell(Resolution::Eight);
        let wide = 2.5 * spacing_m(cell.area_km2());
        let found = kde(&[point], wide, Resolution::Eight, Extent::Everywhere).unwrap();
        let at = found.iter().find(|found| found.0 == cell).unwrap();
        let centre = LatLng::from(cell);
        let ends = [point, [centre.lng(), centre.lat()]];
        let distance = Points::LonLat(&ends).apart(Metric::Straight, 0, 1);
        let peak = 3.0 / (PI * (wide / 1000.0).powi(2));
        let expected = peak * (1.0 - (distance / wide).powi(2)).powi(2);
        assert!((at.1 / expected - 1.0).abs() < 1e-6);
    }
}

#[test]
fn no_cell_within_the_bandwidth_is_forgotten() {
    for point in scattered(20) {
        let found = kde(&[point], 5_000.0, Resolution::Nine, Extent::Everywhere).unwrap();
        let cell = LatLng::new(point[1], point[0])
            .unwrap()
            .to_cell(Resolution::Nine);
        let near = |cell: &CellIndex| {
            let centre = LatLng::from(*cell);
            let ends = [point, [centre.lng(), centre.lat()]];
            Points::LonLat(&ends).apart(Metric::Straight, 0, 1) < 5_000.0
        };
        let wide: Vec<CellIndex> = cell.grid_disk(40);
        assert_eq!(found.len(), wide.into_iter().filter(near).count());
    }
}

#[test]
fn the_edge_gives_back_what_falls_outside() {
    let points = scattered(400);
    let middle = LatLng::new(31.55, 74.35)
        .unwrap()
        .to_cell(Resolution::Seven);
    let mut cells: Vec<CellIndex> = middle.grid_disk(9);
    cells.sort_unstable();
    let is_inside = |point: &[f64; 2]| {
        let place = LatLng::new(point[1], point[0]).unwrap();
        cells
            .binary_search(&place.to_cell(Resolution::Seven))
            .is_ok()
    };
    let within: Vec<[f64; 2]> = points.iter().copied().filter(is_inside).collect();
    let inside = f64::from(u32::try_from(within.len()).unwrap());
    let found = kde(&points, 9_000.0, Resolution::Seven, Extent::Within(&cells)).unwrap();
    assert_eq!(found.len(), cells.len());
    let raw = kde(&within, 9_000.0, Resolution::Seven, Extent::Everywhere).unwrap();
    let kept: f64 = raw
        .iter()
        .filter(|(cell, _)| cells.binary_search(cell).is_ok())
        .map(|(cell, density)| density * cell.area_km2())
        .sum();
    let sum = integral(&found);
    // Without the correction mass is lost.
    assert!((sum - inside).abs() < 0.01 * inside, "{sum} for {inside}");
    assert!(kept < 0.95 * inside && inside > 100.0, "{kept}");
}

/// One event beside the edge: none of it is lost, however its surroundings are cut.
#[test]
fn an_event_at_the_edge_weighs_as_much_as_any_other() {
    let point = [74.35, 31.55];
    let home = LatLng::new(point[1], point[0])
        .unwrap()
        .to_cell(Resolution::Eight);
    for cells in [1, 2, 5, 20, 61] {
        let mut cells: Vec<CellIndex> = home
            .grid_disk::<Vec<_>>(4)
            .into_iter()
            .take(cells)
            .collect();
        cells.sort_unstable();
        for bandwidth in [300.0, 2_000.0, 3_000.0] {
            let found = kde(
                &[point],
                bandwidth,
                Resolution::Eight,
                Extent::Within(&cells),
            )
            .unwrap();
            let sum = integral(&found);
            assert!(
                (sum - 1.0).abs() < 0.01,
                "{} cells, {bandwidth} m: {sum}",
                cells.len()
            );
        }
    }
}

#[test]
fn counts_at_the_centres_of_finer_cells_are_points_there() {
    let fine: Vec<CellIndex> = scattered(30)
        .iter()
        .map(|point| {
            LatLng::new(point[1], point[0])
                .unwrap()
                .to_cell(Resolution::Nine)
        })
        .collect();
    let counts: Vec<(CellIndex, u32)> = fine
        .iter()
        .copied()
        .zip([1, 3].into_iter().cycle())
        .collect();
    let points: Vec<[f64; 2]> = counts
        .iter()
        .flat_map(|(cell, count)| {
            let centre = LatLng::from(*cell);
            vec![[centre.lng(), centre.lat()]; *count as usize]
        })
        .collect();
    let of_points = kde(&points, 4_000.0, Resolution::Eight, Extent::Everywhere).unwrap();
    let of_counts = kde_of_counts(&counts, 4_000.0, Resolution::Eight, Extent::Everywhere).unwrap();
    assert_eq!(of_points.len(), of_counts.len());
    for (a, b) in of_points.iter().zip(&of_counts) {
        assert!(a.0 == b.0 && (a.1 - b.1).abs() < 1e-12, "{a:?} {b:?}");
    }
    let coarse = fine[0].parent(Resolution::Five).unwrap();
    let refused = kde_of_counts(
        &[(coarse, 1)],
        4_000.0,
        Resolution::Eight,
        Extent::Everywhere,
    );
    assert_eq!(refused, Err(KdeError::TooCoarse(coarse)));
}

#[test]
fn bandwidths_that_do_not_fit_the_cells_are_refused() {
    let point = [[74.35, 31.55]];
    let refuse =
        |bandwidth, resolution| kde(&point, bandwidth, resolution, Extent::Everywhere).unwrap_err();
    assert_eq!(
        refuse(0.0, Resolution::Eight),
        KdeError::InvalidBandwidth(0.0)
    );
    assert!(matches!(
        refuse(90_000.0, Resolution::Twelve),
        KdeError::TooFine { .. }
    ));
    let none = kde(&[], 500.0, Resolution::Eight, Extent::Everywhere).unwrap();
    assert!(none.is_empty());
}

#[test]
fn thread_count_changes_nothing() {
    let points = scattered(80);
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| kde(&points, 2_500.0, Resolution::Eight, Extent::Everywhere).unwrap())
    };
    assert_eq!(run(1), run(3));
}

/// The two ways of looking for the cells near an event agree, at an edge, with a small bandwidth and with a wide one.
#[test]
fn squares_find_what_disks_find() {
    let mut points = scattered(300);
    // Two at one place, and one farther off than any other.
    points.extend([points[7], [76.2, 33.9]]);
    let middle = LatLng::new(31.55, 74.35).unwrap();
    let mut around: Vec<CellIndex> = middle.to_cell(Resolution::Seven).grid_disk(9);
    around.sort_unstable();
    let centres = Centres::of(&around);
    for extent in [
        Extent::Everywhere,
        Extent::Within(&around),
        Extent::Centred(&around, &centres),
    ] {
        for bandwidth in [40.0, 1_500.0, 4_000.0, 49_000.0] {
            let event = |point: &[f64; 2]| Event {
                home: LatLng::new(point[1], point[0])
                    .unwrap()
                    .to_cell(Resolution::Seven),
                point: *point,
                weight: 1.0,
            };
            let mut events: Vec<Event> = points.iter().map(event).collect();
            events.retain(|event| extent.holds(event.home));
            events.sort_by_key(|event| event.home);
            let homes: Vec<&[Event]> = events.chunk_by(|a, b| a.home == b.home).collect();
            let spacing = spacing_m(least(homes.iter().map(|of| of[0].home.area_km2())));
            let kernel = Kernel::new(homes.len(), spacing, bandwidth, Resolution::Seven).unwrap();
            let kept = matches!(extent, Extent::Centred(..)).then_some(&centres);
            let (cells, found) = sums(&kernel, &homes, &events, (extent, kept));
            let places = Centres::of(&cells).0;
            assert!(
                Squares::new(&places, &events, bandwidth).is_some(),
                "squares are tried"
            );
            let expected = by_disks(&kernel, &homes, (&cells, &places));
            assert_eq!(
                found.iter().filter(|density| **density > 0.0).count(),
                expected.iter().filter(|density| **density > 0.0).count()
            );
            // The short formula itself is right to two millionths; both ways take it.
            for (at, (a, b)) in found.iter().zip(&expected).enumerate() {
                assert!(
                    (a - b).abs() <= 1e-7 * expected[at].max(1e-3),
                    "{bandwidth} m: {a} {b}"
                );
            }
        }
    }
}

#[test]
fn far_north_over_the_line_of_180_degrees_and_with_wide_kernels_disks_are_taken() {
    let place = |lon: f64, lat: f64| {
        let cell = LatLng::new(lat, lon).unwrap().to_cell(Resolution::Five);
        (kernel::Place::of(cell), cell)
    };
    for (at, bandwidth, squares) in [
        ([74.0, 31.0], 30_000.0, true),
        ([74.0, 31.0], 60_000.0, false),
        ([20.0, 68.0], 30_000.0, false),
        ([179.9, 10.0], 30_000.0, false),
    ] {
        let (place, home) = place(at[0], at[1]);
        let event = Event {
            home,
            point: at,
            weight: 2.0,
        };
        assert_eq!(
            Squares::new(&[place], &[event], bandwidth).is_some(),
            squares,
            "{at:?}"
        );
        let found = kde(&[at, at], bandwidth, Resolution::Five, Extent::Everywhere).unwrap();
        let sum = integral(&found);
        assert!((sum - 2.0).abs() < 0.02, "{at:?}: {sum}");
    }
}

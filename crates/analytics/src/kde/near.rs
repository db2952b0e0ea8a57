//! Cells near a point: their centres sorted into squares of longitude and latitude at least as wide as the bandwidth.

use super::Event;
use super::kernel::{Kernel, POLAR_DEGREES, Place, SHORT_M, degrees_squared};

/// No longitude of a point or a centre is farther out: a difference of two needs no turn around the other way.
const FARTHEST_DEGREES: f64 = 179.0;

/// Squares for each cell, at most: a small bandwidth on a wide map makes them no smaller than that.
const MOST_A_CELL: f64 = 2.0;

/// A cell as a square holds it.
#[derive(Debug, Clone, Copy)]
struct Near {
    centre: [f64; 2],
    area_km2: f64,
    /// Its position among all cells.
    at: usize,
}

/// Cells by square.
pub(super) struct Squares {
    /// In the order of the squares, row by row from the south-west.
    cells: Vec<Near>,
    /// Where each square begins among them, and the end.
    starts: Vec<usize>,
    corner: [f64; 2],
    /// Width and height of a square, in degrees.
    size: [f64; 2],
    columns: usize,
    rows: usize,
}

impl Squares {
    /// Sorts the cells; `None` where the short formula for distances does not hold for all of them and all events, or a
    /// difference of longitudes might lead around the earth.
    pub(super) fn new(places: &[Place], events: &[Event], reach_m: f64) -> Option<Self> {
        let centres = || places.iter().map(|place| place.centre);
        let all = || centres().chain(events.iter().map(|event| event.point));
        let most = |axis: usize| all().fold(0.0_f64, |most, at| most.max(at[axis].abs()));
        let farthest = most(1);
        if reach_m > SHORT_M || farthest > POLAR_DEGREES || most(0) > FARTHEST_DEGREES {
            return None;
        }
        let end = |axis: usize, side: fn(f64, f64) -> f64| {
            centres().map(|centre| centre[axis]).reduce(side)
        };
        let (west, south) = (end(0, f64::min)?, end(1, f64::min)?);
        let (east, north) = (end(0, f64::max)?, end(1, f64::max)?);
        // A degree is nowhere on the map shorter than at its latitude farthest from the equator, or at the equator.
        let [east_squared, _] = degrees_squared(farthest);
        let [_, north_squared] = degrees_squared(0.0);
        #[expect(clippy::cast_precision_loss, reason = "a number of cells")]
        let many = (places.len() as f64 * MOST_A_CELL).sqrt();
        let least =
            |side: f64, metres_squared: f64| (reach_m / metres_squared.sqrt()).max(side / many);
        let size = [
            least(east - west, east_squared).max(f64::MIN_POSITIVE),
            least(north - south, north_squared).max(f64::MIN_POSITIVE),
        ];
        let mut squares = Self {
            cells: Vec::with_capacity(places.len()),
            starts: Vec::new(),
            corner: [west, south],
            size,
            columns: 0,
            rows: 0,
        };
        let [columns, rows] = squares.square([east, north]);
        squares.columns = usize::try_from(columns).ok()? + 1;
        squares.rows = usize::try_from(rows).ok()? + 1;
        squares.fill(places);
        Some(squares)
    }

    /// Column and row of the square of a point, which may lie beside the map.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a point of the earth lies in few squares from the map"
    )]
    fn square(&self, at: [f64; 2]) -> [i64; 2] {
        [0, 1].map(|axis| ((at[axis] - self.corner[axis]) / self.size[axis]).floor() as i64)
    }

    fn fill(&mut self, places: &[Place]) {
        let number = |place: &Place| {
            let [column, row] = self
                .square(place.centre)
                .map(|at| usize::try_from(at).unwrap_or(0));
            row * self.columns + column
        };
        let mut order: Vec<(usize, usize)> = places.iter().map(number).zip(0..).collect();
        order.sort_unstable();
        let mut starts = vec![0; self.columns * self.rows + 1];
        for (number, _) in &order {
            starts[number + 1] += 1;
        }
        for square in 1..starts.len() {
            starts[square] += starts[square - 1];
        }
        self.cells = order
            .into_iter()
            .map(|(_, at)| Near {
                centre: places[at].centre,
                area_km2: places[at].area_km2,
                at,
            })
            .collect();
        self.starts = starts;
    }

    /// The cells of a point's square and those around it, a row of squares at a time.
    fn around(&self, point: [f64; 2]) -> impl Iterator<Item = &[Near]> {
        let [column, row] = self.square(point);
        let bound = |at: i64, end: usize| usize::try_from(at.max(0)).unwrap_or(0).min(end);
        let columns = bound(column - 1, self.columns)..bound(column + 2, self.columns);
        let rows = bound(row - 1, self.rows)..bound(row + 2, self.rows);
        rows.map(move |row| {
            let [from, to] =
                [columns.start, columns.end].map(|column| self.starts[row * self.columns + column]);
            &self.cells[from..to]
        })
    }

    /// Adds the density that an event leaves at the centres around; whether it reaches one.
    pub(super) fn add(
        &self,
        kernel: &Kernel,
        event: &Event,
        found: &mut Vec<(usize, f64)>,
        sums: &mut [f64],
    ) -> bool {
        found.clear();
        let near = kernel.around(event.point);
        let mut mass = 0.0;
        for cells in self.around(event.point) {
            for cell in cells {
                let value = near.at(cell.centre);
                if value > 0.0 {
                    mass += value * cell.area_km2;
                    found.push((cell.at, value));
                }
            }
        }
        if mass <= 0.0 {
            return false;
        }
        let share = event.weight / Kernel::scale(mass);
        for &(at, value) in &*found {
            sums[at] += share * value;
        }
        true
    }
}

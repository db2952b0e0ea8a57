//! The statistics that scan, shuffle or smooth, at the sizes of a province, a city and a published case.
//!
//! `cargo bench -p naqsha-analytics --bench statistics`; to name some: `-- knox kde`. Each is asked several times and the
//! median told. `benches/peers/points_and_cells.py` asks the peers of the same numbers.

#![expect(clippy::print_stdout, reason = "a report to who runs it")]

use std::fs;
use std::num::NonZeroU32;
use std::path::Path;
use std::time::{Duration, Instant};

use h3o::{CellIndex, LatLng, Resolution};
use naqsha_analytics::{
    Bands, Case, Centres, Closed, Closeness, Extent, Levels, Look, Metric, Neighbours, Null,
    Period, Points, Sampling, ScanOptions, SpatialModel, WeightStyle, emerging, kde, knox,
    local_moran, space_time_scan, spatial_scan,
};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

struct Random(ChaCha8Rng);

impl Random {
    fn new() -> Self {
        Self(ChaCha8Rng::seed_from_u64(7))
    }

    fn unit(&mut self) -> f64 {
        f64::from(self.0.next_u32()) / 4_294_967_296.0
    }

    /// Poisson by Knuth's product.
    fn poisson(&mut self, mean: f64) -> f64 {
        let (mut count, mut product) = (0.0, self.unit());
        while product > (-mean).exp() {
            count += 1.0;
            product *= self.unit();
        }
        count
    }
}

fn tell(name: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let (median, most) = (times[times.len() / 2], times[times.len() - 1]);
    println!(
        "{name}: {median:.2?} (median of {}, largest {most:.2?})",
        times.len()
    );
}

/// Asks a number of times.
fn ask<T>(name: &str, times: usize, mut question: impl FnMut() -> T) {
    let once = |_| {
        let start = Instant::now();
        std::hint::black_box(question());
        start.elapsed()
    };
    tell(name, (0..times).map(once).collect());
}

/// The disk of a radius around Lahore, ascending.
fn disk(radius: u32) -> Vec<CellIndex> {
    let centre = CellIndex::try_from(0x0884_24d0_41bf_ffff_u64).expect("a cell of resolution 8");
    let mut cells: Vec<CellIndex> = centre.grid_disk(radius);
    cells.sort_unstable();
    cells
}

fn sampling(permutations: u32) -> Sampling {
    Sampling {
        permutations: NonZeroU32::new(permutations).expect("not zero"),
        seed: 1,
    }
}

fn local_morans() {
    for (name, radius) in [("110k", 191), ("1.1M", 605)] {
        let graph = Neighbours::from_grid_disk(&disk(radius), 1).expect("sorted cells");
        let mut random = Random::new();
        let values: Vec<f64> = (0..graph.len()).map(|_| random.poisson(0.2)).collect();
        ask(&format!("local-moran exact, {name} cells"), 11, || {
            local_moran(&values, &graph, WeightStyle::AsGiven, Null::Exact).expect("counts")
        });
    }
}

/// Events in a square of so much room that each has seven others within 150 m, over a year.
fn knoxes() {
    for (count, times) in [(10_000, 11), (100_000, 5)] {
        let mut random = Random::new();
        let side = 10_000.0 * (f64::from(count) / 10_000.0).sqrt();
        let points: Vec<[f64; 2]> = (0..count)
            .map(|_| [random.unit() * side, random.unit() * side])
            .collect();
        let days: Vec<f64> = (0..count)
            .map(|_| (random.unit() * 365.0).floor())
            .collect();
        let bands = |edge| Bands::new(vec![0.0, edge], Closed::Right).expect("edges");
        let (space, time) = (bands(150.0), bands(7.0));
        let close = Closeness {
            metric: Metric::Straight,
            space: &space,
            time: &time,
        };
        ask(
            &format!("knox, {count} events, 999 shuffles"),
            times,
            || knox(Points::Planar(&points), &days, close, sampling(999)).expect("a table"),
        );
    }
}

fn densities() {
    let cells = disk(191);
    let mut random = Random::new();
    let points: Vec<[f64; 2]> = (0..100_000)
        .map(|_| {
            let at = random.0.next_u32() as usize % cells.len();
            let centre = LatLng::from(cells[at]);
            let (east, north) = (random.unit() - 0.5, random.unit() - 0.5);
            [centre.lng() + east * 0.01, centre.lat() + north * 0.01]
        })
        .collect();
    let kde = |extent| kde(&points, 1_500.0, Resolution::Eight, extent).expect("densities");
    ask(
        "kde, 100,000 points, 1.5 km, every cell reached",
        11,
        || kde(Extent::Everywhere),
    );
    ask(
        "kde, 100,000 points onto 110,017 cells, edges corrected",
        11,
        || kde(Extent::Within(&cells)),
    );
    let centres = Centres::of(&cells);
    ask(
        "kde, the same, centres and areas of the cells kept",
        11,
        || kde(Extent::Centred(&cells, &centres)),
    );
}

fn emergings() {
    let graph = Neighbours::from_grid_disk(&disk(231), 1).expect("sorted cells");
    let mut random = Random::new();
    let values: Vec<f64> = (0..graph.len() * 52).map(|_| random.poisson(0.2)).collect();
    let levels = Levels {
        step: 0.05,
        trend: 0.05,
    };
    ask(
        &format!("emerging, {} cells x 52 steps", graph.len()),
        3,
        || emerging(&values, &graph, Null::Exact, levels).expect("a cube"),
    );
}

/// The rows of one of `SaTScan`'s files, as numbers.
fn rows(name: &str) -> Option<Vec<Vec<f64>>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/reference/satscan-ny-leukaemia");
    let text = fs::read_to_string(folder.join(name)).ok()?;
    let row = |line: &str| {
        line.split_whitespace()
            .map(|word| word.parse().ok())
            .collect()
    };
    text.lines().map(row).collect()
}

fn scan_options() -> ScanOptions {
    ScanOptions {
        metric: Metric::Straight,
        max_share: 0.5,
        sampling: sampling(999),
    }
}

fn scans() {
    published();
    in_space_and_time();
}

/// Leukaemia in New York, as `SaTScan` has it.
fn published() {
    let files = [
        rows("coords.txt"),
        rows("cases.txt"),
        rows("population.txt"),
    ];
    if let [Some(coords), Some(counts), Some(people)] = files {
        let points: Vec<[f64; 2]> = coords.iter().map(|row| [row[1], row[2]]).collect();
        let mut cases = vec![0; points.len()];
        let mut population = vec![0.0; points.len()];
        for row in counts {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "small counts"
            )]
            let (at, count) = (row[0] as usize - 1, row[1] as u32);
            cases[at] += count;
        }
        for row in people {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "small counts"
            )]
            let at = row[0] as usize - 1;
            population[at] += row[2];
        }
        ask(
            "scan, leukaemia in New York, 281 tracts, 999 maps",
            11,
            || {
                let model = SpatialModel::Poisson {
                    cases: &cases,
                    population: &population,
                };
                spatial_scan(Points::Planar(&points), model, scan_options()).expect("clusters")
            },
        );
    } else {
        println!("scan, leukaemia in New York: skipped, the published files are absent");
    }
}

fn in_space_and_time() {
    for places in [250, 500, 1_000, 2_000] {
        let mut random = Random::new();
        let points: Vec<[f64; 2]> = (0..places)
            .map(|_| [random.unit() * 100_000.0, random.unit() * 100_000.0])
            .collect();
        let cases: Vec<Case> = (0..places * 5)
            .map(|_| Case {
                place: random.0.next_u32() % places,
                time: i64::from(random.0.next_u32() % 365),
            })
            .collect();
        let period = Period { start: 0, end: 364 };
        ask(
            &format!(
                "scan in space and time, {} cases, {places} places, 999 maps",
                places * 5
            ),
            1,
            || {
                let points = Points::Planar(&points);
                space_time_scan(points, &cases, period, Look::Prospective, scan_options())
                    .expect("clusters")
            },
        );
    }
}

fn main() {
    let named: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with("--"))
        .collect();
    let all: [(&str, fn()); 5] = [
        ("local-moran", local_morans),
        ("knox", knoxes),
        ("kde", densities),
        ("emerging", emergings),
        ("scan", scans),
    ];
    for (name, asked) in all {
        if named.is_empty() || named.iter().any(|word| word == name) {
            asked();
        }
    }
}

//! Gi* at the sizes of a province and of a country: graph, exact null, Monte-Carlo null.
//!
//! `cargo bench -p naqsha-analytics`; to name one: `-- exact/110k`. The map is the peer's in `benches/peers`:
//! sparse counts with planted clusters, neighbours at distance 1.

use std::hint::black_box;
use std::num::NonZeroU32;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use h3o::CellIndex;
use naqsha_analytics::{Method, Neighbours, Null, fdr, gi_star};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// The disk of a radius around Lahore: 3r(r + 1) + 1 cells, ascending.
fn disk(radius: u32) -> Vec<CellIndex> {
    let centre = CellIndex::try_from(0x0884_24d0_41bf_ffff_u64).expect("a cell of resolution 8");
    let mut cells: Vec<CellIndex> = centre.grid_disk(radius);
    cells.sort_unstable();
    cells
}

/// Counts with mean 0.2 per cell, and every 5,000th place raised with its neighbours.
fn counts(graph: &Neighbours) -> Vec<f64> {
    let mut generator = ChaCha8Rng::seed_from_u64(7);
    let mut values: Vec<f64> = (0..graph.len())
        .map(|_| {
            let (mut count, mut product) = (0.0, f64::from(generator.next_u32()) / 4_294_967_296.0);
            while product > (-0.2_f64).exp() {
                count += 1.0;
                product *= f64::from(generator.next_u32()) / 4_294_967_296.0;
            }
            count
        })
        .collect();
    for raised in (0..values.len()).step_by(5_000) {
        values[raised] += 9.0;
        for other in graph.of(raised) {
            values[*other as usize] += 2.0;
        }
    }
    values
}

fn benchmarks(criterion: &mut Criterion) {
    for (name, radius) in [("110k", 191), ("1.1M", 605)] {
        let cells = disk(radius);
        let graph = Neighbours::from_grid_disk(&cells, 1).expect("sorted cells");
        let values = counts(&graph);
        criterion.bench_function(&format!("graph/{name}"), |bench| {
            bench.iter(|| Neighbours::from_grid_disk(black_box(&cells), 1));
        });
        criterion.bench_function(&format!("exact/{name}"), |bench| {
            bench.iter(|| gi_star(black_box(&values), &graph, Null::Exact));
        });
        let rows = gi_star(&values, &graph, Null::Exact).expect("counts");
        let p: Vec<Option<f64>> = rows
            .iter()
            .map(naqsha_analytics::GiRow::p_two_sided)
            .collect();
        criterion.bench_function(&format!("fdr/{name}"), |bench| {
            bench.iter(|| fdr(black_box(&p), Method::BenjaminiHochberg));
        });
    }
    let graph = Neighbours::from_grid_disk(&disk(191), 1).expect("sorted cells");
    let values: Vec<f64> = counts(&graph).iter().map(|count| count * 1.5).collect();
    let null = Null::MonteCarlo {
        permutations: NonZeroU32::new(9_999).expect("not zero"),
        seed: 1,
    };
    criterion.bench_function("monte-carlo-9999/110k", |bench| {
        bench.iter(|| gi_star(black_box(&values), &graph, null));
    });
}

criterion_group! {
    name = group;
    config = Criterion::default().sample_size(20).measurement_time(Duration::from_secs(4)).warm_up_time(Duration::from_secs(1));
    targets = benchmarks
}
criterion_main!(group);

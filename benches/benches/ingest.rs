//! How many rows a second of a clean street-crime file: read, and read into a store until durable and queryable.
//!
//! `cargo bench --workspace --bench ingest`

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use naqsha_benches::{filled_store, ingest, street_file};

const ROWS: usize = 500_000;

fn rows_a_second(criterion: &mut Criterion) {
    let file = street_file(ROWS);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut group = criterion.benchmark_group("ingest_500k_rows");
    group
        .sample_size(10)
        .throughput(Throughput::Elements(ROWS as u64));
    group.bench_function("read", |bencher| {
        bencher.iter(|| ingest(black_box(&file), |incidents| drop(black_box(incidents))));
    });
    group.bench_function("durable_and_queryable", |bencher| {
        bencher.iter_with_large_drop(|| {
            let folder = tempfile::tempdir().expect("a folder");
            let store = runtime.block_on(filled_store(&folder.path().join("store"), &file));
            assert!(
                store.snapshot().live() > 0,
                "the incidents can be asked for"
            );
            folder
        });
    });
    group.finish();
}

criterion_group!(benches, rows_a_second);
criterion_main!(benches);

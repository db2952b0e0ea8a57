//! The index: reading it from its files, and counting per cell, on a million seeded incidents.
//!
//! Measured with `cargo bench -p naqsha-store --bench cube`; the limits beside it stand in `benches/RESULTS.md`.

use std::path::Path;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use h3o::Resolution;
use jiff::Timestamp;
use naqsha_model::{
    Agency, BatchDigest, Category, CategorySet, ContentDigest, Day, DayRange, Incident, Location,
    Metres, Occurred, Point, Precision, RecordStage,
};
use naqsha_store::{
    BatchHeader, BatchState, BatchTotals, CubeQuery, Filter, OnChange, Store, StoreError,
};

const INCIDENTS: u64 = 1_000_000;

/// Where `step` of a low-discrepancy sequence lies between 0 and 1.
fn spread(step: u64, ratio: f64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
    (step as f64 * ratio).fract()
}

fn incident(row: u64) -> Incident {
    // Squaring draws the points towards one corner, as a city does.
    let (east, north) = (
        spread(row, 0.754_877_666_246_692_7),
        spread(row, 0.569_840_290_998_053_2),
    );
    let place = Point::new(61.0 + 16.0 * east * east, 24.0 + 12.0 * north * north)
        .expect("within Pakistan's box");
    let category =
        Category::from_index(u8::try_from(row % 12).expect("below 12")).expect("there are 12");
    let day = Day(40_000 + u16::try_from(row % 3_650).expect("ten years"));
    let agency = Agency::new("ANF").expect("a code");
    Incident {
        occurred: Occurred::on(day.date()).ok(),
        location: Location::at_point(
            place,
            Metres::new(100.0).expect("a length"),
            Precision::Point,
        ),
        content: ContentDigest(u128::from(row)),
        ..Incident::bare(
            agency,
            RecordStage::Fir,
            category,
            Timestamp::UNIX_EPOCH,
            row,
        )
    }
}

async fn fill(dir: &Path) -> Result<Store, StoreError> {
    let store = Store::create(dir).await?;
    let header = BatchHeader {
        digest: BatchDigest::new([1; 32]),
        profile: "bench@1.0.0".to_owned(),
        agency: Agency::new("ANF").expect("a code"),
        file_name: "bench.csv".to_owned(),
        received_at: Timestamp::UNIX_EPOCH,
        synthetic: true,
        study_area: None,
        on_change: OnChange::Report,
        replaces: None,
        manifest: None,
    };
    let mut writer = store.begin(header).await?;
    for first in (1..=INCIDENTS).step_by(10_000) {
        writer.push((first..first + 10_000).map(incident).collect())?;
    }
    writer
        .commit(BatchTotals::default(), BatchState::Live)
        .await?;
    Ok(store)
}

fn index(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let dir = tempfile::tempdir().expect("a folder");
    let store = runtime.block_on(fill(dir.path())).expect("a filled store");
    let snapshot = store.snapshot();
    let year = DayRange::new(Day(41_000), Day(41_364)).ok();
    let drugs = CategorySet::NONE.with(Category::DrugTrafficking);

    let mut group = criterion.benchmark_group("store");
    group
        .sample_size(20)
        .throughput(Throughput::Elements(INCIDENTS));
    group.bench_function("open", |b| {
        b.iter(|| runtime.block_on(Store::open(dir.path())).expect("it opens"));
    });
    for resolution in [Resolution::Seven, Resolution::Nine] {
        let all = CubeQuery {
            resolution,
            filter: Filter::default(),
            counted_bases: None,
        };
        let mut some = all.clone();
        (some.filter.days, some.filter.categories) = (year, drugs);
        group.bench_function(format!("cube r{resolution}"), |b| {
            b.iter(|| snapshot.cube(&all));
        });
        group.bench_function(format!("cube r{resolution}, a category and a year"), |b| {
            b.iter(|| snapshot.cube(&some));
        });
    }
    group.bench_function("ten rows of the middle", |b| {
        b.iter(|| {
            snapshot
                .rows(&Filter::default(), INCIDENTS / 2, 10)
                .expect("rows")
        });
    });
    group.finish();
}

criterion_group!(benches, index);
criterion_main!(benches);

//! From a question to bytes: hotspot tables, GeoJSON, tiles, through the router in process.
//!
//! `cargo bench --workspace --bench serve`. The store holds 1,000,000 incidents; the study area has 0.7 million of them.

use std::hint::black_box;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use h3o::Resolution;
use http_body_util::BodyExt as _;
use naqsha_analytics::StudyArea;
use naqsha_benches::{filled_store, street_file};
use naqsha_http::{Crs, ServerSettings, geojson, router};
use naqsha_layers::{Catalogue, Defaults, LayerQuery, NamedArea, Page, Scope, StudyAreas};
use naqsha_model::Role;
use naqsha_store::Store;
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

const ROWS: usize = 1_000_000;
const ANALYST: Scope = Scope::of(Role::Analyst);

/// The box of West Yorkshire: 19,000 cells at resolution 8, 135,000 at 9.
fn areas() -> StudyAreas {
    let ring = geo::LineString::from(vec![
        (-2.2, 53.0),
        (-0.4, 53.0),
        (-0.4, 54.4),
        (-2.2, 54.4),
        (-2.2, 53.0),
    ]);
    let area =
        StudyArea::from_polygons(geo::MultiPolygon(vec![geo::Polygon::new(ring, Vec::new())]))
            .expect("a box");
    let mut areas = StudyAreas::default();
    areas.insert(NamedArea::new(
        "west-yorkshire",
        "West Yorkshire",
        Resolution::Eight,
        area,
    ));
    areas
}

fn catalogue(store: &Store) -> Catalogue {
    Catalogue::new(store.clone(), areas(), Defaults::default())
}

fn query(resolution: Resolution) -> LayerQuery {
    LayerQuery {
        resolution: Some(resolution),
        ..LayerQuery::default()
    }
}

async fn get(app: Router, path: &str) -> usize {
    let request = Request::get(path)
        .header("host", "localhost")
        .body(Body::empty())
        .expect("a request");
    let response = app.oneshot(request).await.expect("an answer");
    assert!(
        response.status().is_success(),
        "{path}: {}",
        response.status()
    );
    response
        .into_body()
        .collect()
        .await
        .expect("a body")
        .to_bytes()
        .len()
}

fn questions(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let folder = tempfile::tempdir().expect("a folder");
    let store = runtime.block_on(filled_store(
        &folder.path().join("store"),
        &street_file(ROWS),
    ));
    let mut group = criterion.benchmark_group("a_million_incidents");
    group.sample_size(20);

    // A new alpha is a new question: the grid and the neighbours are known, the table is not.
    let warm = catalogue(&store);
    let mut alpha = 0.05;
    for resolution in [Resolution::Eight, Resolution::Nine] {
        group.bench_function(format!("hotspot_table_r{resolution}"), |bencher| {
            bencher.iter(|| {
                alpha += 1e-9;
                let query = LayerQuery {
                    alpha,
                    ..query(resolution)
                };
                black_box(
                    warm.answer("hotspots", &query, &ANALYST, &Page::ALL)
                        .expect("an answer"),
                )
            });
        });
    }

    let answer = warm
        .answer("hotspots", &query(Resolution::Nine), &ANALYST, &Page::ALL)
        .expect("an answer");
    let mut bytes = Vec::new();
    geojson::write_collection(&answer, &[], Crs::Crs84, &mut bytes).expect("memory");
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function("geojson_encoding", |bencher| {
        bencher.iter(|| {
            bytes.clear();
            geojson::write_collection(black_box(&answer), &[], Crs::Crs84, &mut bytes)
                .expect("memory");
        });
    });
    group.throughput(Throughput::Elements(1));

    let tile = "/xyz/hotspots/10/506/329.mvt";
    let settings = || ServerSettings {
        anonymous_role: Role::Analyst,
        ..ServerSettings::default()
    };
    let app = router(Arc::new(warm), settings());
    group.bench_function("tile_warm", |bencher| {
        bencher.iter(|| runtime.block_on(get(app.clone(), tile)));
    });
    group.bench_function("tile_cold_table_cached", |bencher| {
        bencher.iter_batched(
            || {
                alpha += 1e-9;
                // The table of this alpha is made beforehand; the tile of it is not.
                let path = format!("{tile}?alpha={alpha}&resolution=8");
                runtime.block_on(get(app.clone(), &path.replace("/506/", "/507/")));
                path
            },
            |path| runtime.block_on(get(app.clone(), &path)),
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

criterion_group!(benches, questions);
criterion_main!(benches);

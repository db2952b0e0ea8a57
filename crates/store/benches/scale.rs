//! A store at size: memory and time of its index, the questions of the bar, and appends while questions are asked.
//!
//! `cargo bench --workspace --bench scale -- 10000000 [FOLDER]` fills a store in the folder, or uses the one that is there.
//! Points lie around 200 towns of Pakistan, a third of them in one category, over ten years. Each question is asked with
//! other values each time; the median and the largest are told in milliseconds, with what PostgreSQL and others take for
//! the same in `benches/peers`.

#![expect(clippy::print_stdout, reason = "what it measures")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use h3o::{CellIndex, LatLng, Resolution};
use jiff::Timestamp;
use naqsha_model::{
    Agency, Basis, BatchDigest, Category, CategorySet, ContentDigest, Day, DayRange, HandlingCode,
    Incident, Location, Metres, NaturalKey, Occurred, Point, Precision, RecordStage,
};
use naqsha_store::{
    Area, BatchHeader, BatchState, BatchTotals, CubeQuery, Filter, OnChange, Reach, Snapshot,
    Store, StoreError,
};

/// Incidents of a batch, as a bureau's month may have.
const BATCH: u64 = 500_000;

/// Times a question is asked.
const TIMES: u16 = 41;

/// The first day of the incidents, and how many there are.
const DAYS: (u16, u16) = (42_004, 3_650);

/// `SplitMix64`: small, seeded, the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ z >> 31
    }

    /// Between 0 and 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits")]
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// Normal, by the sum of twelve.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }
}

/// A town: longitude, latitude, spread in degrees.
fn towns() -> Vec<[f64; 3]> {
    let mut random = Random(7);
    let town = |_| {
        [
            random.between(66.0, 74.0),
            random.between(25.0, 33.5),
            random.between(0.02, 0.3),
        ]
    };
    (0..200).map(town).collect()
}

fn incident(random: &mut Random, towns: &[[f64; 3]], (seed, row): (u64, u64)) -> Incident {
    // The first towns are the largest.
    let nth = usize::try_from(random.below(200).min(random.below(200))).unwrap_or(0);
    let [lon, lat, spread] = towns.get(nth).copied().unwrap_or_default();
    let place = Point::new(
        lon + spread * random.normal(),
        lat + spread * random.normal(),
    );
    // Of twelve, four are drug trafficking.
    let category =
        Category::from_index(u8::try_from(random.below(12).saturating_sub(3)).unwrap_or(0));
    let day = Day(DAYS.0 + u16::try_from(random.below(u64::from(DAYS.1))).unwrap_or(0));
    let agency = Agency::new("ANF").expect("a code");
    let stages = [
        RecordStage::Fir,
        RecordStage::Seizure,
        RecordStage::Complaint,
    ];
    let stage = stages[usize::try_from(random.below(3)).unwrap_or(0)];
    let bare = Incident::bare(
        agency,
        stage,
        category.expect("below 12"),
        Timestamp::UNIX_EPOCH,
        row,
    );
    let mut incident = Incident {
        occurred: Occurred::on(day.date()).ok(),
        location: Location::at_point(
            place.expect("on the globe"),
            Metres::new(100.0).expect("a length"),
            Precision::Point,
        ),
        // Each has its own key, as an FIR has; an odd factor keeps them apart and spreads them as digests are.
        natural_key: Some(NaturalKey(
            ((u128::from(seed) << 64) | u128::from(row))
                .wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835),
        )),
        content: ContentDigest(u128::from(row)),
        ..bare
    };
    incident.location.basis = Basis::ALL[usize::try_from(random.below(3)).unwrap_or(0)];
    incident
}

async fn append(store: &Store, number: u64, rows: u64, seed: u64) -> Result<(), StoreError> {
    let mut digest = [0; 32];
    digest[..8].copy_from_slice(&number.to_be_bytes());
    let header = BatchHeader {
        digest: BatchDigest::new(digest),
        profile: "bench@1.0.0".to_owned(),
        agency: Agency::new("ANF").expect("a code"),
        file_name: format!("{number}.csv"),
        received_at: Timestamp::UNIX_EPOCH,
        synthetic: true,
        study_area: None,
        on_change: OnChange::Report,
        replaces: None,
        manifest: None,
    };
    let (mut random, towns) = (Random(seed), towns());
    let mut writer = store.begin(header).await?;
    let mut row = 0;
    while row < rows {
        let some = (rows - row).min(10_000);
        let incidents = (1..=some).map(|n| incident(&mut random, &towns, (seed, row + n)));
        writer.push(incidents.collect())?;
        row += some;
    }
    let (totals, live) = (BatchTotals::default(), BatchState::Live);
    // What a service shows at once, a filling program does not keep.
    let writer = if rows == BATCH {
        writer.unseen_here()
    } else {
        writer
    };
    writer.commit(totals, live).await.map(drop)
}

async fn filled(folder: &Path, rows: u64) -> Result<(), StoreError> {
    let store = match Store::create(folder).await {
        Err(StoreError::Exists(_)) => return Ok(()),
        store => store?,
    };
    for number in 0..rows / BATCH {
        append(&store, number, BATCH, 1_000 + number).await?;
    }
    Ok(())
}

/// Memory of the process in MiB, and the most there was.
fn memory() -> [u64; 2] {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    ["VmRSS:", "VmHWM:"].map(|name| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        kib.unwrap_or(0_u64) / 1024
    })
}

fn milliseconds(time: Duration) -> f64 {
    1_000.0 * time.as_secs_f64()
}

fn tell(name: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let (Some(&median), Some(&largest)) = (times.get(times.len() / 2), times.last()) else {
        return;
    };
    let nearly = times.get(times.len() * 99 / 100).unwrap_or(&largest);
    println!(
        "{name}: median {:.2} ms, p99 {:.2} ms, largest {:.2} ms",
        milliseconds(median),
        milliseconds(*nearly),
        milliseconds(largest)
    );
}

fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let began = Instant::now();
    let made = work();
    (began.elapsed(), made)
}

/// A period of so many days that begins anywhere.
fn period(nth: u16, days: u16) -> Option<DayRange> {
    let first = DAYS.0 + nth * 67 % (DAYS.1 - days);
    DayRange::new(Day(first), Day(first + days - 1)).ok()
}

fn ask(snapshot: &Snapshot, name: &str, query: impl Fn(u16) -> CubeQuery<'static>) {
    let mut cells = 0;
    let times = (0..TIMES).map(|nth| {
        let query = query(nth);
        let (time, cube) = timed(|| snapshot.cube(&query));
        cells = cube.cells.len();
        time
    });
    let times = times.collect();
    tell(&format!("{name} ({cells} cells)"), times);
}

/// A box as the cells whose centres lie in it.
fn within(cell: CellIndex, [west, south, east, north]: [f64; 4]) -> bool {
    let centre = LatLng::from(cell);
    (west..=east).contains(&centre.lng()) && (south..=north).contains(&centre.lat())
}

/// All that lies below a cell lies within twice its mean edge of its centre.
fn reach(region: CellIndex, [west, south, east, north]: [f64; 4]) -> Reach {
    let centre = LatLng::from(region);
    let height = 2.0 * region.resolution().edge_length_km() / 111.0;
    let width = 1.4 * height;
    let [w, e] = [centre.lng() - width, centre.lng() + width];
    let [s, n] = [centre.lat() - height, centre.lat() + height];
    if w > east || e < west || s > north || n < south {
        Reach::Nothing
    } else if w >= west && e <= east && s >= south && n <= north {
        Reach::All
    } else {
        Reach::Part
    }
}

fn by_month_in_a_box(snapshot: &Snapshot) {
    let mut records = 0;
    let times = (0..TIMES).map(|nth| {
        let [lon, lat, _] = towns()[usize::from(nth)];
        let corners = [lon - 0.25, lat - 0.25, lon + 0.25, lat + 0.25];
        let contains = move |cell: CellIndex| within(cell, corners);
        let reach = move |cell: CellIndex| reach(cell, corners);
        let area = Some(Area {
            finest: Resolution::Nine,
            contains: &contains,
            reach: Some(&reach),
            unlocated: true,
        });
        let filter = Filter {
            area,
            ..Filter::default()
        };
        let (time, months) = timed(|| snapshot.by_month(&filter));
        records = months.iter().map(|month| month.count).sum();
        time
    });
    let times = times.collect();
    let name =
        format!("count by category and month in half a degree around a town ({records} records)");
    tell(&name, times);
}

fn questions(snapshot: &Snapshot) {
    let category = |nth: u16| {
        let at = u8::try_from(nth % 4).unwrap_or(0);
        CategorySet::NONE.with(Category::from_index(at).expect("one of four"))
    };
    let of = |resolution, filter| CubeQuery {
        resolution,
        filter,
        counted_bases: None,
    };
    ask(snapshot, "national, r7, one category, 365 days", |nth| {
        of(
            Resolution::Seven,
            Filter {
                categories: category(nth),
                days: period(nth, 365),
                ..Filter::default()
            },
        )
    });
    ask(snapshot, "national, r7, all categories, 365 days", |nth| {
        of(
            Resolution::Seven,
            Filter {
                days: period(nth, 365),
                ..Filter::default()
            },
        )
    });
    ask(snapshot, "national, r7, everything", |_| {
        of(Resolution::Seven, Filter::default())
    });
    ask(snapshot, "national, r9, one category, 365 days", |nth| {
        of(
            Resolution::Nine,
            Filter {
                categories: category(nth),
                days: period(nth, 365),
                ..Filter::default()
            },
        )
    });
    ask(
        snapshot,
        "national, r9, stage, basis, handling, 3,000 days",
        |nth| {
            of(
                Resolution::Nine,
                Filter {
                    stages: Some(vec![RecordStage::Fir, RecordStage::Complaint]),
                    bases: Some(Basis::ALL.iter().copied().take(2).collect()),
                    handlings: Some(vec![HandlingCode::Permitted]),
                    days: period(nth, 3_000),
                    ..Filter::default()
                },
            )
        },
    );
    by_month_in_a_box(snapshot);
}

/// Appends batches of 1,000 rows while another thread asks one question after another.
fn appends(runtime: &tokio::runtime::Runtime, store: &Store, first: u64) {
    let done = Arc::new(AtomicBool::new(false));
    let asking = {
        let (store, done) = (store.clone(), Arc::clone(&done));
        std::thread::spawn(move || {
            let mut asked = 0;
            while !done.load(Ordering::Acquire) {
                let filter = Filter {
                    days: period(asked, 365),
                    ..Filter::default()
                };
                store.snapshot().cube(&CubeQuery {
                    resolution: Resolution::Seven,
                    filter,
                    counted_bases: None,
                });
                asked = (asked + 1) % 1_000;
            }
        })
    };
    let appended = |number| {
        let (time, done) = timed(|| runtime.block_on(append(store, number, 1_000, number)));
        done.expect("an append");
        time
    };
    // The first of an agency reads what natural keys its records have.
    tell("first append", vec![appended(first)]);
    let times = (first + 1..first + 201).map(|number| {
        let time = appended(number);
        if number % 50 == 0 {
            // As the service does, behind.
            let store = store.clone();
            runtime.spawn(async move { store.merge(8).await });
        }
        time
    });
    let times = times.collect();
    done.store(true, Ordering::Release);
    asking.join().expect("no panic");
    tell("append of 1,000 rows while questions are asked", times);
}

fn main() {
    let arguments: Vec<String> = std::env::args().filter(|word| word != "--bench").collect();
    let rows: u64 = match arguments.get(1).map(|word| word.parse()) {
        Some(Ok(rows)) => rows,
        // `cargo bench` without a size runs the others.
        _ => return,
    };
    let scratch = tempfile::tempdir().expect("a folder");
    let folder = arguments
        .get(2)
        .map_or_else(|| scratch.path().join("store"), PathBuf::from);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (time, made) = timed(|| runtime.block_on(filled(&folder, rows)));
    made.expect("a filled store");
    println!(
        "filled in {:.1} s, memory {:?} MiB",
        time.as_secs_f64(),
        memory()
    );
    for name in ["start", "start, indexes kept"] {
        let (time, store) = timed(|| runtime.block_on(Store::open(&folder)).expect("it opens"));
        println!(
            "{name}: {:.2} s for {} incidents",
            time.as_secs_f64(),
            store.snapshot().live()
        );
    }
    let store = runtime.block_on(Store::open(&folder)).expect("it opens");
    let bytes = |store: &Store| {
        #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
        let bytes = store.snapshot().index_bytes() as f64 / store.snapshot().live() as f64;
        format!(
            "{bytes:.2} bytes of index an incident, memory {:?} MiB",
            memory()
        )
    };
    println!("apart: {}", bytes(&store));
    if rows <= 10_000_000 {
        questions(&store.snapshot());
    }
    let (time, merged) = timed(|| runtime.block_on(store.merge(8)).expect("a merge"));
    println!(
        "merged {merged} in {:.2} s: {}",
        time.as_secs_f64(),
        bytes(&store)
    );
    questions(&store.snapshot());
    let first = u64::try_from(store.batches().len()).expect("few") + 1_000_000;
    appends(&runtime, &store, first);
    println!("at the end: {}", bytes(&store));
}

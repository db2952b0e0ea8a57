//! Uploads among readers, and four times as many requests as a running service can answer.
//!
//! `cargo bench --workspace --bench mixed -- http://127.0.0.1:8080 [SECONDS]`, the service being what `load` wants, opened to
//! analysts on a loopback address, so that files are taken without a key.
//!
//! - Mixed: twenty requests a second, whether those before are answered or not, of which one sends a thousand rows and the
//!   others read: tiles that are warm, tiles and maps that nobody asked for before, boxes of records.
//! - Overload: the most cold tiles a second that 16 connections get answered; then four times as many are sent, each when it is
//!   due, and the health of the service is asked ten times a second beside them.

#![expect(clippy::print_stdout, reason = "what it measures")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use naqsha_benches::loopback::{Connection, Failure, TILE, begin, host_of, told, year};

/// Requests a second of the mixed load.
const RATE: u32 = 20;
/// Connections that find out how much is answered at most.
const CONNECTIONS: u32 = 16;
/// Rows of a file.
const ROWS: u32 = 1_000;
const PROFILE: &str = "/collections/incidents/batches?profile=open.generic-points&set.date=time&set.lon=lon&set.lat=lat&set.category=category";

/// What a request is for, and how long it took with which status.
type Outcome = (&'static str, u16, Duration);

/// A file of rows that no other file has.
fn file(nth: u32, run: u128) -> String {
    let mut file = "time,lon,lat,category\n".to_owned();
    for row in 0..ROWS {
        let (day, hour, minute) = (1 + row % 28, row / 60 % 24, row % 60);
        let place = run + u128::from(nth) * 7_919 + u128::from(row);
        let (east, north) = (place * 7_919 % 100_000, place * 104_729 % 100_000);
        // Writing to a String cannot fail.
        let _infallible = writeln!(
            file,
            "2024-03-{day:02} {hour:02}:{minute:02},71.{east:05},31.{north:05},DT"
        );
    }
    file
}

/// A tile of hotspots over an answer that nobody asked for before: no two ask for the same greatest q.
fn cold(nth: u32, run: u128) -> String {
    let (datetime, run) = (year(nth), run % 1_000_000);
    format!("/xyz/hotspots/7/90/51.mvt?category=DT&datetime={datetime}&alpha=0.05{run:06}{nth:08}")
}

/// Sends a request when it is due.
async fn when_due(host: String, due: Instant, nth: u32, run: u128) -> Result<Outcome, Failure> {
    tokio::time::sleep_until(due.into()).await;
    let mut connection = Connection::to(&host).await?;
    let what = match nth % 20 {
        0 => "a batch of 1,000 rows",
        1..=5 => "cold hotspot tile",
        6 => "cold national hotspots, first 10,000 features",
        7 | 8 => "records of a box",
        _ => "warm tile",
    };
    let status = match nth % 20 {
        0 => {
            let key = format!("{run} {nth}");
            connection.post(PROFILE, &key, &file(nth, run)).await?
        }
        1..=5 => connection.get(&cold(nth, run)).await?,
        6 => {
            let map = "/collections/hotspots/items?category=DT&resolution=7&limit=10000";
            let alpha = 0.05 + f64::from(nth) * 1e-6;
            let path = format!("{map}&datetime={}&alpha={alpha}", year(nth));
            connection.get(&path).await?
        }
        7 | 8 => {
            let west = 67.0 + f64::from(nth % 100) * 0.05;
            let path = format!(
                "/collections/incidents/items?limit=1000&bbox={west},24,{},25",
                west + 1.0
            );
            connection.get(&path).await?
        }
        _ => connection.get(TILE).await?,
    };
    Ok((what, status, due.elapsed()))
}

async fn mixed(host: &str, seconds: u32, run: u128) -> Result<(), Failure> {
    let began = Instant::now();
    let mut workers = Vec::new();
    for nth in 0..seconds * RATE {
        let due = began + Duration::from_secs_f64(f64::from(nth) / f64::from(RATE));
        workers.push(tokio::spawn(when_due(host.to_owned(), due, nth, run)));
    }
    let mut times: BTreeMap<&str, Vec<Duration>> = BTreeMap::new();
    let mut statuses: BTreeMap<u16, u32> = BTreeMap::new();
    for worker in workers {
        let (what, status, time) = worker.await??;
        times.entry(what).or_default().push(time);
        *statuses.entry(status).or_default() += 1;
    }
    println!("mixed load, {RATE} requests a second for {seconds} s: statuses {statuses:?}");
    for (what, mut times) in times {
        times.sort_unstable();
        println!("{}", told(what, &times));
    }
    Ok(())
}

/// Cold tiles a second that a closed loop gets answered, and how long each takes.
async fn peak(host: &str, seconds: u64, run: u128) -> Result<(f64, Vec<Duration>), Failure> {
    let until = Instant::now() + Duration::from_secs(seconds);
    let mut workers = Vec::new();
    for worker in 0..CONNECTIONS {
        let mut connection = Connection::to(host).await?;
        workers.push(tokio::spawn(async move {
            let mut times = Vec::new();
            for nth in 0.. {
                let began = Instant::now();
                if began >= until {
                    break;
                }
                connection
                    .ask(&cold(100_000 * (worker + 1) + nth, run))
                    .await?;
                times.push(began.elapsed());
            }
            Ok::<_, Failure>(times)
        }));
    }
    let mut times = Vec::new();
    for worker in workers {
        times.extend(worker.await??);
    }
    times.sort_unstable();
    #[expect(clippy::cast_precision_loss, reason = "counts of seconds")]
    Ok((times.len() as f64 / seconds as f64, times))
}

async fn overload(host: &str, seconds: u64, run: u128) -> Result<(), Failure> {
    let (most, times) = peak(host, seconds, run).await?;
    println!("cold tiles: {most:.0} a second are answered");
    println!("{}", told("each of 16 at a time", &times));
    let began = Instant::now();
    let mut workers = Vec::new();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "thousands of requests"
    )]
    let requests = (4.0 * most * seconds as f64) as u32;
    for nth in 0..requests {
        let due = began + Duration::from_secs_f64(f64::from(nth) / (4.0 * most));
        let host = host.to_owned();
        workers.push(tokio::spawn(async move {
            tokio::time::sleep_until(due.into()).await;
            let mut connection = Connection::to(&host).await?;
            let status = connection.get(&cold(10_000_000 + nth, run)).await?;
            let told = status != 503 || connection.has("retry-after");
            Ok::<_, Failure>((status, told, due.elapsed()))
        }));
    }
    let mut health = Vec::new();
    for nth in 0..seconds * 10 {
        let due = began + Duration::from_millis(100 * nth);
        tokio::time::sleep_until(due.into()).await;
        Connection::to(host).await?.ask("/healthz").await?;
        health.push(due.elapsed());
    }
    let mut admitted = Vec::new();
    let mut statuses: BTreeMap<u16, u32> = BTreeMap::new();
    let mut untold = 0;
    for worker in workers {
        let (status, told, time) = worker.await??;
        *statuses.entry(status).or_default() += 1;
        untold += u32::from(!told);
        if status == 200 {
            admitted.push(time);
        }
    }
    let took = began.elapsed().as_secs_f64();
    admitted.sort_unstable();
    health.sort_unstable();
    #[expect(clippy::cast_precision_loss, reason = "counts of seconds")]
    let good = admitted.len() as f64 / took;
    println!(
        "four times as many: {good:.0} a second are answered, {:.0}% of the most; statuses {statuses:?}, {untold} refused without a time",
        100.0 * good / most
    );
    println!("{}", told("answered", &admitted));
    println!("{}", told("health beside it", &health));
    Ok(())
}

async fn measure(host: &str, seconds: u32) -> Result<(), Failure> {
    // What two runs ask is not the same.
    let run = std::time::UNIX_EPOCH.elapsed()?.as_millis();
    Connection::to(host).await?.ask(TILE).await?;
    mixed(host, seconds, run).await?;
    overload(host, 10, run).await
}

fn main() -> Result<(), Failure> {
    let (arguments, runtime) = begin()?;
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [address] => runtime.block_on(measure(host_of(address), 60)),
        [address, seconds] => runtime.block_on(measure(host_of(address), seconds.parse()?)),
        _ => {
            println!(
                "Load is put on a service that runs: cargo bench --workspace --bench mixed -- http://127.0.0.1:8080 [SECONDS]"
            );
            Ok(())
        }
    }
}

//! Load on a running service over loopback, and the same load on axum that serves the same bytes from memory.
//!
//! `cargo bench --workspace --bench load -- http://127.0.0.1:8080 [SECONDS]`, the service being `naqsha serve` of a release build over
//! a store at size (`cargo bench --workspace --bench scale -- 10000000 FOLDER` fills one: `naqsha --data FOLDER serve`).
//!
//! - Warm tile: as many requests as 32 connections take (a closed loop), in turns with the peer, so that both meet the same machine.
//! - Cold answers: each request asks what was not asked before, at a fixed rate (an open loop): a time is counted from when
//!   the request was due, so that a stall is charged to all that it held up.

#![expect(clippy::print_stdout, reason = "what it measures")]

use std::io::Write as _;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::http::header;
use axum::routing::get;
use naqsha_benches::loopback::{Connection, Failure, TILE, begin, host_of, open_loop, told, year};
use tokio::net::TcpListener;

/// Connections of the closed loop.
const CONNECTIONS: usize = 32;
/// Turns of the service and of the peer.
const TURNS: usize = 5;
/// A tile of a town, where what a request costs beside its bytes counts.
const SMALL_TILE: &str = "/xyz/hotspots/11/1449/832.mvt?category=DT&resolution=7";

/// Requests a second that a closed loop gets answered.
async fn throughput(host: &str, path: &str, seconds: u64) -> Result<f64, Failure> {
    let until = Instant::now() + Duration::from_secs(seconds);
    let answered = Arc::new(AtomicU64::new(0));
    let mut workers = Vec::new();
    for _ in 0..CONNECTIONS {
        let (mut connection, path, answered) = (
            Connection::to(host).await?,
            path.to_owned(),
            Arc::clone(&answered),
        );
        workers.push(tokio::spawn(async move {
            while Instant::now() < until {
                connection.ask(&path).await?;
                answered.fetch_add(1, Ordering::Relaxed);
            }
            Ok::<_, Failure>(())
        }));
    }
    for worker in workers {
        worker.await??;
    }
    #[expect(clippy::cast_precision_loss, reason = "counts of seconds")]
    Ok(answered.load(Ordering::Relaxed) as f64 / seconds as f64)
}

/// The peer: this program again, with one body and nothing else to do.
async fn serve_bytes(file: &str) -> Result<(), Failure> {
    let body = Bytes::from(std::fs::read(file)?);
    let tile = move || {
        let body = body.clone();
        async move {
            (
                [(header::CONTENT_TYPE, "application/vnd.mapbox-vector-tile")],
                body,
            )
        }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    std::io::stdout().flush()?;
    axum::serve(listener, Router::new().route("/tile", get(tile))).await?;
    Ok(())
}

fn peer(body: &[u8], folder: &std::path::Path) -> Result<(Child, String), Failure> {
    let file = folder.join("tile");
    std::fs::write(&file, body)?;
    let mut child = Command::new(std::env::current_exe()?)
        .arg("serve")
        .arg(&file)
        .stdout(Stdio::piped())
        .spawn()?;
    let mut address = String::new();
    let stdout = child.stdout.take().ok_or("no output")?;
    std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut address)?;
    Ok((child, address.trim().to_owned()))
}

async fn warm(host: &str, tile: &str, seconds: u64) -> Result<(), Failure> {
    let mut connection = Connection::to(host).await?;
    let bytes = connection.ask(tile).await?;
    let folder = tempfile::tempdir()?;
    let (mut child, address) = peer(connection.body(), folder.path())?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        ours.push(throughput(host, tile, seconds).await?);
        theirs.push(throughput(&address, "/tile", seconds).await?);
    }
    child.kill()?;
    child.wait()?;
    let median = |rates: &mut Vec<f64>| {
        rates.sort_by(f64::total_cmp);
        rates.get(rates.len() / 2).copied().unwrap_or_default()
    };
    let (ours, theirs) = (median(&mut ours), median(&mut theirs));
    println!(
        "warm tile of {bytes} bytes: {ours:.0} requests/s, axum with the same bytes {theirs:.0}, {:.0}%",
        100.0 * ours / theirs
    );
    Ok(())
}

async fn measure(host: &str, seconds: u64) -> Result<(), Failure> {
    warm(host, TILE, seconds).await?;
    warm(host, SMALL_TILE, seconds).await?;
    // What the first question of a kind makes once for all (neighbours, boundaries) is there.
    open_loop(host, 2.0, 4, |nth| {
        format!("{TILE}&datetime={}&k=1", year(nth + 400))
    })
    .await?;
    let times = open_loop(host, 5.0, 100, |nth| {
        format!(
            "/xyz/hotspots/7/90/51.mvt?category=DT&datetime={}",
            year(nth)
        )
    });
    println!(
        "{}",
        told(
            "cold hotspot tile, twelve months of one category",
            &times.await?,
        )
    );
    let times = open_loop(host, 5.0, 100, |nth| {
        let alpha = 0.05 + f64::from(nth) * 1e-6;
        format!(
            "/collections/hotspots/items?category=DT&resolution=7&limit=10000&datetime={}&alpha={alpha}",
            year(nth)
        )
    });
    println!(
        "{}",
        told(
            "cold national hotspots at resolution 7, first 10,000 features",
            &times.await?,
        )
    );
    let times = open_loop(host, 20.0, 200, |nth| {
        format!(
            "/collections/counts/items?category=DT&resolution=5&limit=10000&datetime={}",
            year(nth)
        )
    });
    println!(
        "{}",
        told("cold national counts at resolution 5", &times.await?)
    );
    let times = open_loop(host, 5.0, 50, |nth| {
        let west = 67.0 + f64::from(nth) * 0.1;
        format!(
            "/collections/incidents/items?limit=1000&bbox={west},24,{},25",
            west + 1.0
        )
    });
    println!("{}", told("a thousand records of a box", &times.await?));
    Ok(())
}

fn main() -> Result<(), Failure> {
    let (arguments, runtime) = begin()?;
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve", file] => runtime.block_on(serve_bytes(file)),
        [address] => runtime.block_on(measure(host_of(address), 3)),
        [address, seconds] => runtime.block_on(measure(host_of(address), seconds.parse()?)),
        _ => {
            println!(
                "Load is put on a service that runs: cargo bench --workspace --bench load -- http://127.0.0.1:8080 [SECONDS]"
            );
            Ok(())
        }
    }
}

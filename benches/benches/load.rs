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
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// Connections of the closed loop.
const CONNECTIONS: usize = 32;
/// Turns of the service and of the peer.
const TURNS: usize = 5;
/// A tile over the middle of Punjab, at the zoom at which a province fills the screen; and one of a town, where what a request
/// costs beside its bytes counts.
const TILE: &str = "/xyz/hotspots/7/90/51.mvt?category=DT&resolution=7";
const SMALL_TILE: &str = "/xyz/hotspots/11/1449/832.mvt?category=DT&resolution=7";

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A connection that asks one thing after the other.
struct Connection {
    stream: BufReader<TcpStream>,
    host: String,
    head: Vec<u8>,
    body: Vec<u8>,
}

impl Connection {
    async fn to(host: &str) -> Result<Self, Failure> {
        let stream = TcpStream::connect(host).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream: BufReader::with_capacity(1 << 16, stream),
            host: host.to_owned(),
            head: Vec::new(),
            body: Vec::new(),
        })
    }

    /// Asks for a path and reads the answer whole; what is not 200 is a failure.
    async fn ask(&mut self, path: &str) -> Result<usize, Failure> {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.host);
        self.stream.get_mut().write_all(request.as_bytes()).await?;
        self.head.clear();
        while !self.head.ends_with(b"\r\n\r\n") {
            self.head.push(self.stream.read_u8().await?);
        }
        let head = std::str::from_utf8(&self.head)?.to_ascii_lowercase();
        if !head.starts_with("http/1.1 200") {
            return Err(format!("{path}: {head}").into());
        }
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length:"));
        let length: usize = length.ok_or("an answer without a length")?.trim().parse()?;
        self.body.resize(length, 0);
        self.stream.read_exact(&mut self.body).await?;
        Ok(length)
    }
}

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

/// Times of requests that are sent when they are due, whether those before are answered or not.
async fn open_loop(
    host: &str,
    a_second: f64,
    requests: u32,
    path: impl Fn(u32) -> String,
) -> Result<Vec<Duration>, Failure> {
    let began = Instant::now();
    let mut workers = Vec::new();
    for nth in 0..requests {
        let due = began + Duration::from_secs_f64(f64::from(nth) / a_second);
        let (host, path) = (host.to_owned(), path(nth));
        workers.push(tokio::spawn(async move {
            tokio::time::sleep_until(due.into()).await;
            // A service cuts connections off on which nothing is asked.
            let mut connection = Connection::to(&host).await?;
            connection.ask(&path).await?;
            Ok::<_, Failure>(due.elapsed())
        }));
    }
    let mut times = Vec::new();
    for worker in workers {
        times.push(worker.await??);
    }
    times.sort_unstable();
    Ok(times)
}

fn tell(what: &str, times: &[Duration]) {
    let at = |share: usize| {
        let nth = (times.len() * share / 100).min(times.len().saturating_sub(1));
        times
            .get(nth)
            .map_or(0.0, |time| time.as_secs_f64() * 1_000.0)
    };
    println!(
        "{what}: {} requests, median {:.1} ms, p99 {:.1} ms, largest {:.1} ms",
        times.len(),
        at(50),
        at(99),
        at(100)
    );
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
    let (mut child, address) = peer(&connection.body, folder.path())?;
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

/// Twelve months that begin in another month each time.
fn year(nth: u32) -> String {
    let (year, month) = (2014 + nth / 12 % 10, 1 + nth % 12);
    let (last_year, last_month) = if month == 1 {
        (year, 12)
    } else {
        (year + 1, month - 1)
    };
    format!("{year}-{month:02}-01/{last_year}-{last_month:02}-28")
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
    tell(
        "cold hotspot tile, twelve months of one category",
        &times.await?,
    );
    let times = open_loop(host, 5.0, 100, |nth| {
        let alpha = 0.05 + f64::from(nth) * 1e-6;
        format!(
            "/collections/hotspots/items?category=DT&resolution=7&limit=10000&datetime={}&alpha={alpha}",
            year(nth)
        )
    });
    tell(
        "cold national hotspots at resolution 7, first 10,000 features",
        &times.await?,
    );
    let times = open_loop(host, 20.0, 200, |nth| {
        format!(
            "/collections/counts/items?category=DT&resolution=5&limit=10000&datetime={}",
            year(nth)
        )
    });
    tell("cold national counts at resolution 5", &times.await?);
    let times = open_loop(host, 5.0, 50, |nth| {
        let west = 67.0 + f64::from(nth) * 0.1;
        format!(
            "/collections/incidents/items?limit=1000&bbox={west},24,{},25",
            west + 1.0
        )
    });
    tell("a thousand records of a box", &times.await?);
    Ok(())
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| word != "--bench")
        .collect();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
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

fn host_of(address: &str) -> &str {
    address.trim_start_matches("http://").trim_end_matches('/')
}

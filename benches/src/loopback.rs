//! Requests over loopback to a service that runs, and how long they take.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};

/// What goes wrong ends the measurement.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A connection that asks one thing after the other.
#[derive(Debug)]
pub struct Connection {
    stream: BufReader<TcpStream>,
    host: String,
    head: String,
    body: Vec<u8>,
}

impl Connection {
    /// To a host with a port.
    ///
    /// # Errors
    /// Where nobody listens.
    pub async fn to(host: &str) -> Result<Self, Failure> {
        let stream = TcpStream::connect(host).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream: BufReader::with_capacity(1 << 16, stream),
            host: host.to_owned(),
            head: String::new(),
            body: Vec::new(),
        })
    }

    /// Asks for a path and reads the answer whole: its status.
    ///
    /// # Errors
    /// Where there is no answer.
    pub async fn get(&mut self, path: &str) -> Result<u16, Failure> {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.host);
        self.stream.get_mut().write_all(request.as_bytes()).await?;
        self.answer().await
    }

    /// Sends a body under an Idempotency-Key and reads the answer whole: its status.
    ///
    /// # Errors
    /// As [`Connection::get`].
    pub async fn post(&mut self, path: &str, key: &str, body: &str) -> Result<u16, Failure> {
        let (host, length) = (&self.host, body.len());
        let head = format!("POST {path} HTTP/1.1\r\nHost: {host}\r\nIdempotency-Key: {key}");
        let request = format!("{head}\r\nContent-Length: {length}\r\n\r\n{body}");
        self.stream.get_mut().write_all(request.as_bytes()).await?;
        self.answer().await
    }

    /// Asks for a path; what is not 200 is a failure. How long the answer is.
    ///
    /// # Errors
    /// As [`Connection::get`], and where it is refused.
    pub async fn ask(&mut self, path: &str) -> Result<usize, Failure> {
        match self.get(path).await? {
            200 => Ok(self.body.len()),
            _ => Err(format!("{path}: {}", self.head).into()),
        }
    }

    /// The body of the last answer.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Whether the last answer has a header.
    pub fn has(&self, name: &str) -> bool {
        let mut lines = self.head.lines();
        lines.any(|line| line.split_once(':').is_some_and(|(of, _)| of == name))
    }

    async fn answer(&mut self) -> Result<u16, Failure> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.stream.read_u8().await?);
        }
        self.head = std::str::from_utf8(&head)?.to_ascii_lowercase();
        let length = self
            .head
            .lines()
            .find_map(|line| line.strip_prefix("content-length:"));
        let length: usize = length.ok_or("an answer without a length")?.trim().parse()?;
        self.body.resize(length, 0);
        self.stream.read_exact(&mut self.body).await?;
        let status = self.head.split(' ').nth(1);
        Ok(status.ok_or("an answer without a status")?.parse()?)
    }
}

/// Times of requests that are sent when they are due, whether those before are answered or not.
///
/// # Errors
/// Where one is not answered 200.
pub async fn open_loop(
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

/// The median and the slow end of some times in ascending order.
pub fn told(what: &str, times: &[Duration]) -> String {
    let at = |share: usize| {
        let nth = (times.len() * share / 100).min(times.len().saturating_sub(1));
        times
            .get(nth)
            .map_or(0.0, |time| time.as_secs_f64() * 1_000.0)
    };
    format!(
        "{what}: {} requests, median {:.1} ms, p99 {:.1} ms, largest {:.1} ms",
        times.len(),
        at(50),
        at(99),
        at(100)
    )
}

/// Twelve months that begin in another month each time.
pub fn year(nth: u32) -> String {
    let (year, month) = (2014 + nth / 12 % 10, 1 + nth % 12);
    let (last_year, last_month) = if month == 1 {
        (year, 12)
    } else {
        (year + 1, month - 1)
    };
    format!("{year}-{month:02}-01/{last_year}-{last_month:02}-28")
}

/// The host of an address.
pub fn host_of(address: &str) -> &str {
    address.trim_start_matches("http://").trim_end_matches('/')
}

/// A tile over the middle of Punjab, at the zoom at which a province fills the screen.
pub const TILE: &str = "/xyz/hotspots/7/90/51.mvt?category=DT&resolution=7";

/// Words after a benchmark's name, without those that cargo adds, and what its requests run on.
///
/// # Errors
/// Where no threads are to be had.
pub fn begin() -> Result<(Vec<String>, Runtime), Failure> {
    let words = std::env::args().skip(1).filter(|word| word != "--bench");
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    Ok((words.collect(), runtime))
}

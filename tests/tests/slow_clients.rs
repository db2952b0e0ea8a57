//! A21 with few sockets: clients that send or take nothing, in greater numbers than there are places, do not keep others waiting
//! and are cut off. `benches/slow_clients.py` is the same with two thousand.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use naqsha_tests::server::Server;

const PLACES: usize = 60;
const SLOW: usize = 180;
/// Longest that one may keep its place without having sent a head.
const CUT_WITHIN: Duration = Duration::from_secs(15);
const ASKED: usize = 150;
/// Below this, times are those of the machine's other work.
const NOISE: Duration = Duration::from_millis(25);

/// How a client is slow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slow {
    /// A byte of its head now and then.
    Head,
    /// A byte of its body now and then.
    Body,
    /// It asks, and takes nothing of the answers.
    Reader,
}

/// A slow client; when it was cut off is known once it was.
struct Client {
    slow: Slow,
    stream: TcpStream,
    began: Instant,
    cut: Option<Duration>,
}

impl Client {
    fn begin(base: &str, slow: Slow) -> Option<Self> {
        let address = base.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).ok()?;
        stream.set_nonblocking(true).unwrap();
        let first = match slow {
            Slow::Head => b"GET / HTTP/1.1\r\nHost: a\r\nX".to_vec(),
            Slow::Body => b"POST /processes/counts/execution HTTP/1.1\r\nHost: a\r\nContent-Length: 90000\r\n\r\n{".to_vec(),
            Slow::Reader => b"GET /api HTTP/1.1\r\nHost: a\r\n\r\n".repeat(200),
        };
        // Some of it is enough.
        let _some = stream.write(&first);
        Some(Self {
            slow,
            stream,
            began: Instant::now(),
            cut: None,
        })
    }

    /// Sends a byte, where that is how it is slow, and sees whether it was cut off.
    fn go_on(&mut self) {
        if self.cut.is_some() {
            return;
        }
        let sent = match self.slow {
            Slow::Reader => Ok(0),
            Slow::Head | Slow::Body => self.stream.write(b"x"),
        };
        let is_cut = |outcome: std::io::Result<usize>, end: bool| match outcome {
            Ok(0) => end,
            Ok(_) => false,
            Err(error) => error.kind() != ErrorKind::WouldBlock,
        };
        // A reader that reads nothing learns of its end by the error of its socket alone.
        let ended = match self.slow {
            Slow::Reader => self.stream.take_error().unwrap().is_some(),
            Slow::Head | Slow::Body => is_cut(self.stream.read(&mut [0; 512]), true),
        };
        if is_cut(sent, false) || ended {
            self.cut = Some(self.began.elapsed());
        }
    }
}

/// The 99th of a hundred times of requests, each on a connection of its own.
fn p99(server: &Server) -> Duration {
    let mut times: Vec<Duration> = (0..ASKED)
        .map(|_| {
            let began = Instant::now();
            let reply = server.get_with(
                "/collections/counts/items?limit=20",
                &[("connection", "close")],
            );
            assert_eq!(reply.status, 200);
            began.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[ASKED * 99 / 100]
}

#[test]
fn slow_clients_are_cut_off_and_keep_nobody_waiting() {
    let config = format!("[server.limits]\nconnections = {PLACES}\n");
    let server = Server::with_config(&config);
    p99(&server);
    let alone = p99(&server);
    let stop = AtomicBool::new(false);
    let (clients, among) = std::thread::scope(|scope| {
        let slow = scope.spawn(|| {
            let kinds = [Slow::Head, Slow::Body, Slow::Reader];
            let mut clients: Vec<Client> = kinds
                .iter()
                .cycle()
                .take(SLOW)
                .filter_map(|&slow| Client::begin(server.base(), slow))
                .collect();
            let until = Instant::now() + CUT_WITHIN;
            while !stop.load(Ordering::Relaxed) || Instant::now() < until {
                clients.iter_mut().for_each(Client::go_on);
                std::thread::sleep(Duration::from_millis(500));
            }
            clients
        });
        // Once they have taken all the places there are.
        std::thread::sleep(Duration::from_millis(1_500));
        let among = p99(&server);
        stop.store(true, Ordering::Relaxed);
        (slow.join().unwrap(), among)
    });
    let heads: Vec<&Client> = clients
        .iter()
        .filter(|client| client.slow == Slow::Head)
        .collect();
    let slowest = heads
        .iter()
        .map(|client| client.cut.unwrap_or(Duration::MAX))
        .max()
        .unwrap();
    println!(
        "p99 alone {alone:?}, among {} slow clients {among:?}; heads cut after {slowest:?} at most",
        clients.len()
    );
    assert!(heads.len() > PLACES / 2, "{} slow heads", heads.len());
    assert!(slowest <= CUT_WITHIN, "{slowest:?}");
    assert!(
        among <= 2 * alone + NOISE,
        "{alone:?} alone, {among:?} among slow clients"
    );
}

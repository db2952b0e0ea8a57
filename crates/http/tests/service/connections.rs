//! Connections that do not behave, and the end of the service.

use std::time::{Duration, Instant};

use naqsha_http::{ConnectionLimits, serve_within};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::fixture::{Fixture, service};

struct Running {
    address: std::net::SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<std::io::Result<()>>,
    _fixture: Fixture,
}

async fn start(limits: ConnectionLimits) -> Running {
    let fixture = service().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let shutdown = async move { drop(stopped.await) };
    let task = tokio::spawn(serve_within(
        limits,
        None,
        listener,
        fixture.router.clone(),
        shutdown,
    ));
    Running {
        address,
        stop: Some(stop),
        task,
        _fixture: fixture,
    }
}

fn quick() -> ConnectionLimits {
    ConnectionLimits {
        header_read: Duration::from_millis(400),
        ..ConnectionLimits::default()
    }
}

/// Sends a request on an open connection and reads the status line and the rest that comes with it.
async fn ask(stream: &mut TcpStream, path: &str) -> String {
    stream
        .write_all(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes())
        .await
        .unwrap();
    let mut buffer = vec![0; 64 << 10];
    let read = stream.read(&mut buffer).await.unwrap();
    String::from_utf8_lossy(&buffer[..read]).into_owned()
}

/// How long the server keeps a connection whose client does `write` every 100 ms.
async fn lifetime(
    address: std::net::SocketAddr,
    write: impl Fn(usize) -> &'static [u8],
) -> Duration {
    let began = Instant::now();
    let mut stream = TcpStream::connect(address).await.unwrap();
    for i in 0..100 {
        let mut byte = [0; 256];
        match timeout(Duration::from_millis(100), stream.read(&mut byte)).await {
            Ok(Ok(0) | Err(_)) => return began.elapsed(),
            Ok(Ok(_)) => {}
            Err(_elapsed) => drop(stream.write_all(write(i)).await),
        }
    }
    began.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_dripping_and_idle_connections_are_closed() {
    let running = start(quick()).await;
    let limit = Duration::from_secs(3);
    assert!(lifetime(running.address, |_| b"").await < limit, "silent");
    assert!(
        lifetime(running.address, |_| b"G").await < limit,
        "dripping"
    );
    // The first bytes of HTTP/2's preface: a server that waits to tell the two protocols apart waits for ever.
    let preface: [&[u8]; 3] = [b"P", b"R", b"I"];
    assert!(
        lifetime(running.address, |i| preface
            .get(i)
            .copied()
            .unwrap_or_default())
        .await
            < limit,
        "preface"
    );
    let mut idle = TcpStream::connect(running.address).await.unwrap();
    assert!(ask(&mut idle, "/healthz").await.starts_with("HTTP/1.1 200"));
    let mut rest = Vec::new();
    assert!(
        timeout(limit, idle.read_to_end(&mut rest)).await.is_ok(),
        "idle"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_beyond_the_cap_wait_for_a_place() {
    let running = start(ConnectionLimits {
        connections: 1,
        ..ConnectionLimits::default()
    })
    .await;
    let mut first = TcpStream::connect(running.address).await.unwrap();
    assert!(
        ask(&mut first, "/healthz")
            .await
            .starts_with("HTTP/1.1 200")
    );
    let mut second = TcpStream::connect(running.address).await.unwrap();
    let waiting = timeout(Duration::from_millis(300), ask(&mut second, "/healthz")).await;
    assert!(waiting.is_err(), "there is no place yet");
    drop(first);
    let mut answer = vec![0; 1_024];
    let read = timeout(Duration::from_secs(5), second.read(&mut answer))
        .await
        .unwrap()
        .unwrap();
    assert!(answer[..read].starts_with(b"HTTP/1.1 200"));
}

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_says_so_and_then_ends() {
    let limits = ConnectionLimits {
        drain_delay: Duration::from_millis(500),
        drain_deadline: Duration::from_secs(5),
        ..ConnectionLimits::default()
    };
    let mut running = start(limits).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    assert!(
        ask(&mut stream, "/readyz")
            .await
            .starts_with("HTTP/1.1 200")
    );
    running.stop.take().unwrap().send(()).unwrap();
    sleep(Duration::from_millis(100)).await;
    let draining = ask(&mut stream, "/readyz").await;
    assert!(
        draining.starts_with("HTTP/1.1 503") && draining.contains("/problems/draining"),
        "{draining}"
    );
    assert!(
        ask(&mut stream, "/healthz")
            .await
            .starts_with("HTTP/1.1 200"),
        "still serving"
    );
    timeout(Duration::from_secs(4), running.task)
        .await
        .expect("idle connections do not hold the end up")
        .unwrap()
        .unwrap();
    assert!(
        TcpStream::connect(running.address).await.is_err(),
        "the listener is gone"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_takes_nothing_does_not_outlive_the_drain_deadline() {
    let limits = ConnectionLimits {
        drain_deadline: Duration::from_millis(500),
        ..ConnectionLimits::default()
    };
    let mut running = start(limits).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    // Enough requests that their answers fill every buffer on the way.
    let request = b"GET /api HTTP/1.1\r\nHost: a\r\n\r\n".repeat(2_000);
    stream.write_all(&request).await.unwrap();
    // Long enough for that on a machine that has much else to do: a connection with room would end at once.
    sleep(Duration::from_secs(3)).await;
    let began = Instant::now();
    running.stop.take().unwrap().send(()).unwrap();
    timeout(Duration::from_secs(5), running.task)
        .await
        .expect("the deadline holds")
        .unwrap()
        .unwrap();
    assert!(
        began.elapsed() >= Duration::from_millis(450),
        "the request had its time"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_takes_nothing_loses_its_place() {
    let limits = ConnectionLimits {
        connections: 1,
        write_stall: Duration::from_millis(300),
        ..ConnectionLimits::default()
    };
    let running = start(limits).await;
    let mut stalled = TcpStream::connect(running.address).await.unwrap();
    let request = b"GET /api HTTP/1.1\r\nHost: a\r\n\r\n".repeat(2_000);
    stalled.write_all(&request).await.unwrap();
    let mut next = TcpStream::connect(running.address).await.unwrap();
    let answer = timeout(Duration::from_secs(8), ask(&mut next, "/healthz")).await;
    assert!(
        answer
            .expect("the place became free")
            .starts_with("HTTP/1.1 200")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_has_so_many_connections_and_no_more() {
    let running = start(ConnectionLimits {
        connections_per_address: 2,
        uncounted: Vec::new(),
        ..ConnectionLimits::default()
    })
    .await;
    let mut first = TcpStream::connect(running.address).await.unwrap();
    let mut second = TcpStream::connect(running.address).await.unwrap();
    assert!(
        ask(&mut first, "/healthz")
            .await
            .starts_with("HTTP/1.1 200")
    );
    assert!(
        ask(&mut second, "/healthz")
            .await
            .starts_with("HTTP/1.1 200")
    );
    let mut third = TcpStream::connect(running.address).await.unwrap();
    let mut nothing = [0; 1];
    let read = timeout(Duration::from_secs(5), third.read(&mut nothing))
        .await
        .unwrap();
    assert!(matches!(read, Ok(0) | Err(_)), "{read:?}");
    drop(first);
    let mut tried = 0;
    loop {
        let mut again = TcpStream::connect(running.address).await.unwrap();
        // A connection that is closed at once may be so while it is written to.
        let _closed = again
            .write_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            .await;
        let mut buffer = [0; 12];
        if again.read(&mut buffer).await.is_ok_and(|read| read > 0) {
            assert_eq!(&buffer, b"HTTP/1.1 200");
            break;
        }
        tried += 1;
        assert!(tried < 50, "the place is free again");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_drips_ends_its_request() {
    let running = start(ConnectionLimits {
        body_within: Duration::from_millis(400),
        body_bytes: 1 << 10,
        ..ConnectionLimits::default()
    })
    .await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let head =
        "POST /processes/counts/execution HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let began = Instant::now();
    let (mut reader, mut writer) = stream.into_split();
    let drip = tokio::spawn(async move {
        while writer.write_all(b" ").await.is_ok() {
            sleep(Duration::from_millis(50)).await;
        }
    });
    let mut answer = [0; 12];
    let read = timeout(Duration::from_secs(5), reader.read(&mut answer))
        .await
        .unwrap();
    assert!(read.is_ok_and(|read| read == 0 || &answer == b"HTTP/1.1 400"));
    assert!((400..3_000).contains(&began.elapsed().as_millis()));
    drip.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_waited_for_longest_gives_its_place_to_the_next() {
    let running = start(ConnectionLimits {
        connections: 4,
        patience: Duration::from_millis(300),
        ..ConnectionLimits::default()
    })
    .await;
    // Who asks now and then, and takes its answers, is not among those that leave.
    let mut polite = TcpStream::connect(running.address).await.unwrap();
    let (stop, mut stopped) = oneshot::channel::<()>();
    let polite = tokio::spawn(async move {
        while stopped.try_recv().is_err() {
            let answer = ask(&mut polite, "/healthz").await;
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
            sleep(Duration::from_millis(50)).await;
        }
    });
    // One is silent, one drips its head, one its body, one takes nothing of its answers.
    let _silent = TcpStream::connect(running.address).await.unwrap();
    let mut dripping = TcpStream::connect(running.address).await.unwrap();
    let mut slow = TcpStream::connect(running.address).await.unwrap();
    let head =
        "POST /processes/counts/execution HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n{";
    slow.write_all(head.as_bytes()).await.unwrap();
    let drip = tokio::spawn(async move {
        while dripping.write_all(b"G").await.is_ok() {
            sleep(Duration::from_millis(50)).await;
        }
    });
    let mut all = Vec::new();
    for nth in 0..6 {
        let mut deaf = TcpStream::connect(running.address).await.unwrap();
        let request =
            b"GET /api HTTP/1.1\r\nHost: a\r\n\r\n".repeat(if nth < 2 { 2_000 } else { 1 });
        // Whoever never gets further is cut while it writes.
        let _cut = timeout(Duration::from_millis(300), deaf.write_all(&request)).await;
        let began = Instant::now();
        let mut fresh = TcpStream::connect(running.address).await.unwrap();
        let answer = timeout(Duration::from_secs(3), ask(&mut fresh, "/healthz")).await;
        let took = began.elapsed();
        assert!(
            answer.is_ok_and(|answer| answer.starts_with("HTTP/1.1 200")),
            "{nth}: {took:?}"
        );
        sleep(Duration::from_millis(100)).await;
        all.push(deaf);
    }
    timeout(Duration::from_secs(3), drip)
        .await
        .expect("its place is another's")
        .unwrap();
    stop.send(()).unwrap();
    polite.await.unwrap();
}

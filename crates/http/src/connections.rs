//! The accept loop. It has what plain `axum::serve` lacks: a limit on how long headers may take, a limit on how long a
//! client may take nothing of its answer, a cap on connections, and a drain that ends.

use std::convert::Infallible;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tower::ServiceExt as _;

use crate::health::Draining;
use crate::settings::ConnectionLimits;
use crate::stall::StallTimeout;

/// How long to wait after the listener refused: it does so when file descriptors run out, which takes a moment to pass.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until `shutdown` is done, then finishes what is under way. See [`ConnectionLimits`] for its defaults.
///
/// # Errors
/// None at present: a failing connection ends alone, a failing accept is tried again.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    serve_within(ConnectionLimits::default(), listener, router, shutdown).await
}

/// [`serve`] with limits.
///
/// # Errors
/// As [`serve`].
pub async fn serve_within(
    limits: ConnectionLimits,
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    let draining = Draining::default();
    let places = Arc::new(Semaphore::new(limits.connections.max(1)));
    let (closing, closed) = watch::channel(());
    let mut connections = JoinSet::new();
    let connection = Connection {
        router,
        limits,
        draining: draining.clone(),
        closed,
    };
    {
        let mut stopping = pin!(async {
            shutdown.await;
            tracing::info!("shutting down");
            draining.begin();
            sleep(limits.drain_delay).await;
        });
        loop {
            tokio::select! {
                () = &mut stopping => break,
                (stream, place) = accept(&listener, &places) => {
                    connections.spawn(connection.clone().run(stream, place));
                }
                // Finished tasks are taken out, so that the set does not grow.
                Some(_finished) = connections.join_next() => {}
            }
        }
    }
    drop(listener);
    drop(connection);
    // Nobody listens where every connection has ended already.
    let _nobody = closing.send(());
    let all_done = async { while connections.join_next().await.is_some() {} };
    if timeout(limits.drain_deadline, all_done).await.is_err() {
        tracing::warn!(
            connections = connections.len(),
            "requests were cut off at the drain deadline"
        );
        connections.shutdown().await;
    }
    Ok(())
}

/// The next connection, once there is a place for it.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> (TcpStream, Option<OwnedSemaphorePermit>) {
    // The semaphore is never closed, so that a place always comes.
    let place = Arc::clone(places).acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, _peer)) => return (stream, place),
            Err(error) => {
                tracing::warn!(%error, "accepting a connection");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// What a connection needs.
#[derive(Clone)]
struct Connection {
    router: Router,
    limits: ConnectionLimits,
    draining: Draining,
    closed: watch::Receiver<()>,
}

impl Connection {
    /// Serves one connection to its end. HTTP/1.1 only: a client that began HTTP/2's preface and stopped would otherwise
    /// be waited for without limit, and browsers speak HTTP/2 only over TLS, where the protocol is known beforehand.
    async fn run(self, stream: TcpStream, place: Option<OwnedSemaphorePermit>) {
        let _place = place;
        let Self {
            router,
            limits,
            draining,
            mut closed,
        } = self;
        // Small answers should not wait for more; a socket that cannot be told so works all the same.
        let _best_effort = stream.set_nodelay(true);
        let answer = service_fn(move |request: hyper::Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(draining.clone());
            let answer = router.clone().oneshot(request);
            async move { answer.await as Result<_, Infallible> }
        });
        let io = TokioIo::new(StallTimeout::new(stream, limits.write_stall));
        let serving = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.header_read)
            .serve_connection(io, answer);
        let mut serving = pin!(serving);
        let outcome = tokio::select! {
            outcome = serving.as_mut() => outcome,
            _told = closed.changed() => {
                serving.as_mut().graceful_shutdown();
                serving.await
            }
        };
        if let Err(error) = outcome {
            tracing::debug!(%error, "connection ended");
        }
    }
}

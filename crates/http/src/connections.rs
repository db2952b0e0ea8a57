//! The accept loop. It has what plain `axum::serve` lacks: a limit on how long headers may take, a limit on how long a
//! client may take nothing of its answer, a cap on connections, and a drain that ends.

use std::convert::Infallible;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody};
use bytes::Bytes;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tower::ServiceExt as _;

use crate::access::{ClientAddress, is_within};
use crate::crowd::{Crowd, Place};
use crate::health::Draining;
use crate::seats::{Seat, Seats, Taken};
use crate::settings::ConnectionLimits;
use crate::stall::StallTimeout;
use crate::steady::Steady;
use crate::tls::{Secured, Tls, is_of_certificate};

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
    let limits = ConnectionLimits::default();
    serve_within(limits, None, listener, router, shutdown).await
}

/// [`serve`] with limits, and over TLS where there is a certificate.
///
/// # Errors
/// As [`serve`].
pub async fn serve_within(
    limits: ConnectionLimits,
    tls: Option<Tls>,
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    let draining = Draining::default();
    let seats = Seats::new(limits.connections, limits.patience);
    let crowd = Crowd::default();
    let (closing, closed) = watch::channel(());
    let mut connections = JoinSet::new();
    let connection = Connection {
        router,
        limits: limits.clone(),
        tls,
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
        // It came, and has no place yet.
        let mut arrived: Option<(TcpStream, ClientAddress, Place)> = None;
        loop {
            tokio::select! {
                () = &mut stopping => break,
                (stream, peer) = accept(&listener), if arrived.is_none() => {
                    // Whoever has as many as one may have is told nothing: that would take longer than refusing it.
                    let held = enter(&crowd, &connection.limits, peer);
                    arrived = held.map(|held| (stream, peer, held));
                }
                taken = seats.take(), if arrived.is_some() => {
                    if let Some((stream, peer, held)) = arrived.take() {
                        connections.spawn(connection.clone().run(stream, peer, (taken, held)));
                    }
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

/// A place among the connections of an address, unless it has as many as it may.
fn enter(crowd: &Crowd, limits: &ConnectionLimits, peer: ClientAddress) -> Option<Place> {
    let address = peer.0.to_canonical();
    let most = if is_within(&limits.uncounted, address) {
        usize::MAX
    } else {
        limits.connections_per_address
    };
    crowd.enter(address, most)
}

/// The next connection.
async fn accept(listener: &TcpListener) -> (TcpStream, ClientAddress) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return (stream, ClientAddress(peer.ip())),
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
    tls: Option<Tls>,
    draining: Draining,
    closed: watch::Receiver<()>,
}

impl Connection {
    /// Serves one connection to its end, or until it has to give its place up.
    async fn run(self, stream: TcpStream, peer: ClientAddress, places: (Taken, Place)) {
        let (taken, _held) = places;
        let seat = Arc::clone(&taken.seat);
        tokio::select! {
            () = self.served(stream, peer, &taken.seat) => {}
            () = seat.left() => tracing::debug!("a client that was waited for gave its place up"),
        }
    }

    async fn served(self, stream: TcpStream, peer: ClientAddress, seat: &Arc<Seat>) {
        // Small answers should not wait for more; a socket that cannot be told so works all the same.
        let _best_effort = stream.set_nodelay(true);
        let stream = StallTimeout::new(stream, self.limits.write_stall, Arc::clone(seat));
        let Some(tls) = self.tls.clone() else {
            return self.speak(stream, peer, None, seat).await;
        };
        match timeout(self.limits.header_read, tls.accept(stream)).await {
            Ok(Ok(stream)) => {
                let secured = Secured::of(&stream);
                self.speak(stream, peer, Some(secured), seat).await;
            }
            // Nothing was asked, so that there is nothing to record: the log is all that tells it.
            Ok(Err(error)) if is_of_certificate(&error) => {
                tracing::warn!(%error, "a client's certificate was refused");
            }
            Ok(Err(error)) => tracing::debug!(%error, "no TLS"),
            Err(_elapsed) => tracing::debug!("no TLS in time"),
        }
    }

    /// Speaks HTTP/1.1 only: a client that began HTTP/2's preface and stopped would otherwise be waited for without limit.
    async fn speak<S>(
        self,
        stream: S,
        peer: ClientAddress,
        secured: Option<Secured>,
        seat: &Arc<Seat>,
    ) where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Self {
            router,
            limits,
            draining,
            mut closed,
            ..
        } = self;
        let answer = service_fn(move |request: hyper::Request<Incoming>| {
            seat.answers();
            let mut request = request.map(|body| {
                let steady = Steady::new(body, limits.body_within, limits.body_bytes);
                Body::new(steady.of(Arc::clone(seat)))
            });
            let extensions = request.extensions_mut();
            extensions.insert(draining.clone());
            extensions.insert(peer);
            if let Some(secured) = secured {
                extensions.insert(secured);
            }
            let answer = router.clone().oneshot(request);
            let seat = Arc::clone(seat);
            async move {
                let answer: Result<_, Infallible> = answer.await;
                answer.map(|answer| answer.map(|body| until_sent(body, seat)))
            }
        });
        let serving = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.header_read)
            .serve_connection(TokioIo::new(stream), answer);
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

/// What is whole already is the client's to take, and the next request its to send. What is still being made keeps the client
/// waiting, not the service.
fn until_sent(body: Body, seat: Arc<Seat>) -> Body {
    if body.size_hint().exact().is_some() {
        seat.waits_for_a_request();
        return body;
    }
    Body::new(Making { body, seat })
}

/// A body that is made while it is sent.
struct Making {
    body: Body,
    seat: Arc<Seat>,
}

impl HttpBody for Making {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Making {
    fn drop(&mut self) {
        self.seat.waits_for_a_request();
    }
}

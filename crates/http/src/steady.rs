//! A request's body that must come: one that drips is cut off.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::BoxError;
use axum::body::HttpBody;
use bytes::{Buf as _, Bytes};
use hyper::body::{Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep};

use crate::seats::Seat;

/// A body of which `least` bytes must come within each stretch of `within` that is spent waiting for it. Time in which
/// nobody wants more of it does not count.
pub(crate) struct Steady<B> {
    body: B,
    within: Duration,
    least: u64,
    /// Waiting and bytes of the stretch that runs.
    waited: Duration,
    bytes: u64,
    /// Runs while the body is waited for: since when, and to when the stretch lasts at most.
    waiting: Option<(Instant, Pin<Box<Sleep>>)>,
    /// The place of who sends it, where it has one.
    seat: Option<Arc<Seat>>,
}

impl<B> Steady<B> {
    pub(crate) const fn new(body: B, within: Duration, least: u64) -> Self {
        Self {
            body,
            within,
            least,
            waited: Duration::ZERO,
            bytes: 0,
            waiting: None,
            seat: None,
        }
    }

    /// The same body of somebody who has a place, and gives it up where it is waited for too long.
    pub(crate) fn of(mut self, seat: Arc<Seat>) -> Self {
        self.seat = Some(seat);
        self
    }
}

impl<B> Drop for Steady<B> {
    fn drop(&mut self) {
        // Nobody waits for it any more.
        if let Some(seat) = &self.seat {
            seat.goes_on();
        }
    }
}

impl<B> HttpBody for Steady<B>
where
    B: HttpBody<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        loop {
            if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(cx) {
                if let Some((since, _)) = this.waiting.take() {
                    this.waited += since.elapsed();
                }
                if let Some(seat) = &this.seat {
                    seat.goes_on();
                }
                if let Some(Ok(frame)) = &frame {
                    let bytes = frame.data_ref().map_or(0, Bytes::remaining);
                    this.bytes += bytes as u64;
                }
                return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
            }
            if let Some(seat) = &this.seat {
                seat.waits();
            }
            let left = this.within.saturating_sub(this.waited);
            let (_, timer) = this
                .waiting
                .get_or_insert_with(|| (Instant::now(), Box::pin(sleep(left))));
            if timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            this.waiting = None;
            if this.bytes < this.least {
                let slow = io::Error::new(io::ErrorKind::TimedOut, "the body comes too slowly");
                return Poll::Ready(Some(Err(slow.into())));
            }
            (this.waited, this.bytes) = (Duration::ZERO, 0);
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::{Message, Received};
    use http_body_util::BodyExt as _;
    use tokio::sync::mpsc;

    /// Sends a chunk of some bytes every 20 ms, as often as told; returns how many arrived, and whether all did.
    async fn arrived(bytes: usize, times: usize) -> (usize, bool) {
        let (sender, receiver) = mpsc::channel(1);
        let within = Duration::from_millis(600);
        let mut body = Steady::new(Received(receiver), within, 30 << 10);
        tokio::spawn(async move {
            for _ in 0..times {
                sleep(Duration::from_millis(20)).await;
                let chunk = Message::Chunk(vec![0; bytes].into());
                if sender.send(chunk).await.is_err() {
                    return;
                }
            }
            drop(sender.send(Message::End).await);
        });
        let mut read = 0;
        while let Some(frame) = body.frame().await {
            match frame {
                Ok(frame) => read += frame.into_data().map_or(0, |data| data.len()),
                Err(_slow) => return (read, false),
            }
        }
        (read, true)
    }

    #[tokio::test]
    async fn a_body_that_drips_is_cut_off_and_a_slow_one_is_not() {
        assert_eq!(arrived(8 << 10, 60).await, (480 << 10, true));
        let (read, whole) = arrived(100, 60).await;
        assert!(!whole && read <= 3_000, "{read}");
    }
}

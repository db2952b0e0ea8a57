//! Places for connections, and who gives one up: where all are taken, a new connection gets the place of the client that has kept
//! the service waiting longest: for a request, for the rest of a body, or by taking nothing of an answer. So silent, dripping and
//! idle clients, however many, keep nobody out, and whoever is being answered keeps its place.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};

/// The time since which nobody has been waiting for a client.
const NOT_WAITING: u64 = u64::MAX;
/// How often it is looked for somebody who gives a place up while one is wanted.
const GLANCE: Duration = Duration::from_millis(50);

/// The places there are.
#[derive(Debug, Clone)]
pub(crate) struct Seats(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    places: Arc<Semaphore>,
    taken: Mutex<HashMap<u64, Arc<Seat>>>,
    began: Instant,
    patience: Duration,
    number: AtomicU64,
}

/// How a connection stands: milliseconds since the service began at which it began to keep it waiting.
#[derive(Debug)]
pub(crate) struct Seat {
    began: Instant,
    /// For the head of a request.
    idle: AtomicU64,
    /// Within a request: for more of its body, or for the client to take some of the answer.
    within: AtomicU64,
    leave: Notify,
}

/// A place that is taken, free again when it is dropped.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) seat: Arc<Seat>,
    number: u64,
    seats: Seats,
    _place: OwnedSemaphorePermit,
}

impl Seats {
    /// So many places. Only who has kept the service waiting for as long as `patience` gives one up.
    pub(crate) fn new(places: usize, patience: Duration) -> Self {
        Self(Arc::new(Inner {
            places: Arc::new(Semaphore::new(places.max(1))),
            taken: Mutex::default(),
            began: Instant::now(),
            patience,
            number: AtomicU64::new(0),
        }))
    }

    /// A place, once there is one. Nothing is lost where this is given up before.
    pub(crate) async fn take(&self) -> Taken {
        let inner = &self.0;
        loop {
            let place = Arc::clone(&inner.places).try_acquire_owned();
            let place = match place {
                Ok(place) => Some(place),
                Err(_none) => {
                    self.crowd_out();
                    let place = Arc::clone(&inner.places).acquire_owned();
                    // The semaphore is never closed.
                    timeout(GLANCE, place).await.ok().and_then(Result::ok)
                }
            };
            if let Some(place) = place {
                return self.seated(place);
            }
        }
    }

    fn seated(&self, place: OwnedSemaphorePermit) -> Taken {
        let inner = &self.0;
        let seat = Arc::new(Seat {
            began: inner.began,
            idle: AtomicU64::new(since(inner.began)),
            within: AtomicU64::new(NOT_WAITING),
            leave: Notify::new(),
        });
        let number = inner.number.fetch_add(1, Ordering::Relaxed);
        self.all().insert(number, Arc::clone(&seat));
        Taken {
            seat,
            number,
            seats: self.clone(),
            _place: place,
        }
    }

    /// Tells the one that has kept the service waiting longest to leave.
    fn crowd_out(&self) {
        let patience = millis(self.0.patience);
        let latest = since(self.0.began).checked_sub(patience);
        let all = self.all();
        let longest = all.values().min_by_key(|seat| seat.waiting_since());
        if let Some(seat) = longest
            && latest.is_some_and(|latest| seat.waiting_since() <= latest)
        {
            // It is not told twice: the next look finds another.
            seat.idle.store(NOT_WAITING, Ordering::Relaxed);
            seat.within.store(NOT_WAITING, Ordering::Relaxed);
            seat.leave.notify_one();
        }
    }

    fn all(&self) -> std::sync::MutexGuard<'_, HashMap<u64, Arc<Seat>>> {
        self.0.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.seats.all().remove(&self.number);
    }
}

impl Seat {
    /// The head of a request is waited for, from now on.
    pub(crate) fn waits_for_a_request(&self) {
        self.idle.store(since(self.began), Ordering::Relaxed);
    }

    /// A request came.
    pub(crate) fn answers(&self) {
        self.idle.store(NOT_WAITING, Ordering::Relaxed);
    }

    /// Within a request the client is waited for, from now on unless that began before.
    pub(crate) fn waits(&self) {
        let now = since(self.began);
        // Only where nothing is waited for yet; otherwise it stands.
        let _stands =
            self.within
                .compare_exchange(NOT_WAITING, now, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// The client did what it was waited for.
    pub(crate) fn goes_on(&self) {
        self.within.store(NOT_WAITING, Ordering::Relaxed);
    }

    /// Done when the place is to be given up.
    pub(crate) async fn left(&self) {
        self.leave.notified().await;
    }

    fn waiting_since(&self) -> u64 {
        let [idle, within] = [&self.idle, &self.within].map(|at| at.load(Ordering::Relaxed));
        idle.min(within)
    }
}

fn since(began: Instant) -> u64 {
    millis(began.elapsed())
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(NOT_WAITING - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::sleep;

    const PATIENCE: Duration = Duration::from_millis(400);

    #[tokio::test]
    async fn the_one_that_is_waited_for_longest_leaves_and_who_is_answered_stays() {
        let seats = Seats::new(3, PATIENCE);
        let answered = seats.take().await;
        answered.seat.answers();
        let slow = seats.take().await;
        slow.seat.answers();
        slow.seat.waits();
        sleep(PATIENCE / 4).await;
        let silent = seats.take().await;
        let early = timeout(PATIENCE / 4, seats.take()).await;
        assert!(early.is_err(), "nobody has been waited for as long as that");
        let leaving = Arc::clone(&slow.seat);
        let left = tokio::spawn(async move {
            leaving.left().await;
            drop(slow);
        });
        let next = seats.take().await;
        assert!(left.await.is_ok(), "the first that is waited for");
        next.seat.answers();
        let leaving = Arc::clone(&silent.seat);
        tokio::select! {
            () = answered.seat.left() => panic!("who is answered stays"),
            () = leaving.left() => drop(silent),
            _place = seats.take() => panic!("there is no place yet"),
        }
        // What was waited for and came is waited for no more.
        let last = seats.take().await;
        last.seat.answers();
        last.seat.waits();
        last.seat.goes_on();
        assert!(timeout(3 * PATIENCE, seats.take()).await.is_err());
    }
}

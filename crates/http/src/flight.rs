//! One computation for equal requests at the same time: whoever asks first starts it, the others wait beside the queue of
//! the CPU and take no place in it.
//!
//! The computation belongs to nobody's request: it goes on when the one who asked first has gone, as long as anyone waits.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use crate::problem::Problem;

/// What a computation came to, the same for all who wait.
type Outcome<T> = Result<T, Problem>;
/// Tells the outcome once there is one.
type Teller<T> = watch::Sender<Option<Outcome<T>>>;

/// Computations under way, by what they compute.
#[derive(Debug)]
pub(crate) struct Flights<T> {
    under_way: Arc<Mutex<HashMap<String, Teller<T>>>>,
}

impl<T> Default for Flights<T> {
    fn default() -> Self {
        Self {
            under_way: Arc::default(),
        }
    }
}

impl<T: Clone + Send + Sync + 'static> Flights<T> {
    /// The outcome of the computation with this key: of the one under way, else of `start`, and whether it was under way.
    ///
    /// # Errors
    /// Those of the computation; a fault where it ended without an outcome.
    pub(crate) async fn join<F>(
        &self,
        key: &str,
        start: impl FnOnce() -> F + Send,
    ) -> (Outcome<T>, bool)
    where
        F: Future<Output = Outcome<T>> + Send + 'static,
    {
        let (mut told, joined) = self.board(key, start);
        let outcome = match told.wait_for(Option::is_some).await {
            Ok(outcome) => outcome.clone(),
            Err(_ended) => None,
        };
        let ended = || Err(Problem::internal("a computation ended untold".to_owned()));
        (outcome.unwrap_or_else(ended), joined)
    }

    /// A receiver of the outcome, and whether the computation was under way.
    fn board<F>(
        &self,
        key: &str,
        start: impl FnOnce() -> F,
    ) -> (watch::Receiver<Option<Outcome<T>>>, bool)
    where
        F: Future<Output = Outcome<T>> + Send + 'static,
    {
        let mut under_way = self.lock();
        if let Some(teller) = under_way.get(key) {
            return (teller.subscribe(), true);
        }
        let (teller, told) = watch::channel(None);
        under_way.insert(key.to_owned(), teller.clone());
        let landing = Landing {
            under_way: Arc::clone(&self.under_way),
            key: key.to_owned(),
        };
        tokio::spawn(fly(landing, teller, start()));
        (told, false)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Teller<T>>> {
        self.under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// How many computations are under way.
    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }
}

/// Takes a computation out of those under way, also where it panics.
struct Landing<T> {
    under_way: Arc<Mutex<HashMap<String, Teller<T>>>>,
    key: String,
}

impl<T> Landing<T> {
    /// Takes it out where nobody waits for it any more; whoever comes later starts anew.
    fn is_abandoned(&self, teller: &Teller<T>) -> bool {
        let mut under_way = self
            .under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        // Nobody can begin to wait while the lock is held.
        let abandoned = teller.receiver_count() == 0;
        if abandoned {
            under_way.remove(&self.key);
        }
        abandoned
    }
}

impl<T> Drop for Landing<T> {
    fn drop(&mut self) {
        let mut under_way = self
            .under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        under_way.remove(&self.key);
    }
}

/// Sees a computation to its end, or until nobody waits for it.
async fn fly<T>(
    landing: Landing<T>,
    teller: Teller<T>,
    computation: impl Future<Output = Outcome<T>>,
) {
    let mut computation = pin!(computation);
    loop {
        tokio::select! {
            outcome = &mut computation => {
                // Out of the list first, so that who comes now finds what was kept, not a computation that has ended.
                drop(landing);
                teller.send_replace(Some(outcome));
                return;
            }
            () = teller.closed() => {
                if landing.is_abandoned(&teller) {
                    return;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use tokio::sync::Notify;
    use tokio::time::timeout;

    /// Waits until as many wait for `key`.
    async fn until_waiting(flights: &Flights<u64>, key: &str, wanted: usize) {
        let waiting = || {
            flights
                .lock()
                .get(key)
                .map_or(0, watch::Sender::receiver_count)
        };
        let wait = async {
            while waiting() != wanted {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(Duration::from_secs(10), wait).await.unwrap();
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn five_hundred_at_once_compute_once() {
        let flights = Arc::new(Flights::<u64>::default());
        let (begun, gate) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let asking: Vec<_> = (0..500)
            .map(|_| {
                let (flights, begun, gate) =
                    (Arc::clone(&flights), Arc::clone(&begun), Arc::clone(&gate));
                tokio::spawn(async move {
                    let start = || async move {
                        begun.fetch_add(1, Ordering::SeqCst);
                        gate.notified().await;
                        Ok(42)
                    };
                    flights.join("tile", start).await
                })
            })
            .collect();
        until_waiting(&flights, "tile", 500).await;
        gate.notify_one();
        let mut joined = 0;
        for one in asking {
            let (outcome, had_begun) = one.await.unwrap();
            assert_eq!(outcome.unwrap(), 42);
            joined += usize::from(had_begun);
        }
        assert_eq!((begun.load(Ordering::SeqCst), joined), (1, 499));
        assert_eq!(flights.len(), 0);
    }

    #[tokio::test]
    async fn who_asked_first_may_go_and_the_others_are_answered() {
        let flights = Arc::new(Flights::<u64>::default());
        let gate = Arc::new(Notify::new());
        let ask = || {
            let (flights, gate) = (Arc::clone(&flights), Arc::clone(&gate));
            tokio::spawn(async move {
                let start = || async move {
                    gate.notified().await;
                    Ok(7)
                };
                flights.join("tile", start).await.0
            })
        };
        let first = ask();
        until_waiting(&flights, "tile", 1).await;
        let second = ask();
        until_waiting(&flights, "tile", 2).await;
        first.abort();
        assert!(first.await.unwrap_err().is_cancelled());
        gate.notify_one();
        assert_eq!(second.await.unwrap().unwrap(), 7);
    }

    #[tokio::test]
    async fn what_nobody_waits_for_is_given_up_and_a_panic_strands_nobody() {
        let flights = Arc::new(Flights::<u64>::default());
        let asking = {
            let flights = Arc::clone(&flights);
            tokio::spawn(async move { flights.join("tile", std::future::pending).await.0 })
        };
        until_waiting(&flights, "tile", 1).await;
        asking.abort();
        assert!(asking.await.unwrap_err().is_cancelled());
        let gone = async {
            while flights.len() != 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(Duration::from_secs(10), gone).await.unwrap();
        let (anew, joined) = flights.join("tile", || async { Ok(8) }).await;
        assert_eq!((anew.unwrap(), joined), (8, false));

        let panics = || async { panic!("on purpose") };
        let (stranded, _) = flights.join("tile", panics).await;
        assert!(stranded.unwrap_err().fault.is_some());
        assert_eq!(flights.len(), 0);
    }
}

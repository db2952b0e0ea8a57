//! The one crossing from the async runtime to CPU work: a bounded pool with a bounded queue before it.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tracing::Span;

use crate::problem::{Kind, Problem};
use crate::settings::Limits;

/// Admission to the CPU.
#[derive(Debug)]
pub(crate) struct Compute {
    running: Arc<Semaphore>,
    admitted: Arc<Semaphore>,
    /// Places of each when nothing runs.
    places: [usize; 2],
}

impl Compute {
    pub(crate) fn new(limits: &Limits) -> Self {
        let computing = limits.computing.max(1);
        Self {
            running: Arc::new(Semaphore::new(computing)),
            admitted: Arc::new(Semaphore::new(computing + limits.waiting)),
            places: [computing, computing + limits.waiting],
        }
    }

    /// How much is running, and how much waits for its turn.
    pub(crate) fn load(&self) -> (usize, usize) {
        let taken = |of: &Semaphore, places: usize| places.saturating_sub(of.available_permits());
        let running = taken(&self.running, self.places[0]);
        let admitted = taken(&self.admitted, self.places[1]);
        (running, admitted.saturating_sub(running))
    }

    /// Runs `work` off the runtime's threads.
    ///
    /// A request whose client has gone leaves the queue at once; work that has begun is finished, and holds its place
    /// until then, so that the bound is on work and not on clients.
    ///
    /// # Errors
    /// 503 where the queue is full, 500 where `work` panicked.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let busy = || {
            Problem::new(
                Kind::Busy,
                "Too many answers are being computed. Try again in a moment.",
            )
        };
        let place = Arc::clone(&self.admitted)
            .try_acquire_owned()
            .map_err(|_full| busy())?;
        let turn = Arc::clone(&self.running)
            .acquire_owned()
            .await
            .map_err(|_closed| busy())?;
        let span = Span::current();
        let outcome = tokio::task::spawn_blocking(move || {
            let _held = (place, turn);
            span.in_scope(work)
        })
        .await;
        outcome.map_err(|join| Problem::internal(format!("an answer panicked: {join}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[tokio::test(flavor = "multi_thread")]
    async fn beyond_the_queue_is_busy_and_a_panic_is_a_fault() {
        let compute = Arc::new(Compute::new(&Limits {
            computing: 1,
            waiting: 0,
            ..Limits::default()
        }));
        let (release, gate) = mpsc::channel::<()>();
        let (begun, begins) = mpsc::channel::<()>();
        let first = tokio::spawn({
            let compute = Arc::clone(&compute);
            async move {
                compute
                    .run(move || {
                        begun.send(()).unwrap();
                        gate.recv().unwrap();
                    })
                    .await
            }
        });
        tokio::task::spawn_blocking(move || begins.recv().unwrap())
            .await
            .unwrap();
        assert_eq!(compute.run(|| ()).await.unwrap_err().kind, Kind::Busy);
        release.send(()).unwrap();
        assert!(first.await.unwrap().is_ok());
        let fault = compute
            .run(|| assert_eq!(1, 2, "on purpose"))
            .await
            .unwrap_err();
        assert_eq!(fault.kind, Kind::Internal);
        assert!(compute.run(|| ()).await.is_ok(), "the place is free again");
    }
}

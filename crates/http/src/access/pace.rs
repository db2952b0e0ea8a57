//! How often somebody may ask: a steady number of requests a minute, and some at once (generic cell rate algorithm, as in
//! ITU-T I.371: it keeps one instant for each asker).

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use moka::sync::Cache;

use super::subject::Who;

/// Askers that are remembered. Who is forgotten may ask as often as a new one.
const MOST_ASKERS: u64 = 100_000;
/// How long one who asks nothing is remembered: their burst is theirs again long before.
const IDLE: Duration = Duration::from_mins(10);
/// The burst: what may come at once is what may come steadily in so many seconds.
const BURST_SECONDS: u32 = 10;

/// Whose requests are counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Asker {
    /// Those with one key.
    Known(Who),
    /// Those without, of one address.
    At(IpAddr),
}

/// How often each asker may ask.
#[derive(Debug)]
pub(crate) struct Pace {
    /// Between two requests of a steady asker; nothing where there is no limit.
    step: Duration,
    /// How far ahead of the steady pace an asker may be.
    ahead: Duration,
    /// When the steady pace will have caught up.
    askers: Cache<Asker, Arc<Mutex<Instant>>>,
}

impl Pace {
    /// At most so many requests a minute; any number where it is 0.
    pub(crate) fn new(per_minute: u32) -> Self {
        let step = Duration::from_mins(1).checked_div(per_minute);
        let step = step.unwrap_or_default();
        let burst = (per_minute / (60 / BURST_SECONDS)).max(1);
        Self {
            step,
            ahead: step * burst,
            askers: Cache::builder()
                .max_capacity(MOST_ASKERS)
                .time_to_idle(IDLE)
                .build(),
        }
    }

    /// Counts a request.
    ///
    /// # Errors
    /// How long to wait where it came too soon; then it does not count.
    pub(super) fn ask(&self, asker: Asker) -> Result<(), Duration> {
        self.ask_at(asker, Instant::now())
    }

    fn ask_at(&self, asker: Asker, now: Instant) -> Result<(), Duration> {
        if self.step.is_zero() {
            return Ok(());
        }
        let slot = self.askers.get_with(asker, || Arc::new(Mutex::new(now)));
        let mut caught_up = slot.lock().unwrap_or_else(PoisonError::into_inner);
        let next = (*caught_up).max(now) + self.step;
        let early = next.saturating_duration_since(now + self.ahead);
        if early.is_zero() {
            *caught_up = next;
            Ok(())
        } else {
            Err(early)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_followed_by_a_steady_pace() {
        let pace = Pace::new(60);
        let one = || Asker::At([192, 0, 2, 1].into());
        let mut now = Instant::now();
        let burst = |now| {
            (0..100)
                .take_while(|_| pace.ask_at(one(), now).is_ok())
                .count()
        };
        assert_eq!(burst(now), 10);
        assert_eq!(pace.ask_at(one(), now), Err(Duration::from_secs(1)));
        let other = Asker::At([192, 0, 2, 2].into());
        assert!(pace.ask_at(other, now).is_ok());
        now += Duration::from_millis(999);
        assert!(pace.ask_at(one(), now).is_err());
        now += Duration::from_millis(1);
        assert_eq!(burst(now), 1);
        now += Duration::from_hours(1);
        assert_eq!(burst(now), 10, "no more than the burst is saved up");
    }

    #[test]
    fn no_limit_is_none() {
        let pace = Pace::new(0);
        assert!((0..10_000).all(|_| pace.ask(Asker::Known(Who::Anonymous)).is_ok()));
    }
}

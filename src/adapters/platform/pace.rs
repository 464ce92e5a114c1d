//! How often one platform may be asked. Nobody waits in here: whoever comes too early is told when to come again.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::domain::time::Timestamp;

/// The window a limit speaks of, and a little more: requests may arrive closer together than they left.
const WINDOW: Duration = Duration::from_millis(1100);

/// Longest pause after several refusals in a row.
const PAUSE_MAX: Duration = Duration::from_secs(600);

/// The pace of one client.
pub(super) struct Pace {
    per_second: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// When the last requests left, oldest first.
    left: VecDeque<Timestamp>,
    paused_until: Option<Timestamp>,
    /// Refusals in a row.
    refusals: u32,
}

impl Pace {
    pub(super) fn new(per_second: u32) -> Self {
        Self { per_second: usize::try_from(per_second.max(1)).unwrap_or(1), state: Mutex::default() }
    }

    /// Takes leave for one request now, or says how long it is too early.
    pub(super) fn take(&self, now: Timestamp) -> Result<(), Duration> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(until) = state.paused_until.filter(|until| *until > now) {
            return Err(until.since(now));
        }
        if state.left.len() >= self.per_second {
            let free = state.left.front().map_or(now, |first| first.plus(WINDOW));
            if free > now {
                return Err(free.since(now));
            }
            state.left.pop_front();
        }
        state.left.push_back(now);
        Ok(())
    }

    /// The platform said «too many»: everybody waits, longer each time in a row.
    pub(super) fn refused(&self, now: Timestamp, at_least: Duration) -> Duration {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let pause = at_least.saturating_mul(1 << state.refusals.min(10)).min(PAUSE_MAX.max(at_least));
        state.refusals = state.refusals.saturating_add(1);
        state.paused_until = Some(now.plus(pause));
        pause
    }

    /// The platform answered.
    pub(super) fn answered(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).refusals = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(1_000_000 + ms)
    }

    #[test]
    fn no_window_ever_holds_more_than_the_limit() {
        let pace = Pace::new(3);
        let left: Vec<i64> = (0..10_000).step_by(7).filter(|ms| pace.take(at(*ms)).is_ok()).collect();
        assert!(left.len() >= 25, "{left:?}");
        for start in 0..9_000 {
            let within = left.iter().filter(|ms| (start..start + 1000).contains(*ms)).count();
            assert!(within <= 3, "{within} requests in the second from {start}");
        }
    }

    #[test]
    fn who_comes_too_early_is_told_when_to_come_again() {
        let pace = Pace::new(1);
        assert_eq!(pace.take(at(0)), Ok(()));
        let wait = pace.take(at(100)).unwrap_err();
        assert_eq!(pace.take(at(100).plus(wait)), Ok(()));
    }

    #[test]
    fn refusals_in_a_row_pause_longer_and_an_answer_ends_that() {
        let pace = Pace::new(100);
        let pauses: Vec<u64> = (0..14).map(|_| pace.refused(at(0), SECOND).as_secs()).collect();
        assert_eq!(pauses[..4], [1, 2, 4, 8]);
        assert_eq!(pauses[13], 600);
        assert_eq!(pace.take(at(0)), Err(Duration::from_secs(600)));
        assert_eq!(pace.take(at(600_000)), Ok(()));
        pace.answered();
        assert_eq!(pace.refused(at(600_000), SECOND), SECOND);
        // A limit that says an hour is obeyed from the first.
        assert_eq!(pace.refused(at(600_000), 3600 * SECOND), 3600 * SECOND);
    }
}

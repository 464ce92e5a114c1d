//! The system's clock as the [`Clock`] port; the only place that may read it.

use std::pin::Pin;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::domain::time::Timestamp;
use crate::ports::Clock;

/// Reads the system's clock. An instant before 1970 (a board without a battery) reads as 1970: every check then fails
/// closed, since nothing signed is valid yet.
#[derive(Clone, Copy, Default, Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the implementation of the Clock port")]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::EPOCH.plus(since)
    }

    #[expect(clippy::disallowed_methods, reason = "the implementation of the Clock port")]
    fn pause(&self, moment: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(tokio::time::sleep(moment))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_milliseconds_of_this_century_and_does_not_run_backwards() {
        let (a, b) = (SystemClock.now(), SystemClock.now());
        assert!(a.to_utc().year() >= 2025 && a.to_utc().year() < 2200, "{a}");
        assert!(b >= a);
    }
}

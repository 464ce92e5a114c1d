//! ESIA's clock as its `Date` headers tell it. For stamping requests and for alarms only: tokens are checked by our own clock,
//! since whoever answers for ESIA's clock must not be able to make an old token young.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use oauth2::http::HeaderMap;
use oauth2::http::header::{AGE, DATE};

use crate::adapters::http_date;
use crate::domain::time::Timestamp;

/// A clock further off than this is broken, ours or theirs, and not to be followed.
const MAX_OFFSET_MS: i64 = 24 * 3600 * 1000;
/// `Date` has whole seconds, so the true time is on average half a second later, and up to half a second off that.
const HALF_A_SECOND_MS: i64 = 500;
/// What cutting times down to whole milliseconds loses in one measurement.
const ROUNDING_MS: i64 = 4;

/// One measurement, milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Measured {
    /// Their clock minus ours.
    pub offset_ms: i64,
    /// How far the truth may be from it: half the round trip and half a second.
    pub uncertainty_ms: i64,
}

/// What is known of ESIA's clock.
#[derive(Default)]
pub(super) struct ServerClock {
    /// What requests are stamped with beyond our clock.
    applied_ms: AtomicI64,
    /// ESIA refused a request for its time: what is applied may be as old as the last answer that came to us.
    doubted: AtomicBool,
    last: Mutex<Option<Measured>>,
}

impl Measured {
    /// Reads an answer whose exchange had `middle`, by our clock, half way through. `None` where the answer tells no time of
    /// its own: one with `Age` comes from a cache and has its `Date` from then (RFC 9111 §5.1).
    pub(super) fn of(headers: &HeaderMap, middle: Timestamp, round_trip: Duration) -> Option<Self> {
        let date = headers.get(DATE)?.to_str().ok().and_then(http_date::parse)?;
        if headers.contains_key(AGE) {
            return None;
        }
        let offset_ms = date.millis().saturating_add(HALF_A_SECOND_MS).saturating_sub(middle.millis());
        let half_trip = i64::try_from(round_trip.as_millis() / 2).unwrap_or(i64::MAX - HALF_A_SECOND_MS);
        Some(Self { offset_ms, uncertainty_ms: half_trip.saturating_add(HALF_A_SECOND_MS) })
    }

    /// The same, where our clock went that much further (or less far) than the time that passed, which is itself known to a
    /// few milliseconds.
    pub(super) const fn less_certain_by(self, set_by_ms: i64) -> Self {
        Self { uncertainty_ms: self.uncertainty_ms.saturating_add(set_by_ms.saturating_abs()).saturating_add(ROUNDING_MS), ..self }
    }

    /// Whether the clocks differ by more than `allowed` for certain.
    pub(super) fn exceeds(self, allowed: Duration) -> bool {
        let allowed = i64::try_from(allowed.as_millis()).unwrap_or(i64::MAX);
        self.offset_ms.saturating_abs().saturating_sub(self.uncertainty_ms) > allowed
    }
}

impl ServerClock {
    /// Takes a measurement in. One that is no contradiction to what is applied already changes nothing, so that a slow answer
    /// does not spoil what a quick one told.
    pub(super) fn note(&self, m: Measured) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(m);
        let applied = self.applied_ms.load(Ordering::Relaxed);
        if m.offset_ms.saturating_sub(applied).saturating_abs() <= m.uncertainty_ms {
            return;
        }
        let away = m.offset_ms.saturating_abs();
        let follow = away > m.uncertainty_ms && away <= MAX_OFFSET_MS;
        self.applied_ms.store(if follow { m.offset_ms } else { 0 }, Ordering::Relaxed);
    }

    /// The last measurement, which is then forgotten: what comes next is newer.
    pub(super) fn take_last(&self) -> Option<Measured> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// To be measured anew before the next request is stamped.
    pub(super) fn doubt(&self) {
        self.doubted.store(true, Ordering::Relaxed);
    }

    /// Whether it was doubted; afterwards it is not any more.
    pub(super) fn take_doubt(&self) -> bool {
        self.doubted.swap(false, Ordering::Relaxed)
    }

    /// ESIA's idea of our `now`.
    pub(super) fn there(&self, now: Timestamp) -> Timestamp {
        Timestamp::from_millis(now.millis().saturating_add(self.applied_ms.load(Ordering::Relaxed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(784_111_777);

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(k, v)| (k.parse().unwrap(), v.parse().unwrap())).collect()
    }

    fn seconds(n: i64) -> Measured {
        Measured { offset_ms: n * 1000, uncertainty_ms: 600 }
    }

    #[test]
    fn a_date_is_known_to_half_a_second_and_half_the_round_trip() {
        let date = headers(&[("date", "Sun, 06 Nov 1994 08:49:37 GMT")]);
        let m = Measured::of(&date, NOW, Duration::from_millis(200)).unwrap();
        assert_eq!(m, Measured { offset_ms: 500, uncertainty_ms: 600 });
        let cached = headers(&[("date", "Sun, 06 Nov 1994 08:49:37 GMT"), ("age", "30")]);
        assert_eq!(Measured::of(&cached, NOW, Duration::ZERO), None);
        assert_eq!(Measured::of(&headers(&[("date", "yesterday")]), NOW, Duration::ZERO), None);
    }

    #[test]
    fn only_what_is_certain_is_applied() {
        let clock = ServerClock::default();
        let offset = || clock.there(NOW).millis() - NOW.millis();
        clock.note(Measured { offset_ms: 550, uncertainty_ms: 600 });
        assert_eq!(offset(), 0, "may be no difference at all");
        clock.note(seconds(90));
        assert_eq!(offset(), 90_000);
        clock.note(Measured { offset_ms: 88_000, uncertainty_ms: 4_500 });
        assert_eq!(offset(), 90_000, "a slow answer contradicts nothing");
        clock.note(seconds(-7));
        assert_eq!(offset(), -7_000);
        clock.note(seconds(3 * 86_400));
        assert_eq!(offset(), 0, "no clock is off by days");
        clock.note(seconds(90));
        clock.note(Measured { offset_ms: 100, uncertainty_ms: 600 });
        assert_eq!(offset(), 0, "the clocks agree again");
        assert!(clock.take_last().is_some() && clock.take_last().is_none());
    }

    #[test]
    fn an_alarm_needs_more_than_doubt() {
        assert!(seconds(62).exceeds(Duration::from_secs(60)) && seconds(-62).exceeds(Duration::from_secs(60)));
        assert!(!Measured { offset_ms: 62_000, uncertainty_ms: 3_000 }.exceeds(Duration::from_secs(60)));
        assert!(!seconds(0).exceeds(Duration::ZERO));
    }
}

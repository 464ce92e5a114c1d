//! Alarms in the log: each is told when it is new and then once a day, for as long as it stands.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::domain::time::Timestamp;

/// An alarm that stands is told again after this time.
const REMIND: Duration = Duration::from_secs(86_400);
/// Days before an end from which it is worth a warning: what comes next takes weeks to get.
pub(super) const WARN_DAYS: i64 = 30;
/// Days before an end from which it is an error.
pub(super) const URGENT_DAYS: i64 = 7;

/// Something operators should know.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Alarm {
    /// What makes it the same alarm tomorrow.
    pub key: String,
    /// ERROR instead of WARN.
    pub urgent: bool,
    /// For the log.
    pub text: String,
}

/// The alarms told so far, by key.
#[derive(Default)]
pub struct Told(Mutex<BTreeMap<String, Timestamp>>);

impl Told {
    /// Writes what is due of the alarms that stand into the log.
    pub(super) fn tell(&self, standing: &[Alarm], now: Timestamp) {
        for (alarm, due) in standing.iter().zip(self.due(standing, now)) {
            match (due, alarm.urgent) {
                (true, true) => tracing::error!(alarm = alarm.key, "{}", alarm.text),
                (true, false) => tracing::warn!(alarm = alarm.key, "{}", alarm.text),
                (false, _) => {}
            }
        }
    }

    /// Whether to tell each alarm now; forgets those that do not stand any more, so that they are news when they come back.
    pub(super) fn due(&self, standing: &[Alarm], now: Timestamp) -> Vec<bool> {
        // Entries are replaced whole, so a panic elsewhere cannot have left half of one.
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.retain(|text, _| standing.iter().any(|a| a.key == *text));
        standing
            .iter()
            .map(|alarm| {
                let due = told.get(&alarm.key).is_none_or(|at| now.since(*at) >= REMIND);
                if due {
                    told.insert(alarm.key.clone(), now);
                }
                due
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alarm_is_told_when_new_once_a_day_and_again_after_it_was_gone() {
        let told = Told::default();
        let standing = [Alarm { key: "k".into(), urgent: false, text: "t".into() }];
        let now = Timestamp::from_secs(1_795_176_000);
        assert_eq!(told.due(&standing, now), [true]);
        assert_eq!(told.due(&standing, now.plus(REMIND / 2)), [false]);
        assert_eq!(told.due(&standing, now.plus(REMIND)), [true]);
        assert_eq!(told.due(&[], now.plus(REMIND)), [] as [bool; 0]);
        assert_eq!(told.due(&standing, now.plus(REMIND)), [true]);
    }
}
